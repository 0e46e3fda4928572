"""Promise 6: outcomes decided again from the answers: every finding whole, on small histories."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from rules.answers import Answer
from rules.plain_values import to_plain
from tests.rules.small_days import (
    EVENING,
    UNCLEAR_FEES,
    Day,
    asked,
    asked_for_fees,
    at,
    findings_of,
    interrupted,
    of_its_contact,
    overridden,
    quiet_day,
)

CASES, finds = findings_of(6)


def settled(**changed) -> Day:
    """The question with other values stored beside it."""
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: data.update(changed))
    return day


@finds()
def as_the_answers_give_it():
    return quiet_day()


@finds(
    "1 call1 09-24 10:04:25 class 留存为 STANDARD，按答案应为 QUESTION / class is stored as STANDARD, the answers give QUESTION",
)
def another_class():
    return settled(**{"class": "STANDARD"})


@finds(
    "1 call1 09-24 10:04:25 class 留存为 –，按答案应为 QUESTION / class is stored as –, the answers give QUESTION",
)
def no_class():
    return settled(**{"class": None})


@finds(
    "1 call1 09-24 10:04:25 result 留存为 NO_ANSWER，按答案应为 COMPLETED / result is stored as NO_ANSWER, the answers give COMPLETED",
)
def another_result():
    return settled(result="NO_ANSWER")


@finds(
    "1 call1 09-24 10:04:25 marks 留存为 –，按答案应为 exclude_selling_agent, misselling_signal / marks is stored as –, the answers give exclude_selling_agent, misselling_signal",
)
def no_marks():
    return settled(marks=None)


@finds(
    "1 call1 09-24 10:04:25 marks 留存为 dispute, misselling_signal，按答案应为 exclude_selling_agent, misselling_signal / marks is stored as dispute, misselling_signal, the answers give exclude_selling_agent, misselling_signal",
)
def another_mark():
    return settled(marks=["misselling_signal", "dispute"])


@finds()
def marks_in_another_order():
    return settled(marks=["exclude_selling_agent", "misselling_signal"])


@finds(
    "1 call1 09-24 10:04:25 completed 留存为 False，按答案应为 True / completed is stored as False, the answers give True",
)
def not_completed():
    return settled(completed=False)


@finds(
    "1 call1 09-24 10:04:25 counts 留存为 False，按答案应为 True / counts is stored as False, the answers give True",
)
def not_counted():
    return settled(counts=False)


@finds(
    "1 call1 09-24 10:04:25 state 留存为 CLOSED，按答案应为 AT_BRANCH / state is stored as CLOSED, the answers give AT_BRANCH",
)
def in_another_state():
    return settled(state="CLOSED")


@finds(
    "1 call1 09-24 10:04:25 原因留存为 –，按答案应为 FEES_UNCLEAR / the reasons are stored as –, the answers give FEES_UNCLEAR",
)
def no_reasons():
    return settled(reasons=None)


@finds(
    "1 call1 09-24 10:04:25 原因留存为 COVERAGE_UNCLEAR, FEES_UNCLEAR，按答案应为 FEES_UNCLEAR / the reasons are stored as COVERAGE_UNCLEAR, FEES_UNCLEAR, the answers give FEES_UNCLEAR",
)
def two_reasons():
    return settled(reasons=["FEES_UNCLEAR", "COVERAGE_UNCLEAR"])


@finds(
    "1 call1 09-24 10:04:25 原因留存为 FEES_UNCLEAR, FEES_UNCLEAR，按答案应为 FEES_UNCLEAR / the reasons are stored as FEES_UNCLEAR, FEES_UNCLEAR, the answers give FEES_UNCLEAR",
)
def a_reason_twice():
    return settled(reasons=["FEES_UNCLEAR", "FEES_UNCLEAR"])


@finds(
    "1 call1 09-24 10:04:25 result 留存为 –，按答案应为 COMPLETED；counts 留存为 –，按答案应为 True / result is stored as –, the answers give COMPLETED; counts is stored as –, the answers give True",
)
def several_differences_are_one_finding():
    return settled(result=None, counts=None)


@finds(
    "1 call1 09-24 10:04:25 规则版本不存在：national@99 / profile national@99 is not there",
)
def under_a_profile_that_is_not_there():
    return settled(profile="national@99")


@finds(
    "1 call1 09-24 10:04:25 留存的接触记录无法重新定性（AttributeError） / the stored contact cannot be decided again (AttributeError)",
)
def without_its_contact():
    return settled(contact=None)


@finds(
    "1 call1 09-24 10:04:25 留存的接触记录无法重新定性（KeyError） / the stored contact cannot be decided again (KeyError)",
)
def with_no_contact_on_record():
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: data.pop("contact"))
    return day


@finds(
    "1 call1 09-24 10:04:25 留存的接触记录无法重新定性（ValueError） / the stored contact cannot be decided again (ValueError)",
)
def with_a_contact_that_cannot_be_read():
    return of_its_contact(lambda contact: contact.update(ended_at="noon"))


@finds(
    "1 call1 09-24 10:04:25 接触记录属于另一件 / the stored contact is of another case",
)
def of_another_case():
    return of_its_contact(lambda contact: contact["case"].update(case_id=2))


@finds(
    "1 call1 09-24 10:04:25 没有这次拨打的记录 / there is no record of this call",
)
def of_another_call():
    return of_its_contact(lambda contact: contact["call"].update(call_id="call9"))


@finds(
    "2 call3 09-24 10:04:25 没有这次拨打的记录 / there is no record of this call",
)
def of_another_persons_call():
    day = quiet_day()
    day.change(day.find("SETTLED", case=2), call_id="call3")
    return day


@finds(
    "1 call1 09-24 10:04:25 通话状态与运营商所报不符 / the carrier's status is not the one reported",
)
def the_carrier_said_something_else():
    return of_its_contact(lambda contact: contact["call"].update(carrier_status="busy"))


@finds(
    "1 call1 09-24 10:04:25 通话结束时刻与记录不符 / the end of the call is not the instant on record",
)
def it_ended_at_another_instant():
    return of_its_contact(lambda contact: contact.update(ended_at="2026-09-24T10:03:00+08:00"))


@finds()
def the_call_has_not_ended():
    day = asked_for_fees()
    day.drop(day.find("CALL_ENDED"))
    return day


@finds(
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
    "1 call1 09-24 10:04:25 N3 的答案与通话记录不符；N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call; the answer to N3 is not the one given in the call",
)
def the_answer_to_another_try():
    return in_the_turns(lambda row: row.update(try_no=2))


@finds(
    "1 call1 09-24 10:04:25 N3 的答案与通话记录不符；N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call; the answer to N3 is not the one given in the call",
)
def the_answer_of_the_person_not_of_the_policy():
    return in_the_turns(lambda row: row.update(case_id=None))


@finds(
    "1 call1 09-24 10:04:25 N3 的答案与通话记录不符 / the answer to N3 is not the one given in the call",
)
def the_answer_about_another_policy():
    return in_the_turns(lambda row: row.update(case_id=2))


@finds()
def an_answer_without_any_detail():
    return in_the_turns(lambda row: row.update(detail=None))


@finds(
    "1 call1 09-24 10:04:25 M1 的答案与通话记录不符；M2.receipt_signed 的答案与通话记录不符；M2.received 的答案与通话记录不符；M3 的答案与通话记录不符；M4 的答案与通话记录不符；M5 的答案与通话记录不符；M6.coverage 的答案与通话记录不符；M6.exclusions 的答案与通话记录不符；M6.term 的答案与通话记录不符；M7 的答案与通话记录不符；M8 的答案与通话记录不符；M9 的答案与通话记录不符；N1 的答案与通话记录不符；N3 的答案与通话记录不符 / the answer to M1 is not the one given in the call; the answer to M2.receipt_signed is not the one given in the call; the answer to M2.received is not the one given in the call; the answer to M3 is not the one given in the call; the answer to M4 is not the one given in the call; the answer to M5 is not the one given in the call; the answer to M6.coverage is not the one given in the call; the answer to M6.exclusions is not the one given in the call; the answer to M6.term is not the one given in the call; the answer to M7 is not the one given in the call; the answer to M8 is not the one given in the call; the answer to M9 is not the one given in the call; the answer to N1 is not the one given in the call; the answer to N3 is not the one given in the call",
)
def an_answer_that_nobody_gave():
    day = asked_for_fees()
    day.drop(day.find("TURN", 2))
    return day


@finds(
    "1 call1 09-24 10:04:25 C1 的答案与通话记录不符 / the answer to C1 is not the one given in the call",
)
def an_answer_that_was_left_out():
    return of_its_contact(lambda contact: contact["call"]["answers"].pop(0))


@finds()
def an_answer_given_after_it_was_settled():
    day = asked_for_fees()
    day.turn("call1", at("10:05"), 3, [("K1", "NO")])
    return day


@finds()
def an_answer_stored_twice():
    """The first stands."""
    day = asked_for_fees()
    turn = day.find("TURN", 2)
    day.events.append(replace(turn, id=turn.id + 0.5))
    day.change(day.events[-1], data=lambda data: [row.update(answer="SILENT") for row in data["answers"]])
    return day


@finds()
def a_turn_without_answers():
    day = asked_for_fees()
    turn = day.find("TURN")
    day.change(turn, data=lambda data: data.update(answers=None))
    return day


@finds()
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
    "1 call1 09-24 10:04:25 counts 留存为 False，按答案应为 True / counts is stored as False, the answers give True",
    "1 call2 09-24 14:01:00 M1 沿用的答案在先前通话中找不到；M2.received 沿用的答案在先前通话中找不到；M2.receipt_signed 沿用的答案在先前通话中找不到；M3 沿用的答案在先前通话中找不到；M4 沿用的答案在先前通话中找不到；M5 沿用的答案在先前通话中找不到；M6.coverage 沿用的答案在先前通话中找不到 / the answer to M1 taken over from an earlier call was not given there; the answer to M2.received taken over from an earlier call was not given there; the answer to M2.receipt_signed taken over from an earlier call was not given there; the answer to M3 taken over from an earlier call was not given there; the answer to M4 taken over from an earlier call was not given there; the answer to M5 taken over from an earlier call was not given there; the answer to M6.coverage taken over from an earlier call was not given there",
)
def taken_over_from_a_call_that_does_not_count():
    day = interrupted()
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=False))
    return day


@finds(
    "1 call2 09-24 14:01:00 M1 沿用的答案在先前通话中找不到；M2.received 沿用的答案在先前通话中找不到；M2.receipt_signed 沿用的答案在先前通话中找不到；M3 沿用的答案在先前通话中找不到；M4 沿用的答案在先前通话中找不到；M5 沿用的答案在先前通话中找不到；M6.coverage 沿用的答案在先前通话中找不到 / the answer to M1 taken over from an earlier call was not given there; the answer to M2.received taken over from an earlier call was not given there; the answer to M2.receipt_signed taken over from an earlier call was not given there; the answer to M3 taken over from an earlier call was not given there; the answer to M4 taken over from an earlier call was not given there; the answer to M5 taken over from an earlier call was not given there; the answer to M6.coverage taken over from an earlier call was not given there",
)
def taken_over_from_a_call_of_which_nothing_is_known():
    day = interrupted()
    day.drop(*[e for e in day.events if e.call_id == "call1"])
    return day


@finds(
    "1 call1 09-24 10:04:25 M1 沿用的答案在先前通话中找不到；K1 沿用的答案在先前通话中找不到 / the answer to M1 taken over from an earlier call was not given there; the answer to K1 taken over from an earlier call was not given there",
)
def taken_over_though_nothing_was_asked_before():
    day = asked_for_fees()
    earlier = to_plain((Answer("M1", "YES", policy_no="P1"), Answer("K1", "NO", policy_no="P1")))
    day.change(day.find("SETTLED"), data=lambda data: data["contact"].update(earlier_answers=earlier))
    return day


@finds(
    "1 call1 09-24 10:04:25 先前故意挂断的次数不符 / the number of earlier hang-ups is not as on record",
)
def hung_up_more_often_than_on_record():
    return of_its_contact(lambda contact: contact.update(deliberate_hangups=2))


@finds()
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
    "1 call2 09-24 14:04:25 先前故意挂断的次数不符 / the number of earlier hang-ups is not as on record",
)
def a_hang_up_that_was_forgotten():
    day = hung_up_once_before()
    day.change(day.find("SETTLED", 1), data=lambda data: data["contact"].update(deliberate_hangups=0))
    return day


@finds(
    "1 call1 09-24 10:04:25 class 留存为 QUESTION，按答案应为 –；result 留存为 COMPLETED，按答案应为 INCOMPLETE；completed 留存为 True，按答案应为 False；state 留存为 AT_BRANCH，按答案应为 CALLABLE；product_type 为 UNIT_LINKED，与名单所载不符；channel 为 AGENCY，与名单所载不符 / class is stored as QUESTION, the answers give –; result is stored as COMPLETED, the answers give INCOMPLETE; completed is stored as True, the answers give False; state is stored as AT_BRANCH, the answers give CALLABLE; product_type is UNIT_LINKED, which no list gave; channel is AGENCY, which no list gave",
)
def a_fact_that_no_list_gave():
    return of_its_contact(lambda contact: contact["case"].update(product_type="UNIT_LINKED", channel="AGENCY"))


@finds()
def a_fact_that_an_earlier_list_gave():
    day = Day()
    day.opened()
    day.opened(when=at("8:30"), kind="CASE_UPDATED", channel="AGENCY", premium_mode="SINGLE")
    day.spoken("10:00", answers=UNCLEAR_FEES)
    return day


@finds(
    "1 call1 09-24 10:04:25 premium_mode 为 ANNUAL，与名单所载不符 / premium_mode is ANNUAL, which no list gave",
)
def a_fact_that_only_a_later_list_gave():
    day = asked_for_fees()
    day.change(day.find("CASE_OPENED"), data=lambda data: data.update(premium_mode="SINGLE"))
    day.opened(when=at("12:00"), kind="CASE_UPDATED")
    return day


@finds()
def of_a_case_of_which_no_list_told():
    day = asked_for_fees()
    day.drop(day.find("CASE_OPENED"))
    return day


@finds()
def overridden_by_two():
    return overridden()


@finds(
    "1 None 09-24 15:00:00 改定类别须由两人办理 / a class is overridden by two people",
)
def overridden_by_one():
    return overridden(confirmed_by="amy")


@finds(
    "1 None 09-24 15:00:00 改定类别须由两人办理 / a class is overridden by two people",
)
def overridden_by_nobody():
    return overridden(proposed_by=None)


@finds(
    "1 None 09-24 15:00:00 改定类别须由两人办理 / a class is overridden by two people",
)
def overridden_and_not_confirmed():
    return overridden(confirmed_by="")


@finds(
    "1 None 09-24 15:00:00 改定前的类别与留存结果不符 / the class that was overridden is not one that was derived",
)
def overridden_from_a_class_that_was_not_derived():
    return overridden(derived="STANDARD")


@finds(
    "1 None 09-24 15:00:00 改定前的类别与留存结果不符 / the class that was overridden is not one that was derived",
)
def overridden_before_it_was_derived():
    day = overridden()
    day.change(day.find("CLASS_OVERRIDDEN"), id=0.5)
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(6, make, now) == list(findings)
