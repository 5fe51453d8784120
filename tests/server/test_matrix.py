"""The matrix of rights over sockets and operator's orders (REST: test_matrix_rest). A door without a row fails.

y = it is done (or would be, were it not done already); s = who may see the chat is told why not; - = exactly the answer
for what does not exist.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from agentconsole import protocol as p
from agentconsole.backend import operator
from agentconsole.backend.desk import (
    admin,
    availability,
    mailing,
    receiving,
    sessions,
    team,
    templates,
    webhooks,
)
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.storage import users
from tests.server.doors import CAST, HOUSES, NOWHERE, ROLES, House, answered, house
from tests.server.site import SALES, SUPPORT
from tests.server.windows import new_cid

Q = new_cid
# columns:        owner colleague guest invited offered agent_e superv superv_e analyst analyst_e admin nobody
# The colleague's sign stands twice: in a closed department, and in one that is open to colleagues (team).
READ = "y -/y y y y - y - y - - -"
TICKET_READ = "y y/y - - - - y - y - - -"
TICKET_MERGE = "y y/y - - - - y - - - - -"  # who may not work on the one learns nothing of the other
NEXT = "y y/y s s s s y s s s s s"
TICKET_WORK = "y y/y - - - - y - s - - -"
Made = Callable[[House, str, bool], Any]  # the house, the role, whether the thing exists: the command


def of(kind: type[Any], *more: Any, on: str = "chat", **fields: Any) -> Made:
    """A command about one of the house's chats."""
    return lambda h, role, real: kind(Q(), getattr(h, on) if real else NOWHERE, *more, **fields)


def about(kind: type[Any], *more: Any, **fields: Any) -> Made:
    """A command about the house's ticket."""
    return lambda h, role, real: kind(Q(), h.ticket if real else NOWHERE, *more, **fields)


def to(h: House, role: str) -> int:
    """Somebody to write to."""
    return h.user("owner") if role != "owner" else h.users["pat"]


