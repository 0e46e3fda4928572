"""The acceptance scenarios that take more than one question: several calls, orders, reports, a year that becomes known."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest

from cli.explain import answer_line
from cli.measures import figures
from rules.calendar import SHANGHAI, Calendar, DayKind
from rules.cases import CaseState
from rules.deadlines import cooling_off, work_order_limit
from rules.order_review import Reviewed, after_review
from rules.penalties import order_late, proposals
from rules.report_dates import monthly_report_due, sales_unit_table_due
from rules.work_orders import WorkOrderState, processing_order
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def d(text):
    return date.fromisoformat(text)


def verified(kind, *reasons):
    return Reviewed(kind, WorkOrderState.VERIFIED, reasons)


def test_ac_13_after_handling_comes_the_after_care_call():
    handled = after_review([verified("QUESTION", "NOT_KNOWN_AS_INSURANCE")], completed=True, usable_number=True)
    assert (handled.state, handled.order, handled.step.rule) == (CaseState.CALLABLE, "AFTER_CARE", "R92")


def test_ac_29_after_the_branch_the_refusal_is_closed_with_its_reason():
    orders = [verified("VERIFICATION", "REFUSED"), verified("LETTER", "REFUSED")]
    closed = after_review(orders, completed=False, usable_number=True)
    assert (closed.state, closed.why, closed.step.rule) == (CaseState.CLOSED, "REFUSED", "C31")


@pytest.mark.parametrize(
    ("signer", "left", "fines"),
    [
        ("FAMILY", False, {"AGENT": 300, "SUPERVISOR": 200, "MANAGER": 100}),
        ("AGENT", False, {"AGENT": 1000}),
        ("FAMILY", True, {"SUPERVISOR": 500, "MANAGER": 500}),
    ],
)
def test_ac_15_what_is_proposed(signer, left, fines):
    found = proposals([("SIGNED_BY_OTHER", signer)], agent_left=left)
    assert {p.on: p.amount_yuan for p in found if p.measure == "FINE"} == fines
    # the commission is held until it is re-signed, as long as there is an agent to pay
    assert any(p.measure == "HOLD_COMMISSION" for p in found) is not left


@pytest.mark.parametrize(("filed", "offence"), [("2026-10-12T16:00", False), ("2026-10-14T09:00", True), (None, True)])
def test_ac_15_the_overdue_statement(filed, offence):
    due = work_order_limit(at("2026-09-30T10:00"), 5, None, CALENDAR, NATIONAL).due_at
    assert due == at("2026-10-13T23:59:59")
    late = order_late(due, at("2026-10-15T10:00"), at(filed) if filed else None, at("2026-10-16T10:00"))
    assert late is offence


def test_ac_16_an_unsure_signature_costs_nobody_anything():
    assert [p.amount_yuan for p in proposals([("SIGNATURE_UNSURE", None)])] == []


@pytest.mark.parametrize(
    ("month", "report", "table", "flagged"),
    [
        ("2026-10-01", "2026-10-08", "2026-10-08", True),
        ("2026-11-01", "2026-11-02", "2026-11-05", False),
        ("2026-07-01", "2026-07-01", "2026-07-03", False),
        ("2026-01-01", "2026-01-04", "2026-01-05", False),
    ],
)
def test_ac_26_reports(month, report, table, flagged):
    assert monthly_report_due(d(month), CALENDAR) == d(report)
    assert sales_unit_table_due(d(month), CALENDAR, NATIONAL) == (d(table), flagged)


def callback(n, *results, **more):
    return {
        "policy_no": f"P{n}", "policyholder_id": f"H{n}", "branch": "310104", "policyholder_type": "PERSON",
        "policy_term_years": 10, "receipt_signed_on": "2026-09-01", "nominal_end": "2026-09-16",
        "results": list(results), **more,
    }  # fmt: skip


def done(on, by="HEAD_OFFICE", class_="STANDARD"):
    return {"at": f"{on}T10:00", "by": by, "method": "PHONE", "class": class_, "completed": True}


def test_ac_27_measures():
    """1,020 due, 20 withdrawn before anybody rang; 870 by head office, 80 by branches; 30 of them a question; 890 in time."""
    plan = (
        [{"withdrawn_on": "2026-09-02"}] * 20
        + [done("2026-09-10", class_="QUESTION")] * 30
        + [done("2026-09-10")] * 840
        + [done("2026-09-16", "BRANCH")] * 20
        + [done("2026-09-20", "BRANCH")] * 60
        + [None] * 50
    )
    rows = [
        callback(n, **item) if item and "withdrawn_on" in item else callback(n, *([item] if item else []))
        for n, item in enumerate(plan)
    ]
    found = figures({"as_of": "2026-10-31", "callbacks": rows})
    assert {key: found[key] for key in ("due", "excluded", "denominator", "completed", "clean", "in_window")} == {
        "due": 1020, "excluded": 20, "denominator": 1000, "completed": 950, "clean": 920, "in_window": 890,
    }  # fmt: skip
    assert found["completed_by"] == {"head_office": 870, "branch": 80}
    assert (found["completed_rate"], found["clean_success_rate"], found["in_window_rate"]) == ("95.0", "92.0", "89.0")


def test_ac_28_a_year_that_becomes_known():
    """15 days from 2026-12-20 are 2027-01-04, a Monday. Suppose that day is given to the new year's holidays."""
    before = cooling_off(d("2026-12-20"), 15, NATIONAL, CALENDAR)
    assert (before.nominal_end, before.surrender_deadline, before.provisional) == (
        d("2027-01-04"),
        d("2027-01-04"),
        True,
    )
    assert "PROVISIONAL" in [step.rule for step in before.steps]
    special = {**CALENDAR.special, d("2027-01-01"): DayKind.HOLIDAY, d("2027-01-04"): DayKind.HOLIDAY}
    after = cooling_off(d("2026-12-20"), 15, NATIONAL, Calendar(special, {*CALENDAR.years, 2027}))
    assert (after.nominal_end, after.surrender_deadline, after.provisional) == (d("2027-01-04"), d("2027-01-05"), False)
    limit = work_order_limit(at("2026-12-30T10:00"), 3, None, CALENDAR, NATIONAL)
    assert (limit.due_at.date(), limit.provisional) == (d("2027-01-04"), True)
    known = work_order_limit(at("2026-12-30T10:00"), 3, None, Calendar(special, {*CALENDAR.years, 2027}), NATIONAL)
    assert (known.due_at.date(), known.provisional) == (d("2027-01-06"), False)


