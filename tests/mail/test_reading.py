"""Reading mails: nothing but `Unreadable` is raised, new text is never lost, limits hold."""

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.letter import MAX_BYTES, Letter, Unreadable
from agentconsole.backend.mail.charsets import decode, words
from agentconsole.backend.mail.html import plain
from agentconsole.backend.mail.parse import parse
from agentconsole.backend.mail.quotes import reply_of

from .corpus import CASES
from .corpus.case import from_anna, mail
from .corpus.odd import flat, nested
from .corpus.replies import WORDS, quoted

RAW = [case.raw for case in CASES]


def read(raw: bytes) -> Letter | None:
    """The letter, which every database can keep; None = it was refused for a reason."""
    try:
        letter = parse(raw)
    except Unreadable:
        return None
    bare = msgspec.structs.replace(letter, files=())
    written = msgspec.json.encode([bare, [(file.name, file.type) for file in letter.files]])
    assert b"\\u0000" not in written
    return letter


@given(st.randoms(use_true_random=False), st.sampled_from(RAW))
def test_a_mail_with_bytes_changed_is_read_or_refused(chance: random.Random, raw: bytes) -> None:
    data = bytearray(raw)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(len(data) + 1)
        end = at + chance.choice([0, 1, 1, 2, 40])
        data[at:end] = chance.choice(
            [b"", b"\n", b"\r\n", b"\x00", b"\xff", b"=?", b"?=", b'"', b"(", b"<", b";", b"--b1\n"]
        )
    read(bytes(data))


@given(st.randoms(use_true_random=False), st.sampled_from(RAW), st.sampled_from(RAW))
def test_lines_of_two_mails_shuffled_together_are_read_or_refused(
    chance: random.Random, one: bytes, other: bytes
) -> None:
    lines = [
        line for line in (one + b"\n" + other)[:20_000].splitlines(keepends=True) if chance.random() < 0.8
    ]
    read(b"".join(lines))


@given(
    st.text(), st.sampled_from(["Subject", "From", "To", "Message-ID", "Date", "References", "Content-Type"])
)
def test_any_header_value_is_read_or_refused(value: str, name: str) -> None:
    head = "\n".join(line for line in from_anna("Hi", "any").split("\n") if not line.startswith(name))
    read(
        mail(head.encode().decode(), b"Hello").replace(
            b"To:", f"{name}: {value}\r\nTo:".encode("utf-8", "surrogatepass"), 1
        )
    )


@pytest.mark.parametrize("name", ["Message-ID", "In-Reply-To", "References"])
@pytest.mark.parametrize("value", ["<a\0b@x.example>", "a\0b@x.example", "<\x01@x.example>"])
def test_an_id_that_no_database_can_keep_is_none(name: str, value: str) -> None:
    letter = read(f"From: anna@example.org\r\n{name}: {value}\r\n\r\nHello".encode())
    assert letter is not None
    assert (letter.message_id, letter.in_reply_to, letter.references) == ("", "", ())


