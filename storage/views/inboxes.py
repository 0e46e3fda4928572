"""Work orders as a branch sees them."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.vault import vault

OPEN = ("ISSUED", "ACCEPTED")  # with the branch; what is HANDLED lies with head office again
PAGE = 50
SORTS = {
    "due": "w.due_at, w.id",
    "-due": "w.due_at DESC, w.id",
    "issued": "w.issued_at, w.id",
    "-issued": "w.issued_at DESC, w.id",
    "handled": "w.handled_at, w.id",
    "-handled": "w.handled_at DESC, w.id",
    "branch": "w.branch_code, w.due_at, w.id",
    "-branch": "w.branch_code DESC, w.due_at, w.id",
}


@dataclass(frozen=True)
class InboxFilter:
    """`day_end`: the end of today; `soon_end`: the end of the third working day from today."""

    codes: list[str] | None
    now: datetime
    day_end: datetime
    soon_end: datetime
    state: str = ""  # empty: what is still with the branch; "all"; or one state
    kind: str = ""
    reason: str = ""
    due: str = ""  # "missed", "today" (missed ones too), "soon" (both of these too), "later"
    mine: str = ""  # a login: what this person has accepted


def _where(f: InboxFilter, narrowed: bool = True) -> tuple[str, dict[str, Any]]:
    clauses, values = ["(CAST(:codes AS text[]) IS NULL OR w.branch_code = ANY(:codes))"], {"codes": f.codes}

    def narrow(clause: str, **more: Any) -> None:
        clauses.append(clause)
        values.update(more)

    if not narrowed or not f.state or f.due:
        narrow("w.state = ANY(:open)", open=list(OPEN))
    elif f.state != "all":
        narrow("w.state = :state", state=f.state)
    if not narrowed:
        return " AND ".join(clauses), values
    if f.due and f.state and f.state != "all":
        narrow("w.state = :state", state=f.state)
    if f.kind:
        narrow("w.kind = :kind", kind=f.kind)
    if f.reason:
        narrow("w.reasons @> CAST(:reason AS jsonb)", reason=json.dumps([f.reason]))
    if f.mine:
        narrow("w.accepted_by = :mine", mine=f.mine)
    if f.due == "missed":
        narrow("w.due_at < :now", now=f.now)
    elif f.due == "today":
        narrow("w.due_at <= :day_end", day_end=f.day_end)
    elif f.due == "soon":
        narrow("w.due_at <= :soon_end", soon_end=f.soon_end)
    elif f.due == "later":
        narrow("w.due_at > :soon_end", soon_end=f.soon_end)
    return " AND ".join(clauses), values


async def totals(connection: AsyncConnection, f: InboxFilter) -> dict:
    """Of what lies with the branch, whatever else is filtered: missed, today, soon (each within the next), total."""
    where, values = _where(f, narrowed=False)
    found = await rows(
        connection,
        f"""SELECT count(*) FILTER (WHERE w.due_at < :now) AS missed,
                   count(*) FILTER (WHERE w.due_at <= :day_end) AS today,
                   count(*) FILTER (WHERE w.due_at <= :soon_end) AS soon,
                   count(*) AS total FROM work_orders w WHERE {where}""",
        **values | {"now": f.now, "day_end": f.day_end, "soon_end": f.soon_end},
    )
    return found[0]


async def count(connection: AsyncConnection, f: InboxFilter) -> int:
    where, values = _where(f)
    return (await rows(connection, f"SELECT count(*) AS n FROM work_orders w WHERE {where}", **values))[0]["n"]


_COLUMNS = """SELECT w.id, w.case_id, w.kind, w."class" AS class, w.reasons, w.marks, w.action, w.branch_code,
                     b.name AS branch_name, w.state, w.working_days, w.exclude_selling_agent, w.issued_at, w.due_at,
                     w.act_by, w.accepted_at, w.accepted_by, w.handled_at, w.handled_by, w.handling, w.closed_at,
                     w.closed_why, w.escalated_at, w.overdue_at, w.outlived_at, w.statement_ref, w.returned_at,
                     w.overdue_statement, w.overdue_statement_at, c.profile, c.state AS case_state, c.policy_no, c.nominal_end, c.surrender_deadline, c.provisional,
                     k.product_name, k.agent_code, p.name_sealed, coalesce(ua.name, w.accepted_by) AS accepted_name,
                     coalesce(uh.name, w.handled_by) AS handled_name
              FROM work_orders w JOIN cases c ON c.id = w.case_id JOIN contracts k ON k.policy_no = c.policy_no
              JOIN persons p ON p.id = c.person_id JOIN branches b ON b.code = w.branch_code
              LEFT JOIN users ua ON ua.login = w.accepted_by LEFT JOIN users uh ON uh.login = w.handled_by"""


async def find(
    connection: AsyncConnection, f: InboxFilter, sort: str = "due", offset: int = 0, limit: int = PAGE
) -> list[dict]:
    where, values = _where(f)
    found = await rows(
        connection,
        f"{_COLUMNS} WHERE {where} ORDER BY {SORTS.get(sort, SORTS['due'])} LIMIT :limit OFFSET :offset",
        **values,
        limit=limit,
        offset=offset,
    )
    return [_opened(row) for row in found]


def _opened(row: dict) -> dict:
    row["name"] = vault().open(row.pop("name_sealed"))
    return row


async def order(connection: AsyncConnection, order_id: int) -> dict | None:
    found = await rows(connection, f"{_COLUMNS} WHERE w.id = :id", id=order_id)
    return _opened(found[0]) if found else None


async def events(connection: AsyncConnection, order: dict) -> list[dict]:
    """What happened to the case up to now, newest first, as far as a branch has to know it."""
    return await rows(
        connection,
        "SELECT id, at, kind, call_id, data FROM events WHERE case_id = :case ORDER BY id DESC LIMIT 12",
        case=order["case_id"],
    )
