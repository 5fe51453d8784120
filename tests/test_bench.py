"""The bench runs, in a tiny form without any look at its times, and it would notice if its subjects were wrong."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from bench.console import Seen
from bench.driver import Load
from bench.figures import Figure, Report
from bench.growth import growth
from bench.load import Lane
from bench.load import Load as Generator
from bench.sizes import TINY
from bench.syncs import syncs
from bench.tape import Tape
from bench.throughput import throughput
from tests.proof import order


def test_a_figure_beside_its_goal() -> None:
    assert Figure("cost", 1.4, 1.5).met is True
    assert Figure("cost", 1.6, 1.5).met is False
    assert Figure("share", 0.6, 0.7, least=True).met is False
    assert Figure("share", 0.8, 0.7, least=True).met is True
    assert Figure("for information", 9.0).met is None
    assert "NOT MET" in str(Report("a part", {}, [Figure("cost", float("inf"), 1.5)]))


def test_a_key_that_was_never_echoed_is_no_fast_key() -> None:
    assert Seen(ms=[1.0] * 9, never=1).p(95) == float("inf")
    assert Seen().p(95) == float("inf")


class DeafWire:
    """Takes lines and answers nothing."""

    def send(self, payload: bytes) -> None:
        """Nobody listens."""


@pytest.fixture
async def lane() -> Lane:
    """A lane with three lines on their way."""
    lane = Lane(Generator(), DeafWire(), "v", 1, 7, 64)  # type: ignore[arg-type]
    for _ in range(3):
        lane.send()
    return lane


async def test_lines_in_order_are_counted_once(lane: Lane) -> None:
    for number in (1, 2, 3):
        lane.got_line(number)
        lane.got_ack(number)
    assert (lane.load.done, lane.load.wrong) == (3, 0)


async def test_a_line_only_delivered_does_not_count(lane: Lane) -> None:
    lane.got_line(1)
    assert lane.load.done == 0


@pytest.mark.parametrize("acks", [(2,), (1, 1), (1, 3)], ids=["skipped", "doubled", "gap"])
async def test_acknowledgements_out_of_order_are_noticed(lane: Lane, acks: tuple[int, ...]) -> None:
    for number in acks:
        lane.got_ack(number)
    assert lane.load.wrong


async def test_lines_out_of_order_are_noticed(lane: Lane) -> None:
    lane.got_line(2)
    assert lane.load.wrong


def test_a_phase_with_a_refusal_or_a_lost_link_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Load()
    try:
        assert load.do("lone", count=0)
        with pytest.raises(RuntimeError, match="error"):
            load.do("open", url="http://127.0.0.1:1", pid=1, floor=True, chats=1, agents=1)
    finally:
        load.close()


SYNC = b"7 fdatasync(3) = 0"
WRITE = b'7 pwrite64(3, "....cid-0001 text cid-0001", 4096, 0) = 4096'
ACK = rb'8 write(9, "\201\20{\"t\":\"ack\",\"cid\":\"cid-0001\",\"chat\":1}", 40) = 40'
BEGUN, ENDED = b"7 fdatasync(3 <unfinished ...>", b"7 <... fdatasync resumed>) = 0"


@pytest.mark.parametrize(
    "trace, early, unwritten",
    [
        ([WRITE, SYNC, ACK], 0, 0),
        ([WRITE, BEGUN, b"8 write(9, \"x\", 1) = 1", ENDED, ACK], 0, 0),
        ([SYNC, WRITE, ACK], 1, 0),
        ([WRITE, ACK, SYNC], 1, 0),
        ([WRITE, BEGUN, ACK, ENDED], 1, 0),
        ([BEGUN, WRITE, ENDED, ACK], 1, 0),
        ([SYNC, ACK], 0, 1),
    ],
    ids=["sound", "sound, in two parts", "sync too early", "ack too early", "within", "begun too early", "never written"],
)  # fmt: skip
def test_the_reader_of_traces(trace: list[bytes], early: int, unwritten: int) -> None:
    shown = order.read(trace, ["cid-0001"])
    assert (shown.acknowledged, len(shown.early), len(shown.unwritten)) == (1, early, unwritten)
    assert shown.clean() is (early + unwritten == 0)


@pytest.mark.terminal
def test_a_tape_tells_when_something_stood_on_the_screen() -> None:
    with Tape(["printf", r"one\033[5;5Htwo\n"], {}) as tape:
        tape.wait_for("two")
        seen = tape.seen(["one", "two", "three"])
    assert seen.keys() == {"one", "two"}
    assert tape.began < seen["one"] <= seen["two"]


def figures(reports: list[Report]) -> dict[str, Any]:
    """All values by name."""
    return {figure.name: figure.value for report in reports for figure in report.figures}


@pytest.mark.slow
def test_throughput_runs() -> None:
    assert figures(throughput(TINY))["throughput / floor"] > 0


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("gcc"), reason="the slow disk is a preloaded library, and there is no gcc"
)
def test_syncs_run() -> None:
    measured = figures(syncs(TINY))
    assert measured["syncs of a lone line"] >= 1
    if order.available():
        assert measured["acknowledged before its sync"] == 0


@pytest.mark.slow
def test_growth_runs(tmp_path: Path) -> None:
    assert len(figures(growth(TINY))) == 3
