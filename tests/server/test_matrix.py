"""The matrix of rights over every door: sockets, REST, operator's orders, pushed frames. A door without a row fails.

y = it is done (or would be, were it not done already); s = who may see the chat is told why not; - = exactly the answer
for what does not exist.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest

from agentconsole import protocol as p
from agentconsole.backend import operator, rest
from agentconsole.backend.desk import admin, availability, mailing, sessions, team, templates
from agentconsole.backend.domain.life import Refusal
from agentconsole.backend.storage import users
from tests.server.doors import CAST, NOWHERE, ROLES, SPARE, House, answered, house
from tests.server.site import SALES, SUPPORT, staff_token
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


@pytest.mark.parametrize("team_too", [False, True], ids=["closed", "team"])
async def test_each_command_of_staff(sqlite_url: str, tmp_path: Path, team_too: bool) -> None:
    wrong = []
    async with house(sqlite_url, tmp_path, team_too) as h:
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


@pytest.mark.parametrize("team_too", [False, True], ids=["closed", "team"])
async def test_commands_without_an_answer_do_nothing_for_who_may_not(
    sqlite_url: str, tmp_path: Path, team_too: bool
) -> None:
    async with house(sqlite_url, tmp_path, team_too) as h:
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


# --- REST -----------------------------------------------------------------------------------------------------------------

CID = {"cid": "rest-client-id"}
ALL = "y y/y y y y y y y y y y y"
STAFFED = "y y/y y y y y y y y y y -"
RULES = "- -/- - - - - y - - - y -"
RULE = {"name": "RULESECRET", "event": "ticket_created", "do": ["tag x"], "department": 1}
REST: dict[tuple[str, str], tuple[Any, str]] = {  # body, signs; ? = in the list or not
    ("GET", "/api/me"): (None, ALL),
    ("GET", "/api/departments"): (None, ALL),
    ("GET", "/api/departments/{department}"): (None, "- -/- - - - - y - - - y -"),
    ("PATCH", "/api/departments/{department}"): ({"guide": "x"}, "- -/- - - - - y - - - y -"),
    ("POST", "/api/departments/{department}/holidays"): (
        {"calendar": "BEGIN:VCALENDAR\nEND:VCALENDAR\n"},
        "- -/- - - - - y - - - y -",
    ),
    ("GET", "/api/hours"): (None, STAFFED),
    ("GET", "/api/departments/{department}/hours"): (None, STAFFED),
    ("POST", "/api/hours/test"): ({"text": ""}, STAFFED),
    ("GET", "/api/left-messages"): ("LEFTSECRET", "y y/y - - - - y - - - - -"),
    ("POST", "/api/left-messages/{message}/handled"): (CID, "y s/s - - - - s - - - - -"),
    ("GET", "/api/canned"): ("CANNEDSECRET", "y y/y - - - - y - y - y -"),
    ("GET", "/api/chats"): ("CHATSECRET", READ),
    ("GET", "/api/chats/{chat}"): (None, READ),
    ("GET", "/api/chats/{chat}/events"): (None, READ),
    ("GET", "/api/chats/{chat}/customer"): (None, "y -/y y y y - y - - - - -"),
    ("GET", "/api/chats/{chat}/transcript"): (None, READ),
    ("GET", "/api/chats/{chat}/explanations"): (None, READ),
    ("POST", "/api/chats/{chat}/messages"): ({**CID, "text": "x"}, "y -/s y s s - s - s - - -"),
    ("POST", "/api/chats/{chat}/notes"): ({**CID, "text": "x"}, "y -/s y s s - y - s - - -"),
    ("POST", "/api/chats/{chat}/take"): (CID, "y s/s s s y - s - - - - -"),
    ("POST", "/api/chats/{chat}/close"): (CID, "y -/s s s s - y - s - - -"),
    ("POST", "/api/chats/{chat}/reopen"): (CID, "y -/s s s s - s - s - - -"),
    ("POST", "/api/chats/{chat}/finish"): (CID, "s -/s s s s - s - s - - -"),
    ("POST", "/api/chats/{chat}/release"): (CID, "y -/s s s s - y - s - - -"),
    ("POST", "/api/chats/{chat}/transfer"): ({**CID, "user": "pat"}, "s -/s s s s - s - s - - -"),
    ("GET", "/api/team"): (None, STAFFED),
    ("GET", "/api/feedback"): ("FEEDBACKSECRET", "y -/- - - - - y - y - - -"),
    ("PUT", "/api/me/phone"): ({**CID, "on": False}, STAFFED),
    ("PUT", "/api/team/{user}/phone"): ({**CID, "on": True}, "- -/- - - - - y - - - - -"),
    ("PUT", "/api/me/status"): ({**CID, "status": "online"}, STAFFED),
    ("PUT", "/api/team/{user}/status"): ({**CID, "status": "drain"}, "- -/- - - - - y - - - - -"),
    ("GET", "/api/visitor/chats/{chat}/transcript"): (None, "- -/- - - - - - - - - - -"),
    ("GET", "/api/tickets"): ("TICKETSECRET", TICKET_READ),
    ("GET", "/api/tickets/{ticket}"): (None, TICKET_READ),
    ("GET", "/api/tickets/{ticket}/raw/{seq}"): (None, "s s/s - - - - s - s - - -"),
    ("GET", "/api/tickets/{ticket}/whole/{seq}"): (None, "s s/s - - - - s - s - - -"),
    ("POST", "/api/tickets"): (
        {**CID, "department": 1, "subject": "x", "text": "x"},
        "y y/y - - - - y - - - - -",
    ),
    ("POST", "/api/tickets/next"): (CID, NEXT),
    ("PATCH", "/api/tickets/{ticket}"): ({**CID, "priority": "high"}, TICKET_WORK),
    ("POST", "/api/tickets/{ticket}/replies"): ({**CID, "text": "x", "seen": 99}, TICKET_WORK),
    ("POST", "/api/tickets/{ticket}/notes"): ({**CID, "text": "x"}, TICKET_WORK),
    ("POST", "/api/tickets/{ticket}/take"): (CID, TICKET_WORK),
    ("POST", "/api/tickets/{ticket}/merge"): ({**CID, "into": "other"}, TICKET_WORK),
    ("POST", "/api/tickets/{ticket}/split"): ({**CID, "seq": 1}, TICKET_WORK),
    ("POST", "/api/files"): (b"x", "y y/y y y y y y y s s s s"),
    ("GET", "/api/files/{file}"): (None, TICKET_READ),
    ("GET", "/api/customers"): ("TICKETSECRET", TICKET_READ),
    ("POST", "/api/customers/merge"): (
        {**CID, "email": "tim@x.example", "into": "vera@x.example"},
        "- -/- - - - - y - - - - -",
    ),
    ("GET", "/api/mails"): ("MAILSECRET", "- -/- - - - - y - - - - -"),
    ("POST", "/api/mails/{mail}/settle"): ({"what": "resend"}, "- -/- - - - - y - - - - -"),
    ("GET", "/api/quarantine"): ("PRISONSECRET", "- -/- - - - - y - - - - -"),
    ("POST", "/api/quarantine/{mail}/release"): ({}, "- -/- - - - - y - - - - -"),
    ("GET", "/api/filters"): ("FILTERSECRET", TICKET_READ),
    ("PUT", "/api/filters"): (
        {"name": "x", "query": {}, "department": 1},
        "- -/- - - - - y - - - - -",
    ),
    ("DELETE", "/api/filters/{filter}"): (None, "- -/- - - - - y - - - - -"),
    ("GET", "/api/rules"): ("RULESECRET", RULES),
    ("POST", "/api/rules"): (RULE, RULES),
    ("GET", "/api/rules/{rule}"): (None, RULES),
    ("PUT", "/api/rules/{rule}"): ({"rule": RULE}, RULES),
    ("POST", "/api/rules/order"): ({"ids": [1]}, RULES),
    ("POST", "/api/rules/try"): ({"rule": RULE}, RULES),
    ("DELETE", "/api/rules/{rule}"): (None, RULES),
    ("GET", "/api/templates"): ("TEMPLATESECRET", RULES),
    ("PUT", "/api/templates"): (
        {"kind": "solved", "subject": "x", "text": "x", "department": "sales"},
        RULES,
    ),
    ("POST", "/api/templates/try"): ({"template": {"kind": "solved", "subject": "x", "text": "x"}}, ALL),
    ("POST", "/api/chats/{chat}/ticket"): (CID, "y -/s s s s - s - s - - -"),
    # These change rights, and who has other rights is sent away to come back with them.
    ("POST", "/api/departments"): ({"slug": "new"}, "- -/- - - - - y y - - y -"),
    ("POST", "/api/departments/{department}/everybody"): (None, "- -/- - - - - y - - - y -"),
    ("DELETE", "/api/sessions/current"): (None, ALL),
}
PARAMETERS = {
    ("POST", "/api/files"): {"name": "a file"},
    ("GET", "/api/customers"): {"email": "tim@x.example"},
}
ANYBODY = {("POST", "/api/sessions")}


def test_each_route_has_a_row() -> None:
    assert set(REST) | ANYBODY == {(route.method, route.path) for route in rest.ROUTES}
    assert {(route.method, route.path) for route in rest.ROUTES if route.who == "anybody"} == ANYBODY


async def asked(
    client: httpx.AsyncClient, h: House, route: tuple[str, str], token: str, real: bool
) -> tuple[int, bytes]:
    """What a route answers: status and body, without the client's id."""
    method, path = route
    body = REST[route][0]
    keys = {"chat": h.chat, "message": 1, "user": h.users["zoe"], "department": SPARE}
    keys |= {"ticket": h.ticket, "seq": 1, "file": h.file, "filter": h.filter, "rule": h.rule}
    keys["mail"] = h.prisoner if "quarantine" in path else h.mail
    path = path.format(**(keys if real else dict.fromkeys(keys, NOWHERE)))
    if isinstance(body, dict):
        body = {**body, **({"cid": Q()} if "cid" in body else {})}
        body = {**body, **({"slug": Q()} if "slug" in body else {})}
        body = {**body, **({"user": h.users["pat"]} if "user" in body else {})}
        body = {**body, **({"ids": [h.rule if real else NOWHERE]} if "ids" in body else {})}
        body = {**body, **({"into": h.other} if body.get("into") == "other" else {})}
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    sent: dict[str, Any] = {"json": body} if isinstance(body, dict) else {}
    sent |= {"content": body} if isinstance(body, bytes) else {}
    answer = await client.request(method, path, headers=headers, params=PARAMETERS.get(route), **sent)
    content = answer.content
    if isinstance(REST[route][0], str):  # a list: what is not in it does not exist
        rows = json.loads(content)
        rows = rows.get("tickets", []) if isinstance(rows, dict) else rows
        mine = [row for row in rows if REST[route][0] in json.dumps(row)]
        return (200, content) if mine else (404, b"nothing")
    return answer.status_code, content


