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
    program = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as folder:
        path = Path(folder) / name
        path.write_text(words, encoding="utf-8")
        try:
            with host.suspend():
                subprocess.run([*program, str(path)], check=False)
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise Unfit(
                f"The editor '{program[0]}' did not work ({error}). Set EDITOR to another."
            ) from error
