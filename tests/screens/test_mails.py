"""Mails in quarantine are read before anybody decides about them."""

from __future__ import annotations

import pytest

from agentconsole.protocol import QuarantineCard
from tests.screens.fed import START, desk
from tests.screens.fed_tickets import settled, with_doors
from tests.screens.team import supervisor


@pytest.mark.parametrize("size", [(40, 12), (80, 24)])
async def test_a_mail_in_quarantine_is_read_and_acts_on_nothing(size: tuple[int, int]) -> None:
    async with desk(size) as d:
        doors = await with_doors(d)
        await d.feed(supervisor())
        doors.held = [QuarantineCard(4, "support", START, "too many parts", "mallory@example.org", "Deep")]
        doors.raws[4] = b"Buy this! \x1b[2J [b]now[/b]"
        await d.press("X")
        await settled(d)
        await d.press("v")
        await settled(d)
        assert d.sees("The mail from mallory@example.org")
        assert d.sees("Buy this! ")
        assert d.sees("[b]now[/b]")
        await d.press("escape")
        assert d.sees("too many parts")
        assert doors.decided == []
