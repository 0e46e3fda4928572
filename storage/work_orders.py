"""Moving a work order forward. Each step holds only while the order still stands where the step begins."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.events import record


class OrderConflict(Exception):
    """The order stands elsewhere by now: somebody else was faster, or the step does not follow from its state."""

    def __init__(self, order_id: int, state: str | None, by: str | None = None):
        super().__init__(f"work order {order_id} is {state or 'not there'}" + (f", by {by}" if by else ""))
        self.order_id, self.state, self.by = order_id, state, by


async def accept(connection: AsyncConnection, order_id: int, user: str, now: datetime) -> None:
    """ISSUED → ACCEPTED by `user`. Raises OrderConflict."""
    moved = await connection.execute(
        text(
            """UPDATE work_orders SET state = 'ACCEPTED', accepted_at = :now, accepted_by = :user
               WHERE id = :id AND state = 'ISSUED' RETURNING case_id, branch_code"""
        ),
        {"id": order_id, "user": user, "now": now},
    )
    await _record(connection, moved.mappings().first(), "ORDER_ACCEPTED", order_id, user, now)


async def handle(
    connection: AsyncConnection, order_id: int, user: str, note: str, now: datetime, statement_ref: str = ""
) -> None:
    """ACCEPTED → HANDLED with what was done; with the last order that kept the case at the branch, the case goes to
    head office for review. `statement_ref`: where the customer's signed statement lies (C52). The note may name people
    and stays out of the events. Raises OrderConflict.
    """
    # the case first, as a list that withdraws it locks them: in the other order the two would wait for each other
    await connection.execute(
        text("SELECT 1 FROM cases WHERE id = (SELECT case_id FROM work_orders WHERE id = :id) FOR UPDATE"),
        {"id": order_id},
    )
    moved = await connection.execute(
        text(
            """UPDATE work_orders SET state = 'HANDLED', handled_at = :now, handled_by = :user, handling = :note,
                      statement_ref = coalesce(:statement, statement_ref)
               WHERE id = :id AND state = 'ACCEPTED' RETURNING case_id, branch_code"""
        ),
        {"id": order_id, "user": user, "now": now, "note": note, "statement": statement_ref.strip() or None},
    )
    order = moved.mappings().first()
    await _record(connection, order, "ORDER_HANDLED", order_id, user, now)
    await connection.execute(
        text(
            """WITH moved AS (
                 UPDATE cases c SET state = 'IN_REVIEW', owner = 'HEAD_OFFICE', owner_branch = NULL, changed_at = :now
                 WHERE c.id = :case AND c.state = 'AT_BRANCH' AND NOT EXISTS (
                   SELECT 1 FROM work_orders w WHERE w.case_id = c.id AND w.kind NOT IN ('FEEDBACK_ONLY', 'AFTER_CARE')
                     AND w.state IN ('ISSUED', 'ACCEPTED'))
                 RETURNING c.id, c.person_id
               )
               INSERT INTO events (at, kind, case_id, person_id, data)
               SELECT :now, 'CASE_MOVED', id, person_id, jsonb_build_object('from', 'AT_BRANCH', 'to', 'IN_REVIEW',
                        'owner', 'HEAD_OFFICE', 'owner_branch', NULL, 'why', 'HANDLED') FROM moved"""
        ),
        {"case": order["case_id"], "now": now},
    )


async def file_overdue_statement(
    connection: AsyncConnection, order_id: int, user: str, statement: str, now: datetime
) -> bool:
    """Why the limit cannot be met, once, while the branch has the order. True where it came before the limit ran out:
    only then does lateness stay without a quality item (R91). Raises OrderConflict."""
    filed = await connection.execute(
        text(
            """UPDATE work_orders SET overdue_statement = :statement, overdue_statement_at = :now,
                      overdue_statement_by = :user
               WHERE id = :id AND state IN ('ISSUED', 'ACCEPTED') AND overdue_statement_at IS NULL
               RETURNING case_id, branch_code, due_at"""
        ),
        {"id": order_id, "user": user, "statement": statement, "now": now},
    )
    order = filed.mappings().first()
    await _record(connection, order, "OVERDUE_STATEMENT_FILED", order_id, user, now)
    return now <= order["due_at"]


async def _record(connection, moved, kind: str, order_id: int, user: str, now: datetime) -> None:
    if moved is None:
        found = await connection.execute(
            text("SELECT state, coalesce(handled_by, accepted_by) AS by FROM work_orders WHERE id = :id"),
            {"id": order_id},
        )
        stands = found.mappings().first()
        raise OrderConflict(order_id, stands["state"] if stands else None, stands["by"] if stands else None)
    await record(
        connection,
        kind,
        now,
        case_id=moved["case_id"],
        order_id=order_id,
        branch=moved["branch_code"],
        user=user,
    )
