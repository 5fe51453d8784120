"""Alerts that survive SSH and tmux: which of them a piece of news gives, and the bytes that the terminal needs.

Bytes only: whoever owns the terminal writes them. All text is cleaned here, so no visitor can ring, write or
rename anything with a name or a line of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from agentconsole.settings import Alerts as Wanted
from agentconsole.text import clean
from agentconsole.views import Counts, News, NewsKind

GAP_MS = 3_000
TITLE_LIMIT = 60
BODY_LIMIT = 160
PROTOCOLS = ("osc9", "osc777", "osc99")

SYSTEM = "agentconsole"  # who set a status that no person set

_BELL = b"\x07"
_DUMB = ("", "dumb", "linux", "vt100", "vt102", "vt220", "unknown")
# GNU screen cuts what one passthrough string carries.
_SCREEN_CHUNK = 200


class Tty(NamedTuple):
    """What the terminal understands: ``protocol`` of notifications ('' = none), ``wrap`` the multiplexer
    between it and us ('' | tmux | screen), whether it has a ``title``, its ``encoding``."""

    protocol: str = "osc9"
    wrap: str = ""
    title: bool = True
    encoding: str = "utf-8"


def detect(env: Mapping[str, str], forced: str = "auto", encoding: str = "utf-8") -> Tty:
    """What the environment says about the terminal. ``forced`` is the setting alerts.protocol.

    Over SSH most terminals cannot be recognised; then OSC 9, which the most of them know and the others ignore.
    """
    term = env.get("TERM", "")
    if term in _DUMB:
        return Tty("", "", False, encoding)
    wrap = (
        "tmux"
        if env.get("TMUX") or term.startswith("tmux")
        else "screen"
        if env.get("STY") or term.startswith("screen")
        else ""
    )
    return Tty(forced if forced in PROTOCOLS else _protocol(term, env), wrap, True, encoding)


def _protocol(term: str, env: Mapping[str, str]) -> str:
    program = env.get("TERM_PROGRAM", "").lower()
    if env.get("KITTY_WINDOW_ID") or "kitty" in term:
        return "osc99"
    if term.startswith(("foot", "rxvt")) or env.get("VTE_VERSION") or program in ("wezterm", "ghostty"):
        return "osc777"
    return "osc9"


def bell() -> bytes:
    """Ring; multiplexers pass it on in their own way (and mark the window)."""
    return _BELL


def notify(tty: Tty, title: str, body: str) -> bytes:
    """A desktop notification; b'' where the terminal has none."""
    head, rest = _short(title, TITLE_LIMIT), _short(body, BODY_LIMIT)
    match tty.protocol:
        case "osc9":
            sequences = [f"9;{head}: {rest}" if rest else f"9;{head}"]
        case "osc777":
            sequences = [f"777;notify;{head.replace(';', ',')};{rest}"]
        case "osc99":
            sequences = [f"99;i=agentconsole:d=0:p=title;{head}", f"99;i=agentconsole:d=1:p=body;{rest}"]
        case _:
            return b""
    return b"".join(
        _wrapped(tty, b"\x1b]" + sequence.encode(tty.encoding, "replace") + _BELL) for sequence in sequences
    )


def set_title(tty: Tty, text: str) -> bytes:
    """Name the window (in tmux: the pane, which tmux shows or passes on as it is set up to)."""
    return b"\x1b]2;" + _short(text, BODY_LIMIT).encode(tty.encoding, "replace") + _BELL if tty.title else b""


def push_title(tty: Tty) -> bytes:
    """Have the terminal keep its present title; write it before the first `set_title`. The driver has it put back."""
    return b"\x1b[22;0t" if tty.title else b""


def sample(tty: Tty) -> bytes:
    """One of each signal, each notification naming its own kind: what shows up is what this terminal passes on."""
    each = [
        notify(tty._replace(protocol=kind), "agentconsole test", f"notification by {kind}")
        for kind in PROTOCOLS
    ]
    return bell() + b"".join(each if tty.protocol else []) + set_title(tty, "agentconsole test: the title")


def window_title(counts: Counts, headline: str = "") -> str:
    """The window's title: what needs me, shortly; ``headline`` is the newest alert that nobody has looked at."""
    parts = [
        f"{counts.waiting} waiting" if counts.waiting else "",
        f"{counts.unread} unread" if counts.unread else "",
    ]
    state = ", ".join(part for part in parts if part)
    return " - ".join(part for part in (headline, state, "agentconsole") if part)


