"""A ticket as somebody has it who may only read."""

from agentconsole.protocol import Grant, Role, Status, ViewTicket, Welcome
from tests.screens.fed import ME, START, desk
from tests.screens.fed_tickets import settled, thread, ticket, with_doors


async def test_who_may_only_read_tickets_is_offered_nothing_else() -> None:
    async with desk((120, 40)) as d:
        await d.feed(Welcome("run1", START, ME, "kim", "Kim", [Grant(Role.analyst)], Status.online))
        doors = await with_doors(d)
        doors.put(ticket(12, seq=7, pub=3), *thread())
        await d.press("number_sign")
        await d.type("12")
        await d.press("enter")
        await settled(d)
        assert d.sees("It is off. What now?")
        assert not d.app.main.ticket.composer.display
        for label in ("Take", "Status", "Assign", "Next ticket", "Note"):
            assert not d.sees(label), label
        before = len(d.sent)
        for key in "acoNmu":
            await d.press(key)
            assert d.sees("Agents and supervisors of its department work on a ticket"), key
        assert doors.decided == []
        assert {type(each) for each in d.sent[before:]} <= {ViewTicket}
        assert d.sees("It is off. What now?")
