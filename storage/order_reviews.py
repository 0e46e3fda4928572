"""Head office reviews what a branch has handled: verified or returned, and where the case goes then."""

import json
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import Calendar, business_date
from rules.cases import CaseState, Owner, owner_of
from rules.deadlines import Limit, work_order_limit, working_days_for
from rules.order_review import RETURNED, Handled, Next, Reviewed, after_review, asked_after_care, review
from rules.parameters import Profile
from scripts.rule_profiles import load_profile
from storage.db import rows
from storage.events import record
from storage.work_orders import OrderConflict

ORDER = """
SELECT w.id, w.case_id, w.kind, w.state, w.round, w.branch_code, w.handled_by, w.handled_at, w.handling, w.statement_ref,
       w.reasons, w.marks, c.person_id, c.state AS case_state, c.round AS case_round, c.nominal_end, c.profile
FROM work_orders w JOIN cases c ON c.id = w.case_id WHERE w.id = :id FOR UPDATE OF w
"""


async def review_order(
    connection: AsyncConnection,
    order_id: int,
    verdict: str,
    *,
    user: str,
    now: datetime,
    calendar: Calendar,
    reason: str = "",
    waive: bool = False,
) -> Next | None:
    """Write the verdict and what follows from it. Returns where the case went, None where it stays.

    Raises OrderConflict where the order is not handled (any more), ReviewRefused where the rule refuses. A returned
    order is at the branch again under the limit it had (C50).
    """
    # the case first, as everybody who moves it does: in the other order two would wait for each other
    await rows(
        connection,
        "SELECT id FROM cases WHERE id = (SELECT case_id FROM work_orders WHERE id = :id) FOR UPDATE",
        id=order_id,
    )
    found = await rows(connection, ORDER, id=order_id)
    if not found or found[0]["state"] != "HANDLED":
        raise OrderConflict(order_id, found[0]["state"] if found else None)
    order, profile = found[0], load_profile(found[0]["profile"])
    statement = review(
        Handled(order["kind"], order["state"], order["handled_by"], order["statement_ref"]),
        verdict,
        reviewer=user,
        reason=reason,
        waive=waive,
        profile=profile,
    )
    if verdict == RETURNED:
        await _return(connection, order, user, now)
        follows = None
    else:
        await rows(connection, "UPDATE work_orders SET state = 'VERIFIED' WHERE id = :id RETURNING id", id=order_id)
        told = {"kind": order["kind"], "branch": order["branch_code"], "user": user, "statement": statement}
        await record(connection, "ORDER_VERIFIED", now, case_id=order["case_id"], order_id=order_id, **told)
        follows = await _follow(connection, order, profile, calendar, now)
    await rows(
        connection,
        """INSERT INTO order_reviews (order_id, verdict, statement, reason, follows, handled_by, handled_at, handling,
                                      reviewed_by, reviewed_at)
           VALUES (:id, :verdict, :statement, :reason, :follows, :by, :at, :handling, :user, :now) RETURNING id""",
        id=order_id,
        verdict=verdict,
        statement=statement,
        reason=reason.strip() or None,
        follows=follows.why if follows else None,
        by=order["handled_by"],
        at=order["handled_at"],
        handling=order["handling"],
        user=user,
        now=now,
    )
    return follows


async def _return(connection: AsyncConnection, order: dict, user: str, now: datetime) -> None:
    await rows(
        connection,
        """UPDATE work_orders SET state = 'ISSUED', returned_at = :now, accepted_at = NULL, accepted_by = NULL,
                  handled_at = NULL, handled_by = NULL WHERE id = :id RETURNING id""",
        id=order["id"],
        now=now,
    )
    told = {"order_id": order["id"], "kind": order["kind"], "branch": order["branch_code"], "user": user}
    await record(connection, "ORDER_RETURNED", now, case_id=order["case_id"], **told)
    if order["case_state"] == CaseState.IN_REVIEW:
        await _move(connection, order, CaseState.AT_BRANCH, order["branch_code"], "RETURNED", now, False)


