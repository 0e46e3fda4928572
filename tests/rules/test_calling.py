import gc
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import SHANGHAI, shanghai
from rules.calling import (
    Appointment,
    Attempt,
    Candidate,
    DayPart,
    appointment_horizon,
    day_part,
    first_dialling_day,
    may_dial_now,
    next_permitted,
    select,
)
from rules.cases import CaseState
from rules.parameters import DEFAULTS
from rules.phone_checks import PhoneFacts
from scripts.calendars import seeded_calendar

CALENDAR = seeded_calendar()
MONDAY = date(2026, 11, 23)  # an ordinary week, far from any holiday
MOBILE, HOME = "+8613800138000", "+862123456789"


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def case(case_id=1, person_id=1, **more):
    """A case that may be rung on MONDAY at 10:00, with plenty of its period left."""
    fields = {
        "policy_no": f"P{case_id}",
        "state": CaseState.CALLABLE,
        "callable_on": MONDAY,
        "nominal_end": date(2026, 12, 7),
        "handover_at": at("2026-12-02T00:00"),
        "numbers": (PhoneFacts(MOBILE),),
        "script": "s@1",
    }
    return Candidate(case_id, person_id=person_id, **{**fields, **more})


def dial(when, result="NO_ANSWER", person_id=1, number=MOBILE, cases=(1,), **more):
    return Attempt(
        at(when) if isinstance(when, str) else when, person_id, number, result, case_ids=tuple(cases), **more
    )


def chosen(candidates, attempts=(), now="2026-11-23T10:00", params=None, **more):
    now = at(now) if isinstance(now, str) else now
    return select(candidates, attempts, now=now, calendar=CALENDAR, profile=DEFAULTS.with_params(params or {}), **more)


def reason(selection, case_id=1):
    """The hold code of one case, or None where it is in a call."""
    held = {h.case_id: h.reason for h in selection.held}
    assert len(held) == len(selection.held)
    in_calls = [c for call in selection.callable for c in call.case_ids]
    assert (case_id in held) != (case_id in in_calls)
    return held.get(case_id)


@pytest.mark.parametrize(
    ("now", "code", "next_at"),
    [
        ("2026-11-23T08:59:59", "QUIET_HOURS", "2026-11-23T09:00"),
        ("2026-11-23T09:00", None, "2026-11-23T09:00"),
        ("2026-11-23T20:29:59", None, "2026-11-23T20:29:59"),
        ("2026-11-23T20:30", "OUTSIDE_HOURS", "2026-11-24T09:00"),
        ("2026-11-23T21:00", "QUIET_HOURS", "2026-11-24T09:00"),
        ("2026-11-23T23:30", "QUIET_HOURS", "2026-11-24T09:00"),
        ("2026-11-22T10:00", None, "2026-11-22T10:00"),  # a Sunday
        ("2026-10-01T10:00", "HOLIDAY", "2026-10-08T09:00"),
        ("2026-10-01T08:00", "QUIET_HOURS", "2026-10-08T09:00"),
        ("2026-09-26T10:00", "HOLIDAY", "2026-09-28T09:00"),  # the Saturday inside Mid-Autumn
        ("2026-10-10T10:00", None, "2026-10-10T10:00"),  # a make-up working Saturday
        ("2027-01-01T10:00", None, "2027-01-01T10:00"),  # a year whose holidays nobody knows yet
    ],
)
def test_hours(now, code, next_at):
    assert may_dial_now(at(now), CALENDAR, DEFAULTS) == code
    assert next_permitted(at(now), CALENDAR, DEFAULTS) == at(next_at)
    assert reason(chosen([case(callable_on=date(2026, 9, 1))], now=now)) == code


def test_hours_are_seen_in_shanghai():
    assert may_dial_now(datetime.fromisoformat("2026-11-23T01:00:00+00:00"), CALENDAR, DEFAULTS) is None
    assert may_dial_now(datetime.fromisoformat("2026-11-23T10:00:00-05:00"), CALENDAR, DEFAULTS) == "QUIET_HOURS"


