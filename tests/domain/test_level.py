"""Service levels in writing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentconsole.backend.domain.level import Level, checked_levels, level_text, parse_level
from agentconsole.protocol import TicketPriority

MINUTES = st.integers(0, 366 * 1_440).map(lambda minutes: minutes * 60_000)
LEVELS = st.builds(Level, st.sampled_from(TicketPriority), MINUTES, MINUTES, MINUTES, st.booleans(), MINUTES)


@given(LEVELS.filter(lambda level: level.first_ms or level.next_ms or level.solve_ms))
def test_what_is_written_is_read_as_it_was(level: Level) -> None:
    assert parse_level(level_text(level)) == level


def test_a_level_reads_as_people_write_it() -> None:
    level = parse_level("Normal first=4h next=90m solve=1d12h always warn=5m")
    hour = 3_600_000
    assert level == Level(TicketPriority.normal, 4 * hour, hour * 3 // 2, 36 * hour, True, hour // 12)


@pytest.mark.parametrize(
    "text",
    [
        "", "first=4h", "soon first=4h", "normal", "normal warn=5m", "normal first", "normal first=", "normal first=4",
        "normal first=4h first=5h", "normal first=-4h", "normal first=4h5", "normal first=999999d", "normal ever=4h",
        "normal first=٤h",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write"):
        parse_level(text)


def test_a_priority_has_one_level() -> None:
    texts = ["urgent first=1h", "low first=3d"]
    assert [level.priority for level in checked_levels(texts)] == [TicketPriority.low, TicketPriority.urgent]
    with pytest.raises(ValueError, match="each priority"):
        checked_levels(["low first=1h", "low first=2h"])
