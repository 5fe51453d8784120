"""Whichever write or sync of the database fails: what was acknowledged is there, nothing is there by half, and sent again all is.

The long form, with every one of them, is part of `./dev prove-durability`.
"""

from pathlib import Path

import pytest

from tests.proof import failing, order, session

pytestmark = [pytest.mark.strace, pytest.mark.one_engine, pytest.mark.slow]
EVERY = 151  # of so many failures one is tried here


def test_a_write_or_sync_that_fails_loses_nothing_and_halves_nothing(tmp_path: Path) -> None:
    if not order.available():
        pytest.skip("no strace here that may trace")
    rig = failing.Rig(tmp_path)
    assert len(rig.whole.cids) == len(list(session.script(session.VISITOR, 1)))
    chosen = rig.failures[EVERY // 2 :: EVERY]
    wrong = {str(failure): rig.faults(failure) for failure in chosen}
    assert len(wrong) >= 5
    assert not any(wrong.values()), wrong
    for_good = failing.Failure("fdatasync", "EIO", 1, stays=True)
    assert rig.faults(for_good, failing.HASTY), "who acknowledges too early is found out"
