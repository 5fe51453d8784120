"""The recipes of docs/operating.md, taken from the page as they stand there, with only names and ports changed."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


def recipe(begins: str) -> str:
    """The one fenced block of the page in which this stands."""
    blocks = re.findall(r"```\w*\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (found,) = [block for block in blocks if begins in block]
    return str(found)


def changed(text: str, *changes: tuple[str, str]) -> str:
    """The recipe with these words put for those; each must stand there, so that the recipe is really the page's."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text
