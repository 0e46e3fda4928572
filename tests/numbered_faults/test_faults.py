"""Each fault of docs/faults.md by its number, through our own desk, tasks and archive: no attempt twice, no case left in a
call, a recording or a reason for none, and that the judge has nothing to say; for some what became of the attempt."""

import importlib.util
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

HERE = Path(__file__).parent


def loaded(name: str):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name.rpartition('_')[2]}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


plans = loaded("numbered_fault_plans")
pytestmark = [pytest.mark.long, pytest.mark.timeout(1500)]


def test_the_day_came_to_its_end_and_the_judge_finds_nothing(day):
    assert day.open_work == ""
    assert day.broken == []


@pytest.mark.parametrize("plan", plans.PLANS, ids=[f"fault_{plan.id}" for plan in plans.PLANS])
def test_a_fault_strikes_and_nothing_is_lost_or_done_twice(day, plan):
    seen = day.seen[plan.id]
    for row in plan.rows:
        assert seen.struck(row["fault"]), "it never struck"
    # each attempt was written down before and placed once at most, and each call is an attempt's
    created = [event for event in seen.log if event["event"] == "created"]
    ids = [urlsplit(event["url"]).path.rpartition("/")[2] for event in created]
    ours = {call["id"]: call for call in seen.calls}
    assert len(set(ids)) == len(ids)
    assert set(ids) <= set(ours)
    assert {call_id: ours[call_id]["sid"] for call_id in ids} == dict(
        zip(ids, (event["call_sid"] for event in created), strict=True)
    )
    for call in seen.calls:
        assert call["state"] in ("ENDED", "REJECTED")
        assert (call["state"] == "ENDED") == (call["id"] in ids)
        assert call["state"] == "REJECTED" or call["settled_at"] is not None
        if call["answered_at"] is not None:
            kept = [r for r in call["recordings"] if r["state"] == "CLEARED" and r["version_id"]]
            lost = [r for r in call["recordings"] if r["state"] == "LOST" and r["problem"]]
            assert kept or lost, "neither a recording nor a reason"
    assert seen.case["state"] != "IN_CALL"
    assert seen.broken == []


@pytest.mark.parametrize("plan_id", plans.EXPECTED, ids=[f"fault_{plan_id}" for plan_id in plans.EXPECTED])
def test_what_became_of_the_attempt(day, plan_id):
    assert plans.outcome(day.seen[plan_id]) == plans.EXPECTED[plan_id]
