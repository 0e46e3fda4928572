"""Numbers that turn out to be shared after a callback over them: its result stays, and the branch checks it (AC-09)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.branches import Organisation, inbox_branch
from rules.calendar import Calendar, business_date
from rules.deadlines import work_order_limit, working_days_for
from rules.phone_checks import PhoneFacts, shared_by_too_many, shared_since
from scripts.rule_profiles import load_profile
from storage.db import rows
from storage.events import record
from storage.order_reviews import issue_order

KIND, REASON = "QUALITY_CHECK", "PHONE_SHARED"

# The policyholders that carry a number, as the dialler counts them (C23). What is no number of several is left out here:
# no profile may set a threshold below two.
_SHARED = """
SELECT h.number_hash, count(DISTINCT h.person_id) AS holders
FROM contract_phones h JOIN contracts hk ON hk.policy_no = h.policy_no
WHERE h.status = 'CONFIRMED' AND (hk.status = 'IN_FORCE' OR hk.underwritten_on > CAST(:today AS date) - 730) {narrowed}
GROUP BY h.number_hash HAVING count(DISTINCT h.person_id) > 1
"""
_OF_THESE = """AND h.number_hash IN (SELECT number_hash FROM contract_phones WHERE policy_no = ANY(:policies))"""

# Cases in the order in which everybody locks them
_SETTLED_OVER_ONE = """
WITH shared AS ({shared}), over_one AS (
  SELECT c.id, jsonb_agg(jsonb_build_object('number', encode(s.number_hash, 'hex'), 'holders', s.holders)) AS numbers
  FROM shared s JOIN contract_phones n ON n.number_hash = s.number_hash AND n.status = 'CONFIRMED'
  JOIN cases c ON c.policy_no = n.policy_no
  WHERE c."class" IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM work_orders w WHERE w.case_id = c.id AND w.round = c.round AND w.kind = 'QUALITY_CHECK')
  GROUP BY c.id
)
SELECT c.id, c.state, c."class", c.reasons, c.profile, c.nominal_end, c.completed_at, c.owner_branch, k.branch_code, o.numbers
FROM over_one o JOIN cases c ON c.id = o.id JOIN contracts k ON k.policy_no = c.policy_no
ORDER BY c.id FOR UPDATE OF c
"""


async def check_shared_numbers(
    connection: AsyncConnection,
    organisation: Organisation,
    calendar: Calendar,
    now: datetime,
    policies: Sequence[str] | None = None,
) -> int:
    """One quality check for each settled case with a number that is shared by now, once in a round. Returns how many.

    `policies`: look only at the numbers that these carry; None: at every number.
    """
    sql = _SETTLED_OVER_ONE.format(shared=_SHARED.format(narrowed="" if policies is None else _OF_THESE))
    narrowed = {} if policies is None else {"policies": list(policies)}
    issued = 0
    for row in await rows(connection, sql, today=business_date(now), **narrowed):
        profile = load_profile(row["profile"])
        numbers = [PhoneFacts(one["number"], holders=one["holders"]) for one in row["numbers"]]
        why = shared_since(row["state"], row["class"], row["reasons"], numbers, profile)
        branch = row["owner_branch"] or (
            inbox_branch(row["branch_code"], organisation) if organisation.branches else None
        )
        if why is None or branch is None:
            continue
        # a callback that is done is not pressed by the end of the cooling-off period any more
        end = None if row["completed_at"] else row["nominal_end"]
        order = await issue_order(
            connection,
            case_id=row["id"],
            kind=KIND,
            branch=branch,
            reasons=[REASON],
            limit=work_order_limit(now, working_days_for(KIND, profile), end, calendar, profile),
            now=now,
            pushed_at=now,
            profile=profile.id,
            class_=row["class"],
            rule=why.rule,
        )
        issued += order is not None
    return issued


# A check beside an order that holds the case at the branch is left to the branch: closed behind its back, nobody would
# bring the case on.
_OPEN_CHECKS = f"""
WITH checked AS (
  SELECT w.id AS order_id, w.case_id, c.profile, c.policy_no
  FROM work_orders w JOIN cases c ON c.id = w.case_id
  WHERE w.kind = '{KIND}' AND w.state IN ('ISSUED', 'ACCEPTED') AND w.reasons = '["{REASON}"]'
    AND c.state NOT IN ('AT_BRANCH', 'IN_REVIEW')
), shared AS (
  {
    _SHARED.format(
        narrowed='''AND h.number_hash IN (
    SELECT p.number_hash FROM contract_phones p JOIN checked USING (policy_no))'''
    )
}
)
SELECT ch.order_id, ch.case_id, ch.profile,
       coalesce((SELECT jsonb_agg(jsonb_build_object('number', encode(s.number_hash, 'hex'), 'holders', s.holders))
                 FROM contract_phones n JOIN shared s ON s.number_hash = n.number_hash
                 WHERE n.policy_no = ch.policy_no AND n.status = 'CONFIRMED'), '[]') AS numbers
FROM checked ch JOIN cases c ON c.id = ch.case_id ORDER BY c.id FOR UPDATE OF c
"""
CORRECTED = "NUMBER_CORRECTED"


async def lift_checks(connection: AsyncConnection, now: datetime) -> int:
    """Checks whose case carries no shared number any more, since a list corrected one, are closed unhandled. Returns how
    many."""
    over = []
    for row in await rows(connection, _OPEN_CHECKS, today=business_date(now)):
        profile = load_profile(row["profile"])
        if not any(shared_by_too_many(PhoneFacts(n["number"], holders=n["holders"]), profile) for n in row["numbers"]):
            over.append(row["order_id"])
    if not over:
        return 0
    closed = await rows(
        connection,
        """UPDATE work_orders SET state = 'CLOSED', closed_at = :now, closed_why = :why
           WHERE id = ANY(:ids) AND state IN ('ISSUED', 'ACCEPTED') RETURNING id, case_id, kind, branch_code""",
        ids=over,
        now=now,
        why=CORRECTED,
    )
    for one in closed:
        told = {"order_id": one["id"], "kind": one["kind"], "branch": one["branch_code"], "why": CORRECTED}
        await record(connection, "ORDER_CLOSED", now, case_id=one["case_id"], **told)
    return len(closed)
