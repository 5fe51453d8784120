"""Signs calls to other systems as Standard Webhooks has it, so that who is called knows that it was us."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .options import Options
from .secret import NoPassword, from_environment, from_file, from_keyring, give_to_owner

NAME = "webhook.secret"
KEYRING_SERVICE = "agentconsole webhooks"
PREFIX = "whsec_"
LEAST, NEW, MOST = 24, 32, 64  # bytes of a key
KEYS = 4


def written(options: Options, env: Mapping[str, str] | None = None) -> str:
    """The secrets as they are kept, the newest first, between spaces or lines. It may take seconds. Raises NoPassword.

    Where none is named, one is made in the data folder, for the server's user alone.
    """
    home, _, name = options.webhook_secret_from.partition(":")
    if home == "env":
        return from_environment(name, env)
    if home == "keyring":
        return from_keyring(KEYRING_SERVICE, name)
    path = Path(name).expanduser() if name else options.data / NAME
    if not name and not path.exists():
        try:
            _make(path)
        except OSError as error:
            raise NoPassword(f"The secret file {path} cannot be made: {error.strerror or error}.") from None
    return from_file(path, "secret")


def _make(path: Path) -> None:
    """A file with a new secret, there whole or not at all; who comes second finds that of the first. Raises OSError.

    If root makes it, it is the folder's owner's, as whom the server runs.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            give_to_owner(file.fileno(), path.parent)
            file.write(f"{PREFIX}{base64.b64encode(secrets.token_bytes(NEW)).decode()}\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def keys(kept: str) -> tuple[bytes, ...]:
    """The keys in what is kept. Raises NoPassword."""
    found = kept.split()
    if not found or len(found) > KEYS or len(set(found)) < len(found):
        raise NoPassword(f"There must be one secret for webhooks, or up to {KEYS} different ones.")
    return tuple(_key(word) for word in found)


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(PREFIX), validate=True) if word.startswith(PREFIX) else b""
    except (binascii.Error, ValueError):
        key = b""
    if not LEAST <= len(key) <= MOST:
        raise NoPassword(
            f"A secret for webhooks is {PREFIX} and {LEAST} to {MOST} bytes in base64. To make one:"
            f" printf '{PREFIX}%s\\n' \"$(openssl rand -base64 {NEW})\""
        )
    return key


def headers(signed_with: Sequence[bytes], key: str, body: bytes, now: int) -> dict[str, str]:
    """What tells of a call whose it is: ``key`` is its id, ``now`` when it is sent, in milliseconds."""
    seconds = str(now // 1_000)
    content = b".".join((key.encode(), seconds.encode(), body))
    marks = (hmac.digest(each, content, hashlib.sha256) for each in signed_with)
    return {
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mark).decode()}" for mark in marks),
    }
