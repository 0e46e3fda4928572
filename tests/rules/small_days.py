"""Small histories as storage writes them, one event after the other: what the judge's tests replay and alter."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI, shanghai
from rules.deadlines import case_dates
from rules.judge import OF_PEOPLE, Book, Broken, Event, History
from rules.judge.history import calendar_changes
from rules.list_dates import ContractDates
from rules.outcomes import mandatory_items
from rules.plain_values import to_plain
from rules.settlement import CallFacts, CaseFacts, Contact, settle
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()
TODAY = date(2026, 9, 24)  # a Thursday; 26 September is a holiday
EVENING = shanghai(TODAY).replace(hour=21)
DATES = ContractDates(
    channel="BANCASSURANCE",
    product_type="PARTICIPATING",
    underwritten_on=date(2026, 9, 10),
    receipt_signed_on=date(2026, 9, 14),
    receipt_written_off_on=date(2026, 9, 15),
)
ITEMS = mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)
IDENTITY = (("C1", "YES"), ("I1", "YES"))
CLEAR = tuple((item, "YES") for item in ITEMS)
UNCLEAR_FEES = tuple((item, "NO" if item == "N3" else "YES") for item in ITEMS)
DENIES = (("M1", "OBJECT"),)


def at(clock: str, day: date = TODAY) -> datetime:
    hour, minute = clock.split(":")
    return shanghai(day).replace(hour=int(hour), minute=int(minute))


def profile_of(profile_id):
    if profile_id != NATIONAL.id:
        raise LookupError(profile_id)
    return NATIONAL


class Day:
    """Writes events as the statements of storage do."""

    def __init__(self):
        self.events: list[Event] = []
        self._ids = count(1)
        self._calls = count(1)
        self._orders = count(1)
        self.rounds: dict[int, int] = {}
        self.states: dict[int, str] = {}
        self.hangups: dict[int, int] = {}

    def add(self, kind, when, /, *, case=None, call=None, person=None, **data) -> Event:
        event = Event(next(self._ids), when, kind, case, call, person, to_plain(data))
        self.events.append(event)
        return event

    def opened(self, case=1, person=1, when=None, state="CALLABLE", kind="CASE_OPENED", **changed) -> Event:
        dates = case_dates(DATES, NATIONAL, CALENDAR)
        owner = {"ASLEEP": "BRANCH", "AT_BRANCH": "BRANCH", "NOT_REQUIRED": "CLOSED"}.get(state, "HEAD_OFFICE")
        self.rounds[case] = changed.get("round", 1)
        self.states[case] = state
        data = {
            "state": state,
            "owner": owner,
            "owner_branch": "B1" if owner == "BRANCH" else None,
            "policy_no": f"P{case}",
            "branch_code": "B1",
            "callable_on": dates.callable_on,
            "nominal_end": dates.nominal_end,
            "surrender_deadline": dates.surrender_deadline,
            "handover_at": dates.handover_at,
            "provisional": dates.provisional,
            "signature_date_estimated": dates.signature_date_estimated,
            "receipt_signed_on": DATES.receipt_signed_on,
            "channel": DATES.channel,
            "product_type": DATES.product_type,
            "premium_mode": "ANNUAL",
            "round": 1,
            "profile": NATIONAL.id,
            "dates": DATES,
        }
        return self.add(kind, when or at("8:00"), case=case, person=person, **{**data, **changed})

    def moved(self, case, old, new, when, owner, branch=None, person=1):
        self.states[case] = new
        told = {"from": old, "to": new, "owner": owner, "owner_branch": branch, "why": "R6"}
        return self.add("CASE_MOVED", when, case=case, person=person, **told)

    def reserved(self, when, cases=(1,), person=1, number="n1", appointment=False, call=None) -> str:
        call = call or f"call{next(self._calls)}"
        for case in cases:
            self.add(
                "CALL_RESERVED", when, case=case, call=call, person=person,
                number=number, at_appointment=appointment, script="s@1", profile=NATIONAL.id, attempt_no=1,
            )  # fmt: skip
            self.states[case] = "IN_CALL"
        return call

    def news(self, call, kind, when, sid=None, person=1, **data):
        return self.add(kind, when, call=call, person=person, **{"sid": sid or f"CA-{call}", **data})

    def turn(self, call, when, number, answers=(), case=1, identity="PROVEN", said=(), person=1):
        return self.add(
            "TURN", when, call=call, person=person, turn=number, identity=identity, ended=None,
            said=[{"step": step, "id": f"{step}.ask", "discloses": tells} for step, tells in said],
            answers=[
                {
                    "case_id": case if step[:1] in "MN" else None, "step": step, "try_no": 1, "answer": answer,
                    "corrected": None, "final": True, "detail": {}, "how": "speech",
                }
                for step, answer in answers
            ],
        )  # fmt: skip

    def settled(self, when, contact: Contact, person=1, **changed) -> Event:
        decided = settle(contact, profile=NATIONAL, calendar=CALENDAR, inbox_branch="B1")
        case = contact.case.case_id
        data = {
            "kind": contact.kind,
            "result": decided.result,
            "class": decided.class_,
            "reasons": [r.code for r in decided.reasons],
            "marks": decided.marks,
            "completed": decided.completed,
            "counts": decided.counts,
            "profile": decided.profile_id,
            "state": decided.case_state,
            "owner": decided.owner,
            "owner_branch": decided.owner_branch,
            "contact": contact,
            "was": self.states[case],
            "was_owner": "CLOSED" if self.states[case] == "NOT_REQUIRED" else "HEAD_OFFICE",
        }
        event = self.add(
            "SETTLED", when, case=case, call=contact.call and contact.call.call_id, person=person, **{**data, **changed}
        )
        if self.states[case] == "NOT_REQUIRED":
            return event
        self.states[case] = decided.case_state
        for draft in decided.orders:
            self.add(
                "ORDER_ISSUED", when, case=case, order_id=next(self._orders), kind=draft.kind, branch=draft.branch_code,
                working_days=draft.working_days, due_at=draft.due_at, act_by=draft.act_by, escalated=draft.escalated,
                reasons=draft.reasons,
            )  # fmt: skip
        return event

    def contact(self, call, ended_at, answers=(), case=1, **changed) -> Contact:
        dates = case_dates(DATES, NATIONAL, CALENDAR)
        facts = CaseFacts(
            case, f"P{case}", self.states[case], self.rounds[case], "PARTICIPATING", "ANNUAL", "BANCASSURANCE", "B1", "A1",
            DATES.receipt_signed_on, dates.nominal_end, dates.handover_at,
        )  # fmt: skip
        rows = tuple(Answer(step, said, policy_no=f"P{case}" if step[:1] in "MN" else None) for step, said in answers)
        spoken = bool(answers)
        of_call = CallFacts(
            call, "completed" if spoken else "no-answer", answered=spoken, answered_by="human" if spoken else None,
            ended_by="us" if spoken else "callee", answers=rows, recording="VERIFIED" if spoken else "NOT_EXPECTED",
        )  # fmt: skip
        return Contact(
            "CALL", ended_at, facts, call=replace(of_call, **changed), deliberate_hangups=self.hangups.get(case, 0)
        )

    def unanswered(self, clock, case=1, person=1, number="n1", day=TODAY, appointment=False) -> str:
        """A whole call that nobody answers."""
        start = at(clock, day)
        call = self.reserved(start, (case,), person, number, appointment)
        self.news(call, "CALL_PLACED", start, person=person)
        end = start + timedelta(seconds=30)
        self.news(call, "CALL_ENDED", end, person=person, status="no-answer")
        self.settled(end + timedelta(seconds=2), self.contact(call, end, case=case), person)
        return call

    def spoken(
        self, clock, answers=CLEAR, case=1, person=1, number="n1", day=TODAY, appointment=False, **changed
    ) -> str:
        """A whole call that somebody answers, with its recording."""
        start = at(clock, day)
        call = self.reserved(start, (case,), person, number, appointment)
        self.news(call, "CALL_PLACED", start, person=person)
        self.news(call, "CALL_ANSWERED", start + timedelta(seconds=9), person=person, status="in-progress")
        first = start + timedelta(seconds=10)
        self.turn(call, first, 0, (), case, "UNPROVEN", [("C1", False)], person)
        self.turn(call, first, 1, IDENTITY, case, "PROVEN", [("M1", True)], person)
        self.turn(call, first, 2, answers, case, "PROVEN", [("Z1", False)], person)
        end = start + timedelta(minutes=4)
        self.news(call, "CALL_ENDED", end, person=person, status="completed")
        self.add("RECORDING_REPORTED", end, call=call, recording=f"RE-{call}", problem=None)
        kept = {"recording": f"RE-{call}", "version_id": "v", "sha256": "0" * 64}
        self.add(
            "RECORDING_VERIFIED",
            end + timedelta(seconds=20),
            call=call,
            retain_until=shanghai(date(2046, 9, 25)),
            **kept,
        )
        contact = self.contact(call, end, (*IDENTITY, *answers), case, **changed)
        self.settled(end + timedelta(seconds=25), contact, person)
        return call

    def find(self, kind, nth=0, case=None) -> Event:
        return [e for e in self.events if e.kind == kind and case in (None, e.case_id)][nth]

    def change(self, event: Event, **fields):
        """Put other values in the place of an event's own; `data` is a function that alters a copy."""
        if alter := fields.pop("data", None):
            fields["data"] = copy.deepcopy(event.data)
            alter(fields["data"])
        self.events[self.events.index(event)] = replace(event, **fields)

    def drop(self, *events: Event):
        self.events = [e for e in self.events if e not in events]


