from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import SHANGHAI, Calendar, DayKind, shanghai
from rules.deadlines import (
    UnknownLimit,
    callback_window,
    case_dates,
    cooling_off,
    cooling_off_days,
    overdue,
    shortest_limit,
    work_order_limit,
    working_days_for,
)
from rules.list_dates import ContractDates, wakes_on
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar

CALENDAR = seeded_calendar()


def d(text):
    return date.fromisoformat(text) if text else None


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def profile(**values):
    return DEFAULTS.with_params({name.replace("__", "."): value for name, value in values.items()})


# AC-01, AC-02, AC-03, AC-28 and the table above them
@pytest.mark.parametrize(
    ("signed", "days", "start", "nominal_end", "deadline"),
    [
        ("2026-09-24", 15, "NEXT_DAY", "2026-10-09", "2026-10-09"),
        ("2026-09-24", 15, "SAME_DAY", "2026-10-08", "2026-10-08"),
        ("2026-09-24", 10, "NEXT_DAY", "2026-10-04", "2026-10-08"),
        ("2026-09-25", 15, "NEXT_DAY", "2026-10-10", "2026-10-10"),
        ("2026-09-16", 15, "NEXT_DAY", "2026-10-01", "2026-10-08"),
        ("2026-09-22", 15, "NEXT_DAY", "2026-10-07", "2026-10-08"),
        ("2026-09-10", 10, "NEXT_DAY", "2026-09-20", "2026-09-20"),
        ("2026-09-10", 15, "NEXT_DAY", "2026-09-25", "2026-09-28"),
        ("2026-02-05", 15, "NEXT_DAY", "2026-02-20", "2026-02-24"),
        ("2026-11-06", 15, "NEXT_DAY", "2026-11-21", "2026-11-23"),
        ("2026-12-20", 15, "NEXT_DAY", "2027-01-04", "2027-01-04"),
    ],
)
def test_cooling_off(signed, days, start, nominal_end, deadline):
    found = cooling_off(d(signed), days, profile(cooling_off__start=start), CALENDAR)
    assert (found.nominal_end, found.surrender_deadline) == (d(nominal_end), d(deadline))
    assert found.provisional is (nominal_end >= "2027")
    assert {step.rule for step in found.steps} >= {"R25"}
    assert all(step.zh and step.en for step in found.steps)


def test_ac_28_an_unknown_year_is_provisional_and_says_so_until_its_table_is_loaded():
    found = cooling_off(d("2026-12-20"), 15, DEFAULTS, CALENDAR)
    assert found.provisional
    assert "PROVISIONAL" in {step.rule for step in found.steps}
    loaded = Calendar({**CALENDAR.special, date(2027, 1, 4): DayKind.HOLIDAY}, frozenset(CALENDAR.years) | {2027})
    again = cooling_off(d("2026-12-20"), 15, DEFAULTS, loaded)
    assert not again.provisional
    assert again.surrender_deadline == d("2027-01-05")


def test_a_length_below_the_profiles_is_counted_as_asked_and_a_step_says_so():
    assert "C8" in {step.rule for step in cooling_off(d("2026-09-24"), 10, DEFAULTS, CALENDAR).steps}
    assert "C8" not in {step.rule for step in cooling_off(d("2026-09-24"), 15, DEFAULTS, CALENDAR).steps}
    with pytest.raises(ValueError, match="at least one day"):
        cooling_off(d("2026-09-24"), 0, DEFAULTS, CALENDAR)


def test_without_rolling_the_deadline_is_the_nominal_end():
    assert cooling_off(d("2026-09-16"), 15, profile(cooling_off__roll="NONE"), CALENDAR).surrender_deadline == d(
        "2026-10-01"
    )


@pytest.mark.parametrize(
    ("channel", "product", "clause", "params", "days"),
    [
        ("AGENCY", "TRADITIONAL", None, {}, 15),
        ("AGENCY", "TRADITIONAL", 10, {}, 15),
        ("AGENCY", "TRADITIONAL", 20, {}, 20),
        ("AGENCY", "TRADITIONAL", None, {"cooling_off.days": 10}, 10),
        (
            "BANCASSURANCE",
            "TRADITIONAL",
            None,
            {"cooling_off.days": 10, "cooling_off.days_by_channel": {"BANCASSURANCE": 15}},
            15,
        ),
        ("AGENCY", "HEALTH", 12, {"cooling_off.days": 10, "cooling_off.days_by_product_type": {"HEALTH": 15}}, 15),
    ],
)
def test_length_of_the_cooling_off_period(channel, product, clause, params, days):
    assert cooling_off_days(channel, product, clause, DEFAULTS.with_params(params)) == days


