"""Opening hours for tests in a browser: written from now on, and what a visitor's clock calls a moment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agentconsole.backend.desk.admin import SetDepartment
from tests.running import Running

OPEN = ""  # no hours are kept
CLOSED = "closed"


def _minute() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def closing(minutes: int) -> tuple[str, datetime]:
    """Open now, closed in so many minutes; and when that is."""
    begins, ends = _minute(), _minute() + timedelta(minutes=minutes)
    return f"{begins:%a %H:%M}-{ends:%H:%M}", ends


def opening(minutes: int) -> tuple[str, datetime]:
    """Closed now, open in so many minutes; and when that is."""
    begins = _minute() + timedelta(minutes=minutes)
    return f"{begins:%a %H:%M}-{begins + timedelta(minutes=30):%H:%M}", begins


def keep(site: Running, department: str, hours: str) -> None:
    """The department keeps these hours from now on, by the clock of UTC."""
    answer = site.order(SetDepartment(department, opening_zone="UTC", chat_hours=hours))
    assert answer.code is None, answer


def called(moment: datetime, zone: str) -> str:
    """The moment by the clock of this zone, in English, each part isolated as in the widget."""
    here, now = moment.astimezone(ZoneInfo(zone)), datetime.now(ZoneInfo(zone))
    days = (here.date() - now.date()).days
    day = ["today", "tomorrow"][days] if days < 2 else f"{here:%A}"
    return f"\u2068{day}\u2069 \u2068{here:%H:%M}\u2069"
