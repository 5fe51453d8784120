"""The store's events as a transcript's lines, brought up to date with as little drawing as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from agentconsole import narrate
from agentconsole.conversation import Conversation
from agentconsole.protocol import Event, FeedbackCard, Message, Noted, Said, Side
from agentconsole.store import Store
from agentconsole.views import PendingLine
from agentconsole.widgets.transcript import Line, State, Transcript

MARKED = 200


class Tail:
    """The lines at the end of a transcript that are not told by the server yet: where they stand, news is written."""

    def __init__(self, transcript: Transcript) -> None:
        self.transcript = transcript
        self._keys: list[str] = []

    def start(self, pending: Iterable[Line]) -> None:
        """The transcript was shown anew, with these at its end."""
        self._keys = [str(line.key) for line in pending]

    def replace(self, fresh: list[Line], pending: list[Line]) -> bool:
        """New lines, and behind them what is pending now. False = that cannot be done in place: show it all anew."""
        old, new = self._keys, [*fresh, *pending]
        moved = any(
            line.key != key and line.key in old[at:]
            for at, (key, line) in enumerate(zip(old, new, strict=False))
        )
        if len(new) < len(old) or moved:
            return False
        self.start(pending)
        for key, line in zip(old, new, strict=False):
            if key == line.key:
                self.transcript.set_state(key, line.state)
            else:
                self.transcript.rename(key, line)
        if more := new[len(old) :]:
            self.transcript.append(*more)
        return True


class Script:
    """Keeps one transcript in step with one conversation, and with what was said about it apart from its log."""

    def __init__(self, store: Store, transcript: Transcript) -> None:
        self.store = store
        self.transcript = transcript
        self.chat = 0
        self._epoch = -1
        self._first = 0
        self._last = 0
        self._read = 0
        self._tail = Tail(transcript)
        self._asides: list[Line] = []

    def open(self, chat: int) -> None:
        """Show another conversation from its end, with a mark where the unread lines begin."""
        self.chat = chat
        self._show(self._first_unread())

    def follow(self) -> None:
        """Bring the transcript up to date."""
        talk = self.store.talks.get(self.chat)
        if talk is None or not self._last:
            self._show(self._first_unread())
            return
        asides = self._told_apart()
        newest_stand = talk.last >= self._last and bool(self.transcript.lines)
        if talk.epoch != self._epoch:
            if not newest_stand or talk.first >= self._first:
                self._show(None)
                return
            if not asides and not self._asides:
                older = talk.events[: self._first - talk.first]
                self.transcript.prepend([self.line(event) for event in older])
                self._epoch, self._first = talk.epoch, talk.first
        if newest_stand and (asides != self._asides or talk.epoch != self._epoch):
            self._asides = asides
            self._again(talk)
            return
        fresh = (
            [self.line(event) for event in talk.events[self._last - talk.last :]]
            if talk.last > self._last
            else []
        )
        if not self._tail.replace(fresh, [self.waiting(line) for line in self.store.pending(self.chat)]):
            self._show(None)
            return
        self._last = talk.last
        self._marks()

    def _show(self, unread: int | None) -> None:
        talk = self.store.talks.get(self.chat)
        self._asides = self._told_apart()
        pending = self._pending()
        self.transcript.show(chain(self._lines(talk), pending), unread)
        self._shown(talk, pending)

    def _again(self, talk: Conversation) -> None:
        """Lines stand between the others that did not before, or no longer do."""
        pending = self._pending()
        self.transcript.reload(chain(self._lines(talk), pending))
        self._shown(talk, pending)

    def _shown(self, talk: Conversation | None, pending: list[Line]) -> None:
        self._tail.start(pending)
        self._read = 0
        self._epoch, self._first, self._last = (talk.epoch, talk.first, talk.last) if talk else (-1, 0, 0)

    def _pending(self) -> list[Line]:
        return [self.waiting(line) for line in self.store.pending(self.chat)] if self.chat else []

    def _lines(self, talk: Conversation | None) -> Iterator[Line]:
        """The log, and between its lines what is not in it: feedback behind the line that it is about, the rest by
        time."""
        if talk is None:
            return
        about: dict[int, list[Line]] = {}
        seqs = {
            f"feedback {card.id}": card.seq for card in self.store.feedback.of_chat(self.chat) if card.seq
        }
        timed: list[Line] = []
        for aside in self._asides:
            seq = seqs.get(str(aside.key), 0)
            (about.setdefault(seq, []) if seq else timed).append(aside)
        if not talk.complete and talk.events:
            timed = [aside for aside in timed if aside.at_ms >= talk.events[0].at]
        timed.reverse()
        for event in talk.events:
            while timed and timed[-1].at_ms < event.at:
                yield timed.pop()
            yield self.line(event)
            yield from about.get(event.seq, ())
        yield from reversed(timed)

    def _told_apart(self) -> list[Line]:
        """Whispers about this chat and feedback on it, oldest first."""
        if not self.chat:
            return []
        whispers = map(self._whisper, self.store.rooms.whispers(self.chat))
        feedback = map(self._feedback, self.store.feedback.of_chat(self.chat))
        return sorted(chain(whispers, feedback), key=lambda line: line.at_ms)

    def _whisper(self, message: Message) -> Line:
        mine = self.store.me is not None and message.author == self.store.me.user
        kind = "WHISPER" if message.whisper else "PRIVATE"
        label = f"{kind} of mine" if mine else f"{kind} from {message.author_name} to you alone"
        return Line(
            f"whisper {message.id}", message.at, message.author_name, "note", message.text, label=label
        )

    def _feedback(self, card: FeedbackCard) -> Line:
        kind = "good" if card.good else "to improve"
        about = "" if card.seq else " on the whole chat"
        seen = "acknowledged" if card.acknowledged_at else "new"
        label = f"FEEDBACK{about} by {card.author_name}, {kind} ({seen})"
        return Line(f"feedback {card.id}", card.at, card.author_name, "note", card.text, label=label)

    def _marks(self) -> None:
        """Delivery marks of staff's newest lines, back to those that have been drawn as read."""
        talk, read = self.store.talks[self.chat], self._read
        for event in reversed(talk.events[-MARKED:]):
            if event.seq <= self._read:
                break
            if isinstance(event.what, Said) and event.by.side is Side.staff:
                state = self._state(event)
                self.transcript.set_state(event.seq, state)
                if state == "read":
                    read = max(read, event.seq)
        self._read = read

    def _first_unread(self) -> int | None:
        talk = self.store.talks.get(self.chat)
        if talk is None or not talk.unread():
            return None
        first = None
        for event in reversed(talk.events):
            if event.seq <= talk.read:
                break
            if isinstance(event.what, Said):
                if event.by.side is Side.staff:
                    break
                first = event.seq
        return first

    def line(self, event: Event) -> Line:
        """One event as a line."""
        me = self.store.me.user if self.store.me else 0
        card = self.store.chats.get(self.chat)
        visitor = (card.name if card else "") or "visitor"
        words = narrate.sentence(event, visitor, me)
        who = narrate.speaker(event.by, visitor)
        match event.what:
            case Noted():
                return Line(event.seq, event.at, who, "note", words, label=f"note by {who}")
            case Said() if event.by.side is Side.visitor:
                return Line(event.seq, event.at, who, "visitor", words)
            case Said():
                side = "me" if me and event.by.id == me else "agent"
                return Line(event.seq, event.at, who, side, words, self._state(event))  # type: ignore[arg-type]
        return Line(event.seq, event.at, "", "system", words)

    def waiting(self, line: PendingLine) -> Line:
        """A line of mine that the server has not acknowledged yet."""
        me = self.store.me
        state: State = "failed" if line.why else "pending"
        return Line(
            line.cid, line.made_at, me.display if me else "", "note" if line.note else "me", line.text, state
        )

    def _state(self, event: Event) -> State:
        state: State = self.store.line_state(event).value
        return state