def quiet_day() -> Day:
    """Three people: one not reached, one with a question, one whose contract is settled as standard."""
    day = Day()
    for case in (1, 2, 3):
        day.opened(case, person=case)
    day.unanswered("9:30", case=1, person=1, number="n1")
    day.spoken("10:00", case=2, person=2, number="n2", answers=UNCLEAR_FEES)
    day.spoken("10:30", case=3, person=3, number="n3")
    return day


def one_case(*clocks, day=TODAY):
    found = Day()
    found.opened()
    for clock in clocks:
        found.unanswered(clock, day=day)
    return found


def nine_days(last: date | None = None) -> Day:
    """Nine dials on nine days on which is dialled, and one more on `last`."""
    day = Day()
    day.opened()
    for n, number in enumerate((10, 11, 12, 13, 14, 15, 16, 17, 18)):
        day.unanswered(("9:00", "13:00", "19:00")[n % 3], day=date(2026, 9, number))
    if last:
        day.unanswered("10:00", day=last)
    return day


def appointed(clock: str, booked: str = "20:40") -> Day:
    """A time is agreed in the morning and the dial for it made at `clock`."""
    day = Day()
    day.opened()
    answers = (("C1", "YES"), ("C3", "BUSY"))
    start = at("10:00")
    call = day.reserved(start)
    day.news(call, "CALL_PLACED", start)
    day.turn(call, start, 0, answers, identity="UNPROVEN", said=[("A1", False)])
    end = start + timedelta(minutes=1)
    day.news(call, "CALL_ENDED", end, status="completed")
    day.add("RECORDING_VERIFIED", end, call=call, recording="RE", retain_until=shanghai(date(2046, 9, 25)))
    day.settled(end, day.contact(call, end, answers, appointment=at(booked)))
    assert day.states[1] == "APPOINTED"
    day.unanswered(clock, appointment=True)
    return day


