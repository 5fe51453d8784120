"""The bench of the dispatcher measures what its lines say: the house is full, and each change gives what it should."""

import pytest

from agentconsole.backend.domain.routing import dispatch
from bench.dispatcher import (
    AGENTS,
    CHATS_EACH,
    EACH_IN,
    WAITING,
    House,
    Kind,
    arriving,
    freed,
    nothing,
    returning,
    wider_limit,
)


@pytest.fixture(scope="module")
def house() -> House:
    full = House(EACH_IN)
    full.fill()
    return full


def test_the_house_is_full(house: House) -> None:
    assert len(house.scene.waiting) == WAITING
    assert len(house.scene.held) == AGENTS * CHATS_EACH
    assert dispatch(house.scene, house.now) == []


@pytest.mark.parametrize(
    "change, chats", [(freed, 1), (returning, CHATS_EACH), (wider_limit, 1), (arriving, 0), (nothing, 0)]
)
def test_a_change_gives_as_many_chats_as_there_is_room_for(house: House, change: Kind, chats: int) -> None:
    for _ in range(3):
        act = change(house)
        house.now += 1
        act()
        assert house.carry_out(list(dispatch(house.scene, house.now))) == chats
        house.fill()
