"""A recording's way: reported by the carrier, verified in the archive, then cleared at the carrier. Or lost, with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import ledger
from storage.db import rows


@dataclass(frozen=True, slots=True)
class Waiting:
    """A recording to be fetched (REPORTED) or whose copy at the carrier is to be deleted (VERIFIED).

    `marked`: somebody marked a stretch of its call as sensitive by hand (storage/sensitive_stretches.py). `hung_up`: its call is
    over, and would be settled as hung up by somebody who had said that it was he, before the first item."""

    id: int
    call_id: str
    provider_id: str
    state: str
    reported_seconds: int | None
    call_seconds: int | None
    answered_at: datetime | None
    tries: int
    script: str
    script_digest: str | None
    marked: bool
    call_sid: str | None
    hung_up: bool


async def claim(connection: AsyncConnection, now: datetime, lease_seconds: float, most: int) -> list[Waiting]:
    """Take recordings that wait for work; nobody else takes them before the lease ends. A killed worker's come back."""
    found = await rows(
        connection,
        """
        WITH due AS (
          SELECT id FROM recordings
          WHERE state IN ('REPORTED', 'VERIFIED') AND (next_try_at IS NULL OR next_try_at <= :now)
          ORDER BY reported_at LIMIT :most FOR UPDATE SKIP LOCKED
        ), taken AS (
          UPDATE recordings r SET next_try_at = CAST(:now AS timestamptz) + make_interval(secs => :lease), tries = r.tries + 1
          FROM due WHERE r.id = due.id RETURNING r.*
        )
        SELECT t.id, t.call_id, t.provider_id, t.state, t.reported_seconds, k.duration AS call_seconds, k.answered_at, t.tries, k.script,
               k.script_digest,
               EXISTS (SELECT 1 FROM sensitive_stretches s WHERE s.call_id = k.id) AS marked, k.sid AS call_sid,
               k.state = 'ENDED' AND k.carrier_status = 'completed' AND k.settled_at IS NULL AND k.ended_by IS NULL
                 AND k.agent_login IS NULL
                 AND EXISTS (SELECT 1 FROM answers a WHERE a.call_id = k.id AND a.step = 'C1' AND a.answer = 'YES')
                 AND NOT EXISTS (SELECT 1 FROM answers a WHERE a.call_id = k.id AND a.step = 'M1' AND a.final) AS hung_up
        FROM taken t JOIN calls k ON k.id = t.call_id ORDER BY t.reported_at
        """,
        now=now,
        lease=lease_seconds,
        most=most,
    )
    return [Waiting(**r) for r in found]


async def is_still_waiting(connection: AsyncConnection, recording_id: int) -> bool:
    """Whether it is still to be stored, and nobody else is at it: its row is locked until this transaction ends."""
    found = await rows(
        connection,
        "SELECT id FROM recordings WHERE id = :id AND state = 'REPORTED' FOR UPDATE SKIP LOCKED",
        id=recording_id,
    )
    return bool(found)


async def verified(connection: AsyncConnection, recording_id: int, now: datetime, **kept: Any) -> None:
    """In the archive, read back by version id and digest, locked. `kept` are the columns that prove it."""
    columns = ", ".join(
        f"{name} = CAST(:{name} AS jsonb)" if name == "loudness" else f"{name} = :{name}" for name in kept
    )
    told = await rows(
        connection,
        f"""
        WITH moved AS (
          UPDATE recordings SET state = 'VERIFIED', verified_at = :now, problem = NULL, next_try_at = NULL, {columns}
          WHERE id = :id AND state = 'REPORTED'
          RETURNING call_id, provider_id, object_key, version_id, retain_until, sha256, samples_sha256, bytes
        )
        INSERT INTO events (at, kind, call_id, data)
        SELECT :now, 'RECORDING_VERIFIED', call_id, jsonb_build_object('recording', provider_id, 'object_key', object_key,
               'version_id', version_id, 'retain_until', retain_until, 'sha256', sha256, 'samples_sha256', samples_sha256,
               'bytes', bytes)
        FROM moved RETURNING id, at, kind, case_id, call_id, data, pg_notify('huifang', 'recording')
        """,
        id=recording_id,
        now=now,
        **kept,
    )
    await ledger.witness(connection, told)


