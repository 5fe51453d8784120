"""The widget's pure modules, run where they will run: in a browser."""

import json
import re
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page

from agentconsole import protocol
from tests.browser.conftest import WIDGET
from tests.hostile import HOSTILE

pytestmark = pytest.mark.browser

VISITOR = {"side": "visitor"}
ANA = {"side": "staff", "name": "Ana"}


def run(page: Page, module: str, body: str, value: Any = None) -> Any:
    """What `body`, a function of the module and a value, makes of them."""
    script = f"async (value) => {{ const it = await import('/static/widget/{module}.js'); return ({body})(it, value); }}"
    return page.evaluate(script, value)


def state_after(page: Page, frames: list[dict[str, Any]], question: str) -> Any:
    """The answer to `question` (about `it`, `state` and `effects`) after these frames."""
    body = f"""(it, frames) => {{
        const state = it.newState();
        const effects = frames.map((frame) => it.apply(state, frame, 1000));
        return {question};
    }}"""
    return run(page, "state", body, frames)


def card(**changes: Any) -> dict[str, Any]:
    """A chat card as the server encodes it: without what has its default."""
    made = protocol.VisitorCard(7, 1, 1, protocol.State.waiting, 0)
    frame: dict[str, Any] = json.loads(protocol.encode(made))
    return frame | changes


def said(pub: int, text: str, by: dict[str, str] = VISITOR, chat: int = 7) -> dict[str, Any]:
    return event(pub, {"kind": "said", "text": text}, by, chat)


def event(
    pub: int, what: dict[str, Any], by: dict[str, str] = VISITOR, chat: int = 7, at: int = 0
) -> dict[str, Any]:
    return {"t": "event", "chat": chat, "pub": pub, "at": at or pub * 1000, "by": by, "what": what}


def test_events_are_applied_once_and_in_order(module_page: Page) -> None:
    frames = [card(), said(1, "a"), said(2, "b"), said(2, "b"), said(1, "a")]
    texts = "state.chats.get(7).events.map(({what}) => what.text)"
    assert state_after(module_page, frames, texts) == ["a", "b"]


def test_a_gap_is_told_and_the_event_is_not_taken(module_page: Page) -> None:
    answer = state_after(module_page, [card(), said(1, "a"), said(3, "c")], "[effects, it.cursors(state)]")
    assert answer == [["", "", "gap"], [{"chat": 7, "pub": 1}]]


def test_a_resume_beyond_what_we_have_is_a_gap_and_a_reset_starts_afresh(module_page: Page) -> None:
    resume = {"t": "resume", "chat": 7, "after": 5, "pub": 6}
    assert state_after(module_page, [card(), resume], "effects") == ["", "gap"]
    frames = [card(), said(1, "old"), resume | {"after": 0, "reset": True}, said(1, "new")]
    assert state_after(module_page, frames, "state.chats.get(7).events.map(({what}) => what.text)") == ["new"]


def test_an_older_card_does_not_replace_a_newer_one(module_page: Page) -> None:
    frames = [card(version=3, state="active"), card(version=2)]
    assert state_after(module_page, frames, "state.chats.get(7).card.state") == "active"


def test_every_frame_and_event_that_the_server_can_send_is_known(module_page: Page) -> None:
    """Words that the protocol gains must be given a meaning here."""
    tags = {one.__struct_config__.tag for one in protocol.VisitorFrame.__args__}
    elsewhere = {"ack", "refused", "pong", "bye"}
    source = (WIDGET / "state.js").read_text()
    handled = set(re.findall(r"^  (\w+)\(state", source, re.MULTILINE))
    assert tags - elsewhere == handled
    texts = json.loads((WIDGET / "texts" / "en.json").read_text())
    for what in protocol.PublicWhat.__args__:
        kind = what.__struct_config__.tag
        assert kind in ("said", "rated") or f"notice_{kind}" in texts
    assert {f"refused_{code}" for code in protocol.Code} <= set(texts)


@pytest.mark.parametrize(
    "state, events, phase, may_rate",
    [
        ("waiting", [], "waiting", False),
        ("offered", [], "waiting", False),
        ("active", ["took"], "active", False),
        ("wrapup", ["took", "ended"], "ended", False),
        ("wrapup", ["took", "visitor_left"], "over", True),
        ("closed", ["took", "ended", "finished"], "over", True),
        ("abandoned", ["visitor_left"], "over", False),
        ("left_message", ["message_left"], "over", False),
    ],
)
def test_where_a_chat_stands(
    module_page: Page, state: str, events: list[str], phase: str, may_rate: bool
) -> None:
    frames = [card(state=state), *(event(at + 1, {"kind": kind}) for at, kind in enumerate(events))]
    answer = state_after(
        module_page, frames, "[it.phase(state.chats.get(7)), it.mayRate(state.chats.get(7))]"
    )
    assert answer == [phase, may_rate]


