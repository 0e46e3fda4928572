"""Promises 6 to 8 on small histories: outcomes decided again, orders and their limits, dates; every finding whole."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rules.answers import Answer
from rules.calendar import shanghai
from rules.plain_values import to_plain
from rules.settlement import Contact
from tests.rules.small_days import (
    CLEAR,
    DATES,
    EVENING,
    NATIONAL,
    TODAY,
    UNCLEAR_FEES,
    Day,
    asked,
    at,
    chased,
    interrupted,
    quiet_day,
    withdrawn,
)

HOUR = timedelta(hours=1)
CASES = []


def finds(promise: int, *findings: str, now: datetime = EVENING) -> Callable:
    """What this promise finds in the history that the function makes."""

    def keep(make: Callable[[], Day]) -> Callable[[], Day]:
        CASES.append(pytest.param(promise, make, now, findings, id=f"{promise}-{make.__name__}"))
        return make

    return keep


def asked_for_fees() -> Day:
    """One case with a question."""
    day = Day()
    day.opened()
    day.spoken("10:00", answers=UNCLEAR_FEES)
    return day


def settled(**changed) -> Day:
    """The question with other values stored beside it."""
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: data.update(changed))
    return day


def of_its_contact(alter: Callable[[dict], object]) -> Day:
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: alter(data["contact"]))
    return day


# ---------------------------------------------------------------- 6: outcomes follow from the answers


@finds(6)
def as_the_answers_give_it():
    return quiet_day()


@finds(
    6,
    "1 call1 09-24 10:04:25 class 留存为 STANDARD，按答案应为 QUESTION / class is stored as STANDARD, the answers give QUESTION",
)
def another_class():
    return settled(**{"class": "STANDARD"})


@finds(
    6,
    "1 call1 09-24 10:04:25 class 留存为 –，按答案应为 QUESTION / class is stored as –, the answers give QUESTION",
)
def no_class():
    return settled(**{"class": None})


@finds(
    6,
    "1 call1 09-24 10:04:25 result 留存为 NO_ANSWER，按答案应为 COMPLETED / result is stored as NO_ANSWER, the answers give COMPLETED",
)
def another_result():
    return settled(result="NO_ANSWER")


@finds(
    6,
    "1 call1 09-24 10:04:25 marks 留存为 –，按答案应为 exclude_selling_agent, misselling_signal / marks is stored as –, the answers give exclude_selling_agent, misselling_signal",
)
def no_marks():
    return settled(marks=None)


@finds(
    6,
    "1 call1 09-24 10:04:25 marks 留存为 dispute, misselling_signal，按答案应为 exclude_selling_agent, misselling_signal / marks is stored as dispute, misselling_signal, the answers give exclude_selling_agent, misselling_signal",
)
def another_mark():
    return settled(marks=["misselling_signal", "dispute"])


@finds(6)
def marks_in_another_order():
    return settled(marks=["exclude_selling_agent", "misselling_signal"])


@finds(
    6,
    "1 call1 09-24 10:04:25 completed 留存为 False，按答案应为 True / completed is stored as False, the answers give True",
)
def not_completed():
    return settled(completed=False)


@finds(
    6,
    "1 call1 09-24 10:04:25 counts 留存为 False，按答案应为 True / counts is stored as False, the answers give True",
)
def not_counted():
    return settled(counts=False)


@finds(
    6,
    "1 call1 09-24 10:04:25 state 留存为 CLOSED，按答案应为 AT_BRANCH / state is stored as CLOSED, the answers give AT_BRANCH",
)
def in_another_state():
    return settled(state="CLOSED")


@finds(
    6,
    "1 call1 09-24 10:04:25 原因留存为 –，按答案应为 FEES_UNCLEAR / the reasons are stored as –, the answers give FEES_UNCLEAR",
)
def no_reasons():
    return settled(reasons=None)


@finds(
    6,
    "1 call1 09-24 10:04:25 原因留存为 COVERAGE_UNCLEAR, FEES_UNCLEAR，按答案应为 FEES_UNCLEAR / the reasons are stored as COVERAGE_UNCLEAR, FEES_UNCLEAR, the answers give FEES_UNCLEAR",
)
def two_reasons():
    return settled(reasons=["FEES_UNCLEAR", "COVERAGE_UNCLEAR"])


@finds(
    6,
    "1 call1 09-24 10:04:25 原因留存为 FEES_UNCLEAR, FEES_UNCLEAR，按答案应为 FEES_UNCLEAR / the reasons are stored as FEES_UNCLEAR, FEES_UNCLEAR, the answers give FEES_UNCLEAR",
)
def a_reason_twice():
    return settled(reasons=["FEES_UNCLEAR", "FEES_UNCLEAR"])


@finds(
    6,
    "1 call1 09-24 10:04:25 result 留存为 –，按答案应为 COMPLETED；counts 留存为 –，按答案应为 True / result is stored as –, the answers give COMPLETED; counts is stored as –, the answers give True",
)
def several_differences_are_one_finding():
    return settled(result=None, counts=None)


@finds(
    6,
    "1 call1 09-24 10:04:25 规则版本不存在：national@99 / profile national@99 is not there",
)
def under_a_profile_that_is_not_there():
    return settled(profile="national@99")


@finds(
    6,
    "1 call1 09-24 10:04:25 留存的接触记录无法重新定性（AttributeError） / the stored contact cannot be decided again (AttributeError)",
)
def without_its_contact():
    return settled(contact=None)


@finds(
    6,
    "1 call1 09-24 10:04:25 留存的接触记录无法重新定性（KeyError） / the stored contact cannot be decided again (KeyError)",
)
def with_no_contact_on_record():
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: data.pop("contact"))
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 留存的接触记录无法重新定性（ValueError） / the stored contact cannot be decided again (ValueError)",
)
def with_a_contact_that_cannot_be_read():
    return of_its_contact(lambda contact: contact.update(ended_at="noon"))


@finds(
    6,
    "1 call1 09-24 10:04:25 接触记录属于另一件 / the stored contact is of another case",
)
def of_another_case():
    return of_its_contact(lambda contact: contact["case"].update(case_id=2))


@finds(
    6,
    "1 call1 09-24 10:04:25 没有这次拨打的记录 / there is no record of this call",
)
def of_another_call():
    return of_its_contact(lambda contact: contact["call"].update(call_id="call9"))


@finds(
    6,
    "2 call3 09-24 10:04:25 没有这次拨打的记录 / there is no record of this call",
)
def of_another_persons_call():
    day = quiet_day()
    day.change(day.find("SETTLED", case=2), call_id="call3")
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 通话状态与运营商所报不符 / the carrier's status is not the one reported",
)
def the_carrier_said_something_else():
    return of_its_contact(lambda contact: contact["call"].update(carrier_status="busy"))


@finds(
    6,
    "1 call1 09-24 10:04:25 通话结束时刻与记录不符 / the end of the call is not the instant on record",
)
def it_ended_at_another_instant():
    return of_its_contact(lambda contact: contact.update(ended_at="2026-09-24T10:03:00+08:00"))


@finds(6)
def the_call_has_not_ended():
    day = asked_for_fees()
    day.drop(day.find("CALL_ENDED"))
    return day


@finds(
    6,
    "1 call1 09-24 09:30:32 是否接通与记录不符 / whether it was answered is not as on record",
)
def nobody_answered():
    day = Day()
    day.opened()
    day.unanswered("9:30")
    day.add("CALL_ANSWERED", at("9:30"), call="call1", person=1, sid="CA-call1")
    return day


def in_the_turns(alter: Callable[[dict], object]) -> Day:
    """Another answer at the step of fees than the one that was settled."""
    day = asked_for_fees()

    def change(data: dict) -> None:
        [row] = [row for row in data["answers"] if row["step"] == "N3"]
        alter(row)

    day.change(day.find("TURN", 2), data=change)
    return day


@pytest.mark.parametrize(
    "changed",
    [
        {"answer": "YES"},
        {"corrected": True},
        {"final": False},
        {"detail": {"detail": "CHANGED"}},
        {"detail": {"signer": "AGENT"}},
        {"detail": {"seller_statement": "GUARANTEED"}},
    ],
)
def test_an_answer_as_it_was_given(changed):
    [told] = asked(6, lambda: in_the_turns(lambda row: row.update(changed)), EVENING)
    assert told == "1 call1 09-24 10:04:25 N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call"


@finds(
    6,
    "1 call1 09-24 10:04:25 N3 的答案与通话记录不符；N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call; the answer to N3 is not the one given in the call",
)
def the_answer_to_another_try():
    return in_the_turns(lambda row: row.update(try_no=2))


@finds(
    6,
    "1 call1 09-24 10:04:25 N3 的答案与通话记录不符；N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call; the answer to N3 is not the one given in the call",
)
def the_answer_of_the_person_not_of_the_policy():
    return in_the_turns(lambda row: row.update(case_id=None))


@finds(
    6,
    "1 call1 09-24 10:04:25 N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call",
)
def the_answer_about_another_policy():
    return in_the_turns(lambda row: row.update(case_id=2))


@finds(6)
def an_answer_without_any_detail():
    return in_the_turns(lambda row: row.update(detail=None))


@finds(
    6,
    "1 call1 09-24 10:04:25 M1 的答案与通话记录不符；M2.receipt_signed 的答案与通话记录不符；M2.received 的答案与通话记录不符；M3 的答案与通话记录不符；M4 的答案与通话记录不符；M5 的答案与通话记录不符；M6.coverage 的答案与通话记录不符；M6.exclusions 的答案与通话记录不符；M6.term 的答案与通话记录不符；M7 的答案与通话记录不符；M8 的答案与通话记录不符；M9 的答案与通话记录不符；N1 的答案与通话记录不符；N3 的答案与通话记录不符 / the answer to M1 is not the one given in the call; the answer to M2.receipt_signed is not the one given in the call; the answer to M2.received is not the one given in the call; the answer to M3 is not the one given in the call; the answer to M4 is not the one given in the call; the answer to M5 is not the one given in the call; the answer to M6.coverage is not the one given in the call; the answer to M6.exclusions is not the one given in the call; the answer to M6.term is not the one given in the call; the answer to M7 is not the one given in the call; the answer to M8 is not the one given in the call; the answer to M9 is not the one given in the call; the answer to N1 is not the one given in the call; the answer to N3 is not the one given in the call",
)
def an_answer_that_nobody_gave():
    day = asked_for_fees()
    day.drop(day.find("TURN", 2))
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 C1 的答案与通话记录不符 / the answer to C1 is not the one given in the call",
)
def an_answer_that_was_left_out():
    return of_its_contact(lambda contact: contact["call"]["answers"].pop(0))


@finds(6)
def an_answer_given_after_it_was_settled():
    day = asked_for_fees()
    day.turn("call1", at("10:05"), 3, [("K1", "NO")])
    return day


@finds(6)
def an_answer_stored_twice():
    """The first stands."""
    day = asked_for_fees()
    turn = day.find("TURN", 2)
    day.events.append(replace(turn, id=turn.id + 0.5))
    day.change(day.events[-1], data=lambda data: [row.update(answer="SILENT") for row in data["answers"]])
    return day


@finds(6)
def a_turn_without_answers():
    day = asked_for_fees()
    turn = day.find("TURN")
    day.change(turn, data=lambda data: data.update(answers=None))
    return day


@finds(6)
def taken_over_as_it_was_given():
    return interrupted()


def taken_over(**changed) -> Day:
    day = interrupted()
    day.change(day.find("SETTLED", 1), data=lambda data: data["contact"]["earlier_answers"][0].update(changed))
    return day


@pytest.mark.parametrize(
    "changed",
    [{"corrected": False}, {"detail": "X"}, {"signer": "AGENT"}, {"seller_statement": "GUARANTEED"}],
)
def test_taken_over_as_it_was_not_given(changed):
    told = asked(6, lambda: taken_over(**changed), EVENING)
    assert len(told) == 1
    assert (
        "M1 沿用的答案在先前通话中找不到 / " in told[0]
        or "M1 沿用的答案在先前通话中找不到；" in told[0]
        or "；M1 沿用" in told[0]
    )
    assert "the answer to M1 taken over from an earlier call was not given there" in told[0]


@finds(
    6,
    "1 call1 09-24 10:04:25 counts 留存为 False，按答案应为 True / counts is stored as False, the answers give True",
    "1 call2 09-24 14:01:00 M1 沿用的答案在先前通话中找不到；M2.received 沿用的答案在先前通话中找不到；M2.receipt_signed 沿用的答案在先前通话中找不到；M3 沿用的答案在先前通话中找不到；M4 沿用的答案在先前通话中找不到；M5 沿用的答案在先前通话中找不到；M6.coverage 沿用的答案在先前通话中找不到 / the answer to M1 taken over from an earlier call was not given there; the answer to M2.received taken over from an earlier call was not given there; the answer to M2.receipt_signed taken over from an earlier call was not given there; the answer to M3 taken over from an earlier call was not given there; the answer to M4 taken over from an earlier call was not given there; the answer to M5 taken over from an earlier call was not given there; the answer to M6.coverage taken over from an earlier call was not given there",
)
def taken_over_from_a_call_that_does_not_count():
    day = interrupted()
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=False))
    return day


@finds(
    6,
    "1 call2 09-24 14:01:00 M1 沿用的答案在先前通话中找不到；M2.received 沿用的答案在先前通话中找不到；M2.receipt_signed 沿用的答案在先前通话中找不到；M3 沿用的答案在先前通话中找不到；M4 沿用的答案在先前通话中找不到；M5 沿用的答案在先前通话中找不到；M6.coverage 沿用的答案在先前通话中找不到 / the answer to M1 taken over from an earlier call was not given there; the answer to M2.received taken over from an earlier call was not given there; the answer to M2.receipt_signed taken over from an earlier call was not given there; the answer to M3 taken over from an earlier call was not given there; the answer to M4 taken over from an earlier call was not given there; the answer to M5 taken over from an earlier call was not given there; the answer to M6.coverage taken over from an earlier call was not given there",
)
def taken_over_from_a_call_of_which_nothing_is_known():
    day = interrupted()
    day.drop(*[e for e in day.events if e.call_id == "call1"])
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 M1 沿用的答案在先前通话中找不到；K1 沿用的答案在先前通话中找不到 / the answer to M1 taken over from an earlier call was not given there; the answer to K1 taken over from an earlier call was not given there",
)
def taken_over_though_nothing_was_asked_before():
    day = asked_for_fees()
    earlier = to_plain((Answer("M1", "YES", policy_no="P1"), Answer("K1", "NO", policy_no="P1")))
    day.change(day.find("SETTLED"), data=lambda data: data["contact"].update(earlier_answers=earlier))
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 先前故意挂断的次数不符 / the number of earlier hang-ups is not as on record",
)
def hung_up_more_often_than_on_record():
    return of_its_contact(lambda contact: contact.update(deliberate_hangups=2))


@finds(6)
def hung_up_once_before():
    day = Day()
    day.opened()
    start = at("9:30")
    call = day.reserved(start)
    day.turn(call, start, 0, (("C1", "YES"),), identity="UNPROVEN")
    day.news(call, "CALL_ENDED", start, status="completed")
    day.add("RECORDING_VERIFIED", start, call=call, recording="RE", retain_until="2046-09-25T00:00:00+08:00")
    day.settled(start, day.contact(call, start, (("C1", "YES"),), ended_by="callee", deliberate=True))
    assert day.find("SETTLED").data["result"] == "HANGUP_DELIBERATE"
    day.hangups[1] = 1
    day.spoken("14:00")
    day.hangups[1] = 0
    return day


@finds(
    6,
    "1 call2 09-24 14:04:25 先前故意挂断的次数不符 / the number of earlier hang-ups is not as on record",
)
def a_hang_up_that_was_forgotten():
    day = hung_up_once_before()
    day.change(day.find("SETTLED", 1), data=lambda data: data["contact"].update(deliberate_hangups=0))
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 class 留存为 QUESTION，按答案应为 –；result 留存为 COMPLETED，按答案应为 INCOMPLETE；completed 留存为 True，按答案应为 False；state 留存为 AT_BRANCH，按答案应为 CALLABLE；product_type 为 UNIT_LINKED，与名单所载不符；channel 为 AGENCY，与名单所载不符 / class is stored as QUESTION, the answers give –; result is stored as COMPLETED, the answers give INCOMPLETE; completed is stored as True, the answers give False; state is stored as AT_BRANCH, the answers give CALLABLE; product_type is UNIT_LINKED, which no list gave; channel is AGENCY, which no list gave",
)
def a_fact_that_no_list_gave():
    return of_its_contact(lambda contact: contact["case"].update(product_type="UNIT_LINKED", channel="AGENCY"))


@finds(6)
def a_fact_that_an_earlier_list_gave():
    day = Day()
    day.opened()
    day.opened(when=at("8:30"), kind="CASE_UPDATED", channel="AGENCY", premium_mode="SINGLE")
    day.spoken("10:00", answers=UNCLEAR_FEES)
    return day


@finds(
    6,
    "1 call1 09-24 10:04:25 premium_mode 为 ANNUAL，与名单所载不符 / premium_mode is ANNUAL, which no list gave",
)
def a_fact_that_only_a_later_list_gave():
    day = asked_for_fees()
    day.change(day.find("CASE_OPENED"), data=lambda data: data.update(premium_mode="SINGLE"))
    day.opened(when=at("12:00"), kind="CASE_UPDATED")
    return day


@finds(6)
def of_a_case_of_which_no_list_told():
    day = asked_for_fees()
    day.drop(day.find("CASE_OPENED"))
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


@finds(6)
def overridden_by_two():
    return overridden()


@finds(
    6,
    "1 None 09-24 15:00:00 改定类别须由两人办理 / a class is overridden by two people",
)
def overridden_by_one():
    return overridden(confirmed_by="amy")


@finds(
    6,
    "1 None 09-24 15:00:00 改定类别须由两人办理 / a class is overridden by two people",
)
def overridden_by_nobody():
    return overridden(proposed_by=None)


@finds(
    6,
    "1 None 09-24 15:00:00 改定类别须由两人办理 / a class is overridden by two people",
)
def overridden_and_not_confirmed():
    return overridden(confirmed_by="")


@finds(
    6,
    "1 None 09-24 15:00:00 改定前的类别与留存结果不符 / the class that was overridden is not one that was derived",
)
def overridden_from_a_class_that_was_not_derived():
    return overridden(derived="STANDARD")


@finds(
    6,
    "1 None 09-24 15:00:00 改定前的类别与留存结果不符 / the class that was overridden is not one that was derived",
)
def overridden_before_it_was_derived():
    day = overridden()
    day.change(day.find("CLASS_OVERRIDDEN"), id=0.5)
    return day


# ---------------------------------------------------------------- 7: orders and their limits


@finds(7)
def with_its_order():
    return asked_for_fees()


@finds(
    7,
    "1 call1 09-24 10:04:25 缺少 QUESTION 工单 / its QUESTION order was not issued",
)
def without_its_order():
    day = asked_for_fees()
    day.drop(day.find("ORDER_ISSUED"))
    return day


@finds(7)
def of_a_call_that_was_not_reached_there_is_none():
    return quiet_day()


@finds(
    7,
    "1 call1 09-24 10:04:25 缺少 QUESTION 工单 / its QUESTION order was not issued",
    "1 None 09-24 10:05:00 QUESTION 工单没有对应的结果 / a QUESTION order without an outcome",
)
def issued_later_than_its_outcome():
    day = asked_for_fees()
    day.change(day.find("ORDER_ISSUED"), at=at("10:05"))
    return day


def ordered(**changed) -> Day:
    day = asked_for_fees()
    day.change(day.find("ORDER_ISSUED"), data=lambda data: data.update(changed))
    return day


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("due_at", "2026-10-10T23:59:59+08:00"),
        ("due_at", None),
        ("due_at", "soon"),
        ("act_by", "2026-10-09"),
        ("act_by", None),
        ("working_days", 5),
        ("escalated", None),
        ("reasons", []),
        ("reasons", None),
        ("reasons", ["FEES_UNCLEAR", "COVERAGE_UNCLEAR"]),
        ("branch", "B2"),
    ],
)
def test_an_order_with_another_value_than_the_rules_give(name, value):
    found = asked(7, lambda: ordered(**{name: value}), EVENING)
    assert found == [
        f"1 call1 09-24 10:04:25 QUESTION 工单的 {name} 与规则不符 / the QUESTION order has another {name} than the rules give"
    ]


@finds(7)
def with_its_reasons_in_another_order():
    day = Day()
    day.opened()
    day.spoken("10:00", answers=tuple((item, "NO" if item in ("M8", "N3") else said) for item, said in CLEAR))
    day.change(day.find("ORDER_ISSUED"), data=lambda data: data["reasons"].reverse())
    assert len(day.find("ORDER_ISSUED").data["reasons"]) == 2
    return day


@finds(7)
def of_an_outcome_that_tells_no_branch():
    day = ordered(branch="B2")
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner_branch=None))
    return day


@finds(
    7,
    "1 call1 09-24 10:04:25 缺少 QUESTION 工单 / its QUESTION order was not issued",
)
def of_another_kind():
    return ordered(kind="VISIT")


@finds(
    7,
    "1 None 09-24 15:00:00 同一轮有两张 QUESTION 工单 / a second QUESTION order in the same round",
)
def a_second_one_of_its_kind():
    day = asked_for_fees()
    order = day.find("ORDER_ISSUED")
    day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9})
    return day


@finds(
    7,
    "1 None 09-24 15:01:00 QUESTION 工单没有对应的结果 / a QUESTION order without an outcome",
    "1 None 09-24 15:02:00 同一轮有两张 QUALITY_CHECK 工单 / a second QUALITY_CHECK order in the same round",
)
def one_of_another_round():
    day = asked_for_fees()
    order = day.find("ORDER_ISSUED")
    day.opened(when=at("14:00"), kind="CASE_UPDATED", round=2)
    day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9, "kind": "QUALITY_CHECK"})
    day.add("ORDER_ISSUED", at("15:01"), case=1, **{**order.data, "order_id": 10})
    day.add("ORDER_ISSUED", at("15:02"), case=1, **{**order.data, "order_id": 11, "kind": "QUALITY_CHECK"})
    return day


@pytest.mark.parametrize(
    ("kind", "asked_for"),
    [("QUESTION", True), ("VERIFICATION", True), ("FEEDBACK_ONLY", True), ("VISIT", False), ("LETTER", False)],
)
def test_an_order_without_an_outcome(kind, asked_for):
    def make() -> Day:
        day = quiet_day()
        order = day.find("ORDER_ISSUED")
        day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9, "kind": kind})
        return day

    expected = f"1 None 09-24 15:00:00 {kind} 工单没有对应的结果 / a {kind} order without an outcome"
    assert asked(7, make, EVENING) == [expected] * asked_for


@finds(7)
def of_an_outcome_that_does_not_hold_nothing_is_asked():
    day = asked_for_fees()
    day.drop(day.find("ORDER_ISSUED"))
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=None))
    return day


@finds(7)
def the_order_of_an_outcome_that_does_not_hold_is_left_alone():
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=None))
    return day


@finds(7)
def the_order_of_an_outcome_with_other_dates_is_left_alone():
    return of_its_contact(lambda contact: contact["case"].update(nominal_end="2026-10-30"))


@finds(7)
def withdrawn_nothing_is_ordered():
    return withdrawn("CASE_MOVED")


@finds(7)
def one_order_of_a_kind_for_two_outcomes_of_a_round():
    """A letter that says the same asks for no second order."""
    day = asked_for_fees()
    contact = Contact.from_json(day.find("SETTLED").data["contact"])
    letter = Contact(
        "PLAN_USED_UP", at("16:00"), replace(contact.case, state="AT_BRANCH"), "UNREACHABLE",
        earlier_answers=tuple(Answer(step, said, policy_no="P1") for step, said in UNCLEAR_FEES),
    )  # fmt: skip
    day.settled(at("16:00"), letter)
    day.events = [e for e in day.events if e.kind != "ORDER_ISSUED" or e.at < at("16:00")]
    return day


def of_an_override(**changed) -> Day:
    """The order of a class that two people put in the place of the derived one."""
    day = overridden()
    told = {
        "order_id": 7, "kind": "VERIFICATION", "branch": "B1", "override_id": 5, "profile": NATIONAL.id,
        "working_days": 1, "due_at": "2026-09-28T23:59:59+08:00", "act_by": "2026-09-28", "escalated": False,
        "reasons": ["DENIES_PURCHASE"],
    }  # fmt: skip
    day.add("ORDER_ISSUED", at("15:01"), case=1, **{**told, **changed})
    return day


@finds(7)
def of_an_overridden_class():
    return of_an_override()


@finds(7)
def for_feedback_of_an_overridden_class():
    return of_an_override(
        kind="FEEDBACK_ONLY", reasons=[], working_days=5, due_at="2026-10-09T23:59:59+08:00", act_by="2026-09-29",
        escalated=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("override_id", 6),
        ("profile", "national@99"),
        ("reasons", ["NO_SUCH_REASON"]),
        ("reasons", []),
        ("reasons", None),
        ("working_days", 2),
        ("due_at", "2026-09-29T23:59:59+08:00"),
        ("act_by", "2026-09-29"),
        ("escalated", True),
    ],
)
def test_an_order_of_an_overridden_class_with_another_value(name, value):
    found = asked(7, lambda: of_an_override(**{name: value}), EVENING)
    assert found == [
        f"1 None 09-24 15:01:00 改定类别所派 VERIFICATION 工单的 {name} 与规则不符 / "
        f"the VERIFICATION order of an overridden class has another {name} than the rules give"
    ]


@finds(
    7,
    "1 None 09-24 15:01:00 改定类别所派 VERIFICATION 工单的 override_id 与规则不符 / the VERIFICATION order of an overridden class has another override_id than the rules give",
)
def of_an_override_of_which_nothing_is_on_record():
    day = of_an_override()
    day.drop(day.find("CLASS_OVERRIDDEN"))
    return day


@finds(
    7,
    "1 None 09-24 15:01:00 改定类别所派 VERIFICATION 工单的 override_id 与规则不符 / the VERIFICATION order of an overridden class has another override_id than the rules give",
)
def of_an_override_that_came_later():
    day = of_an_override()
    day.change(day.find("CLASS_OVERRIDDEN"), id=900)
    return day


@finds(7)
def of_a_case_of_which_no_list_told_there_is_no_end():
    day = of_an_override(act_by=None)
    day.drop(day.find("CASE_OPENED"))
    return day


@finds(7)
def by_the_end_that_the_last_list_gave():
    day = of_an_override()
    day.events.insert(1, replace(day.find("CASE_OPENED"), kind="CASE_UPDATED", id=1.5))
    day.change(day.events[0], data=lambda data: data.update(nominal_end="2026-09-25"))
    return day


@finds(
    7,
    "1 None 09-24 15:02:00 同一轮有两张 VERIFICATION 工单 / a second VERIFICATION order in the same round",
)
def two_of_an_overridden_class():
    day = of_an_override()
    day.events.append(replace(day.events[-1], id=900, at=at("15:02")))
    return day


# the limit of the order is 28 September: the first working day after the holiday


def limit_passed(*marks: tuple[str, timedelta], late: timedelta, handled=None, alter=None) -> tuple[Day, datetime]:
    day, due_at = chased(*marks, handled=handled)
    if alter:
        day.change(day.find("ORDER_ISSUED"), data=lambda data: data.update(alter))
    return day, due_at + late


OVERDUE = "VERIFICATION 工单超过时限一日未标记逾期 / the VERIFICATION order: its limit passed and it was not marked overdue within a day"
ESCALATED = (
    "VERIFICATION 工单超过时限一日未升级 / the VERIFICATION order: a limit passed and it was not escalated within a day"
)
EARLY = "VERIFICATION 工单时限未到即标记逾期 / the VERIFICATION order: it was marked overdue before its limit"
AFTERWARDS = "VERIFICATION 工单关闭后仍被催办 / the VERIFICATION order: it was chased after it was closed"
SECOND = timedelta(seconds=1)
BOTH = (("ORDER_OVERDUE", HOUR), ("ORDER_ESCALATED", HOUR))


@pytest.mark.parametrize(
    ("marks", "late", "more", "expected"),
    [
        ((), 24 * HOUR, {}, []),
        ((), 24 * HOUR + SECOND, {}, [OVERDUE, ESCALATED]),
        (BOTH, 90 * HOUR, {}, []),
        (BOTH[:1], 25 * HOUR, {}, [ESCALATED]),
        (BOTH[1:], 25 * HOUR, {}, [OVERDUE]),
        ((("ORDER_OVERDUE", 24 * HOUR), ("ORDER_ESCALATED", 24 * HOUR)), 90 * HOUR, {}, []),
        ((("ORDER_OVERDUE", 24 * HOUR + SECOND), ("ORDER_ESCALATED", 24 * HOUR)), 90 * HOUR, {}, [OVERDUE]),
        ((("ORDER_OVERDUE", SECOND), ("ORDER_ESCALATED", 24 * HOUR + SECOND)), 90 * HOUR, {}, [ESCALATED]),
        ((("ORDER_OVERDUE", 0 * HOUR), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, {}, [EARLY]),
        ((("ORDER_OVERDUE", SECOND), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, {}, []),
        ((), 90 * HOUR, {"escalated": True}, [OVERDUE]),
        ((), 90 * HOUR, {"due_at": None}, []),
        ((), -90 * HOUR, {"act_by": "2026-09-20"}, [ESCALATED]),  # the last day to act passes before the limit
        (BOTH[:1], 90 * HOUR, {"act_by": None}, [ESCALATED]),
    ],
)
def test_a_limit_that_passed(marks, late, more, expected):
    day, now = limit_passed(*marks, late=late, alter=more)
    day.drop(*[e for e in day.events if e.kind == "SETTLED"])
    day.change(day.find("ORDER_ISSUED"), data=lambda data: data.update(override_id=None))
    found = [one.split(" ", 4)[-1] for one in asked(7, lambda: day, now)]
    assert found[1:] == expected
    assert found[0] == "VERIFICATION 工单没有对应的结果 / a VERIFICATION order without an outcome"


@pytest.mark.parametrize(
    ("handled", "returned", "late", "expected"),
    [
        (-HOUR, None, 90 * HOUR, []),
        (0 * HOUR, None, 90 * HOUR, []),
        (SECOND, None, 90 * HOUR, [OVERDUE, ESCALATED]),
        (-HOUR, -HOUR / 2, 90 * HOUR, [OVERDUE, ESCALATED]),  # as if it had never been handled
        (HOUR, None, HOUR, []),
    ],
)
def test_an_order_that_was_handled(handled, returned, late, expected):
    day, due_at = chased()
    for kind, after in (("ORDER_HANDLED", handled), ("ORDER_RETURNED", returned)):
        if after is not None:
            day.add(kind, due_at + after, case=1, order_id=1, branch="B1", user="u")
    assert [one.split(" ", 4)[-1] for one in asked(7, lambda: day, due_at + late)] == expected


@pytest.mark.parametrize(
    ("closed", "marks", "expected"),
    [
        ((-HOUR,), (), []),
        ((24 * HOUR,), (), []),
        ((24 * HOUR + SECOND,), (), [OVERDUE, ESCALATED]),
        ((HOUR, 99 * HOUR), (), []),  # the first time counts
        ((HOUR,), BOTH, []),
        ((HOUR - SECOND,), BOTH, [AFTERWARDS]),
        ((HOUR - SECOND,), BOTH[:1], [AFTERWARDS]),
        ((HOUR - SECOND,), BOTH[1:], [AFTERWARDS]),
    ],
)
def test_an_order_that_was_closed(closed, marks, expected):
    day, due_at = chased(*marks)
    for after in closed:
        day.add("ORDER_CLOSED", due_at + after, case=1, order_id=1, kind="VERIFICATION", why="SURRENDERED")
    assert [one.split(" ", 4)[-1] for one in asked(7, lambda: day, due_at + 90 * HOUR)] == expected


def test_one_that_was_handled_and_closed_is_chased_by_what_was_handled():
    day, due_at = chased(*BOTH)
    day.add("ORDER_HANDLED", due_at + HOUR / 2, case=1, order_id=1, branch="B1", user="u")
    day.add("ORDER_CLOSED", due_at + HOUR / 2, case=1, order_id=1, kind="VERIFICATION", why="SURRENDERED")
    assert asked(7, lambda: day, due_at + 90 * HOUR) == []


def recomputed(*marks, **changed) -> tuple[Day, datetime]:
    """The limit computed anew as the calendar stands: it gives what it gave."""
    day, due_at = chased()
    told = {
        "order_id": 1, "profile": NATIONAL.id, "pushed_at": "2026-09-24T10:04:25+08:00", "working_days": 1,
        "nominal_end": "2026-09-29", "due_at": due_at, "act_by": "2026-09-28", "provisional": False,
    }  # fmt: skip
    for kind, after in marks:
        day.add(kind, due_at + after, case=1, order_id=1, kind="VERIFICATION", due_at=due_at)
    day.add("ORDER_RECOMPUTED", due_at + 2 * HOUR, case=1, **{**told, **changed})
    return day, due_at


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({}, None),
        ({"nominal_end": None, "act_by": None}, None),
        ({"profile": "national@99"}, "profile"),
        ({"pushed_at": None}, "pushed_at"),
        ({"working_days": None}, "pushed_at"),
        ({"due_at": "2026-09-29T23:59:59+08:00"}, "due_at"),
        ({"act_by": "2026-09-29"}, "act_by"),
        ({"act_by": None}, "act_by"),
        ({"provisional": True}, "provisional"),
    ],
)
def test_a_limit_computed_anew(changed, name):
    day, due_at = recomputed(*BOTH, **changed)
    told = f"重算的工单时限 {name} 与规则不符 / a limit computed anew has another {name} than the rules give"
    found = asked(7, lambda: day, due_at + 3 * HOUR)
    assert [one.split(" ", 4)[-1] for one in found] == ([told] if name else [])
    assert all(one.startswith("1 None 09-29 01:59:59 ") for one in found)


@pytest.mark.parametrize(
    ("later", "marked", "late", "expected"),
    [
        # a later limit takes back the mark that was right by the one before
        (48 * HOUR, (), 49 * HOUR, []),
        (48 * HOUR, (), 73 * HOUR, [OVERDUE]),
        (48 * HOUR, (("ORDER_OVERDUE", 49 * HOUR),), 99 * HOUR, []),
        # the same limit leaves it
        (0 * HOUR, (), 99 * HOUR, []),
    ],
)
def test_a_mark_by_the_limit_that_stood_then(later, marked, late, expected):
    day, due_at = recomputed(*BOTH)
    day.change(day.events[-1], data=lambda data: data.update(due_at=(due_at + later).isoformat(), act_by=None))
    for kind, after in marked:
        day.add(kind, due_at + after, case=1, order_id=1, kind="VERIFICATION", due_at=due_at)
    found = [one.split(" ", 4)[-1] for one in asked(7, lambda: day, due_at + late)]
    assert [one for one in found if "重算" not in one] == expected


# ---------------------------------------------------------------- 8: dates follow from the contract's


def opened(**changed) -> Day:
    day = Day()
    day.opened(**changed)
    return day


@finds(8)
def dates_as_the_rules_give_them():
    return quiet_day()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("nominal_end", "2026-09-30"),
        ("nominal_end", None),
        ("surrender_deadline", "2026-09-30"),
        ("handover_at", "2026-09-25T00:00:00+08:00"),
        ("handover_at", "soon"),
        ("provisional", True),
        ("signature_date_estimated", True),
        ("callable_on", "2026-09-01"),
    ],
)
def test_a_date_that_the_rules_do_not_give(name, value):
    assert asked(8, lambda: opened(**{name: value}), EVENING) == [
        f"1 None 09-24 08:00:00 {name} 与规则算出的日期不符 / {name}: not what the rules give from the contract's dates"
    ]


@finds(
    8,
    "1 None 09-24 08:00:00 nominal_end, provisional, callable_on 与规则算出的日期不符 / nominal_end, provisional, callable_on: not what the rules give from the contract's dates",
)
def several_dates_are_one_finding():
    return opened(nominal_end=None, provisional=True, callable_on=None)


@finds(
    8,
    "1 None 09-24 08:00:00 没有留存合同日期，无法复算 / the contract's dates are not on record",
)
def without_the_contracts_dates():
    return opened(dates=None)


@finds(
    8,
    "1 None 09-24 08:00:00 nominal_end, surrender_deadline, handover_at, callable_on 与规则算出的日期不符 / nominal_end, surrender_deadline, handover_at, callable_on: not what the rules give from the contract's dates",
)
def without_what_the_contract_needs():
    return opened(dates={"channel": "BANCASSURANCE"})


@finds(
    8,
    "1 None 09-24 08:00:00 规则版本不存在：national@99 / profile national@99 is not there",
)
def dates_under_a_profile_that_is_not_there():
    return opened(profile="national@99")


@finds(
    8,
    "1 None 09-24 08:00:00 合同日期无法复算 / no dates follow from the contract's: ValueError",
)
def dates_under_a_profile_that_leaves_no_time():
    """C43: a list drawn ten days after the issue, and a period of ten days."""
    day = opened(dates=replace(DATES, issued_on=TODAY))
    day.profile_of = lambda name: NATIONAL.with_params({"extraction.strategy": "E2", "cooling_off.days": 10})
    return day


@finds(8)
def an_update_keeps_its_first_day_or_wakes_tomorrow():
    day = opened()
    day.opened(when=at("9:00"), kind="CASE_UPDATED", callable_on="2026-09-25")
    day.opened(when=at("9:01"), kind="CASE_UPDATED", dates=replace(DATES, receipt_written_off_on=None))
    day.opened(when=at("9:02"), kind="CASE_UPDATED", callable_on="2026-09-25")
    return day


@finds(
    8,
    "1 None 09-24 09:00:00 callable_on 与规则算出的日期不符 / callable_on: not what the rules give from the contract's dates",
)
def an_update_may_not_be_rung_today():
    day = opened()
    day.opened(when=at("9:00"), kind="CASE_UPDATED", callable_on="2026-09-24")
    return day


@finds(
    8,
    "1 None 09-24 08:00:00 callable_on 与规则算出的日期不符 / callable_on: not what the rules give from the contract's dates",
)
def an_opening_may_not_wake_tomorrow():
    return opened(callable_on="2026-09-25")


@finds(
    8,
    "1 call1 09-24 10:04:25 nominal_end 为 2026-10-30，与名单所载不符；handover_at 为 –，与名单所载不符；provisional 为 True，与名单所载不符 / nominal_end is 2026-10-30, which no list gave; handover_at is –, which no list gave; provisional is True, which no list gave",
)
def judged_by_dates_that_no_list_gave():
    return of_its_contact(
        lambda contact: contact["case"].update(nominal_end="2026-10-30", provisional=True, handover_at=None)
    )


@finds(
    8,
    "1 None 09-24 08:30:00 nominal_end 与规则算出的日期不符 / nominal_end: not what the rules give from the contract's dates",
)
def judged_by_dates_of_an_earlier_list():
    day = Day()
    day.opened()
    day.opened(when=at("8:30"), kind="CASE_UPDATED", nominal_end="2026-10-09")
    day.spoken("10:00")
    return day


@finds(
    8,
    "3 call3 09-24 10:34:20 录音锁定期短于 2046-09-25 / the recording is locked for less than until 2046-09-25",
)
def locked_for_less_than_its_time():
    day = quiet_day()
    short = shanghai(TODAY.replace(year=2046)).isoformat()
    day.change(day.find("RECORDING_VERIFIED", 1), data=lambda data: data.update(retain_until=short))
    return day


@finds(
    8,
    "3 call3 09-24 10:34:20 录音锁定期短于 2046-09-25 / the recording is locked for less than until 2046-09-25",
)
def locked_for_no_time():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED", 1), data=lambda data: data.update(retain_until=None))
    return day


@finds(
    8,
    "3 call3 09-24 10:34:20 录音锁定期短于 2046-09-25 / the recording is locked for less than until 2046-09-25",
)
def each_recording_of_a_call():
    day = quiet_day()
    verified = day.find("RECORDING_VERIFIED", 1)
    day.events.append(replace(verified, id=900, data={**verified.data, "retain_until": None}))
    return day


@finds(8)
def the_recording_of_a_call_that_nobody_reserved():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED"), call_id="nobody", data=lambda data: data.update(retain_until=None))
    return day


@finds(8)
def the_recording_of_a_call_under_no_profile():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED"), data=lambda data: data.update(retain_until=None))
    day.change(day.find("CALL_RESERVED", 1), data=lambda data: data.update(profile="national@99"))
    return day


# ---------------------------------------------------------------- asked


@pytest.mark.parametrize(("promise", "make", "now", "findings"), CASES)
def test_what_is_found(promise, make, now, findings):
    assert asked(promise, make, now) == list(findings)
