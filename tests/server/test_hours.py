"""Opening hours: how they are set, read as a week, and tested from a file, by commands and over REST."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agentconsole import credentials
from tests import shell
from tests.running import Running


def command(server: Running, who: str, *words: str, given: bytes = b"") -> shell.Outcome:
    """The command: exit code, what it printed, what it complained of."""
    env = {credentials.VARIABLE: server.login(who), "TZ": "Asia/Kathmandu"}
    return shell.run(*words, "--server", server.url, "--user", who, env=env, given=given)


def admin(server: Running, *words: str) -> shell.Outcome:
    """An order to the operator's socket."""
    return shell.run("admin", "--data", str(server.data), "department", "set", *words)


def settings(server: Running, slug: str) -> dict[str, Any]:
    """What an administrator reads of a department's hours."""
    root = server.login(server.add_user("admin"))
    answer = server.ask("GET", f"/api/departments/{server.department_id(slug)}", root).json()
    names = ("opening_zone", "chat_hours", "email_hours", "phone_hours", "days")
    return {name: answer[name] for name in names if answer.get(name)}


@pytest.fixture
def slug(server: Running) -> str:
    """A department in Oslo that is open on weekdays."""
    return server.add_department(opening_zone="Europe/Oslo", chat_hours="Mon-Fri 08:00-16:00")


def test_hours_are_set_by_command_and_read_back(server: Running, slug: str, tmp_path: Path) -> None:
    calendar = tmp_path / "holidays.ics"
    calendar.write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nSUMMARY:New Year\nEND:VEVENT\n"
        "BEGIN:VEVENT\nDTSTART:20270101T100000Z\nSUMMARY:a meeting\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    code, out, said = admin(
        server, slug, "--email-hours", "always", "--chat-hours", "Fri 22-02",
        "--holiday", "12-25=Christmas Day", "--holiday", "2027-05-17", "--holidays", str(calendar),
        "--exception", "2026-12-23 chat 08:00-12:00=Stocktaking",
    )  # fmt: skip
    assert (code, "was changed" in out) == (0, True), said
    assert "1 days; 0 events are over, 1 cannot be used" in said
    assert settings(server, slug) == {
        "opening_zone": "Europe/Oslo",
        "chat_hours": "Fri 22:00-02:00",
        "email_hours": "always",
        "days": [
            "01-01 closed=New Year",
            "12-25 closed=Christmas Day",
            "2026-12-23 chat 08:00-12:00=Stocktaking",
            "2027-05-17 closed",
        ],
    }
    admin(server, slug, "--usual-day", "12-25", "--exception", "2027-05-17 10:00-11:00", "--chat-hours", "")
    assert settings(server, slug) == {
        "opening_zone": "Europe/Oslo",
        "email_hours": "always",
        "days": [
            "01-01 closed=New Year",
            "2026-12-23 chat 08:00-12:00=Stocktaking",
            "2027-05-17 10:00-11:00",
        ],
    }
    admin(server, slug, "--no-days")
    assert "days" not in settings(server, slug)


