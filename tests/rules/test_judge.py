"""The judge over small histories: a clean one breaks nothing, each planted fault exactly its promise and case."""

import copy
from dataclasses import replace
from datetime import date, timedelta
from time import process_time

import pytest

from rules.calendar import shanghai
from rules.judge import PROMISES, Event, judge
from rules.plain_values import to_plain
from tests.rules.small_days import (
    CALENDAR,
    CLEAR,
    DENIES,
    EVENING,
    TODAY,
    UNCLEAR_FEES,
    Day,
    appointed,
    at,
    chased,
    interrupted,
    lost_afterwards,
    nine_days,
    one_case,
    profile_of,
    quiet_day,
    two_calls,
    with_branch,
    withdrawn,
)


def broken(day: Day, now=EVENING):
    found = judge(day.events, profile_of=profile_of, calendar=CALENDAR, now=now)
    assert all(b.message_zh and b.message_en for b in found)
    return [(b.promise, b.case_id) for b in found]


def test_a_day_as_it_should_be_breaks_nothing():
    day = quiet_day()
    assert broken(day) == []
    assert day.find("SETTLED", case=2).data["class"] == "QUESTION"
    assert day.find("SETTLED", case=3).data["class"] == "STANDARD"


def test_nothing_happened_breaks_nothing():
    assert broken(Day()) == []
    assert sorted(PROMISES) == list(range(1, 11))


# ---------------------------------------------------------------- 1: hours and caps, per person


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


def test_the_total_of_a_plan():
    assert broken(nine_days()) == []
    assert broken(nine_days(last=TODAY)) == [(1, 1)]


def test_a_new_round_has_a_plan_of_its_own():
    day = nine_days()
    day.opened(when=at("8:00"), kind="CASE_UPDATED", round=2)
    day.unanswered("10:00")
    assert broken(day) == []


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
