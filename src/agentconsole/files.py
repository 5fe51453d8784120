"""Small files of JSON, readable by their owner alone and replaced as a whole."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

MAX_BYTES = 100_000_000  # more than words of ours ever take: what is cut off here would be lost


def write(path: Path, data: object) -> None:
    """Replace a file by this JSON data, readable by its owner alone. Raises OSError."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(json.dumps(data, separators=(",", ":")).encode("ascii"))
        os.replace(fresh, path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise


def read(path: Path) -> Any:
    """The JSON data of a file; None if there is none, or nothing that makes sense."""
    try:
        with open(path, "rb") as file:
            return json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
