"""What a day came to, counted from the rows themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows

FIGURES = """
SELECT
  (SELECT count(*) FROM contracts) AS contracts,
  (SELECT count(*) FROM cases WHERE state <> 'NOT_REQUIRED') AS cases,
  (SELECT count(*) FROM calls WHERE state <> 'REJECTED') AS dials,
  (SELECT count(*) FROM calls WHERE answered_at IS NOT NULL) AS answered,
  (SELECT count(*) FROM cases WHERE counts) AS completed,
  (SELECT count(*) FROM cases WHERE "class" IS NOT NULL) AS settled,
  (SELECT coalesce(jsonb_object_agg(lower("class"), n), '{}') FROM (
     SELECT "class", count(*) AS n FROM cases WHERE "class" IS NOT NULL GROUP BY 1) o) AS outcomes,
  (SELECT coalesce(jsonb_object_agg(result, n), '{}') FROM (
     SELECT result, count(*) AS n FROM calls WHERE result IS NOT NULL GROUP BY 1) o) AS results,
  (SELECT count(*) FROM recordings WHERE object_key IS NOT NULL) AS archived,
  (SELECT count(*) FROM recordings WHERE state IN ('VERIFIED', 'CLEARED')) AS verified,
  (SELECT count(*) FROM recordings WHERE state = 'LOST') AS lost,
  (SELECT coalesce(jsonb_object_agg(lower(kind), n), '{}') FROM (
     SELECT kind, count(*) AS n FROM work_orders GROUP BY 1) o) AS orders,
  (SELECT count(*) FROM work_orders WHERE kind IN ('QUESTION', 'VERIFICATION', 'VISIT', 'DELIVERY_REMINDER')) AS pushed_down,
  (SELECT count(*) FROM settlements s WHERE s.completed AND NOT s.counts) AS unproved
"""

CLASSES = ("standard", "sub_standard", "question", "verification")
ORDER_KINDS = ("question", "verification", "feedback_only")


async def day_figures(connection: AsyncConnection) -> dict[str, Any]:
    """The counts of `huifang demo` and `huifang run`, without the judge's."""
    found = (await rows(connection, FIGURES))[0]
    return {
        "contracts": found["contracts"],
        "cases": found["cases"],
        "dials": found["dials"],
        "answered": found["answered"],
        "completed": found["completed"],
        "outcomes": dict.fromkeys(CLASSES, 0) | found["outcomes"],
        "results": {name.lower(): n for name, n in found["results"].items()},
        "recordings": {"archived": found["archived"], "verified": found["verified"], "lost": found["lost"]},
        "work_orders": dict.fromkeys(ORDER_KINDS, 0) | found["orders"],
        "pushed_down": found["pushed_down"],
    }


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """What is under way: open calls, ended ones not settled, recordings not yet in the archive or still at the carrier."""

    open_calls: int
    unsettled: int
    recordings: int

    @property
    def none(self) -> bool:
        return not (self.open_calls or self.unsettled or self.recordings)


async def work_left(connection: AsyncConnection) -> WorkLeft:
    found = await rows(
        connection,
        """
        SELECT (SELECT count(*) FROM calls WHERE state NOT IN ('ENDED', 'REJECTED')) AS open_calls,
               (SELECT count(*) FROM calls WHERE state = 'ENDED' AND settled_at IS NULL) AS unsettled,
               (SELECT count(*) FROM recordings WHERE state = 'REPORTED'
                  OR state = 'VERIFIED' AND problem IS DISTINCT FROM 'WORM_BROKEN') AS recordings
        """,
    )
    return WorkLeft(**found[0])


async def first_event_at(connection: AsyncConnection) -> datetime | None:
    return (await rows(connection, "SELECT min(at) AS at FROM events"))[0]["at"]
