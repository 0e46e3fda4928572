"""When head office stops ringing for a case and its branch takes over (C57)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from rules.calendar import business_date, shanghai
from rules.calling.dials import Dials
from rules.calling.facts import Attempt, Candidate
from rules.calling.hours import Appointment
from rules.parameters import Profile


class Plan:
    """The ordinary dials of a case, until they are used up, the hand-over has come, or it is too late for any."""

    def __init__(self, now: datetime, dials: Dials, profile: Profile):
        self.now, self.today, self.dials = now, business_date(now), dials
        self._late = timedelta(days=profile["late.max_days"])
        self._before_end = timedelta(days=profile["appointment.days_before_end"])
        self.too_late = self.today - self._late  # ends before it leave no dial, but to a case that was opened again

    def is_over(self, case: Candidate, mine: Sequence[Attempt]) -> bool:
        """No ordinary dial is left; what may be left is an agreed time. `mine` are the person's attempts."""
        end = case.nominal_end
        if end is not None and end < self.too_late and self.today > self._last_day(case):
            return True
        if not mine:
            return False
        if case.plan_began is not None:
            mine = [attempt for attempt in mine if attempt.at >= case.plan_began]
        if len(mine) >= self.dials.most:
            return True
        if end is None or case.handover_at is None or self.now < case.handover_at:
            return False
        return any(case.case_id in attempt.case_ids for attempt in mine) and not self._began_late(case)

    def keeps(self, appointment: Appointment, case: Candidate) -> bool:
        """Whether this agreed time, still ahead, is kept before the branch takes over."""
        if case.nominal_end is None:
            return True
        day = business_date(appointment.at)
        if self._began_late(case):
            return day <= self._last_day(case)
        return day <= case.nominal_end - self._before_end

    def _last_day(self, case: Candidate) -> date:
        """The last day on which a late case is dialled; of one opened again, as long after that (R6, C59)."""
        end = case.nominal_end
        if case.plan_began is not None:
            end = max(end, business_date(case.plan_began))
        return end + self._late

    def _began_late(self, case: Candidate) -> bool:
        """Callable only after the hand-over moment: dialled by the plan all the same."""
        if case.handover_at is None:
            return False
        if case.callable_on is not None and shanghai(case.callable_on) >= case.handover_at:
            return True
        return case.plan_began is not None and case.plan_began >= case.handover_at
