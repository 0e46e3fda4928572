"""One turn of a call: one read, one write. The answer and the step it leads to are stored together or not at all."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.answers import Answer
from rules.call_sheet import CallSheet
from rules.conversation import Progress
from storage.agent_seats import FREE
from storage.calls import RANK
from storage.db import rows
from storage.vault import vault


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call as its conversation needs it. `progress` is None until somebody has answered; `answered_by` is the
    carrier's verdict on who did. What is `settled` stands: nothing more is heard."""

    call_id: str
    state: str
    sid: str | None
    script: str
    sheet: CallSheet
    progress: Progress | None
    turn: int
    script_digest: str | None = None
    profile: str = ""
    led_by: str | None = None  # the agent call in whose room the customer is; None: the robot speaks
    agent_login: str | None = None
    agents_free: int = 0
    settled: bool = False
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """To be made with this turn: the ids that the agent's part gets, why, and since when an agent's page must have asked."""

    agent_call: str
    leg: str
    reason: str
    seen: datetime


async def load(connection: AsyncConnection, call_id: str, seen: datetime | None = None) -> Conversation | None:
    """`seen`: agents whose page has asked since then count as there; None: nobody is asked for."""
    found = await rows(
        connection,
        f"""SELECT id, state, sid, script, script_digest, sheet_sealed, progress, turn, profile, led_by, agent_login, answered_by,
                   settled_at IS NOT NULL AS settled,
                   CASE WHEN CAST(:seen AS timestamptz) IS NULL THEN 0
                        ELSE (SELECT count(*) FROM ({FREE}) free) END AS agents_free
            FROM calls WHERE id = :id""",
        id=call_id,
        seen=seen,
    )
    if not found:
        return None
    row = found[0]
    return Conversation(
        call_id=row["id"],
        state=row["state"],
        sid=row["sid"],
        script=row["script"],
        sheet=CallSheet.from_json(json.loads(vault().open(row["sheet_sealed"]))),
        progress=Progress.from_json(row["progress"]) if row["progress"] else None,
        turn=row["turn"],
        script_digest=row["script_digest"],
        profile=row["profile"],
        led_by=row["led_by"],
        agent_login=row["agent_login"],
        agents_free=row["agents_free"],
        settled=row["settled"],
        answered_by=row["answered_by"],
    )


# `agent_call`: the customer is handed over to whichever agent is free, or nothing is stored at all.
SAVE = f"""
WITH seat AS (
  {FREE} AND CAST(:agent_call AS text) IS NOT NULL ORDER BY s.since LIMIT 1 FOR UPDATE OF s SKIP LOCKED
), given AS (
  INSERT INTO agent_calls (id, login, person_id, case_ids, call_id, origin, reason, state, taken_at, lease_until)
  SELECT CAST(:agent_call AS text), seat.login, k.person_id,
         (SELECT jsonb_agg(cc.case_id) FROM call_cases cc WHERE cc.call_id = k.id), k.id, 'TRANSFER', :reason, 'WANTED',
         :now, :now
  FROM seat, calls k WHERE k.id = :call_id AND k.turn = :from_turn
  ON CONFLICT DO NOTHING RETURNING *
), leg AS (
  INSERT INTO agent_legs (id, agent_call_id, login, role, address_sealed, state, changed_at)
  SELECT :leg, given.id, given.login, 'AGENT', u.line_sealed, 'WANTED', :now
  FROM given JOIN users u ON u.login = given.login RETURNING id
), moved AS (
  UPDATE calls k SET
    led_by = coalesce(CAST(:agent_call AS text), k.led_by),
    progress = CAST(:progress AS jsonb), turn = :turn, sid = coalesce(k.sid, :sid),
    state = CASE WHEN {RANK.format("k.state")} < 4 THEN 'ANSWERED' ELSE k.state END,
    answered_at = coalesce(k.answered_at, :now),
    answered_by = coalesce(k.answered_by, :answered_by),
    ended_step = :step, ended_by = CASE WHEN :over THEN 'us' ELSE k.ended_by END
  WHERE k.id = :call_id AND k.turn = :from_turn AND (k.sid IS NULL OR k.sid = :sid)
    -- whoever leads it now; of a call that is over, and not settled yet, the agent may still note the last answer
    AND (k.led_by IS NOT DISTINCT FROM CAST(:led_by AS text)
         OR (k.state = 'ENDED' AND k.led_by IS NULL AND CAST(:led_by AS text) IS NOT NULL))
    AND k.settled_at IS NULL AND NOT EXISTS (SELECT 1 FROM calls o WHERE o.sid = :sid AND o.id <> :call_id)
    AND (CAST(:agent_call AS text) IS NULL OR EXISTS (SELECT 1 FROM given))
  RETURNING k.id, k.person_id, old.answered_at AS heard_before
), kept AS (
  INSERT INTO answers (call_id, case_id, step, try_no, answer, corrected, final, detail, how, heard_sealed, answered_at)
  SELECT m.id, a.case_id, a.step, a.try_no, a.answer, a.corrected, a.final, a.detail, a.how,
         CASE WHEN a.heard <> '' THEN decode(a.heard, 'hex') END, :now
  FROM moved m, jsonb_to_recordset(CAST(:answers AS jsonb)) AS a(
    case_id bigint, step text, try_no int, answer text, corrected boolean, final boolean, detail jsonb, how text, heard text)
  ON CONFLICT DO NOTHING
), told AS (
  INSERT INTO events (at, kind, call_id, person_id, data)
  SELECT :now, 'CALL_ANSWERED', m.id, m.person_id, jsonb_build_object('sid', CAST(:sid AS text))
  FROM moved m WHERE m.heard_before IS NULL
  UNION ALL
  SELECT :now, 'TURN', m.id, m.person_id, CAST(:told AS jsonb) FROM moved m
  UNION ALL
  SELECT :now, 'CALL_HANDED_OVER', m.id, m.person_id, jsonb_build_object('user', given.login, 'reason', given.reason)
  FROM moved m, given
)
SELECT id, (SELECT pg_notify('huifang', 'agent') FROM given) AS rung FROM moved
"""


