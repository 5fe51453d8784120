"""Whichever write or sync of the database fails: what was acknowledged is there, nothing is there by half, and sent again all is.

The long form, with every one of them, is part of `./dev prove-durability`.
"""

import itertools
import shutil
from pathlib import Path

import pytest

from tests.proof import failing, order, session
from tests.proof.staffing import staffed

pytestmark = [pytest.mark.strace, pytest.mark.one_engine, pytest.mark.slow]
EVERY = 151  # of so many failures one is tried here


def test_a_write_or_sync_that_fails_loses_nothing_and_halves_nothing(tmp_path: Path) -> None:
    if not order.available():
        pytest.skip("no strace here that may trace")
    fresh, clean = tmp_path / "fresh", tmp_path / "clean"
    staffed(fresh, 1)
    shutil.copytree(fresh, clean)
    found = list(failing.failures(clean))
    whole = session.story(clean)
    assert len(whole.cids) == len(list(session.script(session.VISITOR, 1)))
    wrong = {}
    for failure in itertools.islice(found, EVERY // 2, None, EVERY):
        data = shutil.copytree(fresh, tmp_path / "data")
        wrong[str(failure)] = failing.faults(data, failure, whole)
        shutil.rmtree(data)
    assert len(wrong) >= 5
    assert not any(wrong.values()), wrong
    for_good = failing.Failure("fdatasync", "EIO", 1, stays=True)
    assert failing.faults(fresh, for_good, whole, failing.HASTY), "who acknowledges too early is found out"
