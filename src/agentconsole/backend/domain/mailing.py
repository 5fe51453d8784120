"""How a department writes and gets e-mail."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from .contact import checked_email
from .life import Refusal, without_nul

MAX_LOCAL = 34  # characters before the @ that leave room for a reply token
MAX_SIGNATURE = 2_000
MAX_ALSO = 20
# What a department's settings call each field; the first lead mails somewhere, which is the administrators' to say.
LEADING = {"address": "address", "also": "also", "mailbox": "mailbox", "plus": "plus"}
WORDS = {
    **LEADING,
    "mail_name": "display",
    "mail_language": "language",
    "signature": "signature",
    "acknowledge": "acknowledge",
    "tell_solved": "tell_solved",
    "transcript": "transcript",
    "missed": "missed",
    "mail_html": "html",
}
_MAILBOX = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


class Mailing(msgspec.Struct, frozen=True):
    """``address`` is what its mails come from, ``also`` other addresses that lead to it, ``display`` the name beside it.

    ``mailbox`` names the settings of the mail servers (docs/settings.md; '' = it sends no mail); mail in a mailbox that
    several departments share goes by the address it was sent to. ``language`` is that of its templates.
    ``acknowledge``: who writes is told that it has come; ``tell_solved``: that it is solved; ``transcript``: a chat
    that is over is mailed to its visitor who gave an address and was answered. ``missed``: an abandoned chat with an
    e-mail address becomes a ticket. ``html``: its mails say the same as HTML too, for programs that show nothing else
    well. ``plus``: the mail server delivers address+anything to the address, so that answers can bring their ticket's
    token there.
    """

    address: str = ""
    also: tuple[str, ...] = ()
    display: str = ""
    mailbox: str = ""
    language: str = "en"
    signature: str = ""
    acknowledge: bool = True
    tell_solved: bool = False
    transcript: bool = False
    missed: bool = False
    html: bool = False
    plus: bool = True

    @property
    def sends(self) -> bool:
        """Does this department write mails: has it an address and somewhere to send them from?"""
        return bool(self.address and self.mailbox)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses that are ours, in lower case."""
        return tuple(address.lower() for address in (self.address, *self.also) if address)


def texts(found: Mailing) -> dict[str, Any]:
    """The fields as a department's settings call them."""
    given = {word: getattr(found, field) for word, field in WORDS.items()}
    return {**given, "also": list(found.also)}


def rewritten(found: Mailing, wish: Any) -> Mailing:
    """What it becomes when the fields of the wish that are not None are changed. Raises ValueError with a sentence."""
    given = {field: value for word, field in WORDS.items() if (value := getattr(wish, word)) is not None}
    if "address" in given:
        given["address"] = _address(given["address"]) if given["address"].strip() else ""
    if "also" in given:
        if len(given["also"]) > MAX_ALSO:
            raise ValueError(f"More than {MAX_ALSO} other addresses are too many.")
        given["also"] = tuple(dict.fromkeys(_address(one) for one in given["also"] if one.strip()))
    for field, length in (("display", 80), ("signature", MAX_SIGNATURE)):
        if len(given.get(field, "")) > length:
            raise ValueError(f"A department's {field} in mails may have up to {length:,} characters.")
        if field in given:
            given[field] = without_nul(given[field].strip())
    if given.get("mailbox") and not _MAILBOX.fullmatch(given["mailbox"]):
        raise ValueError("A mailbox is called as in mail.toml: small letters, digits, - and _.")
    if "language" in given:
        checked_language(given["language"] or "-")
    return msgspec.structs.replace(found, **given)


def checked_language(written: str) -> str:
    """A language as en, nb or pt-BR, or ''. Raises ValueError."""
    if written and not _LANGUAGE.fullmatch(written):
        raise ValueError("Write the language as en, nb or pt-BR.")
    return written


def _address(written: str) -> str:
    try:
        found = checked_email(written)
    except Refusal:
        raise ValueError(f"{written!r} is no e-mail address.") from None
    local = found.partition("@")[0]
    if "+" in local or not found.isascii() or len(local) > MAX_LOCAL:
        raise ValueError(
            f"A department's address has plain letters, no +, and up to {MAX_LOCAL} characters before the @,"
            " so that a reply token fits behind them."
        )
    return found
