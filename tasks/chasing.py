"""Missed limits of work orders: read, ask the rule, mark, by the batch."""

from clock import Clock
from rules.work_orders import marks_due
from storage import db, order_chasing
from storage.order_chasing import Marked
from tasks.outages import batch

BATCH = 200


@batch
async def mark_missed_limits(clock: Clock) -> Marked:
    """Every order whose limit has passed gets its marks; run again, nothing is marked twice (R90, C13)."""
    now = clock.now()
    after, overdue, escalated = 0, 0, 0
    while True:
        async with db.transaction() as connection:
            found = await order_chasing.past_a_limit(connection, now, after, BATCH)
            due = [(order_id, marks) for order_id, order in found if (marks := marks_due(order, now))]
            marked = await order_chasing.put_marks(connection, due, now)
        overdue, escalated = overdue + marked.overdue, escalated + marked.escalated
        if len(found) < BATCH:
            return Marked(overdue, escalated)
        after = found[-1][0]
