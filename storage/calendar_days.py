"""The calendar table: seeded with the years that are known, then the organisation's own to correct."""

import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import Calendar, DayKind
from scripts.calendars import seeded_calendar
from storage.db import rows

SEED = "chinesecalendar"
KEPT_SECONDS = 5.0  # a correction reaches every process this soon

_kept: dict[str, tuple[float, Calendar]] = {}


async def read_calendar(connection: AsyncConnection) -> Calendar:
    """The calendar as the table holds it; an empty table is seeded first. Kept for a few seconds a process."""
    database = str(connection.engine.url)
    if (kept := _kept.get(database)) and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    years = await rows(connection, "SELECT year FROM calendar_years")
    if not years:
        await seed(connection)
        years = await rows(connection, "SELECT year FROM calendar_years")
    days = await rows(connection, "SELECT day, kind FROM calendar_days")
    calendar = Calendar({r["day"]: DayKind(r["kind"]) for r in days}, frozenset(r["year"] for r in years))
    _kept[database] = (time.monotonic(), calendar)
    return calendar


async def seed(connection: AsyncConnection) -> None:
    """Add the years that chinesecalendar knows. Days and years that stand there already are left as they are."""
    calendar = seeded_calendar()
    await connection.execute(
        text(
            "INSERT INTO calendar_days (day, kind, source) "
            "SELECT day, kind, :source FROM unnest(CAST(:days AS date[]), CAST(:kinds AS text[])) AS d(day, kind) "
            "WHERE extract(year FROM day) NOT IN (SELECT year FROM calendar_years) ON CONFLICT DO NOTHING"
        ),
        {"source": SEED, "days": list(calendar.special), "kinds": [str(k) for k in calendar.special.values()]},
    )
    await connection.execute(
        text(
            "INSERT INTO calendar_years (year, source) SELECT year, :source FROM unnest(CAST(:years AS int[])) AS y(year) "
            "ON CONFLICT DO NOTHING"
        ),
        {"source": SEED, "years": sorted(calendar.years)},
    )


def forget() -> None:
    """Read the table again at the next question, for the process that has just changed it."""
    _kept.clear()
