"""A turn of a call: begun, and led on by what the line brought or by what an agent notes."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from rules.answers import Said
from rules.call_sheet import CallSheet
from rules.conversation.answers import take_answer
from rules.conversation.identity import hear_element
from rules.conversation.open_questions import hear_words
from rules.conversation.times import hear_day, hear_time
from rules.conversation.understanding import understood
from rules.conversation.values import Heard, Progress, Turn
from rules.conversation.walk import Walk
from rules.reasoning import Step
from rules.script import IDENTITY_QUESTIONS, Script
from rules.speech import Understood
from rules.spoken_numbers import read_mobile


def begin(script: Script, sheet: CallSheet) -> Turn:
    """The first thing said when somebody answers."""
    walk = Walk(script, sheet, Progress())
    walk.go(script.opening[0])
    return walk.turn()


def next_turn(script: Script, sheet: CallSheet, progress: Progress, heard: Heard, now: datetime) -> Turn:
    """What follows from what was heard; an ended call stays as it is."""
    if progress.ended:
        return Turn(progress)
    walk = Walk(script, sheet, progress)
    walk.heard = heard
    step = walk.step
    if heard.kind == "speech":
        walk.candidate = read_mobile(heard.text) if step.question == "time" else None
    if step.question in IDENTITY_QUESTIONS and hear_element(walk, step, heard):
        return walk.turn()
    if step.question == "what" and hear_words(walk, step, heard):
        return walk.turn()
    meant = understood(walk, step, heard)
    if step.question == "time" and hear_time(walk, step, heard, meant, now):
        return walk.turn()
    if step.question == "day" and hear_day(walk, step, heard, meant, now):
        return walk.turn()
    take_answer(walk, step, meant, now)
    return walk.turn()


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as an agent notes it. `text`: what was said, where the words themselves count (an element of identity,
    a time, a question, who a proxy is). `day`: for a question that asks for one."""

    answer: str
    detail: str | None = None
    signer: str | None = None
    seller_statement: str | None = None
    text: str = ""
    day: date | None = None


def answered(script: Script, sheet: CallSheet, progress: Progress, given: Given, now: datetime) -> Turn:
    """What follows from the answer that an agent notes: the same engine as for the robot, without a recogniser.

    Words that prove identity, name a time or ask something are read as speech is. Raises ValueError for an answer that
    is none of the vocabulary.
    """
    turn = _answered(script, sheet, progress, given, now)
    return replace(turn, answers=tuple(replace(answer, how="agent") for answer in turn.answers))


def _answered(script: Script, sheet: CallSheet, progress: Progress, given: Given, now: datetime) -> Turn:
    said = Said(given.answer)
    if progress.ended:
        return Turn(progress)
    walk = Walk(script, sheet, progress)
    step = walk.step
    if given.text and step.question in (*IDENTITY_QUESTIONS, "time", "what"):
        return next_turn(script, sheet, progress, Heard("speech", given.text), now)
    if given.day is not None and step.question == "day":
        spoken = f"{given.day.year}年{given.day.month}月{given.day.day}日"
        return next_turn(script, sheet, progress, Heard("speech", spoken), now)
    walk.heard = Heard("speech", given.text)
    because = Step("R30", "坐席记录的回答", "the answer as the agent noted it")
    noted = Understood(said, because, None, given.detail, given.signer, given.seller_statement)
    if step.question == "time" and hear_time(walk, step, walk.heard, noted, now):
        return walk.turn()
    take_answer(walk, step, noted, now)
    return walk.turn()
