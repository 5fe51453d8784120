"""The mail servers: `mail.toml`, its fields, and where their passwords come from (never from the database)."""

from __future__ import annotations

import difflib
import ipaddress
import re
import ssl
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from ..options import Options, Unusable
from ..secret import from_environment, from_file, from_keyring

NAME = "mail.toml"
KEYRING_SERVICE = "agentconsole mail"
_BOX = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Tls(StrEnum):
    """How a connection is encrypted."""

    starttls = "starttls"
    tls = "tls"
    none = "none"


PORTS = {
    "smtp": {Tls.starttls: 587, Tls.tls: 465, Tls.none: 25},
    "imap": {Tls.starttls: 143, Tls.tls: 993, Tls.none: 143},
}


class Server(msgspec.Struct, frozen=True):
    """One half of a mailbox: where its mails are sent (smtp) or fetched (imap). ``user`` '' = no login."""

    host: str
    port: int
    tls: Tls
    user: str = ""
    password_env: str = ""
    password_file: str = ""
    password_keyring: str = ""
    ca_file: str = ""

    def context(self) -> ssl.SSLContext:
        """What the connection is encrypted with. Raises OSError if ``ca_file`` cannot be used."""
        return ssl.create_default_context(cafile=self.ca_file or None)


class Mailbox(msgspec.Struct, frozen=True):
    """A mailbox; ``smtp`` None = nothing is sent, ``imap`` None = nothing is fetched; ``drop`` is a folder into which mails
    are written instead of being sent ('' = they are sent).

    ``folder`` is fetched from, also every ``poll_s`` seconds where the server does not tell of new mail; what was taken
    in goes to the folder ``done`` ('' = it stays, marked as read).
    """

    name: str
    smtp: Server | None = None
    imap: Server | None = None
    folder: str = "INBOX"
    done: str = ""
    poll_s: int = 60
    drop: str = ""


Mailboxes = Mapping[str, Mailbox]

# name of the field, an example, and what it is
_HALF = (
    ("host", "", "Name of the {what} server; leave it out, and the mailbox {lacks}."),
    ("port", 0, "Its port; 0 takes the usual one ({ports})."),
    ("tls", "starttls", 'How the connection is encrypted: "starttls", "tls", or "none" (only on this machine).'),
    ("plain_allowed", False, 'Let "none" also lead to another machine: passwords and mails can be read on the way.'),
    ("ca_file", "", "File of the certificates to trust, if the server's is not signed by a public authority."),
    ("user", "", "Name to log in with; empty = no login."),
    ("password_env", "", "Where the password is: the name of a variable of the environment,"),
    ("password_file", "", "or a file that only the server's user may read, with the password alone in it,"),
    ("password_keyring", "", "or the name of an entry in the keyring (service \"agentconsole mail\")."),
)  # fmt: skip
_OWN = (
    ("smtp_folder", "", "Folder that mails are written into instead of being sent: to try everything without a mail server."),
    ("imap_folder", "INBOX", "Folder that mails are fetched from."),
    ("imap_done_folder", "", "Folder that they are moved to once they are tickets; empty = they stay, marked as read."),
    ("imap_poll_seconds", 60, "How often to look for mail where the server does not tell of it by itself."),
)  # fmt: skip


def _fields() -> dict[str, tuple[Any, str]]:
    """All fields of a mailbox: default and meaning."""
    found: dict[str, tuple[Any, str]] = {}
    for half, what, lacks in (("smtp", "sending", "sends nothing"), ("imap", "receiving", "fetches nothing")):
        ports = ", ".join(f"{port} for {tls}" for tls, port in PORTS[half].items())
        for name, default, meaning in _HALF:
            default = "tls" if (half, name) == ("imap", "tls") else default
            found[f"{half}_{name}"] = (default, meaning.format(what=what, lacks=lacks, ports=ports))
    for name, default, meaning in _OWN:
        found[name] = (default, meaning)
    return found


FIELDS = _fields()
_EXAMPLE: dict[str, Any] = {
    "smtp_host": "smtp.example.org",
    "smtp_user": "support@example.org",
    "smtp_password_env": "SUPPORT_MAIL_PASSWORD",
    "imap_host": "imap.example.org",
    "imap_user": "support@example.org",
    "imap_password_env": "SUPPORT_MAIL_PASSWORD",
}


def example() -> str:
    """A file to begin with; every field is explained."""
    lines = [
        "# Mailboxes of agentconsole. Put this file into the data folder as mail.toml, or name it with --mail.",
        "# A department sends and gets mail through the mailbox that it names:",
        "#   agentconsole admin department set support --address support@example.org --mailbox support",
        "# Several departments may share one. Then try it: agentconsole mail check",
        "",
        "[mailbox.support]",
    ]
    for name, (default, meaning) in FIELDS.items():
        value = _EXAMPLE.get(name, default)
        written = f"{name} = {msgspec.json.encode(value).decode()}"
        lines += [f"# {meaning}", written if name in _EXAMPLE else f"#{written}", ""]
    return "\n".join(lines)


def path_of(options: Options) -> Path:
    """Where the mailboxes stand."""
    return Path(options.mail).expanduser() if options.mail else options.data / NAME


def of(options: Options) -> Mailboxes:
    """The mailboxes in force; none if there is no file. Raises Unusable."""
    path = path_of(options)
    if not options.mail and not path.exists():
        return {}
    return read(path)


