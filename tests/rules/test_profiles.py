from datetime import date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, find, given, settings
from hypothesis import strategies as st

from rules.calling import Appointment, Attempt, Candidate, select
from rules.cases import CaseState
from rules.parameters import DEFAULTS, PARAMETERS, ParameterError, checked
from rules.phone_checks import PhoneFacts
from rules.profiles import (
    Layer,
    LayerKind,
    LayersDisagree,
    LooserValue,
    as_params,
    combine,
    is_looser,
    override,
    stricter_of,
)
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile, profile_names

CALENDAR = seeded_calendar()
NATIONAL, LOCAL, CONTRACT, COMPANY, BRANCH = LayerKind
BASE = Layer(NATIONAL, "base", "1", {"cooling_off.days": 15, "calling.windows": ["09:00-21:00"]}, DEFAULTS.values)
DIRECTED = [name for name, row in PARAMETERS.items() if row.stricter != "none"]


def layer(kind, name="x", floors=None, **values):
    return Layer(kind, name, "1", floors or {}, {key.replace("__", "."): value for key, value in values.items()})


@pytest.mark.parametrize(
    ("name", "one", "other", "stricter"),
    [
        ("cooling_off.days", 10, 15, 15),
        ("attempts.max_total", 9, 7, 7),
        ("matrix.fees_for_all_types", False, True, True),
        ("script.simplified", False, True, False),
        ("workorder.exclude_selling_agent", "ALWAYS", "NEVER", "ALWAYS"),
        ("cooling_off.start", "SAME_DAY", "NEXT_DAY", "NEXT_DAY"),
        ("voicemail.notice", "NONE", "NEUTRAL", "NONE"),
        ("workorder.day_ends", "17:30", "17:00", "17:30"),
        ("quality.standard_share", 3.0, 5.0, 5.0),
        ("calling.windows", ("09:00-12:00", "14:00-20:00"), ("10:00-15:00",), ("10:00-12:00", "14:00-15:00")),
        ("calling.windows", ("13:00-14:00", "09:00-13:00"), ("09:00-21:00",), ("09:00-14:00",)),
        ("calling.allowed_days", ("SUN", "MON"), ("MON", "TUE"), ("MON",)),
        ("phone.blocklist_sources", ("STAFF",), ("AGENTS",), ("AGENTS", "STAFF")),
    ],
)
def test_the_stricter_of_two_values(name, one, other, stricter):
    assert stricter_of(name, one, other) == stricter_of(name, other, one) == stricter


@pytest.mark.parametrize("name", [name for name, row in PARAMETERS.items() if row.stricter == "none"])
def test_a_plain_choice_has_no_stricter_side(name):
    with pytest.raises(ParameterError, match="plain choice"):
        stricter_of(name, PARAMETERS[name].default, PARAMETERS[name].default)
    assert not is_looser(name, PARAMETERS[name].default, PARAMETERS[name].default)


def values_of(name):
    """Values that a parameter can take; of a table, of one entry."""
    row = PARAMETERS[name]
    entry = next(iter(row.default.values()), 1) if isinstance(row.default, dict) else row.default
    if isinstance(entry, bool):
        return st.booleans()
    if isinstance(entry, int | float):
        top = row.most if row.most is not None else (row.least or 0) + 40
        numbers = st.integers(int(row.least or 0), int(top))
        return numbers.map(float) if isinstance(entry, float) else numbers
    if name == "calling.windows":
        hours = st.tuples(st.integers(0, 22), st.integers(1, 23)).filter(lambda pair: pair[0] < pair[1])
        return st.lists(hours.map(lambda pair: f"{pair[0]:02}:00-{pair[1]:02}:30"), min_size=1, max_size=3).map(tuple)
    if row.unit == "time of day":
        return st.integers(0, 23).map(lambda hour: f"{hour:02}:15")
    if isinstance(entry, tuple):
        words = st.sampled_from(row.choices or ("ONE", "TWO", "THREE"))
        return st.lists(words, min_size=1, unique=True).map(tuple)
    return st.sampled_from(row.choices)