async def cleared(connection: AsyncConnection, recording_ids: Sequence[int], now: datetime) -> None:
    """The carrier's copies are gone. Only after verification: the condition stands in the statement."""
    told = await rows(
        connection,
        """
        WITH moved AS (
          UPDATE recordings SET state = 'CLEARED', cleared_at = :now, problem = NULL, next_try_at = NULL
          WHERE id = ANY(:ids) AND state = 'VERIFIED' RETURNING call_id, provider_id
        )
        INSERT INTO events (at, kind, call_id, data)
        SELECT :now, 'RECORDING_CLEARED', call_id, jsonb_build_object('recording', provider_id) FROM moved
        RETURNING id, at, kind, case_id, call_id, data
        """,
        ids=list(recording_ids),
        now=now,
    )
    await ledger.witness(connection, told)


async def postponed(
    connection: AsyncConnection, recording_id: int, until: datetime, problem: str, *, tried: bool
) -> None:
    """Not now: why, and when to try again. `tried` False: it was not the recording's fault, the try does not count."""
    await rows(
        connection,
        """
        UPDATE recordings SET next_try_at = :until, problem = :problem,
               tries = CASE WHEN :tried THEN tries ELSE tries - 1 END
        WHERE id = :id AND state IN ('REPORTED', 'VERIFIED') RETURNING id
        """,
        id=recording_id,
        until=until,
        problem=problem,
        tried=tried,
    )


async def lost(connection: AsyncConnection, recording_id: int, problem: str, now: datetime) -> None:
    """Gone for good, with the reason (C59). The carrier's copy, if any, is kept where it is."""
    told = await rows(
        connection,
        """
        WITH moved AS (
          UPDATE recordings SET state = 'LOST', problem = :problem, next_try_at = NULL
          WHERE id = :id AND state = 'REPORTED' RETURNING call_id, provider_id
        )
        INSERT INTO events (at, kind, call_id, data)
        SELECT :now, 'RECORDING_LOST', call_id, jsonb_build_object('recording', provider_id, 'problem', CAST(:problem AS text))
        FROM moved RETURNING id, at, kind, case_id, call_id, data, pg_notify('huifang', 'recording')
        """,
        id=recording_id,
        problem=problem,
        now=now,
    )
    await ledger.witness(connection, told)


async def calls_without(connection: AsyncConnection, now: datetime, quiet_seconds: float) -> list[dict[str, Any]]:
    """Answered calls that ended `quiet_seconds` ago and of which no recording was reported: id, sid, ended_at."""
    return await rows(
        connection,
        """
        SELECT k.id, k.sid, k.ended_at FROM calls k
        WHERE k.state = 'ENDED' AND k.answered_at IS NOT NULL AND k.settled_at IS NULL
          AND k.ended_at < CAST(:now AS timestamptz) - make_interval(secs => :quiet)
          AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = k.id)
        ORDER BY k.ended_at LIMIT 100
        """,
        now=now,
        quiet=quiet_seconds,
    )


async def unaccounted(connection: AsyncConnection, before: datetime) -> list[str]:
    """Answered calls that ended before this instant with neither a recording in the archive nor a reason why not."""
    found = await rows(
        connection,
        """
        SELECT k.id FROM calls k
        WHERE k.state = 'ENDED' AND k.answered_at IS NOT NULL AND k.ended_at < :before
          AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = k.id
                          AND (r.state IN ('VERIFIED', 'CLEARED') OR r.state = 'LOST' AND r.problem IS NOT NULL))
        ORDER BY k.ended_at LIMIT 1000
        """,
        before=before,
    )
    return [row["id"] for row in found]
