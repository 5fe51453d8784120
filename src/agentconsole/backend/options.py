"""The server's settings: one struct, one sentence a field; flags win over AGENTCONSOLE_* variables, those over defaults."""

from __future__ import annotations

import argparse
import ipaddress
import re
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from platformdirs import user_data_path

PREFIX = "AGENTCONSOLE_"
MEBIBYTE = 1 << 20


def _set(meaning: str, default: Any, least: float = 0) -> Any:
    return field(default=default, metadata={"help": meaning, "least": least})


@dataclass(frozen=True, kw_only=True)
class Options:
    """All settings of `agentconsole serve`."""

    data: Path = field(
        default_factory=lambda: user_data_path("agentconsole"),
        metadata={"help": "Folder of the database, its lock and the operator's socket."},
    )
    database: str = _set(
        "Address of a PostgreSQL database; empty keeps an SQLite file in the data folder.", ""
    )
    mail: str = _set(
        "File of the mailboxes (docs/mail.md); empty takes mail.toml in the data folder, if there is one.", ""
    )
    webhook_secret_from: str = _set(
        "Where the secret is that webhooks are signed with: env:VARIABLE, file:PATH or keyring:ENTRY; empty makes"
        " webhook.secret in the data folder.",
        "",
    )
    mail_days: int = _set(
        "Days for which mails are kept as they came and went; what they said stays in the tickets.", 400, 1
    )
    quarantine_days: int = _set(
        "Days for which mails that were released from quarantine, discarded, or ignored as automatic, are listed.",
        90,
        1,
    )
    firing_days: int = _set(
        "Days after which it is forgotten when a rule fired, except on tickets that are not closed.", 400, 1
    )
    host: str = _set("Address to listen on; other machines reach it only if it is not loopback.", "127.0.0.1")
    port: int = _set("Port to listen on; 0 takes any free one.", 8080)
    tls_cert: str = _set("File of the certificate chain, if this server speaks TLS itself.", "")
    tls_key: str = _set("File of the certificate's private key.", "")
    behind_proxy: bool = _set("A reverse proxy in front of this server speaks TLS.", False)
    trusted_proxies: tuple[str, ...] = _set(
        "Addresses or networks of the proxies whose X-Forwarded headers are believed (with behind_proxy).",
        ("127.0.0.0/8", "::1"),
    )
    public_url: str = _set("How browsers reach this server, such as https://chat.example.org.", "")
    frame_sites: tuple[str, ...] = _set(
        "Sites that may show the chat in their pages, such as https://www.example.org; empty lets any.", ()
    )
    log_level: str = _set("The least important kind of log line: debug, info, warning or error.", "info")
    message_burst: int = _set("Lines that a visitor may send at once.", 10, 1)
    messages_per_second: float = _set("Lines a second that a visitor may send after that.", 1.0, 0.001)
    chats_per_token: int = _set(
        "Chats and left messages that one visitor may begin within chats_minutes.", 3, 1
    )
    chats_per_address: int = _set(
        "Chats and left messages that one address (or IPv6 /64) may begin within chats_minutes.", 10, 1
    )
    chats_minutes: float = _set("Minutes in which beginnings are counted.", 10.0, 0.01)
    sockets_per_token: int = _set("Windows that one visitor may have open.", 4, 1)
    sockets_per_address: int = _set("Sockets that one address (or IPv6 /64) may have open.", 30, 1)
    sockets: int = _set("Sockets that this server holds in all.", 10_000, 1)
    hello_seconds: float = _set("Seconds in which a socket must say who it is.", 5.0, 0.1)
    head_seconds: float = _set(
        "Seconds in which a request's first line and headers must have come, or the connection is closed.",
        10.0,
        0.1,
    )
    frames_per_second: float = _set(
        "Frames that are read from one socket each second, after 200 at once; those that come faster wait.",
        50.0,
        1,
    )
    visitor_buffer: int = _set(
        "Bytes that may wait for a slow visitor before it is cut off.", MEBIBYTE, 262_144
    )
    staff_buffer: int = _set(
        "Bytes that may wait for a slow console before it is cut off.", 8 * MEBIBYTE, 65_536
    )
    login_tries_per_account: int = _set("Wrong passwords in a row before an account has to wait.", 5, 1)
    login_tries_per_address: int = _set(
        "Wrong passwords from one address (or IPv6 /64) before it has to wait.", 10, 1
    )
    login_minutes: float = _set(
        "Minutes after which wrong passwords are forgotten; also the longest wait.", 15.0, 0.01
    )
    seat_hold_seconds: float = _set(
        "Seconds after an agent's last sign of life in which the chats are kept, before they go back to the queue.",
        60.0,
        1,
    )
    session_days: float = _set("Days after which a login ends.", 7.0, 0.00001)

    @property
    def database_url(self) -> str:
        """Where the database is, as SQLAlchemy writes it."""
        if not self.database:
            return f"sqlite:///{self.data / 'agentconsole.db'}"
        return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", self.database)

    @property
    def tls(self) -> bool:
        """Does this server itself speak TLS?"""
        return bool(self.tls_cert)

    @property
    def loopback(self) -> bool:
        """Can only this machine reach it?"""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class Unusable(Exception):
    """The settings cannot be; the message says which and what to do."""


