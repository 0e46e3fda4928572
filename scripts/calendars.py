"""The seed of the calendar table: public holidays and make-up days of the years that chinesecalendar knows."""

from datetime import date
from functools import cache

from rules.calendar import Calendar, DayKind
from rules.parameters import Profile


def special_days() -> dict[date, DayKind]:
    """Every day of the known years that is not what its day of the week says; weekend days inside a holiday too."""
    from chinese_calendar import constants

    days = dict.fromkeys(constants.holidays, DayKind.HOLIDAY)
    days.update(dict.fromkeys(constants.workdays, DayKind.MAKE_UP))
    return days


def calendar_for(profile: Profile) -> Calendar:
    """What the table is filled with under this profile; where nobody provides any year, every one is provisional."""
    return seeded_calendar() if profile["calendar.provider"] != "NONE" else Calendar({}, frozenset())


@cache
def seeded_calendar() -> Calendar:
    special = special_days()
    first, last = min(special).year, max(special).year
    return Calendar(special, frozenset(range(first, last + 1)))
