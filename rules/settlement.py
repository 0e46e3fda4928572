"""One ended contact → outcome, orders, state, next call, as one value."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from rules.answers import Answer, Said
from rules.calendar import Calendar, business_date
from rules.cases import CaseState, Owner, owner_of
from rules.deadlines import (
    Window,
    callback_window,
    cooling_off,
    cooling_off_days,
    shortest_limit,
    work_order_limit,
    working_days_for,
)
from rules.outcomes import (
    OPEN_ANSWERS,
    QUESTION,
    RE_SIGN_REASONS,
    SIGNATURE_ITEMS,
    STANDARD,
    SUB_STANDARD,
    VERIFICATION,
    VERIFICATION_REASONS,
    Outcome,
    Reason,
    class_b,
    confirmed_surrender,
    disclosed_before_identity,
    outcome,
)
from rules.papers import Evidence, shortcomings
from rules.parameters import Profile
from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step

# SIP answers that say that the number itself is wrong, as against not reachable now
WRONG_NUMBER_CODES = frozenset({404, 410, 484, 604})
BUSY_CODES = frozenset({486, 600})
NO_ANSWER_CODES = frozenset({408, 487})
BARRIERS = frozenset({"LANGUAGE", "HEARING", "AGE"})
DEAD_NUMBER_RESULTS = frozenset({"INVALID_NUMBER", "SUSPENDED", "SWITCHBOARD", "NO_SUCH_PERSON"})
# Details by which an answer itself tells it, whatever the facts of the call say: at I1, and where a number is named
VOICE_DOUBT, NEW_NUMBER = "VOICE_DOUBT", "NEW_NUMBER"
WRITTEN = frozenset({"LETTER", "VISIT", "E_CALLBACK"})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """`round` counts the callbacks of this case from 1; an order is unique per case, round and kind."""

    case_id: int
    policy_no: str
    state: str
    round: int
    product_type: str
    premium_mode: str
    channel: str
    branch_code: str
    agent_code: str | None
    receipt_signed_on: date | None
    nominal_end: date | None
    handover_at: datetime | None = None
    provisional: bool = False
    signature_date_estimated: bool = False
    traceability: str = "NONE"  # the sale's audio-video record: NONE, PASSED or INVALIDATED


@dataclass(frozen=True, slots=True)
class CallFacts:
    """`carrier_status`: completed, busy, no-answer, failed or canceled. `ended_step`: where the script stood.

    `line`: what a person heard on the line where no code tells it, such as SUSPENDED or SWITCHBOARD. `deliberate`:
    whether hanging up was meant as a no; None where only the course of the call can tell.
    """

    call_id: str
    carrier_status: str
    sip_code: int | None = None
    answered: bool = False
    answered_by: str | None = None
    ended_step: str | None = None
    ended_by: str | None = None  # us, callee, or None when the line broke
    answers: tuple[Answer, ...] = ()
    appointment: datetime | None = None
    recording: str = "NOT_EXPECTED"  # VERIFIED, LOST or NOT_EXPECTED
    line: str | None = None
    deliberate: bool | None = None
    voice_doubt: bool = False  # the voice is not of the age or sex on record, though the data are right
    candidate_number: bool = False  # somebody named another number


@dataclass(frozen=True, slots=True)
class Contact:
    """`kind`: CALL, PRECHECK (no dial, `reason` says why), PLAN_USED_UP, LETTER, VISIT or E_CALLBACK.

    `earlier_answers` still hold. `answers` and `evidence` are those of a written callback. `plan_used_up`: nobody
    rings again after this call. `after_care`: it confirms the handling of an order (R92).
    """

    kind: str
    ended_at: datetime
    case: CaseFacts
    reason: str | None = None
    call: CallFacts | None = None
    earlier_answers: tuple[Answer, ...] = ()
    deliberate_hangups: int = 0  # of earlier calls
    answers: tuple[Answer, ...] = ()
    evidence: Evidence | None = None
    plan_used_up: bool = False
    after_care: bool = False

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Contact":
        return from_plain(cls, data)


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A work order as it is to be issued."""

    kind: str
    class_: str | None
    reasons: tuple[str, ...]
    action: str | None
    branch_code: str
    working_days: int
    due_at: datetime
    act_by: date | None
    escalated: bool
    exclude_selling_agent: bool = False
    marks: tuple[str, ...] = ()
    provisional: bool = False


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
    if contact.kind == "PRECHECK" and contact.reason == "SPECIAL_CALLBACK":
        return _special_callback(contact, branch, profile, calendar)
    if contact.kind in WRITTEN and (missing := shortcomings(contact.kind, contact.evidence or Evidence(), profile)):
        # it stays outstanding with the branch, whatever the boxes say
        settled = _settlement(contact, None, None, CaseState.AT_BRANCH, branch, (), profile, missing)
        return replace(settled, void=True)
    signed_on, anchor = receipt_date_told(contact, profile, calendar)
    if signed_on is not None:
        contact = replace(contact, case=_anchored(contact.case, signed_on, profile, calendar))
    result, found, steps = _conclude(contact, profile)
    settled = _follow_up(contact, result, found, [*anchor, *steps], branch, profile, calendar)
    return replace(settled, signed_on=signed_on, nominal_end=contact.case.nominal_end if signed_on else None)


