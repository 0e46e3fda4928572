"""A missed limit is marked once, escalated once and told once, on the real database."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from clock import Clock
from rules.calendar import shanghai
from storage import db, events
from tasks.chasing import mark_missed_limits, mark_outlived

DAY = date(2026, 9, 24)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return shanghai(day).replace(hour=hour, minute=minute).astimezone(UTC)


def end_of(day: date) -> datetime:
    return shanghai(day).replace(hour=23, minute=59, second=59).astimezone(UTC)


@pytest.fixture
async def branch(database):
    async with db.transaction() as connection:
        await connection.execute(text("INSERT INTO branches (code, name, kind) VALUES ('HO', '总公司', 'HEAD_OFFICE')"))


async def issue(number: int, **order) -> int:
    """One case with one verification order of `order`'s columns."""
    columns = {
        "state": "ISSUED", "due_at": end_of(DAY), "act_by": None, "handled_at": None, "overdue_at": None,
        "escalated_at": None, **order,
    }  # fmt: skip
    async with db.transaction() as connection:
        found = await db.rows(
            connection,
            """
            WITH person AS (
              INSERT INTO persons (identity_hash, name_sealed, name_hash, language)
              VALUES (convert_to(:policy, 'UTF8'), '', '', 'zh-CN') RETURNING id
            ), contract AS (
              INSERT INTO contracts (policy_no, version, person_id, source, digest, in_scope, channel, product_type,
                product_name, premium_mode, underwritten_on, status, special_callback, personal_sealed, updated_at)
              SELECT :policy, 1, id, 'test', '', true, 'BANCASSURANCE', 'PARTICIPATING', '', 'ANNUAL', '2026-09-01',
                     'IN_FORCE', false, '', :issued FROM person RETURNING policy_no, person_id
            ), held AS (
              INSERT INTO cases (policy_no, person_id, state, owner, owner_branch, round, provisional, counts, profile,
                opened_at, changed_at)
              SELECT policy_no, person_id, 'AT_BRANCH', 'BRANCH', 'HO', 1, false, false, 'national@1', :issued, :issued
              FROM contract RETURNING id
            )
            INSERT INTO work_orders (case_id, round, kind, branch_code, state, working_days, exclude_selling_agent,
              issued_at, due_at, act_by, handled_at, overdue_at, escalated_at)
            SELECT id, 1, 'VERIFICATION', 'HO', :state, 3, false, :issued, :due_at, :act_by, :handled_at, :overdue_at,
                   :escalated_at FROM held RETURNING id
            """,
            policy=f"P{number}",
            issued=at(9, day=date(2026, 9, 20)),
            **columns,
        )
    return found[0]["id"]


async def chase(now: datetime, tmp_path: Path, task=mark_missed_limits):
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"wall": 0, "sim": 0, "speed": 1}))
    clock = Clock(file)
    clock.set(now, 0.001)
    return await task.fn(clock)


async def told() -> list[tuple[str, dict]]:
    async with db.transaction() as connection:
        return [(e["kind"], e["data"]) for e in await events.read(connection)]


CASES = {
    # name: (columns, now, events)
    "in time": ({}, at(23, 59), []),
    "limit passed": ({}, at(0, 5, date(2026, 9, 25)), ["ORDER_OVERDUE", "ORDER_ESCALATED"]),
    "accepted is not handled": ({"state": "ACCEPTED"}, at(0, 5, date(2026, 9, 25)), ["ORDER_OVERDUE", "ORDER_ESCALATED"]),
    "handled in time": ({"state": "HANDLED", "handled_at": at(20)}, at(0, 5, date(2026, 9, 25)), []),
    "handled too late": (
        {"state": "HANDLED", "handled_at": at(0, 2, date(2026, 9, 25))},
        at(0, 5, date(2026, 9, 25)),
        ["ORDER_OVERDUE", "ORDER_ESCALATED"],
    ),
    "closed without handling": ({"state": "CLOSED"}, at(9, day=date(2026, 9, 28)), []),
    "last working day inside the cooling-off period passed": (
        {"act_by": date(2026, 9, 22)}, at(9), ["ORDER_ESCALATED"],
    ),
    "handled on that day": ({"act_by": DAY, "state": "HANDLED", "handled_at": at(23)}, at(9, day=date(2026, 9, 25)), []),
    "escalated when issued": (
        {"act_by": date(2026, 9, 22), "escalated_at": at(9, day=date(2026, 9, 20))},
        at(0, 5, date(2026, 9, 25)),
        ["ORDER_OVERDUE"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_marks(branch, tmp_path, name):
    columns, now, kinds = CASES[name]
    order = await issue(1, **columns)
    marked = await chase(now, tmp_path)
    again = await chase(now, tmp_path)
    assert sorted(kind for kind, _ in await told()) == sorted(kinds)
    assert (marked.overdue, marked.escalated) == (kinds.count("ORDER_OVERDUE"), kinds.count("ORDER_ESCALATED"))
    assert (again.overdue, again.escalated) == (0, 0)
    async with db.transaction() as connection:
        [row] = await db.rows(connection, "SELECT overdue_at, escalated_at FROM work_orders WHERE id = :id", id=order)
    assert (row["overdue_at"] is not None) == ("ORDER_OVERDUE" in kinds)
    assert (row["escalated_at"] is not None) == ("ORDER_ESCALATED" in kinds or "escalated_at" in columns)


async def test_what_the_event_says(branch, tmp_path):
    order = await issue(1, act_by=date(2026, 9, 22))
    await chase(at(0, 5, date(2026, 9, 25)), tmp_path)
    data = dict(await told())
    assert data["ORDER_OVERDUE"] == {
        "order_id": order, "kind": "VERIFICATION", "branch": "HO", "due_at": "2026-09-24T15:59:59+00:00",
    }  # fmt: skip
    assert data["ORDER_ESCALATED"]["act_by"] == "2026-09-22"
    assert data["ORDER_ESCALATED"]["why"] == ["OVERDUE", "ACT_BY_PASSED"]


async def test_more_than_one_batch_and_a_returned_order(branch, tmp_path):
    for number in range(201):
        await issue(number)
    marked = await chase(at(0, 5, date(2026, 9, 25)), tmp_path)
    assert (marked.overdue, marked.escalated) == (201, 201)
    # sent back to the branch it keeps the mark that it has: one a limit
    async with db.transaction() as connection:
        await connection.execute(text("UPDATE work_orders SET state = 'ISSUED', handled_at = NULL"))
    assert (await chase(at(0, 5, date(2026, 9, 26)), tmp_path)).overdue == 0


async def test_an_order_open_beyond_the_outer_limit(branch, tmp_path):
    """Pushed on Sunday, 20 September, a working day for the holiday: the fifteenth working day after it is 16 October."""
    order = await issue(1)
    await issue(2, state="HANDLED", handled_at=at(20))
    assert await chase(at(23, 59, date(2026, 10, 16)), tmp_path, mark_outlived) == 0
    assert await chase(at(0, 5, date(2026, 10, 17)), tmp_path, mark_outlived) == 1
    assert await chase(at(1, 5, date(2026, 10, 17)), tmp_path, mark_outlived) == 0
    assert await told() == [
        (
            "ORDER_OUTLIVED",
            {"order_id": order, "kind": "VERIFICATION", "branch": "HO", "due_at": "2026-09-24T15:59:59+00:00"},
        )
    ]
