"""A chat that is shut while the server is still opening it is not watched on."""

from pathlib import Path

import pytest

from agentconsole import protocol as p
from tests.server.site import running
from tests.server.windows import new_cid


@pytest.mark.parametrize("again", [False, True])
async def test_open_and_shut_in_one_breath(database_url: str, tmp_path: Path, again: bool) -> None:
    async with running(database_url, tmp_path) as site:
        ann, boss = await site.staff("ann"), await site.staff("sue")
        vera, chat = await site.chat(ann)
        cid = new_cid()
        boss.send(p.Open(cid, chat))
        boss.send(p.Shut(chat))
        if again:
            boss.send(p.Open(new_cid(), chat))
        await boss.answer(cid)
        await vera.say(chat, "only for Ann")
        said = await ann.expect(p.Event, chat=chat, what=p.Said)
        while said.what.text != "only for Ann":
            said = await ann.expect(p.Event, chat=chat, what=p.Said)
        await boss.done(p.Older(new_cid(), chat, 1))  # all that was on its way is here
        heard = [frame for frame in boss.frames if isinstance(frame, p.Event) and frame.seq == said.seq]
        assert bool(heard) is again
