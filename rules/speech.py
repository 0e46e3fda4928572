"""An utterance or a key → an answer. Never YES by default: a yes must explain the whole utterance (C10, S2).

What is said is folded into usual spelling, looked through for what decides at any question, tried as a definite yes
(rules.spoken_yes), and only then for doubt, denial and questions (rules.speech_readings, row by row).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rules import speech_readings as readings
from rules import speech_tables as tables
from rules.answers import Said
from rules.reasoning import Step
from rules.speech_readings import Reading, first
from rules.spoken_asides import stands_beside, stands_with
from rules.spoken_forms import clauses, plain, usual
from rules.spoken_yes import is_clear_now, is_yes, made_of

LEAST_CONFIDENCE = 0.4  # below it, what a recogniser offers is a guess
LONGEST_HEARD = 300  # characters that are looked at

_ASKED_AS = {"identity": "person", "understands": "confirm"}


@dataclass(frozen=True, slots=True)
class Understood:
    """`because` tells which rule read it so. `detail` refines the answer, such as DECEASED or WANTS_SURRENDER."""

    answer: Said
    because: Step
    confidence: float | None = None
    detail: str | None = None
    signer: str | None = None
    seller_statement: str | None = None


def understand(
    text: str, question: str = "clear", confidence: float | None = None, *, names: tuple[str, ...] = ()
) -> Understood:
    """What a spoken answer to `question` means (see rules.script.QUESTIONS; `identity` is `person`).

    `names` are the person's own names, so that "我是王芳" is understood without a list of names.
    """
    question = _ASKED_AS.get(question, question)
    text = _named(text[:LONGEST_HEARD].replace("？", "?"), names)
    if not plain(text):
        return _say(Said.SILENT, confidence, "没有听到回答", "nothing was said")
    if confidence is not None and confidence < LEAST_CONFIDENCE:
        return _say(Said.NOT_UNDERSTOOD, confidence, "识别把握不足", f"recognised with less than {LEAST_CONFIDENCE}")
    read = _read(text, usual(text), question)
    seller = _seller_statement(plain(usual(text)))
    return Understood(read.answer, Step("C10", read.zh, read.en), confidence, read.detail, read.signer, seller)


def understand_key(key: str, keys: Mapping[str, str]) -> Understood:
    """What a pressed key means: `keys` of the step, 9 to hear it again, 0 for a person."""
    meaning = keys.get(key) or {"9": "REPEAT", "0": "OPERATOR"}.get(key)
    if meaning is None:
        return _say(Said.NOT_UNDERSTOOD, None, f"按键{key}没有约定", f"key {key} means nothing here")
    answer, _, detail = meaning.partition(".")
    step = Step("C10", f"按键{key}", f"key {key}")
    if answer in ("FAMILY", "AGENT", "UNKNOWN"):
        return Understood(Said.NO, step, signer=answer)
    return Understood(Said(answer), step, detail=detail or None)


def _read(as_spelled: str, text: str, question: str) -> Reading:
    """`as_spelled`: a region's spelling tells that somebody speaks another language, before it is folded into `text`."""
    whole = plain(text)
    found = first(readings.ANYWHERE, whole, question) or first(readings.ANOTHER_LANGUAGE, plain(as_spelled))
    if found:
        return found
    if is_clear_now(text, question):
        return readings.NOW_CLEAR
    if is_yes(text, question) and not readings.SOMEBODY_ELSE.fits(whole, question):
        return readings.DEFINITE_YES
    if question == "anything_else" and made_of(whole, tables.NOTHING_ELSE, tables.BESIDE_NOTHING_ELSE):
        return readings.NOTHING_ELSE
    found = first(readings.INSTEAD_OF_AN_ANSWER, whole, question)
    if found:
        return found
    if question == "anything_else":
        return first(readings.ANYTHING_ELSE, whole) or readings.NEITHER
    return _read_doubtful(clauses(text), question)


def _read_doubtful(parts: tuple[str, ...], question: str) -> Reading:
    """A denial, a doubt or a question: what is beside the point is left out, and the last clause may decide."""
    whole = "".join(parts)
    found = first(readings.NOT_ONE_S_OWN_KNOWLEDGE, whole)
    if found:
        return found
    if len(parts) > 1 and re.search(readings.ENDS_WITH_NO, parts[-1]):
        return readings.LAST_IS_NO
    if re.search(readings.BEGINS_WITH_NO, parts[0]) and not re.search(
        f"{tables.QUESTIONS}|{readings.OF_KNOWING}", "，".join(parts[1:])
    ):
        return readings.FIRST_IS_NO
    denials_of_a_denial = [part for part in parts if stands_with(part)]
    to_the_point = (part for part in parts if not stands_beside(part, question) and part not in denials_of_a_denial)
    found = first(readings.DOUBTFUL, "，".join(to_the_point), question) or first(readings.SOUNDS, whole, question)
    if found:
        return found
    if denials_of_a_denial:
        return readings.DOUBLE_NEGATION
    if _seller_statement(whole):
        return readings.SELLER_S_WORDS
    return readings.NO_DEFINITE_ANSWER


def _seller_statement(whole: str) -> str | None:
    return next((kind for kind, pattern in tables.SELLER_STATEMENTS if re.search(pattern, whole)), None)


def _named(text: str, names: tuple[str, ...]) -> str:
    """The person's own names become 本人, his surname alone ("老王", "免贵姓王") 本姓: it may be a relation's."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = text.replace(name, "本人")
        text = re.sub(f"(?<!不)(?:姓|老|小){name[0]}(?![一-鿿]?(?:的|家|说|讲))", "本姓", text)
    return text


def _say(answer: Said, confidence: float | None, zh: str, en: str) -> Understood:
    return Understood(answer, Step("C10", zh, en), confidence)
