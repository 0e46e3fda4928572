"""Digits, birth dates and telephone numbers, spoken or keyed."""

import re
from datetime import date

_DIGIT = {
    **dict(zip("零〇一二三四五六七八九", "00123456789", strict=True)),
    "○": "0",
    "洞": "0",
    "幺": "1",
    "妖": "1",
    "两": "2",
    "拐": "7",
    **dict(zip("０１２３４５６７８９", "0123456789", strict=True)),
}
_SPOKEN_X = re.compile(r"大写的?x|字母x|艾克斯|埃克斯|叉|×|[*＊]|x")
_NUMBER = r"[零〇一二两三四五六七八九十]+|\d+"
_DATE = re.compile(rf"({_NUMBER})年({_NUMBER})月(?:份)?({_NUMBER})[号日]?")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def digits_only(text: str) -> str:
    """Every spoken or written digit of the text in order, an X of an ID number included, all else dropped."""
    return "".join(c for c in _SPOKEN_X.sub("X", _as_digits(text)) if c.isascii() and (c.isdigit() or c == "X"))


def read_digits(text: str, length: int) -> str | None:
    """Exactly `length` digits (the last may be X), or None: neither more nor fewer are taken as they stand."""
    found = digits_only(text)
    return found if len(found) == length and "X" not in found[:-1] else None


def read_number(text: str) -> int | None:
    """0–99 in digits or as spoken: 15, 十五, 二十一, 一五."""
    if text.isascii() and text.isdigit():
        return int(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        if any(c not in _DIGIT for c in tens + ones) or len(tens) > 1 or len(ones) > 1:
            return None
        return int(_DIGIT[tens] if tens else "1") * 10 + int(_DIGIT[ones] if ones else "0")
    read = _as_digits(text)
    return int(read) if read.isascii() and read.isdigit() else None


def read_birth_date(text: str) -> date | None:
    """Eight keys YYYYMMDD, or as spoken (一九八零年三月五号, 八零年3月5日). A two-digit year 30–99 is 19xx. None: not a day."""
    text = re.sub(r"[\s,，。.、]", "", text)
    spoken = _DATE.search(text.replace("年的", "年"))
    if spoken:
        year_text, month, day = spoken[1], read_number(spoken[2]), read_number(spoken[3])
        year_digits = _as_digits(year_text)
        if not year_digits.isdigit():
            return None
        return _day(year_digits, month, day)
    found = digits_only(text)
    if len(found) == 8 and "X" not in found:
        return _day(found[:4], int(found[4:6]), int(found[6:]))
    return None


def read_mobile(text: str) -> str | None:
    """A mainland mobile number inside what was said."""
    joined = re.sub(r"[\s,，。.、-]", "", _as_digits(text))
    match = _MOBILE.search(joined)
    return match[0] if match else None


def masked(text: str) -> str:
    """The text with every run of five or more digits, spoken or written, hidden: it may be a number of the person."""
    return re.sub(r"(?:[0-9０-９零〇○一二三四五六七八九幺两]\s*){5,}", "＊", text)


def _as_digits(text: str) -> str:
    return "".join(_DIGIT.get(character, character) for character in text)


def _day(year: str, month: int | None, day: int | None) -> date | None:
    if len(year) == 2:
        year = ("19" if int(year) >= 30 else "20") + year
    if len(year) != 4 or month is None or day is None:
        return None
    try:
        return date(int(year), month, day)
    except ValueError:
        return None