def receipt_date_told(contact: Contact, profile: Profile, calendar: Calendar) -> tuple[date | None, tuple[Step, ...]]:
    """The day on which the customer says he signed the receipt, where it is earlier than what is on record or nothing
    is (C44); else None. A later day, or one that has not come yet, changes nothing."""
    recorded = contact.case.receipt_signed_on
    told = next((a.detail for a in reversed(answers_of(contact)) if a.step == "M2.receipt_date" and a.final), None)
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
        days = cooling_off_days(case.channel, case.product_type, None, profile)
        end = cooling_off(signed_on, days, profile, calendar).nominal_end
    return replace(case, receipt_signed_on=signed_on, nominal_end=end, signature_date_estimated=False)


def answers_of(contact: Contact) -> tuple[Answer, ...]:
    """The answers about this policy: of earlier calls those that still hold, then those of this call."""
    given = contact.call.answers if contact.call is not None else contact.answers
    mine = [a for a in given if a.policy_no in (None, contact.case.policy_no)]
    answered = {a.step for a in mine if a.final and a.answer not in OPEN_ANSWERS}
    earlier = [
        a
        for a in contact.earlier_answers
        if a.final
        and a.policy_no in (None, contact.case.policy_no)
        and a.step[:1] in "MN"
        and a.answer not in OPEN_ANSWERS
        and a.step not in answered
    ]
    open_now = {a.step for a in earlier}
    return (*earlier, *(a for a in mine if not (a.step in open_now and a.answer in OPEN_ANSWERS)))


def attempt_result(call: CallFacts) -> str | None:
    """What the line alone tells of an attempt; None where somebody answered and the conversation decides."""
    if call.line is not None:
        return call.line
    if call.answered:
        machine = (call.answered_by or "").startswith(("machine", "fax"))
        return "MACHINE" if machine and not any(_is_person(a) for a in call.answers) else None
    if call.carrier_status == "busy" or call.sip_code in BUSY_CODES:
        return "BUSY_LINE"
    if call.carrier_status in ("no-answer", "canceled") or call.sip_code in NO_ANSWER_CODES:
        return "NO_ANSWER"
    if call.sip_code in WRONG_NUMBER_CODES:
        return "INVALID_NUMBER"
    return "POWERED_OFF"


def _is_person(answer: Answer) -> bool:
    return answer.step == "C1" and answer.answer == Said.YES


def _conclude(contact: Contact, profile: Profile) -> tuple[str | None, Outcome | None, list[Step]]:
    case = contact.case
    if contact.kind == "PRECHECK":
        row = Answer("P0", "NO", detail=contact.reason, how="system")
        if contact.reason == "PHONE_INVALID":
            row = replace(row, detail="PHONE_INCOMPLETE")
        elif contact.reason == "RECORD_MISMATCH":
            row = Answer("I1", "NO", detail="TOO_FEW_ELEMENTS", how="system")
        return None, outcome((row,), case.product_type, case.premium_mode, profile), []
    if contact.kind == "PLAN_USED_UP":
        return None, _decide(contact, answers_of(contact), profile, plan_used_up=True), [USED_UP]
    if contact.kind in WRITTEN:
        return None, _decide(contact, answers_of(contact), profile), []
    call = contact.call
    if call is None:
        raise ValueError("a contact of kind CALL has a call")
    result = attempt_result(call)
    if result is None:
        result, found, steps = _spoken(contact, call, profile)
        if not contact.plan_used_up or found.class_ is not None or call.appointment is not None:
            return result, found, steps
        return result, _decide(contact, answers_of(contact), profile, plan_used_up=True), [*steps, USED_UP]
    steps = [Step("R56", "没有通话", "nobody was spoken to")]
    if call.line in DEAD_NUMBER_RESULTS:  # no other number is left, or the next check before dialling finds it
        return result, _decide(contact, answers_of(contact), profile), steps
    if contact.plan_used_up:
        return result, _decide(contact, answers_of(contact), profile, plan_used_up=True), [*steps, USED_UP]
    return result, None, steps


