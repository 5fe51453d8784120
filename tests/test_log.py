"""Columns give back what was put into them: events of a log, lines of a transcript."""

from hypothesis import given
from hypothesis import strategies as st

from agentconsole.log import Log
from agentconsole.protocol import Event, Noted, Party, Said, Side
from agentconsole.widgets.line import SIDES, STATES, Line, Lines

PARTIES = st.builds(Party, st.sampled_from(Side), st.integers(0, 3), st.sampled_from(["", "Liv", "Ola"]))
WHATS = st.one_of(st.builds(Said, st.text(max_size=5)), st.builds(Noted, st.text(max_size=5)))
BODIES = st.lists(st.tuples(st.integers(0, 2**53), PARTIES, WHATS, st.integers(0, 2**53)), max_size=12)
LINES = st.builds(
    Line,
    key=st.one_of(st.integers(-9, 99), st.text("ab", min_size=1, max_size=3)),
    at_ms=st.integers(0, 2**53),
    who=st.sampled_from(["", "Liv", "Ola"]),
    side=st.sampled_from(SIDES),
    text=st.text(max_size=5),
    state=st.sampled_from(STATES),
    label=st.sampled_from(["", "whisper"]),
)


@given(BODIES, st.integers(0, 12))
def test_a_log_gives_back_its_events(bodies: list[tuple[int, Party, Said | Noted, int]], cut: int) -> None:
    events = [Event(7, 20 + n, at, by, what, pub) for n, (at, by, what, pub) in enumerate(bodies)]
    cut = min(cut, len(events))
    log = Log(19 + cut)
    for event in events[cut:]:
        log.append(event)
    log.prepend(events[:cut])
    assert list(log) == log[:] == events
    assert log.base == 19
    assert list(reversed(log)) == events[::-1]


@given(st.lists(LINES, max_size=12, unique_by=lambda line: line.key), st.integers(0, 12), st.data())
def test_lines_are_given_back_and_found(expected: list[Line], cut: int, data: st.DataObject) -> None:
    cut = min(cut, len(expected))
    lines = Lines(expected[cut:])
    lines.prepend(expected[:cut])
    if expected:
        index = data.draw(st.integers(0, len(expected) - 1))
        fresh = data.draw(LINES.filter(lambda line: all(line.key != other.key for other in expected)))
        old, expected[index] = expected[index].key, fresh
        lines[index] = fresh
        assert lines.find(old) is None
    assert list(lines) == expected
    assert [lines.find(line.key) for line in expected] == list(range(len(expected)))
