"""What rests on years whose holidays are not known, and how the calendar was changed."""

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import CALENDAR_CHANGED
from storage.db import rows

SHOWN = 20


async def provisional(connection: AsyncConnection) -> dict:
    """How many open cases and orders have a provisional date: {cases, orders}."""
    [found] = await rows(
        connection,
        """SELECT (SELECT count(*) FROM cases WHERE provisional AND owner <> 'CLOSED') AS cases,
                  (SELECT count(*) FROM work_orders WHERE provisional AND state IN ('ISSUED', 'ACCEPTED')) AS orders""",
    )
    return found


async def history(connection: AsyncConnection) -> list[dict]:
    """The last changes, the newest first: at, user, source, days [{day, was, now}], reasons, years."""
    found = await rows(
        connection,
        "SELECT at, data FROM events WHERE kind = :kind ORDER BY id DESC LIMIT :most",
        kind=CALENDAR_CHANGED,
        most=SHOWN,
    )
    return [{"at": row["at"], **row["data"]} for row in found]
