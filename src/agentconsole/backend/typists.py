"""Who is typing, and what: told to those who may know, and never stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from agentconsole.protocol import AgentTyping, ColleagueTyping, Preview, encode

from .board import Board
from .domain.life import Head, takes_part, thing
from .domain.policy import Actor, Deed, can
from .readers import StaffReader, VisitorReader, pack

SECONDS = 8.0


class Typists:
    """Who types where; ``staff`` are all consoles, ``followers`` those of each chat, ``windows`` those of each visitor."""

    def __init__(
        self,
        board: Board,
        staff: Iterable[StaffReader],
        followers: Mapping[int, Iterable[StaffReader]],
        windows: Mapping[int, Iterable[VisitorReader]],
    ) -> None:
        self._board = board
        self._staff = staff
        self._followers = followers
        self._windows = windows
        self._until: dict[int, float] = {}

    def note(self, chat: int, on: bool) -> None:
        """Somebody of staff is typing there, or has stopped."""
        if on:
            self._until[chat] = asyncio.get_running_loop().time() + SECONDS
        else:
            self._until.pop(chat, None)

    def is_awaited(self, chat: int) -> bool:
        """Does somebody type in this chat, as far as the last seconds tell, who owes its first answer?"""
        head = self._board.heads.get(chat)
        until = self._until.get(chat, 0.0)
        return head is not None and head.timed and until >= asyncio.get_running_loop().time()

    def tell_preview(self, head: Head, text: str) -> None:
        """What the visitor is typing: while the chat waits to those who may take it, then to those who answer it or
        observe it."""
        frame = pack(encode(Preview(head.id, text)))
        about = thing(head, self._board.team(head.department))
        for reader in self._staff if about.waiting else self._followers.get(head.id, ()):
            may_take = about.waiting and can(reader.actor, Deed.take, about)
            near = may_take or takes_part(head, reader.actor.id) or head.id in reader.watching
            if near and head.id in reader.shown and can(reader.actor, Deed.see_preview, about):
                reader.send(frame)

    def tell(self, actor: Actor, head: Head, on: bool) -> None:
        """Somebody of staff is typing: the visitor and the colleagues in the chat may know."""
        self.note(head.id, on)
        frame = pack(encode(AgentTyping(head.id, actor.display, on)))
        for window in self._windows.get(head.visitor, ()):
            window.tell(head.id, frame)
        frame = pack(encode(ColleagueTyping(head.id, actor.id, actor.display, on)))
        for reader in self._followers.get(head.id, ()):
            if reader.actor.id != actor.id:
                reader.tell(head.id, frame)
