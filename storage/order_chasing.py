"""Work orders whose limits may have passed, and the marks that the clock puts on them: each once, each with its event."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import business_date
from rules.work_orders import Mark, OrderClock, WorkOrderState
from storage.db import rows

# Only narrows down: an order handled in good time is not read again every hour for ever. What is due is the rule's to say.
PAST_A_LIMIT = """
SELECT id, state, due_at, act_by, handled_at, overdue_at, escalated_at
FROM work_orders
WHERE id > :after
  AND (handled_at IS NOT NULL OR state IN ('ISSUED', 'ACCEPTED'))
  AND ((overdue_at IS NULL AND due_at < coalesce(handled_at, :now))
       OR (escalated_at IS NULL AND act_by < :today
           AND (handled_at IS NULL OR act_by < CAST(handled_at AT TIME ZONE 'Asia/Shanghai' AS date))))
ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED
"""


async def past_a_limit(
    connection: AsyncConnection, now: datetime, after: int, most: int
) -> list[tuple[int, OrderClock]]:
    """Orders by id from `after` on, locked until the transaction ends. One that somebody is working on is left for later."""
    found = await rows(connection, PAST_A_LIMIT, now=now, today=business_date(now), after=after, most=most)
    return [
        (
            row["id"],
            OrderClock(WorkOrderState(row["state"]), row["due_at"], row["act_by"], row["handled_at"], _borne(row)),
        )
        for row in found
    ]


def _borne(row: dict) -> frozenset[str]:
    marks = set()
    if row["overdue_at"] is not None:
        marks.add(Mark.OVERDUE)
    if row["escalated_at"] is not None:
        # ACT_BY_PASSED shows as an escalation and has no time of its own
        marks |= {Mark.ESCALATED, Mark.ACT_BY_PASSED}
    return frozenset(marks)


# How an order that was just closed (`WITH done AS (UPDATE …`) is told in the log.
TOLD = """RETURNING w.id, w.case_id, w.kind, w.branch_code, w.closed_why
), told AS (
  INSERT INTO events (at, kind, case_id, data)
  SELECT :now, 'ORDER_CLOSED', case_id,
         jsonb_build_object('order_id', id, 'kind', kind, 'branch', branch_code, 'why', closed_why)
  FROM done ORDER BY id
)
SELECT count(*) AS n FROM done
"""

CALLED_AGAIN = f"""
WITH done AS (
  UPDATE work_orders w SET state = 'CLOSED', closed_at = :now, closed_why = 'CALLED_AGAIN'
  WHERE w.kind = 'AFTER_CARE' AND w.state IN ('ISSUED', 'ACCEPTED', 'HANDLED')
    AND EXISTS (SELECT 1 FROM settlements s WHERE s.case_id = w.case_id AND s.round >= w.round AND s."class" IS NOT NULL)
  {TOLD}
"""


# A verified order is over with its case, or with the next call that came to an outcome.
OVER = f"""
WITH done AS (
  UPDATE work_orders w SET state = 'CLOSED', closed_at = :now, closed_why = 'VERIFIED'
  FROM cases c WHERE c.id = w.case_id AND w.state = 'VERIFIED'
    AND (c.state IN ('CLOSED', 'NOT_REQUIRED') OR EXISTS (
      SELECT 1 FROM settlements s WHERE s.case_id = w.case_id AND s.round > w.round AND s."class" IS NOT NULL))
  {TOLD}
"""


async def close_after_care(connection: AsyncConnection, now: datetime) -> int:
    """Orders for an after-care call whose call has come to an outcome (R92): how many were closed."""
    return (await rows(connection, CALLED_AGAIN, now=now))[0]["n"]


async def close_verified(connection: AsyncConnection, now: datetime) -> int:
    """Verified orders of which nothing is asked any more: how many were closed."""
    return (await rows(connection, OVER, now=now))[0]["n"]


@dataclass(frozen=True, slots=True)
class Marked:
    """How many orders were newly marked."""

    overdue: int
    escalated: int


PUT = """
WITH due AS (
  SELECT * FROM jsonb_to_recordset(CAST(:due AS jsonb)) AS d(id bigint, overdue boolean, escalated boolean, why jsonb)
), before AS (
  SELECT w.id, w.overdue_at, w.escalated_at FROM work_orders w JOIN due d USING (id) FOR UPDATE OF w
), moved AS (
  UPDATE work_orders w SET
    overdue_at = CASE WHEN d.overdue THEN coalesce(w.overdue_at, :now) ELSE w.overdue_at END,
    escalated_at = CASE WHEN d.escalated THEN coalesce(w.escalated_at, :now) ELSE w.escalated_at END
  FROM due d JOIN before b USING (id) WHERE w.id = d.id
  RETURNING w.id, w.case_id, w.kind, w.branch_code, w.due_at, w.act_by, d.why,
            d.overdue AND b.overdue_at IS NULL AS overdue, d.escalated AND b.escalated_at IS NULL AS escalated
), told AS (
  INSERT INTO events (at, kind, case_id, data)
  SELECT :now, 'ORDER_OVERDUE', case_id,
         jsonb_build_object('order_id', id, 'kind', kind, 'branch', branch_code, 'due_at', due_at)
  FROM moved WHERE overdue
  UNION ALL
  SELECT :now, 'ORDER_ESCALATED', case_id,
         jsonb_build_object('order_id', id, 'kind', kind, 'branch', branch_code, 'due_at', due_at, 'act_by', act_by, 'why', why)
  FROM moved WHERE escalated
)
SELECT count(*) FILTER (WHERE overdue) AS overdue, count(*) FILTER (WHERE escalated) AS escalated FROM moved
"""


async def put_marks(connection: AsyncConnection, due: Sequence[tuple[int, tuple[Mark, ...]]], now: datetime) -> Marked:
    """One time per order and mark, and one event; a mark that stands already stays as it is."""
    if not due:
        return Marked(0, 0)
    values = [
        {
            "id": order_id,
            "overdue": Mark.OVERDUE in marks,
            "escalated": Mark.ESCALATED in marks,
            "why": [str(mark) for mark in marks if mark is not Mark.ESCALATED],
        }
        for order_id, marks in due
    ]
    [found] = await rows(connection, PUT, due=json.dumps(values), now=now)
    return Marked(found["overdue"], found["escalated"])


# Only narrows down; which of them are open for too long is the rule's to say.
OPEN_FOR_LONG = """
SELECT w.id, coalesce(w.pushed_at, w.issued_at) AS pushed_at, coalesce(w.profile, c.profile) AS profile
FROM work_orders w JOIN cases c ON c.id = w.case_id
WHERE w.id > :after AND w.state IN ('ISSUED', 'ACCEPTED') AND w.outlived_at IS NULL
  AND coalesce(w.pushed_at, w.issued_at) < :before
ORDER BY w.id LIMIT :most FOR UPDATE OF w SKIP LOCKED
"""
OUTLIVED = """
WITH moved AS (
  UPDATE work_orders SET outlived_at = :now WHERE id = ANY(:ids) AND outlived_at IS NULL
  RETURNING id, case_id, kind, branch_code, due_at
), told AS (
  INSERT INTO events (at, kind, case_id, data)
  SELECT :now, 'ORDER_OUTLIVED', case_id,
         jsonb_build_object('order_id', id, 'kind', kind, 'branch', branch_code, 'due_at', due_at)
  FROM moved ORDER BY id
)
SELECT count(*) AS n FROM moved
"""


async def open_for_long(connection: AsyncConnection, before: datetime, after: int, most: int) -> list[dict]:
    """id, pushed_at, profile of orders from id `after` on that were pushed before `before` and are open; locked."""
    return await rows(connection, OPEN_FOR_LONG, before=before, after=after, most=most)


async def put_outlived(connection: AsyncConnection, order_ids: Sequence[int], now: datetime) -> int:
    """One time and one event an order. Returns how many are new."""
    if not order_ids:
        return 0
    return (await rows(connection, OUTLIVED, ids=list(order_ids), now=now))[0]["n"]
