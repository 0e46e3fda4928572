"""Answers → class and reasons. Derived, never typed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rules.answers import Answer, Said
from rules.items import SIGNATURE_ITEMS, SIMPLIFIED_ITEMS, mandatory_items
from rules.outcome_marks import MARK_STEPS, doubts_the_sale, marks_of, quality_marks
from rules.outcome_reasons import (
    ITEM_REASONS,
    MAPPINGS,
    MISSELLING_REASONS,
    OPEN_ANSWERS,
    RE_SIGN_REASONS,
    SIGNATURE_REASONS,
    VERIFICATION_REASONS,
    WITHOUT_EXPLANATION,
    Reason,
    because,
    doubts_in,
    reasons_to_verify,
)
from rules.parameters import Profile
from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step

__all__ = [
    "ITEM_REASONS",
    "MISSELLING_REASONS",
    "OPEN_ANSWERS",
    "QUESTION",
    "RE_SIGN_REASONS",
    "SIGNATURE_ITEMS",
    "SIGNATURE_REASONS",
    "STANDARD",
    "SUB_STANDARD",
    "VERIFICATION",
    "VERIFICATION_REASONS",
    "Outcome",
    "Reason",
    "class_b",
    "class_of",
    "confirmed_surrender",
    "disclosed_before_identity",
    "mandatory_items",
    "outcome",
]

STANDARD, SUB_STANDARD, QUESTION, VERIFICATION = "STANDARD", "SUB_STANDARD", "QUESTION", "VERIFICATION"

# Steps that come before the question for identity
OPENING = frozenset({"C1", "C2", "C3", "T1", "T2", "T3", "T4", "T5", "T6", "R1", "L1", "A1"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`class_` None: no class yet, `open_items` are asked in the next call (S1)."""

    completed: bool
    class_: str | None
    reasons: tuple[Reason, ...] = ()
    marks: tuple[str, ...] = ()
    open_items: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    seller_statement: str | None = None  # what the customer says the seller did, whether a reason follows or not

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Outcome":
        return from_plain(cls, data)


def outcome(
    answers: Iterable[Answer | Mapping],
    product_type: str,
    premium_mode: str,
    profile: Profile,
    *,
    receipt_on_file: bool = False,
    plan_used_up: bool = False,
    deliberate_hangups: int = 0,
    traceability: str = "NONE",
    by_proxy: bool = False,
    marked: Iterable[str] = (),
) -> Outcome:
    """The class that the final answers give. Of several final answers to one step the last counts, save where all do.

    `receipt_on_file`: a receipt is recorded, so "not received" disputes it (S4). `plan_used_up`: nobody will ring
    again, so open items make the case UNREACHABLE. `deliberate_hangups`: how often the policyholder hung up in all.
    `by_proxy`: an authorised relative answered, so signatures stay open (S9). `marked`: marks that no answer gives.
    """
    given = [_as_meant(a if isinstance(a, Answer) else _from_mapping(a)) for a in answers]
    rows = [a for a in given if a.final]
    last = {a.step: a for a in rows}
    if confirmed_surrender(rows):
        step = Step("R75", "核心系统确认已退保，无须回访", "the core system confirms the surrender: no callback is due")
        return Outcome(False, None, marks=tuple(marked), steps=(step,))
    reasons = reasons_to_verify(rows, last, profile, deliberate_hangups)
    statement = next((row.seller_statement for row in given if row.seller_statement), None)
    marks = marks_of(rows, last, reasons, receipt_on_file)
    items = mandatory_items(product_type, premium_mode, profile, traceability)
    open_items = tuple(
        item
        for item in items
        if item not in last or last[item].answer in OPEN_ANSWERS or (by_proxy and item in SIGNATURE_ITEMS)
    )
    found = doubts_in(given, rows, last)
    if by_proxy:
        found = [reason for reason in found if reason.step not in SIGNATURE_ITEMS]
    if plan_used_up and not reasons and open_items:
        reasons.append(Reason("UNREACHABLE"))
    every = (*reasons, *found)
    marks += quality_marks(every, statement or doubts_the_sale(last), profile)
    marks = tuple(dict.fromkeys((*marks, *(["answered_by_proxy"] if by_proxy else ()), *marked)))
    steps = (*(because(reason) for reason in every), *(MARK_STEPS[mark] for mark in marks if mark in MARK_STEPS))
    if items == SIMPLIFIED_ITEMS:
        step = Step(
            "R30", "双录合格，按简化话术，只问四项", "the sale's recording passed: the short script's four items"
        )
        steps = (step, *steps)
    if reasons:
        class_ = _strictest_class(reasons, profile)
        if class_ == VERIFICATION:
            step = Step(
                "R68", "有核实原因，回访未完成，为核实件", "a verification reason: the callback was not completed"
            )
        else:
            step = Step(
                "C15", "按规则版本，此原因归为问题件，回访未完成", "this profile makes it a question; not completed"
            )
        return Outcome(False, class_, every, marks, open_items, (*steps, step), statement)
    if open_items:
        step = Step(
            "S1",
            f"还有{len(open_items)}项没有明确回答（{'、'.join(open_items)}），暂不定类，下次接着问",
            f"{len(open_items)} items without a definite answer ({', '.join(open_items)}): no class yet, "
            "they are asked in the next call",
        )
        return Outcome(False, None, every, marks, open_items, (*steps, step), statement)
    if unsolved := [reason for reason in found if reason.corrected is not True]:
        class_ = _strictest_class(unsolved, profile)
        step = Step(
            "R67", "回访完成，有未解释清楚的事项，为问题件", "completed, and something stayed unclear: question"
        )
        if class_ == VERIFICATION:
            step = Step(
                "C17", "回访完成，按规则版本此事项归为核实件", "completed; this profile makes it a verification"
            )
    elif found:
        class_, step = (
            SUB_STANDARD,
            Step("R66", "有疑问但当场解释清楚，为次标准件", "a doubt that was explained on the line: sub-standard"),
        )
    else:
        class_, step = (
            STANDARD,
            Step("R65", "各项都有明确的肯定回答，为标准件", "every item has a definite yes: standard"),
        )
    return Outcome(True, class_, every, marks, (), (*steps, step), statement)