@pytest.mark.parametrize(
    ("params", "now", "code"),
    [
        ({"calling.on_public_holidays": True}, "2026-10-01T10:00", None),
        ({"calling.on_public_holidays": True}, "2026-10-01T21:00", "QUIET_HOURS"),
        ({"calling.windows": ["06:00-23:00"]}, "2026-11-23T08:00", "QUIET_HOURS"),
        ({"calling.windows": ["06:00-23:00"]}, "2026-11-23T21:05", "QUIET_HOURS"),
        ({"calling.windows": ["06:00-23:00"]}, "2026-11-23T20:45", None),
        ({"calling.windows": ["09:00-12:00", "14:00-18:00"]}, "2026-11-23T13:00", "OUTSIDE_HOURS"),
        ({"calling.allowed_days": ["MON", "TUE"]}, "2026-11-22T10:00", "OUTSIDE_HOURS"),
    ],
)
def test_a_profile_may_move_the_hours_but_never_into_the_night(params, now, code):
    assert may_dial_now(at(now), CALENDAR, DEFAULTS.with_params(params)) == code


def test_split_windows_give_the_next_one():
    profile = DEFAULTS.with_params({"calling.windows": ["14:00-18:00", "09:00-12:00"]})
    assert next_permitted(at("2026-11-23T13:00"), CALENDAR, profile) == at("2026-11-23T14:00")
    assert next_permitted(at("2026-11-23T18:00"), CALENDAR, profile) == at("2026-11-24T09:00")
    nothing = DEFAULTS.with_params({"calling.windows": ["06:00-08:00"]})
    with pytest.raises(ValueError, match="no hour"):
        next_permitted(at("2026-11-23T13:00"), CALENDAR, nothing)
    with pytest.raises(ValueError, match="no day"):
        first_dialling_day(MONDAY, CALENDAR, DEFAULTS.with_params({"calling.allowed_days": []}))


@pytest.mark.parametrize(
    ("appointed", "now", "code"),
    [
        ("2026-11-23T20:45", "2026-11-23T20:45", None),
        ("2026-11-23T20:45", "2026-11-23T20:35", None),
        ("2026-11-23T20:45", "2026-11-23T20:34:59", "OUTSIDE_HOURS"),
        ("2026-11-23T20:55", "2026-11-23T21:00", "QUIET_HOURS"),  # AC-31: by appointment too
        ("2026-11-23T21:05", "2026-11-23T21:05", "QUIET_HOURS"),
        ("2026-11-24T09:00", "2026-11-24T08:55", "QUIET_HOURS"),
        ("2026-10-01T15:00", "2026-10-01T15:00", None),
        ("2026-10-01T15:00", "2026-10-01T12:00", "HOLIDAY"),
    ],
)
def test_an_appointment_lifts_the_window_and_nothing_lifts_the_night(appointed, now, code):
    assert may_dial_now(at(now), CALENDAR, DEFAULTS, Appointment(at(appointed))) == code


@pytest.mark.parametrize(
    ("when", "part"),
    [
        ("09:00", DayPart.MORNING),
        ("11:59", DayPart.MORNING),
        ("12:00", DayPart.AFTERNOON),
        ("17:59", DayPart.AFTERNOON),
        ("18:00", DayPart.EVENING),
    ],
)
def test_day_parts(when, part):
    assert day_part(at(f"2026-11-23T{when}")) is part


