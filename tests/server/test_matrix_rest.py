"""The matrix of rights over REST, read as in test_matrix: who asks, and what is answered. A route without a row fails."""

import json
from pathlib import Path
from typing import Any

import httpx

from agentconsole.backend import rest
from tests.server.doors import CAST, HOUSES, NOWHERE, SPARE, House, house
from tests.server.site import staff_token
from tests.server.test_matrix import NEXT, READ, TICKET_READ, TICKET_WORK, furnish, signs
from tests.server.windows import new_cid

Q = new_cid
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
    ("GET", "/api/quarantine/{mail}/whole"): (None, "- -/- - - - - y - - - - -"),
    ("POST", "/api/quarantine/{mail}/release"): ({}, "- -/- - - - - y - - - - -"),
    ("POST", "/api/quarantine/{mail}/discard"): (None, "- -/- - - - - s - - - - -"),
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
    ("GET", "/api/webhooks"): ("HOOKSECRET", RULES),
    ("POST", "/api/webhooks/again"): (None, ALL),  # those that are mine, which may be none
    ("POST", "/api/webhooks/{webhook}/again"): (None, RULES),
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
    keys["webhook"] = h.webhook
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
        rows = rows.get("tickets", rows.get("webhooks", [])) if isinstance(rows, dict) else rows
        mine = [row for row in rows if REST[route][0] in json.dumps(row)]
        return (200, content) if mine else (404, b"nothing")
    return answer.status_code, content


@HOUSES
async def test_each_route(database_url: str, tmp_path: Path, team_too: bool) -> None:
    wrong = []
    async with house(database_url, tmp_path, team_too) as h, httpx.AsyncClient(base_url=h.site.url) as client:
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