STAFF: list[tuple[str, Made, str]] = [
    ("Take", of(p.Take), "y s/s s s y - s - - - - -"),
    ("Say", of(p.Say, "x"), "y -/s y s s - s - s - - -"),
    ("Note", of(p.Note, "x"), "y -/s y s s - y - s - - -"),
    ("Close", of(p.Close), "y -/s s s s - y - s - - -"),
    ("Reopen", of(p.Reopen), "y -/s s s s - s - s - - -"),
    ("Finish", of(p.Finish), "s -/s s s s - s - s - - -"),
    ("Release", of(p.Release), "y -/s s s s - y - s - - -"),
    ("Leave", of(p.Leave), "s -/y y y y - y - y - - -"),
    ("Open", of(p.Open), READ),
    ("Older", of(p.Older, 99), READ),
    ("Explain", of(p.Explain), READ),
    ("Decline", of(p.Decline), "s -/s s y y - s - s - - -"),
    (
        "Transfer",
        lambda h, role, real: p.Transfer(Q(), h.plain if real else NOWHERE, h.users["pat"]),
        "y -/s s s - - y - s - - -",
    ),
    (
        "Transfer by force",
        lambda h, role, real: p.Transfer(Q(), h.plain if real else NOWHERE, h.users["pat"], force=True),
        "s -/s s s - - y - s - - -",
    ),
    ("CancelTransfer", of(p.CancelTransfer), "y -/s s s s - y - s - - -"),
    ("TakeOver", of(p.TakeOver), "s -/s s s s - y - s - - -"),
    ("Join", of(p.Join), "y -/y y y y - y - s - - -"),
    (
        "Invite",
        lambda h, role, real: p.Invite(Q(), h.chat if real else NOWHERE, h.users["pat"]),
        "y -/s s s s - y - s - - -",
    ),
    (
        "CancelInvite",
        lambda h, role, real: p.CancelInvite(Q(), h.chat if real else NOWHERE, h.user("invited")),
        "y -/s s s s - y - s - - -",
    ),
    ("AskHelp", of(p.AskHelp, "x"), "y -/s y s s - s - s - - -"),
    ("EndHelp", of(p.EndHelp), "y -/s y s s - y - s - - -"),
    ("Prioritise", of(p.Prioritise, 1, on="waiting"), "s s/s - - - - y - s - - -"),
    (
        "TakeNext",
        lambda h, role, real: p.TakeNext(Q(), SALES if real else NOWHERE),
        "y y/y - - y - y - - - - -",
    ),
    ("NoteCustomer", of(p.NoteCustomer, "x"), "y -/- y - - - y - - - - -"),
    (
        "StaffMessage about a chat",
        lambda h, role, real: p.StaffMessage(Q(), "x", to(h, role), chat=h.chat if real else NOWHERE),
        READ,
    ),
    (
        "StaffMessage to somebody",
        lambda h, role, real: p.StaffMessage(Q(), "x", to(h, role) if real else NOWHERE),
        "y y/y y y y y y y y y y -",
    ),
    (
        "StaffMessage into a channel",
        lambda h, role, real: p.StaffMessage(Q(), "x", department=SALES if real else NOWHERE),
        "y y/y - - - - y - y - y -",
    ),
    (
        "OlderMessages of a channel",
        lambda h, role, real: p.OlderMessages(Q(), "d1" if real else "d999999"),
        "y y/y - - - - y - y - y -",
    ),
    (
        "OlderMessages between others",
        lambda h, role, real: p.OlderMessages(Q(), between(h) if real else "u999998-999999"),
        "y -/- - - - - y - - - - -",
    ),
    ("GiveFeedback", of(p.GiveFeedback, "x"), "s -/s s s s - y - y - - -"),
    (
        "AcknowledgeFeedback",
        lambda h, role, real: p.AcknowledgeFeedback(Q(), 1 if real else NOWHERE),
        "y -/- - - - - - - - - - -",
    ),
    (
        "SetStatus of mine",
        lambda h, role, real: p.SetStatus(Q(), p.Status.online),
        "y y/y y y y y y y y y y -",
    ),
    (
        "SetStatus of another",
        lambda h, role, real: p.SetStatus(Q(), p.Status.drain, user=h.users["zoe"] if real else NOWHERE),
        "- -/- - - - - y - - - - -",
    ),
    ("Phone, mine", lambda h, role, real: p.Phone(Q(), False), "y y/y y y y y y y y y y -"),
    (
        "Phone of another",
        lambda h, role, real: p.Phone(Q(), True, h.users["zoe"] if real else NOWHERE),
        "- -/- - - - - y - - - - -",
    ),
    ("AlertsTested", lambda h, role, real: p.AlertsTested(Q()), "y y/y y y y y y y y y y -"),
    (
        "SetMember",
        lambda h, role, real: p.SetMember(Q(), h.users["zoe"] if real else NOWHERE, SALES, 2),
        "- -/- - - - - y - - - y -",
    ),
    (
        "SetAgent",
        lambda h, role, real: p.SetAgent(Q(), h.users["zoe"] if real else NOWHERE, 5),
        "- -/- - - - - y - - - y -",
    ),
    ("SaveCanned of mine", lambda h, role, real: p.SaveCanned(Q(), "mine", "x"), "y y/y y y y y y y - - - -"),
    (
        "SaveCanned of a department",
        lambda h, role, real: p.SaveCanned(Q(), "sales", "x", SALES if real else NOWHERE),
        "- -/- - - - - y - - - y -",
    ),
    (
        "SaveCanned of everybody",
        lambda h, role, real: p.SaveCanned(Q(), "all", "x", everybody=True),
        "- -/- - - - - - - - - y -",
    ),
    (
        "HandleLeft",
        lambda h, role, real: p.HandleLeft(Q(), 1 if real else NOWHERE, handled=False),
        "y y/y - - - - y - - - - -",
    ),
    (
        "NewTicket",
        lambda h, role, real: p.NewTicket(Q(), SALES if real else NOWHERE, "x", "x"),
        "y y/y - - - - y - - - - -",
    ),
    ("ConvertChat", of(p.ConvertChat), "y -/s s s s - s - s - - -"),
    ("ReplyTicket", about(p.ReplyTicket, "x", 99), TICKET_WORK),
    ("NoteTicket", about(p.NoteTicket, "x"), TICKET_WORK),
    ("SetTicket", about(p.SetTicket, priority=p.TicketPriority.high), TICKET_WORK),
    ("TakeTicket", about(p.TakeTicket), TICKET_WORK),
    ("TakeTicket, the next for mine", lambda h, role, real: p.TakeTicket(Q()), NEXT),
    (
        "MergeTicket",
        lambda h, role, real: p.MergeTicket(Q(), h.ticket if real else NOWHERE, h.other),
        TICKET_MERGE,
    ),
    (
        "MergeTicket into it",
        lambda h, role, real: p.MergeTicket(Q(), h.other, h.ticket if real else NOWHERE),
        TICKET_MERGE,
    ),
    ("SplitTicket", about(p.SplitTicket, 1), TICKET_WORK),
]
SILENT = {
    p.ViewTicket,
    p.Typing,
    p.Seen,
    p.Shut,
    p.Wall,
    p.ReadMessages,
    p.Ping,
    p.StaffHello,
}  # no answer: see the tests below


