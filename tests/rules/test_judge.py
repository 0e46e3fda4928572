"""The judge over small histories: a clean one breaks nothing, each planted fault exactly its promise and case."""

import copy
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import count
from time import process_time

import pytest

from rules.answers import Answer
from rules.calendar import shanghai
from rules.deadlines import case_dates
from rules.judge import PROMISES, Event, judge
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


def broken(day: Day, now=EVENING):
    found = judge(day.events, profile_of=profile_of, calendar=CALENDAR, now=now)
    assert all(b.message_zh and b.message_en for b in found)
    return [(b.promise, b.case_id) for b in found]


def quiet_day() -> Day:
    """Three people: one not reached, one with a question, one whose contract is settled as standard."""
    day = Day()
    for case in (1, 2, 3):
        day.opened(case, person=case)
    day.unanswered("9:30", case=1, person=1, number="n1")
    day.spoken("10:00", case=2, person=2, number="n2", answers=UNCLEAR_FEES)
    day.spoken("10:30", case=3, person=3, number="n3")
    return day


def test_a_day_as_it_should_be_breaks_nothing():
    day = quiet_day()
    assert broken(day) == []
    assert day.find("SETTLED", case=2).data["class"] == "QUESTION"
    assert day.find("SETTLED", case=3).data["class"] == "STANDARD"


def test_nothing_happened_breaks_nothing():
    assert broken(Day()) == []
    assert sorted(PROMISES) == list(range(1, 11))


# ---------------------------------------------------------------- 1: hours and caps, per person


def one_case(*clocks, day=TODAY):
    found = Day()
    found.opened()
    for clock in clocks:
        found.unanswered(clock, day=day)
    return found


@pytest.mark.parametrize(
    ("clocks", "expected"),
    [
        (("9:00", "12:00"), []),
        (("11:00", "14:00"), []),
        (("20:29",), []),
        (("8:59",), [(1, 1)]),
        (("20:30",), [(1, 1)]),  # itself outside the ordinary window
        (("21:00",), [(1, 1)]),
        (("3:00",), [(1, 1)]),
        (("10:00", "12:59"), [(1, 1)]),  # the gap
        (("9:00", "12:00", "18:00"), [(1, 1)]),  # the third of the day
        (("12:10", "17:50"), [(1, 1)]),  # the same part of the day
    ],
)
def test_hours_and_caps(clocks, expected):
    assert broken(one_case(*clocks), at("23:00")) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 9, 20), []), (date(2026, 9, 26), [(1, 1)]), (date(2026, 10, 1), [(1, 1)])],
    ids=["Sunday, a make-up day", "mid-autumn holiday", "national holiday"],
)
def test_days(day, expected):
    assert broken(one_case("10:00", day=day), at("23:00", day)) == expected


def test_caps_are_counted_per_person_over_all_policies():
    day = Day()
    day.opened(1, person=7)
    day.opened(2, person=7)
    day.unanswered("9:00", case=1, person=7, number="n1")
    day.unanswered("12:00", case=2, person=7, number="n2")
    assert broken(day) == []
    day.unanswered("18:00", case=2, person=7, number="n2")
    assert broken(day) == [(1, 2)]


def test_a_number_is_counted_whoever_it_is_rung_for():
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=2)
    day.unanswered("9:00", case=1, person=1, number="same")
    day.unanswered("12:00", case=2, person=2, number="same")
    assert broken(day) == []
    day.unanswered("18:00", case=1, person=1, number="same")  # the person's second, the number's third
    assert broken(day) == [(1, 1)]


def test_the_gap_of_a_number_is_kept_between_two_persons():
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=2)
    day.unanswered("9:00", case=1, person=1, number="same")
    day.unanswered("10:00", case=2, person=2, number="same")
    assert broken(day) == [(1, 2)]


