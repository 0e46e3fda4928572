"""How dates, times, money and what is left until a day are written."""

from datetime import date, datetime
from decimal import Decimal

from rules.calendar import SHANGHAI
from rules.time_left import TimeLeft, Urgency

COLOURS = {Urgency.MISSED: "red", Urgency.TODAY: "red", Urgency.SOON: "orange", Urgency.LATER: "green"}
WEEKDAYS = {
    "zh": ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    "en": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
}


def day(value: date | datetime | None, today: date, lang: str) -> str:
    """09-24 周四 within the year, 2026-09-24 otherwise."""
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(SHANGHAI).date()
    if value.year != today.year:
        return value.isoformat()
    return f"{value:%m-%d} {WEEKDAYS[lang][value.weekday()]}"


def instant(value: datetime | None, today: date, seconds: bool = False) -> str:
    """09-24 10:31 in Shanghai, with the year when it is another one."""
    if value is None:
        return "–"
    local = value.astimezone(SHANGHAI)
    form = "%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M"
    return local.strftime(form + (":%S" if seconds else ""))


def money(value: Decimal | str | None) -> str:
    """¥10,000, with cents only where there are any."""
    if value is None or value == "":
        return "–"
    amount = Decimal(str(value))
    return f"¥{amount:,.0f}" if amount == amount.to_integral_value() else f"¥{amount:,.2f}"


def duration(seconds: float | int | None) -> str:
    """2′40″."""
    if seconds is None:
        return "–"
    whole = round(float(seconds))
    return f"{whole // 60}′{whole % 60:02d}″"


def left(span: TimeLeft, gettext, ngettext) -> str:
    """还有 3 个工作日."""
    if span.urgency is Urgency.MISSED:
        return ngettext("%(num)d day past", "%(num)d days past", -span.days)
    if span.days == 0:
        return gettext("Due today")
    if span.working_days == 0:
        return gettext("No working day left")
    return ngettext("%(num)d working day left", "%(num)d working days left", span.working_days)
