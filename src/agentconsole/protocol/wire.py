"""Encoding and strict decoding: the one door for JSON from outside."""

from __future__ import annotations

from typing import Any

import msgspec

from .commands import StaffCommand, VisitorCommand
from .events import PublicWhat, What
from .frames import StaffFrame, VisitorFrame
from .tickets import TicketPublicWhat, TicketWhat


class BadFrame(ValueError):
    """What came in is not one of our words; the message says what is wrong with it."""


encode = msgspec.json.Encoder().encode

_visitor_command = msgspec.json.Decoder(VisitorCommand)
_staff_command = msgspec.json.Decoder(StaffCommand)
_visitor_frame = msgspec.json.Decoder(VisitorFrame)
_staff_frame = msgspec.json.Decoder(StaffFrame)
_what = msgspec.json.Decoder(What)
_ticket_what = msgspec.json.Decoder(TicketWhat)
_ticket_public_what = msgspec.json.Decoder(TicketPublicWhat)
_public_what = msgspec.json.Decoder(PublicWhat)


def _decode(decoder: msgspec.json.Decoder[Any], data: bytes | str) -> Any:
    try:
        return decoder.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise BadFrame(str(error)) from error


def decode_visitor_command(data: bytes | str) -> VisitorCommand:
    """A frame from a visitor. Raises BadFrame."""
    command: VisitorCommand = _decode(_visitor_command, data)
    return command


def decode_staff_command(data: bytes | str) -> StaffCommand:
    """A frame from staff. Raises BadFrame."""
    command: StaffCommand = _decode(_staff_command, data)
    return command


def decode_visitor_frame(data: bytes | str) -> VisitorFrame:
    """A frame from the server to a visitor. Raises BadFrame."""
    frame: VisitorFrame = _decode(_visitor_frame, data)
    return frame


def decode_staff_frame(data: bytes | str) -> StaffFrame:
    """A frame from the server to staff. Raises BadFrame."""
    frame: StaffFrame = _decode(_staff_frame, data)
    return frame


def decode_what(data: bytes | str) -> What:
    """The stored body of an event of either table. Raises BadFrame."""
    what: What = _decode(_what, data)
    return what


def decode_public_what(data: bytes | str) -> PublicWhat:
    """The stored body of a public event; a staff-only word is refused here. Raises BadFrame."""
    what: PublicWhat = _decode(_public_what, data)
    return what


def decode_ticket_what(data: bytes | str) -> TicketWhat:
    """The stored body of an event of a ticket, of either table. Raises BadFrame."""
    what: TicketWhat = _decode(_ticket_what, data)
    return what


def decode_ticket_public_what(data: bytes | str) -> TicketPublicWhat:
    """The stored body of a ticket's public event; a staff-only word is refused here. Raises BadFrame."""
    what: TicketPublicWhat = _decode(_ticket_public_what, data)
    return what