@pytest.mark.parametrize(
    "events, now, long",
    [
        ([{"kind": "started"}], 60_999, False),
        ([{"kind": "started"}], 61_000, True),
        ([{"kind": "started"}, {"kind": "took"}, {"kind": "requeued"}], 62_999, False),
        ([{"kind": "started"}, {"kind": "took"}, {"kind": "requeued"}], 63_000, True),
    ],
)
def test_a_wait_is_long_by_the_servers_clock(
    module_page: Page, events: list[dict[str, str]], now: int, long: bool
) -> None:
    """Frames come at 1000 by the browser's clock, which is half a second behind the server's."""
    face = {"id": 1, "slug": "sales", "name": "Sales", "open": True, "patience_s": 60}
    welcome = {"t": "welcome", "run": "r", "now": 1_500, "departments": [face]}
    frames = [welcome, card(), *(event(pub, what) for pub, what in enumerate(events, 1))]
    question = f"it.waitsLong(state, state.chats.get(7), {now} - 500)"
    assert state_after(module_page, frames, question) is long
    assert state_after(module_page, [*frames, card(state="active", version=2)], question) is False


def test_a_page_with_a_department_shows_its_chats_alone_any_other_the_newest_open_one(
    module_page: Page,
) -> None:
    frames = [
        card(chat=1, department=1),
        card(chat=2, department=2),
        card(chat=3, department=3, state="closed"),
    ]
    asked = (
        "[[0, 1], [0, 9], [2, 1], [2, 3], [0], [1]].map(([chosen, department]) =>"
        " it.chatToShow(state, chosen, department)?.id ?? 0)"
    )
    assert state_after(module_page, frames, asked) == [1, 0, 1, 3, 2, 1]


def test_a_chat_that_the_server_no_longer_names_is_over(module_page: Page) -> None:
    welcome = {"t": "welcome", "run": "r", "now": 5, "departments": []}
    frames = [welcome, card(), {"t": "synced"}, welcome, {"t": "synced"}]
    assert state_after(module_page, frames, "it.phase(state.chats.get(7))") == "over"


def test_unread_counts_only_lines_of_staff_beyond_the_mark(module_page: Page) -> None:
    frames = [card(), said(1, "x"), said(2, "y", ANA), event(3, {"kind": "took"}, ANA), said(4, "z", ANA)]
    assert state_after(
        module_page, frames, "[0, 2, 4].map((read) => it.unread(state.chats.get(7), read))"
    ) == [2, 1, 0]


# --- the outbox ---

KEEP = """
const kept = new Map();
const keep = {
  get: (key) => kept.get(key) ?? "",
  set: (key, value) => void (value ? kept.set(key, value) : kept.delete(key)),
  keys: () => [...kept.keys()].sort(),
};
let ids = 0;
const open = () => new it.Outbox(keep, () => `cid-${++ids}`.padEnd(10, "x"));
const box = open();
"""


def outbox(page: Page, script: str) -> Any:
    return run(page, "outbox", f"(it) => {{ {KEEP} {script} }}")


def test_one_command_is_on_its_way_at_a_time_and_they_go_in_order(module_page: Page) -> None:
    answer = outbox(
        module_page,
        """box.add({t: "say", chat: 7, text: "a"}, 1); box.add({t: "say", chat: 7, text: "b"}, 2);
        const first = box.next(3), none = box.next(3);
        box.acknowledged({t: "ack", cid: first.cid, chat: 7, pub: 1});
        return [first.text, none, box.next(4).text];""",
    )
    assert answer == ["a", None, "b"]


def test_a_lost_link_sends_the_same_line_with_the_same_cid_again(module_page: Page) -> None:
    answer = outbox(
        module_page,
        """box.add({t: "say", chat: 7, text: "a"}, 1);
        const first = box.next(2); box.lost(); const again = box.next(3);
        const reloaded = open().next(4);
        return [first, again, reloaded].map(({cid, text}) => cid + text);""",
    )
    assert len(set(answer)) == 1


def test_lines_written_while_the_chat_is_being_started_follow_into_it(module_page: Page) -> None:
    answer = outbox(
        module_page,
        """box.add({t: "start", department: 1, text: "a"}, 1); box.add({t: "say", chat: 0, text: "b"}, 2);
        const start = box.next(3); const early = box.next(4);
        box.acknowledged({t: "ack", cid: start.cid, chat: 9, pub: 2});
        return [early, box.next(5).chat, open().entries[0].command.chat];""",
    )
    assert answer == [None, 9, 9]


