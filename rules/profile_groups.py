"""The selection over cases that come under different rule profiles: each person under one of his own."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rules.calendar import Calendar, business_date
from rules.calling import Attempt, Candidate, Held, Selection, ToCall, is_dialling_day, next_permitted, select
from rules.parameters import Profile
from rules.profiles import strictest
from rules.routes import Caller


@dataclass(frozen=True, slots=True)
class Chosen:
    """`profiles`: by person id, what each was selected under; a dial names it."""

    selection: Selection
    profiles: Mapping[int, Profile]


def select_by_profile(
    candidates: Iterable[Candidate],
    attempts: Iterable[Attempt],
    *,
    now: datetime,
    calendar: Calendar,
    profiles: Mapping[int, str],
    profile_of: Callable[[str], Profile],
    limit: int | None = None,
    caller: Caller | None = None,
) -> Chosen:
    """`rules.calling.select`, for persons whose cases come under different profiles (`profiles`: by case id), and for one
    `caller`: whom others ring is held as NEEDS_AGENT. None: as if there were but one who rings.

    Hours, caps and gaps are counted per person: one whose policies come under several profiles is rung under the
    strictest of them (R9). Raises LookupError for a profile that is not there.
    """
    attempts = tuple(attempts)
    named: dict[int, set[str]] = defaultdict(set)
    candidates = tuple(candidates)
    for case in candidates:
        named[case.person_id].add(profiles[case.case_id])
    groups: dict[frozenset[str], list[Candidate]] = defaultdict(list)
    for case in candidates:
        groups[frozenset(named[case.person_id])].append(case)
    found = {ids: strictest(map(profile_of, sorted(ids))) for ids in groups}
    of_person = {person: found[frozenset(ids)] for person, ids in named.items()}
    today = business_date(now)
    parts = []
    for ids, cases in groups.items():
        profile = found[ids]
        left = set() if caller is None else {c.person_id for c in cases if caller.leaves(c, today, profile)}
        parts.append(
            select(
                cases,
                attempts,
                now=now,
                calendar=calendar,
                profile=profile,
                limit=limit,
                dialects=caller.languages if caller is not None else (),
                left_to_others=left,
            )
        )
    if len(parts) == 1:
        return Chosen(parts[0], of_person)
    return Chosen(_merged(parts, candidates, of_person, now, calendar, limit), of_person)


def _merged(
    parts: Iterable[Selection],
    candidates: Iterable[Candidate],
    of_person: Mapping[int, Profile],
    now: datetime,
    calendar: Calendar,
    limit: int | None,
) -> Selection:
    """The calls of all groups in one order; a number that two of them would ring is rung once."""
    parts = tuple(parts)
    today = business_date(now)
    days: dict[tuple[Profile, date], int] = {}

    def urgency(call: ToCall) -> tuple:
        profile = of_person[call.person_id]
        if call.nominal_end is None:
            return not call.at_appointment, 10**6, date.max, call.person_id
        key = profile, call.nominal_end
        if key not in days:
            span = (call.nominal_end - today).days
            days[key] = sum(is_dialling_day(today + timedelta(days=n), calendar, profile) for n in range(span + 1))
        return not call.at_appointment, days[key], call.nominal_end, call.person_id

    policies = {case.case_id: case.policy_no for case in candidates}
    calls: list[ToCall] = []
    held = [one for part in parts for one in part.held]
    taken: set[str] = set()
    for call in sorted((call for part in parts for call in part.callable), key=urgency):
        if limit is not None and len(calls) >= limit:
            break
        if call.number not in taken:
            taken.add(call.number)
            calls.append(call)
            continue
        profile = of_person[call.person_id]
        gap = timedelta(hours=profile["attempts.min_gap_hours"])
        until = next_permitted(now + gap, calendar, profile)
        held += [Held(case_id, policies[case_id], "MIN_GAP", until) for case_id in call.case_ids]
    return Selection(tuple(calls), tuple(held), tuple(one for part in parts for one in part.to_settle))