def between(h: House) -> str:
    """The room of the owner and the supervisor."""
    low, high = sorted((h.user("owner"), h.user("supervisor")))
    return f"u{low}-{high}"


def signs(row: str, team: bool) -> dict[str, str]:
    """What the row says of each role."""
    found = dict(zip(ROLES, row.split(), strict=True))
    found["colleague"] = found["colleague"].split("/")[team]
    return found


def sign(answer: bytes, nothing: bytes) -> str:
    """y, s or -, by the answer and the one for what does not exist."""
    if answer == nothing and b'"t":"refused"' in answer:
        return "-"
    return "s" if b'"t":"refused"' in answer else "y"


async def furnish(h: House) -> None:
    """A left message, a feedback, and messages to be guessed at."""
    willy = await h.site.visitor()
    await willy.done(p.LeaveMessage(Q(), SALES, "LEFTSECRET", "w@x.example"))
    await h.fresh()
    sue, ann = h.windows["supervisor"], h.windows["owner"]
    await sue.done(p.GiveFeedback(Q(), h.plain, "FEEDBACKSECRET"))
    await sue.done(p.StaffMessage(Q(), "DIRECTSECRET", user=h.user("owner")))
    await ann.done(p.StaffMessage(Q(), "CHANNELSECRET", department=SALES))
    await sue.done(p.SaveCanned(Q(), "secret", "CANNEDSECRET", SALES))


def test_each_command_of_staff_has_a_row() -> None:
    def kind(name: str) -> str:
        return name.replace(",", " ").split()[0]

    rows = {kind(name) for name, _, _ in STAFF} | {each.__name__ for each in SILENT}
    assert rows == {each.__name__ for each in get_args(p.StaffCommand)}


@HOUSES
async def test_each_command_of_staff(database_url: str, tmp_path: Path, team_too: bool) -> None:
    wrong = []
    async with house(database_url, tmp_path, team_too) as h:
        await furnish(h)
        for name, made, row in STAFF:
            for role, wanted in signs(row, team_too).items():
                await h.fresh()
                window = h.windows[role]
                nothing = await answered(window, made(h, role, False)) if made_of_ids(name) else b""
                answer = await answered(window, made(h, role, True))
                found = sign(answer, nothing or (answer if b'"code":"unknown"' in answer else b""))
                if found != wanted:
                    wrong.append(f"{name} as {role}: {found}, not {wanted}: {answer!r}")
    assert not wrong, "\n".join(wrong)


def made_of_ids(name: str) -> bool:
    """Is there an id in this command that could be that of nothing?"""
    return not name.endswith(("mine", "AlertsTested", "everybody"))


@HOUSES
async def test_commands_without_an_answer_do_nothing_for_who_may_not(
    database_url: str, tmp_path: Path, team_too: bool
) -> None:
    async with house(database_url, tmp_path, team_too) as h:
        await furnish(h)
        typed, pulsed, read = set(), set(), set()
        for role, window in h.windows.items():
            start = len(window.frames)
            if role != "owner":
                window.send(p.Seen(h.chat, 99, 99))
            for word in (
                p.Typing(h.chat, "x"),
                p.Wall(True),
                p.ReadMessages("d1", 99),
                p.ReadMessages(between(h), 99),
            ):
                window.send(word)
            window.send(p.Shut(h.chat))
            await window.settle()
            await h.vera.pong()
            fresh = window.frames[start:]
            if any(
                isinstance(frame, p.Pulse) and h.chat in {beat.chat for beat in frame.beats}
                for frame in fresh
            ):
                pulsed.add(role)
            read |= {(role, frame.room) for frame in fresh if isinstance(frame, p.RoomCard)}
        typed = {typing.name.lower() for typing in h.vera.seen(p.AgentTyping)}
        assert typed == {CAST["owner"][0], CAST["guest"][0]}
        assert pulsed == {"supervisor", "analyst"}
        readers = {role for role, room in read if room == "d1"}
        assert readers <= {"owner", "colleague", "supervisor", "analyst", "admin"}
        assert "colleague" in readers
        assert {role for role, room in read if room == between(h)} <= {"owner", "supervisor"}
        assert h.chat not in h.site.hub.marks.of[p.Side.staff]
        h.windows["owner"].send(p.Seen(h.chat, 99, 99))
        await h.windows["owner"].pong()
        assert h.chat in h.site.hub.marks.of[p.Side.staff]


