"""Our side of the daily comparison with the carrier, and what it came to."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.carrier_comparison import CallHere, Difference, RecordingHere
from storage.db import rows
from storage.events import record

# More of them are counted, but not kept one by one: then something else is wrong than single calls.
MOST_KEPT = 1000


async def calls_between(connection: AsyncConnection, begin: datetime, end: datetime) -> list[CallHere]:
    """Attempts reserved from `begin` on and before `end` that the carrier has taken, or may have."""
    found = await rows(
        connection,
        """SELECT id AS call_id, sid, state, carrier_status AS status, duration, reserved_at FROM calls
           WHERE reserved_at >= :begin AND reserved_at < :end AND (sid IS NOT NULL OR state <> 'REJECTED')""",
        begin=begin,
        end=end,
    )
    return [CallHere(**row) for row in found]


async def calls_of(connection: AsyncConnection, sids: Sequence[str]) -> list[CallHere]:
    """Those of the carrier's calls that are attempts of ours, whenever they were reserved."""
    found = await rows(
        connection,
        """SELECT id AS call_id, sid, state, carrier_status AS status, duration, reserved_at FROM calls
           WHERE sid = ANY(:sids)""",
        sids=list(sids),
    )
    return [CallHere(**row) for row in found]


async def legs_of(connection: AsyncConnection, sids: Sequence[str]) -> set[str]:
    """Those that are telephones of the house, rung for a callback agent."""
    found = await rows(connection, "SELECT sid FROM agent_legs WHERE sid = ANY(:sids)", sids=list(sids))
    return {row["sid"] for row in found}


async def recordings_of(
    connection: AsyncConnection, call_ids: Sequence[str], sids: Sequence[str]
) -> list[RecordingHere]:
    """Recordings of these calls of ours, and those with these names at the carrier."""
    found = await rows(
        connection,
        """SELECT provider_id AS sid, call_id, state, reported_seconds AS seconds FROM recordings
           WHERE (call_id = ANY(:calls) OR provider_id = ANY(:sids)) AND provider_id NOT LIKE 'none-%'""",
        calls=list(call_ids),
        sids=list(sids),
    )
    return [RecordingHere(**row) for row in found]


async def keep(
    connection: AsyncConnection,
    day: date,
    account: str,
    figures: dict[str, int],
    differences: Sequence[Difference],
    now: datetime,
) -> None:
    """Store what a comparison came to; the day compared again takes the place of the one before."""
    await rows(
        connection,
        """INSERT INTO carrier_comparisons (day, account, figures, differences, made_at)
           VALUES (:day, :account, CAST(:figures AS jsonb), CAST(:differences AS jsonb), :now)
           ON CONFLICT (day, account) DO UPDATE SET figures = excluded.figures, differences = excluded.differences,
             made_at = excluded.made_at RETURNING day""",
        day=day,
        account=account,
        figures=json.dumps(figures),
        differences=json.dumps([asdict(d) for d in differences[:MOST_KEPT]]),
        now=now,
    )
    await record(connection, "CARRIER_COMPARED", now, day=day.isoformat(), **figures)


async def kept(connection: AsyncConnection, day: date, account: str) -> dict[str, Any] | None:
    """figures, differences, made_at of a day that was compared."""
    found = await rows(
        connection,
        "SELECT figures, differences, made_at FROM carrier_comparisons WHERE day = :day AND account = :account",
        day=day,
        account=account,
    )
    return found[0] if found else None


async def last_day(connection: AsyncConnection, account: str) -> date | None:
    """The latest day that was compared."""
    found = await rows(
        connection, "SELECT max(day) AS day FROM carrier_comparisons WHERE account = :account", account=account
    )
    return found[0]["day"]


async def cases_of(connection: AsyncConnection, call_ids: Sequence[str]) -> dict[str, int]:
    """A case of each attempt: the one that it was placed for first."""
    found = await rows(
        connection,
        "SELECT call_id, min(case_id) AS case_id FROM call_cases WHERE call_id = ANY(:calls) GROUP BY call_id",
        calls=list(call_ids),
    )
    return {row["call_id"]: row["case_id"] for row in found}
