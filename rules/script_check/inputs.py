"""Everything that can be answered to a question of a script: the inputs over which its proofs go."""

from collections.abc import Callable
from dataclasses import dataclass

from rules.answers import Said
from rules.conversation.answers import take_answer
from rules.conversation.identity import take_element
from rules.conversation.open_questions import hear_words
from rules.conversation.times import hear_day, hear_time
from rules.conversation.values import Heard
from rules.conversation.walk import Walk
from rules.outcomes import OPEN_ANSWERS
from rules.reasoning import Step
from rules.script import IDENTITY_QUESTIONS, Script, ScriptStep
from rules.script_check.specimens import NOW
from rules.speech import Understood

_BECAUSE = Step("R30", "逐一推演", "tried one by one")
# What an answer may say beside itself, at any question
DETAILS = {
    Said.NO: ("LANGUAGE", "HEARING", "AGE"),
    Said.OBJECT: ("COMPLAINT", "ALREADY_SURRENDERED", "WANTS_SURRENDER", "DENIES"),
    Said.REFUSE: ("INFORMED",),
}
_FINDING_THE_PERSON = ("DECEASED", "NO_SUCH_PERSON")
# Answers that say nothing of the step's own question
ASIDE = frozenset(
    {Said.SILENT, Said.NOT_UNDERSTOOD, Said.REPEAT, Said.BUSY, Said.REFUSE, Said.OPERATOR, Said.THIRD_PARTY}
)


@dataclass(frozen=True, slots=True)
class Input:
    """`label`: an answer, answer.detail, or a word of its own. `own`: it answers the question asked.

    `in_a_row`: what it asks of the counters of silence and of misheard turns before it, each by itself.
    """

    label: str
    give: Callable[[Walk], None]
    own: bool = True
    in_a_row: tuple[dict, ...] = ({},)


def inputs(script: Script, step: ScriptStep, merge: bool = True) -> list[Input]:
    """Every input at this step's question: the whole vocabulary, with every detail that any step looks at.

    `merge`: answers that the engine cannot tell apart here are given once, under the first of them.
    """
    found = _of_the_question(script, step)
    pairs = [(said, None) for said in Said if said is not Said.HANGUP]
    pairs += [(said, detail) for said, details in DETAILS.items() for detail in details]
    if step.question in ("person", "convenient", "willing", "time"):
        pairs += [(Said.NO, detail) for detail in _FINDING_THE_PERSON]
    for label in (*step.on, *script.anywhere, *step.keys.values()):
        answer, _, detail = label.partition(".")
        if answer in set(Said) and (Said(answer), detail or None) not in pairs and not detail.startswith("SLOT"):
            pairs.append((Said(answer), detail or None))
    met: set[tuple] = set()
    for said, detail in pairs:
        route = _route(script, step, said, detail)
        if merge and route in met:
            continue
        met.add(route)
        label = f"{said}.{detail}" if detail else str(said)
        own = said not in ASIDE and label not in script.anywhere
        in_a_row: tuple[dict, ...] = ({},)
        if said is Said.SILENT:
            in_a_row = ({}, {"silent_in_a_row": script.silent_turns - 1})
        elif said is Said.NOT_UNDERSTOOD:
            in_a_row = ({}, {"misheard_in_a_row": 99})
        found.append(Input(label, _answering(step, said, detail), own, in_a_row))
    if step.question == "signature":
        found.append(Input("NO.FAMILY", _answering(step, Said.NO, None, "FAMILY")))
    return found


def _route(script: Script, step: ScriptStep, said: Said, detail: str | None) -> tuple:
    """What the engine looks at (rules/conversation/answers.py): where the answer is sent, and these few of its traits."""
    refined = f"{said}.{detail}"
    ways = (step.on.get(refined), script.anywhere.get(refined), step.on.get(said), script.anywhere.get(said))
    by_itself = said in (Said.YES, Said.SILENT, Said.NOT_UNDERSTOOD, Said.REPEAT, Said.QUESTION)
    questions = step.records == "K3" or step.question in ("time", "consent") or step.id == "K1.since"
    telling = detail if detail in ("DENIES", *_FINDING_THE_PERSON) or questions else None
    return (
        tuple(way for way in ways if way is not None),
        said if by_itself or questions else None,
        telling,
        said in ASIDE,
        said in OPEN_ANSWERS,
    )


def _answering(step: ScriptStep, said: Said, detail: str | None, signer: str | None = None) -> Callable[[Walk], None]:
    understood = Understood(said, _BECAUSE, None, detail, signer)

    def give(walk: Walk) -> None:
        walk.heard = Heard("nothing") if said is Said.SILENT else Heard("speech")
        if step.question == "time" and hear_time(walk, step, walk.heard, understood, NOW):
            return
        take_answer(walk, step, understood, NOW)

    return give


def _of_the_question(script: Script, step: ScriptStep) -> list[Input]:
    question = step.question

    def element(right: bool) -> Callable[[Walk], None]:
        return lambda walk: take_element(walk, step, right)

    def words(text: str, how: Callable, said: Said = Said.NOT_UNDERSTOOD) -> Callable[[Walk], None]:
        def give(walk: Walk) -> None:
            walk.heard = Heard("speech", text)
            understood = Understood(said, _BECAUSE)
            if not how(walk, step, walk.heard, understood, NOW):
                take_answer(walk, step, understood, NOW)

        return give

    if question in IDENTITY_QUESTIONS:
        return [Input("RIGHT", element(True)), Input("WRONG", element(False))]
    if question == "time":
        found = [
            Input("TIME", words("明天上午十点", hear_time)),
            Input("TIME_NOT_PERMITTED", words("明天晚上十点", hear_time)),
        ]
        if step.keys:
            slot = Understood(Said.YES, _BECAUSE, None, "SLOT1")
            found.append(Input("SLOT", lambda walk: hear_time(walk, step, Heard("keys", "1"), slot, NOW)))
        return found
    if question == "day":
        return [Input("DAY", words("昨天", hear_day))]
    if question == "what" and step.records != "K3":
        return [Input("WORDS", words("李梅，家里人", lambda walk, step, heard, *_: hear_words(walk, step, heard)))]
    if step.records == "K3" and question in ("anything_else", "what"):
        never = lambda *_: False  # noqa: E731
        known = [r.words[0] for r in script.ready_answers if r.words][:1]
        asked = [*(("READY_QUESTION", word) for word in known), ("OTHER_QUESTION", "窗外的天气怎么样呢")]
        return [Input(label, words(f"我想问一下{word}", never, Said.QUESTION)) for label, word in asked]
    return []
