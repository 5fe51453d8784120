"""The cells of a terminal, as they are and as they should be, and the least that makes them equal."""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from rich.cells import get_character_cell_size

from agentconsole.sgr import canonical, change, colourless, erasable, ground
from agentconsole.text import DOT, MARKS_PER_BASE, UNSAFE, is_mark

CLEAR = "\x1b[m\x1b[2J"
MAX_SCROLL = 12
ERASE_FROM = 5
SCROLL_FROM = 24
MOVE_COST = 8
PEN_COST = 12

_TOKEN = re.compile(
    r"([^\x00-\x1f\x7f-\x9f]+)"  # 1 text
    r"|\x1b\[([\d;]*)m"  # 2 colours
    r"|\x1b\[(\d+);(\d+)H"  # 3, 4 cursor
    r"|(\r?\n)"  # 5 next row
    r"|(\x1b\]8;[^\x00-\x1f\x7f-\x9f]*(?:\x1b\\|\x07))"  # 6 link: not passed on
    r"|([\x00-\x1f\x7f-\x9f])"  # 7 a control that is not ours
)
# Characters that every terminal gives the width that we give them.
_SURE = re.compile(
    "[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e"
    "\u20a0-\u20bf\u2500-\u259f\u2800-\u28ff\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff\uac00-\ud7a3\uff01-\uff60]*"
)
LONG_BLANK = 14
_LONG_BLANK = re.compile(f"( {{{LONG_BLANK},}})")
# Halves of flags, and skin tones: drawn as one or as two.
_JUMPY = re.compile("[\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")
_ASCII = str.maketrans(
    {
        **dict.fromkeys("─━┄┅┈┉╌╍═╴╶╸╺▔", "-"),
        **dict.fromkeys("│┃┆┇┊┋╎╏║╵╷╹╻▌▎▊▐▍▋▏▉▕‖", "|"),
        **dict.fromkeys("·•…", "."),
        **dict.fromkeys("‘’‚‹›", "'"),
        **dict.fromkeys("“”„«»", '"'),
        **dict.fromkeys("–—−", "-"),
        **dict.fromkeys("▸►▶→↦⇒", ">"),
        **dict.fromkeys("◂◄◀←↤", "<"),
        **dict.fromkeys("↑▲▴", "^"),
        **dict.fromkeys("↓▼▾✓✔", "v"),
        **dict.fromkeys("●■◉★", "*"),
        **dict.fromkeys("○□", "o"),
        **dict.fromkeys("✗✘×", "x"),
        **dict.fromkeys("✎◐", "~"),
        **dict.fromkeys("▁▂", "_"),
        "⇄": "=",
        "⏎": "/",
        "\xa0": " ",
        "Ø": "O",
        "ø": "o",
        "Ł": "L",
        "ł": "l",
        "Đ": "D",
        "đ": "d",
        "ı": "i",
    }
)


