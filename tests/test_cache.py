"""What is kept on disk: unsent words of several windows, and the picture drawn before anything is loaded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from agentconsole import cache, files
from agentconsole.cache import Picture, Row
from agentconsole.protocol import MAX_TEXT, DepartmentCard, DepartmentList, Say, State, Synced
from agentconsole.store import Store
from tests.hostile import HOSTILE, Hostile
from tests.small_desk import card
from tests.terminal.rig import Emulator
from tests.test_store import NOW, apply, welcome

SERVER, USER = "https://chat.example.org", "ada"
HEAVY = ("textual", "rich", "httpx", "websockets", "msgspec", "keyring", "asyncio")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    return cache.place(SERVER, USER, tmp_path)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def store_with(*texts: str) -> Store:
    store = Store()
    for number, text in enumerate(texts):
        store.enqueue(Say(f"cid-{abs(hash(text)) % 10**8:08}-{number}", 1, text), NOW)
    return store


def lines(store: Store) -> list[str]:
    return sorted(line.text for line in store.pending(1))


# --- words -----------------------------------------------------------------------------------------------------


def test_words_are_readable_by_their_owner_alone_and_come_back(here: Path) -> None:
    words = cache.Words(here)
    words.save(store_with("not sent yet ☃").words())
    words.close()
    assert mode(here) == 0o700
    assert {mode(path) for path in here.iterdir()} == {0o600}
    store = Store()
    cache.Words(here).adopt(store)
    assert lines(store) == ["not sent yet ☃"]


def test_two_windows_do_not_overwrite_each_other_and_the_next_takes_over_from_both(here: Path) -> None:
    first, second = cache.Words(here), cache.Words(here)
    first.save(store_with("from the first").words())
    second.save(store_with("from the second").words())
    assert first.path != second.path
    first.close()
    second.close()
    store = Store()
    third = cache.Words(here)
    third.adopt(store)
    assert lines(store) == ["from the first", "from the second"]
    third.close()
    again = Store()
    cache.Words(here).adopt(again)
    assert lines(again) == ["from the first", "from the second"]


def test_a_window_that_runs_keeps_its_words_to_itself(here: Path) -> None:
    first = cache.Words(here)
    first.save(store_with("still mine").words())
    store = Store()
    cache.Words(here).adopt(store)
    assert lines(store) == []


def test_the_words_of_a_killed_window_are_taken_over(here: Path, tmp_path: Path) -> None:
    script = (
        "import os, sys, signal\n"
        "from pathlib import Path\n"
        "from agentconsole import cache\n"
        "from tests.test_cache import store_with\n"
        "words = cache.Words(Path(sys.argv[1]))\n"
        "words.save(store_with('typed before the crash').words())\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, str(here)], cwd=Path(__file__).parent.parent, check=False
    )
    assert killed.returncode == -9
    store = Store()
    cache.Words(here).adopt(store)
    assert lines(store) == ["typed before the crash"]


def test_too_many_windows_are_refused_with_a_sentence(here: Path) -> None:
    windows = [cache.Words(here) for _ in range(cache.WINDOWS)]
    with pytest.raises(OSError, match="run here already"):
        cache.Words(here)
    windows[0].close()
    cache.Words(here)


def test_many_long_words_come_back_in_any_script(here: Path) -> None:
    text = "ж" * MAX_TEXT
    words = cache.Words(here)
    words.save(store_with(*(f"{number} {text}" for number in range(300))).words())
    words.close()
    store = Store()
    cache.Words(here).adopt(store)
    assert len(lines(store)) == 300


@pytest.mark.parametrize("content", [b"", b"{", b"[1,2]", b"\xff\xfe", b"[" * 100_000, b'{"outbox": 7}'])
def test_damaged_words_are_left_out(here: Path, content: bytes) -> None:
    words = cache.Words(here)
    words.path.write_bytes(content)
    store = Store()
    words.adopt(store)
    assert lines(store) == []


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = here / "x.json"
    files.write(path, {"old": 1})

    def no_space(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="No space"):
        files.write(path, {"new": 1})
    assert files.read(path) == {"old": 1}
    assert [each.name for each in here.iterdir()] == ["x.json"]


def test_places_of_users_and_servers_differ(tmp_path: Path) -> None:
    places = {cache.place(server, user, tmp_path) for server in ("a", "b") for user in ("c", "d/../e")}
    assert len(places) == 4
    assert all(each.parent == tmp_path for each in places)


# --- the picture -----------------------------------------------------------------------------------------------


PICTURE = Picture(
    NOW,
    SERVER,
    USER,
    [Row(NOW - 420_000, "Vi", "Where is my order?", "Sales"), Row(NOW - 30_000, "", "", "Help")],
    [Row(NOW - 60_000, "Zoë", "refund", "")],
)


def drawn(
    tmp_path: Path, width: int = 80, height: int = 24, encoding: str = "utf-8", **env: str
) -> tuple[bytes, list[str]]:
    """The bytes, and the rows that a terminal shows."""
    raw = cache.draw(cache.last_picture(folder=tmp_path), width, height, {"TERM": "xterm"} | env, encoding)
    emulator = Emulator(width, height)
    emulator.feed(raw)
    return raw, emulator.screen.rows()


def test_the_store_becomes_a_picture_in_this_machines_time() -> None:
    store = Store()
    departments = DepartmentList([DepartmentCard(1, "sales", "Sales")])
    waits = card(1, state=State.waiting, owner=0, since=NOW + 500, first_line="help", name="Vi")
    apply(store, welcome(now=NOW + 1000), departments, waits, card(2, topic="refund"), Synced())
    shown = cache.picture(store, SERVER, USER, NOW)
    assert shown.waiting == [Row(NOW - 500, "Vi", "help", "Sales")]
    assert [row.about for row in shown.mine] == ["refund"]


def test_the_last_picture_is_drawn_with_its_time(tmp_path: Path) -> None:
    cache.save_picture(PICTURE, tmp_path)
    raw, rows = drawn(tmp_path)
    assert raw.startswith(cache.ENTER)
    assert re.search(r"ada +as of \d\d:\d\d, connecting", rows[0])
    shown = "\n".join(rows)
    assert "My chats (1)" in shown
    assert "Waiting (2)" in shown
    assert re.search(r"7 min +Vi +Sales: Where is my order\?", shown)
    assert re.search(r"30 s +visitor +Help", shown)
    files = [*tmp_path.rglob("*.json")]
    assert len(files) == 2
    assert {mode(path) for path in files} == {0o600}


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (20, 6), (10, 3)])
def test_it_fits_any_screen(tmp_path: Path, size: tuple[int, int]) -> None:
    cache.save_picture(PICTURE._replace(waiting=PICTURE.waiting * 30), tmp_path)
    raw, rows = drawn(tmp_path, *size)
    assert rows[0].strip()
    assert raw.count(b"\r\n") == size[1] - 1
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw.decode())
    assert max(len(row) for row in plain.split("\r\n")) <= size[0]


def test_no_colour_where_none_is_wanted_and_ascii_where_nothing_else_is_understood(tmp_path: Path) -> None:
    cache.save_picture(PICTURE, tmp_path)
    coloured, _ = drawn(tmp_path)
    plain, _ = drawn(tmp_path, NO_COLOR="1")
    colours = rb"\x1b\[(3|4|9|10)\d"
    assert re.search(colours, coloured)
    assert not re.search(colours, plain)
    ascii_only, rows = drawn(tmp_path, encoding="iso-8859-1")
    assert ascii_only.isascii()
    assert "Zo?" in "\n".join(rows)


def test_the_themes_colours_are_used_where_the_terminal_has_them(tmp_path: Path) -> None:
    inks = cache.Inks("#d4d9e2", "#15181e", "#1d222b", "#8892a3", "#82aaff")
    cache.save_picture(PICTURE._replace(inks=inks), tmp_path)
    coloured, rows = drawn(tmp_path, COLORTERM="truecolor")
    assert coloured.count(b"\x1b[48;2;21;24;30m") == 23
    assert b"\x1b[38;2;130;170;255m" in coloured
    assert "Waiting (2)" in "\n".join(rows)
    assert b";2;" not in drawn(tmp_path)[0]
    assert not re.search(rb"\x1b\[[34]", drawn(tmp_path, COLORTERM="truecolor", NO_COLOR="1")[0])
    cache.save_picture(PICTURE._replace(inks=inks._replace(bar="\x1b[31m")), tmp_path)
    assert b";2;" not in drawn(tmp_path, COLORTERM="truecolor")[0]


def test_the_server_may_be_written_as_people_do(tmp_path: Path) -> None:
    cache.save_picture(PICTURE, tmp_path)
    assert cache.last_picture("chat.example.org/", USER, tmp_path) == PICTURE


@pytest.mark.parametrize("term", ["", "dumb"])
def test_no_picture_where_no_screen_is(tmp_path: Path, term: str) -> None:
    cache.save_picture(PICTURE, tmp_path)
    assert drawn(tmp_path, TERM=term)[0] == b""


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
def test_hostile_texts_draw_nothing_but_themselves(tmp_path: Path, hostile: Hostile) -> None:
    text = hostile.text
    row = Row(NOW, text, text, text)
    cache.save_picture(Picture(NOW, SERVER, text, [row, PICTURE.waiting[0]], [row]), tmp_path)
    raw, _ = drawn(tmp_path, 100, 24)
    body = raw.removeprefix(cache.ENTER).decode("utf-8")
    own = re.sub(r"\x1b\[(0|1|2|7|36)m|\r\n|[\u2003\xa0\u3000]", "", body)
    assert own.isprintable()
    assert "Where is my order?" in body


def test_only_the_picture_of_this_user_on_this_server_is_shown(tmp_path: Path) -> None:
    cache.save_picture(PICTURE, tmp_path)
    other = PICTURE._replace(user="bob")
    cache.save_picture(other, tmp_path)
    assert cache.last_picture(folder=tmp_path) == other
    assert cache.last_picture(SERVER, USER, tmp_path) == PICTURE
    assert cache.last_picture(SERVER, "eve", tmp_path) is None
    assert cache.last_picture("https://other.example.org", "", tmp_path) is None


@pytest.mark.parametrize(
    "damage",
    [b"", b"{}", b"[]", b'{"at":"x"}', b'{"at":1,"server":"","user":"","waiting":[[1]],"mine":[]}', b"null"],
)
def test_a_damaged_picture_is_none(tmp_path: Path, damage: bytes) -> None:
    cache.save_picture(PICTURE, tmp_path)
    [path] = tmp_path.rglob("picture.json")
    path.write_bytes(damage)
    assert drawn(tmp_path)[0] == b""


def test_who_logs_out_leaves_no_picture(tmp_path: Path) -> None:
    cache.save_picture(PICTURE, tmp_path)
    (tmp_path / "glimpse").write_bytes(b"how\nwhat")
    cache.forget_picture(PICTURE.server, PICTURE.user, tmp_path)
    assert cache.last_picture(PICTURE.server, PICTURE.user, tmp_path) is None
    assert not (tmp_path / "glimpse").exists()
    cache.forget_picture(PICTURE.server, PICTURE.user, tmp_path)


def test_a_last_that_points_elsewhere_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    files.write(tmp_path / "picture.json", PICTURE._asdict())
    files.write(tmp_path / "inside" / "last.json", {"place": "../"})
    assert cache.last_picture(folder=tmp_path / "inside") is None


def test_drawing_the_picture_loads_nothing_heavy(tmp_path: Path) -> None:
    cache.save_picture(PICTURE._replace(waiting=[Row(NOW, "名前 ☃ é", "x", "y")]), tmp_path)
    script = (
        "import sys, json\n"
        "from pathlib import Path\n"
        "from agentconsole import cache\n"
        "raw = cache.draw(cache.last_picture(folder=Path(sys.argv[1])), 80, 24, {'TERM': 'xterm'})\n"
        "print(json.dumps([len(raw), sorted(sys.modules)]))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    length, modules = json.loads(ran.stdout)
    assert length > 100
    assert [name for name in modules if name.split(".")[0] in HEAVY] == []
