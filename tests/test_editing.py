"""A text goes out to a real editor and comes back; what cannot be read back changes nothing."""

import asyncio
import os
import signal
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from agentconsole.actions import Unfit
from agentconsole.screens.editing import edited, joined
from tests.waiting import async_until


class Host:
    """Lends a terminal that nobody needs."""

    lent = 0

    def suspend(self) -> AbstractContextManager[None]:
        self.lent += 1
        return nullcontext()


def editor(folder: Path, script: str) -> str:
    path = folder / "an editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"'{path}' --wait"


async def edit(monkeypatch: pytest.MonkeyPatch, command: str, words: str) -> tuple[str, Any]:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", command)
    host: Any = Host()
    return await edited(host, words, "rule.toml"), host


async def test_what_the_editor_makes_of_it_comes_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = 'test "$1" = --wait && sed -i s/one/zwei/ "$2" && basename "$2" > ' + f"'{tmp_path}/name'"
    words, host = await edit(monkeypatch, editor(tmp_path, script), "one\nGrüße\n")
    assert (words, host.lent) == ("zwei\nGrüße\n", 1)
    assert (tmp_path / "name").read_text() == "rule.toml\n"


@pytest.mark.parametrize("script", ['rm "$2"', "printf '\\377' > \"$2\""])
async def test_what_cannot_be_read_back_is_told(
    script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(Unfit, match="did not work"):
        await edit(monkeypatch, editor(tmp_path, script), "one")


async def test_a_command_with_an_open_quote_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unfit, match="Set EDITOR to another"):
        await edit(monkeypatch, "an 'editor", "one")


async def test_a_command_of_spaces_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    editor(folder, "true").strip()
    (folder / "an editor").rename(folder / "vi")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    assert (await edit(monkeypatch, " ", "one"))[0] == "one"


async def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(Unfit, match="did not work"):
        await edit(monkeypatch, editor(tmp_path, "true"), "one")


async def test_an_editor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unfit, match="'no-such-editor' did not work"):
        await edit(monkeypatch, "no-such-editor", "one")


async def test_the_console_goes_on_meanwhile_and_ctrl_c_is_the_editors(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = f"""until [ -e '{tmp_path}/go' ]; do sleep .02; done
kill -INT $PPID
echo more >> "$2"
"""
    handler = signal.getsignal(signal.SIGINT)
    task = asyncio.create_task(edit(monkeypatch, editor(tmp_path, script), "one\n"))
    await async_until(lambda: signal.getsignal(signal.SIGINT) is signal.SIG_IGN, what="the editor")
    (tmp_path / "go").touch()
    assert (await task)[0] == "one\nmore\n"
    assert signal.getsignal(signal.SIGINT) is handler


async def test_an_editor_whose_console_leaves_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = f"echo $$ > '{tmp_path}/number'; exec sleep 600"
    task = asyncio.create_task(edit(monkeypatch, editor(tmp_path, script), "one"))
    number = tmp_path / "number"
    await async_until(lambda: number.exists() and number.read_text(), what="the editor")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.read_text()), 0)


@pytest.mark.parametrize(
    "before, now, words, after",
    [
        ("old", "old", "new", "new"),
        ("old", "refused\nold", "new", "refused\nnew"),
        ("", "", "new", "new"),
        ("", "refused", "new", "refused\nnew"),
        ("old", "", "new", "new"),
        ("old", "other", "new", "other\nnew"),
        ("old", "old", "", ""),
    ],
)
def test_what_came_meanwhile_stays_beside_the_edited_words(
    before: str, now: str, words: str, after: str
) -> None:
    assert joined(before, now, words) == after
