"""The values a parameter takes, as a company writes them, and a profile of such values."""

import hashlib
from dataclasses import replace

import pytest

from rules.parameters import (
    DEFAULTS,
    PARAMETERS,
    Bound,
    Parameter,
    ParameterError,
    Profile,
    checked,
    from_text,
    parameter,
    plain,
    plain_number,
    typed,
)


def test_every_parameter_takes_its_own_default():
    assert {row.name: checked(row.name, row.default) for row in PARAMETERS.values()} == DEFAULTS.values


def test_a_parameter_is_a_plain_choice_without_bounds_and_is_read_unless_it_says_otherwise():
    assert Parameter("group.name", 1, "days", "C1", "天数", "days") == Parameter(
        "group.name", 1, "days", "C1", "天数", "days", "none", None, None, None, True
    )


def test_a_parameter_is_found_by_its_name():
    assert parameter("attempts.max_total") is PARAMETERS["attempts.max_total"]


DAYS = "MON, TUE, WED, THU, FRI, SAT, SUN"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("attempts.maximum", 3, "no parameter is called 'attempts.maximum'"),
        ("attempts.max_total", "9", "attempts.max_total is a whole number, not '9'"),
        ("attempts.max_total", True, "attempts.max_total is a whole number, not True"),
        ("attempts.max_total", 9.5, "attempts.max_total is a whole number, not 9.5"),
        ("attempts.max_total", 0, "attempts.max_total is at least 1, not 0"),
        ("identity.elements", 4, "identity.elements is at most 3, not 4"),
        ("identity.elements", 1, "identity.elements is at least 2, not 1"),
        ("quality.standard_share", "3", "quality.standard_share is a number, not '3'"),
        ("quality.standard_share", True, "quality.standard_share is a number, not True"),
        ("quality.standard_share", float("nan"), "quality.standard_share is a number, not nan"),
        ("quality.standard_share", float("inf"), "quality.standard_share is a number, not inf"),
        ("quality.standard_share", 100.5, "quality.standard_share is at most 100, not 100.5"),
        ("quality.standard_share", -0.5, "quality.standard_share is at least 0, not -0.5"),
        ("calling.on_public_holidays", "yes", "calling.on_public_holidays is true or false, not 'yes'"),
        ("calling.on_public_holidays", 1, "calling.on_public_holidays is true or false, not 1"),
        ("cooling_off.start", "TODAY", "cooling_off.start is one of SAME_DAY, NEXT_DAY, not 'TODAY'"),
        ("cooling_off.start", 1, "cooling_off.start is a word, not 1"),
        ("workorder.day_ends", "25:00", "workorder.day_ends is a time of day such as 17:30, not '25:00'"),
        ("workorder.day_ends", "24:00", "workorder.day_ends is a time of day such as 17:30, not '24:00'"),
        ("workorder.day_ends", "17:60", "workorder.day_ends is a time of day such as 17:30, not '17:60'"),
        ("workorder.day_ends", "17:300", "workorder.day_ends is a time of day such as 17:30, not '17:300'"),
        ("report.annual.due", "13-01", "report.annual.due is a day of the year such as 12-31, not '13-01'"),
        ("report.annual.due", "12-32", "report.annual.due is a day of the year such as 12-31, not '12-32'"),
        ("report.annual.due", "00-10", "report.annual.due is a day of the year such as 12-31, not '00-10'"),
        ("report.annual.due", "10-00", "report.annual.due is a day of the year such as 12-31, not '10-00'"),
        ("calling.windows", "09:00-20:30", "calling.windows is a list of words, not '09:00-20:30'"),
        ("calling.windows", [9, 20], "calling.windows is a list of words, not [9, 20]"),
        ("calling.windows", ["09:00-12:00", 14], "calling.windows is a list of words, not ['09:00-12:00', 14]"),
        ("calling.windows", ["9-20"], "calling.windows holds windows such as 09:00-20:30, not '9-20'"),
        ("calling.windows", ["20:00-09:00"], "calling.windows holds windows such as 09:00-20:30, not '20:00-09:00'"),
        ("calling.windows", ["09:00-09:00"], "calling.windows holds windows such as 09:00-20:30, not '09:00-09:00'"),
        ("calling.allowed_days", ["MONDAY"], f"calling.allowed_days holds {DAYS}, not MONDAY"),
        ("calling.allowed_days", ["SUN", "X", "A"], f"calling.allowed_days holds {DAYS}, not A, X"),
        ("workorder.sla", 3, "workorder.sla is a table of numbers, not 3"),
        ("workorder.sla", {"REFUSED": 0}, "workorder.sla.REFUSED is at least 1, not 0"),
        ("workorder.sla", {"REFUSED": "2"}, "workorder.sla.REFUSED is a whole number, not '2'"),
        ("vip.k1", {"1": "2"}, "vip.k1.1 is a number, not '2'"),
        ("vip.k1", {"1": -1}, "vip.k1.1 is at least 0, not -1"),
        ("extraction.strategy_by_channel", 3, "extraction.strategy_by_channel is a table of words, not 3"),
        ("extraction.strategy_by_channel", {"ONLINE": 1}, "extraction.strategy_by_channel.ONLINE is a word, not 1"),
        (
            "extraction.strategy_by_channel",
            {"ONLINE": "E5"},
            "extraction.strategy_by_channel.ONLINE is one of E1, E2, E3, E4_EARLIEST, not 'E5'",
        ),
        ("retention.recording_years", 0, "retention.recording_years is at least 1, not 0"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, message):
    with pytest.raises(ParameterError) as refused:
        checked(name, value)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("attempts.max_total", 1, 1),  # the least
        ("identity.elements", 2, 2),
        ("identity.elements", 3, 3),  # the most
        ("quality.standard_share", 100, 100.0),  # both bounds included, a whole number is a number
        ("quality.standard_share", 0, 0.0),
        ("phone.family_exempt", True, True),
        ("workorder.day_ends", "00:00", "00:00"),
        ("workorder.day_ends", "19:05", "19:05"),
        ("workorder.day_ends", "23:59", "23:59"),
        ("report.annual.due", "01-31", "01-31"),
        ("report.annual.due", "09-29", "09-29"),
        ("report.annual.due", "10-10", "10-10"),
        ("report.annual.due", "12-01", "12-01"),
        ("calling.windows", ["09:00-12:00", "14:00-20:30"], ("09:00-12:00", "14:00-20:30")),
        ("calling.windows", ("09:00-09:01",), ("09:00-09:01",)),
        ("calling.windows", [], ()),
        ("calling.allowed_days", ["SUN", "MON"], ("SUN", "MON")),
        ("scope.extra_product_codes", ["whatever it is called"], ("whatever it is called",)),
        ("workorder.sla", {"REFUSED": 1, "LETTER": 7}, {"REFUSED": 1, "LETTER": 7}),
        ("vip.k1", {1: 3}, {"1": 3.0}),
        ("extraction.strategy_by_channel", {"ONLINE": "E2"}, {"ONLINE": "E2"}),
    ],
)
def test_a_value_is_taken_in_the_type_of_its_parameter(name, value, taken):
    found = checked(name, value)
    assert (found, type(found)) == (taken, type(taken))
    if isinstance(taken, dict):
        assert [type(entry) for entry in found.values()] == [type(entry) for entry in taken.values()]


