"""Proving identity: two elements, one retry, no hint. What was said is kept nowhere."""

import re

from rules.answers import Said
from rules.conversation.understanding import understood
from rules.conversation.values import Heard
from rules.conversation.walk import Walk, identity_plan
from rules.reasoning import Step
from rules.script import NEXT, ScriptStep
from rules.speech import LEAST_CONFIDENCE, Understood
from rules.spoken_numbers import read_birth_date, read_digits

IDENTITY_ROUNDS = 2  # one retry


def hear_element(walk: Walk, step: ScriptStep, heard: Heard) -> bool:
    """Whether what was heard is an answer to this element, right or wrong."""
    if heard.kind == "nothing" or not heard.text.strip():
        return False
    if heard.kind == "speech" and heard.confidence is not None and heard.confidence < LEAST_CONFIDENCE:
        return False
    person = walk.sheet.person
    if step.question == "birth_date":
        said = read_birth_date(heard.text)
        right = said is not None and said == person.birth_date
    elif step.question == "id_last4":
        said = read_digits(heard.text, 4)
        right = said is not None and said == (person.id_last4 or "").upper()
    else:
        if heard.kind == "keys":
            return False
        right = same_district(heard.text, person.district or "")
        said = "" if right or re.search(r"[区县市旗]", heard.text) else None
    if said is None:
        meant = understood(walk, step, heard)
        if heard.kind == "keys" or meant.answer not in (Said.NO, Said.UNSURE) or meant.detail:
            return False
    walk.at["silent_in_a_row"] = walk.at["misheard_in_a_row"] = 0
    take_element(walk, step, right)
    return True


def take_element(walk: Walk, step: ScriptStep, right: bool) -> None:
    if right:
        walk.at["identity_passed"] += (step.question,)
    plan = identity_plan(walk.sheet)
    if step.question != plan[-1]:
        return walk.go(NEXT)
    if len(walk.at["identity_passed"]) == len(plan):
        walk.at["identity"] = "PROVEN"
        walk.record(_result(Said.YES), final=True, step="I1", person=True)
        return walk.go(NEXT)
    walk.record(_result(Said.NO), final=True, step="I1", person=True)
    if walk.at["identity_round"] < IDENTITY_ROUNDS:
        walk.at["identity_round"] += 1
        walk.at["identity_passed"] = ()
        walk.say("phrase.mismatch")
        first = next(s for s in walk.script.opening if walk.script.steps[s].question == plan[0])
        return walk.go(first)
    walk.at["identity"] = "FAILED"
    return walk.go("I1.mismatch")


def _result(answer: Said) -> Understood:
    words = (
        ("两项身份信息一致", "both elements agree")
        if answer is Said.YES
        else ("身份信息不一致", "the elements do not agree")
    )
    return Understood(answer, Step("R31", *words))


def same_district(said: str, on_file: str) -> bool:
    def core(name: str) -> str:
        return re.sub(r"(自治县|新区|区|县|市|旗)$", "", name)

    wanted = core(on_file.strip())
    return (
        len(wanted) >= 2
        and wanted in re.sub(r"\s", "", said)
        and not re.search(rf"不(是|在)[^，,。]*{re.escape(wanted)}", said)
    )
