"""When a contract enters the list under each regime, whole and with its reason; and when a sleeping case wakes."""

from datetime import date

import pytest

from rules.list_dates import ContractDates, list_date, receipts_missing_since, wakes_on
from rules.parameters import DEFAULTS
from rules.reasoning import Step


def d(text):
    return date.fromisoformat(text) if text else None


def contract(channel="AGENCY", **dates):
    return ContractDates(channel, "PARTICIPATING", **{f"{name}_on": d(day) for name, day in dates.items()})


def under(strategy="E4_EARLIEST", **values):
    named = {name.replace("__", "."): value for name, value in values.items()}
    return DEFAULTS.with_params({"extraction.strategy": strategy, **named})


BANK = "BANK_DIRECT"
CAP = {"underwritten": "2026-09-01"}  # and 15 days: 09-16


@pytest.mark.parametrize(
    ("profile", "given", "listed", "own_limit", "steps"),
    [
        # E1: on the day of write-off, to be completed within ten days
        (under("E1"), contract(**CAP), None, None, ["R12 | 回执尚未核销，未到抽取日 | the receipt is not written off: no list date"]),
        (
            under("E1"), contract(receipt_written_off="2026-09-10", **CAP), "2026-09-10", "2026-09-20",
            [
                "R12 | 回执2026-09-10核销，当日抽取 | receipt written off on 2026-09-10: listed that day",
                "S17 | 核销后10日内完成，即至2026-09-20 | to be completed within 10 days of write-off, by 2026-09-20",
            ],
        ),
        # E2: issue and ten days
        (under("E2"), contract(**CAP), None, None, ["R13 | 没有出单日，未到抽取日 | no issue date: no list date"]),
        (
            under("E2"), contract(issued="2026-09-02", **CAP), "2026-09-12", None,
            ["R13 | 2026-09-02出单，10日后为2026-09-12 | issued 2026-09-02, 10 days on: 2026-09-12"],
        ),
        (
            under("E2", extraction__issue_offset_days=11), contract(issued="2026-09-02"), "2026-09-13", None,
            ["R13 | 2026-09-02出单，11日后为2026-09-13 | issued 2026-09-02, 11 days on: 2026-09-13"],
        ),
        # E3: the earlier of receipt entry and a day, print and seven days
        (under("E3"), contract(**CAP), None, None, ["R14 | 没有回执录入日和打印日 | neither receipt entry nor print date is known"]),
        (
            under("E3"), contract(receipt_entered="2026-09-08"), "2026-09-09", None,
            [
                "R14 | 回执录入次日（2026-09-09）与打印后7日（无）取早者：2026-09-09"
                " | the earlier of receipt entry + 1 (2026-09-09) and print + 7 (none): 2026-09-09"
            ],
        ),
        (
            under("E3"), contract(printed="2026-09-03"), "2026-09-10", None,
            [
                "R14 | 回执录入次日（无）与打印后7日（2026-09-10）取早者：2026-09-10"
                " | the earlier of receipt entry + 1 (none) and print + 7 (2026-09-10): 2026-09-10"
            ],
        ),
        (
            under("E3"), contract(printed="2026-09-03", receipt_entered="2026-09-08"), "2026-09-09", None,
            [
                "R14 | 回执录入次日（2026-09-09）与打印后7日（2026-09-10）取早者：2026-09-09"
                " | the earlier of receipt entry + 1 (2026-09-09) and print + 7 (2026-09-10): 2026-09-09"
            ],
        ),
        # bank-direct: E3 goes by entry, E4 by underwriting unless the company says entry; the other where one is missing
        (
            under("E3"), contract(BANK, entered="2026-09-05", **CAP), "2026-09-06", None,
            ["R15 | 银保通件2026-09-05录入系统，2026-09-06抽取 | bank-direct, entered 2026-09-05: listed 2026-09-06"],
        ),
        (
            under("E3"), contract(BANK, **CAP), "2026-09-02", None,
            ["R16 | 银保通件2026-09-01承保，2026-09-02抽取 | bank-direct, underwritten 2026-09-01: listed 2026-09-02"],
        ),
        (under("E3"), contract(BANK), None, None, ["R16 | 没有承保日和录入日 | neither underwriting nor entry date is known"]),
        (
            under(), contract(BANK, entered="2026-09-05", **CAP), "2026-09-02", None,
            ["R16 | 银保通件2026-09-01承保，2026-09-02抽取 | bank-direct, underwritten 2026-09-01: listed 2026-09-02"],
        ),
        (
            under(extraction__offset_days=3), contract(BANK, **CAP), "2026-09-04", None,
            ["R16 | 银保通件2026-09-01承保，2026-09-04抽取 | bank-direct, underwritten 2026-09-01: listed 2026-09-04"],
        ),
        (
            under(), contract(BANK, entered="2026-09-05"), "2026-09-06", None,
            ["R15 | 银保通件2026-09-05录入系统，2026-09-06抽取 | bank-direct, entered 2026-09-05: listed 2026-09-06"],
        ),
        (
            under(extraction__bank_direct__anchor="ENTERED"), contract(BANK, entered="2026-09-05", **CAP),
            "2026-09-06", None,
            ["R15 | 银保通件2026-09-05录入系统，2026-09-06抽取 | bank-direct, entered 2026-09-05: listed 2026-09-06"],
        ),
        # E4: the earlier of write-off and a day, underwriting and fifteen days
        (under(), contract(), None, None, ["R17 | 没有核销日和承保日 | neither write-off nor underwriting date is known"]),
        (
            under(), contract(**CAP), "2026-09-16", None,
            [
                "R17 | 回执未核销，以2026-09-01承保后15日为限：2026-09-16"
                " | no write-off: 15 days after underwriting on 2026-09-01 is 2026-09-16"
            ],
        ),
        (
            under(), contract(receipt_written_off="2026-09-10"), "2026-09-11", None,
            [
                "S20 | 回执已核销，以核销后1日2026-09-11为准，不论承保上限"
                " | a known receipt decides: write-off + 1 is 2026-09-11, whatever the cap"
            ],
        ),
        (
            under(extraction__combine="RECEIPT_ELSE_CAP"), contract(receipt_written_off="2026-09-20", **CAP), "2026-09-21",
            None,
            [
                "S20 | 回执已核销，以核销后1日2026-09-21为准，不论承保上限"
                " | a known receipt decides: write-off + 1 is 2026-09-21, whatever the cap"
            ],
        ),
        (
            under(), contract(receipt_written_off="2026-09-10", **CAP), "2026-09-11", None,
            [
                "C3 | 核销后1日（2026-09-11）与承保后15日（2026-09-16）取早者：2026-09-11"
                " | the earlier of write-off + 1 (2026-09-11) and underwriting + 15 (2026-09-16): 2026-09-11"
            ],
        ),
        (
            under(), contract(receipt_written_off="2026-09-20", **CAP), "2026-09-16", None,
            [
                "C3 | 核销后1日（2026-09-21）与承保后15日（2026-09-16）取早者：2026-09-16"
                " | the earlier of write-off + 1 (2026-09-21) and underwriting + 15 (2026-09-16): 2026-09-16"
            ],
        ),
    ],
)  # fmt: skip
def test_the_list_date_and_why(profile, given, listed, own_limit, steps):
    regime, day, limit, why = list_date(given, profile, 15)
    assert (regime, day, limit) == (profile["extraction.strategy"], d(listed), d(own_limit))
    assert [f"{step.rule} | {step.zh} | {step.en}" for step in why] == steps


