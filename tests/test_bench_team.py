"""The bench of a team runs, in a tiny form without any look at its times, and its judge sees what is wrong."""

from typing import Any

import pytest

from agentconsole.backend.domain.life import Entry
from agentconsole.protocol import Finished, Offered, Party, Side
from bench.assignments import assignments
from bench.figures import Report
from bench.observers import observers
from bench.sizes import TINY
from bench.sweep import News, Sweep, Waited, over_limit, overtaken

PLACES = {1: (7,), 2: (7, 8)}


def swept(chats: dict[int, Waited], *news: tuple[float, str, int]) -> Sweep:
    """What the judge makes of these news."""
    return Sweep(PLACES, chats, [News(*each) for each in news])


def test_a_chat_is_late_only_while_somebody_of_its_department_is_free() -> None:
    chats = {5: Waited(8, 5.0, 1.0, given=3.5, agent=2)}
    sweep = swept(chats, (0.5, "full", 2), (1.0, "waits", 5), (3.0, "free", 2), (3.5, "given", 5))
    assert sweep.late == {5: pytest.approx(0.5)}
    free_all_the_time = swept(chats, (1.0, "waits", 5), (3.5, "given", 5))
    assert free_all_the_time.late == {5: pytest.approx(2.5)}


def test_the_longest_of_several_waits_counts() -> None:
    chats = {5: Waited(8, 5.0, 1.0, given=9.0, agent=2)}
    sweep = swept(chats, (1.0, "waits", 5), (3.0, "full", 2), (8.9, "free", 2), (9.0, "given", 5))
    assert sweep.late == {5: pytest.approx(2.0)}


@pytest.mark.parametrize(
    "rival, times",
    [
        (Waited(7, 1.0, 1.0, agent=1, shown=1_000, decided=9_000), 1),
        (Waited(7, 3.0, 1.0, agent=1, shown=1_000, decided=9_000), 0),
        (Waited(7, 1.0, 1.0, agent=1, shown=5_500, decided=9_000), 0),
        (Waited(7, 1.0, 1.0, agent=1, shown=1_000, decided=5_000), 0),
        (Waited(8, 1.0, 1.0, agent=2, shown=1_000, decided=9_000), 0),
    ],
    ids=["overtaken", "behind in the order", "came later", "given at the same moment", "another department"],
)
def test_who_is_overtaken(rival: Waited, times: int) -> None:
    given = Waited(7, 2.0, 1.5, agent=1, shown=1_500, decided=5_000)
    assert overtaken(PLACES, [rival, given]) == times


def test_the_rows_show_who_had_too_many() -> None:
    def log(begins: int, ends: int) -> list[Entry]:
        who = Party(Side.system)
        return [Entry(1, 0, begins, who, Offered(7, 3)), Entry(2, 1, ends, who, Finished())]

    assert over_limit({1: log(10, 20), 2: log(15, 30), 3: log(20, 40)}, 2) == 0
    assert over_limit({1: log(10, 20), 2: log(15, 30), 3: log(19, 40)}, 2) == 1


def figures(reports: list[Report]) -> dict[str, Any]:
    """All values by name."""
    return {figure.name: figure.value for report in reports for figure in report.figures}


@pytest.mark.slow
def test_assignments_run() -> None:
    measured = figures(assignments(TINY))
    assert measured["chats given"] == TINY.arrivals
    assert measured["over the limit, by the consoles"] == measured["over the limit, by the rows"] == 0
    assert measured["refused"] == 0


@pytest.mark.slow
def test_observers_run() -> None:
    assert figures(observers(TINY))["the agent's acknowledgement, with / without"] > 0
