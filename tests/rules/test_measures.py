from datetime import date, datetime

import pytest

from rules.calendar import SHANGHAI
from rules.measures import Callback, Result, measure, rate

AS_OF = date(2026, 10, 31)
SIGNED, END = date(2026, 9, 10), date(2026, 9, 25)


def done(day, class_="STANDARD", by="HEAD_OFFICE", **more):
    return Result(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=SHANGHAI), by, "PHONE", class_, True, **more)


def failed(day, *reasons):
    at = datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=SHANGHAI)
    return Result(at, "HEAD_OFFICE", "PHONE", "VERIFICATION", False, reasons=reasons)


def policy(*results, **more):
    fields = {"policy_no": "P", "policyholder_id": "H", "branch": "B1", "receipt_signed_on": SIGNED, "nominal_end": END}
    return Callback(**{**fields, **more}, results=results)


def test_ac_27_rates():
    """1,020 due, 20 withdrawn before contact; 870 by head office and 80 by branches, 30 questions, 890 in time."""
    rows = [policy(withdrawn_on=date(2026, 9, 12)) for _ in range(20)]
    rows += [policy(failed("2026-09-20", "UNREACHABLE")) for _ in range(50)]
    rows += [policy(done("2026-09-20", "QUESTION" if n < 30 else "STANDARD")) for n in range(870)]
    rows += [policy(done("2026-09-24" if n < 20 else "2026-09-28", by="BRANCH")) for n in range(80)]
    found = measure(rows, AS_OF)
    assert (found.due, found.excluded, found.denominator) == (1020, 20, 1000)
    assert (found.completed, found.clean, found.in_window) == (950, 920, 890)
    assert (found.completed_rate, found.clean_success_rate, found.in_window_rate) == ("95.0", "92.0", "89.0")
    assert found.excluded_by == {"WITHDRAWN": 20}
    assert found.completed_by == {"HEAD_OFFICE": 870, "BRANCH": 80}
    assert found.classes == {"QUESTION": 30, "STANDARD": 920}


@pytest.mark.parametrize(
    ("row", "counted"),
    [
        (policy(done("2026-09-20")), (1, 1, 1, 1)),
        (policy(done("2026-09-20", "SUB_STANDARD")), (1, 1, 1, 1)),
        (policy(done("2026-09-20", "QUESTION"), done("2026-09-22")), (1, 1, 0, 1)),  # settled later: class stays
        (policy(done("2026-09-26")), (1, 1, 1, 0)),
        (policy(done("2026-09-09")), (1, 0, 0, 0)),  # before the signature
        (policy(done("2026-09-09"), done("2026-09-12")), (1, 1, 1, 1)),
        (policy(done("2026-09-09"), done("2026-09-28")), (1, 1, 1, 0)),
        (policy(done("2026-09-10")), (1, 1, 1, 1)),
        (policy(done("2026-09-20", valid=False)), (1, 0, 0, 0)),
        (policy(done("2026-11-02")), (1, 0, 0, 0)),  # not known yet at the end of October
        (policy(withdrawn_on=date(2026, 11, 2)), (1, 0, 0, 0)),
        (policy(done("2026-09-20"), withdrawn_on=date(2026, 9, 22)), (1, 1, 1, 1)),
        (policy(done("2026-09-23"), withdrawn_on=date(2026, 9, 22)), (0, 0, 0, 0)),
        (policy(death_known_on=date(2026, 9, 12)), (0, 0, 0, 0)),
        (policy(cancelled_on=date(2026, 9, 12)), (0, 0, 0, 0)),
        (policy(policyholder_type="ORGANISATION"), (0, 0, 0, 0)),
        (policy(policy_term_years=1), (0, 0, 0, 0)),
        (policy(policy_term_years=1.5), (1, 0, 0, 0)),
        (policy(done("2026-09-20"), receipt_signed_on=None, nominal_end=None), (1, 1, 1, 0)),
    ],
)
def test_what_counts(row, counted):
    found = measure([row], AS_OF)
    assert (found.denominator, found.completed, found.clean, found.in_window) == counted


def test_what_is_out_of_scope_is_not_even_due_while_an_exclusion_is():
    rows = [policy(policyholder_type="ORGANISATION"), policy(death_known_on=date(2026, 9, 12))]
    found = measure(rows, AS_OF)
    assert (found.due, found.excluded, found.excluded_by) == (1, 1, {"DEATH": 1})
    assert found.completed_rate is None


def test_questions_of_a_sales_kind_and_untrue_data():
    rows = [
        policy(done("2026-09-20", "SUB_STANDARD", reasons=("NOT_KNOWN_AS_INSURANCE",))),
        policy(done("2026-09-20", "QUESTION", reasons=("SIGNATURE_UNSURE",))),
        policy(done("2026-09-20", marks=("CONTACT_DATA_WRONG",))),
        policy(failed("2026-09-20", "PHONE_SHARED")),
    ]
    found = measure(rows, AS_OF)
    assert found.sales_question_share == "33.3"
    assert found.data_truth_rate == "50.0"


def test_branches_add_up():
    rows = [policy(done("2026-09-20"), branch=f"B{n % 3}") for n in range(10)] + [policy(branch="B0")]
    found = measure(rows, AS_OF)
    assert list(found.by_branch) == ["B0", "B1", "B2"]
    assert sum(m.completed for m in found.by_branch.values()) == found.completed == 10
    assert sum(m.due for m in found.by_branch.values()) == found.due


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(1, 3, "33.3"), (2, 3, "66.7"), (1, 16, "6.3"), (1, 1, "100.0"), (0, 7, "0.0"), (0, 0, None)],
)
def test_rates_round_half_up(part, whole, text):
    assert rate(part, whole) == text