@st.composite
def two_values(draw):
    name = draw(st.sampled_from(DIRECTED))
    return name, draw(values_of(name)), draw(values_of(name))


@given(two_values())
def test_the_stricter_one_is_looser_than_neither_and_there_is_none_less_strict(drawn):
    name, one, other = drawn
    stricter = stricter_of(name, one, other)
    assert not is_looser(name, stricter, one)
    assert not is_looser(name, stricter, other)
    if not is_looser(name, one, other):
        assert not is_looser(name, one, stricter)
        assert not is_looser(name, stricter, one)
    assert stricter_of(name, stricter, one) == stricter_of(name, one, stricter)


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize(
    ("layers", "parameter", "value"),
    [
        ([], "cooling_off.days", 15),
        ([layer(LOCAL, floors={"cooling_off.days": 10})], "cooling_off.days", 15),
        ([layer(LOCAL, floors={"cooling_off.days": 20})], "cooling_off.days", 20),
        ([layer(LOCAL, floors={"calling.windows": ["10:00-22:00"]})], "calling.windows", ("10:00-20:30",)),
        ([layer(COMPANY, cooling_off__days=18), layer(BRANCH, "y", cooling_off__days=19)], "cooling_off.days", 19),
        ([layer(COMPANY, calling__windows=["09:00-21:00"])], "calling.windows", ("09:00-21:00",)),
        ([layer(COMPANY, attempts__max_total=12)], "attempts.max_total", 12),  # nobody sets it: free
        ([layer(COMPANY, extraction__strategy="E3")], "extraction.strategy", "E3"),
        ([layer(BRANCH, extraction__strategy="E3")], "extraction.strategy", "E3"),
        ([layer(LOCAL, extraction__strategy="E2")], "extraction.strategy", "E2"),
        ([layer(CONTRACT, floors={"cooling_off.days": 30}), layer(COMPANY, "y", cooling_off__days=20)],
         "cooling_off.days", 30),
        ([layer(CONTRACT, floors={"cooling_off.days": 10})], "cooling_off.days", 15),
        ([layer(LOCAL, "one", attempts__max_total=7), layer(LOCAL, "two", attempts__max_total=8)],
         "attempts.max_total", 7),
    ],
)  # fmt: skip
def test_layers_on_top_of_each_other(layers, parameter, value):
    assert combine([BASE, *layers])[parameter] == value


def test_an_entry_that_a_layer_does_not_state_stays_as_it_is_above():
    table = combine([BASE, layer(COMPANY, workorder__sla={"REFUSED": 1, "LETTER": 4})])["workorder.sla"]
    assert (table["LETTER"], table["VISIT"]) == (4, 5)
    assert DEFAULTS["workorder.sla"]["LETTER"] == 5


def test_two_regulators_that_leave_no_hour():
    two = [layer(LOCAL, n, floors={"calling.windows": [w]}) for n, w in (("a", "09:00-12:00"), ("b", "14:00-18:00"))]
    with pytest.raises(
        LayersDisagree, match=r"calling\.windows: between .*a@1 .local. and b@1 .local. nothing is left"
    ):
        combine([BASE, *two])