def read(path: Path) -> Mailboxes:
    """The mailboxes in a file. Raises Unusable, with the line and what to write instead."""
    try:
        written = path.read_text("utf-8")
        tables = tomllib.loads(written)
    except OSError as error:
        raise Unusable(f"The mailboxes in {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise Unusable(f"{path} is not UTF-8 text.") from None
    except (
        ValueError,
        RecursionError,
    ) as error:  # what tomllib raises, also of numbers and lists without end
        raise Unusable(f"{path} is not TOML: {error}.") from None
    found = _Found(path, written)
    for name in tables:
        if name != "mailbox" or not isinstance(tables[name], dict):
            raise found.wrong(f"{name} belongs into a table such as [mailbox.support].", "", name)
    return {name: found.mailbox(name, table) for name, table in tables.get("mailbox", {}).items()}


class _Found:
    """What stands in a file, with its lines for complaints."""

    def __init__(self, path: Path, written: str) -> None:
        self.path = path
        self.lines = written.splitlines()

    def wrong(self, sentence: str, table: str, field: str = "") -> Unusable:
        """The complaint, naming the line."""
        return Unusable(f"{self.path}, line {self._line(table, field)}: {sentence}")

    def _line(self, table: str, field: str) -> int:
        inside, start = not table, 1
        for number, line in enumerate(self.lines, 1):
            head = re.match(r"\s*\[\s*mailbox\s*\.\s*\"?([^\]\"]*?)\"?\s*\]", line)
            if head:
                inside = head[1] == table or not table
                start = number if head[1] == table else start
            if inside and field and re.match(rf"\s*\[?{re.escape(field)}\b", line):
                return number
        return start

    def mailbox(self, name: str, table: Any) -> Mailbox:
        """One mailbox. Raises Unusable."""
        if not isinstance(table, dict) or not _BOX.fullmatch(name):
            raise self.wrong(
                "A mailbox is a table whose name has small letters, digits, - and _ alone.", "", name
            )
        for field, value in table.items():
            self._known(name, field, value)
        given = {field: table.get(field, default) for field, (default, _) in FIELDS.items()}
        smtp, imap = self._half(name, "smtp", given), self._half(name, "imap", given)
        if smtp is not None and given["smtp_folder"]:
            raise self.wrong(
                "Mails go to smtp_host, or into smtp_folder: write one of them.", name, "smtp_folder"
            )
        if smtp is None and imap is None and not given["smtp_folder"]:
            raise self.wrong("It has neither smtp_host nor imap_host; write one of them.", name)
        return Mailbox(
            name=name,
            smtp=smtp,
            imap=imap,
            folder=given["imap_folder"],
            done=given["imap_done_folder"],
            poll_s=max(5, given["imap_poll_seconds"]),
            drop=given["smtp_folder"],
        )

    def _known(self, name: str, field: str, value: Any) -> None:
        if field not in FIELDS:
            near = difflib.get_close_matches(field, FIELDS, 1)
            hint = f" Did you mean {near[0]}?" if near else f" The fields are {', '.join(FIELDS)}."
            if field.endswith("password"):
                hint = (
                    " No password stands in this file; name where it is with password_env, _file or _keyring."
                )
            raise self.wrong(f"There is no field {field}.{hint}", name, field)
        default = FIELDS[field][0]
        if type(value) is not type(default):
            shape = {str: 'a text in quotes, as "x"', int: "a number", bool: "true or false"}[type(default)]
            raise self.wrong(f"{field} must be {shape}.", name, field)

    def _half(self, name: str, half: str, given: Mapping[str, Any]) -> Server | None:
        of = {field: given[f"{half}_{field}"] for field, _, _ in _HALF}
        if not of["host"]:
            return None
        if of["tls"] not in {tls.value for tls in Tls}:
            raise self.wrong(f'{half}_tls must be "starttls", "tls" or "none".', name, f"{half}_tls")
        tls = Tls(of["tls"])
        if tls is Tls.none and not of["plain_allowed"] and not is_loopback(of["host"]):
            raise self.wrong(
                f"Without TLS others could read along on the way to {of['host']}."
                f' Write {half}_tls = "starttls", or {half}_plain_allowed = true if you must.',
                name,
                f"{half}_tls",
            )
        homes = [field for field in ("password_env", "password_file", "password_keyring") if of[field]]
        if of["user"] and len(homes) != 1:
            raise self.wrong(
                f"Say where the password of {half}_user is: with one of {half}_password_env, _file, _keyring.",
                name,
                f"{half}_user",
            )
        if not 0 <= of["port"] <= 65_535:
            raise self.wrong(f"{half}_port must be 0 to 65535.", name, f"{half}_port")
        port = of["port"] or PORTS[half][tls]
        secrets = {field: of[field] for field in ("password_env", "password_file", "password_keyring")}
        return Server(of["host"], port, tls, of["user"], **secrets, ca_file=of["ca_file"])


def is_loopback(host: str) -> bool:
    """Does this name mean this machine itself?"""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host in ("localhost", "localhost.localdomain")


def password(server: Server, env: Mapping[str, str] | None = None) -> str:
    """The password of a server; it may take seconds. Raises NoPassword."""
    if server.password_env:
        return from_environment(server.password_env, env)
    if server.password_file:
        return from_file(Path(server.password_file).expanduser())
    return from_keyring(KEYRING_SERVICE, server.password_keyring)
