"""What a question about opening hours costs: 200 departments in many zones, each with thirty holidays."""

import random
import time
from collections.abc import Callable
from statistics import median

from agentconsole.backend.domain import hours
from agentconsole.backend.domain.hours import Kind, Opening, parse_day, parse_week
from bench.figures import Report
from bench.sizes import Size

GOAL = 0.1  # ms
DEPARTMENTS, QUESTIONS = 200, 20_000
START = 1_790_000_000_000
HOUR, DAY = 3_600_000, 86_400_000
ZONES = ("Europe/Oslo", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC")
WEEKS = (
    "Mon-Fri 08:00-16:00",
    "Mon-Fri 08:00-12:00 13:00-17:00, Sat 10:00-14:00",
    "Mon-Sun 06:00-22:00",
    "Fri-Sat 20:00-04:00",
    "always",
)

Question = Callable[[Opening, Kind, int], object]
QUESTIONS_BY_NAME: dict[str, Question] = {
    "is it open": hours.is_open,
    "next change": hours.next_change,
    "open time of two days": lambda kept, kind, at: hours.open_between(kept, kind, at, at + 2 * DAY),
    "when 40 open hours are over": lambda kept, kind, at: hours.after_open(kept, kind, at, 40 * HOUR),
}


def hours_bench(size: Size) -> list[Report]:
    """Each question, asked about now and about moments of a whole year, from cold caches; CPU time."""
    luck = random.Random(1)
    report = Report("hours", {"departments": DEPARTMENTS, "questions": QUESTIONS, "holidays": 30})
    kept = [_opening(luck) for _ in range(DEPARTMENTS)]
    for when, days in (("now", 1), ("within a year", 365)):
        asked = [
            (luck.choice(kept), luck.choice(list(Kind)), START + luck.randrange(days * DAY))
            for _ in range(QUESTIONS)
        ]
        for name, question in QUESTIONS_BY_NAME.items():
            _forget()
            began = time.process_time()
            for opening, kind, at in asked:
                question(opening, kind, at)
            report.add(f"{name}, {when}", 1_000 * (time.process_time() - began) / QUESTIONS, GOAL, unit="ms")
    report.add("next change, closed for two years", _long_closed(), unit="ms", note="each with cold caches")
    return [report]


def _opening(luck: random.Random) -> Opening:
    dates = (f"2026-{luck.randrange(1, 13):02}-{day:02}" for day in range(1, 29))
    days = tuple(parse_day(day) for day in (*dates, "12-25", "01-01"))
    chat, email, phone = (parse_week(luck.choice(WEEKS)) for _ in range(3))
    return Opening(luck.choice(ZONES), chat, email, phone, days)


def _long_closed() -> float:
    """The longest way to look: two years of nothing."""
    took = []
    for number in range(20):
        kept = Opening(ZONES[number % 6], parse_week("closed"), days=(parse_day(f"01-{number + 1:02}"),))
        began = time.process_time()
        hours.next_change(kept, Kind.chat, START)
        took.append(1_000 * (time.process_time() - began))
    return median(took)


def _forget() -> None:
    for cached in (hours._block, hours._total, hours._days, hours._usual):
        cached.cache_clear()
