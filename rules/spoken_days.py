"""A day that has passed, as people name it on the phone: 九月十号, 上个月二十号, 昨天, 2026年9月1日."""

import re
from datetime import date, timedelta

from rules.spoken_numbers import read_number

_N = r"[零〇一二两三四五六七八九十]+|\d{1,2}"
_YEAR = r"(\d{4}|[零〇一二三四五六七八九]{4})年"
_DAY = re.compile(rf"(?:{_YEAR}|(今年|去年))?的?(?:({_N})月(?:份)?|(上个月|上月|这个月|本月))?的?({_N})[号日]?")
_NEAR = (("大前天", 3), ("前天", 2), ("昨天", 1), ("昨日", 1), ("今天", 0), ("今日", 0))
_DIGITS = {mark: str(value) for value, mark in enumerate("零一二三四五六七八九")} | {"〇": "0"}
FARTHEST = timedelta(days=180)  # a receipt older than that belongs to another contract, or another day is meant


def read_past_day(text: str, today: date) -> date | None:
    """The day meant, at most `today` and not long gone; None where none can be told or the words hedge."""
    text = re.sub(r"[\s,，。.、]", "", text)
    if re.search(r"不清|忘|不知道|大概|好像|可能|左右|不记得|想不起|还是", text):
        return None
    for word, days in _NEAR:
        if word in text:
            return today - timedelta(days=days)
    for found in _DAY.finditer(text):
        day = _read(found, text, today)
        if day is not None and today - FARTHEST <= day <= today:
            return day
    return None


def _read(found: re.Match, text: str, today: date) -> date | None:
    year, relative_year, month, relative_month, day = found.groups()
    marked = text[found.end() - 1] in "号日"
    if month is None and (relative_month is None and not marked):
        return None  # a bare number is no day
    number = read_number(day)
    if month is not None:
        month_number = read_number(month)
    else:
        month_number = today.month
        if relative_month in ("上个月", "上月"):
            month_number = today.month - 1 or 12
    if year is not None:
        years = [int("".join(_DIGITS.get(mark, mark) for mark in year))]
    elif relative_year == "去年":
        years = [today.year - 1]
    else:
        years = [today.year, today.year - 1]  # in January, "十二月" is last year's
    for candidate in years:
        try:
            meant = date(candidate, month_number, number)
        except (ValueError, TypeError):
            continue
        if meant <= today:
            return meant
    return None