def test_a_refused_line_stays_with_its_reason_and_holds_up_nobody(module_page: Page) -> None:
    answer = outbox(
        module_page,
        """box.add({t: "say", chat: 7, text: "a"}, 1); box.add({t: "say", chat: 7, text: "b"}, 2);
        box.refused({t: "refused", code: "too_long", text: "no", cid: box.next(3).cid}, 4);
        const next = box.next(5).text;
        return [next, box.entries[0].status, box.entries[0].code, open().entries.map(({status}) => status)];""",
    )
    assert answer == ["b", "refused", "too_long", ["refused", "waiting"]]


def test_too_fast_is_tried_again_after_the_pause_with_the_same_cid(module_page: Page) -> None:
    answer = outbox(
        module_page,
        """box.add({t: "say", chat: 7, text: "a"}, 1);
        const cid = box.next(3).cid;
        box.refused({t: "refused", code: "slow_down", text: "no", cid, retry_ms: 900}, 1000);
        return [box.next(1800), box.next(1901).cid === cid];""",
    )
    assert answer == [None, True]


def test_an_unreadable_command_does_not_block_the_outbox(module_page: Page) -> None:
    """A bad_frame has no cid: it means the command that is on its way."""
    answer = outbox(
        module_page,
        """box.add({t: "say", chat: 7, text: "a"}, 1); box.add({t: "say", chat: 7, text: "b"}, 2); box.next(3);
        box.refused({t: "refused", code: "bad_frame", text: "no"}, 4);
        return box.next(5).text;""",
    )
    assert answer == "b"


def test_a_line_is_shown_until_its_event_is_in_the_log_and_never_twice(module_page: Page) -> None:
    answer = outbox(
        module_page,
        """const seen = [];
        const look = (pub) => seen.push(box.lines(7, pub).map(({command}) => command.text).join());
        box.add({t: "say", chat: 7, text: "a"}, 1); look(0);
        const {cid} = box.next(2); look(0);
        box.acknowledged({t: "ack", cid, chat: 7, pub: 3}); look(2); look(3);
        box.add({t: "say", chat: 7, text: "b"}, 5); box.next(6); box.cameBack(7, 4, "b"); look(4);
        return seen;""",
    )
    assert answer == ["a", "a", "a", "", ""]


# --- texts of people ---


@pytest.mark.parametrize("text", [pytest.param(one.text, id=one.name) for one in HOSTILE])
def test_pieces_lose_nothing_and_link_only_to_the_web(module_page: Page, text: str) -> None:
    pieces = run(module_page, "lines", "(it, text) => it.pieces(text)", text)
    shown = run(
        module_page, "lines", "(it, text) => it.pieces(text).map((one) => one.text).join('') === text", text
    )
    assert shown
    assert all(not one["url"] or one["url"].startswith(("http://", "https://")) for one in pieces)


@pytest.mark.parametrize(
    "text, links",
    [
        ("see https://example.com/a?b=c#d.", ["https://example.com/a?b=c#d"]),
        ("(http://example.com/x_(y))", ["http://example.com/x_(y)"]),
        ("javascript:alert(1) data:text/html,x file:///etc/passwd //example.com", []),
        ("https:// http:///", []),
        ("https://example.com/\u202egpj.exe", ["https://example.com/"]),
        ("HTTPS://EXAMPLE.com,http://b.example", ["HTTPS://EXAMPLE.com,http://b.example"]),
    ],
)
def test_links(module_page: Page, text: str, links: list[str]) -> None:
    found = run(
        module_page, "lines", "(it, text) => it.pieces(text).map(({url}) => url).filter(Boolean)", text
    )
    assert found == links


def test_characters_are_counted_as_the_server_counts_them(module_page: Page) -> None:
    text = "a😀é" + "👩\u200d👧"
    assert run(module_page, "lines", "(it, text) => it.lengthOf(text)", text) == len(text)


def test_half_a_character_cannot_stop_the_outbox(module_page: Page) -> None:
    sent = run(module_page, "lines", "(it) => JSON.stringify(it.tidied('\\n a\\ud83d\\n'))")
    assert json.loads(sent) == " a\ufffd"
    command = {"t": "say", "cid": "12345678", "chat": 1, "text": json.loads(sent)}
    assert protocol.decode_visitor_command(msgspec.json.encode(command))


def test_long_texts_are_folded_at_two_hundred_lines(module_page: Page) -> None:
    body = "(it, lines) => it.folded(Array(lines).fill('x').join('\\n')).split('\\n').length"
    assert [run(module_page, "lines", body, lines) for lines in (200, 201, 20_000)] == [200, 200, 200]


