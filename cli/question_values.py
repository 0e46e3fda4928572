"""Values out of a question put to the rules; a wrong one is refused with a stable code and a sentence in both languages."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from rules.calendar import SHANGHAI

Question = Mapping[str, Any]

# later than any date a rule reaches from it may leave the calendar
EARLIEST, LATEST = date(1900, 1, 1), date(2200, 12, 31)


class BadQuestion(ValueError):
    """The question itself is wrong. `code` stays the same for ever, the sentence is for people."""

    def __init__(self, en: str, zh: str | None = None, code: str = "BAD_QUESTION"):
        super().__init__(en)
        self.en, self.zh, self.code = en, zh or en, code

    def sentence(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    def inside(self, place: str) -> "BadQuestion":
        """The same, of a part of the question."""
        return BadQuestion(f"{place}: {self.en}", f"{place}：{self.zh}", self.code)


def missing(key: str, words: Iterable[str] = ()) -> BadQuestion:
    among = ", ".join(words)
    return BadQuestion(
        f"{key} is missing" + (f"; it is one of {among}" if among else ""),
        f"缺少 {key}" + (f"，可取 {among}" if among else ""),
        "MISSING",
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def not_one_of(key: str, words: Iterable[str], value: object) -> BadQuestion:
    among = ", ".join(words)
    return BadQuestion(
        f"{key} is one of {among}, not {_shown(value)}", f"{key} 只能是 {among}，不能是 {_shown(value)}", "BAD_CHOICE"
    )


def wrong_shape(key: str, en: str, zh: str, value: object) -> BadQuestion:
    return BadQuestion(f"{key} is {en}, not {_shown(value)}", f"{key} 应为{zh}，不能是 {_shown(value)}", "BAD_SHAPE")


def day(question: Question, key: str, where: str = "") -> date | None:
    """YYYY-MM-DD; None where the key is absent, null or empty."""
    value, name = question.get(key), f"{where}{key}"
    if value is None or value == "":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return _in_range(found, name)
    raise BadQuestion(
        f"{name}: a date is YYYY-MM-DD, not {_shown(value)}",
        f"{name}：日期写作 YYYY-MM-DD，不能是 {_shown(value)}",
        "BAD_DATE",
    )


def _in_range(found: date, name: str) -> date:
    if not EARLIEST <= found <= LATEST:
        raise BadQuestion(
            f"{name}: {found} lies outside {EARLIEST.year}-{LATEST.year}",
            f"{name}：{found} 不在 {EARLIEST.year} 年至 {LATEST.year} 年之间",
            "BAD_DATE",
        )
    return found


def required_day(question: Question, key: str, where: str = "") -> date:
    if (found := day(question, key, where)) is None:
        raise missing(f"{where}{key}")
    return found


def instant(value: object, key: str) -> datetime:
    """ISO 8601; an instant without a zone is Shanghai time, a date alone its midnight."""
    try:
        found = datetime.fromisoformat(str(value))
        _in_range(found.date(), key)
        return found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
    except BadQuestion:
        raise
    except ValueError:
        raise BadQuestion(
            f"{key}: an instant is YYYY-MM-DDTHH:MM[:SS][+08:00], not {_shown(value)}",
            f"{key}：时刻写作 YYYY-MM-DDTHH:MM[:SS][+08:00]，不能是 {_shown(value)}",
            "BAD_INSTANT",
        ) from None


def number(question: Question, key: str) -> int | None:
    value = question.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,4}", str(value), re.ASCII) or int(value) < 1:
        raise BadQuestion(
            f"{key}: a whole number above zero, not {_shown(value)}",
            f"{key}：应为正整数，不能是 {_shown(value)}",
            "BAD_NUMBER",
        )
    return int(value)


def required_choice(given: Mapping, key: str, words: Iterable[str], where: str = "") -> str:
    """One of `words`, whatever its case, with - for _ allowed; `where` stands before the key in the sentence."""
    words = tuple(str(word) for word in words)
    value, name = given.get(key), f"{where}{key}"
    if value is None or value == "":
        raise missing(name, words)
    wanted = str(value).strip().upper().replace("-", "_")
    for word in words:
        if wanted == word.upper():
            return word
    raise not_one_of(name, words, value)


def choice(given: Mapping, key: str, words: Iterable[str], where: str = "") -> str | None:
    value = given.get(key)
    return None if value is None or value == "" else required_choice(given, key, words, where)


def flag(given: Mapping, key: str, where: str = "") -> bool:
    value = given.get(key)
    if value is not None and not isinstance(value, bool):
        raise wrong_shape(f"{where}{key}", "true or false", "true 或 false", value)
    return bool(value)


def part(given: Mapping, key: str, where: str = "") -> Mapping:
    """An object inside the question; empty where it is absent."""
    value = given.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise wrong_shape(f"{where}{key}", "an object", "对象", value)
    return value


def parts(given: Mapping, key: str, where: str = "") -> list[Mapping]:
    """A list of objects inside the question; empty where it is absent."""
    value = given.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong_shape(f"{where}{key}", "a list", "列表", value)
    for n, entry in enumerate(value):
        if not isinstance(entry, Mapping):
            raise wrong_shape(f"{where}{key}[{n}]", "an object", "对象", entry)
    return value
