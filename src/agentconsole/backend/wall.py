"""The wall: tells those who supervise how long the visitors of running chats wait for an answer, every two seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from agentconsole.protocol import Beat, Pulse, State, encode

from .board import Board
from .domain.policy import Deed, Thing, can
from .readers import StaffReader, pack

PERIOD = 2.0


class Wall:
    """Who looks at it, and what each was told last. Nothing of it is stored."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._told: dict[StaffReader, dict[int, Beat]] = {}
        self._moves = False

    def show(self, reader: StaffReader) -> None:
        """This reader looks at it from now on; who may observe nothing sees nothing."""
        may = any(can(reader.actor, Deed.observe, Thing(department=key)) for key in self._board.departments)
        if may and reader not in self._told:
            self._told[reader] = {}
            self._tell(reader)
            if not self._moves:
                self._next()

    def hide(self, reader: StaffReader) -> None:
        """This reader looks away, or is gone."""
        self._told.pop(reader, None)

    def _next(self) -> None:
        self._moves = bool(self._told)
        if self._moves:
            _later(self._pulse)

    def _pulse(self) -> None:
        for reader in self._told:
            self._tell(reader)
        self._next()

    def _tell(self, reader: StaffReader) -> None:
        beats = {
            head.id: Beat(head.id, head.asked_at, head.spoke_at)
            for head in self._board.heads.values()
            if head.state is State.active
            and can(reader.actor, Deed.observe, Thing(department=head.department))
        }
        known = self._told[reader]
        changed = [beat for key, beat in beats.items() if known.get(key) != beat]
        self._told[reader] = beats
        if changed:
            reader.send(pack(encode(Pulse(changed))))


def _later(call: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(PERIOD, call)
