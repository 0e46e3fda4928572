"""The judge: replays the stored events and names every broken promise, for a simulated day and for a real one alike.

It decides nothing and stores nothing. Each promise has a module and a function of its own; what a function cannot
find in the events counts against the promise, never for it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from rules.calendar import Calendar
from rules.judge.access import AccessCheck
from rules.judge.case_dates import case_dates_agree
from rules.judge.chains import ChainCheck, Head, Signed, chains_verify, events_told_by
from rules.judge.custody import kept_for_its_time
from rules.judge.every_contact_settled import every_contact_settled
from rules.judge.history import Book, Broken, Event, History, calendar_changes
from rules.judge.hours_and_caps import hours_and_caps
from rules.judge.identity_first import identity_first
from rules.judge.one_attempt import one_attempt_at_a_time
from rules.judge.one_owner import one_owner
from rules.judge.recomputed import outcomes_recomputed
from rules.judge.work_orders import orders_and_limits
from rules.ledger import Line
from rules.parameters import Profile
from rules.retrieval_events import ACCESS

# The numbers are those of the list of promises. Each function is asked with the history of people and the book; each
# answer follows from the events of the people concerned alone, so they may be asked one group after the other.
OF_PEOPLE: Mapping[int, Callable] = {
    1: hours_and_caps,
    2: one_attempt_at_a_time,
    3: identity_first,
    4: every_contact_settled,
    5: one_owner,
    6: outcomes_recomputed,
    7: orders_and_limits,
    8: case_dates_agree,
    9: kept_for_its_time,
}
# With the access to recordings (the rest of 9) and the chains (10), which are read from the first to the last.
PROMISES = (*OF_PEOPLE, 10)


def judge(
    events: Iterable[Event],
    *,
    profile_of: Callable[[str], Profile],
    calendar: Calendar,
    now: datetime,
    ledger: Sequence[Line] | None = None,
    head: Head | None = None,
) -> tuple[Broken, ...]:
    """Every promise of PROMISES that these events break, as seen at `now`; by promise, then in the order of events.

    `events` must hold the whole history of each person, case and call that occurs in them. `profile_of` gives the
    profile with exactly this id and raises LookupError where there is none. `ledger` holds every line, `head` what the
    ledger says of its end; without a ledger, promise 10 is not asked. Time and memory grow with the number of events,
    not faster.
    """
    history = History(events)
    book = Book(profile_of, calendar, now, calendar_changes(history.events))
    found = judge_people(history, book)
    found += AccessCheck(book).events(_access(history))
    if ledger is not None:
        found += chains_verify(ledger, history.events, head, now)
    return in_order(found)


def judge_people(history: History, book: Book) -> list[Broken]:
    """What these people's histories break, access to their recordings aside."""
    return [broken for check in OF_PEOPLE.values() for broken in check(history, book)]


def in_order(found: Iterable[Broken]) -> tuple[Broken, ...]:
    """By promise, then by instant."""
    return tuple(sorted(found, key=lambda broken: (broken.promise, broken.at)))


def _access(history: History) -> Iterable[Event]:
    """The events of access, each with the case that its call was about."""
    for event in history.events:
        if event.kind in ACCESS:
            call = history.calls.get(event.call_id) if event.case_id is None else None
            yield replace(event, case_id=call.first_case) if call is not None else event


__all__ = [
    "OF_PEOPLE", "PROMISES", "AccessCheck", "Book", "Broken", "ChainCheck", "Event", "Head", "History", "Signed",
    "events_told_by", "in_order", "judge", "judge_people",
]  # fmt: skip
