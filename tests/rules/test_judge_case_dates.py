"""Promise 8: dates follow from the contract's: every finding whole, on small histories."""

from dataclasses import replace

import pytest

from rules.calendar import shanghai
from tests.rules.small_days import (
    DATES,
    EVENING,
    NATIONAL,
    TODAY,
    Day,
    asked,
    at,
    findings_of,
    of_its_contact,
    quiet_day,
)

CASES, finds = findings_of(8)


def opened(**changed) -> Day:
    day = Day()
    day.opened(**changed)
    return day


@finds()
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
    "1 None 09-24 08:00:00 nominal_end, provisional, callable_on 与规则算出的日期不符 / nominal_end, provisional, callable_on: not what the rules give from the contract's dates",
)
def several_dates_are_one_finding():
    return opened(nominal_end=None, provisional=True, callable_on=None)


@finds(
    "1 None 09-24 08:00:00 没有留存合同日期，无法复算 / the contract's dates are not on record",
)
def without_the_contracts_dates():
    return opened(dates=None)


@finds(
    "1 None 09-24 08:00:00 nominal_end, surrender_deadline, handover_at, callable_on 与规则算出的日期不符 / nominal_end, surrender_deadline, handover_at, callable_on: not what the rules give from the contract's dates",
)
def without_what_the_contract_needs():
    return opened(dates={"channel": "BANCASSURANCE"})


@finds(
    "1 None 09-24 08:00:00 规则版本不存在：national@99 / profile national@99 is not there",
)
def dates_under_a_profile_that_is_not_there():
    return opened(profile="national@99")


@finds(
    "1 None 09-24 08:00:00 合同日期无法复算 / no dates follow from the contract's: ValueError",
)
def dates_under_a_profile_that_leaves_no_time():
    """C43: a list drawn ten days after the issue, and a period of ten days."""
    day = opened(dates=replace(DATES, issued_on=TODAY))
    day.profile_of = lambda name: NATIONAL.with_params({"extraction.strategy": "E2", "cooling_off.days": 10})
    return day


@finds()
def an_update_keeps_its_first_day_or_wakes_tomorrow():
    day = opened()
    day.opened(when=at("9:00"), kind="CASE_UPDATED", callable_on="2026-09-25")
    day.opened(when=at("9:01"), kind="CASE_UPDATED", dates=replace(DATES, receipt_written_off_on=None))
    day.opened(when=at("9:02"), kind="CASE_UPDATED", callable_on="2026-09-25")
    return day


@finds(
    "1 None 09-24 09:00:00 callable_on 与规则算出的日期不符 / callable_on: not what the rules give from the contract's dates",
)
def an_update_may_not_be_rung_today():
    day = opened()
    day.opened(when=at("9:00"), kind="CASE_UPDATED", callable_on="2026-09-24")
    return day


@finds(
    "1 None 09-24 08:00:00 callable_on 与规则算出的日期不符 / callable_on: not what the rules give from the contract's dates",
)
def an_opening_may_not_wake_tomorrow():
    return opened(callable_on="2026-09-25")


@finds(
    "1 call1 09-24 10:04:25 nominal_end 为 2026-10-30，与名单所载不符；handover_at 为 –，与名单所载不符；provisional 为 True，与名单所载不符 / nominal_end is 2026-10-30, which no list gave; handover_at is –, which no list gave; provisional is True, which no list gave",
)
def judged_by_dates_that_no_list_gave():
    return of_its_contact(
        lambda contact: contact["case"].update(nominal_end="2026-10-30", provisional=True, handover_at=None)
    )


@finds(
    "1 None 09-24 08:30:00 nominal_end 与规则算出的日期不符 / nominal_end: not what the rules give from the contract's dates",
)
def judged_by_dates_of_an_earlier_list():
    day = Day()
    day.opened()
    day.opened(when=at("8:30"), kind="CASE_UPDATED", nominal_end="2026-10-09")
    day.spoken("10:00")
    return day


@finds(
    "3 call3 09-24 10:34:20 录音锁定期短于 2046-09-25 / the recording is locked for less than until 2046-09-25",
)
def locked_for_less_than_its_time():
    day = quiet_day()
    short = shanghai(TODAY.replace(year=2046)).isoformat()
    day.change(day.find("RECORDING_VERIFIED", 1), data=lambda data: data.update(retain_until=short))
    return day


@finds(
    "3 call3 09-24 10:34:20 录音锁定期短于 2046-09-25 / the recording is locked for less than until 2046-09-25",
)
def locked_for_no_time():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED", 1), data=lambda data: data.update(retain_until=None))
    return day


@finds(
    "3 call3 09-24 10:34:20 录音锁定期短于 2046-09-25 / the recording is locked for less than until 2046-09-25",
)
def each_recording_of_a_call():
    day = quiet_day()
    verified = day.find("RECORDING_VERIFIED", 1)
    day.events.append(replace(verified, id=900, data={**verified.data, "retain_until": None}))
    return day


@finds()
def the_recording_of_a_call_that_nobody_reserved():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED"), call_id="nobody", data=lambda data: data.update(retain_until=None))
    return day


@finds()
def the_recording_of_a_call_under_no_profile():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED"), data=lambda data: data.update(retain_until=None))
    day.change(day.find("CALL_RESERVED", 1), data=lambda data: data.update(profile="national@99"))
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(8, make, now) == list(findings)
