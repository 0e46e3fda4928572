"""Parts of a call in which a card number or password may be heard: silenced before the recording is archived, for a lock
of twenty years cannot be taken back.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows

# The carrier's clock and ours differ, and a customer may begin before we have noted it.
MARGIN = timedelta(seconds=2)


async def begin(connection: AsyncConnection, call_id: str, step: str, now: datetime) -> None:
    """From here on, until `end`. A repeat changes nothing."""
    await rows(
        connection,
        """INSERT INTO sensitive_stretches (call_id, step, began_at)
           SELECT :call_id, :step, :now WHERE NOT EXISTS (
             SELECT 1 FROM sensitive_stretches WHERE call_id = :call_id AND ended_at IS NULL) RETURNING id""",
        call_id=call_id,
        step=step,
        now=now,
    )


async def end(connection: AsyncConnection, call_id: str, now: datetime) -> None:
    await rows(
        connection,
        "UPDATE sensitive_stretches SET ended_at = :now WHERE call_id = :call_id AND ended_at IS NULL RETURNING id",
        call_id=call_id,
        now=now,
    )


async def of_call(
    connection: AsyncConnection, call_id: str, sensitive_steps: Collection[str] = ()
) -> list[tuple[float, float]]:
    """Seconds from the answer, from and to, with a margin on both sides: what was marked by hand, and from each turn that
    asked one of `sensitive_steps` to the next turn. One that was never ended lasts to the call's end: a caller may hang up
    in the middle of his number."""
    found = await rows(
        connection,
        """SELECT s.began_at, s.ended_at, k.answered_at
           FROM sensitive_stretches s JOIN calls k ON k.id = s.call_id
           WHERE s.call_id = :call_id AND k.answered_at IS NOT NULL
           UNION ALL
           SELECT t.at, t.next_at, k.answered_at FROM (
             SELECT at, lead(at) OVER (ORDER BY id) AS next_at, data -> 'said' -> -1 ->> 'step' AS step
             FROM events WHERE call_id = :call_id AND kind = 'TURN') t JOIN calls k ON k.id = :call_id
           WHERE t.step = ANY(CAST(:steps AS text[])) AND k.answered_at IS NOT NULL""",
        call_id=call_id,
        steps=list(sensitive_steps),
    )
    return [
        (
            (row["began_at"] - MARGIN - row["answered_at"]).total_seconds(),
            (row["ended_at"] + MARGIN - row["answered_at"]).total_seconds() if row["ended_at"] else float("inf"),
        )
        for row in found
    ]
