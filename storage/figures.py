"""The rows behind the figures of a report: callbacks as values for rules.measures, and what was done on a day, counted."""

import json
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import business_date, shanghai
from rules.list_columns import WHOLE_LIFE
from rules.measures import Callback, Result
from storage.db import rows

# Who stands in for a contract whose branch is not in the list: head office, under an empty code.
NO_BRANCH = ""

# Which contact a settlement is of: by whom, and by which method (R125: what branches complete counts as well)
HOW = {
    "LETTER": ("BRANCH", "LETTER"),
    "VISIT": ("BRANCH", "VISIT"),
    "E_CALLBACK": ("HEAD_OFFICE", "E_CALLBACK"),
}
CALLED = ("HEAD_OFFICE", "PHONE")

CALLBACKS = """
SELECT c.policy_no, c.person_id, coalesce(k.branch_code, '') AS branch, k.channel, coalesce(k.agent_code, '') AS agent,
       c.nominal_end, k.receipt_signed_on, k.status, k.facts ->> 'policy_term_years' AS term,
       c.reasons @> '["POLICYHOLDER_DECEASED"]' AS deceased,
       -- nothing is asked of it any more, and since when; one that a later list brought back is due again
       CASE WHEN c.state = 'NOT_REQUIRED' THEN (
         SELECT max(e.at) FROM events e
         WHERE e.case_id = c.id AND ((e.kind = 'CASE_MOVED' AND e.data ->> 'to' = 'NOT_REQUIRED')
           OR (e.kind IN ('SETTLED', 'CASE_OPENED') AND e.data ->> 'state' = 'NOT_REQUIRED'))) END AS left_at,
       coalesce((SELECT jsonb_agg(jsonb_build_object(
                   'at', coalesce(a.ended_at, s.settled_at), 'kind', s.kind, 'class', coalesce(o."class", s."class"),
                   'overridden', o.id IS NOT NULL, 'completed', s.completed, 'valid', s.counts,
                   'reasons', CASE WHEN o.id IS NULL
                     THEN jsonb_path_query_array(s.decision, '$.settlement.reasons[*].code') ELSE o.reasons END,
                   'marks', coalesce(s.decision -> 'settlement' -> 'marks', '[]')) ORDER BY s.id)
                 FROM settlements s LEFT JOIN calls a ON a.id = s.call_id
                 LEFT JOIN LATERAL (
                   SELECT x.id, x."class", x.reasons FROM class_overrides x
                   WHERE x.settlement_id = s.id AND x.state = 'CONFIRMED' ORDER BY x.decided_at DESC, x.id DESC LIMIT 1
                 ) o ON true
                 WHERE s.case_id = c.id), '[]') AS results
FROM cases c JOIN contracts k ON k.policy_no = c.policy_no
WHERE c.nominal_end BETWEEN :first AND :last
ORDER BY c.id
"""


async def cohort(connection: AsyncConnection, first: date, last: date) -> list[Callback]:
    """The policies whose nominal end lies in the period (S18), each with the class in force of every contact."""
    return [_callback(row) for row in await rows(connection, CALLBACKS, first=first, last=last)]


async def callbacks_due(connection: AsyncConnection, first: date, last: date) -> list[tuple[Callback, str]]:
    """The cohort of a period, each policy with its channel."""
    return [(callback, callback.channel) for callback in await cohort(connection, first, last)]


def _callback(row: dict) -> Callback:
    left = business_date(row["left_at"]) if row["left_at"] else None
    kind = "CANCELLED" if row["status"] == "TERMINATED" else "DEATH" if row["deceased"] else "WITHDRAWN"
    return Callback(
        policy_no=row["policy_no"],
        policyholder_id=str(row["person_id"]),
        branch=row["branch"],
        policy_term_years=None if row["term"] in (None, WHOLE_LIFE) else float(row["term"]),
        receipt_signed_on=row["receipt_signed_on"],
        nominal_end=row["nominal_end"],
        withdrawn_on=left if kind == "WITHDRAWN" else None,
        death_known_on=left if kind == "DEATH" else None,
        cancelled_on=left if kind == "CANCELLED" else None,
        results=tuple(_result(r) for r in row["results"]),
        channel=row["channel"],
        agent=row["agent"],
    )


def _result(row: dict) -> Result:
    by, method = HOW.get(row["kind"], CALLED)
    return Result(
        at=datetime.fromisoformat(row["at"]),
        by=by,
        method=method,
        class_=row["class"],
        completed=row["completed"],
        valid=row["valid"],
        reasons=tuple(row["reasons"]),
        marks=tuple(row["marks"]),
        overridden=row["overridden"],
    )


