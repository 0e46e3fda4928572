"""What of a recording may be heard in a training copy: everything of which it is known that no name, identity number or
telephone is said in it. The rest is silenced (C41, R119).

Nobody writes down the instant at which a word is spoken, so a whole turn goes: what we said from one turn to the next, and
what was answered to it.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from rules.script import IDENTITY_QUESTIONS, Script
from rules.spoken_numbers import digits_only

# The carrier's clock and ours differ, and people begin to speak before we have noted it; seconds on both sides.
MARGIN = 2.0
# Less than this is no lesson.
LEAST_LEFT = 5.0
# A longer answer is a story, and stories have names in them that recognition may spell in another way.
LONGEST_ANSWER = 30
# So many digits in one answer may be part of a number of the person; fewer are a count, a day or a key.
MOST_DIGITS = 2

# What stands in kept answers for a number that was hidden at once (rules/spoken_numbers.py).
HIDDEN = "＊"

# Placeholders of our own texts that are filled with something of the person.
PERSONAL = frozenset({"name", "contact_hint"})
_TELLING = re.compile(
    r"我叫|我姓|免贵|姓名|名字|叫做|身份证|证件|电话|手机|号码|微信|邮箱|地址|我住|住在|小区|单位是|(?:省|市|区|县|镇|路|街|村|栋|室)的?(?:[^不]|$)"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a call: when it began, in seconds from the answer; the ids of what we said; what was answered to it.

    `answers` None: nobody knows what was said, or the call was over. An answer by keys has its keys as words.
    """

    begins: float
    said: tuple[str, ...]
    answers: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Seconds from the answer; `end` may lie beyond the recording. `why` is one of WHY."""

    begin: float
    end: float
    why: str


WHY = {
    "NOT_KNOWN": ("说了什么没有记录", "nobody wrote down what is said"),
    "NAME_SAID": ("我方说出姓名或联系资料", "we say the name or how to reach the customer"),
    "IDENTITY": ("客户核实身份", "the customer proves who he is"),
    "NUMBER": ("回答中有数字", "a number in the answer"),
    "NAME_HEARD": ("回答中有姓名", "a name in the answer"),
    "TELLING": ("回答中可能有个人资料", "something of the person may be in the answer"),
    "FREE_WORDS": ("客户自由陈述", "a story of the customer's own"),
    "BY_HAND": ("人工标记", "marked by hand"),
}


class NotMaskable(Exception):
    """Why there can be no masked copy: NO_TURNS (nobody knows where what is said) or NOTHING_LEFT."""


def stretches_to_silence(
    turns: Sequence[Turn],
    script: Script,
    names: Collection[str],
    seconds: float,
    by_hand: Iterable[tuple[float, float]] = (),
) -> tuple[Stretch, ...]:
    """In order, none touching another. `names`: of whoever the call is about. `by_hand`: stretches that a listener named.

    Raises NotMaskable.
    """
    if not turns:
        raise NotMaskable("NO_TURNS")
    found = [Stretch(0.0, turns[0].begins, "NOT_KNOWN")] if turns[0].begins > 0 else []
    for number, turn in enumerate(turns):
        end = turns[number + 1].begins if number + 1 < len(turns) else seconds
        if why := _why(turn, script, names):
            found.append(Stretch(turn.begins, end, why))
    widened = [Stretch(max(0.0, one.begin - MARGIN), one.end + MARGIN, one.why) for one in found]
    widened += [Stretch(max(0.0, begin), end, "BY_HAND") for begin, end in by_hand if begin < end]
    merged = _merged(widened)
    heard = seconds - sum(max(0.0, min(one.end, seconds) - one.begin) for one in merged)
    if heard < LEAST_LEFT:
        raise NotMaskable("NOTHING_LEFT")
    return merged


def _why(turn: Turn, script: Script, names: Collection[str]) -> str | None:
    for text_id in turn.said:
        text = script.texts.get(text_id)
        step = script.steps.get(text.step) if text is not None else None
        if text is None:
            return "NOT_KNOWN"
        if any("{" + name + "}" in text.words for name in PERSONAL):
            return "NAME_SAID"
        if step is not None and (step.question in IDENTITY_QUESTIONS or step.sensitive):
            return "IDENTITY"
    if not turn.answers:
        return "NOT_KNOWN"
    return next((why for words in turn.answers if (why := _why_answer(words, names))), None)


def _why_answer(words: str, names: Collection[str]) -> str | None:
    if not words.strip():
        return "NOT_KNOWN"
    if len(digits_only(words)) > MOST_DIGITS or HIDDEN in words:
        return "NUMBER"
    if any(part.casefold() in words.casefold() for name in names for part in _parts(name)):
        return "NAME_HEARD"
    if _TELLING.search(words):
        return "TELLING"
    return "FREE_WORDS" if len(words) > LONGEST_ANSWER else None


def _parts(name: str) -> tuple[str, ...]:
    """The name and what of it people are called by: 王小芳, 小芳; of a foreign name each word."""
    name = name.strip()
    if not name:
        return ()
    if name.isascii():
        return tuple(part for part in name.split() if len(part) > 1)
    return (name, name[-2:]) if len(name) > 2 else (name,)


def _merged(found: Iterable[Stretch]) -> tuple[Stretch, ...]:
    merged: list[Stretch] = []
    for one in sorted(found, key=lambda s: (s.begin, s.end)):
        if merged and one.begin <= merged[-1].end:
            last = merged.pop()
            one = Stretch(last.begin, max(last.end, one.end), last.why)
        merged.append(one)
    return tuple(merged)
