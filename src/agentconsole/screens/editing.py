"""A text goes out to $VISUAL or $EDITOR and comes back; the console goes on meanwhile, without the terminal."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from agentconsole.actions import Unfit
from agentconsole.screens.host import Host
from agentconsole.widgets.composer import Composer

Place = tuple[Any, ...]


class Draftable(Protocol):
    """A view with a composer; a place is which draft stands in it."""

    composer: Composer

    @property
    def place(self) -> Place:
        """Which draft stands in the composer now."""
        ...

    def draft_at(self, place: Place) -> str:
        """The draft that is kept for a place."""
        ...

    def keep_at(self, place: Place, words: str) -> None:
        """Keep a draft for a place."""
        ...


async def edit_draft(host: Host, view: Draftable) -> None:
    """Edit what stands in the composer; it comes back to where it belongs, also if another chat has come to the front.

    Raises Unfit.
    """
    place, before = view.place, view.composer.text
    words = (await edited(host, before)).rstrip("\n")
    if view.place == place:
        view.composer.put(joined(before, view.composer.text, words))
        view.keep_at(place, view.composer.text)
    else:
        view.keep_at(place, joined(before, view.draft_at(place), words))


def joined(before: str, now: str, words: str) -> str:
    """The edited words in place of those from ``before``; what has come to stand beside them by ``now`` stays."""
    if before and before in now:
        return now.replace(before, words, 1)
    return "\n".join(filter(None, (now, words)))


async def edited(host: Host, words: str, name: str = "draft.txt") -> str:
    """What the editor made of these words. Raises Unfit: a file that cannot be read back changes nothing."""
    command = (os.environ.get("VISUAL") or os.environ.get("EDITOR") or "").strip() or "vi"
    try:
        program = shlex.split(command)
        with tempfile.TemporaryDirectory(prefix="agentconsole-") as folder:
            path = Path(folder) / name
            path.write_text(words, encoding="utf-8")
            with host.suspend():
                await _run([*program, str(path)])
            return path.read_text(encoding="utf-8")
    except (
        OSError,
        ValueError,
    ) as error:  # no such program, a full disk, an open quote, a file that is no text
        raise Unfit(f"The editor '{command}' did not work ({error}). Set EDITOR to another.") from error


async def _run(program: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(*program)
    try:
        with _keys_are_the_editors():
            await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise


@contextmanager
def _keys_are_the_editors() -> Iterator[None]:
    """Ctrl+C and Ctrl+\\ reach everybody at the terminal, but mean the editor."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
