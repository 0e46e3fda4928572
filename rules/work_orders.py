"""The life of a work order at a branch: its states, its marks, and which is worked on first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from rules.calendar import Calendar, business_date
from rules.deadlines import work_order_limit
from rules.parameters import Profile


class WorkOrderState(StrEnum):
    ISSUED = "ISSUED"
    ACCEPTED = "ACCEPTED"
    HANDLED = "HANDLED"  # the branch says it is done
    VERIFIED = "VERIFIED"  # head office has checked it
    CLOSED = "CLOSED"


class Mark(StrEnum):
    """Marks stand beside the state, each with its time."""

    ESCALATED = "ESCALATED"
    RETURNED = "RETURNED"  # head office was not satisfied; the order is at the branch again
    REOPENED = "REOPENED"
    OVERDUE = "OVERDUE"
    ACT_BY_PASSED = "ACT_BY_PASSED"


# forward only; RETURNED and REOPENED are marks that come with the two moves back to ISSUED
_MOVES: dict[WorkOrderState, set[WorkOrderState]] = {
    WorkOrderState.ISSUED: {WorkOrderState.ACCEPTED, WorkOrderState.HANDLED, WorkOrderState.CLOSED},
    WorkOrderState.ACCEPTED: {WorkOrderState.HANDLED, WorkOrderState.CLOSED},
    WorkOrderState.HANDLED: {WorkOrderState.VERIFIED, WorkOrderState.CLOSED},
    WorkOrderState.VERIFIED: {WorkOrderState.CLOSED},
    WorkOrderState.CLOSED: set(),
}
_BACK = {
    Mark.RETURNED: {WorkOrderState.HANDLED},
    Mark.REOPENED: {WorkOrderState.VERIFIED, WorkOrderState.CLOSED},
}


def may_move(old: WorkOrderState, new: WorkOrderState, mark: Mark | None = None) -> bool:
    """Forward moves need no mark; back to ISSUED only with RETURNED or REOPENED. Staying is always allowed."""
    old, new = WorkOrderState(old), WorkOrderState(new)
    if old == new:
        return True
    if new is WorkOrderState.ISSUED:
        return mark in _BACK and old in _BACK[mark]
    return new in _MOVES[old]


class Queued(Protocol):
    """What the order of work looks at; a stored row serves as well as a value."""

    kind: str
    reasons: Sequence[str]
    issued_at: datetime
    nominal_end: date | None


Q = TypeVar("Q", bound=Queued)


def processing_order(orders: Iterable[Q], now: datetime, profile: Profile) -> tuple[Q, ...]:
    """A branch's list in the order in which it is worked through (C26).

    CLOCK_FIRST: denied purchases, then what the cooling-off clock presses (a day left or less, three or less, the
    rest), verification before the others, last and this month before the month before last before older, oldest
    first. SEED_2H is R81 alone: verification, then by month of issue, this month counting as "other".
    """
    today = business_date(now)
    clock_first = profile["workorder.order"] == "CLOCK_FIRST"

    def months_ago(order: Q) -> int:
        issued = business_date(order.issued_at)
        return (today.year - issued.year) * 12 + today.month - issued.month

    def key(order: Q) -> tuple:
        verification = order.kind != "VERIFICATION"
        if not clock_first:
            return verification, {1: 0, 2: 1}.get(months_ago(order), 2), order.issued_at
        return (
            "DENIES_PURCHASE" not in order.reasons,
            _pressure(order.nominal_end, today),
            verification,
            {0: 0, 1: 0, 2: 1}.get(months_ago(order), 2),
            order.issued_at,
        )

    return tuple(sorted(orders, key=key))


def _pressure(nominal_end: date | None, today: date) -> int:
    if nominal_end is None:
        return 2
    days = (nominal_end - today).days
    return 0 if days <= 1 else 1 if days <= 3 else 2


def outer_limit(counts_from: date, calendar: Calendar, profile: Profile) -> date:
    """The day that no order outlives, whatever its own limit, statement or return says. `counts_from`: the day its
    push counts for."""
    return calendar.add_working_days(counts_from, profile["workorder.outer_limit_working_days"])


def is_outlived(pushed_at: datetime, now: datetime, calendar: Calendar, profile: Profile) -> bool:
    """Whether an order that is still open had to be over by now, whatever stands in its favour (R90)."""
    counts_from = work_order_limit(pushed_at, 1, None, calendar, profile).counts_from
    return business_date(now) > outer_limit(counts_from, calendar, profile)


@dataclass(frozen=True, slots=True)
class OrderClock:
    """`handled_at` is when the branch last reported it handled; a returned order has none. `marks`: those it bears."""

    state: WorkOrderState
    due_at: datetime
    act_by: date | None
    handled_at: datetime | None = None
    marks: frozenset[str] = frozenset()


def marks_due(order: OrderClock, now: datetime) -> tuple[Mark, ...]:
    """The marks that the clock puts on an order and that it does not bear yet; each is put once.

    OVERDUE when the limit passed unhandled, ACT_BY_PASSED when the last working day inside the cooling-off period
    did; either one escalates (C13). Handling it late does not save it from its mark.
    """
    met_at = order.handled_at
    if met_at is None and WorkOrderState(order.state) in (WorkOrderState.VERIFIED, WorkOrderState.CLOSED):
        return ()
    done_or_now = met_at or now
    due: list[Mark] = []
    if done_or_now > order.due_at:
        due.append(Mark.OVERDUE)
    if order.act_by is not None and business_date(done_or_now) > order.act_by:
        due.append(Mark.ACT_BY_PASSED)
    if due:
        due.append(Mark.ESCALATED)
    return tuple(mark for mark in due if mark not in order.marks)