def test_a_dial_that_rang_nobody_counts_for_nothing():
    day = one_case("9:00", "12:00")
    call = day.reserved(at("18:00"))
    day.news(call, "CALL_REJECTED", at("18:01"), code=20429, why="BUSY", sid=None)
    day.drop(day.events[-1])
    day.add("CALL_REJECTED", at("18:01"), call=call, person=1, code=20429, why="BUSY")
    assert broken(day) == []
    day.news(call, "CALL_ENDED", at("18:02"), status="completed")  # it rang after all
    day.settled(at("18:03"), day.contact(call, at("18:02"), carrier_status="completed"))
    assert broken(day) == [(1, 1)]


def nine_days(last: date | None = None) -> Day:
    """Nine dials on nine days on which is dialled, and one more on `last`."""
    day = Day()
    day.opened()
    for n, number in enumerate((10, 11, 12, 13, 14, 15, 16, 17, 18)):
        day.unanswered(("9:00", "13:00", "19:00")[n % 3], day=date(2026, 9, number))
    if last:
        day.unanswered("10:00", day=last)
    return day


def test_the_total_of_a_plan():
    assert broken(nine_days()) == []
    assert broken(nine_days(last=TODAY)) == [(1, 1)]


def test_a_new_round_has_a_plan_of_its_own():
    day = nine_days()
    day.opened(when=at("8:00"), kind="CASE_UPDATED", round=2)
    day.unanswered("10:00")
    assert broken(day) == []


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


@pytest.mark.parametrize(
    ("clock", "booked", "expected"),
    [
        ("20:40", "20:40", []),  # beyond the ordinary window
        ("20:31", "20:40", []),
        ("10:30", "10:35", []),  # no gap is kept before an agreed time
        ("20:29", "20:40", [(1, 1)]),  # 11 minutes before it
        ("20:51", "20:40", [(1, 1)]),
        ("21:00", "20:55", [(1, 1)]),  # nothing lifts the quiet hours
    ],
)
def test_a_dial_at_an_agreed_time(clock, booked, expected):
    assert broken(appointed(clock, booked), at("23:00")) == expected


def test_an_agreed_time_is_kept_once():
    day = appointed("20:40")
    day.unanswered("20:45", appointment=True)
    assert broken(day, at("23:00")) == [(1, 1)]


def test_dials_at_agreed_times_leave_the_daily_limit_alone():
    day = appointed("14:00", "14:00")
    day.unanswered("18:00")
    assert broken(day) == []


# ---------------------------------------------------------------- 2: one attempt at a time


def two_calls() -> Day:
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=1)
    day.unanswered("9:30", case=1)
    day.unanswered("13:00", case=2)
    return day


def test_two_open_attempts_for_one_person():
    day = two_calls()
    ended = day.find("CALL_ENDED")
    settled = day.find("SETTLED")
    day.change(ended, id=901)
    day.change(settled, id=902)
    assert broken(day) == [(2, 2)]


def test_an_unknown_attempt_is_resolved_before_the_next_dial():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_UNKNOWN", at("9:31"), call=first, person=1, why="timeout")
    day.states[1] = "CALLABLE"
    day.unanswered("13:00")
    assert broken(day) == [(2, 1)]


def test_an_unknown_attempt_that_was_never_placed_is_given_back():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_UNKNOWN", at("9:31"), call=first, person=1, why="timeout")
    day.add("CALL_REJECTED", at("9:37"), call=first, person=1, code=None, why="NEVER_PLACED")
    day.unanswered("9:40")
    assert broken(day) == []


def test_an_attempt_is_dialled_once():
    day = two_calls()
    day.news("call1", "CALL_RINGING", at("9:30"), sid="CA-other", status="ringing")
    assert broken(day) == [(2, 1)]


def test_a_call_of_the_carrier_stands_for_one_attempt():
    day = two_calls()
    for kind in ("CALL_PLACED", "CALL_ENDED"):
        day.change(day.find(kind, 1), data=lambda data: data.update(sid="CA-call1"))
    assert broken(day) == [(2, 2)]


def test_an_attempt_is_reserved_once():
    day = two_calls()
    first = day.find("CALL_RESERVED")
    day.events.append(replace(first, id=950, at=at("9:31")))
    day.change(day.events[-1], id=first.id + 0.5)
    assert broken(day) == [(2, 1)]