# every hold that concerns one case, in the promised order
@pytest.mark.parametrize(
    ("change", "code", "settled"),
    [
        ({"in_scope": False, "state": CaseState.NOT_REQUIRED}, "OUT_OF_SCOPE", None),
        ({"state": CaseState.NOT_REQUIRED}, "WITHDRAWN", None),
        ({"state": CaseState.CLOSED, "class_": "STANDARD"}, "COMPLETED", None),
        ({"state": CaseState.CLOSED, "class_": "VERIFICATION", "reasons": ("REFUSED",)}, "REFUSED", None),
        ({"state": CaseState.CLOSED, "class_": "VERIFICATION", "reasons": ("DENIES_PURCHASE",)}, "DENIES_PURCHASE", None),
        ({"state": CaseState.CLOSED, "class_": "VERIFICATION", "reasons": ("UNREACHABLE",)}, "UNREACHABLE", None),
        ({"state": CaseState.WAITING, "callable_on": date(2026, 11, 24)}, "NOT_YET_CALLABLE", None),
        ({"callable_on": date(2026, 11, 24)}, "NOT_YET_CALLABLE", None),
        ({"state": CaseState.ASLEEP, "callable_on": None}, "WAITING_FOR_RECEIPT", None),
        ({"state": CaseState.AT_BRANCH, "reasons": ("REFUSED",), "class_": "VERIFICATION"}, "WITH_BRANCH", None),
        ({"state": CaseState.IN_REVIEW}, "WITH_BRANCH", None),
        ({"state": CaseState.IN_CALL}, "IN_CALL", None),
        ({"special_callback": True, "numbers": ()}, "SPECIAL_CALLBACK", "PRECHECK"),
        ({"numbers": ()}, "PHONE_INVALID", "PRECHECK"),
        ({"numbers": (PhoneFacts(MOBILE, is_agents=True),)}, "PHONE_IS_AGENTS", "PRECHECK"),
        ({"numbers": (PhoneFacts(MOBILE, holders=3),)}, "PHONE_SHARED", "PRECHECK"),
        ({"numbers": (PhoneFacts(MOBILE, confirmed=False),)}, "PHONE_UNCONFIRMED", None),
        ({"identity_elements": 1}, "RECORD_MISMATCH", "PRECHECK"),
        ({"script": None}, "NEEDS_AGENT", None),
        ({}, None, None),
    ],
)  # fmt: skip
def test_why_a_case_is_held(change, code, settled):
    found = chosen([case(**change)])
    assert reason(found) == code
    assert [(s.case_id, s.kind, s.reason) for s in found.to_settle] == ([(1, settled, code)] if settled else [])


def test_what_is_settled_without_a_dial_is_settled_at_any_hour():
    listed = case(numbers=(), callable_on=date(2026, 9, 30))
    assert [s.reason for s in chosen([listed], now="2026-10-01T03:00").to_settle] == ["PHONE_INVALID"]


# attempts of one person: AC-31 and the caps
@pytest.mark.parametrize(
    ("dials", "now", "code", "until"),
    [
        (["2026-11-23T10:00"], "2026-11-23T12:59:59", "MIN_GAP", "2026-11-23T13:00"),
        (["2026-11-23T10:00"], "2026-11-23T13:00", None, None),
        (["2026-11-23T09:00"], "2026-11-23T11:59", "MIN_GAP", "2026-11-23T12:00"),
        (["2026-11-23T12:00"], "2026-11-23T15:30", "SAME_DAY_PART", "2026-11-23T18:00"),
        (["2026-11-23T10:00", "2026-11-23T15:00"], "2026-11-23T19:30", "DAILY_CAP", "2026-11-24T09:00"),  # AC-31
        (["2026-11-23T10:00", "2026-11-23T15:00"], "2026-11-24T19:30", None, None),  # AC-31: Tuesday evening
        (["2026-11-23T20:00"], "2026-11-24T09:00", None, None),
    ],
)
def test_spacing(dials, now, code, until):
    found = chosen([case()], [dial(d) for d in dials], now=now)
    assert reason(found) == code
    if until:
        assert found.held[0].until == at(until)


def test_the_carriers_refusal_is_no_dial():
    assert reason(chosen([case()], [dial("2026-11-23T09:30", "REJECTED")])) is None


@pytest.mark.parametrize(
    ("result", "code"),
    [(None, "IN_CALL"), ("RINGING", "IN_CALL"), ("ANSWERED", "IN_CALL"), ("UNKNOWN", "UNKNOWN_ATTEMPT")],
)
def test_nobody_is_rung_while_a_dial_is_open(result, code):
    assert reason(chosen([case()], [dial("2026-11-20T09:30", result)])) == code


