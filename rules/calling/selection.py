"""Who is rung now and why each other is not: first each case by itself, then the persons in the order of their ends."""

import gc
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import MINYEAR, UTC, date, datetime, timedelta
from functools import partial
from operator import attrgetter

from rules.calendar import Calendar, business_date
from rules.calling.dials import Dials, Hold
from rules.calling.facts import Attempt, Candidate, Held, Selection, ToCall, ToSettle
from rules.calling.hours import Appointment, Hours
from rules.calling.plan import Plan
from rules.cases import CaseState
from rules.languages import MANDARIN
from rules.parameters import Profile
from rules.phone_checks import NumberChecks
from rules.reasoning import Step

NEVER = datetime(MINYEAR, 1, 1, tzinfo=UTC)
NO_PERIOD_DAYS = 10**6  # days left where no period runs yet: behind everybody
RINGABLE = frozenset({CaseState.CALLABLE, CaseState.APPOINTED})

# why a case is held, until when, and as what it is settled without a dial
CaseHold = tuple[str, datetime | None, str | None]
# no ordinary dial is left of its plan, but an agreed time that is kept first (C57)
ONLY_AS_AGREED: CaseHold = ("APPOINTMENT_PENDING", None, None)
OUT_OF_SCOPE: CaseHold = ("OUT_OF_SCOPE", None, None)
WITHDRAWN: CaseHold = ("WITHDRAWN", None, None)
WAITING_FOR_RECEIPT: CaseHold = ("WAITING_FOR_RECEIPT", None, None)
WITH_BRANCH: CaseHold = ("WITH_BRANCH", None, None)

# as Held(…) and ToCall(…) do, in half the time: a million of both are made in one selection
new_held: Callable[[Sequence], Held] = partial(tuple.__new__, Held)
new_call: Callable[[Sequence], ToCall] = partial(tuple.__new__, ToCall)

PERSON = attrgetter("person_id")
WHEN = attrgetter("at")
URGENCY = attrgetter("urgency")


@dataclass(slots=True)
class _Line:
    """Those with the same end. Agreed times that are due come first, then the fewest days left to dial in (C56), then
    the earliest end."""

    urgency: tuple[bool, int, date]
    why: tuple[Step, ...]
    calls: list[ToCall] = field(default_factory=list)


def select(
    candidates: Iterable[Candidate],
    attempts: Iterable[Attempt],
    *,
    now: datetime,
    calendar: Calendar,
    profile: Profile,
    limit: int | None = None,
    dialects: Collection[str] = (),
    left_to_others: Collection[int] = frozenset(),
) -> Selection:
    """Who is rung now. `limit` keeps the first so many calls; the others that might be made are not listed.

    `dialects` are the languages beside Mandarin that an agent who is free speaks; `left_to_others` the persons whom
    somebody else rings: held as NEEDS_AGENT where nothing before it holds them.
    """
    with _no_collection():
        desk = _Desk(now, calendar, profile, attempts, dialects, left_to_others)
        desk.consider_all(candidates)
        return desk.assigned(limit)