# AC-04, AC-05, AC-06 and the edges of the window
@pytest.mark.parametrize(
    ("done", "signed", "nominal_end", "in_window", "grace", "supplementary"),
    [
        ("2026-09-28", "2026-09-10", "2026-09-25", False, "2026-10-08", None),  # AC-04
        ("2026-08-25", "2026-08-03", "2026-08-18", False, "2026-09-01", None),  # AC-05
        ("2026-09-09", "2026-09-11", "2026-09-26", False, None, ("2026-09-11", "2026-09-26")),  # AC-06
        ("2026-09-11", "2026-09-11", "2026-09-26", True, None, None),  # the day of signature is inside
        ("2026-09-26", "2026-09-11", "2026-09-26", True, None, None),
        ("2026-09-27", "2026-09-11", "2026-09-26", False, "2026-10-08", None),  # 10-04 is a holiday
    ],
)
def test_callback_window(done, signed, nominal_end, in_window, grace, supplementary):
    window = callback_window(at(f"{done}T10:00"), d(nominal_end), d(signed), DEFAULTS, CALENDAR)
    assert window.in_window is in_window
    assert window.late is (grace is not None)
    assert window.late_grace_until == d(grace)
    assert window.pre_cooling_off is (supplementary is not None)
    found = window.supplementary_from, window.supplementary_due
    assert found == tuple(map(d, supplementary or (None, None)))


def test_ac_04_strict_grace_and_rolled_window_are_settings():
    strict = profile(cooling_off__grace_roll="NONE")
    window = callback_window(at("2026-09-28T10:00"), d("2026-09-25"), d("2026-09-10"), strict, CALENDAR)
    assert window.late_grace_until == d("2026-10-05")
    rolled = profile(kpi__window_end="ROLLED")
    assert callback_window(at("2026-09-28T10:00"), d("2026-09-25"), d("2026-09-10"), rolled, CALENDAR).in_window


def test_a_callback_late_in_the_evening_counts_for_its_day_in_shanghai():
    utc_evening = datetime.fromisoformat("2026-09-25T15:30:00+00:00")  # 23:30 in Shanghai
    assert callback_window(utc_evening, d("2026-09-25"), d("2026-09-10"), DEFAULTS, CALENDAR).in_window
    utc_night = datetime.fromisoformat("2026-09-25T16:30:00+00:00")
    assert callback_window(utc_night, d("2026-09-25"), d("2026-09-10"), DEFAULTS, CALENDAR).late


def test_without_a_receipt_date_the_window_is_undecided():
    window = callback_window(at("2026-09-28T10:00"), None, None, DEFAULTS, CALENDAR)
    assert (window.in_window, window.late, window.pre_cooling_off) == (None, False, False)


def contract(channel="AGENCY", **dates):
    days = dates.pop("days", None)
    dates.setdefault("underwritten_on", "2026-09-01")
    return ContractDates(channel, "PARTICIPATING", cooling_off_days=days, **{k: d(v) for k, v in dates.items()})


