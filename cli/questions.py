"""Questions put to the rules, as plain data in and plain data out: the same for options, files and batches of lines."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from cli.question_values import (
    BadQuestion,
    Question,
    choice,
    day,
    flag,
    instant,
    missing,
    number,
    parts,
    required_choice,
    required_day,
    wrong_shape,
)
from rules.calendar import Calendar, business_date
from rules.parameters import ParameterError, Profile
from rules.reasoning import Step


class Rules:
    """The profile and calendar that one question is answered by; `set` and `params` override values for it alone."""

    def __init__(self, question: Question):
        from rules.profiles import LooserValue, override
        from scripts.calendars import calendar_for
        from scripts.rule_profiles import ProfileError, load_profile

        given: dict[str, Any] = {}
        for key in ("set", "params"):
            if not isinstance(question.get(key) or {}, Mapping):
                raise wrong_shape(key, "an object of names and values", "参数名与值的对象", question[key])
            given |= question.get(key) or {}
        try:
            self.profile: Profile = override(load_profile(str(question.get("profile") or "national")), given)
        except LookupError as unknown:
            told = str(unknown.args[0])
            raise BadQuestion(told, f"没有这个规则版本：{told}", "UNKNOWN_PROFILE") from None
        except LooserValue as refused:
            raise BadQuestion(refused.en, refused.zh, "LOOSER_VALUE") from None
        except (ParameterError, ProfileError) as refused:
            raise BadQuestion(str(refused), f"参数有误：{refused}", "BAD_PARAMETER") from None
        self.calendar: Calendar = calendar_for(self.profile)


def steps(found: tuple[Step, ...], lang: str) -> list[dict[str, str]]:
    return [{"rule": step.rule, "text": step.text(lang)} for step in found]


CHANNELS = ("AGENCY", "BANCASSURANCE", "BANK_DIRECT", "TELEMARKETING", "ONLINE", "BROKERAGE")
PRODUCT_TYPES = ("TRADITIONAL", "PARTICIPATING", "UNIVERSAL", "UNIT_LINKED", "HEALTH", "ACCIDENT")


def deadline(question: Question, lang: str) -> dict:
    """Every date that follows from a receipt date; with `completed`, how a callback made then stands to them."""
    from rules.deadlines import callback_window, cooling_off, cooling_off_days
    from rules.surrenders import is_withdrawal

    rules = Rules(question)
    signed = required_day(question, "signed")
    channel = choice(question, "channel", CHANNELS) or "AGENCY"
    product = choice(question, "product", PRODUCT_TYPES) or "TRADITIONAL"
    days = number(question, "days") or cooling_off_days(channel, product, None, rules.profile)
    period = cooling_off(signed, days, rules.profile, rules.calendar)
    answer: dict[str, Any] = {
        "signed": signed,
        "days": days,
        "nominal_end": period.nominal_end,
        "surrender_deadline": period.surrender_deadline,
        "provisional": period.provisional,
        "in_window": None,
        "late_grace_until": None,
        "supplementary_due": None,
        "profile": rules.profile.id,
    }
    reasoning = period.steps
    if (completed := day(question, "completed")) is not None:
        window = callback_window(completed, period.nominal_end, signed, rules.profile, rules.calendar)
        answer |= {
            "in_window": window.in_window,
            "late_grace_until": window.late_grace_until,
            "pre_cooling_off": window.pre_cooling_off,
            "supplementary_due": window.supplementary_due,
            "provisional": period.provisional or window.provisional,
        }
        reasoning += window.steps
    if (requested := day(question, "surrender_requested")) is not None:
        grace = answer["late_grace_until"]
        answer["withdrawal"], why = is_withdrawal(requested, signed, period.surrender_deadline, grace)
        reasoning += (why,)
    return answer | {"steps": steps(reasoning, lang)}


def limit(question: Question, lang: str) -> dict:
    """The limit of a work order, from working days or from its reasons."""
    from rules.deadlines import UnknownLimit, shortest_limit, work_order_limit
    from rules.work_orders import outer_limit

    rules = Rules(question)
    if not question.get("pushed"):
        raise missing("pushed")
    pushed = instant(question["pushed"], "pushed")
    days, reasons = number(question, "working_days"), question.get("reason") or ()
    if not isinstance(reasons, str | list | tuple):
        raise wrong_shape("reason", "a code or a list of codes", "代码或代码列表", reasons)
    reasons = [reasons] if isinstance(reasons, str) else list(reasons)
    if (days is None) == (not reasons):
        raise BadQuestion(
            "either working_days or reason, one of the two", "working_days 与 reason 须给且只给一项", "ONE_OF_TWO"
        )
    if days is None:
        try:
            days = shortest_limit([str(reason).upper() for reason in reasons], rules.profile)
        except UnknownLimit as unknown:
            raise BadQuestion(str(unknown), f"{unknown.args[0]} 没有设定时效", "UNKNOWN_LIMIT") from None
    found = work_order_limit(pushed, days, day(question, "nominal_end"), rules.calendar, rules.profile)
    outer = outer_limit(found.counts_from, rules.calendar, rules.profile)
    latest = Step("R90", f"任何情况下不得超过{outer}", f"beyond {outer} no statement and no return carries it")
    return {
        "due_at": found.due_at.isoformat(),
        "act_by": found.act_by,
        "escalated": found.escalated,
        "working_days": found.working_days,
        "counts_from": found.counts_from,
        "outer_limit": outer,
        "outer_limit_provisional": rules.calendar.is_provisional_between(found.counts_from, outer),
        "provisional": found.provisional,
        "profile": rules.profile.id,
        "steps": steps((*found.steps, latest), lang),
    }


def extraction(question: Question, lang: str, today: date) -> dict:
    """When a case becomes callable and under which regime; after a call, whether it was too early or sleeps on."""
    from rules.calling import first_dialling_day
    from rules.cases import CaseState, opening_state
    from rules.deadlines import callback_window, case_dates
    from rules.list_dates import ContractDates, wakes_on

    rules = Rules(question)
    contract = ContractDates(
        required_choice(question, "channel", CHANNELS),
        choice(question, "product", PRODUCT_TYPES) or "TRADITIONAL",
        *(day(question, key) for key in ("underwritten", "issued", "printed", "entered")),
        *(day(question, key) for key in ("receipt_signed", "receipt_entered", "receipt_written_off")),
    )
    at = day(question, "at") or today
    try:
        dates = case_dates(contract, rules.profile, rules.calendar, number(question, "days"))
    except ValueError as refused:
        raise BadQuestion(str(refused), f"不能这样抽取：{refused}", "REGIME_NOT_POSSIBLE") from None
    callable_on, reasoning = dates.callable_on, list(dates.steps)
    state = opening_state(dates, at, True, False)
    pre, supplementary = False, None

    if (called := day(question, "called_on")) is not None:
        window = callback_window(called, dates.nominal_end, dates.signed_on, rules.profile, rules.calendar)
        result = str(question.get("call_result") or "").upper()
        pre = window.pre_cooling_off
        if result == "CONTRACT_NOT_RECEIVED":
            wakes, step = wakes_on(contract, called)
            reasoning.append(step)
            if wakes is None or wakes - timedelta(days=1) > at:  # its receipt is not known at that day
                callable_on, state = None, CaseState.ASLEEP
            else:
                callable_on, state = wakes, CaseState.CALLABLE if wakes <= at else CaseState.WAITING
        elif question.get("call_completed"):
            reasoning += window.steps
            state = CaseState.CLOSED
            if pre:
                supplementary = {"from": window.supplementary_from, "to": window.supplementary_due}
                state = CaseState.CALLABLE if window.supplementary_from <= at else CaseState.WAITING
        elif pre:
            reasoning += window.steps
    first_dial = callable_on and first_dialling_day(callable_on, rules.calendar, rules.profile)
    return {
        "callable_on": callable_on,
        "first_dial_on": first_dial,
        "regime": dates.regime,
        "state": state.value,
        "nominal_end": dates.nominal_end,
        "surrender_deadline": dates.surrender_deadline,
        "handover_at": dates.handover_at and dates.handover_at.isoformat(),
        "signature_date_estimated": dates.signature_date_estimated,
        # the first day of dialling steps over holidays, as far as they are known
        "provisional": dates.provisional
        or bool(first_dial and rules.calendar.is_provisional_between(callable_on, first_dial)),
        "pre_cooling_off": pre,
        "supplementary": supplementary,
        "complete_by": dates.complete_by,
        "profile": rules.profile.id,
        "steps": steps(tuple(reasoning), lang),
    }


def retention(question: Question, lang: str) -> dict:
    """Until when a record must be kept, and the least."""
    from rules.recordings import Dispute, Record, RecordKind
    from rules.recordings import retention as kept

    rules = Rules(question)
    kind = RecordKind(required_choice(question, "kind", tuple(RecordKind)))
    # a training copy counts from when it was made; a call from its day in Shanghai
    key = {"RECORDING": "called_at", "PAPER": "archived_on"}.get(kind, "created_on")
    if not question.get(key):
        raise missing(key)
    disputes = []
    for n, given in enumerate(parts(question, "disputes")):
        where = f"disputes[{n}]."
        dispute = Dispute(required_day(given, "opened", where), day(given, "closed", where))
        if dispute.closed is not None and dispute.closed < dispute.opened:
            raise BadQuestion(f"{where}closed lies before opened", f"{where}closed 早于 opened", "DATES_OUT_OF_ORDER")
        disputes.append(dispute)
    record = Record(
        kind,
        business_date(instant(question[key], key)),
        day(question, "contract_ended_on"),
        tuple(disputes),
        flag(question, "legal_hold"),
        day(question, "stored_retain_until"),
    )
    found = kept(record, rules.profile)
    return {
        "retain_until": found.retain_until,
        "floor": found.floor,
        "profile": rules.profile.id,
        "steps": steps(found.steps, lang),
    }


def phone(numbers: list[str]) -> list[dict]:
    from rules.phones import diagnose

    return [
        {"given": found.given, "normalised": found.normalised, "problem": found.problem}
        for found in map(diagnose, numbers)
    ]


def utterance(text: str, question: str, lang: str) -> dict:
    """What an utterance on the phone means, as an answer to a question of that kind."""
    from rules.speech import understand

    try:
        found = understand(text, question)
    except (KeyError, ValueError) as unknown:
        raise BadQuestion(f"question: {unknown}", f"question：{unknown}", "BAD_CHOICE") from None
    return {"answer": str(found.answer), "confidence": found.confidence, "because": found.because.text(lang)}
