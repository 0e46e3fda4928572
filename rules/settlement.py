"""One ended contact → outcome, orders, state, next call, as one value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from rules.calendar import Calendar, business_date
from rules.cases import CaseState, Owner, owner_of
from rules.conclusions import DEAD_NUMBER_RESULTS, attempt_result, conclude
from rules.contacts import WRITTEN, CallFacts, CaseFacts, Contact, answers_of
from rules.deadlines import Window, callback_window, cooling_off, cooling_off_days
from rules.order_drafts import OrderDraft, draft_order, only_signatures_open, orders_of
from rules.outcomes import (
    STANDARD,
    SUB_STANDARD,
    VERIFICATION,
    VERIFICATION_REASONS,
    Outcome,
    Reason,
    class_b,
    confirmed_surrender,
    outcome,
)
from rules.papers import Evidence, shortcomings
from rules.parameters import Profile
from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step

__all__ = [
    "CallFacts",
    "CaseFacts",
    "Contact",
    "OrderDraft",
    "Settlement",
    "attempt_result",
    "receipt_date_told",
    "settle",
]

RANG_AFTER_ALL = Step(
    "R56",
    "线路先报未拨出，其后得知已拨通一次：计入次数，案件不受影响",
    "refused at first, then reported as rung: it counts as an attempt, and the case stays where it went",
)
RECEIPT_STILL_UNSIGNED = Step(
    "S5",
    "回执未签，犹豫期自补签之日起算，届时回访复核签收与犹豫期两项",
    "the receipt is not signed: the period begins with the day it is, and the call after that repeats M2 and M8",
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything that follows. `counts`: the answers may be relied on (recording verified, or paper complete).

    `void`: a written callback that lacks a signature, an ID copy or proof of identity; it decides nothing.
    """

    result: str | None  # attempt result; None without a dial
    outcome: Outcome | None
    class_: str | None
    reasons: tuple[Reason, ...]
    marks: tuple[str, ...]
    class_b: str | None
    case_state: str
    owner: str
    owner_branch: str | None
    orders: tuple[OrderDraft, ...]
    appointment: datetime | None
    wake_on: date | None
    in_window: bool | None
    late_grace_until: date | None
    completed: bool
    counts: bool
    dead_number: bool
    profile_id: str
    steps: tuple[Step, ...] = ()
    void: bool = False
    signed_on: date | None = None  # as the customer told it, with the end that follows (C44)
    nominal_end: date | None = None

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Settlement":
        return from_plain(cls, data)


def settle(
    contact: Contact, *, profile: Profile, calendar: Calendar, inbox_branch: Callable[[str], str] | str
) -> Settlement:
    """Everything that follows from one ended contact. The same contact always gives the same value.

    A call is settled once its recording is VERIFIED, LOST or NOT_EXPECTED; limits run from `ended_at` (C50).
    """
    branch = inbox_branch if isinstance(inbox_branch, str) else inbox_branch(contact.case.branch_code)
    if contact.given_back and contact.call is not None:
        # whoever answered heard an apology and nothing else
        result = "DROPPED" if contact.call.carrier_status == "completed" else attempt_result(contact.call)
        return _settlement(contact, result, None, CaseState(contact.case.state), branch, (), profile, [RANG_AFTER_ALL])
    if contact.kind == "PRECHECK" and contact.reason == "SPECIAL_CALLBACK":
        return _special_callback(contact, branch, profile, calendar)
    if contact.kind in WRITTEN and (missing := shortcomings(contact.kind, contact.evidence or Evidence(), profile)):
        # it stays outstanding with the branch, whatever the boxes say
        settled = _settlement(contact, None, None, CaseState.AT_BRANCH, branch, (), profile, missing)
        return replace(settled, void=True)
    signed_on, anchor = receipt_date_told(contact)
    if signed_on is not None:
        contact = replace(contact, case=_anchored(contact.case, signed_on, profile, calendar))
    result, found, steps = conclude(contact, profile)
    settled = _follow_up(contact, result, found, [*anchor, *steps], branch, profile, calendar)
    return replace(settled, signed_on=signed_on, nominal_end=contact.case.nominal_end if signed_on else None)


def receipt_date_told(contact: Contact) -> tuple[date | None, tuple[Step, ...]]:
    """The day on which the customer says he signed the receipt, where it is earlier than what is on record or nothing
    is (C44); else None. A later day, or one that has not come yet, changes nothing."""
    recorded = contact.case.receipt_signed_on
    told = next((a.date for a in reversed(answers_of(contact)) if a.step == "M2.receipt_date" and a.final), None)
    try:
        named = date.fromisoformat(told or "")
    except ValueError:
        return None, ()
    if named > business_date(contact.ended_at) or (recorded is not None and named >= recorded):
        return None, ()
    if recorded is None:
        step = Step(
            "C44",
            f"客户称回执签署于{named}，尚未登记，以此为准",
            f"the customer says the receipt was signed on {named}, not recorded yet: it holds",
        )
    else:
        step = Step(
            "C44",
            f"客户称回执签署于{named}，早于登记的{recorded}，以此为准；回执迟交列为品质事项",
            f"the customer says the receipt was signed on {named}, earlier than the {recorded} on record: it holds, and a "
            "receipt returned late is a quality item",
        )
    return named, (step,)