# AC-06, AC-07, AC-08 and each regime
@pytest.mark.parametrize(
    ("params", "contract", "callable_on"),
    [
        ({}, contract("BANK_DIRECT", underwritten_on="2026-09-30"), "2026-10-01"),  # AC-08
        ({}, contract(underwritten_on="2026-09-18"), "2026-10-03"),  # AC-08, other channel, no receipt
        ({}, contract(receipt_signed_on="2026-09-05", receipt_written_off_on="2026-09-08"), "2026-09-09"),
        ({}, contract(receipt_signed_on="2026-09-20", receipt_written_off_on="2026-09-22"), "2026-09-16"),
        ({"extraction.combine": "RECEIPT_ELSE_CAP"}, contract(receipt_written_off_on="2026-09-22"), "2026-09-23"),
        ({"extraction.combine": "RECEIPT_ELSE_CAP"}, contract(), "2026-09-16"),
        ({}, contract("BANK_DIRECT", entered_on="2026-09-04"), "2026-09-02"),
        ({"extraction.bank_direct.anchor": "ENTERED"}, contract("BANK_DIRECT", entered_on="2026-09-04"), "2026-09-05"),
        ({"extraction.bank_direct.anchor": "ENTERED"}, contract("BANK_DIRECT"), "2026-09-02"),
        ({"extraction.strategy": "E1"}, contract(receipt_written_off_on="2026-09-08"), "2026-09-08"),
        ({"extraction.strategy": "E1"}, contract(receipt_signed_on="2026-09-05"), None),
        ({"extraction.strategy": "E2"}, contract(issued_on="2026-09-02"), "2026-09-12"),
        ({"extraction.strategy": "E2"}, contract(), None),
        ({"extraction.strategy": "E3"}, contract(printed_on="2026-09-01", receipt_entered_on="2026-09-04"), "2026-09-05"),
        ({"extraction.strategy": "E3"}, contract(printed_on="2026-09-01", receipt_entered_on="2026-09-07"), "2026-09-08"),
        ({"extraction.strategy": "E3"}, contract(printed_on="2026-09-01", receipt_entered_on="2026-09-12"), "2026-09-08"),
        ({"extraction.strategy": "E3"}, contract(printed_on="2026-09-01"), "2026-09-08"),
        ({"extraction.strategy": "E3"}, contract(receipt_entered_on="2026-09-12"), "2026-09-13"),
        ({"extraction.strategy": "E3"}, contract(), None),
        ({"extraction.strategy": "E3"}, contract("BANK_DIRECT", entered_on="2026-09-04"), "2026-09-05"),
        ({"calendar.extract_on_holidays": False}, contract("BANK_DIRECT", underwritten_on="2026-09-30"), "2026-10-08"),
        # C42: three dates, three uses; the entry alone lists a case under E3 only
        ({}, contract(receipt_entered_on="2026-09-03"), "2026-09-16"),
        ({"extraction.strategy": "E1"}, contract("BANK_DIRECT", receipt_written_off_on="2026-09-08"), "2026-09-08"),
        ({"extraction.offset_days": 2}, contract("BANK_DIRECT"), "2026-09-03"),
        ({"extraction.offset_days": 2}, contract(receipt_written_off_on="2026-09-08"), "2026-09-10"),
        ({"extraction.cap_days": 10}, contract(), "2026-09-11"),
        ({"extraction.strategy": "E3", "extraction.print_cap_days": 5}, contract(printed_on="2026-09-01"), "2026-09-06"),
    ],
)  # fmt: skip
def test_list_date(params, contract, callable_on):
    found = case_dates(contract, DEFAULTS.with_params(params), CALENDAR)
    assert found.callable_on == d(callable_on)
    assert found.regime == params.get("extraction.strategy", "E4_EARLIEST")
    assert found.steps


@pytest.mark.parametrize(("channel", "regime", "callable_on"), [("BANCASSURANCE", "E1", "2026-09-08"), ("AGENCY", "E4_EARLIEST", "2026-09-09")])  # fmt: skip
def test_a_channel_may_have_a_regime_of_its_own(channel, regime, callable_on):
    """C2"""
    params = profile(extraction__strategy_by_channel={"BANCASSURANCE": "E1"})
    found = case_dates(contract(channel, receipt_written_off_on="2026-09-08"), params, CALENDAR)
    assert (found.regime, found.callable_on) == (regime, d(callable_on))


def test_a_list_date_that_rolled_through_an_unknown_year_is_provisional():
    dates = contract(underwritten_on="2026-12-17")  # listed on New Year's Day, of which nobody knows
    moved = case_dates(dates, profile(calendar__extract_on_holidays=False), CALENDAR)
    assert moved.provisional and "PROVISIONAL" in {step.rule for step in moved.steps}
    assert not case_dates(dates, DEFAULTS, CALENDAR).provisional  # the list date itself asks for no holiday


def test_the_dates_of_a_case():
    found = case_dates(
        contract(underwritten_on="2026-09-20", receipt_signed_on="2026-09-24", receipt_written_off_on="2026-09-26"),
        DEFAULTS,
        CALENDAR,
    )
    assert (found.nominal_end, found.surrender_deadline) == (d("2026-10-09"), d("2026-10-09"))
    assert found.handover_at == at("2026-09-29T00:00")  # third working day before 10-09
    assert (found.callable_on, found.cooling_off_days) == (d("2026-09-27"), 15)
    assert not found.provisional
    assert not found.signature_date_estimated


def test_no_receipt_no_cooling_off():
    found = case_dates(contract(), DEFAULTS, CALENDAR)
    assert (found.nominal_end, found.surrender_deadline, found.handover_at) == (None, None, None)
    assert (found.signed_on, found.signature_date_estimated, found.provisional) == (None, False, False)
    assert (found.regime, found.cooling_off_days, found.callable_on) == ("E4_EARLIEST", 15, d("2026-09-16"))


