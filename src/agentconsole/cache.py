"""What the console keeps on disk: unsent words, and the last picture, drawn again before anything else is loaded.

This module imports nothing heavy: drawing the first picture must not cost more than reading a small file.
All files are readable by their owner alone and are replaced as a whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import sys
import time
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from platformdirs import user_state_path

from agentconsole import files, glimpse
from agentconsole.addresses import server_url
from agentconsole.text import clean, is_mark

if TYPE_CHECKING:
    from agentconsole.store import Store

WINDOWS = 16
MAX_ROWS = 60


class Row(NamedTuple):
    """A line of the last picture, as plain text: ``at`` is UTC milliseconds since when it waits or runs."""

    at: int
    name: str
    about: str
    department: str


class Inks(NamedTuple):
    """The theme's colours as #rrggbb; anything else stands for the terminal's own."""

    text: str = ""
    background: str = ""
    bar: str = ""
    dim: str = ""
    accent: str = ""


NO_INKS = Inks()


class Picture(NamedTuple):
    """The queue and my chats as they stood at ``at`` (UTC milliseconds)."""

    at: int
    server: str
    user: str
    waiting: list[Row]
    mine: list[Row]
    inks: Inks = NO_INKS


def state_folder() -> Path:
    """The folder of everything here."""
    return user_state_path("agentconsole")


def place(server: str, user: str, folder: Path | None = None) -> Path:
    """The folder of one user on one server; made if need be, for its owner alone."""
    here = (folder or state_folder()) / _name(server, user)
    here.mkdir(parents=True, exist_ok=True, mode=0o700)
    return here


def _name(server: str, user: str) -> str:
    return hashlib.sha256(f"{server}\n{user}".encode(errors="backslashreplace")).hexdigest()[:24]


# --- unsent words --------------------------------------------------------------------------------------------


class Words:
    """Where one window keeps its outbox, drafts and history (`Store.words`).

    Every window has a file of its own, held by a lock while it runs; a window that starts takes over what windows
    that are no more have left. Sending a line twice is harmless: its client id stays the same.
    """

    def __init__(self, here: Path) -> None:
        """Find a free file in the folder that `place` gave. Raises OSError."""
        self._held: list[tuple[Path, int]] = []
        for number in range(WINDOWS):
            path = here / f"window-{number}.json"
            lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            if not _locked(lock) or (self._held and not path.exists()):
                os.close(lock)
            else:
                self._held.append((path, lock))
        if not self._held:
            raise OSError(f"{WINDOWS} consoles of this user run here already")
        self.path = self._held[0][0]

    def adopt(self, store: Store) -> None:
        """Give the store all that was left over, keep it in this window's file, and only then remove the others."""
        for path, _ in self._held:
            if isinstance(found := files.read(path), dict):
                store.restore(found)
        self.save(store.words())
        while len(self._held) > 1:
            path, lock = self._held.pop()
            path.unlink(missing_ok=True)
            os.close(lock)

    def save(self, words: Mapping[str, object]) -> None:
        """Keep these words; call it in a thread. Raises OSError."""
        files.write(self.path, words)

    def close(self) -> None:
        """Let another window have the file. What is in it stays."""
        while self._held:
            os.close(self._held.pop()[1])


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


# --- the last picture ----------------------------------------------------------------------------------------


def picture(store: Store, server: str, user: str, now: int, inks: Inks = NO_INKS) -> Picture:
    """The store's queue and chats as plain rows, to be saved."""
    shift = store.server_now(now) - now
    waiting = [
        Row(
            card.since - shift,
            card.name,
            card.topic or card.first_line,
            store.department_name(card.department),
        )
        for card, _, _ in store.queue(now)[:MAX_ROWS]
    ]
    mine = [
        Row(row.card.started_at - shift, row.card.name, row.card.topic or row.card.first_line, "")
        for row in store.mine()[:MAX_ROWS]
    ]
    return Picture(now, server, user, waiting, mine, inks)


def save_picture(shown: Picture, folder: Path | None = None) -> None:
    """Keep the picture for the next start; call it in a thread. Raises OSError."""
    here = place(shown.server, shown.user, folder)
    files.write(here / "picture.json", shown._asdict())
    files.write(here.parent / "last.json", {"place": here.name})


def forget_picture(server: str, user: str, folder: Path | None = None) -> None:
    """Who has logged out leaves no picture of other people's words behind. Raises OSError."""
    (place(server, user, folder) / "picture.json").unlink(missing_ok=True)
    glimpse.forget(str(folder or state_folder()))


def last_picture(server: str = "", user: str = "", folder: Path | None = None) -> Picture | None:
    """The picture of this user on this server, or (with neither given) of the last time; None if there is none."""
    base = folder or state_folder()
    last = files.read(base / "last.json")
    if not isinstance(last, dict) or not isinstance(last.get("place"), str):
        return None
    with suppress(ValueError):
        server = server_url(server) if server else ""
    name = last["place"] if not (server and user) else _name(server, user)
    found = files.read(base / os.path.basename(name) / "picture.json")
    shown = _picture(found)
    if shown is None or (server and server != shown.server) or (user and user != shown.user):
        return None
    return shown


def _picture(found: object) -> Picture | None:
    try:
        fields = dict(found)  # type: ignore[call-overload]
        waiting, mine = ([_row(row) for row in fields.pop(key)][:MAX_ROWS] for key in ("waiting", "mine"))
        inks = Inks(*map(str, fields.get("inks", ())))
        return Picture(int(fields["at"]), str(fields["server"]), str(fields["user"]), waiting, mine, inks)
    except (TypeError, ValueError, KeyError):
        return None


