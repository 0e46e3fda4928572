"""Proofs about the words: nothing leading, no pretext, no forbidden phrase, short enough, no empty placeholder."""

import re
import string
from collections.abc import Iterable, Sequence

from rules.call_sheet import CallSheet
from rules.script import CHOICES, MAY_BE_EMPTY, Script, ScriptStep, Text
from rules.script_check.explore import Edge
from rules.script_check.graphs import Seen
from rules.script_check.specimens import NOW, told
from rules.script_check.telling import way
from rules.script_check.values import Problems, Wording
from rules.script_check.ways import place_of
from rules.script_texts import spoken_facts

# The pace of an even voice, and its pauses. A digit counts as a syllable.
SYLLABLES_A_SECOND = 4.5
SHORT_PAUSE, LONG_PAUSE = 0.1, 0.3
MOST_SECONDS = 25.0

_OFFERED = re.compile(r"([^，。；、,;！？!?\s]{1,14}?)[，,]?请?(?:您)?按([0-9一二三四五六七八九])(?![0-9]*位)")
_DIGIT = {mark: str(number) for number, mark in enumerate("零一二三四五六七八九")}
_NEGATIVE = re.compile(r"^(如果|若)?(您)?(不|没|否|非|未)|不是|不清楚|不方便|没有|不能|记不清|不知道")


def spoken_seconds(text: str) -> float:
    """How long a sentence takes to say, in seconds."""
    long = len(re.findall(r"[。？！!?；;]", text))
    short = len(re.findall(r"[，,、：:“”]", text))
    syllables = len(re.findall(r"[一-鿿0-9]", text)) + len(re.findall(r"[A-Za-z]+", text))
    return syllables / SYLLABLES_A_SECOND + short * SHORT_PAUSE + long * LONG_PAUSE


def place_of_text(text: Text) -> tuple[str, int]:
    return text.file, text.line


def wording(script: Script, lists: Iterable[Wording], early: set[str], problems: Problems) -> None:
    """`early`: ids of the texts that can be said before identity is proven."""
    patterns = [(entry, re.compile(entry.pattern)) for entry in lists]
    for text in script.texts.values():
        for words in (text.words, *text.in_other.values()):
            for entry, pattern in patterns:
                if entry.before_identity and text.id not in early:
                    continue
                if entry.code == "LEADING_QUESTION" and not text.id.endswith((".ask", ".again")):
                    continue
                if found := pattern.search(words):
                    problems.add(
                        entry.code, place_of_text(text),
                        f"{text.id} 说“{found[0]}”：{entry.why_zh}（{entry.rule}）",
                        f"{text.id} says “{found[0]}”: {entry.why_en} ({entry.rule})",
                    )  # fmt: skip


def one_question_at_a_time(script: Script, problems: Problems) -> None:
    for text in script.texts.values():
        if text.id.endswith((".ask", ".again")) and (asked := text.words.count("？")) > 1 and text.discloses:
            problems.add(
                "SEVERAL_QUESTIONS", place_of_text(text),
                f"{text.id} 一次问了{asked}个问题，须逐一询问（R30）",
                f"{text.id} asks {asked} questions at once; they are asked one by one (R30)",
            )  # fmt: skip


def keys_fit_the_words(script: Script, problems: Problems) -> None:
    """The keys a text offers are those of its step, a yes and something else are among them, and none is turned round."""
    for step in script.steps.values():
        if not step.question:
            continue
        if step.question in CHOICES and step.keys and not _both_sides(step):
            problems.add(
                "ONE_SIDED_KEYS", place_of(step, "keys"),
                f"{step.id} 的按键只能表示一种回答", f"the keys of {step.id} allow one answer only",
            )  # fmt: skip
        for text_id in (step.ask, step.again):
            text = script.texts.get(text_id or "")
            if text is None:
                continue
            offered = {_DIGIT.get(key, key): label for label, key in _OFFERED.findall(text.words)}
            for key in offered:
                if key not in step.keys and key not in ("9", "0"):
                    problems.add(
                        "KEY_MEANS_NOTHING", place_of_text(text),
                        f"{text.id} 请客户按{key}，这个键没有约定", f"{text.id} offers key {key}, which means nothing",
                    )  # fmt: skip
            if step.question in CHOICES or step.question == "none_of_it":
                _turned_round(step, text, offered, problems)