class Cells:
    """A copy of the terminal: frames go into `apply`, what the terminal needs comes out of `paint`.

    A cell is a character with its marks; the right half of a wide character is an empty string. Of a blank's
    style only what can be seen on it is kept, so that a pen of any colour may write it.
    """

    def __init__(
        self, *, colour: bool = True, ascii_only: bool = False, keeps_background: bool = True
    ) -> None:
        self.colour = colour
        self.ascii_only = ascii_only
        self.keeps_background = keeps_background
        self.dark = True
        self.size = (0, 0)
        self.cursor = (0, 0)
        self._text: list[list[str]] = []
        self._style: list[list[str]] = []
        self._shown_text: list[list[str]] = []
        self._shown_style: list[list[str]] = []
        self._dirty: set[int] = set()
        self._known = False
        self._pen = ""
        self._row: int | None = None
        self._column: int | None = None
        self._out: list[str] = []

    def resize(self, width: int, height: int) -> None:
        """The terminal has another size; what it shows is unknown now."""
        old_width = self.size[0]
        self.size = (width, height)
        for rows, blank in ((self._text, " "), (self._style, "")):
            del rows[height:]
            for row in rows:
                del row[width:]
                row.extend([blank] * (width - len(row)))
            rows.extend([blank] * width for _ in range(height - len(rows)))
        for row in self._text:
            if width and width < old_width and get_character_cell_size(row[-1][:1] or "x") == 2:
                row[-1] = " "
        self.forget()

    def forget(self) -> None:
        """What the terminal shows is unknown: the next `paint` draws everything."""
        self._known = False

    def apply(self, frame: str) -> None:
        """Take a frame in; only text, colours and cursor moves of it count."""
        x = y = 0
        style = ""
        for match in _TOKEN.finditer(frame):
            kind = match.lastindex
            if kind == 1:
                x = self._put(y, x, match.group(), style)
            elif kind == 2:
                style = self._canonical(match.group(2))
            elif kind == 4:
                y, x = int(match.group(3)) - 1, int(match.group(4)) - 1
            elif kind == 5:
                y, x = y + 1, 0
            elif kind == 7:
                x = self._put(y, x, DOT, style)
        self.cursor = (y, x)

    def paint(self, place_cursor: bool = True) -> str:
        """What to write so that the terminal shows the last frames; empty if it does already.

        A cursor that nobody sees need not be placed.
        """
        out = self._out = []
        if not self._known:
            self._start_anew()
        dirty = [row for row in sorted(self._dirty) if self._differs(row)]
        self._dirty.clear()
        if len(dirty) > 2:
            dirty = self._scroll(dirty)
        for row in dirty:
            self._paint_row(row)
            self._shown_text[row] = self._text[row][:]
            self._shown_style[row] = self._style[row][:]
        if place_cursor:
            width, height = self.size
            self._move(min(max(0, self.cursor[0]), height - 1), min(max(0, self.cursor[1]), width - 1))
        return "".join(out)

    # ---- frames --------------------------------------------------------------------------------

    def _canonical(self, style: str) -> str:
        return canonical(style) if self.colour else colourless(style, self.dark)

    def _put(self, y: int, x: int, text: str, style: str) -> int:
        """Write text into a row and return the column behind it; what lies outside is cut off."""
        width, height = self.size
        if not text.isascii():
            if UNSAFE.search(text):
                text = UNSAFE.sub(_replaced, text)
            if self.ascii_only:
                text = "".join(map(_in_ascii, text))
        if not 0 <= y < height:
            return x + len(text)
        row, styles = self._text[y], self._style[y]
        self._dirty.add(y)
        start = x
        if text.isascii():
            end = min(x + len(text), width)
            if x < width:
                row[x:end] = text[: end - x]
            x += len(text)
        else:
            for ch in text:
                size = get_character_cell_size(ch)
                if size == 0:
                    self._attach(row, x, ch)
                elif x + size <= width:
                    row[x] = ch
                    if size == 2:
                        row[x + 1] = ""
                    x += size
                else:
                    row[x:] = [" "] * (width - x)
                    x += size
            end = min(x, width)
        if start < end:
            blank = ground(style)
            if blank == style or " " not in text:
                styles[start:end] = [style] * (end - start)
            else:
                styles[start:end] = [blank if cell == " " else style for cell in row[start:end]]
            if (
                start
                and row[start - 1]
                and get_character_cell_size(row[start - 1][0]) == 2
                and row[start] != ""
            ):
                row[start - 1] = " "
            if end < width and row[end] == "":
                row[end] = " "
        return x

    def _attach(self, row: list[str], x: int, ch: str) -> None:
        at = x - 1 if 0 < x <= len(row) and row[x - 1] else x - 2
        if at >= 0 and x <= len(row) and is_mark(ch) and len(row[at]) <= MARKS_PER_BASE:
            row[at] += ch

    # ---- painting ------------------------------------------------------------------------------

    def _start_anew(self) -> None:
        width, height = self.size
        self._out.append(CLEAR)
        self._pen, self._row, self._column = "", None, None
        self._shown_text = [[" "] * width for _ in range(height)]
        self._shown_style = [[""] * width for _ in range(height)]
        self._dirty = set(range(height))
        self._known = True

    def _differs(self, row: int) -> bool:
        return self._text[row] != self._shown_text[row] or self._style[row] != self._shown_style[row]

    def _scroll(self, dirty: list[int]) -> list[int]:
        """Let the terminal move rows where that is cheaper than writing them; the rows still to write."""
        moved = self._moved(dirty)
        if not moved:
            return dirty
        top, bottom, by = moved
        fill = self._ground_of(range(bottom - by + 1, bottom + 1)) if by > 0 else ""
        before, after = self._costs(range(top, bottom + 1), *self._shifted(top, bottom, by, fill))
        # what stands beside the moved rows moves too: leave out those where putting it back costs more
        order = range(len(before)) if by > 0 else range(len(before) - 1, -1, -1)
        loss, worst, cut = 0, 0, 0
        for skipped, row in enumerate(order, 1):
            loss += after[row] - before[row]
            if loss > worst and skipped < len(before) - abs(by):
                worst, cut = loss, skipped
        if sum(before) - sum(after) + worst < SCROLL_FROM:
            return dirty
        top, bottom = (top + cut, bottom) if by > 0 else (top, bottom - cut)
        text, style = self._shifted(top, bottom, by, fill)
        self._use(fill)
        at, step = (bottom, "\n" * by) if by > 0 else (top, "\x1bM" * -by)
        self._out.append(f"\x1b[{top + 1};{bottom + 1}r\x1b[{at + 1}H{step}\x1b[r")
        self._row = self._column = None  # most terminals, not all, stand in the first cell now
        self._shown_text[top : bottom + 1] = text
        self._shown_style[top : bottom + 1] = style
        return [row for row in sorted({*dirty, *range(top, bottom + 1)}) if self._differs(row)]

    def _ground_of(self, rows: range) -> str:
        """The background that most blanks of these rows want, if the terminal scrolls rows in with it."""
        grounds = Counter(
            style
            for row in rows
            for cell, style in zip(self._text[row], self._style[row], strict=True)
            if cell == " " and erasable(style, self.keeps_background)
        )
        return grounds.most_common(1)[0][0] if grounds else ""

    def _shifted(self, top: int, bottom: int, by: int, fill: str) -> tuple[list[list[str]], list[list[str]]]:
        """What the rows would show after the terminal has scrolled them, blank rows coming in on ground `fill`."""
        text, style = self._shown_text[top : bottom + 1], self._shown_style[top : bottom + 1]
        blank_text = [[" "] * self.size[0] for _ in range(abs(by))]
        blank_style = [[fill] * self.size[0] for _ in range(abs(by))]
        if by > 0:
            return text[by:] + blank_text, style[by:] + blank_style
        return blank_text + text[:by], blank_style + style[:by]

    def _costs(
        self, rows: range, text: list[list[str]], style: list[list[str]]
    ) -> tuple[list[int], list[int]]:
        """What it costs to write each row as things are, and after scrolling."""
        before = [self._distance(row, self._shown_text[row], self._shown_style[row]) for row in rows]
        after = [
            self._distance(row, *shown)
            for row, shown in zip(rows, zip(text, style, strict=True), strict=True)
        ]
        return before, after

    def _moved(self, dirty: list[int]) -> tuple[int, int, int] | None:
        """The rows (first, last) that seem to have moved, and how far up (down if negative)."""
        left, right = self._changed_columns(dirty)
        was: dict[str, int] = {}
        for row in dirty:
            was.setdefault("".join(self._shown_text[row][left:right]), row)
        votes: dict[int, list[int]] = {}
        for row in dirty:
            now = "".join(self._text[row][left:right])
            by = was.get(now, row) - row
            if by and abs(by) <= MAX_SCROLL and not now.isspace():
                votes.setdefault(by, []).append(row)
        if not votes:
            return None
        by, rows = max(votes.items(), key=lambda item: len(item[1]))
        top, bottom = min(rows) + min(by, 0), max(rows) + max(by, 0)
        return (top, bottom, by)

    def _changed_columns(self, dirty: list[int]) -> tuple[int, int]:
        left, right = self.size[0], 0
        for row in dirty:
            text, shown = self._text[row], self._shown_text[row]
            changed = [x for x, cell in enumerate(text) if cell != shown[x]]
            if changed:
                left, right = min(left, changed[0]), max(right, changed[-1] + 1)
        return left, right

    def _distance(self, row: int, text: list[str], style: list[str]) -> int:
        """About how many bytes it takes to write a row over `text` in `style`."""
        if text == self._text[row] and style == self._style[row]:
            return 0
        wanted = zip(self._text[row], self._style[row], text, style, strict=True)
        changed = [pen for cell, pen, shown, was in wanted if cell != shown or pen != was]
        return MOVE_COST + len(changed) + PEN_COST * len(set(changed))

    def _paint_row(self, row: int) -> None:
        text, style = self._text[row], self._style[row]
        shown_text, shown_style = self._shown_text[row], self._shown_style[row]
        width = self.size[0]
        changed = [x for x in range(width) if text[x] != shown_text[x] or style[x] != shown_style[x]]
        tail = self._blank_tail(row)
        erased = [x for x in changed if x >= tail]
        erase = len(erased) >= ERASE_FROM
        if erase:
            changed = changed[: -len(erased)]
        for start, end in _runs(changed, text, style):
            self._write(row, start, end)
        if erase:
            self._move(row, erased[0])
            self._use(style[-1], blank=True)
            self._out.append("\x1b[K")

    def _blank_tail(self, row: int) -> int:
        """The column from which a row is blank in one style that can be erased; the width if there is none."""
        text, style = self._text[row], self._style[row]
        at = len(text)
        if at and erasable(style[-1], self.keeps_background):
            last = style[-1]
            while at and text[at - 1] == " " and style[at - 1] == last:
                at -= 1
        return at

    def _write(self, row: int, start: int, end: int) -> None:
        """Write the cells from `start` to before `end`."""
        text, style = self._text[row], self._style[row]
        x = start
        while x < end:
            self._move(row, x)
            self._use(style[x], text[x] == " ")
            pen, blank = self._pen, ground(self._pen)
            stop = x + 1
            while stop < end and (style[stop] == pen or (text[stop] == " " and style[stop] == blank)):
                stop += 1
            words = "".join(text[x:stop])
            if not _SURE.fullmatch(words):
                self._write_unsure(row, x, stop)
            elif _LONG_BLANK.search(words) and erasable(pen, self.keeps_background):
                self._write_blanks(row, x, words)
            else:
                self._out.append(words)
                self._column = stop
            x = stop
        if self._column == self.size[0]:
            self._column = None  # the terminal may stand in the last column or behind it

    def _write_blanks(self, row: int, start: int, words: str) -> None:
        """Write sure words, long blanks in them by erasing."""
        x = start
        for part in _LONG_BLANK.split(words):
            if part.isspace() and len(part) >= LONG_BLANK:
                self._move(row, x)
                self._out.append(f"\x1b[{len(part)}X")
                x += len(part)
            elif part:
                self._move(row, x)
                self._out.append(part)
                x += sum(map(get_character_cell_size, part))
                self._column = x

    def _write_unsure(self, row: int, start: int, stop: int) -> None:
        """Write cells that terminals may measure otherwise, and say the column again behind them.

        Within words this waits for a double blank: a vowel sign that took a cell of its own stays visible.
        """
        text = self._text[row]
        unsure = False
        x = start
        while x < stop:
            cell = text[x]
            after = x + 2 if text[x + 1 : x + 2] == [""] else x + 1
            if unsure and cell == " " and text[x + 1 : x + 2] in ([" "], []):
                self._column, unsure = None, False
            if self._column is None:
                self._move(row, x)
            self._out.append(cell)
            self._column = None if _JUMPY.search(cell) else after
            unsure = unsure or not _SURE.fullmatch(cell)
            x = after
        if unsure:
            self._column = None

    def _move(self, row: int, column: int) -> None:
        if (self._row, self._column) == (row, column):
            return
        if self._row == row and self._column is not None:
            forward = column - self._column
            steps = f"\x1b[{forward if forward > 1 else ''}C" if forward > 0 else "\b" * -forward
            moves = [steps, f"\x1b[{column + 1}G"]
        elif self._row == row:
            moves = [f"\x1b[{column + 1}G"]
        else:
            moves = [f"\x1b[{row + 1};{column + 1}H"]
            if self._row is not None and row == self._row + 1 and column == 0:
                moves = ["\r\n"]
        if column == 0:
            moves += ["\r"] if self._row == row else [f"\x1b[{row + 1}H"]
        self._out.append(min(moves, key=len))
        self._row, self._column = row, column

    def _use(self, style: str, blank: bool = False) -> None:
        """Take a pen for `style`; for a blank the pen at hand will do if its ground is the same."""
        if style != self._pen and not (blank and style == ground(self._pen)):
            self._out.append(change(self._pen, style))
            self._pen = style


