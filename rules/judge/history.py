"""What happened, put in order once: by call, by case and by person."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from rules.calendar import CALENDAR_CHANGED, Calendar, change_from_json, without_change
from rules.parameters import Profile

CLOSES_A_CALL = frozenset({"CALL_ENDED", "CALL_REJECTED"})
# The line was there: an attempt with any of these has rung somebody, whatever was said of it before.
RANG = frozenset({"CALL_RINGING", "CALL_ANSWERED", "CALL_ENDED", "TURN"})


@dataclass(frozen=True, slots=True)
class Event:
    """One stored event. `id` gives the order in which they were written; `at` is the clock's instant."""

    id: int
    at: datetime
    kind: str
    case_id: int | None = None
    call_id: str | None = None
    person_id: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was not kept, the case (and call) it concerns, and the instant of the offence."""

    promise: int
    case_id: int | None
    call_id: str | None
    message_zh: str
    message_en: str
    at: datetime


@dataclass
class CallRecord:
    """One dial with everything that is on record of it. `reserved` is None for a call that was never reserved."""

    call_id: str
    reserved: Event | None = None
    case_ids: list[int] = field(default_factory=list)
    again: list[Event] = field(default_factory=list)  # a second reservation under the same id
    events: list[Event] = field(default_factory=list)  # the carrier's news, turns and recordings

    @property
    def first_case(self) -> int | None:
        return self.case_ids[0] if self.case_ids else None

    @cached_property
    def given_back(self) -> bool:
        """Nobody was rung: the carrier refused it, or it was looked up and not there."""
        kinds = {event.kind for event in self.events}
        return "CALL_REJECTED" in kinds and not kinds & RANG

    @cached_property
    def ended(self) -> Event | None:
        return next((event for event in self.events if event.kind == "CALL_ENDED"), None)

    @cached_property
    def closed(self) -> Event | None:
        """The last word on it; an attempt given back and heard of again ends only then."""
        return next((event for event in reversed(self.events) if event.kind in CLOSES_A_CALL), None)

    @cached_property
    def turns(self) -> list[Event]:
        return [event for event in self.events if event.kind == "TURN"]

    @property
    def answered(self) -> bool:
        return any(event.kind in ("TURN", "CALL_ANSWERED") for event in self.events)


class History:
    """The events of each call, case and person in the order in which they were written."""

    def __init__(self, events: Iterable[Event]):
        self.calls: dict[str, CallRecord] = {}
        self.cases: dict[int, list[Event]] = defaultdict(list)
        self.by_person: dict[int, list[CallRecord]] = defaultdict(list)
        self.contacts: dict[int, list] | None = None  # filled by `settled_contacts`
        self.events = sorted(events, key=lambda event: event.id)
        for event in self.events:
            if event.case_id is not None:
                self.cases[event.case_id].append(event)
            if event.call_id is not None:
                self._of_call(event)

    def _of_call(self, event: Event) -> None:
        call = self.calls.get(event.call_id)
        if call is None:
            call = self.calls[event.call_id] = CallRecord(event.call_id)
        if event.kind != "CALL_RESERVED":
            if event.kind != "SETTLED":  # it belongs to the case
                call.events.append(event)
        elif call.reserved is None:
            call.reserved = event
            call.case_ids.append(event.case_id)
            self.by_person[event.person_id].append(call)
        elif event.case_id in call.case_ids or event.at != call.reserved.at:
            call.again.append(event)
        else:
            call.case_ids.append(event.case_id)  # several policies of one person are one call


@dataclass(frozen=True, slots=True)
class Book:
    """What the rules are asked with. `calendar` is the present one; with the events of `changes`, in the order in which
    they were written, it is known how it stood before."""

    profile_of: Callable[[str], Profile]
    calendar: Calendar
    now: datetime
    changes: tuple[Event, ...] = ()
    _stood: dict[int, Calendar] = field(default_factory=dict, repr=False, compare=False)

    def calendar_of(self, event: Event, slack: timedelta = timedelta(0)) -> Calendar:
        """The calendar that held when an event was written; with `slack`, as it stood that long before."""
        later = bisect_right(self.changes, event.id, key=lambda change: change.id)
        while later and slack and self.changes[later - 1].at > event.at - slack:
            later -= 1
        if later not in self._stood:
            calendar = self.calendar
            for change in reversed(self.changes[later:]):
                calendar = without_change(calendar, change_from_json(change.data))
            self._stood[later] = calendar
        return self._stood[later]

    def profile(self, event: Event) -> Profile | None:
        """The profile that an event names, None where there is no such."""
        try:
            return self.profile_of(event.data["profile"])
        except LookupError:
            return None


def calendar_changes(events: Iterable[Event]) -> tuple[Event, ...]:
    """Those by which the calendar was changed, in the order in which they were written."""
    return tuple(sorted((e for e in events if e.kind == CALENDAR_CHANGED), key=lambda event: event.id))


def instant(value: object) -> datetime | None:
    """A stored instant, None where there is none or none that can be read."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def day(value: object) -> date | None:
    """A stored date, None where there is none or none that can be read."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
