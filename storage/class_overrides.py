"""Classes that two persons override: put forward, taken back, refused, agreed; and what an agreed one sets going."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.branches import inbox_branch
from rules.calendar import Calendar
from rules.cases import CaseState, Owner, owner_of
from rules.class_overrides import OverrideRefused, check_proposal, override_class, override_follows
from rules.deadlines import shortest_limit, work_order_limit
from scripts.rule_profiles import load_profile
from storage.callers import CALLER
from storage.db import rows
from storage.events import record
from storage.order_reviews import issue_order, move_case
from storage.organisation import read_organisation

OPEN_ORDERS = ("ISSUED", "ACCEPTED", "HANDLED")

SETTLEMENT = f"""
SELECT s.id AS settlement_id, s.case_id, s.call_id, s."class" AS derived, s.completed, s.counts, s.round, s.settled_at,
       s.decision -> 'settlement' -> 'reasons' AS derived_reasons,
       coalesce((SELECT o."class" FROM class_overrides o WHERE o.settlement_id = s.id AND o.state = 'CONFIRMED'
                 ORDER BY o.decided_at DESC, o.id DESC LIMIT 1), s."class") AS in_force,
       NOT EXISTS (SELECT 1 FROM settlements n WHERE n.case_id = s.case_id AND n.id > s.id AND n."class" IS NOT NULL)
         AS latest,
       c.state AS case_state, c.round AS case_round, c.person_id, c.nominal_end, c.profile, c.marks, k.branch_code,
       coalesce((SELECT jsonb_agg({CALLER}) FROM calls a WHERE a.id = s.call_id AND {CALLER} IS NOT NULL), '[]') AS callers,
       coalesce((SELECT jsonb_agg(jsonb_build_object('id', w.id, 'kind', w.kind, 'state', w.state) ORDER BY w.id)
                 FROM work_orders w WHERE w.case_id = s.case_id AND w.round = s.round), '[]') AS orders
FROM settlements s JOIN cases c ON c.id = s.case_id JOIN contracts k ON k.policy_no = c.policy_no
WHERE s.id = :id
"""


async def settlement(connection: AsyncConnection, settlement_id: int) -> dict | None:
    """What an override is judged by: both classes, the case, the orders of its round, who made the call."""
    found = await rows(connection, SETTLEMENT, id=settlement_id)
    return found[0] if found else None


def open_kinds(found: dict) -> list[str]:
    return [order["kind"] for order in found["orders"] if order["state"] in OPEN_ORDERS]


async def propose(
    connection: AsyncConnection,
    settlement_id: int,
    class_: str,
    *,
    why: str,
    reasons: Sequence[str],
    orders: str,
    user: str,
    now: datetime,
) -> int:
    """The proposal's id. Raises LookupError for an unknown settlement, OverrideRefused for one that may not be."""
    found = await settlement(connection, settlement_id)
    if found is None:
        raise LookupError(settlement_id)
    check_proposal(
        *(found["in_force"], found["completed"], class_),
        reason=why,
        asked_by=user,
        reasons=reasons,
        orders=orders,
        open_orders=open_kinds(found),
        callers=found["callers"],
    )
    kept = await rows(
        connection,
        """INSERT INTO class_overrides (case_id, settlement_id, derived, was, "class", reasons, why, orders, state,
                                        proposed_by, proposed_at)
           VALUES (:case, :settlement, :derived, :was, :class, CAST(:reasons AS jsonb), :why, :orders, 'PROPOSED', :user,
                   :now)
           ON CONFLICT DO NOTHING RETURNING id""",
        case=found["case_id"],
        settlement=settlement_id,
        derived=found["derived"],
        was=found["in_force"],
        reasons=json.dumps(list(dict.fromkeys(reasons))),
        why=why.strip(),
        orders=orders,
        user=user,
        now=now,
        **{"class": class_},
    )
    if not kept:
        raise OverrideRefused("PENDING", "此结论已有待确认的更改", "an override of this outcome is waiting already")
    told = {"settlement_id": settlement_id, "derived": found["derived"], "class": class_, "proposed_by": user}
    await _tell(connection, "CLASS_OVERRIDE_PROPOSED", found["case_id"], kept[0]["id"], now, told)
    return kept[0]["id"]


class OverrideGone(Exception):
    """The proposal is decided or taken back meanwhile."""


