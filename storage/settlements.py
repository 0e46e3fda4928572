"""Ended contacts: read for decision in batches, and everything that follows from each saved in one statement."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.answers import Answer
from rules.settlement import CallFacts, CaseFacts, Contact, Settlement
from storage.agent_calls import WRAP_UP
from storage.db import rows

# Answers of an earlier call hold when the next one comes within three days and follows the same script (domain 5, X).
STILL_VALID = timedelta(days=3)

CASE_FACTS = """
  c.id AS case_id, c.policy_no, c.person_id, c.state AS case_state, c.round, c.nominal_end, c.handover_at, c.provisional,
  k.product_type, k.premium_mode, k.channel, k.branch_code, k.agent_code, k.receipt_signed_on,
  coalesce((k.facts ->> 'signature_date_estimated')::boolean, false) AS estimated,
  coalesce(k.facts ->> 'traceability', 'NONE') AS traceability, CAST(k.facts ->> 'cooling_off_days' AS int) AS cooling_off_days
"""

ENDED = f"""
SELECT call.id AS call_id, call.carrier_status, call.sip_code, call.answered_at, call.answered_by, call.ended_step,
       call.ended_by, call.ended_at, call.progress ->> 'appointment' AS appointment, call.script, c.profile,
       CASE WHEN call.answered_at IS NULL THEN 'NOT_EXPECTED' ELSE sound.state END AS recording,
       {CASE_FACTS},
       coalesce((SELECT jsonb_agg(to_jsonb(a) - 'heard_sealed' ORDER BY a.id) FROM answers a
                 WHERE a.call_id = call.id AND (a.case_id IS NULL OR a.case_id = c.id)), '[]') AS answers,
       coalesce((SELECT jsonb_agg(to_jsonb(a) - 'heard_sealed' ORDER BY a.id)
                 FROM answers a
                 JOIN settlements s ON s.call_id = a.call_id AND s.case_id = c.id
                 JOIN calls o ON o.id = a.call_id
                 LEFT JOIN script_recalls r ON r.case_id = c.id AND r.round = c.round
                 WHERE a.case_id = c.id AND a.final AND a.call_id <> call.id
                   AND ((s.round = c.round AND s.counts AND o.ended_at > call.reserved_at - make_interval(secs => :valid)
                         AND (o.script IN (call.script, call.continues) OR o.continues IN (call.script, call.continues)))
                        -- a round of what a script left out (AC-25), or of what was in doubt (R92): everything else was answered before
                        OR (s.round = r.round - 1 AND s.decision -> 'settlement' ->> 'counts' = 'true'
                            AND NOT r.items @> to_jsonb(a.step)))), '[]') AS earlier,
       (SELECT count(*) FROM settlements s WHERE s.case_id = c.id AND s.result = 'HANGUP_DELIBERATE') AS deliberate,
       EXISTS (SELECT 1 FROM events e WHERE e.case_id = c.id AND e.call_id = call.id AND e.kind = 'NUMBER_NAMED')
         AS number_named,
       coalesce(call.result = 'REJECTED', false) AS given_back,
       (SELECT t.line FROM agent_calls t WHERE t.call_id = call.id AND t.line IS NOT NULL LIMIT 1) AS line,
       -- head office rings again to confirm what a branch has handled (R92)
       EXISTS (SELECT 1 FROM work_orders w WHERE w.case_id = c.id AND w.round = c.round AND w.kind = 'AFTER_CARE')
         AS after_care
FROM calls call
JOIN call_cases cc ON cc.call_id = call.id
JOIN cases c ON c.id = cc.case_id
JOIN contracts k ON k.policy_no = c.policy_no
LEFT JOIN LATERAL (
  SELECT CASE WHEN bool_or(r.state IN ('VERIFIED', 'CLEARED')) THEN 'VERIFIED'
              WHEN bool_and(r.state = 'LOST') THEN 'LOST' END AS state
  FROM recordings r WHERE r.call_id = call.id
) sound ON true
WHERE call.id IN (
  SELECT o.id FROM calls o
  WHERE o.state = 'ENDED' AND o.settled_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM agent_calls t WHERE t.call_id = o.id AND t.state <> 'DONE'
                      AND o.ended_at > CAST(:now AS timestamptz) - make_interval(secs => :wrap_up))
    AND (o.answered_at IS NULL
         OR EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = o.id AND r.state IN ('VERIFIED', 'CLEARED'))
         OR (EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = o.id)
             AND NOT EXISTS (SELECT 1 FROM recordings r WHERE r.call_id = o.id AND r.state <> 'LOST')))
  ORDER BY o.ended_at LIMIT :most FOR UPDATE SKIP LOCKED)