def test_the_largest_mail_is_read_and_one_byte_more_is_not() -> None:
    head = mail(from_anna("Big", "big"))
    line = b"x" * 76 + b"\r\n"
    raw = (head + line * (MAX_BYTES // len(line) + 1))[:MAX_BYTES]
    assert parse(raw).sender == "anna@example.org"
    with pytest.raises(Unreadable, match="25 MiB"):
        parse(raw + b"x")


@pytest.mark.parametrize("count", [200, 2_000, 20_000])
def test_parts_are_counted_before_they_are_parsed(count: int) -> None:
    for raw in (flat(count), nested(count)):
        with pytest.raises(Unreadable, match="parts"):
            parse(raw)


OWN = st.text("ab:>-–_0159 \xa0", max_size=30) | st.sampled_from(
    [
        "On Monday you wrote:",
        "From: me",
        "Von: hier",
        "Fra: Oslo",
        "Od: wczoraj",
        "De : moi",
        "--",
        "-- ",
        "___",
        "10:22",
        "a",
        "",
        "> x",
    ]
)


@given(st.lists(OWN, max_size=25))
def test_every_line_is_in_exactly_one_of_the_two_answers(lines: list[str]) -> None:
    reply = reply_of("\n".join(lines))
    told = [line for line in [*reply.new.split("\n"), *reply.quoted.split("\n")] if line.strip()]
    assert sorted(told) == sorted(line for line in lines if line.strip())
    assert reply.new.strip() or not "".join(lines).strip()


PROSE = st.lists(
    st.lists(
        st.sampled_from(
            ["parcel", "Brief", "pakke", "od", "De", "On", "Am", "wrote", "5", "10:15", "a@b.test"]
        ),
        min_size=1,
        max_size=9,
    )
    .map(" ".join)
    .map(lambda line: line + random.Random(line).choice([".", "", ":", "?", ","])),
    min_size=1,
    max_size=12,
)


@given(PROSE, PROSE, st.sampled_from(sorted(WORDS)))
def test_what_was_written_above_and_below_a_quote_is_kept(
    above: list[str], below: list[str], language: str
) -> None:
    words_of = WORDS[language]
    for intro in (words_of.gmail, words_of.apple, words_of.thunderbird):
        for gap in ([""], []):
            text = "\n".join([*above, *gap, intro, *gap, quoted(words_of.old), *gap, *below])
            new = reply_of(text).new
            assert all(line in new for line in [*above, *below])


KEPT = {
    "a journey": "Hello,\n\nFrom: Oslo\nTo: Bergen\nDate: 3 March 2025 10:00\n\nIs there a seat?",
    "eine Fahrt": "Guten Tag,\n\nVon: Berlin\nAn: Hamburg\nDatum: 12.03.2025\nPersonen: 2\n\nGibt es Platz?",
    "a form below a line": "Hello,\n\n"
    + "_" * 30
    + "\nName: Anna\nOrder: 77\nDate: 3.3.2025\n\nWhere is it?",
    "a list between dashes": "Options:\n--\nred\nblue",
    "a sentence like a telephone's": "Bitte prüfen!\nVon meinem Konto wurden 20 EUR abgebucht",
    "a telephone in a sentence": "It broke.\nSent from my iPhone I could not pay. What now?",
    "somebody quoted by hand": "On 3 May 2025 at 10:00 your shop wrote:\nplease send it back.\nI did!",
    "a label in each line": "Objet : lampe\nDe : Paris\nÀ : Lyon",
    "only marks": "> a\n> b",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_what_only_looks_like_a_quote_is_kept(text: str) -> None:
    assert reply_of(text).new == text


def test_a_header_in_a_mail_that_answers_nothing_is_what_it_is_about() -> None:
    pasted = "I wrote to you and got no answer:\n\nFrom: anna@example.org\nSent: 3 March 2025 10:00\nTo: help@example.com\nSubject: Lamp\n\nPlease call."
    assert reply_of(pasted, answers=False).new == pasted
    assert parse(mail(from_anna("Lamp", "pasted"), pasted)).reply == pasted


@pytest.mark.parametrize("language", sorted(WORDS))
def test_a_line_right_above_an_introduction_is_kept(language: str) -> None:
    words_of = WORDS[language]
    for intro in (words_of.gmail, words_of.apple, words_of.thunderbird):
        new = f"{words_of.new}\n42, since 10:15 on 3.3.2025"
        assert reply_of(f"{new}\n{intro}\n{quoted(words_of.old)}").new == new


def test_a_signature_of_web_mail_is_told_from_a_list() -> None:
    assert reply_of(plain("<div>Yes.</div><div><span>-- </span><br></div><div>Anna</div>")).new == "Yes."


def test_a_long_text_is_searched_for_quotes_in_no_time() -> None:
    """Patterns that look far ahead would not come back from these."""
    for line in ("On 1 " + "a " * 5_000, "From: " + " " * 50_000, "> " * 10_000, "a:" * 30_000, "-" * 50_000):
        assert reply_of("\n".join([line] * 20)).new


def test_html_says_where_a_link_leads_and_hides_scripts() -> None:
    page = '<style>x</style><p>Go <a href="https://a.test/p?q=1">home</a>, <a href="https://b.test">https://b.test</a><script>1'
    assert plain(page) == "Go home <https://a.test/p?q=1>, https://b.test"


@given(st.text("<>/!-[]ab= \"'&;#p", max_size=200))
def test_any_html_becomes_text(page: str) -> None:
    assert isinstance(plain(page), str)


@given(st.binary(max_size=60), st.text(max_size=12))
def test_any_bytes_become_text_that_can_be_kept(data: bytes, charset: str) -> None:
    decode(data, charset).encode()
    words(f"=?{charset}?q?{data.decode('latin-1')}?=").encode()
