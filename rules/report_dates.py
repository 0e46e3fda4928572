"""When the recurring reports are due."""

from datetime import date

from rules.calendar import Calendar
from rules.parameters import Profile


def monthly_report_due(month: date, calendar: Calendar) -> date:
    """The first working day of the month in which the report on the month before is due (R120)."""
    return calendar.working_day_on_or_after(month.replace(day=1))


def sales_unit_table_due(month: date, calendar: Calendar, profile: Profile) -> tuple[date, bool]:
    """On or before the 5th: the last working day among the first five days (C22).

    Where there is none, the first working day after, and True: to be flagged.
    """
    latest = month.replace(day=profile["report.sales_unit.latest_day"])
    due = calendar.working_day_on_or_before(latest)
    if due >= month.replace(day=1):
        return due, False
    return calendar.working_day_on_or_after(latest), True


def annual_report_due(year: int, profile: Profile) -> date:
    """The day of the year that the profile names, the end of December unless told (R121)."""
    month, day = map(int, profile["report.annual.due"].split("-"))
    return date(year, month, day)
