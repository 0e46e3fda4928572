"""When anybody may be rung at all: quiet hours, days, windows, parts of the day, agreed times."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from rules.calendar import ONE_DAY, SHANGHAI, Calendar, shanghai
from rules.parameters import Profile

# the ceiling adopted from the rules on telephone sales; a constant, because no profile, appointment or wish moves it
EARLIEST = time(9)
LATEST = time(21)  # itself outside

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

# a case is not looked for longer than this many days ahead when the next permitted time is computed
HORIZON_DAYS = 60


class DayPart(StrEnum):
    MORNING = "MORNING"  # 09-12
    AFTERNOON = "AFTERNOON"  # 12-18
    EVENING = "EVENING"  # from 18


PART_STARTS = {DayPart.MORNING: EARLIEST, DayPart.AFTERNOON: time(12), DayPart.EVENING: time(18)}


def day_part(instant: datetime) -> DayPart:
    at = instant.astimezone(SHANGHAI).time()
    if at < PART_STARTS[DayPart.AFTERNOON]:
        return DayPart.MORNING
    return DayPart.AFTERNOON if at < PART_STARTS[DayPart.EVENING] else DayPart.EVENING


@dataclass(frozen=True, slots=True)
class Appointment:
    """`number` None means any confirmed number; `asked_by` is POLICYHOLDER, THIRD_PARTY or BRANCH."""

    at: datetime
    number: str | None = None
    asked_by: str = "POLICYHOLDER"


class Hours:
    """The hours of one profile and calendar, read once; asked as often as needed."""

    def __init__(self, calendar: Calendar, profile: Profile):
        self.calendar = calendar
        self.tolerance = timedelta(minutes=profile["appointment.tolerance_minutes"])
        self._weekdays = {n for n, name in enumerate(WEEKDAYS) if name in profile["calling.allowed_days"]}
        self._on_holidays: bool = profile["calling.on_public_holidays"]
        self._windows = _windows(profile)
        self._days: dict[date, bool] = {}
        self._openings: dict[date, datetime] = {}

    def is_dialling_day(self, day: date) -> bool:
        """Weekends yes, public holidays only where the profile says so (C56)."""
        known = self._days.get(day)
        if known is None:
            known = day.weekday() in self._weekdays and not self._closed_for_holiday(day)
            self._days[day] = known
        return known

    def _closed_for_holiday(self, day: date) -> bool:
        return not self._on_holidays and self.calendar.is_public_holiday(day)

    def first_dialling_day(self, day: date) -> date:
        for _ in range(HORIZON_DAYS):
            if self.is_dialling_day(day):
                return day
            day += ONE_DAY
        raise ValueError("the profile permits no day of dialling")

    def is_due(self, appointment: Appointment, now: datetime) -> bool:
        return abs(now - appointment.at) <= self.tolerance

    def hold(self, now: datetime, appointment: Appointment | None = None) -> str | None:
        """None, QUIET_HOURS, HOLIDAY or OUTSIDE_HOURS."""
        local = now.astimezone(SHANGHAI)
        at, day = local.time(), local.date()
        if not EARLIEST <= at < LATEST:
            return "QUIET_HOURS"
        if appointment is not None and self.is_due(appointment, now):
            return None
        if not self.is_dialling_day(day):
            return "HOLIDAY" if self._closed_for_holiday(day) else "OUTSIDE_HOURS"
        return None if any(start <= at < end for start, end in self._windows) else "OUTSIDE_HOURS"

    def next_permitted(self, instant: datetime) -> datetime:
        """`instant` itself if ordinary dialling is permitted then, else the start of the next window."""
        if not self._windows:
            raise ValueError("the profile permits no hour of dialling")
        local = instant.astimezone(SHANGHAI)
        at, day = local.time(), local.date()
        if self.is_dialling_day(day):
            for start, end in self._windows:
                if at < start:
                    return shanghai(day, start)
                if at < end:
                    return instant
        return self.opening(day + ONE_DAY)

    def opening(self, day: date) -> datetime:
        """The first instant of ordinary dialling from that day on."""
        if not self._windows:
            raise ValueError("the profile permits no hour of dialling")
        known = self._openings.get(day)
        if known is None:
            known = self._openings[day] = shanghai(self.first_dialling_day(day), self._windows[0][0])
        return known


def _windows(profile: Profile) -> list[tuple[time, time]]:
    """The ordinary windows, cut to what is permitted at all, those that overlap joined."""
    joined: list[tuple[time, time]] = []
    for window in sorted(tuple(map(time.fromisoformat, window.split("-"))) for window in profile["calling.windows"]):
        start, end = max(window[0], EARLIEST), min(window[1], LATEST)
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(joined.pop()[1], end)
        joined.append((start, end))
    return joined


def is_dialling_day(day: date, calendar: Calendar, profile: Profile) -> bool:
    """Weekends yes, public holidays only where the profile says so (C56)."""
    return Hours(calendar, profile).is_dialling_day(day)


def first_dialling_day(day: date, calendar: Calendar, profile: Profile) -> date:
    """The first day from `day` on at which ordinary dialling is permitted. Raises ValueError if no day ever is."""
    return Hours(calendar, profile).first_dialling_day(day)


def is_due_now(appointment: Appointment, now: datetime, profile: Profile) -> bool:
    return abs(now - appointment.at) <= timedelta(minutes=profile["appointment.tolerance_minutes"])


def may_dial_now(
    now: datetime, calendar: Calendar, profile: Profile, appointment: Appointment | None = None
) -> str | None:
    """None, or why nobody may be rung at this instant: QUIET_HOURS, HOLIDAY or OUTSIDE_HOURS.

    An appointment that is due now lifts the last two; nothing lifts the quiet hours.
    """
    return Hours(calendar, profile).hold(now, appointment)


def next_permitted(instant: datetime, calendar: Calendar, profile: Profile) -> datetime:
    """`instant` itself if ordinary dialling is permitted then, else the start of the next window.

    Raises ValueError if the profile never permits any.
    """
    return Hours(calendar, profile).next_permitted(instant)


def appointment_horizon(nominal_end: date, today: date, profile: Profile) -> date:
    """The last day for which an appointment may be booked: past it only the late cases are left (C57)."""
    horizon = nominal_end - timedelta(days=profile["appointment.days_before_end"])
    return horizon if today <= horizon else nominal_end + timedelta(days=profile["late.max_days"])
