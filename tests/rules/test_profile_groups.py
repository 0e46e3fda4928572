"""The selection over persons whose policies come under different profiles."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from rules.calendar import SHANGHAI
from rules.calling import Attempt, Candidate, select
from rules.cases import CaseState
from rules.phone_checks import PhoneFacts
from rules.profile_groups import select_by_profile
from rules.profiles import strictest
from rules.routes import Caller, Resources
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

CALENDAR = seeded_calendar()
NOON = datetime(2026, 9, 22, 12, 30, tzinfo=SHANGHAI)
BRANCH = "branch-example@1"  # no calls at noon, three to two dials fewer
COMPANY, NATIONAL = "national@1/company-example@1", "national@1"


def case(case_id: int, person: int, number: str | None = None, end=date(2026, 10, 9)) -> Candidate:
    return Candidate(
        case_id, f"P{case_id}", person, CaseState.CALLABLE, date(2026, 9, 20), end, None,
        numbers=(PhoneFacts(number or f"n{person}", 1, False, False, False),), script="script@1",
    )  # fmt: skip


def chosen(cases: dict[Candidate, str], attempts=(), now=NOON, limit=None):
    return select_by_profile(
        cases, attempts, now=now, calendar=CALENDAR, profiles={c.case_id: name for c, name in cases.items()},
        profile_of=load_profile, limit=limit,
    )  # fmt: skip


def test_one_profile_is_the_plain_selection():
    cases = [case(n, n) for n in range(1, 6)]
    found = chosen(dict.fromkeys(cases, NATIONAL), limit=3)
    plain = select(cases, (), now=NOON, calendar=CALENDAR, profile=load_profile(NATIONAL), limit=3)
    assert found.selection == plain
    assert {profile.id for profile in found.profiles.values()} == {NATIONAL}


def test_each_person_under_his_own_hours():
    found = chosen({case(1, 1): BRANCH, case(2, 2): NATIONAL}).selection
    assert [call.person_id for call in found.callable] == [2]
    assert [(held.case_id, held.reason) for held in found.held] == [(1, "OUTSIDE_HOURS")]


def test_a_person_with_policies_under_two_profiles_is_rung_under_the_strictest():
    found = chosen({case(1, 1): BRANCH, case(2, 1): NATIONAL, case(3, 3): NATIONAL})
    assert [call.person_id for call in found.selection.callable] == [3]
    assert {held.reason for held in found.selection.held} == {"OUTSIDE_HOURS"}
    assert found.profiles[1].id == f"{BRANCH}|{NATIONAL}"
    assert load_profile(found.profiles[1].id) == found.profiles[1]


@pytest.mark.parametrize(("made", "reason"), [(6, None), (7, "UNREACHABLE")])
def test_the_total_is_the_strictest_too(made, reason):
    """Seven dials in all at the company of the example, nine by default."""
    morning = datetime(2026, 9, 1, 9, 30, tzinfo=SHANGHAI)
    dials = [
        Attempt(morning + timedelta(days=n, hours=5 * (n % 3)), 1, "n1", "NO_ANSWER", False, (1,)) for n in range(made)
    ]
    found = chosen({case(1, 1): NATIONAL, case(2, 1): COMPANY}, dials, NOON + timedelta(hours=2)).selection
    assert {held.reason for held in found.held} == ({reason} if reason else set())


def test_all_groups_stand_in_one_order_and_one_limit_holds():
    cases = {
        case(1, 1, end=date(2026, 10, 9)): NATIONAL,
        case(2, 2, end=date(2026, 9, 24)): COMPANY,
        case(3, 3, end=date(2026, 9, 28)): NATIONAL,
        case(4, 4, end=date(2026, 9, 23)): COMPANY,
    }
    assert [call.person_id for call in chosen(cases).selection.callable] == [4, 2, 3, 1]
    assert [call.person_id for call in chosen(cases, limit=3).selection.callable] == [4, 2, 3]


def test_a_number_that_persons_of_two_groups_share_is_rung_once():
    found = chosen({case(1, 1, "same", date(2026, 9, 28)): NATIONAL, case(2, 2, "same"): COMPANY}).selection
    assert [call.case_ids for call in found.callable] == [(1,)]
    [held] = found.held
    assert (held.case_id, held.policy_no, held.reason) == (2, "P2", "MIN_GAP") and held.until > NOON


def test_nobody():
    found = chosen({})
    assert found.selection.callable == () and found.profiles == {}


# ---------------------------------------------------------------- the strictest of several


def test_the_strictest_takes_the_stricter_of_each_value():
    found = strictest([load_profile(NATIONAL), load_profile(BRANCH)])
    assert found["calling.windows"] == ("09:00-12:00", "14:00-20:00")
    assert found["attempts.max_total"] == 7 and found["cooling_off.days"] == 20
    assert found["workorder.sla"]["PHONE_INVALID"] == 2 and found["workorder.sla"]["REFUSED"] == 1


def test_the_order_makes_no_difference_and_one_alone_is_itself():
    one, other = load_profile(NATIONAL), load_profile("local-2g")
    assert strictest([one, other]) == strictest([other, one]) == strictest([other, one, other])
    assert strictest([one, one]) is one


def test_hours_that_have_nothing_in_common_leave_those_of_the_first():
    early = load_profile(NATIONAL).with_params({"calling.windows": ("09:00-12:00",)})
    late = load_profile(NATIONAL).with_params({"calling.windows": ("18:00-20:00",)})
    first = min((early, late), key=lambda profile: profile.id)
    assert strictest([early, late])["calling.windows"] == first["calling.windows"]


def test_one_who_is_left_to_others_is_held_and_what_else_holds_him_comes_first():
    case_1, case_2 = case(1, 1), case(2, 2)
    elder, tired = replace(case_1, birth_date=date(1950, 1, 1)), replace(case_2, birth_date=date(1950, 1, 1))
    made = [Attempt(NOON - timedelta(hours=1), 2, "x", "NO_ANSWER", case_ids=(2,))]
    busy = Caller("robot", Resources(agents_on_duty=1))
    found = select_by_profile(
        [elder, tired], made, now=NOON, calendar=CALENDAR, profiles={1: "national@1", 2: "national@1"},
        profile_of=load_profile, caller=busy,
    ).selection  # fmt: skip
    assert found.callable == ()
    assert {held.case_id: held.reason for held in found.held} == {1: "NEEDS_AGENT", 2: "MIN_GAP"}
