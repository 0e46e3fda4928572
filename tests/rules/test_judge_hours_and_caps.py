"""Promise 1: nobody is dialled outside the hours or over the caps: every finding whole, on small histories."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from rules.calendar import DayKind, change_of, change_to_json, shanghai, with_change
from tests.rules.small_days import (
    CALENDAR,
    NATIONAL,
    TODAY,
    Day,
    appointed,
    asked,
    at,
    findings_of,
    nine_days,
    one_case,
)

NIGHT = at("23:00")

CASES, finds = findings_of(1)


@finds(now=NIGHT)
def dialled_as_allowed():
    return one_case("9:00", "12:00")


@finds(
    "1 call1 09-24 03:00:00 2026-09-24 03:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 03:00:00: QUIET_HOURS",
    now=NIGHT,
)
def in_the_night():
    return one_case("3:00")


@finds(
    "1 call1 09-24 21:00:00 2026-09-24 21:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 21:00:00: QUIET_HOURS",
    now=NIGHT,
)
def at_nine_in_the_evening():
    return one_case("21:00")


@finds(
    "1 call1 10-01 10:00:00 2026-10-01 10:00:00 不允许拨打（HOLIDAY） / dialled at 2026-10-01 10:00:00: HOLIDAY",
    now=NIGHT,
)
def on_a_holiday():
    return one_case("10:00", day=date(2026, 10, 1))


@finds(
    "1 call2 09-24 12:59:00 距上次拨打此人2:59:00，少于3:00:00 / 2:59:00 after the last dial to this person, less than 3:00:00",
    now=NIGHT,
)
def a_minute_within_the_gap():
    return one_case("10:00", "12:59")


@finds(
    "1 call3 09-24 18:00:00 同一人一日第3次拨打，上限2次 / dial 3 of the day to this person, 2 are allowed",
    "1 call4 09-24 19:00:00 同一人一日第4次拨打，上限2次 / dial 4 of the day to this person, 2 are allowed",
    now=NIGHT,
)
def a_third_dial_and_a_fourth():
    return one_case("9:00", "12:00", "18:00", "19:00")


@finds(
    "1 call2 09-24 17:50:00 同日同一时段再次拨打此人 / a second dial to this person in the same part of the day",
    now=NIGHT,
)
def twice_in_one_part_of_the_day():
    return one_case("12:10", "17:50")


@finds(now=NIGHT)
def twice_in_the_same_part_where_that_is_allowed():
    day = one_case("12:10", "17:50")
    day.profile_of = lambda name: NATIONAL.with_params({"attempts.different_day_parts": False})
    return day


@finds(now=NIGHT)
def the_same_part_of_another_day():
    day = one_case("12:10", day=TODAY - timedelta(days=1))
    day.unanswered("12:10")
    return day


@finds(
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def beyond_the_total():
    return nine_days(last=TODAY)


@finds(
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


@finds()
def a_completed_callback_before_its_time_begins_a_round():
    """R23: the tenth dial belongs to the supplementary callback."""
    day = nine_days()
    last = day.find("SETTLED", 8)
    day.change(last, data=lambda data: data.update(state="WAITING", counts=True, completed=True))
    day.unanswered("10:00")
    return day


@finds(
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def one_that_does_not_count_begins_none():
    day = nine_days()
    last = day.find("SETTLED", 8)
    day.change(last, data=lambda data: data.update(state="WAITING", counts=False, completed=True))
    day.unanswered("10:00")
    return day


@finds(
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def one_that_was_not_completed_begins_none():
    day = nine_days()
    last = day.find("SETTLED", 8)
    day.change(last, data=lambda data: data.update(state="WAITING", counts=True, completed=False))
    day.unanswered("10:00")
    return day


@finds(
    "1 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def a_round_told_again_begins_nothing():
    day = nine_days()
    day.opened(when=at("8:00"), kind="CASE_UPDATED", round=1)
    day.opened(when=at("8:01"), kind="CASE_UPDATED", round=None)
    day.unanswered("10:00")
    return day


@finds()
def a_move_may_begin_a_round():
    day = nine_days()
    day.change(day.moved(1, "CLOSED", "CALLABLE", at("8:00"), "HEAD_OFFICE"), data=lambda data: data.update(round=2))
    day.unanswered("10:00")
    return day


@finds()
def a_case_may_be_opened_in_its_second_round():
    day = nine_days()
    day.opened(2, when=at("8:00"), round=2)
    day.unanswered("10:00", case=2)
    return day


@finds(
    "2 call10 09-24 10:00:00 本轮第10次拨打此人，上限9次 / dial 10 of the plan to this person, 9 are allowed",
)
def the_plan_of_the_second_policy_is_used_up():
    day = nine_days()
    day.opened(2, when=at("8:00"))
    call = day.reserved(at("10:00"), (2, 1))
    day.news(call, "CALL_ENDED", at("10:01"), status="no-answer")
    return day


@finds(
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
    "1 call1 09-24 10:00:00 拨打所依的规则版本不存在：national@99 / dialled under a profile that is not there",
)
def under_a_profile_that_is_not_there():
    day = one_case("10:00", "18:00")
    day.change(day.find("CALL_RESERVED"), data=lambda data: data.update(profile="national@99"))
    return day


@finds(
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
    "1 call3 09-24 18:00:00 同一号码当日拨打超过上限 / the number was rung too often that day, for several persons",
)
def a_number_too_often_for_several_persons():
    return shared(("9:00", 1), ("12:00", 2), ("18:00", 1))


@finds(
    "2 call2 09-24 11:59:00 距上次拨打此号码少于3:00:00 / the number was rung less than 3:00:00 before, for another person",
)
def a_number_too_soon_for_another_person():
    return shared(("9:00", 1), ("11:59", 2))


@finds()
def a_number_of_two_persons_as_allowed():
    return shared(("9:00", 1), ("12:00", 2))


@finds(
    "1 call2 09-24 11:00:00 距上次拨打此人2:00:00，少于3:00:00 / 2:00:00 after the last dial to this person, less than 3:00:00",
)
def one_persons_own_dials_are_named_once():
    """The gap of the person, not also that of his number."""
    return shared(("9:00", 1), ("11:00", 1))


@finds()
def a_dial_without_a_number():
    day = shared(("9:00", 1), ("11:00", 2))
    for dial in [e for e in day.events if e.kind == "CALL_RESERVED"]:
        day.change(dial, data=lambda data: data.update(number=None))
    return day


@finds(
    "2 call2 09-24 11:00:00 拨打所依的规则版本不存在：national@99 / dialled under a profile that is not there",
)
def a_shared_number_under_no_profile():
    day = shared(("9:00", 1), ("11:00", 2))
    day.change(day.find("CALL_RESERVED", 1), data=lambda data: data.update(profile="national@99"))
    return day


@finds(now=NIGHT)
def an_agreed_time_on_a_shared_number():
    """Another person was rung there an hour before."""
    day = appointed("20:40")
    day.opened(2, person=2, when=at("8:00"))
    day.unanswered("19:30", case=2, person=2)
    day.events = [replace(e, id=n) for n, e in enumerate(sorted(day.events, key=lambda event: event.at), start=1)]
    return day


@finds(
    "None call1 09-24 03:00:00 2026-09-24 03:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 03:00:00: QUIET_HOURS",
)
def dialled_for_no_case():
    day = Day()
    for clock in ("3:00", "12:00"):
        call = day.reserved(at(clock), (None,))
        day.news(call, "CALL_ENDED", at(clock), status="no-answer")
    return day


@finds(now=NIGHT)
def as_agreed():
    return appointed("20:40")


@finds(
    "1 call2 09-24 20:29:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def eleven_minutes_before_the_agreed_time():
    return appointed("20:29")


@finds(
    "1 call2 09-24 21:00:00 2026-09-24 21:00:00 不允许拨打（QUIET_HOURS） / dialled at 2026-09-24 21:00:00: QUIET_HOURS",
    now=NIGHT,
)
def agreed_for_the_quiet_hours():
    return appointed("21:00", "20:55")


@finds(
    "1 call3 09-24 20:45:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def an_agreed_time_kept_twice():
    day = appointed("20:40")
    day.unanswered("20:45", appointment=True)
    return day


@finds(
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def agreed_only_afterwards():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), id=900)
    return day


@finds(
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def another_person_agreed():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), person_id=2)
    return day


@finds(
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def an_agreed_time_that_cannot_be_read():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), data=lambda data: data["contact"]["call"].update(appointment="evening"))
    return day


@finds(
    "1 call2 09-24 20:40:00 按预约拨打，但没有此时的预约 / dialled as agreed, but no such time was agreed",
    now=NIGHT,
)
def told_a_time_but_not_agreed():
    day = appointed("20:40")
    day.change(day.find("SETTLED"), data=lambda data: data.update(state="CALLABLE"))
    return day


@finds(
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


@finds()
def before_the_calendar_was_changed():
    return on_a_day_that_becomes_a_holiday("9:59:00", "known")


@finds(
    "1 call1 09-24 10:01:00 2026-09-24 10:01:00 不允许拨打（HOLIDAY） / dialled at 2026-09-24 10:01:00: HOLIDAY",
)
def a_minute_after_the_calendar_was_changed():
    return on_a_day_that_becomes_a_holiday("known", "10:01:00")


@finds()
def less_than_a_minute_after_the_calendar_was_changed():
    return on_a_day_that_becomes_a_holiday("known", "10:00:59")


@finds()
def what_was_given_back_counts_for_nothing():
    day = one_case("9:00", "12:00")
    for clock in ("18:00", "18:01"):
        call = day.reserved(at(clock))
        day.add("CALL_REJECTED", at(clock), call=call, person=1, code=20429, why="BUSY")
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(1, make, now) == list(findings)
