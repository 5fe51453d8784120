"""Alerts: the right bytes for each terminal, nothing foreign in them, never a storm."""

from __future__ import annotations

import re

import pytest

from agentconsole import alerts
from agentconsole.alerts import GAP_MS, Alerter, Tty
from agentconsole.protocol import Rating
from agentconsole.settings import KINDS, Alerts
from agentconsole.views import Counts, News, NewsKind
from tests.hostile import HOSTILE, Hostile

NOW = 1_800_000_000_000
LINE = News(NewsKind.line, 1, "Vi", "are you there?")
WAITS = News(NewsKind.waiting, 2, "Bo", "help")


@pytest.mark.parametrize(
    "env, expected",
    [
        ({"TERM": "xterm-256color"}, Tty("osc9", "")),
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, Tty("osc99", "")),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1", "TMUX": "/tmp/x"}, Tty("osc99", "tmux")),
        ({"TERM": "tmux-256color"}, Tty("osc9", "tmux")),
        ({"TERM": "screen-256color", "TMUX": "/tmp/x"}, Tty("osc9", "tmux")),
        ({"TERM": "screen", "STY": "1.pts"}, Tty("osc9", "screen")),
        ({"TERM": "foot"}, Tty("osc777", "")),
        ({"TERM": "rxvt-unicode-256color"}, Tty("osc777", "")),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, Tty("osc777", "")),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, Tty("osc777", "")),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, Tty("osc9", "")),
        ({"TERM": "linux"}, Tty("", "", False)),
        ({"TERM": "dumb"}, Tty("", "", False)),
        ({}, Tty("", "", False)),
    ],
)
def test_the_terminal_is_recognised(env: dict[str, str], expected: Tty) -> None:
    assert alerts.detect(env) == expected


def test_the_setting_forces_a_protocol() -> None:
    assert alerts.detect({"TERM": "xterm"}, "osc99").protocol == "osc99"
    assert alerts.detect({"TERM": "linux"}, "osc99").protocol == ""


@pytest.mark.parametrize(
    "tty, expected",
    [
        (Tty("osc9"), b"\x1b]9;desk: Vi; hello\x07"),
        (Tty("osc777"), b"\x1b]777;notify;desk;Vi; hello\x07"),
        (
            Tty("osc99"),
            b"\x1b]99;i=agentconsole:d=0:p=title;desk\x07\x1b]99;i=agentconsole:d=1:p=body;Vi; hello\x07",
        ),
        (Tty("osc9", "tmux"), b"\x1bPtmux;\x1b\x1b]9;desk: Vi; hello\x07\x1b\\"),
        (Tty("osc9", "screen"), b"\x1bP\x1b]9;desk: Vi; hello\x07\x1b\\"),
        (Tty(""), b""),
    ],
)
def test_a_notification_is_written_as_the_terminal_wants_it(tty: Tty, expected: bytes) -> None:
    assert alerts.notify(tty, "desk", "Vi; hello") == expected


def test_a_semicolon_cannot_end_the_title_of_a_notification() -> None:
    assert alerts.notify(Tty("osc777"), "a;b", "c") == b"\x1b]777;notify;a,b;c\x07"


def test_screen_gets_long_texts_in_pieces() -> None:
    written = alerts.notify(Tty("osc9", "screen"), "desk", "é" * 150)
    pieces = re.findall(rb"\x1bP(.*?)\x1b\\", written, re.DOTALL)
    assert len(pieces) == 2
    assert b"".join(pieces) == alerts.notify(Tty("osc9"), "desk", "é" * 150)
    assert b"".join(b"\x1bP" + piece + b"\x1b\\" for piece in pieces) == written


def test_the_title_is_kept_before_it_is_set() -> None:
    tty = Tty()
    assert alerts.push_title(tty) + alerts.set_title(tty, "2 waiting") == b"\x1b[22;0t\x1b]2;2 waiting\x07"
    blind = Tty("", "", False)
    assert alerts.push_title(blind) + alerts.set_title(blind, "x") == b""


