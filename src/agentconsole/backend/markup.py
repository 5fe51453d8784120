"""A text as simple HTML for mail programs: nothing of it is markup but what is written here, and nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from itertools import groupby
from urllib.parse import urlsplit

_LINK = re.compile(r"https?://[\w.~:/?#\[\]@!$&'()*+,;=%-]+", re.IGNORECASE | re.ASCII)
_TRAILING = re.compile(r"[.,;:!?'*_)\]]+$")
_QUOTED = re.compile(r"(?:> ?)+")
_SPACES = re.compile(r"^ | (?= )")
_SIGNATURE = "-- "
_PAGE = """\
<!DOCTYPE html>
<html{language}>
<head><meta charset="utf-8"></head>
<body>
{blocks}
</body>
</html>"""
_QUOTE = '<blockquote type="cite" style="margin:0 0 0 1ex;border-left:1px solid #cccccc;padding-left:1ex">'


def page(text: str, language: str = "") -> str:
    """A page that shows this text: its lines, its links, what is quoted set off, its signature in grey.

    ``text`` has been cleaned of what acts on a terminal; ``language`` as nb or pt-BR, '' = not said.
    """
    lines = text.split("\n")
    end = lines.index(_SIGNATURE) if _SIGNATURE in lines else len(lines)
    blocks = [_block(depth, list(found)) for depth, found in groupby(lines[:end], _depth)]
    if lines[end:]:
        blocks.append(f'<div dir="auto" style="color:#666666">{_lines(lines[end:])}</div>')
    said = f' lang="{escape(language)}"' if language else ""
    return _PAGE.format(language=said, blocks="\n".join(blocks))


def _depth(line: str) -> int:
    """How often a line is quoted."""
    found = _QUOTED.match(line)
    return min(found[0].count(">"), 5) if found else 0


def _block(depth: int, lines: list[str]) -> str:
    own = [_QUOTED.sub("", line, count=1) if depth else line for line in lines]
    return f'{_QUOTE * depth}<div dir="auto">{_lines(own)}</div>{"</blockquote>" * depth}'


def _lines(lines: list[str]) -> str:
    return "<br>\n".join("".join(_pieces(_SPACES.sub("\u00a0", line))) for line in lines)


def _pieces(line: str) -> Iterator[str]:
    """A line as HTML; a link leads where it says."""
    end = 0
    for found in _LINK.finditer(line):
        shown = _trimmed(found[0])
        if not _leads_somewhere(shown):
            continue
        yield escape(line[end : found.start()])
        yield f'<a href="{escape(shown)}" dir="ltr" rel="noopener noreferrer">{escape(shown)}</a>'
        end = found.start() + len(shown)
    yield escape(line[end:])


def _trimmed(link: str) -> str:
    """Without what ends the sentence that it stands in."""
    cut = _TRAILING.sub("", link)
    return f"{cut})" if link[len(cut) :].startswith(")") and cut.count("(") > cut.count(")") else cut


def _leads_somewhere(link: str) -> bool:
    """Is it a whole address, and none that looks like another's because a name stands before it?"""
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return bool(parts.hostname) and "@" not in parts.netloc
