"""Colours and attributes of terminal cells, as SGR parameters, and the shortest way from one to another."""

from functools import lru_cache
from typing import NamedTuple

_OFF = {"1": "22", "2": "22", "3": "23", "4": "24", "21": "24", "5": "25", "7": "27", "9": "29", "53": "55"}
_DRAWN_ON_BLANKS = {"4", "5", "7", "8", "9", "21", "53"}
MONO = {"1", "2", "3", "4", "7", "9"}
STANDS_OUT = 0.2


class Pen(NamedTuple):
    """What a style sets: attribute codes, and the parameters of fore- and background (empty: default)."""

    attributes: tuple[str, ...]
    fore: str
    back: str


@lru_cache(4096)
def pen(style: str) -> Pen:
    """Take SGR parameters such as `1;38;2;9;9;9;44` apart; what is not understood is left out."""
    attributes: list[str] = []
    fore = back = ""
    codes = iter(style.split(";"))
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes, "")
            values = [next(codes, "0") for _ in range({"2": 3, "5": 1}.get(kind, 0))]
            colour = ";".join((code, kind, *values))
            fore, back = (colour, back) if code == "38" else (fore, colour)
        elif code in ("", "0"):
            attributes, fore, back = [], "", ""
        elif code == "39":
            fore = ""
        elif code == "49":
            back = ""
        elif len(code) == 2 and code[0] in "39":
            fore = code
        elif (len(code) == 2 and code[0] == "4") or (len(code) == 3 and code[:2] == "10"):
            back = code
        elif code in _OFF or code == "8":
            attributes.append(code)
    return Pen(tuple(dict.fromkeys(attributes)), fore, back)


@lru_cache(4096)
def canonical(style: str) -> str:
    """The one spelling of a style."""
    return _parameters(pen(style))


@lru_cache(4096)
def change(old: str, new: str) -> str:
    """The shortest sequence that takes the terminal's pen from style `old` to style `new`."""
    if old == new:
        return ""
    if not new:
        return "\x1b[m"
    a, b = pen(old), pen(new)
    fresh = f"\x1b[;{_parameters(b)}m" if old else f"\x1b[{_parameters(b)}m"
    gone = [code for code in a.attributes if code not in b.attributes]
    if any(code not in _OFF for code in gone):
        return fresh
    off = list(dict.fromkeys(_OFF[code] for code in gone))
    again = [code for code in b.attributes if code not in a.attributes or _OFF.get(code) in off]
    fore = (b.fore or "39") if a.fore != b.fore else ""
    back = (b.back or "49") if a.back != b.back else ""
    delta = ";".join(filter(None, (*off, *again, fore, back)))
    return min(f"\x1b[{delta}m", fresh, key=len) if delta else ""


@lru_cache(4096)
def ground(style: str) -> str:
    """What of a style can be seen on a blank: background, lines and reverse."""
    it = pen(style)
    return style if _DRAWN_ON_BLANKS & set(it.attributes) else it.back


@lru_cache(4096)
def erasable(style: str, keeps_background: bool) -> bool:
    """True if blanks in `style` look like what erasing leaves; `keeps_background` is terminfo's `bce`."""
    it = pen(style)
    return not _DRAWN_ON_BLANKS & set(it.attributes) and (keeps_background or not it.back)


@lru_cache(4096)
def colourless(style: str, dark: bool) -> str:
    """The style without any colour; a background that stands out from the page becomes reverse."""
    it = pen(style)
    kept = [code for code in it.attributes if code in MONO]
    brightness = _brightness(it.back)
    if brightness is not None and abs(brightness - (0.07 if dark else 0.88)) > STANDS_OUT:
        kept = [code for code in kept if code != "7"] if "7" in kept else [*kept, "7"]
    return ";".join(kept)


def _brightness(colour: str) -> float | None:
    parts = colour.split(";")
    if len(parts) == 5:
        red, green, blue = (int(part) for part in parts[2:])
        return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    if not colour:
        return None
    number = int(parts[-1])
    if len(parts) == 3 and number > 15:
        return (number - 232) / 23 if number > 231 else ((number - 16) // 6 % 6) / 5
    return 0.07 if number in (0, 40) else 0.5


def _parameters(it: Pen) -> str:
    return ";".join(filter(None, (*it.attributes, it.fore, it.back)))
