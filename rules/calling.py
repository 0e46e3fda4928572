"""Who may be rung now, earliest deadline first, and why each other may not.

Everything is counted per person, over all his policies and numbers; the daily limit and the gap also per number,
whoever it is rung for. One person is in at most one call, which covers all his policies that are due now.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from rules.calendar import ONE_DAY, SHANGHAI, Calendar, business_date, shanghai
from rules.cases import CaseState
from rules.parameters import Profile
from rules.phone_checks import PhoneFacts, phone_problem, usable_numbers
from rules.reasoning import Step

# the ceiling adopted from the rules on telephone sales; a constant, because no profile, appointment or wish moves it
EARLIEST = time(9)
LATEST = time(21)  # itself outside

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

# attempts that rang nobody: refused by the carrier, or never sent
NEVER_RANG = frozenset({"REJECTED", "RESERVED"})
STILL_OPEN = frozenset({None, "RINGING", "PLACED", "ANSWERED"})

_RINGABLE = frozenset({CaseState.CALLABLE, CaseState.APPOINTED})

# a case is not looked for longer than this many days ahead when the next permitted time is computed
HORIZON_DAYS = 60


class DayPart(StrEnum):
    MORNING = "MORNING"  # 09-12
    AFTERNOON = "AFTERNOON"  # 12-18
    EVENING = "EVENING"  # from 18


_PART_STARTS = {DayPart.MORNING: EARLIEST, DayPart.AFTERNOON: time(12), DayPart.EVENING: time(18)}


def day_part(instant: datetime) -> DayPart:
    at = instant.astimezone(SHANGHAI).time()
    if at < _PART_STARTS[DayPart.AFTERNOON]:
        return DayPart.MORNING
    return DayPart.AFTERNOON if at < _PART_STARTS[DayPart.EVENING] else DayPart.EVENING


@dataclass(frozen=True, slots=True)
class Appointment:
    """`number` None means any confirmed number; `asked_by` is POLICYHOLDER, THIRD_PARTY or BRANCH."""

    at: datetime
    number: str | None = None
    asked_by: str = "POLICYHOLDER"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial. `result` is None, RINGING or UNKNOWN while it is open; `at_appointment` dials count only in total."""

    at: datetime
    person_id: int
    number: str
    result: str | None
    at_appointment: bool = False
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One case as the selection sees it.

    `script` None: no script fits. `plan_began` is when the present round of dialling began (a case opened again
    starts afresh); None counts every attempt. `class_` and `reasons` are those of the last settled contact.
    """

    case_id: int
    policy_no: str
    person_id: int
    state: CaseState
    callable_on: date | None
    nominal_end: date | None
    handover_at: datetime | None
    birth_date: date | None = None
    language: str = "zh-CN"
    in_scope: bool = True
    special_callback: bool = False
    numbers: tuple[PhoneFacts, ...] = ()
    identity_elements: int = 3
    appointment: Appointment | None = None
    script: str | None = None
    class_: str | None = None
    reasons: tuple[str, ...] = ()
    plan_began: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToCall:
    """One call. `nominal_end` is the earliest of its policies, `number` the next of the person's in turn."""

    person_id: int
    number: str
    case_ids: tuple[int, ...]
    at_appointment: bool
    nominal_end: date | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """`until` is the next instant at which it is worth looking again, None where something else must happen first."""

    case_id: int
    policy_no: str
    reason: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class ToSettle:
    """A case that is settled without a dial: PRECHECK with what is wrong, or PLAN_USED_UP."""

    case_id: int
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    callable: tuple[ToCall, ...]
    held: tuple[Held, ...]
    to_settle: tuple[ToSettle, ...]


# ---------------------------------------------------------------- hours and days


def _windows(profile: Profile) -> list[tuple[time, time]]:
    """The ordinary windows, cut to what is permitted at all."""
    windows = []
    for window in profile["calling.windows"]:
        start, end = (time.fromisoformat(part) for part in window.split("-"))
        start, end = max(start, EARLIEST), min(end, LATEST)
        if start < end:
            windows.append((start, end))
    return sorted(windows)


def is_dialling_day(day: date, calendar: Calendar, profile: Profile) -> bool:
    """Weekends yes, public holidays only where the profile says so (C56)."""
    if WEEKDAYS[day.weekday()] not in profile["calling.allowed_days"]:
        return False
    return profile["calling.on_public_holidays"] or not calendar.is_public_holiday(day)


