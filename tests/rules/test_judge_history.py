"""How the judge puts events in order, by call, case and person, and how it asks every promise of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rules.calendar import Calendar, DayKind, change_of, change_to_json, with_change
from rules.judge import OF_PEOPLE, Book, Event, Head, History, in_order, judge, judge_people
from rules.judge.history import Broken, calendar_changes, day, instant
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar

NOON = datetime(2026, 9, 24, 4, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CALENDAR = seeded_calendar()


def event(
    number: int, kind: str, case: int | None = None, call: str | None = "c", person: int | None = 1, /, **data
) -> Event:
    return Event(number, NOON + number * MINUTE, kind, case, call, person, data)


def test_events_in_the_order_in_which_they_were_written():
    events = [event(3, "CALL_ENDED"), event(1, "CALL_RESERVED", 7), event(2, "TURN"), event(4, "SETTLED", 7)]
    history = History(events)
    assert [one.id for one in history.events] == [1, 2, 3, 4]
    assert {case: [one.id for one in found] for case, found in history.cases.items()} == {7: [1, 4]}
    call = history.calls["c"]
    assert (call.call_id, call.reserved.id, call.case_ids, call.again) == ("c", 1, [7], [])
    assert [one.id for one in call.events] == [2, 3]  # what was settled belongs to the case
    assert history.by_person == {1: [call]}


def test_an_event_of_nothing():
    history = History([event(1, "CALENDAR_CHANGED", None, None, None)])
    assert (history.calls, dict(history.cases), dict(history.by_person)) == ({}, {}, {})


def test_several_policies_are_one_call_and_a_second_reservation_is_none():
    first = event(1, "CALL_RESERVED", 7)
    same = replace(first, id=2, case_id=8)
    later, again = replace(first, id=3, case_id=9, at=NOON + 9 * MINUTE), replace(first, id=4)
    call = History([first, same, later, again]).calls["c"]
    assert (call.case_ids, call.first_case, call.again) == ([7, 8], 7, [later, again])
    assert History([event(1, "TURN")]).calls["c"].first_case is None


@pytest.mark.parametrize(
    ("kinds", "given_back", "ended", "closed", "answered"),
    [
        ([], False, None, None, False),
        (["CALL_PLACED"], False, None, None, False),
        (["CALL_REJECTED"], True, None, 1, False),
        (["CALL_REJECTED", "CALL_UNKNOWN"], True, None, 1, False),
        *[(["CALL_REJECTED", kind], False, None, 1, kind in ("CALL_ANSWERED", "TURN")) for kind in ("CALL_RINGING", "CALL_ANSWERED", "TURN")],
        (["CALL_REJECTED", "CALL_ENDED"], False, 2, 2, False),
        (["CALL_ENDED", "CALL_REJECTED"], False, 1, 2, False),
        (["CALL_ENDED", "CALL_ENDED"], False, 1, 2, False),
        (["CALL_ANSWERED", "TURN", "TURN", "CALL_ENDED", "RECORDING_VERIFIED"], False, 4, 4, True),
    ],
)  # fmt: skip
def test_what_became_of_a_call(kinds, given_back, ended, closed, answered):
    events = [event(number, kind) for number, kind in enumerate(kinds, start=1)]
    call = History([event(0, "CALL_RESERVED", 7), *events]).calls["c"]
    assert (call.given_back, call.answered) == (given_back, answered)
    assert (call.ended and call.ended.id, call.closed and call.closed.id) == (ended, closed)
    assert [one.kind for one in call.turns] == [kind for kind in kinds if kind == "TURN"]


@pytest.mark.parametrize(
    ("value", "read"),
    [("2026-09-24T12:00:00+08:00", NOON), ("soon", None), ("", None), (None, None), (5, None), (NOON, None)],
)
def test_a_stored_instant(value, read):
    assert instant(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [("2026-09-24", date(2026, 9, 24)), ("soon", None), ("", None), (None, None), (5, None), (date(2026, 9, 24), None)],
)
def test_a_stored_day(value, read):
    assert day(value) == read


def changed_three_times() -> tuple[Calendar, tuple[Event, ...]]:
    """The 24th becomes a holiday, then the 28th, then the 24th is worked again."""
    calendar, events = CALENDAR, []
    for number, (one, kind) in enumerate(
        [((2026, 9, 24), DayKind.HOLIDAY), ((2026, 9, 28), DayKind.HOLIDAY), ((2026, 9, 24), DayKind.WORKING)], start=1
    ):
        change = change_of(calendar, {date(*one): kind})
        calendar = with_change(calendar, change)
        events.append(event(number * 10, "CALENDAR_CHANGED", None, None, None, **change_to_json(change)))
    return calendar, calendar_changes([event(5, "TURN"), *reversed(events)])


@pytest.mark.parametrize(
    ("written", "off"),
    [(1, []), (9, []), (10, [24]), (11, [24]), (19, [24]), (20, [24, 28]), (25, [24, 28]), (30, [28]), (99, [28])],
)
def test_the_calendar_that_held_when_an_event_was_written(written, off):
    calendar, changes = changed_three_times()
    assert [one.id for one in changes] == [10, 20, 30]
    book = Book(lambda name: DEFAULTS, calendar, NOON, changes)
    for _ in range(2):  # the second time it is known
        held = book.calendar_of(event(written, "CALL_RESERVED"))
        assert [one for one in (24, 28) if held.is_public_holiday(date(2026, 9, one))] == off


@pytest.mark.parametrize(
    ("minutes", "off"), [(0, [24, 28]), (4, [24, 28]), (5, [24, 28]), (6, [24]), (15, [24]), (16, []), (99, [])]
)
def test_as_it_stood_that_long_before(minutes, off):
    """At minute 25, of changes at minutes 10, 20 and 30."""
    calendar, changes = changed_three_times()
    book = Book(lambda name: DEFAULTS, calendar, NOON, changes)
    held = book.calendar_of(event(25, "CALL_RESERVED"), timedelta(minutes=minutes))
    assert [one for one in (24, 28) if held.is_public_holiday(date(2026, 9, one))] == off


def test_the_profile_that_an_event_names():
    def profile_of(name):
        if name != "national@1":
            raise LookupError(name)
        return DEFAULTS

    book = Book(profile_of, CALENDAR, NOON)
    assert book.profile(event(1, "CALL_RESERVED", profile="national@1")) is DEFAULTS
    assert book.profile(event(1, "CALL_RESERVED", profile="national@2")) is None
    assert book.profile(event(1, "CALL_RESERVED")) is None


def asked(events, **more) -> list[tuple[int, int | None, str | None]]:
    found = judge(events, profile_of=lambda name: DEFAULTS, calendar=CALENDAR, now=NOON + DAY, **more)
    return [(one.promise, one.case_id, one.call_id) for one in found]


def test_a_ledger_is_asked_for_only_where_there_is_one():
    events = [event(1, "RECORDING_LOST", 7, recording="RE1")]
    assert asked(events) == []
    assert asked(events, ledger=()) == [(10, 7, "c")]
    assert asked(events, ledger=(), head=Head(3)) == [(10, 7, "c"), (10, None, None)]  # the head is missed now
    late = judge(events, profile_of=lambda name: DEFAULTS, calendar=CALENDAR, now=NOON + 2 * DAY, ledger=())
    assert [one.message_en for one in late] == [
        "RECORDING_LOST has no line in the ledger", "events from 1 on are unsealed for more than a day",
    ]  # fmt: skip


def test_a_play_belongs_to_the_case_that_its_call_was_about():
    reserved = event(1, "CALL_RESERVED", 7, number="n", profile="p", at_appointment=False)
    opened = event(0, "CASE_OPENED", 7, None)
    play = event(2, "RECORDING_PLAYED", None, play_id="p", user="amy", recording="RE1", place="CS", right={})
    assert (9, 7, "c") in asked([opened, reserved, play])
    assert (9, 8, "c") in asked([opened, reserved, replace(play, case_id=8)])
    assert (9, None, None) in asked([opened, reserved, replace(play, call_id=None)])
    # any event that is not one of access is no play, whatever it tells
    assert not [one for one in asked([opened, reserved, replace(play, kind="TURN")]) if one[0] == 9]


def test_findings_by_promise_then_by_instant():
    def one(promise: int, minute: int) -> Broken:
        return Broken(promise, minute, None, "有误", "wrong", NOON + minute * MINUTE)

    found = in_order([one(7, 2), one(1, 5), one(7, 1), one(1, 4)])
    assert [(broken.promise, broken.case_id) for broken in found] == [(1, 4), (1, 5), (7, 1), (7, 2)]


def test_every_promise_about_people_is_asked():
    """A history in which all of them are broken."""
    events = [
        event(1, "CASE_UPDATED", 7, None, owner="NOBODY", profile="p"),
        event(2, "CALL_RESERVED", 7, at_appointment=True, profile="p", number="n"),
        event(3, "CALL_ENDED", sid="CA1"),
        event(4, "TURN", identity="UNPROVEN", said=[{"id": "M1.ask"}], turn=0),
        event(5, "CALL_RINGING", sid="CA2"),
        event(6, "SETTLED", 7, None, profile="p"),
        event(7, "ORDER_ISSUED", 7, None, kind="QUESTION", order_id=1),
        event(8, "ORDER_ISSUED", 9, None, kind="QUESTION", order_id=2),
        event(9, "RECORDING_CLEARED", recording="RE1"),
    ]
    book = Book(lambda name: DEFAULTS, CALENDAR, NOON + DAY)
    assert {broken.promise for broken in judge_people(History(events), book)} == set(range(1, 10)) == set(OF_PEOPLE)
    assert {promise for promise, *_ in asked(events)} == set(range(1, 10))