# --- visitors -----------------------------------------------------------------------------------------------------------

VISITOR: list[tuple[type[Any], Callable[[int], Any], str]] = [  # own, another visitor, a newcomer
    (p.Say, lambda chat: p.Say(Q(), chat, "x"), "y - -"),
    (p.Rate, lambda chat: p.Rate(Q(), chat, p.Rating.good), "s - -"),
    (p.LeaveMessage, lambda chat: p.LeaveMessage(Q(), SALES, "x", "v@x.example", chat=chat), "s - -"),
    (p.Leave, lambda chat: p.Leave(Q(), chat), "y - -"),
]
VISITOR_SILENT = {p.Typing, p.Seen, p.Browse, p.Ping, p.VisitorHello, p.Start}


def test_each_command_of_visitors_has_a_row() -> None:
    assert {kind for kind, _, _ in VISITOR} | VISITOR_SILENT == set(get_args(p.VisitorCommand))


async def test_each_command_of_visitors(sqlite_url: str, tmp_path: Path) -> None:
    async with house(sqlite_url, tmp_path, team=False) as h:
        await h.fresh()
        willy, _ = await h.site.chat(department=SUPPORT)
        newcomer = await h.site.visitor()
        for number, window in enumerate((newcomer, willy, h.vera)):
            for kind, made, row in VISITOR:
                wanted = row.split()[2 - number]
                nothing = await answered(window, made(NOWHERE))
                assert sign(await answered(window, made(h.chat)), nothing) == wanted, (kind, number)
            if window is not h.vera:
                window.send(p.Typing(h.chat, "TYPEDSECRET"))
                window.send(p.Seen(h.chat, 99, 99))
                window.send(p.Browse("https://x.example/BROWSESECRET"))
                await window.settle()
        await h.settle()
        assert h.chat not in h.site.hub.marks.of[p.Side.visitor]
        for window in h.windows.values():
            assert not any(b"TYPEDSECRET" in raw for raw in window.raw)
        assert "BROWSESECRET" not in h.site.hub.board.heads[h.chat].page
        for window in (newcomer, willy):
            assert not any(b"CHATSECRET" in raw for raw in window.raw)


