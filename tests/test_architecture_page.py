"""docs/architecture.md tells the life of a chat as the code has it, and names rooms that exist."""

import re
from pathlib import Path

from agentconsole.backend.domain.life import LIFE

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_table_of_life_is_the_codes_own() -> None:
    rows = {
        f"| {state.value} | {what.__struct_config__.tag} | {following.value} |"
        for (state, what), following in LIFE.items()
    }
    told = PAGE.split("## The life of a chat", 1)[1].split("## ", 1)[0]
    assert {line for line in told.splitlines() if re.match(r"\| [a-z_]+ \| [a-z_]+ \|", line)} == rows | {
        "| state | event | becomes |"
    }


def test_every_room_in_the_map_exists() -> None:
    table = PAGE.split("| room |", 1)[1].split("## ", 1)[0]
    for cell in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE):
        folder = ROOT / "src" / "agentconsole"
        for name in re.findall(r"`([^`]+)`", cell):
            candidates = (folder / name, folder / "backend" / name)
            assert any(path.exists() for path in candidates), name


def test_every_module_of_the_console_has_its_room_in_the_map() -> None:
    table = PAGE.split("| room |", 1)[1].split("## ", 1)[0]
    cells = "".join(re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE))
    named = {name.removesuffix("/") for name in re.findall(r"`([^`]+)`", cells)}
    folder = ROOT / "src" / "agentconsole"
    modules = {
        path.name for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert modules - named - {"__init__.py", "backend"} == set()
