"""How a department writes and gets e-mail."""

from __future__ import annotations

import msgspec


class Mailing(msgspec.Struct, frozen=True):
    """``address`` is what its mails come from, ``also`` other addresses that lead to it, ``display`` the name beside it.

    ``mailbox`` names the settings of the mail servers (docs/settings.md; '' = it sends no mail); mail in a mailbox that
    several departments share goes by the address it was sent to. ``language`` is that of its templates.
    ``acknowledge``: who writes is told that it has come; ``tell_solved``: that it is solved; ``transcript``: chats are
    mailed to visitors who ask for it. ``missed``: an abandoned chat with an e-mail address becomes a ticket. ``plus``:
    the mail server delivers address+anything to the address, so that answers can bring their ticket's token there.
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
    plus: bool = True

    @property
    def sends(self) -> bool:
        """Does this department write mails: has it an address and somewhere to send them from?"""
        return bool(self.address and self.mailbox)

    @property
    def addresses(self) -> tuple[str, ...]:
        """All addresses that are ours, in lower case."""
        return tuple(address.lower() for address in (self.address, *self.also) if address)
