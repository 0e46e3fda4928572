"""Who might be rung: one query for everybody whose case head office owns, with all that the decision needs."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import business_date
from rules.calling import Appointment, Attempt, Candidate
from rules.cases import CaseState
from rules.phone_checks import PhoneFacts
from storage.db import rows
from storage.family_ties import ALL_RELATED
from storage.organisation import ITS_PLACE, PLACES

CANDIDATES = f"""
WITH RECURSIVE {PLACES}
SELECT c.id AS case_id, c.policy_no, c.person_id, c.state, c.callable_on, c.nominal_end, c.handover_at, c."class",
       c.reasons, c.profile, c.appointment_at, encode(c.appointment_hash, 'hex') AS appointment_number,
       p.birth_date, p.language, k.channel, k.product_type, k.premium_mode, k.special_callback, place.jurisdiction,
       (SELECT max(s.settled_at) FROM settlements s WHERE s.case_id = c.id AND s.round < c.round) AS plan_began,
       coalesce((k.facts ->> 'identity_elements')::int, 0) AS identity_elements,
       -- asked the robot for a person, or was not understood by it, when last rung
       coalesce((
         SELECT EXISTS (SELECT 1 FROM answers said WHERE said.call_id = last.id AND said.answer = 'OPERATOR')
             OR EXISTS (SELECT 1 FROM agent_calls t WHERE t.call_id = last.id AND t.outcome = 'NOT_REACHED')
         FROM calls last WHERE last.person_id = c.person_id AND last.answered_at IS NOT NULL
         ORDER BY last.reserved_at DESC LIMIT 1), false) AS wants_person,
       coalesce((
         SELECT jsonb_agg(jsonb_build_object(
                  'number', encode(n.number_hash, 'hex'), 'dead', n.dead, 'status', n.status,
                  'holders', coalesce(cardinality(x.persons), 0), 'related', {ALL_RELATED},
                  'registered', EXISTS (SELECT 1 FROM registered_phones r WHERE r.number_hash = n.number_hash),
                  'own', NOT EXISTS (
                    SELECT 1 FROM registered_phones r LEFT JOIN agents a ON r.holder_kind = 'AGENT' AND a.code = r.holder_code
                    WHERE r.number_hash = n.number_hash AND a.id_hash IS DISTINCT FROM p.identity_hash
                      AND NOT (r.holder_kind = 'AGENT' AND r.holder_code = k.agent_code
                               AND coalesce((k.facts ->> 'self_policy')::boolean, false)))
                ) ORDER BY n.place)
         FROM contract_phones n CROSS JOIN LATERAL (
           SELECT array_agg(DISTINCT h.person_id) AS persons FROM contract_phones h
           JOIN contracts hk ON hk.policy_no = h.policy_no
           WHERE h.number_hash = n.number_hash AND h.status = 'CONFIRMED'
             AND (hk.status = 'IN_FORCE' OR hk.underwritten_on > CAST(:today AS date) - 730)) x
         WHERE n.policy_no = c.policy_no), '[]') AS numbers,
       coalesce((
         SELECT jsonb_agg(jsonb_build_object(
                  'at', a.reserved_at, 'number', encode(a.number_hash, 'hex'), 'state', a.state, 'result', a.result,
                  'at_appointment', a.at_appointment,
                  'cases', (SELECT jsonb_agg(cc.case_id) FROM call_cases cc WHERE cc.call_id = a.id)) ORDER BY a.reserved_at)
         FROM calls a WHERE a.person_id = c.person_id AND a.state <> 'REJECTED'), '[]') AS attempts
FROM cases c
JOIN contracts k ON k.policy_no = c.policy_no
JOIN persons p ON p.id = c.person_id
{ITS_PLACE}
WHERE (CAST(:everybody AS boolean) OR (c.owner = 'HEAD_OFFICE' AND c.state <> 'CLOSED'))
  AND (CAST(:case_id AS bigint) IS NULL OR c.id = :case_id)
  AND (CAST(:person_id AS bigint) IS NULL OR c.person_id = :person_id)