async def test_a_second_chat_in_another_department_is_a_chat_of_its_own(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with house(sqlite_url, tmp_path, team=False) as h:
        await h.fresh()
        second = await h.vera.start("for support alone SECONDSECRET", SUPPORT)
        assert second != h.chat
        await h.settle()
        got = {
            role for role, window in h.windows.items() if any(b"SECONDSECRET" in raw for raw in window.raw)
        }
        assert got == {
            "guest",
            "invited",
            "offered",
            "agent elsewhere",
            "supervisor elsewhere",
            "analyst elsewhere",
        }


# --- operator's orders ------------------------------------------------------------------------------------------------------

HASH = hashlib.sha256(b"x").hexdigest()
ORDERS: dict[type[Any], tuple[Callable[[bool], Any], str]] = {  # real or not; signs
    admin.AddUser: (lambda real: admin.AddUser(Q(), HASH), "- -/- - - - - - - - - y -"),
    admin.SetPassword: (lambda real: admin.SetPassword(name(real), HASH), "- -/- - - - - - - - - y -"),
    admin.GiveGrant: (
        lambda real: admin.GiveGrant(name(real), p.Role.agent, "spare"),
        "- -/- - - - - - - - - y -",
    ),
    admin.WithdrawGrant: (
        lambda real: admin.WithdrawGrant(name(real), p.Role.agent, "spare"),
        "- -/- - - - - - - - - y -",
    ),
    admin.DisableUser: (lambda real: admin.DisableUser(name(real)), "- -/- - - - - - - - - y -"),
    admin.AddDepartment: (lambda real: admin.AddDepartment(Q()), "- -/- - - - - y y - - y -"),
    admin.SetDepartment: (
        lambda real: admin.SetDepartment("spare" if real else "nothing", guide="x"),
        "- -/- - - - - y - - - y -",
    ),
    team.SetMemberOf: (
        lambda real: team.SetMemberOf("zoe" if real else "nobody-at-all", "spare", tier=2),
        "- -/- - - - - y - - - y -",
    ),
    team.SetAgentOf: (
        lambda real: team.SetAgentOf("zoe" if real else "nobody-at-all", limit=2),
        "- -/- - - - - y - - - y -",
    ),
    team.SetSystem: (lambda real: team.SetSystem(900), "- -/- - - - - - - - - y -"),
    availability.SetBreaks: (lambda real: availability.SetBreaks([]), "- -/- - - - - - - - - y -"),
    sessions.EndSession: (
        lambda real: sessions.EndSession(LATE if real else NOWHERE),
        "- -/- - - - - - - - - y -",
    ),
    sessions.EndSessions: (lambda real: sessions.EndSessions(name(real)), "- -/- - - - - - - - - y -"),
    team.AddEverybody: (
        lambda real: team.AddEverybody("spare" if real else "nothing"),
        "- -/- - - - - y - - - y -",
    ),
    templates.SetTemplate: (
        lambda real: templates.SetTemplate(
            p.MailKind.solved, "x", Q(), department="spare" if real else "nothing"
        ),
        "- -/- - - - - y - - - y -",
    ),
    mailing.SettleMail: (
        lambda real: mailing.SettleMail(MAIL if real else NOWHERE, mailing.MailDeed.resend),
        "- -/- - - - - y - - - - -",
    ),
    receiving.DiscardMail: (
        lambda real: receiving.DiscardMail(MAIL if real else NOWHERE),
        "- -/- - - - - y - - - - -",
    ),
    webhooks.CallAgain: (
        lambda real: webhooks.CallAgain(WEBHOOK if real else NOWHERE),
        "- -/- - - - - y - - - y -",
    ),
}
MAIL = WEBHOOK = 1  # the house's only ones
QUESTIONS = {
    operator.ListUsers,
    operator.ListDepartments,
    operator.ListSessions,
    operator.ListAudit,
    operator.ListTemplates,
    operator.ListWebhooks,
    operator.ShowWebhookSecret,
    operator.ListHeld,
    operator.TraceTicket,
}  # asked on the operator's socket alone
LATE = len(CAST) + 2  # the session of zoe: of those behind the cast, the second


def name(real: bool) -> str:
    """Somebody to be ordered about, or nobody."""
    return "yan" if real else "nobody-at-all"


def test_each_order_has_a_row() -> None:
    assert set(ORDERS) | QUESTIONS == set(get_args(operator.Wish))


async def test_each_order_given_by_staff_or_a_visitor(sqlite_url: str, tmp_path: Path) -> None:
    wrong = []
    async with house(sqlite_url, tmp_path, team=False) as h:
        found = await h.site.hub.database.read(
            lambda db: {user.name: users.actor_of(db, user) for user in users.every(db)}
        )
        visitor = h.site.hub.visitors
        assert not visitor
        for kind, (made, row) in ORDERS.items():
            for role, wanted in signs(row, False).items():
                actor = found[CAST[role][0]]
                nothing = await given(h, actor, made(False))
                answer = await given(h, actor, made(True))
                got = (
                    "-"
                    if answer == nothing and answer.startswith("unknown")
                    else "y"
                    if answer == "ok"
                    else "s"
                )
                if got != wanted:
                    wrong.append(f"{kind.__name__} as {role}: {got}, not {wanted}: {answer}, {nothing}")
    assert not wrong, "\n".join(wrong)


async def given(h: House, actor: Any, order: Any) -> str:
    """What comes of an order."""
    try:
        await h.site.desk.handle(actor, order)
    except Refusal as refusal:
        return f"{refusal.code} {refusal.text}"
    return "ok"