def _row(found: Any) -> Row:
    at, name, about, department = found
    return Row(int(at), str(name), str(about), str(department))


ENTER = b"\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"


CONNECTING, OPENING = "connecting", "opening"


def drawn(shown: Picture | None, env: Mapping[str, str], note: str = CONNECTING) -> bytes:
    """A picture as bytes for the terminal that standard output is; ``note`` says what happens just now."""
    try:
        size = os.get_terminal_size(1)
    except OSError:
        return b""
    encoding = getattr(sys.__stdout__, "encoding", "") or "utf-8"
    return draw(shown, size.columns, size.lines, env, encoding, note)


def changes(old: bytes, new: bytes) -> bytes:
    """What turns one drawn picture on the terminal into another."""
    rows = zip(old.removeprefix(ENTER).split(b"\r\n"), new.removeprefix(ENTER).split(b"\r\n"), strict=False)
    return b"".join(b"\x1b[%dH%b" % (number, row) for number, (was, row) in enumerate(rows, 1) if row != was)


def draw(
    shown: Picture | None,
    width: int,
    height: int,
    env: Mapping[str, str],
    encoding: str = "utf-8",
    note: str = CONNECTING,
) -> bytes:
    """A picture as bytes for a terminal of this size, marked with its time; b'' if there is none to show.

    It begins with ENTER (the other screen, as the console uses it); whoever wrote it takes it away with
    `ending.leave_picture` if the console does not come up after all. No colour with NO_COLOR, ASCII where the
    encoding is not UTF-8.
    """
    if shown is None or width < 10 or height < 3 or env.get("TERM", "") in ("", "dumb"):
        return b""
    utf8 = encoding.lower().replace("-", "") == "utf8"
    pen = _Pen(width, _inks(shown.inks, env), not env.get("NO_COLOR"), utf8)
    lines = [pen.bar(f" {shown.user}", f"as of {_clock(shown.at)}, {note} ")]
    for title, rows in (("My chats", shown.mine), ("Waiting", shown.waiting)):
        if rows or title == "Waiting":
            lines += [pen.line(""), pen.heading(f" {title} ({len(rows)})")]
        lines += [pen.row(row, shown.at) for row in rows]
    lines += [pen.line("")] * (height - len(lines))
    return ENTER + "\r\n".join(lines[:height]).encode("utf-8" if utf8 else "ascii", "replace")


def _inks(inks: Inks, env: Mapping[str, str]) -> Inks:
    """The colours that this terminal can show: all of them or none."""
    able = env.get("COLORTERM", "") in ("truecolor", "24bit") and not env.get("NO_COLOR")
    return inks if able and all(re.fullmatch("#[0-9a-fA-F]{6}", ink) for ink in inks) else NO_INKS


def _colour(code: int, ink: str) -> str:
    return f"\x1b[{code};2;{int(ink[1:3], 16)};{int(ink[3:5], 16)};{int(ink[5:7], 16)}m" if ink else ""


class _Pen:
    """Draws cleaned lines of one width; bold, dim and reverse stand for themselves, colours come on top."""

    def __init__(self, width: int, inks: Inks, colours: bool, utf8: bool) -> None:
        self.width, self.utf8 = width, utf8
        ground = _colour(48, inks.background)
        self.text = ground + _colour(38, inks.text)
        self.dim = ground + _colour(38, inks.dim) if inks.dim else "\x1b[2m"
        self.reverse = _colour(48, inks.bar) + _colour(38, inks.text) if inks.bar else "\x1b[7m"
        self.accent = ground + _colour(38, inks.accent) if inks.accent else "\x1b[36m" if colours else ""

    def _drawn(self, style: str, text: str) -> str:
        return f"{style}{self._fit(text, self.width)}\x1b[0m"

    def line(self, text: str) -> str:
        """A plain row."""
        return self._drawn(self.text, text)

    def bar(self, left: str, right: str) -> str:
        """The status bar: who at the left, what at the right if there is room."""
        room = self.width - len(right)
        return self._drawn(self.reverse, self._fit(left, room) + right if room > 8 else left)

    def heading(self, text: str) -> str:
        """A list's title."""
        return self._drawn(f"\x1b[1m{self.accent}", text)

    def row(self, row: Row, now: int) -> str:
        """A line of a list: how long, who, what about."""
        about = self.width - 31
        text = f" {_age(now - row.at):>6}  " + self._fit(
            row.name or "visitor", min(20, max(1, self.width - 9))
        )
        if about > 0:
            text += "  " + self._fit(f"{row.department}: {row.about}" if row.department else row.about, about)
        return self._drawn(self.dim, text)

    def _fit(self, text: str, cells: int) -> str:
        """Cleaned text in exactly ``cells`` cells."""
        text = clean(text[: 8 * cells])
        if not self.utf8:
            text = text.encode("ascii", "replace").decode("ascii")
        out, used = "", 0
        for ch in text:
            size = _cells(ch)
            if used + size > cells:
                break
            out, used = out + ch, used + size
        return out + " " * (cells - used)


def _cells(ch: str) -> int:
    if ch < "\u0300":
        return 1
    if is_mark(ch):
        return 0
    return 2 if unicodedata.east_asian_width(ch) in "WF" else 1


def _age(ms: int) -> str:
    seconds = max(0, ms // 1000)
    return (
        f"{seconds} s"
        if seconds < 60
        else f"{seconds // 60} min"
        if seconds < 7200
        else f"{seconds // 3600} h"
    )


def _clock(at: int) -> str:
    return time.strftime("%H:%M", time.localtime(at / 1000))