def first_dialling_day(day: date, calendar: Calendar, profile: Profile) -> date:
    """The first day from `day` on at which ordinary dialling is permitted. Raises ValueError if no day ever is."""
    for _ in range(HORIZON_DAYS):
        if is_dialling_day(day, calendar, profile):
            return day
        day += ONE_DAY
    raise ValueError("the profile permits no day of dialling")


def is_due_now(appointment: Appointment, now: datetime, profile: Profile) -> bool:
    return abs(now - appointment.at) <= timedelta(minutes=profile["appointment.tolerance_minutes"])


def may_dial_now(
    now: datetime, calendar: Calendar, profile: Profile, appointment: Appointment | None = None
) -> str | None:
    """None, or why nobody may be rung at this instant: QUIET_HOURS, HOLIDAY or OUTSIDE_HOURS.

    An appointment that is due now lifts the last two; nothing lifts the quiet hours.
    """
    local = now.astimezone(SHANGHAI)
    if not EARLIEST <= local.time() < LATEST:
        return "QUIET_HOURS"
    if appointment is not None and is_due_now(appointment, now, profile):
        return None
    day = local.date()
    if calendar.is_public_holiday(day) and not profile["calling.on_public_holidays"]:
        return "HOLIDAY"
    if not is_dialling_day(day, calendar, profile):
        return "OUTSIDE_HOURS"
    if not any(start <= local.time() < end for start, end in _windows(profile)):
        return "OUTSIDE_HOURS"
    return None


def next_permitted(instant: datetime, calendar: Calendar, profile: Profile) -> datetime:
    """`instant` itself if ordinary dialling is permitted then, else the start of the next window."""
    if may_dial_now(instant, calendar, profile) is None:
        return instant
    local = instant.astimezone(SHANGHAI)
    windows = _windows(profile)
    if not windows:
        raise ValueError("the profile permits no hour of dialling")
    day = local.date()
    if is_dialling_day(day, calendar, profile):
        for start, _ in windows:
            if local.time() < start:
                return shanghai(day, start)
    return shanghai(first_dialling_day(day + ONE_DAY, calendar, profile), windows[0][0])


def appointment_horizon(nominal_end: date, today: date, profile: Profile) -> date:
    """The last day for which an appointment may be booked."""
    horizon = nominal_end - timedelta(days=profile["appointment.days_before_end"])
    return horizon if today < horizon else nominal_end + timedelta(days=profile["late.max_days"])


# ---------------------------------------------------------------- the selection


def select(
    candidates: Iterable[Candidate],
    attempts: Iterable[Attempt],
    *,
    now: datetime,
    calendar: Calendar,
    profile: Profile,
    limit: int | None = None,
) -> Selection:
    """Who is rung now. `limit` keeps the first so many calls; the others are neither held nor settled."""
    desk = _Desk(now, calendar, profile, attempts)
    held: list[Held] = []
    to_settle: list[ToSettle] = []
    persons: dict[int, list[Candidate]] = defaultdict(list)
    for case in candidates:
        reason, until, kind = desk.case_hold(case)
        if reason is None:
            persons[case.person_id].append(case)
            continue
        held.append(Held(case.case_id, case.policy_no, reason, until))
        if kind is not None:
            to_settle.append(ToSettle(case.case_id, kind, reason))

    ordered = sorted(
        ((desk.urgency(cases), person_id) for person_id, cases in persons.items()),
        key=lambda entry: (entry[0], entry[1]),
    )
    calls: list[ToCall] = []
    for _, person_id in ordered:
        if limit is not None and len(calls) >= limit:
            break
        cases = persons[person_id]
        call, reason, until = desk.person_call(person_id, cases)
        covered: tuple[int, ...] = ()
        if call is not None:
            calls.append(call)
            covered = call.case_ids
            reason, until = "IN_CALL", None  # what this call does not cover waits for its end
        if len(covered) < len(cases):
            for case in cases:
                if case.case_id in covered:
                    continue
                own = "NEEDS_AGENT" if case.script is None and call is not None else reason
                held.append(Held(case.case_id, case.policy_no, own, until))
    return Selection(tuple(calls), tuple(held), tuple(to_settle))


