"""A console whose link breaks while it is being greeted leaves nothing of itself behind."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from agentconsole.backend import hub
from agentconsole.backend.talks import StaffTalk
from tests.server.site import Site, running
from tests.server.windows import StaffWindow
from tests.waiting import async_until


@asynccontextmanager
async def cut_at(site: Site, window: StaffWindow, question: int) -> AsyncIterator[None]:
    """The window's link breaks while this question (from 0) of the block is read, and the server knows it first."""
    read, gone, left = site.hub.database.read, asyncio.Event(), [question]
    leave, over = StaffTalk.gone, asyncio.Event()

    def told(talk: StaffTalk) -> None:
        leave(talk)
        gone.set()

    async def late(asked: Callable[[Any], Any]) -> Any:
        found = await read(asked)
        left[0] -= 1
        if left[0] == -1:
            window.drop()
            await gone.wait()
            over.set()
        return found

    with mock.patch.object(site.hub.database, "read", late), mock.patch.object(StaffTalk, "gone", told):
        yield
        await over.wait()


async def test_who_is_gone_before_the_lists_are_read_is_not_there(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else chats went for ever to an agent whom nobody can reach."""
    monkeypatch.setattr(hub, "SEAT_GRACE", 0.05)
    async with running(sqlite_url, tmp_path) as site:
        for question in range(2):
            ann = await site.staff("ann", greet=False)
            async with cut_at(site, ann, question):
                ann.send(ann.hello())
            sue = await site.staff("sue")
            await sue.pong()
            assert {reader.actor.name for reader in site.hub.staff} == {"sue"}
            assert site.hub.board.seat(1).lost_at
            sue.drop()
            await async_until(lambda: not site.hub.staff, what="Sue's leaving")
