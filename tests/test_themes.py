"""Themes on terminals of 256 colours: what is a grey ground with millions of them stays a grey ground."""

from __future__ import annotations

import pytest
from rich.color import Color, ColorSystem

from agentconsole.themes import THEMES, fitted

GROUNDS = ("bar", "note-background", "cursor-blurred-background", "block-cursor-blurred-background")


@pytest.mark.parametrize("name", ["night", "day", "contrast"])
def test_grounds_stay_grey_where_there_are_256_colours(name: str) -> None:
    theme = fitted(THEMES[name], {"TERM": "tmux-256color"})
    grounds = [theme.background, theme.surface, theme.panel, *(theme.variables[each] for each in GROUNDS)]
    for ground in grounds:
        shown = Color.parse(str(ground)).downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
        assert max(shown) - min(shown) <= 40, (name, ground, shown)  # navy is 95, the lightest yellow 40


@pytest.mark.parametrize("name", THEMES)
def test_millions_of_colours_change_nothing(name: str) -> None:
    assert fitted(THEMES[name], {"COLORTERM": "truecolor"}) is THEMES[name]
