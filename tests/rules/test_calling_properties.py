"""What holds for any pool: stricter means fewer calls, nobody twice, nobody outside the hours, the shortest time left first."""

import random
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import SHANGHAI, shanghai
from rules.calling import Appointment, Attempt, Candidate, is_dialling_day, select
from rules.cases import CaseState
from rules.parameters import DEFAULTS
from rules.phone_checks import PhoneFacts
from scripts.calendars import seeded_calendar

CALENDAR = seeded_calendar()
MONDAY = date(2026, 9, 21)  # Mid-Autumn from Friday on, National Day a week later

# each in its stricter direction; how far a duty reaches (scope) permits nothing, and what trades one moment for another
# (hand-over, tolerance and horizon of appointments) has no stricter side
STRICTER = {
    "calling.windows": [("09:00-21:00",), ("09:00-20:30",), ("09:00-12:00", "14:00-19:00"), ("10:00-11:00",)],
    "calling.allowed_days": [("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"), ("MON", "WED", "FRI", "SUN"), ("WED",)],
    "calling.on_public_holidays": [True, False],
    "calling.dialect_agent_only": [False, True],
    "attempts.max_attempts_per_day": [9, 2, 1],
    "attempts.min_gap_hours": [0, 1, 3, 24],
    "attempts.different_day_parts": [False, True],
    "attempts.min_days": [1, 3, 6],
    "attempts.max_total": [20, 9, 4, 1],
    "late.max_days": [60, 30, 0],
    "identity.elements": [2, 3],
    "phone.shared_threshold": [9, 3, 2],
    "phone.family_exempt": [True, False],
    "phone.family_exempt_max": [9, 3, 1],
    "phone.allow_self_policy": [True, False],
    "phone.dial_unconfirmed": [True, False],
}  # fmt: skip


def drawn(persons):
    """Pools of up to four policies a person. Out of one seed each, since thousands of single draws take minutes."""
    return st.integers(0, 2**32).map(lambda seed: pool(random.Random(seed), persons))


def pool(chance, persons=1):
    """Policies of every state, with what was dialled for these people and under these numbers."""
    now = shanghai(MONDAY + timedelta(days=chance.randint(0, 12))) + timedelta(
        minutes=chance.randint(8 * 60, 21 * 60 + 30)
    )

    def rarely():
        return chance.random() < 0.15

    def before():
        return now - timedelta(minutes=chance.randint(1, chance.choice((12, 9 * 24)) * 60))

    def one_number(n):
        return PhoneFacts(f"n{n}", chance.choice((1, 1, 1, 2, 3, 4)), rarely(), chance.random() < 0.5, rarely(),
                          not rarely(), chance.random() < 0.5)  # fmt: skip

    def agreed():
        at = now + timedelta(minutes=chance.choice((chance.randint(-60, 60), chance.randint(-60, 3 * 24 * 60))))
        return Appointment(at, chance.choice((None, "n0", "n1")), chance.choice(("POLICYHOLDER", "THIRD_PARTY")))

    language = {person: chance.choice(("zh-CN", "zh-CN", "zh-CN", "yue")) for person in range(1, persons + 1)}
    cases = []
    for case_id in range(chance.randint(1, 4 * persons)):
        end = MONDAY + timedelta(days=chance.randint(-40, 20)) if chance.random() < 0.9 else None
        person = chance.randint(1, persons)
        first_day = MONDAY + timedelta(days=chance.randint(-9, 9))
        cases.append(
            Candidate(
                case_id,
                f"P{case_id}",
                person,
                chance.choice([*[CaseState.CALLABLE] * 20, *CaseState]),
                callable_on=chance.choice((None, None, None, first_day)),
                nominal_end=end,
                handover_at=end and shanghai(end - timedelta(days=chance.randint(3, 8))),
                language=language[person],
                special_callback=rarely(),
                numbers=tuple(one_number(n) for n in chance.sample(range(4), chance.choice((0, 1, 1, 2, 3)))),
                identity_elements=chance.choice((3, 3, 2)),
                appointment=agreed() if chance.random() < 0.3 else None,
                script=chance.choice(("a", "a", "a", "b", None)),
                plan_began=before() if chance.random() < 0.3 else None,
            )
        )
    results = [*["NO_ANSWER"] * 18, "REJECTED", "RINGING", "UNKNOWN"]
    attempts = [
        Attempt(
            before(),
            chance.choice((1, 1, 1, 2, 99)),
            f"n{chance.randint(0, 3)}",
            chance.choice(results),
            rarely(),
            tuple(chance.sample(range(4), chance.randint(0, 2))),
        )
        for _ in range(chance.choice((0, 0, 1, 2, 3, 5, 8, 10)))
    ]
    return cases, attempts, now


def chosen(pool, profile=DEFAULTS):
    cases, attempts, now = pool
    return select(cases, attempts, now=now, calendar=CALENDAR, profile=profile)