def test_an_open_dial_for_another_policy_of_the_person_counts():
    found = chosen([case(2)], [dial("2026-11-23T09:59", "RINGING", cases=(1,))])
    assert reason(found, 2) == "IN_CALL"


NINE = [f"2026-11-{day}T{hour}:00" for day, hour in
        [(23, 10), (23, 15), (24, 10), (24, 15), (25, 10), (25, 15), (26, 10), (26, 15), (27, 19)]]  # fmt: skip


def test_ac_31_the_plan_is_used_up_after_nine():
    found = chosen([case()], [dial(d) for d in NINE], now="2026-11-28T10:00")
    assert reason(found) == "UNREACHABLE"
    assert [(s.kind, s.reason) for s in found.to_settle] == [("PLAN_USED_UP", "UNREACHABLE")]
    # the eighth leaves one, and the evening has not been tried
    eight = [dial(d) for d in NINE[:8]]
    assert reason(chosen([case()], eight, now="2026-11-27T10:00")) == "SAME_DAY_PART"
    assert chosen([case()], eight, now="2026-11-27T10:00").held[0].until == at("2026-11-27T18:00")
    assert reason(chosen([case()], eight, now="2026-11-27T19:00")) is None


def test_the_nine_are_counted_over_all_policies_and_numbers_of_the_person():
    dials = [dial(d, number=HOME if n % 2 else MOBILE, cases=(n,)) for n, d in enumerate(NINE)]
    assert reason(chosen([case(77)], dials, now="2026-11-28T10:00"), 77) == "UNREACHABLE"
    other = chosen([case(78, person_id=2, numbers=(PhoneFacts("+8613700137000"),))], dials, now="2026-11-28T10:00")
    assert reason(other, 78) is None


def test_a_case_opened_again_starts_its_plan_afresh():
    dials = [dial(d) for d in NINE]
    assert reason(chosen([case(plan_began=at("2026-11-28T00:00"))], dials, now="2026-11-28T10:00")) is None


def test_a_profile_may_allow_more_a_day_but_the_dials_still_spread_over_three_days():
    params = {"attempts.max_attempts_per_day": 9, "attempts.min_gap_hours": 0, "attempts.different_day_parts": False,
              "attempts.max_total": 4}  # fmt: skip
    dials = [dial(f"2026-11-23T10:0{n}") for n in range(2)]
    assert reason(chosen([case()], dials, now="2026-11-23T10:30", params=params)) == "DAILY_CAP"
    dials.append(dial("2026-11-24T10:00"))
    assert reason(chosen([case()], dials, now="2026-11-24T10:30", params=params)) == "DAILY_CAP"
    assert reason(chosen([case()], dials, now="2026-11-25T10:30", params=params)) is None


# C57: the hand-over to the branch before the end
@pytest.mark.parametrize(
    ("change", "dials", "now", "code"),
    [
        ({}, ["2026-11-30T10:00"], "2026-12-01T19:00", None),
        ({}, ["2026-11-30T10:00"], "2026-12-02T00:00", "UNREACHABLE"),
        ({}, [], "2026-12-02T10:00", None),  # never dialled: dialled still
        ({}, ["2026-12-02T10:00"], "2026-12-02T10:05", "UNREACHABLE"),
        ({"callable_on": date(2026, 12, 3)}, ["2026-12-03T10:00"], "2026-12-04T10:00", None),  # callable too late for it
        ({"callable_on": date(2026, 12, 3)}, ["2026-12-03T10:00"], "2027-01-06T10:00", None),
        ({"callable_on": date(2026, 12, 3)}, ["2026-12-03T10:00"], "2027-01-07T10:00", "UNREACHABLE"),
        ({}, [], "2027-01-07T10:00", "UNREACHABLE"),
        ({"nominal_end": None, "handover_at": None}, ["2026-11-24T10:00"], "2027-03-01T10:00", None),
        # a booked appointment is kept first, up to the day before the end
        ({"appointment": Appointment(at("2026-12-06T10:00"))}, ["2026-11-30T10:00"], "2026-12-03T10:00",
         "APPOINTMENT_PENDING"),
        ({"appointment": Appointment(at("2026-12-07T10:00"))}, ["2026-11-30T10:00"], "2026-12-03T10:00", "UNREACHABLE"),
        ({"appointment": Appointment(at("2026-12-01T10:00"))}, ["2026-11-30T10:00"], "2026-12-03T10:00", "UNREACHABLE"),
    ],
)  # fmt: skip
def test_handover(change, dials, now, code):
    assert reason(chosen([case(**change)], [dial(d) for d in dials], now=now)) == code


