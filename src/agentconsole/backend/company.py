"""The company in running chats: who has joined or was invited, looked after by the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from agentconsole.protocol import State

from .board import Board
from .desk import Made
from .desk.succession import Excuse, is_gone
from .domain.life import Head
from .domain.policy import SYSTEM


class Company:
    """Knows the chats that have company, and asks the desk to excuse who is gone or did not come in time."""

    def __init__(self, board: Board, submit: Callable[[Any, Any, Callable[[Made], None]], None]) -> None:
        self._board = board
        self._submit = submit
        self._chats: set[int] = set()
        self._asked: set[Excuse] = set()

    def put(self, head: Head) -> None:
        """A chat as it was just committed."""
        if head.state is State.active and (head.guests or head.invited):
            self._chats.add(head.id)
        else:
            self._chats.discard(head.id)

    def tick(self, now: int) -> None:
        """Time has passed, in ms."""
        for key in self._chats:
            head = self._board.heads[key]
            late = head.invited if head.invited_until <= now else ()
            for user in {*head.guests, *head.invited}:
                if user in late or self._is_gone(user, now):
                    self._excuse(Excuse(key, user))

    def _is_gone(self, user: int, now: int) -> bool:
        board = self._board
        return is_gone(board.users.get(user), board.grants.get(user, ()), board.seat(user), now)

    def _excuse(self, command: Excuse) -> None:
        if command not in self._asked:
            self._asked.add(command)
            self._submit(SYSTEM, command, lambda made: self._asked.discard(command))
