"""Cases: the list with its filters, and everything about one."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import shanghai
from storage import item_proofs
from storage.db import rows
from storage.identities import name_hash
from storage.organisation import ADDRESS_IS_SELLERS
from storage.vault import vault

# Days from today to the nominal end, both bounds included; None is open.
DUE_SPANS: dict[str, tuple[int | None, int | None]] = {
    "missed": (None, -1),
    "0-1": (0, 1),
    "2-3": (2, 3),
    "4-6": (4, 6),
    "7-10": (7, 10),
    "11-": (11, None),
}
TO_CALL = ("WAITING", "CALLABLE", "IN_CALL", "APPOINTED")
SORTS = {
    "due": "c.nominal_end NULLS LAST, c.id",
    "-due": "c.nominal_end DESC NULLS LAST, c.id",
    "policy": "c.policy_no",
    "-policy": "c.policy_no DESC",
    "state": "c.state, c.nominal_end NULLS LAST, c.id",
    "-state": "c.state DESC, c.nominal_end NULLS LAST, c.id",
    "branch": "k.branch_code NULLS LAST, c.id",
    "-branch": "k.branch_code DESC NULLS LAST, c.id",
    "changed": "c.changed_at, c.id",
    "-changed": "c.changed_at DESC, c.id",
}
PAGE = 50


@dataclass(frozen=True)
class CaseFilter:
    """What the list is narrowed to; None and empty narrow nothing. `today` bounds the words today and due."""

    today: date
    q: str = ""
    state: str = ""
    class_: str = ""
    reason: str = ""
    branch: str = ""
    owner: str = ""
    due: str = ""  # a key of DUE_SPANS, or "any" for all that are still to be called
    settled: str = ""  # "today", "completed" (today, and it counts), "in_window" (of these, inside the cooling-off)
    recording: str = ""  # "missing": answered today, nothing verified
    codes: list[str] | None = None  # the branches that may be seen
    ids: list[int] | None = None  # none but these


def _where(f: CaseFilter) -> tuple[str, dict[str, Any]]:
    clauses, values = ["true"], {}

    def narrow(clause: str, **more: Any) -> None:
        clauses.append(clause)
        values.update(more)

    if f.codes is not None:
        narrow("(k.branch_code = ANY(:codes) OR c.owner_branch = ANY(:codes))", codes=f.codes)
    if f.ids is not None:
        narrow("c.id = ANY(:ids)", ids=f.ids)
    if q := f.q.strip():
        found = ["c.policy_no = :q", "p.name_hash = :name"]
        values.update(q=q, name=name_hash(q))
        number = q.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) <= 18:
            found.append("c.id = :number")
            values["number"] = int(number)
        clauses.append(f"({' OR '.join(found)})")
    if f.state:
        narrow("c.state = :state", state=f.state)
    if f.class_ == "NONE":
        narrow('c."class" IS NULL')
    elif f.class_:
        narrow('c."class" = :class', **{"class": f.class_})
    if f.reason:
        narrow("c.reasons @> CAST(:reason AS jsonb) ", reason=json.dumps([f.reason]))
    if f.branch:
        narrow(
            """(c.owner_branch = :branch OR k.branch_code IN (
                 WITH RECURSIVE below AS (SELECT code FROM branches WHERE code = :branch
                   UNION SELECT b.code FROM branches b JOIN below ON b.parent_code = below.code) SELECT code FROM below))""",
            branch=f.branch,
        )
    if f.owner:
        narrow("c.owner = :owner", owner=f.owner)
    if f.due:
        narrow("c.state = ANY(:to_call)", to_call=list(TO_CALL))
        first, last = DUE_SPANS.get(f.due, (None, None))
        if first is not None:
            narrow("c.nominal_end >= :due_first", due_first=f.today + timedelta(first))
        if last is not None:
            narrow("c.nominal_end <= :due_last", due_last=f.today + timedelta(last))
    if f.settled:
        values.update(day_begin=shanghai(f.today), day_end=shanghai(f.today + timedelta(1)))
        more = {"completed": "AND s.counts", "in_window": "AND s.counts AND s.in_window"}.get(f.settled, "")
        clauses.append(
            f"""EXISTS (SELECT 1 FROM settlements s WHERE s.case_id = c.id AND s."class" IS NOT NULL
                  AND s.settled_at >= :day_begin AND s.settled_at < :day_end {more})"""
        )
    if f.recording == "missing":
        values.update(day_begin=shanghai(f.today), day_end=shanghai(f.today + timedelta(1)))
        clauses.append(
            """EXISTS (SELECT 1 FROM call_cases cc JOIN calls a ON a.id = cc.call_id
                 WHERE cc.case_id = c.id AND a.answered_at IS NOT NULL AND a.state = 'ENDED'
                   AND a.ended_at >= :day_begin AND a.ended_at < :day_end
                   AND NOT EXISTS (SELECT 1 FROM recordings r
                                   WHERE r.call_id = a.id AND r.state IN ('VERIFIED', 'CLEARED')))"""
        )
    return " AND ".join(clauses), values


_FROM = """FROM cases c JOIN contracts k ON k.policy_no = c.policy_no JOIN persons p ON p.id = c.person_id
           LEFT JOIN branches b ON b.code = k.branch_code LEFT JOIN branches o ON o.code = c.owner_branch"""


async def count(connection: AsyncConnection, f: CaseFilter) -> int:
    where, values = _where(f)
    return (await rows(connection, f"SELECT count(*) AS n {_FROM} WHERE {where}", **values))[0]["n"]


async def find(
    connection: AsyncConnection, f: CaseFilter, sort: str = "due", offset: int = 0, limit: int = PAGE
) -> list[dict]:
    """`name` is opened from the vault; the caller masks it."""
    where, values = _where(f)
    found = await rows(
        connection,
        f"""SELECT c.id, c.policy_no, c.state, c.owner, c."class" AS class, c.reasons, c.marks, c.nominal_end,
                   c.surrender_deadline, c.provisional, c.callable_on, c.appointment_at, c.completed_at, c.changed_at,
                   p.name_sealed, k.product_name, k.channel, k.branch_code, b.name AS branch_name,
                   c.owner_branch, o.name AS owner_branch_name
            {_FROM} WHERE {where} ORDER BY {SORTS.get(sort, SORTS["due"])} LIMIT :limit OFFSET :offset""",
        **values,
        limit=limit,
        offset=offset,
    )
    return [_opened(row) for row in found]


def _opened(row: dict) -> dict:
    row["name"] = vault().open(row.pop("name_sealed"))
    return row


async def one(connection: AsyncConnection, case_id: int) -> dict | None:
    """The case with its contract and policyholder, personal values opened under `personal`."""
    found = await rows(
        connection,
        f"""SELECT c.*, c."class" AS class, p.name_sealed, p.sex, p.birth_date, p.language,
                  k.product_name, k.product_type, k.channel, k.premium_mode, k.premium, k.branch_code, k.agent_code,
                  k.underwritten_on, k.receipt_signed_on, k.status AS contract_status, k.special_callback, k.in_scope,
                  k.out_of_scope_reason, k.facts, k.personal_sealed, k.version, b.name AS branch_name,
                  o.name AS owner_branch_name, a.name AS agent_name,
                  {ADDRESS_IS_SELLERS} AS address_is_sellers,
                  coalesce((SELECT jsonb_agg(jsonb_build_object('id', x.id, 'policy_no', x.policy_no) ORDER BY x.id)
                            FROM cases x WHERE x.person_id = c.person_id AND x.id <> c.id), '[]') AS siblings
           FROM cases c JOIN contracts k ON k.policy_no = c.policy_no JOIN persons p ON p.id = c.person_id
           LEFT JOIN branches b ON b.code = k.branch_code LEFT JOIN branches o ON o.code = c.owner_branch
           LEFT JOIN agents a ON a.code = k.agent_code
           WHERE c.id = :id""",
        id=case_id,
    )
    if not found:
        return None
    case = _opened(found[0])
    case["personal"] = json.loads(vault().open(case.pop("personal_sealed")))
    phones = await rows(
        connection,
        "SELECT number_sealed, status, dead FROM contract_phones WHERE policy_no = :policy ORDER BY place",
        policy=case["policy_no"],
    )
    case["phones"] = [
        {"number": vault().open(row["number_sealed"]), "status": row["status"], "dead": row["dead"]} for row in phones
    ]
    return case


async def calls(connection: AsyncConnection, case_id: int) -> list[dict]:
    """The case's calls, newest first, each with its recording and, opened, what was heard."""
    found = await rows(
        connection,
        """SELECT a.id, cc.attempt_no, a.state, a.result, a.reserved_at, a.answered_at, a.ended_at, a.duration,
                  a.ended_by, a.ended_step, a.script, a.at_appointment, a.number_sealed, a.settled_at,
                  r.state AS recording, r.seconds, r.retain_until, r.verified_at, r.problem AS recording_problem
           FROM call_cases cc JOIN calls a ON a.id = cc.call_id
           LEFT JOIN LATERAL (SELECT * FROM recordings r WHERE r.call_id = a.id ORDER BY r.id DESC LIMIT 1) r ON true
           WHERE cc.case_id = :id ORDER BY cc.attempt_no DESC""",
        id=case_id,
    )
    for call in found:
        call["number"] = vault().open(call.pop("number_sealed"))
    given = await rows(
        connection,
        """SELECT n.call_id, n.case_id, n.step, n.try_no, n.answer, n.corrected, n.final, n.detail, n.how,
                  n.heard_sealed, n.answered_at
           FROM answers n JOIN call_cases cc ON cc.call_id = n.call_id AND cc.case_id = :id
           WHERE n.case_id = :id OR n.case_id IS NULL ORDER BY n.id""",
        id=case_id,
    )
    by_call: dict[str, list[dict]] = {}
    for answer in given:
        sealed = answer.pop("heard_sealed")
        answer["heard"] = vault().open(sealed) if sealed is not None else ""
        by_call.setdefault(answer["call_id"], []).append(answer)
    for call_id, proofs in (await item_proofs.of_calls(connection, list(by_call))).items():
        proof_of = {(proof.case_id, proof.step, proof.try_no): proof for proof in proofs}
        for answer in by_call[call_id]:
            answer["proof"] = proof_of.get((answer["case_id"], answer["step"], answer["try_no"]))
    for call in found:
        call["answers"] = by_call.get(call["id"], [])
    return found