def test_the_handover_asks_for_a_dial_of_this_very_case():
    found = chosen([case(2)], [dial("2026-11-30T10:00", cases=(1,))], now="2026-12-02T10:00")
    assert reason(found, 2) is None


def test_nothing_is_settled_while_the_person_is_on_the_line():
    found = chosen([case()], [*(dial(d) for d in NINE[:8]), dial(NINE[8], "RINGING")], now="2026-11-27T19:01")
    assert (reason(found), found.to_settle) == ("IN_CALL", ())


# appointments
def appointed(when, asked_by="POLICYHOLDER", number=None):
    return case(state=CaseState.APPOINTED, appointment=Appointment(at(when), number, asked_by))


@pytest.mark.parametrize(
    ("candidate", "dials", "now", "code", "at_appointment"),
    [
        (appointed("2026-11-23T15:00"), [], "2026-11-23T10:00", "APPOINTMENT_PENDING", None),
        (appointed("2026-11-23T15:00"), [], "2026-11-23T14:50", None, True),
        (appointed("2026-11-23T15:00"), [], "2026-11-23T15:10", None, True),
        (appointed("2026-11-23T15:00"), [], "2026-11-23T15:11", None, False),  # missed: back in the plan at once
        (appointed("2026-11-23T20:45"), [], "2026-11-23T20:45", None, True),
        (appointed("2026-11-23T20:55"), [], "2026-11-23T21:00", "QUIET_HOURS", None),
        # it consumes neither the daily limit nor waits for the gap or another part of the day
        (appointed("2026-11-23T15:00"), ["2026-11-23T09:30", "2026-11-23T13:30"], "2026-11-23T15:00", None, True),
        # kept already: the ordinary gap holds
        (appointed("2026-11-23T15:00"), [("2026-11-23T15:00", True)], "2026-11-23T15:08", "MIN_GAP", None),
        # a time named by somebody else keeps the hours before it free, no more
        (appointed("2026-11-23T15:00", "THIRD_PARTY"), [], "2026-11-23T11:30", None, False),
        (appointed("2026-11-23T15:00", "THIRD_PARTY"), [], "2026-11-23T12:30", "APPOINTMENT_PENDING", None),
    ],
)
def test_appointments(candidate, dials, now, code, at_appointment):
    attempts = [dial(*([d] if isinstance(d, str) else [d[0]]), at_appointment=not isinstance(d, str)) for d in dials]
    found = chosen([candidate], attempts, now=now)
    assert reason(found) == code
    if code is None:
        assert found.callable[0].at_appointment is at_appointment
    elif code == "APPOINTMENT_PENDING":
        assert found.held[0].until == candidate.appointment.at


def test_an_appointment_dial_counts_in_total_but_not_for_the_day():
    dials = [dial("2026-11-23T09:30", at_appointment=True), dial("2026-11-23T12:31")]
    assert reason(chosen([case()], dials, now="2026-11-23T18:00")) is None
    ninth = [dial(d) for d in NINE[:8]] + [dial("2026-11-27T19:00", at_appointment=True)]
    assert reason(chosen([case()], ninth, now="2026-11-28T10:00")) == "UNREACHABLE"


