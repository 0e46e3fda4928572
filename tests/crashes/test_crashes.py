"""SIGKILL at each named point between reservation and settlement: nobody is dialled twice, no answer is lost."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from clock import Clock
from storage.db import rows, transaction
from storage.judging import judge_stored, snapshot

SCRIPT = Path(__file__).with_name("crash_campaign.py")


async def ask(sql: str, **values) -> list[dict]:
    async with transaction() as connection:
        return await rows(connection, sql, **values)


async def campaign(folder: Path, crashes: int, seed: int) -> dict:
    """Runs it, and returns what it reports."""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(SCRIPT), str(folder), str(crashes), str(seed)],
        cwd=SCRIPT.parents[2],
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[2])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    report = json.loads((folder / "campaign.json").read_text())
    width = max(map(len, report["points"]))
    print(f"\n{report['crashes']} crashes in {report['seconds']} s, at rest after {report['rest_seconds']} s more")
    print("\n".join(f"{name:<{width}} {n:>5}" for name, n in report["points"].items()))
    return report


async def check(folder: Path, report: dict) -> None:
    seen = [json.loads(line) for line in (folder / "carrier.jsonl").read_text().splitlines()]
    of_kind = defaultdict(list)
    for event in seen:
        of_kind[event["event"]].append(event)
    ours = {row["id"]: row for row in await ask("SELECT * FROM calls")}

    # nobody is dialled twice: one call for an attempt, each written down before, and never two to one person at a time
    created = [(urlsplit(e["url"]).path.rpartition("/")[2], e) for e in of_kind["created"]]
    assert len({call_id for call_id, _ in created}) == len(created), "one attempt was dialled twice"
    assert {call_id for call_id, _ in created} <= ours.keys(), "a call without an attempt written down before"
    ended = {e["call_sid"]: e for e in of_kind["ended"]}
    lines = defaultdict(list)
    for call_id, event in created:
        over = ended[event["call_sid"]]["at"]
        lines[ours[call_id]["person_id"]].append((datetime.fromisoformat(event["at"]), datetime.fromisoformat(over)))
    for spans in lines.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False)), "two calls to one person at once"

    # every call is bound to its attempt, and ended and settled with it
    sid_of = {call_id: event["call_sid"] for call_id, event in created}
    for call_id, sid in sid_of.items():
        assert (ours[call_id]["sid"], ours[call_id]["state"]) == (sid, "ENDED")
    left = [r["id"] for r in ours.values() if r["state"] not in ("ENDED", "REJECTED") or r["settled_at"] is None]
    assert left == [], "a call was left open or unsettled"
    assert await ask("SELECT id FROM cases WHERE state = 'IN_CALL'") == []
    never = {r["id"] for r in ours.values() if r["state"] == "REJECTED"}
    assert never.isdisjoint(sid_of), "an attempt was given back that had rung"

    # no answer is lost: whatever the carrier had an answer for stands in the database, with the turn it was given in
    call_of = {sid: call_id for call_id, sid in sid_of.items()}
    told = defaultdict(dict)
    for event in await ask("SELECT call_id, data FROM events WHERE kind = 'TURN'"):
        told[event["call_id"]][event["data"]["turn"]] = event["data"]["answers"]
    by_call = defaultdict(list)
    for event in seen:
        if event["event"] in ("twiml", "said"):
            by_call[event["call_sid"]].append(event)
    answers_acknowledged = 0
    for sid, events in by_call.items():
        for place, event in enumerate(events):
            turn = parse_qs(urlsplit(event.get("url") or "").query).get("turn")
            if event["event"] != "twiml" or event["http"] != 200 or turn is None:
                continue
            said = next((e["text"] for e in events[place + 1 :] if e["event"] == "said"), "")
            if said in report["words"] or ours[call_of[sid]]["answered_by"] == "machine_start":
                continue  # we said that we could not go on, or hung up on a machine: nothing was taken
            answers_acknowledged += 1
            assert int(turn[0]) + 1 in told[call_of[sid]], (call_of[sid], turn, said)
    assert answers_acknowledged > 0
    [kept] = await ask("SELECT count(*) AS n FROM answers")
    assert kept["n"] == sum(len(answers) for turns in told.values() for answers in turns.values())

    # every recording that the carrier had is in the archive, or is lost with its reason
    assert (
        await ask(
            "SELECT id FROM recordings WHERE state NOT IN ('CLEARED', 'LOST') OR (state = 'LOST' AND problem = '')"
        )
        == []
    )
    silent = await ask(
        """SELECT id FROM calls k WHERE answered_at IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = k.id)"""
    )
    assert silent == [], "an answered call has neither a recording nor a reason"
    async with snapshot() as connection:
        assert await judge_stored(connection, Clock(folder / "clock.json").now()) == ()


async def test_some_dozens_of_crashes(database, tmp_path):
    report = await campaign(tmp_path, 30, seed=1)
    assert report["crashes"] >= 30
    assert len(report["points"]) > 15
    await check(tmp_path, report)


@pytest.mark.long
@pytest.mark.timeout(5400)
async def test_a_thousand_crashes(database, tmp_path):
    report = await campaign(tmp_path, 1000, seed=2)
    assert report["crashes"] >= 1000
    assert report["never"] == []
    await check(tmp_path, report)


def test_every_point_lies_on_something_that_exists():
    """A point whose function was renamed would never be hit, and say nothing."""
    named = re.findall(r'^    "([a-z-]+)": \(', SCRIPT.read_text(), re.MULTILINE)
    assert len(named) == len(set(named)) >= 30
