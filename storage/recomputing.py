"""After the calendar changed: the dates of cases and the limits of orders that follow from it, all in one transaction.

What stood before stays on record in the events: CASE_UPDATED with the dates that hold now, ORDER_RECOMPUTED with both.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import Calendar, CalendarChange, business_date
from rules.cases import CaseState
from rules.deadlines import CaseDates, callback_window, case_dates, work_order_limit
from rules.list_dates import ContractDates
from scripts.rule_profiles import load_profile
from storage import calendar_days
from storage.calendar_files import GivenDay
from storage.db import rows

BATCH = 1000
# Contracts' dates as the last event of a case told them; three of these are no dates.
_FIELDS = tuple(field.name for field in fields(ContractDates))
_PLAIN = ("channel", "product_type", "cooling_off_days")


@dataclass(frozen=True, slots=True)
class Recomputed:
    """How many cases and orders have another date than before."""

    cases: int
    orders: int


async def change_calendar(
    connection: AsyncConnection,
    days: Mapping[date, GivenDay],
    years: Collection[int] = (),
    *,
    source: str,
    user: str,
    now: datetime,
) -> tuple[CalendarChange, Recomputed]:
    """Take days and whole years over the calendar, and bring everything that follows from it up to date in the same
    transaction. Raises CalendarRefused."""
    before, after, changed = await calendar_days.change(
        connection,
        {day: given.kind for day, given in days.items()},
        years,
        source=source,
        reasons={day: given.reason for day, given in days.items()},
        user=user,
        now=now,
    )
    if changed.nothing:
        return changed, Recomputed(0, 0)
    return changed, await recompute(connection, before, after, now)


async def recompute(connection: AsyncConnection, before: Calendar, after: Calendar, now: datetime) -> Recomputed:
    """Everything open that would come out otherwise under `after` than under `before`, and closed cases whose dates were
    provisional or whose grace still runs. What a stored date does not follow from is left as it is."""
    return Recomputed(await _cases(connection, before, after, now), await _orders(connection, before, after, now))


# ---------------------------------------------------------------- cases

_CASES = """
SELECT c.id, c.person_id, c.state, c.owner, c.owner_branch, c.round, c.callable_on, c.nominal_end, c.surrender_deadline,
       c.handover_at, c.provisional, c.late_grace_until, c.profile, told.data AS told, late.ended_at, late.profile AS late_profile,
       NOT EXISTS (SELECT 1 FROM call_cases d WHERE d.case_id = c.id)
         AND NOT EXISTS (SELECT 1 FROM settlements s WHERE s.case_id = c.id) AS untouched
FROM cases c
JOIN LATERAL (SELECT e.data FROM events e WHERE e.case_id = c.id AND e.kind IN ('CASE_OPENED', 'CASE_UPDATED')
              ORDER BY e.id DESC LIMIT 1) told ON true
LEFT JOIN LATERAL (
  SELECT CAST(s.decision -> 'contact' ->> 'ended_at' AS timestamptz) AS ended_at, s.profile FROM settlements s
  WHERE s.case_id = c.id AND s.completed AND s.counts AND c.late_grace_until IS NOT NULL ORDER BY s.id DESC LIMIT 1) late ON true
WHERE c.id > :after AND c.state <> 'NOT_REQUIRED'
  AND (c.provisional OR c.owner <> 'CLOSED' OR c.late_grace_until >= :today)
