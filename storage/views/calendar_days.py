"""The calendar as the database holds it."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import Calendar, DayKind
from storage.db import rows


async def calendar_around(connection: AsyncConnection, today: date) -> Calendar:
    """The special days from a year before `today` on, and every year that is known."""
    days = await rows(
        connection, "SELECT day, kind FROM calendar_days WHERE day >= :since", since=date(today.year - 1, 1, 1)
    )
    years = await rows(connection, "SELECT year FROM calendar_years")
    return Calendar({row["day"]: DayKind(row["kind"]) for row in days}, frozenset(row["year"] for row in years))
