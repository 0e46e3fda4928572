import pytest

from rules.parameters import DEFAULTS
from rules.phone_checks import NumberChecks, PhoneFacts, phone_problem, shared_since, usable_numbers
from rules.reasoning import Step

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
        ([PhoneFacts(None, confirmed=False)], {}, "PHONE_INVALID"),
        ([PhoneFacts("+8613800138000", confirmed=False, dead=True)], {}, "PHONE_INVALID"),
        ([PhoneFacts(None, confirmed=False), PhoneFacts("+8613800138000", confirmed=False)], {}, "PHONE_UNCONFIRMED"),
        ([PhoneFacts("+8613800138000", dead=True), PhoneFacts("+8613700137000", confirmed=False)], {}, "PHONE_INVALID"),
    ],
)
def test_phone_problem(numbers, params, problem):
    assert phone_problem(numbers, DEFAULTS.with_params(params)) == problem


@pytest.mark.parametrize(
    ("facts", "problem"),
    [
        (OWN, None),
        (PhoneFacts(None), "PHONE_INVALID"),
        (PhoneFacts("+8613800138000", dead=True, is_agents=True), "PHONE_INVALID"),
        (AGENTS, "PHONE_IS_AGENTS"),
        (PhoneFacts("+8613900139000", is_agents=True, holders=3), "PHONE_IS_AGENTS"),
        (shared(3), "PHONE_SHARED"),
        (PhoneFacts("+8613800138000", confirmed=False), None),  # which says nothing against the number itself
    ],
)
def test_what_is_wrong_with_one_number(facts, problem):
    assert NumberChecks(DEFAULTS).problem_of(facts) == problem


def test_a_number_of_which_nothing_is_known_is_the_policyholders_own():
    assert PhoneFacts("+8613800138000") == PhoneFacts("+8613800138000", 1, False, False, False, True, False)


def test_usable_numbers_keep_their_order_and_stand_once():
    dead = PhoneFacts("+8613700137000", dead=True)
    assert usable_numbers([dead, HOME, OWN, HOME, AGENTS], DEFAULTS) == (HOME.number, OWN.number)
    assert usable_numbers([OWN], DEFAULTS) == (OWN.number,)
    unconfirmed = PhoneFacts("+8613700137000", confirmed=False)
    assert usable_numbers([unconfirmed, OWN], DEFAULTS) == (OWN.number,)
    anyhow = DEFAULTS.with_params({"phone.dial_unconfirmed": True})
    assert usable_numbers([unconfirmed, OWN], anyhow) == (unconfirmed.number, OWN.number)
    assert usable_numbers([unconfirmed], anyhow) == (unconfirmed.number,)


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
        ("AT_BRANCH", "VERIFICATION", ["PHONE_IS_AGENTS"], {"holders": 3}, {}, False),
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
    n = facts["holders"]
    assert found == (
        Step(
            "R74",
            f"回访后发现号码由{n}名投保人共用：结果保留，另作品质检查",
            f"{n} policyholders turned out to share the number after the callback: its result stays, and is checked",
        )
        if checked
        else None
    )


def test_of_several_shared_numbers_the_most_shared_is_told():
    numbers = [shared(4), shared(9, confirmed=False), PhoneFacts("m", holders=7), PhoneFacts("n", holders=3), HOME]
    found = shared_since("CLOSED", "STANDARD", [], numbers, DEFAULTS)
    assert found.en.startswith("7 policyholders ")