def test_after_the_ninth_only_the_appointment_is_left():
    dials = [dial(d) for d in NINE]
    booked = appointed("2026-11-28T15:00", "THIRD_PARTY")
    assert reason(chosen([booked], dials, now="2026-11-28T10:00")) == "APPOINTMENT_PENDING"
    assert chosen([booked], dials, now="2026-11-28T15:00").callable[0].at_appointment
    assert reason(chosen([booked], dials, now="2026-11-28T15:30")) == "UNREACHABLE"


def test_an_appointment_never_carries_an_unconfirmed_number():
    wanted = Appointment(at("2026-11-23T15:00"), "+8613700137000")
    numbers = (PhoneFacts(MOBILE), PhoneFacts("+8613700137000", confirmed=False))
    found = chosen([case(appointment=wanted, numbers=numbers)], now="2026-11-23T15:00")
    assert found.callable[0].number == MOBILE


def test_the_appointments_own_number_is_rung():
    wanted = Appointment(at("2026-11-23T15:00"), HOME)
    numbers = (PhoneFacts(MOBILE), PhoneFacts(HOME))
    assert chosen([case(appointment=wanted, numbers=numbers)], now="2026-11-23T15:00").callable[0].number == HOME


@pytest.mark.parametrize(
    ("today", "horizon"), [("2026-11-23", "2026-12-06"), ("2026-12-06", "2026-12-06"), ("2026-12-07", "2027-01-06")]
)
def test_appointment_horizon(today, horizon):
    found = appointment_horizon(date(2026, 12, 7), date.fromisoformat(today), DEFAULTS)
    assert found == date.fromisoformat(horizon)


# numbers
def test_numbers_take_turns_and_dead_ones_are_struck():
    numbers = (PhoneFacts(MOBILE), PhoneFacts("+8613700137000", dead=True), PhoneFacts(HOME))
    assert chosen([case(numbers=numbers)]).callable[0].number == MOBILE
    once = [dial("2026-11-20T10:00")]
    assert chosen([case(numbers=numbers)], once).callable[0].number == HOME
    twice = [*once, dial("2026-11-21T10:00", number=HOME)]
    assert chosen([case(numbers=numbers)], twice).callable[0].number == MOBILE


@pytest.mark.parametrize("was_enabled", [True, False])
def test_the_collector_is_left_as_it_was(was_enabled):
    (gc.enable if was_enabled else gc.disable)()
    try:
        chosen([case()])
        left = gc.isenabled()
    finally:
        gc.enable()
    assert left is was_enabled


def test_two_people_on_one_number_are_not_rung_one_after_the_other():
    family = (PhoneFacts(MOBILE, holders=2),)
    found = chosen([case(1, 1, numbers=family), case(2, 2, numbers=family)])
    assert [c.person_id for c in found.callable] == [1]
    assert reason(found, 2) == "MIN_GAP"
    rung = [dial("2026-11-23T10:00", person_id=1), dial("2026-11-23T14:00", person_id=1)]
    second = [case(2, 2, numbers=family)]
    assert reason(chosen(second, rung, now="2026-11-23T18:00"), 2) == "DAILY_CAP"
    assert reason(chosen(second, [dial("2026-11-23T17:00")], now="2026-11-23T18:00"), 2) == "MIN_GAP"
    assert reason(chosen(second, [dial("2026-11-23T17:59", "RINGING")], now="2026-11-23T18:00"), 2) == "IN_CALL"
    spare = [case(2, 2, numbers=(*family, PhoneFacts(HOME)))]
    assert chosen(spare, rung, now="2026-11-23T18:00").callable[0].number == HOME


# one call a person
def test_one_call_covers_what_is_callable_now():
    cases = [
        case(1, nominal_end=date(2026, 12, 7)),
        case(2, nominal_end=date(2026, 12, 1), handover_at=None),
        case(3, state=CaseState.WAITING, callable_on=date(2026, 11, 24)),
        case(4, script="other@1"),
        case(5, script=None),
    ]
    found = chosen(cases)
    assert [c.case_ids for c in found.callable] == [(2, 1)]
    assert found.callable[0].nominal_end == date(2026, 12, 1)
    assert {h.case_id: h.reason for h in found.held} == {3: "NOT_YET_CALLABLE", 4: "IN_CALL", 5: "NEEDS_AGENT"}


