"""The console in a terminal of 120x40, against a bare Textual app in the same run."""

import random
import string
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.bare import READY
from bench.figures import Report
from bench.sizes import Size
from bench.stage import Bare, Console, Program, Stage, command
from bench.tape import FAR_AWAY, Tape, pace

KEYS_A_SECOND = 10
GROUP = 40  # letters until the line is emptied
START = "Zq"  # what is typed before the letters that count, so that they are found on the screen
QUEUE_KEY, CHAT_KEY = "\x1bOQ", "1"  # F2 from the composer, then the first chat
WORDS = [
    "my",
    "order",
    "came",
    "without",
    "the",
    "blue",
    "lamp",
    "and",
    "now",
    "what",
    "can",
    "you",
    "please",
    "send",
    "another",
    "one",
    "to",
    "me",
    "today",
    "thanks",
]
FLOOD, SLOW_FLOOD, TRICKLE = 50, 10, 1  # lines a second


@dataclass
class Seen:
    """Milliseconds from each key to its echo or from each line to its picture; what was never seen is counted."""

    ms: list[float] = field(default_factory=list)
    never: int = 0
    bytes: int = 0
    times: int = 0

    def add(self, other: "Seen") -> None:
        """Pool two rounds."""
        self.ms += other.ms
        self.never += other.never
        self.bytes += other.bytes
        self.times += other.times

    def p(self, percent: int) -> float:
        """A percentile in ms; what was never seen counts as for ever."""
        ordered = sorted(self.ms) + [float("inf")] * self.never
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else float("inf")

    @property
    def each(self) -> float:
        """Bytes for each key or line."""
        return self.bytes / max(1, self.times)


def type_letters(program: Program, keys: int) -> Seen:
    """Type letters at an even pace and find when each stood in the line."""
    result, luck = Seen(), random.Random(keys)
    while result.times < keys:
        word = "".join(luck.choices(string.ascii_letters, k=min(GROUP, keys - result.times)))
        program.tape.press(START)
        program.tape.quiet(0.3, 2)
        first, before = len(program.tape.chunks), program.tape.bytes
        pressed: list[float] = []
        press = _presser(program.tape, word, pressed)
        pace(len(word), KEYS_A_SECOND, press)
        program.tape.quiet(0.3, 2 + 2 * program.tape.line.delay)
        result.bytes += program.tape.bytes - before
        texts = [START + word[: n + 1] for n in range(len(word))]
        _compare(result, dict(zip(texts, pressed, strict=True)), program.tape.seen(texts, first))
        program.clear()
        program.tape.quiet(0.3, 2)
    return result


def _presser(tape: Tape, word: str, pressed: list[float]) -> Callable[[int], None]:
    return lambda number: pressed.append(tape.press(word[number]))


def pour(program: Program, per_second: float, seconds: float, mark: str) -> Callable[[], Seen]:
    """Let lines come in for so long; afterwards the result tells when each was seen."""
    count = max(1, round(per_second * seconds))
    texts = [f"{mark}{number:05d}e" for number in range(count)]
    sent: list[float] = []
    luck = random.Random(mark)

    def say(number: int) -> None:
        sent.append(time.perf_counter())
        program.say(f"{texts[number]} {' '.join(luck.sample(WORDS, luck.randint(2, 5)))}")

    first, before = len(program.tape.chunks), program.tape.bytes
    pace(count, per_second, say)

    def result() -> Seen:
        program.tape.quiet(0.4, 10)
        seen = Seen(bytes=program.tape.bytes - before)
        _compare(seen, dict(zip(texts, sent, strict=True)), program.tape.seen(texts, first))
        return seen

    return result


def _compare(result: Seen, began: dict[str, float], seen: dict[str, float]) -> None:
    result.times += len(began)
    result.never += len(began.keys() - seen.keys())
    result.ms += [1000 * (seen[text] - when) for text, when in began.items() if text in seen]