class _Desk:
    """What one selection knows: the instant, the figures of the profile read once, attempts by person and number."""

    def __init__(self, now: datetime, calendar: Calendar, profile: Profile, attempts: Iterable[Attempt]):
        self.now, self.calendar, self.profile = now, calendar, profile
        self.today = business_date(now)
        self.part = day_part(now)
        self.gap = timedelta(hours=profile["attempts.min_gap_hours"])
        self.per_day: int = profile["attempts.max_attempts_per_day"]
        self.max_total: int = profile["attempts.max_total"]
        self.min_days: int = profile["attempts.min_days"]
        self.parts_differ: bool = profile["attempts.different_day_parts"]
        self.late_days = timedelta(days=profile["late.max_days"])
        self.tolerance = timedelta(minutes=profile["appointment.tolerance_minutes"])
        self.elements: int = profile["identity.elements"]
        self.by_person: dict[int, list[Attempt]] = defaultdict(list)
        self.by_number: dict[str, list[Attempt]] = defaultdict(list)
        for attempt in attempts:
            if attempt.result not in NEVER_RANG:
                self.by_person[attempt.person_id].append(attempt)
                self.by_number[attempt.number].append(attempt)
        self.ringing: set[str] = set()  # numbers taken by this selection
        self.hours = may_dial_now(now, calendar, profile)
        self.next_window = None if self.hours is None else next_permitted(now, calendar, profile)
        self._days_left: dict[date | None, int] = {}
        self._steps: dict[tuple[date | None, bool], tuple[Step, ...]] = {}

    # -- one case

    def case_hold(self, case: Candidate) -> tuple[str | None, datetime | None, str | None]:
        """(reason, until, how it is settled) for what concerns this case alone, in the promised order."""
        state = case.state
        if not case.in_scope:
            return "OUT_OF_SCOPE", None, None
        if state == CaseState.NOT_REQUIRED:
            return "WITHDRAWN", None, None
        if state == CaseState.CLOSED:
            return _closed_because(case), None, None
        if state == CaseState.WAITING or (case.callable_on is not None and case.callable_on > self.today):
            return "NOT_YET_CALLABLE", self._opening(case.callable_on), None
        if state not in _RINGABLE:
            if state == CaseState.ASLEEP:
                return "WAITING_FOR_RECEIPT", None, None
            if state != CaseState.IN_CALL:
                return "WITH_BRANCH", None, None
            # an open dial must come to its end before anything is settled without one
            return self.busy(case.person_id) or "IN_CALL", None, None
        if self.plan_over(case):
            if (busy := self.busy(case.person_id)) is not None:
                return busy, None, None
            if not self._appointment_ahead(case):
                return "UNREACHABLE", None, "PLAN_USED_UP"
            if not is_due_now(case.appointment, self.now, self.profile):
                return "APPOINTMENT_PENDING", case.appointment.at, None
        if case.special_callback:
            return "SPECIAL_CALLBACK", None, "PRECHECK"
        if (problem := phone_problem(case.numbers, self.profile)) is not None:
            return problem, None, None if problem == "PHONE_UNCONFIRMED" else "PRECHECK"
        if case.identity_elements < self.elements:
            return "RECORD_MISMATCH", None, "PRECHECK"
        return None, None, None

    def _opening(self, day: date | None) -> datetime | None:
        if day is None:
            return None
        return next_permitted(max(shanghai(day), self.now), self.calendar, self.profile)

    def plan_over(self, case: Candidate) -> bool:
        """No ordinary dial is left (C57); what is left is a booked appointment inside the horizon, kept first."""
        total = dials = 0
        if case.person_id in self.by_person:
            for attempt in self.by_person[case.person_id]:
                if case.plan_began is None or attempt.at >= case.plan_began:
                    total += 1
                    dials += case.case_id in attempt.case_ids
        if total >= self.max_total:
            return True
        if case.nominal_end is None:
            return False
        if self.today > case.nominal_end + self.late_days:
            return True
        return (
            dials > 0 and case.handover_at is not None and self.now >= case.handover_at and not self._began_late(case)
        )

    def _began_late(self, case: Candidate) -> bool:
        """Callable only after the hand-over moment: dialled by the plan all the same."""
        if case.handover_at is None:
            return False
        if case.callable_on is not None and shanghai(case.callable_on) >= case.handover_at:
            return True
        return case.plan_began is not None and case.plan_began >= case.handover_at

    def _appointment_ahead(self, case: Candidate) -> bool:
        appointment = case.appointment
        if appointment is None or self.now > appointment.at + self.tolerance or self._kept(case.person_id, appointment):
            return False
        if case.nominal_end is None:
            return True
        day = business_date(appointment.at)
        if self._began_late(case):
            return day <= case.nominal_end + self.late_days
        return day <= case.nominal_end - timedelta(days=self.profile["appointment.days_before_end"])

    def _kept(self, person_id: int, appointment: Appointment) -> bool:
        """A dial was made for it already."""
        return any(
            attempt.at_appointment and abs(attempt.at - appointment.at) <= self.tolerance
            for attempt in self.by_person.get(person_id, ())
        )

    # -- one person

    def busy(self, person_id: int) -> str | None:
        if person_id not in self.by_person:
            return None
        results = {attempt.result for attempt in self.by_person[person_id]}
        if "UNKNOWN" in results:
            return "UNKNOWN_ATTEMPT"
        return "IN_CALL" if results & STILL_OPEN else None

    def urgency(self, cases: Sequence[Candidate]) -> tuple:
        """Appointments that are due, then the fewest days left to dial in, then the earliest end."""
        due, end = False, None
        for case in cases:
            if case.appointment is not None and is_due_now(case.appointment, self.now, self.profile):
                due = True
            if case.nominal_end is not None and (end is None or case.nominal_end < end):
                end = case.nominal_end
        return not due, self.days_left(end), end or date.max

    def days_left(self, nominal_end: date | None) -> int:
        """Days from today to `nominal_end`, both included, on which may be dialled; past ends have none (C56)."""
        if nominal_end not in self._days_left:
            if nominal_end is None:
                self._days_left[nominal_end] = 10**6  # no period runs yet
            else:
                span = (nominal_end - self.today).days
                self._days_left[nominal_end] = sum(
                    is_dialling_day(self.today + timedelta(days=n), self.calendar, self.profile)
                    for n in range(span + 1)
                )
        return self._days_left[nominal_end]

    def person_call(self, person_id: int, cases: list[Candidate]) -> tuple[ToCall | None, str | None, datetime | None]:
        """The one call of this person, or (None, reason, until)."""
        if len(cases) > 1:
            cases = sorted(cases, key=lambda c: (self.days_left(c.nominal_end), c.nominal_end or date.max, c.case_id))
        appointment = self._booked(person_id, cases)
        due = appointment is not None and is_due_now(appointment, self.now, self.profile)

        if self.hours is not None and not (due and self.hours != "QUIET_HOURS"):
            return None, self.hours, self.next_window
        if (busy := self.busy(person_id)) is not None:
            return None, busy, None
        # R37: who named the time himself is not rung before it; a time named by others only keeps its gap free
        if (
            appointment is not None
            and not due
            and (appointment.asked_by == "POLICYHOLDER" or appointment.at - self.now < self.gap)
        ):
            return None, "APPOINTMENT_PENDING", appointment.at
        mine = self.by_person.get(person_id, [])
        if not due and mine:
            reason, until = self._spacing(mine, self._plan(mine, cases))
            if reason is not None:
                return None, reason, until
        with_script = [c for c in cases if c.script is not None]
        if not with_script:
            return None, "NEEDS_AGENT", None
        first = with_script[0]
        if first.language != "zh-CN" and self.profile["calling.dialect_agent_only"]:
            return None, "NO_DIALECT_AGENT", None
        together = [c for c in with_script if c.script == first.script]

        number, reason, until = self._number(together, mine, appointment if due else None)
        if number is None:
            return None, reason, until
        self.ringing.add(number)
        end = first.nominal_end
        return (
            ToCall(person_id, number, tuple(c.case_id for c in together), due, end, self._why(end, due)),
            None,
            None,
        )

    def _booked(self, person_id: int, cases: Sequence[Candidate]) -> Appointment | None:
        """The next appointment with this person that has neither been kept nor missed."""
        first = None
        for case in cases:
            booked = case.appointment
            if booked is None or self.now > booked.at + self.tolerance or self._kept(person_id, booked):
                continue
            if first is None or booked.at < first.at:
                first = booked
        return first

    def _plan(self, mine: list[Attempt], cases: Sequence[Candidate]) -> list[Attempt]:
        """The attempts of the present round, which the total and the spread over the day are counted in."""
        began = [c.plan_began for c in cases]
        if None in began:
            return mine
        return [attempt for attempt in mine if attempt.at >= min(began)]

    def _spacing(self, mine: list[Attempt], plan: list[Attempt]) -> tuple[str | None, datetime | None]:
        """DAILY_CAP, MIN_GAP or SAME_DAY_PART with its end, for an ordinary dial."""
        today = [attempt for attempt in mine if business_date(attempt.at) == self.today]
        if sum(not attempt.at_appointment for attempt in today) >= self.per_day:
            return "DAILY_CAP", self._opening(self.today + ONE_DAY)
        last = max(attempt.at for attempt in mine)
        if self.now - last < self.gap:
            return "MIN_GAP", next_permitted(last + self.gap, self.calendar, self.profile)
        if self.parts_differ and any(day_part(attempt.at) is self.part for attempt in today):
            return "SAME_DAY_PART", self._next_part()
        left = self.max_total - len(plan)
        days = {business_date(attempt.at) for attempt in plan}
        if self.today in days and left <= self.min_days - len(days):
            return "DAILY_CAP", self._opening(self.today + ONE_DAY)
        if self.parts_differ:
            # the last dials belong to the parts of the day that have not been tried yet
            missing = set(DayPart) - {day_part(attempt.at) for attempt in plan}
            if self.part not in missing and left <= len(missing):
                return "SAME_DAY_PART", self._next_part(missing)
        return None, None

    def _next_part(self, among: set[DayPart] | None = None) -> datetime:
        """The start of the next part of the day, or of the next one among those named."""
        for day in (self.today, self.today + ONE_DAY):
            for part, start in _PART_STARTS.items():
                if shanghai(day, start) > self.now and (among is None or part in among):
                    return next_permitted(shanghai(day, start), self.calendar, self.profile)
        raise AssertionError("every part of the day begins once within two days")

    def _number(
        self, cases: Sequence[Candidate], mine: list[Attempt], appointment: Appointment | None
    ) -> tuple[str | None, str | None, datetime | None]:
        """The number that was rung longest ago, or never; a number busy for somebody else is passed over."""
        numbers = list(usable_numbers(cases[0].numbers, self.profile))
        for case in cases[1:]:
            numbers += [n for n in usable_numbers(case.numbers, self.profile) if n not in numbers]
        if appointment is not None and appointment.number in numbers:
            # C25: an unconfirmed number is no usable one, so an appointment never carries it
            numbers = [appointment.number]
        elif len(numbers) > 1 and mine:
            last_rung = {attempt.number: attempt.at for attempt in sorted(mine, key=lambda a: a.at)}
            never = datetime.min.replace(tzinfo=SHANGHAI)
            numbers.sort(key=lambda number: last_rung.get(number, never))
        refused: tuple[str, datetime | None] | None = None
        for number in numbers:
            reason, until = self._number_hold(number, appointment is not None)
            if reason is None:
                return number, None, None
            refused = refused or (reason, until)
        return None, *(refused or ("PHONE_INVALID", None))

    def _number_hold(self, number: str, at_appointment: bool) -> tuple[str | None, datetime | None]:
        if number in self.ringing:
            return "MIN_GAP", next_permitted(self.now + self.gap, self.calendar, self.profile)
        rung = self.by_number.get(number)
        if not rung:
            return None, None
        if any(attempt.result in STILL_OPEN or attempt.result == "UNKNOWN" for attempt in rung):
            return "IN_CALL", None
        if at_appointment:
            return None, None
        ordinary = sum(not a.at_appointment and business_date(a.at) == self.today for a in rung)
        if ordinary >= self.per_day:
            return "DAILY_CAP", self._opening(self.today + ONE_DAY)
        last = max(attempt.at for attempt in rung)
        if self.now - last < self.gap:
            return "MIN_GAP", next_permitted(last + self.gap, self.calendar, self.profile)
        return None, None

    def _why(self, nominal_end: date | None, due: bool) -> tuple[Step, ...]:
        if (nominal_end, due) not in self._steps:
            if due:
                first = Step("R37", "按预约时间拨打", "rung at the agreed time")
            else:
                first = Step("C5", "在允许拨打的时间内，未超次数与间隔", "inside the hours, the caps and the gap")
            if nominal_end is None:
                second = Step("R20", "犹豫期未起算，排在最后", "no cooling-off period runs yet: last in line")
            else:
                left = self.days_left(nominal_end)
                second = Step(
                    "C56",
                    f"犹豫期至{nominal_end}，其间还有{left}日可拨打",
                    f"the period ends {nominal_end}; {left} days are left to dial in",
                )
            self._steps[nominal_end, due] = (first, second)
        return self._steps[nominal_end, due]


def _closed_because(case: Candidate) -> str:
    """A closed case was completed, unless it was closed as one that could not be (R47)."""
    if case.class_ == "VERIFICATION":
        for reason in ("DENIES_PURCHASE", "REFUSED", "UNREACHABLE"):
            if reason in case.reasons:
                return reason
    return "COMPLETED"
