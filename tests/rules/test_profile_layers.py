"""Layers, what they say of themselves, and the profile that they make together, whole."""

from dataclasses import replace

import pytest

from rules.parameters import DEFAULTS, PARAMETERS, Bound, ParameterError
from rules.profiles import (
    ALIASES,
    ORDER,
    REGULATORS,
    Layer,
    LayerKind,
    LayersDisagree,
    LooserValue,
    as_params,
    combine,
    entries,
    is_looser,
    label,
    must_be_usable,
    must_leave_time,
    must_not_be_looser,
    override,
    shown,
    stricter_of,
    strictest,
    unit,
)

NATIONAL, LOCAL, CONTRACT, COMPANY, BRANCH = LayerKind
BASE = Layer(NATIONAL, "base", "1", {"cooling_off.days": 15, "calling.windows": ["09:00-21:00"]}, DEFAULTS.values)
TOWN = Layer(LOCAL, "town", "2", {"script.simplified": False}, {"attempts.max_total": 8})
HOUSE = Layer(COMPANY, "house", "3", values={"attempts.max_total": 7, "workorder.sla": {"LETTER": 4}})
SHOP = Layer(BRANCH, "shop", "4", values={"attempts.max_total": 6})


def test_a_layer_and_its_owner():
    assert (TOWN.id, TOWN.owner_zh, TOWN.owner_en) == ("town@2", "town@2（地方）", "town@2 (local)")
    owners = [Layer(kind, "x", "1").owner_zh for kind in LayerKind]
    assert owners == ["x@1（全国）", "x@1（地方）", "x@1（合同）", "x@1（公司）", "x@1（机构）"]
    assert repr(HOUSE) == "Layer(kind=<LayerKind.COMPANY: 'COMPANY'>, name='house', version='3')"
    assert Layer(COMPANY, "x", "1") == Layer(COMPANY, "x", "1", {}, {})
    assert Layer(COMPANY, "x", "1") != Layer(COMPANY, "x", "1", values={"attempts.max_total": 3})
    assert len({hash(Layer(kind, name, v)) for kind in (COMPANY, BRANCH) for name in "ab" for v in "12"}) == 8
    assert ORDER == (NATIONAL, LOCAL, CONTRACT, COMPANY, BRANCH)
    assert REGULATORS == (NATIONAL, LOCAL, CONTRACT)


@pytest.mark.parametrize(
    ("kind", "floors", "values", "message"),
    [
        (COMPANY, {"cooling_off.days": 20}, {}, "x@1: a company sets values, floors are set by law and regulators"),
        (BRANCH, {"cooling_off.days": 20}, {}, "x@1: a branch sets values, floors are set by law and regulators"),
        (LOCAL, {"extraction.strategy": "E3"}, {}, "x@1: extraction.strategy is a plain choice and has no floor"),
        (LOCAL, {"cooling_off.days": "20"}, {}, "cooling_off.days is a whole number, not '20'"),
        (LOCAL, {}, {"cooling_off.days": "20"}, "cooling_off.days is a whole number, not '20'"),
        (LOCAL, {}, {"cooling_off.weeks": 2}, "no parameter is called 'cooling_off.weeks'"),
    ],
)
def test_what_is_no_layer(kind, floors, values, message):
    with pytest.raises(ParameterError) as refused:
        Layer(kind, "x", "1", floors, values)
    assert str(refused.value) == message


def test_floors_are_set_by_law_and_regulators():
    for kind in REGULATORS:
        assert Layer(kind, "x", "1", {"cooling_off.days": 20}).floors == {"cooling_off.days": 20}


def test_a_value_that_can_be_used():
    must_be_usable("calling.windows", ("09:00-12:00",))
    must_be_usable("scope.extra_product_codes", ())
    for name in ("calling.windows", "calling.allowed_days"):
        with pytest.raises(ParameterError) as refused:
            must_be_usable(name, ())
        assert str(refused.value) == f"{name} names at least one"


