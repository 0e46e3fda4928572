"""Bounds in time by which lists are narrowed."""

from datetime import date, datetime, time, timedelta

from desk.pages import Today
from rules.calendar import shanghai
from rules.time_left import SOON_WORKING_DAYS


def end_of_day(day: date) -> datetime:
    return shanghai(day, time(23, 59, 59)) + timedelta(microseconds=999_999)


def soon_end(moment: Today) -> datetime:
    """The last instant that is still soon: the colour scale and the filters agree on it."""
    return end_of_day(moment.calendar.add_working_days(moment.day, SOON_WORKING_DAYS))
