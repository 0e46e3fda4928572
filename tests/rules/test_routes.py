from datetime import date

import pytest

from rules.parameters import DEFAULTS
from rules.routes import Resources, completed_years, route

TODAY = date(2026, 11, 23)
YOUNG, OLD = date(1990, 1, 1), date(1961, 11, 23)
AGENT_ONLY = {"calling.dialect_agent_only": True}


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
    ],
)
def test_who_makes_the_call(language, born, resources, params, by, hold):
    found = route(language, born, resources, TODAY, DEFAULTS.with_params(params))
    assert (found.by, found.hold) == (by, hold)
    assert found.steps


@pytest.mark.parametrize(("born", "years"), [("1961-11-23", 65), ("1961-11-24", 64), ("1960-02-29", 66)])
def test_completed_years(born, years):
    assert completed_years(date.fromisoformat(born), TODAY) == years