def test_several_policies_of_one_person_are_one_call():
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=1)
    call = day.reserved(at("9:30"), (1, 2))
    end = at("9:31")
    day.news(call, "CALL_ENDED", end, status="no-answer")
    for case in (1, 2):
        day.settled(end, day.contact(call, end, case=case))
    assert broken(day) == []


# ---------------------------------------------------------------- 3: identity first


def tell_early(data):
    data["said"] = [{"step": "M1", "id": "M1.ask", "discloses": True}]


@pytest.mark.parametrize(
    ("turn", "alter"),
    [
        (0, tell_early),
        (1, lambda data: data.update(identity="UNPROVEN")),
        (1, lambda data: data.update(identity="FAILED")),
        (1, lambda data: data.pop("identity")),
    ],
)
def test_a_fact_of_the_policy_before_identity(turn, alter):
    day = quiet_day()
    found = [e for e in day.events if e.kind == "TURN" and e.call_id == "call3"][turn]
    day.change(found, data=alter)
    assert broken(day) == [(3, 3)]


def test_proven_without_a_proof():
    day = quiet_day()
    without = (("C1", "YES"),)
    first = [e for e in day.events if e.kind == "TURN" and e.call_id == "call3"][1]
    day.change(first, data=lambda data: data.update(answers=[a for a in data["answers"] if a["step"] != "I1"]))
    settled = day.find("SETTLED", case=3)
    contact = day.contact("call3", day.find("CALL_ENDED", 2).at, (*without, *CLEAR), 3)
    contact = replace(contact, case=replace(contact.case, state="IN_CALL"))
    day.change(settled, data=lambda data: data.update(contact=to_plain(contact)))
    assert broken(day) == [(3, 3), (6, 3)]  # and such a call gives no class


# ---------------------------------------------------------------- 4: every ended contact is settled


def test_an_ended_call_is_settled_within_the_hour():
    day = quiet_day()
    day.drop(day.find("SETTLED", case=1))
    assert broken(day, at("10:20")) == []
    assert broken(day) == [(4, 1)]


def test_a_call_is_settled_after_its_end():
    day = quiet_day()
    ended = next(e for e in day.events if e.kind == "CALL_ENDED" and e.call_id == "call1")
    day.change(ended, id=900)
    assert broken(day) == [(4, 1)]


def test_a_call_is_settled_once():
    day = quiet_day()
    first = day.find("SETTLED", case=1)
    day.events.append(replace(first, id=900, data={**first.data, "was": "CALLABLE"}))
    assert broken(day) == [(4, 1)]


def test_what_counts_has_a_verified_recording():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    assert broken(day) == [(4, 3)]


def test_verified_only_afterwards_is_too_late():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED", 1), id=900)
    assert broken(day) == [(4, 3)]


def test_an_answered_call_waits_for_its_recording():
    day = quiet_day()
    day.add("CALL_ANSWERED", at("9:30"), call="call1", person=1, sid="CA-call1")
    assert sorted(broken(day)) == [(4, 1), (6, 1)]  # and the outcome says that nobody answered


def lost_afterwards() -> Day:
    day = quiet_day()
    day.add("RECORDING_LOST", at("12:00"), call="call3", recording="RE-call3", problem="DIGEST")
    return day


def test_a_recording_lost_afterwards_opens_the_case_again():
    day = lost_afterwards()
    left = [(9, 3)]  # it is gone before its time, whatever is done about it
    assert broken(day, at("12:30")) == left
    assert broken(day) == [(4, 3), *left]
    day.moved(3, "CLOSED", "CALLABLE", at("12:10"), "HEAD_OFFICE", person=3)
    assert broken(day) == left


def test_another_copy_keeps_the_call():
    day = lost_afterwards()
    kept = {"recording": "RE-second", "version_id": "v", "retain_until": shanghai(date(2046, 9, 25))}
    day.add("RECORDING_VERIFIED", at("12:01"), call="call3", **kept)
    assert broken(day) == [(9, 3)]


