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
from storage.family_ties import ALL_RELATED
from storage.order_reviews import issue_order

KIND, REASON = "QUALITY_CHECK", "PHONE_SHARED"

# The policyholders that carry a number, as the dialler counts them (C23). What is no number of several is left out here:
# no profile may set a threshold below two. The contract is looked up by its key, row by row: in the middle of a first
# import the planner knows nothing of the tables yet, and a join of them takes a thousand times as long.
_HOLDERS = """
SELECT encode(t.number_hash, 'hex') AS number, cardinality(x.persons) AS holders, {related} AS related
FROM ({numbers}) t CROSS JOIN LATERAL (
  SELECT array_agg(DISTINCT h.person_id) AS persons FROM contract_phones h
  WHERE h.number_hash = t.number_hash AND h.status = 'CONFIRMED'
    AND (SELECT hk.status = 'IN_FORCE' OR hk.underwritten_on > CAST(:today AS date) - 730
         FROM contracts hk WHERE hk.policy_no = h.policy_no)
) x WHERE cardinality(x.persons) > 1
"""
_OF_THESE = "SELECT DISTINCT number_hash FROM contract_phones WHERE policy_no = ANY(:policies)"
_OF_SEVERAL = """
SELECT number_hash FROM contract_phones WHERE status = 'CONFIRMED' GROUP BY number_hash HAVING count(DISTINCT person_id) > 1
"""

# Cases in the order in which everybody locks them
_SETTLED_OVER_ONE = """
WITH over_one AS MATERIALIZED (
  SELECT c.id, array_agg(encode(n.number_hash, 'hex')) AS numbers
  FROM contract_phones n JOIN cases c ON c.policy_no = n.policy_no
  WHERE n.number_hash = ANY(SELECT decode(h, 'hex') FROM unnest(CAST(:numbers AS text[])) AS h)
    AND n.status = 'CONFIRMED' AND c."class" IS NOT NULL
  GROUP BY c.id
)
SELECT c.id, c.state, c."class", c.reasons, c.profile, c.nominal_end, c.completed_at, c.owner_branch, k.branch_code, o.numbers
FROM over_one o JOIN cases c ON c.id = o.id JOIN contracts k ON k.policy_no = c.policy_no
WHERE NOT EXISTS (SELECT 1 FROM work_orders w WHERE w.case_id = c.id AND w.round = c.round AND w.kind = 'QUALITY_CHECK')
ORDER BY c.id FOR UPDATE OF c
"""


async def _several(connection: AsyncConnection, now: datetime, policies: Sequence[str] | None) -> dict[str, PhoneFacts]:
    """Numbers that several policyholders carry, by their hash in hex."""
    if policies is None:
        sql = _HOLDERS.format(numbers=_OF_SEVERAL, related=ALL_RELATED)
        found = await rows(connection, sql, today=business_date(now))
    else:
        sql = _HOLDERS.format(numbers=_OF_THESE, related=ALL_RELATED)
        found = await rows(connection, sql, today=business_date(now), policies=list(policies))
    return {row["number"]: PhoneFacts(row["number"], row["holders"], related=row["related"]) for row in found}


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
    several = await _several(connection, now, policies)
    if not several:
        return 0
    issued = 0
    for row in await rows(connection, _SETTLED_OVER_ONE, numbers=list(several)):
        profile = load_profile(row["profile"])
        numbers = [several[number] for number in row["numbers"]]
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
SELECT w.id AS order_id, c.profile, c.policy_no,
       ARRAY(SELECT encode(n.number_hash, 'hex') FROM contract_phones n
             WHERE n.policy_no = c.policy_no AND n.status = 'CONFIRMED') AS numbers
FROM work_orders w JOIN cases c ON c.id = w.case_id
WHERE w.kind = '{KIND}' AND w.state IN ('ISSUED', 'ACCEPTED') AND w.reasons = '["{REASON}"]'
  AND c.state NOT IN ('AT_BRANCH', 'IN_REVIEW')
ORDER BY c.id FOR UPDATE OF c
"""
CORRECTED = "NUMBER_CORRECTED"


async def lift_checks(connection: AsyncConnection, now: datetime) -> int:
    """Checks whose case carries no shared number any more, since a list corrected one, are closed unhandled. Returns how
    many."""
    checks = await rows(connection, _OPEN_CHECKS)
    if not checks:
        return 0
    several = await _several(connection, now, [row["policy_no"] for row in checks])
    over = []
    for row in checks:
        profile = load_profile(row["profile"])
        numbers = [several.get(number, PhoneFacts(number)) for number in row["numbers"]]
        if not any(shared_by_too_many(facts, profile) for facts in numbers):
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