@pytest.mark.parametrize(
    ("strategy", "by_channel", "offset", "days", "left"),
    [
        ("E2", {}, 11, 15, True), ("E2", {}, 12, 15, False), ("E2", {}, 7, 10, False), ("E2", {}, 6, 10, True),
        ("E1", {}, 30, 15, True), ("E1", {"ONLINE": "E2"}, 12, 15, False), ("E2", {"ONLINE": "E1"}, 12, 15, False),
    ],
)  # fmt: skip
def test_regime_e2_leaves_time_to_call(strategy, by_channel, offset, days, left):
    values = {
        "extraction.strategy": strategy, "extraction.strategy_by_channel": by_channel,
        "extraction.issue_offset_days": offset, "cooling_off.days": days,
    }  # fmt: skip
    if left:
        must_leave_time(values)
        return
    with pytest.raises(ParameterError) as refused:
        must_leave_time(values)
    assert str(refused.value) == (
        f"extraction.issue_offset_days: issue + {offset} days leaves too little of a cooling-off period of {days} days"
    )


# ---------------------------------------------------------------- the stricter of two


@pytest.mark.parametrize(
    ("name", "strict", "loose"),
    [
        ("cooling_off.days", 20, 15),
        ("attempts.max_total", 7, 9),
        ("quality.standard_share", 3.5, 3.0),
        ("matrix.fees_for_all_types", True, False),
        ("script.simplified", False, True),
        ("workorder.day_ends", "17:45", "17:30"),
        ("cooling_off.start", "NEXT_DAY", "SAME_DAY"),
        ("calling.windows", ("09:30-12:00",), ("09:00-12:00", "14:00-15:00")),
        ("calling.allowed_days", ("MON",), ("MON", "TUE")),
        ("scope.extra_product_codes", ("A", "B"), ("B",)),
    ],
)
def test_which_of_two_is_looser(name, strict, loose):
    assert is_looser(name, loose, strict) is True
    assert is_looser(name, strict, loose) is False
    assert is_looser(name, strict, strict) is False
    assert stricter_of(name, strict, loose) == stricter_of(name, loose, strict) == strict


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (("09:00-12:00",), ("12:00-14:00",), ()),
        (("09:05-12:10",), ("09:00-12:09",), ("09:05-12:09",)),
        (("09:00-12:00", "12:00-14:00"), ("09:00-20:00",), ("09:00-14:00",)),
        (("09:00-12:00", "14:00-20:30"), ("11:59-14:01",), ("11:59-12:00", "14:00-14:01")),
    ],
)
def test_the_hours_that_two_windows_share(one, other, both):
    assert stricter_of("calling.windows", one, other) == stricter_of("calling.windows", other, one) == both


def test_neither_of_two_that_overlap_is_the_stricter():
    assert is_looser("calling.allowed_days", ("MON", "TUE"), ("TUE", "WED"))
    assert is_looser("calling.allowed_days", ("TUE", "WED"), ("MON", "TUE"))
    assert stricter_of("calling.allowed_days", ("TUE", "MON"), ("MON", "TUE", "WED")) == ("MON", "TUE")
    assert stricter_of("scope.extra_product_codes", ("B",), ("A",)) == ("A", "B")
    assert is_looser("scope.extra_product_codes", ("B",), ("A",))


def test_a_plain_choice_has_no_stricter_side():
    with pytest.raises(ParameterError) as refused:
        stricter_of("extraction.strategy", "E1", "E2")
    assert str(refused.value) == "extraction.strategy is a plain choice: neither value is the stricter one"
    assert is_looser("extraction.strategy", "E1", "E2") is False


# ---------------------------------------------------------------- the profile of a stack


def test_a_profile_whole():
    found = combine([SHOP, HOUSE, BASE, TOWN])
    assert (found.name, found.version, found.id) == ("base@1/town@2/house@3/shop", "4", "base@1/town@2/house@3/shop@4")
    assert found.layers == ("base@1", "town@2", "house@3", "shop@4")
    assert (found.setter_zh, found.setter_en) == ("机构", "branch")
    sla = {**DEFAULTS["workorder.sla"], "LETTER": 4}
    assert dict(found.values) == {**DEFAULTS.values, "attempts.max_total": 6, "workorder.sla": sla}
    whose = {name: found.set_by[name] for name in (
        "attempts.max_total", "workorder.sla.LETTER", "workorder.sla.VISIT", "script.simplified", "cooling_off.days",
        "calling.windows",
    )}  # fmt: skip
    base, town, house = ("base@1（全国）", "base@1 (national)"), ("town@2（地方）", "town@2 (local)"), ("house@3（公司）", "house@3 (company)")  # fmt: skip
    assert whose == {
        "attempts.max_total": ("shop@4（机构）", "shop@4 (branch)"),
        "workorder.sla.LETTER": house,
        "workorder.sla.VISIT": base,
        "script.simplified": town,
        "cooling_off.days": base,
        "calling.windows": base,
    }
    # a branch is bound by all that stands above it, but for plain choices
    assert found.bounds["attempts.max_total"] == Bound(7, *house)
    assert found.bounds["workorder.sla.LETTER"] == Bound(4, *house)
    assert found.bounds["workorder.sla.VISIT"] == Bound(5, *base)
    assert not [name for name in found.bounds if PARAMETERS.get(name) and PARAMETERS[name].stricter == "none"]


