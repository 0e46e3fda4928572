"""The calendar table: seeded with the years that are known, then the organisation's own to correct."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import CALENDAR_CHANGED, Calendar, CalendarChange, DayKind, change_of, change_to_json, with_change
from scripts.calendars import calendar_for
from scripts.rule_profiles import load_profile
from storage.db import rows
from storage.events import record

SEED = "chinesecalendar"
VERSION = "calendar"  # among the controls
KEPT_SECONDS = 5.0  # a correction reaches every process this soon

_kept: dict[str, tuple[float, Calendar]] = {}
_held: dict[str, tuple[str, Calendar]] = {}


async def read_calendar(connection: AsyncConnection) -> Calendar:
    """The calendar as the table holds it; an empty table is seeded first. Kept for a few seconds a process."""
    database = str(connection.engine.url)
    if (kept := _kept.get(database)) and time.monotonic() - kept[0] < KEPT_SECONDS:
        return kept[1]
    calendar = await _as_stored(connection)
    _kept[database] = (time.monotonic(), calendar)
    return calendar


async def held_calendar(connection: AsyncConnection) -> Calendar:
    """The calendar as it stands, and as it will stand until this transaction ends: what is decided by it and stored is
    either recomputed by the next change or decided after it."""
    version = await _version(connection, "SHARE")
    key = str(connection.engine.url)
    if (stood := _held.get(key)) is None or stood[0] != version:
        _held[key] = version, await _as_stored(connection)
    return _held[key][1]


async def _version(connection: AsyncConnection, lock: str) -> str:
    """How often the calendar was changed. `lock`: SHARE keeps a change waiting, UPDATE everybody who decides by it; a
    row, because whoever had to wait for it is given its newest value in the same statement."""
    asked = f"SELECT value FROM controls WHERE name = '{VERSION}' FOR {lock}"
    found = await rows(connection, asked)
    if not found:
        await connection.execute(
            text(
                f"INSERT INTO controls (name, value, set_by, set_at) VALUES ('{VERSION}', '0', 'huifang', now()) "
                "ON CONFLICT DO NOTHING"
            )
        )
        found = await rows(connection, asked)
    return found[0]["value"]


async def _as_stored(connection: AsyncConnection) -> Calendar:
    years = await rows(connection, "SELECT year FROM calendar_years")
    if not years:
        await seed(connection)
        years = await rows(connection, "SELECT year FROM calendar_years")
    days = await rows(connection, "SELECT day, kind FROM calendar_days")
    return Calendar({r["day"]: DayKind(r["kind"]) for r in days}, frozenset(r["year"] for r in years))


async def change(
    connection: AsyncConnection,
    days: Mapping[date, DayKind],
    years: Collection[int],
    *,
    source: str,
    reasons: Mapping[date, str | None],
    user: str,
    now: datetime,
) -> tuple[Calendar, Calendar, CalendarChange]:
    """Take days and whole years over the table, with who and why and an event from which the calendar of any earlier
    instant follows; (the calendar before, after, what changed). What says what stands already changes nothing.

    One change at a time in the whole installation. Raises CalendarRefused.
    """
    version = await _version(connection, "UPDATE")
    before = await _as_stored(connection)
    found = change_of(before, days, years)
    if found.nothing:
        return before, before, found
    await connection.execute(
        text(
            """INSERT INTO calendar_days (day, kind, source, reason, changed_by, changed_at)
               SELECT day, kind, :source, reason, :user, :now
               FROM unnest(CAST(:days AS date[]), CAST(:kinds AS text[]), CAST(:reasons AS text[])) AS d(day, kind, reason)
               ON CONFLICT (day) DO UPDATE SET kind = excluded.kind, source = excluded.source, reason = excluded.reason,
                 changed_by = excluded.changed_by, changed_at = excluded.changed_at"""
        ),
        {
            "source": source,
            "user": user,
            "now": now,
            "days": [one.day for one in found.days],
            "kinds": [str(one.now) for one in found.days],
            "reasons": [reasons.get(one.day) for one in found.days],
        },
    )
    await connection.execute(
        text("INSERT INTO calendar_years (year, source) SELECT unnest(CAST(:years AS int[])), :source"),
        {"years": list(found.years), "source": source},
    )
    await connection.execute(
        text(f"UPDATE controls SET value = :value, set_by = :user, set_at = :now WHERE name = '{VERSION}'"),
        {"value": str(int(version) + 1), "user": user, "now": now},
    )
    await record(
        connection,
        CALENDAR_CHANGED,
        now,
        user=user,
        source=source,
        **change_to_json(found),
        reasons={str(day): reason for day, reason in reasons.items() if reason},
    )
    forget()
    return before, with_change(before, found), found


async def overrides(connection: AsyncConnection, year: int) -> Sequence[dict]:
    """The days of a year that differ from Monday to Friday, in order, with who says so and why."""
    return await rows(
        connection,
        """SELECT day, kind, source, reason, changed_by, changed_at FROM calendar_days
           WHERE day >= make_date(:year, 1, 1) AND day < make_date(:year + 1, 1, 1) ORDER BY day""",
        year=year,
    )


async def known_years(connection: AsyncConnection) -> Sequence[dict]:
    return await rows(connection, "SELECT year, source FROM calendar_years ORDER BY year")


async def missing_years(connection: AsyncConnection) -> Sequence[dict]:
    """Years that are not known though open cases or orders rest on them, and of which no event has told yet: {year,
    cases, orders}."""
    return await rows(
        connection,
        """
        WITH used AS (
          SELECT 'case' AS what, c.id, d.day FROM cases c, LATERAL (VALUES (c.callable_on), (c.surrender_deadline)) AS d(day)
          WHERE c.provisional AND c.owner <> 'CLOSED'
          UNION ALL
          SELECT 'order', w.id, CAST(w.due_at AT TIME ZONE 'Asia/Shanghai' AS date) FROM work_orders w
          WHERE w.provisional AND w.state IN ('ISSUED', 'ACCEPTED')
        )
        SELECT CAST(extract(year FROM day) AS int) AS year, count(DISTINCT id) FILTER (WHERE what = 'case') AS cases,
               count(DISTINCT id) FILTER (WHERE what = 'order') AS orders
        FROM used WHERE day IS NOT NULL
          AND extract(year FROM day) NOT IN (SELECT year FROM calendar_years)
          AND NOT EXISTS (SELECT 1 FROM events e WHERE e.kind = 'CALENDAR_YEAR_MISSING'
                            AND CAST(e.data ->> 'year' AS int) = extract(year FROM day))
        GROUP BY 1 ORDER BY 1
        """,
    )


async def seed(connection: AsyncConnection) -> None:
    """Add the years that the package knows, where the profile takes them from it. Days and years that stand there already are left as they are."""
    calendar = calendar_for(load_profile())
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
    _held.clear()