def type_in_a_flood(program: Program, keys: int, per_second: float, mark: str) -> tuple[Seen, Seen]:
    """Echoes of keys while lines come in, and pictures of those lines."""
    result: list[Callable[[], Seen]] = []
    flood = threading.Thread(
        target=lambda: result.append(pour(program, per_second, keys / KEYS_A_SECOND + 2, mark))
    )
    flood.start()
    echoes = type_letters(program, keys)
    flood.join()
    return echoes, result[0]()


# --- parts ------------------------------------------------------------------------------------------------------------


def console(size: Size) -> list[Report]:
    """Every figure of the console."""
    with tempfile.TemporaryDirectory(prefix="agentconsole-") as name, Stage(Path(name)) as stage:
        return [
            _start(stage, size),
            _at_hand(stage, size),
            _quiet(stage, size),
            _far_away(stage, size),
            _long(stage, size),
        ]


def _start(stage: Stage, size: Size) -> Report:
    report = Report("console, start", {"starts": size.starts, "terminal": "120x40"})
    _, chat, first = stage.waiting()
    chats = [chat]
    _visit(stage, first)
    bare, picture, live = [], [], []
    for _ in range(size.starts):
        with Bare() as program:
            bare.append(program.tape.seen([READY])[READY] - program.tape.began)
        _, chat, newest = stage.waiting()
        chats.append(chat)
        seen, began = _visit(stage, newest, first)
        picture.append(seen[first] - began)
        live.append(seen[newest] - began)
    for chat in chats:
        stage.take_and_close(chat)
    floor = median(bare)
    for what, values, limit in (("first picture", picture, 0.15), ("live data", live, 1.15)):
        note = f"{1000 * median(values):.0f} against {1000 * floor:.0f} ms"
        report.add(f"{what} / bare", median(values) / floor, limit, note=note)
    return report


def _visit(stage: Stage, *texts: str) -> tuple[dict[str, float], float]:
    with Tape(command(stage), stage.environment()) as tape:
        tape.wait_for(texts[0])
        tape.quiet()
        seen = tape.seen(texts)
        tape.press("Q")
        tape.ended(5)
        return seen, tape.began


