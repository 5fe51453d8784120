"""Pushed frames: for each change, who of all roles is told what; whatever is not named here, nobody gets."""

from pathlib import Path
from typing import Any, get_args

from agentconsole import protocol as p
from agentconsole.backend.desk import admin, availability
from tests.server.doors import HOUSES, ROLES, house
from tests.server.site import SALES, SUPPORT
from tests.server.test_matrix import furnish
from tests.server.windows import new_cid

Q = new_cid
IN_SALES = {"owner", "colleague", "supervisor", "analyst"}
IN_SUPPORT = {"guest", "invited", "offered", "agent elsewhere", "supervisor elsewhere", "analyst elsewhere"}
WITH_GRANT = set(ROLES) - {"nobody"}
ANSWERS = {p.Welcome, p.Resume, p.Ack, p.Refused, p.Explanation, p.Synced, p.Pong, p.Bye, p.TicketCounts}
VISITORS_ANSWERS = {
    p.VisitorWelcome,
    p.VisitorResume,
    p.VisitorAck,
    p.Refused,
    p.VisitorSynced,
    p.Pong,
    p.Bye,
}


@HOUSES
async def test_who_is_told_what(database_url: str, tmp_path: Path, team_too: bool) -> None:
    """For each change the kinds of frames that each role gets; whatever is not named here, nobody gets."""
    told: set[type[Any]] = set()
    to_visitor: set[type[Any]] = set()
    async with house(database_url, tmp_path, team_too) as h:
        await furnish(h)
        await h.settle()
        w, vera, chat = h.windows, h.vera, h.chat
        readers = {
            "owner",
            "guest",
            "invited",
            "offered",
            "supervisor",
            "analyst",
            *(["colleague"] if team_too else []),
        }
        near = {"owner", "guest"}

        async def change(
            wanted: dict[type[Any], set[str]], visitors: set[type[Any]], *does: tuple[Any, Any]
        ) -> None:
            await h.settle()
            starts = {role: len(window.frames) for role, window in w.items()}
            began = len(vera.frames)
            for window, word in does:
                await window.done(word) if hasattr(word, "cid") else window.send(word)
            await does[-1][0].settle()
            await h.settle()
            await vera.pong()
            got: dict[type[Any], set[str]] = {}
            for role, window in w.items():
                for frame in window.frames[starts[role] :]:
                    if type(frame) not in ANSWERS and getattr(frame, "chat", chat) in (0, chat):
                        got.setdefault(type(frame), set()).add(role)
            assert got == wanted, (does, got)
            its = {type(frame) for frame in vera.frames[began:]} - VISITORS_ANSWERS - {p.Place}
            assert its == visitors, (does, its)
            told.update(got)
            to_visitor.update(its)

        await change({p.Event: near}, {p.VisitorEvent}, (vera, p.Say(Q(), chat, "x")))
        await change({p.Event: near}, set(), (w["owner"], p.Note(Q(), chat, "NOTESECRET")))
        await change({p.Preview: near}, set(), (vera, p.Typing(chat, "x")))
        await change({p.ColleagueTyping: {"guest"}}, {p.AgentTyping}, (w["owner"], p.Typing(chat, "x")))
        await change(
            {p.Event: near, p.ChatCard: readers}, set(), (w["owner"], p.AskHelp(Q(), chat, "HELPSECRET"))
        )
        await change({p.Event: near, p.ChatCard: readers}, set(), (w["supervisor"], p.EndHelp(Q(), chat)))
        await change(
            {p.ChatCard: {"supervisor"}, p.Event: {"supervisor"}}, set(), (w["supervisor"], p.Open(Q(), chat))
        )
        await change(
            {p.ChatCard: {"analyst"}, p.Event: {"analyst"}}, set(), (w["analyst"], p.Open(Q(), chat))
        )
        watchers = {"supervisor", "analyst"}
        await change({p.Event: near | watchers}, {p.VisitorEvent}, (vera, p.Say(Q(), chat, "y")))
        await change({p.Pulse: {"supervisor"}}, set(), (w["supervisor"], p.Wall(True)))
        w["supervisor"].send(p.Wall(False))
        if team_too:
            await change(
                {p.ChatCard: {"colleague"}, p.Event: {"colleague"}, p.Learning: near},
                set(),
                (w["colleague"], p.Open(Q(), chat)),
            )
            await change({p.Learning: near}, set(), (w["colleague"], p.Shut(chat)))
        owner = h.user("owner")
        await change(
            {p.Message: {"owner", "supervisor"}},
            set(),
            (w["supervisor"], p.StaffMessage(Q(), "WHISPERSECRET", user=owner, chat=chat)),
        )
        await change(
            {p.Message: {"owner", "agent elsewhere"}},
            set(),
            (w["agent elsewhere"], p.StaffMessage(Q(), "x", user=owner)),
        )
        await change(
            {p.Message: {*IN_SALES, "admin"}}, set(), (w["owner"], p.StaffMessage(Q(), "x", department=SALES))
        )
        await change({p.RoomCard: {"colleague"}}, set(), (w["colleague"], p.ReadMessages("d1", 99)))
        await change(
            {p.FeedbackCard: {"owner", "supervisor", "analyst"}},
            set(),
            (w["analyst"], p.GiveFeedback(Q(), chat, "FEEDBACKSECRET")),
        )
        await change(
            {p.CannedCard: {*IN_SALES, "admin"}},
            set(),
            (w["supervisor"], p.SaveCanned(Q(), "new", "CANNEDSECRET", SALES)),
        )
        await change({p.CannedCard: {"owner"}}, set(), (w["owner"], p.SaveCanned(Q(), "own", "x")))
        await change(
            {
                p.LeftCard: {"owner", "colleague", "supervisor"},
                p.TicketCard: {"owner", "colleague", "supervisor", "analyst"},
            },
            set(),
            (w["owner"], p.HandleLeft(Q(), 1)),
        )
        await change(
            {p.TicketCard: IN_SALES},
            set(),
            (w["owner"], p.NewTicket(Q(), SALES, "TICKETSECRET", "TICKETSECRET")),
        )
        key = h.ticket
        await change({p.TicketCard: IN_SALES}, set(), (w["owner"], p.NoteTicket(Q(), key, "NOTESECRET")))
        w["owner"].send(p.ViewTicket(key))
        await w["owner"].expect(p.TicketViewers, ticket=key)
        w["colleague"].send(p.ViewTicket(key, True))
        for role in ("owner", "colleague"):
            await w[role].expect(p.TicketViewers, ticket=key)
        told.add(p.TicketViewers)
        await change(
            {p.TicketGone: IN_SALES, p.TicketCard: IN_SUPPORT},
            set(),
            (w["supervisor"], p.SetTicket(Q(), key, department=SUPPORT)),
        )
        await change({p.SeatCard: WITH_GRANT}, set(), (w["admin"], p.AlertsTested(Q())))
        support = {"offered", "agent elsewhere", "supervisor elsewhere"}
        wanted: dict[type[Any], set[str]] = {
            p.Event: near | watchers,
            p.ChatCard: readers | support,
            p.SeatCard: WITH_GRANT,
        }
        await change(wanted, set(), (w["offered"], p.Decline(Q(), chat, "DECLINESECRET")))
        wanted = {p.Event: near | watchers, p.ChatCard: readers - support, p.Gone: support}
        await change(wanted, set(), (w["owner"], p.CancelTransfer(Q(), chat)))
        marks: dict[type[Any], set[str]] = {p.VisitorMarks: near | watchers}
        vera.send(p.Seen(chat, 99, 99))
        await vera.settle()
        for role in near | watchers:
            await w[role].expect(p.VisitorMarks, chat=chat)
        w["owner"].send(p.Seen(chat, 99, 99))
        await vera.expect(p.StaffMarks, chat=chat)
        await h.settle()
        for role, window in w.items():
            assert bool(window.seen(p.VisitorMarks)) == (role in near | watchers), role
        told.update(marks)
        await h.site.order(availability.SetBreaks([p.BreakReason("Lunch", 30)]))
        await h.site.order(admin.SetDepartment("spare", guide="x"))
        for window in w.values():
            await window.expect(p.Breaks)
            await window.expect(p.DepartmentList)
        told |= {p.Breaks, p.DepartmentList}
        to_visitor |= {p.StaffMarks, p.Departments, p.Place}
        await w["owner"].done(p.Close(Q(), chat))
        await vera.expect(p.VisitorCard, chat=chat)
        to_visitor.add(p.VisitorCard)
        only_in_a_team = set() if team_too else {p.Learning}
        assert told | ANSWERS | only_in_a_team == set(get_args(p.StaffFrame))
        assert to_visitor | VISITORS_ANSWERS == set(get_args(p.VisitorFrame))
        for role, window in w.items():
            counted = {each.department for frame in window.seen(p.TicketCounts) for each in frame.counts}
            allowed = {SALES} if role in IN_SALES else {SUPPORT} if role in IN_SUPPORT else set()
            assert counted <= allowed, role
        for raw in vera.raw:
            assert b"SECRET" not in raw.replace(b"CHATSECRET", b"")
            assert not any(b'"kind":"%s"' % kind in raw for kind in STAFF_ONLY)
            assert b'"seq"' not in raw


STAFF_ONLY = tuple(
    str(what.__struct_config__.tag).encode() for what in get_args(p.What) if not issubclass(what, p.Public)
)