def test_rows_have_days_groups_and_the_mark_of_the_last_own_line(module_page: Page) -> None:
    frames = [
        card(state="active", delivered=3, read=2, agents=["Ana"]),
        said(1, "a"),
        said(2, "b"),
        said(3, "c", ANA),
        event(4, {"kind": "said", "text": "next day"}, at=90_000_000),
    ]
    body = """async (it, frames) => {
        const lines = await import('/static/widget/lines.js');
        const state = it.newState();
        frames.forEach((frame) => it.apply(state, frame, 0));
        const rows = lines.rows(state.chats.get(7), [], (at) => String(at > 50_000_000));
        return rows.map((row) => [row.type, row.text ?? "", row.first ?? null, row.last ?? null, row.mark ?? ""]);
    }"""
    assert run(module_page, "state", body, frames) == [
        ["day", "", None, None, ""],
        ["line", "a", True, False, ""],
        ["line", "b", False, True, ""],
        ["line", "c", True, True, ""],
        ["day", "", None, None, ""],
        ["line", "next day", True, True, "sent"],
    ]


# --- colours ---


@pytest.mark.parametrize(
    "colour", ["#000", "#fff", "#ffff00", "#0f6e62", "#7c3aed", "#ff0000", "#808080", "#f5c518"]
)
def test_every_accent_is_readable(module_page: Page, colour: str) -> None:
    body = """(it, text) => [[255, 255, 255], [22, 27, 31]].map((ground) => {
        const colour = it.parseColour(text);
        return [it.contrast(it.readableOn(ground, colour), ground), it.contrast(it.inkOn(colour), colour)];
    })"""
    for on_ground, ink in run(module_page, "colour", body, colour):
        assert on_ground >= 4.5
        assert ink >= 4.5


def test_only_colours_are_colours(module_page: Page) -> None:
    bad = ["", "red", "#12", "url(x)", "#12345g", "1;background:url(//x)"]
    assert run(module_page, "colour", "(it, all) => all.map(it.parseColour)", bad) == [None] * len(bad)


# --- languages ---

LANGUAGES = ["de", "en", "es", "fr", "nb", "pl", "pt", "ro"]


def texts(language: str) -> dict[str, str]:
    """The sentences of one language."""
    found: dict[str, str] = json.loads((WIDGET / "texts" / f"{language}.json").read_text())
    return found


def test_every_language_is_offered(module_page: Page) -> None:
    assert sorted(path.stem for path in (WIDGET / "texts").iterdir()) == LANGUAGES
    assert sorted(run(module_page, "words", "(it) => it.LANGUAGES")) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_languages_have_the_same_sentences_with_the_same_fields(language: str) -> None:
    ours, english = texts(language), texts("en")
    assert list(ours) == list(english)
    for key, sentence in ours.items():
        assert sentence.strip() == sentence != ""
        assert sorted(re.findall(r"\{\w+\}", sentence)) == sorted(re.findall(r"\{\w+\}", english[key])), key


def test_no_sentence_is_missing_and_none_is_left_over() -> None:
    source = "\n".join(path.read_text() for path in WIDGET.glob("*.js"))
    named = set(re.findall(r'["`]([a-z]+(?:_[a-z]+)*)["`]', source))
    families = ("notice_", "refused_", "rate_", "mark_")
    assert not [key for key in texts("en") if key not in named and not key.startswith(families)]
    asked = set(re.findall(r'\bsay\("(\w+)"', source))
    assert asked <= set(texts("en"))


@pytest.mark.parametrize(
    "wanted, chosen",
    [
        (["nn-NO"], ["nn-NO", "nb"]),
        (["no"], ["no", "nb"]),
        (["pt-BR", "en"], ["pt-BR", "pt"]),
        (["xx", "zh-TW", "pl"], ["pl", "pl"]),
        (["../../etc", "de_AT"], ["de-AT", "de"]),
        ([], ["en", "en"]),
    ],
)
def test_the_first_language_that_we_speak_is_chosen(
    module_page: Page, wanted: list[str], chosen: list[str]
) -> None:
    body = "(it, wanted) => { const {tag, language} = it.chooseLanguage(wanted); return [tag, language]; }"
    assert run(module_page, "words", body, wanted) == chosen


def test_the_page_loads_every_module_beforehand() -> None:
    """A module that is missing in the list costs the visitor one more round trip."""
    listed = set(re.findall(r'href="/static/widget/(\w+\.js)"', (WIDGET / "chat.html").read_text()))
    assert listed == {path.name for path in WIDGET.glob("*.js")} - {"visitor.js", "widget.js"}


def test_nothing_builds_markup_from_text() -> None:
    for path in WIDGET.glob("*.js"):
        source = path.read_text()
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "new Function",
            "srcdoc",
        ):
            assert word not in source, f"{path.name}: {word}"
    for path in WIDGET.glob("*.html"):
        source = path.read_text()
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", source), path.name
