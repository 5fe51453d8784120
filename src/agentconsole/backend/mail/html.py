"""HTML of a mail made plain text that reads well: lines, lists, quotes and where links lead."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

MAX_HTML = 4 * 1024 * 1024  # characters
_SILENT = {"script", "style", "title", "template", "noscript"}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main",
    "nav", "ol", "p", "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
}  # fmt: skip
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl"}
_SPACES = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^<>]{0,2000}>")
RULE = "_" * 32
QUOTE = "> "


def plain(html: str) -> str:
    """The text of an HTML mail; what is quoted begins with ``> ``, a link that hides where it leads tells it."""
    reader = _Reader()
    try:
        reader.feed(html[:MAX_HTML])
        reader.close()
    except AssertionError:  # the parser gives up on some broken declarations
        return unescape(_TAG.sub(" ", html[:MAX_HTML])).strip()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.silent = 0
        self.pre = 0
        self.links: list[tuple[str, int]] = []

    def text(self) -> str:
        """What was read, without empty lines at either end and with at most one between."""
        self._break()
        kept: list[str] = []
        for line in self.lines:
            if line.strip("> ") or (kept and kept[-1].strip("> ")):
                kept.append(line)
        return "\n".join(kept).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BLOCKS:
            self._block("div" if "MsoNormal" in (dict(attrs).get("class") or "") else tag)
        elif tag == "br":
            self._break(even_empty=True)
        elif tag in ("td", "th") and self.line:
            self.line.append(" ")
        elif tag == "a":
            self.links.append((dict(attrs).get("href") or "", len(self.line)))
        elif tag == "img" and (words := (dict(attrs).get("alt") or "").strip()):
            self.line.append(f"[{_SPACES.sub(' ', words)}]")
        if tag == "hr":
            self.line.append(RULE)
            self._break()
        elif tag == "li":
            self.line.append("- ")
        elif tag == "blockquote":
            self.quotes += 1
        elif tag == "pre":
            self.pre += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag == "a" and self.links:
            self._link(*self.links.pop())
        elif tag in _BLOCKS:
            self._break()
        if tag == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if self.pre:
            head, *rest = data.split("\n")
            self.line.append(head)
            for line in rest:
                self._break(even_empty=True)
                self.line.append(line)
            return
        words = _SPACES.sub(" ", data)
        if not self.line or self.line[-1].endswith(" "):
            words = words.lstrip(" ")
        if words:
            self.line.append(words)

    def _block(self, tag: str) -> None:
        self._break()
        if tag in _SPACED and self.lines:
            self._break(even_empty=True)

    def _break(self, *, even_empty: bool = False) -> None:
        written = "".join(self.line)
        line = written.rstrip()
        if line == "--":
            line = "-- "  # so signatures are told from lists
        if line or even_empty or "\xa0" in written:
            self.lines.append((QUOTE * self.quotes + line).rstrip() if self.quotes else line)
        self.line = []
        self.links = [(href, 0) for href, _ in self.links]

    def _link(self, href: str, start: int) -> None:
        """Say where a link leads if its words do not."""
        shown = "".join(self.line[start:]).strip()
        href = href.strip()
        bare = href.removeprefix("mailto:").partition("?")[0]
        if self.silent or not href or href.startswith("#") or not shown or bare.rstrip("/") in shown:
            return
        if href.lower().startswith(("http:", "https:", "mailto:", "tel:", "ftp:")):
            self.line.append(f" <{href}>")
