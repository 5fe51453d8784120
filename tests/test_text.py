"""Text from outside: everything that acts or hides is shown, everything that people write survives."""

import csv
import io
import unicodedata
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole import text
from tests.hostile import HOSTILE, Hostile

LANGUAGES = {
    "English": "The quick brown fox jumps over the lazy dog",
    "Norwegian": "Blåbærsyltetøy på skiva, ikke sant?",
    "Polish": "Zażółć gęślą jaźń",
    "Portuguese": "À noite, vovô Kowalsky vê o ímã cair no pé",
    "Romanian": "Muzicologă în bej vând whisky și tequila, preț fix",
    "German": "Grüße, Weißbier für 3 €",
    "Icelandic": "Kæmi ný öxi hér, ykist þjófum nú",
    "Turkish": "Pijamalı hasta yağız şoföre İstanbul'u sordu",
    "Vietnamese": "Xin chào, tôi muốn hỏi về đơn hàng",
    "Vietnamese, decomposed": unicodedata.normalize("NFD", "Tiếng Việt ở đây"),
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Russian": "Съешь же ещё этих мягких французских булок",
    "Ukrainian": "Їжак ґаздує під єдиним деревом",
    "Georgian": "გამარჯობა, დახმარება მჭირდება",
    "Armenian": "Բարև, ինձ օգնություն է պետք",
    "Hebrew": "שלום, אני צריך עזרה",
    "Hebrew, pointed": "בְּרֵאשִׁית בָּרָא",
    "Arabic": "مرحبا، أحتاج إلى مساعدة",
    "Arabic, vowelled": "بِسْمِ ٱللَّٰهِ",
    "Urdu": "مجھے مدد کی ضرورت ہے",
    "Hindi": "नमस्ते, मुझे सहायता चाहिए",
    "Bengali": "আমার সাহায্য দরকার",
    "Tamil": "எனக்கு உதவி தேவை",
    "Telugu": "నాకు సహాయం కావాలి",
    "Thai": "สวัสดีครับ ต้องการความช่วยเหลือ",
    "Khmer": "សួស្តី ខ្ញុំត្រូវការជំនួយ",
    "Burmese": "မင်္ဂလာပါ အကူအညီလိုတယ်",
    "Tibetan": "བཀྲ་ཤིས་བདེ་ལེགས།",
    "Amharic": "ሰላም እርዳታ እፈልጋለሁ",
    "Chinese": "您好，我的訂單在哪裡？",
    "Japanese": "こんにちは、注文はどこですか。ﾊﾝｶｸ",
    "Korean": "안녕하세요, 도움이 필요해요",
    "Korean, decomposed": unicodedata.normalize("NFD", "안녕하세요"),
    "Braille": "⠓⠑⠇⠇⠕",
    "emoji": "👍 🎉 😀 👍🏽 🇳🇴 🚀",
}
# Written with characters that cannot be seen; they are left out, the letters all stay.
JOINED = {
    "Persian": ("می‌خواهم", "میخواهم"),
    "Sinhala": ("ශ්‍රී ලංකා", "ශ්රී ලංකා"),
    "Malayalam": ("അവന്‍റെ", "അവന്റെ"),
    "Mongolian": ("ᠮᠣᠩᠭᠣᠯ᠋ᠠ", "ᠮᠣᠩᠭᠣᠯᠠ"),
    "family": ("👨‍👩‍👧", "👨👩👧"),
    "rainbow flag": ("🏳️‍🌈", "🏳🌈"),
    "heart": ("I ❤️ it", "I ❤ it"),
    "keycap": ("1️⃣", "1⃣"),
    "ideographic variant": ("葛\U000e0100城", "葛城"),
}
FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
VISIBLE_FORMAT = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")


def acts_or_hides(s: str) -> list[str]:
    return [hex(ord(c)) for c in s if unicodedata.category(c) in FORBIDDEN and c not in VISIBLE_FORMAT]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_hostile_text_is_shown_and_does_nothing(case: Hostile) -> None:
    shown = text.clean(case.text)
    assert case.visible in shown
    assert acts_or_hides(shown) == []


def test_the_hostile_list_is_long_and_its_names_are_unique() -> None:
    assert len(HOSTILE) >= 60
    assert len({case.name for case in HOSTILE}) == len(HOSTILE)


@given(st.text(st.characters(), max_size=60))
def test_nothing_that_acts_or_hides_ever_passes(s: str) -> None:
    shown = text.clean(s)
    assert acts_or_hides(shown) == []
    assert text.clean(shown) == shown
    assert all(acts_or_hides(line) == [] for line in text.clean_lines(s))


