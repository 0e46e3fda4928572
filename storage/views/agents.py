"""What the agent's page shows beside the conversation: whom he is about to ring, and what became of earlier dials."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.answers import Answer
from storage.db import rows
from storage.settlements import answers_of_rows
from storage.vault import vault


async def person(connection: AsyncConnection, person_id: int) -> dict[str, Any]:
    """Name, sex, language and birth year of whoever is to be rung, and the dials made so far; nothing of his policies."""
    [found] = await rows(
        connection,
        """SELECT p.id, p.name_sealed, p.sex, p.birth_date, p.language,
                  (SELECT n.number_sealed FROM contract_phones n WHERE n.person_id = p.id AND n.status = 'CONFIRMED'
                     AND NOT n.dead ORDER BY n.place LIMIT 1) AS number_sealed,
                  coalesce((SELECT jsonb_agg(jsonb_build_object('at', k.reserved_at, 'result', k.result, 'state', k.state,
                                                                'agent', k.agent_login IS NOT NULL) ORDER BY k.reserved_at DESC)
                            FROM calls k WHERE k.person_id = p.id AND k.state <> 'REJECTED'), '[]') AS dials
           FROM persons p WHERE p.id = :id""",
        id=person_id,
    )
    opened = {
        "name": vault().open(bytes(found.pop("name_sealed"))),
        "number": vault().open(bytes(sealed)) if (sealed := found.pop("number_sealed")) is not None else "",
        "dials": [{**dial, "at": datetime.fromisoformat(dial["at"])} for dial in found.pop("dials")],
    }
    return {**found, **opened}


async def answers(connection: AsyncConnection, call_id: str, case_id: int, policy_no: str) -> tuple[Answer, ...]:
    """What was answered in this call so far, about this case and about the person."""
    found = await rows(
        connection,
        """SELECT coalesce(jsonb_agg(to_jsonb(a) - 'heard_sealed' ORDER BY a.id), '[]') AS answers FROM answers a
           WHERE a.call_id = :call AND (a.case_id IS NULL OR a.case_id = :case_id)""",
        call=call_id,
        case_id=case_id,
    )
    return answers_of_rows(found[0]["answers"], policy_no)


async def today(connection: AsyncConnection, login: str, since: datetime) -> dict[str, int]:
    """The agent's own calls since `since`: made, and completed."""
    [found] = await rows(
        connection,
        """SELECT count(DISTINCT k.id) AS calls, count(DISTINCT s.case_id) FILTER (WHERE s.completed) AS completed
           FROM calls k LEFT JOIN settlements s ON s.call_id = k.id
           WHERE k.agent_login = :login AND k.reserved_at >= :since AND k.state <> 'REJECTED'""",
        login=login,
        since=since,
    )
    return found


async def settled(connection: AsyncConnection, call_id: str) -> list[dict[str, Any]]:
    """What the call came to, once that is decided: class, result and reasons of each case."""
    return await rows(
        connection,
        """SELECT s.case_id, s."class", s.result, s.completed, s.decision -> 'settlement' -> 'reasons' AS reasons,
                  s.decision -> 'settlement' -> 'steps' AS steps
           FROM settlements s WHERE s.call_id = :call ORDER BY s.case_id""",
        call=call_id,
    )
