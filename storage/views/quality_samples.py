"""Samples and their checks as pages show them."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.vault import vault

PAGE = 50
WHYS = ("SAMPLE", "QUESTION", "PROXY", "WITHDRAWN_SCRIPT", "NEW_AGENT")


async def samples(connection: AsyncConnection) -> list[dict]:
    """Every sample with its progress, the newest period first."""
    return await rows(
        connection,
        """SELECT s.id, s.kind, s.period, s.population, s.known_at, coalesce(u.name, s.drawn_by) AS drawn_name,
                  count(q.id) AS drawn, count(q.id) FILTER (WHERE q.state = 'DONE') AS done,
                  count(q.id) FILTER (WHERE q.verdict = 'DIFFERS') AS differs
           FROM quality_samples s LEFT JOIN quality_checks q ON q.sample_id = s.id
           LEFT JOIN users u ON u.login = s.drawn_by
           GROUP BY s.id, u.name ORDER BY s.period DESC, s.kind LIMIT 200""",
    )


async def sample(connection: AsyncConnection, sample_id: int) -> dict | None:
    found = await rows(
        connection,
        """SELECT s.*, coalesce(u.name, s.drawn_by) AS drawn_name,
                  (SELECT count(*) FROM quality_checks q WHERE q.sample_id = s.id) AS drawn,
                  (SELECT count(*) FROM quality_checks q WHERE q.sample_id = s.id AND q.state = 'DONE') AS done,
                  (SELECT count(*) FROM quality_checks q WHERE q.sample_id = s.id AND q.verdict = 'DIFFERS') AS differs
           FROM quality_samples s LEFT JOIN users u ON u.login = s.drawn_by WHERE s.id = :id""",
        id=sample_id,
    )
    return found[0] if found else None


async def strata(connection: AsyncConnection, sample_id: int) -> list[dict]:
    """How many of each channel and product were drawn, and how far they are."""
    return await rows(
        connection,
        """SELECT channel, product_type, count(*) AS drawn, count(*) FILTER (WHERE state = 'DONE') AS done,
                  count(*) FILTER (WHERE verdict = 'DIFFERS') AS differs
           FROM quality_checks WHERE sample_id = :id GROUP BY channel, product_type ORDER BY channel, product_type""",
        id=sample_id,
    )


@dataclass(frozen=True)
class CheckFilter:
    """What a sample's list is narrowed to; empty narrows nothing. `who` is a log-in."""

    sample_id: int
    state: str = ""
    verdict: str = ""
    why: str = ""
    who: str = ""


_WHERE = """q.sample_id = :sample_id AND (:state = '' OR q.state = :state) AND (:verdict = '' OR q.verdict = :verdict)
            AND (:why = '' OR q.why = :why) AND (:who = '' OR q.assigned_to = :who)"""
_COLUMNS = """
SELECT q.*, s."class" AS class, s.decision -> 'settlement' -> 'reasons' AS reasons, s.settled_at, c.policy_no, p.name_sealed,
       k.product_name, coalesce(b.name, k.branch_code) AS branch_name, a.ended_at, a.duration, a.script,
       coalesce(u.name, q.assigned_to) AS assigned_name, coalesce(d.name, q.done_by) AS done_name,
       y.kind AS sample_kind, y.period,
       (SELECT r.provider_id FROM recordings r WHERE r.call_id = a.id AND r.state IN ('VERIFIED', 'CLEARED')
        ORDER BY r.id LIMIT 1) AS recording
FROM quality_checks q JOIN quality_samples y ON y.id = q.sample_id JOIN settlements s ON s.id = q.settlement_id
JOIN cases c ON c.id = q.case_id JOIN contracts k ON k.policy_no = c.policy_no JOIN persons p ON p.id = c.person_id
JOIN calls a ON a.id = q.call_id LEFT JOIN branches b ON b.code = k.branch_code
LEFT JOIN users u ON u.login = q.assigned_to LEFT JOIN users d ON d.login = q.done_by
"""


async def count(connection: AsyncConnection, f: CheckFilter) -> int:
    found = await rows(connection, f"SELECT count(*) AS n FROM quality_checks q WHERE {_WHERE}", **vars(f))
    return found[0]["n"]


async def checks(connection: AsyncConnection, f: CheckFilter, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """What is open first; `name` is opened from the vault, the caller masks it."""
    found = await rows(
        connection,
        f"{_COLUMNS} WHERE {_WHERE} ORDER BY q.state DESC, q.id LIMIT :limit OFFSET :offset",
        **vars(f),
        limit=limit,
        offset=offset,
    )
    return [_opened(row) for row in found]


async def check(connection: AsyncConnection, check_id: int) -> dict | None:
    found = await rows(connection, f"{_COLUMNS} WHERE q.id = :id", id=check_id)
    return _opened(found[0]) if found else None


async def next_open(connection: AsyncConnection, sample_id: int, login: str) -> int | None:
    """The next recording that this checker has to hear."""
    found = await rows(
        connection,
        """SELECT id FROM quality_checks WHERE sample_id = :sample AND assigned_to = :login AND state = 'OPEN'
           ORDER BY id LIMIT 1""",
        sample=sample_id,
        login=login,
    )
    return found[0]["id"] if found else None


async def checkers(connection: AsyncConnection, sample_id: int) -> list[dict]:
    return await rows(
        connection,
        """SELECT DISTINCT q.assigned_to AS login, coalesce(u.name, q.assigned_to) AS name FROM quality_checks q
           LEFT JOIN users u ON u.login = q.assigned_to WHERE q.sample_id = :id AND q.assigned_to IS NOT NULL
           ORDER BY 2""",
        id=sample_id,
    )


def _opened(row: dict) -> dict:
    row["name"] = vault().open(row.pop("name_sealed"))
    return row
