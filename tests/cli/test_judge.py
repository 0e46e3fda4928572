"""`huifang judge` against a database with a broken promise, and one without."""

import asyncio
import json
from datetime import date

import pytest

from cli.main import root
from cli.output import invoke
from rules.calendar import shanghai
from storage import db
from storage.events import record
from storage.ledger import seal_events


@pytest.fixture
def ask(installation, capsys):
    """Run `huifang judge …`, give back (exit code, what it printed)."""

    def run(*args):
        asyncio.run(db.dispose())
        code = invoke(root, ["--lang", "en", "judge", *args])
        return code, capsys.readouterr().out

    return run


def dial_by_night():
    async def write():
        async with db.transaction() as connection:
            at = shanghai(date(2026, 9, 24)).replace(hour=3)
            await record(
                connection, "CALL_RESERVED", at, case_id=7, call_id="c1", person_id=1, number="n", profile="national@1"
            )
        await seal_events(at)
        await db.dispose()

    asyncio.run(write())


def test_nothing_is_broken(ask):
    code, out = ask("--json")
    assert (code, json.loads(out)) == (0, {"events": 0, "broken": [], "checked": list(range(1, 11))})


def test_what_is_broken_is_named(installation, ask):
    asyncio.run(db.dispose())
    dial_by_night()
    code, out = ask("--json")
    document = json.loads(out)
    assert code == 1
    assert document["events"] == 1
    assert {(b["promise"], b["case_id"]) for b in document["broken"]} == {(1, 7), (5, 7)}
    assert all(set(b) == {"promise", "case_id", "message"} and b["message"] for b in document["broken"])
    code, out = ask()
    assert code == 1
    assert "case 7" in out


def test_since(installation, ask):
    asyncio.run(db.dispose())
    dial_by_night()
    code, out = ask("--since", "2026-09-25", "--json")
    assert (code, json.loads(out)["events"]) == (0, 0)
    assert ask("--since", "2026-09-24")[0] == 1
    assert ask("--since", "yesterday")[0] == 2