@pytest.mark.parametrize(
    ("layers", "en", "zh"),
    [
        ([layer(COMPANY, cooling_off__days=10)],
         "cooling_off.days: 10 days, set by x@1 (company), is looser than 15 days, set by base@1 (national)",
         "cooling_off.days：x@1（公司）的10天比base@1（全国）的15天宽松，不能采用"),
        ([layer(LOCAL, "town", floors={"script.simplified": False}), layer(BRANCH, script__simplified=True)],
         "script.simplified: true, set by x@1 (branch), is looser than false, set by town@1 (local)",
         "script.simplified：x@1（机构）的true比town@1（地方）的false宽松，不能采用"),
        ([layer(COMPANY, "house", workorder__sla={"LETTER": 1}), layer(BRANCH, workorder__sla={"LETTER": 2})],
         "workorder.sla.LETTER: 2 working days, set by x@1 (branch), is looser than 1 working day, "
         "set by house@1 (company)",
         "workorder.sla.LETTER：x@1（机构）的2个工作日比house@1（公司）的1个工作日宽松，不能采用"),
        ([layer(COMPANY, "house", workorder__sla={"LETTER": 1}), layer(BRANCH, workorder__sla={"VISIT": 6})],
         "workorder.sla.VISIT: 6 working days, set by x@1 (branch), is looser than 5 working days, "
         "set by base@1 (national)",
         "workorder.sla.VISIT：x@1（机构）的6个工作日比base@1（全国）的5个工作日宽松，不能采用"),
        ([layer(LOCAL, "town", floors={"calling.windows": ["10:00-22:00"]}), layer(COMPANY, calling__windows=["09:00-12:00"])],
         "calling.windows: 09:00-12:00, set by x@1 (company), is looser than 10:00-21:00, "
         "set by base@1 (national) and town@1 (local)",
         "calling.windows：x@1（公司）的09:00-12:00比base@1（全国）、town@1（地方）的10:00-21:00宽松，不能采用"),
    ],
)  # fmt: skip
def test_a_looser_value_is_refused_with_both_values_and_both_layers(layers, en, zh):
    with pytest.raises(LooserValue) as refusal:
        combine([BASE, *layers])
    assert (str(refusal.value), refusal.value.zh) == (en, zh)


def test_floors_are_not_for_a_company():
    with pytest.raises(ParameterError, match="floors are set by law"):
        layer(COMPANY, floors={"cooling_off.days": 20})


def test_a_plain_choice_is_no_floor():
    with pytest.raises(ParameterError, match="plain choice"):
        layer(LOCAL, floors={"extraction.strategy": "E3"})


def test_two_layers_of_one_kind_that_choose_differently():
    two = [layer(LOCAL, "one", extraction__strategy="E2"), layer(LOCAL, "two", extraction__strategy="E3")]
    with pytest.raises(LayersDisagree, match=r"extraction\.strategy: one@1 says E2, two@1 says E3"):
        combine([BASE, *two])


def test_something_has_to_be_stated_by_somebody():
    with pytest.raises(ParameterError, match="not stated by any layer: .*attempts.max_total"):
        combine([layer(COMPANY, cooling_off__days=20)])


def test_the_name_of_a_stack_lists_its_layers_from_above():
    assert combine([layer(BRANCH, "b"), layer(COMPANY, "c"), BASE]).id == "base@1/c@1/b@1"
    assert combine([BASE], "mine", "3").id == "mine@3"


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"extraction.strategy": "E2", "extraction.issue_offset_days": 11}, False),
        ({"extraction.strategy": "E2", "extraction.issue_offset_days": 12}, True),
        ({"extraction.strategy_by_channel": {"AGENCY": "E2"}, "extraction.issue_offset_days": 12}, True),
        ({"extraction.issue_offset_days": 12}, False),
        ({"extraction.strategy": "E2", "extraction.issue_offset_days": 12, "cooling_off.days": 16}, False),
    ],
)
def test_a_regime_that_leaves_no_time_is_refused_when_it_is_loaded(values, refused):
    """C43: issue + n days leaves more than three days of the least period."""
    layers = [BASE, Layer(COMPANY, "c", "1", values=values)]
    if not refused:
        assert combine(layers)["extraction.issue_offset_days"] in (11, 12)
        return
    with pytest.raises(ParameterError, match=r"extraction.issue_offset_days: issue \+ 12 days leaves too little"):
        combine(layers)