ORDER BY c.id LIMIT :most FOR UPDATE OF c
"""

_UPDATE_CASES = """
WITH given AS (
  SELECT * FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS g(
    id bigint, person_id bigint, state text, callable_on date, surrender_deadline date, handover_at timestamptz,
    provisional boolean, late_grace_until date, was_state text, told jsonb)
), changed AS (
  UPDATE cases c SET state = g.state, callable_on = g.callable_on, surrender_deadline = g.surrender_deadline,
    handover_at = g.handover_at, provisional = g.provisional, late_grace_until = g.late_grace_until, changed_at = :now
  FROM given g WHERE c.id = g.id RETURNING c.id
)
INSERT INTO events (at, kind, case_id, person_id, data)
SELECT :now, told.kind, g.id, g.person_id, told.data
FROM given g JOIN changed USING (id), LATERAL (
  VALUES (1, 'CASE_UPDATED', g.told),
         (2, 'CASE_MOVED', jsonb_build_object('from', g.was_state, 'to', g.state, 'owner', 'HEAD_OFFICE', 'why', 'CALENDAR'))
) AS told(place, kind, data)
WHERE told.place = 1 OR g.was_state <> g.state
ORDER BY g.id, told.place RETURNING id
"""


async def _cases(connection: AsyncConnection, before: Calendar, after: Calendar, now: datetime) -> int:
    count, last = 0, 0
    while found := await rows(connection, _CASES, after=last, most=BATCH, today=business_date(now)):
        last = found[-1]["id"]
        given = [changed for row in found if (changed := _changed_case(row, before, after, business_date(now)))]
        if given:
            await rows(connection, _UPDATE_CASES, given=json.dumps(given, default=str), now=now)
        count += len(given)
    return count


def _changed_case(row: dict, before: Calendar, after: Calendar, today: date) -> dict[str, Any] | None:
    contract = _contract_dates(row["told"])
    if contract is None:
        return None
    profile = load_profile(row["profile"])
    old, new = (case_dates(contract, profile, calendar) for calendar in (before, after))
    dates = {
        "surrender_deadline": (row["surrender_deadline"], old.surrender_deadline, new.surrender_deadline),
        "handover_at": (row["handover_at"], old.handover_at, new.handover_at),
        "provisional": (row["provisional"], old.provisional, new.provisional),
    }
    state = CaseState(row["state"])
    if row["untouched"] and state in (CaseState.WAITING, CaseState.CALLABLE):
        dates["callable_on"] = row["callable_on"], old.callable_on, new.callable_on
    if row["late_grace_until"] is not None and row["ended_at"] is not None:
        dates["late_grace_until"] = (
            row["late_grace_until"],
            *(_grace(row, old, calendar) for calendar in (before, after)),
        )
    changes = {name: to for name, (stands, was, to) in dates.items() if stands == was != to}
    if not changes:
        return None
    if "callable_on" in changes:
        state = CaseState.WAITING if changes["callable_on"] > today else CaseState.CALLABLE
    now_standing = {name: row[name] for name in ("callable_on", "surrender_deadline", "handover_at", "provisional")}
    now_standing |= {"late_grace_until": row["late_grace_until"], "state": state} | changes
    standing = {name: row[name] for name in ("owner", "owner_branch", "round", "nominal_end", "profile")}
    told = {
        **row["told"],
        **standing,
        **now_standing,
        "why": "CALENDAR",
        "was": {name: dates[name][0] for name in changes},
    }
    return {"id": row["id"], "person_id": row["person_id"], "was_state": row["state"], "told": told, **now_standing}


def _contract_dates(told: dict) -> ContractDates | None:
    given = told.get("dates")
    if not isinstance(given, dict):
        return None
    return ContractDates(
        **{
            name: given.get(name) if name in _PLAIN or given.get(name) is None else date.fromisoformat(given[name])
            for name in _FIELDS
        }
    )


def _grace(row: dict, dates: CaseDates, calendar: Calendar) -> date | None:
    return callback_window(
        row["ended_at"], dates.nominal_end, dates.signed_on, load_profile(row["late_profile"]), calendar
    ).late_grace_until


# ---------------------------------------------------------------- work orders

_ORDERS = """
SELECT w.id, w.case_id, w.kind, w.branch_code, w.working_days, w.due_at, w.act_by, w.provisional, w.escalated_at,
       coalesce(w.pushed_at, w.issued_at) AS pushed_at, coalesce(w.profile, c.profile) AS profile,
       -- an after-care call follows from its handling alone (R92); the check of a callback that was done is not capped
       CASE WHEN w.kind <> 'AFTER_CARE' AND NOT (w.kind = 'QUALITY_CHECK' AND w.act_by IS NULL) THEN c.nominal_end END
         AS nominal_end
FROM work_orders w JOIN cases c ON c.id = w.case_id
WHERE w.id > :after AND w.state IN ('ISSUED', 'ACCEPTED') ORDER BY w.id LIMIT :most FOR UPDATE OF w
"""

_UPDATE_ORDERS = """
WITH given AS (
  SELECT * FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS g(
    id bigint, case_id bigint, due_at timestamptz, act_by date, provisional boolean, escalate boolean, told jsonb)
), changed AS (
  UPDATE work_orders w SET due_at = g.due_at, act_by = g.act_by, provisional = g.provisional,
    overdue_at = CASE WHEN g.due_at >= CAST(:now AS timestamptz) THEN NULL ELSE w.overdue_at END,
    escalated_at = CASE WHEN g.escalate THEN CAST(:now AS timestamptz) ELSE w.escalated_at END
  FROM given g WHERE w.id = g.id RETURNING w.id
)
INSERT INTO events (at, kind, case_id, data)
SELECT :now, told.kind, g.case_id, told.data
FROM given g JOIN changed USING (id), LATERAL (
  VALUES (1, 'ORDER_RECOMPUTED', g.told), (2, 'ORDER_ESCALATED', g.told || '{"why": ["CALENDAR"]}')
) AS told(place, kind, data)
WHERE told.place = 1 OR g.escalate
ORDER BY g.id, told.place RETURNING id
"""


async def _orders(connection: AsyncConnection, before: Calendar, after: Calendar, now: datetime) -> int:
    count, last = 0, 0
    while found := await rows(connection, _ORDERS, after=last, most=BATCH):
        last = found[-1]["id"]
        given = list(_changed_orders(found, before, after))
        if given:
            await rows(connection, _UPDATE_ORDERS, given=json.dumps(given, default=str), now=now)
        count += len(given)
    return count


def _changed_orders(found: Sequence[dict], before: Calendar, after: Calendar) -> Iterator[dict[str, Any]]:
    for row in found:
        profile = load_profile(row["profile"])
        old, new = (
            work_order_limit(row["pushed_at"], row["working_days"], row["nominal_end"], calendar, profile)
            for calendar in (before, after)
        )
        limits = {
            "due_at": (row["due_at"], old.due_at, new.due_at),
            "act_by": (row["act_by"], old.act_by, new.act_by),
            "provisional": (row["provisional"], old.provisional, new.provisional),
        }
        changes = {name: to for name, (stands, was, to) in limits.items() if stands == was != to}
        if not changes:
            continue
        now_standing = {name: row[name] for name in limits} | changes
        yield {
            "id": row["id"],
            "case_id": row["case_id"],
            **now_standing,
            "escalate": new.escalated and row["escalated_at"] is None,
            "told": {
                "order_id": row["id"], "kind": row["kind"], "branch": row["branch_code"],
                **{name: row[name] for name in ("pushed_at", "working_days", "nominal_end", "profile")}, **now_standing,
                "escalated": new.escalated or row["escalated_at"] is not None,
                "was": {name: limits[name][0] for name in changes}, "why": "CALENDAR",
            },
        }  # fmt: skip