def two_calls() -> Day:
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=1)
    day.unanswered("9:30", case=1)
    day.unanswered("13:00", case=2)
    return day


def lost_afterwards() -> Day:
    day = quiet_day()
    day.add("RECORDING_LOST", at("12:00"), call="call3", recording="RE-call3", problem="DIGEST")
    return day


def with_branch() -> Day:
    day = Day()
    day.opened()
    day.spoken("10:00", answers=DENIES)
    assert day.states[1] == "AT_BRANCH"
    return day


def withdrawn(first: str) -> Day:
    """A list withdraws the contract while it is rung; `first` of its two events is written first."""
    day = Day()
    day.opened()
    call = day.reserved(at("10:00"))
    when = at("10:01")
    if first == "CASE_UPDATED":
        day.opened(when=when, kind="CASE_UPDATED", state="NOT_REQUIRED")
    day.moved(1, "IN_CALL", "NOT_REQUIRED", when, "CLOSED")
    if first == "CASE_MOVED":
        day.opened(when=when, kind="CASE_UPDATED", state="NOT_REQUIRED")
    start = at("10:02")
    day.turn(call, start, 0, IDENTITY, said=[("M1", True)])
    day.turn(call, start, 1, DENIES)
    day.news(call, "CALL_ENDED", start, status="completed")
    day.add("RECORDING_VERIFIED", start, call=call, recording="RE", retain_until=shanghai(date(2046, 9, 25)))
    day.settled(start, day.contact(call, start, (*IDENTITY, *DENIES)))
    return day