FACTS = """
SELECT (SELECT jsonb_agg(jsonb_build_object('kind', w.kind, 'state', w.state, 'reasons', w.reasons) ORDER BY w.id)
        FROM work_orders w WHERE w.case_id = c.id AND w.round = c.round) AS orders,
       EXISTS (SELECT 1 FROM settlements s
               WHERE s.case_id = c.id AND s.round = c.round AND s.completed AND s.counts) AS completed,
       EXISTS (SELECT 1 FROM contract_phones n WHERE n.policy_no = c.policy_no AND n.status = 'CONFIRMED' AND NOT n.dead
               AND NOT EXISTS (SELECT 1 FROM registered_phones r WHERE r.number_hash = n.number_hash)) AS usable_number,
       -- an order that rests on a refusal is one, also where two persons said so
       greatest(1, (SELECT count(*) FROM settlements s WHERE s.case_id = c.id
          AND s.decision @? '$.settlement.reasons[*] ? (@.code == "REFUSED")')) AS refusals,
       (SELECT code FROM branches WHERE parent_code IS NULL ORDER BY code LIMIT 1) AS head_office,
       (SELECT jsonb_build_object('script', coalesce(k.continues, k.script), 'steps',
                 jsonb_path_query_array(s.decision, '$.settlement.reasons[*].step ? (@ != null)'))
        FROM settlements s JOIN calls k ON k.id = s.call_id
        WHERE s.case_id = c.id AND s.round = c.round AND s.completed AND s.counts ORDER BY s.id DESC LIMIT 1) AS doubted
FROM cases c WHERE c.id = :id
"""


async def _follow(
    connection: AsyncConnection, order: dict, profile: Profile, calendar: Calendar, now: datetime
) -> Next | None:
    if order["case_state"] != CaseState.IN_REVIEW or order["round"] != order["case_round"]:
        return None
    [facts] = await rows(connection, FACTS, id=order["case_id"])
    follows = after_review(
        (Reviewed(o["kind"], o["state"], tuple(o["reasons"])) for o in facts["orders"]),
        completed=facts["completed"],
        usable_number=facts["usable_number"],
        refusals=facts["refusals"],
        profile=profile,
    )
    if follows is None:
        return None
    again = follows.state is CaseState.CALLABLE  # another round of callbacks, with a plan of attempts of its own
    branch = order["branch_code"] if owner_of(follows.state) is Owner.BRANCH else None
    await _move(connection, order, follows.state, branch, follows.why, now, again)
    if follows.order == "AFTER_CARE" and facts["doubted"] is not None:
        await _ask_again(connection, order["case_id"], facts["doubted"], now)
    if follows.order is not None:
        at_head_office = follows.order_at == "HEAD_OFFICE"
        days = working_days_for(follows.order, profile)
        # R92 counts from the handling; a visit is a new push
        since, end = (order["handled_at"], None) if at_head_office else (now, order["nominal_end"])
        await issue_order(
            connection,
            case_id=order["case_id"],
            kind=follows.order,
            branch=facts["head_office"] if at_head_office else order["branch_code"],
            reasons=order["reasons"],
            marks=order["marks"],
            limit=work_order_limit(since, days, end, calendar, profile),
            now=now,
            pushed_at=since,
            profile=profile.id,
        )
    return follows


async def _ask_again(connection: AsyncConnection, case_id: int, doubted: dict, now: datetime) -> None:
    """The round that has just begun asks only what was in doubt; the other answers of the callback stay."""
    if items := asked_after_care(doubted["steps"]):
        await rows(
            connection,
            """INSERT INTO script_recalls (case_id, round, script, items, asked_by, asked_at, why)
               SELECT id, round, :script, CAST(:items AS jsonb), 'huifang', :now, 'R92' FROM cases WHERE id = :id
               ON CONFLICT DO NOTHING RETURNING id""",
            id=case_id,
            script=doubted["script"],
            items=json.dumps(items),
            now=now,
        )


async def _move(
    connection: AsyncConnection,
    order: dict,
    state: CaseState,
    branch: str | None,
    why: str,
    now: datetime,
    again: bool,
) -> None:
    await move_case(
        connection, order["case_id"], order["person_id"], order["case_state"], state, branch, why, now, again=again
    )


