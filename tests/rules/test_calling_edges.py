"""Who is rung and who waits, at the very edges: the instant, the number, the time until which it is not worth looking."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules.calling import Appointment, first_dialling_day, next_permitted
from rules.cases import CaseState
from rules.parameters import DEFAULTS
from rules.phone_checks import PhoneFacts
from tests.rules.test_calling import CALENDAR, HOME, MOBILE, MONDAY, NINE, appointed, at, case, chosen, dial, reason

THIRD = "+8613700137000"


def waits(found, case_id=1) -> tuple[str, str | None] | None:
    """Why a case waits and until when, None where it is rung."""
    if reason(found, case_id) is None:
        return None
    [held] = [one for one in found.held if one.case_id == case_id]
    assert held.policy_no == f"P{case_id}"
    return held.reason, f"{held.until:%m-%d %H:%M}" if held.until else None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23T08:00", ("QUIET_HOURS", "11-23 09:00")),
        ("2026-11-23T20:30", ("OUTSIDE_HOURS", "11-24 09:00")),
        ("2026-11-23T22:00", ("QUIET_HOURS", "11-24 09:00")),
        ("2026-11-23T10:00", None),
    ],
)
def test_while_nobody_may_be_rung_everybody_waits_for_the_next_hour(now, expected):
    assert waits(chosen([case()], now=now)) == expected
    both = chosen([case(1), case(2)], now=now)
    assert (waits(both, 1), waits(both, 2)) == (expected, expected)


@pytest.mark.parametrize(
    ("asked_by", "when", "now", "expected"),
    [
        ("POLICYHOLDER", "2026-11-24T15:00", "2026-11-23T22:00", ("QUIET_HOURS", "11-24 15:00")),
        ("THIRD_PARTY", "2026-11-24T15:00", "2026-11-23T22:00", ("QUIET_HOURS", "11-24 09:00")),
        ("THIRD_PARTY", "2026-11-23T22:30", "2026-11-23T22:00", ("QUIET_HOURS", "11-23 22:30")),
        ("POLICYHOLDER", "2026-11-23T22:05", "2026-11-23T22:00", ("QUIET_HOURS", "11-24 09:00")),  # due, in the night
        ("THIRD_PARTY", "2026-11-23T15:00", "2026-11-23T12:00", None),  # the gap is kept free, no more
        ("THIRD_PARTY", "2026-11-23T15:00", "2026-11-23T12:01", ("APPOINTMENT_PENDING", "11-23 15:00")),
        ("POLICYHOLDER", "2026-11-30T15:00", "2026-11-23T12:00", ("APPOINTMENT_PENDING", "11-30 15:00")),
    ],
)
def test_until_when_somebody_waits_for_an_agreed_time(asked_by, when, now, expected):
    assert waits(chosen([appointed(when, asked_by)], now=now)) == expected


def test_before_a_time_named_by_others_the_ordinary_hold_ends_no_later_than_it():
    dials = [dial("2026-11-23T10:00"), dial("2026-11-23T15:00")]
    found = chosen([appointed("2026-11-24T08:30", "THIRD_PARTY")], dials, now="2026-11-23T19:30")
    assert waits(found) == ("DAILY_CAP", "11-24 08:30")
    later = chosen([appointed("2026-11-24T15:00", "THIRD_PARTY")], dials, now="2026-11-23T19:30")
    assert waits(later) == ("DAILY_CAP", "11-24 09:00")


def test_an_engaged_person_waits_for_his_agreed_time_too():
    found = chosen([appointed("2026-11-23T15:00")], [dial("2026-11-23T14:58", "RINGING")], now="2026-11-23T15:00")
    assert waits(found) == ("IN_CALL", None)
    unknown = chosen([appointed("2026-11-23T15:00")], [dial("2026-11-20T14:58", "UNKNOWN")], now="2026-11-23T10:00")
    assert waits(unknown) == ("UNKNOWN_ATTEMPT", None)


def test_an_ordinary_dial_beside_the_agreed_time_does_not_keep_it():
    found = chosen([appointed("2026-11-23T15:00")], [dial("2026-11-23T14:55")], now="2026-11-23T15:05")
    assert found.callable[0].at_appointment
    kept = [dial("2026-11-23T14:49", at_appointment=True)]
    assert chosen([appointed("2026-11-23T15:00")], kept, now="2026-11-23T15:05").callable[0].at_appointment
    kept = [dial("2026-11-23T14:50", at_appointment=True)]
    assert reason(chosen([appointed("2026-11-23T15:00")], kept, now="2026-11-23T15:05")) == "MIN_GAP"


@pytest.mark.parametrize(
    ("dials", "now", "expected"),
    [
        # the day begins at midnight, whoever dialled then
        (["2026-11-23T00:00", "2026-11-23T10:00"], "2026-11-23T19:00", ("DAILY_CAP", "11-24 09:00")),
        (["2026-11-22T23:59", "2026-11-23T10:00"], "2026-11-23T19:00", None),
        # the part of the day begins at its very instant
        (["2026-11-23T12:00"], "2026-11-23T17:59", ("SAME_DAY_PART", "11-23 18:00")),
        (["2026-11-23T11:59"], "2026-11-23T17:59", None),
        # in the evening the next part is the next morning
        (["2026-11-23T18:00"], "2026-11-23T20:00", ("MIN_GAP", "11-24 09:00")),
        # two dials are left and only the evening has not been tried: the days have been
        (NINE[:6] + ["2026-11-26T10:00"], "2026-11-26T14:00", None),
    ],
)
def test_the_spacing_of_dials_at_its_edges(dials, now, expected):
    assert waits(chosen([case()], [dial(one) for one in dials], now=now)) == expected


def test_in_the_evening_the_next_part_of_the_day_is_the_next_morning():
    found = chosen([case()], [dial("2026-11-23T18:00")], now="2026-11-23T19:30", params={"attempts.min_gap_hours": 1})
    assert waits(found) == ("SAME_DAY_PART", "11-24 09:00")


def test_a_number_of_several_persons_counts_what_was_rung_for_each():
    shared = (PhoneFacts(MOBILE, holders=2),)
    dials = [dial("2026-11-23T09:00", person_id=1), dial("2026-11-23T12:00", person_id=2, cases=(2,))]
    third = [case(3, 3, numbers=shared)]
    assert waits(chosen(third, dials, now="2026-11-23T18:00"), 3) == ("DAILY_CAP", "11-24 09:00")
    assert waits(chosen(third, dials[:1], now="2026-11-23T11:59"), 3) == ("MIN_GAP", "11-23 12:00")
    assert waits(chosen(third, dials[:1], now="2026-11-23T12:00"), 3) is None
    other = [replace(one, number=HOME) for one in dials]
    assert waits(chosen(third, other, now="2026-11-23T18:00"), 3) is None
    kept = [replace(one, at_appointment=True) for one in dials]
    assert waits(chosen(third, kept, now="2026-11-23T18:00"), 3) is None
    before = [dial("2026-11-22T23:59", person_id=1), dial("2026-11-23T00:00", person_id=2, cases=(2,))]
    assert waits(chosen(third, before, now="2026-11-23T18:00"), 3) is None
    booked = [case(3, 3, numbers=shared, state=CaseState.APPOINTED, appointment=Appointment(at("2026-11-23T18:00")))]
    assert chosen(booked, dials, now="2026-11-23T18:00").callable[0].number == MOBILE


def test_a_round_begins_with_the_dial_at_its_very_instant():
    params = {"attempts.max_total": 2, "attempts.min_days": 1, "attempts.different_day_parts": False}
    again = case(plan_began=at("2026-11-22T10:00"))
    dials = [dial("2026-11-21T10:00"), dial("2026-11-22T10:00")]
    assert reason(chosen([again], dials, params=params)) is None
    assert reason(chosen([again], [*dials, dial("2026-11-22T15:00")], params=params)) == "UNREACHABLE"
    later = case(plan_began=at("2026-11-22T10:01"))
    assert reason(chosen([later], [*dials, dial("2026-11-22T15:00")], params=params)) is None


@pytest.mark.parametrize(
    ("change", "dials", "now", "code"),
    [
        # thirty days after its end a late case is dialled for the last time
        ({"handover_at": None}, [], "2027-01-06T10:00", None),
        ({"handover_at": None}, [], "2027-01-07T10:00", "UNREACHABLE"),
        # begun late, it keeps a time as long as it is dialled
        *[
            (
                {"callable_on": date(2026, 12, 3), "appointment": Appointment(at(f"2027-01-{day}T15:00"))},
                NINE, "2026-12-04T10:00", code,
            )
            for day, code in (("06", "APPOINTMENT_PENDING"), ("07", "UNREACHABLE"))
        ],
        # without an end any time is kept
        (
            {"nominal_end": None, "handover_at": None, "appointment": Appointment(at("2027-03-01T15:00"))},
            NINE, "2026-12-04T10:00", "APPOINTMENT_PENDING",
        ),
        # callable from the hand-over itself on: begun late
        ({"callable_on": date(2026, 12, 2)}, ["2026-12-02T10:00"], "2026-12-03T15:00", None),
        ({"plan_began": at("2026-12-02T00:00")}, ["2026-12-02T10:00"], "2026-12-03T15:00", None),
        ({"plan_began": at("2026-12-01T23:59")}, ["2026-12-02T10:00"], "2026-12-03T15:00", "UNREACHABLE"),
    ],
)  # fmt: skip
def test_when_a_plan_is_over(change, dials, now, code):
    assert reason(chosen([case(**change)], [dial(one) for one in dials], now=now)) == code


def test_who_is_not_listed_for_want_of_room_is_neither_held():
    cases = [case(n, n, numbers=(PhoneFacts(f"+861380013800{n}"),)) for n in range(1, 5)]
    cases[2] = replace(cases[2], numbers=())
    found = chosen(cases, limit=2)
    assert [call.person_id for call in found.callable] == [1, 2]
    assert [(one.case_id, one.reason) for one in found.held] == [(3, "PHONE_INVALID")]
    assert [(one.case_id, one.kind) for one in found.to_settle] == [(3, "PRECHECK")]
    assert chosen(cases, limit=0).callable == ()
    assert len(chosen(cases, limit=3).callable) == 3


def test_what_a_call_does_not_cover_is_held_with_its_policy():
    found = chosen([case(1), case(2, script="other@1"), case(3, script=None)])
    assert [waits(found, n) for n in (1, 2, 3)] == [None, ("IN_CALL", None), ("NEEDS_AGENT", None)]


def test_the_number_that_was_rung_longest_ago_comes_first():
    numbers = (PhoneFacts(MOBILE), PhoneFacts(HOME), PhoneFacts(THIRD))
    dials = [dial("2026-11-20T10:00", number=HOME), dial("2026-11-19T10:00"), dial("2026-11-21T10:00", number=THIRD)]
    assert chosen([case(numbers=numbers)], dials).callable[0].number == MOBILE
    assert chosen([case(numbers=numbers)], dials[::2]).callable[0].number == MOBILE  # never rung
    assert chosen([case(numbers=numbers)], [*dials, dial("2026-11-22T10:00")]).callable[0].number == HOME


def steps(found) -> list[str]:
    return [f"{step.rule} {step.zh} / {step.en}" for call in found.callable for step in call.steps]


ORDINARY = "C5 在允许拨打的时间内，未超次数与间隔 / inside the hours, the caps and the gap"


@pytest.mark.parametrize(
    ("candidate", "now", "told"),
    [
        (case(), "2026-11-23T10:00", [ORDINARY, "C56 犹豫期至2026-12-07，其间还有15日可拨打 / the period ends 2026-12-07; 15 days are left to dial in"]),
        (case(nominal_end=MONDAY, handover_at=None), "2026-11-23T10:00", [ORDINARY, "C56 犹豫期至2026-11-23，其间还有1日可拨打 / the period ends 2026-11-23; 1 days are left to dial in"]),
        (case(nominal_end=MONDAY - timedelta(days=1), handover_at=None), "2026-11-23T10:00", [ORDINARY, "C56 犹豫期至2026-11-22，其间还有0日可拨打 / the period ends 2026-11-22; 0 days are left to dial in"]),
        (case(nominal_end=None, handover_at=None), "2026-11-23T10:00", [ORDINARY, "R20 犹豫期未起算，排在最后 / no cooling-off period runs yet: last in line"]),
        (appointed("2026-11-23T15:00"), "2026-11-23T15:00", ["R37 按预约时间拨打 / rung at the agreed time", "C56 犹豫期至2026-12-07，其间还有15日可拨打 / the period ends 2026-12-07; 15 days are left to dial in"]),
    ],
)  # fmt: skip
def test_why_somebody_is_rung(candidate, now, told):
    assert steps(chosen([candidate], now=now)) == told
    second = replace(candidate, case_id=2, policy_no="P2")
    assert steps(chosen([candidate, second], now=now)) == told  # with two policies as with one


def test_each_line_counts_its_own_days():
    cases = [
        case(n, n, nominal_end=MONDAY + timedelta(days=n), handover_at=None, numbers=(PhoneFacts(f"+861380013800{n}"),))
        for n in (3, 1, 2)
    ]
    told = [line for line in steps(chosen(cases)) if line.startswith("C56")]
    assert [line.split("; ")[1].split(" ")[0] for line in told] == ["2", "3", "4"]


def test_a_profile_that_permits_nothing_is_refused_in_words():
    nothing = DEFAULTS.with_params({"calling.windows": ["06:00-08:00"]})
    with pytest.raises(ValueError, match="^the profile permits no hour of dialling$"):
        next_permitted(at("2026-11-23T13:00"), CALENDAR, nothing)
    with pytest.raises(ValueError, match="^the profile permits no day"):
        first_dialling_day(MONDAY, CALENDAR, DEFAULTS.with_params({"calling.allowed_days": []}))


@pytest.mark.parametrize(
    ("windows", "now", "expected"),
    [
        # windows that overlap or touch are one, in whatever order; one that lies in the night is none
        (["11:00-15:00", "09:00-12:00"], "12:30", None),
        (["09:00-15:00", "10:00-12:00"], "14:59", None),
        (["09:00-15:00", "10:00-12:00"], "15:00", "11-24 09:00"),
        (["09:00-12:00", "12:00-15:00"], "12:00", None),
        (["06:00-08:00", "10:00-12:00", "11:00-13:00"], "09:30", "11-23 10:00"),
        (["06:00-08:00", "10:00-12:00", "11:00-13:00"], "12:59", None),
        (["09:00-10:00", "11:00-12:00", "14:00-15:00"], "10:30", "11-23 11:00"),
        (["09:00-10:00", "11:00-12:00", "14:00-15:00"], "12:00", "11-23 14:00"),
        (["09:00-10:00", "11:00-12:00", "14:00-15:00"], "11:00", None),
    ],
)
def test_windows_of_a_profile(windows, now, expected):
    found = waits(chosen([case()], now=f"2026-11-23T{now}", params={"calling.windows": windows}))
    assert found == (expected and ("OUTSIDE_HOURS", expected))
