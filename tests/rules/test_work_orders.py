from dataclasses import dataclass
from datetime import date, datetime

import pytest

from rules.calendar import SHANGHAI, Calendar
from rules.parameters import DEFAULTS
from rules.work_orders import Mark, OrderClock, WorkOrderState, is_outlived, marks_due, may_move, processing_order


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


NOW = at("2026-11-23T09:00")


@dataclass
class Order:
    name: str
    kind: str
    issued_at: datetime
    nominal_end: date | None = None
    reasons: tuple = ()


def order(name, kind, issued, end=None, *reasons):
    return Order(name, kind, at(f"{issued}T10:00"), date.fromisoformat(end) if end else None, reasons)


AC_30 = [
    order("feedback", "FEEDBACK_ONLY", "2026-09-15"),
    order("question 10-28", "QUESTION", "2026-10-28"),
    order("question 11-22", "QUESTION", "2026-11-22", "2026-11-24"),
    order("verification", "VERIFICATION", "2026-11-20"),
]


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        ("SEED_2H", ["verification", "question 10-28", "feedback", "question 11-22"]),
        ("CLOCK_FIRST", ["question 11-22", "verification", "question 10-28", "feedback"]),
    ],
)
def test_ac_30_processing_order(rule, names):
    profile = DEFAULTS.with_params({"workorder.order": rule})
    assert [o.name for o in processing_order(AC_30, NOW, profile)] == names


def test_clock_first_in_its_finer_points():
    orders = [
        order("older", "QUESTION", "2026-05-02"),
        order("three days", "QUESTION", "2026-11-20", "2026-11-26"),
        order("past its end", "QUESTION", "2026-11-10", "2026-11-20"),
        order("verification", "VERIFICATION", "2026-11-21", "2026-12-20"),
        order("denied", "VERIFICATION", "2026-11-22", None, "DENIES_PURCHASE"),
        order("this month", "QUESTION", "2026-11-19"),
        order("last month", "QUESTION", "2026-10-02"),
        order("before last", "QUESTION", "2026-09-02"),
    ]
    names = [o.name for o in processing_order(orders, NOW, DEFAULTS)]
    assert names == [
        "denied", "past its end", "three days", "verification", "last month", "this month", "before last", "older",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "orders", "names"),
    [
        ("CLOCK_FIRST", [("QUESTION", "2026-11-20", "2026-11-24"), ("QUESTION", "2026-11-19", "2026-11-25")], "01"),
        ("CLOCK_FIRST", [("QUESTION", "2026-11-20", "2026-11-25"), ("QUESTION", "2026-11-19", "2026-11-26")], "10"),
        ("CLOCK_FIRST", [("QUESTION", "2026-11-20", "2026-11-26"), ("QUESTION", "2026-11-19", "2026-11-27")], "01"),
        ("CLOCK_FIRST", [("QUESTION", "2026-11-20", "2026-11-27"), ("QUESTION", "2026-11-19", None)], "10"),
        ("CLOCK_FIRST", [("QUESTION", "2026-11-01", None), ("QUESTION", "2026-10-31", None)], "10"),
        ("CLOCK_FIRST", [("QUESTION", "2026-11-01", None), ("QUESTION", "2026-09-30", None)], "01"),
        ("CLOCK_FIRST", [("QUESTION", "2026-08-31", None), ("QUESTION", "2026-09-30", None)], "10"),
        ("CLOCK_FIRST", [("QUESTION", "2026-08-31", None), ("QUESTION", "2026-07-30", None)], "10"),
        ("SEED_2H", [("QUESTION", "2026-11-01", None), ("QUESTION", "2026-10-31", None)], "10"),
        ("SEED_2H", [("QUESTION", "2026-09-30", None), ("QUESTION", "2026-10-31", None)], "10"),
        ("SEED_2H", [("QUESTION", "2026-11-01", None), ("QUESTION", "2026-09-30", None)], "10"),
        ("SEED_2H", [("QUESTION", "2026-11-01", None), ("QUESTION", "2026-08-31", None)], "10"),
        ("SEED_2H", [("QUESTION", "2026-09-01", None), ("VERIFICATION", "2026-11-01", None)], "10"),
    ],
)
def test_which_of_two_is_worked_on_first(rule, orders, names):
    listed = [order(str(n), kind, issued, end) for n, (kind, issued, end) in enumerate(orders)]
    profile = DEFAULTS.with_params({"workorder.order": rule})
    for given in (listed, listed[::-1]):
        assert "".join(o.name for o in processing_order(given, NOW, profile)) == names


def test_months_are_counted_across_the_year_end():
    orders = [order("dec", "QUESTION", "2026-12-30"), order("oct", "QUESTION", "2026-10-30"), order("nov", "QUESTION", "2026-11-30")]  # fmt: skip
    assert [o.name for o in processing_order(orders, at("2027-01-04T09:00"), DEFAULTS)] == ["dec", "nov", "oct"]


