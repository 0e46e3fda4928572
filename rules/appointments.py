"""The times that may be offered and agreed for an appointment: permitted ones only, and before the horizon."""

from datetime import date, datetime, timedelta

from rules.calendar import Calendar, business_date, shanghai
from rules.call_sheet import PermittedTime
from rules.calling import EARLIEST, LATEST, appointment_horizon, is_dialling_day
from rules.parameters import Profile

# An appointment takes at least this long to prepare; the carrier's clock and ours may differ by seconds.
NOTICE = timedelta(minutes=15)
DAYS_AHEAD = 7


def permitted_times(
    now: datetime, nominal_end: date | None, calendar: Calendar, profile: Profile
) -> tuple[PermittedTime, ...]:
    """From now on, day by day, up to the last day before `nominal_end` (late cases: the end of late dialling, C57).

    Each span begins and ends inside 09:00-21:00; public holidays are left out as `calling.on_public_holidays` says.
    """
    today = business_date(now)
    last = today + timedelta(days=DAYS_AHEAD)
    if nominal_end is not None:
        last = min(last, appointment_horizon(nominal_end, today, profile))
    spans = []
    day = today
    while day <= last:
        if is_dialling_day(day, calendar, profile):
            start = max(shanghai(day, EARLIEST), now + NOTICE) if day == today else shanghai(day, EARLIEST)
            end = shanghai(day, LATEST)
            if start < end:
                spans.append(PermittedTime(start, end))
        day += timedelta(days=1)
    return tuple(spans)
