"""Proposals of penalties: written once from stored facts with their source, decided by two persons, never deducted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.parameters import Profile
from rules.penalties import (
    UPHELD,
    Proposal,
    address_proposal,
    check_decision,
    check_recommendation,
    item_proposals,
    low_success,
    months_low,
    order_late,
    proposal_key,
    proposals,
    signature_proposals,
)
from scripts.rule_profiles import load_profile
from storage.db import rows
from storage.organisation import ADDRESS_IS_SELLERS

# Facts are looked at again for so long; one that was seen proposes nothing twice.
LOOK_BACK = timedelta(days=14)

SETTLED = """
SELECT s.id, s.case_id, s.profile, k.branch_code, k.agent_code, g.left_on IS NOT NULL AS agent_left,
       coalesce(s.decision -> 'settlement' -> 'reasons', '[]') AS reasons,
       coalesce(s.decision -> 'settlement' -> 'marks', '[]') AS marks
FROM settlements s JOIN cases c ON c.id = s.case_id JOIN contracts k ON k.policy_no = c.policy_no
LEFT JOIN agents g ON g.code = k.agent_code
WHERE s.settled_at >= :since AND s."class" IS NOT NULL AND s."class" <> 'STANDARD'
  AND NOT EXISTS (SELECT 1 FROM penalty_proposals p WHERE p.settlement_id = s.id)
ORDER BY s.id
"""
ORDERS = """
SELECT w.id, w.case_id, c.profile, w.branch_code, k.agent_code, w.due_at, w.handled_at, w.overdue_statement_at,
       w.returned_at IS NOT NULL AS returned
FROM work_orders w JOIN cases c ON c.id = w.case_id JOIN contracts k ON k.policy_no = c.policy_no
JOIN branches b ON b.code = w.branch_code
WHERE (w.overdue_at >= :since OR w.returned_at >= :since) AND b.parent_code IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM penalty_proposals p WHERE p.order_id = w.id)
ORDER BY w.id
"""
CHECKS = """
SELECT q.id, q.case_id, s.profile, k.branch_code, k.agent_code, q.quality_items AS items
FROM quality_checks q JOIN settlements s ON s.id = q.settlement_id JOIN cases c ON c.id = q.case_id
JOIN contracts k ON k.policy_no = c.policy_no
WHERE q.done_at >= :since AND q.quality_items <> '[]'
  AND NOT EXISTS (SELECT 1 FROM penalty_proposals p WHERE p.check_id = q.id)
ORDER BY q.id
"""

# What a list brought lately; of several holders of the address the selling agent, else whoever comes first
ADDRESSES = f"""
SELECT c.id, c.id AS case_id, c.profile, k.branch_code, k.agent_code,
       (SELECT r.holder_kind FROM registered_addresses r WHERE r.address_hash = decode(k.facts ->> 'address_hash', 'hex')
        ORDER BY r.holder_kind = 'AGENT' AND r.holder_code = k.agent_code DESC, r.holder_kind, r.holder_code LIMIT 1) AS holder