RECEIPT_STILL_UNSIGNED = Step(
    "S5",
    "回执未签，犹豫期自补签之日起算，届时回访复核签收与犹豫期两项",
    "the receipt is not signed: the period begins with the day it is, and the call after that repeats M2 and M8",
)
USED_UP = Step("C57", "拨打计划已用完，交分支机构", "the plan of attempts is used up: handed to the branch")


def _decide(
    contact: Contact,
    answers: Iterable[Answer],
    profile: Profile,
    *,
    hangups: int = 0,
    plan_used_up: bool = False,
    by_proxy: bool = False,
) -> Outcome:
    case, call = contact.case, contact.call
    marked = []
    if call is not None:
        if call.voice_doubt or any(a.step == "I1" and a.detail == VOICE_DOUBT for a in call.answers):
            marked.append("impersonation_suspect")
        if call.candidate_number or any(a.detail == NEW_NUMBER for a in call.answers):
            marked.append("candidate_number")
        if disclosed_before_identity(a for a in call.answers if a.policy_no in (None, case.policy_no)):
            marked.append("DISCLOSED_BEFORE_IDENTITY")
    return outcome(
        answers,
        case.product_type,
        case.premium_mode,
        profile,
        receipt_on_file=case.receipt_signed_on is not None,
        plan_used_up=plan_used_up,
        deliberate_hangups=hangups,
        traceability=case.traceability,
        by_proxy=by_proxy,
        marked=marked,
    )


def _spoken(contact: Contact, call: CallFacts, profile: Profile) -> tuple[str, Outcome, list[Step]]:
    wrong_person = any(a.step == "T4" or (a.step == "T1" and a.detail == "NO_SUCH_PERSON") for a in call.answers)
    answers = tuple(a for a in answers_of(contact) if not (a.step == "T1" and a.detail == "NO_SUCH_PERSON"))
    person = any(_is_person(a) for a in call.answers)
    third_party = not person and any(
        (a.step == "C1" and a.answer in ("THIRD_PARTY", "NO") and a.detail not in BARRIERS)
        or a.step in ("T2", "T3", "T5", "T6")
        for a in call.answers
    )
    by_proxy = third_party and _consented(call.answers) and profile["callback.allow_authorised_proxy"]
    spoken: list[Step] = []
    if by_proxy:
        spoken.append(
            Step("C6", "经投保人本人录音授权，由家属代答", "a relative answered, authorised on the recording")
        )
    elif third_party or _identity_open(call.answers):
        said_now = {id(a) for a in call.answers if a.step[:1] in "MNDK"}
        if any(id(a) in said_now for a in answers):
            answers = tuple(a for a in answers if id(a) not in said_now)
            spoken.append(
                Step("R7", "非投保人本人所答，不予采信", "not answered by the policyholder: not taken")
                if third_party
                else Step("R31", "身份没有核实，所答不予采信", "identity was not proven: the answers are not taken")
            )

    def decide(hangups: int) -> Outcome:
        return _decide(contact, answers, profile, hangups=hangups, by_proxy=by_proxy)

    if wrong_person:
        step = Step("R73", "接听者说没有此人，此号码停用", "no such person at this number: the number is struck")
        return "NO_SUCH_PERSON", decide(0), [step]
    found = decide(0)
    codes = {reason.code for reason in found.reasons}
    if found.completed:
        return "COMPLETED", found, spoken
    if codes & {"REFUSED", "IDENTITY_NOT_CONFIRMED"}:
        return "REFUSED", found, spoken
    if third_party and not by_proxy:
        return "THIRD_PARTY", found, spoken
    if found.class_ is not None:
        return "INCOMPLETE", found, spoken
    if call.appointment is not None:
        return "APPOINTED", found, spoken
    if call.ended_by == "us":
        return "INCOMPLETE", found, spoken
    result, found, steps = _cut_off(contact, call, found, decide)
    return result, found, [*spoken, *steps]


def _identity_open(answers: Iterable[Answer]) -> bool:
    """Identity was asked for in this call and not proven (R31). Nothing is open where it was not asked at all."""
    asked = [a.answer for a in answers if a.step == "I1" and a.final]
    return bool(asked) and Said.YES not in asked


def _consented(answers: Iterable[Answer]) -> bool:
    """The policyholder himself is heard on the recording, saying that the relative may answer (C6)."""
    return any(a.step == "T6" and a.answer == Said.YES for a in answers)


