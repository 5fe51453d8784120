"""What happened in a chat, told in one sentence: the same for the screen, a line mode and the palette."""

from __future__ import annotations

from collections.abc import Sequence

from agentconsole.protocol import (
    ChatCard,
    Declined,
    Ended,
    Event,
    Finished,
    HelpAsked,
    HelpDone,
    Invited,
    InviteEnded,
    Joined,
    Lined,
    MessageLeft,
    Moved,
    Noted,
    Offered,
    OfferEnd,
    OfferEnded,
    Outcome,
    OutcomeSet,
    Parted,
    Party,
    Prioritised,
    Promised,
    Rated,
    Rating,
    Reopened,
    Requeued,
    Said,
    Side,
    Started,
    Status,
    Took,
    Transferred,
    VisitorLeft,
)

OUTCOMES = {
    Outcome.solved: "solved",
    Outcome.unsolved: "not solved",
    Outcome.follow_up: "follow up",
    Outcome.spam: "spam",
}
STATUSES = {
    Status.online: "online",
    Status.away: "on break",
    Status.phone: "on the phone",
    Status.drain: "finishing",
    Status.offline: "offline",
}
OFFER_ENDS = {
    OfferEnd.timeout: "ran out unanswered",
    OfferEnd.cancelled: "was taken back",
    OfferEnd.unavailable: "ended, for nobody there could take it",
}
INVITE_ENDS = {
    OfferEnd.timeout: "ran out unanswered",
    OfferEnd.cancelled: "was taken back",
    OfferEnd.unavailable: "ended, for nobody is there",
}
RATINGS = {Rating.good: ":-) good", Rating.fair: ":-| fair", Rating.bad: ":-( bad"}


def name(written: str) -> str:
    """A visitor's name, or that there is none: blanks are none."""
    return written if written.strip() else "no name"


def speaker(by: Party, visitor: str) -> str:
    """The name to show for a party; a nameless visitor goes by ``visitor``."""
    if by.side is Side.visitor:
        return by.name or visitor
    return by.name or ("staff" if by.side is Side.staff else "")


def sentence(event: Event, visitor: str, me: int = 0) -> str:
    """What the event says: the text itself for lines and notes, else a sentence with its subject.

    A sentence is one row whatever a visitor wrote into it: a second row would look like a sentence of ours.
    """
    words = _words(event, visitor, me)
    return words if isinstance(event.what, Said | Noted) else " ".join(words.split())


def _words(event: Event, visitor: str, me: int) -> str:
    what, by = event.what, event.by
    who = "You" if me and by.id == me and by.side is Side.staff else speaker(by, visitor) or "The system"
    match what:
        case Said(text) | Noted(text):
            return text
        case Started(topic):
            return f"{who} opened the chat: {topic}" if topic else f"{who} opened the chat"
        case Took():
            return f"{who} took the chat"
        case Requeued(department):
            return f"{who} put the chat back into the queue" + (f" of {department}" if department else "")
        case VisitorLeft():
            return f"{who} left" if by.side is Side.visitor else f"{visitor} stayed away too long"
        case Ended():
            return f"{who} closed the chat"
        case Reopened():
            return f"{who} reopened the chat"
        case Finished():
            return "The chat is over"
        case Rated(rating, comment):
            return f"{who} rated the chat {RATINGS[rating]}" + (f": {comment}" if comment else "")
        case MessageLeft():
            return f"{who} left a message instead of waiting"
        case Joined():
            return f"{who} joined the chat"
        case Parted():
            return f"{who} left the conversation; the others go on"
        case Transferred(before):
            return f"{who} took the chat over" + (f" from {before}" if before else "")
        case Promised(promised):
            return f"{promised} will answer by e-mail"
        case _:
            return _staff_words(event, who, me)


def _staff_words(event: Event, who: str, me: int) -> str:
    """The sentences that only staff read."""
    match event.what:
        case OutcomeSet(outcome):
            return f"Outcome: {OUTCOMES[outcome]}"
        case Offered(user=user, name=whom, transfer=transfer, note=note):
            to = (
                ("you" if me and user == me else whom) if user else f"everybody of {whom or 'the department'}"
            )
            asked = f"{who} offered the chat to {to}" if transfer else f"The chat was offered to {to}"
            return f"{asked}: {note}" if note else asked
        case Declined(reason, invite):
            said = f"{who} would rather not {'join' if invite else 'take the chat'}"
            return f"{said}: {reason}" if reason else said
        case OfferEnded(ending, user, whom):
            return f"The offer to {'you' if me and user == me else whom or 'the department'} {OFFER_ENDS[ending]}"
        case Moved(name=queue, why=why):
            return f"The chat went to the queue of {queue}" + (f": {why}" if why else "")
        case Lined(user=user, name=whom, note=note):
            line = f"The chat waits for {'you' if me and user == me else whom}"
            return f"{line}: {note}" if note else line
        case Invited(user, whom):
            return f"{who} asked {'you' if me and user == me else whom} to join"
        case InviteEnded(ending, user, whom):
            return f"The invitation to {'you' if me and user == me else whom} {INVITE_ENDS[ending]}"
        case HelpAsked(text):
            return f"{who} called for help" + (f": {text}" if text else "")
        case HelpDone():
            return f"{who} ended the call for help"
        case Prioritised(priority):
            return f"{who} set the priority to {priority:+}" if priority else f"{who} set the usual priority"
    raise TypeError(f"no sentence for {type(event.what).__name__}")


def duration(ms: int) -> str:
    """A span of time that seldom changes: seconds in the first minute, then whole minutes, then hours."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02} min"


def topic_and_line(card: ChatCard) -> str:
    """What the visitor wants, in one row: the topic and the first line."""
    return " · ".join(part for part in (card.topic, card.first_line) if part) or "has not written yet"


def presence(card: ChatCard, now: int) -> str:
    """Whether the visitor is there; ``now`` is the server's clock."""
    if card.lost_at:
        return f"away for {duration(now - card.lost_at)}"
    return "online"


def page(card: ChatCard) -> str:
    """The page the visitor is on, by its title or the path of its address."""
    if card.page_title:
        return card.page_title
    _, _, rest = card.page.partition("://")
    return rest or card.page


def last_line(events: Sequence[Event]) -> str:
    """What was said last, with an arrow in front of staff's words; '' if nobody has said anything lately."""
    for event in reversed(events[-20:]):
        if isinstance(event.what, Said):
            return event.what.text if event.by.side is Side.visitor else f"> {event.what.text}"
    return ""
