"""Opening hours for tests in a browser: what a department keeps, set from now, and how a visitor's clock calls a moment."""

import sqlite3
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from agentconsole.backend.desk.admin import SetDepartment
from agentconsole.backend.domain.hours import Opening, Span, Week
from tests.running import Running, unique

OPEN = Opening()
CLOSED = Opening(chat=Week())


def _span(begins: datetime, ends: datetime) -> Opening:
    midnight = begins.replace(hour=0, minute=0)
    start, end = ((moment - midnight) // timedelta(minutes=1) for moment in (begins, ends))
    return Opening(chat=Week((Span(begins.weekday(), start, end),)))


def _minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def closing(minutes: int) -> tuple[Opening, datetime]:
    """Open now, closed in so many minutes; and when that is."""
    ends = _minute() + timedelta(minutes=minutes)
    return _span(_minute(), ends), ends


def opening(minutes: int) -> tuple[Opening, datetime]:
    """Closed now, open in so many minutes; and when that is."""
    begins = _minute() + timedelta(minutes=minutes)
    return _span(begins, begins + timedelta(minutes=30)), begins


def keep(site: Running, department: str, hours: Opening) -> None:
    """The department keeps these hours from now on."""
    with sqlite3.connect(site.data / "agentconsole.db", timeout=20) as database:
        text = msgspec.json.encode(hours).decode()
        database.execute("UPDATE department SET opening = ? WHERE slug = ?", (text, department))
    database.close()
    assert site.order(SetDepartment(department, guide=unique("guide "))).code is None


def called(moment: datetime, zone: str) -> str:
    """The moment by the clock of this zone, in English, each part isolated as in the widget."""
    here, now = moment.astimezone(ZoneInfo(zone)), datetime.now(ZoneInfo(zone))
    days = (here.date() - now.date()).days
    day = ["today", "tomorrow"][days] if days < 2 else f"{here:%A}"
    return f"\u2068{day}\u2069 \u2068{here:%H:%M}\u2069"
