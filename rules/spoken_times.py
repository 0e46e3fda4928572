"""A time of day as people say it on the phone: 今天下午三点, 明天上午十点, 晚上七点半, 周五中午."""

import re
from datetime import datetime, timedelta

from rules.spoken_numbers import read_number

_N = r"[零〇一二两三四五六七八九十]+|\d{1,2}"
_CLOCK = re.compile(rf"({_N})(?:点|时|[:：])(?:钟)?(半|一刻|三刻|(?:{_N})分?)?")
_DATE = re.compile(rf"(?:({_N})月)?({_N})[号日]")
_WEEKDAY = re.compile(r"(下+个?|这个?|本)?(?:星期|周|礼拜)([一二三四五六日天末])")
_LATER = re.compile(rf"(?:过|等)?({_N}|半)个?(?:半)?(小时|钟头|分钟)(?:以后|之后|后|再)?")
_DAYS = (("大后天", 3), ("后天", 2), ("明天", 1), ("明早", 1), ("明晚", 1), ("明儿", 1), ("明日", 1), ("今", 0))
FARTHEST = timedelta(days=92)  # a date that is further away than that has passed
# part of the day: (words, hour when only the part is named, minute)
_PARTS = (
    ("中午|午间", 12, 30),
    ("凌晨", 5, 0),
    ("早上|早晨|上午|一早|明早|今早", 10, 0),
    ("下午|午后", 15, 0),
    ("傍晚|下班", 18, 30),
    ("晚上|今晚|明晚|夜里|晚饭", 19, 30),
)


def read_time(text: str, now: datetime) -> datetime | None:
    """The instant meant, in the zone of `now`, never before it; None where no time can be told ("一会儿", "随便")."""
    text = re.sub(r"[\s,，。.、的]", "", text)
    later = _LATER.search(text)
    if later and "点" not in text:
        amount = 0.5 if later[1] == "半" else read_number(later[1])
        if amount:
            half = 0.5 if "个半" in later[0] else 0
            seconds = (amount + half) * (60 if later[2] == "分钟" else 3600)
            return (now + timedelta(seconds=seconds)).replace(second=0, microsecond=0)
    day, named_day = _read_day(text, now)
    if day is None:
        return None
    part = next(((words, hour, minute) for words, hour, minute in _PARTS if re.search(words, text)), None)
    clock = _CLOCK.search(text)
    if clock is None and part is None:
        return None
    if clock is not None:
        hour, minute = read_number(clock[1]), _minute(clock[2])
        if hour is None or minute is None:
            return None
        hour = _hour_of_day(hour, part[0] if part else None)
    else:
        hour, minute = part[1], part[2]
    if hour > 23 or minute > 59:
        return None
    meant = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if meant <= now:
        if named_day:
            return None
        meant += timedelta(days=1)
    return meant


def _read_day(text: str, now: datetime) -> tuple[datetime | None, bool]:
    for word, days in _DAYS:
        if word in text:
            return now + timedelta(days=days), True
    weekday = _WEEKDAY.search(text)
    if weekday:
        wanted = {"末": 5, "日": 6, "天": 6}.get(weekday[2])
        if wanted is None:
            wanted = "一二三四五六".index(weekday[2])
        ahead = wanted - now.weekday()
        if (weekday[1] or "").startswith("下") or ahead < 0:
            ahead += 7
        return now + timedelta(days=ahead), True
    on = _DATE.search(text)
    if on:
        day = read_number(on[2])
        if on[1]:
            named = read_number(on[1])
            months = ((now.year, named), (now.year + 1, named))
        else:
            months = ((now.year, now.month), (now.year + now.month // 12, now.month % 12 + 1))
        for year, month in months:
            try:
                meant = now.replace(year=year, month=month, day=day)
            except (ValueError, TypeError):
                continue
            if now <= meant <= now + FARTHEST:
                return meant, True
        return None, True
    return now, False


def _hour_of_day(hour: int, part: str | None) -> int:
    if part is None or "中午" in part:
        return hour + 12 if 1 <= hour <= 7 else hour  # nobody asks to be rung at three in the morning
    if hour < 12 and re.search("下午|傍晚|晚", part):
        return hour + 12
    return hour


def _minute(words: str | None) -> int | None:
    if words is None:
        return 0
    if words in ("半", "一刻", "三刻"):
        return {"半": 30, "一刻": 15, "三刻": 45}[words]
    return read_number(words.rstrip("分"))
