"""What was dialled before, counted as the caps count it: by person over all policies, and by number whoever it is for."""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from datetime import datetime, timedelta

from rules.calendar import ONE_DAY, business_date, shanghai
from rules.calling.facts import Attempt
from rules.calling.hours import PART_STARTS, Appointment, DayPart, Hours, day_part
from rules.parameters import Profile

REFUSED_BY_CARRIER = "REJECTED"  # rang nobody, and counts for nothing
STILL_OPEN = frozenset({None, "RESERVED", "RINGING", "PLACED", "ANSWERED"})
UNKNOWN = "UNKNOWN"

# why not, and until when
Hold = tuple[str, datetime | None]
NOBODY: Sequence[Attempt] = ()
PARTS = frozenset(DayPart)


class Dials:
    """The dials that count, as they stand at `now`."""

    def __init__(self, attempts: Iterable[Attempt], now: datetime, hours: Hours, profile: Profile):
        self.now, self.hours = now, hours
        self.gap = timedelta(hours=profile["attempts.min_gap_hours"])
        self.most: int = profile["attempts.max_total"]
        self._per_day: int = profile["attempts.max_attempts_per_day"]
        self._min_days: int = profile["attempts.min_days"]
        self._parts_differ: bool = profile["attempts.different_day_parts"]
        self._today = business_date(now)
        self._tomorrow = self._today + ONE_DAY
        # instants are compared, since turning each attempt into its day costs more than all the rest
        self._midnight = shanghai(self._today).astimezone(now.tzinfo)
        self._next_midnight = shanghai(self._tomorrow).astimezone(now.tzinfo)
        self._part = day_part(now)
        self._part_began, self._part_ends = (at.astimezone(now.tzinfo) for at in self._present_part())

        by_person: dict[int, list[Attempt]] = defaultdict(list)
        rung_for: dict[str, int | set[int]] = {}  # number → the person it was rung for, or the persons
        self._by_person, self._rung_for = by_person, rung_for
        self._open_persons: dict[int, str] = {}
        self._open_numbers: set[str] = set()
        for attempt in attempts:
            result = attempt.result
            if result == REFUSED_BY_CARRIER:
                continue
            person_id, number = attempt.person_id, attempt.number
            by_person[person_id].append(attempt)
            known = rung_for.setdefault(number, person_id)
            if known != person_id:
                rung_for[number] = {person_id, *(known if isinstance(known, set) else (known,))}
            if result == UNKNOWN:
                self._open_persons[person_id] = "UNKNOWN_ATTEMPT"
                self._open_numbers.add(number)
            elif result in STILL_OPEN:
                self._open_persons.setdefault(person_id, "IN_CALL")
                self._open_numbers.add(number)

    def of_person(self, person_id: int) -> Sequence[Attempt]:
        return self._by_person.get(person_id, NOBODY)

    def also_for_others(self, number: str, person_id: int) -> bool:
        """Whether anybody else was rung under this number."""
        return self._rung_for.get(number, person_id) != person_id

    def busy(self, person_id: int) -> str | None:
        """IN_CALL, or UNKNOWN_ATTEMPT where it is not known yet what became of a dial."""
        return self._open_persons.get(person_id)

    def kept(self, appointment: Appointment, mine: Sequence[Attempt]) -> bool:
        """A dial was made for it already."""
        return any(
            attempt.at_appointment and abs(attempt.at - appointment.at) <= self.hours.tolerance for attempt in mine
        )

    def person_hold(self, mine: Sequence[Attempt], plan: Sequence[Attempt]) -> Hold | None:
        """Why an ordinary dial must wait: DAILY_CAP, MIN_GAP or SAME_DAY_PART.

        `plan` are the attempts of the present round, which the total and the spread over the day are counted in.
        """
        ordinary, last, same_part, midnight = 0, None, False, self._midnight
        for attempt in mine:
            at = attempt.at
            if last is None or at > last:
                last = at
            if midnight <= at < self._next_midnight:
                ordinary += not attempt.at_appointment
                same_part = same_part or self._part_began <= at < self._part_ends
        if ordinary >= self._per_day:
            return "DAILY_CAP", self.hours.opening(self._tomorrow)
        if last is not None and self.now - last < self.gap:
            return "MIN_GAP", self.hours.next_permitted(last + self.gap)
        if self._parts_differ and same_part:
            return "SAME_DAY_PART", self._next_part()
        return self._spread(plan, self.most - len(plan))

    def _spread(self, plan: Sequence[Attempt], left: int) -> Hold | None:
        """The last dials of a plan belong to the days, and to the parts of the day, that have not been tried yet."""
        if left <= self._min_days:
            days = {business_date(attempt.at) for attempt in plan}
            if self._today in days and left <= self._min_days - len(days):
                return "DAILY_CAP", self.hours.opening(self._tomorrow)
        if self._parts_differ and left <= len(PARTS):
            missing = PARTS - {day_part(attempt.at) for attempt in plan}
            if self._part not in missing and left <= len(missing):
                return "SAME_DAY_PART", self._next_part(missing)
        return None

    def number_hold(self, number: str, person_id: int, at_appointment: bool) -> Hold | None:
        """Why this number must wait, whoever it was rung for; an agreed time waits only while it is engaged.

        A number that was rung for this person alone is held by nothing that does not hold the person.
        """
        if number in self._open_numbers:
            return "IN_CALL", None
        persons = self._rung_for.get(number)
        if persons is None or persons == person_id or at_appointment:
            return None
        ordinary, last = 0, None
        for person in persons if isinstance(persons, set) else (persons,):
            for attempt in self._by_person[person]:
                if attempt.number != number:
                    continue
                at = attempt.at
                if last is None or at > last:
                    last = at
                ordinary += not attempt.at_appointment and self._midnight <= at < self._next_midnight
        if ordinary >= self._per_day:
            return "DAILY_CAP", self.hours.opening(self._tomorrow)
        if self.now - last < self.gap:
            return "MIN_GAP", self.hours.next_permitted(last + self.gap)
        return None

    def _present_part(self) -> tuple[datetime, datetime]:
        """From when to when the present part of the day lasts; the first begins with the day, the last ends with it."""
        starts = [shanghai(self._today), *(shanghai(self._today, at) for at in list(PART_STARTS.values())[1:])]
        index = list(PART_STARTS).index(self._part)
        return starts[index], [*starts[1:], shanghai(self._tomorrow)][index]

    def _next_part(self, among: Set[DayPart] | None = None) -> datetime:
        """The start of the next part of the day at which may be rung, or of the next one among those named."""
        day = self._today
        while True:
            for part, start in PART_STARTS.items():
                begins = shanghai(day, start)
                if begins > self.now and (among is None or part in among):
                    return self.hours.next_permitted(begins)
            day += ONE_DAY
