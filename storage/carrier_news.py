"""What the carrier reports about a call: insert or ignore, move the call forward, ring the bell, all in one statement."""

import json
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import ledger
from storage.calls import RANK
from storage.db import rows

# Twilio's status → our attempt state. `initiated` and `queued` tell nothing that PLACED does not.
STATE_OF = {
    "queued": "PLACED",
    "initiated": "PLACED",
    "ringing": "RINGING",
    "in-progress": "ANSWERED",
    "completed": "ENDED",
    "busy": "ENDED",
    "failed": "ENDED",
    "no-answer": "ENDED",
    "canceled": "ENDED",
}

# That somebody answered is told by `in-progress`, by the first turn, or by a call that was completed after a while: whichever
# comes first, as news may be lost. What is settled as unanswered stays so, or the recording would have been waited for.
STATUS_NEWS = f"""
WITH news AS (
  INSERT INTO carrier_events (provider_id, kind, status, sequence, call_id, body, received_at)
  VALUES (:sid, 'status', :status, :sequence, :call_id, CAST(:body AS jsonb), :now)
  ON CONFLICT DO NOTHING RETURNING id
), before AS (
  SELECT id, state, sid, answered_at FROM calls WHERE id = :call_id AND (sid IS NULL OR sid = :sid)
    AND NOT EXISTS (SELECT 1 FROM calls o WHERE o.sid = :sid AND o.id <> :call_id)
    AND EXISTS (SELECT 1 FROM news) FOR UPDATE
), moved AS (
  UPDATE calls k SET
    sid = coalesce(k.sid, :sid),
    state = CASE WHEN {RANK.format("CAST(:state AS text)")} > {RANK.format("k.state")} THEN :state ELSE k.state END,
    answered_at = CASE
      WHEN k.answered_at IS NOT NULL OR k.settled_at IS NOT NULL THEN k.answered_at
      WHEN :state = 'ANSWERED' THEN :now
      WHEN :status = 'completed' AND CAST(:duration AS int) > 0
      THEN CAST(:now AS timestamptz) - make_interval(secs => CAST(:duration AS int))
    END,
    -- an attempt that had been given back rang after all: it is settled as one that was made, for the caps and the record
    ended_at = CASE WHEN :state = 'ENDED' AND b.state = 'REJECTED' THEN :now
                    WHEN :state = 'ENDED' THEN coalesce(k.ended_at, :now) ELSE k.ended_at END,
    carrier_status = CASE WHEN :state = 'ENDED' AND b.state = 'REJECTED' THEN :status
                          WHEN :state = 'ENDED' THEN coalesce(k.carrier_status, :status) ELSE k.carrier_status END,
    settled_at = CASE WHEN :state = 'ENDED' AND b.state = 'REJECTED' THEN NULL ELSE k.settled_at END,
    result = CASE WHEN :state = 'ENDED' AND b.state = 'REJECTED' THEN 'REJECTED' ELSE k.result END,
    sip_code = coalesce(:sip, k.sip_code),
    -- what was settled was settled on what was known then
    answered_by = CASE WHEN k.settled_at IS NULL THEN coalesce(:answered_by, k.answered_by) ELSE k.answered_by END,
    duration = coalesce(:duration, k.duration)
  FROM before b WHERE k.id = b.id
  RETURNING k.id, k.person_id, k.state, b.state AS was, k.answered_at IS NOT NULL AND b.answered_at IS NULL AS answered
), told AS (
  INSERT INTO events (at, kind, call_id, person_id, data)
  SELECT :now, t.kind, m.id, m.person_id,
         jsonb_build_object('sid', CAST(:sid AS text), 'status', CAST(:status AS text), 'duration', CAST(:duration AS int))
  FROM moved m, LATERAL (
    SELECT 1 AS place, 'CALL_ANSWERED' AS kind WHERE m.answered
    UNION ALL
    -- PLACED is told by the dial's own answer
    SELECT 2, 'CALL_' || m.state WHERE m.state <> m.was AND m.state NOT IN ('PLACED', 'ANSWERED')
  ) t ORDER BY t.place
)
SELECT EXISTS (SELECT 1 FROM news) AS fresh, (SELECT state FROM moved) AS state,
       (SELECT pg_notify('huifang', 'ended') FROM moved WHERE state = 'ENDED' AND was <> 'ENDED') AS rung
"""