@st.composite
def stacks(draw):
    """A national layer and up to four others that state a few things, strict or not."""
    layers = [BASE]
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from([LOCAL, CONTRACT, COMPANY, BRANCH]))
        stated = {}
        for name in draw(st.lists(st.sampled_from(DIRECTED), max_size=4, unique=True)):
            value = draw(values_of(name))
            stated[name] = {"LETTER": value} if isinstance(PARAMETERS[name].default, dict) else value
        is_law = kind == CONTRACT or (kind == LOCAL and draw(st.booleans()))
        layers.append(Layer(kind, f"n{number}", "1", *((stated, {}) if is_law else ({}, stated))))
    return layers


def combined(layers):
    try:
        return combine(layers)
    except ParameterError as refused:
        return str(refused)


@given(stacks())
def test_the_order_in_which_layers_are_given_does_not_matter(layers):
    first = combined(layers)
    for other in list(permutations(layers))[:24]:
        found = combined(other)
        assert found == first
        if not isinstance(first, str):
            assert found.bounds == first.bounds


@given(stacks())
def test_what_is_in_force_is_nowhere_looser_than_a_floor(layers):
    profile = combined(layers)
    assume(not isinstance(profile, str))
    for one in layers:
        for name, floor in one.floors.items():
            values = profile[name]
            if isinstance(floor, dict):
                assert not any(is_looser(name, values[entry], least) for entry, least in floor.items())
            else:
                assert not is_looser(name, values, floor)


@given(stacks(), two_values())
def test_a_further_regulator_never_loosens_anything(layers, drawn):
    name, value, _ = drawn
    law_only = [one for one in layers if one.kind in (NATIONAL, LOCAL, CONTRACT)]
    floor = {name: {"LETTER": value} if isinstance(PARAMETERS[name].default, dict) else value}
    before = combined(law_only)
    assume(not isinstance(before, str))
    after = combined([*law_only, Layer(LOCAL, "further", "1", floor)])
    assume(not isinstance(after, str))
    for parameter in DIRECTED:
        one, other = after[parameter], before[parameter]
        if isinstance(one, dict):
            assert not any(is_looser(parameter, one[entry], other[entry]) for entry in other)
        else:
            assert not is_looser(parameter, one, other)


# ---------------------------------------------------------------- single values for one question


@pytest.mark.parametrize(
    ("given_params", "params"),
    [
        ({"attempts.max_total": "6"}, {"attempts.max_total": 6}),
        ({"attempts.max_total": 6}, {"attempts.max_total": 6}),
        ({"quality.standard_share": "4.5"}, {"quality.standard_share": 4.5}),
        ({"quality.standard_share": 4}, {"quality.standard_share": 4.0}),
        ({"workorder.sla.REFUSED": "2", "workorder.sla.LETTER": 3}, {"workorder.sla": {"REFUSED": 2, "LETTER": 3}}),
        ({"workorder.sla": '{"LETTER": 3}', "workorder.sla.REFUSED": "2"},
         {"workorder.sla": {"LETTER": 3, "REFUSED": 2}}),
        ({"mapping.language.sla": "1"}, {"workorder.sla": {"LANGUAGE_BARRIER": 1, "HEARING_OR_AGE": 1}}),
        ({"after_verification.recall_by.UNREACHABLE": "BRANCH"}, {"after_verification.recall_by": {"UNREACHABLE": "BRANCH"}}),
        ({"calling.windows": "09:00-12:00,14:00-18:00"}, {"calling.windows": ("09:00-12:00", "14:00-18:00")}),
    ],
)  # fmt: skip
def test_parameters_as_given(given_params, params):
    assert as_params(given_params) == params