def test_the_fewest_days_left_to_dial_in_come_first():
    """Both ends lie in National Day: the later one has no more days to dial in than the earlier (C56)."""
    cases = [
        case(1, 1, callable_on=date(2026, 9, 20), nominal_end=None, handover_at=None, numbers=(PhoneFacts("+8613800138001"),)),
        case(2, 2, callable_on=date(2026, 9, 20), nominal_end=date(2026, 10, 9), handover_at=None, numbers=(PhoneFacts("+8613800138002"),)),
        case(3, 3, callable_on=date(2026, 9, 20), nominal_end=date(2026, 10, 7), handover_at=None, numbers=(PhoneFacts("+8613800138003"),)),
        case(4, 4, callable_on=date(2026, 9, 20), nominal_end=date(2026, 10, 2), handover_at=None, numbers=(PhoneFacts("+8613800138004"),)),
        case(5, 5, callable_on=date(2026, 9, 20), nominal_end=date(2026, 9, 29), handover_at=None, numbers=(PhoneFacts("+8613800138005"),)),
        case(6, 6, callable_on=date(2026, 9, 20), nominal_end=date(2026, 10, 9), handover_at=None, numbers=(PhoneFacts("+8613800138006"),),
             appointment=Appointment(at("2026-09-28T10:00"))),
    ]  # fmt: skip
    found = chosen(cases, now="2026-09-28T10:00")
    assert [c.person_id for c in found.callable] == [6, 5, 4, 3, 2, 1]
    assert [c.person_id for c in chosen(cases, now="2026-09-28T10:00", limit=2).callable] == [6, 5]
    assert all(step.zh and step.en for call in found.callable for step in call.steps)


def test_another_language_waits_for_its_agent_only_where_the_profile_says_so():
    assert reason(chosen([case(language="yue")])) is None
    assert reason(chosen([case(language="yue")], params={"calling.dialect_agent_only": True})) == "NO_DIALECT_AGENT"


def test_a_speaker_who_is_free_rings_him():
    only = {"calling.dialect_agent_only": True}
    assert reason(chosen([case(language="yue")], params=only, dialects=["wuu"])) == "NO_DIALECT_AGENT"
    assert reason(chosen([case(language="yue")], params=only, dialects=["yue"])) is None


def test_an_agreed_time_is_the_persons_whichever_policy_it_was_agreed_for():
    cases = [case(1), appointed("2026-11-23T15:00")]
    cases[1] = replace(cases[1], case_id=2, policy_no="P2")
    early = chosen(cases, now="2026-11-23T10:00")
    assert (reason(early, 1), reason(early, 2)) == ("APPOINTMENT_PENDING",) * 2
    # also where the policy it was agreed for goes to the branch meanwhile
    gone = [cases[0], replace(cases[1], numbers=())]
    assert reason(chosen(gone, now="2026-11-23T10:00"), 1) == "APPOINTMENT_PENDING"
    [call] = chosen(gone, now="2026-11-23T15:00").callable
    assert (call.case_ids, call.at_appointment) == ((1,), True)


def test_where_one_policys_number_is_engaged_the_other_policys_is_rung():
    busy = [dial("2026-11-23T09:59", "RINGING", person_id=2)]
    cases = [case(1), case(2, nominal_end=date(2026, 12, 20), script="other@1", numbers=(PhoneFacts(HOME),))]
    found = chosen(cases, busy)
    assert [(call.number, call.case_ids) for call in found.callable] == [(HOME, (2,))]
    assert reason(found, 1) == "IN_CALL"
    assert reason(chosen(cases[:1], busy)) == "IN_CALL"


