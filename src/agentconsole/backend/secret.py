"""Where passwords and keys come from: a variable of the environment, a file of the owner's alone, or the keyring."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

KEYRING_SECONDS = 3.0
_REFUSED = ("keyrings.alt", "keyring.backends.null", "keyring.backends.fail")  # plain text, or nothing at all


class NoPassword(Exception):
    """A password or key that cannot be had; the message says what to do and never shows one."""


def give_to_owner(file: int, folder: Path) -> None:
    """An open file that root made is its folder's owner's, as whom the server runs; one with other names stays."""
    made = os.fstat(file)
    if os.geteuid() == 0 and made.st_uid == 0 and made.st_nlink == 1:
        owner = folder.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def from_environment(name: str, env: Mapping[str, str] | None = None) -> str:
    """Raises NoPassword."""
    found = (os.environ if env is None else env).get(name, "")
    if not found:
        raise NoPassword(f"The variable {name} is not set in the server's environment.")
    return found


def from_file(path: Path, what: str = "password") -> str:
    """What a file holds that only its owner may read, without the ends of lines around it. Raises NoPassword."""
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise NoPassword(f"Others may read {path}; say chmod 600 {path}.")
        found = path.read_text("utf-8").strip("\r\n")
    except OSError as error:
        raise NoPassword(f"The {what} file {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise NoPassword(f"The {what} file {path} is not UTF-8 text.") from None
    if not found:
        raise NoPassword(f"The {what} file {path} is empty.")
    return found


def from_keyring(service: str, entry: str) -> str:
    """Asked in a thread, for a locked keyring may never answer. Raises NoPassword."""
    answer: list[str | Exception] = []

    def ask() -> None:
        import keyring
        from keyring.errors import KeyringError

        try:
            ring = keyring.get_keyring()
            if type(ring).__module__.startswith(_REFUSED):
                raise NoPassword("There is no keyring here that can be trusted; use a variable or a file.")
            answer.append(ring.get_password(service, entry) or "")
        except (KeyringError, NoPassword, OSError, RuntimeError) as problem:
            answer.append(problem)

    thread = threading.Thread(target=ask, name="keyring", daemon=True)
    thread.start()
    thread.join(KEYRING_SECONDS)
    found = answer[0] if answer else TimeoutError()
    if isinstance(found, NoPassword):
        raise found
    if isinstance(found, Exception):
        raise NoPassword(f"The keyring does not answer ({type(found).__name__}).")
    if not found:
        raise NoPassword(f"The keyring has no entry {entry} in the service {service}.")
    return found
