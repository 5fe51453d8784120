"""Places in line: told to the visitors of a queue that moved, at most four times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from agentconsole.protocol import Place, encode

from .board import Board
from .readers import VisitorReader, pack

PERIOD = 0.25


class Places:
    """What each waiting visitor was told last; ``windows`` are the visitors' windows by visitor."""

    def __init__(self, board: Board, windows: Mapping[int, Iterable[VisitorReader]]) -> None:
        self._board = board
        self._windows = windows
        self._told: dict[int, tuple[int, int]] = {}
        self._moved: set[int] = set()

    def touch(self, department: int) -> None:
        """The queue of a department moved."""
        if not self._moved:
            asyncio.get_running_loop().call_later(PERIOD, self._tell)
        self._moved.add(department)

    def forget(self, chat: int) -> None:
        """The chat is over."""
        self._told.pop(chat, None)

    def _tell(self) -> None:
        for department in self._moved:
            wait_s = self._board.wait_s(department)
            for place, (_, chat) in enumerate(self._board.queues[department], 1):
                if self._told.get(chat) != (place, wait_s):
                    self._told[chat] = (place, wait_s)
                    frame = pack(encode(Place(chat, place, wait_s)))
                    for window in self._windows.get(self._board.heads[chat].visitor, ()):
                        window.send(frame)
        self._moved.clear()
