"""A week of opening hours in lines: half an hour is a sign, and each unusual day says why it is one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from agentconsole.protocol import HoursDay

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LEGEND = "# open  . closed  + partly  ~ left out by the clock; a sign is "
MARGIN = 10
HALF_HOUR, HOUR = 2, 4  # quarters that a sign stands for


def strip(zone: str, days: Sequence[HoursDay]) -> Iterator[str]:
    """The days by the clock of one zone: its name, a ruler of the hours, and a line for each day."""
    yield from ruler(zone, HALF_HOUR)
    for day in days:
        yield " ".join((day_name(day), signs(day.cells, HALF_HOUR), told(day)))


def ruler(zone: str, quarters: int) -> Iterator[str]:
    """The zone and the hours above its days, in one line if the name is short."""
    hours = range(0, 24, 3 if quarters == HALF_HOUR else 6)
    marks = "".join(f"{hour:<6}" for hour in hours).rstrip()
    if len(zone) < MARGIN:
        yield f"{zone:{MARGIN}} {marks}"
    else:
        yield zone
        yield f"{'':{MARGIN}} {marks}"


def day_name(day: HoursDay) -> str:
    """As "Mon 30 Nov"."""
    when = date.fromisoformat(day.date)
    return f"{DAY_NAMES[when.weekday()]} {day_month(when)}"


def day_month(when: date) -> str:
    """As "30 Nov"."""
    return f"{when.day:02} {MONTH_NAMES[when.month - 1]}"


def signs(cells: str, quarters: int) -> str:
    """The quarters of an hour, so many in a sign: what is not alike is partly open."""
    parts = (cells[at : at + quarters] for at in range(0, len(cells), quarters))
    return "".join(part[0] if part == part[0] * quarters else "+" for part in parts)


def legend(quarters: int) -> str:
    """What the signs mean."""
    return LEGEND + ("half an hour" if quarters == HALF_HOUR else "an hour")


def told(day: HoursDay) -> str:
    """The times of a day, its name, and changes of a clock."""
    found = [", ".join(day.times) or "closed"]
    if day.special and day.special != found[0]:
        found.append(day.special)
    if day.skipped:
        found.append(f"clock {_minutes(day.skipped)}")
    if day.shift and day.shift != day.skipped:
        found.append(f"department's clock {_minutes(day.shift)}")
    return "; ".join(found)


def zone_here(environment: Mapping[str, str] = os.environ, link: Path = Path("/etc/localtime")) -> str:
    """The IANA name of this machine's time zone, or '' if it does not say."""
    name = environment.get("TZ", "").lstrip(":") or str(link.resolve()).partition("zoneinfo/")[2]
    try:
        return "UTC" if name == "Etc/UTC" else ZoneInfo(name).key
    except (KeyError, ValueError, OSError):  # a name of another kind, or none
        return ""


def _minutes(change: int) -> str:
    """A change of a clock, as "+1 h" or "-30 min"."""
    sign, size = "-" if change < 0 else "+", abs(change)
    return f"{sign}{size} min" if size % 60 else f"{sign}{size // 60} h"