async def settlements(connection: AsyncConnection, case_id: int) -> list[dict]:
    """Newest first; `decision` is the whole settlement with its steps."""
    return await rows(
        connection,
        """SELECT id, call_id, kind, round, result, "class" AS class, completed, counts, in_window, profile, decision,
                  settled_at FROM settlements WHERE case_id = :id ORDER BY id DESC""",
        id=case_id,
    )


async def orders(connection: AsyncConnection, case_id: int) -> list[dict]:
    return await rows(
        connection,
        """SELECT w.id, w.kind, w."class" AS class, w.reasons, w.marks, w.action, w.branch_code, b.name AS branch_name,
                  w.state, w.due_at, w.act_by, w.issued_at, w.accepted_at, w.handled_at, w.closed_at, w.overdue_at
           FROM work_orders w JOIN branches b ON b.code = w.branch_code WHERE w.case_id = :id ORDER BY w.id DESC""",
        id=case_id,
    )


async def history(connection: AsyncConnection, case_id: int) -> list[dict]:
    """The events of the case and of the calls that asked about it, oldest first; the turns of a talk left out."""
    return await rows(
        connection,
        """SELECT e.id, e.at, e.kind, e.call_id, e.data FROM events e WHERE e.case_id = :id
           UNION ALL
           SELECT e.id, e.at, e.kind, e.call_id, e.data FROM events e
           JOIN call_cases cc ON cc.call_id = e.call_id AND cc.case_id = :id WHERE e.case_id IS NULL AND e.kind <> 'TURN'
           ORDER BY id""",
        id=case_id,
    )