async def move_case(
    connection: AsyncConnection,
    case_id: int,
    person_id: int,
    was: str,
    state: CaseState,
    branch: str | None,
    why: str,
    now: datetime,
    *,
    again: bool = False,
) -> None:
    """The case, locked by the caller, from `was` to `state`; `again` begins another round of callbacks, from today on, so
    that its plan of attempts is a whole one also after the hand-over of the first (C57)."""
    owner = str(owner_of(state))
    [moved] = await rows(
        connection,
        """UPDATE cases SET state = :state, owner = :owner, owner_branch = :branch,
                  round = round + CASE WHEN :again THEN 1 ELSE 0 END,
                  callable_on = CASE WHEN :again THEN CAST(:today AS date) ELSE callable_on END, appointment_at = NULL, appointment_hash = NULL,
                  changed_at = :now WHERE id = :id RETURNING round""",
        id=case_id,
        state=str(state),
        owner=owner,
        branch=branch,
        again=again,
        today=business_date(now),
        now=now,
    )
    told = {"from": was, "to": str(state), "owner": owner, "owner_branch": branch, "why": why, "round": moved["round"]}
    await record(connection, "CASE_MOVED", now, case_id=case_id, person_id=person_id, **told)


async def issue_order(
    connection: AsyncConnection,
    *,
    case_id: int,
    kind: str,
    branch: str,
    reasons: list[str],
    limit: Limit,
    now: datetime,
    pushed_at: datetime,
    profile: str,
    class_: str | None = None,
    marks: list[str] = (),
    action: str | None = None,
    **told: object,
) -> int | None:
    """One order of its kind in the case's present round, with its event; None where one stands already."""
    act_by: date | None = limit.act_by
    found = await rows(
        connection,
        """INSERT INTO work_orders (case_id, round, kind, "class", reasons, marks, action, branch_code, state,
                                    working_days, exclude_selling_agent, issued_at, pushed_at, profile, provisional,
                                    due_at, act_by, escalated_at)
           SELECT c.id, c.round, :kind, :class, CAST(:reasons AS jsonb), CAST(:marks AS jsonb), :action, :branch, 'ISSUED',
                  :days, CAST(:marks AS jsonb) ? 'exclude_selling_agent', :now, :pushed, :profile,
                  :provisional, :due, :act_by, CASE WHEN :escalated THEN CAST(:now AS timestamptz) END
           FROM cases c WHERE c.id = :case ON CONFLICT DO NOTHING RETURNING id""",
        case=case_id,
        kind=kind,
        reasons=json.dumps(list(reasons)),
        marks=json.dumps(list(marks)),
        action=action,
        branch=branch,
        days=limit.working_days,
        now=now,
        pushed=pushed_at,
        profile=profile,
        provisional=limit.provisional,
        due=limit.due_at,
        act_by=act_by,
        escalated=limit.escalated,
        **{"class": class_},
    )
    if not found:
        return None
    await record(
        connection,
        "ORDER_ISSUED",
        now,
        case_id=case_id,
        order_id=found[0]["id"],
        kind=kind,
        branch=branch,
        working_days=limit.working_days,
        due_at=limit.due_at.isoformat(),
        act_by=act_by.isoformat() if act_by else None,
        escalated=limit.escalated,
        reasons=list(reasons),
        profile=profile,
        provisional=limit.provisional,
        **told,
    )
    return found[0]["id"]


async def waiting(connection: AsyncConnection) -> int:
    """How many handled orders lie before head office."""
    return (await rows(connection, "SELECT count(*) AS n FROM work_orders WHERE state = 'HANDLED'"))[0]["n"]


async def reviews_of(connection: AsyncConnection, order_id: int) -> list[dict]:
    """What head office found of this order so far, newest first."""
    return await rows(
        connection,
        """SELECT r.id, r.verdict, r.statement, r.reason, r.follows, r.handled_at, r.handling, r.reviewed_at,
                  coalesce(h.name, r.handled_by) AS handled_name, coalesce(u.name, r.reviewed_by) AS reviewed_name
           FROM order_reviews r LEFT JOIN users u ON u.login = r.reviewed_by LEFT JOIN users h ON h.login = r.handled_by
           WHERE r.order_id = :id ORDER BY r.id DESC""",
        id=order_id,
    )


async def waivers(connection: AsyncConnection, begin: datetime, end: datetime) -> list[dict]:
    """Question orders that were verified without the customer's signed statement, for the report (C52)."""
    return await rows(
        connection,
        """SELECT r.order_id, w.case_id, coalesce(k.branch_code, '') AS branch, k.channel, r.reason, r.reviewed_by,
                  r.reviewed_at
           FROM order_reviews r JOIN work_orders w ON w.id = r.order_id JOIN cases c ON c.id = w.case_id
           JOIN contracts k ON k.policy_no = c.policy_no
           WHERE r.statement = 'WAIVED' AND r.reviewed_at >= :begin AND r.reviewed_at < :end ORDER BY r.id""",
        begin=begin,
        end=end,
    )
