"""Races at the desk, in an order that a seed chooses: the rules hold after every commit, and nothing is stuck at rest.

The long form, with thousands of seeds of each, is `./dev prove-races`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.races import Quick
from tests.proof.races_faults import FAULTS
from tests.proof.races_named import (
    RACES,
    Race,
    full_of_offers,
    many_at_once,
    once,
    take_assign,
    watch_transfer,
)
from tests.proof.races_play import play

ROOT = Path(__file__).parents[2]
BOTH_ENGINES = re.compile(r"^(?:async )?def (test_\w+)\(\s*(?:database_url|server_on)\b", re.MULTILINE)


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Quick]:
    """An empty database, SQLite and PostgreSQL in turn, that does not wait for its disk."""
    found = Quick(database_url, tmp_path)
    try:
        found.migrate()
        yield found
    finally:
        found.close()


async def ends(race: Race, database: Quick, seeds: int) -> Counter[str]:
    """How the first seeds of a race ended, and how often so."""
    return Counter([(await once(race, database, seed))[0] for seed in range(1, seeds + 1)])


@pytest.mark.parametrize("race", RACES, ids=lambda race: str(race.__name__))
async def test_a_race_has_one_correct_end(database: Quick, race: Race) -> None:
    few = 2 if race is many_at_once else 24 if database.sqlite else 8
    found = await ends(race, database, few)
    if few >= 24:
        assert len(found) >= RACES[race], f"this was no race: {found}"


async def days(database: Quick, seeds: int) -> int:
    """Play these days; how many batches were committed."""
    return sum([(await play(database, seed)).commits for seed in range(1, seeds + 1)])


async def test_any_day_keeps_the_rules(database: Quick) -> None:
    few = 40 if database.sqlite else 12
    assert await days(database, few) > 5 * few


async def test_a_seed_tells_the_same_story_whatever_was_played_before(database: Quick) -> None:
    first = (await play(database, 3)).steps
    await play(database, 4)
    assert (await play(database, 3)).steps == first


TOLD_BY: dict[str, Race] = {
    "batch-not-counted": take_assign,
    "offers-not-counted": full_of_offers,
    "watchers-stay": watch_transfer,
    "read-as-it-was": watch_transfer,
}


@pytest.mark.one_engine
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_desk_is_found_out(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Quick(f"sqlite:///{tmp_path / 'races.db'}", tmp_path)
    found.migrate()
    FAULTS[fault](monkeypatch.setattr)
    try:
        with pytest.raises(AssertionError):
            await (ends(TOLD_BY[fault], found, 60) if fault in TOLD_BY else days(found, 120))
    finally:
        found.close()


@pytest.mark.one_engine
def test_the_page_of_races_names_what_proves_each() -> None:
    rows = [
        row.split("|")[1:-1] for row in (ROOT / "docs" / "races.md").read_text().splitlines() if "|" in row
    ]
    seeded, real = ({name for row in rows for name in re.findall(r"`(\w+)`", row[at])} for at in (3, 4))
    assert seeded == {race.__name__ for race in RACES} | {"day"}
    code = "".join(path.read_text() for path in (ROOT / "tests" / "server").glob("test_*races.py"))
    assert real <= {*BOTH_ENGINES.findall(code)}
    numbered = {row[0].strip(): row for row in rows if row[0].strip().startswith("R")}
    both = [f"R{number}" for number in (*range(1, 12), 16, 18, 19, 20)]
    assert not [number for number in both if not all("`" in cell for cell in numbered[number][3:])]
