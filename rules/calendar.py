"""Working days, public holidays and make-up days; honest about years whose holidays are not known yet."""

from collections.abc import Collection, Iterator, Mapping
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

    def working_days_after(self, day: date) -> Iterator[date]:
        while True:
            day += ONE_DAY
            if self.is_working_day(day):
                yield day

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
