"""All calls under a script version, and the mass re-call of what it left out (AC-25)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.outcomes import mandatory_items
from scripts.rule_profiles import load_profile
from storage.db import rows

CALLS = """
SELECT call.id AS call_id, c.id AS case_id, c.policy_no, k.branch_code, k.channel, k.product_type, k.premium_mode,
       call.script, call.script_digest, call.reserved_at, call.answered_at, call.ended_at, s.result, s."class" AS class,
       s.completed, s.counts, c.state AS case_state, c.nominal_end, s.profile,
       EXISTS (SELECT 1 FROM script_recalls r WHERE r.case_id = c.id AND r.round > coalesce(s.round, 0)
                 AND r.why <> 'R92') AS recalled -- the call after a branch's handling asks other items
FROM calls call
JOIN call_cases cc ON cc.call_id = call.id
JOIN cases c ON c.id = cc.case_id
JOIN contracts k ON k.policy_no = c.policy_no
LEFT JOIN settlements s ON s.call_id = call.id AND s.case_id = c.id
WHERE call.script = :script
"""


@dataclass(frozen=True, slots=True)
class Recall:
    """What a re-call would do, or did: cases taken up again, by what they have to be asked."""

    script: str
    items: tuple[str, ...]
    cases: tuple[int, ...]


async def calls_under(
    connection: AsyncConnection, script_id: str, most: int = 1_000_000, offset: int = 0
) -> list[dict]:
    """Every call made under the version, a row for each of its cases, in the order they were made."""
    return await rows(
        connection,
        f"{CALLS} ORDER BY call.reserved_at, call.id, c.id LIMIT :most OFFSET :offset",
        script=script_id,
        most=most,
        offset=offset,
    )


async def count_under(connection: AsyncConnection, script_id: str) -> dict:
    found = await rows(
        connection,
        f"""SELECT count(*) AS rows, count(DISTINCT call_id) AS calls, count(DISTINCT case_id) AS cases,
                   count(DISTINCT case_id) FILTER (WHERE completed AND counts) AS completed,
                   count(DISTINCT case_id) FILTER (WHERE recalled) AS recalled FROM ({CALLS}) u""",
        script=script_id,
    )
    return dict(found[0])


async def to_recall(connection: AsyncConnection, script_id: str, items: Sequence[str]) -> Recall:
    """The closed cases whose completed callback was made under the version, and for which one of `items` is mandatory
    under the profile of their settlement. Those withdrawn meanwhile, or with a branch, are left alone."""
    found = await calls_under(connection, script_id)
    cases = []
    for row in found:
        if not (row["completed"] and row["counts"]) or row["case_state"] != "CLOSED" or row["recalled"]:
            continue
        mandatory = mandatory_items(row["product_type"], row["premium_mode"], load_profile(row["profile"]))
        if set(items) & set(mandatory):
            cases.append(row["case_id"])
    return Recall(script_id, tuple(items), tuple(dict.fromkeys(cases)))


RECALL = """
WITH again AS (
  SELECT c.id, c.person_id, c.state, c.owner, c.round, c.completed_at
  FROM cases c WHERE c.id = ANY(:ids) AND c.state = 'CLOSED' AND c.counts FOR UPDATE
), taken AS (
  INSERT INTO script_recalls (case_id, round, script, items, asked_by, asked_at, why)
  SELECT id, round + 1, :script, CAST(:items AS jsonb), :by, :now, :why FROM again
  ON CONFLICT DO NOTHING RETURNING case_id, round
), uncounted AS (
  -- what lacks a mandatory item is no completed callback; the events keep what stood before
  UPDATE settlements s SET counts = false FROM taken t JOIN again a ON a.id = t.case_id
  WHERE s.case_id = t.case_id AND s.round = a.round AND s.completed AND s.counts RETURNING s.case_id, s.id
), moved AS (
  UPDATE cases c SET state = 'CALLABLE', owner = 'HEAD_OFFICE', owner_branch = NULL, round = t.round, counts = false,
    completed_at = NULL, callable_on = :today, changed_at = :now
  FROM taken t WHERE c.id = t.case_id
), told AS (
  INSERT INTO events (at, kind, case_id, person_id, data)
  SELECT :now, 'SCRIPT_RECALLED', a.id, a.person_id, jsonb_build_object(
    'script', CAST(:script AS text), 'items', CAST(:items AS jsonb), 'user', CAST(:by AS text), 'reason', CAST(:why AS text),
    'was_completed_at', a.completed_at, 'settlement', (SELECT max(u.id) FROM uncounted u WHERE u.case_id = a.id))
  FROM again a JOIN taken t ON t.case_id = a.id
  UNION ALL
  SELECT :now, 'CASE_MOVED', a.id, a.person_id, jsonb_build_object(
    'from', a.state, 'to', 'CALLABLE', 'owner', 'HEAD_OFFICE', 'why', 'SCRIPT_RECALLED', 'round', t.round)
  FROM again a JOIN taken t ON t.case_id = a.id
)
SELECT case_id FROM taken
"""


async def recall(
    connection: AsyncConnection, plan: Recall, *, by: str, why: str, now: datetime, today: date
) -> tuple[int, ...]:
    """Take the cases of `plan` up again: each is a round of its own that asks only the missing items; their earlier
    answers stay. They count as completed again once that round is. Returns the cases that were taken up."""
    if not plan.cases:
        return ()
    taken = await rows(
        connection,
        RECALL,
        ids=list(plan.cases),
        script=plan.script,
        items=json.dumps(plan.items),
        by=by,
        why=why,
        now=now,
        today=today,
    )
    return tuple(sorted(row["case_id"] for row in taken))
