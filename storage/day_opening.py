"""The morning: cases whose first day has come become callable."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows


async def open_day(connection: AsyncConnection, today: date, now: datetime) -> int:
    """WAITING → CALLABLE for every case whose `callable_on` has come. Returns how many moved."""
    moved = await rows(
        connection,
        """
        WITH moved AS (
          UPDATE cases SET state = 'CALLABLE', changed_at = :now
          WHERE state = 'WAITING' AND callable_on <= :today RETURNING id, person_id
        )
        INSERT INTO events (at, kind, case_id, person_id, data)
        SELECT :now, 'CASE_MOVED', id, person_id,
               '{"from": "WAITING", "to": "CALLABLE", "owner": "HEAD_OFFICE", "why": "FIRST_DAY"}' FROM moved
        RETURNING id
        """,
        today=today,
        now=now,
    )
    return len(moved)
