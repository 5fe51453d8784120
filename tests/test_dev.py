"""The one script, with stand-ins that write down what it has them do: where it installs, what it passes on, what it spares."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_house import ROOT

FILES = ("dev", "pyproject.toml", "requirements.txt", "requirements-dev.txt")
# Each notes its words; who is asked to make an environment makes one.
STAND_IN = """#!/bin/sh
case "$*" in
    *"import sys"* | *"pip --version"*) exit 0 ;;
    *venv*--clear*)
        for folder; do :; done
        mkdir -p "$folder/bin" && : > "$folder/pyvenv.cfg" && cp "$0" "$folder/bin/python" ;;
esac
echo "$(basename "$0") $*" >> "$NOTES"
"""
TOOLS = ("sh", "env", "cat", "cksum", "sed", "mkdir", "cp", "rm", "basename", "dirname", "chmod")


class Clone:
    """A clone with the script in it, and a machine with these programs beside the usual tools."""

    def __init__(self, folder: Path, *programs: str) -> None:
        self.folder = folder / "a clone"
        self.notes = folder / "notes"
        self.folder.mkdir()
        for name in FILES:
            shutil.copy(ROOT / name, self.folder)
        self.path = folder / "bin"
        self.path.mkdir()
        for name in programs:
            (self.path / name).write_text(STAND_IN)
            (self.path / name).chmod(0o755)
        for name in TOOLS:
            (self.path / name).symlink_to(shutil.which(name) or f"/bin/{name}")

    def dev(self, *words: str) -> tuple[int, list[str]]:
        """Its exit code, and what it had others do."""
        self.notes.write_text("")
        done = subprocess.run(
            [self.folder / "dev", *words],
            env={"PATH": str(self.path), "NOTES": str(self.notes), "HOME": os.devnull},
            cwd=self.path,
            capture_output=True,
            check=False,
        )
        return done.returncode, self.notes.read_text().replace(f"{self.folder}/", "").splitlines()


RUN = "-r requirements.txt"
DEV = "-r requirements.txt -r requirements-dev.txt"
WITHOUT_UV = "python -m pip install -qq --disable-pip-version-check"
WITH_UV = "uv pip install --quiet --python .venv/bin/python"


@pytest.mark.parametrize(
    "programs, made, install",
    [
        (("python3",), "python3 -m venv --clear .venv", WITHOUT_UV),
        (("python3", "uv"), "uv venv --quiet --clear --seed --python >=3.11 .venv", WITH_UV),
    ],
    ids=["without-uv", "with-uv"],
)
def test_the_first_run_sets_everything_up_inside_the_clone(
    tmp_path: Path, programs: tuple[str, ...], made: str, install: str
) -> None:
    clone = Clone(tmp_path, *programs)
    asked = "-m agentconsole demo --headless --seconds 12"
    compiled = "python -m compileall -q -j 0 src .venv/lib"
    assert clone.dev("demo", "--headless", "--seconds", "12") == (
        0,
        [
            made,
            f"{install} --require-hashes {RUN}",
            f"{install} --no-deps --no-build-isolation -e .",
            compiled,
            f"python {asked}",
        ],
    )
    assert clone.dev("demo", "--headless", "--seconds", "12") == (0, [f"python {asked}"]), "it is all there"
    assert clone.dev("test", "-k", "a b") == (
        0,
        [
            f"{install} --require-hashes {DEV}",
            f"{install} --no-deps --no-build-isolation -e .",
            compiled,
            "python -m pytest -k a b",
        ],
    )
    assert clone.dev("console", "--user", "ola") == (0, ["python -m agentconsole --user ola"])
    assert clone.dev("bench", "server") == (0, ["python -m bench server"])
    with (clone.folder / "requirements.txt").open("a") as pins:
        pins.write("# another version\n")
    assert len(clone.dev("demo")[1]) > 1, "other pins are installed"


def test_without_a_python_it_says_what_is_missing_and_does_nothing(tmp_path: Path) -> None:
    assert Clone(tmp_path).dev("demo") == (1, [])


def test_a_check_is_format_lint_types_imports_and_tests(tmp_path: Path) -> None:
    clone = Clone(tmp_path, "python3")
    assert clone.dev("bogus") == (1, [])
    clone.dev("test")
    contracts = clone.folder / ".venv" / "bin" / "lint-imports"
    contracts.write_text(STAND_IN)
    contracts.chmod(0o755)
    code, done = clone.dev("check", "-x")
    assert code == 0
    assert done[:-1] == [
        "python -m ruff format --quiet .",
        "python -m ruff check --quiet .",
        "python -m mypy",
        "lint-imports --no-logo",
    ]
    assert done[-1].startswith("python -m pytest ")
    assert done[-1].endswith(" -x")
