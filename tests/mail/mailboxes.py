"""mail.toml for mail servers on this machine."""

import json

from tests.mail.post_office import HOST


def mailbox(name: str, *, smtp: int = 0, imap: int = 0, user: str = "", **more: str | int) -> str:
    """A mailbox whose servers encrypt nothing, by their ports (0 = it has no such half); ``more`` are other fields.

    The password of the IMAP server's ``user`` is expected in MAIL_PASSWORD.
    """
    fields: dict[str, str | int] = {}
    if smtp:
        fields |= {"smtp_host": HOST, "smtp_port": smtp, "smtp_tls": "none"}
    if imap:
        fields |= {"imap_host": HOST, "imap_port": imap, "imap_tls": "none"}
        fields |= {"imap_user": user, "imap_password_env": "MAIL_PASSWORD"}
    lines = [f"{key} = {json.dumps(value)}" for key, value in (fields | more).items()]
    return "\n".join([f"[mailbox.{name}]", *lines, ""])