_CASE = "JOIN cases c ON c.id = {} JOIN contracts k ON k.policy_no = c.policy_no"
_CALL = f"FROM calls a JOIN call_cases cc ON cc.call_id = a.id {_CASE.format('cc.case_id')}"
_SOUND = f"FROM recordings r JOIN call_cases cc ON cc.call_id = r.call_id {_CASE.format('cc.case_id')}"
_ORDER = f"FROM work_orders w {_CASE.format('w.case_id')}"

ALL = "CAST('' AS text)"

# what was done → (what is counted, by which label, from where). Times of the day are :begin and :end.
WORK = {
    "dials": ("a.id", ALL, f"{_CALL} WHERE a.state <> 'REJECTED' AND a.reserved_at >= :begin AND a.reserved_at < :end"),
    "answered": ("a.id", ALL, f"{_CALL} WHERE a.answered_at >= :begin AND a.answered_at < :end"),
    "results": (
        "a.id",
        "a.result",
        f"{_CALL} WHERE a.result IS NOT NULL AND a.reserved_at >= :begin AND a.reserved_at < :end",
    ),
    "outcomes": (
        "s.id",
        's."class"',
        f"FROM settlements s {_CASE.format('s.case_id')} "
        'WHERE s."class" IS NOT NULL AND s.settled_at >= :begin AND s.settled_at < :end',
    ),
    "recordings_verified": ("r.id", ALL, f"{_SOUND} WHERE r.verified_at >= :begin AND r.verified_at < :end"),
    "recordings_lost": (
        "r.id",
        ALL,
        f"{_SOUND} JOIN events e ON e.call_id = r.call_id AND e.data ->> 'recording' = r.provider_id "
        "WHERE e.kind = 'RECORDING_LOST' AND e.at >= :begin AND e.at < :end",
    ),
    "orders_issued": ("w.id", "w.kind", f"{_ORDER} WHERE w.issued_at >= :begin AND w.issued_at < :end"),
    # the limit ran out on this day, whenever it was marked
    "orders_overdue": (
        "w.id",
        "w.kind",
        f"{_ORDER} WHERE w.due_at >= :begin AND w.due_at < :end "
        "AND (w.handled_at > w.due_at OR (w.handled_at IS NULL AND w.state IN ('ISSUED', 'ACCEPTED') AND w.due_at < :now))",
    ),
}


async def work_of(connection: AsyncConnection, day: date, now: datetime) -> list[dict[str, Any]]:
    """What was done on a business day: what, label, branch, channel, n. Branch and channel None: of all of them.

    A call about several policies counts once in the whole, and once in each branch and channel it concerns.
    """
    parts = " UNION ALL ".join(
        f"SELECT '{what}' AS what, {label} AS label, "
        "CASE WHEN GROUPING(k.branch_code) = 0 THEN coalesce(k.branch_code, '') END AS branch, "
        f"CASE WHEN GROUPING(k.channel) = 0 THEN k.channel END AS channel, count(DISTINCT {counted}) AS n "
        f"{source} GROUP BY GROUPING SETS (({label}), ({label}, k.branch_code), ({label}, k.channel))"
        for what, (counted, label, source) in WORK.items()
    )
    return await rows(
        connection,
        parts,
        begin=shanghai(day),
        end=shanghai(day + timedelta(days=1)),
        now=now,
    )


async def branch_names(connection: AsyncConnection) -> dict[str, str]:
    return {r["code"]: r["name"] for r in await rows(connection, "SELECT code, name FROM branches")}


async def stored_report(connection: AsyncConnection, kind: str, period: str) -> dict[str, Any] | None:
    """figures and made_at, None where the report was never made."""
    found = await rows(
        connection,
        "SELECT figures, made_at FROM reports WHERE kind = :kind AND period = :period",
        kind=kind,
        period=period,
    )
    return found[0] if found else None


async def store_report(
    connection: AsyncConnection, kind: str, period: str, figures: dict, now: datetime, again: bool
) -> dict[str, Any]:
    """figures and made_at as they stand afterwards: another's, if somebody was faster and `again` does not replace it."""
    changed = "DO UPDATE SET figures = excluded.figures, made_at = excluded.made_at" if again else "DO NOTHING"
    found = await rows(
        connection,
        "INSERT INTO reports (kind, period, figures, made_at) VALUES (:kind, :period, CAST(:figures AS jsonb), :now) "
        f"ON CONFLICT (kind, period) {changed} RETURNING figures, made_at",
        kind=kind,
        period=period,
        figures=json.dumps(figures),
        now=now,
    )
    return found[0] if found else await stored_report(connection, kind, period)