async def status_news(
    connection: AsyncConnection,
    *,
    call_id: str,
    sid: str,
    status: str,
    sequence: int,
    sip_code: str | None,
    answered_by: str | None,
    duration: int | None,
    body: dict,
    now: datetime,
) -> bool:
    """Take one status. False where it was known already. A call id that is not ours leaves a row to be reconciled."""
    found = await rows(
        connection,
        STATUS_NEWS,
        call_id=call_id,
        sid=sid,
        status=status,
        state=STATE_OF.get(status, "PLACED"),
        sequence=sequence,
        sip=sip_code,
        answered_by=answered_by,
        duration=duration,
        body=json.dumps(body),
        now=now,
    )
    return found[0]["fresh"]


MACHINE_NEWS = """
WITH news AS (
  INSERT INTO carrier_events (provider_id, kind, status, sequence, call_id, body, received_at)
  VALUES (:sid, 'machine', :answered_by, 0, :call_id, CAST(:body AS jsonb), :now)
  ON CONFLICT DO NOTHING RETURNING id
), judged AS (
  UPDATE calls k SET answered_by = :answered_by
  WHERE k.id = :call_id AND k.sid = :sid AND k.settled_at IS NULL AND EXISTS (SELECT 1 FROM news)
)
SELECT EXISTS (SELECT 1 FROM news) AS fresh
"""


async def machine_news(
    connection: AsyncConnection, *, call_id: str, sid: str, answered_by: str, body: dict, now: datetime
) -> bool:
    """Take the verdict of the machine detection. False where it was known already; one that comes after the call was
    settled changes nothing."""
    found = await rows(
        connection,
        MACHINE_NEWS,
        call_id=call_id,
        sid=sid,
        answered_by=answered_by,
        body=json.dumps(body),
        now=now,
    )
    return found[0]["fresh"]


RECORDING_NEWS = """
WITH news AS (
  INSERT INTO carrier_events (provider_id, kind, status, sequence, call_id, body, received_at)
  VALUES (:recording, 'recording', :status, 0, :call_id, CAST(:body AS jsonb), :now)
  ON CONFLICT DO NOTHING RETURNING id
), kept AS (
  INSERT INTO recordings (call_id, provider_id, state, problem, media_url, reported_seconds, channels, reported_at, loudness, tries)
  SELECT k.id, :recording, CAST(:state AS text), :problem, :url, :seconds, :channels, :now, '{}', 0
  FROM calls k WHERE k.id = :call_id AND k.sid = :sid
  ON CONFLICT (provider_id) DO NOTHING RETURNING id, call_id
), told AS (
  INSERT INTO events (at, kind, call_id, data)
  SELECT :now, CASE WHEN :state = 'LOST' THEN 'RECORDING_LOST' ELSE 'RECORDING_REPORTED' END, call_id,
         jsonb_build_object('recording', CAST(:recording AS text), 'problem', CAST(:problem AS text)) FROM kept
  RETURNING id, at, kind, case_id, call_id, data
)
SELECT EXISTS (SELECT 1 FROM kept) AS fresh, pg_notify('huifang', 'recording') AS rung,
       (SELECT to_jsonb(told) FROM told WHERE kind = 'RECORDING_LOST') AS lost
"""


async def recording_news(
    connection: AsyncConnection,
    *,
    call_id: str,
    sid: str,
    recording: str,
    status: str,
    url: str | None,
    seconds: int | None,
    channels: int | None,
    problem: str | None,
    body: dict,
    now: datetime,
) -> bool:
    """Take word of a recording; `absent` and `failed` are LOST with their reason at once."""
    found = await rows(
        connection,
        RECORDING_NEWS,
        call_id=call_id,
        sid=sid,
        recording=recording,
        status=status,
        state="REPORTED" if status == "completed" else "LOST",
        problem=None if status == "completed" else (problem or status.upper()),
        url=url,
        seconds=seconds,
        channels=channels,
        body=json.dumps(body),
        now=now,
    )
    if lost := found[0]["lost"]:
        await ledger.witness(connection, [{**lost, "at": datetime.fromisoformat(lost["at"])}])
    return found[0]["fresh"]