def test_a_lost_recording_gives_no_class_and_counts_for_nothing():
    day = Day()
    day.opened()
    day.spoken("10:00", recording="LOST")
    day.change(day.find("RECORDING_VERIFIED"), kind="RECORDING_LOST")
    assert day.states[1] == "CALLABLE"
    assert broken(day) == []
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=True))
    assert broken(day) == [(4, 1), (6, 1)]


# ---------------------------------------------------------------- 5: one owner


def with_branch() -> Day:
    day = Day()
    day.opened()
    day.spoken("10:00", answers=DENIES)
    assert day.states[1] == "AT_BRANCH"
    return day


def test_nobody_dials_what_a_branch_owns():
    day = with_branch()
    day.unanswered("14:00")
    day.change(day.find("SETTLED", 1), data=lambda data: data.update(was_owner="BRANCH"))
    assert broken(day) == [(5, 1)]


def test_nobody_dials_what_is_closed():
    day = Day()
    day.opened()
    day.spoken("10:00")
    day.reserved(at("14:00"))
    assert broken(day) == [(5, 1)]


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data.update(owner="HEAD_OFFICE"),
        lambda data: data.update(owner_branch=None),
        lambda data: data.update(was_owner="BRANCH"),
        lambda data: data.update(owner="NOBODY"),
    ],
)
def test_a_settlement_leaves_the_owner_that_its_state_has(alter):
    day = with_branch()
    day.change(day.find("SETTLED"), data=alter)
    assert broken(day) == [(5, 1)]


def test_a_branch_stands_only_where_a_branch_owns():
    day = quiet_day()
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(owner_branch="B1"))
    assert broken(day) == [(5, 3)]


def test_each_move_begins_where_the_last_one_ended():
    day = with_branch()
    day.moved(1, "AT_BRANCH", "IN_REVIEW", at("14:00"), "HEAD_OFFICE")
    assert broken(day) == []
    day.moved(1, "AT_BRANCH", "CLOSED", at("15:00"), "CLOSED")
    assert broken(day) == [(5, 1)]


def test_a_case_begins_with_its_opening_and_opens_once():
    day = quiet_day()
    opening = day.find("CASE_OPENED", case=2)
    day.opened(1, when=at("15:00"))
    assert broken(day) == [(5, 1)]
    day.drop(day.events[-1], opening)
    assert broken(day) == [(5, 2)]


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


@pytest.mark.parametrize("first", ["CASE_UPDATED", "CASE_MOVED"])
def test_withdrawn_while_it_was_rung(first):
    day = withdrawn(first)
    assert [e for e in day.events if e.kind == "ORDER_ISSUED"] == []
    assert broken(day) == []


def test_an_update_moves_nothing_by_itself():
    day = withdrawn("CASE_UPDATED")
    day.drop(day.find("CASE_MOVED"))
    assert set(broken(day)) == {(5, 1)}


# ---------------------------------------------------------------- 6: outcomes can be recomputed


def answer_yes(data):
    [found] = [a for a in data["contact"]["call"]["answers"] if a["step"] == "N3"]
    found["answer"] = "YES"


@pytest.mark.parametrize(
    "alter",
    [
        lambda data: data.update({"class": "STANDARD"}),
        lambda data: data.update({"class": None}),
        lambda data: data.update(reasons=[]),
        lambda data: data.update(reasons=["FEES_UNCLEAR", "COVERAGE_UNCLEAR"]),
        lambda data: data.update(result="NO_ANSWER"),
        lambda data: data.update(marks=[]),
        lambda data: data.update(profile="national@99"),
        lambda data: data.pop("contact"),
        lambda data: data["contact"].pop("case"),
        lambda data: data["contact"]["case"].update(product_type="ORDINARY"),
        lambda data: data["contact"]["call"].update(carrier_status="busy"),
        lambda data: data["contact"].update(ended_at="2026-09-24T10:05:00+08:00"),
        lambda data: data["contact"].update(deliberate_hangups=2),
        answer_yes,
    ],
)
def test_a_stored_outcome_that_does_not_follow(alter):
    day = quiet_day()
    day.change(day.find("SETTLED", case=2), data=alter)
    assert broken(day) == [(6, 2)]


