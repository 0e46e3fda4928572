from dataclasses import replace
from datetime import date, datetime

import pytest

from rules.calendar import SHANGHAI
from rules.measures import (
    Callback,
    Measures,
    Result,
    drill_down,
    first_completed,
    measure,
    measure_by,
    rate,
    rows_behind,
)
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
        (policy(done("2026-10-31")), (1, 1, 1, 0)),  # known on the last day
        (policy(done("2026-11-01")), (1, 0, 0, 0)),
        (policy(withdrawn_on=AS_OF), (0, 0, 0, 0)),
        (policy(withdrawn_on=date(2026, 11, 1)), (1, 0, 0, 0)),
        (policy(done("2026-09-22"), withdrawn_on=date(2026, 9, 22)), (1, 1, 1, 1)),  # completed on the day itself
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


def test_what_a_policy_is_left_out_for_is_the_first_that_was_known():
    row = policy(withdrawn_on=date(2026, 9, 20), death_known_on=date(2026, 9, 12), cancelled_on=date(2026, 9, 15))
    assert measure([row], AS_OF).excluded_by == {"DEATH": 1}
    only = DEFAULTS.with_params({"kpi.denominator_exclusions": ["CANCELLED"]})
    assert measure([row], AS_OF, only).excluded_by == {"CANCELLED": 1}
    assert measure([row], date(2026, 9, 11)).excluded == 0


def test_terms_that_are_in_scope_are_the_profiles_to_say():
    rows = [policy(policy_term_years=years, policy_no=str(years)) for years in (1, 2, 3)]
    longer = DEFAULTS.with_params({"scope.min_term_exclusive_years": 2})
    for profile, expected in ((DEFAULTS, ("2", "3")), (longer, ("3",))):
        assert drill_down(rows, AS_OF, profile)["due"] == expected
        assert tuple(row.policy_no for row in rows_behind(rows, "due", AS_OF, profile)) == expected
        assert measure(rows, AS_OF, profile).due == len(expected)
        [part] = measure_by(rows, AS_OF, profile, lambda row: row.branch).values()
        assert part.due == len(expected)


def test_the_policies_behind_each_count():
    found = drill_down(many(), AS_OF)
    assert found == {
        "due": tuple(row.policy_no for row in many() if row.policy_no != "a firm"),
        "excluded": ("left", "died"),
        "denominator": ("clean", "late", "by a branch", "overridden", "settled later", "second one overridden", "open"),
        "completed": ("clean", "late", "by a branch", "overridden", "settled later", "second one overridden"),
        "clean": ("clean", "late", "overridden", "second one overridden"),
        "in_window": ("clean", "by a branch", "overridden", "settled later", "second one overridden"),
        "sales_question": ("late",),
        "untrue_data": ("open",),
        "overridden": ("overridden", "settled later"),
    }


def test_all_figures_of_a_cohort():
    """Nine are due and two left; six of seven are completed, four of them clean, five in time."""
    found = measure(many(), AS_OF, by_branch=False)
    assert found.by_branch == {}
    assert measure(many(), AS_OF).by_branch == measure_by(many(), AS_OF, DEFAULTS, lambda row: row.branch)
    assert replace(found, by_branch={}) == Measures(
        due=9, excluded=2, excluded_by={"WITHDRAWN": 1, "DEATH": 1}, denominator=7, completed=6,
        completed_by={"HEAD_OFFICE": 5, "BRANCH": 1}, completed_by_method={"PHONE": 6}, clean=4, in_window=5,
        classes={"STANDARD": 3, "SUB_STANDARD": 1, "QUESTION": 2}, completed_rate="85.7", clean_success_rate="57.1",
        in_window_rate="71.4", sales_question_share="16.7", data_truth_rate="85.7", sales_question=1, untrue_data=1,
        overridden=2, by_branch={},
    )  # fmt: skip


def test_a_callback_without_a_class():
    found = measure([policy(done("2026-09-20", None))], AS_OF)
    assert (found.completed, found.clean, found.classes) == (1, 0, {"NONE": 1})


@pytest.mark.parametrize(
    "mark", ["PHONE_INVALID", "PHONE_SHARED", "PHONE_IS_AGENTS", "RECORD_MISMATCH", "CONTACT_DATA_WRONG"]
)
def test_what_is_untrue_data(mark):
    assert measure([policy(failed("2026-09-20", mark))], AS_OF).untrue_data == 1
    assert measure([policy(done("2026-09-20", marks=(mark,)), failed("2026-09-21"))], AS_OF).untrue_data == 1
    assert measure([policy(failed("2026-11-20", mark))], AS_OF).untrue_data == 0


def test_what_is_not_told_of_a_policy():
    assert Callback("P", "H", "B") == Callback("P", "H", "B", "PERSON", None, None, None, None, None, None, (), "", "")
    at = done("2026-09-20").at
    assert Result(at, "BRANCH", "VISIT", None, True) == Result(at, "BRANCH", "VISIT", None, True, True, (), (), False)


def test_which_callback_decides():
    [twice] = [row for row in many() if row.policy_no == "settled later"]
    assert first_completed(twice, AS_OF).class_ == "QUESTION"
    assert first_completed(twice, date(2026, 9, 19)) is None
    [gone] = [row for row in many() if row.policy_no == "left"]
    assert first_completed(gone, AS_OF) is None
