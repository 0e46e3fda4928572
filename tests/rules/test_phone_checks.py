import pytest

from rules.parameters import DEFAULTS
from rules.phone_checks import PhoneFacts, phone_problem, shared_since, usable_numbers

FAMILY = {"phone.family_exempt": True}
OWN = PhoneFacts("+8613800138000")
HOME = PhoneFacts("+862123456789")


def shared(holders, **facts):
    return PhoneFacts("+8613800138000", holders=holders, **facts)


AGENTS = PhoneFacts("+8613900139000", is_agents=True)


# AC-09, AC-10 and their edges
@pytest.mark.parametrize(
    ("numbers", "params", "problem"),
    [
        ([OWN], {}, None),
        ([], {}, "PHONE_INVALID"),
        ([PhoneFacts(None)], {}, "PHONE_INVALID"),
        ([PhoneFacts("+8613800138000", dead=True)], {}, "PHONE_INVALID"),
        ([PhoneFacts("+8613800138000", dead=True), HOME], {}, None),
        ([shared(2)], {}, None),
        ([shared(3)], {}, "PHONE_SHARED"),
        ([shared(2)], {"phone.shared_threshold": 2}, "PHONE_SHARED"),
        ([shared(3), HOME], {}, None),
        ([shared(3, related=True)], {}, "PHONE_SHARED"),
        ([shared(3, related=True)], FAMILY, None),
        ([shared(3)], FAMILY, "PHONE_SHARED"),  # one stranger among them
        ([shared(4, related=True)], FAMILY, "PHONE_SHARED"),
        ([AGENTS], {}, "PHONE_IS_AGENTS"),
        ([PhoneFacts("+8613900139000", is_agents=True, self_policy=True)], {}, None),
        (
            [PhoneFacts("+8613900139000", is_agents=True, self_policy=True)],
            {"phone.allow_self_policy": False},
            "PHONE_IS_AGENTS",
        ),
        ([PhoneFacts("+8613900139000", is_agents=True, holders=3, self_policy=True)], {}, "PHONE_SHARED"),
        ([AGENTS, OWN], {}, None),
        ([PhoneFacts(None), AGENTS], {}, "PHONE_IS_AGENTS"),
        ([shared(3), AGENTS], {}, "PHONE_IS_AGENTS"),
        ([PhoneFacts("+8613800138000", confirmed=False)], {}, "PHONE_UNCONFIRMED"),
        ([PhoneFacts("+8613800138000", confirmed=False)], {"phone.dial_unconfirmed": True}, None),
        ([PhoneFacts("+8613800138000", dead=True), PhoneFacts("+8613700137000", confirmed=False)], {}, "PHONE_INVALID"),
    ],
)
def test_phone_problem(numbers, params, problem):
    assert phone_problem(numbers, DEFAULTS.with_params(params)) == problem


def test_usable_numbers_keep_their_order_and_stand_once():
    dead = PhoneFacts("+8613700137000", dead=True)
    assert usable_numbers([dead, HOME, OWN, HOME, AGENTS], DEFAULTS) == (HOME.number, OWN.number)


@pytest.mark.parametrize(
    ("state", "class_", "reasons", "facts", "params", "checked"),
    [
        ("CLOSED", "STANDARD", [], {"holders": 3}, {}, True),  # AC-09
        ("CLOSED", "STANDARD", [], {"holders": 2}, {}, False),
        ("CLOSED", "STANDARD", [], {"holders": 2}, {"phone.shared_threshold": 2}, True),
        ("CLOSED", "STANDARD", [], {"holders": 3, "related": True}, FAMILY, False),
        ("CLOSED", "STANDARD", [], {"holders": 3, "confirmed": False}, {}, False),
        ("AT_BRANCH", "QUESTION", ["FEES_UNCLEAR"], {"holders": 3}, {}, True),
        ("IN_REVIEW", "QUESTION", ["FEES_UNCLEAR"], {"holders": 3}, {}, True),
        ("AT_BRANCH", "VERIFICATION", ["PHONE_SHARED"], {"holders": 3}, {}, False),
        ("AT_BRANCH", "VERIFICATION", ["UNREACHABLE", "PHONE_INVALID"], {"holders": 3}, {}, False),
        ("ASLEEP", "VERIFICATION", ["CONTRACT_NOT_RECEIVED"], {"holders": 3}, {}, True),
        # to be rung again: that call is what is not made
        ("CALLABLE", "QUESTION", ["FEES_UNCLEAR"], {"holders": 3}, {}, False),
        ("WAITING", "STANDARD", [], {"holders": 3}, {}, False),
        ("APPOINTED", "QUESTION", [], {"holders": 3}, {}, False),
        ("IN_CALL", "QUESTION", [], {"holders": 3}, {}, False),
        ("NOT_REQUIRED", "STANDARD", [], {"holders": 3}, {}, False),
        ("AT_BRANCH", None, [], {"holders": 3}, {}, False),
    ],
)
def test_shared_since(state, class_, reasons, facts, params, checked):
    found = shared_since(state, class_, reasons, [PhoneFacts("n", **facts)], DEFAULTS.with_params(params))
    assert (found is not None) == checked
    assert found is None or (
        found.rule == "R74" and str(facts["holders"]) in found.zh and str(facts["holders"]) in found.en
    )