def _runs(changed: list[int], text: list[str], style: list[str]) -> list[tuple[int, int]]:
    """Changed columns as (start, end) runs; a gap is written over where that is shorter than a jump."""
    runs: list[tuple[int, int]] = []
    for x in changed:
        start, end = x, x + 1
        while start and text[start] == "":
            start -= 1
        while end < len(text) and text[end] == "":
            end += 1
        if runs:
            first, last = runs[-1]
            gap = start - last
            if gap <= 0 or (gap <= 4 and _one_pen(text, style, last - 1, start + 1)):
                runs[-1] = (first, max(end, last))
                continue
        runs.append((start, end))
    return runs


def _one_pen(text: list[str], style: list[str], start: int, end: int) -> bool:
    """True if one pen writes all these cells; of a blank only the ground counts."""
    pen = style[end - 1]
    blank = ground(pen)
    return all(
        style[x] == pen or (text[x] == " " and style[x] == blank and x > start) for x in range(start, end)
    )


def _replaced(match: re.Match[str]) -> str:
    return DOT if get_character_cell_size(match.group()) else ""


@lru_cache(4096)
def _in_ascii(ch: str) -> str:
    """ASCII of the same width for a character."""
    size = get_character_cell_size(ch)
    if ch.isascii() or size == 0:
        return ch if ch.isascii() else ""
    plain = ch.translate(_ASCII)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKD", ch)[:1]
    if not plain.isascii() or not plain.isprintable():
        plain = "+" if "\u2500" <= ch <= "\u257f" else "#" if "\u2580" <= ch <= "\u259f" else "?"
    return plain + " " * (size - 1)
