"""A text goes out to $VISUAL or $EDITOR and comes back."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from agentconsole.actions import Unfit
from agentconsole.screens.host import Host


def edited(host: Host, words: str, name: str = "draft.txt") -> str:
    """What the editor made of these words. Raises Unfit: a file that cannot be read back changes nothing."""
    command = (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "").strip() or "vi"
    try:
        program = shlex.split(command)
        with tempfile.TemporaryDirectory(prefix="agentconsole-") as folder:
            path = Path(folder) / name
            path.write_text(words, encoding="utf-8")
            with host.suspend():
                subprocess.run([*program, str(path)], check=False)
            return path.read_text(encoding="utf-8")
    except (
        OSError,
        ValueError,
    ) as error:  # no such program, a full disk, an open quote, a file that is no text
        raise Unfit(f"The editor '{command}' did not work ({error}). Set EDITOR to another.") from error
