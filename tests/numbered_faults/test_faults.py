"""Each fault of docs/faults.md by its number, through our own desk, tasks and archive: what it leaves of the attempts, the case,
its work orders and the recording, and that the judge has nothing to say."""

import pytest

from tests.numbered_faults.looks import as_wanted
from tests.numbered_faults.plans import PLANS

CONTRACTS = 500
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]


def test_the_morning_comes_to_its_end_and_the_judge_finds_nothing(day):
    assert day.open_work == ""
    assert day.broken == []


@pytest.mark.parametrize("plan", PLANS, ids=[f"fault_{plan.id}" for plan in PLANS])
def test_what_is_left_of(day, plan):
    as_wanted(day.seen[plan.id])


def test_fault_49_no_call_of_ours_is_given_a_document(day):
    """A relative action can only stand in a document that was given with the call; we give an address."""
    created = [event for seen in day.seen.values() for event in seen.log if event["event"] == "created"]
    assert created
    assert all(event["url"].startswith("http") for event in created)
    assert not [
        e for seen in day.seen.values() for e in seen.log if e["event"] == "notification" and e["code"] == 15004
    ]