def _both_sides(step: ScriptStep) -> bool:
    answers = {meaning.partition(".")[0] for meaning in step.keys.values()}
    return "YES" in answers and len(answers) > 1


def _turned_round(step: ScriptStep, text: Text, offered: dict[str, str], problems: Problems) -> None:
    for key, label in offered.items():
        meaning = step.keys.get(key, "").partition(".")[0]
        negative = bool(_NEGATIVE.search(label))
        if step.question == "none_of_it":
            negative = not negative
        if (meaning == "YES" and negative) or (meaning == "NO" and not negative and _names_the_other(offered, step)):
            problems.add(
                "KEYS_TURNED_ROUND", place_of_text(text),
                f"{text.id}：“{label}”按{key}，却记为{meaning}", f"{text.id}: “{label}” is key {key}, which is taken as {meaning}",
            )  # fmt: skip


def _names_the_other(offered: dict[str, str], step: ScriptStep) -> bool:
    """Whether another key of the text has a negative label, so that this one should have been the yes."""
    negative = [bool(_NEGATIVE.search(label)) for label in offered.values()]
    return any(negative) if step.question != "none_of_it" else not all(negative)


def short_enough(script: Script, sheets: Sequence[CallSheet], problems: Problems) -> float:
    """The longest utterance in seconds, spoken with the longest words that are put in."""
    longest = 0.0
    facts = [_facts(script, sheet) for sheet in _one_of_each_mode(sheets)]
    for text in script.texts.values():
        if "{" not in text.words:
            seconds = spoken_seconds(text.words)
        else:
            seconds = max(spoken_seconds(text.words.format_map(found)) for found in facts)
        longest = max(longest, seconds)
        if seconds > MOST_SECONDS:
            problems.add(
                "TOO_LONG", place_of_text(text),
                f"{text.id} 要说{seconds:.1f}秒，超过{MOST_SECONDS:.0f}秒",
                f"{text.id} takes {seconds:.1f} s to say, more than {MOST_SECONDS:.0f}",
            )  # fmt: skip
    return longest


def _one_of_each_mode(sheets: Sequence[CallSheet]) -> list[CallSheet]:
    return list({(s.policies[0].premium_mode, s.policies[0].channel): s for s in sheets}.values())


def _facts(script: Script, sheet: CallSheet) -> dict[str, str]:
    return spoken_facts(script, sheet, sheet.policies[0], NOW, (NOW, NOW))


def placeholders_exist(script: Script, seen: list[Seen], sheets: Sequence[CallSheet], problems: Problems) -> None:
    """Each placeholder of each text has words for every policy that can hear it."""
    needs = {
        text.id: [name for _, name, _, _ in string.Formatter().parse(text.words) if name and name not in MAY_BE_EMPTY]
        for text in script.texts.values()
    }
    steps_of: dict[str, ScriptStep | None] = {t.id: script.steps.get(t.step) for t in script.texts.values()}
    from rules.script_conditions import met

    for sheet in sheets:
        facts = _facts(script, sheet)
        policy = sheet.policies[0]
        empty = {name for name, words in facts.items() if not words}
        if not empty:
            continue
        for text in script.texts.values():
            step = steps_of[text.id]
            if step is not None and not met(step.when, sheet, policy):
                continue
            for name in needs[text.id]:
                if name in empty:
                    zh, en = told(sheet)
                    problems.add(
                        "PLACEHOLDER_MISSING", place_of_text(text),
                        f"{text.id} 要说{{{name}}}，而这样的保单没有：{zh}",
                        f"{text.id} says {{{name}}}, which such a policy has not: {en}",
                    )  # fmt: skip
    for one in seen:
        for edge in one.graph.edges:
            for text_id in edge.said:
                _time_is_known(script, one, edge, text_id, needs[text_id], problems)


def _time_is_known(script: Script, one: Seen, edge: Edge, text_id: str, needs: list[str], problems: Problems) -> None:
    lacking = ["appointment"] if "appointment" in needs and not edge.appointment else []
    lacking += [name for name in needs if name in ("slot1", "slot2") and not edge.end.offered]
    for name in lacking:
        problems.add(
            "PLACEHOLDER_MISSING", place_of_text(script.texts[text_id]),
            f"{text_id} 要说{{{name}}}，而此时没有约定时间", f"{text_id} says {{{name}}} where no time has been agreed",
            way(script, [*one.graph.way_to(edge.start), edge]),
        )  # fmt: skip
