"""The calendar of public holidays kept up: years that the package has learned, and a word about those that nobody knows."""

from clock import Clock
from rules.calendar import DayKind
from scripts.calendars import calendar_for
from scripts.rule_profiles import load_profile
from storage import calendar_days, db
from storage.calendar_files import GivenDay
from storage.events import record
from storage.recomputing import change_calendar
from tasks.outages import batch


@batch
async def take_new_years(clock: Clock) -> tuple[int, ...]:
    """Years that an upgraded package knows and the table does not: taken over, everything recomputed. Returns them."""
    library = calendar_for(load_profile())
    async with db.transaction() as connection:
        known = {row["year"] for row in await calendar_days.known_years(connection)}
        if not known:
            return ()  # never filled: the first question fills it
        new = tuple(sorted(year for year in library.years if year > max(known)))
        if new:
            days = {day: GivenDay(DayKind(kind), None) for day, kind in library.special.items() if day.year in new}
            source = calendar_days.SEED
            await change_calendar(connection, days, new, source=source, user=source, now=clock.now())
    return new


@batch
async def tell_missing_years(clock: Clock) -> tuple[int, ...]:
    """One event for each year that open cases or orders rest on and that nobody knows. Returns those told just now."""
    async with db.transaction() as connection:
        missing = await calendar_days.missing_years(connection)
        for found in missing:
            await record(connection, "CALENDAR_YEAR_MISSING", clock.now(), **found)
    return tuple(found["year"] for found in missing)
