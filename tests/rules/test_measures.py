from dataclasses import replace
from datetime import date, datetime

import pytest

from rules.calendar import SHANGHAI
from rules.measures import Callback, Result, drill_down, first_completed, measure, measure_by, rate, rows_behind
from rules.parameters import DEFAULTS

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


def many():
    """One policy of each kind that a figure may count or leave out."""
    rows = {
        "clean": policy(done("2026-09-20")),
        "late": policy(done("2026-09-28", "SUB_STANDARD", reasons=("FEES_UNCLEAR",))),
        "by a branch": policy(done("2026-09-22", "QUESTION", by="BRANCH"), branch="B2"),
        "overridden": policy(done("2026-09-20", overridden=True), branch="B2"),
        "settled later": policy(done("2026-09-20", "QUESTION", overridden=True), done("2026-09-24")),
        "second one overridden": policy(done("2026-09-20"), done("2026-09-24", "QUESTION", overridden=True)),
        "open": policy(failed("2026-09-20", "PHONE_SHARED"), channel="AGENCY"),
        "left": policy(withdrawn_on=date(2026, 9, 12)),
        "died": policy(death_known_on=date(2026, 9, 12), agent="A"),
        "a firm": policy(policyholder_type="ORGANISATION"),
    }
    return [replace(row, policy_no=name) for name, row in rows.items()]


BEHIND = {
    "due": 9,
    "excluded": ["left", "died"],
    "excluded_by.WITHDRAWN": ["left"],
    "excluded_by.DEATH": ["died"],
    "denominator": 7,
    "outstanding": ["open"],
    "completed": 6,
    "clean": ["clean", "late", "overridden", "second one overridden"],
    "in_window": ["clean", "by a branch", "overridden", "settled later", "second one overridden"],
    "sales_question": ["late"],
    "untrue_data": ["open"],
    # the first completed callback decides, whatever was overridden later
    "overridden": ["overridden", "settled later"],
    "classes.QUESTION": ["by a branch", "settled later"],
    "classes.SUB_STANDARD": ["late"],
    "completed_by.BRANCH": ["by a branch"],
    "completed_by.HEAD_OFFICE": 5,
    "completed_by_method.PHONE": 6,
    "completed_by_method.VISIT": [],
    "classes": [],
    "nonsense": [],
}


@pytest.mark.parametrize("figure", BEHIND)
def test_the_rows_behind_a_figure(figure):
    found = [row.policy_no for row in rows_behind(many(), figure, AS_OF)]
    assert (len(found) if isinstance(BEHIND[figure], int) else found) == BEHIND[figure]


def test_each_figure_counts_exactly_its_rows():
    whole = measure(many(), AS_OF)
    for name in ("due", "excluded", "denominator", "completed", "clean", "in_window", "overridden", "untrue_data"):
        assert getattr(whole, name) == len(rows_behind(many(), name, AS_OF)), name
    for of in ("excluded_by", "classes", "completed_by", "completed_by_method"):
        for part, count in getattr(whole, of).items():
            assert count == len(rows_behind(many(), f"{of}.{part}", AS_OF)) > 0, (of, part)
    told = drill_down(many(), AS_OF)
    assert {name: len(rows) for name, rows in told.items()} == {name: getattr(whole, name) for name in told}


@pytest.mark.parametrize("part", [lambda row: row.branch, lambda row: row.channel, lambda row: row.agent])
def test_the_parts_add_up_whatever_they_are(part):
    whole, parts = measure(many(), AS_OF), measure_by(many(), AS_OF, DEFAULTS, part)
    for name in ("due", "excluded", "denominator", "completed", "clean", "in_window", "overridden"):
        assert sum(getattr(found, name) for found in parts.values()) == getattr(whole, name)


def test_which_callback_decides():
    [twice] = [row for row in many() if row.policy_no == "settled later"]
    assert first_completed(twice, AS_OF).class_ == "QUESTION"
    assert first_completed(twice, date(2026, 9, 19)) is None
    [gone] = [row for row in many() if row.policy_no == "left"]
    assert first_completed(gone, AS_OF) is None