@dataclass
class Order:
    kind: str
    issued_at: datetime
    nominal_end: date | None = None
    reasons: tuple = ()


def test_ac_30_processing_order():
    verification = Order("VERIFICATION", at("2026-11-20T10:00"))
    last_month = Order("QUESTION", at("2026-10-28T10:00"))
    feedback = Order("FEEDBACK_ONLY", at("2026-09-15T10:00"))
    pressing = Order("QUESTION", at("2026-11-22T10:00"), d("2026-11-24"))
    orders, now = [feedback, last_month, pressing, verification], at("2026-11-23T09:00")
    seed = NATIONAL.with_params({"workorder.order": "SEED_2H"})
    assert processing_order(orders, now, seed) == (verification, last_month, feedback, pressing)
    assert processing_order(orders, now, NATIONAL) == (pressing, verification, last_month, feedback)


def may(when, attempts=(), appointment=None):
    rung = [
        {"at": f"{t}+08:00", "person": "A", "policy_no": "P1", "number": "13800138000", "result": "NO_ANSWER", **more}
        for t, more in attempts
    ]
    asked = {
        "explain": "calling",
        "at": f"{when}+08:00",
        "person": {"id": "A", "type": "PERSON", "birth_date": "1980-05-01", "language": "zh-CN"},
        "policies": [
            {"policy_no": "P1", "callable_on": "2026-11-20", "receipt_signed_on": "2026-11-19",
             "nominal_end": "2026-12-04", "policy_term_years": 10, "state": "OPEN"},
        ],
        "numbers": [{"number": "13800138000", "status": "CONFIRMED"}],
        "attempts": rung,
        "appointment": appointment,
        "resources": {"robot": True},
    }  # fmt: skip
    found = json.loads(json.dumps(answer_line(json.dumps(asked)), default=str))
    return found["reason"] or "RING"


MONDAY = [("2026-11-23T10:00", {}), ("2026-11-23T15:00", {})]
# nine dials on five days, over all three parts of the day
NINE = [
    *MONDAY, ("2026-11-24T10:00", {}), ("2026-11-24T19:30", {}), ("2026-11-25T10:00", {}), ("2026-11-25T15:00", {}),
    ("2026-11-26T10:00", {}), ("2026-11-26T18:30", {}), ("2026-11-27T10:00", {}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("when", "attempts", "appointment", "reason"),
    [
        ("2026-11-23T10:00", [], None, "RING"),
        ("2026-11-23T12:30", MONDAY[:1], None, "MIN_GAP"),
        ("2026-11-23T15:00", MONDAY[:1], None, "RING"),
        ("2026-11-23T19:30", MONDAY, None, "DAILY_CAP"),
        ("2026-11-24T19:30", MONDAY, None, "RING"),
        # a dial at an agreed time leaves the day's two ordinary ones
        ("2026-11-23T19:30", [MONDAY[0], ("2026-11-23T15:00", {"at_appointment": True})], None, "RING"),
        ("2026-11-27T15:00", NINE[:8], None, "RING"),
        ("2026-11-28T15:00", NINE, None, "UNREACHABLE"),
        ("2026-11-23T21:05", [], None, "QUIET_HOURS"),
        ("2026-11-23T21:05", [], "2026-11-23T21:05", "QUIET_HOURS"),
        ("2026-11-23T20:45", [], "2026-11-23T20:45", "RING"),
        ("2026-11-23T20:45", [], None, "OUTSIDE_HOURS"),
    ],
)
def test_ac_31_retry_plan(when, attempts, appointment, reason):
    booked = {"at": f"{appointment}+08:00", "number": None, "asked_by": "POLICYHOLDER"} if appointment else None
    assert may(when, attempts, booked) == reason


def test_ac_31_nine_dials_are_all_of_the_plan():
    """Rung at every instant that is permitted, every half hour, from Monday morning: nine dials, three days or more."""
    made, when = [], at("2026-11-23T09:00")
    while (reason := may(f"{when:%Y-%m-%dT%H:%M}", made)) != "UNREACHABLE" and when.day < 30:
        if reason == "RING":
            made.append((f"{when:%Y-%m-%dT%H:%M}", {}))
        when += timedelta(minutes=30)
    parts = {"morning" if t[11:13] < "12" else "afternoon" if t[11:13] < "18" else "evening" for t, _ in made}
    assert len(made) == 9 and len({t[:10] for t, _ in made}) >= 3 and len(parts) == 3
    per_day = [sum(t.startswith(day) for t, _ in made) for day in {t[:10] for t, _ in made}]
    assert max(per_day) <= 2