def test_a_case_opened_again_long_after_its_end_is_dialled_as_long_as_a_late_one():
    """A lost recording (C59) is found long after the period: the duty stands (R6)."""
    again = {
        "nominal_end": date(2026, 9, 1),
        "handover_at": at("2026-08-27T00:00"),
        "plan_began": at("2026-11-20T00:00"),
    }
    assert reason(chosen([case(**again)])) is None
    assert reason(chosen([case(**again)], now="2026-12-20T10:00")) is None
    assert reason(chosen([case(**again)], now="2026-12-21T10:00")) == "UNREACHABLE"
    assert reason(chosen([case(**{**again, "plan_began": None})])) == "UNREACHABLE"


def test_an_attempt_that_is_written_down_and_not_sent_yet_is_open():
    assert reason(chosen([case()], [dial("2026-11-23T09:59", "RESERVED")])) == "IN_CALL"


# properties over arbitrary days
INSTANTS = st.datetimes(datetime(2026, 9, 20), datetime(2026, 12, 20)).map(lambda t: t.replace(tzinfo=SHANGHAI))  # noqa: DTZ001
NUMBERS = st.sampled_from([MOBILE, HOME, "+8613700137000"])


@st.composite
def candidates(draw):
    return [
        case(
            n,
            draw(st.integers(1, 3)),
            callable_on=draw(st.none() | st.dates(date(2026, 9, 15), date(2026, 11, 1))),
            nominal_end=(end := draw(st.none() | st.dates(date(2026, 9, 20), date(2027, 1, 10)))),
            handover_at=end and shanghai(end - timedelta(days=4)),
            numbers=tuple(
                PhoneFacts(number) for number in draw(st.lists(NUMBERS, min_size=1, max_size=2, unique=True))
            ),
            appointment=draw(
                st.none() | st.builds(Appointment, INSTANTS, asked_by=st.sampled_from(["POLICYHOLDER", "THIRD_PARTY"]))
            ),
            script=draw(st.sampled_from(["a", "b", None])),
        )
        for n in range(draw(st.integers(1, 6)))
    ]


@settings(max_examples=60, deadline=None)
@given(
    candidates(),
    st.lists(st.tuples(INSTANTS, st.integers(1, 3), NUMBERS, st.booleans()), max_size=12),
    INSTANTS,
)
def test_nobody_selected_is_outside_the_hours_or_over_the_caps(cases, dials, now):
    attempts = [dial(when, "NO_ANSWER", person, number, at_appointment=kept) for when, person, number, kept in dials]
    attempts = [a for a in attempts if a.at <= now]
    found = select(cases, attempts, now=now, calendar=CALENDAR, profile=DEFAULTS)
    local = now.time()
    by_id = {c.case_id: c for c in cases}
    persons = [call.person_id for call in found.callable]
    assert len(persons) == len(set(persons))  # one call a person
    assert len({call.number for call in found.callable}) == len(persons)
    for call in found.callable:
        assert time(9) <= local < time(21)
        if call.at_appointment:
            booked = [by_id[c].appointment for c in by_id if by_id[c].person_id == call.person_id]
            assert any(b and abs(b.at - now) <= timedelta(minutes=10) for b in booked)
            continue
        assert local < time(20, 30)
        assert not CALENDAR.is_public_holiday(now.date())
        for mine in (
            [a for a in attempts if a.person_id == call.person_id],
            [a for a in attempts if a.number == call.number],
        ):
            assert all(now - a.at >= timedelta(hours=3) for a in mine)
            assert sum(a.at.date() == now.date() and not a.at_appointment for a in mine) < 2
        today = [a for a in attempts if a.person_id == call.person_id and a.at.date() == now.date()]
        assert all(day_part(a.at) is not day_part(now) for a in today)
        assert sum(a.person_id == call.person_id for a in attempts) < 9
    held = [h.case_id for h in found.held]
    covered = [c for call in found.callable for c in call.case_ids]
    assert sorted(held + covered) == sorted(by_id)  # each case is in one place
    assert {s.case_id for s in found.to_settle} <= set(held)
