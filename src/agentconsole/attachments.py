"""Files of tickets on this machine: read to be sent, saved under a safe name, and never opened or run from here."""

from __future__ import annotations

import mimetypes
import os
import re
from pathlib import Path

from agentconsole.protocol import MAX_FILE
from agentconsole.text import UNSAFE

LONGEST = 120
_KEPT_BACK = re.compile(r'[/\\:*?"<>|]')
PLAIN = "application/octet-stream"


class BadFile(ValueError):
    """This file cannot be read or saved; the message says why and what to do."""


def safe_name(name: str) -> str:
    """A name that leads nowhere and hides nothing: no path, no control, no leading dot; its ending stays."""
    words = " ".join(_KEPT_BACK.sub("_", UNSAFE.sub("", name)).split()).lstrip(".-").strip()
    if len(words) > LONGEST:
        stem, dot, ending = words.rpartition(".")
        ending = dot + ending if dot and len(ending) <= 10 else ""
        words = (stem if ending else words)[: LONGEST - len(ending)] + ending
    return words or "file"


def usual_folder() -> Path:
    """Where files are saved if nobody says otherwise."""
    downloads = Path.home() / "Downloads"
    return downloads if downloads.is_dir() else Path.home()


def save(written: str, name: str, data: bytes) -> Path:
    """Write a new file into a folder, readable by its owner alone, never over another one. Raises BadFile."""
    folder = _path(written)
    stem, dot, ending = safe_name(name).rpartition(".")
    if not stem:
        stem, dot, ending = ending, "", ""
    for number in range(1, 1_000):
        path = folder / (f"{stem}{f' ({number})' if number > 1 else ''}{dot}{ending}")
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise BadFile(
                f"Nothing can be saved in {folder}: {error.strerror}. Name another folder."
            ) from error
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
        except OSError as error:
            raise BadFile(f"{path} could not be written: {error.strerror}.") from error
        return path
    raise BadFile(f"{folder} has a thousand files of this name already. Name another folder.")


def place(written: str) -> Path:
    """Where on this machine that is. Raises BadFile."""
    return _path(written).absolute()


def _path(written: str) -> Path:
    try:
        if "\0" not in written:
            return Path(written.strip()).expanduser()
    except RuntimeError:  # the home of somebody who has none here
        pass
    raise BadFile(f"{written.strip()} is no path on this machine.")


def read(written: str) -> tuple[str, bytes, str]:
    """A file to be sent: name, content, media type. Raises BadFile."""
    path = _path(written)
    try:
        if not path.is_file():
            raise BadFile(f"{path} is no file.")
        if path.stat().st_size > MAX_FILE:
            raise BadFile(
                f"{path.name} is larger than {MAX_FILE // 1024 // 1024} MB, the most that can be sent."
            )
        return path.name, path.read_bytes(), mimetypes.guess_type(path.name)[0] or PLAIN
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}.") from error
