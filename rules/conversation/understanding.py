"""What was heard → one answer of the vocabulary, for the question that is open."""

import re
from dataclasses import replace

from rules.answers import Said
from rules.call_sheet import PersonFacts
from rules.conversation.values import Heard
from rules.conversation.walk import Walk
from rules.reasoning import Step
from rules.script import IDENTITY_QUESTIONS, ScriptStep
from rules.speech import Understood, understand, understand_key

_NOBODY = re.compile(
    r"(没有?人|谁也没有?|都没有?|没有)(这么|这样|跟我|对我)*(说|讲|教|承诺|提|讲起|说起)*(过|的)?(我)?(这些|这个)?(话|事)?"
    r"((都|全|只)?(是)?(按|照)?(合同|条款)(里|上|里面)?(写|有|说)?(的|着的?|明的?)*)?"
)
# Questions that are heard like another one
_HEARD_AS = {"consent": "willing", "none_of_it": "anything_else", "day": "signature"}


def understood(walk: Walk, step: ScriptStep, heard: Heard) -> Understood:
    if heard.kind == "nothing" or not heard.text.strip():
        return Understood(Said.SILENT, Step("S2", "没有回答", "no answer"))
    if heard.kind == "keys":
        if step.question in IDENTITY_QUESTIONS and heard.text not in ("0", "9"):
            return Understood(Said.NOT_UNDERSTOOD, Step("C10", "按键读不出来", "these keys cannot be read"))
        return understand_key(heard.text, step.keys)
    question = step.question or "clear"
    found = understand(heard.text, _HEARD_AS.get(question, question), heard.confidence, names=names(walk.sheet.person))
    if question == "none_of_it":
        return _of_none(found, heard.text)
    if question == "day" and found.answer is Said.YES:  # "yes" is no day
        return replace(found, answer=Said.NOT_UNDERSTOOD)
    return found


def _of_none(found: Understood, text: str) -> Understood:
    """ "没有" means that there was nothing of the kind: the favourable answer. Something told about the seller is not."""
    if found.seller_statement and found.answer not in (Said.SILENT, Said.REPEAT):
        return replace(found, answer=Said.NO)
    if _NOBODY.fullmatch(re.sub(r"[\s,，。.、!！]", "", text)) and found.answer is not Said.NOT_UNDERSTOOD:
        return replace(found, answer=Said.YES, detail=None)
    if found.detail is None and found.answer in (Said.NO, Said.QUESTION):
        return replace(found, answer=Said.YES if found.answer is Said.NO else Said.NO)
    return found


def names(person: PersonFacts) -> tuple[str, ...]:
    return (person.name, f"{person.name[:1]}{person.title}") if person.name else ()