async def access(connection: AsyncConnection, case_id: int) -> dict | None:
    """Whose the case is: the contract's branch and the branch that owns it now."""
    found = await rows(
        connection,
        """SELECT k.branch_code, c.owner_branch FROM cases c JOIN contracts k ON k.policy_no = c.policy_no
           WHERE c.id = :id""",
        id=case_id,
    )
    return found[0] if found else None


async def branch_choices(connection: AsyncConnection, codes: list[str] | None) -> list[dict]:
    return await rows(
        connection,
        """SELECT code, name FROM branches WHERE CAST(:codes AS text[]) IS NULL OR code = ANY(:codes)
           ORDER BY code LIMIT 500""",
        codes=codes,
    )


async def standing(connection: AsyncConnection, wanted: str) -> dict | None:
    """Where a case stands, by its id or its policy number, without anything personal."""
    found = await rows(
        connection,
        """SELECT c.id, c.policy_no, c.state, c.owner, c.owner_branch, b.name AS branch_name, c.round, c.callable_on,
                  c.nominal_end, c.surrender_deadline, c.provisional, c.appointment_at, c."class" AS class, c.reasons,
                  c.marks, c.completed_at, c.counts, c.late_grace_until, c.profile, s.decision -> 'settlement' -> 'steps' AS steps
           FROM cases c LEFT JOIN branches b ON b.code = c.owner_branch
           LEFT JOIN LATERAL (SELECT decision FROM settlements WHERE case_id = c.id ORDER BY id DESC LIMIT 1) s ON true
           WHERE c.id = CAST(:id AS bigint) OR c.policy_no = :wanted ORDER BY (c.id = CAST(:id AS bigint)) DESC LIMIT 1""",
        id=int(wanted) if wanted.isdecimal() and len(wanted) <= 18 else None,
        wanted=wanted,
    )
    return found[0] if found else None