def test_an_answer_altered_in_the_turns():
    day = quiet_day()
    turn = [e for e in day.events if e.kind == "TURN" and e.call_id == "call2"][2]
    day.change(turn, data=lambda data: data["answers"][0].update(answer="SILENT"))
    assert broken(day) == [(6, 2)]


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


def test_answers_taken_over_were_given():
    day = interrupted()
    assert broken(day) == []
    settled = day.find("SETTLED", 1)
    day.change(settled, data=lambda data: data["contact"]["earlier_answers"][0].update(corrected=False))
    assert broken(day) == [(6, 1)]


# ---------------------------------------------------------------- 7: work orders and their limits


@pytest.mark.parametrize("answers", [UNCLEAR_FEES, DENIES, (("M1", "YES"), ("M2.received", "NO")), (("R1", "REFUSE"),)])
def test_every_order_that_an_outcome_asks_for(answers):
    day = Day()
    day.opened()
    day.spoken("10:00", answers=answers)
    orders = [e for e in day.events if e.kind == "ORDER_ISSUED"]
    assert orders
    assert broken(day) == []
    for order in orders:
        fewer = copy.copy(day)
        fewer.events = [e for e in day.events if e is not order]
        assert broken(fewer) == [(7, 1)], order.data["kind"]


@pytest.mark.parametrize(
    "alter",
    [
        {"due_at": "2026-10-08T23:59:59+08:00"},
        {"due_at": None},
        {"act_by": "2026-10-08"},
        {"working_days": 5},
        {"reasons": []},
        {"branch": "B2"},
        {"escalated": False},
        {"kind": "VISIT"},
    ],
)
def test_an_order_as_the_rules_give_it(alter):
    day = quiet_day()
    day.change(day.find("ORDER_ISSUED", case=2), data=lambda data: data.update(alter))
    assert set(broken(day)) == {(7, 2)}


def test_one_order_of_a_kind_in_a_round():
    day = quiet_day()
    order = day.find("ORDER_ISSUED", case=2)
    day.add("ORDER_ISSUED", at("15:00"), case=2, **{**order.data, "order_id": 99})
    assert broken(day) == [(7, 2)]


def test_an_order_beside_stands_under_its_own_kind():
    day = quiet_day()
    order = day.find("ORDER_ISSUED", case=2)
    day.add("ORDER_ISSUED", at("15:00"), case=2, **{**order.data, "order_id": 99, "kind": "QUALITY_CHECK"})
    assert broken(day) == []
    day.add("ORDER_ISSUED", at("16:00"), case=2, **{**order.data, "order_id": 100, "kind": "QUALITY_CHECK"})
    assert broken(day) == [(7, 2)]