def parser(prog: str = "agentconsole serve") -> argparse.ArgumentParser:
    """The flags: the fields' names with hyphens."""
    words = argparse.ArgumentParser(
        prog=prog,
        description="Run the server. Each flag may also stand in the environment: --tls-cert as AGENTCONSOLE_TLS_CERT.",
        allow_abbrev=False,
    )
    for item in fields(Options):
        flag = "--" + item.name.replace("_", "-")
        meaning = item.metadata["help"].replace("%", "%%")
        if isinstance(_default(item), bool):
            words.add_argument(flag, action="store_true", default=None, help=meaning)
        else:
            shown = _written(_default(item))
            hint = f" (default: {shown})" if shown and item.name != "data" else ""
            number = isinstance(_default(item), (int, float))
            metavar = "N" if number else item.name.split("_")[-1].upper()
            words.add_argument(flag, metavar=metavar, default=None, help=meaning + hint)
    return words


def load(flags: Sequence[str], env: Mapping[str, str]) -> Options:
    """The settings in force. Raises Unusable; a wrong flag ends the program with its usage."""
    given = vars(parser().parse_args(flags))
    return read({name: value for name, value in given.items() if value is not None}, env)


def read(given: Mapping[str, Any], env: Mapping[str, str]) -> Options:
    """Settings from given values (by field name), then the environment. Raises Unusable."""
    changes = {}
    for item in fields(Options):
        written = given.get(item.name, env.get(PREFIX + item.name.upper()))
        if written is not None and written != "":
            least = item.metadata.get("least", 0)
            changes[item.name] = _value(item.name, _default(item), written, least)
    options = replace(Options(), **changes)
    if options.database and not re.match(r"postgres(ql)?(\+psycopg)?://", options.database):
        raise Unusable(
            "database must be an address such as postgresql://user@host/name; leave it empty for SQLite."
        )
    if options.webhook_secret_from and not re.match(r"(env|file|keyring):.", options.webhook_secret_from):
        raise Unusable(
            "webhook_secret_from says where the secret is, as env:VARIABLE, file:/path/of/it or keyring:ENTRY,"
            " and never holds it."
        )
    return options


def check(options: Options) -> Options:
    """The same settings, if a server may run with them. Raises Unusable."""
    if bool(options.tls_cert) != bool(options.tls_key):
        raise Unusable("TLS needs both files: give --tls-cert and --tls-key.")
    if options.tls and options.behind_proxy:
        raise Unusable(
            "Either this server speaks TLS (--tls-cert) or the proxy does (--behind-proxy), not both."
        )
    if not options.loopback and not options.tls and not options.behind_proxy:
        raise Unusable(
            f"Others could read along on {options.host}: passwords and chats would travel unencrypted."
            " Give --tls-cert and --tls-key, or --behind-proxy if a proxy speaks TLS, or --host 127.0.0.1."
        )
    if options.port > 65_535:
        raise Unusable(f"There is no port {options.port}; the last one is 65535.")
    for proxy in options.trusted_proxies:
        _network(proxy)
    for site in options.frame_sites:
        _site(site)
    if options.public_url and urlsplit(options.public_url).scheme not in ("http", "https"):
        raise Unusable(
            f"public_url must begin with https:// or http://, and {options.public_url!r} does not."
        )
    if urlsplit(options.public_url).path.strip("/"):
        raise Unusable("public_url must be without a path: the server answers at the root of its address.")
    if options.log_level not in ("debug", "info", "warning", "error"):
        raise Unusable(f"log_level must be debug, info, warning or error, not {options.log_level!r}.")
    return options


def certified(options: Options) -> None:
    """Can the files of TLS be used, if there are any? Raises Unusable."""
    if not options.tls:
        return
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(options.tls_cert, options.tls_key, lambda: b"")
    except OSError as error:
        raise Unusable(
            f"The TLS files {options.tls_cert} and {options.tls_key} cannot be used: {error.strerror or error}."
            " Both must be PEM files that the server may read, the key without a passphrase."
        ) from None


def as_markdown() -> str:
    """The server's part of docs/settings.md."""
    rows = ["| flag | environment | default | meaning |", "|---|---|---|---|"]
    for item in fields(Options):
        default = "the platform's data folder" if item.name == "data" else f"`{_written(_default(item))}`"
        flag = "--" + item.name.replace("_", "-")
        shown = "" if default == "``" else default
        rows.append(f"| `{flag}` | `{PREFIX}{item.name.upper()}` | {shown} | {item.metadata['help']} |")
    return "\n".join(rows) + "\n"


def _default(item: Any) -> Any:
    return Path() if item.name == "data" else item.default


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return " ".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _value(name: str, default: Any, written: Any, least: float) -> Any:
    if isinstance(default, bool):
        return _yes_or_no(name, written)
    if isinstance(default, Path):
        return Path(written).expanduser().absolute()
    if isinstance(default, tuple):
        return tuple(word for word in re.split(r"[\s,]+", written) if word)
    if isinstance(default, str):
        return str(written)
    try:
        value = type(default)(written)
    except ValueError:
        raise Unusable(f"{name} must be a number, and {written!r} is none.") from None
    if not value >= least or value == float("inf"):
        raise Unusable(f"{name} must be at least {least:g}, and {written} is not.")
    return value


def _yes_or_no(name: str, written: Any) -> bool:
    words = {True: True, "yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
    found = words.get(written.lower() if isinstance(written, str) else written)
    if found is None:
        raise Unusable(f"{name} must be yes or no, not {written!r}.")
    return found


def _network(proxy: str) -> None:
    try:
        ipaddress.ip_network(proxy, strict=False)
    except ValueError:
        raise Unusable(f"trusted_proxies holds addresses or networks, and {proxy!r} is neither.") from None


def _site(site: str) -> None:
    if not re.fullmatch(r"https?://(\*\.)?[A-Za-z0-9.\-\[\]:]+", site):
        raise Unusable(f"frame_sites holds sites such as https://www.example.org, and {site!r} is none.")


if __name__ == "__main__":
    print(as_markdown(), end="")
