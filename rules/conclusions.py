"""What a contact came to: the result of the attempt, and what its answers make of the case."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from rules.answers import Answer, Said
from rules.contacts import NEW_NUMBER, VOICE_DOUBT, WRITTEN, CallFacts, Contact, answers_of
from rules.outcomes import Outcome, disclosed_before_identity, outcome
from rules.parameters import Profile
from rules.reasoning import Step

# SIP answers that say that the number itself is wrong, as against not reachable now
WRONG_NUMBER_CODES = frozenset({404, 410, 484, 604})
BUSY_CODES = frozenset({486, 600})
NO_ANSWER_CODES = frozenset({408, 487})
BARRIERS = frozenset({"LANGUAGE", "HEARING", "AGE"})
PERSONAL = frozenset({"C3", "R1", "L1", "I1"})  # steps that only the policyholder himself can answer
DEAD_NUMBER_RESULTS = frozenset({"INVALID_NUMBER", "SUSPENDED", "SWITCHBOARD", "NO_SUCH_PERSON"})

USED_UP = Step("C57", "拨打计划已用完，交分支机构", "the plan of attempts is used up: handed to the branch")


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


def conclude(contact: Contact, profile: Profile) -> tuple[str | None, Outcome | None, list[Step]]:
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
        said = _said(contact, call, profile)
        result, found, steps = _spoken(contact, call, said, profile)
        if not contact.plan_used_up or found.class_ is not None or call.appointment is not None:
            return result, found, steps
        used_up = _decide(contact, said.answers, profile, plan_used_up=True, by_proxy=said.by_proxy)
        return result, used_up, [*steps, USED_UP]
    steps = [Step("R56", "没有通话", "nobody was spoken to")]
    if call.line in DEAD_NUMBER_RESULTS:  # no other number is left, or the next check before dialling finds it
        return result, _decide(contact, answers_of(contact), profile), steps
    if contact.plan_used_up:
        return result, _decide(contact, answers_of(contact), profile, plan_used_up=True), [*steps, USED_UP]
    return result, None, steps


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


@dataclass(frozen=True, slots=True)
class _Said:
    """What of a call may be relied on, and who said it."""

    answers: tuple[Answer, ...]
    wrong_person: bool
    third_party: bool
    by_proxy: bool
    steps: list[Step]


def _said(contact: Contact, call: CallFacts, profile: Profile) -> _Said:
    wrong_person = any(a.step == "T4" or (a.step == "T1" and a.detail == "NO_SUCH_PERSON") for a in call.answers)
    answers = tuple(a for a in answers_of(contact) if not (a.step == "T1" and a.detail == "NO_SUCH_PERSON"))
    third_party = not any(_is_person(a) for a in call.answers) and any(
        (a.step == "C1" and a.answer in ("THIRD_PARTY", "NO") and a.detail not in BARRIERS)
        or a.step in ("T2", "T3", "T5", "T6")
        for a in call.answers
    )
    by_proxy = bool(third_party and _consented(call.answers) and profile["callback.allow_authorised_proxy"])
    steps: list[Step] = []
    if by_proxy:
        steps.append(Step("C6", "经投保人本人录音授权，由家属代答", "a relative answered, authorised on the recording"))
    elif third_party or _identity_open(call.answers):
        # nobody else's no is his refusal, and nobody else's ear his barrier
        theirs = [a for a in call.answers if a.step[:1] in "MNDK" or (third_party and a.step in PERSONAL)]
        dropped = {id(a) for a in theirs}
        if any(id(a) in dropped for a in answers):
            answers = tuple(a for a in answers if id(a) not in dropped)
            steps.append(
                Step("R7", "非投保人本人所答，不予采信", "not answered by the policyholder: not taken")
                if third_party
                else Step("R31", "身份没有核实，所答不予采信", "identity was not proven: the answers are not taken")
            )
    return _Said(answers, wrong_person, third_party, by_proxy, steps)


def _spoken(contact: Contact, call: CallFacts, said: _Said, profile: Profile) -> tuple[str, Outcome, list[Step]]:
    def decide(hangups: int) -> Outcome:
        return _decide(contact, said.answers, profile, hangups=hangups, by_proxy=said.by_proxy)

    found = decide(0)
    if said.wrong_person:
        step = Step("R73", "接听者说没有此人，此号码停用", "no such person at this number: the number is struck")
        return "NO_SUCH_PERSON", found, [step]
    codes = {reason.code for reason in found.reasons}
    if found.completed:
        return "COMPLETED", found, said.steps
    if codes & {"REFUSED", "IDENTITY_NOT_CONFIRMED"}:
        return "REFUSED", found, said.steps
    if said.third_party and not said.by_proxy:
        return "THIRD_PARTY", found, said.steps
    if found.class_ is not None:
        return "INCOMPLETE", found, said.steps
    if call.appointment is not None:
        return "APPOINTED", found, said.steps
    if call.ended_by == "us":
        return "INCOMPLETE", found, said.steps
    result, found, steps = _cut_off(contact, call, found, decide)
    return result, found, [*said.steps, *steps]


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
