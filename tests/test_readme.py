"""What README and handbooks promise: files that exist, commands that parse, pictures that fetch nothing."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from agentconsole import demo, simulate
from agentconsole.drill.plan import TEMPERS
from agentconsole.drill.script import Book, load
from agentconsole.protocol import MAX_FILE

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
TRAINING = (ROOT / "docs" / "training.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        path = page.parent / name if name else page
        assert path.exists(), f"{page.name} links to {target}"
        if anchor:
            heads = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}, (
                target
            )


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_pictures_are_small_and_fetch_nothing(picture: Path) -> None:
    svg = picture.read_text()
    assert len(svg) < 100_000
    assert not re.search(r"@font-face|@import|href\s*=|<script|<image|url\(\s*['\"]?(?!#)", svg)
    assert picture.name in (ROOT / "README.md").read_text()


def test_the_handbook_names_every_flag_of_the_drill() -> None:
    flags = {
        flag
        for action in simulate.parser()._actions
        for flag in action.option_strings
        if flag.startswith("--")
    }
    assert flags - {"--help"} == set(
        re.findall(r"--[a-z-]+", "".join(re.findall(r"^\| `--.*$", TRAINING, re.MULTILINE)))
    )


def test_the_proxy_of_the_handbook_lets_files_through() -> None:
    (found,) = re.findall(r"client_max_body_size (\d+)m;", (ROOT / "docs" / "operating.md").read_text())
    assert int(found) << 20 >= MAX_FILE


def test_every_demo_in_the_handbooks_can_be_typed() -> None:
    text = (ROOT / "README.md").read_text() + TRAINING
    commands = re.findall(r"\./dev demo([^#`\n]*)", text)
    assert len(commands) > 5
    for command in commands:
        demo.parser().parse_args(command.split())


def test_the_script_in_the_handbook_can_be_used() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TRAINING, re.DOTALL)
    book = msgspec.convert(tomllib.loads(example), Book)
    assert book.scripts[0].topic == "Delivery"


def test_the_handbook_counts_tempers_and_languages_right() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| (\d+)(?: of \d+)? \|", TRAINING, re.MULTILINE))
    assert {name: int(count) for name, count in rows.items()} == {
        str(temper): count for temper, count in TEMPERS.items()
    }
    assert f"of {sum(TEMPERS.values())}" in TRAINING
    (languages,) = re.findall(r"The languages are ([^;]+);", TRAINING)
    assert len(re.split(r", | and\s", languages)) == len(load().languages)
