"""A text goes out to a real editor and comes back; what cannot be read back changes nothing."""

import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from agentconsole.actions import Unfit
from agentconsole.screens.editing import edited


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


def edit(monkeypatch: pytest.MonkeyPatch, command: str, words: str) -> tuple[str, Any]:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", command)
    host: Any = Host()
    return edited(host, words, "rule.toml"), host


def test_what_the_editor_makes_of_it_comes_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = 'test "$1" = --wait && sed -i s/one/zwei/ "$2" && basename "$2" > ' + f"'{tmp_path}/name'"
    words, host = edit(monkeypatch, editor(tmp_path, script), "one\nGrüße\n")
    assert (words, host.lent) == ("zwei\nGrüße\n", 1)
    assert (tmp_path / "name").read_text() == "rule.toml\n"


@pytest.mark.parametrize("script", ['rm "$2"', "printf '\\377' > \"$2\""])
def test_what_cannot_be_read_back_is_told(
    script: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(Unfit, match="did not work"):
        edit(monkeypatch, editor(tmp_path, script), "one")


def test_a_command_with_an_open_quote_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unfit, match="Set EDITOR to another"):
        edit(monkeypatch, "an 'editor", "one")


def test_a_command_of_spaces_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    editor(folder, "true").strip()
    (folder / "an editor").rename(folder / "vi")
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    assert edit(monkeypatch, " ", "one")[0] == "one"


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(Unfit, match="did not work"):
        edit(monkeypatch, editor(tmp_path, "true"), "one")


def test_an_editor_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unfit, match="'no-such-editor' did not work"):
        edit(monkeypatch, "no-such-editor", "one")