@pytest.mark.parametrize("team_too", [False, True], ids=["closed", "team"])
async def test_each_route(sqlite_url: str, tmp_path: Path, team_too: bool) -> None:
    wrong = []
    async with house(sqlite_url, tmp_path, team_too) as h, httpx.AsyncClient(base_url=h.site.url) as client:
        await furnish(h)
        for route, (_, row) in REST.items():
            await h.fresh()
            strangers = {
                "no token": "",
                "garbage": "x" * 40,
                "disabled": staff_token("dora"),
                "visitor": h.vera.token,
            }
            answers = {
                who: await asked(client, h, route, token, True)
                for who, token in strangers.items()
                if not isinstance(REST[route][0], str)
            }
            if "/visitor/" in route[1] and answers:
                assert answers.pop("visitor")[0] == 200
            assert len(set(answers.values())) <= 1, (route, answers)
            assert all(status in (401, 404) for status, _ in answers.values()), (route, answers)
            for role, wanted in signs(row, team_too).items():
                await h.fresh()
                token = staff_token(CAST[role][0])
                keyed = "{" in route[1]
                nothing = await asked(client, h, route, token, False) if keyed else (404, b"nothing")
                answer = await asked(client, h, route, token, True)
                denied = answer == nothing or (not keyed and answer[0] == 404)
                found = "-" if denied and answer[0] == 404 else "y" if answer[0] < 300 else "s"
                if found != wanted:
                    wrong.append(f"{route} as {role}: {found}, not {wanted}: {answer}")
    assert not wrong, "\n".join(wrong)


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
}
MAIL = 1  # the house's only one
QUESTIONS = {
    operator.ListUsers,
    operator.ListDepartments,
    operator.ListSessions,
    operator.ListAudit,
    operator.ListTemplates,
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