def class_of(reason: str, profile: Profile) -> str:
    """The class that this reason alone leads to where nothing has corrected it."""
    if reason in MAPPINGS:
        return profile[MAPPINGS[reason]]
    return VERIFICATION if reason in VERIFICATION_REASONS else QUESTION


def _strictest_class(reasons: Iterable[Reason], profile: Profile) -> str:
    classes = {class_of(reason.code, profile) for reason in reasons}
    return VERIFICATION if VERIFICATION in classes else QUESTION


def confirmed_surrender(answers: Iterable[Answer]) -> bool:
    """He says that he has left, and the core system confirms it (D2)."""
    last = {a.step: a for a in answers if a.final}
    confirmed = last.get("D2")
    return confirmed is not None and confirmed.answer == Said.YES


def disclosed_before_identity(answers: Iterable[Answer]) -> bool:
    """Of one contact, in the order asked: an item of the policy came up before identity was proven (S10). Where the
    opening of the call is not on record either, nothing can be said."""
    rows = list(answers)
    if all(row.step != "I1" and row.step not in OPENING for row in rows):
        return False
    proven = next((n for n, row in enumerate(rows) if row.step == "I1" and row.answer == Said.YES), len(rows))
    return any(row.step[:1] in "MND" for row in rows[:proven])


def class_b(result: Outcome | None, *, after_care: bool = False) -> str | None:
    """The view of taxonomy B (C12). `after_care`: the call confirmed the handling of a first-level order (R84)."""
    if result is None or result.class_ is None:
        return None
    if result.seller_statement or any(reason.seller_statement for reason in result.reasons):
        return "MISSELLING"
    codes = {reason.code for reason in result.reasons}
    if result.class_ == VERIFICATION and codes & (VERIFICATION_REASONS - {"CONTRACT_NOT_RECEIVED"}):
        return "SECOND_LEVEL_EXPLANATION" if after_care else "VERIFICATION"
    if result.class_ in (VERIFICATION, QUESTION):
        return "SECOND_LEVEL_EXPLANATION" if after_care else "FIRST_LEVEL_EXPLANATION"
    return None


def _from_mapping(row: Mapping) -> Answer:
    known = {name: row[name] for name in Answer.__dataclass_fields__ if name in row}
    return Answer(**known)


def _as_meant(row: Answer) -> Answer:
    """A yes that stayed unclear is none: where no explanation helps, he is not sure."""
    if row.step in WITHOUT_EXPLANATION and row.answer == Said.YES and row.corrected is False:
        return replace(row, answer=str(Said.UNSURE))
    return row