@pytest.mark.parametrize(
    ("old", "new", "mark", "allowed"),
    [
        ("ISSUED", "ACCEPTED", None, True),
        ("ACCEPTED", "HANDLED", None, True),
        ("ISSUED", "HANDLED", None, True),
        ("HANDLED", "VERIFIED", None, True),
        ("VERIFIED", "CLOSED", None, True),
        ("ISSUED", "VERIFIED", None, False),
        ("HANDLED", "ACCEPTED", None, False),
        ("HANDLED", "ISSUED", None, False),
        ("HANDLED", "ISSUED", Mark.RETURNED, True),
        ("HANDLED", "ISSUED", Mark.OVERDUE, False),
        ("CLOSED", "ISSUED", Mark.REOPENED, True),
        ("CLOSED", "ISSUED", Mark.RETURNED, False),
        ("CLOSED", "HANDLED", None, False),
        ("CLOSED", "CLOSED", None, True),
        ("ISSUED", "CLOSED", None, True),
        ("ACCEPTED", "CLOSED", None, True),
        ("HANDLED", "CLOSED", None, True),
        ("ACCEPTED", "VERIFIED", None, False),
        ("ACCEPTED", "ISSUED", Mark.RETURNED, False),
        ("VERIFIED", "ISSUED", Mark.REOPENED, True),
        ("VERIFIED", "ISSUED", Mark.RETURNED, False),
        ("HANDLED", "ISSUED", Mark.REOPENED, False),
        ("ISSUED", "ISSUED", None, True),
        ("VERIFIED", "HANDLED", Mark.RETURNED, False),
    ],
)
def test_moves_of_an_order(old, new, mark, allowed):
    assert may_move(WorkOrderState(old), WorkOrderState(new), mark) is allowed


DUE = at("2026-10-09T23:59:59")


@pytest.mark.parametrize(
    ("state", "act_by", "handled", "borne", "now", "marks"),
    [
        ("ISSUED", None, None, (), "2026-10-09T23:59:59", []),
        ("ISSUED", None, None, (), "2026-10-10T00:00:00", ["OVERDUE", "ESCALATED"]),
        ("ACCEPTED", "2026-09-30", None, (), "2026-09-30T23:00:00", []),
        ("ACCEPTED", "2026-09-30", None, (), "2026-10-01T00:00:00", ["ACT_BY_PASSED", "ESCALATED"]),
        ("ACCEPTED", "2026-09-30", None, ("ESCALATED",), "2026-10-01T00:00:00", ["ACT_BY_PASSED"]),
        ("ACCEPTED", "2026-09-30", None, ("ACT_BY_PASSED", "ESCALATED"), "2026-10-11T00:00:00", ["OVERDUE"]),
        ("HANDLED", "2026-10-09", "2026-10-09T18:00:00", (), "2026-10-20T00:00:00", []),
        ("HANDLED", None, "2026-10-10T09:00:00", (), "2026-10-20T00:00:00", ["OVERDUE", "ESCALATED"]),
        ("VERIFIED", None, None, (), "2026-10-20T00:00:00", []),
        ("HANDLED", "2026-09-30", "2026-10-01T09:00:00", (), "2026-10-01T10:00:00", ["ACT_BY_PASSED", "ESCALATED"]),
        ("CLOSED", "2026-09-30", "2026-10-11T09:00:00", (), "2026-10-12T10:00:00",
         ["OVERDUE", "ACT_BY_PASSED", "ESCALATED"]),
        ("ISSUED", None, None, ("OVERDUE", "ESCALATED"), "2026-10-12T00:00:00", []),
        ("ISSUED", None, None, ("ESCALATED",), "2026-10-09T00:00:00", []),
        ("CLOSED", None, None, (), "2026-10-20T00:00:00", []),  # closed without the branch, as by a withdrawal
    ],
)  # fmt: skip
def test_marks_put_by_the_clock(state, act_by, handled, borne, now, marks):
    order = OrderClock(
        WorkOrderState(state),
        DUE,
        date.fromisoformat(act_by) if act_by else None,
        at(handled) if handled else None,
        frozenset(borne),
    )
    assert list(marks_due(order, at(now))) == marks


def test_an_order_as_issued_is_not_handled_and_bears_no_mark():
    assert OrderClock(WorkOrderState.ISSUED, DUE, None) == OrderClock(
        WorkOrderState.ISSUED, DUE, None, None, frozenset()
    )


NOVEMBER = Calendar({}, frozenset({2026}))


@pytest.mark.parametrize(
    ("pushed", "now", "outlived"),
    [
        ("2026-11-02T10:00", "2026-11-23T23:59", False),  # fifteen working days, the day itself not counted
        ("2026-11-02T10:00", "2026-11-24T00:00", True),
        ("2026-11-02T17:31", "2026-11-24T23:59", False),  # counts as pushed on the next working day
        ("2026-11-02T17:31", "2026-11-25T00:00", True),
        ("2026-11-01T10:00", "2026-11-23T23:59", False),  # a Sunday
    ],
)
def test_no_order_outlives_the_outer_limit(pushed, now, outlived):
    assert is_outlived(at(pushed), at(now), NOVEMBER, DEFAULTS) is outlived
