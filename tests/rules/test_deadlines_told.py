"""How each date is told: every step of its reasoning, with its rule and both its sentences."""

from collections.abc import Callable
from datetime import date, datetime

import pytest

from rules.calendar import SHANGHAI, Calendar
from rules.deadlines import callback_window, case_dates, cooling_off, work_order_limit
from rules.list_dates import ContractDates
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar

CALENDAR = seeded_calendar()
CASES = []


def finds(*told: str) -> Callable:
    def keep(make: Callable) -> Callable:
        CASES.append(pytest.param(make, told, id=make.__name__))
        return make

    return keep


def asked(make: Callable) -> list[str]:
    return [f"{step.rule} {step.zh} / {step.en}" for step in make().steps]


def d(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def period(signed: str, days: int = 15, **params):
    return cooling_off(d(signed), days, DEFAULTS.with_params(named(params)), CALENDAR)


def window(done: str, signed: str | None = "2026-09-10", end: str | None = "2026-09-25", **params):
    return callback_window(d(done), d(end), d(signed), DEFAULTS.with_params(named(params)), CALENDAR)


def limit(pushed: str, days: int = 3, end: str | None = None, **params):
    at = datetime.fromisoformat(pushed).replace(tzinfo=SHANGHAI)
    return work_order_limit(at, days, d(end), CALENDAR, DEFAULTS.with_params(named(params)))


def case(signed: str | None = None, written_off: str | None = None, underwritten: str = "2026-09-01", **params):
    contract = ContractDates(
        "BANK_DIRECT",
        "PARTICIPATING",
        d(underwritten),
        receipt_signed_on=d(signed),
        receipt_written_off_on=d(written_off),
    )
    return case_dates(contract, DEFAULTS.with_params(named(params)), CALENDAR)


def named(params: dict) -> dict:
    return {name.replace("__", "."): value for name, value in params.items()}


@finds(
    "C7 回执2026-09-24签署，次日起算，第15日为2026-10-09 / receipt signed 2026-09-24; the next day is day one, so day 15 is 2026-10-09",
    "R25 2026-10-09无须顺延，退保申请截止于当日 / 2026-10-09 does not roll; a surrender request counts until that day",
)
def a_period_that_ends_on_a_working_day():
    return period("2026-09-24")


@finds(
    "C7 回执2026-09-16签署，次日起算，第15日为2026-10-01 / receipt signed 2026-09-16; the next day is day one, so day 15 is 2026-10-01",
    "R25 2026-10-01不是工作日，退保申请顺延至其后第一个工作日2026-10-08；回访期限不顺延 / 2026-10-01 is not a working day: a surrender request still counts on 2026-10-08, the first working day after it; the callback's own end does not move",
)
def a_period_that_ends_on_a_holiday():
    return period("2026-09-16")


@finds(
    "C7 回执2026-09-16签署，次日起算，第15日为2026-10-01 / receipt signed 2026-09-16; the next day is day one, so day 15 is 2026-10-01",
    "R25 2026-10-01无须顺延，退保申请截止于当日 / 2026-10-01 does not roll; a surrender request counts until that day",
)
def a_period_that_does_not_roll():
    return period("2026-09-16", cooling_off__roll="NONE")


@finds(
    "R20 回执2026-09-24签署，当日起算，第15日为2026-10-08 / receipt signed 2026-09-24; that day is day one, so day 15 is 2026-10-08",
    "R25 2026-10-08无须顺延，退保申请截止于当日 / 2026-10-08 does not roll; a surrender request counts until that day",
)
def a_period_from_the_day_of_signature():
    return period("2026-09-24", cooling_off__start="SAME_DAY")


@finds(
    "C8 按所问的10日计算；本规则版本规定犹豫期不少于15日 / counted with 10 days as asked; this profile asks for at least 15",
    "C7 回执2026-09-24签署，次日起算，第10日为2026-10-04 / receipt signed 2026-09-24; the next day is day one, so day 10 is 2026-10-04",
    "R25 2026-10-04不是工作日，退保申请顺延至其后第一个工作日2026-10-08；回访期限不顺延 / 2026-10-04 is not a working day: a surrender request still counts on 2026-10-08, the first working day after it; the callback's own end does not move",
)
def a_period_of_fewer_days_than_the_profile_asks_for():
    return period("2026-09-24", 10)


@finds(
    "C7 回执2026-09-23签署，次日起算，第1日为2026-09-24 / receipt signed 2026-09-23; the next day is day one, so day 1 is 2026-09-24",
    "R25 2026-09-24无须顺延，退保申请截止于当日 / 2026-09-24 does not roll; a surrender request counts until that day",
)
def a_period_of_one_day():
    return period("2026-09-23", 1, cooling_off__days=1)


@finds(
    "C7 回执2026-12-20签署，次日起算，第15日为2027-01-04 / receipt signed 2026-12-20; the next day is day one, so day 15 is 2027-01-04",
    "R25 2027-01-04无须顺延，退保申请截止于当日 / 2027-01-04 does not roll; a surrender request counts until that day",
    "PROVISIONAL 2027年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户 / the holidays of 2027 are not known yet: counted Monday to Friday, provisional, never told to a customer as final",
)
def a_period_into_a_year_that_is_not_known():
    return period("2026-12-20")


@finds(
    "C7 回执2023-12-16签署，次日起算，第15日为2023-12-31 / receipt signed 2023-12-16; the next day is day one, so day 15 is 2023-12-31",
    "R25 2023-12-31不是工作日，退保申请顺延至其后第一个工作日2024-01-02；回访期限不顺延 / 2023-12-31 is not a working day: a surrender request still counts on 2024-01-02, the first working day after it; the callback's own end does not move",
    "PROVISIONAL 2024年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户 / the holidays of 2024 are not known yet: counted Monday to Friday, provisional, never told to a customer as final",
)
def a_period_that_rolls_into_a_year_that_is_not_known():
    return cooling_off(d("2023-12-16"), 15, DEFAULTS, Calendar(CALENDAR.special, range(2004, 2024)))


@finds(
    "R16 银保通件2026-09-01承保，2026-09-02抽取 / bank-direct, underwritten 2026-09-01: listed 2026-09-02",
    "R20 尚无回执签署日，犹豫期未起算 / no receipt date yet: the cooling-off period has not begun",
)
def a_case_without_a_receipt():
    return case()


@finds(
    "R16 银保通件2026-09-01承保，2026-09-02抽取 / bank-direct, underwritten 2026-09-01: listed 2026-09-02",
    "C7 回执2026-09-05签署，次日起算，第15日为2026-09-20 / receipt signed 2026-09-05; the next day is day one, so day 15 is 2026-09-20",
    "R25 2026-09-20无须顺延，退保申请截止于当日 / 2026-09-20 does not roll; a surrender request counts until that day",
    "C57 至2026-09-16零点仍联系不上且已拨打过，移交机构 / dialled and still not reached at 00:00 of 2026-09-16: handed to the branch",
)
def a_case_with_its_receipt():
    return case("2026-09-05", "2026-09-08")


@finds(
    "R16 银保通件2026-09-01承保，2026-09-02抽取 / bank-direct, underwritten 2026-09-01: listed 2026-09-02",
    "C42 未见回执签署日，以核销日2026-09-24代替并注明为估计 / no signature date: the write-off date 2026-09-24 stands in for it and is marked as estimated",
    "C7 回执2026-09-24签署，次日起算，第15日为2026-10-09 / receipt signed 2026-09-24; the next day is day one, so day 15 is 2026-10-09",
    "R25 2026-10-09无须顺延，退保申请截止于当日 / 2026-10-09 does not roll; a surrender request counts until that day",
    "C57 至2026-09-29零点仍联系不上且已拨打过，移交机构 / dialled and still not reached at 00:00 of 2026-09-29: handed to the branch",
)
def a_case_with_a_write_off_alone():
    return case(None, "2026-09-24")


@finds(
    "R16 银保通件2026-09-30承保，2026-10-01抽取 / bank-direct, underwritten 2026-09-30: listed 2026-10-01",
    "S16 2026-10-01不是工作日，不抽取清单，顺延至2026-10-08 / 2026-10-01 is not a working day and lists are not drawn then: 2026-10-08",
    "R20 尚无回执签署日，犹豫期未起算 / no receipt date yet: the cooling-off period has not begun",
)
def a_case_listed_on_a_holiday():
    return case(underwritten="2026-09-30", calendar__extract_on_holidays=False)


@finds(
    "R16 银保通件2027-01-01承保，2027-01-02抽取 / bank-direct, underwritten 2027-01-01: listed 2027-01-02",
    "PROVISIONAL 2027年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户 / the holidays of 2027 are not known yet: counted Monday to Friday, provisional, never told to a customer as final",
    "S16 2027-01-02不是工作日，不抽取清单，顺延至2027-01-04 / 2027-01-02 is not a working day and lists are not drawn then: 2027-01-04",
    "R20 尚无回执签署日，犹豫期未起算 / no receipt date yet: the cooling-off period has not begun",
)
def a_case_listed_in_a_year_that_is_not_known():
    return case(underwritten="2027-01-01", calendar__extract_on_holidays=False)


@finds(
    "R19 回执签署日未知，是否期内待定 / no receipt date yet: whether it was inside the period is not decided",
)
def a_callback_of_no_known_period():
    return window("2026-09-28", None, None)


@finds(
    "R23 2026-09-09的回访早于2026-09-10签署回执，须自2026-09-10起至2026-09-25补访 / the callback of 2026-09-09 precedes the signature of 2026-09-10: a supplementary one is due from then until 2026-09-25",
)
def a_callback_before_the_signature():
    return window("2026-09-09")


@finds(
    "R19 2026-09-10在犹豫期内（至2026-09-25） / 2026-09-10 lies inside the period, which ends on 2026-09-25",
)
def a_callback_on_the_day_of_signature():
    return window("2026-09-10")


@finds(
    "R19 2026-09-25在犹豫期内（至2026-09-25） / 2026-09-25 lies inside the period, which ends on 2026-09-25",
)
def a_callback_inside():
    return window("2026-09-25")


@finds(
    "R19 2026-09-28在犹豫期内（至2026-09-28） / 2026-09-28 lies inside the period, which ends on 2026-09-28",
)
def a_callback_inside_a_rolled_window():
    return window("2026-09-28", kpi__window_end="ROLLED")


@finds(
    "R19 2026-10-10已过犹豫期（至2026-09-25） / 2026-10-10 lies after the period, which ended on 2026-09-25",
    "R24 回访后7日内申请退保按犹豫期撤单：至2026-10-17，逢非工作日顺延至2026-10-19 / a surrender within 7 days of the callback is a withdrawal: until 2026-10-17, rolled to the working day 2026-10-19",
)
def a_callback_after_the_end():
    return window("2026-10-10")


@finds(
    "R19 2026-09-28已过犹豫期（至2026-09-25） / 2026-09-28 lies after the period, which ended on 2026-09-25",
    "R24 回访后7日内申请退保按犹豫期撤单：至2026-10-05，逢非工作日顺延至2026-10-08 / a surrender within 7 days of the callback is a withdrawal: until 2026-10-05, rolled to the working day 2026-10-08",
)
def a_callback_whose_grace_rolls():
    return window("2026-09-28")


@finds(
    "R19 2026-09-28已过犹豫期（至2026-09-25） / 2026-09-28 lies after the period, which ended on 2026-09-25",
    "R24 回访后9日内申请退保按犹豫期撤单：至2026-10-07 / a surrender within 9 days of the callback is a withdrawal: until 2026-10-07",
)
def a_callback_whose_grace_does_not_roll():
    return window("2026-09-28", cooling_off__grace_roll="NONE", cooling_off__late_callback_grace_days=9)


@finds(
    "R19 2026-12-26已过犹豫期（至2026-09-25） / 2026-12-26 lies after the period, which ended on 2026-09-25",
    "R24 回访后7日内申请退保按犹豫期撤单：至2027-01-02，逢非工作日顺延至2027-01-04 / a surrender within 7 days of the callback is a withdrawal: until 2027-01-02, rolled to the working day 2027-01-04",
    "PROVISIONAL 2027年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户 / the holidays of 2027 are not known yet: counted Monday to Friday, provisional, never told to a customer as final",
)
def a_callback_whose_grace_reaches_an_unknown_year():
    return window("2026-12-26")


@finds(
    "C13 自2026-09-29起（当日不计）3个工作日，截止于2026-10-09日终 / 3 working days from 2026-09-29, that day not counted: the end of 2026-10-09",
)
def an_order_of_a_working_day():
    return limit("2026-09-29T10:00")


@finds(
    "C53 2026-09-30 17:30后下发，视为2026-10-08下发 / pushed after 17:30 of 2026-09-30: counts as pushed on 2026-10-08",
    "C13 自2026-10-08起（当日不计）3个工作日，截止于2026-10-12日终 / 3 working days from 2026-10-08, that day not counted: the end of 2026-10-12",
)
def an_order_after_hours():
    return limit("2026-09-30T17:40")


@finds(
    "C13 自2026-09-30起（当日不计）3个工作日，截止于2026-10-10日终 / 3 working days from 2026-09-30, that day not counted: the end of 2026-10-10",
)
def an_order_of_a_profile_with_longer_hours():
    return limit("2026-09-30T18:29:59", workorder__day_ends="18:30")


@finds(
    "C53 2026-10-03不是工作日，视为2026-10-08下发 / 2026-10-03 is not a working day: counts as pushed on 2026-10-08",
    "C13 自2026-10-08起（当日不计）3个工作日，截止于2026-10-12日终 / 3 working days from 2026-10-08, that day not counted: the end of 2026-10-12",
)
def an_order_on_a_holiday():
    return limit("2026-10-03T18:00")


@finds(
    "C13 自2026-09-29起（当日不计）3个工作日，截止于2026-10-09日终 / 3 working days from 2026-09-29, that day not counted: the end of 2026-10-09",
    "R86 时限晚于犹豫期截止日2026-10-07，立即升级，须于2026-09-30前处理 / the limit runs past the cooling-off end 2026-10-07: escalated at once, act by 2026-09-30",
)
def an_order_past_the_end():
    return limit("2026-09-29T10:00", 3, "2026-10-07")


@finds(
    "C13 自2026-09-29起（当日不计）3个工作日，截止于2026-10-09日终 / 3 working days from 2026-09-29, that day not counted: the end of 2026-10-09",
    "R86 犹豫期至2026-10-09，须于2026-10-09前处理 / the cooling-off period ends 2026-10-09: act by 2026-10-09",
)
def an_order_inside_the_end():
    return limit("2026-09-29T10:00", 3, "2026-10-09")


@finds(
    "C13 自2026-09-29起（当日不计）3个工作日，截止于2026-10-09日终 / 3 working days from 2026-09-29, that day not counted: the end of 2026-10-09",
)
def an_order_that_no_end_caps():
    return limit("2026-09-29T10:00", 3, "2026-10-07", workorder__cap_by_cooling_off=False)


@finds(
    "C13 自2026-12-30起（当日不计）3个工作日，截止于2027-01-04日终 / 3 working days from 2026-12-30, that day not counted: the end of 2027-01-04",
    "PROVISIONAL 2027年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户 / the holidays of 2027 are not known yet: counted Monday to Friday, provisional, never told to a customer as final",
)
def an_order_into_an_unknown_year():
    return limit("2026-12-30T10:00")


@finds(
    "C13 自2027-12-30起（当日不计）3个工作日，截止于2028-01-04日终 / 3 working days from 2027-12-30, that day not counted: the end of 2028-01-04",
    "PROVISIONAL 2027、2028年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户 / the holidays of 2027, 2028 are not known yet: counted Monday to Friday, provisional, never told to a customer as final",
)
def an_order_across_two_unknown_years():
    return limit("2027-12-30T10:00")


@pytest.mark.parametrize(("make", "told"), CASES)
def test_how_it_is_told(make, told):
    assert asked(make) == list(told)


@pytest.mark.parametrize(
    ("make", "provisional"),
    [
        (a_period_that_ends_on_a_working_day, False),
        (a_period_into_a_year_that_is_not_known, True),
        (a_period_that_rolls_into_a_year_that_is_not_known, True),
        (a_case_with_its_receipt, False),
        (a_case_listed_on_a_holiday, False),
        (a_case_listed_in_a_year_that_is_not_known, True),
        (a_callback_inside, False),
        (a_callback_whose_grace_rolls, False),
        (a_callback_whose_grace_reaches_an_unknown_year, True),
        (an_order_of_a_working_day, False),
        (an_order_into_an_unknown_year, True),
    ],
)
def test_what_is_provisional_is_told_as_such(make, provisional):
    assert make().provisional is provisional
    assert any(told.startswith("PROVISIONAL") for told in asked(make)) is provisional
