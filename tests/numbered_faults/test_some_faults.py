"""A short morning with some of the faults of test_faults.py, one of each kind."""

import pytest

from tests.numbered_faults import plans
from tests.numbered_faults.looks import as_wanted

PLANS = tuple(plan for plan in plans.PLANS if plan.id in plans.SOME)
CONTRACTS = 90
pytestmark = pytest.mark.timeout(600)


def test_the_morning_comes_to_its_end_and_the_judge_finds_nothing(day):
    assert day.open_work == ""
    assert day.broken == []


@pytest.mark.parametrize("plan", PLANS, ids=[f"fault_{plan.id}" for plan in PLANS])
def test_what_is_left_of(day, plan):
    as_wanted(day.seen[plan.id])
