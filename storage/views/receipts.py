"""Contracts whose delivery receipt nobody has seen for too long (C44)."""

import json
from collections.abc import Collection
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.list_dates import receipts_missing_since
from scripts.rule_profiles import load_profile
from storage.db import rows
from storage.vault import vault

PAGE = 50

MISSING = """
FROM cases c JOIN contracts k ON k.policy_no = c.policy_no JOIN persons p ON p.id = k.person_id
LEFT JOIN branches b ON b.code = k.branch_code LEFT JOIN agents a ON a.code = k.agent_code
WHERE c.state <> 'NOT_REQUIRED' AND k.receipt_signed_on IS NULL
  AND k.facts ->> 'receipt_entered_on' IS NULL AND k.facts ->> 'receipt_written_off_on' IS NULL
  AND (CAST(:codes AS text[]) IS NULL OR k.branch_code = ANY(:codes))
  AND k.underwritten_on <= CAST(CAST(:since AS jsonb) ->> c.profile AS date)
"""


async def _since(connection: AsyncConnection, today: date) -> str:
    """By profile of the open cases, as the rule has it."""
    found = await rows(connection, "SELECT DISTINCT profile FROM cases WHERE state <> 'NOT_REQUIRED'")
    days = {row["profile"]: receipts_missing_since(today, load_profile(row["profile"])).isoformat() for row in found}
    return json.dumps(days)


async def count(connection: AsyncConnection, today: date, codes: Collection[str] | None = None) -> int:
    """`codes`: of these branches only."""
    [found] = await rows(
        connection,
        f"SELECT count(*) AS n {MISSING}",
        since=await _since(connection, today),
        codes=None if codes is None else list(codes),
    )
    return found["n"]


async def find(
    connection: AsyncConnection, today: date, codes: Collection[str] | None, offset: int, limit: int
) -> list[dict]:
    """The longest missing first, with the days since underwriting."""
    found = await rows(
        connection,
        f"""SELECT c.id AS case_id, c.state, k.policy_no, k.underwritten_on, CAST(:today AS date) - k.underwritten_on AS days,
                   k.branch_code, b.name AS branch_name, k.agent_code, a.name AS agent_name, p.name_sealed
            {MISSING} ORDER BY k.underwritten_on, c.id OFFSET :offset LIMIT :limit""",
        since=await _since(connection, today),
        codes=None if codes is None else list(codes),
        today=today,
        offset=offset,
        limit=limit,
    )
    return [{**row, "name": vault().open(row["name_sealed"])} for row in found]
