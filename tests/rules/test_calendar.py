from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import Calendar, DayKind, business_date, shanghai
from scripts.calendars import seeded_calendar, special_days

CALENDAR = seeded_calendar()
DAYS = st.dates(date(2004, 1, 1), date(2028, 12, 31))


@pytest.mark.parametrize(
    ("day", "kind", "working"),
    [
        ("2026-09-24", DayKind.WORKING, True),
        ("2026-09-25", DayKind.HOLIDAY, False),
        ("2026-09-26", DayKind.HOLIDAY, False),  # a Saturday inside Mid-Autumn
        ("2026-09-19", DayKind.WEEKEND, False),
        ("2026-09-20", DayKind.MAKE_UP, True),  # a Sunday worked for National Day
        ("2026-10-10", DayKind.MAKE_UP, True),
        ("2026-02-14", DayKind.MAKE_UP, True),
        ("2026-02-20", DayKind.HOLIDAY, False),
        ("2027-01-01", DayKind.WORKING, True),  # not known yet: by the day of the week
        ("2027-01-02", DayKind.WEEKEND, False),
    ],
)
def test_kind_of_day(day, kind, working):
    day = date.fromisoformat(day)
    assert CALENDAR.kind(day) is kind
    assert CALENDAR.is_working_day(day) is working
    assert CALENDAR.is_public_holiday(day) is (kind is DayKind.HOLIDAY)


def test_the_seed_covers_2004_to_2026_and_later_years_are_provisional():
    assert set(CALENDAR.years) == set(range(2004, 2027))
    assert not CALENDAR.is_provisional(date(2026, 12, 31))
    assert CALENDAR.is_provisional(date(2027, 1, 1))
    assert CALENDAR.is_provisional(date(2003, 12, 31))
    assert CALENDAR.is_provisional_between(date(2026, 12, 30), date(2027, 1, 2))
    assert sum(day.year == 2026 for day in special_days()) == 33 + 6


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2026-09-29", 3, "2026-10-09"),
        ("2026-09-30", 5, "2026-10-13"),
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-09-24", 1, "2026-09-28"),
        ("2026-02-13", 3, "2026-02-25"),
        ("2026-09-30", 0, "2026-09-30"),
    ],
)
def test_add_working_days(day, n, expected):
    assert CALENDAR.add_working_days(date.fromisoformat(day), n) == date.fromisoformat(expected)


def test_working_days_before():
    assert CALENDAR.working_days_before(date(2026, 10, 9), 3) == date(2026, 9, 29)
    assert CALENDAR.working_days_before(date(2026, 10, 9), 0) == date(2026, 10, 9)


@pytest.mark.parametrize("count", [CALENDAR.add_working_days, CALENDAR.working_days_before])
def test_days_are_never_counted_backwards_by_a_minus(count):
    with pytest.raises(ValueError, match="working days|not negative"):
        count(date(2026, 9, 24), -1)


def test_the_business_date_is_shanghais():
    assert business_date(datetime(2026, 9, 23, 16, 0, tzinfo=UTC)) == date(2026, 9, 24)
    assert business_date(datetime(2026, 9, 23, 15, 59, tzinfo=UTC)) == date(2026, 9, 23)
    assert shanghai(date(2026, 9, 24)).isoformat() == "2026-09-24T00:00:00+08:00"
    with pytest.raises(ValueError, match="zone"):
        business_date(datetime(2026, 9, 24))  # noqa: DTZ001 the missing zone is what is refused


def test_a_loaded_table_overrides_the_weekday():
    day = date(2027, 1, 1)
    known = Calendar({day: DayKind.HOLIDAY}, {2027})
    assert known.is_public_holiday(day)
    assert not known.is_provisional(day)


@given(DAYS, st.integers(0, 40), st.integers(0, 40))
def test_adding_working_days_is_monotone_and_additive(day, n, more):
    first = CALENDAR.add_working_days(day, n)
    second = CALENDAR.add_working_days(day, n + more)
    assert day <= first <= second
    assert CALENDAR.add_working_days(first, more) == second
    assert n == 0 or CALENDAR.is_working_day(first)


@given(DAYS, st.integers(0, 400), st.integers(0, 20))
def test_a_later_day_is_never_due_earlier(day, later, n):
    assert CALENDAR.add_working_days(day, n) <= CALENDAR.add_working_days(day + timedelta(days=later), n)


@given(DAYS)
def test_rolling_reaches_the_nearest_working_day(day):
    after, before = CALENDAR.working_day_on_or_after(day), CALENDAR.working_day_on_or_before(day)
    assert before <= day <= after
    assert CALENDAR.is_working_day(after)
    assert CALENDAR.is_working_day(before)
    between = [before + timedelta(days=n) for n in range(1, (after - before).days)]
    assert not any(CALENDAR.is_working_day(d) for d in between)
