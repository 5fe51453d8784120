"""The signed token in the address that a customer answers to: the only key to a ticket that a mail can bring.

It names a ticket and the day it was made, and is signed for one recipient: nobody else's answer opens the ticket with
it. Small letters and digits alone, for mail servers change the case of addresses and some know no signs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from .domain.spans import DAY_MS

DAYS = 180  # after which a token is not believed any more
KEY_BYTES = 32
_TICKET, _DAY, _MARK = 5, 2, 10  # bytes
_LENGTH = (_TICKET + _DAY + _MARK) * 8 // 5 + 1


def sign(key: bytes, ticket: int, recipient: str, now: int) -> str:
    """The token for the answers of a recipient to a ticket."""
    named = ticket.to_bytes(_TICKET, "big") + (now // DAY_MS).to_bytes(_DAY, "big")
    return base64.b32encode(named + _mark(key, named, recipient)).decode().rstrip("=").lower()


def read(key: bytes, token: str, sender: str, now: int) -> int:
    """The ticket that a token opens to this sender; 0 = none: forged, too old, or signed for somebody else."""
    named, mark = _taken_apart(token)
    if not named or not hmac.compare_digest(mark, _mark(key, named, sender)):
        return 0
    age = now // DAY_MS - int.from_bytes(named[_TICKET:], "big")
    return int.from_bytes(named[:_TICKET], "big") if age <= DAYS else 0


def named_in(token: str) -> int:
    """The ticket that a token names, whoever brings it: a hint for people and no key; 0 = none."""
    return int.from_bytes(_taken_apart(token)[0][:_TICKET], "big")


def _taken_apart(token: str) -> tuple[bytes, bytes]:
    """The signed part and its mark, both empty if this is no token."""
    if len(token) != _LENGTH or not token.isascii():
        return b"", b""
    try:
        raw = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return b"", b""
    return raw[: _TICKET + _DAY], raw[_TICKET + _DAY :]


def _mark(key: bytes, named: bytes, recipient: str) -> bytes:
    return hmac.digest(key, named + _in_ascii(recipient.strip().lower()).encode(), hashlib.sha256)[:_MARK]


def _in_ascii(address: str) -> str:
    """An address as mail servers write it: people write the same domain in their own letters."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode()
    except UnicodeError:
        return address
