"""Missed limits of work orders: read, ask the rule, mark, by the batch."""

from datetime import timedelta

from clock import Clock
from rules.work_orders import is_outlived, marks_due
from scripts.rule_profiles import load_profile
from storage import db, order_chasing, penalty_proposals, retrieval, shared_numbers
from storage.calendar_days import held_calendar
from storage.order_chasing import Marked
from storage.organisation import read_organisation
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


@batch
async def mark_outlived(clock: Clock) -> int:
    """Orders still open after the outer limit, which no statement and no return moves (R90). Returns how many are new."""
    now = clock.now()
    after, found, count = 0, [], 0
    while True:
        async with db.transaction() as connection:
            calendar = await held_calendar(connection)
            found = await order_chasing.open_for_long(connection, now - timedelta(days=1), after, BATCH)
            outlived = [
                row["id"] for row in found if is_outlived(row["pushed_at"], now, calendar, load_profile(row["profile"]))
            ]
            count += await order_chasing.put_outlived(connection, outlived, now)
        if len(found) < BATCH:
            return count
        after = found[-1]["id"]


@batch
async def close_called_again(clock: Clock) -> int:
    """After-care orders whose call has come to an outcome are closed, before anybody is reminded of them (R92), and
    verified orders with what they asked for. Returns how many."""
    now = clock.now()
    async with db.transaction() as connection:
        called = await order_chasing.close_after_care(connection, now)
        return called + await order_chasing.close_verified(connection, now)


@batch
async def check_shared_numbers(clock: Clock) -> int:
    """A call that was under way when its number became shared has settled by now: its check is issued here; every other
    one came with the list (AC-09). Returns how many."""
    async with db.transaction() as connection:
        calendar = await held_calendar(connection)
        await shared_numbers.lift_checks(connection, clock.now())
        return await shared_numbers.check_shared_numbers(
            connection, await read_organisation(connection), calendar, clock.now()
        )


@batch
async def remind_retrievals(clock: Clock) -> int:
    """Requests to hear a recording that were not decided in their time (R114). Returns how many are new."""
    async with db.transaction() as connection:
        return await retrieval.remind(connection, clock.now())


@batch
async def propose_penalties(clock: Clock) -> int:
    """What the rulebooks provide for what was settled, late or found on a recording: proposed once, for people to decide
    (C40). Returns how many proposals are new."""
    async with db.transaction() as connection:
        return await penalty_proposals.propose_from_facts(connection, clock.now())
