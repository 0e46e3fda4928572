"""Appointments that nobody kept: told once, so that a supervisor sees them; the case is in the plan again at once."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import shanghai
from storage.db import rows
from storage.vault import vault

MISSED = """
WITH missed AS (
  SELECT c.id, c.person_id, c.appointment_at FROM cases c
  WHERE c.state = 'APPOINTED' AND c.appointment_at < CAST(:now AS timestamptz) - make_interval(mins => :tolerance)
    AND NOT EXISTS (SELECT 1 FROM events e WHERE e.case_id = c.id AND e.kind = 'APPOINTMENT_MISSED'
                    AND CAST(e.data ->> 'appointment_at' AS timestamptz) = c.appointment_at)
), told AS (
  INSERT INTO events (at, kind, case_id, person_id, data)
  SELECT :now, 'APPOINTMENT_MISSED', id, person_id, jsonb_build_object('appointment_at', appointment_at)
  FROM missed ORDER BY id
)
SELECT count(*) AS n FROM missed
"""


async def tell_missed(connection: AsyncConnection, now: datetime, tolerance_minutes: int) -> int:
    """How many appointments are newly missed: their time and its tolerance are past and nobody rang."""
    return (await rows(connection, MISSED, now=now, tolerance=tolerance_minutes))[0]["n"]


PAGE = 50
_OF_DAY = "e.kind = 'APPOINTMENT_MISSED' AND e.at >= :begin AND e.at < :end"


async def count(connection: AsyncConnection, day: date) -> int:
    found = await rows(
        connection,
        f"SELECT count(*) AS n FROM events e WHERE {_OF_DAY}",
        begin=shanghai(day),
        end=shanghai(day + timedelta(days=1)),
    )
    return found[0]["n"]


async def find(connection: AsyncConnection, day: date, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """The missed appointments of a day, the newest first; `name` is opened from the vault, the caller masks it.
    `rung_at`: when the person was rung after it."""
    found = await rows(
        connection,
        f"""SELECT e.id, e.at, e.case_id, CAST(e.data ->> 'appointment_at' AS timestamptz) AS appointment_at, c.policy_no,
                  c.state, c.nominal_end, p.name_sealed, k.product_name, coalesce(b.name, k.branch_code) AS branch_name,
                  (SELECT min(a.reserved_at) FROM calls a WHERE a.person_id = c.person_id AND a.state <> 'REJECTED'
                     AND a.reserved_at > CAST(e.data ->> 'appointment_at' AS timestamptz)) AS rung_at
           FROM events e JOIN cases c ON c.id = e.case_id JOIN contracts k ON k.policy_no = c.policy_no
           JOIN persons p ON p.id = c.person_id LEFT JOIN branches b ON b.code = k.branch_code
           WHERE {_OF_DAY} ORDER BY e.id DESC LIMIT :limit OFFSET :offset""",
        begin=shanghai(day),
        end=shanghai(day + timedelta(days=1)),
        limit=limit,
        offset=offset,
    )
    for row in found:
        row["name"] = vault().open(row.pop("name_sealed"))
    return found
