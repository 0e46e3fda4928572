"""The day on which a customer says he signed the receipt, where it corrects the record (C44): contract, case, history."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import Calendar
from rules.deadlines import case_dates
from rules.list_dates import ContractDates
from rules.plain_values import from_plain
from rules.settlement import Settlement
from scripts.rule_profiles import load_profile
from storage.db import rows
from storage.settlements import Ended

STANDING = """
SELECT c.id, c.person_id, c.policy_no, c.state, c.owner, c.owner_branch, c.round, c.callable_on, c.profile, told.data AS told
FROM cases c JOIN LATERAL (
  SELECT e.data FROM events e WHERE e.case_id = c.id AND e.kind IN ('CASE_OPENED', 'CASE_UPDATED') ORDER BY e.id DESC LIMIT 1
) told ON true
WHERE c.id = ANY(:ids) AND c.state <> 'NOT_REQUIRED' ORDER BY c.id
"""

CORRECT = """
WITH given AS (
  SELECT * FROM jsonb_to_recordset(CAST(:given AS jsonb)) AS g(
    id bigint, person_id bigint, policy_no text, receipt_signed_on date, nominal_end date, surrender_deadline date,
    handover_at timestamptz, provisional boolean, told jsonb)
), contract AS (
  -- a later list that says otherwise counts as news again
  UPDATE contracts k SET receipt_signed_on = g.receipt_signed_on, updated_at = :now,
    facts = k.facts || jsonb_build_object('receipt_signed_on', g.receipt_signed_on, 'signature_date_estimated', false)
  FROM given g WHERE k.policy_no = g.policy_no
), moved AS (
  UPDATE cases c SET nominal_end = g.nominal_end, surrender_deadline = g.surrender_deadline, handover_at = g.handover_at,
    provisional = g.provisional, changed_at = :now
  FROM given g WHERE c.id = g.id
)
INSERT INTO events (at, kind, case_id, person_id, data)
SELECT :now, 'CASE_UPDATED', id, person_id, told FROM given ORDER BY id RETURNING id
"""


async def correct_receipts(
    connection: AsyncConnection, decided: Sequence[tuple[Ended, Settlement]], calendar: Calendar, now: datetime
) -> int:
    """Bring the cases of these settlements to the dates that customers named. Returns how many were corrected. In the
    transaction that saved the settlements, after them."""
    named = {e.contact.case.case_id: s.signed_on for e, s in decided if s.signed_on is not None}
    if not named:
        return 0
    given = []
    for row in await rows(connection, STANDING, ids=list(named)):
        if (corrected := _corrected(row, named[row["id"]], calendar)) is not None:
            given.append(corrected)
    if given:
        await rows(connection, CORRECT, given=json.dumps(given, default=str), now=now)
    return len(given)


def _corrected(row: dict, signed_on: date, calendar: Calendar) -> dict | None:
    if not isinstance(row["told"].get("dates"), dict):
        return None  # opened before the dates of the contract were told with the case
    told = {**row["told"], "dates": {**row["told"]["dates"], "receipt_signed_on": signed_on.isoformat()}}
    dates = case_dates(from_plain(ContractDates, told["dates"]), load_profile(row["profile"]), calendar)
    derived = {
        name: getattr(dates, name) for name in ("nominal_end", "surrender_deadline", "handover_at", "provisional")
    }
    standing = {name: row[name] for name in ("state", "owner", "owner_branch", "round", "callable_on", "profile")}
    told |= {
        **standing,
        **derived,
        "receipt_signed_on": signed_on,
        "signature_date_estimated": False,
        "why": "C44",
        "was": {
            "receipt_signed_on": row["told"].get("receipt_signed_on"),
            "nominal_end": row["told"].get("nominal_end"),
        },
    }
    return {
        "id": row["id"], "person_id": row["person_id"], "policy_no": row["policy_no"], "receipt_signed_on": signed_on,
        **derived, "told": told,
    }  # fmt: skip
