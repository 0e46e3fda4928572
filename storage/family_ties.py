"""Policyholders who are proven relatives: entered by one, confirmed by another, withdrawn with a reason (C23, S12)."""

import json
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.family_ties import CONFIRMED, DECLINED, TAKEN_BACK, TieRefused, check_decision, check_proposal, pair
from storage.db import rows
from storage.vault import vault

# Whether everybody in `x.persons` (an array of ids) is a proven relative of everybody else in it
ALL_RELATED = """(
  cardinality(x.persons) > 1 AND cardinality(x.persons) * (cardinality(x.persons) - 1) / 2 = (
    SELECT count(*) FROM family_ties t
    WHERE t.state = 'CONFIRMED' AND t.person_id = ANY(x.persons) AND t.other_id = ANY(x.persons)))"""


async def propose(
    connection: AsyncConnection,
    policy_no: str,
    other_policy_no: str,
    relation: str,
    evidence: str,
    user: str,
    now: datetime,
) -> int:
    """The id of what waits for a second person now. Raises TieRefused."""
    check_proposal(relation, evidence)
    policies = [policy_no.strip(), other_policy_no.strip()]
    found = await rows(
        connection, "SELECT policy_no, person_id FROM contracts WHERE policy_no = ANY(:policies)", policies=policies
    )
    persons = {row["policy_no"]: row["person_id"] for row in found}
    for policy in policies:
        if policy not in persons:
            raise TieRefused("UNKNOWN_POLICY", f"没有保单{policy}", f"there is no policy {policy}")
    first, second = pair(persons[policies[0]], persons[policies[1]])
    if first != persons[policies[0]]:
        policies.reverse()
    kept = await rows(
        connection,
        """INSERT INTO family_ties (person_id, other_id, policy_no, other_policy_no, relation, evidence, state, proposed_by,
                                    proposed_at)
           VALUES (:first, :second, :policy, :other, :relation, :evidence, 'PROPOSED', :user, :now)
           ON CONFLICT (person_id, other_id) WHERE state IN ('PROPOSED', 'CONFIRMED') DO NOTHING RETURNING id""",
        first=first,
        second=second,
        policy=policies[0],
        other=policies[1],
        relation=relation,
        evidence=evidence.strip(),
        user=user,
        now=now,
    )
    if not kept:
        raise TieRefused("STANDS", "两人的亲属关系已登记", "a relation of these two is on record already")
    await _tell(connection, kept[0]["id"], "FAMILY_TIE_PROPOSED", user, now)
    return kept[0]["id"]


async def decide(connection: AsyncConnection, tie_id: int, confirm: bool, user: str, now: datetime) -> None:
    """A second person looked at the proof. Raises LookupError, TieRefused."""
    row = await _locked(connection, tie_id)
    check_decision(row["state"], row["proposed_by"], user)
    await rows(
        connection,
        "UPDATE family_ties SET state = :state, decided_by = :user, decided_at = :now WHERE id = :id RETURNING id",
        state=CONFIRMED if confirm else DECLINED,
        user=user,
        now=now,
        id=tie_id,
    )
    await _tell(connection, tie_id, "FAMILY_TIE_CONFIRMED" if confirm else "FAMILY_TIE_REJECTED", user, now)


async def withdraw(connection: AsyncConnection, tie_id: int, why: str, user: str, now: datetime) -> None:
    """It does not hold any more, or never did: the number counts as shared again. Raises LookupError, TieRefused."""
    row = await _locked(connection, tie_id)
    if row["state"] not in ("PROPOSED", CONFIRMED):
        raise TieRefused("DECIDED", "此项已有决定", "this is decided already")
    if not why.strip():
        raise TieRefused("REASON_MISSING", "撤回须说明理由", "to withdraw takes a reason")
    await rows(
        connection,
        """UPDATE family_ties SET state = :state, withdrawn_by = :user, withdrawn_at = :now, withdrawn_why = :why
           WHERE id = :id RETURNING id""",
        state=TAKEN_BACK,
        user=user,
        now=now,
        why=why.strip(),
        id=tie_id,
    )
    await _tell(connection, tie_id, "FAMILY_TIE_WITHDRAWN", user, now)


async def _locked(connection: AsyncConnection, tie_id: int) -> dict:
    found = await rows(connection, "SELECT * FROM family_ties WHERE id = :id FOR UPDATE", id=tie_id)
    if not found:
        raise LookupError(tie_id)
    return found[0]


async def _tell(connection: AsyncConnection, tie_id: int, kind: str, user: str, now: datetime) -> None:
    # in the log of each case of the two; what proves it stays in the row, which events do not repeat
    await rows(
        connection,
        """INSERT INTO events (at, kind, case_id, data)
           SELECT :now, :kind, c.id, CAST(:data AS jsonb) FROM family_ties t
           JOIN cases c ON c.person_id IN (t.person_id, t.other_id) WHERE t.id = :id ORDER BY c.id RETURNING id""",
        now=now,
        kind=kind,
        id=tie_id,
        data=json.dumps({"tie_id": tie_id, "user": user}),
    )


PAGE = 50
_WHERE = "(:state = '' OR t.state = :state)"


async def count(connection: AsyncConnection, state: str = "") -> int:
    return (await rows(connection, f"SELECT count(*) AS n FROM family_ties t WHERE {_WHERE}", state=state))[0]["n"]


async def find(connection: AsyncConnection, state: str = "", offset: int = 0, limit: int = PAGE) -> list[dict]:
    """What waits first, each the newest first; `name` and `other_name` opened from the vault, the caller masks them."""
    found = await rows(
        connection,
        f"""SELECT t.*, p.name_sealed, o.name_sealed AS other_sealed, coalesce(u.name, t.proposed_by) AS proposed_name,
                   coalesce(d.name, t.decided_by) AS decided_name, coalesce(w.name, t.withdrawn_by) AS withdrawn_name
            FROM family_ties t JOIN persons p ON p.id = t.person_id JOIN persons o ON o.id = t.other_id
            LEFT JOIN users u ON u.login = t.proposed_by LEFT JOIN users d ON d.login = t.decided_by
            LEFT JOIN users w ON w.login = t.withdrawn_by
            WHERE {_WHERE} ORDER BY t.state <> 'PROPOSED', t.proposed_at DESC, t.id DESC LIMIT :limit OFFSET :offset""",
        state=state,
        limit=limit,
        offset=offset,
    )
    for row in found:
        row["name"], row["other_name"] = vault().open(row.pop("name_sealed")), vault().open(row.pop("other_sealed"))
    return found