def test_the_type_of_a_value_is_known_whatever_its_size():
    assert typed("identity.elements", 40) == 40
    assert typed("quality.standard_share", 400) == 400.0


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("attempts.max_total", "6", 6),
        ("calling.on_public_holidays", "TRUE", True),
        ("phone.family_exempt", "false", False),
        ("extraction.strategy", "E3", "E3"),
        ("calling.windows", "09:00-12:00, 14:00-18:00", ("09:00-12:00", "14:00-18:00")),
        ("workorder.sla", '{"REFUSED": 2}', {"REFUSED": 2}),
    ],
)
def test_values_as_typed(name, text, value):
    assert from_text(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("attempts.max_total", "six", "attempts.max_total is a whole number, not 'six'"),
        ("attempts.max_total", "0", "attempts.max_total is at least 1, not 0"),
        ("script.simplified", "maybe", "script.simplified is true or false, not 'maybe'"),
        ("workorder.sla", "3", "workorder.sla is a table of numbers, not 3"),
        ("workorder.sla", "REFUSED=2", "workorder.sla is a table, written as JSON, not 'REFUSED=2'"),
        ("x.y", "1", "no parameter is called 'x.y'"),
    ],
)
def test_values_as_typed_are_checked(name, text, message):
    with pytest.raises(ParameterError) as refused:
        from_text(name, text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("extraction.strategy", "  E9 ", "E9"),
        ("extraction.strategy", "12", "12"),
        ("script.simplified", " True ", True),
        ("script.simplified", "FALSE", False),
        ("script.simplified", "nein", "nein"),
        ("calling.windows", " a , b ,, ", ["a", "b"]),
        ("calling.windows", "", []),
        ("workorder.sla", ' {"A": 1} ', {"A": 1}),
        ("quality.standard_share", " 2.5 ", 2.5),
    ],
)
def test_what_a_text_says_before_it_is_checked(name, text, said):
    assert plain(name, text) == said


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("-3", -3), (" 7 ", 7), ("2.50", 2.5), ("-0.5", -0.5), (" 1.5 ", 1.5), ("1.", "1."), (".5", ".5"),
     ("1e3", "1e3"), ("12a", "12a"), ("", ""), ("--1", "--1"), ("1.5x", "1.5x")],
)  # fmt: skip
def test_the_number_that_a_text_is(text, number):
    found = plain_number(text)
    assert (found, type(found)) == (number, type(number))