def test_a_company_is_bound_by_the_floors_alone():
    found = combine([HOUSE, TOWN, BASE])
    base = "base@1（全国）", "base@1 (national)"
    assert found.bounds == {
        "cooling_off.days": Bound(15, *base),
        "calling.windows": Bound(("09:00-21:00",), *base),
        "script.simplified": Bound(False, "town@2（地方）", "town@2 (local)"),
    }
    assert (found.setter_zh, found.setter_en) == ("公司", "company")
    assert (combine([BASE]).setter_zh, combine([BASE]).bounds.keys()) == (
        "公司",
        {"cooling_off.days", "calling.windows"},
    )


def test_what_a_contract_promises_is_kept_where_it_is_the_stricter_one():
    promise = Layer(CONTRACT, "p", "1", {"cooling_off.days": 30, "attempts.max_total": 9})
    found = combine([BASE, promise, replace(HOUSE, values={"cooling_off.days": 20, "attempts.max_total": 7})])
    assert (found["cooling_off.days"], found["attempts.max_total"]) == (30, 7)
    promised = "p@1（合同）", "p@1 (contract)"
    assert found.set_by["cooling_off.days"] == promised
    assert found.bounds["cooling_off.days"] == Bound(30, *promised)
    assert found.bounds["attempts.max_total"] == Bound(9, *promised)


def test_alike_it_is_the_floor_that_binds():
    floor = Layer(LOCAL, "town", "1", {"attempts.max_total": 9})
    assert combine([BASE, floor]).set_by["attempts.max_total"] == ("town@1（地方）", "town@1 (local)")


def test_the_strictest_of_several_is_nobodys_own():
    floors = [Layer(LOCAL, name, "1", {"calling.windows": [hours]}) for name, hours in (("b", "08:00-19:00"), ("a", "10:00-21:00"))]  # fmt: skip
    found = combine([BASE, *floors])
    assert found["calling.windows"] == ("10:00-19:00",)
    # the national hours alone would leave more
    assert found.set_by["calling.windows"] == ("a@1（地方）、b@1（地方）", "a@1 (local) and b@1 (local)")


def test_the_same_layer_given_twice_counts_once_and_a_name_may_be_given():
    assert combine([BASE, HOUSE, HOUSE]).layers == ("base@1", "house@3")
    named = combine([BASE], "mine", "7")
    assert (named.name, named.version, named.layers) == ("mine", "7", ("base@1",))
    assert combine([BASE], "mine").version == "0"


def test_two_layers_of_one_kind():
    one = Layer(LOCAL, "one", "1", values={"attempts.max_total": 7, "extraction.strategy": "E3"})
    two = Layer(LOCAL, "two", "1", values={"attempts.max_total": 8, "extraction.strategy": "E3"})
    found = combine([BASE, two, one])
    assert (found["attempts.max_total"], found["extraction.strategy"]) == (7, "E3")
    assert found.set_by["attempts.max_total"][1] == "one@1 (local)"
    with pytest.raises(LayersDisagree) as refused:
        combine([BASE, one, replace(two, values={"extraction.strategy": "E2"})])
    assert str(refused.value) == "extraction.strategy: one@1 says E3, two@1 says E2"


def test_what_leaves_nothing_between():
    floors = [Layer(LOCAL, name, "1", {"calling.allowed_days": [day]}) for name, day in (("a", "MON"), ("b", "TUE"))]
    with pytest.raises(LayersDisagree) as refused:
        combine([BASE, *floors])
    assert str(refused.value) == "calling.allowed_days: between a@1 (local) and b@1 (local) nothing is left"


