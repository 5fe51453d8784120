"""Departments over REST: supervisors run their own, nobody another's, and of two who change one the second is told."""

from pathlib import Path
from typing import Any

from agentconsole.backend.operator import ListAudit
from tests.running import Running, running


def ask(server: Running, who: str, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """The status and the body of one answer."""
    answer = server.ask(method, path, server.login(who), body)
    return answer.status_code, answer.json()


def test_a_supervisor_adds_a_department_and_belongs_to_it(server: Running) -> None:
    lead = server.add_user("supervisor", department=server.add_department())
    status, outcome = ask(
        server, lead, "POST", "/api/departments", {"slug": "spares", "settings": {"routing": "ring"}}
    )
    assert (status, outcome["changed"]) == (200, True)
    mine = {
        card["slug"]: card["id"]
        for card in ask(server, lead, "GET", "/api/departments")[1]
        if card.get("mine")
    }
    assert "spares" in mine
    key = mine["spares"]
    status, settings = ask(server, lead, "GET", f"/api/departments/{key}")
    assert (status, settings["routing"], settings["reply_s"]) == (200, "ring", 60)
    change = {"reply_s": 90, "guide": "Only broken ones.", "version": settings["version"]}
    assert ask(server, lead, "PATCH", f"/api/departments/{key}", change)[1]["changed"]
    status, refusal = ask(server, lead, "PATCH", f"/api/departments/{key}", change | {"reply_s": 30})
    assert (status, refusal["code"]) == (409, "conflict")
    assert ask(server, lead, "GET", f"/api/departments/{key}")[1]["reply_s"] == 90


def test_nobody_changes_anothers_department(server: Running) -> None:
    here, there = server.add_department(), server.add_department()
    key = server.department_id(here)
    for who in (server.add_user("supervisor", department=there), server.add_user("agent", department=here)):
        for method, path, body in (
            ("GET", f"/api/departments/{key}", None),
            ("PATCH", f"/api/departments/{key}", {"reply_s": 5}),
            ("POST", f"/api/departments/{key}/everybody", None),
        ):
            nowhere = path.replace(str(key), "999999")
            assert ask(server, who, method, path, body) == ask(server, who, method, nowhere, body)
            assert ask(server, who, method, path, body)[0] == 404
    assert (
        ask(server, server.add_user("agent", department=here), "POST", "/api/departments", {"slug": "new"})[0]
        == 404
    )


def test_without_departments_everybody_shares_all_chats(tmp_path: Path) -> None:
    with running(tmp_path / "data") as server:
        solo = server.add_user(name="solo")  # the first user: administrator, agent and supervisor
        assert [card["name"] for card in ask(server, solo, "GET", "/api/departments")[1]] == ["Chat"]
        vera = server.visitor()
        chat = vera.start(0, "hello")
        vera.close()
        assert ask(server, solo, "POST", f"/api/chats/{chat}/take", {"cid": "take-it-1"})[0] == 200
        server.add_department("sales")
        kept = {card["slug"] for card in ask(server, solo, "GET", "/api/departments")[1]}
        assert kept == {"chat", "sales"}, "what was used stays"
    with running(tmp_path / "other") as server:
        server.add_user(name="root")
        server.add_department("sales")
        server.add_department("support")
        shown = [card["slug"] for card in ask(server, "root", "GET", "/api/departments")[1]]
        assert shown == ["sales", "support"], "what nobody used is gone"


def test_the_audit_log_is_read_by_the_operator(server: Running) -> None:
    here = server.add_department()
    name = server.add_user("agent", department=here)
    line = f"give_grant {name} agent in {here}"
    rows = server.order(ListAudit(about=name)).rows or []
    assert line in [f"{row['deed']} {row['object']} {row['detail']}" for row in rows]
    assert len(server.order(ListAudit(limit=1)).rows or []) == 1


def test_opening_hours_are_words_for_colleagues(server: Running) -> None:
    slug = server.add_department()
    lead = server.add_user("supervisor", department=slug)
    key = server.department_id(slug)
    assert ask(server, lead, "PATCH", f"/api/departments/{key}", {"hours": "Mon to Fri, 8 to 16"})[0] == 200
    shown = {card["slug"]: card.get("hours") for card in ask(server, lead, "GET", "/api/departments")[1]}
    assert shown[slug] == "Mon to Fri, 8 to 16"
    assert ask(server, lead, "PATCH", f"/api/departments/{key}", {"hours": "x" * 201})[0] == 400


def test_a_nul_in_a_departments_texts_is_refused_with_a_sentence(server_on: Running) -> None:
    slug = server_on.add_department()
    lead = server_on.add_user("supervisor", department=slug)
    key = server_on.department_id(slug)
    for change in ({"guide": "a\0b"}, {"hours": "\0"}, {"skills": ["\0"]}, {"welcome": "\0"}):
        status, refusal = ask(server_on, lead, "PATCH", f"/api/departments/{key}", change)
        assert (status, refusal["code"]) == (400, "invalid"), change