def interrupted() -> Day:
    """The first call is cut off half way; the second asks the rest."""
    half = len(ITEMS) // 2
    day = Day()
    day.opened()
    day.spoken("10:00", answers=CLEAR[:half], ended_by="callee")
    call, start = day.reserved(at("14:00")), at("14:01")
    day.turn(call, start, 0, IDENTITY)
    day.turn(call, start, 1, CLEAR[half:])
    day.news(call, "CALL_ENDED", start, status="completed")
    day.add("RECORDING_VERIFIED", start, call=call, recording="RE", retain_until=shanghai(date(2046, 9, 25)))
    earlier = tuple(Answer(step, said, policy_no="P1") for step, said in CLEAR[:half])
    contact = replace(day.contact(call, start, (*IDENTITY, *CLEAR[half:])), earlier_answers=earlier)
    day.settled(start, contact)
    assert day.states[1] == "CLOSED"
    return day


def chased(*marks, handled: datetime | None = None) -> tuple[Day, datetime]:
    """A denied purchase with its order of one working day, and that order's limit; `marks` at a time after it."""
    day = Day()
    day.opened()
    day.spoken("10:00", answers=DENIES)
    order = day.find("ORDER_ISSUED")
    assert not order.data["escalated"]
    order_id, due_at = order.data["order_id"], datetime.fromisoformat(order.data["due_at"])
    if handled:
        day.add("ORDER_HANDLED", handled, case=1, order_id=order_id, branch="B1", user="u")
    for kind, after in marks:
        day.add(kind, due_at + after, case=1, order_id=order_id, kind="VERIFICATION", due_at=due_at)
    return day, due_at


def asked_for_fees() -> Day:
    """One case with a question."""
    day = Day()
    day.opened()
    day.spoken("10:00", answers=UNCLEAR_FEES)
    return day


def of_its_contact(alter: Callable[[dict], object]) -> Day:
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: alter(data["contact"]))
    return day


def overridden(**changed) -> Day:
    day = asked_for_fees()
    told = {
        "override_id": 5,
        "derived": "QUESTION",
        "class": "VERIFICATION",
        "proposed_by": "amy",
        "confirmed_by": "bob",
    }
    day.add("CLASS_OVERRIDDEN", at("15:00"), case=1, **{**told, **changed})
    return day


# ---------------------------------------------------------------- what the judge says of them


def told(broken: Broken) -> str:
    when = broken.at.astimezone(SHANGHAI)
    return f"{broken.case_id} {broken.call_id} {when:%m-%d %H:%M:%S} {broken.message_zh} / {broken.message_en}"


def book(day: Day, now: datetime) -> Book:
    changes = calendar_changes(day.events)
    return Book(getattr(day, "profile_of", profile_of), getattr(day, "calendar", CALENDAR), now, changes)


def findings_of(promise: int) -> tuple[list, Callable]:
    """The cases of a promise, each put there by the decorator: what is found in the history that the function makes."""
    cases: list = []

    def finds(*findings: str, now: datetime = EVENING) -> Callable:
        def keep(make: Callable[[], Day]) -> Callable[[], Day]:
            cases.append(pytest.param(make, now, findings, id=f"{promise}-{make.__name__}"))
            return make

        return keep

    return cases, finds


def asked(promise: int, make: Callable[[], Day], now: datetime) -> list[str]:
    day = make()
    broken = list(OF_PEOPLE[promise](History(day.events), book(day, now)))
    assert {one.promise for one in broken} <= {promise}
    return [told(one) for one in broken]