async def save_turn(
    connection: AsyncConnection,
    conversation: Conversation,
    *,
    sid: str,
    progress: Progress,
    answers: tuple[Answer, ...],
    said: list[dict],
    over: bool,
    answered_by: str | None,
    now: datetime,
    handover: Handover | None = None,
) -> bool:
    """Store what was heard and what is said next. False where another request has done so already, somebody else leads the
    call by now, or it is settled: read again. With a `handover` that finds no agent, and with no other, the transaction
    must be rolled back where this is False."""
    by = conversation.agent_login if conversation.led_by else None
    case_of = {p.policy_no: p.case_id for p in conversation.sheet.policies}
    kept = [
        {
            "case_id": case_of.get(a.policy_no),
            "step": a.step,
            "try_no": a.try_no,
            "answer": a.answer,
            "corrected": a.corrected,
            "final": a.final,
            "detail": {
                name: value
                for name, value in (
                    ("detail", a.detail),
                    ("signer", a.signer),
                    ("seller_statement", a.seller_statement),
                    ("confidence", a.confidence),
                    ("date", a.date),
                    ("by", by),
                )
                if value is not None
            },
            "how": a.how,
            "heard": vault().seal(a.heard).hex() if a.heard else "",
        }
        for a in answers
    ]
    told = {
        "turn": progress.turn,
        "said": said,
        "identity": progress.identity,
        "ended": progress.ended,
        "answers": [{k: v for k, v in a.items() if k != "heard"} for a in kept],
    }
    stored = await rows(
        connection,
        SAVE,
        call_id=conversation.call_id,
        from_turn=conversation.turn,
        sid=sid,
        progress=json.dumps(progress.to_json()),
        turn=progress.turn,
        step=progress.step,
        over=over,
        answered_by=answered_by,
        answers=json.dumps(kept),
        told=json.dumps(told),
        now=now,
        led_by=conversation.led_by,
        agent_call=handover.agent_call if handover else None,
        leg=handover.leg if handover else None,
        reason=handover.reason if handover else None,
        seen=handover.seen if handover else None,
    )
    return bool(stored)


async def keep_candidate(connection: AsyncConnection, conversation: Conversation, number: str, now: datetime) -> None:
    """A number somebody gave on the phone: kept, never dialled until confirmed (C25)."""
    await rows(
        connection,
        """
        WITH kept AS (
          INSERT INTO contract_phones (policy_no, person_id, number_hash, number_sealed, place, status, dead)
          SELECT c.policy_no, c.person_id, :hash, :sealed, 9, 'CANDIDATE', false
          FROM call_cases cc JOIN cases c ON c.id = cc.case_id WHERE cc.call_id = :call_id
          ON CONFLICT DO NOTHING RETURNING policy_no
        )
        -- a number that is known already is no candidate; without the number itself, as every event
        INSERT INTO events (at, kind, case_id, call_id, person_id, data)
        SELECT :now, 'NUMBER_NAMED', c.id, :call_id, c.person_id, CAST('{}' AS jsonb)
        FROM kept JOIN cases c USING (policy_no) RETURNING id
        """,
        call_id=conversation.call_id,
        hash=vault().fingerprint(f"phone:{number}"),
        sealed=vault().seal(number),
        now=now,
    )


async def ended_by_us(connection: AsyncConnection, call_id: str) -> None:
    """We put the receiver down before the script was over: nobody's refusal."""
    await rows(
        connection,
        "UPDATE calls SET ended_by = 'us' WHERE id = :id AND ended_at IS NULL AND ended_by IS NULL RETURNING id",
        id=call_id,
    )
