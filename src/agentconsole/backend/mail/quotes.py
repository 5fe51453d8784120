"""What is new in a mail: its text without the quotes of earlier mails, and without a signature.

Where it is not certain that lines are a quote they are kept: too much is read in a moment, a lost line
never. Every line of the text is in exactly one of the two answers.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from mailparser_reply import EmailMessage  # type: ignore[import-untyped]

from .tongues import DEVICES, OTHERS, TONGUES

INTRODUCTION_LINES = 4  # an introduction is broken over at most so many
INTRODUCTION_LENGTH = 320
SIGNATURE_LINES = 12
BLOCK_LINES = 12
_RULE = re.compile(r"_{20,}$")
_DASHED = re.compile(r"^[-_* ]{3,}\s*(?P<words>[^-_*]{4,60}?)\s*[-_* ]{3,}$")
_LABEL = re.compile(r"^[*_ ]{0,3}(?P<label>[^\W\d_][^:*_]{0,24}?)[*_ ]{0,3}\s?:[*_]{0,3}(?:\s|$)")
_ADDRESS = re.compile(r"[^\s<>@]{1,64}@[^\s<>@]{2,}")
_TIME = re.compile(r"\d{1,2}[:.h]\d{2}|\d{4}")


class Reply(NamedTuple):
    """``new`` to read, ``quoted`` what was set aside (''= nothing), and the ``language`` the quote is introduced in."""

    new: str
    quoted: str
    language: str = ""


class _Quote(NamedTuple):
    """Lines ``start`` to ``end`` (exclusive) are a quote with its introduction."""

    start: int
    end: int
    language: str = ""


def reply_of(text: str, *, answers: bool = True) -> Reply:
    """The new part of a text in which quoted lines begin with ``>``, and the rest of it.

    ``answers`` = the mail says that it answers another. If not, or if it passes one on, lines that look
    like a header without being marked as a quote are what the mail is about, and stay.
    """
    lines = text.split("\n")
    found = _quotes(lines, answers)
    language = next((each.language for each in found if each.language), "")
    dropped: set[int] = set()
    if not _interleaved(lines, found):
        dropped.update(index for each in found for index in range(each.start, each.end))
    dropped.update(_signature(lines, dropped))
    if not any(line.strip() for index, line in enumerate(lines) if index not in dropped):
        return Reply(text.strip("\n"), "", language)
    new = [line for index, line in enumerate(lines) if index not in dropped]
    quoted = [line for index, line in enumerate(lines) if index in dropped]
    return Reply("\n".join(new).strip("\n"), "\n".join(quoted).strip("\n"), language)


def _quotes(lines: list[str], answers: bool) -> list[_Quote]:
    """All quotes in order; they do not overlap."""
    found: list[_Quote] = []
    index = 0
    while index < len(lines):
        quote = _quote_at(lines, index, answers) if lines[index].strip() else None
        if quote is None:
            index += 1
        else:
            found.append(quote)
            index = quote.end
    return found


def _quote_at(lines: list[str], index: int, answers: bool) -> _Quote | None:
    """The quote that begins in this line, if one does."""
    if lines[index].startswith(">"):
        return _Quote(index, _marked_end(lines, index), _language_inside(lines, index))
    if _is_forward(lines[index]):
        return None
    if introduction := _introduction(lines, index):
        language, end = introduction
        start = _skip_blank(lines, end)
        if start < len(lines) and lines[start].startswith(">"):
            return _Quote(index, _marked_end(lines, start), language)
        if answers and _certain(lines, index, end):
            return _Quote(index, len(lines), language)
        return None
    block = _header_block(lines, index) if answers else None
    return None if block is None else _Quote(index, len(lines), block)


def _marked_end(lines: list[str], index: int) -> int:
    """Behind the last line of a run of ``>`` lines; empty lines inside belong to it."""
    end = index
    while index < len(lines) and (lines[index].startswith(">") or not lines[index].strip()):
        if lines[index].strip():
            end = index + 1
        index += 1
    return end


def _language_inside(lines: list[str], index: int) -> str:
    """The language of an introduction that bears the mark of the quote itself, as telephones write it."""
    inner = [line[1:].lstrip() for line in lines[index : index + INTRODUCTION_LINES] if line.startswith(">")]
    found = _introduction(inner, 0) if inner else None
    return found[0] if found else ""


def _introduction(lines: list[str], index: int) -> tuple[str, int] | None:
    """Language and end of an introduction ("On ... somebody wrote:") that begins in this line and in none after it."""
    found = _introduced(lines, index)
    if found is None:
        return None
    later = (_introduced(lines, start) for start in range(index + 1, found[1]))
    return None if any(other is not None and other[1] == found[1] for other in later) else found


def _introduced(lines: list[str], index: int) -> tuple[str, int] | None:
    joined = ""
    for end in range(index, min(len(lines), index + INTRODUCTION_LINES)):
        line = lines[end].strip()
        if not line or line.startswith(">"):
            return None
        joined = f"{joined} {line}".strip()
        if len(joined) > INTRODUCTION_LENGTH:
            return None
        if joined.endswith(":") and _TIME.search(joined):
            plain = " ".join(joined.split())
            for language, pattern in _wrote():
                if pattern.fullmatch(plain):
                    return language, end + 1
            if _followed_by_mark(lines, end + 1) and (_names_address(plain) or _library().fullmatch(plain)):
                return "", end + 1
    return None


def _names_address(joined: str) -> bool:
    """A time and an address before a quote are an introduction in any language."""
    return _ADDRESS.search(joined) is not None


def _followed_by_mark(lines: list[str], index: int) -> bool:
    index = _skip_blank(lines, index)
    return index < len(lines) and lines[index].startswith(">")


def _certain(lines: list[str], start: int, end: int) -> bool:
    """Whether an introduction whose quote bears no marks is one beyond doubt: it names an address in brackets."""
    joined = " ".join(lines[start:end])
    in_brackets = re.search(r"[<(\[](?:mailto:)?[^\s<>@]{1,64}@[^\s<>@]+[>)\]]", joined)
    return in_brackets is not None and not any(line.startswith(">") for line in lines[end:])


def _header_block(lines: list[str], index: int) -> str | None:
    """Language of an Outlook header block ("From: ... Sent: ... Subject: ...") that begins here; '' = unknown."""
    after = index
    ruled = False
    if _RULE.match(lines[index].strip()) or _is_original(lines[index]):
        after = _skip_blank(lines, index + 1)
        ruled = True
    labels = _labels(lines, after)
    if len(labels) < 3:
        return None
    best, known = "", 0
    for language, tongue in TONGUES.items():
        names = {name.lower() for name in tongue.labels}
        if labels[0] in names and (count := sum(label in names for label in labels)) > known:
            best, known = language, count
    block = "\n".join(lines[after : after + min(2 * len(labels), BLOCK_LINES)])
    if not _TIME.search(block):  # a list of a customer's own data, such as order, name and address
        return None
    if known >= 3 and TONGUES[best].subject.lower() in labels:
        return best
    return "" if ruled and _ADDRESS.search(block) else None


def _labels(lines: list[str], index: int) -> list[str]:
    """The labels of the header lines from here on; long values may go on in the next line."""
    found: list[str] = []
    gap = 0
    while index < len(lines) and len(found) < 8:
        match = _LABEL.match(lines[index].strip())
        if match:
            found.append(match["label"].strip().lower())
            gap = 0
        elif not found or gap or not lines[index].strip():
            break
        else:
            gap += 1
        index += 1
    return found


def _is_original(line: str) -> bool:
    dashed = _DASHED.match(line.strip())
    return dashed is not None and dashed["words"].strip().lower() in _originals()


def _is_forward(line: str) -> bool:
    dashed = _DASHED.match(line.strip())
    words = dashed["words"] if dashed else line
    return words.strip().lower() in _forwards()


def _interleaved(lines: list[str], found: list[_Quote]) -> bool:
    """Whether somebody answered between the lines: the quotes then say what is answered, and stay."""
    if not found:
        return False
    signed = _signature(lines, set())
    between = 0
    for quote, following in zip(found, [*found[1:], None], strict=True):
        end = following.start if following else len(lines)
        own = any(lines[index].strip() for index in range(quote.end, end) if index not in signed)
        between += own
    return between >= 2 or (between == 1 and len(found) >= 2)


def _signature(lines: list[str], dropped: set[int]) -> set[int]:
    """The lines of a signature at the end of what is new."""
    left = [index for index in range(len(lines)) if index not in dropped]
    while left and not lines[left[-1]].strip():
        left.pop()
    if not left:
        return set()
    for place in range(len(left) - 1, max(-1, len(left) - SIGNATURE_LINES - 2), -1):
        line = lines[left[place]]
        if line == "-- ":
            return set(left[place:])
    return {left[-1]} if _sent_from().fullmatch(lines[left[-1]].strip()) else set()


def _skip_blank(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


@cache
def _library() -> re.Pattern[str]:
    """Introductions in the languages that only the library knows."""
    pattern: re.Pattern[str] = EmailMessage("", languages=list(OTHERS), include_english=False).HEADER_REGEX
    return pattern


@cache
def _wrote() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (language, re.compile(pattern, re.IGNORECASE))
        for language, tongue in TONGUES.items()
        for pattern in tongue.wrote
    ]


@cache
def _originals() -> frozenset[str]:
    return frozenset(words.lower() for tongue in TONGUES.values() for words in tongue.original)


@cache
def _forwards() -> frozenset[str]:
    return frozenset(words.lower() for tongue in TONGUES.values() for words in tongue.forwarded)


@cache
def _sent_from() -> re.Pattern[str]:
    begins = "|".join(re.escape(words) for tongue in TONGUES.values() for words in tongue.sent_from)
    devices = "|".join(map(re.escape, DEVICES))
    return re.compile(rf"(?:{begins}).{{0,30}}?(?:{devices})[^.!?]{{0,30}}", re.IGNORECASE)
