"""The store's events as a transcript's lines, brought up to date with as little drawing as possible."""

from __future__ import annotations

from itertools import chain

from agentconsole import narrate
from agentconsole.protocol import Event, Noted, Said, Side
from agentconsole.store import Store
from agentconsole.views import PendingLine
from agentconsole.widgets.transcript import Line, State, Transcript

MARKED = 200


class Script:
    """Keeps one transcript in step with one conversation."""

    def __init__(self, store: Store, transcript: Transcript) -> None:
        self.store = store
        self.transcript = transcript
        self.chat = 0
        self._epoch = -1
        self._first = 0
        self._last = 0
        self._pending: list[str] = []

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
        if talk.epoch != self._epoch:
            if talk.first < self._first and talk.last >= self._last and self.transcript.lines:
                older = talk.events[: self._first - talk.first]
                self.transcript.prepend([self.line(event) for event in older])
                self._epoch, self._first = talk.epoch, talk.first
            else:
                self._show(None)
                return
        fresh = (
            [self.line(event) for event in talk.events[self._last - talk.last :]]
            if talk.last > self._last
            else []
        )
        self._replace_tail(fresh, [self.waiting(line) for line in self.store.pending(self.chat)])
        self._last = talk.last
        self._marks()

    def _show(self, unread: int | None) -> None:
        talk = self.store.talks.get(self.chat)
        pending = self.store.pending(self.chat) if self.chat else []
        events = talk.events if talk else []
        self.transcript.show(chain(map(self.line, events), map(self.waiting, pending)), unread)
        self._pending = [line.cid for line in pending]
        self._epoch, self._first, self._last = (talk.epoch, talk.first, talk.last) if talk else (-1, 0, 0)

    def _replace_tail(self, fresh: list[Line], pending: list[Line]) -> None:
        """Pending lines stand behind all events; where they stood, the new tail is written."""
        old, new = self._pending, [*fresh, *pending]
        self._pending = [str(line.key) for line in pending]
        moved = any(
            line.key != key and line.key in old[at:]
            for at, (key, line) in enumerate(zip(old, new, strict=False))
        )
        if len(new) < len(old) or moved:
            self._show(None)
            return
        for key, line in zip(old, new, strict=False):
            if key == line.key:
                self.transcript.set_state(key, line.state)
            else:
                self.transcript.rename(key, line)
        if more := new[len(old) :]:
            self.transcript.append(*more)

    def _marks(self) -> None:
        """Delivery marks of my newest lines, back to the first that has been read."""
        talk = self.store.talks[self.chat]
        for event in reversed(talk.events[-MARKED:]):
            if isinstance(event.what, Said) and event.by.side is Side.staff:
                state = self._state(event)
                self.transcript.set_state(event.seq, state)
                if state == "read":
                    break

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
