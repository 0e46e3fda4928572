"""A way through a script in words, for somebody who reads why a proof failed."""

from collections.abc import Sequence

from rules.script import Script
from rules.script_check.explore import Edge
from rules.words import word

_WORDS = {
    "": ("接通", "answered"),
    "RIGHT": ("核对一致", "right"),
    "WRONG": ("核对不符", "wrong"),
    "TIME": ("说出许可的时间", "names a permitted time"),
    "TIME_NOT_PERMITTED": ("说出不许可的时间", "names a time that is not permitted"),
    "SLOT": ("选了给出的时间", "takes an offered time"),
    "DAY": ("说出日期", "names a day"),
    "WORDS": ("说了几句话", "says some words"),
    "READY_QUESTION": ("问了有核定答复的问题", "asks what has an approved answer"),
    "OTHER_QUESTION": ("问了没有答复的问题", "asks what has none"),
}


# Answers whose code means something else elsewhere
_ANSWERS = {
    "QUESTION": ("反问", "asks back"),
    "OPERATOR": ("要求人工", "asks for a person"),
    "BUSY": ("不方便", "not now"),
    "DENIES": ("否认投保", "denies the purchase"),
    "INFORMED": ("表示均已知悉", "says that he knows it all"),
}


def in_words(label: str, lang: str) -> str:
    if label in _WORDS:
        return _WORDS[label][0 if lang == "zh" else 1]
    number = 0 if lang == "zh" else 1
    return " ".join(_ANSWERS[part][number] if part in _ANSWERS else word(part, lang) for part in label.split("."))


def way(script: Script, edges: Sequence[Edge]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One line for each question and its answer, in Chinese and English; the last says where the call stands then."""
    zh, en = [], []
    for edge in edges:
        if edge.label:
            purpose = script.steps[edge.start.step].purpose
            zh.append(f"{edge.start.step}{f'（{purpose}）' if purpose else ''}：{in_words(edge.label, 'zh')}")
            en.append(f"{edge.start.step}: {in_words(edge.label, 'en')}")
    if edges:
        last = edges[-1].end
        zh.append(f"→ {last.step}，通话结束：{last.ended}" if last.ended else f"→ {last.step}")
        en.append(f"→ {last.step}, the call ends: {last.ended}" if last.ended else f"→ {last.step}")
    return tuple(zh), tuple(en)