ORDER BY call.ended_at, call.id, c.id
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A contact ready to be settled, with the profile that its case comes under: a call may have been made under the
    strictest of several."""

    contact: Contact
    person_id: int
    script: str
    profile: str


def answers_of_rows(found: list[dict], policy_no: str) -> tuple[Answer, ...]:
    return tuple(
        Answer(
            step=a["step"],
            answer=a["answer"],
            try_no=a["try_no"],
            policy_no=policy_no if a["case_id"] is not None else None,
            corrected=a["corrected"],
            detail=a["detail"].get("detail"),
            how=a["how"],
            confidence=a["detail"].get("confidence"),
            signer=a["detail"].get("signer"),
            seller_statement=a["detail"].get("seller_statement"),
            final=a["final"],
            date=a["detail"].get("date"),
        )
        for a in found
    )


def _case(row: dict) -> CaseFacts:
    return CaseFacts(
        case_id=row["case_id"],
        policy_no=row["policy_no"],
        state=row["case_state"],
        round=row["round"],
        product_type=row["product_type"],
        premium_mode=row["premium_mode"],
        channel=row["channel"],
        branch_code=row["branch_code"] or "",
        agent_code=row["agent_code"],
        receipt_signed_on=row["receipt_signed_on"],
        nominal_end=row["nominal_end"],
        handover_at=row["handover_at"],
        provisional=row["provisional"],
        signature_date_estimated=row["estimated"],
        traceability=row["traceability"],
        cooling_off_days=row["cooling_off_days"],
    )


def _ended_by(known: str | None, carrier_status: str | None) -> str | None:
    """A call that failed after the answer, or that the carrier had to give up, was ended by nobody: the line broke."""
    if known == "line":
        return None
    return known or ("callee" if carrier_status == "completed" else None)


async def ended_calls(connection: AsyncConnection, most: int = 100, now: datetime | None = None) -> list[Ended]:
    """Calls that are over and whose recording is verified, lost or not to be expected; at `now`, without those whose agent
    may still note the last answer. Locks them until the transaction ends, so that two settlers never meet."""
    return [
        Ended(
            Contact(
                kind="CALL",
                ended_at=row["ended_at"],
                case=_case(row),
                call=CallFacts(
                    call_id=row["call_id"],
                    carrier_status=row["carrier_status"] or "failed",
                    sip_code=int(row["sip_code"]) if (row["sip_code"] or "").isdigit() else None,
                    answered=row["answered_at"] is not None,
                    answered_by=row["answered_by"],
                    ended_step=row["ended_step"],
                    ended_by=_ended_by(row["ended_by"], row["carrier_status"]),
                    answers=answers_of_rows(row["answers"], row["policy_no"]),
                    appointment=datetime.fromisoformat(row["appointment"]) if row["appointment"] else None,
                    recording=row["recording"],
                    candidate_number=row["number_named"],
                    line=row["line"],
                ),
                earlier_answers=answers_of_rows(row["earlier"], row["policy_no"]),
                deliberate_hangups=row["deliberate"],
                after_care=row["after_care"],
                given_back=row["given_back"],
            ),
            row["person_id"],
            row["script"],
            row["profile"],
        )
        for row in await rows(
            connection,
            ENDED,
            most=most,
            valid=STILL_VALID.total_seconds(),
            now=now,
            wrap_up=WRAP_UP.total_seconds(),
        )
    ]


async def cases_to_settle(
    connection: AsyncConnection, wanted: Sequence[tuple[int, str, str]], now: datetime
) -> list[Ended]:
    """Contacts without a call: (case id, PRECHECK or PLAN_USED_UP, reason). Cases that moved on meanwhile are left out."""
    asked = {case_id: (kind, reason) for case_id, kind, reason in wanted}
    found = await rows(
        connection,
        f"""
        SELECT {CASE_FACTS}, c.profile FROM cases c JOIN contracts k ON k.policy_no = c.policy_no
        WHERE c.id = ANY(:ids) AND c.owner = 'HEAD_OFFICE' AND c.state IN ('CALLABLE', 'APPOINTED', 'WAITING')
        ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
        """,
        ids=list(asked),
    )
    return [
        Ended(
            Contact(kind=asked[r["case_id"]][0], ended_at=now, case=_case(r), reason=asked[r["case_id"]][1]),
            r["person_id"],
            "",
            r["profile"],
        )
        for r in found
    ]


SAVE = """
WITH decided AS (
  SELECT * FROM jsonb_to_recordset(CAST(:decided AS jsonb)) AS d(
    case_id bigint, person_id bigint, call_id text, kind text, round int, result text, "class" text, completed boolean,
    counts boolean, in_window boolean, profile text, decision jsonb, state text, owner text, owner_branch text,
    reasons jsonb, marks jsonb, appointment timestamptz, wake_on date, late_grace_until date, dead_number boolean, orders jsonb,
    given_back boolean, event jsonb)
), before AS (
  -- locked: a list that withdraws a case at this moment comes before or after, never in between
  SELECT c.id, c.state, c.owner FROM cases c WHERE c.id IN (SELECT case_id FROM decided) FOR UPDATE
), kept AS (
  INSERT INTO settlements (case_id, call_id, kind, round, result, "class", completed, counts, in_window, profile, decision, settled_at)
  SELECT case_id, call_id, kind, round, coalesce(result, ''), "class", completed, counts, in_window, profile, decision, :now
  FROM decided ON CONFLICT DO NOTHING
  RETURNING case_id
), fresh AS (
  SELECT d.* FROM decided d JOIN kept k USING (case_id)
), moved AS (
  UPDATE cases c SET
    state = f.state, owner = f.owner, owner_branch = f.owner_branch, "class" = coalesce(f."class", c."class"),
    reasons = CASE WHEN f."class" IS NULL THEN c.reasons ELSE f.reasons END,
    marks = CASE WHEN f."class" IS NULL THEN c.marks ELSE f.marks END,
    completed_at = CASE WHEN f.counts AND f.completed THEN coalesce(c.completed_at, :now) ELSE c.completed_at END,
    counts = c.counts OR (f.counts AND f.completed),
    late_grace_until = coalesce(f.late_grace_until, c.late_grace_until),
    callable_on = coalesce(f.wake_on, c.callable_on),
    -- a completed callback that came too early is followed by its supplementary one: another round (R23)
    round = c.round + CASE WHEN f.completed AND f.counts AND f.state = 'WAITING' THEN 1 ELSE 0 END,
    appointment_at = f.appointment,
    appointment_hash = CASE WHEN f.appointment IS NULL THEN NULL ELSE (SELECT number_hash FROM calls WHERE id = f.call_id) END,
    changed_at = :now
  -- withdrawn meanwhile: nothing is asked of it any more; given back: it went on without this call
  FROM fresh f WHERE c.id = f.case_id AND c.state <> 'NOT_REQUIRED' AND NOT f.given_back
), finished AS (
  UPDATE calls k SET settled_at = :now, result = f.result
  FROM (SELECT DISTINCT ON (call_id) call_id, result FROM decided WHERE call_id IS NOT NULL ORDER BY call_id, case_id) f
  WHERE k.id = f.call_id
), struck AS (
  UPDATE contract_phones n SET dead = true FROM fresh f JOIN calls k ON k.id = f.call_id
  WHERE f.dead_number AND n.person_id = k.person_id AND n.number_hash = k.number_hash
), drafts AS (
  SELECT f.case_id, f.round, f.call_id, f.person_id, f.profile,
         CAST(f.event -> 'contact' ->> 'ended_at' AS timestamptz) AS pushed_at, o.*
  FROM fresh f JOIN before b ON b.id = f.case_id AND b.state <> 'NOT_REQUIRED', jsonb_to_recordset(f.orders) AS o(
    kind text, class_ text, reasons jsonb, marks jsonb, action text, branch_code text, working_days int, due_at timestamptz,
    act_by date, escalated boolean, exclude_selling_agent boolean, provisional boolean)
), issued AS (
  INSERT INTO work_orders (case_id, round, kind, "class", reasons, marks, action, branch_code, state, working_days,
                           exclude_selling_agent, issued_at, pushed_at, profile, provisional, due_at, act_by, escalated_at)
  SELECT case_id, round, kind, class_, reasons, marks, action, branch_code, 'ISSUED', working_days,
         exclude_selling_agent, :now, pushed_at, profile, provisional, due_at, act_by, CASE WHEN escalated THEN CAST(:now AS timestamptz) END
  FROM drafts ON CONFLICT DO NOTHING
  RETURNING id, case_id, kind, branch_code, working_days, due_at, act_by, escalated_at, reasons, profile, provisional
), told AS (
  INSERT INTO events (at, kind, case_id, call_id, person_id, data)
  SELECT :now, 'SETTLED', f.case_id, f.call_id, f.person_id, f.event || jsonb_build_object('was', b.state, 'was_owner', b.owner)
  FROM fresh f JOIN before b ON b.id = f.case_id
  UNION ALL
  SELECT :now, 'ORDER_ISSUED', i.case_id, NULL, NULL, jsonb_build_object(
    'order_id', i.id, 'kind', i.kind, 'branch', i.branch_code, 'working_days', i.working_days, 'due_at', i.due_at,
    'act_by', i.act_by, 'escalated', i.escalated_at IS NOT NULL, 'reasons', i.reasons, 'profile', i.profile,
    'provisional', i.provisional)
  FROM issued i
)
SELECT (SELECT count(*) FROM kept) AS settled, (SELECT count(*) FROM issued) AS orders, pg_notify('huifang', 'settled') AS rung
"""


async def save(
    connection: AsyncConnection, decided: Sequence[tuple[Ended, Settlement]], now: datetime
) -> tuple[int, int]:
    """Settlement, case, call, orders and events of a batch, all or nothing. Returns how many settlements and orders
    were new; a settlement that stands already is left as it stands."""
    found = await rows(connection, SAVE, decided=json.dumps([_row(e, s) for e, s in decided]), now=now)
    return found[0]["settled"], found[0]["orders"]


def _row(ended: Ended, settlement: Settlement) -> dict:
    decision = settlement.to_json()
    reasons = [r["code"] for r in decision["reasons"]]
    call = ended.contact.call
    return {
        "case_id": ended.contact.case.case_id,
        "person_id": ended.person_id,
        "call_id": call.call_id if call else None,
        "kind": ended.contact.kind,
        "round": ended.contact.case.round,
        "result": settlement.result,
        "class": settlement.class_,
        "completed": settlement.completed,
        "counts": settlement.counts,
        "in_window": settlement.in_window,
        "profile": settlement.profile_id,
        "decision": {"contact": ended.contact.to_json(), "settlement": decision},
        "state": settlement.case_state,
        "owner": settlement.owner,
        "owner_branch": settlement.owner_branch,
        "reasons": reasons,
        "marks": list(settlement.marks),
        "appointment": decision["appointment"],
        "wake_on": decision["wake_on"],
        "late_grace_until": decision["late_grace_until"],
        "dead_number": settlement.dead_number,
        "given_back": ended.contact.given_back,
        "orders": [{**o, "reasons": list(o["reasons"]), "marks": list(o["marks"])} for o in decision["orders"]],
        "event": {
            "kind": ended.contact.kind,
            "result": settlement.result,
            "class": settlement.class_,
            "reasons": reasons,
            "marks": list(settlement.marks),
            "completed": settlement.completed,
            "counts": settlement.counts,
            "profile": settlement.profile_id,
            "state": settlement.case_state,
            "owner": settlement.owner,
            "owner_branch": settlement.owner_branch,
            "contact": ended.contact.to_json(),
        },
    }