async def withdraw(connection: AsyncConnection, override_id: int, user: str, now: datetime) -> None:
    """Its proposer takes it back before anybody agreed. Raises OverrideGone."""
    await _end(connection, override_id, "TAKEN_BACK", "CLASS_OVERRIDE_WITHDRAWN", user, None, now)


async def refuse(connection: AsyncConnection, override_id: int, user: str, note: str, now: datetime) -> None:
    """A second person does not agree and says why. Raises OverrideGone, OverrideRefused."""
    found = await one(connection, override_id)
    if found is not None and found["proposed_by"] == user:
        raise OverrideRefused("SAME_PERSON", "须由另一人决定", "an override needs a second person")
    if not note.strip():
        raise OverrideRefused("REASON_MISSING", "不同意须说明理由", "to refuse takes a reason")
    await _end(connection, override_id, "DECLINED", "CLASS_OVERRIDE_REFUSED", user, note.strip(), now)


async def _end(
    connection: AsyncConnection, override_id: int, state: str, kind: str, user: str, note: str | None, now: datetime
) -> None:
    ended = await rows(
        connection,
        """UPDATE class_overrides SET state = :state, decided_by = :user, decided_at = :now, decision_note = :note
           WHERE id = :id AND state = 'PROPOSED' AND (:state <> 'TAKEN_BACK' OR proposed_by = :user)
           RETURNING case_id, settlement_id, derived, "class" AS class""",
        id=override_id,
        state=state,
        user=user,
        note=note,
        now=now,
    )
    if not ended:
        raise OverrideGone(override_id)
    [row] = ended
    told = {"settlement_id": row["settlement_id"], "derived": row["derived"], "class": row["class"], "decided_by": user}
    await _tell(connection, kind, row["case_id"], override_id, now, told)


async def confirm(connection: AsyncConnection, override_id: int, user: str, now: datetime, calendar: Calendar) -> None:
    """A second person agrees: from now on the class is in force. Raises OverrideGone, OverrideRefused.

    Only the class of the latest outcome moves the case and its orders; an older one is corrected for the figures.
    """
    await rows(
        connection,
        "SELECT id FROM cases WHERE id = (SELECT case_id FROM class_overrides WHERE id = :id) FOR UPDATE",
        id=override_id,
    )
    given = await rows(
        connection,
        "SELECT *, \"class\" AS class FROM class_overrides WHERE id = :id AND state = 'PROPOSED' FOR UPDATE",
        id=override_id,
    )
    if not given:
        raise OverrideGone(override_id)
    [row] = given
    found = await settlement(connection, row["settlement_id"])
    agreed = override_class(
        *(found["derived"], found["completed"], row["class"]),
        reason=row["why"],
        asked_by=row["proposed_by"],
        agreed_by=user,
        at=now,
        reasons=row["reasons"],
        in_force=found["in_force"],
        callers=found["callers"],
    )
    await rows(
        connection,
        """UPDATE class_overrides SET state = 'CONFIRMED', decided_by = :user, decided_at = :now
           WHERE id = :id RETURNING id""",
        id=override_id,
        user=user,
        now=now,
    )
    told = {"settlement_id": row["settlement_id"], "derived": agreed.derived, "class": agreed.class_}
    told |= {"was": row["was"], "proposed_by": agreed.asked_by, "confirmed_by": agreed.agreed_by}
    await _tell(connection, "CLASS_OVERRIDDEN", row["case_id"], override_id, now, told)
    if found["latest"]:
        await _apply(connection, row, found, now, calendar)


