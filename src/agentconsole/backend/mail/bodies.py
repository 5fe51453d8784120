"""What a mail holds: the text that people read, and the files that came with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from agentconsole.text import file_name

from ..domain.letter import File
from .charsets import decode, keepable, unescaped, words
from .headers import Mime
from .html import plain

MAX_TEXT = 1024 * 1024
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")
_ENDINGS = {"message/rfc822": ".eml", "text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics"}


@dataclass
class Body:
    """The readable pieces of a mail in order, and its files."""

    pieces: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that can be read."""
        return "\n\n".join(piece.strip("\n") for piece in self.pieces if piece.strip())[:MAX_TEXT]


def read(message: Mime) -> Body:
    """Take a mail apart; its depth must have been looked at before."""
    body = Body()
    _gather(message, body)
    return body


def content_type(part: Mime) -> str:
    """The type of a part in lower case; nonsense is ``application/octet-stream``."""
    kind = keepable(part.get_content_type())
    return kind if _TYPE.fullmatch(kind) else "application/octet-stream"


def payload(part: Mime) -> bytes:
    """The bytes of a part that has no parts; an attached mail as it came."""
    if part.is_multipart():
        return b"\n\n".join(_as_bytes(each) for each in part.get_payload() if not isinstance(each, str))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _as_bytes(attached: Mime) -> bytes:
    try:
        return attached.as_bytes()
    except (ValueError, LookupError):  # the library writes no delimiter that is not ASCII
        return attached.as_string().encode("utf-8", "surrogateescape")


def text(part: Mime) -> str:
    """The text of a part, by the charset it claims if that fits."""
    return decode(payload(part), _parameter(part, "charset"))


def safe_name(name: str, kind: str, number: int) -> str:
    """A name that a file can be saved under; one without a name is numbered."""
    return file_name(keepable(name)) or f"file-{number}{_ENDINGS.get(kind, '')}"


def _gather(part: Mime, body: Body) -> None:
    kind = content_type(part)
    if kind == "multipart/alternative" and part.is_multipart():
        _alternatives(part, body)
    elif part.get_content_maintype() == "multipart" and part.is_multipart():
        for child in part.get_payload():
            if not isinstance(child, str):
                _gather(child, body)
    elif kind.startswith("text/") and _is_body(part, kind):
        body.pieces.append(plain(text(part)) if kind == "text/html" else _unfolded(part))
    else:
        _attach(part, kind, body)


def _alternatives(part: Mime, body: Body) -> None:
    """Of several forms of one text the plain one is read, unless nothing stands in it."""
    best: Body | None = None
    best_is_plain = False
    for child in part.get_payload():
        if isinstance(child, str):
            continue
        form = Body()
        _gather(child, form)
        body.files += form.files
        is_plain = content_type(child) == "text/plain"
        if form.text.strip() and (best is None or (is_plain and not best_is_plain)):
            best, best_is_plain = form, is_plain
    if best is not None:
        body.pieces += best.pieces


def _is_body(part: Mime, kind: str) -> bool:
    if kind not in ("text/plain", "text/html"):
        return False
    return part.get_content_disposition() != "attachment" and not _file_name(part)


def _attach(part: Mime, kind: str, body: Body) -> None:
    data = payload(part)
    name = _file_name(part)
    if not data and not name:
        return
    inline = bool(part.get("Content-ID")) and part.get_content_disposition() != "attachment"
    body.files.append(File(safe_name(name, kind, len(body.files) + 1), kind, data, inline))


def _file_name(part: Mime) -> str:
    try:
        name = part.get_filename()
    except (ValueError, TypeError, LookupError):  # the library does not know every way to number a parameter
        return ""
    return words(str(name)) if name else ""


def _parameter(part: Mime, name: str) -> str:
    try:
        value = part.get_param(name)
    except (ValueError, TypeError, LookupError):
        return ""
    if isinstance(value, tuple):
        value = value[2]
    return unescaped(value) if isinstance(value, str) else ""


def _unfolded(part: Mime) -> str:
    """Plain text with its paragraphs in one line each, if its sender folded them (``format=flowed``)."""
    whole = text(part)
    if _parameter(part, "format").lower() != "flowed":
        return whole
    without_space = _parameter(part, "delsp").lower() == "yes"
    lines: list[str] = []
    open_depth = -1  # how deep the last line was quoted if it flows on
    for line in whole.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words_of = line[depth:].removeprefix(" ")
        flows = words_of.endswith(" ") and words_of != "-- "
        if depth == open_depth and words_of != "-- ":
            lines[-1] += words_of
        else:
            lines.append(">" * depth + (" " if depth else "") + words_of)
        if flows and without_space:
            lines[-1] = lines[-1].removesuffix(" ")
        open_depth = depth if flows else -1
    return "\n".join(lines)
