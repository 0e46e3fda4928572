"""Requests, recordings and who heard them, as pages show them."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.retrieval import SELECT
from storage.vault import vault

PAGE = 50


@dataclass(frozen=True)
class RequestFilter:
    """`login` and `branch` narrow to what concerns that person; `everything` does not. `branch` empty: no department."""

    state: str = ""
    mine: bool = False
    everything: bool = False
    login: str = ""
    branch: str = ""


_CONCERNS = """(:everything OR q.applicant = :login OR q.listeners @> to_jsonb(CAST(:login AS text))
  OR (:branch <> '' AND q.branches @> to_jsonb(CAST(:branch AS text)))
  OR EXISTS (SELECT 1 FROM retrieval_signatures s WHERE s.request_id = q.id AND s.signed_by = :login))"""
_WHERE = f"""{_CONCERNS} AND (:state = '' OR q.state = :state)
  AND (NOT :mine OR q.applicant = :login OR q.listeners @> to_jsonb(CAST(:login AS text)))"""


async def count(connection: AsyncConnection, f: RequestFilter) -> int:
    return (await rows(connection, f"SELECT count(*) AS n FROM retrieval_requests q WHERE {_WHERE}", **vars(f)))[0]["n"]


async def requests(connection: AsyncConnection, f: RequestFilter, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """Those that wait first, by their limit; then the newest."""
    return await rows(
        connection,
        f"""SELECT x.*, coalesce(u.name, x.applicant) AS applicant_name, b.name AS branch_name
            FROM ({SELECT} WHERE {_WHERE}) x LEFT JOIN users u ON u.login = x.applicant
            LEFT JOIN branches b ON b.code = x.branches ->> 0
            ORDER BY x.state = 'PENDING' DESC, CASE WHEN x.state = 'PENDING' THEN x.due_at END, x.id DESC
            LIMIT :limit OFFSET :offset""",
        offset=offset,
        limit=limit,
        **vars(f),
    )


async def request(connection: AsyncConnection, request_id: int) -> dict | None:
    """One request with names, its signatures in their order and what its recordings are of."""
    found = await rows(
        connection,
        f"""SELECT x.*, coalesce(u.name, x.applicant) AS applicant_name, b.name AS branch_name,
                   coalesce(e.name, x.ended_by) AS ended_name
            FROM ({SELECT} WHERE q.id = :id) x LEFT JOIN users u ON u.login = x.applicant
            LEFT JOIN users e ON e.login = x.ended_by LEFT JOIN branches b ON b.code = x.branches ->> 0""",
        id=request_id,
    )
    if not found:
        return None
    [row] = found
    row["signatures"] = await rows(
        connection,
        """SELECT s.function, s.signed_by, s.signed_at, coalesce(u.name, s.signed_by) AS name
           FROM retrieval_signatures s LEFT JOIN users u ON u.login = s.signed_by WHERE s.request_id = :id
           ORDER BY s.signed_at, s.function""",
        id=request_id,
    )
    row["listener_names"] = await names(connection, row["listeners"])
    row["of"] = await described(connection, row["recordings"])
    return row


async def names(connection: AsyncConnection, logins: list[str]) -> list[dict]:
    return await rows(
        connection,
        "SELECT login, name, branch_code FROM users WHERE login = ANY(:logins) ORDER BY array_position(:logins, login)",
        logins=logins,
    )


_OF = """
SELECT r.provider_id AS recording, r.call_id, r.state, r.seconds, r.retain_until, r.verified_at, a.reserved_at,
       a.answered_at, a.duration, a.script, c.id AS case_id, c.policy_no, k.product_name, k.branch_code,
       coalesce(b.name, k.branch_code) AS branch_name, p.name_sealed,
       (SELECT count(*) FROM plays y WHERE y.recording = r.provider_id) AS plays
