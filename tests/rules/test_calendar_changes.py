"""What a change of the calendar is, and that it can be taken back; the laws that every count of working days keeps."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.calendar import (
    SATURDAY,
    SHANGHAI,
    Calendar,
    CalendarChange,
    CalendarRefused,
    DayChange,
    DayKind,
    change_from_json,
    change_of,
    change_to_json,
    with_change,
    without_change,
)
from rules.deadlines import case_dates, work_order_limit
from rules.list_dates import ContractDates
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

CALENDAR = seeded_calendar()
NATIONAL = load_profile("national")
OFF = DayKind.HOLIDAY


def special_days(first=date(2026, 9, 1), span=60):
    """Days with a kind that their weekday can have."""

    def kinds(day: date):
        fitting = (OFF, DayKind.MAKE_UP, DayKind.WEEKEND) if day.weekday() >= SATURDAY else (OFF, DayKind.WORKING)
        return st.sampled_from(fitting).map(lambda kind: (day, kind))

    days = st.integers(0, span).map(lambda n: first + timedelta(days=n))
    return st.lists(days.flatmap(kinds), max_size=12).map(dict)


@st.composite
def calendars(draw):
    """Any working order of the autumn of 2026, known or not."""
    return with_change(
        Calendar({}, draw(st.sampled_from([(), (2026,)]))), change_of(Calendar({}, ()), draw(special_days()))
    )


DAYS = st.integers(0, 45).map(lambda n: date(2026, 9, 1) + timedelta(days=n))


def test_only_what_differs_is_a_change():
    found = change_of(CALENDAR, {date(2026, 10, 1): OFF, date(2026, 11, 2): OFF, date(2026, 10, 10): DayKind.WEEKEND})
    assert found == CalendarChange(
        (
            DayChange(date(2026, 10, 10), DayKind.MAKE_UP, DayKind.WEEKEND),
            DayChange(date(2026, 11, 2), DayKind.WORKING, OFF),
        )
    )
    assert change_of(CALENDAR, {date(2026, 10, 1): OFF}).nothing


def test_a_year_becomes_known_with_its_whole_table():
    table = {date(2027, 1, n): OFF for n in range(1, 12)}
    found = change_of(CALENDAR, table, [2027])
    assert found.years == (2027,) and len(found.days) == 11  # a weekend day too: nobody is rung on a holiday
    after = with_change(CALENDAR, found)
    assert not after.is_provisional(date(2027, 6, 1)) and CALENDAR.is_provisional(date(2027, 6, 1))
    assert change_of(CALENDAR, {}, []).nothing
    with pytest.raises(CalendarRefused, match="2027 has 10 days off, fewer than 11"):
        change_of(CALENDAR, dict(list(table.items())[1:]), [2027])
    with pytest.raises(CalendarRefused, match="2028 has 0 days off"):
        change_of(CALENDAR, table, [2027, 2028])


def test_a_change_as_it_is_stored():
    change = CalendarChange((DayChange(date(2026, 10, 10), DayKind.MAKE_UP, DayKind.WEEKEND),), (2027,))
    stored = {"days": [{"day": "2026-10-10", "was": "MAKE_UP", "now": "WEEKEND"}], "years": [2027]}
    assert change_to_json(change) == stored
    assert change_from_json({**stored, "user": "amy"}) == change
    assert not change.nothing and not CalendarChange((), (2027,)).nothing and CalendarChange(()).nothing
    for missing in ("days", "years"):
        with pytest.raises(KeyError):
            change_from_json({name: value for name, value in stored.items() if name != missing})


def test_a_year_that_was_known_and_is_not_any_more():
    known = with_change(CALENDAR, CalendarChange((), (2027, 2028)))
    assert without_change(known, CalendarChange((), (2028,))).years == frozenset(CALENDAR.years) | {2027}
    assert change_of(known, {date(2027, 1, n): OFF for n in range(1, 12)}, [2027]).years == ()


@pytest.mark.parametrize(
    ("day", "kind", "words"),
    [
        (date(2026, 11, 13), DayKind.MAKE_UP, "no Saturday or Sunday and so no make-up day"),
        (date(2026, 11, 13), DayKind.WEEKEND, "no Saturday or Sunday and so no weekend"),
        (date(2026, 11, 14), DayKind.WORKING, "is a make-up day"),
        (date(2026, 11, 15), DayKind.WORKING, "is a make-up day"),
    ],
)
def test_a_kind_that_the_weekday_cannot_have(day, kind, words):
    with pytest.raises(CalendarRefused, match=words) as refused:
        change_of(CALENDAR, {day: kind})
    assert str(day) in refused.value.zh


@given(calendars(), special_days())
@settings(deadline=None)
def test_a_change_does_what_it_says_and_can_be_taken_back(before, days):
    found = change_of(before, days)
    after = with_change(before, found)
    assert all(after.kind(day) == kind for day, kind in days.items())
    stored = change_from_json(change_to_json(found))
    assert stored == found
    back = without_change(after, stored)
    span = [date(2026, 8, 25) + timedelta(days=n) for n in range(80)]
    assert [back.kind(day) for day in span] == [before.kind(day) for day in span] and back.years == frozenset(
        before.years
    )


# ---------------------------------------------------------------- laws, under any calendar


@given(calendars(), DAYS, st.integers(0, 20))
@settings(deadline=None)
def test_one_working_day_more_is_never_earlier(calendar, day, n):
    """Adding is monotone in the number, strictly, and in the day; it ends on working days and counts each once."""
    end, further = calendar.add_working_days(day, n), calendar.add_working_days(day, n + 1)
    assert day <= end < further
    assert calendar.add_working_days(day + timedelta(days=1), n) >= end
    assert calendar.is_working_day(further)
    between = (day + timedelta(days=i) for i in range(1, (further - day).days + 1))
    assert sum(map(calendar.is_working_day, between)) == n + 1


@given(calendars(), DAYS, st.integers(1, 20))
@settings(deadline=None)
def test_a_further_holiday_never_makes_a_deadline_earlier(calendar, day, n):
    off = calendar.working_day_on_or_after(day)
    with_holiday = with_change(calendar, change_of(calendar, {off: OFF}))
    assert with_holiday.add_working_days(day, n) >= calendar.add_working_days(day, n)
    assert with_holiday.working_day_on_or_after(day) > off


@given(
    calendars(),
    DAYS,
    st.integers(0, 10),
    st.integers(0, 10),
    st.sampled_from(["national", "local-2g", "branch-example"]),
)
@settings(deadline=None)
def test_the_dates_of_a_case_keep_their_order(calendar, underwritten, to_sign, to_write_off, name):
    """Under any calendar and profile: nothing before the signature, the surrender never before the end and on a working
    day, the hand-over before the end."""
    signed = underwritten + timedelta(days=to_sign)
    contract = ContractDates(
        "BANCASSURANCE", "PARTICIPATING", underwritten, receipt_signed_on=signed,
        receipt_written_off_on=signed + timedelta(days=to_write_off),
    )  # fmt: skip
    found = case_dates(contract, load_profile(name), calendar)
    assert underwritten < found.callable_on
    assert signed < found.nominal_end <= found.surrender_deadline
    assert calendar.is_working_day(found.surrender_deadline)
    assert found.handover_at.date() < found.nominal_end
    assert found.provisional == (2026 not in calendar.years)


@given(calendars(), DAYS, st.integers(0, 23), st.integers(1, 15), st.integers(0, 20))
@settings(deadline=None)
def test_a_limit_never_precedes_its_push_and_ends_on_a_working_day(calendar, day, hour, working_days, to_end):
    pushed = datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)
    found = work_order_limit(pushed, working_days, day + timedelta(days=to_end), calendar, NATIONAL)
    more = work_order_limit(pushed, working_days + 1, day + timedelta(days=to_end), calendar, NATIONAL)
    assert pushed < found.due_at < more.due_at
    assert calendar.is_working_day(found.due_at.date()) and calendar.is_working_day(found.counts_from)
    assert found.counts_from <= found.act_by <= found.due_at.date()
    assert found.escalated == (found.due_at.date() > day + timedelta(days=to_end))
