"""The checker is worth something only if it finds what is wrong: histories broken by hand."""

from collections.abc import Callable

import pytest

from tests.proof.check import Findings, judge
from tests.proof.proxy import ACK, Cut, Knife
from tests.proof.record import Acked, Entry, History, Line, Record

CHAT = 7


class World:
    """A visitor and an agent who said three lines, and a history that has them all. Tests break it."""

    def __init__(self) -> None:
        self.visitor = Record("visitor", "visitor")
        self.agent = Record("agent", "staff")
        for number, side in enumerate(("visitor", "staff", "visitor"), 1):
            teller = self.visitor if side == "visitor" else self.agent
            teller.sent.append(Line(CHAT, f"cid-{number:04d}", f"line {number}"))
        self.visitor.acked = [Acked(CHAT, "cid-0001", 2), Acked(CHAT, "cid-0003", 4)]
        self.agent.acked = [Acked(CHAT, "cid-0002", 4)]
        self.public = [
            Entry(1, "visitor", ""),
            Entry(2, "visitor", "line 1"),
            Entry(3, "staff", "line 2"),
            Entry(4, "visitor", "line 3"),
        ]
        note = Entry(3, "staff", "")
        self.staff = [*self.public[:2], note, *(Entry(e.number + 1, e.side, e.text) for e in self.public[2:])]
        self.visitor.arrived[CHAT] = list(self.public)
        self.agent.arrived[CHAT] = list(self.staff)

    def judged(self) -> Findings:
        """What the checker says."""
        pubs = {1: 1, 2: 2, 3: 0} | {number: number - 1 for number in range(4, len(self.staff) + 1)}
        return judge([self.visitor, self.agent], [History(CHAT, self.staff, self.public, pubs)])


def renumbered(entries: list[Entry]) -> list[Entry]:
    return [Entry(number, entry.side, entry.text) for number, entry in enumerate(entries, 1)]


def test_a_sound_history_is_clean() -> None:
    found = World().judged()
    assert found.clean(), found
    assert found.acknowledged == 3


def test_nothing_to_look_at_is_not_clean() -> None:
    assert not judge([], []).clean()


def lost_at_the_end(world: World) -> None:
    del world.public[-1], world.staff[-1]


def lost_in_the_middle(world: World) -> None:
    del world.public[1], world.staff[1]
    world.public[:], world.staff[:] = renumbered(world.public), renumbered(world.staff)


def twice_in_history(world: World) -> None:
    world.public.append(Entry(5, "visitor", "line 3"))
    world.staff.append(Entry(6, "visitor", "line 3"))


def acknowledged_twice(world: World) -> None:
    world.visitor.acked.append(Acked(CHAT, "cid-0003", 4))


def acknowledged_in_the_wrong_order(world: World) -> None:
    world.visitor.acked.reverse()


def sent_in_another_order(world: World) -> None:
    world.visitor.sent.reverse()


def seen_in_the_wrong_order(world: World) -> None:
    world.agent.arrived[CHAT][1:3] = reversed(world.agent.arrived[CHAT][1:3])


def seen_and_never_stored(world: World) -> None:
    world.agent.arrived[CHAT].append(Entry(6, "visitor", "line 4"))


def seen_as_another_line(world: World) -> None:
    world.visitor.arrived[CHAT][2] = Entry(3, "staff", "line 2 as it was before the commit")


def missing_for_the_visitor(world: World) -> None:
    del world.public[2:]


def never_delivered(world: World) -> None:
    del world.agent.arrived[CHAT][-1]


def never_answered(world: World) -> None:
    world.visitor.unsettled.append("cid-0009")


def acknowledged_as_another_number(world: World) -> None:
    world.agent.acked[0] = Acked(CHAT, "cid-0002", 5)


def acknowledged_and_never_sent(world: World) -> None:
    world.agent.acked.append(Acked(CHAT, "cid-0099", 5))


def numbers_with_a_gap(world: World) -> None:
    world.staff[-1] = Entry(6, "visitor", "line 3")


@pytest.mark.parametrize(
    "breaking, kind",
    [
        (lost_at_the_end, "lost"),
        (lost_in_the_middle, "lost"),
        (twice_in_history, "doubled"),
        (acknowledged_twice, "doubled"),
        (acknowledged_in_the_wrong_order, "inverted"),
        (sent_in_another_order, "inverted"),
        (seen_in_the_wrong_order, "inverted"),
        (seen_and_never_stored, "phantom"),
        (seen_as_another_line, "phantom"),
        (missing_for_the_visitor, "differing"),
        (never_delivered, "unsettled"),
        (never_answered, "unsettled"),
        (acknowledged_as_another_number, "faults"),
        (acknowledged_and_never_sent, "faults"),
        (numbers_with_a_gap, "faults"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_the_checker_finds(breaking: Callable[[World], None], kind: str) -> None:
    world = World()
    breaking(world)
    found = world.judged()
    assert found.lists()[kind], found
    assert not found.clean()


def test_a_cut_falls_on_its_byte() -> None:
    up = Knife(Cut("up", 10), "up")
    assert up.share(b"12345678") == (b"12345678", False)
    assert up.share(b"90abc") == (b"90", True)
    assert Knife(Cut("up", 1), "down").share(b"untouched") == (b"untouched", False)


@pytest.mark.parametrize("split", range(1, 20))
def test_a_cut_before_an_acknowledgement_keeps_it_back(split: int) -> None:
    stream = b"\x81\x04{...}\x81\x0a" + ACK + b"}"
    knife = Knife(Cut("ack", 1), "down")
    first, over = knife.share(stream[:split])
    second, over = knife.share(stream[split:]) if not over else (b"", over)
    assert over
    assert ACK not in first + second
    assert stream.startswith(first + second)


def test_the_second_acknowledgement_can_be_the_one() -> None:
    knife = Knife(Cut("ack", 2), "down")
    assert knife.share(ACK + b"1}") == (ACK + b"1}", False)
    assert knife.share(b"x" + ACK + b"2}") == (b"x", True)
