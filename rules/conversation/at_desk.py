"""The same script for somebody who reads it: what to say now, which answers there are and by which keys, what explains.

Robot, agent, letter, visit and electronic form share the step ids and the engine; only the way an answer comes in
differs (`answered` instead of a recogniser).
"""

from dataclasses import dataclass

from rules.call_sheet import CallSheet
from rules.conversation.rendering import render
from rules.conversation.values import Progress, Utterance
from rules.conversation.walk import identity_plan
from rules.outcomes import SIGNATURE_REASONS
from rules.script import IDENTITY_QUESTIONS, Script, ScriptStep
from rules.script_texts import spoken_facts


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer and the key that gives it; digits stand for what the customer may be told, letters for the rest."""

    key: str
    answer: str
    detail: str | None = None
    signer: str | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """`takes`: `choice`, or the words that must be typed: `birth_date`, `id_last4`, `district`, `time`, `day`, `text`.

    No utterance, explanation or restatement here tells a fact of the policy before identity is proven.
    """

    step: str
    records: str
    purpose: str
    policy: int
    identity: str
    say: tuple[Utterance, ...]
    takes: str | None = None
    choices: tuple[Choice, ...] = ()
    explanation: str | None = None
    restatement: str | None = None
    ended: str | None = None
    done: tuple[str, ...] = ()  # steps of the path before this one
    ahead: tuple[str, ...] = ()  # and after it


_ELSE = (
    Choice("s", "SILENT"),
    Choice("r", "REPEAT"),
    Choice("b", "BUSY"),
    Choice("x", "REFUSE"),
)
_BEFORE_IDENTITY = (
    Choice("t", "THIRD_PARTY"),
    Choice("w", "NO", "NO_SUCH_PERSON"),
    Choice("d", "NO", "DECEASED"),
    Choice("q", "QUESTION"),
)
_ONCE_PROVEN = (
    Choice("q", "QUESTION"),
    Choice("c", "OBJECT", "COMPLAINT"),
    Choice("v", "OBJECT", "WANTS_SURRENDER"),
    Choice("g", "OBJECT", "ALREADY_SURRENDERED"),
)
_HARD_TO_TALK = (Choice("l", "NO", "LANGUAGE"), Choice("h", "NO", "HEARING"), Choice("a", "NO", "AGE"))


def offer(script: Script, sheet: CallSheet, progress: Progress) -> Offer:
    """The step at which the call stands, for somebody who leads it by hand. The same progress gives the same offer."""
    rendered = render(script, sheet, progress)
    step = script.steps[progress.step]
    if progress.ended:
        return Offer(
            step.id, step.records, step.purpose, progress.policy, progress.identity, rendered.utterances,
            ended=progress.ended,
        )  # fmt: skip
    policy = sheet.policies[min(progress.policy, len(sheet.policies) - 1)]
    facts = spoken_facts(script, sheet, policy, progress.appointment, progress.slots)

    def words(text_id: str | None) -> str | None:
        if text_id is None or (script.texts[text_id].discloses and progress.identity != "PROVEN"):
            return None
        return script.texts[text_id].words_in(sheet.language).format_map(facts)

    path = _path(script, sheet)
    at = path.index(progress.place) if progress.place in path else 0
    return Offer(
        step=step.id,
        records=step.records,
        purpose=step.purpose,
        policy=progress.policy,
        identity=progress.identity,
        say=rendered.utterances,
        takes=_takes(step),
        choices=_choices(step, progress),
        explanation=words(step.explain),
        restatement=words(step.restate),
        done=path[:at],
        ahead=path[at + 1 :],
    )


def _path(script: Script, sheet: CallSheet) -> tuple[str, ...]:
    plan = identity_plan(sheet)
    asked = lambda step: script.steps[step].question not in IDENTITY_QUESTIONS or script.steps[step].question in plan  # noqa: E731
    return (*filter(asked, script.opening), *script.per_policy, *script.closing)


def _takes(step: ScriptStep) -> str:
    if step.question in (*IDENTITY_QUESTIONS, "time", "day"):
        return step.question
    return "text" if step.question == "what" else "choice"


def _choices(step: ScriptStep, progress: Progress) -> tuple[Choice, ...]:
    proven = progress.identity == "PROVEN"
    found: list[Choice] = []
    for key, meaning in step.keys.items():
        answer, _, detail = meaning.partition(".")
        if answer in ("FAMILY", "AGENT", "UNKNOWN"):
            found.append(Choice(key, "NO", signer=answer))
        else:
            found.append(Choice(key, answer, detail or None))
    given = {(choice.answer, choice.detail) for choice in found}
    more: list[Choice] = []
    if step.question in ("clear", "confirm", "purchase", "signature", "documents", "none_of_it", "day"):
        more.append(Choice("3", "UNSURE"))
    if step.question == "purchase":
        more.append(Choice("4", "OBJECT", "DENIES"))
    if step.question == "documents":
        more.append(Choice("4", "NO", "CLAUSES_NOT_SUPPLIED"))
    if step.records in SIGNATURE_REASONS and step.question == "signature":
        more += [Choice("4", "NO", signer="FAMILY"), Choice("5", "NO", signer="AGENT")]
    more += _ELSE
    more += _ONCE_PROVEN if proven else _BEFORE_IDENTITY
    more += _HARD_TO_TALK
    return (*found, *(c for c in more if (c.answer, c.detail) not in given or c.signer))