FROM contracts k JOIN cases c ON c.policy_no = k.policy_no JOIN persons p ON p.id = k.person_id
WHERE k.updated_at >= :since AND {ADDRESS_IS_SELLERS}
ORDER BY c.id
"""


async def propose_from_facts(connection: AsyncConnection, now: datetime) -> int:
    """What the rulebooks provide for outcomes, late or invalid orders and checks of the last LOOK_BACK. Returns how
    many proposals are new; the same facts propose once."""
    since, wanted = now - LOOK_BACK, []
    for row in await rows(connection, SETTLED, since=since):
        found = proposals(
            [(reason["code"], reason.get("signer")) for reason in row["reasons"]],
            row["marks"],
            load_profile(row["profile"]),
            agent_left=row["agent_left"],
        )
        wanted += _rows(found, f"settlement:{row['id']}", row, settlement_id=row["id"])
    for row in await rows(connection, ORDERS, since=since):
        late = order_late(row["due_at"], row["handled_at"], row["overdue_statement_at"], now)
        found = proposals((), (), load_profile(row["profile"]), order_late=late, answer_invalid=row["returned"])
        wanted += _rows(found, f"order:{row['id']}", row, order_id=row["id"])
    for row in await rows(connection, CHECKS, since=since):
        wanted += _rows(item_proposals(row["items"]), f"check:{row['id']}", row, check_id=row["id"])
    for row in await rows(connection, ADDRESSES, since=since):
        wanted += _rows([address_proposal(row["holder"])], f"address:{row['id']}", row)
    return await _keep(connection, wanted, now)


async def propose_for_low_success(
    connection: AsyncConnection,
    units: Mapping[str, Sequence[tuple[int, int]]],
    month: str,
    profile: Profile,
    now: datetime,
) -> int:
    """Warnings and investigations for units whose success was low in `month`, such as 2026-10, and in those before it
    (R105). `units`: by branch, the months from that one back, each as succeeded and due. Returns how many are new."""
    wanted = []
    for branch, months in units.items():
        of = {"case_id": None, "branch_code": branch, "agent_code": None, "profile": profile.id}
        wanted += _rows(low_success(months_low(months, profile)), f"month:{month}:{branch}", of)
    return await _keep(connection, wanted, now)


def _rows(found: Iterable[Proposal], source: str, row: dict, **of: int) -> list[dict]:
    return [
        {
            "key": proposal_key(source, one),
            "case_id": row["case_id"],
            "branch_code": row["branch_code"],
            "agent_code": row["agent_code"] if one.on != "UNIT" else None,
            "offence": one.offence,
            "falls_on": one.on,
            "amount_yuan": one.amount_yuan,
            "measure": one.measure,
            "rule": one.step.rule,
            "text_zh": one.step.zh,
            "text_en": one.step.en,
            "profile": row["profile"],
            **of,
        }
        for one in found
    ]


async def _keep(connection: AsyncConnection, wanted: list[dict], now: datetime) -> int:
    if not wanted:
        return 0
    [kept] = await rows(
        connection,
        """
        WITH kept AS (
          INSERT INTO penalty_proposals (key, case_id, order_id, settlement_id, check_id, parent_id, branch_code,
            agent_code, offence, falls_on, amount_yuan, measure, rule, text_zh, text_en, profile, state, proposed_at)
          SELECT key, case_id, order_id, settlement_id, check_id, parent_id, branch_code, agent_code, offence, falls_on,
                 amount_yuan, measure, rule, text_zh, text_en, profile, 'PROPOSED', :now
          FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(key text, case_id bigint, order_id bigint,
            settlement_id bigint, check_id bigint, parent_id bigint, branch_code text, agent_code text, offence text,
            falls_on text, amount_yuan int, measure text, rule text, text_zh text, text_en text, profile text)
          ON CONFLICT (key) DO NOTHING RETURNING id, case_id, offence, falls_on, measure, rule, amount_yuan
        ), told AS (
          INSERT INTO events (at, kind, case_id, data)
          SELECT :now, 'PENALTY_PROPOSED', case_id, jsonb_build_object('proposal_id', id, 'offence', offence, 'on', falls_on,
                 'measure', measure, 'rule', rule, 'amount_yuan', amount_yuan)
          FROM kept ORDER BY id
        )
        SELECT count(*) AS n FROM kept
        """,
        wanted=json.dumps(wanted, ensure_ascii=False),
        now=now,
    )
    return kept["n"]


async def _locked(connection: AsyncConnection, proposal_id: int) -> dict:
    found = await rows(connection, "SELECT * FROM penalty_proposals WHERE id = :id FOR UPDATE", id=proposal_id)
    if not found:
        raise LookupError(proposal_id)
    return found[0]


async def recommend(
    connection: AsyncConnection,
    proposal_id: int,
    decision: str,
    *,
    reason: str,
    user: str,
    now: datetime,
    finding: str | None = None,
) -> None:
    """What the first person would do, replacing what somebody put forward before. Raises LookupError, DecisionRefused."""
    row = await _locked(connection, proposal_id)
    check_recommendation(row["state"], decision, reason=reason, measure=row["measure"], finding=finding)
    investigated = row["measure"] == "INVESTIGATE" and decision == UPHELD
    await rows(
        connection,
        """UPDATE penalty_proposals SET recommended = :decision, reason = :reason, finding = :finding,
                  recommended_by = :user, recommended_at = :now WHERE id = :id RETURNING id""",
        id=proposal_id,
        decision=decision,
        reason=reason.strip(),
        finding=finding if investigated else None,
        user=user,
        now=now,
    )
    await _tell(connection, row, decision, user, None, now, "PENALTY_RECOMMENDED")


async def take_back(connection: AsyncConnection, proposal_id: int, *, user: str, now: datetime) -> None:
    """Undo a recommendation: by whoever made it, or by a second person who does not agree. Raises DecisionRefused."""
    row = await _locked(connection, proposal_id)
    check_decision(row["state"], row["recommended"], None, user)
    await rows(
        connection,
        """UPDATE penalty_proposals SET recommended = NULL, recommended_by = NULL, recommended_at = NULL, finding = NULL,
                  reason = NULL WHERE id = :id RETURNING id""",
        id=proposal_id,
    )
    await _tell(connection, row, None, user, None, now, "PENALTY_SENT_BACK")


async def decide(connection: AsyncConnection, proposal_id: int, *, user: str, now: datetime) -> int:
    """A second person agrees with what was put forward. Returns how many proposals the finding of an investigation led
    to. Raises LookupError, DecisionRefused."""
    row = await _locked(connection, proposal_id)
    check_decision(row["state"], row["recommended"], row["recommended_by"], user)
    await rows(
        connection,
        """UPDATE penalty_proposals SET state = recommended, decided_by = :user, decided_at = :now
           WHERE id = :id RETURNING id""",
        id=proposal_id,
        user=user,
        now=now,
    )
    await _tell(connection, row, row["recommended"], row["recommended_by"], user, now, "PENALTY_DECIDED")
    if row["finding"] is None:
        return 0
    left = await rows(
        connection, "SELECT 1 AS n FROM agents WHERE code = :code AND left_on IS NOT NULL", code=row["agent_code"]
    )
    profile: Profile = load_profile(row["profile"])
    # commission was held from the first day on, whoever signed
    fines = [
        one
        for one in signature_proposals(row["finding"], profile, agent_left=bool(left))
        if one.measure != "HOLD_COMMISSION"
    ]
    return await _keep(connection, _rows(fines, f"finding:{proposal_id}", row, parent_id=proposal_id), now)


async def _tell(
    connection: AsyncConnection, row: dict, state: str | None, first: str, second: str | None, now: datetime, kind: str
) -> None:
    # the reason stays in the row: it may name people, and events do not
    await rows(
        connection,
        """INSERT INTO events (at, kind, case_id, data) VALUES (:now, :kind, :case, CAST(:data AS jsonb)) RETURNING id""",
        now=now,
        kind=kind,
        case=row["case_id"],
        data=json.dumps(
            {"proposal_id": row["id"], "offence": row["offence"], "state": state, "user": first, "second": second}
        ),
    )


PAGE = 50
STATES = ("PROPOSED", "UPHELD", "DISMISSED")


@dataclass(frozen=True)
class PenaltyFilter:
    """What the list is narrowed to; empty narrows nothing. `state` WAITING: put forward, a second person is missing."""

    state: str = ""
    offence: str = ""
    rule: str = ""
    branch: str = ""


_WHERE = """(:state = '' OR (:state = 'WAITING' AND p.state = 'PROPOSED' AND p.recommended IS NOT NULL) OR p.state = :state)
            AND (:offence = '' OR p.offence = :offence) AND (:rule = '' OR p.rule = :rule)
            AND (:branch = '' OR p.branch_code = :branch)"""
_COLUMNS = """
SELECT p.*, c.policy_no, coalesce(b.name, p.branch_code) AS branch_name, coalesce(r.name, p.recommended_by) AS recommended_name,
       coalesce(d.name, p.decided_by) AS decided_name, g.name AS agent_name, g.left_on
