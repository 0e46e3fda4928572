"""`huifang explain case` against a database: a fresh case, one that nobody knows, one at its branch."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest

from cli.main import root
from cli.output import invoke
from clock import system
from storage import db, settlements
from storage.calendar_days import held_calendar
from storage.organisation import read_organisation
from tasks.settling import decide

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture
def huifang(installation, capsys):
    """Run a command, give back (exit code, document or text)."""

    def run(*words, as_json=True):
        asyncio.run(db.dispose())
        code = invoke(root, ["--lang", "en", *map(str, words), *(["--json"] if as_json else [])])
        out = capsys.readouterr()
        return code, json.loads(out.out) if as_json and code == 0 else out.out + out.err

    return run


@pytest.fixture
def cases(huifang):
    """The sample list, imported: [(case id, policy number, state)]."""
    assert huifang("branches", "import", SAMPLES / "branches.csv")[0] == 0
    assert huifang("import", SAMPLES / "contracts.csv")[0] == 0
    return fetch("SELECT id, policy_no, state FROM cases ORDER BY id")


def fetch(sql, **values):
    async def ask():
        async with db.transaction() as connection:
            found = await db.rows(connection, sql, **values)
        await db.dispose()
        return found

    return asyncio.run(ask())


def test_a_case_by_its_id_and_by_its_policy(huifang, cases):
    for case in cases[:5]:
        code, by_id = huifang("explain", "case", case["id"])
        assert code == 0
        assert (by_id["case_id"], by_id["policy_no"], by_id["state"]) == tuple(case.values())
        assert {"state", "owner", "next", "history"} <= set(by_id)
        assert by_id["next"]["rule"] and by_id["next"]["text"]
        assert by_id["history"][0]["event"] == "CASE_OPENED"
        again = huifang("explain", "case", case["policy_no"])[1]
        assert again["case_id"] == case["id"]


def test_nothing_personal_is_told(huifang, cases):
    names = fetch("SELECT facts FROM contracts ORDER BY policy_no LIMIT 1")
    assert names
    told = json.dumps(huifang("explain", "case", cases[0]["id"])[1], ensure_ascii=False)
    assert "sealed" not in told and "policyholder" not in told


def test_no_such_case(huifang, cases):
    code, said = huifang("explain", "case", "999999")
    assert code == 1 and "999999" in said


@pytest.mark.parametrize("state", ["CLOSED", "NOT_REQUIRED", "ASLEEP", "AT_BRANCH", "APPOINTED", "CALLABLE"])
def test_what_comes_next_in_each_state(huifang, cases, state):
    owner = {"CLOSED": "CLOSED", "NOT_REQUIRED": "CLOSED", "ASLEEP": "BRANCH", "AT_BRANCH": "BRANCH"}.get(state)
    fetch(
        "UPDATE cases SET state = :state, owner = :owner, appointment_at = :at WHERE id = :id RETURNING id",
        state=state,
        owner=owner or "HEAD_OFFICE",
        at=system().now() + timedelta(days=1) if state == "APPOINTED" else None,
        id=cases[0]["id"],
    )
    code, found = huifang("explain", "case", cases[0]["id"])
    what = found["next"]["what"]
    assert code == 0 and found["state"] == state
    expected = {
        "CLOSED": "CLOSED",
        "NOT_REQUIRED": "NOT_REQUIRED",
        "ASLEEP": "WAIT_FOR_RECEIPT",
        "AT_BRANCH": "WITH_BRANCH",
    }
    if state in expected:
        assert what == expected[state]
    else:
        assert what == "RING" or what.startswith("HELD_")
    code, shown = huifang("explain", "case", cases[0]["id"], as_json=False)
    assert code == 0 and "next: " + found["next"]["text"] in shown


def test_a_case_that_went_to_its_branch_tells_why_and_by_when(huifang, cases):
    case = next(c for c in cases if c["state"] in ("CALLABLE", "WAITING"))

    async def settle():
        now = system().now()
        async with db.transaction() as connection:
            calendar = await held_calendar(connection)
            wanted = [(case["id"], "PLAN_USED_UP", "UNREACHABLE")]
            ended = await settlements.cases_to_settle(connection, wanted, now)
            organisation = await read_organisation(connection)
            done = await settlements.save(connection, [(e, decide(e, calendar, organisation)) for e in ended], now)
        await db.dispose()
        return done

    assert asyncio.run(settle()) == (1, 1)
    found = huifang("explain", "case", case["id"])[1]
    assert (found["class"], found["reasons"], found["owner"]) == ("VERIFICATION", ["UNREACHABLE"], "BRANCH")
    assert found["next"]["what"] == "ORDER_VERIFICATION" and found["next"]["at"].endswith("T23:59:59+08:00")
    assert {"C57", "R78", "C13"} <= {step["rule"] for step in found["steps"]}
    settled, issued = found["history"][-2:]
    assert (settled["event"], settled["reasons"], settled["state"]) == ("SETTLED", ["UNREACHABLE"], "AT_BRANCH")
    assert (issued["event"], issued["order_kind"]) == ("ORDER_ISSUED", "VERIFICATION")
