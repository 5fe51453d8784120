"""What somebody wrote comes out of the database letter by letter, or was refused in words; the same on both."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agentconsole import protocol as p
from agentconsole.backend.desk.made import Made
from agentconsole.backend.desk.visits import Where
from agentconsole.backend.domain.chat import VisitorPage
from agentconsole.backend.storage import Connection, chats, departments, letters, users
from tests.hostile import HOSTILE
from tests.storage.house import SALES, House, begin_chat, begin_message, new_cid

SENDABLE = [
    one.text
    for one in HOSTILE
    if one.text.encode("utf-8", "ignore").decode() == one.text and len(one.text) <= p.MAX_TEXT
]
TEXTS = st.lists(st.text(min_size=1, max_size=60) | st.sampled_from(SENDABLE), min_size=1, max_size=12)
often = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def kept(text: str) -> bool:
    """Is this a text that can be said at all?"""
    return bool(text.strip()) and "\0" not in text


def judged(texts: Sequence[str], made: Sequence[Made]) -> list[str]:
    """The texts that were taken; the others were refused with the right code."""
    for text, each in zip(texts, made, strict=True):
        codes = {"empty"} if not text.strip() else {"invalid"} if "\0" in text else set()
        assert ({each.refusal.code.value} <= codes) if each.refusal else not codes, (text, each.refusal)
    return [text for text in texts if kept(text)]


@often
@given(TEXTS)
@example(["a\0b", "\0", "plain", "\x01\x1b[31m\x7f\x85\u2028\ufeff\U0010ffff", "ok"])
def test_lines_and_notes(house: House, texts: list[str]) -> None:
    vera, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    before = house.head(head.id).seq
    lines = house.batch(*((vera, p.Say(new_cid(), head.id, text)) for text in texts))
    notes = house.batch(*((house.ann, p.Note(new_cid(), head.id, text)) for text in texts))
    said, noted = judged(texts, lines), judged(texts, notes)
    log = house.log(head.id)[before:]
    assert [entry.what for entry in log] == [*map(p.Said, said), *map(p.Noted, noted)]
    assert house.head(head.id).unanswered == len(said) + 1
    public = house.database.read_now(lambda db: chats.public_log(db, head.id))
    assert [entry.what for entry in public][-len(said) or len(public) :] == [p.Said(text) for text in said]


@often
@given(st.text(max_size=p.MAX_NAME), st.text(max_size=p.MAX_TOPIC), st.text(max_size=200))
@example("a\0b", "", "")
@example("", "\0", "")
@example("Vera", "Prices", "\0")
@example("", "", "first\0line")
def test_names_and_topics(house: House, name: str, topic: str, text: str) -> None:
    visitor = house.visitor()
    made = house.try_(visitor, begin_chat(name=name, topic=topic, text=text))
    if "\0" in name + topic + text:
        assert made.refusal is not None
        assert made.refusal.code is (p.Code.empty if text and not text.strip() else p.Code.invalid)
    elif text and not text.strip():
        assert made.refusal is not None
        assert made.refusal.code is p.Code.empty
    else:
        assert made.refusal is None
        head = house.head(made.about)
        assert (head.name, head.topic) == (name.strip(), topic)
        assert head.first_line == " ".join(text.split())[:200]


@often
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=30))
@example("\0", "a\0", "\0\0")
def test_pages_and_languages_are_kept_as_far_as_they_can_be(
    house: House, page: str, title: str, language: str
) -> None:
    where = Where(page, title, language)
    vera, head = house.start(where=where)
    wanted = tuple(text.replace("\0", "") for text in (page, title, language))
    assert (head.page, head.page_title, head.language) == wanted
    house.do(vera, VisitorPage(head.id, title, page))
    assert (house.head(head.id).page, house.head(head.id).page_title) == (wanted[1], wanted[0])


@often
@given(st.text(max_size=60))
@example("a\0b")
def test_comments(house: House, comment: str) -> None:
    vera, head = house.start()
    house.do(house.ann, p.Take(new_cid(), head.id))
    house.do(house.ann, p.Close(new_cid(), head.id))
    made = house.try_(vera, p.Rate(new_cid(), head.id, p.Rating.bad, comment))
    if "\0" in comment:
        assert made.refusal is not None
        assert made.refusal.code is p.Code.invalid
    else:
        assert house.head(head.id).comment == comment
        assert house.log(head.id)[-1].what == p.Rated(p.Rating.bad, comment)


@often
@given(TEXTS)
@example(["a\0b"])
def test_canned_replies_notes_on_customers_and_left_messages(house: House, texts: list[str]) -> None:
    _, head = house.start(email="vera@x.example")
    house.do(house.ann, p.Take(new_cid(), head.id))
    old = len(house.database.read_now(lambda db: letters.notes_on(db, "vera@x.example")))
    notes = house.batch(*((house.ann, p.NoteCustomer(new_cid(), head.id, text)) for text in texts))
    taken = judged(texts, notes)
    found = house.database.read_now(lambda db: letters.notes_on(db, "vera@x.example"))
    assert [note.text for _, note in found][: min(len(taken), 100)] == taken[::-1][:100]
    assert len(found) == min(old + len(taken), 100)
    for text in texts:
        reply = house.try_(house.ann, p.SaveCanned(new_cid(), "greet", text))
        letter = house.try_(house.visitor(), begin_message(text=text))
        judged([text, text], [reply, letter])
        if kept(text):
            replies = house.database.read_now(letters.canned_replies)
            assert [card.text for card in replies] == [text]
            left = house.database.read_now(lambda db, key=letter.about: letters.left(db, key))
            assert left is not None
            assert left.text == text


@pytest.mark.parametrize("reason", ["lunch", "a\0b"])
def test_a_reason_for_a_break(house: House, reason: str) -> None:
    made = house.try_(house.ann, p.SetStatus(new_cid(), p.Status.away, reason))
    assert (made.refusal.code if made.refusal else None) == (p.Code.invalid if "\0" in reason else None)


def test_a_shortcut_with_nul_is_refused(house: House) -> None:
    made = house.try_(house.ann, p.SaveCanned(new_cid(), "a\0b", "text"))
    assert made.refusal is not None
    assert made.refusal.code is p.Code.invalid


def test_nobody_and_no_department_is_found_by_a_name_with_nul(house: House) -> None:
    def look(connection: Connection) -> tuple[object, object]:
        return users.by_name(connection, "ann\0"), departments.by_slug(connection, "sales\0")

    assert house.database.read_now(look) == (None, None)


def test_a_text_that_cannot_be_kept_does_not_fail_its_neighbours(house: House) -> None:
    vera, head = house.start()
    made = house.batch(
        (vera, p.Say(new_cid(), head.id, "before")),
        (vera, p.Say(new_cid(), head.id, "\0")),
        (house.visitor(), begin_chat(SALES, name="\0")),
        (vera, p.Say(new_cid(), head.id, "behind")),
    )
    assert [each.refusal is None for each in made] == [True, False, False, True]
    assert [entry.what for entry in house.log(head.id)][-2:] == [p.Said("before"), p.Said("behind")]
