"""A screen as text: every cell's letter and style out of Textual's own picture of the app, to be kept and compared."""

from __future__ import annotations

import html
import os
import re
from itertools import groupby
from pathlib import Path

from rich.cells import cell_len

from agentconsole.app import AgentConsole

DRAWN = Path(__file__).parent / "drawn"
REDRAW = "AGENTCONSOLE_REDRAW"
ANEW = f"If that is meant: {REDRAW}=1 ./dev test tests/screens/test_drawn.py draws all anew; read the difference."
CELL, ROW, TOP = (
    12.2,
    24.4,
    1.5,
)  # units of the picture that a cell is wide and high, and where the first row begins

_STYLE = re.compile(r"\.terminal-\d+-(r\d+) \{ fill: (#\w+);?([^}]*?) *\}")
_GROUND = re.compile(r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"')
_TEXT = re.compile(r'<text class="terminal-\d+-(r\d+)" x="([\d.]+)"[^>]*-line-(\d+)\)">([^<]*)</text>')
_NAMES = {
    "font-weight: bold": "bold",
    "font-style: italic": "italic",
    "text-decoration: underline": "underline",
}


def drawn(app: AgentConsole) -> str:
    """The rows of the screen, and below them the styles of each row by columns."""
    width, height = app.size
    svg = app.export_screenshot()
    letters = [[" "] * width for _ in range(height)]
    styles = [[""] * width for _ in range(height)]
    for colour, x, y, wide in _GROUND.findall(svg):
        row, column = round((float(y) - TOP) / ROW), round(float(x) / CELL)
        for at in range(column, min(width, column + round(float(wide) / CELL))):
            styles[row][at] = f" on {colour}"
    inks = {name: " ".join([colour, *_attributes(rest)]) for name, colour, rest in _STYLE.findall(svg)}
    for name, x, line, words in _TEXT.findall(svg):
        row, column = int(line), round(float(x) / CELL)
        for letter in html.unescape(words).replace("\xa0", " ").strip("\n"):
            if not (wide := cell_len(letter)):  # a mark stands on the letter before it
                letters[row][column - 1] += letter
                continue
            letters[row][column : column + wide] = [letter, *[""] * (wide - 1)]
            for at in range(column, column + wide):
                styles[row][at] = inks[name] + styles[row][at]
            column += wide
    shown = [f"|{''.join(row)}|" for row in letters]
    return "\n".join([*shown, "", *map(_runs, range(1, height + 1), styles), ""])


def _attributes(css: str) -> list[str]:
    return [_NAMES.get(each.strip(), each.strip()) for each in css.split(";") if each.strip()]


def _runs(number: int, styles: list[str]) -> str:
    """The styles of one row: from column, style; the columns count from 0."""
    runs, column = [], 0
    for style, cells in groupby(styles):
        runs.append(f"{column} {style.strip() or '-'}")
        column += len(list(cells))
    return f"{number:>2}: " + ", ".join(runs)


def compare(app: AgentConsole, name: str) -> None:
    """The screen must look as it was drawn under this name; AssertionError says which rows do not."""
    path, now = DRAWN / f"{name}.txt", drawn(app)
    if os.environ.get(REDRAW):
        path.write_text(now, "utf-8")
        return
    before = path.read_text("utf-8") if path.exists() else ""
    if found := differences(before, now):
        raise AssertionError("\n".join([f"{name} looks different from {path.name}:", *found, ANEW]))


def differences(before: str, now: str) -> list[str]:
    """The rows that differ, in words and rows as they were and as they are."""
    if not before:
        return ["it has not been drawn yet"]
    (was, was_styles), (is_, is_styles) = _parts(before), _parts(now)
    if len(was) != len(is_):
        return [f"it had {len(was)} rows and has {len(is_)}"]
    found = []
    for row, (old, new) in enumerate(zip(was, is_, strict=True), 1):
        if old != new:
            found += [f"row {row} was {old}", f"row {row} is  {new}"]
        elif was_styles[row - 1] != is_styles[row - 1]:
            found += [f"row {row} has other styles: {new}", f"  was {was_styles[row - 1]}"]
            found.append(f"  is  {is_styles[row - 1]}")
    return found


def _parts(text: str) -> tuple[list[str], list[str]]:
    rows, _, styles = text.partition("|\n\n")
    return f"{rows}|".split("\n"), styles.strip("\n").split("\n")
