"""What is left until a day, over Mid-Autumn (2026-09-25 to 27) and National Day (10-01 to 07)."""

from datetime import date, timedelta

import pytest

from rules.calendar import Calendar, DayKind
from rules.time_left import TimeLeft, Urgency, time_left

HOLIDAYS = [date(2026, 9, 25) + timedelta(n) for n in range(3)] + [date(2026, 10, 1) + timedelta(n) for n in range(7)]
CALENDAR = Calendar(dict.fromkeys(HOLIDAYS, DayKind.HOLIDAY) | {date(2026, 10, 10): DayKind.MAKE_UP}, frozenset({2026}))


@pytest.mark.parametrize(
    ("day", "today", "urgency", "days", "working_days"),
    [
        ("2026-09-23", "2026-09-24", Urgency.MISSED, -1, -1),
        ("2026-09-24", "2026-09-24", Urgency.TODAY, 0, 0),
        ("2026-09-27", "2026-09-24", Urgency.TODAY, 3, 0),  # only holidays up to it
        ("2026-09-28", "2026-09-24", Urgency.SOON, 4, 1),
        ("2026-09-30", "2026-09-24", Urgency.SOON, 6, 3),
        ("2026-10-07", "2026-09-24", Urgency.SOON, 13, 3),
        ("2026-10-08", "2026-09-24", Urgency.LATER, 14, 4),
        ("2026-10-10", "2026-10-09", Urgency.SOON, 1, 1),  # a make-up Saturday
    ],
)
def test_working_days_and_urgency(day, today, urgency, days, working_days):
    day, today = date.fromisoformat(day), date.fromisoformat(today)
    assert time_left(day, today, CALENDAR) == TimeLeft(day, urgency, days, working_days, False)


def test_a_day_of_an_unknown_year_is_provisional():
    assert time_left(date(2027, 1, 4), date(2026, 12, 20), CALENDAR).provisional is True
    assert time_left(date(2025, 12, 31), date(2026, 1, 4), CALENDAR) == TimeLeft(
        date(2025, 12, 31), Urgency.MISSED, -4, -4, True
    )
