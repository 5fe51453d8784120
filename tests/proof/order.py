"""Reads a trace of the server's system calls: no acknowledgement before the sync of what it acknowledges."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg"
CID = rb"[A-Za-z0-9_-]{8,40}"
ACKED = re.compile(rb'\\"t\\":\\"ack\\",\\"cid\\":\\"(' + CID + rb')\\"')
CALL = re.compile(rb"^(\d+) +(?:<\.\.\. )?(\w+)(?:\((\d*)| resumed)")


@dataclass
class Order:
    """What the trace says. `early` holds the cids that were acknowledged before a sync of their page had ended."""

    acknowledged: int = 0
    syncs: int = 0
    early: list[str] = field(default_factory=list)
    unwritten: list[str] = field(default_factory=list)

    def clean(self) -> bool:
        """Every acknowledgement came after its sync, and there were some."""
        return self.acknowledged > 0 and not self.early and not self.unwritten


def read(trace: Iterable[bytes], cids: Iterable[str]) -> Order:
    """Follow the lines with these cids through a trace.

    A cid counts as written at the first pwrite64 that holds it, as durable once a sync that began after that has
    ended, as acknowledged at the first write to a socket that holds its ack.
    """
    order = Order()
    written: dict[bytes, int] = {}
    waiting = {cid.encode() for cid in cids}
    shapes = {re.sub(rb"\d", rb"\\d", re.escape(cid)) for cid in waiting}
    token = re.compile(b"|".join(sorted(shapes)) or b"$.")
    durable = -1  # every page written before this line of the trace is on the disk
    begun: dict[bytes, int] = {}
    for number, line in enumerate(trace):
        call = CALL.match(line)
        if call is None:
            continue
        thread, name, first = call.groups()
        if name in (b"fdatasync", b"fsync"):
            if first is not None:
                begun[thread] = number
            if b"= 0" in line and thread in begun:
                durable = max(durable, begun.pop(thread))
                order.syncs += 1
        elif name == b"pwrite64":
            for cid in waiting.intersection(token.findall(line)):
                written.setdefault(cid, number)
        elif ACKED.search(line):
            for cid in waiting.intersection(ACKED.findall(line)):
                waiting.discard(cid)
                order.acknowledged += 1
                if cid not in written:
                    order.unwritten.append(cid.decode())
                elif written[cid] > durable:
                    order.early.append(cid.decode())
    return order


def story(trace: Iterable[bytes], cid: str) -> list[str]:
    """The calls from a line's first page write to its acknowledgement, shortened for people."""
    told: list[str] = []
    for line in trace:
        call = CALL.match(line)
        if call is None or not (told or (call[2] == b"pwrite64" and cid.encode() in line)):
            continue
        shown = line.decode("ascii", "replace").strip()
        told.append(shown if len(shown) < 150 else f"{shown[:60]} ... {shown[-30:]}")
        if cid.encode() in ACKED.findall(line):
            told[-1] = f'{shown[:40]} ... "ack" of {cid} ... {shown[-12:]}'
            break
    return told


def available() -> bool:
    """Is there a strace that may trace?"""
    strace = shutil.which("strace")
    return (
        strace is not None
        and subprocess.run([strace, "-qq", "true"], capture_output=True, check=False).returncode == 0
    )


@contextmanager
def traced(pid: int, out: Path) -> Iterator[None]:
    """Trace a running server into the file `out` for as long as the block lasts."""
    command = ["strace", "-f", "-p", str(pid), "-e", f"trace={CALLS}", "-s", "262144", "-o", str(out)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _attached(tracer, pid)
        yield
    finally:
        tracer.terminate()
        tracer.communicate(timeout=30)


def _attached(tracer: "subprocess.Popen[bytes]", pid: int) -> None:
    deadline = time.monotonic() + 10
    threads = Path(f"/proc/{pid}/task")
    while not all(b"TracerPid:\t0\n" not in (thread / "status").read_bytes() for thread in threads.iterdir()):
        if tracer.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("strace could not attach to the server")
        time.sleep(0.02)