def test_a_channel_may_have_a_regime_of_its_own():
    profile = under("E1", extraction__strategy_by_channel={"ONLINE": "E2"})
    dates = {"issued": "2026-09-02", "receipt_written_off": "2026-09-10"}
    assert list_date(contract("ONLINE", **dates), profile, 15)[:2] == ("E2", d("2026-09-12"))
    assert list_date(contract("AGENCY", **dates), profile, 15)[:2] == ("E1", d("2026-09-10"))


@pytest.mark.parametrize(("offset", "days", "left"), [(10, 14, True), (11, 14, False), (12, 15, False), (11, 15, True)])
def test_e2_leaves_more_than_three_days_of_the_cooling_off_period(offset, days, left):
    profile, given = under("E2", extraction__issue_offset_days=offset), contract(issued="2026-09-02")
    if left:
        assert list_date(given, profile, days)[0] == "E2"
        return
    with pytest.raises(ValueError) as refused:
        list_date(given, profile, days)
    said = f"C43: issue + {offset} days leaves too little of a cooling-off period of {days} days"
    assert str(refused.value) == said


def test_a_contract_of_which_the_list_says_nothing_has_no_dates():
    assert ContractDates("AGENCY", "HEALTH") == ContractDates("AGENCY", "HEALTH", *[None] * 8)


def test_a_receipt_is_missing_after_a_week():
    assert receipts_missing_since(d("2026-09-24"), DEFAULTS) == d("2026-09-17")


STILL = Step("S3", "尚未收到新的回执，继续休眠", "no receipt since: the case sleeps on")


@pytest.mark.parametrize(
    ("dates", "known"),
    [
        ({}, None),
        ({"receipt_written_off": "2026-09-10"}, None),  # before it fell asleep: that day itself is none after it
        ({"receipt_written_off": "2026-09-11"}, "2026-09-11"),
        ({"receipt_written_off": "2026-09-14", "receipt_entered": "2026-09-12"}, "2026-09-12"),
        ({"receipt_written_off": "2026-09-12", "receipt_entered": "2026-09-14"}, "2026-09-12"),
        ({"receipt_written_off": "2026-09-08", "receipt_entered": "2026-09-14"}, "2026-09-14"),
        ({"receipt_signed": "2026-09-12"}, "2026-09-12"),
        ({"receipt_signed": "2026-09-10"}, None),
        ({"receipt_signed": "2026-09-12", "receipt_entered": "2026-09-14"}, "2026-09-14"),
        ({"receipt_signed": "2026-09-12", "receipt_entered": "2026-09-08"}, None),
    ],
)
def test_a_sleeping_case_wakes_on_the_day_after_the_receipt_became_known(dates, known):
    found = wakes_on(contract(**dates), d("2026-09-10"))
    if known is None:
        assert found == (None, STILL)
        return
    wakes = date(2026, 9, d(known).day + 1)
    zh, en = f"{known}得知回执，次日{wakes}唤醒", f"the receipt became known on {known}: wakes on {wakes}"
    assert found == (wakes, Step("S3", zh, en))