def test_an_encoding_that_lacks_a_sign_gets_a_question_mark() -> None:
    assert alerts.set_title(Tty(encoding="ascii"), "Zoë…") == b"\x1b]2;Zo??\x07"


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda hostile: hostile.name)
@pytest.mark.parametrize("protocol", alerts.PROTOCOLS)
def test_hostile_texts_stay_inside(hostile: Hostile, protocol: str) -> None:
    tty = Tty(protocol)
    news = News(NewsKind.line, 1, hostile.text, hostile.text)
    alerter = Alerter(Alerts(line=KINDS), tty)
    alerter.hear([news])
    written = alerter.due(NOW) + alerts.set_title(
        tty, alerts.window_title(Counts(0, 1, 1, 0), alerter.headline)
    )
    commands = re.findall(rb"\x1b\](.*?)\x07", written, re.DOTALL)
    left = re.sub(rb"\x1b\].*?\x07", b"", written, flags=re.DOTALL)
    assert left == b"\x07"
    assert len(commands) == (3 if protocol == "osc99" else 2)
    for command in commands:
        text = command.decode("utf-8")
        assert not re.search("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text)
        assert len(text) < 300


def test_only_what_is_wanted_rings() -> None:
    wanted = Alerts(waiting=("bell",), line=("notify",), left_message=(), assigned=("title",))
    for news, expected in (
        (WAITS, b"\x07"),
        (LINE, alerts.notify(Tty(), "agentconsole", "Vi: are you there?")),
        (News(NewsKind.left_message), b""),
        (News(NewsKind.assigned, 1, "Vi"), b""),
        (News(NewsKind.rated, 1, "Vi", "", Rating.good), b""),
    ):
        alerter = Alerter(wanted, Tty())
        alerter.hear([news])
        assert alerter.due(NOW) == expected
        assert alerter.headline == ("the chat with Vi is yours now" if news.kind is NewsKind.assigned else "")


def test_the_chat_under_my_eyes_is_no_news_and_others_are() -> None:
    alerter = Alerter(Alerts(), Tty())
    alerter.hear([LINE], looking_at=1)
    assert alerter.due(NOW) == b""
    alerter.hear([LINE], looking_at=2)
    assert alerter.due(NOW)
    alerter = Alerter(Alerts(), Tty())
    alerter.hear([LINE], looking_at=0)
    assert alerter.due(NOW)


def test_a_storm_is_one_signal_at_once_and_one_at_the_end_of_the_gap() -> None:
    alerter = Alerter(Alerts(waiting=("bell", "notify")), Tty())
    written = []
    for ms in range(0, 2_000, 10):
        alerter.hear([WAITS])
        written.append(alerter.due(NOW + ms))
    assert [bool(each) for each in written].count(True) == 1
    assert written[0].count(b"\x07") == 2
    last = alerter.due(NOW + GAP_MS)
    assert b"199 new chats wait" in last
    assert alerter.due(NOW + 2 * GAP_MS) == b""


def test_several_things_are_counted_in_one_line() -> None:
    news = [WAITS, LINE, LINE, News(NewsKind.link_lost)]
    assert alerts.summary(news) == "the server does not answer, 2 new lines, a new chat waits"


def test_the_title_says_what_needs_me_and_the_headline_goes_when_i_look() -> None:
    alerter = Alerter(Alerts(), Tty())
    alerter.hear([LINE])
    alerter.due(NOW)
    assert alerts.window_title(Counts(2, 3, 1, 0), alerter.headline) == (
        "Vi: are you there? - 3 waiting, 1 unread - agentconsole"
    )
    alerter.looked()
    assert alerts.window_title(Counts(0, 0, 0, 0), alerter.headline) == "agentconsole"


def test_the_test_key_sends_one_of_each() -> None:
    written = alerts.sample(Tty(wrap="tmux"))
    assert written.startswith(b"\x07")
    for protocol in alerts.PROTOCOLS:
        assert f"notification by {protocol}".encode() in written
    assert b"\x1b]2;" in written
    assert alerts.sample(Tty("", "", False)) == b"\x07"


@pytest.mark.parametrize("kind", NewsKind)
def test_every_kind_of_news_has_a_sentence_and_most_a_setting(kind: NewsKind) -> None:
    news = News(kind, 1, "Ana\x1b[2J", "hello\nthere\x07", None)
    said = alerts.sentence(news)
    assert said.isprintable()
    assert said
    many = alerts.summary([news, news, news])
    assert many
    assert "{}" not in many
    silent = {NewsKind.rated, NewsKind.visitor_left}
    assert hasattr(Alerts(), kind.value) == (kind not in silent)
