"""Answers in free words: what the customer still wants to know (K3), and who a proxy is (T6)."""

from rules.answers import Said
from rules.conversation.values import Heard
from rules.conversation.walk import Walk
from rules.reasoning import Step
from rules.script import NEXT, ReadyAnswer, ScriptStep
from rules.speech import LEAST_CONFIDENCE, Understood

READY_ANSWERS = 2  # in one call


def hear_words(walk: Walk, step: ScriptStep, heard: Heard) -> bool:
    """Whether these words are the answer itself, whatever they say: name and relation of a proxy, for the record."""
    sure = heard.confidence is None or heard.confidence >= LEAST_CONFIDENCE
    if step.records == "K3" or heard.kind != "speech" or not heard.text.strip() or not sure or "YES" not in step.on:
        return False
    walk.at["silent_in_a_row"] = walk.at["misheard_in_a_row"] = 0
    because = Step("C6", "记录代答人的姓名和关系", "the proxy's name and relation, for the record")
    walk.record(Understood(Said.YES, because, heard.confidence), final=True, person=True)
    walk.go(step.on["YES"])
    return True


def hear_question(walk: Walk, step: ScriptStep, understood: Understood) -> bool:
    if understood.answer is Said.NO and understood.detail is None:
        if step.question == "what":
            walk.record(understood, final=True, answer=Said.NO)
            walk.go(NEXT)
            return True
        return False
    known = understood.answer in (Said.QUESTION, Said.UNSURE, Said.NO) or step.question == "what"
    if understood.detail or not known or understood.answer in (Said.REFUSE, Said.BUSY, Said.OPERATOR):
        return False
    ready = _ready_for(walk) if walk.heard.kind == "speech" else None
    if ready is not None and walk.count("answered", "K3") <= READY_ANSWERS:
        walk.record(understood, final=False, answer=Said.QUESTION)
        walk.at["ready"] = ready.id
        walk.say(ready.text)
        walk.go("K3.answered")
        return True
    if step.question == "anything_else" and (walk.heard.kind == "keys" or len(walk.heard.text) <= 6):
        return False  # only said that there is one: ask what it is
    walk.record(understood, final=True, answer=Said.QUESTION, detail="NOT_ANSWERABLE", corrected=False)
    walk.go("K3.noted")
    return True


def ready_answer_clear(walk: Walk, understood: Understood) -> None:
    if understood.answer is Said.YES:
        walk.record(understood, final=True, answer=Said.QUESTION, detail="ANSWERED", corrected=True)
        return walk.go(NEXT)
    walk.record(understood, final=True, answer=Said.QUESTION, detail="NOT_ANSWERABLE", corrected=False)
    return walk.go("K3.noted")


def _ready_for(walk: Walk) -> ReadyAnswer | None:
    heard = walk.heard.text
    return next((r for r in walk.script.ready_answers if any(word in heard for word in r.words)), None)