@contextmanager
def _no_collection() -> Iterator[None]:
    """A million rows are made and kept, none of them in a cycle: looking through them for cycles, again and again while
    they grow, is a fifth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Desk:
    """What one selection knows: the instant, the figures of the profile read once, the dials made; and what it found."""

    def __init__(
        self,
        now: datetime,
        calendar: Calendar,
        profile: Profile,
        attempts: Iterable[Attempt],
        dialects: Collection[str],
        left_to_others: Collection[int],
    ):
        self.now, self.today = now, business_date(now)
        self.hours = Hours(calendar, profile)
        self.dials = Dials(attempts, now, self.hours, profile)
        self.plan = Plan(now, self.dials, profile)
        self.too_late = self.plan.too_late
        self.checks = NumberChecks(profile)
        self.elements: int = profile["identity.elements"]
        self.dialect_agent_only: bool = profile["calling.dialect_agent_only"]
        self.dialects = frozenset(dialects)
        self.left_to_others = frozenset(left_to_others)
        self.closed = self.hours.hold(now)
        self.opens = None if self.closed is None else self.hours.next_permitted(now)
        self.held: list[Held] = []
        self.to_settle: list[ToSettle] = []
        self.first: dict[int, Candidate] = {}  # the first case of each person
        self.in_line: dict[int, Sequence[Candidate]] = {}  # the cases of persons in a line, where these are others
        self.due: dict[int, Appointment] = {}  # the agreed times of persons in a line that are due
        self.ringing: set[str] = set()  # numbers taken by this selection
        self._days_left: dict[date | None, int] = {}
        # what might be rung: a few dozen lines with many people in each, sorted line by line at the end
        self._ordinary: dict[date | None, _Line] = {}
        self._as_agreed: dict[date | None, _Line] = {}

    def consider_all(self, candidates: Iterable[Candidate]) -> None:
        # nearly everybody has one policy: a list for each person would double what the collector has to look through
        first = self.first
        further: dict[int, list[Candidate]] = defaultdict(list)
        for case in candidates:
            if first.setdefault(case.person_id, case) is not case:
                further[case.person_id].append(case)
        for person_id, case in first.items():
            if person_id in further or case.appointment is not None:
                self.consider(person_id, [case, *further.get(person_id, ())])
            else:
                self._consider_one(person_id, case)

    def _consider_one(self, person_id: int, case: Candidate) -> None:
        """`consider` for nearly everybody: one policy, no time agreed."""
        mine = self.dials.of_person(person_id)
        if (hold := self._case_hold(case, mine, None)) is not None:
            self._keep(case, hold)
        elif self.closed is not None:
            self.held.append(new_held((case.case_id, case.policy_no, self.closed, self.opens)))
        elif mine and (wait := self._ordinary_hold(person_id, (case,), mine)) is not None:
            self.held.append(new_held((case.case_id, case.policy_no, *wait)))
        elif (
            case.script is None
            or case.language != MANDARIN
            or len(case.numbers) > 1
            or person_id in self.left_to_others
            or self.dials.also_for_others(number := case.numbers[0].number, person_id)
        ):
            self._line_up(person_id, (case,), mine, None)
        else:  # nothing is left to ask: he may be rung, and has but this number
            end = case.nominal_end
            line = self._ordinary.get(end) or self._line_of(end, False)
            line.calls.append(new_call((person_id, number, (case.case_id,), False, end, line.why)))

    def consider(self, person_id: int, cases: list[Candidate]) -> None:
        """Hold, settle, or put in line: each case by itself, then the person with what is left."""
        mine = self.dials.of_person(person_id)
        booked: Appointment | None = None
        only_as_agreed: list[Candidate] = []
        left: list[Candidate] = []
        for case in cases:
            agreed = None if case.appointment is None else self._ahead(case, mine)
            if agreed is not None and (booked is None or agreed.at < booked.at):
                booked = agreed
            hold = self._case_hold(case, mine, agreed)
            if hold is None:
                left.append(case)
            elif hold is ONLY_AS_AGREED:
                only_as_agreed.append(case)
            else:
                self._keep(case, hold)
        if booked is not None:
            self._consider_with_time_agreed(person_id, left, only_as_agreed, mine, booked)
        elif left:
            self._consider_ordinary(person_id, left, mine)

    def _consider_ordinary(self, person_id: int, cases: Sequence[Candidate], mine: Sequence[Attempt]) -> None:
        """No time is agreed, and none of these cases is held by itself."""
        if self.closed is not None:
            self._hold(cases, (self.closed, self.opens))
        elif mine and (hold := self._ordinary_hold(person_id, cases, mine)) is not None:
            self._hold(cases, hold)
        else:
            self._line_up(person_id, cases, mine, None)

    def _consider_with_time_agreed(
        self,
        person_id: int,
        left: list[Candidate],
        only_as_agreed: list[Candidate],
        mine: Sequence[Attempt],
        booked: Appointment,
    ) -> None:
        """R37: who named the time himself is not rung before it; before a time named by others the gap is kept free.

        It is the person's time: it holds for all his policies, whichever it was agreed for.
        """
        both = [*left, *only_as_agreed]
        if not both:
            return
        due = self.hours.is_due(booked, self.now)
        if self.closed is not None and (not due or self.closed == "QUIET_HOURS"):
            self._hold(both, (self.closed, self.opens), None if due else booked)
        elif (busy := self.dials.busy(person_id)) is not None:
            self._hold(both, (busy, None))
        elif due:
            self.due[person_id] = booked
            self._line_up(person_id, both, mine, booked)
        elif booked.asked_by == "POLICYHOLDER" or booked.at - self.now < self.dials.gap:
            self._hold(both, ("APPOINTMENT_PENDING", booked.at))
        else:
            self._hold(only_as_agreed, ("APPOINTMENT_PENDING", booked.at))
            if left and (hold := self._ordinary_hold(person_id, left, mine)) is not None:
                self._hold(left, hold, booked)
            elif left:
                self._line_up(person_id, left, mine, None)

    def assigned(self, limit: int | None) -> Selection:
        """Through the lines, the most urgent first; who wants a number that is taken by then gets another, or waits."""
        calls: list[ToCall] = []
        ringing, in_line = self.ringing, self.in_line
        most = sys.maxsize if limit is None else limit
        for line in sorted([*self._as_agreed.values(), *self._ordinary.values()], key=URGENCY):
            for call in sorted(line.calls, key=PERSON):
                if len(calls) >= most:
                    return Selection(tuple(calls), tuple(self.held), tuple(self.to_settle))
                if call.number in ringing:
                    call = self._another_number(call.person_id)
                    if call is None:
                        continue
                ringing.add(call.number)
                calls.append(call)
                if call.person_id in in_line:
                    # what this call does not cover waits for its end, or for somebody with a script
                    self.held += [
                        Held(case.case_id, case.policy_no, "NEEDS_AGENT" if case.script is None else "IN_CALL")
                        for case in in_line[call.person_id]
                        if case.case_id not in call.case_ids
                    ]
        return Selection(tuple(calls), tuple(self.held), tuple(self.to_settle))

    def _another_number(self, person_id: int) -> ToCall | None:
        cases = self.in_line.get(person_id) or (self.first[person_id],)
        call, hold = self._reach(person_id, cases, self.dials.of_person(person_id), self.due.get(person_id))
        if call is None:
            self._hold(cases, hold)
        return call

    def _keep(self, case: Candidate, hold: CaseHold) -> None:
        reason, until, kind = hold
        self.held.append(new_held((case.case_id, case.policy_no, reason, until)))
        if kind is not None:
            self.to_settle.append(ToSettle(case.case_id, kind, reason))

    def _hold(self, cases: Iterable[Candidate], hold: Hold, booked: Appointment | None = None) -> None:
        """`booked`, an agreed time still ahead, is when it is worth looking again, unless others named it later."""
        reason, until = hold
        if booked is not None and until is not None:
            until = booked.at if booked.asked_by == "POLICYHOLDER" else min(until, booked.at)
        self.held += [new_held((case.case_id, case.policy_no, reason, until)) for case in cases]

    # -- one case

    def _case_hold(self, case: Candidate, mine: Sequence[Attempt], agreed: Appointment | None) -> CaseHold | None:
        """What concerns this case alone, in the promised order."""
        first_day = case.callable_on
        if case.state not in RINGABLE or not case.in_scope or (first_day is not None and first_day > self.today):
            return self._not_ours_now(case)
        # without a dial a plan is over only where it is too late for any
        end = case.nominal_end
        over = (mine or (end is not None and end < self.too_late)) and self.plan.is_over(case, mine)
        if over:
            if (busy := self.dials.busy(case.person_id)) is not None:
                return busy, None, None
            if agreed is None or not self.plan.keeps(agreed, case):
                return "UNREACHABLE", None, "PLAN_USED_UP"
        if case.special_callback:
            return "SPECIAL_CALLBACK", None, "PRECHECK"
        if not self.checks.any_usable(case.numbers):
            problem = self.checks.problem(case.numbers)
            return problem, None, None if problem == "PHONE_UNCONFIRMED" else "PRECHECK"
        if case.identity_elements < self.elements:
            return "RECORD_MISMATCH", None, "PRECHECK"
        return ONLY_AS_AGREED if over else None

    def _not_ours_now(self, case: Candidate) -> CaseHold:
        """Nothing to ring for: out of scope, done with, not begun, or in other hands."""
        state, first_day = case.state, case.callable_on
        if not case.in_scope:
            return OUT_OF_SCOPE
        if state == CaseState.NOT_REQUIRED:
            return WITHDRAWN
        if state == CaseState.CLOSED:
            return _closed_because(case), None, None
        if state == CaseState.WAITING or (first_day is not None and first_day > self.today):
            return "NOT_YET_CALLABLE", first_day and self._from(first_day), None
        if state == CaseState.ASLEEP:
            return WAITING_FOR_RECEIPT
        if state != CaseState.IN_CALL:
            return WITH_BRANCH
        # an open dial must come to its end before anything is settled without one
        return self.dials.busy(case.person_id) or "IN_CALL", None, None

    def _from(self, first_day: date) -> datetime:
        return self.hours.opening(first_day) if first_day > self.today else self.opens or self.now

    def _ahead(self, case: Candidate, mine: Sequence[Attempt]) -> Appointment | None:
        """The agreed time of a case that may be rung, if it is neither missed nor kept already."""
        agreed = case.appointment
        if case.state not in RINGABLE or self.now > agreed.at + self.hours.tolerance:
            return None
        return None if self.dials.kept(agreed, mine) else agreed

    # -- one person

    def _line_up(
        self, person_id: int, cases: Sequence[Candidate], mine: Sequence[Attempt], due: Appointment | None
    ) -> None:
        call, hold = self._reach(person_id, cases, mine, due)
        if call is None:
            self._hold(cases, hold)
            return
        end = call.nominal_end
        if len(cases) > 1:
            end = min((case.nominal_end for case in cases if case.nominal_end is not None), default=None)
            self.in_line[person_id] = cases
        elif cases[0] is not self.first[person_id]:
            self.in_line[person_id] = cases
        self._line_of(end, due is not None).calls.append(call)

    def _line_of(self, nominal_end: date | None, due: bool) -> "_Line":
        lines = self._as_agreed if due else self._ordinary
        known = lines.get(nominal_end)
        if known is None:
            left = self.days_left(nominal_end)
            known = _Line((not due, left, nominal_end or date.max), _reasoning(nominal_end, due, left))
            lines[nominal_end] = known
        return known

    def days_left(self, nominal_end: date | None) -> int:
        """Days from today to `nominal_end`, both included, on which may be dialled; past ends have none (C56)."""
        known = self._days_left.get(nominal_end)
        if known is None:
            if nominal_end is None:
                known = NO_PERIOD_DAYS
            else:
                days = (self.today + timedelta(n) for n in range((nominal_end - self.today).days + 1))
                known = sum(map(self.hours.is_dialling_day, days))
            self._days_left[nominal_end] = known
        return known

    def _ordinary_hold(self, person_id: int, cases: Sequence[Candidate], mine: Sequence[Attempt]) -> Hold | None:
        if (busy := self.dials.busy(person_id)) is not None:
            return busy, None
        return self.dials.person_hold(mine, _latest_round(mine, cases))

    def _reach(
        self, person_id: int, cases: Sequence[Candidate], mine: Sequence[Attempt], due: Appointment | None
    ) -> tuple[ToCall | None, Hold | None]:
        """With which script and under which number, now that he may be rung."""
        groups = (cases,) if len(cases) == 1 and cases[0].script is not None else _by_script(cases)
        if not groups or person_id in self.left_to_others:
            return None, ("NEEDS_AGENT", None)
        language = cases[0].language
        if language != MANDARIN and self.dialect_agent_only and language not in self.dialects:
            return None, ("NO_DIALECT_AGENT", None)
        hold = None
        for together in groups:
            number, refused = self._number(together, mine, due)
            if number is not None:
                end = together[0].nominal_end
                case_ids = (together[0].case_id,) if len(together) == 1 else tuple(case.case_id for case in together)
                at_appointment = due is not None
                why = self._line_of(end, at_appointment).why
                return new_call((person_id, number, case_ids, at_appointment, end, why)), None
            hold = hold or refused
        return None, hold

    def _number(
        self, cases: Sequence[Candidate], mine: Sequence[Attempt], appointment: Appointment | None
    ) -> tuple[str | None, Hold | None]:
        """The agreed number, else the one that was rung longest ago, or never; an engaged one is passed over."""
        facts = cases[0].numbers if len(cases) == 1 else [facts for case in cases for facts in case.numbers]
        # each of these cases has a usable number; where there is but one number, this is it
        numbers = (facts[0].number,) if len(facts) == 1 else self.checks.usable(facts)
        if len(numbers) > 1:
            last_rung = {attempt.number: attempt.at for attempt in sorted(mine, key=WHEN)}
            # C25: an unconfirmed number is no usable one, so an appointment never carries it
            agreed = appointment.number if appointment is not None else None
            numbers = sorted(numbers, key=lambda number: (number != agreed, last_rung.get(number, NEVER)))
        refused: Hold | None = None
        for number in numbers:
            if number in self.ringing:
                hold = "MIN_GAP", self.hours.next_permitted(self.now + self.dials.gap)
            elif (hold := self.dials.number_hold(number, cases[0].person_id, appointment is not None)) is None:
                return number, None
            refused = refused or hold
        return None, refused


def _by_script(cases: Sequence[Candidate]) -> Sequence[Sequence[Candidate]]:
    """Those with the same script together, the earliest end first; those without one left out."""
    groups: dict[str, list[Candidate]] = {}
    for case in sorted(cases, key=_by_end):
        if case.script is not None:
            groups.setdefault(case.script, []).append(case)
    return tuple(groups.values())


def _by_end(case: Candidate) -> tuple[date, int]:
    return case.nominal_end or date.max, case.case_id


def _latest_round(mine: Sequence[Attempt], cases: Sequence[Candidate]) -> Sequence[Attempt]:
    """The attempts of the round that began last: what one policy's plan leaves room for covers the others too."""
    began = cases[0].plan_began
    if len(cases) > 1:
        began = max((case.plan_began for case in cases if case.plan_began is not None), default=None)
    return mine if began is None else [attempt for attempt in mine if attempt.at >= began]


def _closed_because(case: Candidate) -> str:
    """A closed case was completed, unless it was closed as one that could not be (R47)."""
    if case.class_ == "VERIFICATION":
        for reason in ("DENIES_PURCHASE", "REFUSED", "UNREACHABLE"):
            if reason in case.reasons:
                return reason
    return "COMPLETED"


def _reasoning(nominal_end: date | None, due: bool, left: int) -> tuple[Step, ...]:
    if due:
        first = Step("R37", "按预约时间拨打", "rung at the agreed time")
    else:
        first = Step("C5", "在允许拨打的时间内，未超次数与间隔", "inside the hours, the caps and the gap")
    if nominal_end is None:
        return first, Step("R20", "犹豫期未起算，排在最后", "no cooling-off period runs yet: last in line")
    return first, Step(
        "C56",
        f"犹豫期至{nominal_end}，其间还有{left}日可拨打",
        f"the period ends {nominal_end}; {left} days are left to dial in",
    )