FROM penalty_proposals p LEFT JOIN cases c ON c.id = p.case_id LEFT JOIN branches b ON b.code = p.branch_code
LEFT JOIN users r ON r.login = p.recommended_by LEFT JOIN users d ON d.login = p.decided_by
LEFT JOIN agents g ON g.code = p.agent_code
"""


async def count(connection: AsyncConnection, f: PenaltyFilter) -> int:
    return (await rows(connection, f"SELECT count(*) AS n FROM penalty_proposals p WHERE {_WHERE}", **vars(f)))[0]["n"]


async def find(connection: AsyncConnection, f: PenaltyFilter, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """Undecided ones first, each the newest first."""
    return await rows(
        connection,
        f"""{_COLUMNS} WHERE {_WHERE} ORDER BY p.state <> 'PROPOSED', p.proposed_at DESC, p.id DESC
            LIMIT :limit OFFSET :offset""",
        **vars(f),
        limit=limit,
        offset=offset,
    )


async def one(connection: AsyncConnection, proposal_id: int) -> dict | None:
    found = await rows(connection, f"{_COLUMNS} WHERE p.id = :id", id=proposal_id)
    return found[0] if found else None


async def following(connection: AsyncConnection, proposal_id: int) -> list[dict]:
    """What the finding of this investigation led to."""
    return await rows(connection, f"{_COLUMNS} WHERE p.parent_id = :id ORDER BY p.id", id=proposal_id)


async def offences(connection: AsyncConnection) -> list[str]:
    return [
        row["offence"] for row in await rows(connection, "SELECT DISTINCT offence FROM penalty_proposals ORDER BY 1")
    ]
