"""The session of `session.py` with the n-th write or sync of its database failing, as of a disk that is full or broken."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.proof import session
from tests.proof.staffing import staffed

PLAY = (sys.executable, "-m", "tests.proof.session")
HASTY = (*PLAY, "--hasty")
ERRORS = (("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("fdatasync", "EIO"))
CALL = re.compile(r"^\d+ +(\w+)\(")


@dataclass(frozen=True)
class Failure:
    """A call of the system that fails at its n-th time in a thread, and from then on if it ``stays``."""

    call: str
    error: str
    nth: int
    stays: bool

    def __str__(self) -> str:
        return f"{self.call}:error={self.error}:when={self.nth}{'+' if self.stays else ''}"


class Rig:
    """A fresh data folder, all that can fail while the session plays on it, and what it tells if nothing does."""

    def __init__(self, folder: Path) -> None:
        self._fresh, self._data = folder / "fresh", folder / "failing"
        staffed(self._fresh, 1)
        clean = shutil.copytree(self._fresh, folder / "clean")
        self.failures = list(failures(clean))
        self.whole = session.story(clean)

    def faults(self, failure: Failure, play: Sequence[str] = PLAY) -> list[str]:
        """What is wrong after this failure, on a copy of the fresh folder."""
        shutil.copytree(self._fresh, self._data)
        try:
            return faults(self._data, failure, self.whole, play)
        finally:
            shutil.rmtree(self._data)


def failures(data: Path) -> Iterator[Failure]:
    """All that can fail while the session plays on this folder, which it changes: every write and every sync, once or for good."""
    trace = data / "trace"
    _play(PLAY, data, "-o", str(trace), "-e", "trace=pwrite64,fdatasync")
    calls = Counter(found[1] for line in trace.read_text().splitlines() if (found := CALL.match(line)))
    for call, error in ERRORS:
        for nth in range(1, calls[call] + 1):
            yield from (Failure(call, error, nth, stays) for stays in (False, True))


def faults(data: Path, failure: Failure, whole: session.Story, play: Sequence[str] = PLAY) -> list[str]:
    """What is wrong on this fresh folder after the failure, and after all was said once more without one.

    ``whole`` is what a session tells in which nothing fails.
    """
    inject = f"inject={failure}"
    known = set(_play(play, data, "-o", "/dev/null", "-e", f"trace={failure.call}", "-e", inject).split())
    found = session.story(data)
    wrong = [f"{cid} was acknowledged and is not there" for cid in sorted(known - found.cids)]
    if not set(found.told) <= set(whole.told):
        wrong.append(f"there is what nobody said: {sorted(set(found.told) - set(whole.told))}")
    again = subprocess.run([*PLAY, str(data)], capture_output=True, text=True, check=False)
    if again.returncode:
        wrong.append(f"it did not play again: {again.stderr[-500:]}")
    elif session.story(data) != whole:
        wrong.append(f"said once more it is {session.story(data)}")
    return wrong


def _play(play: Sequence[str], data: Path, *traced: str) -> str:
    command = ["strace", "-f", "-qq", "--seccomp-bpf", *traced, *play, str(data)]
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False
    ).stdout
