"""What happened since somebody last asked: news for alerts, and what became of my commands."""

from __future__ import annotations

from agentconsole.offers import Offer
from agentconsole.outbox import Command
from agentconsole.protocol import (
    Ack,
    ChatCard,
    Code,
    Event,
    FeedbackCard,
    LeftCard,
    Message,
    Rated,
    Refused,
    Said,
    SeatCard,
    Side,
    VisitorLeft,
)
from agentconsole.views import News, NewsKind

NEWS_LIMIT = 200
ANSWER_LIMIT = 100
OF_OFFER = {
    Offer.given: NewsKind.offered,
    Offer.transfer: NewsKind.transfer,
    Offer.department: NewsKind.transfer_department,
    Offer.invited: NewsKind.invited,
}


class Tidings:
    """News, acknowledgements and refusals, each until taken, a bounded number of each.

    ``live`` from the first complete hello on: what was so before is no news.
    """

    def __init__(self) -> None:
        self.live = False
        self._news: list[News] = []
        self._acks: list[tuple[Ack, Command]] = []
        self._refusals: list[tuple[Refused, Command | None]] = []

    def tell(self, news: News) -> None:
        """Note a piece of news."""
        if self.live:
            self._news.append(news)
            del self._news[:-NEWS_LIMIT]

    def of_chat(self, kind: NewsKind, card: ChatCard, text: str = "") -> None:
        """Note that this happened to this chat."""
        self.tell(News(kind, card.chat, card.name, text, None, card.drill))

    def of_left(self, card: LeftCard) -> None:
        """Note that somebody left a message."""
        self.tell(News(NewsKind.left_message, 0, card.name, card.text, None, card.drill))

    def of_offer(self, offer: Offer, card: ChatCard) -> None:
        """Note that a chat is offered to me."""
        self.of_chat(OF_OFFER[offer], card, card.first_line)

    def of_message(self, frame: Message) -> None:
        """Note that a colleague wrote."""
        kind = NewsKind.whisper if frame.whisper else NewsKind.message
        self.tell(News(kind, frame.chat, frame.author_name, frame.text, room=frame.room))

    def of_feedback(self, card: FeedbackCard) -> None:
        """Note that I was given feedback."""
        self.tell(News(NewsKind.feedback, card.chat, card.author_name, card.text))

    def of_status(self, seat: SeatCard) -> None:
        """Note that my status was changed by somebody else."""
        words = f"{seat.status}: {seat.reason}" if seat.reason else f"{seat.status}"
        self.tell(News(NewsKind.status_changed, 0, seat.by, words))

    def of_event(self, card: ChatCard, event: Event) -> None:
        """Note what the visitor of a chat that I take part in did."""
        if event.by.side is not Side.visitor:
            return
        match event.what:
            case Said(text=text):
                self.of_chat(NewsKind.line, card, text)
            case Rated(rating=rating, comment=comment):
                self.tell(News(NewsKind.rated, card.chat, card.name, comment, rating, card.drill))
            case VisitorLeft():
                self.of_chat(NewsKind.visitor_left, card)

    def answered(self, frame: Ack | Refused, command: Command | None) -> None:
        """Note what became of a command (None: a refusal that answers none of ours)."""
        if isinstance(frame, Refused):
            self._refusals.append((frame, command))
            del self._refusals[:-ANSWER_LIMIT]
        elif command is not None:
            self._acks.append((frame, command))
            del self._acks[:-ANSWER_LIMIT]

    def warn(self, text: str) -> None:
        """Note a trouble of this machine as if it were a refusal: a person must be told."""
        self.answered(Refused(Code.busy, text), None)

    def take_news(self) -> list[News]:
        """The news, oldest first; they are then forgotten."""
        news, self._news = self._news, []
        return news

    def take_acks(self) -> list[tuple[Ack, Command]]:
        """The acknowledgements with their commands; they are then forgotten."""
        acks, self._acks = self._acks, []
        return acks

    def take_refusals(self) -> list[tuple[Refused, Command | None]]:
        """The refusals with their commands; they are then forgotten."""
        refusals, self._refusals = self._refusals, []
        return refusals