@pytest.mark.parametrize(
    "words, said",
    [
        (("--opening-zone", "Europe/Olso"), "There is no time zone"),
        (("--chat-hours", "Mo 8-16"), "is no weekday"),
        (("--holiday", "24.12."), "is no date"),
        (("--usual-day", "Monday"), "is no date"),
        (("--holidays", "/nowhere.ics"), "cannot be read"),
        (("--holidays", __file__), "no calendar file"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    server: Running, slug: str, words: tuple[str, ...], said: str
) -> None:
    before = settings(server, slug)
    code, _, complaint = admin(server, slug, *words)
    assert code in (1, 2)
    assert said in complaint
    assert settings(server, slug) == before


def test_what_was_read_can_be_written_back(server: Running, slug: str) -> None:
    root = server.login(server.add_user("admin"))
    path = f"/api/departments/{server.department_id(slug)}"
    server.ask("PATCH", path, root, {"days": ["02-29=Leap day", "2026-12-31 20-04"], "phone_hours": "closed"})
    found = server.ask("GET", path, root).json()
    assert found["days"] == ["02-29 closed=Leap day", "2026-12-31 20:00-04:00"]
    del found["id"]
    assert server.ask("PATCH", path, root, found).json()["text"].endswith("is so already.")
    refused = server.ask("PATCH", path, root, {"chat_hours": "Mon 8"})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid")


def test_a_supervisor_sends_a_calendar_file(server: Running, slug: str) -> None:
    text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n"
    path = f"/api/departments/{server.department_id(slug)}/holidays"
    lead = server.login(server.add_user("supervisor", department=slug))
    answer = server.ask("POST", path, lead, {"calendar": text}).json()
    assert answer["text"] == f"{slug} was changed. 1 days; 0 events are over, 0 cannot be used."
    assert settings(server, slug)["days"] == ["01-01 closed"]
    assert server.ask("POST", path, lead, {"calendar": "nonsense"}).json()["code"] == "invalid"
    agent = server.login(server.add_user("agent", department=slug))
    for body in (text, "nonsense"):
        assert server.ask("POST", path, agent, {"calendar": body}).status_code == 404


def test_what_is_over_is_told_by_the_department_s_clock(server: Running, slug: str) -> None:
    """Where it is another day than in Greenwich; far from the next midnight there."""
    place = "Etc/GMT+12" if datetime.now(UTC).hour < 10 else "Etc/GMT-14"
    root = server.login(server.add_user("admin"))
    path = f"/api/departments/{server.department_id(slug)}"
    server.ask("PATCH", path, root, {"opening_zone": place})
    today = datetime.now(ZoneInfo(place)).date()
    dates = (today - timedelta(days=1), today)
    events = "".join(f"BEGIN:VEVENT\nDTSTART;VALUE=DATE:{day:%Y%m%d}\nEND:VEVENT\n" for day in dates)
    text = f"BEGIN:VCALENDAR\n{events}END:VCALENDAR\n"
    answer = server.ask("POST", f"{path}/holidays", root, {"calendar": text}).json()
    assert answer["text"] == f"{slug} was changed. 1 days; 1 events are over, 0 cannot be used."
    assert settings(server, slug)["days"] == [f"{today} closed"]


def test_a_week_over_rest(server: Running, slug: str) -> None:
    agent = server.login(server.add_user("agent", department=slug))
    path = f"/api/departments/{server.department_id(slug)}/hours"
    week = server.ask("GET", path, agent, params={"from": "2026-10-23", "zone": "Asia/Kathmandu"}).json()
    assert (week["zone"], week["reader_zone"], week["words"]) == (
        "Europe/Oslo", "Asia/Kathmandu", "Mon-Fri 08:00-16:00 (Europe/Oslo)",
    )  # fmt: skip
    assert [day["date"][-2:] for day in week["days"]] == ["23", "24", "25", "26", "27", "28", "29"]
    assert week["days"][0]["times"] == ["08:00-16:00"]
    assert week["days"][0]["cells"] == "." * 32 + "#" * 32 + "." * 32
    assert week["days"][2]["skipped"] == -60, "the night on which the clock goes back"
    assert week["reader_days"][0]["times"] == ["11:45-19:45"]
    assert week["reader_days"][3]["times"] == ["12:45-20:45"]
    now = datetime.now(UTC).timestamp() * 1_000
    assert now < week["change_at"] < now + 4 * 86_400_000
    email = server.ask("GET", path, agent, params={"kind": "email"}).json()
    assert (email["open"], email.get("change_at", 0), email["words"]) == (True, 0, "always open")


def test_my_departments_hours_and_no_others(server: Running, slug: str) -> None:
    other = server.add_department()
    mine = server.ask("GET", "/api/hours", server.login(server.add_user("agent", department=slug))).json()
    assert [week["department"] for week in mine] == [server.department_id(slug)]
    every = server.ask("GET", "/api/hours", server.login(server.add_user("supervisor"))).json()
    assert {server.department_id(slug), server.department_id(other)} <= {week["department"] for week in every}


@pytest.mark.parametrize(
    "params",
    [{"kind": "fax"}, {"zone": "Europe/Olso"}, {"from": "2026-02-30"}, {"from": "9999-12-31"}, {"to": "x"}],
)
def test_a_question_that_makes_no_sense(server: Running, slug: str, params: dict[str, str]) -> None:
    agent = server.login(server.add_user("agent", department=slug))
    path = f"/api/departments/{server.department_id(slug)}/hours"
    answer = server.ask("GET", path, agent, params=params)
    assert (answer.status_code, bool(answer.json()["text"])) == (400, True)


def test_the_command_shows_both_zones_and_marks_the_day_of_the_change(server: Running, slug: str) -> None:
    who = server.add_user("agent", department=slug)
    code, out, said = command(server, who, "hours", slug, "--from", "2026-10-23")
    assert code == 0, said
    lines = out.splitlines()
    assert lines[0].endswith("chat: Mon-Fri 08:00-16:00 (Europe/Oslo)")
    assert f"Fri 23 Oct {'.' * 16}{'#' * 16}{'.' * 16} 08:00-16:00" in lines
    assert f"Sun 25 Oct {'.' * 48} closed; clock -1 h" in lines
    assert f"Fri 23 Oct {'.' * 23}+{'#' * 15}+{'.' * 8} 11:45-19:45" in lines
    assert lines.index("Europe/Oslo") < lines.index("Asia/Kathmandu")
    assert max(map(len, lines)) <= 110
    code, out, _ = command(server, who, "hours", slug, "--zone", "Europe/Oslo", "--json")
    assert (code, json.loads(out)["hours"]["reader_zone"]) == (0, "Europe/Oslo")
    assert command(server, who, "hours", "nowhere")[0] == 1
    assert "no time zone" in command(server, who, "hours", slug, "--zone", "Nowhere")[2]


def test_a_file_of_expectations(server: Running, slug: str, tmp_path: Path) -> None:
    who = server.add_user("agent", department=slug)
    file = tmp_path / "hours.txt"
    file.write_text(f"# ours\n{slug}: Sun 02:30 Europe/Oslo -> closed\n{slug}: Mon 08:00 -> open\n")
    code, out, said = command(server, who, "hours", "test", str(file))
    assert (code, out.strip()) == (0, "All 2 expectations are met."), said
    file.write_text(f"{slug}: Mon 08:00 -> closed\n\n{slug} email: Mon 03:00 -> open\nnonsense\n")
    code, out, said = command(server, who, "hours", "test", str(file))
    assert (code, out) == (1, "")
    assert said.splitlines()[0] == "agentconsole: 2 of 3 expectations are not met."
    assert said.splitlines()[1] == f"{file}:1: {slug}: Mon 08:00 -> closed   is: open"
    assert "4: nonsense   is: This line cannot be read" in said.splitlines()[2]
    code, out, _ = command(
        server, who, "hours", "test", "-", "--json", given=f"{slug}: Mon 08:00 -> closed".encode()
    )
    told = json.loads(out)
    assert (code, told["done"], told["read"], told["misses"][0]["found"]) == (1, False, 1, "open")
    assert "cannot be read" in command(server, who, "hours", "test", str(tmp_path))[2]