def test_an_order_without_an_outcome():
    day = quiet_day()
    order = day.find("ORDER_ISSUED", case=2)
    day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 99})
    assert broken(day) == [(7, 1)]


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


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("marks", "late", "expected"),
    [
        ((), 23 * HOUR, []),
        ((), 25 * HOUR, [(7, 1)]),
        ((("ORDER_OVERDUE", HOUR), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, []),
        ((("ORDER_OVERDUE", HOUR),), 25 * HOUR, [(7, 1)]),
        ((("ORDER_ESCALATED", HOUR),), 25 * HOUR, [(7, 1)]),
        ((("ORDER_OVERDUE", 30 * HOUR), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, [(7, 1)]),
        ((("ORDER_OVERDUE", -HOUR), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, [(7, 1)]),
    ],
)
def test_a_missed_limit_is_marked_within_a_day(marks, late, expected):
    day, due_at = chased(*marks)
    found = set(broken(day, due_at + late))
    assert found == set(expected)


def test_a_limit_that_was_met_needs_no_mark():
    day, due_at = chased(handled=at("15:00"))
    assert broken(day, due_at + 90 * HOUR) == []


@pytest.mark.parametrize(
    ("closed", "marks", "expected"),
    [
        (-HOUR, (), []),  # before its limit
        (HOUR, (), []),  # before the clock had to see that it passed
        (25 * HOUR, (), [(7, 1)]),
        (25 * HOUR, (("ORDER_OVERDUE", HOUR), ("ORDER_ESCALATED", HOUR)), []),
        (-HOUR, (("ORDER_OVERDUE", HOUR), ("ORDER_ESCALATED", HOUR)), [(7, 1)]),
    ],
)
def test_a_closed_order_is_not_overdue(closed, marks, expected):
    day, due_at = chased(*marks)
    order = day.find("ORDER_ISSUED").data
    day.add(
        "ORDER_CLOSED", due_at + closed, case=1, order_id=order["order_id"], kind=order["kind"], branch="B1",
        why="SURRENDERED",
    )  # fmt: skip
    day.events.sort(key=lambda event: event.at)
    day.events = [replace(event, id=place) for place, event in enumerate(day.events, start=1)]
    assert set(broken(day, due_at + 90 * HOUR)) == set(expected)


def test_handled_late_is_still_marked():
    _, due_at = chased()
    day, _ = chased(handled=due_at + HOUR)
    assert set(broken(day, due_at + 90 * HOUR)) == {(7, 1)}


# ---------------------------------------------------------------- 8: one function gives each deadline


@pytest.mark.parametrize(
    "alter",
    [
        {"nominal_end": "2026-09-30"},
        {"surrender_deadline": "2026-09-30"},
        {"handover_at": "2026-09-25T00:00:00+08:00"},
        {"callable_on": "2026-09-01"},
        {"provisional": True},
        {"signature_date_estimated": True},
        {"dates": None},
        {"profile": "national@99"},
    ],
)
def test_dates_as_the_rules_give_them(alter):
    day = quiet_day()
    day.drop(*[e for e in day.events if e.kind == "SETTLED" and e.case_id == 1])  # it repeats the dates
    day.change(day.find("CASE_OPENED", case=1), data=lambda data: data.update(alter))
    assert broken(day, at("10:00")) == [(8, 1)]


def test_a_contact_is_judged_by_the_dates_of_its_case():
    day = quiet_day()
    settled = day.find("SETTLED", case=2)
    day.change(settled, data=lambda data: data["contact"]["case"].update(nominal_end="2026-10-09"))
    assert broken(day) == [(8, 2)]


def test_a_case_that_wakes_may_be_rung_from_the_next_day():
    day = Day()
    day.opened()
    day.opened(when=at("9:00"), kind="CASE_UPDATED", callable_on=TODAY + timedelta(days=1))
    assert broken(day) == []
    day.opened(when=at("9:30"), kind="CASE_UPDATED", callable_on=TODAY + timedelta(days=3))
    assert broken(day) == [(8, 1)]


def test_a_recording_is_locked_for_its_whole_time():
    day = quiet_day()
    short = shanghai(date(2046, 9, 24)).isoformat()
    day.change(day.find("RECORDING_VERIFIED", 1), data=lambda data: data.update(retain_until=short))
    assert broken(day) == [(8, 3)]


# ---------------------------------------------------------------- growth


def many(cases: int) -> list[Event]:
    day = Day()
    for case in range(1, cases + 1):
        day.opened(case, person=case)
        day.unanswered("9:30", case=case, person=case, number=f"n{case}")
        day.spoken("14:00", case=case, person=case, number=f"n{case}", answers=UNCLEAR_FEES)
    return day.events


def test_time_grows_with_the_number_of_events():
    def seconds(events):
        began = process_time()
        assert judge(events, profile_of=profile_of, calendar=CALENDAR, now=EVENING) == ()
        return process_time() - began

    small, large = many(50), many(400)
    seconds(small)
    assert min(seconds(large) for _ in range(2)) < 8 * 3 * min(seconds(small) for _ in range(3))
