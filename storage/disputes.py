"""Disputes over contracts: while one is open its records have no end, and two years after it is closed (C21)."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import business_date
from rules.keeping import OrderRefused
from storage import events
from storage.db import rows


class DisputeRefused(OrderRefused):
    """Why not: NO_SUCH_POLICY, NO_SUCH_DISPUTE or NOT_A_DAY."""


async def open_dispute(connection: AsyncConnection, policy_no: str, opened_on: date, user: str, now: datetime) -> int:
    """Returns its number. The locks follow with the archive's next care. Raises DisputeRefused."""
    if opened_on > business_date(now):
        raise DisputeRefused("NOT_A_DAY")
    known = await rows(
        connection,
        "SELECT (SELECT min(id) FROM cases WHERE policy_no = :no) AS case_id FROM contracts WHERE policy_no = :no",
        no=policy_no,
    )
    if not known:
        raise DisputeRefused("NO_SUCH_POLICY")
    found = await rows(
        connection,
        """INSERT INTO disputes (policy_no, opened_on, opened_by, changed_at) VALUES (:policy, :on, :user, :now)
           RETURNING id""",
        policy=policy_no,
        on=opened_on,
        user=user,
        now=now,
    )
    await events.record(
        connection, "DISPUTE_OPENED", now, case_id=known[0]["case_id"], dispute_id=found[0]["id"], user=user
    )
    return found[0]["id"]


async def close_dispute(
    connection: AsyncConnection, dispute_id: int, closed_on: date, user: str, now: datetime
) -> None:
    """Raises DisputeRefused, also when it is closed already."""
    if closed_on > business_date(now):
        raise DisputeRefused("NOT_A_DAY")
    found = await rows(
        connection,
        """UPDATE disputes SET closed_on = :on, closed_by = :user, changed_at = :now
           WHERE id = :id AND closed_on IS NULL AND opened_on <= :on
           RETURNING (SELECT min(c.id) FROM cases c WHERE c.policy_no = disputes.policy_no) AS case_id""",
        id=dispute_id,
        on=closed_on,
        user=user,
        now=now,
    )
    if not found:
        raise DisputeRefused("NO_SUCH_DISPUTE")
    await events.record(
        connection, "DISPUTE_CLOSED", now, case_id=found[0]["case_id"], dispute_id=dispute_id, user=user
    )


async def listed(connection: AsyncConnection, most: int = 200) -> list[dict]:
    """Open ones first, the newest of each first."""
    return await rows(
        connection,
        """SELECT d.id, d.policy_no, d.opened_on, d.closed_on, d.opened_by, d.closed_by,
                  (SELECT min(c.id) FROM cases c WHERE c.policy_no = d.policy_no) AS case_id,
                  (SELECT count(*) FROM cases c JOIN call_cases l ON l.case_id = c.id
                   JOIN archive_objects o ON o.call_id = l.call_id AND o.disposed_at IS NULL
                   WHERE c.policy_no = d.policy_no) AS objects
           FROM disputes d ORDER BY d.closed_on IS NOT NULL, d.id DESC LIMIT :most""",
        most=most,
    )
