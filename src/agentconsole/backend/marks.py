"""High-water marks: how far visitors and staff have got in each other's lines, told and kept once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

from agentconsole.protocol import Side, StaffMarks, VisitorMarks, encode

from .board import Board
from .desk.staff import SaveMarks
from .domain.life import Head
from .readers import StaffReader, VisitorReader, pack
from .views import NO_MARKS, Marks

PERIOD = 1.0


class HighWater:
    """Marks of chats, as (delivered, read) in pub; they never go back. ``save`` carries them into the database."""

    def __init__(
        self,
        board: Board,
        followers: Mapping[int, Iterable[StaffReader]],
        windows: Mapping[int, Iterable[VisitorReader]],
        save: Callable[[SaveMarks], None],
    ) -> None:
        self._board = board
        self._followers = followers
        self._windows = windows
        self._save = save
        self.of: dict[Side, dict[int, Marks]] = {Side.visitor: {}, Side.staff: {}}
        self._moved: set[tuple[int, Side]] = set()

    def load(self, rows: Mapping[tuple[int, str], Marks]) -> None:
        """What the database has, by chat and reader."""
        for (chat, reader), marks in rows.items():
            self.of[Side.visitor if reader == "v" else Side.staff][chat] = marks

    def get(self, side: Side, chat: int) -> Marks:
        """How far this side has got."""
        return self.of[side].get(chat, NO_MARKS)

    def forget(self, chat: int) -> None:
        """The chat is over, and nobody looks at it."""
        for marks in self.of.values():
            marks.pop(chat, None)

    def put(self, side: Side, head: Head, delivered: int, read: int) -> None:
        """This side has got so far, as pub."""
        old = self.get(side, head.id)
        read = max(old[1], min(read, head.pub))
        new = (max(old[0], min(delivered, head.pub), read), read)
        if new != old:
            self.of[side][head.id] = new
            if not self._moved:
                asyncio.get_running_loop().call_later(PERIOD, self._tell)
            self._moved.add((head.id, side))

    def _tell(self) -> None:
        rows = []
        for chat, side in self._moved:
            marks, head = self.of[side].get(chat), self._board.heads.get(chat)
            if marks is None:
                continue
            rows.append((chat, "v" if side is Side.visitor else "s", *marks))
            if side is Side.visitor:
                frame = pack(encode(VisitorMarks(chat, *marks)))
                for reader in self._followers.get(chat, ()):
                    reader.send(frame)
            elif head is not None:
                frame = pack(encode(StaffMarks(chat, *marks)))
                for window in self._windows.get(head.visitor, ()):
                    window.send(frame)
        self._moved.clear()
        if rows:
            self._save(SaveMarks(tuple(rows)))