def _at_hand(stage: Stage, size: Size) -> Report:
    report = Report(
        "console, keys and lines",
        {"keys": size.keys, "keys a second": KEYS_A_SECOND, "flood": f"{FLOOD} lines/s"},
    )
    quiet, echoes, lines = ({"bare": Seen(), "console": Seen()} for _ in range(3))
    trickle = Seen()
    with Bare() as bare, Console(stage) as ours:
        for number in range(size.rounds):
            for program in (bare, ours):
                keys = max(2, size.keys // size.rounds)
                quiet[program.name].add(type_letters(program, keys))
                echo, _ = type_in_a_flood(program, keys, FLOOD, f"f{number}x")
                echoes[program.name].add(echo)
        for program in (bare, ours):
            lines[program.name].add(pour(program, FLOOD, size.flood_seconds / 4, "g")())
        trickle.add(pour(ours, TRICKLE, size.flood_seconds, "h")())
    _echo(report, "quiet", quiet, 0.5)
    _echo(report, f"at {FLOOD} lines/s", echoes, 0.6)
    report.add("bytes per key", quiet["console"].each, 100, note=f"bare {quiet['bare'].each:,.0f}")
    note = f"bare {lines['bare'].each:,.0f}"
    report.add(f"bytes per line at {FLOOD}/s", lines["console"].each, 200, note=note)
    report.add("bytes per line at 1/s", trickle.each, 200)
    report.add("line painted p50 at 1/s", trickle.p(50), unit="ms")
    report.add(
        f"line painted p95 at {FLOOD}/s",
        lines["console"].p(95),
        unit="ms",
        note=f"bare {lines['bare'].p(95):.1f} ms",
    )
    report.add(
        "lines and keys never seen",
        lines["console"].never + quiet["console"].never + echoes["console"].never,
        0,
    )
    return report


def _echo(report: Report, when: str, both: dict[str, Seen], limit: float) -> None:
    for percent, goal in ((50, None), (95, limit)):
        ours, bare = both["console"].p(percent), both["bare"].p(percent)
        report.add(
            f"echo p{percent} / bare, {when}", ours / bare, goal, note=f"{ours:.1f} against {bare:.1f} ms"
        )


def _quiet(stage: Stage, size: Size) -> Report:
    report = Report("console, screens and idleness", {"idle": f"{size.idle_seconds:.0f} s"})
    with Console(stage) as ours:
        pairs = [(QUEUE_KEY, _switch(ours, QUEUE_KEY)) for _ in range(1)]
        for _ in range(5):
            pairs += [(CHAT_KEY, _switch(ours, CHAT_KEY)), (QUEUE_KEY, _switch(ours, QUEUE_KEY))]
        amounts = [amount for _, (amount, _) in pairs]
        settled = [seconds for _, (_, seconds) in pairs]
        report.add(
            "bytes per screen switch, most", max(amounts), 8_000, note=f"median {median(amounts):,.0f}"
        )
        report.add("screen switch settled p50", 1000 * median(settled), unit="ms")
    with Tape(command(stage), stage.environment()) as tape:
        tape.wait_for("0 mine", 60)  # the end of a wrap-up is news
        tape.quiet(2)
        _early_in_a_minute(size.idle_seconds)
        before = tape.bytes
        time.sleep(size.idle_seconds)
        report.add("bytes while idle", tape.bytes - before, 0)
    return report


def _switch(program: Program, key: str) -> tuple[int, float]:
    pressed = program.tape.press(key)
    amount = program.tape.quiet(0.3)
    return amount, (program.tape.chunks[-1][0] - pressed) if amount else 0.0


def _early_in_a_minute(seconds: float) -> None:
    """The clock may change once in a while; measured is the time between."""
    left = 60 - time.time() % 60
    if left < seconds + 1:
        time.sleep(left + 0.5)


def _far_away(stage: Stage, size: Size) -> Report:
    line = FAR_AWAY
    trip = 2000 * line.delay
    report = Report(
        "console, slow line",
        {
            "each way": f"{1000 * line.delay:.0f} ms",
            "bytes a second": line.rate,
            "flood": f"{SLOW_FLOOD} lines/s",
        },
    )
    with Console(stage, line) as ours:
        quiet = type_letters(ours, size.keys // 3)
        echoes, lines = type_in_a_flood(ours, size.keys // 3, SLOW_FLOOD, "s")
    report.add("echo p95, quiet", quiet.p(95), trip + 25, unit="ms")
    report.add(f"echo p95 at {SLOW_FLOOD} lines/s", echoes.p(95), trip + 25, unit="ms")
    report.add("line painted p95", lines.p(95), unit="ms")
    report.add("never painted", quiet.never + echoes.never + lines.never, 0)
    return report


def _long(stage: Stage, size: Size) -> Report:
    report = Report("console, long chat", {"rounds": size.rounds, "lines": size.long_chat})
    short, long, opened, each = Seen(), Seen(), [], []
    for _ in range(size.rounds):
        with Console(stage) as ours:
            short.add(type_letters(ours, size.keys // 3))
            before = ours.tape.memory()
            stage.fill(ours.visitor, ours.chat, size.long_chat)
            ours.tape.quiet(1, 60)
            each.append((ours.tape.memory() - before) / size.long_chat)
            long.add(type_letters(ours, size.keys // 3))
            opened += [_opened(ours) for _ in range(5)]
    report.add("opens", 1000 * median(opened), 150, unit="ms")
    rounds = f"{min(each):.0f} to {max(each):.0f}"
    report.add("memory a line", median(each), 250, unit="bytes", note=rounds)
    report.add(
        "echo p95 / with a short chat",
        long.p(95) / short.p(95),
        1.2,
        note=f"{long.p(95):.1f} against {short.p(95):.1f} ms",
    )
    return report


def _opened(ours: Console) -> float:
    _switch(ours, QUEUE_KEY)
    return _switch(ours, CHAT_KEY)[1]
