"""What is left until a day, as people say it: working days, and one scale of urgency."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from rules.calendar import Calendar


class Urgency(StrEnum):
    MISSED = "missed"
    TODAY = "today"  # the day itself, or no working day before it
    SOON = "soon"  # within three working days
    LATER = "later"


SOON_WORKING_DAYS = 3


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """`working_days` after today up to and with `day`; of a missed day, minus the days that have passed since."""

    day: date
    urgency: Urgency
    days: int  # calendar days, negative when missed
    working_days: int
    provisional: bool  # some day in between lies in a year whose holidays are not known


def time_left(day: date, today: date, calendar: Calendar) -> TimeLeft:
    days = (day - today).days
    if days < 0:
        return TimeLeft(day, Urgency.MISSED, days, days, calendar.is_provisional(day))
    between = [today + timedelta(n) for n in range(1, days + 1)]
    working_days = sum(map(calendar.is_working_day, between))
    if working_days == 0:
        urgency = Urgency.TODAY
    else:
        urgency = Urgency.SOON if working_days <= SOON_WORKING_DAYS else Urgency.LATER
    return TimeLeft(day, urgency, days, working_days, calendar.is_provisional(day))
