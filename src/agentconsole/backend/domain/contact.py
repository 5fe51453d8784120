"""A name and an e-mail address as people give them."""

from __future__ import annotations

from agentconsole.protocol import MAX_EMAIL, MAX_NAME, Code

from .life import Refusal, without_nul


def checked_name(name: str) -> str:
    """A name without the white space around it. Raises Refusal too_long or invalid."""
    name = name.strip()
    if len(name) > MAX_NAME:
        raise Refusal(Code.too_long, f"A name may have up to {MAX_NAME} characters.")
    return without_nul(name)


def checked_email(email: str) -> str:
    """An e-mail address in lower case. Raises Refusal invalid."""
    email = email.strip().lower()
    local, _, domain = email.rpartition("@")
    sound = local and "." in domain and not domain.startswith(".") and len(email) <= MAX_EMAIL
    if not sound or any(
        letter.isspace() or not letter.isprintable() or letter in '<>,;:"' for letter in email
    ):
        raise Refusal(Code.invalid, "This is not an e-mail address that we could answer to.")
    return email
