from datetime import date

import pytest

from rules.calling import Candidate
from rules.cases import CaseState
from rules.parameters import DEFAULTS
from rules.routes import Caller, Resources, completed_years, route

TODAY = date(2026, 11, 23)
YOUNG, OLD = date(1990, 1, 1), date(1961, 11, 23)
AGENT_ONLY = {"calling.dialect_agent_only": True}
ROBOTS, AGENTS = {"calling.callers": "ROBOT_ONLY"}, {"calling.callers": "AGENT_ONLY"}
ALL_BUSY = Resources(agents_on_duty=2)


@pytest.mark.parametrize(
    ("language", "born", "resources", "params", "by", "hold"),
    [
        ("zh-CN", YOUNG, Resources(), {}, "robot", None),
        ("zh-CN", YOUNG, Resources(agents_free=2), {}, "robot", None),
        ("zh-CN", YOUNG, Resources(robot=False, agents_free=2), {}, "agent", None),
        ("zh-CN", YOUNG, Resources(robot=False), {}, None, "NEEDS_AGENT"),
        ("zh-CN", OLD, Resources(agents_free=1), {}, "agent", None),
        ("zh-CN", OLD, Resources(), {}, "robot", None),
        ("yue", YOUNG, Resources(dialects=("yue",)), {}, "dialect agent", None),
        ("yue", YOUNG, Resources(), {}, "robot", None),
        ("yue", YOUNG, Resources(), AGENT_ONLY, None, "NO_DIALECT_AGENT"),
        ("yue", YOUNG, Resources(dialects=()), {}, None, "NO_DIALECT_AGENT"),  # they speak one, and are not free
        ("yue", YOUNG, Resources(agents_free=3, dialects=("wuu",)), {}, None, "NO_DIALECT_AGENT"),
        ("yue", OLD, Resources(robot=False, agents_free=3), {}, None, "NO_DIALECT_AGENT"),
        ("zh-CN", None, Resources(), {}, "robot", None),
        # the old wait for an agent who is on duty and busy, the others do not
        ("zh-CN", OLD, ALL_BUSY, {}, None, "NEEDS_AGENT"),
        ("zh-CN", YOUNG, ALL_BUSY, {}, "robot", None),
        # the profile's choice
        ("zh-CN", OLD, Resources(agents_free=1, agents_on_duty=1), ROBOTS, "robot", None),
        ("yue", YOUNG, Resources(dialects=("yue",)), ROBOTS, "robot", None),
        ("zh-CN", YOUNG, Resources(agents_free=1, agents_on_duty=1), AGENTS, "agent", None),
        ("zh-CN", YOUNG, Resources(), AGENTS, None, "NEEDS_AGENT"),
        ("yue", YOUNG, Resources(agents_free=1, dialects=("yue",)), AGENTS, "dialect agent", None),
    ],
)
def test_who_makes_the_call(language, born, resources, params, by, hold):
    found = route(language, born, resources, TODAY, DEFAULTS.with_params(params))
    assert (found.by, found.hold) == (by, hold)
    assert found.steps


@pytest.mark.parametrize(("born", "years"), [("1961-11-23", 65), ("1961-11-24", 64), ("1960-02-29", 66)])
def test_completed_years(born, years):
    assert completed_years(date.fromisoformat(born), TODAY) == years


def test_who_was_not_content_with_the_robot_gets_a_person_while_one_is_there():
    def by(resources):
        return route("zh-CN", YOUNG, resources, TODAY, DEFAULTS, wants_person=True).by

    assert by(Resources(agents_free=1, agents_on_duty=1)) == "agent"
    assert by(ALL_BUSY) is None
    assert by(Resources()) == "robot"


def _case(person, **more):
    return Candidate(person, f"P{person}", person, CaseState.CALLABLE, TODAY, None, None, **more)


YOUNG_ONE, OLD_ONE = _case(1, birth_date=YOUNG), _case(2, birth_date=OLD)
ASKED, CANTONESE, TAKEN = _case(3, wants_person=True), _case(4, language="yue"), _case(5, birth_date=OLD)
ON_DUTY = Resources(agents_free=1, agents_on_duty=2, dialects=("yue",))


@pytest.mark.parametrize(
    ("caller", "params", "rings"),
    [
        (Caller("robot", Resources()), {}, {1, 2, 3, 4, 5}),
        (Caller("robot", ON_DUTY), {}, {1}),
        (Caller("robot", ON_DUTY, taken={1, 5}), {}, set()),
        (Caller("robot", ON_DUTY), ROBOTS, {1, 2, 3, 4, 5}),
        (Caller("robot", Resources()), AGENTS, set()),
        # who speaks it is busy: the robot leaves him to wait, where otherwise it would try
        (Caller("robot", Resources(agents_on_duty=1)), {}, {1, 4}),
        (Caller("robot", Resources(agents_on_duty=1, spoken=("yue",))), {}, {1}),
        (Caller("agent", ON_DUTY, taken={5}), {}, {2, 3}),
        (Caller("agent", ON_DUTY, ("yue",), {5}), {}, {2, 3, 4}),
        (Caller("agent", ON_DUTY), AGENTS, {1, 2, 3, 5}),
        (Caller("agent", ON_DUTY), ROBOTS, set()),
    ],
)
def test_nobody_is_rung_by_two(caller, params, rings):
    profile = DEFAULTS.with_params(params)
    cases = (YOUNG_ONE, OLD_ONE, ASKED, CANTONESE, TAKEN)
    assert {case.person_id for case in cases if not caller.leaves(case, TODAY, profile)} == rings
