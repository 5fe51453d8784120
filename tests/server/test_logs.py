"""Log lines: one event, one line, and nothing in it that people wrote in confidence."""

import io
import json
import logging
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from agentconsole.backend import logs
from tests.hostile import HOSTILE
from tests.running import cid, running


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Where the log goes; the test runner's own handlers come back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.set_up("info", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    logging.raiseExceptions = True


def test_a_line_says_when_how_bad_where_and_what(out: io.StringIO) -> None:
    logging.getLogger("agentconsole.auth").warning("login refused user=%s", "ola")
    time, rest = out.getvalue().split(" ", 1)
    assert time.startswith("time=2")
    assert time.endswith("Z")
    assert rest == 'level=warning where=auth text="login refused user=ola"\n'


def test_whatever_is_logged_one_event_is_one_printable_line(out: io.StringIO) -> None:
    for number, hostile in enumerate(HOSTILE):
        logging.getLogger("agentconsole.test").info("event %d %s", number, hostile.text)
    lines = out.getvalue().split("\n")
    assert len(lines) == len(HOSTILE) + 1
    kinds = {unicodedata.category(letter) for line in lines for letter in line}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert all(f"event {number} " in line for number, line in enumerate(lines[:-1]))
    assert max(map(len, lines)) < 3_000


def test_a_traceback_is_in_the_same_line_without_the_words_of_the_error(out: io.StringIO) -> None:
    def fail() -> None:
        raise ValueError("a private matter\nlevel=info")

    try:
        try:
            fail()
        except ValueError as error:
            raise OSError(28, "No space left on device", "/a/private/name") from error
    except OSError:
        logging.getLogger("agentconsole.desk").exception("not written")
    (line, end) = out.getvalue().split("\n")
    assert end == ""
    assert "private" not in line
    assert "builtins.OSError No space left on device at" in line
    assert "builtins.ValueError at" in line
    assert "test_logs.py" in line
    assert " fail" in line
    assert " id=" in line


def test_nothing_less_important_than_asked_for_is_written(out: io.StringIO) -> None:
    logging.getLogger("agentconsole.http").debug("a request")
    assert out.getvalue() == ""


def test_frames_are_not_logged_even_when_everything_else_is(tmp_path: Path) -> None:
    with running(tmp_path / "data", log_level="debug") as server:
        assert server.ask("GET", "/api/me").status_code == 401
        server.login(server.add_user())
        with connect(server.url.replace("http", "ws") + "/ws/visitor") as link:
            link.send(['{"t":"hello","token":', f'"{"private" * 7}"', "}"])
            assert json.loads(link.recv(timeout=10))["t"] == "welcome"
    lines = server.log.read_text()
    assert "level=debug where=http" in lines
    assert "private" not in lines


def test_what_people_say_is_not_logged_even_when_everything_else_is(tmp_path: Path) -> None:
    with running(tmp_path / "data", log_level="debug") as server:
        department = server.department_id(server.add_department())
        token = server.login(server.add_user("agent"))
        visitor = server.visitor()
        chat = visitor.start(department, "private begin", name="private name", email="private@example.com")
        visitor.send(t="typing", chat=chat, text="private preview")
        visitor.send(t="say", cid=cid(), chat=chat, text="private line", wrong="private field")
        assert visitor.wait("refused")["code"] == "bad_frame"
        assert server.ask("POST", f"/api/chats/{chat}/take", token, {"cid": cid()}).is_success
        said = {"cid": cid(), "text": "private answer"}
        assert server.ask("POST", f"/api/chats/{chat}/messages", token, said).is_success
        visitor.send(
            t="leave_message",
            cid=cid(),
            department=department,
            text="private letter",
            email="private@x.example",
        )
        assert visitor.wait("ack", "refused")["t"] == "ack"
        visitor.close()
    lines = server.log.read_text()
    assert "private" not in lines
    assert f"/api/chats/{chat}/messages 201" in lines


def test_the_handbook_names_every_figure() -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    source = Path(logs.__file__).with_name("metrics.py").read_text()
    names = [word for word in source.split('"') if word.startswith("agentconsole_")]
    assert len(names) == 9
    for name in names:
        assert f"`{name}" in handbook, name
