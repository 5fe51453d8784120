"""Service levels of a department: set over REST, they wind the clocks of the tickets that are there."""

from tests.running import Running
from tests.server.test_departments import ask


def test_levels_are_set_and_the_clocks_of_open_tickets_run_by_them(server: Running) -> None:
    lead = server.add_user("supervisor", department=(slug := server.add_department()))
    path = f"/api/departments/{server.department_id(slug)}"
    given = {"cid": "levels-1", "department": server.department_id(slug), "subject": "Late", "text": "Late?"}
    status, made = ask(server, lead, "POST", "/api/tickets", given)
    assert status in (200, 201), made
    [ticket] = ask(server, lead, "GET", "/api/tickets")[1]["tickets"]
    assert "due_at" not in ticket
    levels = ["normal first=4h solve=3d always", "urgent first=30m always warn=5m"]
    assert ask(server, lead, "PATCH", path, {"levels": levels})[1]["changed"]
    assert ask(server, lead, "GET", path)[1]["levels"] == levels
    [ticket] = ask(server, lead, "GET", "/api/tickets")[1]["tickets"]
    assert ticket["due_at"] == ticket["first_due"]
    assert 0 <= ticket["first_due"] - ticket["created_at"] - 4 * 3_600_000 < 60_000
    status, refusal = ask(server, lead, "PATCH", path, {"levels": ["normal first=soon"]})
    assert (status, refusal["code"]) == (400, "invalid")
    assert "4h" in refusal["text"]
    assert ask(server, lead, "PATCH", path, {"levels": []})[1]["changed"]
    [ticket] = ask(server, lead, "GET", "/api/tickets")[1]["tickets"]
    assert "due_at" not in ticket