@pytest.mark.parametrize(
    ("profile", "given_params", "sentence"),
    [
        ("national", {"cooling_off.days": "10"},
         "cooling_off.days: 10 days, set by this question (company), is looser than 15 days, set by national@1 (national)"),
        ("national", {"retention.recording_years": 10}, "10 years.*looser than 20 years"),
        ("national", {"cooling_off.late_callback_grace_days": 5}, "5 days.*looser than 7 days"),
        ("national", {"calling.windows": "08:00-20:00"}, "08:00-20:00.*looser than 09:00-21:00"),
        ("national", {"script.require_explicit_answer": "false"}, "false.*looser than true"),
        ("local-2g", {"script.simplified": "true"}, r"true, .*looser than false, set by local-2g@1 \(local\)"),
        ("company-example", {"cooling_off.days": 14}, "set by this question .company.*set by national@1"),
        ("branch-example", {"attempts.max_total": 9}, "9 dials, set by this question .branch.*company-example@1"),
    ],
)  # fmt: skip
def test_what_the_layers_above_forbid(profile, given_params, sentence):
    pattern = sentence if ".*" in sentence else sentence.replace("(", r"\(").replace(")", r"\)")
    with pytest.raises(LooserValue, match=pattern):
        override(load_profile(profile), given_params)


@pytest.mark.parametrize(
    ("profile", "given_params"),
    [
        ("national", {"extraction.strategy": "E3"}),
        ("national", {"calling.on_public_holidays": "true"}),
        ("national", {"phone.family_exempt": True}),
        ("national", {"script.simplified": True}),
        ("national", {"callback.allow_authorised_proxy": True}),
        ("national", {"cooling_off.days": 16}),
        ("national", {"cooling_off.start": "SAME_DAY"}),
        ("national", {"calling.windows": "09:00-21:00"}),
        ("national-10", {"cooling_off.days": 10}),
        ("company-example", {"cooling_off.days": 15}),  # the company's own value, put otherwise
        ("branch-example", {"attempts.max_total": 6}),
    ],
)
def test_what_they_permit(profile, given_params):
    changed = override(load_profile(profile), given_params)
    assert {name: changed[name] for name in given_params} == as_params(given_params)


@pytest.mark.parametrize(
    ("given_params", "message"),
    [
        ({"attempts.maximum": 3}, "no parameter is called 'attempts.maximum'"),
        ({"attempts.max_total": "nine"}, "whole number"),
        ({"attempts.max_total": 0}, "at least 1"),
        ({"refusal.max_recalls": 3}, "at most 2"),
        ({"calling.windows": ""}, "at least one"),
        ({"calling.allowed_days": []}, "at least one"),
        ({"workorder.sla.REFUSED": "soon"}, r"workorder\.sla\.REFUSED is a whole number"),
        ({"workorder.sla": "soon"}, "written as JSON"),
        ({"extraction.strategy": "E5"}, "one of E1"),
        ({"calling.allowed_days": "MONDAY"}, "holds MON"),
        ({"report.annual.due": "13-01"}, "day of the year"),
    ],
)
def test_what_is_no_value(given_params, message):
    with pytest.raises(ParameterError, match=message):
        override(load_profile("national"), given_params)


# ---------------------------------------------------------------- stricter profiles and calls

# what permits or forbids a dial. Left out: how far a duty reaches (which contracts are in scope is no permission), and
# what trades one moment for another (hand-over, tolerance of appointments), which has no stricter side
CALLING = (
    "calling.windows", "calling.allowed_days", "calling.on_public_holidays", "calling.dialect_agent_only",
    "attempts.max_attempts_per_day", "attempts.min_gap_hours", "attempts.different_day_parts", "attempts.min_days",
    "attempts.max_total", "late.max_days", "identity.elements", "phone.shared_threshold", "phone.family_exempt",
    "phone.family_exempt_max", "phone.allow_self_policy", "phone.dial_unconfirmed",
)  # fmt: skip
SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 9, 21)  # Mid-Autumn on Friday


@st.composite
def two_profiles(draw):
    """A profile and one that is at least as strict in everything that permits a call."""
    loose = DEFAULTS.with_params({n: draw(values_of(n)) for n in draw(st.sets(st.sampled_from(CALLING), max_size=4))})
    tighter = {
        n: stricter_of(n, loose[n], draw(values_of(n))) for n in draw(st.sets(st.sampled_from(CALLING), min_size=1))
    }
    strict = loose.with_params(tighter)
    # nobody may forbid every call: nothing of the law's own hours left, or no day
    assume(
        stricter_of("calling.windows", strict["calling.windows"], ("09:00-21:00",)) and strict["calling.allowed_days"]
    )
    return loose, strict


