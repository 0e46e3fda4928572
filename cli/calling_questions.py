"""The question who may be rung: one person with his policies, numbers and attempts, and who is free to ring."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from cli.question_values import (
    Question,
    choice,
    day,
    flag,
    instant,
    missing,
    not_one_of,
    part,
    parts,
    wrong_shape,
)
from cli.questions import CHANNELS, PRODUCT_TYPES, Rules, steps
from rules.calendar import SHANGHAI, business_date, shanghai
from rules.calling import Appointment, Attempt, Candidate, Held, select
from rules.cases import CaseState
from rules.conclusions import DEAD_NUMBER_RESULTS
from rules.deadlines import cooling_off, cooling_off_days
from rules.hold_reasons import HOLDS, nearest
from rules.phone_checks import PhoneFacts
from rules.phones import diagnose
from rules.reasoning import Step
from rules.routes import MANDARIN, Resources, route

# state of a policy in the file → state of a case, class and reason of its last contact
STATES: dict[str, tuple[CaseState, str | None, tuple[str, ...]]] = {
    "OPEN": (CaseState.CALLABLE, None, ()),
    "AFTER_CARE_DUE": (CaseState.CALLABLE, None, ()),
    "ASLEEP": (CaseState.ASLEEP, "VERIFICATION", ("CONTRACT_NOT_RECEIVED",)),
    "COMPLETED": (CaseState.CLOSED, "STANDARD", ()),
    "AT_BRANCH": (CaseState.AT_BRANCH, "VERIFICATION", ()),
    "DENIED": (CaseState.CLOSED, "VERIFICATION", ("DENIES_PURCHASE",)),
    "REFUSED": (CaseState.CLOSED, "VERIFICATION", ("REFUSED",)),
    "WITHDRAWN": (CaseState.NOT_REQUIRED, None, ()),
    "TERMINATED": (CaseState.NOT_REQUIRED, None, ()),
    "DECEASED": (CaseState.NOT_REQUIRED, None, ()),
}
RESULTS = (
    *(
        "NO_ANSWER",
        "BUSY_LINE",
        "POWERED_OFF",
        "INVALID_NUMBER",
        "SUSPENDED",
        "SWITCHBOARD",
        "NO_SUCH_PERSON",
        "MACHINE",
    ),
    *("THIRD_PARTY", "APPOINTED", "REFUSED", "HANGUP", "HANGUP_DELIBERATE", "DROPPED", "INCOMPLETE", "COMPLETED"),
    # not ended yet, or never rung
    *("RESERVED", "PLACED", "RINGING", "ANSWERED", "UNKNOWN", "REJECTED"),
)
WHO_ASKS = ("POLICYHOLDER", "THIRD_PARTY", "BRANCH")
STATUSES = ("CONFIRMED", "CANDIDATE", "DEAD")
YOUNG_POLICY = timedelta(days=730)  # C23: a policy that has ended counts for two years
HIM = 0


def calling(question: Question, lang: str) -> dict:
    """May this person be rung at this instant; for all his policies, one call."""
    rules = Rules(question)
    if not question.get("at"):
        raise missing("at")
    now = instant(question["at"], "at")
    person = part(question, "person")
    resources = _resources(question)
    policies = parts(question, "policies")
    if not policies:
        raise missing("policies")
    case_of = {_policy_no(policy, index): index for index, policy in enumerate(policies)}
    told = _attempts(question, case_of, person, now)
    cases = _candidates(question, person, policies, told, now, rules)
    found = select(
        cases,
        told.attempts,
        now=now,
        calendar=rules.calendar,
        profile=rules.profile,
        dialects=resources.dialects or (),
    )
    answer: dict[str, Any] = {
        "allowed": False,
        "reason": None,
        "next_at": None,
        "policies_in_call": [],
        "number": None,
        "at_appointment": False,
        "route": None,
        "held": [{"policy_no": h.policy_no, "reason": h.reason, "next_at": _at(h.until)} for h in found.held],
        "profile": rules.profile.id,
    }
    if not found.callable:
        why = _nearest(found.held)
        reasoning = (HOLDS[why.reason], *_again(why))
        return answer | {"reason": why.reason, "next_at": _at(why.until), "steps": steps(reasoning, lang)}
    call = found.callable[0]
    covered = [cases[index].policy_no for index in call.case_ids]
    way = route(
        str(person.get("language") or MANDARIN), day(person, "birth_date"), resources, business_date(now), rules.profile
    )
    if way.by is None:
        waiting = [{"policy_no": policy_no, "reason": way.hold, "next_at": None} for policy_no in covered]
        return answer | {"reason": way.hold, "held": answer["held"] + waiting, "steps": steps(way.steps, lang)}
    return answer | {
        "allowed": True,
        "policies_in_call": covered,
        "number": call.number,
        "at_appointment": call.at_appointment,
        "route": way.by,
        "steps": steps(call.steps + way.steps, lang),
    }


def _nearest(held: Iterable[Held]) -> Held:
    """The policy that can be looked at again the soonest, else the one that comes nearest to a call."""
    held = tuple(held)
    if dated := [h for h in held if h.until is not None]:
        first = min(h.until for h in dated)
        held = tuple(h for h in dated if h.until == first)
    reason = nearest(tuple(h.reason for h in held))
    return next(h for h in held if h.reason == reason)


def _again(why: Held) -> tuple[Step, ...]:
    if why.until is None:
        return ()
    local = f"{why.until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    return (Step(HOLDS[why.reason].rule, f"最早可于{local}再看", f"to be looked at again at {local}"),)


def _at(until: datetime | None) -> str | None:
    return until and until.astimezone(SHANGHAI).isoformat()


def _resources(question: Question) -> Resources:
    given = part(question, "resources")
    free = given.get("agents_free") or 0
    if isinstance(free, bool) or not isinstance(free, int) or free < 0:
        raise wrong_shape("resources.agents_free", "a number of agents", "坐席数", free)
    dialects = given.get("dialects")
    if dialects is not None and not (isinstance(dialects, list) and all(isinstance(d, str) for d in dialects)):
        raise wrong_shape("resources.dialects", "a list of languages", "语言列表", dialects)
    robot = flag(given, "robot", "resources.") if given.get("robot") is not None else True
    return Resources(robot, free, None if dialects is None else tuple(dialects))


def _policy_no(policy: Mapping, index: int) -> str:
    return str(policy.get("policy_no") or index + 1)


def _candidates(
    question: Question, person: Mapping, policies: list[Mapping], told: "_Told", now: datetime, rules: Rules
) -> list[Candidate]:
    numbers = _numbers(question, person, told.dead, business_date(now))
    appointment = _appointment(question)
    is_person = (choice(person, "type", ("PERSON", "ORGANISATION"), "person.") or "PERSON") == "PERSON"
    born = day(person, "birth_date", "person.")
    refused = told.refused(rules, appointment)
    cases = []
    for index, policy in enumerate(policies):
        where = f"policies[{index}]."
        asked = choice(policy, "state", STATES, where) or "OPEN"
        state, class_, reasons = STATES["REFUSED" if asked == "OPEN" and index in refused else asked]
        after_care = asked == "AFTER_CARE_DUE"
        end = _nominal_end(policy, where, rules)
        handover_at = None
        if end is not None and not after_care:
            days = rules.profile["handover.working_days_before_end"]
            handover_at = shanghai(rules.calendar.working_days_before(end, days), time(0))
        cases.append(
            Candidate(
                case_id=index,
                policy_no=_policy_no(policy, index),
                person_id=HIM,
                state=state,
                callable_on=day(policy, "callable_on", where),
                nominal_end=end,
                handover_at=handover_at,
                birth_date=born,
                language=str(person.get("language") or MANDARIN),
                in_scope=is_person and _term(policy, where) > rules.profile["scope.min_term_exclusive_years"],
                special_callback=flag(policy, "special_callback", where),
                numbers=numbers,
                appointment=appointment,
                script="asked",
                class_=class_,
                reasons=reasons,
                # the after-care call is a round of its own, behind the callback it comes after (R92)
                plan_began=told.completed.get(index) if after_care else None,
            )
        )
    return cases


def _nominal_end(policy: Mapping, where: str, rules: Rules) -> date | None:
    """As given, else as it follows from the signature."""
    end, signed = day(policy, "nominal_end", where), day(policy, "receipt_signed_on", where)
    if end is not None or signed is None:
        return end
    channel = choice(policy, "channel", CHANNELS, where) or "AGENCY"
    product = choice(policy, "product_type", PRODUCT_TYPES, where) or "TRADITIONAL"
    days = cooling_off_days(channel, product, None, rules.profile)
    return cooling_off(signed, days, rules.profile, rules.calendar).nominal_end


def _term(policy: Mapping, where: str) -> float:
    """In years; endless where it is for life or not told."""
    term = policy.get("policy_term_years")
    if term is None or str(term).strip().upper() in ("WHOLE_LIFE", "终身", ""):
        return float("inf")
    try:
        years = float(str(term).strip().removesuffix("年"))
    except ValueError:
        years = 0
    if isinstance(term, bool) or not 0 < years < float("inf"):
        raise wrong_shape(f"{where}policy_term_years", "a number of years or WHOLE_LIFE", "年数或 WHOLE_LIFE", term)
    return years


def _appointment(question: Question) -> Appointment | None:
    given = part(question, "appointment")
    if not given:
        return None
    if not given.get("at"):
        raise missing("appointment.at")
    number = given.get("number")
    asked_by = choice(given, "asked_by", WHO_ASKS, "appointment.") or "POLICYHOLDER"
    return Appointment(instant(given["at"], "appointment.at"), _normal(number) if number else None, asked_by)


# ---------------------------------------------------------------- numbers


def _normal(text: object) -> str:
    """The normal form of a number, or the text itself where it is none."""
    return diagnose(str(text)).normalised or str(text)


def _numbers(question: Question, person: Mapping, dead: set[str], today: date) -> tuple[PhoneFacts, ...]:
    registry = part(question, "registry")
    registered, own = _registered(registry, person)
    held = _holders(registry, str(person.get("id")), today)
    given = question.get("numbers") or []
    if not isinstance(given, list):
        raise wrong_shape("numbers", "a list", "列表", given)
    facts = []
    for index, entry in enumerate(given):
        entry = entry if isinstance(entry, Mapping) else {"number": entry}
        status = choice(entry, "status", STATUSES, f"numbers[{index}].") or "CONFIRMED"
        normal = diagnose(str(entry.get("number") or "")).normalised
        others, strangers = held.get(normal, (set(), False))
        facts.append(
            PhoneFacts(
                normal,
                holders=1 + len(others),
                is_agents=normal in registered or normal in own,
                self_policy=normal in own and normal not in registered,
                dead=status == "DEAD" or normal in dead,
                confirmed=status != "CANDIDATE",
                related=not strangers,
            )
        )
    return tuple(facts)


def _registered(registry: Mapping, person: Mapping) -> tuple[set[str], set[str]]:
    """The numbers of agents, outlets, staff and the company, former ones too; and those that are his own (C24)."""
    registered: set[str] = set()
    for key in ("outlets", "staff", "company"):
        entries = registry.get(key) or ()
        entries = entries.values() if isinstance(entries, Mapping) else entries
        if isinstance(entries, str):
            raise wrong_shape(f"registry.{key}", "a list", "列表", entries)
        for entry in entries:
            registered |= _his(entry) if isinstance(entry, Mapping) else {_normal(entry)}
    own: set[str] = set()
    for agent in parts(registry, "agents", "registry."):
        if agent.get("outlet"):
            registered.add(_normal(agent["outlet"]))
        himself = person.get("id") and agent.get("id_of") == person["id"]
        (own if himself else registered).update(_his(agent))
    return registered, own


def _his(entry: Mapping) -> set[str]:
    return {_normal(number) for number in (entry.get("number"), *(entry.get("former_numbers") or ())) if number}


def _holders(registry: Mapping, him: str, today: date) -> dict[str, tuple[set[str], bool]]:
    """Normal form of a number → the other policyholders who carry it, and whether a stranger is among them (S12).

    Either {number: [ids]}, where the entry of an id may also be an object, or a list of objects with number and id.
    """
    given = registry.get("holders") or {}
    if isinstance(given, Mapping):
        entries = [(number, entry) for number, group in given.items() for entry in _entries(number, group)]
    elif isinstance(given, list):
        entries = []
        for entry in parts(registry, "holders", "registry."):
            group = next((entry[key] for key in ("persons", "ids", "holders", "policyholders") if entry.get(key)), None)
            group = [entry] if group is None else [_with(one, entry) for one in _entries("holders", group)]
            entries += [(entry.get("number"), one) for one in group]
    else:
        raise wrong_shape("registry.holders", "an object or a list", "对象或列表", given)
    found: dict[str, tuple[set[str], bool]] = {}
    for number, entry in entries:
        entry = entry if isinstance(entry, Mapping) else {"id": entry}
        keys = ("id", "person", "person_id", "policyholder", "policyholder_id", "holder")
        who = str(next((entry[key] for key in keys if entry.get(key) is not None), ""))
        if who == him or not _counts(entry, today):
            continue
        others, strangers = found.get(_normal(number), (set(), False))
        related = entry.get("related") or entry.get("relation") or entry.get("proven_relation")
        found[_normal(number)] = (others | {who}, strangers or not related)
    return found


def _entries(number: object, group: object) -> list:
    if isinstance(group, int) and not isinstance(group, bool):  # so many in all, himself among them
        return [{"id": f"other {n}"} for n in range(1, group)]
    if isinstance(group, Mapping):
        return _entries(number, group.get("persons") or group.get("ids") or [group])
    if not isinstance(group, list):
        raise wrong_shape(f"registry.holders.{number}", "a list of persons", "人员列表", group)
    return group


def _with(one: object, entry: Mapping) -> Mapping:
    """A person of a group, with what is said of the whole group."""
    shared = {key: entry[key] for key in ("related", "relation", "status", "underwritten_on") if key in entry}
    return shared | (dict(one) if isinstance(one, Mapping) else {"id": one})


def _counts(entry: Mapping, today: date) -> bool:
    """In force, or younger than two years (C23); what is not told is in force."""
    status = str(entry.get("status") or "IN_FORCE").upper()
    began = day(entry, "underwritten_on", "registry.holders.")
    return status == "IN_FORCE" or (began is not None and began > today - YOUNG_POLICY)


# ---------------------------------------------------------------- attempts


@dataclass
class _Told:
    """The attempts, and what they tell beside their number: dead numbers, refusals, completed callbacks."""

    attempts: list[Attempt] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    refusals: dict[int, int] = field(default_factory=dict)
    hangups: dict[int, int] = field(default_factory=dict)
    completed: dict[int, datetime] = field(default_factory=dict)

    def refused(self, rules: Rules, appointment: Appointment | None) -> set[int]:
        """The policies whose holder refused: nobody rings again, unless the branch booked it (C31, S1)."""
        if appointment is not None and appointment.asked_by == "BRANCH":
            return set()
        most, hangups = rules.profile["refusal.max_recalls"], rules.profile["refusal.deliberate_hangups"]
        return {index for index, times in self.refusals.items() if times > most} | {
            index for index, times in self.hangups.items() if times >= hangups
        }


def _attempts(question: Question, case_of: Mapping[str, int], person: Mapping, now: datetime) -> _Told:
    told = _Told()
    others: dict[str, int] = {}
    for index, given in enumerate(parts(question, "attempts")):
        where = f"attempts[{index}]."
        if not given.get("at"):
            raise missing(f"{where}at")
        at = instant(given["at"], f"{where}at")
        if at > now:
            continue  # asked about an instant at which it had not been made
        result = given.get("result") and _result(given["result"], where)
        who = given.get("person")
        mine = who is None or who == person.get("id")
        number = _normal(given.get("number") or "")
        policy = str(given.get("policy_no") or "")
        case_ids: tuple[int, ...] = ()
        if mine:
            case_ids = (case_of[policy],) if policy in case_of else () if policy else tuple(case_of.values())
        told.attempts.append(
            Attempt(
                at,
                HIM if mine else others.setdefault(str(who), len(others) + 1),
                number,
                result or None,
                flag(given, "at_appointment", where),
                case_ids,
            )
        )
        if result in DEAD_NUMBER_RESULTS and (mine or result != "NO_SUCH_PERSON"):
            told.dead.add(number)
        for case_id in case_ids:
            if result == "REFUSED":
                told.refusals[case_id] = told.refusals.get(case_id, 0) + 1
            elif result == "HANGUP_DELIBERATE":
                told.hangups[case_id] = told.hangups.get(case_id, 0) + 1
            elif result == "COMPLETED":
                told.completed[case_id] = max(at + timedelta(seconds=1), told.completed.get(case_id, at))
    return told


def _result(value: object, where: str) -> str:
    word = str(value).strip().upper()
    if word not in RESULTS:
        raise not_one_of(f"{where}result", RESULTS, value)
    return word
