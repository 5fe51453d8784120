"""Writes docs/protocol.md: the words of the sockets, from the words themselves. `python tools/protocol_page.py`."""

from __future__ import annotations

import inspect
import typing
from pathlib import Path
from typing import Any

import msgspec

from agentconsole import protocol

PAGE = Path(__file__).parent.parent / "docs" / "protocol.md"

INTRO = """\
# The socket protocol

*Generated from `agentconsole.protocol` by `python tools/protocol_page.py`; a test holds the two together.*

Two WebSocket doors: `/ws/visitor` and `/ws/staff`. One JSON object a text frame, told apart by `t`; what happened in a
conversation is told apart by `kind`. Frames are at most {frame:,} bytes, compression is off. A field with a default may
be left out; an unknown field, a number out of its bounds, NaN, a lone surrogate or a second value of another type is
answered with `refused` (`bad_frame`), and the third such frame closes the socket. Of duplicate keys the last wins,
but a frame with two different `t` is no word and refused.

**Hello.** The first frame is `hello`, within 5 seconds. A browser's `Origin` must be the server's own. Visitors bring a
token that their browser made (32 random bytes, base64url); staff bring a session's token from `POST /api/sessions`.

**Acknowledged means durable.** `ack` is sent after the commit that survives power loss, and nobody hears of anything
before it. Every command with a `cid` may be sent again at any time: it is carried out once and acknowledged alike; the
same `cid` with other content is refused as `id_reused`.

**One log a conversation.** Staff read it by `seq`, the visitor reads the public events by `pub`; both count 1, 2, 3 ...
without gaps. `hello` carries the last number of each conversation; the server answers with `resume` and the events after
it. A cursor that does not fit is answered with `reset`: forget, and take what follows. A gap means: connect again.

**Lists** (queue, my chats, team ...) come whole after `hello`, up to `synced`; afterwards a card replaces the one before
if its `version` is not older, and `gone` takes it away.

**Signs of life.** The client sends `ping` every {ping} seconds and either side gives the other up after {lost} seconds of
silence. Typing and marks are never stored as events; a preview is forgotten after 8 seconds.

**Closing.** 1008 not to the rules · 1009 too big · 1012 the server restarts (after `bye` with `retry_ms`) · 1013 too many
or too slow · 4001 the session has ended, log in again · 4002 the visitor's token is too old, make a new one. A slow reader
is cut off and resumes; reconnect after a random 0-5 s, then doubling up to 60 s with full jitter; `retry_ms` wins.

**Pace.** A socket may say 200 things at once and `--frames-per-second` (50) after that; what comes faster is read later, and
nothing of it is lost.
"""

SECTIONS: list[tuple[str, Any]] = [
    ("What a visitor sends", protocol.VisitorCommand),
    ("What a visitor gets", protocol.VisitorFrame),
    ("What staff send", protocol.StaffCommand),
    ("What staff get", protocol.StaffFrame),
    ("What happens: public events", protocol.PublicWhat),
    ("What happens: staff-only events", protocol.StaffWhat),
    ("What happens in a ticket: what its customer got or sent", protocol.TicketPublicWhat),
    ("What happens in a ticket: for staff alone", protocol.TicketStaffWhat),
]
PARTS = [
    protocol.VisitorCursor,
    protocol.Cursor,
    protocol.DepartmentFace,
    protocol.DepartmentCard,
    protocol.Grant,
    protocol.Party,
    protocol.Face,
    protocol.FileCard,
    protocol.TicketCount,
    protocol.TicketViewer,
]
SETS = [
    protocol.State,
    protocol.Status,
    protocol.Side,
    protocol.Role,
    protocol.Rating,
    protocol.Outcome,
    protocol.Code,
    protocol.TicketStatus,
    protocol.TicketPriority,
    protocol.Clock,
    protocol.MailKind,
    protocol.MailState,
]


def page() -> str:
    """The whole page."""
    lines = [
        INTRO.format(frame=protocol.MAX_FRAME, ping=protocol.PING_SECONDS, lost=protocol.LINK_LOST_SECONDS)
    ]
    for title, union in SECTIONS:
        lines.append(f"## {title}\n")
        lines.extend(_word(word) for word in typing.get_args(union))
    lines.append("## Parts\n")
    lines.extend(_word(part) for part in PARTS)
    lines.append("## Closed sets\n")
    for found in SETS:
        values = " · ".join(f"`{value.value}`" for value in found)
        lines.append(f"**{found.__name__}** {_sentence(found)} {values}\n")
    return "\n".join(lines)


def _word(word: type[msgspec.Struct]) -> str:
    tag = word.__struct_config__.tag
    name = f"`{tag}`" if tag else f"`{word.__name__}`"
    rows = [f"### {name}\n", _sentence(word) + "\n"]
    fields = msgspec.structs.fields(word)
    if fields:
        hints = typing.get_type_hints(word, include_extras=True)
        rows += ["| field | type | default |", "|---|---|---|"]
        rows += [f"| `{item.name}` | {_type(hints[item.name])} | {_default(item)} |" for item in fields]
        rows.append("")
    return "\n".join(rows)


def _sentence(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").split()).replace("``", "`")


def _default(item: Any) -> str:
    if item.default is msgspec.UNSET:
        return "left as it is"
    if item.default is not msgspec.NODEFAULT:
        return f"`{msgspec.json.encode(item.default).decode()}`"
    return "`[]`" if item.default_factory is not msgspec.NODEFAULT else "required"


def _type(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Annotated:
        base, *metas = typing.get_args(hint)
        return f"{_type(base)} {_bounds(metas[0])}".strip()
    if typing.get_origin(hint) is list:
        return f"list of {_type(typing.get_args(hint)[0])}"
    arguments = [argument for argument in typing.get_args(hint) if argument is not msgspec.UnsetType]
    if len(arguments) > 3:
        return "one of the events below"
    if arguments:
        return " or ".join(_type(argument) for argument in arguments)
    return {str: "text", int: "int", bool: "bool", type(None): "null"}.get(
        hint, getattr(hint, "__name__", str(hint))
    )


def _bounds(meta: msgspec.Meta) -> str:
    words = []
    if meta.ge is not None and meta.le is not None:
        top = "2^53" if meta.le == protocol.MAX_INT else str(meta.le)
        words.append(f"{meta.ge} to {top}")
    if meta.max_length is not None:
        least = f"{meta.min_length} to " if meta.min_length else "at most "
        words.append(f"{least}{meta.max_length} long")
    if meta.pattern:
        words.append(f"`{meta.pattern}`")
    return f"({', '.join(words)})" if words else ""


if __name__ == "__main__":
    PAGE.write_text(page())
