import pytest

from rules.parameters import DEFAULTS, PARAMETERS, ParameterError, checked, from_text


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda p: p.name)
def test_every_parameter_takes_its_own_default_and_says_what_it_is(parameter):
    assert checked(parameter.name, parameter.default) == parameter.default
    assert parameter.meaning_zh
    assert parameter.meaning_en
    assert parameter.source


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("attempts.maximum", 3, "no parameter"),
        ("attempts.max_total", "9", "whole number"),
        ("attempts.max_total", True, "whole number"),
        ("attempts.max_total", 0, "at least 1"),
        ("identity.elements", 4, "at most 3"),
        ("identity.elements", 1, "at least 2"),
        ("calling.on_public_holidays", "yes", "true or false"),
        ("cooling_off.start", "TODAY", "one of SAME_DAY, NEXT_DAY"),
        ("cooling_off.start", 1, "is a word"),
        ("workorder.day_ends", "25:00", "time of day"),
        ("calling.windows", "09:00-20:30", "list of words"),
        ("calling.windows", ["9-20"], "windows such as"),
        ("calling.windows", ["20:00-09:00"], "windows such as"),
        ("calling.allowed_days", ["MONDAY"], "holds MON"),
        ("workorder.sla", 3, "table of numbers"),
        ("workorder.sla", {"REFUSED": 0}, r"workorder\.sla\.REFUSED is at least 1"),
        ("retention.recording_years", 0, "at least 1"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name, value, message):
    with pytest.raises(ParameterError, match=message):
        checked(name, value)


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
    ("name", "text"),
    [("attempts.max_total", "six"), ("script.simplified", "maybe"), ("workorder.sla", "3"), ("x.y", "1")],
)
def test_values_as_typed_are_checked(name, text):
    with pytest.raises(ParameterError):
        from_text(name, text)


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


def test_an_unknown_name_is_an_error():
    with pytest.raises(KeyError):
        DEFAULTS["attempts.maximum"]
