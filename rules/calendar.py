"""Working days, public holidays and make-up days; honest about years whose holidays are not known yet."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
ONE_DAY = timedelta(days=1)
SATURDAY = 5


class DayKind(StrEnum):
    WORKING = "WORKING"
    WEEKEND = "WEEKEND"
    HOLIDAY = "HOLIDAY"  # statutory, with the days taken in lieu that surround it
    MAKE_UP = "MAKE_UP"  # a weekend day worked for a holiday


def business_date(instant: datetime) -> date:
    """The day in Shanghai. Raises ValueError for an instant without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
    return instant.astimezone(SHANGHAI).date()


def shanghai(day: date, at: time = time(0)) -> datetime:
    return datetime.combine(day, at, SHANGHAI)


@dataclass(frozen=True, slots=True)
class Calendar:
    """`special` names the days that differ from Monday to Friday; `years` those whose special days are known.

    A day of any other year is counted Monday to Friday and is provisional.
    """

    special: Mapping[date, DayKind]
    years: Collection[int]

    def kind(self, day: date) -> DayKind:
        if (special := self.special.get(day)) is not None:
            return special
        return DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKING

    def is_working_day(self, day: date) -> bool:
        return self.kind(day) in (DayKind.WORKING, DayKind.MAKE_UP)

    def is_public_holiday(self, day: date) -> bool:
        return self.kind(day) is DayKind.HOLIDAY

    def is_provisional(self, day: date) -> bool:
        return day.year not in self.years

    def is_provisional_between(self, first: date, last: date) -> bool:
        """Whether counting from `first` to `last`, both included, touched a year that is not known."""
        return any(year not in self.years for year in range(first.year, last.year + 1))

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day`, which is itself not counted; n = 0 is `day`, working or not."""
        if n < 0:
            raise ValueError("working days are added, never taken away: use working_days_before")
        for _ in range(n):
            day = self.working_day_on_or_after(day + ONE_DAY)
        return day

    def working_days_before(self, day: date, n: int) -> date:
        """The n-th working day before `day`, which is itself not counted; n = 0 is `day`."""
        if n < 0:
            raise ValueError("n counts back from the day and is not negative")
        for _ in range(n):
            day = self.working_day_on_or_before(day - ONE_DAY)
        return day

    def working_day_on_or_after(self, day: date) -> date:
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def working_day_on_or_before(self, day: date) -> date:
        while not self.is_working_day(day):
            day -= ONE_DAY
        return day


# ---------------------------------------------------------------- what was changed, and how it stood before

# The event of a change; from all of them it follows how the calendar stood at any earlier instant.
CALENDAR_CHANGED = "CALENDAR_CHANGED"

# A whole year has at least so many days off by law; a table with fewer is not that of a whole year.
LEAST_HOLIDAYS = 11


class CalendarRefused(ValueError):
    """A change that cannot be: `zh` and `en` say which day and why."""

    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.zh, self.en = zh, en


@dataclass(frozen=True, slots=True)
class DayChange:
    """`was` and `now` are kinds as counted: of a year that was not known, by the day of the week."""

    day: date
    was: DayKind
    now: DayKind


@dataclass(frozen=True, slots=True)
class CalendarChange:
    """What was changed at once: single days, and `years` whose tables are known from then on."""

    days: tuple[DayChange, ...]
    years: tuple[int, ...] = ()

    @property
    def nothing(self) -> bool:
        return not self.days and not self.years


def change_of(calendar: Calendar, days: Mapping[date, DayKind], years: Iterable[int] = ()) -> CalendarChange:
    """What taking these days and whole years over a calendar would change. Raises CalendarRefused for a day that cannot
    be of its kind, and for a whole year with fewer holidays than the law gives."""
    for day, kind in sorted(days.items()):
        weekend = day.weekday() >= SATURDAY
        if kind in (DayKind.MAKE_UP, DayKind.WEEKEND) and not weekend:
            raise CalendarRefused(
                f"{day}不是周六或周日，不能是{'补班日' if kind is DayKind.MAKE_UP else '周末'}",
                f"{day} is no Saturday or Sunday and so no {'make-up day' if kind is DayKind.MAKE_UP else 'weekend'}",
            )
        if kind is DayKind.WORKING and weekend:
            raise CalendarRefused(
                f"{day}是周末，上班的周末须记为补班日", f"{day} is a weekend day; one that is worked is a make-up day"
            )
    for year in years:
        off = sum(kind is DayKind.HOLIDAY and day.year == year for day, kind in days.items())
        if off < LEAST_HOLIDAYS:
            raise CalendarRefused(
                f"{year}年的表里只有{off}个放假日，不足{LEAST_HOLIDAYS}日，不是全年的安排",
                f"the table of {year} has {off} days off, fewer than {LEAST_HOLIDAYS}: it is not that of the whole year",
            )
    return CalendarChange(
        tuple(
            DayChange(day, calendar.kind(day), kind) for day, kind in sorted(days.items()) if calendar.kind(day) != kind
        ),
        tuple(sorted(set(years) - set(calendar.years))),
    )


def change_to_json(change: CalendarChange) -> dict:
    return {
        "days": [{"day": str(one.day), "was": str(one.was), "now": str(one.now)} for one in change.days],
        "years": list(change.years),
    }


def change_from_json(data: Mapping) -> CalendarChange:
    """What `change_to_json` wrote, other keys ignored. Raises KeyError, TypeError or ValueError for anything else."""
    return CalendarChange(
        tuple(
            DayChange(date.fromisoformat(one["day"]), DayKind(one["was"]), DayKind(one["now"])) for one in data["days"]
        ),
        tuple(data["years"]),
    )


def with_change(calendar: Calendar, change: CalendarChange) -> Calendar:
    special = {**calendar.special, **{one.day: one.now for one in change.days}}
    return Calendar(special, frozenset(calendar.years) | set(change.years))


def without_change(calendar: Calendar, change: CalendarChange) -> Calendar:
    """The calendar as it stood before."""
    special = {**calendar.special, **{one.day: one.was for one in change.days}}
    return Calendar(special, frozenset(calendar.years) - set(change.years))
