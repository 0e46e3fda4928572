"""The judge: replays the stored events and names every broken promise, for a simulated day and for a real one alike.

It decides nothing and stores nothing. Each promise has a module and a function of its own; what a function cannot
find in the events counts against the promise, never for it.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from rules.calendar import Calendar
from rules.judge.case_dates import case_dates_agree
from rules.judge.every_contact_settled import every_contact_settled
from rules.judge.history import Book, Broken, Event, History
from rules.judge.hours_and_caps import hours_and_caps
from rules.judge.identity_first import identity_first
from rules.judge.one_attempt import one_attempt_at_a_time
from rules.judge.one_owner import one_owner
from rules.judge.recomputed import outcomes_recomputed
from rules.judge.work_orders import orders_and_limits
from rules.parameters import Profile

# The numbers are those of the list of promises. What is not in this table is not checked, and `judge` says so by it.
PROMISES: Mapping[int, Callable] = {
    1: hours_and_caps,
    2: one_attempt_at_a_time,
    3: identity_first,
    4: every_contact_settled,
    5: one_owner,
    6: outcomes_recomputed,
    7: orders_and_limits,
    8: case_dates_agree,
}


def judge(
    events: Iterable[Event], *, profile_of: Callable[[str], Profile], calendar: Calendar, now: datetime
) -> tuple[Broken, ...]:
    """Every promise of PROMISES that these events break, as seen at `now`; by promise, then in the order of events.

    `events` must hold the whole history of each person, case and call that occurs in them. `profile_of` gives the
    profile with exactly this id and raises LookupError where there is none. Time and memory grow with the number of
    events, not faster.
    """
    history = History(events)
    book = Book(profile_of, calendar, now)
    found = []
    for check in PROMISES.values():
        found += sorted(check(history, book), key=lambda broken: broken.at)
    return tuple(found)


__all__ = ["PROMISES", "Broken", "Event", "judge"]
