"""What the answers of one callback make of a case, asked with a file: the same decision as on a working day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from cli.question_values import (
    BadQuestion,
    Question,
    choice,
    day,
    flag,
    instant,
    missing,
    part,
    parts,
    required_choice,
    wrong_shape,
)
from cli.questions import PRODUCT_TYPES, Rules, steps
from rules.answers import Answer, Said
from rules.calendar import business_date, shanghai
from rules.papers import METHODS, Evidence
from rules.reasoning import Step
from rules.settlement import CallFacts, CaseFacts, Contact, Settlement, settle

# the words of the list, and the two that only say whether there is more than one payment
PREMIUM_MODES = (
    *("SINGLE", "ANNUAL", "HALF_YEARLY", "QUARTERLY", "MONTHLY"),
    *("REGULAR", "REGULAR_PREMIUM", "SINGLE_PREMIUM"),
)
LINE_RESULTS = (
    *("ANSWERED", "NO_ANSWER", "BUSY_LINE", "POWERED_OFF", "INVALID_NUMBER", "SUSPENDED", "SWITCHBOARD", "MACHINE"),
)
STEPS = (
    *("P0", "P1", "C1", "C2", "C3", "T1", "T2", "T3", "T4", "T5", "T6", "A1", "R1", "L1", "I1"),
    *("M1", "D1", "D2", "M2.received", "M2.receipt_signed", "M2.receipt_date", "M3", "M4", "M5"),
    *("M6.coverage", "M6.exclusions", "M6.term", "M7", "M8", "M9", "N1", "N2", "N3", "N4", "N5"),
    *("K1", "K2", "K3", "Z1", "X"),
)
SAID = tuple(Said)
# step, answer → the details that mean something there; elsewhere a detail is a note
DETAILS: dict[tuple[str, str], tuple[str, ...]] = {
    ("P0", "NO"): ("PHONE_INCOMPLETE", "PHONE_SHARED", "PHONE_IS_AGENTS"),
    ("T1", "NO"): ("DECEASED", "NO_SUCH_PERSON"),
    ("C3", "NO"): ("LANGUAGE", "HEARING", "AGE"),
    ("R1", "REFUSE"): ("INFORMED",),
    ("M1", "OBJECT"): ("ALREADY_SURRENDERED",),
    ("M5", "NO"): ("CLAUSES_NOT_SUPPLIED",),
    ("K1", "NO"): ("CHANGED", "WRONG"),
    ("K3", "QUESTION"): ("ANSWERED", "NOT_ANSWERABLE"),
    ("K3", "OBJECT"): ("COMPLAINT", "WANTS_SURRENDER"),
}
SIGNERS = ("FAMILY", "AGENT", "UNKNOWN")
STATEMENTS = ("EXAGGERATED", "CONFUSED", "CONCEALED", "OTHER")
NOON = time(12)


class Row(dict):
    """One row of the file, checked; `answer` as the rules take it."""

    def __init__(self, given: Any, where: str):
        if not isinstance(given, Mapping):
            raise wrong_shape(where, "an object", "对象", given)
        super().__init__(given)
        self.where, inside = where, f"{where}."
        self.step = required_choice(given, "step", STEPS, inside)
        if self.step == "M2.receipt_date" and given.get("answer") is None:
            given = {**given, "answer": "YES"}  # the date says it all
        self.answer = required_choice(given, "answer", LINE_RESULTS if self.step == "P1" else SAID, inside)
        detail = given.get("detail")
        allowed = DETAILS.get((self.step, self.answer))
        if allowed and (detail is not None or self.step == "P0"):
            detail = required_choice(given, "detail", allowed, inside)
        self.detail = str(detail) if detail is not None else None
        for name in ("corrected", "deliberate"):
            flag(given, name, inside)
        self.policy_no = str(given["policy_no"]) if given.get("policy_no") is not None else None
        self.signer = choice(given, "signer", SIGNERS, inside)
        self.statement = choice(given, "seller_statement", STATEMENTS, inside)
        self.date = day(given, "date", inside)

    def as_answer(self, policy_no: str) -> Answer:
        return Answer(
            step="T4" if self.detail == "NO_SUCH_PERSON" else self.step,
            answer=self.answer,
            policy_no=policy_no if self.step[0] in "MND" else None,
            corrected=self.get("corrected"),
            detail=self.detail,
            date=self.date.isoformat() if self.date else None,
            signer=self.signer,
            seller_statement=self.statement,
        )


def outcome(question: Question, lang: str) -> dict:
    """Class, reasons and what follows; for several policies one result each, after one proof of identity."""
    policies = question.get("policies")
    if policies is None:
        return _one(question, lang)
    policies = parts(question, "policies")
    if not policies:
        raise missing("policies[0]")
    numbers = [str(policy.get("policy_no") or index + 1) for index, policy in enumerate(policies)]
    shared = _rows(question.get("answers") or [], "answers")
    own = [_rows(policy.get("answers") or [], f"policies[{i}].answers") for i, policy in enumerate(policies)]
    if strangers := {r.policy_no for r in shared if r.policy_no is not None} - set(numbers):
        named = ", ".join(sorted(strangers))
        raise BadQuestion(
            f"answers: policy_no {named} is not among the policies", f"answers：policies 中没有 {named}", "BAD_CHOICE"
        )
    common = {key: value for key, value in question.items() if key not in ("policies", "answers", "policy_no")}
    results = []
    for index, policy in enumerate(policies):
        rows = _of_policy(index, numbers[index], shared, own)
        if not rows and question.get("retry_plan") is None and policy.get("retry_plan") is None:
            raise missing(f"policies[{index}].answers")
        result = _one({**common, **policy, "answers": rows, "policy_no": numbers[index]}, lang)
        results.append({"policy_no": numbers[index], **result})
    first = results[0]
    return {
        "policies": results,
        "attempt_result": _of_call([r["attempt_result"] for r in results]),
        "appointment": first["appointment"],
        "breaches": list(dict.fromkeys(breach for r in results for breach in r["breaches"])),
        "completed": all(r["completed"] for r in results),
        "profile": first["profile"],
        "steps": [],
    }


def _of_call(attempts: list[str | None]) -> str | None:
    """One call has one result: it is completed once every policy is."""
    return next((result for result in attempts if result != "COMPLETED"), attempts[0])


def _about_the_person(row: Row) -> bool:
    return row.step[0] not in "MNDKP"


def _of_policy(index: int, policy_no: str, shared: list[Row], own: list[list[Row]]) -> list[Row]:
    """Rows of this policy, before them those about the person: its own, else the file's, else another policy's."""
    mine = [r for r in own[index] if r.policy_no in (None, policy_no)]
    mine_steps = {r.step for r in mine}
    ours = [r for r in shared if r.policy_no in (None, policy_no) and r.step not in mine_steps]
    known = mine_steps | {r.step for r in ours}
    lent: list[Row] = []
    for other in own:
        new = [r for r in other if _about_the_person(r) and r.step not in known]
        lent += new
        known |= {r.step for r in new}
    before = [r for r in (*lent, *ours) if r.step[0] not in "MNDKZX"]
    return [*before, *(r for r in ours if r not in before), *mine, *(r for r in lent if r not in before)]


def _rows(given: Any, where: str) -> list[Row]:
    if not isinstance(given, list):
        raise wrong_shape(where, "a list of rows with step and answer", "含 step 与 answer 的列表", given)
    return [row if isinstance(row, Row) else Row(row, f"{where}[{n}]") for n, row in enumerate(given)]


def _as_asked(rows: list[Row]) -> list[Row]:
    """In the order in which they were asked: as they stand, or by `at` where identity and every item have it."""
    timed = [row for row in rows if row.step[0] in "IMND"]
    if timed and all(isinstance(row.get("at"), str) for row in timed):
        in_order = sorted(timed, key=lambda row: instant(row["at"], f"{row.where}: at"))
    elif timed and all(isinstance(row.get("at"), int | float) for row in timed):
        in_order = sorted(timed, key=lambda row: row["at"])
    else:
        return rows
    following = iter(in_order)
    return [next(following) if row.step[0] in "IMND" else row for row in rows]


def _one(question: Question, lang: str) -> dict:
    rules = Rules(question)
    method = choice(question, "method", METHODS) or "PHONE"
    plan_used_up = choice(question, "retry_plan", ("EXHAUSTED", "RUNNING")) == "EXHAUSTED"
    if question.get("answers") is None and not plan_used_up:
        raise missing("answers")
    rows = _as_asked(_rows(question.get("answers") or [], "answers"))
    at = instant(question["at"], "at") if question.get("at") else None
    case = _case(question, rules)
    booked, refused = _appointment(rows, case, at, rules)
    earlier, hangups = _earlier_calls(question, case.policy_no, at, rules)
    contact = _contact(question, method, rows, case, at or _some_day(case, rows), booked, plan_used_up)
    contact = _with_earlier(contact, earlier, hangups)
    found = settle(contact, profile=rules.profile, calendar=rules.calendar, inbox_branch="")
    reasoning = (*refused, *found.steps)
    if at is None or (found.nominal_end or case.nominal_end) is None:
        reasoning = tuple(step for step in reasoning if step.rule != "R19")  # no dates were given, none are asked for
    return _answer(found, contact, at) | {"profile": rules.profile.id, "steps": steps(reasoning, lang)}


def _some_day(case: CaseFacts, rows: list[Row]) -> datetime:
    """Where no instant is given, one that raises no question of dates; no limit is shown then, only its working days."""
    known = [day for day in (case.receipt_signed_on, *(row.date for row in rows)) if day is not None]
    return shanghai(max(known, default=date(2026, 9, 28)), NOON)


def _case(question: Question, rules: Rules) -> CaseFacts:
    """The case as far as the file tells it."""
    from rules.deadlines import cooling_off, cooling_off_days

    product = required_choice(question, "product_type", PRODUCT_TYPES)
    mode = required_choice(question, "premium_mode", PREMIUM_MODES)
    signed, end = day(question, "receipt_signed_on"), day(question, "nominal_end")
    if signed is not None and end is None:
        days = cooling_off_days(str(question.get("channel") or ""), product, None, rules.profile)
        end = cooling_off(signed, days, rules.profile, rules.calendar).nominal_end
    return CaseFacts(
        case_id=0,
        policy_no=str(question.get("policy_no") or "1"),
        state="IN_CALL",
        round=1,
        product_type=product,
        premium_mode="SINGLE" if mode == "SINGLE_PREMIUM" else mode,
        channel=str(question.get("channel") or ""),
        branch_code="",
        agent_code=None,
        receipt_signed_on=signed,
        nominal_end=end,
        provisional=flag(question, "provisional"),
        signature_date_estimated=flag(question, "signature_date_estimated"),
        traceability=choice(question, "traceability", ("NONE", "PASSED", "INVALIDATED")) or "NONE",
    )


def _appointment(
    rows: list[Row], case: CaseFacts, now: datetime | None, rules: Rules
) -> tuple[datetime | None, tuple[Step, ...]]:
    """The time agreed; one at which nobody may be rung is no appointment (C5)."""
    from rules.calling import Appointment, may_dial_now
    from rules.hold_reasons import HOLDS

    agreed = [r for r in rows if r.step in ("A1", "T2") and r.get("at") and r.answer not in ("NO", "REFUSE")]
    if not agreed:
        return None, ()
    row = agreed[-1]
    at = instant(row["at"], f"{row.where}: at")
    hold = may_dial_now(at, rules.calendar, rules.profile, Appointment(at, None, "POLICYHOLDER"))
    if hold is not None:
        return None, (HOLDS[hold],)
    if now is not None and at <= now:
        return None, (Step("R37", "预约时间已过，不成立", "the time agreed has passed already: no appointment"),)
    latest = case.nominal_end and case.nominal_end - timedelta(days=rules.profile["appointment.days_before_end"])
    if latest is not None and (now is None or business_date(now) <= latest) and business_date(at) > latest:
        step = Step("R37", f"预约不得晚于{latest}", f"an appointment lies on {latest} at the latest")
        return None, (step,)
    return at, ()


def _contact(
    question: Question,
    method: str,
    rows: list[Row],
    case: CaseFacts,
    at: datetime,
    booked: datetime | None,
    plan_used_up: bool,
) -> Contact:
    answers = tuple(row.as_answer(case.policy_no) for row in rows)
    evidence = _evidence(question)
    after_care = flag(question, "after_care")
    if method != "PHONE":
        return Contact(method, at, case, answers=answers, evidence=evidence, after_care=after_care)
    prechecked = next((row for row in rows if row.step == "P0" and row.answer == "NO"), None)
    if prechecked is not None:
        reason = "PHONE_INVALID" if prechecked.detail == "PHONE_INCOMPLETE" else prechecked.detail
        return Contact("PRECHECK", at, case, reason, after_care=after_care)
    if not rows and plan_used_up:
        return Contact("PLAN_USED_UP", at, case, "UNREACHABLE", after_care=after_care)
    line = next((row.answer for row in rows if row.step == "P1" and row.answer != "ANSWERED"), None)
    cut_off = [row for row in rows if row.answer == "HANGUP" and (row.step == "X" or row is rows[-1])]
    deliberate = [row for row in cut_off if row.get("deliberate")]
    call = CallFacts(
        call_id="asked",
        carrier_status="completed",
        answered=line is None,
        ended_by="callee" if cut_off else "us",
        answers=answers,
        appointment=booked,
        recording=choice(question, "recording", ("VERIFIED", "LOST"))
        or ("VERIFIED" if line is None else "NOT_EXPECTED"),
        line=line,
        deliberate=bool(deliberate),
        voice_doubt=flag(question, "voice_doubt"),
        candidate_number=_candidate(rows),
    )
    return Contact(
        "CALL",
        at,
        case,
        call=call,
        deliberate_hangups=max(len(deliberate) - 1, 0),
        plan_used_up=plan_used_up,
        after_care=after_care,
    )


def _candidate(rows: list[Row]) -> bool:
    """Another number was named, and not by the policyholder after the proof of his identity (C25)."""
    proven = False
    for row in rows:
        proven = proven or (row.step == "I1" and row.answer == Said.YES)
        if row.get("new_number") and not proven:
            return True
    return False


def _evidence(question: Question) -> Evidence:
    given = part(question, "evidence")
    return Evidence(
        policyholder_signature=flag(given, "policyholder_signature", "evidence."),
        handler_signature=flag(given, "handler_signature", "evidence."),
        id_copy=choice(given, "id_copy", ("NONE", "POLICYHOLDER", "OTHER"), "evidence.") or "NONE",
        authenticated=flag(given, "authenticated", "evidence."),
    )


def _earlier_calls(
    question: Question, policy_no: str, at: datetime | None, rules: Rules
) -> tuple[tuple[Answer, ...], int]:
    """Answers of earlier calls that still hold, and how often he hung up on purpose in them.

    They hold for `script.resume_days` and under the same script version (X), and only while their recording exists.
    """
    calls = question.get("earlier_calls") or []
    if not isinstance(calls, list):
        raise wrong_shape("earlier_calls", "a list of calls", "通话列表", calls)
    kept: list[Answer] = []
    hangups = 0
    for n, call in enumerate(calls):
        where = f"earlier_calls[{n}]"
        if isinstance(call, list):
            call = {"answers": call}
        if not isinstance(call, Mapping):
            raise wrong_shape(where, "an object with answers", "含 answers 的对象", call)
        rows = _rows(call.get("answers") or [], f"{where}.answers")
        result = str(call.get("attempt_result") or call.get("result") or "").upper()
        meant = call.get("deliberate") or any(r.step == "X" and r.get("deliberate") for r in rows)
        if not _was_the_person(rows):
            continue
        hangups += bool(result == "HANGUP_DELIBERATE" or meant)
        began = instant(call["at"], f"{where}.at") if call.get("at") else None
        last_day = began and at and began + timedelta(days=rules.profile["script.resume_days"])
        same_script = call.get("script") in (None, question.get("script")) or question.get("script") is None
        if (last_day and at and at > last_day) or not same_script or call.get("recording") == "LOST":
            continue
        kept += [r.as_answer(policy_no) for r in rows if r.policy_no in (None, policy_no)]
    return tuple(kept), hangups


def _was_the_person(rows: list[Row]) -> bool:
    """Neither somebody else spoke, nor was identity asked for and never proven."""
    if any(row.step == "C1" and row.answer in ("THIRD_PARTY", "NO") for row in rows):
        return False
    asked = [row.answer for row in rows if row.step == "I1"]
    return not asked or "YES" in asked


def _with_earlier(contact: Contact, earlier: tuple[Answer, ...], hangups: int) -> Contact:
    latest = {a.step: a for a in earlier if a.step[0] in "MN"}  # a later call's answer replaces an earlier one
    return replace(
        contact,
        earlier_answers=tuple(latest.values()),
        deliberate_hangups=contact.deliberate_hangups + hangups,
    )


def _answer(found: Settlement, contact: Contact, at: datetime | None) -> dict:
    orders = [
        {
            "kind": order.kind,
            "working_days": order.working_days,
            **({"action": order.action} if order.action else {}),
            **(
                {"due_at": order.due_at.isoformat(), "act_by": order.act_by, "escalated": order.escalated} if at else {}
            ),
        }
        for order in found.orders
    ]
    open_items = found.outcome.open_items if found.outcome is not None else ()
    taken = contact.call.answers if contact.call is not None and found.result != "THIRD_PARTY" else ()
    begun = any(a.step[:1] in "MN" for a in (*contact.earlier_answers, *taken))
    resumes = found.class_ is None and found.case_state in ("CALLABLE", "APPOINTED") and begun
    dated = at is not None and (contact.case.nominal_end or found.nominal_end) is not None
    return {
        "class": found.class_,
        "class_b": found.class_b,
        "reasons": _reasons(found),
        "completed": found.completed,
        "work_order": orders[0] if orders else None,
        "orders": orders,
        "flags": list(found.marks),
        "seller_statement": found.outcome.seller_statement if found.outcome is not None else None,
        "attempt_result": found.result,
        "appointment": found.appointment.isoformat() if found.appointment else None,
        "resume_at": open_items[0] if resumes and open_items else None,
        "open_items": list(open_items),
        "breaches": [mark for mark in found.marks if mark == "DISCLOSED_BEFORE_IDENTITY"],
        "void": found.void,
        "state": found.case_state,
        "owner": found.owner,
        "in_window": found.in_window if dated else None,
        "late_grace_until": found.late_grace_until if dated else None,
        "supplementary_from": found.wake_on if "PRE_COOLING_OFF" in found.marks else None,
    }


def _reasons(found: Settlement) -> list[dict]:
    """One entry per reason and what became of it; the same at two steps is one."""
    named = ("code", "corrected", "subtype", "signer")
    told = [
        {name: getattr(reason, name) for name in named if getattr(reason, name) is not None} for reason in found.reasons
    ]
    return [entry for n, entry in enumerate(told) if entry not in told[:n]]