def test_what_no_layer_states():
    values = {name: value for name, value in DEFAULTS.values.items() if name not in ("vip.k2", "late.max_days")}
    with pytest.raises(ParameterError) as refused:
        combine([Layer(NATIONAL, "base", "1", values=values)])
    assert str(refused.value) == "not stated by any layer: late.max_days, vip.k2"
    floor = Layer(LOCAL, "town", "1", {"late.max_days": 20}, {"vip.k2": 2.0})
    assert combine([Layer(NATIONAL, "base", "1", values=values), floor])["late.max_days"] == 20


def test_a_company_may_state_what_nobody_bounds_and_a_range_holds_for_everybody():
    assert combine([BASE, replace(HOUSE, values={"attempts.max_total": 40})])["attempts.max_total"] == 40
    for values, message in (
        ({"attempts.max_total": 0}, "attempts.max_total is at least 1, not 0"),
        ({"workorder.sla": {"LETTER": 0}}, "workorder.sla.LETTER is at least 1, not 0"),
        ({"calling.windows": []}, "calling.windows names at least one"),
    ):
        with pytest.raises(ParameterError) as refused:
            combine([BASE, replace(HOUSE, values=values)])
        assert str(refused.value) == message


# ---------------------------------------------------------------- several profiles of one person


def test_the_strictest_of_several_profiles():
    one = combine([BASE, HOUSE])
    other = combine([BASE, Layer(COMPANY, "a", "1", values={
        "attempts.max_total": 9, "workorder.sla": {"LETTER": 3, "VISIT": 4}, "extraction.strategy": "E3",
        "calling.windows": ["10:00-21:00"],
    })])  # fmt: skip
    found = strictest([one, other])
    assert found == strictest([other, one, other])
    assert (found.name, found.version) == ("base@1/a@1|base@1/house", "3")
    assert found["attempts.max_total"] == 7
    assert (found["workorder.sla"]["LETTER"], found["workorder.sla"]["VISIT"]) == (3, 4)
    assert found["extraction.strategy"] == "E3"  # no side is stricter: the first by its id
    assert found["calling.windows"] == ("10:00-20:30",)
    assert one["workorder.sla"]["LETTER"] == 4
    assert strictest([one]) is one


def test_an_entry_that_only_one_profile_has_is_kept():
    one, other = DEFAULTS, replace(DEFAULTS, version="1", values={**DEFAULTS.values, "cooling_off.days_by_channel": {"ONLINE": 20}})  # fmt: skip
    assert strictest([one, other])["cooling_off.days_by_channel"] == {"ONLINE": 20}


# ---------------------------------------------------------------- in words


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("cooling_off.days", 15, "15天", "15 days"),
        ("cooling_off.days", 1, "1天", "1 day"),
        ("retention.recording_years", 20, "20年", "20 years"),
        ("workorder.sla", 1, "1个工作日", "1 working day"),
        ("attempts.min_gap_hours", 3, "3小时", "3 hours"),
        ("appointment.tolerance_minutes", 10, "10分钟", "10 minutes"),
        ("quality.impersonation_recheck_months", 6, "6个月", "6 months"),
        ("attempts.max_total", 9, "9次", "9 dials"),
        ("script.explanations", 2, "2次", "2 times"),
        ("refusal.max_recalls", 1, "1次", "1 call"),
        ("identity.retries", 0, "0次", "0 retries"),
        ("letter.reminders", 1, "1次", "1 reminder"),
        ("identity.elements", 2, "2个要素", "2 elements"),
        ("phone.shared_threshold", 3, "3人", "3 policyholders"),
        ("refusal.deliberate_hangups", 2, "2次", "2 hang-ups"),
        ("quality.standard_share", 3.5, "3.5%", "3.5 %"),
        ("spotcheck.daily", 3, "3", "3 clients"),  # no word of its own
        ("script.simplified", True, "true", "true"),
        ("calling.windows", ("09:00-12:00", "14:00-18:00"), "09:00-12:00、14:00-18:00", "09:00-12:00, 14:00-18:00"),
        ("calling.allowed_days", [], "–", "–"),
        ("workorder.day_ends", "17:30", "17:30", "17:30"),
    ],
)
def test_a_value_as_a_sentence_says_it(name, value, zh, en):
    assert (shown(PARAMETERS[name], value, "zh"), shown(PARAMETERS[name], value, "en")) == (zh, en)


def test_units():
    days = PARAMETERS["cooling_off.days"]
    assert (unit(days, "zh"), unit(days, "en")) == ("天", "days")
    assert (unit(PARAMETERS["spotcheck.daily"], "zh"), unit(PARAMETERS["spotcheck.daily"], "en")) == ("", "clients")