ORDER BY c.nominal_end NULLS LAST, c.id
LIMIT :most
"""

# A number counts whoever it is rung for: what was dialled under one of these for somebody who is not in the pool. No cap
# looks back further than a week.
FOR_OTHERS = """
SELECT a.reserved_at AS at, a.person_id, encode(a.number_hash, 'hex') AS number, a.state, a.result, a.at_appointment
FROM calls a
WHERE a.number_hash = ANY(SELECT decode(h, 'hex') FROM unnest(CAST(:numbers AS text[])) AS h)
  AND a.person_id <> ALL(CAST(:persons AS bigint[]))
  AND a.state <> 'REJECTED'
  AND (a.state <> 'ENDED' OR a.reserved_at > CAST(:now AS timestamptz) - interval '7 days')
"""


@dataclass(frozen=True, slots=True)
class Pool:
    """`attempts` of everybody in it, and those of others under a number that somebody in it shares. Numbers are look-up hashes in hex: who is rung is decided without knowing a number.

    `profiles`: by case id, the rule profile that the case comes under.
    """

    candidates: tuple[Candidate, ...]
    attempts: tuple[Attempt, ...]
    profiles: Mapping[int, str]


async def read_pool(
    connection: AsyncConnection,
    now: datetime,
    script_name_for,
    *,
    case_id: int | None = None,
    person_id: int | None = None,
    everybody: bool = False,
    most: int = 20_000,
) -> Pool:
    """`script_name_for(channel, product_type, premium_mode, day, jurisdiction)` tells which script fits, None where none does."""
    today = business_date(now)
    found = await rows(
        connection, CANDIDATES, today=today, case_id=case_id, person_id=person_id, everybody=everybody, most=most
    )
    candidates, attempts, seen = [], [], set()
    for row in found:
        appointment = None
        if row["appointment_at"] is not None:
            appointment = Appointment(row["appointment_at"], row["appointment_number"], "POLICYHOLDER")
        candidates.append(
            Candidate(
                case_id=row["case_id"],
                policy_no=row["policy_no"],
                person_id=row["person_id"],
                state=_state(row, today),
                callable_on=row["callable_on"],
                nominal_end=row["nominal_end"],
                handover_at=row["handover_at"],
                birth_date=row["birth_date"],
                language=row["language"],
                in_scope=True,
                special_callback=row["special_callback"],
                numbers=tuple(
                    PhoneFacts(
                        number=n["number"],
                        holders=n["holders"],
                        is_agents=n["registered"],
                        self_policy=n["own"],
                        dead=n["dead"],
                        confirmed=n["status"] == "CONFIRMED",
                        related=bool(n["related"]),
                    )
                    for n in row["numbers"]
                ),
                identity_elements=row["identity_elements"],
                appointment=appointment,
                script=script_name_for(
                    row["channel"], row["product_type"], row["premium_mode"], today, row["jurisdiction"]
                ),
                class_=row["class"],
                plan_began=row["plan_began"],
                wants_person=row["wants_person"],
                reasons=tuple(r if isinstance(r, str) else r["code"] for r in row["reasons"]),
            )
        )
        if row["person_id"] not in seen:
            seen.add(row["person_id"])
            attempts += [
                Attempt(
                    at=datetime.fromisoformat(a["at"]),
                    person_id=row["person_id"],
                    number=a["number"],
                    result=_result(a),
                    at_appointment=a["at_appointment"],
                    case_ids=tuple(a["cases"] or ()),
                )
                for a in row["attempts"]
            ]
    attempts += await _for_others(connection, candidates, seen, now)
    return Pool(tuple(candidates), tuple(attempts), {row["case_id"]: row["profile"] for row in found})


async def _for_others(
    connection: AsyncConnection, candidates: Iterable[Candidate], persons: Collection[int], now: datetime
) -> list[Attempt]:
    shared = {facts.number for case in candidates for facts in case.numbers if facts.holders > 1}
    if not shared:
        return []
    found = await rows(connection, FOR_OTHERS, numbers=sorted(shared), persons=sorted(persons), now=now)
    return [Attempt(row["at"], row["person_id"], row["number"], _result(row), row["at_appointment"]) for row in found]


def _state(row: dict, today: date) -> CaseState:
    """A case that waits for its first day is callable from that day on, whether or not somebody has noted it."""
    state = CaseState(row["state"])
    if state is CaseState.WAITING and row["callable_on"] is not None and row["callable_on"] <= today:
        return CaseState.CALLABLE
    return state


def _result(attempt: Mapping) -> str | None:
    """An open attempt counts as RINGING or UNKNOWN; one that ended but is not settled yet still is the open one."""
    if attempt["result"]:
        return attempt["result"]
    return "UNKNOWN" if attempt["state"] == "UNKNOWN" else "RINGING"