def _anchored(case: CaseFacts, signed_on: date, profile: Profile, calendar: Calendar) -> CaseFacts:
    """The case with its period counted from another day; its length stays."""
    if case.receipt_signed_on is not None and case.nominal_end is not None:
        end = case.nominal_end - (case.receipt_signed_on - signed_on)
    else:
        days = cooling_off_days(case.channel, case.product_type, case.cooling_off_days, profile)
        end = cooling_off(signed_on, days, profile, calendar).nominal_end
    return replace(case, receipt_signed_on=signed_on, nominal_end=end, signature_date_estimated=False)


def _special_callback(contact: Contact, branch: str, profile: Profile, calendar: Calendar) -> Settlement:
    step = Step("S21", "特殊回访件，不拨打，交分支机构上门", "a special callback: no dial, the branch visits")
    draft = draft_order("VISIT", None, ("SPECIAL_CALLBACK",), contact, branch, profile, calendar)
    return _settlement(contact, None, None, CaseState.AT_BRANCH, branch, (draft,), profile, [step])


def _follow_up(
    contact: Contact,
    result: str | None,
    found: Outcome | None,
    steps: list[Step],
    branch: str,
    profile: Profile,
    calendar: Calendar,
) -> Settlement:
    if (
        found is not None
        and contact.call is not None
        and contact.call.recording == "LOST"
        and found.class_ != VERIFICATION
    ):
        lost = Step(
            "C59",
            "录音丢失，答案留档，须重新回访",
            "the recording is lost: the answers stay on record, the call is made again",
        )
        reasons = (*found.reasons, Reason("RECORDING_LOST"))
        case = contact.case
        still = outcome(
            contact.earlier_answers, case.product_type, case.premium_mode, profile, traceability=case.traceability
        )
        reopened = Outcome(False, None, reasons, found.marks, still.open_items, (lost,))
        return _settlement(
            contact,
            "INCOMPLETE" if found.completed else result,
            reopened,
            CaseState.CALLABLE,
            branch,
            (),
            profile,
            steps,
        )
    state = _state(contact, found)
    window, wake_on = None, None
    if found is not None and found.completed:
        case = contact.case
        if any(reason.code == "RECEIPT_UNSIGNED" for reason in found.reasons):
            # S5: nothing was signed, so no period has begun, whatever is on record
            window = callback_window(contact.ended_at, None, None, profile, calendar)
            steps = [*steps, RECEIPT_STILL_UNSIGNED]
        else:
            window = callback_window(contact.ended_at, case.nominal_end, case.receipt_signed_on, profile, calendar)
            steps = [*steps, *window.steps]
        if window.pre_cooling_off and state is CaseState.CLOSED:
            state, wake_on = CaseState.WAITING, window.supplementary_from  # for its supplementary callback (R23)
    orders = tuple(orders_of(found, contact, branch, profile, calendar)) if found is not None else ()
    if state is CaseState.NOT_REQUIRED:
        orders = ()
    elif found is not None and "impersonation_suspect" in found.marks:
        steps = [
            *steps,
            Step(
                "S11",
                "疑似冒充：结论不变，另下发冒充核查工单并重新拨打",
                "somebody may have posed as him: the class stands, with a check and another call beside it",
            ),
        ]
        if state is CaseState.CLOSED:
            state = CaseState.WAITING
            wake_on = calendar.add_working_days(business_date(contact.ended_at), 1)
    return _settlement(contact, result, found, state, branch, orders, profile, steps, window, wake_on)


def _state(contact: Contact, found: Outcome | None) -> CaseState:
    call = contact.call
    if confirmed_surrender(answers_of(contact)):
        return CaseState.NOT_REQUIRED
    if found is None or found.class_ is None:
        if contact.kind in WRITTEN or (found is not None and only_signatures_open(found)):
            return CaseState.AT_BRANCH
        return CaseState.APPOINTED if call is not None and call.appointment is not None else CaseState.CALLABLE
    if found.class_ in (STANDARD, SUB_STANDARD):
        return CaseState.CLOSED
    codes = {reason.code for reason in found.reasons} & VERIFICATION_REASONS
    if codes == {"CONTRACT_NOT_RECEIVED"}:
        return CaseState.ASLEEP
    return CaseState.AT_BRANCH


def _settlement(
    contact: Contact,
    result: str | None,
    found: Outcome | None,
    state: CaseState,
    branch: str,
    orders: tuple[OrderDraft, ...],
    profile: Profile,
    steps: Iterable[Step],
    window: Window | None = None,
    wake_on: date | None = None,
) -> Settlement:
    call, case = contact.call, contact.case
    owner = owner_of(state)
    marks = found.marks if found else ()
    if window is not None and window.pre_cooling_off:
        marks = (*marks, "PRE_COOLING_OFF")
    if case.provisional:
        marks = (*marks, "provisional")
    if case.signature_date_estimated:
        marks = (*marks, "signature_date_estimated")
    completed = bool(found and found.completed)
    return Settlement(
        result=result,
        outcome=found,
        class_=found.class_ if found else None,
        reasons=found.reasons if found else (),
        marks=tuple(dict.fromkeys(marks)),
        class_b=class_b(found, after_care=contact.after_care),
        case_state=str(state),
        owner=str(owner),
        owner_branch=branch if owner is Owner.BRANCH else None,
        orders=orders,
        appointment=call.appointment if call is not None and state is CaseState.APPOINTED else None,
        wake_on=wake_on,
        in_window=window.in_window if window is not None else None,
        late_grace_until=window.late_grace_until if window is not None else None,
        completed=completed,
        counts=call.recording == "VERIFIED" if call is not None else contact.kind in WRITTEN and found is not None,
        dead_number=result in DEAD_NUMBER_RESULTS,
        profile_id=profile.id,
        steps=(*steps, *(found.steps if found else ())),
    )
