from datetime import date, datetime, timedelta

from rules.appointments import permitted_times
from rules.calendar import SHANGHAI
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar

CALENDAR = seeded_calendar()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def days(now: str, end: str | None) -> list[str]:
    spans = permitted_times(at(now), date.fromisoformat(end) if end else None, CALENDAR, DEFAULTS)
    return [f"{s.start:%m-%d %H:%M}-{s.end:%H:%M}" for s in spans]


def test_today_begins_a_quarter_of_an_hour_from_now_and_the_last_day_is_the_one_before_the_end():
    assert days("2026-09-21T10:00", "2026-09-24") == ["09-21 10:15-21:00", "09-22 09:00-21:00", "09-23 09:00-21:00"]


def test_public_holidays_are_left_out():
    # Mid-Autumn is 09-25 to 09-27
    assert days("2026-09-24T10:00", "2026-09-30") == ["09-24 10:15-21:00", "09-28 09:00-21:00", "09-29 09:00-21:00"]


def test_the_evening_is_over_at_nine():
    assert days("2026-09-21T20:50", "2026-09-23") == ["09-22 09:00-21:00"]
    assert days("2026-09-21T20:45", "2026-09-23") == ["09-22 09:00-21:00"]  # no time would be left
    assert days("2026-09-21T20:44", "2026-09-23") == ["09-21 20:59-21:00", "09-22 09:00-21:00"]
    assert days("2026-09-21T23:50", "2026-09-23") == ["09-22 09:00-21:00"]


def test_no_span_reaches_into_the_quiet_hours():
    for hour in range(24):
        for span in permitted_times(at("2026-09-21T00:00") + timedelta(hours=hour), None, CALENDAR, DEFAULTS):
            assert span.start.hour >= 9
            assert (span.end.hour, span.end.minute) <= (21, 0)