@pytest.mark.parametrize("name", STRICTER)
@settings(max_examples=60, deadline=None)
@given(data=st.data(), situation=drawn(1))
def test_a_stricter_value_never_permits_a_call_to_a_person_whom_a_looser_one_spares(name, data, situation):
    values = STRICTER[name]
    looser, stricter = sorted(data.draw(st.lists(st.integers(0, len(values) - 1), min_size=2, max_size=2, unique=True)))
    others = {
        other: data.draw(st.sampled_from(STRICTER[other]))
        for other in data.draw(st.sets(st.sampled_from(sorted(STRICTER)), max_size=3))
    }
    under = DEFAULTS.with_params(others | {name: values[stricter]})
    if chosen(situation, under).callable:
        assert chosen(situation, under.with_params({name: values[looser]})).callable


def test_the_pools_drawn_here_permit_and_forbid():
    found = [chosen(pool(random.Random(seed))) for seed in range(400)]
    assert sum(bool(selection.callable) for selection in found) > 30
    assert any(call.at_appointment for selection in found for call in selection.callable)
    assert {h.reason for selection in found for h in selection.held} >= {
        "UNREACHABLE", "MIN_GAP", "DAILY_CAP", "SAME_DAY_PART", "APPOINTMENT_PENDING", "PHONE_SHARED", "HOLIDAY",
    }  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(drawn(4))
def test_each_person_and_each_number_once_each_case_in_one_place_and_nobody_at_night(pool):
    cases, _, now = pool
    found = chosen(pool)
    persons = [call.person_id for call in found.callable]
    assert len(persons) == len(set(persons))
    assert len({call.number for call in found.callable}) == len(persons)
    if persons:
        assert time(9) <= now.astimezone(SHANGHAI).time() < time(21)
    covered = [case_id for call in found.callable for case_id in call.case_ids]
    assert sorted(covered + [h.case_id for h in found.held]) == sorted(case.case_id for case in cases)
    by_id = {case.case_id: case for case in cases}
    for call in found.callable:
        mine = [by_id[case_id] for case_id in call.case_ids]
        assert {case.person_id for case in mine} == {call.person_id}
        assert len({case.script for case in mine}) == 1
        assert any(
            call.number == facts.number and facts.confirmed and not facts.dead for c in mine for facts in c.numbers
        )
    assert all(h.until is None or h.until >= now for h in found.held)
    assert {s.case_id for s in found.to_settle} <= {h.case_id for h in found.held}


@settings(max_examples=60, deadline=None)
@given(drawn(4))
def test_an_agreed_time_first_then_the_fewest_days_that_can_still_be_dialled(pool):
    today = pool[2].date()

    def days_left(end):
        if end is None:
            return float("inf")
        days = (today + timedelta(days=n) for n in range((end - today).days + 1))
        return sum(is_dialling_day(day, CALENDAR, DEFAULTS) for day in days)

    calls = [call for call in chosen(pool).callable if len(call.case_ids) == 1]
    single = {c.person_id for c in pool[0] if sum(o.person_id == c.person_id for o in pool[0]) == 1}
    ranks = [(not call.at_appointment, days_left(call.nominal_end)) for call in calls if call.person_id in single]
    assert ranks == sorted(ranks)


@settings(max_examples=60, deadline=None)
@given(drawn(4), st.integers(0, 3))
def test_a_limit_keeps_the_first_and_a_policy_that_is_done_with_changes_nothing(pool, limit):
    cases, attempts, now = pool
    found = chosen(pool)
    few = select(cases, attempts, now=now, calendar=CALENDAR, profile=DEFAULTS, limit=limit)
    assert few.callable == found.callable[:limit]
    assert few.to_settle == found.to_settle
    done = [
        Candidate(100 + n, f"D{n}", n, CaseState.NOT_REQUIRED, None, None, None, numbers=(PhoneFacts("n0"),))
        for n in range(1, 5)
    ]
    for more in ([*cases, *done], [*done, *cases]):
        beside = select(more, attempts, now=now, calendar=CALENDAR, profile=DEFAULTS)
        assert beside.callable == found.callable
        assert {h for h in beside.held if h.case_id < 100} == set(found.held)
        assert sorted(beside.to_settle) == sorted(found.to_settle)


@settings(max_examples=60, deadline=None)
@given(drawn(1), st.integers(0, 23))
def test_nothing_permits_a_call_in_the_quiet_hours(pool, hour):
    """Neither the widest profile nor an agreed time (C5)."""
    cases, attempts, now = pool
    if 9 <= hour < 21:
        hour += 12 if hour < 12 else -12
    now = datetime.combine(now.date(), time(hour % 24, now.minute), SHANGHAI)
    widest = DEFAULTS.with_params({name: values[0] for name, values in STRICTER.items()} | {"calling.windows": ["00:00-23:59"], "appointment.tolerance_minutes": 59})  # fmt: skip
    if not time(9) <= now.time() < time(21):
        assert select(cases, attempts, now=now, calendar=CALENDAR, profile=widest).callable == ()
