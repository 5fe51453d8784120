"""Text from outside made safe: for the terminal, a mail header, a CSV cell and a log line.

The stored text is never changed; what these functions return is for showing alone. For the terminal
one law holds: *nothing invisible and nothing that acts reaches the wire*. A character that cannot be
seen is shown as ``·`` (direction overrides as arrows). Joiners and variation selectors that stand where
their script or emoji wants them are left out without a mark: their neighbours are then drawn side by
side, which every terminal measures alike. So the width of cleaned text is the sum of its characters.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

DOT = "·"
ELLIPSIS = "…"
MARKS_PER_BASE = 8
INVISIBLE_RUN = 16
FOLD_LINES = 200
FILE_NAME, FILE_ENDING = 120, 10
TAB = 4

# Arabic to N'Ko, Indic, Tibetan, Burmese, Khmer, Mongolian
_JOINING = "\u0600-\u0dff\u0f00-\u109f\u1780-\u18af"
_PICTURE = "\u00a9\u00ae\u2190-\u2bff\U0001f000-\U0001faff"
_IDEOGRAPH = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# Everything that acts on a terminal, cannot be seen, or has no agreed shape.
_UNSAFE = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
)
UNSAFE = re.compile(f"[{_UNSAFE}]")
_UNSAFE_RUN = re.compile(f"([{_UNSAFE}]{{{INVISIBLE_RUN}}})[{_UNSAFE}]+")
_AT_HOME = re.compile(
    f"(?<=[{_PICTURE}])\u200d(?=[{_PICTURE}])"
    f"|(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])"
    f"|(?<=[{_IDEOGRAPH}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]"
)
_PRESENTATION = re.compile(f"(?<=[#*0-9{_PICTURE}])[\ufe0e\ufe0f]")
_NEWLINE = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
_ARROWS = dict.fromkeys("\u202a\u202d\u2066", "↦") | dict.fromkeys("\u202b\u202e\u2067", "↤")
_UNSAVEABLE = re.compile(r'[<>:"/\\|?*%;]')
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠'")


def clean(s: str) -> str:
    """One line for the terminal: no control, no direction change, nothing invisible; always printable."""
    if s.isascii():
        if s.isprintable():
            return s
    else:
        s = _AT_HOME.sub("", _PRESENTATION.sub("", s))
    s = _UNSAFE_RUN.sub(r"\1" + ELLIPSIS, s.replace("\t", " "))
    s = UNSAFE.sub(_visible, s)
    if s and max(s) >= "\u0300":
        s = unicodedata.normalize("NFC", _tame_marks(s))  # in this order: a flood of marks sorts in n²
    return s


def clean_lines(s: str) -> list[str]:
    """Text of several lines for the terminal: every kind of newline splits, tabs become spaces."""
    return [clean(line.expandtabs(TAB)) for line in _NEWLINE.split(s)]


def fold(lines: list[str], limit: int = FOLD_LINES) -> tuple[list[str], int]:
    """The first `limit` lines and how many more there are (0 if all are shown)."""
    return lines[:limit], max(0, len(lines) - limit)


def header(s: str, limit: int = 200) -> str:
    """A mail header value: one line, and no encoded word that a mail library would decode into a header."""
    return " ".join(UNSAFE.sub(" ", s[:limit]).split()).replace("=?", "= ?")


def csv_cell(s: str) -> str:
    """A CSV cell no spreadsheet takes for a formula; `csv_plain` gives the very same text back."""
    head = UNSAFE.sub("", s).lstrip()[:1]
    return "'" + s if head in _FORMULA or s[:1] in _FORMULA else s


def csv_plain(s: str) -> str:
    """The text that `csv_cell` guarded."""
    return s[1:] if s[:1] == "'" else s


def log_value(s: str, limit: int = 200) -> str:
    """A value inside a log line: one line, no controls, at most `limit` cells."""
    return cut(clean(s[: 4 * limit]), limit)


def file_name(s: str) -> str:
    """A name under which any system can keep a file: no folder, nothing invisible, its ending kept; '' if none is left."""
    last = s.replace("\\", "/").rpartition("/")[2]
    name = " ".join(_UNSAVEABLE.sub("_", UNSAFE.sub("", last)).split()).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if len(name) <= FILE_NAME or not dot or len(ending) > FILE_ENDING:
        return name[:FILE_NAME]
    return f"{stem[: FILE_NAME - len(ending) - 1]}.{ending}"


def attachment(name: str) -> str:
    """The header that makes a browser save a file under this name and never show it."""
    safe = file_name(name) or "file"
    plain = "".join(sign if sign.isascii() else "_" for sign in safe)
    coded = "".join(f"%{byte:02X}" for byte in safe.encode())
    header = f'attachment; filename="{plain}"'
    return header if plain == safe else f"{header}; filename*=UTF-8''{coded}"


def width(s: str) -> int:
    """Terminal cells that cleaned text takes."""
    return len(s) if s.isascii() else sum(map(_sizes(), s))


def cut(s: str, cells: int) -> str:
    """Cleaned text in at most `cells` cells; what is missing shows as `…`."""
    if width(s) <= cells:
        return s
    return s[: _fitting(s, 0, cells - 1)] + ELLIPSIS if cells > 0 else ""


def distance(name: str, wanted: str) -> int:
    """How near a name is to words that are looked for: 0 it begins with them, 1 it holds them, 2 it does not."""
    return 0 if name.startswith(wanted) else 1 if wanted in name else 2


def wrap(s: str, cells: int) -> list[str]:
    """Cleaned text in rows of at most `cells` cells, broken at spaces where there are any.

    No row begins with a combining mark; only the space at which a row was broken is left out.
    A character wider than `cells` stands alone in its row.
    """
    rows: list[str] = []
    start = 0
    while start < len(s):
        end = _fitting(s, start, cells)
        if end == start:
            end = next((i for i in range(start + 1, len(s)) if not is_mark(s[i])), len(s))
        space = _break_before(s, start, end) if end < len(s) else -1
        rows.append(s[start : end if space < 0 else space])
        start = end if space < 0 else space + 1
    return rows or [""]


def _break_before(s: str, start: int, end: int) -> int:
    """Where the space is at which s[start:end] should be broken, or -1 to break right at `end`."""
    if s[end] == " ":
        return end
    if not s.isascii() and 2 in (_sizes()(s[end]), _sizes()(s[end - 1])):
        return -1
    space = s.rfind(" ", start + 1, end)
    return space if s[start:space].strip() else -1


def _fitting(s: str, start: int, cells: int) -> int:
    """The index behind the last character of s[start:] that still fits into `cells` cells."""
    if s.isascii():
        return min(len(s), start + cells)
    size = _sizes()
    for index in range(start, len(s)):
        cells -= size(s[index])
        if cells < 0:
            return index
    return len(s)


@lru_cache(1)
def _sizes() -> Callable[[str], int]:
    from rich.cells import get_character_cell_size  # measures as Textual does; not needed by the server

    return get_character_cell_size


def _visible(match: re.Match[str]) -> str:
    return _ARROWS.get(match.group(), DOT)


def _tame_marks(s: str) -> str:
    """Marks without a base and marks beyond the limit become one dot."""
    out: list[str] = []
    run = MARKS_PER_BASE
    for ch in s:
        if not is_mark(ch):
            run = 0
        elif run >= MARKS_PER_BASE:
            if run == MARKS_PER_BASE:
                out.append(DOT)
            run += 1
            continue
        else:
            run += 1
        out.append(ch)
    return "".join(out)


@lru_cache(4096)
def is_mark(ch: str) -> bool:
    """True for what is drawn into the cell before it: marks, joining jamo, skin tones."""
    if ch < "\u0300":
        return False
    return (
        unicodedata.category(ch)[0] == "M"
        or "\u1160" <= ch <= "\u11ff"
        or "\ud7b0" <= ch <= "\ud7ff"
        or "\U0001f3fb" <= ch <= "\U0001f3ff"
    )
