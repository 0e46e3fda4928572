"""One turn of a call: one read, one write. The answer and the step it leads to are stored together or not at all."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.answers import Answer
from rules.call_sheet import CallSheet
from rules.conversation import Progress
from storage.calls import RANK
from storage.db import rows
from storage.vault import vault


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call as its conversation needs it. `progress` is None until somebody has answered."""

    call_id: str
    state: str
    sid: str | None
    script: str
    sheet: CallSheet
    progress: Progress | None
    turn: int
    script_digest: str | None = None


async def load(connection: AsyncConnection, call_id: str) -> Conversation | None:
    found = await rows(
        connection,
        "SELECT id, state, sid, script, script_digest, sheet_sealed, progress, turn FROM calls WHERE id = :id",
        id=call_id,
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
    )


SAVE = f"""
WITH moved AS (
  UPDATE calls k SET
    progress = CAST(:progress AS jsonb), turn = :turn, sid = coalesce(k.sid, :sid),
    state = CASE WHEN {RANK.format("k.state")} < 4 THEN 'ANSWERED' ELSE k.state END,
    answered_at = coalesce(k.answered_at, :now),
    answered_by = coalesce(k.answered_by, :answered_by),
    ended_step = :step, ended_by = CASE WHEN :over THEN 'us' ELSE k.ended_by END
  WHERE k.id = :call_id AND k.turn = :from_turn AND (k.sid IS NULL OR k.sid = :sid)
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
)
SELECT id FROM moved
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
) -> bool:
    """Store what was heard and what is said next. False where another request has done so already: read again."""
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