def test_a_profile_is_the_values_under_its_name_and_version():
    """What bounds a value and whose it is stand beside it, and make no other profile of it."""
    profile = Profile("harbour", "3", {"attempts.max_total": 6})
    assert (profile.bounds, profile.layers, profile.set_by) == ({}, (), {})
    assert (profile.setter_zh, profile.setter_en) == ("公司", "company")
    assert repr(profile) == "Profile(name='harbour', version='3')"
    assert (profile.id, profile["attempts.max_total"]) == ("harbour@3", 6)
    beside = replace(
        profile, bounds={"attempts.max_total": Bound(9, "全国", "national")}, setter_zh="机构", setter_en="branch",
        layers=("national@1",), set_by={"attempts.max_total": ("公司", "company")},
    )  # fmt: skip
    assert beside == profile
    assert hash(beside) == hash(profile)
    assert repr(beside) == repr(profile)
    assert replace(profile, version="4") != profile
    assert replace(profile, values={"attempts.max_total": 5}) != profile
    assert hash(replace(profile, name="hill")) != hash(profile) != hash(replace(profile, version="4"))


def test_the_owner_of_a_bound_is_named_in_both_languages():
    assert Bound(9, "全国版", "national").names == ("全国版", "national")


def test_a_profile_with_other_values_says_so_in_its_id_and_leaves_the_original_alone():
    changed = DEFAULTS.with_params({"attempts.max_total": 6, "workorder.sla": {"REFUSED": 2}})
    assert (changed["attempts.max_total"], DEFAULTS["attempts.max_total"]) == (6, 9)
    assert changed["workorder.sla"]["REFUSED"] == 2
    assert changed["workorder.sla"]["UNREACHABLE"] == 1
    assert DEFAULTS["workorder.sla"]["REFUSED"] == 1
    assert changed.id.startswith("defaults@0+")
    assert changed.id == DEFAULTS.with_params({"workorder.sla": {"REFUSED": 2}, "attempts.max_total": 6}).id
    assert changed.id != DEFAULTS.with_params({"attempts.max_total": 7}).id
    assert DEFAULTS.with_params({}) is DEFAULTS
    assert (DEFAULTS.name, DEFAULTS.version) == ("defaults", "0")


def test_the_id_of_a_profile_with_other_values_is_the_same_on_every_machine():
    """Eight digits of the changed values in the order of their names: a decision names it for twenty years."""
    changed = DEFAULTS.with_params({"workorder.sla": {"REFUSED": 2}, "attempts.max_total": 6})
    said = b'{"attempts.max_total": 6, "workorder.sla": {"REFUSED": 2}}'
    assert changed.id == f"defaults@0+{hashlib.sha256(said).hexdigest()[:8]}"
    with pytest.raises(ParameterError, match="at least 1"):
        DEFAULTS.with_params({"attempts.max_total": 0})


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        DEFAULTS["attempts.maximum"]
