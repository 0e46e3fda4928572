"""A class is derived, never typed in. Where people know better they say why, two of them, and both classes stay on record."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rules.cases import CaseState
from rules.outcome_reasons import MAPPINGS, MISSELLING_REASONS, RE_SIGN_REASONS, REASON_RULES, VERIFICATION_REASONS
from rules.outcomes import QUESTION, STANDARD, SUB_STANDARD, VERIFICATION
from rules.plain_values import from_plain, to_plain
from rules.refusals import Refused

# From the best to the gravest
CLASSES = (STANDARD, SUB_STANDARD, QUESTION, VERIFICATION)
# The reasons that a class may name (R69–R79); the four that the sources put differently fit both (C15–C17), and a loss of
# the recording is no finding about the customer.
REASONS_OF_CLASS: Mapping[str, tuple[str, ...]] = {
    STANDARD: (),
    SUB_STANDARD: tuple(sorted(MISSELLING_REASONS | {"OPEN_QUESTION"})),
    QUESTION: tuple(sorted((REASON_RULES.keys() - VERIFICATION_REASONS - {"RECORDING_LOST"}) | MAPPINGS.keys())),
    VERIFICATION: tuple(sorted(VERIFICATION_REASONS | MAPPINGS.keys())),
}
# The order that goes with each class, as with a derived one
ORDER_OF_CLASS = {SUB_STANDARD: "FEEDBACK_ONLY", QUESTION: "QUESTION", VERIFICATION: "VERIFICATION"}
CLOSE, KEEP, NO_ORDERS = ORDERS = ("CLOSE", "KEEP", "NONE")
# What an override closes when it is asked to: the orders that rest on the class itself
_OF_THE_CLASS = frozenset({"QUESTION", "VERIFICATION", "LETTER", "VISIT", "FEEDBACK_ONLY"})


class OverrideRefused(Refused):
    """An override without a reason, without a second person, or to a class that does not exist. Says which."""


@dataclass(frozen=True, slots=True)
class ClassOverride:
    """`derived` is what the answers gave and is kept for ever beside `class_`; `at` is when the second person agreed."""

    derived: str | None
    class_: str
    reason: str
    asked_by: str
    agreed_by: str
    at: datetime

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "ClassOverride":
        return from_plain(cls, data)


def check_proposal(
    in_force: str | None,
    completed: bool,
    class_: str,
    *,
    reason: str,
    asked_by: str,
    reasons: Collection[str] = (),
    orders: str = NO_ORDERS,
    open_orders: Collection[str] = (),
    callers: Collection[str] = (),
) -> None:
    """Whether one person may propose `class_` in the place of the one in force. Raises OverrideRefused.

    `completed` tells whether every mandatory item was answered. An unfinished callback cannot be made a success: that
    would count a conversation that never took place. `reasons`: what a class other than standard rests on. `orders`:
    what becomes of `open_orders` (kinds), which a better class makes idle. `callers`: who made the call.
    """
    if class_ not in CLASSES:
        raise OverrideRefused(
            "BAD_CLASS", f"没有{class_}这一类", f"a class is one of {', '.join(CLASSES)}, not {class_!r}"
        )
    if class_ == in_force:
        raise OverrideRefused("SAME_CLASS", "结论已经是这一类", f"the class is {class_} already")
    if not reason.strip():
        raise OverrideRefused("REASON_MISSING", "更改结论须说明理由", "an override needs a reason")
    if not asked_by.strip():
        raise OverrideRefused("PERSON_MISSING", "更改结论须由两人完成", "an override needs a second person")
    if asked_by.strip() in callers:
        raise OverrideRefused("OWN_CALL", "不得更改本人所拨电话的结论", "nobody overrides the class of his own call")
    if not completed and class_ != VERIFICATION:
        raise OverrideRefused(
            "NOT_COMPLETED", "回访未完成，不能改为该类", f"the callback was not completed, so it cannot be {class_}"
        )
    allowed = REASONS_OF_CLASS[class_]
    if wrong := sorted(set(reasons) - set(allowed)):
        raise OverrideRefused(
            "BAD_REASON", f"该类没有{'、'.join(wrong)}这一原因", f"{class_} does not rest on {', '.join(wrong)}"
        )
    if class_ in (QUESTION, VERIFICATION) and not reasons:
        raise OverrideRefused("REASONS_MISSING", "请选出该类的原因", f"{class_} rests on at least one reason")
    if needs_order_choice(class_, in_force, open_orders) and orders not in (CLOSE, KEEP):
        raise OverrideRefused(
            "ORDERS_MISSING", "尚有未结工单，请说明如何处理", "an order is open: say what becomes of it"
        )


def needs_order_choice(class_: str, in_force: str | None, open_orders: Collection[str]) -> bool:
    """Whether the override leaves open orders behind that its class does not ask for."""
    return any(kind in _OF_THE_CLASS and kind != ORDER_OF_CLASS.get(class_) for kind in open_orders)


def override_class(
    derived: str | None,
    completed: bool,
    class_: str,
    *,
    reason: str,
    asked_by: str,
    agreed_by: str,
    at: datetime,
    reasons: Collection[str] = (),
    in_force: str | None = None,
    callers: Collection[str] = (),
) -> ClassOverride:
    """The override that a second person has agreed to. `in_force` None: no override before, the derived class holds."""
    check_proposal(
        *(in_force or derived, completed, class_),
        reason=reason,
        asked_by=asked_by,
        reasons=reasons,
        orders=KEEP,
        callers=callers,
    )
    first, second = asked_by.strip(), agreed_by.strip()
    if not second or first == second:
        raise OverrideRefused("SAME_PERSON", "须由另一人确认", "an override needs a second person")
    if second in callers:
        raise OverrideRefused("OWN_CALL", "不得确认本人所拨电话的结论", "nobody overrides the class of his own call")
    return ClassOverride(derived, class_, reason.strip(), first, second, at)


def class_in_force(derived: str | None, overrides: tuple[ClassOverride, ...]) -> str | None:
    """The last override's class, else the derived one."""
    return overrides[-1].class_ if overrides else derived


@dataclass(frozen=True, slots=True)
class OverrideFollows:
    """What an agreed override sets going: orders that close, the order that its class asks for, where the case stands.

    `action` is that of the new order; `state` None leaves the case where it is.
    """

    closes: frozenset[str]
    issues: str | None
    action: str | None
    state: CaseState | None


def override_follows(
    class_: str, *, reasons: Iterable[str], orders: str, case_state: str, standing: Collection[str]
) -> OverrideFollows:
    """`standing`: the kinds of the orders of this round, open or not; one that stands already is not issued again."""
    case_state = CaseState(case_state)
    kind = ORDER_OF_CLASS.get(class_)
    issues = kind if kind is not None and kind not in standing else None
    closes = frozenset(_OF_THE_CLASS - {kind}) if orders == CLOSE else frozenset()
    state = None
    if class_ in (STANDARD, SUB_STANDARD):
        if orders != KEEP and case_state in (CaseState.AT_BRANCH, CaseState.IN_REVIEW):
            state = CaseState.CLOSED
    elif issues is not None and case_state in (CaseState.CLOSED, CaseState.IN_REVIEW):
        state = CaseState.AT_BRANCH
    action = "RE_SIGN" if issues == "QUESTION" and RE_SIGN_REASONS & set(reasons) else None
    return OverrideFollows(closes, issues, action, state)