def test_every_single_character_passes_or_becomes_visible() -> None:
    for block in range(0, 0x110000, 0x1000):
        shown = "".join([text.clean(f"a{chr(code)}") for code in range(block, block + 0x1000)])
        assert acts_or_hides("".join(set(shown))) == [], hex(block)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_survives_unharmed(language: str) -> None:
    written = LANGUAGES[language]
    assert text.clean(written) == unicodedata.normalize("NFC", written)


@pytest.mark.parametrize("script", JOINED)
def test_joiners_in_their_place_leave_no_trace_and_take_no_letter(script: str) -> None:
    written, shown = JOINED[script]
    assert text.clean(written) == shown


@pytest.mark.parametrize("written", [*LANGUAGES.values(), *(shown for _, shown in JOINED.values())])
@pytest.mark.parametrize("cells", [1, 2, 5, 7, 19, 200])
def test_rows_fit_keep_every_letter_and_never_begin_with_a_mark(written: str, cells: int) -> None:
    line = text.clean(written)
    rows = text.wrap(line, cells)
    assert "".join(rows).replace(" ", "") == line.replace(" ", "")
    assert all(text.width(row) <= max(cells, 2) for row in rows)
    assert not any(text.is_mark(row[:1]) for row in rows if row)


@given(st.text(max_size=80), st.integers(1, 30))
def test_rows_and_cuts_fit(s: str, cells: int) -> None:
    line = text.clean(s)
    assert text.width(text.cut(line, cells)) <= cells
    assert all(text.width(row) <= max(2, cells) for row in text.wrap(line, cells))


def test_wrapping_breaks_at_spaces_and_inside_long_words() -> None:
    assert text.wrap("hello brave new world, antidisestablishment", 10) == [
        "hello",
        "brave new",
        "world,",
        "antidisest",
        "ablishment",
    ]
    assert text.wrap("日本語のテキスト abc", 7) == ["日本語", "のテキ", "スト", "abc"]
    assert text.wrap("", 5) == [""]


def test_a_width_is_the_sum_of_the_characters_and_agrees_with_textual() -> None:
    from rich.cells import cell_len

    for written in LANGUAGES.values():
        line = text.clean(written)
        assert text.width(line) == cell_len(line) == sum(text.width(ch) for ch in line)


def test_marks_beyond_the_limit_become_one_dot() -> None:
    limit = text.MARKS_PER_BASE
    assert text.DOT not in text.clean("x" + "\u0323" * limit + "y")
    assert text.clean("x" + "\u0336" * (limit + 1) + "y") == "x" + "\u0336" * limit + "·y"
    assert text.clean("x" + "\u0336" * (100 * limit) + "y") == "x" + "\u0336" * limit + "·y"


def test_invisible_characters_beyond_the_limit_become_an_ellipsis() -> None:
    limit = text.INVISIBLE_RUN
    assert text.clean("a" + "\u200b" * limit + "z") == "a" + "·" * limit + "z"
    assert text.clean("a" + "\u200b" * (limit + 1) + "z") == "a" + "·" * limit + "…z"
    assert text.clean("a" + "\u200b" * (100 * limit) + "z") == "a" + "·" * limit + "…z"


def test_lines_split_at_every_kind_of_newline_and_tabs_become_spaces() -> None:
    assert text.clean_lines("a\r\nb\nc\rd\u2028e\u2029f\x85g\x0bh") == list("abcdefgh")
    assert text.clean_lines("a\tb\n\n\tc") == ["a   b", "", "    c"]
    assert text.clean("a\tb") == "a b"


def test_a_long_text_is_folded() -> None:
    lines = [str(n) for n in range(201)]
    assert text.fold(lines[:200]) == (lines[:200], 0)
    assert text.fold(lines) == (lines[:200], 1)


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_mail_header_stays_one_header(case: Hostile) -> None:
    mail = EmailMessage()
    mail["Subject"] = text.header("About " + case.text)
    mail["To"] = "desk@example.test"
    mail.set_content("x")
    parsed = message_from_bytes(mail.as_bytes(), policy=policy.default)
    assert [name.lower() for name in parsed] == [name.lower() for name in mail]
    assert "bcc" not in parsed


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_csv_cell_is_no_formula_and_comes_back(case: Hostile) -> None:
    cell = text.csv_cell(case.text)
    assert text.csv_plain(cell) == case.text
    assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


@given(st.text(st.sampled_from("=+-@'\t\r\n \ufeffab,\""), max_size=6))
def test_the_csv_guard_is_reversible_through_a_real_file(s: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow([text.csv_cell(s), "next"])
    row = next(csv.reader(io.StringIO(file.getvalue(), newline="")))
    assert [text.csv_plain(row[0]), row[1]] == [s, "next"]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.name)
def test_a_log_value_is_one_short_line(case: Hostile) -> None:
    value = text.log_value(case.text)
    assert len(value.splitlines()) <= 1
    assert text.width(value) <= 200
    assert acts_or_hides(value) == []
