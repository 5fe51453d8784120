"""The console's colours: a handful of calm themes, each complete without relying on colour alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.theme import Theme

# What every theme must answer; the values here fit the ANSI themes and the one without colours.
PLAIN = {
    "ansi-background": "ansi_default",
    "ansi-foreground": "ansi_default",
    "ink-dim": "ansi_default",
    "ink-dim-style": "dim",
    "ink-note": "ansi_default",
    "ink-note-style": "bold",
    "bar": "ansi_default",
    "bar-style": "none",
    "rule": "ansi_default",
    "rule-style": "dim",
    "note-background": "ansi_default",
    "cursor-background": "ansi_default",
    "cursor-foreground": "ansi_default",
    "cursor-style": "reverse",
    "cursor-blurred-background": "ansi_default",
    "cursor-blurred-style": "bold underline",
    "block-cursor-foreground": "ansi_default",
    "block-cursor-background": "ansi_default",
    "block-cursor-text-style": "reverse",
    "input-cursor-text-style": "reverse",
    "border": "ansi_default",
    "border-blurred": "ansi_default",
    "scrollbar": "ansi_bright_black",  # there is none without any colour: it would not be seen
    "scrollbar-hover": "ansi_bright_black",
    "scrollbar-active": "ansi_bright_black",
    "scrollbar-background": "ansi_default",
    "scrollbar-background-hover": "ansi_default",
    "scrollbar-background-active": "ansi_default",
    "scrollbar-corner-color": "ansi_default",
}


def _inks(
    dim: str, note: str, bar: str, rule: str, note_background: str, cursor: str, blurred: str, foreground: str
) -> dict[str, str]:
    return {
        "ink-dim": dim,
        "ink-dim-style": "none",
        "ink-note": note,
        "ink-note-style": "bold",
        "bar": bar,
        "bar-style": "none",
        "rule": rule,
        "rule-style": "none",
        "note-background": note_background,
        "cursor-background": cursor,
        "cursor-foreground": foreground,
        "cursor-style": "none",
        "cursor-blurred-background": blurred,
        "cursor-blurred-style": "none",
        "block-cursor-foreground": foreground,
        "block-cursor-background": cursor,
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": blurred,
        "input-cursor-text-style": "reverse",
        "border": rule,
        "border-blurred": rule,
        "scrollbar": rule,
        "scrollbar-background": bar,
        "scrollbar-corner-color": bar,
    }


NIGHT = Theme(
    name="night",
    primary="#82aaff",
    secondary="#7fc8b8",
    accent="#c3a6ff",
    warning="#e6b95c",
    error="#f0777f",
    success="#93c77f",
    foreground="#d4d9e2",
    background="#15181e",
    surface="#1a1e26",
    panel="#212733",
    variables=_inks("#8892a3", "#e6b95c", "#1d222b", "#38414f", "#2a2617", "#2b3a55", "#232a36", "#f2f5fa"),
)
DAY = Theme(
    name="day",
    primary="#1f5fbf",
    secondary="#0f7568",
    accent="#7440b8",
    warning="#8a5a00",
    error="#b3261e",
    success="#2f6b1d",
    foreground="#23272e",
    background="#faf9f6",
    surface="#f3f1ec",
    panel="#e9e6df",
    dark=False,
    variables=_inks("#5f6672", "#8a5a00", "#efece5", "#c9c4b8", "#fff3d1", "#cfe0fb", "#e6e9ee", "#10131a"),
)
CONTRAST = Theme(
    name="contrast",
    primary="#66d9ff",
    secondary="#5cffc4",
    accent="#ff9cff",
    warning="#ffd500",
    error="#ff7b7b",
    success="#7dff7d",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#101010",
    variables=_inks("#d0d0d0", "#ffd500", "#1a1a1a", "#a0a0a0", "#332b00", "#ffe14d", "#404040", "#000000"),
)


def _ansi(name: str, dark: bool, selected: str, selected_text: str) -> Theme:
    return Theme(
        name=name,
        ansi=True,
        dark=dark,
        primary="ansi_bright_cyan" if dark else "ansi_blue",
        secondary="ansi_green" if dark else "ansi_cyan",
        accent="ansi_bright_magenta" if dark else "ansi_magenta",
        warning="ansi_yellow" if dark else "ansi_red",
        error="ansi_bright_red" if dark else "ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        variables=PLAIN
        | {
            "ink-note": "ansi_yellow" if dark else "ansi_red",
            "cursor-background": selected,
            "cursor-foreground": selected_text,
            "cursor-style": "bold",
            "block-cursor-background": selected,
            "block-cursor-foreground": selected_text,
            "block-cursor-text-style": "bold",
        },
    )


MONO = Theme(
    name="mono",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    accent="ansi_default",
    warning="ansi_default",
    error="ansi_default",
    success="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    variables=PLAIN,
)

THEMES = {
    theme.name: theme
    for theme in (
        NIGHT,
        DAY,
        CONTRAST,
        _ansi("ansi-dark", True, "ansi_blue", "ansi_bright_white"),
        _ansi("ansi-light", False, "ansi_cyan", "ansi_black"),
        MONO,
    )
}
DEFAULT = NIGHT.name


# Where a terminal has but 256 colours, as over SSH or in many a tmux, these stand for what would turn into navy or red.
_OF_256 = {
    "night": {
        "background": "#121212",
        "surface": "#1c1c1c",
        "panel": "#262626",
        "bar": "#1c1c1c",
        "note-background": "#303030",
        "cursor-background": "#005f87",
        "cursor-blurred-background": "#303030",
        "block-cursor-background": "#005f87",
        "block-cursor-blurred-background": "#303030",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-corner-color": "#1c1c1c",
    },
    "day": {
        "surface": "#eeeeee",
        "panel": "#e4e4e4",
        "bar": "#eeeeee",
        "cursor-blurred-background": "#e4e4e4",
        "block-cursor-blurred-background": "#e4e4e4",
        "scrollbar-background": "#eeeeee",
        "scrollbar-corner-color": "#eeeeee",
    },
    "contrast": {"note-background": "#303030"},
}


def fitted(theme: Theme, environment: Mapping[str, str]) -> Theme:
    """The theme in colours that this terminal has."""
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return theme
    ours = _OF_256.get(theme.name, {})
    grounds = {name: ours[name] for name in ("background", "surface", "panel") if name in ours}
    inks = {name: colour for name, colour in ours.items() if name not in grounds}
    return replace(theme, **grounds, variables=theme.variables | inks)  # type: ignore[arg-type]


def suitable(wished: str, environment: dict[str, str]) -> str:
    """The theme to begin with: the wished one if there is such, else what the terminal can show."""
    if environment.get("NO_COLOR"):
        return MONO.name
    if wished in THEMES:
        return wished
    colours = environment.get("COLORTERM", "")
    term = environment.get("TERM", "")
    if colours in ("truecolor", "24bit") or "256color" in term or "kitty" in term or "direct" in term:
        return DEFAULT
    return "ansi-dark"


HINTS = {
    "night": "calm and dark, for long shifts",
    "day": "calm and light",
    "contrast": "white and yellow on black",
    "ansi-dark": "your terminal's own 16 colours, dark",
    "ansi-light": "your terminal's own 16 colours, light",
    "mono": "no colours: bold, dim and reverse alone",
}
