"""The session's token at rest (never a password): the platform's keyring, else a file readable by its owner alone."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from platformdirs import user_config_path

from agentconsole import files

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

T = TypeVar("T")

SERVICE = "agentconsole"
VARIABLE = "AGENTCONSOLE_TOKEN"
KEYRING_SECONDS = 3.0

# Back ends that keep secrets in plain text, or keep nothing.
_REFUSED = ("keyrings.alt", "keyring.backends.null", "keyring.backends.fail")


class Home(StrEnum):
    """Where a token comes from, or has gone to."""

    environment = "environment"
    keyring = "keyring"
    file = "file"
    nowhere = "nowhere"


@dataclass(frozen=True)
class Found:
    """A token ('' = none), where it lies, and a sentence worth telling ('' = none)."""

    token: str = ""
    home: Home = Home.nowhere
    notice: str = ""


class NoKeyring(Exception):
    """No keyring that can be trusted, or it does not answer; the message says which."""


def file_path() -> Path:
    """Where tokens go when there is no keyring."""
    return user_config_path("agentconsole") / "tokens.json"


async def find(
    server: str, user: str, env: Mapping[str, str] | None = None, file: Path | None = None
) -> Found:
    """The kept token of this user on this server: from the environment, the keyring, or the file."""
    if token := (os.environ if env is None else env).get(VARIABLE, "").strip():
        return Found(token, Home.environment)
    with suppress(NoKeyring):
        if token := await _asked(lambda ring: ring.get_password(SERVICE, _name(server, user)) or ""):
            return Found(token, Home.keyring)
    return await asyncio.to_thread(_from_file, file or file_path(), _name(server, user))


async def keep(server: str, user: str, token: str, file: Path | None = None) -> Found:
    """Keep a revocable token for the next start. ``notice`` says where it went if that is not the keyring;
    with ``home`` nowhere it could not be kept at all, and the next start asks for the password again."""
    file = file or file_path()
    name = _name(server, user)
    try:
        await _asked(lambda ring: ring.set_password(SERVICE, name, token))
    except NoKeyring as problem:
        return await asyncio.to_thread(_to_file, file, name, token, str(problem))
    await asyncio.to_thread(_out_of_file, file, name)
    return Found(token, Home.keyring)


async def forget(server: str, user: str, file: Path | None = None) -> None:
    """Remove the kept token, wherever it is."""
    name = _name(server, user)

    def remove(ring: KeyringBackend) -> None:
        if ring.get_password(SERVICE, name) is not None:
            ring.delete_password(SERVICE, name)

    with suppress(NoKeyring):
        await _asked(remove)
    await asyncio.to_thread(_out_of_file, file or file_path(), name)


def _name(server: str, user: str) -> str:
    return f"{user} {server}"


# --- the keyring ---------------------------------------------------------------------------------------------


async def _asked(question: Callable[[KeyringBackend], T]) -> T:
    """Ask the keyring in a thread of its own. Raises NoKeyring, also when it takes longer than 3 s
    (a keyring may wait for a prompt that nobody sees; its thread then ends with the process)."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(value: T | None, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]

    def ask() -> None:
        value: T | None = None
        error: Exception | None = None
        try:
            value = question(_trusted())
        except NoKeyring as problem:
            error = problem
        except Exception as problem:  # noqa: BLE001 - back ends raise whatever their bus or library raises
            error = NoKeyring(f"the keyring failed ({type(problem).__name__})")
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, value, error)

    threading.Thread(target=ask, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(KEYRING_SECONDS):
            return await answer
    except TimeoutError:
        raise NoKeyring(f"the keyring did not answer within {KEYRING_SECONDS:g} s") from None


def _trusted() -> KeyringBackend:
    """The back end in use, if it keeps secrets secret. Raises NoKeyring."""
    import keyring  # slow to load, and only needed here

    chosen = keyring.get_keyring()
    candidates: list[KeyringBackend] = list(getattr(chosen, "backends", None) or [chosen])
    for each in candidates:
        if not type(each).__module__.startswith(_REFUSED):
            return each
    raise NoKeyring("there is no keyring here")


# --- the file ------------------------------------------------------------------------------------------------


def _from_file(file: Path, name: str) -> Found:
    try:
        about = file.stat()
    except OSError:
        return Found()
    if stat.S_IMODE(about.st_mode) & 0o077 or about.st_uid != os.geteuid():
        return Found(notice=f"{file} can be read by others, so it is not used. Delete it, and log in again.")
    token = _tokens(file).get(name, "")
    return Found(token, Home.file) if token else Found()


def _to_file(file: Path, name: str, token: str, why: str) -> Found:
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        files.write(file, {**_tokens(file), name: token})
    except OSError as error:
        notice = f"The token could not be kept ({why}, and {error}); next time you are asked for the password again."
        return Found(token, Home.nowhere, notice)
    notice = f"The token lies in {file}, readable by you alone, because {why}. Logging out revokes it."
    return Found(token, Home.file, notice)


def _out_of_file(file: Path, name: str) -> None:
    tokens = _tokens(file)
    if tokens.pop(name, None) is not None:
        files.write(file, tokens)


def _tokens(file: Path) -> dict[str, str]:
    found = files.read(file)
    if not isinstance(found, dict):
        return {}
    return {name: token for name, token in found.items() if isinstance(token, str)}