def _cut_off(
    contact: Contact, call: CallFacts, found: Outcome, decide: Callable[[int], Outcome]
) -> tuple[str, Outcome, list[Step]]:
    """The line ended before the script did: before M1 an attempt, from M1 on an unfinished callback (S1, X)."""
    hangups = contact.deliberate_hangups + 1
    if any(a.step == "M1" and a.final for a in call.answers):
        if call.deliberate and (refused := decide(hangups)).class_ is not None:
            step = Step("S1", f"本人第{hangups}次主动挂断", f"the person hung up on purpose, time {hangups}")
            return "HANGUP_DELIBERATE", refused, [step]
        step = Step(
            "S1",
            "通话中断，已答的保留，其余下次接着问",
            "cut off: what was answered is kept, the rest is asked next time",
        )
        return "INCOMPLETE", found, [step]
    if call.ended_by is None:
        return "DROPPED", found, [Step("S1", "线路中断", "the line broke")]
    deliberate = any(_is_person(a) for a in call.answers) if call.deliberate is None else call.deliberate
    if not deliberate:
        return "HANGUP", found, [Step("S1", "挂断，未见拒访之意", "hung up, not as a refusal")]
    step = Step("S1", f"本人第{hangups}次主动挂断", f"the person hung up on purpose, time {hangups}")
    return "HANGUP_DELIBERATE", decide(hangups), [step]


def _special_callback(contact: Contact, branch: str, profile: Profile, calendar: Calendar) -> Settlement:
    step = Step("S21", "特殊回访件，不拨打，交分支机构上门", "a special callback: no dial, the branch visits")
    draft = _draft("VISIT", None, ("SPECIAL_CALLBACK",), contact, branch, profile, calendar)
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
    orders = tuple(_orders(found, contact, branch, profile, calendar)) if found is not None else ()
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
        if contact.kind in WRITTEN or (found is not None and _only_signatures_open(found)):
            return CaseState.AT_BRANCH
        return CaseState.APPOINTED if call is not None and call.appointment is not None else CaseState.CALLABLE
    if found.class_ in (STANDARD, SUB_STANDARD):
        return CaseState.CLOSED
    codes = {reason.code for reason in found.reasons} & VERIFICATION_REASONS
    if codes == {"CONTRACT_NOT_RECEIVED"}:
        return CaseState.ASLEEP
    return CaseState.AT_BRANCH


def _only_signatures_open(found: Outcome) -> bool:
    """A proxy has answered all he may; the policyholder confirms the rest in writing (S9)."""
    return "answered_by_proxy" in found.marks and set(found.open_items) <= set(SIGNATURE_ITEMS)


def _orders(
    found: Outcome, contact: Contact, branch: str, profile: Profile, calendar: Calendar
) -> Iterable[OrderDraft]:
    def draft(kind: str, codes: Iterable[str], action: str | None = None, limits: Iterable[str] = ()) -> OrderDraft:
        return _draft(kind, found, tuple(codes), contact, branch, profile, calendar, action, tuple(limits))

    codes = tuple(dict.fromkeys(reason.code for reason in found.reasons))
    if found.class_ == SUB_STANDARD:
        yield draft("FEEDBACK_ONLY", codes)
    elif found.class_ == QUESTION:
        unsolved = tuple(dict.fromkeys(r.code for r in found.reasons if r.corrected is not True))
        yield draft("QUESTION", codes, "RE_SIGN" if RE_SIGN_REASONS & set(unsolved) else None, unsolved)
    elif found.class_ == VERIFICATION:
        verifying = tuple(code for code in codes if code in VERIFICATION_REASONS)
        not_received = "CONTRACT_NOT_RECEIVED" in verifying
        yield draft("VERIFICATION", codes, "DELIVERY_REMINDER" if not_received else None, verifying)
        if not_received:
            yield draft("DELIVERY_REMINDER", ("CONTRACT_NOT_RECEIVED",))
        if "REFUSED" in verifying:
            yield draft("LETTER", ("REFUSED",))
    elif _only_signatures_open(found):
        yield draft("LETTER", ("SIGNATURE_UNSURE",))
    if "answered_by_proxy" in found.marks:
        yield draft("QUALITY_CHECK", codes)
    if "impersonation_suspect" in found.marks:
        yield draft("IMPERSONATION_CHECK", codes)


def _draft(
    kind: str,
    found: Outcome | None,
    codes: tuple[str, ...],
    contact: Contact,
    branch: str,
    profile: Profile,
    calendar: Calendar,
    action: str | None = None,
    limits: tuple[str, ...] = (),
) -> OrderDraft:
    """`limits`: the reasons whose shortest limit holds; none: the limit of the kind itself."""
    days = shortest_limit(limits, profile) if limits else working_days_for(kind, profile)
    limit = work_order_limit(contact.ended_at, days, contact.case.nominal_end, calendar, profile)
    marks = found.marks if found else ()
    return OrderDraft(
        kind=kind,
        class_=found.class_ if found else None,
        reasons=codes,
        action=action,
        branch_code=branch,
        working_days=days,
        due_at=limit.due_at,
        act_by=limit.act_by,
        escalated=limit.escalated,
        exclude_selling_agent="exclude_selling_agent" in marks,
        marks=marks,
        provisional=limit.provisional,
    )


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