@st.composite
def situations(draw):
    """One person with one policy, and everything that was dialled for him or on his numbers before."""
    now = datetime(2026, 9, 21, tzinfo=SHANGHAI) + timedelta(days=draw(st.integers(0, 6)))
    now += timedelta(minutes=draw(st.integers(9 * 60, 21 * 60 - 1)))
    rarely = st.sampled_from([False, False, False, True])
    numbers = tuple(
        PhoneFacts(
            number=f"n{n}",
            holders=draw(st.sampled_from([1, 1, 2, 3, 4])),
            is_agents=draw(rarely),
            self_policy=draw(st.booleans()),
            confirmed=not draw(rarely),
            related=draw(st.booleans()),
        )
        if draw(st.booleans())
        else PhoneFacts(number=f"n{n}")
        for n in range(draw(st.integers(1, 3)))
    )  # fmt: skip
    appointment = None
    if draw(st.booleans()):
        when = now + timedelta(minutes=draw(st.integers(-60, 600)))
        appointment = Appointment(when, None, draw(st.sampled_from(["POLICYHOLDER", "THIRD_PARTY"])))
    results = st.sampled_from(["NO_ANSWER", "BUSY_LINE", "POWERED_OFF", "THIRD_PARTY"])
    attempts = []
    for _ in range(draw(st.sampled_from([0, 1, 1, 2, 2, 3, 6, 8]))):
        at = now - timedelta(minutes=draw(st.integers(1, 7 * 24 * 60)))
        own = draw(st.booleans())
        attempts.append(
            Attempt(at, 1 if own else 2, draw(st.sampled_from(["n0", "n1", "n2"])), draw(results),
                    draw(st.booleans()), (1,) if own else (9,))
        )  # fmt: skip
    end = MONDAY + timedelta(days=draw(st.integers(-10, 15)))
    case = Candidate(
        case_id=1, policy_no="P1", person_id=1, state=CaseState.CALLABLE, callable_on=MONDAY - timedelta(days=30),
        nominal_end=draw(st.sampled_from([end, None])), handover_at=None, birth_date=None,
        language=draw(st.sampled_from(["zh-CN", "zh-CN", "yue"])), in_scope=True, special_callback=False, numbers=numbers,
        identity_elements=draw(st.sampled_from([3, 3, 2])), appointment=appointment, script="s", class_=None, reasons=(),
    )  # fmt: skip
    return case, attempts, now


def permitted(situation, profile):
    case, attempts, now = situation
    return bool(select([case], attempts, now=now, calendar=CALENDAR, profile=profile).callable)


@given(two_profiles(), situations())
def test_a_stricter_profile_never_permits_a_call_that_a_looser_one_forbids(profiles, situation):
    loose, strict = profiles
    if permitted(situation, strict):
        assert permitted(situation, loose)


@given(st.sampled_from([name for name in profile_names() if name != "national-10"]), situations())
def test_nor_does_a_shipped_one_under_the_national(name, situation):
    if permitted(situation, load_profile(name)):
        assert permitted(situation, load_profile("national"))


def test_the_situations_drawn_here_permit_calls_and_forbid_them():
    find(situations(), lambda situation: permitted(situation, DEFAULTS))
    find(situations(), lambda situation: not permitted(situation, DEFAULTS))


@pytest.mark.parametrize("name", CALLING)
def test_what_permits_a_call_has_a_stricter_side(name):
    assert PARAMETERS[name].stricter != "none"


@pytest.mark.parametrize("name", DIRECTED)
@settings(max_examples=8)
@given(data=st.data())
def test_values_drawn_for_these_tests_are_values(name, data):
    value = data.draw(values_of(name))
    checked(name, {"LETTER": value} if isinstance(PARAMETERS[name].default, dict) else value)
