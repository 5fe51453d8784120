"""Keys one after the other: each finds the console as the one before has left it, however many come at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.events import Event, Key
from textual.message import Message
from textual.message_pump import MessagePump

from agentconsole.widgets.composer import Field

PATIENCE_S = 0.5  # a key whose effects cannot be followed holds up the next one no longer


class Lap(Message):
    """Goes up to the app behind a key and behind what that key has caused on its way."""


class Keyboard:
    """Over a slow line keys come in bunches, but Textual gives letters to the focused widget at once and looks for
    the action of other keys later: Backspace would act behind the letters typed after it, and so would Enter.
    """

    def __init__(
        self, app: App[int], dispatch: Callable[[Event], Awaitable[None]], hold: Callable[[Event], bool]
    ) -> None:
        """``dispatch`` gives a key or a paste to the one it is meant for, unless ``hold`` keeps it for a chat that is
        on its way; ``letter``: the last key could be text."""
        self._app = app
        self._hold = hold
        self._dispatch = dispatch
        self._waiting: deque[Event] = deque()
        self._aim: MessagePump | None = None
        self._laps = 0
        self._written = False
        self.letter = False
        self._late: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """True if no key is waiting and the last one has had its effect."""
        return self._late is None and not self._waiting

    async def press(self, event: Event) -> None:
        """A key or a paste has come."""
        self._waiting.append(event)
        if self._late is None:
            await self._next()

    async def _next(self) -> None:
        while self._waiting and (self._hold(self._waiting[0]) or self._write(self._waiting[0])):
            self._waiting.popleft()
            self._written = True
        if not self._waiting:
            return
        self._late = asyncio.get_running_loop().call_later(PATIENCE_S, self._app.call_later, self._done)
        self._laps = 0
        if self._written:  # what the letters before this key have caused comes first
            self._written = False
        else:
            event = self._waiting.popleft()
            self.letter = isinstance(event, Key) and event.is_printable
            await self._dispatch(event)
        await self._lap()

    def _write(self, event: Event) -> bool:
        """Letters go straight into the text that is being written: what they cause there, nothing waits for."""
        field = self._app.focused
        return (
            isinstance(event, Key) and isinstance(field, Field) and self._app.app_focus and field.take(event)
        )

    async def lap(self) -> None:
        """A lap has come round: the second one to the same widget is behind all that matters."""
        if self._late is None:
            return
        self._laps = self._laps + 1 if self._aim is self._target() else 0
        await (self._done() if self._laps > 1 else self._lap())

    async def _lap(self) -> None:
        self._aim = self._target()
        if not self._aim.post_message(Lap()):
            await self._done()

    async def _done(self) -> None:
        if self._late:
            self._late.cancel()
            self._late = None
        await self._next()

    def _target(self) -> MessagePump:
        return self._app.focused or self._app.screen