@pytest.mark.parametrize(
    ("by", "key"), [("channel", "AGENCY"), ("product_type", "PARTICIPATING")], ids=["by channel", "by product"]
)
def test_a_case_has_the_length_of_its_channel_and_product(by, key):
    longer = DEFAULTS.with_params({f"cooling_off.days_by_{by}": {key: 20}})
    found = case_dates(contract(receipt_signed_on="2026-09-01"), longer, CALENDAR)
    assert (found.cooling_off_days, found.nominal_end) == (20, d("2026-09-21"))


def test_the_write_off_stands_in_for_a_missing_signature_date():
    found = case_dates(contract(receipt_written_off_on="2026-09-24"), DEFAULTS, CALENDAR)
    assert found.signature_date_estimated
    assert found.nominal_end == d("2026-10-09")


def test_the_contracts_own_clause_may_be_longer_and_another_length_may_be_asked_for():
    dates = contract(receipt_signed_on="2026-09-01", days=20)
    assert case_dates(dates, DEFAULTS, CALENDAR).nominal_end == d("2026-09-21")
    assert case_dates(dates, DEFAULTS, CALENDAR, length=10).nominal_end == d("2026-09-11")


def test_e1_shows_its_own_limit_beside_the_legal_end():
    found = case_dates(contract(receipt_written_off_on="2026-09-08"), profile(extraction__strategy="E1"), CALENDAR)
    assert found.complete_by == d("2026-09-18")


def test_e2_is_blocked_where_it_leaves_no_time():
    with pytest.raises(ValueError, match="C43"):
        case_dates(contract(issued_on="2026-09-02"), profile(extraction__strategy="E2", cooling_off__days=10), CALENDAR)


@pytest.mark.parametrize(
    ("dates", "asleep_since", "wakes"),
    [
        ({"receipt_signed_on": "2026-09-22"}, "2026-09-16", "2026-09-23"),  # AC-14
        ({"receipt_signed_on": "2026-09-22", "receipt_entered_on": "2026-09-24"}, "2026-09-16", "2026-09-25"),
        ({"receipt_entered_on": "2026-09-24", "receipt_written_off_on": "2026-09-26"}, "2026-09-16", "2026-09-25"),
        ({"receipt_entered_on": "2026-09-14", "receipt_written_off_on": "2026-09-26"}, "2026-09-16", "2026-09-27"),
        ({"receipt_entered_on": "2026-09-14"}, "2026-09-16", None),  # S4: the old receipt is disputed
        ({}, "2026-09-16", None),
    ],
)
def test_a_sleeping_case_wakes_the_day_after_its_receipt_is_known(dates, asleep_since, wakes):
    assert wakes_on(contract(**dates), d(asleep_since))[0] == d(wakes)


# AC-13, AC-15, AC-17, AC-19, AC-24
@pytest.mark.parametrize(
    ("pushed", "days", "nominal_end", "due", "act_by", "escalated"),
    [
        ("2026-09-29T10:00", 3, "2026-10-07", "2026-10-09", "2026-09-30", True),  # AC-13
        ("2026-09-29T10:00", 3, None, "2026-10-09", None, False),
        ("2026-09-30T10:00", 5, None, "2026-10-13", None, False),  # AC-15
        ("2026-09-30T10:00", 1, None, "2026-10-08", None, False),  # AC-17
        ("2026-09-24T10:00", 1, None, "2026-09-28", None, False),  # AC-19
        ("2026-09-30T17:40", 3, None, "2026-10-12", None, False),  # AC-24
        ("2026-09-30T17:30", 3, None, "2026-10-10", None, False),  # half past five itself is still that day
        ("2026-09-30T10:00", 3, None, "2026-10-10", None, False),  # AC-24
        ("2026-02-13T10:00", 3, None, "2026-02-25", None, False),  # AC-24
        ("2026-10-03T11:00", 3, None, "2026-10-12", None, False),  # a holiday counts as 10-08
        ("2026-09-20T10:00", 1, None, "2026-09-21", None, False),  # a worked Sunday
        ("2026-09-29T10:00", 3, "2026-10-09", "2026-10-09", "2026-10-09", False),
        ("2026-09-29T10:00", 3, "2026-12-01", "2026-10-09", "2026-10-09", False),
        ("2026-09-29T10:00", 3, "2026-09-20", "2026-10-09", "2026-09-29", True),  # never before the push counts
        ("2026-09-30T18:00", 1, "2026-10-05", "2026-10-09", "2026-10-08", True),
    ],
)
def test_work_order_limit(pushed, days, nominal_end, due, act_by, escalated):
    limit = work_order_limit(at(pushed), days, d(nominal_end), CALENDAR, DEFAULTS)
    assert limit.due_at.isoformat() == f"{due}T23:59:59+08:00"
    assert limit.act_by == d(act_by)
    assert limit.escalated is escalated
    assert limit.working_days == days
    assert not limit.provisional