def test_a_looser_value_is_refused_in_both_languages():
    key, bound = ("workorder.sla", "LETTER"), Bound(3, "甲", "one")
    must_not_be_looser(key, 3, bound, ("乙", "other"))
    must_not_be_looser(key, 2, bound, ("乙", "other"))
    with pytest.raises(LooserValue) as refused:
        must_not_be_looser(key, 4, bound, ("乙", "other"))
    assert refused.value.zh == "workorder.sla.LETTER：乙的4个工作日比甲的3个工作日宽松，不能采用"
    en = "workorder.sla.LETTER: 4 working days, set by other, is looser than 3 working days, set by one"
    assert refused.value.en == str(refused.value) == en


# ---------------------------------------------------------------- single values


def test_every_value_by_its_key():
    given = {"attempts.max_total": 6, "workorder.sla": {"LETTER": 3, "VISIT": 4}, "calling.windows": ["09:00-12:00"]}
    assert list(entries(given)) == [
        (("attempts.max_total", None), 6),
        (("workorder.sla", "LETTER"), 3),
        (("workorder.sla", "VISIT"), 4),
        (("calling.windows", None), ("09:00-12:00",)),
    ]
    assert (label(("a.b", None)), label(("a.b", "C"))) == ("a.b", "a.b.C")


@pytest.mark.parametrize(
    ("given", "params"),
    [
        ({"extraction.strategy": "E3"}, {"extraction.strategy": "E3"}),
        (
            {"script.simplified": "false", "attempts.max_total": " 6 "},
            {"script.simplified": False, "attempts.max_total": 6},
        ),
        ({"workorder.sla": {"LETTER": 3}, "workorder.sla.VISIT": "4"}, {"workorder.sla": {"LETTER": 3, "VISIT": 4}}),
        ({"workorder.sla.VISIT": 4, "workorder.sla": {"LETTER": 3}}, {"workorder.sla": {"VISIT": 4, "LETTER": 3}}),
        ({"mapping.language.sla": 2}, {"workorder.sla": {"LANGUAGE_BARRIER": 2, "HEARING_OR_AGE": 2}}),
        ({"extraction.strategy_by_channel.ONLINE": "E1"}, {"extraction.strategy_by_channel": {"ONLINE": "E1"}}),
        ({"penalty.table.AGENT.AGENT": "2000"}, {"penalty.table": {"AGENT.AGENT": 2000}}),
        ({"vip.k1.1": "2.5"}, {"vip.k1": {"1": 2.5}}),
    ],
)
def test_parameters_as_a_person_gives_them(given, params):
    assert as_params(given) == params


def test_names_that_stand_for_several_entries():
    assert ALIASES == {"mapping.language.sla": ("workorder.sla", ("LANGUAGE_BARRIER", "HEARING_OR_AGE"))}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"attempts.maximum": 3}, "no parameter is called 'attempts.maximum'"),
        ({"attempts.max_total.MORNING": 3}, "no parameter is called 'attempts.max_total.MORNING'"),
        ({"workorder.sla.LETTER": "soon"}, "workorder.sla.LETTER is a whole number, not 'soon'"),
        ({"attempts.max_total": 0}, "attempts.max_total is at least 1, not 0"),
        ({"calling.allowed_days": ""}, "calling.allowed_days names at least one"),
        (
            {"cooling_off.days": 14},
            "cooling_off.days: 14 days, set by this question (company), is looser than 15 days, set by base@1 (national)",
        ),
    ],
)
def test_what_cannot_be_set_for_a_question(given, message):
    with pytest.raises(ParameterError) as refused:
        override(combine([BASE]), given)
    assert str(refused.value) == message


def test_a_question_is_told_whose_value_it_may_not_loosen():
    with pytest.raises(LooserValue) as refused:
        override(combine([BASE, HOUSE, SHOP]), {"workorder.sla.LETTER": 5})
    zh = "workorder.sla.LETTER：本次提问（机构）的5个工作日比house@3（公司）的4个工作日宽松，不能采用"
    assert refused.value.zh == zh
    changed = override(combine([BASE, HOUSE, SHOP]), {"workorder.sla.LETTER": 3})
    assert (changed["workorder.sla"]["LETTER"], changed["workorder.sla"]["VISIT"]) == (3, 5)
    assert changed.name == "base@1/house@3/shop"