async def _apply(connection: AsyncConnection, row: dict, found: dict, now: datetime, calendar: Calendar) -> None:
    await rows(
        connection,
        """UPDATE cases SET "class" = :class, reasons = CAST(:reasons AS jsonb), changed_at = :now
           WHERE id = :id RETURNING id""",
        id=found["case_id"],
        reasons=json.dumps(row["reasons"]),
        now=now,
        **{"class": row["class"]},
    )
    # withdrawn, or rung again since: nothing is moved by what an earlier round came to
    if found["case_state"] == CaseState.NOT_REQUIRED or found["round"] != found["case_round"]:
        return
    follows = override_follows(
        row["class"],
        reasons=row["reasons"],
        orders=row["orders"],
        case_state=found["case_state"],
        standing={order["kind"] for order in found["orders"]},
    )
    if follows.closes:
        await _close_orders(connection, found["case_id"], found["round"], sorted(follows.closes), row["id"], now)
    branch = None
    if follows.issues is not None:
        branch = inbox_branch(found["branch_code"], await read_organisation(connection))
    if follows.state is not None:
        at_branch = branch if owner_of(follows.state) is Owner.BRANCH else None
        standing = (found["case_id"], found["person_id"], found["case_state"])
        await move_case(connection, *standing, follows.state, at_branch, "CLASS_OVERRIDDEN", now)
    if follows.issues is not None:
        profile = load_profile(found["profile"])
        limits = ["FEEDBACK_ONLY"] if follows.issues == "FEEDBACK_ONLY" else row["reasons"]
        days = shortest_limit(limits, profile)
        await issue_order(
            connection,
            case_id=found["case_id"],
            kind=follows.issues,
            branch=branch,
            reasons=row["reasons"],
            marks=found["marks"],
            limit=work_order_limit(now, days, found["nominal_end"], calendar, profile),
            now=now,
            pushed_at=now,
            profile=profile.id,
            class_=row["class"],
            action=follows.action,
            override_id=row["id"],
        )


async def _close_orders(
    connection: AsyncConnection, case_id: int, round_no: int, kinds: list[str], override_id: int, now: datetime
) -> None:
    closed = await rows(
        connection,
        """UPDATE work_orders SET state = 'CLOSED', closed_at = :now, closed_why = 'CLASS_OVERRIDDEN'
           WHERE case_id = :case AND round = :round AND kind = ANY(:kinds) AND state = ANY(:open)
           RETURNING id, kind, branch_code""",
        case=case_id,
        round=round_no,
        kinds=kinds,
        open=list(OPEN_ORDERS),
        now=now,
    )
    for order in closed:
        told = {"kind": order["kind"], "branch": order["branch_code"], "why": "CLASS_OVERRIDDEN"}
        await record(
            connection, "ORDER_CLOSED", now, case_id=case_id, order_id=order["id"], override_id=override_id, **told
        )


async def _tell(
    connection: AsyncConnection, kind: str, case_id: int, override_id: int, now: datetime, told: dict[str, Any]
) -> None:
    # why stays in the row: it may name people, and events do not
    await record(connection, kind, now, case_id=case_id, override_id=override_id, **told)


PAGE = 50
STATES = ("PROPOSED", "CONFIRMED", "DECLINED", "TAKEN_BACK")
_COLUMNS = """
SELECT o.id, o.case_id, o.settlement_id, o.derived, o.was, o."class" AS class, o.reasons, o.why, o.orders, o.state,
       o.proposed_by, o.proposed_at, o.decided_by, o.decided_at, o.decision_note, c.policy_no, k.product_name,
       coalesce(b.name, k.branch_code) AS branch_name, coalesce(p.name, o.proposed_by) AS proposed_name,
       coalesce(d.name, o.decided_by) AS decided_name, s.call_id, s.settled_at
FROM class_overrides o JOIN cases c ON c.id = o.case_id JOIN contracts k ON k.policy_no = c.policy_no
JOIN settlements s ON s.id = o.settlement_id
LEFT JOIN branches b ON b.code = k.branch_code LEFT JOIN users p ON p.login = o.proposed_by
LEFT JOIN users d ON d.login = o.decided_by
"""


async def one(connection: AsyncConnection, override_id: int) -> dict | None:
    found = await rows(connection, f"{_COLUMNS} WHERE o.id = :id", id=override_id)
    return found[0] if found else None


async def of_case(connection: AsyncConnection, case_id: int) -> list[dict]:
    """Every override that was ever put forward for the case, newest first."""
    return await rows(connection, f"{_COLUMNS} WHERE o.case_id = :case ORDER BY o.id DESC", case=case_id)


async def count(connection: AsyncConnection, state: str) -> int:
    """`state` empty: all of them."""
    found = await rows(
        connection, "SELECT count(*) AS n FROM class_overrides WHERE :state = '' OR state = :state", state=state
    )
    return found[0]["n"]


async def find(connection: AsyncConnection, state: str, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """The oldest waiting first; decided ones the newest first."""
    order = "o.proposed_at, o.id" if state == "PROPOSED" else "o.proposed_at DESC, o.id DESC"
    return await rows(
        connection,
        f"{_COLUMNS} WHERE :state = '' OR o.state = :state ORDER BY {order} LIMIT :limit OFFSET :offset",
        state=state,
        limit=limit,
        offset=offset,
    )
