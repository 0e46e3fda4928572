"""Promises 1 to 5 on small histories: every finding whole, with its case, its call, its instant and both its sentences."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from rules.calendar import DayKind, change_of, change_to_json, shanghai, with_change
from tests.rules.small_days import (
    CALENDAR,
    EVENING,
    NATIONAL,
    TODAY,
    Day,
    appointed,
    asked,
    at,
    lost_afterwards,
    nine_days,
    one_case,
    quiet_day,
    two_calls,
    with_branch,
    withdrawn,
)

NIGHT = at("23:00")
MINUTE = timedelta(minutes=1)
CASES = []


def finds(promise: int, *findings: str, now: datetime = EVENING) -> Callable:
    """What this promise finds in the history that the function makes."""

    def keep(make: Callable[[], Day]) -> Callable[[], Day]:
        CASES.append(pytest.param(promise, make, now, findings, id=f"{promise}-{make.__name__}"))
        return make

    return keep


# ---------------------------------------------------------------- 1: hours and caps


@finds(1, now=NIGHT)
def dialled_as_allowed():
    return one_case("9:00", "12:00")


@finds(
    1,
    "1 call1 09-24 03:00:00 2026-09-24 03:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 03:00:00: QUIET_HOURS",
    now=NIGHT,
)
def in_the_night():
    return one_case("3:00")


@finds(
    1,
    "1 call1 09-24 21:00:00 2026-09-24 21:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 21:00:00: QUIET_HOURS",
    now=NIGHT,
)
def at_nine_in_the_evening():
    return one_case("21:00")


@finds(
    1,
    "1 call1 10-01 10:00:00 2026-10-01 10:00:00 不允许拨打（HOLIDAY） / dialled at 2026-10-01 10:00:00: HOLIDAY",
    now=NIGHT,
)
def on_a_holiday():
    return one_case("10:00", day=date(2026, 10, 1))


@finds(
    1,
    "1 call2 09-24 12:59:00 距上次拨打此人2:59:00，少于3:00:00 / 2:59:00 after the last dial to this person, less than 3:00:00",
    now=NIGHT,
)
def a_minute_within_the_gap():
    return one_case("10:00", "12:59")


@finds(
    1,
    "1 call3 09-24 18:00:00 同一人一日第3次拨打，上限2次 / dial 3 of the day to this person, 2 are allowed",
    "1 call4 09-24 19:00:00 同一人一日第4次拨打，上限2次 / dial 4 of the day to this person, 2 are allowed",
    now=NIGHT,
)
def a_third_dial_and_a_fourth():
    return one_case("9:00", "12:00", "18:00", "19:00")


@finds(
    1,
    "1 call2 09-24 17:50:00 同日同一时段再次拨打此人 / a second dial to this person in the same part of the day",
    now=NIGHT,
)
def twice_in_one_part_of_the_day():
    return one_case("12:10", "17:50")


@finds(1, now=NIGHT)
def twice_in_the_same_part_where_that_is_allowed():
    day = one_case("12:10", "17:50")
    day.profile_of = lambda name: NATIONAL.with_params({"attempts.different_day_parts": False})
    return day


@finds(1, now=NIGHT)
def the_same_part_of_another_day():
    day = one_case("12:10", day=TODAY - timedelta(days=1))
    day.unanswered("12:10")
    return day


@finds(
    1,
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def beyond_the_total():
    return nine_days(last=TODAY)


@finds(
    1,
    "1 call19 10-10 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def the_total_counts_from_the_round():
    """Nine in the first round, nine more in the second, and one too many."""
    day = nine_days()
    day.opened(when=at("8:00", date(2026, 9, 21)), kind="CASE_UPDATED", round=2)
    for n, number in enumerate((21, 22, 23, 24, 28, 29, 30)):
        day.unanswered(("9:00", "13:00", "19:00")[n % 3], day=date(2026, 9, number))
    for number in (8, 9, 10):
        day.unanswered("10:00", day=date(2026, 10, number))
    return day


@finds(1)
def a_completed_callback_before_its_time_begins_a_round():
    """R23: the tenth dial belongs to the supplementary callback."""
    day = nine_days()
    last = day.find("SETTLED", 8)
    day.change(last, data=lambda data: data.update(state="WAITING", counts=True, completed=True))
    day.unanswered("10:00")
    return day


@finds(
    1,
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def one_that_does_not_count_begins_none():
    day = nine_days()
    last = day.find("SETTLED", 8)
    day.change(last, data=lambda data: data.update(state="WAITING", counts=False, completed=True))
    day.unanswered("10:00")
    return day


@finds(
    1,
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def one_that_was_not_completed_begins_none():
    day = nine_days()
    last = day.find("SETTLED", 8)
    day.change(last, data=lambda data: data.update(state="WAITING", counts=True, completed=False))
    day.unanswered("10:00")
    return day


@finds(
    1,
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def a_round_told_again_begins_nothing():
    day = nine_days()
    day.opened(when=at("8:00"), kind="CASE_UPDATED", round=1)
    day.opened(when=at("8:01"), kind="CASE_UPDATED", round=None)
    day.unanswered("10:00")
    return day


@finds(
    1,
    "2 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def the_plan_of_the_second_policy_is_used_up():
    day = nine_days()
    day.opened(2, when=at("8:00"))
    call = day.reserved(at("10:00"), (2, 1))
    day.news(call, "CALL_ENDED", at("10:01"), status="no-answer")
    return day


@finds(
    1,
    "2 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def the_plans_of_both_policies_are_used_up():
    """One dial, one finding."""
    day = nine_days()
    day.opened(2, when=at("8:00", date(2026, 9, 9)))
    day.events[-1] = replace(day.events[-1], id=0)
    call = day.reserved(at("10:00"), (2, 1))
    day.news(call, "CALL_ENDED", at("10:01"), status="no-answer")
    return day


@finds(
    1,
    "1 call1 09-24 10:00:00 拨打所依的规则版本不存在：national@99 / dialled under a profile that is not there",
)
def under_a_profile_that_is_not_there():
    day = one_case("10:00", "18:00")
    day.change(day.find("CALL_RESERVED"), data=lambda data: data.update(profile="national@99"))
    return day


@finds(
    1,
    "1 call1 09-24 10:00:00 拨打所依的规则版本不存在：national@99 / dialled under a profile that is not there",
    "1 call2 09-24 12:30:00 距上次拨打此人2:30:00，少于3:00:00 / 2:30:00 after the last dial to this person, less than 3:00:00",
)
def what_was_dialled_under_no_profile_counts_too():
    day = one_case("10:00", "12:30")
    day.change(day.find("CALL_RESERVED"), data=lambda data: data.update(profile="national@99"))
    return day


def shared(*dials: tuple[str, int]) -> Day:
    """One number of two persons."""
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=2)
    for clock, person in dials:
        day.unanswered(clock, case=person, person=person, number="same")
    return day


@finds(
    1,
    "1 call3 09-24 18:00:00 同一号码当日拨打超过上限 / the number was rung too often that day, for several persons",
)
def a_number_too_often_for_several_persons():
    return shared(("9:00", 1), ("12:00", 2), ("18:00", 1))


@finds(
    1,
    "2 call2 09-24 11:59:00 距上次拨打此号码少于3:00:00 / the number was rung less than 3:00:00 before, for another person",
)
def a_number_too_soon_for_another_person():
    return shared(("9:00", 1), ("11:59", 2))


@finds(1)
def a_number_of_two_persons_as_allowed():
    return shared(("9:00", 1), ("12:00", 2))


@finds(
    1,
    "1 call2 09-24 11:00:00 距上次拨打此人2:00:00，少于3:00:00 / 2:00:00 after the last dial to this person, less than 3:00:00",
)
def one_persons_own_dials_are_named_once():
    """The gap of the person, not also that of his number."""
    return shared(("9:00", 1), ("11:00", 1))


@finds(1)
def a_dial_without_a_number():
    day = shared(("9:00", 1), ("11:00", 2))
    for dial in [e for e in day.events if e.kind == "CALL_RESERVED"]:
        day.change(dial, data=lambda data: data.update(number=None))
    return day


@finds(
    1,
    "2 call2 09-24 11:00:00 拨打所依的规则版本不存在：national@99 / dialled under a profile that is not there",
)
def a_shared_number_under_no_profile():
    day = shared(("9:00", 1), ("11:00", 2))
    day.change(day.find("CALL_RESERVED", 1), data=lambda data: data.update(profile="national@99"))
    return day


@finds(1, now=NIGHT)
def an_agreed_time_on_a_shared_number():
    """Another person was rung there an hour before."""
    day = appointed("20:40")
    day.opened(2, person=2, when=at("8:00"))
    day.unanswered("19:30", case=2, person=2)
    day.events = [replace(e, id=n) for n, e in enumerate(sorted(day.events, key=lambda event: event.at), start=1)]
    return day


@finds(
    1,
    "None call1 09-24 03:00:00 2026-09-24 03:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 03:00:00: QUIET_HOURS",
)
def dialled_for_no_case():
    day = Day()
    for clock in ("3:00", "12:00"):
        call = day.reserved(at(clock), (None,))
        day.news(call, "CALL_ENDED", at(clock), status="no-answer")
    return day


@finds(1, now=NIGHT)
def as_agreed():
    return appointed("20:40")


@finds(
    1,
    "1 call2 09-24 20:29:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def eleven_minutes_before_the_agreed_time():
    return appointed("20:29")


@finds(
    1,
    "1 call2 09-24 21:00:00 2026-09-24 21:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 21:00:00: QUIET_HOURS",
    now=NIGHT,
)
def agreed_for_the_quiet_hours():
    return appointed("21:00", "20:55")


@finds(
    1,
    "1 call3 09-24 20:45:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def an_agreed_time_kept_twice():
    day = appointed("20:40")
    day.unanswered("20:45", appointment=True)
    return day


@finds(
    1,
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def agreed_only_afterwards():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), id=900)
    return day


@finds(
    1,
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def another_person_agreed():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), person_id=2)
    return day


@finds(
    1,
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def an_agreed_time_that_cannot_be_read():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), data=lambda data: data["contact"]["call"].update(appointment="evening"))
    return day


@finds(
    1,
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def told_a_time_but_not_agreed():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), data=lambda data: data.update(state="CALLABLE"))
    return day


@finds(
    1,
    "1 call1 09-10 09:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call2 09-11 13:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call3 09-12 19:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call4 09-13 09:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call5 09-14 13:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call6 09-15 19:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call7 09-16 09:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call8 09-17 13:00:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def a_dial_at_an_agreed_time_counts_in_the_total():
    day = nine_days(last=TODAY)
    for dial in [e for e in day.events if e.kind == "CALL_RESERVED"][:8]:
        day.change(dial, data=lambda data: data.update(at_appointment=True))
    return day


def on_a_day_that_becomes_a_holiday(*clocks: str) -> Day:
    """At ten it is made known that today is a holiday."""
    day = Day()
    day.opened()
    change = change_of(CALENDAR, {TODAY: DayKind.HOLIDAY})
    day.calendar = with_change(CALENDAR, change)
    for clock in clocks:
        if clock == "known":
            day.add("CALENDAR_CHANGED", at("10:00"), **change_to_json(change))
            continue
        hour, minute, second = map(int, clock.split(":"))
        when = shanghai(TODAY).replace(hour=hour, minute=minute, second=second)
        call = day.reserved(when)
        day.news(call, "CALL_ENDED", when, status="no-answer")
    return day


@finds(1)
def before_the_calendar_was_changed():
    return on_a_day_that_becomes_a_holiday("9:59:00", "known")


@finds(
    1,
    "1 call1 09-24 10:01:00 2026-09-24 10:01:00 不允许拨打（HOLIDAY） / dialled at 2026-09-24 10:01:00: HOLIDAY",
)
def a_minute_after_the_calendar_was_changed():
    return on_a_day_that_becomes_a_holiday("known", "10:01:00")


@finds(1)
def less_than_a_minute_after_the_calendar_was_changed():
    return on_a_day_that_becomes_a_holiday("known", "10:00:59")


@finds(1)
def what_was_given_back_counts_for_nothing():
    day = one_case("9:00", "12:00")
    for clock in ("18:00", "18:01"):
        call = day.reserved(at(clock))
        day.add("CALL_REJECTED", at(clock), call=call, person=1, code=20429, why="BUSY")
    return day


# ---------------------------------------------------------------- 2: one attempt at a time


@finds(2)
def one_after_the_other():
    return two_calls()


@finds(
    2,
    "2 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_second_while_the_first_is_open():
    day = two_calls()
    day.change(day.find("CALL_ENDED"), id=901)
    return day


@finds(
    2,
    "2 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_second_while_the_first_never_ends():
    day = two_calls()
    day.drop(day.find("CALL_ENDED"))
    return day


@finds(
    2,
    "2 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
    "1 call3 09-24 18:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_third_while_the_first_is_open():
    """The second has ended; the first has not."""
    day = two_calls()
    day.change(day.find("CALL_ENDED"), id=901)
    day.unanswered("18:00")
    return day


@finds(
    2,
    "1 call3 09-24 18:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_third_while_the_second_is_open():
    day = two_calls()
    day.drop(day.find("CALL_ENDED", 1))
    day.unanswered("18:00")
    return day


@finds(2)
def two_persons_at_once():
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=2)
    day.reserved(at("9:30"), (1,), 1)
    day.reserved(at("9:30"), (2,), 2)
    return day


@finds(
    2,
    "1 call2 09-24 13:00:00 上一次拨打结果不明，尚未查清又再拨打 / rung again before an attempt with unknown outcome was resolved",
)
def before_the_unknown_one_was_resolved():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_UNKNOWN", at("9:31"), call=first, person=1, why="timeout")
    day.unanswered("13:00")
    return day


@finds(
    2,
    "1 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def unknown_then_heard_of_and_still_open():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_UNKNOWN", at("9:31"), call=first, person=1, why="timeout")
    day.news(first, "CALL_RINGING", at("9:32"), status="ringing")
    day.unanswered("13:00")
    return day


@finds(
    2,
    "1 call2 09-24 13:00:00 上一次拨打结果不明，尚未查清又再拨打 / rung again before an attempt with unknown outcome was resolved",
)
def refused_then_rung_again_then_heard_of():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_REJECTED", at("9:31"), call=first, person=1, code=20429, why="BUSY")
    day.unanswered("13:00")
    day.news(first, "CALL_ENDED", at("13:05"), status="completed")
    return day


@finds(
    2,
    "1 call1 09-24 09:31:00 同一次拨打登记了两次 / one attempt was reserved twice",
)
def reserved_twice():
    day = two_calls()
    first = day.find("CALL_RESERVED")
    day.events.append(replace(first, id=0.5 + first.id, at=at("9:31")))
    return day


@finds(
    2,
    "1 call1 09-24 09:30:00 同一次拨打登记了两次 / one attempt was reserved twice",
)
def reserved_twice_for_one_case():
    day = two_calls()
    first = day.find("CALL_RESERVED")
    day.events.append(replace(first, id=0.5 + first.id))
    return day


@finds(
    2,
    "1 call1 09-24 09:30:00 一次拨打对应运营商的两次通话 / one attempt was dialled twice: two calls of the carrier",
)
def two_calls_of_the_carrier():
    """Named once, whatever follows."""
    day = two_calls()
    day.news("call1", "CALL_RINGING", at("9:30"), sid="CA-other", status="ringing")
    day.news("call1", "CALL_RINGING", at("9:31"), sid="CA-third", status="ringing")
    return day


@finds(
    2,
    "2 call2 09-24 13:00:00 运营商的一次通话记在两次拨打名下 / one call of the carrier stands for two attempts",
)
def one_call_of_the_carrier_for_two():
    day = two_calls()
    for kind in ("CALL_PLACED", "CALL_ENDED"):
        day.change(day.find(kind, 1), data=lambda data: data.update(sid="CA-call1"))
    return day


@finds(2)
def an_event_that_names_no_call_of_the_carrier():
    day = two_calls()
    for nth in (0, 1):
        day.change(day.find("CALL_PLACED", nth), data=lambda data: data.update(sid=None))
    return day


@finds(
    2,
    "1 call1 09-24 09:30:00 一次拨打对应运营商的两次通话 / one attempt was dialled twice: two calls of the carrier",
)
def two_calls_of_the_carrier_after_an_event_that_names_none():
    day = an_event_that_names_no_call_of_the_carrier()
    day.news("call1", "CALL_RINGING", at("9:30"), sid="CA-other", status="ringing")
    return day


# ---------------------------------------------------------------- 3: identity first


def call_of_turns(*turns: tuple[str, list[tuple[str, str, bool]], list[tuple[str, str]]]) -> Day:
    """A call by (identity, what was said as step, id and whether it discloses, answers)."""
    day = Day()
    day.opened()
    call = day.reserved(at("10:00"))
    for number, (identity, said, answers) in enumerate(turns):
        day.turn(call, at(f"10:0{number}"), number, answers, identity=identity)
        day.change(
            day.events[-1],
            data=lambda data, said=said: data.update(said=[{"step": s, "id": i, "discloses": d} for s, i, d in said]),
        )
    return day


PROOF = [("C1", "YES"), ("I1", "YES")]


@finds(3)
def proven_first():
    return call_of_turns(
        ("UNPROVEN", [("C1", "C1.ask", False)], []), ("PROVEN", [("M1", "M1.ask", True)], PROOF),
        ("PROVEN", [("M2", "M2.ask", True)], []),
    )  # fmt: skip


@finds(
    3,
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
)
def told_before_identity_was_asked():
    return call_of_turns(("UNPROVEN", [("C1", "C1.ask", False), ("M1", "M1.ask", True), ("M5", "M5.ask", True)], []))


@finds(
    3,
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
)
def only_the_first_offence_of_a_call_is_named():
    return call_of_turns(("UNPROVEN", [("M1", "M1.ask", True)], []), ("UNPROVEN", [("M2", "M2.ask", True)], []))


@finds(
    3,
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，Z9.say） / turn 0 tells of the policy (Z9.say) before identity was proven",
)
def proven_only_afterwards():
    return call_of_turns(("FAILED", [("Z9", "Z9.say", True)], []), ("PROVEN", [("M2", "M2.ask", True)], PROOF))


@finds(
    3,
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，N3.ask） / turn 0 tells of the policy (N3.ask) before identity was proven",
)
def an_item_that_is_not_said_to_disclose():
    return call_of_turns(("UNPROVEN", [("N3", "N3.ask", False)], []))


@finds(3)
def what_only_looks_like_an_item():
    return call_of_turns(
        ("UNPROVEN", [("X", "XM1.ask", False), ("X", "MX.ask", False), ("X", "M1", False), ("X", None, False)], [])
    )


@finds(
    3,
    "1 call1 09-24 10:00:00 身份核实没有依据即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) with no proof of identity on record",
)
def proven_by_nothing():
    return call_of_turns(("PROVEN", [("M1", "M1.ask", True)], [("C1", "YES"), ("I1", "NO")]))


@finds(
    3,
    "1 call1 09-24 10:00:00 身份核实没有依据即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) with no proof of identity on record",
)
def proven_by_nothing_twice():
    return call_of_turns(("PROVEN", [("M1", "M1.ask", True)], []), ("PROVEN", [("M2", "M2.ask", True)], []))


@finds(
    3,
    "1 call1 09-24 10:00:00 身份核实没有依据即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) with no proof of identity on record",
)
def proven_by_an_answer_that_is_not_final():
    day = call_of_turns(("PROVEN", [("M1", "M1.ask", True)], PROOF))
    day.change(day.find("TURN"), data=lambda data: [row.update(final=False) for row in data["answers"]])
    return day


@finds(
    3,
    "1 call1 09-24 10:01:00 身份尚未核实即说出保单信息（第1轮，M1.ask） / turn 1 tells of the policy (M1.ask) before identity was proven",
)
def turns_that_say_and_hear_nothing():
    day = call_of_turns(("UNPROVEN", [], []), ("UNPROVEN", [("M1", "M1.ask", True)], []))
    day.change(day.find("TURN"), data=lambda data: data.update(said=None, answers=None))
    return day


@finds(
    3,
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
    "1 call2 09-24 14:01:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
)
def each_call_is_asked():
    day = call_of_turns(("UNPROVEN", [("M1", "M1.ask", True)], []))
    second = day.reserved(at("14:00"))
    day.turn(second, at("14:01"), 0, [], identity="UNPROVEN", said=[("M1", True)])
    return day


# ---------------------------------------------------------------- 4: every contact is settled


@finds(4)
def all_is_settled():
    return quiet_day()


@finds(4, now=at("10:30") + timedelta(seconds=30))
def an_hour_after_its_end():
    day = Day()
    day.opened()
    day.unanswered("9:30")
    day.drop(day.find("SETTLED"))
    return day


@finds(
    4,
    "1 call1 09-24 09:30:30 通话已结束，未定性 / the call ended and was never settled",
    now=at("10:30") + timedelta(seconds=31),
)
def more_than_an_hour_after_its_end():
    return an_hour_after_its_end()


@finds(4)
def never_ended_and_never_settled():
    day = Day()
    day.opened()
    day.reserved(at("9:30"))
    return day


@finds(
    4,
    "1 call1 09-24 09:30:32 通话尚未结束即定性 / settled before the call ended",
)
def settled_and_never_ended():
    day = quiet_day()
    day.drop(day.find("CALL_ENDED"))
    return day


@finds(
    4,
    "1 call1 09-24 09:30:32 通话尚未结束即定性 / settled before the call ended",
)
def settled_before_its_end():
    day = quiet_day()
    day.change(day.find("CALL_ENDED"), id=900)
    return day


@finds(
    4,
    "1 call1 09-24 11:00:00 同一次通话定性了两次 / one call was settled twice",
)
def settled_three_times():
    day = quiet_day()
    first = day.find("SETTLED", case=1)
    day.events += [replace(first, id=900, at=at("11:00")), replace(first, id=901, at=at("12:00"))]
    return day


@finds(
    4,
    "2 call1 09-24 09:31:00 通话已结束，未定性 / the call ended and was never settled",
)
def one_of_two_policies_is_left():
    day = Day()
    day.opened(1)
    day.opened(2)
    call = day.reserved(at("9:30"), (1, 2))
    day.news(call, "CALL_ENDED", at("9:31"), status="no-answer")
    day.settled(at("9:31"), day.contact(call, at("9:31"), case=1))
    return day


@finds(
    4,
    "1 call1 09-24 09:30:30 通话已结束，未定性 / the call ended and was never settled",
)
def a_contact_without_a_call():
    day = quiet_day()
    day.change(day.find("SETTLED", case=1), call_id=None)
    return day


@finds(
    4,
    "1 nobody 09-24 11:00:00 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
    "2 call2 09-24 10:04:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def a_contact_of_a_call_that_nobody_knows():
    day = quiet_day()
    day.add("SETTLED", at("11:00"), case=1, call="nobody", person=1, counts=True, completed=True)
    day.drop(*[e for e in day.events if e.kind != "SETTLED"])
    return day


@finds(
    4,
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def it_counts_without_a_recording():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    return day


@finds(
    4,
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def verified_too_late():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED", 1), id=900)
    return day


@finds(
    4,
    "3 call3 09-24 10:34:25 录音未核验入库，不得算作完成 / completed without a verified recording",
)
def completed_without_counting():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(counts=False))
    return day


@finds(4)
def neither_completed_nor_counted():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(counts=False, completed=False))
    return day


@finds(
    4,
    "1 call1 09-24 09:30:32 已接通的通话未等录音即定性 / an answered call was settled without waiting for its recording",
)
def answered_and_not_waited_for():
    day = quiet_day()
    day.add("CALL_ANSWERED", at("9:30"), call="call1", person=1, sid="CA-call1")
    return day


@finds(4)
def answered_and_of_no_stored_contact():
    day = quiet_day()
    day.add("CALL_ANSWERED", at("9:30"), call="call1", person=1, sid="CA-call1")
    day.change(day.find("SETTLED", case=1), data=lambda data: data.update(contact=None))
    return day


@finds(
    4,
    "3 call3 09-24 12:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
)
def lost_and_left():
    return lost_afterwards()


@finds(4, now=at("13:00"))
def lost_an_hour_ago():
    return lost_afterwards()


@finds(
    4,
    "3 call3 09-24 12:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
    now=at("13:01"),
)
def lost_more_than_an_hour_ago():
    return lost_afterwards()


@pytest.mark.parametrize("kind", ["CASE_MOVED", "CALL_RESERVED", "SETTLED", "CASE_UPDATED"])
def test_what_opens_a_case_again(kind):
    def make() -> Day:
        day = lost_afterwards()
        day.add(kind, at("12:10"), case=3, call="call9" if kind == "CALL_RESERVED" else None, person=3)
        return day

    assert bool(asked(4, make, EVENING)) == (kind == "CASE_UPDATED")


@finds(
    4,
    "3 call3 09-24 12:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
)
def moved_before_it_was_lost():
    day = lost_afterwards()
    moved = day.moved(3, "CLOSED", "CALLABLE", at("11:00"), "HEAD_OFFICE", person=3)
    day.change(moved, id=day.find("RECORDING_LOST").id - 0.5)
    return day


@finds(4)
def one_of_two_recordings_is_lost():
    day = quiet_day()
    verified = day.find("RECORDING_VERIFIED", 1)
    day.events.append(replace(verified, id=verified.id + 0.5, data={**verified.data, "recording": "RE-second"}))
    day.add("RECORDING_LOST", at("12:00"), call="call3", recording="RE-call3", problem="DIGEST")
    return day


@finds(
    4,
    "3 call3 09-24 13:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
)
def one_recording_after_the_other_is_lost():
    day = one_of_two_recordings_is_lost()
    day.add("RECORDING_LOST", at("13:00"), call="call3", recording="RE-second", problem="DIGEST")
    return day


@finds(4)
def lost_and_found_again():
    day = lost_afterwards()
    day.add("RECORDING_VERIFIED", at("12:30"), call="call3", recording="RE-call3")
    return day


@finds(4)
def another_recording_is_lost():
    day = quiet_day()
    day.add("RECORDING_LOST", at("12:00"), call="call3", recording="RE-unknown", problem="GONE")
    return day


@finds(
    4,
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def lost_before_it_was_settled():
    day = quiet_day()
    verified = day.find("RECORDING_VERIFIED", 1)
    lost = day.add("RECORDING_LOST", at("10:34"), call="call3", recording="RE-call3", problem="DIGEST")
    day.change(lost, id=verified.id + 0.5)
    return day


@finds(4)
def lost_of_a_callback_that_was_not_completed():
    day = lost_afterwards()
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(completed=False))
    return day


# ---------------------------------------------------------------- 5: one owner


@finds(5)
def owned_as_it_should_be():
    return with_branch()


@finds(
    5,
    "1 call2 09-24 14:00:00 案件归属为 BRANCH 时由总公司拨打 / head office dialled while the owner was BRANCH",
)
def dialled_by_nobody_who_may():
    day = with_branch()
    day.reserved(at("14:00"))
    return day


@finds(
    5,
    "1 call2 09-24 14:00:00 案件归属为 CLOSED 时由总公司拨打 / head office dialled while the owner was CLOSED",
)
def dialled_after_it_was_closed():
    day = Day()
    day.opened()
    day.spoken("10:00")
    day.reserved(at("14:00"))
    return day


@finds(
    5,
    "1 None 09-24 15:00:00 重复立案 / the case was opened a second time",
)
def opened_twice():
    day = quiet_day()
    day.opened(1, when=at("15:00"))
    return day


@finds(
    5,
    "1 call1 09-24 09:30:00 没有立案记录 / nothing tells that the case was opened",
)
def never_opened():
    day = quiet_day()
    day.drop(day.find("CASE_OPENED", case=1))
    return day


@finds(
    5,
    "1 call1 09-24 10:04:25 状态 AT_BRANCH 的归属不应为 HEAD_OFFICE / a case in state AT_BRANCH is not owned by HEAD_OFFICE",
)
def owned_by_another_than_its_state_says():
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner="HEAD_OFFICE", owner_branch=None))
    return day


@finds(
    5,
    "1 call1 09-24 10:04:25 状态 AT_BRANCH 的归属不应为 NOBODY / a case in state AT_BRANCH is not owned by NOBODY",
    "1 call2 09-24 15:00:00 案件归属为 BRANCH 时由总公司拨打 / head office dialled while the owner was BRANCH",
)
def after_an_owner_that_cannot_be_the_next_is_believed():
    """What an unsound step leaves is taken from the next one."""
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner="NOBODY"))
    day.moved(1, "IN_REVIEW", "AT_BRANCH", at("14:00"), "BRANCH", "B1")
    day.reserved(at("15:00"))
    return day


@finds(
    5,
    "1 call1 09-24 10:04:25 归属机构不唯一 / owner BRANCH with branch None",
)
def of_no_branch():
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner_branch=None))
    return day


@finds(
    5,
    "1 call1 09-24 09:30:32 归属机构不唯一 / owner HEAD_OFFICE with branch B1",
)
def of_a_branch_though_head_office_owns_it():
    day = quiet_day()
    day.change(day.find("SETTLED", case=1), data=lambda data: data.update(owner_branch="B1"))
    return day


@finds(
    5,
    "1 call1 09-24 10:04:25 此前归属为 HEAD_OFFICE，记录为 BRANCH / the owner was HEAD_OFFICE, this step begins with BRANCH",
)
def begun_by_another_owner():
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(was_owner="BRANCH"))
    return day


@finds(
    5,
    "1 None 09-24 14:00:00 此前归属为 BRANCH，记录为 HEAD_OFFICE / the owner was BRANCH, this step begins with HEAD_OFFICE",
    "1 None 09-24 15:00:00 此前归属为 HEAD_OFFICE，记录为 None / the owner was HEAD_OFFICE, this step begins with None",
)
def moved_from_where_it_was_not():
    day = with_branch()
    day.moved(1, "CALLABLE", "IN_REVIEW", at("14:00"), "HEAD_OFFICE")
    day.moved(1, "NOWHERE", "CLOSED", at("15:00"), "CLOSED")
    return day


@finds(
    5,
    "1 None 09-24 14:00:00 状态 LOST 的归属不应为 HEAD_OFFICE / a case in state LOST is not owned by HEAD_OFFICE",
)
def in_a_state_that_is_none():
    day = with_branch()
    day.moved(1, "AT_BRANCH", "LOST", at("14:00"), "HEAD_OFFICE")
    return day


@finds(5)
def updated_where_it_is():
    day = with_branch()
    day.opened(when=at("14:00"), kind="CASE_UPDATED", state="AT_BRANCH")
    return day


@finds(5)
def updated_with_its_move_in_either_order():
    return withdrawn("CASE_MOVED")


@finds(
    5,
    "1 None 09-24 10:01:00 归属由 HEAD_OFFICE 变为 CLOSED，没有移交记录 / the owner went from HEAD_OFFICE to CLOSED without a move",
    "1 call1 09-24 10:02:00 此前归属为 HEAD_OFFICE，记录为 CLOSED / the owner was HEAD_OFFICE, this step begins with CLOSED",
)
def updated_without_a_move():
    day = withdrawn("CASE_UPDATED")
    day.drop(day.find("CASE_MOVED"))
    return day


@finds(
    5,
    "1 None 09-24 10:01:00 归属由 HEAD_OFFICE 变为 CLOSED，没有移交记录 / the owner went from HEAD_OFFICE to CLOSED without a move",
)
def updated_with_a_move_at_another_instant():
    day = withdrawn("CASE_UPDATED")
    day.change(day.find("CASE_MOVED"), at=at("10:05"))
    return day


@finds(
    5,
    "1 None 09-24 14:00:00 状态 AT_BRANCH 的归属不应为 CLOSED / a case in state AT_BRANCH is not owned by CLOSED",
)
def updated_to_an_owner_that_its_state_has_not():
    day = with_branch()
    day.opened(when=at("14:00"), kind="CASE_UPDATED", state="AT_BRANCH", owner="CLOSED", owner_branch=None)
    return day


@finds(
    5,
    "1 call2 09-24 14:00:00 案件归属为 CLOSED 时由总公司拨打 / head office dialled while the owner was CLOSED",
)
def withdrawn_meanwhile_nothing_moves():
    day = withdrawn("CASE_UPDATED")
    day.reserved(at("14:00"))
    return day


@finds(5)
def a_case_of_which_only_orders_are_told():
    day = Day()
    day.add("ORDER_HANDLED", at("10:00"), case=1, order_id=1)
    return day


@pytest.mark.parametrize(("promise", "make", "now", "findings"), CASES)
def test_what_is_found(promise, make, now, findings):
    assert asked(promise, make, now) == list(findings)
