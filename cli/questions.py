"""Questions put to the rules, as plain data in and plain data out: the same for options, files and batches of lines."""

from collections.abc import Mapping
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
    number,
    parts,
    required_choice,
    required_day,
    wrong_shape,
)
from rules.calendar import SHANGHAI, Calendar, business_date, shanghai
from rules.parameters import ParameterError, Profile
from rules.reasoning import Step


class Rules:
    """The profile and calendar that one question is answered by; `set` and `params` override values for it alone."""

    def __init__(self, question: Question):
        from rules.profiles import LooserValue, override
        from scripts.calendars import seeded_calendar
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
        self.calendar: Calendar = seeded_calendar()


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
    from rules.deadlines import ContractDates, callback_window, case_dates, wakes_on

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
    return {
        "callable_on": callable_on,
        "first_dial_on": callable_on and first_dialling_day(callable_on, rules.calendar, rules.profile),
        "regime": dates.regime,
        "state": state.value,
        "nominal_end": dates.nominal_end,
        "surrender_deadline": dates.surrender_deadline,
        "handover_at": dates.handover_at and dates.handover_at.isoformat(),
        "signature_date_estimated": dates.signature_date_estimated,
        "provisional": dates.provisional,
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


# ---------------------------------------------------------------- may this person be rung


def calling(question: Question, lang: str) -> dict:
    """May this person be rung at this instant; for all his policies, one call."""
    from rules.calling import select
    from rules.hold_reasons import HOLDS, nearest
    from rules.routes import Resources, route

    rules = Rules(question)
    if not question.get("at"):
        raise missing("at")
    now = instant(question["at"], "at")
    person = question.get("person") or {}
    cases = _candidates(question, person, now, rules)
    attempts = _attempts(question, {c.policy_no: c.case_id for c in cases}, person)
    found = select(cases, attempts, now=now, calendar=rules.calendar, profile=rules.profile)
    policy_of = {c.case_id: c.policy_no for c in cases}
    resources = question.get("resources") or {}
    way = route(
        str(person.get("language") or "zh-CN"),
        day(person, "birth_date"),
        Resources(
            bool(resources.get("robot", True)),
            int(resources.get("agents_free") or 0),
            tuple(resources.get("dialects") or ()),
        ),
        business_date(now),
        rules.profile,
    )
    answer: dict[str, Any] = {
        "allowed": bool(found.callable) and way.by is not None,
        "reason": None,
        "next_at": None,
        "policies_in_call": [],
        "route": None,
        "held": [{"policy_no": h.policy_no, "reason": h.reason} for h in found.held],
        "profile": rules.profile.id,
    }
    if not found.callable:
        # the policy that comes nearest to a call says why there is none
        reason = nearest(tuple(h.reason for h in found.held))
        until = min((h.until for h in found.held if h.until is not None), default=None)
        return answer | {
            "reason": reason,
            "next_at": until and until.astimezone(SHANGHAI).isoformat(),
            "steps": steps((HOLDS[reason],), lang),
        }
    if way.by is None:
        return answer | {"reason": way.hold, "steps": steps(way.steps, lang)}
    call = found.callable[0]
    return answer | {
        "policies_in_call": [policy_of[c] for c in call.case_ids],
        "number": call.number,
        "at_appointment": call.at_appointment,
        "route": way.by,
        "steps": steps(call.steps + way.steps, lang),
    }


# state of a policy in the file → state of a case, class and reason of its last contact
_STATES: dict[str, tuple[str, str | None, tuple[str, ...]]] = {
    "OPEN": ("CALLABLE", None, ()),
    "AFTER_CARE_DUE": ("CALLABLE", None, ()),
    "ASLEEP": ("ASLEEP", "VERIFICATION", ("CONTRACT_NOT_RECEIVED",)),
    "COMPLETED": ("CLOSED", "STANDARD", ()),
    "AT_BRANCH": ("AT_BRANCH", "VERIFICATION", ()),
    "DENIED": ("CLOSED", "VERIFICATION", ("DENIES_PURCHASE",)),
    "REFUSED": ("CLOSED", "VERIFICATION", ("REFUSED",)),
    "WITHDRAWN": ("NOT_REQUIRED", None, ()),
    "TERMINATED": ("NOT_REQUIRED", None, ()),
    "DECEASED": ("NOT_REQUIRED", None, ()),
}


def _candidates(question: Question, person: Question, now: datetime, rules: Rules) -> list:
    from rules.calling import Appointment, Candidate
    from rules.cases import CaseState

    policies = question.get("policies") or []
    if not policies:
        raise missing("policies")
    numbers = _numbers(question, person)
    booked = question.get("appointment")
    appointment = None
    if booked:
        if not booked.get("at"):
            raise missing("appointment.at")
        given = booked.get("number")
        appointment = Appointment(
            instant(booked["at"], "appointment.at"),
            _normal(given) if given else None,
            str(booked.get("asked_by") or "POLICYHOLDER").upper(),
        )
    handover_days = rules.profile["handover.working_days_before_end"]
    cases = []
    for index, policy in enumerate(policies):
        state, class_, reasons = _STATES[choice(policy, "state", _STATES) or "OPEN"]
        end = day(policy, "nominal_end")
        term = policy.get("policy_term_years")
        is_person = str(person.get("type") or "PERSON").upper() == "PERSON"
        in_scope = is_person and (
            term in (None, "WHOLE_LIFE") or float(term) > rules.profile["scope.min_term_exclusive_years"]
        )
        cases.append(
            Candidate(
                case_id=index,
                policy_no=str(policy.get("policy_no") or index + 1),
                person_id=0,
                state=CaseState(state),
                callable_on=day(policy, "callable_on"),
                nominal_end=end,
                handover_at=end and shanghai(rules.calendar.working_days_before(end, handover_days), time(0)),
                birth_date=day(person, "birth_date"),
                language=str(person.get("language") or "zh-CN"),
                in_scope=in_scope,
                special_callback=bool(policy.get("special_callback")),
                numbers=numbers,
                appointment=appointment,
                script="asked",
                class_=class_,
                reasons=reasons,
            )
        )
    return cases


def _normal(text: object) -> str:
    """The normal form of a number, or the text itself where it is none."""
    from rules.phones import diagnose

    return diagnose(str(text)).normalised or str(text)


def _numbers(question: Question, person: Question) -> tuple:
    from rules.phone_checks import PhoneFacts
    from rules.phones import diagnose

    registry = question.get("registry") or {}
    registered: set[str] = {_entry(e) for key in ("outlets", "staff") for e in registry.get(key) or ()}
    self_policy: set[str] = set()
    for agent in registry.get("agents") or ():
        own = {_normal(n) for n in (agent.get("number"), *(agent.get("former_numbers") or ())) if n}
        if agent.get("outlet"):
            registered.add(_normal(agent["outlet"]))
        # C24: his own number on his own policy
        (self_policy if person.get("id") and agent.get("id_of") == person["id"] else registered).update(own)
    holders = registry.get("holders") or {}
    if not isinstance(holders, Mapping):
        table: dict[str, list] = {}
        for entry in holders:
            owners = entry.get("persons") or entry.get("ids") or [entry.get("person") or entry.get("id")]
            table.setdefault(str(entry.get("number")), []).extend(owners)
        holders = table
    held: dict[str, Any] = {}
    for given, owners in holders.items():  # one number may stand there in several spellings
        known = held.get(_normal(given))
        held[_normal(given)] = [*known, *owners] if isinstance(known, list) and isinstance(owners, list) else owners
    facts = []
    for given in question.get("numbers") or ():
        given = given if isinstance(given, Mapping) else {"number": given}
        normal = diagnose(str(given.get("number") or "")).normalised
        owners = held.get(normal, 0)
        count = owners if isinstance(owners, int) else len({*map(str, owners), str(person.get("id"))})
        facts.append(
            PhoneFacts(
                normal,
                holders=max(count, 1),
                is_agents=normal in registered or normal in self_policy,
                self_policy=normal in self_policy and normal not in registered,
                dead=str(given.get("status") or "").upper() == "DEAD",
                confirmed=str(given.get("status") or "CONFIRMED").upper() != "CANDIDATE",
            )
        )
    return tuple(facts)


def _entry(entry: object) -> str:
    return _normal(entry.get("number") if isinstance(entry, Mapping) else entry)


def _attempts(question: Question, case_of: Mapping[str, int], person: Question) -> list:
    from rules.calling import Attempt

    attempts = []
    for index, given in enumerate(question.get("attempts") or ()):
        if not given.get("at"):
            raise missing(f"attempts[{index}].at")
        mine = given.get("person") in (None, person.get("id"))
        policy = str(given.get("policy_no") or "")
        result = given.get("result")
        attempts.append(
            Attempt(
                instant(given["at"], f"attempts[{index}].at"),
                0 if mine else index + 1,
                _normal(given.get("number") or ""),
                str(result).upper() if result else None,
                bool(given.get("at_appointment")),
                (case_of[policy],) if mine and policy in case_of else tuple(case_of.values()) if mine else (),
            )
        )
    return attempts
