"""Persons of two companies in one list: in which order, and what of the parts is kept."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from rules.calendar import SHANGHAI, Calendar, DayKind
from rules.calling import Appointment, Candidate
from rules.cases import CaseState
from rules.parameters import DEFAULTS
from rules.phone_checks import PhoneFacts
from rules.profile_groups import select_by_profile

NOON = datetime(2026, 9, 22, 12, 30, tzinfo=SHANGHAI)  # a Tuesday
# no dial on Thursday and Friday, but for who may dial on public holidays
CALENDAR = Calendar(dict.fromkeys((date(2026, 9, 24), date(2026, 9, 25)), DayKind.HOLIDAY), frozenset({2026}))
PROFILES = {
    "one": DEFAULTS,
    "other": replace(
        DEFAULTS.with_params({
            "calling.on_public_holidays": True, "calling.allowed_days": ["MON", "TUE", "WED", "THU", "FRI", "SUN"],
            "attempts.min_gap_hours": 4,
        }),
        name="other",
    ),
    "third": replace(DEFAULTS, name="third"),
}  # fmt: skip


def case(number, end, phone=None, **more):
    numbers = () if phone == "" else (PhoneFacts(phone or f"n{number}"),)
    return Candidate(
        number, f"P{number}", number, CaseState.CALLABLE, date(2026, 9, 20), end, None, numbers=numbers, script="s@1", **more
    )  # fmt: skip


def chosen(cases, limit=None):
    return select_by_profile(
        [one for one, _ in cases], (), now=NOON, calendar=CALENDAR, profiles={one.case_id: name for one, name in cases},
        profile_of=PROFILES.__getitem__, limit=limit,
    )  # fmt: skip


def order(*cases):
    return [call.person_id for call in chosen(cases).selection.callable]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # Tuesday, Wednesday, Saturday are three days of the one, Tuesday to Friday four of the other
        ((case(1, date(2026, 9, 26)), "one"), (case(2, date(2026, 9, 25)), "other")),
        # as many days: the earlier end, then the person
        ((case(1, date(2026, 9, 24)), "one"), (case(2, date(2026, 9, 25)), "third")),
        ((case(1, date(2026, 9, 24)), "third"), (case(2, date(2026, 9, 24)), "one")),
        # without an end, last
        ((case(2, date(2026, 9, 29)), "one"), (case(1, None), "other")),
        ((case(1, None), "one"), (case(2, None), "other")),
        # what was promised goes before everything
        ((case(2, date(2026, 9, 29), appointment=Appointment(NOON)), "one"), (case(1, date(2026, 9, 22)), "other")),
        ((case(2, None, appointment=Appointment(NOON)), "one"), (case(1, date(2026, 9, 22)), "other")),
        ((case(2, None, appointment=Appointment(NOON)), "one"), (case(1, None), "other")),
    ],
)
def test_which_of_two_groups_is_rung_first(first, second):
    expected = [first[0].person_id, second[0].person_id]
    assert order(first, second) == order(second, first) == expected


def test_a_number_that_three_groups_share_is_rung_once_and_the_others_wait_for_their_own_gap():
    end = date(2026, 9, 29)
    found = chosen([(case(1, end, "same"), "one"), (case(2, end, "same"), "other"), (case(3, end, "same"), "third")])
    [call] = found.selection.callable
    gaps = {1: 3, 2: 4, 3: 3}
    assert sorted((held.case_id, held.policy_no, held.reason, held.until) for held in found.selection.held) == [
        (n, f"P{n}", "MIN_GAP", NOON + timedelta(hours=gaps[n])) for n in gaps if n != call.person_id
    ]


def test_what_every_part_settles_and_holds_is_kept():
    end = date(2026, 9, 29)
    cases = [(case(1, end, ""), "one"), (case(2, end, ""), "other"), (case(3, date(2026, 9, 20)), "third")]
    cases += [(case(4, end, in_scope=False), "one"), (case(5, end, in_scope=False), "other")]
    found = chosen(cases).selection
    assert sorted(one.case_id for one in found.to_settle) == [1, 2]
    assert {held.case_id for held in found.held} >= {4, 5}


@pytest.mark.parametrize(("limit", "persons"), [(0, []), (1, [1]), (2, [1, 2]), (3, [1, 2, 3]), (4, [1, 2, 3])])
def test_one_limit_holds_for_all(limit, persons):
    cases = [(case(n, date(2026, 9, 26 + n)), name) for n, name in ((1, "one"), (2, "third"), (3, "other"))]
    assert [call.person_id for call in chosen(cases, limit).selection.callable] == persons


def test_a_profile_that_is_not_there():
    with pytest.raises(LookupError):
        chosen([(case(1, None), "fourth")])
