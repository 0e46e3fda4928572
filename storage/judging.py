"""The stored events as the judge reads them: whole histories, under the profiles and the calendar in force."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.judge import Broken, Event, judge
from rules.parameters import Profile
from scripts.rule_profiles import load_profile
from storage.calendar_days import read_calendar
from storage.db import rows

COLUMNS = "e.id, e.at, e.kind, e.case_id, e.call_id, e.person_id, e.data"

EVERYTHING = f"SELECT {COLUMNS} FROM events e ORDER BY e.id"

# A cap is counted and an owner is replayed from the beginning: whoever the period touches is read with everything that
# belongs to him. An event may name only a case, only a call or only a person; the others lead from one to the next.
OF_EVERYBODY_SINCE = f"""
WITH recent AS (
  SELECT DISTINCT case_id, call_id, person_id FROM events WHERE at >= :since
), people AS (
  SELECT person_id FROM recent WHERE person_id IS NOT NULL
  UNION SELECT person_id FROM events WHERE person_id IS NOT NULL AND case_id IN (SELECT case_id FROM recent)
  UNION SELECT person_id FROM events WHERE person_id IS NOT NULL AND call_id IN (SELECT call_id FROM recent)
), theirs AS (
  SELECT DISTINCT case_id, call_id FROM events WHERE person_id IN (SELECT person_id FROM people)
)
SELECT {COLUMNS} FROM events e
WHERE e.at >= :since
   OR e.person_id IN (SELECT person_id FROM people)
   OR e.case_id IN (SELECT case_id FROM theirs)
   OR e.call_id IN (SELECT call_id FROM theirs)
ORDER BY e.id
"""


async def read_history(connection: AsyncConnection, since: datetime | None = None) -> tuple[Event, ...]:
    """All events, or those of everybody with an event at or after `since`, in the order they were written."""
    if since is None:
        found = await rows(connection, EVERYTHING)
    else:
        found = await rows(connection, OF_EVERYBODY_SINCE, since=since)
    return tuple(Event(**row) for row in found)


def profile_of(profile_id: str) -> Profile:
    """The shipped profile of this very version. Raises LookupError where there is none."""
    return load_profile(profile_id)


async def judge_stored(connection: AsyncConnection, now: datetime, since: datetime | None = None) -> tuple[Broken, ...]:
    """Every promise that the stored events break, as seen at `now`; with `since`, those broken at or after it."""
    return await judge_history(connection, await read_history(connection, since), now, since)


async def judge_history(
    connection: AsyncConnection, history: tuple[Event, ...], now: datetime, since: datetime | None = None
) -> tuple[Broken, ...]:
    """The same of events that were read before."""
    calendar = await read_calendar(connection)
    found = judge(history, profile_of=profile_of, calendar=calendar, now=now)
    return tuple(broken for broken in found if since is None or broken.at >= since)
