"""The rules that hold the whole house together, checked on its files."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LONGEST = 600
# Written in pieces, so that this file may be tracked too.
FORBIDDEN = [
    "/wor" + "k/",
    "pypi" + ".org",
    "python" + "hosted",
    "registry" + ".npmjs",
    "deb.debian" + ".org",
]
PIN = re.compile(r"^([a-z0-9-]+)==\S+ .*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def tracked() -> list[Path]:
    """The files that git keeps, or will keep."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git clone")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_opens_with_one_sentence(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring, "say in one sentence what this module is"
    sentence = docstring.partition("\n\n")[0]
    assert sentence.endswith(".")
    assert not re.search(r"\.\s+[A-Z]", sentence), "one sentence first, the rest after an empty line"


def test_no_file_is_too_long() -> None:
    written = {".py", ".js", ".css", ".html", ".sh", ".tcss", ""}
    lengths = {path: len(path.read_bytes().splitlines()) for path in tracked() if path.suffix in written}
    too_long = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > LONGEST}
    assert not too_long, "split it by noun"


def test_no_file_names_a_machine_or_a_download_address() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {words}"
        for path in tracked()
        for words in FORBIDDEN
        if words.encode() in path.read_bytes()
    ]
    assert not found


def test_every_dependency_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    for name in direct_dependencies():
        lines = [
            line
            for line in text.splitlines()
            if re.match(rf'\s+"{re.escape(name)}[\[<>=!~"]', line, re.IGNORECASE)
        ]
        assert lines, name
        assert all(re.search(r'",\s+# \S.{10,}$', line) for line in lines), f"no reason beside {name}"


def test_every_dependency_is_pinned_with_hashes() -> None:
    run, dev = (pins(ROOT / name) for name in ("requirements.txt", "requirements-dev.txt"))
    assert direct_dependencies("server") | {"setuptools", "wheel"} <= run
    assert direct_dependencies("server", "postgres", "dev") <= run | dev
    assert not run & dev, "pinned in both files"


def test_the_wheel_holds_every_file_of_the_sources(tmp_path: Path) -> None:
    ours = [path for path in tracked() if path.is_relative_to(ROOT / "src")]
    copy = tmp_path / "copy"
    for path in [*ours, ROOT / "pyproject.toml", ROOT / "LICENSE"]:
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    make = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-qq",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        tmp_path,
        copy,
    ]
    subprocess.run(make, check=True, cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        missing = {str(path.relative_to(ROOT / "src")) for path in ours} - set(archive.namelist())
    assert not missing


def pins(path: Path) -> set[str]:
    """Names pinned in a requirements file; every one of its requirements has hashes."""
    text = path.read_text()
    names = {match[1] for match in PIN.finditer(text)}
    stated = {line.split("==")[0] for line in text.splitlines() if line[:1].isalnum()}
    assert names == stated, "requirements without hashes"
    return names


def direct_dependencies(*extras: str) -> set[str]:
    """Names of what pyproject.toml asks for, with those extras (none given: all of them)."""
    optional = PROJECT["optional-dependencies"]
    stated = [*PROJECT["dependencies"]]
    for extra in extras or optional:
        stated += optional[extra]
    return {canonicalize_name(Requirement(line).name) for line in stated}
