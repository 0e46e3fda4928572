"""The life of one dial: reserved and committed, then dialled, then bound to what the carrier says. Only forward."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows

# A later message may add or confirm; it never turns a call back.
RANK = """(CASE {0} WHEN 'RESERVED' THEN 0 WHEN 'UNKNOWN' THEN 1 WHEN 'PLACED' THEN 2 WHEN 'RINGING' THEN 3
           WHEN 'ANSWERED' THEN 4 WHEN 'REJECTED' THEN 5 WHEN 'ENDED' THEN 6 END)"""


@dataclass(frozen=True, slots=True)
class Reservation:
    """A dial about to be made. Everything the call may say is sealed into it beforehand."""

    call_id: str
    person_id: int
    number_hash: bytes
    number_sealed: bytes
    case_ids: tuple[int, ...]
    at_appointment: bool
    script: str
    profile: str
    sheet_sealed: bytes
    script_digest: str | None = None
    continues: str | None = None
    agent_login: str | None = None  # who leads it, and in whose hands the person is; None: the robot
    agent_call: str | None = None


async def reserve(connection: AsyncConnection, reservations: Sequence[Reservation], now: datetime) -> set[str]:
    """Write the intention down. Returns the call ids that were reserved: not those whose person has an open attempt, or
    whose case moved on meanwhile, and none while the campaign is paused or stopped."""
    reserved = await rows(
        connection,
        """
        WITH wanted AS (
          SELECT * FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(
            id text, person_id bigint, number_hash text, number_sealed text, case_ids jsonb, at_appointment boolean,
            script text, profile text, sheet_sealed text, script_digest text, continues text,
            agent_login text, agent_call text)
        ), free AS (
          SELECT c.id, c.state FROM cases c
          WHERE c.id IN (SELECT (jsonb_array_elements_text(case_ids))::bigint FROM wanted)
            AND c.owner = 'HEAD_OFFICE' AND c.state IN ('CALLABLE', 'APPOINTED', 'WAITING')
          FOR UPDATE
        ), kept AS (
          INSERT INTO calls (id, person_id, number_hash, number_sealed, state, at_appointment, script, profile,
                             sheet_sealed, turn, reserved_at, script_digest, continues, agent_login, led_by)
          SELECT w.id, w.person_id, decode(w.number_hash, 'hex'), decode(w.number_sealed, 'hex'), 'RESERVED',
                 w.at_appointment, w.script, w.profile, decode(w.sheet_sealed, 'hex'), -1, :now,
                 w.script_digest, w.continues, w.agent_login, w.agent_call
          FROM wanted w
          WHERE (SELECT count(*) FROM free f WHERE w.case_ids @> to_jsonb(f.id)) = jsonb_array_length(w.case_ids)
            AND NOT EXISTS (SELECT 1 FROM controls s WHERE s.name = 'dialler' AND s.value <> 'RUN')
            -- not whom a callback agent has in hand, unless it is he who dials
            AND NOT EXISTS (
              SELECT 1 FROM agent_calls t WHERE t.person_id = w.person_id AND t.id IS DISTINCT FROM w.agent_call
                AND t.state NOT IN ('WRAP_UP', 'DONE') AND (t.state <> 'TAKEN' OR t.lease_until > :now))
            AND (w.agent_call IS NULL OR EXISTS (
              SELECT 1 FROM agent_calls t WHERE t.id = w.agent_call AND t.state = 'JOINED' AND t.call_id IS NULL))
          ON CONFLICT DO NOTHING
          RETURNING id, person_id
        ), pairs AS (
          SELECT k.id AS call_id, k.person_id, (jsonb_array_elements_text(w.case_ids))::bigint AS case_id, w.number_hash,
                 w.at_appointment, w.script, w.profile, w.script_digest, w.agent_login, w.agent_call
          FROM kept k JOIN wanted w ON w.id = k.id
        ), linked AS (
          INSERT INTO call_cases (call_id, case_id, attempt_no)
          SELECT call_id, case_id, 1 + coalesce((SELECT max(attempt_no) FROM call_cases o WHERE o.case_id = pairs.case_id), 0)
          FROM pairs RETURNING call_id, case_id, attempt_no
        ), moved AS (
          UPDATE cases SET state = 'IN_CALL', changed_at = :now, appointment_at = NULL, appointment_hash = NULL
          WHERE id IN (SELECT case_id FROM pairs)
        ), dealt AS (
          UPDATE agent_calls t SET call_id = p.call_id FROM pairs p WHERE t.id = p.agent_call
        ), told AS (
          INSERT INTO events (at, kind, case_id, call_id, person_id, data)
          SELECT :now, 'CALL_RESERVED', p.case_id, p.call_id, p.person_id, jsonb_build_object(
                   'number', left(p.number_hash, 16), 'at_appointment', p.at_appointment, 'script', p.script,
                   'profile', p.profile, 'attempt_no', l.attempt_no, 'script_digest', p.script_digest,
                   'agent', p.agent_login)
          FROM pairs p JOIN linked l ON l.call_id = p.call_id AND l.case_id = p.case_id
        )
        SELECT id FROM kept
        """,
        wanted=json.dumps(
            [
                {
                    "id": r.call_id,
                    "person_id": r.person_id,
                    "number_hash": r.number_hash.hex(),
                    "number_sealed": r.number_sealed.hex(),
                    "case_ids": list(r.case_ids),
                    "at_appointment": r.at_appointment,
                    "script": r.script,
                    "profile": r.profile,
                    "sheet_sealed": r.sheet_sealed.hex(),
                    "script_digest": r.script_digest,
                    "continues": r.continues,
                    "agent_login": r.agent_login,
                    "agent_call": r.agent_call,
                }
                for r in reservations
            ]
        ),
        now=now,
    )
    return {r["id"] for r in reserved}


async def try_again(connection: AsyncConnection, call_id: str, now: datetime) -> bool:
    """Note that the carrier is about to be asked once more for a reserved attempt. False where it must not be: the
    attempt is no longer reserved, or the campaign is paused or stopped."""
    found = await rows(
        connection,
        """UPDATE calls SET tried_at = :now WHERE id = :call_id AND state = 'RESERVED'
             AND NOT EXISTS (SELECT 1 FROM controls s WHERE s.name = 'dialler' AND s.value <> 'RUN') RETURNING id""",
        call_id=call_id,
        now=now,
    )
    return bool(found)


async def _advance(
    connection: AsyncConnection, call_id: str, kind: str, now: datetime, changes: str, data: dict, **values: Any
) -> bool:
    moved = await rows(
        connection,
        f"""
        WITH moved AS (UPDATE calls SET {changes} RETURNING id, person_id)
        INSERT INTO events (at, kind, call_id, person_id, data)
        SELECT :now, :kind, id, person_id, CAST(:data AS jsonb) FROM moved RETURNING id
        """,
        call_id=call_id,
        kind=kind,
        now=now,
        data=json.dumps(data),
        **values,
    )
    return bool(moved)


async def placed(connection: AsyncConnection, call_id: str, sid: str, now: datetime) -> None:
    """The carrier took the call. A callback may have been faster; then only the sid is confirmed."""
    await _advance(
        connection,
        call_id,
        "CALL_PLACED",
        now,
        "sid = coalesce(sid, :sid), placed_at = coalesce(placed_at, :now), "
        "state = CASE WHEN state IN ('RESERVED', 'UNKNOWN') THEN 'PLACED' ELSE state END WHERE id = :call_id",
        {"sid": sid},
        sid=sid,
    )


async def rejected(
    connection: AsyncConnection,
    call_id: str,
    code: int | None,
    why: str,
    now: datetime,
    result: str | None,
    unheard_since: datetime | None = None,
) -> bool:
    """There is no call. `result` INVALID_NUMBER where the carrier refused the number itself; None gives the attempt back.

    `unheard_since`: only if nobody has asked the carrier for it after that instant. False where nothing was changed.
    """
    found = await rows(
        connection,
        """
        WITH moved AS (
          UPDATE calls SET state = 'REJECTED', ended_at = :now, settled_at = :now, result = :result, carrier_status = :why
          WHERE id = :call_id AND state IN ('RESERVED', 'UNKNOWN')
            AND (CAST(:unheard_since AS timestamptz) IS NULL OR greatest(reserved_at, tried_at) <= :unheard_since)
          RETURNING id, person_id
        ), back AS (
          UPDATE cases SET state = 'CALLABLE', changed_at = :now
          WHERE state = 'IN_CALL' AND id IN (SELECT cc.case_id FROM call_cases cc JOIN moved m ON m.id = cc.call_id)
        ), struck AS (
          UPDATE contract_phones n SET dead = true FROM calls k, moved m
          WHERE k.id = m.id AND n.person_id = k.person_id AND n.number_hash = k.number_hash AND :result = 'INVALID_NUMBER'
        )
        INSERT INTO events (at, kind, call_id, person_id, data)
        SELECT :now, 'CALL_REJECTED', id, person_id, jsonb_build_object('code', CAST(:code AS int), 'why', CAST(:why AS text)) FROM moved
        RETURNING id
        """,
        call_id=call_id,
        code=code,
        why=why,
        now=now,
        result=result,
        unheard_since=unheard_since,
    )
    return bool(found)


async def unknown(connection: AsyncConnection, call_id: str, why: str, now: datetime) -> None:
    """There may be a call: nobody dials this person again until it is looked up."""
    await _advance(
        connection,
        call_id,
        "CALL_UNKNOWN",
        now,
        "state = 'UNKNOWN' WHERE id = :call_id AND state = 'RESERVED'",
        {"why": why},
    )


async def gone(connection: AsyncConnection, call_id: str, why: str, now: datetime) -> None:
    """The carrier does not know its own call any more: it is over, and nobody will ever say more of it."""
    await _advance(
        connection,
        call_id,
        "CALL_ENDED",
        now,
        "state = 'ENDED', ended_at = :now, carrier_status = 'failed' "
        "WHERE id = :call_id AND state NOT IN ('ENDED', 'REJECTED')",
        {"status": "failed", "why": why},
    )


async def broke_off(connection: AsyncConnection, call_id: str, code: int | None, now: datetime) -> None:
    """The carrier ended the call because it could not go on: nobody hung up. Nothing once it is settled."""
    await _advance(
        connection,
        call_id,
        "CALL_BROKE_OFF",
        now,
        "ended_by = 'line' WHERE id = :call_id AND ended_by IS NULL AND settled_at IS NULL",
        {"code": code},
    )


async def number_of(connection: AsyncConnection, call_ids: Sequence[str]) -> dict[str, bytes]:
    """The sealed number of each call."""
    found = await rows(connection, "SELECT id, number_sealed FROM calls WHERE id = ANY(:ids)", ids=list(call_ids))
    return {r["id"]: bytes(r["number_sealed"]) for r in found}


async def overdue_calls(connection: AsyncConnection, now: datetime, quiet_seconds: float) -> list[dict[str, Any]]:
    """Calls that are open and of which nothing was heard for `quiet_seconds`: id, sid, state, number_sealed, reserved_at,
    and heard_at, the last word of anybody on it."""
    return await rows(
        connection,
        """
        SELECT k.id, k.sid, k.state, k.number_sealed, k.reserved_at, last.heard_at
        FROM calls k CROSS JOIN LATERAL (
          SELECT greatest(k.reserved_at, k.tried_at, k.placed_at, k.answered_at, max(e.received_at)) AS heard_at
          FROM carrier_events e WHERE e.call_id = k.id
        ) last
        WHERE k.state NOT IN ('ENDED', 'REJECTED')
          AND last.heard_at < CAST(:now AS timestamptz) - make_interval(secs => :quiet)
        ORDER BY k.reserved_at LIMIT 200
        """,
        now=now,
        quiet=quiet_seconds,
    )


async def sids_known(connection: AsyncConnection, sids: Sequence[str]) -> set[str]:
    return {r["sid"] for r in await rows(connection, "SELECT sid FROM calls WHERE sid = ANY(:sids)", sids=list(sids))}


async def is_room(connection: AsyncConnection, account: str, most: int) -> bool:
    """Whether one more call may be reserved, asked by one dialler after the other until its transaction ends."""
    await rows(
        connection,
        "SELECT pg_advisory_xact_lock(hashtextextended(:lines, 0)) IS NULL AS taken",
        lines=f"lines {account}",
    )
    return await open_calls(connection) < most


async def open_calls(connection: AsyncConnection) -> int:
    found = await rows(connection, "SELECT count(*) AS n FROM calls WHERE state NOT IN ('ENDED', 'REJECTED')")
    return found[0]["n"]


@dataclass(frozen=True, slots=True)
class Lines:
    """How the account stands before a round of dialling. `not_permitted`: look-up hashes (hex) of numbers that the
    carrier would not ring for us lately; `alarms`: those of dialling that stand."""

    switch: str
    open: int
    not_permitted: frozenset[str]
    alarms: frozenset[str]


async def lines(connection: AsyncConnection, since: datetime) -> Lines:
    """`since`: refusals of a destination before it are old."""
    [found] = await rows(
        connection,
        """SELECT coalesce((SELECT value FROM controls WHERE name = 'dialler'), 'RUN') AS switch,
                  (SELECT count(*) FROM calls WHERE state NOT IN ('ENDED', 'REJECTED')) AS open,
                  (SELECT coalesce(array_agg(DISTINCT encode(number_hash, 'hex')), '{}') FROM calls
                   WHERE carrier_status = 'NOT_PERMITTED' AND state = 'REJECTED' AND reserved_at >= :since) AS not_permitted,
                  (SELECT coalesce(array_agg(name), '{}') FROM alarms
                   WHERE name IN ('CARRIER_REFUSES', 'DESTINATION_REFUSED')) AS alarms""",
        since=since,
    )
    return Lines(found["switch"], found["open"], frozenset(found["not_permitted"]), frozenset(found["alarms"]))


async def unanswered(connection: AsyncConnection) -> list[dict[str, Any]]:
    """id and sid of calls that the carrier has and nobody has answered yet."""
    return await rows(
        connection,
        """SELECT id, sid FROM calls WHERE state IN ('PLACED', 'RINGING') AND sid IS NOT NULL AND answered_at IS NULL
           ORDER BY reserved_at""",
    )
