"""Head office looks at a handled order: whether it holds what it must, and what follows for the case."""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.cases import CaseState
from rules.parameters import DEFAULTS, Profile
from rules.reasoning import Step
from rules.refusals import Refused
from rules.work_orders import WorkOrderState

VERIFIED, RETURNED = VERDICTS = ("VERIFIED", "RETURNED")
SIGNED, WAIVED, NOT_NEEDED = STATEMENTS = ("SIGNED", "WAIVED", "NOT_NEEDED")


class ReviewRefused(Refused):
    """A review that may not stand."""


@dataclass(frozen=True, slots=True)
class Handled:
    """An order as it lies before head office. `statement_ref`: where the customer's signed statement is kept."""

    kind: str
    state: str
    handled_by: str | None
    statement_ref: str | None = None


def statement_needed(kind: str, profile: Profile = DEFAULTS) -> bool:
    """Whether the customer's own signature closes an order of this kind (C52)."""
    return kind == "QUESTION" and profile["question.customer_signature"] == "REQUIRED"


def review(
    order: Handled, verdict: str, *, reviewer: str, reason: str = "", waive: bool = False, profile: Profile = DEFAULTS
) -> str:
    """SIGNED, WAIVED or NOT_NEEDED for an order that may be reviewed so. Raises ReviewRefused.

    Whoever handled it does not verify it. To return it, or to do without the customer's statement, takes a reason.
    """
    if verdict not in VERDICTS:
        raise ReviewRefused("BAD_VERDICT", f"结论不能是{verdict}", f"a verdict is VERIFIED or RETURNED, not {verdict}")
    if order.state != WorkOrderState.HANDLED:
        raise ReviewRefused("NOT_HANDLED", "工单尚未处理完", "the order is not handled yet")
    if order.handled_by is not None and order.handled_by == reviewer:
        raise ReviewRefused("SAME_PERSON", "处理人不得核验自己的工单", "whoever handled an order does not review it")
    reasoned = bool(reason.strip())
    if verdict == RETURNED:
        if not reasoned:
            raise ReviewRefused("REASON_MISSING", "退回须说明理由", "to return an order takes a reason")
        return NOT_NEEDED
    if not statement_needed(order.kind, profile):
        return NOT_NEEDED
    if (order.statement_ref or "").strip():
        return SIGNED
    if not waive:
        raise ReviewRefused(
            "STATEMENT_MISSING",
            "问题件须有客户亲笔签字的声明，或写明理由予以豁免",
            "a question closes with the customer's signed statement or a reasoned waiver",
        )
    if not reasoned:
        raise ReviewRefused("REASON_MISSING", "豁免须说明理由", "a waiver takes a reason")
    return WAIVED


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One order of the case's present round."""

    kind: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Next:
    """Where the case goes. `order`: the kind of order that goes with it, for `order_at` HEAD_OFFICE or BRANCH."""

    state: CaseState
    why: str
    step: Step
    order: str | None = None
    order_at: str | None = None


# Orders that stand beside the case and neither hold a review up nor follow from one
BESIDE = ("FEEDBACK_ONLY", "AFTER_CARE")
# How the steps that are items of a callback begin
_ITEM_LETTERS = ("M", "N")
# What a branch still has in hand, or head office has not looked at
_OUTSTANDING = frozenset({WorkOrderState.ISSUED, WorkOrderState.ACCEPTED, WorkOrderState.HANDLED})


def asked_after_care(doubted: Iterable[str]) -> tuple[str, ...]:
    """The items of the call that confirms what a branch has handled: those that were in doubt (R92). After a receipt that
    was not signed the period begins anew, so receipt and period are asked with it (S5). None named: the whole is asked.
    """
    items = [step for step in dict.fromkeys(doubted) if step[:1] in _ITEM_LETTERS]
    if "M2.receipt_signed" in items:
        items += [item for item in ("M2.received", "M8") if item not in items]
    return tuple(items)


def after_review(
    orders: Iterable[Reviewed],
    *,
    completed: bool,
    usable_number: bool,
    refusals: int = 1,
    profile: Profile = DEFAULTS,
) -> Next | None:
    """What follows for a case in review once its last order of the round is verified; None while one is outstanding.

    `completed`: a callback of this round counts as completed. `refusals`: how often the person has refused so far.
    """
    orders = [order for order in orders if order.kind not in BESIDE]
    if not orders or any(order.state in _OUTSTANDING for order in orders):
        return None
    kinds = {order.kind for order in orders}
    reasons = {reason for order in orders for reason in order.reasons}
    if "QUESTION" in kinds:
        step = Step("R92", "问题已处理，再次回访确认", "the question was handled: another callback confirms it")
        return Next(CaseState.CALLABLE, "AFTER_CARE", step, "AFTER_CARE", "HEAD_OFFICE")
    if completed:
        step = Step("R58", "回访已完成，结案", "the callback is completed: closed")
        return Next(CaseState.CLOSED, "COMPLETED", step)
    if "VERIFICATION" not in kinds:
        return _not_completed()
    if "POLICYHOLDER_DECEASED" in reasons:
        step = Step("S6", "投保人身故已核实，不再拨打", "the death is verified: nobody rings again")
        return Next(CaseState.CLOSED, "POLICYHOLDER_DECEASED", step)
    if "REFUSED" in reasons and refusals > profile["refusal.max_recalls"]:
        step = Step("C31", "拒访成立，记录原因后结案", "the refusal stands: closed with its reason on record")
        return Next(CaseState.CLOSED, "REFUSED", step)
    recall_by = profile["after_verification.recall_by"]
    barred = sorted(reason for reason in reasons if recall_by.get(reason) == "BRANCH")
    if barred or not usable_number:
        if "VISIT" in kinds:
            return _not_completed()
        zh, en = ("语言或听力原因", "language or hearing") if barred else ("没有可用号码", "no usable number was found")
        step = Step("C47", f"{zh}，由分支机构再次回访", f"{en}: the branch makes the second callback")
        return Next(CaseState.AT_BRANCH, "RECALL_BY_BRANCH", step, "VISIT", "BRANCH")
    step = Step("C47", "核实已处理，总公司再次拨打", "the verification was handled: head office calls again")
    return Next(CaseState.CALLABLE, "RECALL", step)


def _not_completed() -> Next:
    step = Step(
        "R47", "各种方式均未完成，记录情况后结案", "no method completed it: closed with its circumstances on record"
    )
    return Next(CaseState.CLOSED, "NOT_COMPLETED", step)
