"""What a line costs when there is more of everything: chats, events in the chat, messages in the database."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

from bench.driver import Contender, Floor, Ours
from bench.figures import Report
from bench.sizes import Size

LIMIT = 1.1
WINDOW = 2  # lines on the way, a side and chat
BRIEF = 0.3  # seconds, so that new chats do not become long ones
PER_CHAT = 200  # stored messages in one old chat


def growth(size: Size) -> list[Report]:
    """CPU per line, many against few; where the floor grows too, relative to it."""
    report = Report(
        "growth",
        {"figure": "server CPU per line at saturation", "lines on the way": f"{WINDOW} a side and chat"},
    )
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name:
        _chats(report, size, Path(name))
        _events(report, size, Path(name))
        _stored(report, size, Path(name))
    return [report]


def _chats(report: Report, size: Size, folder: Path) -> None:
    few, many = size.few_chats, size.many_chats
    costs: dict[str, list[float]] = {}
    with (
        Floor() as floor_few,
        Floor() as floor_many,
        Ours(folder / "few", size.agents) as ours_few,
        Ours(folder / "many", size.agents) as ours_many,
    ):
        pairs: list[tuple[str, Contender, int]] = [
            ("floor few", floor_few, few),
            ("floor many", floor_many, many),
            ("ours few", ours_few, few),
            ("ours many", ours_many, many),
        ]
        for _, contender, chats in pairs:
            contender.open(chats, size.agents)
        for _ in range(size.rounds):
            for name, contender, _ in pairs:
                costs.setdefault(name, []).append(cost(contender, size.seconds))
    ours = median(costs["ours many"]) / median(costs["ours few"])
    floor = median(costs["floor many"]) / median(costs["floor few"])
    report.add(
        f"{many} against {few} chats",
        ours / max(1.0, floor),
        LIMIT,
        note=f"ours {ours:.2f}, floor {floor:.2f}",
    )


def _events(report: Report, size: Size, folder: Path) -> None:
    short, long = [], []
    with Ours(folder / "short", size.agents) as fresh, Ours(folder / "long", size.agents) as filled:
        filled.open(size.few_chats, size.agents)
        filled.load.do("fill", lines=size.long_chat // 2)
        for _ in range(size.rounds):
            fresh.open(size.few_chats, size.agents)
            short.append(cost(fresh, BRIEF))
            long.append(cost(filled, BRIEF))
    note = f"{median(long):.1f} against {median(short):.1f} µs"
    report.add(
        f"chats of {size.long_chat:,} events against new ones", median(long) / median(short), LIMIT, note=note
    )


def _stored(report: Report, size: Size, folder: Path) -> None:
    none, many = [], []
    with Ours(folder / "empty", size.agents) as empty, Ours(folder / "old", size.agents) as old:
        old.served.stop()
        fill(folder / "old" / "agentconsole.db", size.stored)
        old.start()
        empty.open(size.few_chats, size.agents)
        old.open(size.few_chats, size.agents)
        for _ in range(size.rounds):
            none.append(cost(empty, size.seconds))
            many.append(cost(old, size.seconds))
    report.add(f"{size.stored:,} stored messages against none", median(many) / median(none), LIMIT)


def cost(contender: Contender, seconds: float) -> float:
    """CPU per line in µs, the server kept full."""
    return float(contender.load.do("saturate", seconds=seconds, window=WINDOW, ramp=0.1)["cpu_us"])


def fill(database: Path, messages: int) -> None:
    """Put old, closed chats with so many lines into the database of a server that is not running."""
    chats = max(1, messages // PER_CHAT)
    with closing(sqlite3.connect(database)) as connection, connection:
        first = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM chat").fetchone()[0]
        department = connection.execute("SELECT min(id) FROM department").fetchone()[0]
        numbers = {"chats": chats, "first": first, "department": department, "lines": PER_CHAT}
        for statement in OLD_CHATS.split(";"):
            connection.execute(statement, numbers)


# A visitor, a closed chat, its lines and their receipts; times are those of the first second of 2024.
OLD_CHATS = """
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :chats)
INSERT INTO visitor (id, token_hash, created_at, used_at, drill)
SELECT :first + i, randomblob(32), 1704067200000, 1704067200000, 0 FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :chats)
INSERT INTO chat (id, visitor, department, state, seq, pub, version, since, started_at, ended_at, first_line)
SELECT :first + i, :first + i, :department, 'closed', :lines, :lines, :lines,
       1704067200000, 1704067200000, 1704067200000, 'an old line'
FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :chats),
     m(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM m WHERE j < :lines)
INSERT INTO public_event (chat_id, pub, seq, at, side, party, name, kind, what)
SELECT :first + i, j, j, 1704067200000, 'visitor', :first + i, 'Somebody', 'said',
       '{"kind":"said","text":"old line ' || j || ' of chat ' || i || ', about as long as a line is"}'
FROM n CROSS JOIN m;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :chats),
     m(j) AS (SELECT 1 UNION ALL SELECT j + 1 FROM m WHERE j < :lines)
INSERT INTO receipt (chat_id, sender, cid, digest, about, seq, pub, at)
SELECT :first + i, 'v' || (:first + i), 'old-' || i || '-' || j, i * 1000 + j, :first + i, j, j, 1704067200000
FROM n CROSS JOIN m
"""