FROM recordings r JOIN calls a ON a.id = r.call_id
JOIN LATERAL (SELECT case_id FROM call_cases cc WHERE cc.call_id = a.id ORDER BY case_id LIMIT 1) one ON true
JOIN cases c ON c.id = one.case_id JOIN contracts k ON k.policy_no = c.policy_no JOIN persons p ON p.id = c.person_id
LEFT JOIN branches b ON b.code = k.branch_code
"""


def _opened(found: list[dict]) -> list[dict]:
    for row in found:
        row["name"] = vault().open(row.pop("name_sealed"))
    return found


async def described(connection: AsyncConnection, recordings: list[str]) -> list[dict]:
    return _opened(
        await rows(connection, f"{_OF} WHERE r.provider_id = ANY(:names) ORDER BY r.id", names=list(recordings))
    )


@dataclass(frozen=True)
class RecordingFilter:
    """`codes` None: every branch. `q`: recording, call, policy number or case."""

    q: str = ""
    state: str = ""
    codes: list[str] | None = None


_FOUND = """
(CAST(:codes AS text[]) IS NULL OR k.branch_code = ANY(:codes)) AND (:state = '' OR r.state = :state)
AND (:q = '' OR r.provider_id = :q OR r.call_id = :q OR c.policy_no = :q
     OR EXISTS (SELECT 1 FROM call_cases cc JOIN cases x ON x.id = cc.case_id
                WHERE cc.call_id = r.call_id AND (x.policy_no = :q OR x.id = CAST(:case_id AS bigint))))
"""


def _asked(f: RecordingFilter) -> dict[str, Any]:
    q = f.q.strip()
    number = q.removeprefix("#")
    case_id = int(number) if number.isascii() and number.isdigit() and len(number) <= 18 else None
    return {"q": q, "state": f.state, "codes": f.codes, "case_id": case_id}


async def count_recordings(connection: AsyncConnection, f: RecordingFilter) -> int:
    found = await rows(connection, f"SELECT count(*) AS n FROM ({_OF} WHERE {_FOUND}) x", **_asked(f))
    return found[0]["n"]


async def recordings(connection: AsyncConnection, f: RecordingFilter, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """The newest first."""
    return _opened(
        await rows(
            connection,
            f"{_OF} WHERE {_FOUND} ORDER BY r.id DESC LIMIT :limit OFFSET :offset",
            offset=offset,
            limit=limit,
            **_asked(f),
        )
    )


async def of_call(connection: AsyncConnection, call_id: str) -> list[str]:
    found = await rows(
        connection,
        """SELECT provider_id FROM recordings WHERE call_id = :id AND state IN ('VERIFIED', 'CLEARED') ORDER BY id""",
        id=call_id,
    )
    return [row["provider_id"] for row in found]


async def requests_of(connection: AsyncConnection, recording: str) -> list[dict]:
    """The requests that name a recording, the newest first."""
    return await rows(
        connection,
        f"""{SELECT} JOIN retrieval_recordings n ON n.request_id = q.id AND n.recording = :name
            ORDER BY q.id DESC LIMIT 200""",
        name=recording,
    )


async def access_history(connection: AsyncConnection, recording: str, most: int = 500) -> list[dict]:
    """The ledger's lines about a recording and the requests that name it, the newest first, as events are shown."""
    lines = await rows(
        connection,
        """SELECT l.seq, l.at, l.kind, l.actor, l.body FROM ledger l
           WHERE l.subject = 'recording/' || CAST(:name AS text) OR l.subject IN (
             SELECT 'retrieval/' || g.request_id FROM retrieval_recordings g WHERE g.recording = :name
             UNION ALL SELECT 'copy/' || t.id FROM training_copies t WHERE t.recording = :name)
           ORDER BY l.seq DESC LIMIT :most""",
        name=recording,
        most=most,
    )
    return [{"seq": e["seq"], "at": e["at"], "kind": e["kind"], "actor": e["actor"], "data": json.loads(e["body"])["data"]} for e in lines]  # fmt: skip