@dataclass
class Alerter:
    """Turns news into signals, never a storm: what comes within 3 s of the last signal is gathered into one.

    ``headline`` is for the window's title until `looked` is called.
    """

    wanted: Wanted
    tty: Tty
    headline: str = ""
    _held: list[News] = field(default_factory=list)
    _last: int = -GAP_MS

    def hear(self, news: Iterable[News], looking_at: int = 0) -> None:
        """Note what happened. What happens in the chat I am looking at is no news (0 = I am not looking)."""
        self._held += [
            item
            for item in news
            if self._kinds(item.kind)
            and not (
                item.kind in (NewsKind.line, NewsKind.whisper) and item.chat == looking_at and looking_at
            )
        ]

    def due(self, now: int) -> bytes:
        """The signals to write now; b'' if there are none, or it is too early."""
        if not self._held or now - self._last < GAP_MS:
            return b""
        held, self._held, self._last = self._held, [], now
        kinds = {kind for item in held for kind in self._kinds(item.kind)}
        out = bell() if "bell" in kinds else b""
        if "notify" in kinds:
            out += notify(
                self.tty, "agentconsole", summary([i for i in held if "notify" in self._kinds(i.kind)])
            )
        if "title" in kinds:
            self.headline = summary([i for i in held if "title" in self._kinds(i.kind)])
        return out

    def looked(self) -> None:
        """The agent is here: the headline has done its work."""
        self.headline = ""

    def _kinds(self, kind: NewsKind) -> tuple[str, ...]:
        kinds: tuple[str, ...] = getattr(self.wanted, kind.value, ())
        return kinds


def summary(news: list[News]) -> str:
    """One line for what happened: in full for one thing, counted for several."""
    if len(news) == 1:
        return sentence(news[0])
    parts = []
    for kind, one, many in _COUNTED:
        if number := sum(item.kind is kind for item in news):
            parts.append(one if number == 1 else many.format(number))
    return ", ".join(parts)


_COUNTED = (
    (NewsKind.link_lost, "the server does not answer", "the server does not answer"),
    (NewsKind.status_changed, "your status was changed", "your status was changed"),
    (NewsKind.help, "an agent calls for help", "{} agents call for help"),
    (NewsKind.offered, "a chat is given to you", "{} chats are given to you"),
    (NewsKind.transfer, "a chat is handed to you", "{} chats are handed to you"),
    (
        NewsKind.transfer_department,
        "a chat is handed to your department",
        "{} chats are handed to your department",
    ),
    (NewsKind.ring, "a chat rings", "{} chats ring"),
    (NewsKind.invited, "you are asked to join a chat", "you are asked to join {} chats"),
    (NewsKind.whisper, "a whisper", "{} whispers"),
    (NewsKind.assigned, "a chat is yours now", "{} chats are yours now"),
    (NewsKind.line, "a new line", "{} new lines"),
    (NewsKind.waiting, "a new chat waits", "{} new chats wait"),
    (NewsKind.visitor_left, "a visitor left", "{} visitors left"),
    (NewsKind.rated, "a new rating", "{} new ratings"),
    (NewsKind.left_message, "a new left message", "{} new left messages"),
    (NewsKind.message, "a message from a colleague", "{} messages from colleagues"),
    (NewsKind.feedback, "new feedback", "{} pieces of new feedback"),
)


def sentence(news: News) -> str:
    """What happened, in one cleaned line."""
    name = _short(news.name, 40) or "visitor"
    text = _short(news.text, 80)
    match news.kind:
        case NewsKind.waiting:
            return f"{name} waits: {text}" if text else f"{name} waits"
        case NewsKind.assigned:
            return f"the chat with {name} is yours now"
        case NewsKind.line:
            return f"{name}: {text}"
        case NewsKind.rated:
            return f"{name} rated the chat {news.rating}" if news.rating else f"{name} rated the chat"
        case NewsKind.visitor_left:
            return f"{name} left the chat"
        case NewsKind.left_message:
            return f"{name} left a message: {text}"
        case NewsKind.link_lost:
            return "the server does not answer"
        case NewsKind.ring:
            return f"{name} rings: {text}" if text else f"{name} rings"
        case NewsKind.offered:
            return (
                f"the chat with {name} is given to you: {text}"
                if text
                else f"the chat with {name} is given to you"
            )
        case NewsKind.transfer:
            return f"the chat with {name} is handed to you"
        case NewsKind.transfer_department:
            return f"the chat with {name} is handed to your department"
        case NewsKind.invited:
            return f"you are asked to join the chat with {name}"
        case NewsKind.help:
            return f"{text} calls for help with {name}" if text else f"help is called for with {name}"
        case NewsKind.whisper:
            return f"{_short(news.name, 40) or 'a colleague'} whispers: {text}"
        case NewsKind.message:
            return f"{_short(news.name, 40) or 'a colleague'} writes: {text}"
        case NewsKind.feedback:
            return f"{_short(news.name, 40) or 'a colleague'} gives feedback: {text}"
        case NewsKind.status_changed:
            who = "the system" if news.name == SYSTEM else _short(news.name, 40) or "somebody"
            return f"{who} set you to {text}"


def _short(text: str, limit: int) -> str:
    """One cleaned line of at most ``limit`` characters."""
    line = " ".join(clean(text[: 4 * limit].replace("\n", " ")).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _wrapped(tty: Tty, sequence: bytes) -> bytes:
    """The sequence in the passthrough of the multiplexer (tmux wants ``allow-passthrough on``)."""
    if tty.wrap == "tmux":
        return b"\x1bPtmux;" + sequence.replace(b"\x1b", b"\x1b\x1b") + b"\x1b\\"
    if tty.wrap == "screen":
        chunks = [sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK)]
        return b"".join(b"\x1bP" + chunk + b"\x1b\\" for chunk in chunks)
    return sequence