def test_a_limit_across_an_unknown_year_end_is_provisional():
    assert work_order_limit(at("2026-12-30T10:00"), 3, None, CALENDAR, DEFAULTS).provisional


def test_the_cap_by_the_cooling_off_period_can_be_lifted():
    free = profile(workorder__cap_by_cooling_off=False)
    limit = work_order_limit(at("2026-09-29T10:00"), 3, d("2026-10-07"), CALENDAR, free)
    assert (limit.act_by, limit.escalated) == (None, False)


def test_overdue_begins_after_the_last_second():
    limit = work_order_limit(at("2026-09-29T10:00"), 3, None, CALENDAR, DEFAULTS)
    assert not overdue(limit, at("2026-10-09T23:59:59"))
    assert overdue(limit, shanghai(d("2026-10-10")))


@pytest.mark.parametrize(
    ("reasons", "days"),
    [
        (["UNREACHABLE"], 1),
        (["DENIES_PURCHASE"], 1),
        (["PHONE_SHARED"], 3),
        (["CLAUSES_NOT_SUPPLIED"], 3),
        (["SIGNED_BY_OTHER"], 5),
        (["RECEIPT_UNSIGNED", "FEES_UNCLEAR"], 3),
        (["FEEDBACK_ONLY"], 5),
        (["AFTER_CARE"], 2),
        (["VISIT"], 5),
        (["DELIVERY_REMINDER"], 3),
    ],
)
def test_working_days_by_reason(reasons, days):
    assert shortest_limit(reasons, DEFAULTS) == days


def test_a_reason_without_an_entry_is_an_error_not_a_default():
    with pytest.raises(UnknownLimit, match="SOMETHING_NEW"):
        working_days_for("SOMETHING_NEW", DEFAULTS)
    with pytest.raises(UnknownLimit):
        shortest_limit(["REFUSED", "SOMETHING_NEW"], DEFAULTS)


SIGNED = st.dates(date(2025, 1, 1), date(2027, 6, 30))
INSTANTS = st.datetimes(datetime(2025, 1, 1), datetime(2027, 6, 30)).map(lambda t: t.replace(tzinfo=SHANGHAI))  # noqa: DTZ001


@given(SIGNED, st.integers(1, 30), st.sampled_from(["NEXT_DAY", "SAME_DAY"]))
def test_a_deadline_never_precedes_its_start_and_never_falls_on_a_day_off(signed, days, start):
    found = cooling_off(signed, days, profile(cooling_off__start=start), CALENDAR)
    assert signed <= found.nominal_end <= found.surrender_deadline
    assert CALENDAR.is_working_day(found.surrender_deadline)


@given(INSTANTS, st.integers(1, 15), st.none() | SIGNED)
def test_a_limit_never_precedes_its_push_and_never_falls_on_a_day_off(pushed, days, nominal_end):
    limit = work_order_limit(pushed, days, nominal_end, CALENDAR, DEFAULTS)
    assert pushed < limit.due_at
    assert CALENDAR.is_working_day(limit.due_at.date())
    assert pushed.date() <= limit.counts_from < limit.due_at.date()
    if limit.act_by is not None:
        assert limit.counts_from <= limit.act_by <= limit.due_at.date()
        assert CALENDAR.is_working_day(limit.act_by)
        assert limit.escalated is (limit.due_at.date() > nominal_end)


@given(INSTANTS, st.integers(0, 72), st.integers(1, 15))
def test_a_later_push_is_never_due_earlier(pushed, hours, days):
    later = pushed + timedelta(hours=hours)
    first = work_order_limit(pushed, days, None, CALENDAR, DEFAULTS)
    assert first.due_at <= work_order_limit(later, days, None, CALENDAR, DEFAULTS).due_at


@given(SIGNED, st.integers(0, 60))
def test_late_grace_follows_a_late_callback_only(signed, after):
    end = signed + timedelta(days=15)
    window = callback_window(signed + timedelta(days=after), end, signed, DEFAULTS, CALENDAR)
    assert window.in_window is (after <= 15)
    assert (window.late_grace_until is None) is (after <= 15)
    if window.late_grace_until:
        assert window.late_grace_until >= signed + timedelta(days=after + 7)
        assert CALENDAR.is_working_day(window.late_grace_until)
