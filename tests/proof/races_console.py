"""The console of a member of staff in a world whose steps a seed chooses: the server's talk, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from types import SimpleNamespace
from typing import Any, cast

from agentconsole import protocol as p
from agentconsole.backend.readers import StaffReader
from agentconsole.backend.talks import StaffTalk
from tests.proof import races_rules as rules
from tests.proof.races import RESTS_WITHIN, World


class Console:
    """What somebody's console sends and gets."""

    def __init__(self, made: World, name: str) -> None:
        self.made = made
        self.name = name
        self._frames: list[bytes] = []
        self._tasks: list[asyncio.Task[None]] = []
        socket = SimpleNamespace(
            send=self._frames.append, close=_stay, door=SimpleNamespace(start=self._start)
        )
        desks = SimpleNamespace(desk=made.desk, hub=made.hub, options=SimpleNamespace(staff_buffer=2**30))
        self.reader = StaffReader(made.people[name], "", self._frames.append, _stay, 0)
        self._talk = StaffTalk(cast(Any, desks), cast(Any, socket))
        self._talk._reader = self.reader
        made.hub.enter_staff(self.reader)

    def _start(self, close: Callable[..., None], work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(asyncio.create_task(work))

    def hear(self, command: Any) -> None:
        """The server hears this."""
        self.made.note(f"{self.name}'s console sends {command}")
        self._talk.heard(p.encode(command))

    async def rest(self) -> None:
        """Until all that was heard is done with and nothing moves."""
        for _ in range(RESTS_WITHIN):
            await self.made.settle()
            if all(task.done() for task in self._tasks):
                break
        else:
            raise rules.Broken(f"{self.name}'s console is never answered")
        for task in self._tasks:
            task.result()
        await self.made.settle()

    @property
    def heard(self) -> list[Any]:
        """The frames that came, in order."""
        return [p.decode_staff_frame(payload) for payload in _payloads(b"".join(self._frames))]

    def events(self, chat: int) -> list[int]:
        """The numbers of the events of a chat that came, in order."""
        return [frame.seq for frame in self.heard if isinstance(frame, p.Event) and frame.chat == chat]

    @property
    def answers(self) -> str:
        """What its commands were answered with."""
        found = [frame for frame in self.heard if isinstance(frame, p.Ack | p.Refused)]
        return "+".join("ok" if isinstance(frame, p.Ack) else str(frame.code) for frame in found)


def _payloads(stream: bytes) -> Iterator[bytes]:
    """What is in the unmasked text frames of a stream."""
    while stream:
        begin = {126: 4, 127: 10}.get(stream[1], 2)
        size = int.from_bytes(stream[2:begin], "big") if begin > 2 else stream[1]
        yield stream[begin : begin + size]
        stream = stream[begin + size :]


def _stay(*why: object) -> None:
    """Nobody is cut off here."""
