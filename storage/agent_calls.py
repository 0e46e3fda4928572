"""What callback agents have in hand: taken, wanted, on the line, wrapped up. Only forward, each step told as an event."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.vault import vault

# So long may an agent look at a case before he dials; then it goes back into the line.
PREVIEW = timedelta(minutes=10)
# So long does the settlement of a call wait for the agent's last answers.
WRAP_UP = timedelta(minutes=2)
# A telephone of the house that was rung and of which nothing was heard since.
QUIET = timedelta(seconds=75)
# So long is waited until a telephone has been put down that is to be rung again: before, it would be busy.
PUTTING_DOWN = timedelta(seconds=10)

TOLD = """
  INSERT INTO events (at, kind, case_id, call_id, person_id, data)
  SELECT :now, '{kind}', CAST(c.id AS bigint), {of}.call_id, {of}.person_id,
         jsonb_build_object('user', {of}.login, {data} 'origin', {of}.origin)
  FROM {of}, jsonb_array_elements_text({of}.case_ids) AS c(id)
"""


def _told(kind: str, of: str, data: str = "") -> str:
    return TOLD.format(kind=kind, of=of, data=data)


@dataclass(frozen=True, slots=True)
class InHand:
    """What one agent has in hand. `call_state`, `settled` and `carrier_status` are the customer's call's."""

    id: str
    login: str
    person_id: int
    case_ids: tuple[int, ...]
    call_id: str | None
    origin: str
    reason: str | None
    state: str
    outcome: str | None
    problem: str | None
    why: tuple[dict, ...]
    line: str | None
    conference: str | None
    held: bool
    back: str | None
    taken_at: datetime
    lease_until: datetime
    joined_at: datetime | None
    call_state: str | None
    call_sid: str | None
    answered_at: datetime | None
    ended_at: datetime | None
    settled: bool
    leads: bool
    carrier_status: str | None
    turn: int | None

    @property
    def stage(self) -> str:
        """Where the page stands: TAKEN, CALLING_AGENT, CALLING_CUSTOMER, TALKING, or WRAP_UP."""
        if self.state in ("WANTED", "RINGING"):
            return "CALLING_AGENT"
        if self.state == "JOINED" and self.call_state not in ("ENDED", "REJECTED"):
            return "TALKING" if self.answered_at is not None else "CALLING_CUSTOMER"
        return "TAKEN" if self.state == "TAKEN" else "WRAP_UP"

    @property
    def may_note(self) -> bool:
        """Whether an answer is his to note: while he leads the call, and the last one after the customer has left him."""
        over = self.call_state == "ENDED" and self.stage == "WRAP_UP" and self.outcome != "LOST"
        return self.call_id is not None and not self.settled and (self.leads or over)

    @property
    def version(self) -> str:
        """Changes whenever something on the page does."""
        return f"{self.id}.{self.stage}.{self.turn}.{self.problem or ''}.{int(self.held)}.{int(self.settled)}.{int(self.leads)}.{int(self.conference is not None)}"  # fmt: skip


IN_HAND = """
SELECT a.id, a.login, a.person_id, a.case_ids, a.call_id, a.origin, a.reason, a.state, a.outcome, a.problem, a.why, a.line,
       a.conference, a.held, a.back, a.taken_at, a.lease_until, a.joined_at, k.state AS call_state, k.sid AS call_sid,
       k.answered_at, k.ended_at, k.settled_at IS NOT NULL AS settled, coalesce(k.led_by = a.id, false) AS leads,
       k.carrier_status, k.turn
FROM agent_calls a LEFT JOIN calls k ON k.id = a.call_id
"""


async def in_hand(connection: AsyncConnection, login: str) -> InHand | None:
    return _one(await rows(connection, IN_HAND + "WHERE a.login = :login AND a.state <> 'DONE'", login=login))


async def by_id(connection: AsyncConnection, agent_call: str) -> InHand | None:
    return _one(await rows(connection, IN_HAND + "WHERE a.id = :id", id=agent_call))


async def live(connection: AsyncConnection) -> list[InHand]:
    """Every agent with a customer on the line, the longest talk first."""
    found = await rows(
        connection,
        IN_HAND + "WHERE a.state = 'JOINED' AND k.state NOT IN ('ENDED', 'REJECTED') ORDER BY a.joined_at",
    )
    return [_in_hand(row) for row in found]


def _one(found: list[dict]) -> InHand | None:
    return _in_hand(found[0]) if found else None


def _in_hand(row: dict) -> InHand:
    return InHand(**{**row, "case_ids": tuple(row["case_ids"]), "why": tuple(row["why"])})


async def anything(connection: AsyncConnection) -> bool:
    """Whether any agent has anything in hand, or a telephone of the house is not at rest."""
    found = await rows(
        connection,
        """SELECT EXISTS (SELECT 1 FROM agent_calls WHERE state <> 'DONE' OR back = 'WANTED')
               OR EXISTS (SELECT 1 FROM agent_legs WHERE state <> 'ENDED') AS anything""",
    )
    return found[0]["anything"]


# ---------------------------------------------------------------- before the call


async def take(
    connection: AsyncConnection,
    *,
    agent_call: str,
    login: str,
    person_id: int,
    case_ids: Sequence[int],
    why: Sequence[dict],
    now: datetime,
) -> bool:
    """Into one agent's hands. False where somebody was faster, he has something in hand, or the case moved on."""
    found = await rows(
        connection,
        f"""
        WITH free AS (
          SELECT id FROM cases WHERE id = ANY(:ids) AND person_id = :person AND owner = 'HEAD_OFFICE'
            AND state IN ('CALLABLE', 'APPOINTED', 'WAITING') FOR UPDATE
        ), kept AS (
          INSERT INTO agent_calls (id, login, person_id, case_ids, origin, state, why, taken_at, lease_until)
          SELECT :id, :login, :person, CAST(:cases AS jsonb), 'PREVIEW', 'TAKEN', CAST(:why AS jsonb), :now, :lease
          WHERE (SELECT count(*) FROM free) = cardinality(CAST(:ids AS bigint[]))
          ON CONFLICT DO NOTHING RETURNING *
        ), told AS ({_told("CASE_TAKEN", "kept")})
        SELECT id FROM kept
        """,
        id=agent_call,
        login=login,
        person=person_id,
        ids=list(case_ids),
        cases=json.dumps(list(case_ids)),
        why=json.dumps(list(why), ensure_ascii=False),
        now=now,
        lease=now + PREVIEW,
    )
    return bool(found)


async def give_back(connection: AsyncConnection, login: str, now: datetime) -> bool:
    """A case that was looked at and not dialled goes back into the line."""
    return await _give_back(connection, "state = 'TAKEN' AND login = :login", now, login=login)


async def release_expired(connection: AsyncConnection, now: datetime) -> None:
    await _give_back(connection, "state = 'TAKEN' AND lease_until < :now", now)


async def _give_back(connection: AsyncConnection, which: str, now: datetime, **values: Any) -> bool:
    found = await rows(
        connection,
        f"""
        WITH kept AS (
          UPDATE agent_calls SET state = 'DONE', outcome = 'GIVEN_BACK', done_at = :now WHERE {which} RETURNING *
        ), told AS ({_told("CASE_GIVEN_BACK", "kept")})
        SELECT id FROM kept
        """,
        now=now,
        **values,
    )
    return bool(found)


async def want(connection: AsyncConnection, login: str, leg_id: str, address: str, now: datetime) -> bool:
    """He wants to dial: his own telephone is rung first. False where he has nothing that could be dialled."""
    found = await rows(
        connection,
        """
        WITH wanted AS (
          UPDATE agent_calls SET state = 'WANTED', problem = NULL, lease_until = CAST(:lease AS timestamptz)
          WHERE login = :login AND state = 'TAKEN' AND call_id IS NULL RETURNING id, login
        ), leg AS (
          INSERT INTO agent_legs (id, agent_call_id, login, role, address_sealed, state, changed_at)
          SELECT :leg, id, login, 'AGENT', :address, 'WANTED', :now FROM wanted RETURNING id
        )
        SELECT id, pg_notify('huifang', 'agent') FROM leg
        """,
        login=login,
        leg=leg_id,
        address=vault().seal(address),
        now=now,
        lease=now + PREVIEW,
    )
    return bool(found)


# ---------------------------------------------------------------- telephones of the house


async def legs_to_ring(connection: AsyncConnection, now: datetime) -> list[dict[str, Any]]:
    """Take up every telephone that is to be rung and has been put down (id, address_sealed); each is given out once."""
    return await rows(
        connection,
        """UPDATE agent_legs SET state = 'RESERVED', changed_at = :now WHERE id IN (
             SELECT l.id FROM agent_legs l WHERE l.state = 'WANTED' AND NOT EXISTS (
               SELECT 1 FROM agent_legs o WHERE o.login = l.login AND o.id <> l.id AND o.state NOT IN ('WANTED', 'ENDED')
                 AND o.changed_at > :before)
             ORDER BY l.changed_at FOR UPDATE OF l SKIP LOCKED)
           RETURNING id, address_sealed""",
        now=now,
        before=now - PUTTING_DOWN,
    )


async def leg_placed(connection: AsyncConnection, leg_id: str, sid: str, now: datetime) -> None:
    await rows(
        connection,
        """
        WITH leg AS (
          UPDATE agent_legs SET sid = coalesce(sid, :sid), changed_at = :now,
            state = CASE WHEN state = 'RESERVED' THEN 'RINGING' ELSE state END
          WHERE id = :leg RETURNING agent_call_id, role
        )
        UPDATE agent_calls SET state = 'RINGING' WHERE state = 'WANTED'
          AND id = (SELECT agent_call_id FROM leg WHERE role = 'AGENT') RETURNING id
        """,
        leg=leg_id,
        sid=sid,
        now=now,
    )


async def joined(connection: AsyncConnection, leg_id: str, sid: str, now: datetime) -> dict[str, Any] | None:
    """Somebody picked up this telephone: agent_call_id, role and the agent's own sid (for who whispers to him). None where
    there is no room for it any more. Asked again, the same."""
    found = await rows(
        connection,
        f"""
        WITH leg AS (
          UPDATE agent_legs l SET state = 'JOINED', sid = coalesce(l.sid, :sid), changed_at = :now
          FROM agent_calls a
          WHERE l.id = :leg AND a.id = l.agent_call_id AND (l.sid IS NULL OR l.sid = :sid)
            AND l.state IN ('RESERVED', 'RINGING', 'JOINED')
            AND a.state IN ('WANTED', 'RINGING', 'JOINED') AND (l.role = 'AGENT' OR a.state = 'JOINED')
          RETURNING l.agent_call_id, l.role, l.login, a.state AS was
        ), dealt AS (
          UPDATE agent_calls a SET state = 'JOINED', joined_at = :now FROM leg
          WHERE a.id = leg.agent_call_id AND leg.role = 'AGENT' AND leg.was <> 'JOINED' RETURNING a.*
        ), spoke AS (
          UPDATE calls k SET agent_login = dealt.login FROM dealt WHERE k.id = dealt.call_id RETURNING k.id
        ), told AS ({_told("AGENT_JOINED", "dealt")}
        ), listened AS (
          INSERT INTO events (at, kind, call_id, person_id, data)
          SELECT :now, 'CALL_LISTENED_TO', a.call_id, a.person_id, jsonb_build_object('user', leg.login, 'how', leg.role)
          FROM leg JOIN agent_calls a ON a.id = leg.agent_call_id WHERE leg.role <> 'AGENT'
        )
        SELECT leg.agent_call_id, leg.role,
               (SELECT o.sid FROM agent_legs o WHERE o.agent_call_id = leg.agent_call_id AND o.role = 'AGENT'
                  AND o.state = 'JOINED' LIMIT 1) AS agent_sid,
               pg_notify('huifang', 'agent') AS rung
        FROM leg
        """,
        leg=leg_id,
        sid=sid,
        now=now,
    )
    return found[0] if found else None


LEG_OVER = f"""
WITH news AS (
  INSERT INTO carrier_events (provider_id, kind, status, sequence, body, received_at)
  SELECT CAST(:sid AS text), 'agent', CAST(:status AS text), CAST(:sequence AS int), CAST(:body AS jsonb), :now
  WHERE CAST(:sid AS text) IS NOT NULL
  ON CONFLICT DO NOTHING RETURNING id
), leg AS (
  UPDATE agent_legs SET state = CASE WHEN CAST(:over AS boolean) THEN 'ENDED' ELSE state END, status = CAST(:status AS text),
    sid = coalesce(sid, CAST(:sid AS text)), changed_at = :now
  WHERE id = :leg AND state <> 'ENDED' AND (sid IS NULL OR CAST(:sid AS text) IS NULL OR sid = CAST(:sid AS text))
  RETURNING id, agent_call_id, role, state
), dealt AS (
  UPDATE agent_calls a SET
    state = CASE WHEN a.call_id IS NULL THEN 'TAKEN' WHEN a.state = 'JOINED' THEN 'WRAP_UP' ELSE 'DONE' END,
    outcome = CASE WHEN a.call_id IS NOT NULL AND a.state <> 'JOINED' THEN 'NOT_REACHED' END,
    problem = CASE WHEN a.call_id IS NULL THEN 'AGENT_NOT_REACHED' END,
    done_at = CASE WHEN a.call_id IS NOT NULL AND a.state <> 'JOINED' THEN CAST(:now AS timestamptz) END,
    left_at = :now,
    back = CASE WHEN a.call_id IS NOT NULL AND k.state NOT IN ('ENDED', 'REJECTED') THEN 'WANTED' END
  FROM leg, agent_calls o LEFT JOIN calls k ON k.id = o.call_id
  WHERE leg.state = 'ENDED' AND leg.role = 'AGENT' AND o.id = leg.agent_call_id AND a.id = o.id
    AND a.state IN ('WANTED', 'RINGING', 'JOINED')
    -- he has asked to dial again before his telephone was put down: that is another ring
    AND NOT EXISTS (SELECT 1 FROM agent_legs n WHERE n.agent_call_id = leg.agent_call_id AND n.role = 'AGENT'
                      AND n.id <> leg.id AND n.state <> 'ENDED')
  RETURNING a.*
), given AS (
  UPDATE calls k SET led_by = NULL FROM dealt WHERE k.id = dealt.call_id AND k.led_by = dealt.id RETURNING k.id
), told AS ({_told("AGENT_NOT_REACHED", "not_reached")})
SELECT pg_notify('huifang', 'agent') FROM leg WHERE state = 'ENDED'
""".replace("FROM not_reached,", "FROM (SELECT * FROM dealt WHERE outcome = 'NOT_REACHED') AS not_reached,")


async def leg_news(
    connection: AsyncConnection,
    *,
    leg_id: str,
    sid: str | None,
    status: str,
    over: bool,
    sequence: int = 0,
    body: dict | None = None,
    now: datetime,
) -> None:
    """What the carrier reports of a telephone of the house; `sid` None: it was never rung.

    Once it is over, an agent who had not dialled yet has his case before him again; a customer who waited for him, or
    spoke with him, is to be given back to the robot.
    """
    await rows(
        connection,
        LEG_OVER,
        leg=leg_id,
        sid=sid,
        status=status,
        over=over,
        sequence=sequence,
        body=json.dumps(body or {}),
        now=now,
    )


async def legs_to_hang_up(connection: AsyncConnection, now: datetime) -> list[dict[str, Any]]:
    """Telephones of the house that nobody is to speak on any more (id, sid); each is given out once."""
    return await rows(
        connection,
        """
        UPDATE agent_legs SET state = 'ENDING', changed_at = :now WHERE id IN (
          SELECT l.id FROM agent_legs l JOIN agent_calls a ON a.id = l.agent_call_id LEFT JOIN calls k ON k.id = a.call_id
          WHERE l.state IN ('RINGING', 'JOINED') AND l.sid IS NOT NULL
            AND (a.state IN ('TAKEN', 'WRAP_UP', 'DONE') OR k.state IN ('ENDED', 'REJECTED')
                 OR EXISTS (SELECT 1 FROM agent_legs n WHERE n.agent_call_id = a.id AND n.login = l.login AND n.state = 'WANTED'))
          FOR UPDATE OF l SKIP LOCKED)
        RETURNING id, sid
        """,
        now=now,
    )


async def quiet_legs(connection: AsyncConnection, now: datetime, quiet: timedelta = QUIET) -> list[dict[str, Any]]:
    """Telephones of the house of which nothing was heard for `quiet`, those that talk among them: id, sid, state."""
    return await rows(
        connection,
        """SELECT id, sid, state FROM agent_legs
           WHERE state <> 'ENDED' AND changed_at < :before ORDER BY changed_at LIMIT 100""",
        before=now - quiet,
    )


async def legs_alive(connection: AsyncConnection, legs: Sequence[str], now: datetime) -> None:
    """The carrier was asked and has these on the line: others come first at the next look."""
    await rows(
        connection,
        "UPDATE agent_legs SET changed_at = :now WHERE id = ANY(:legs) AND state <> 'ENDED' RETURNING id",
        legs=list(legs),
        now=now,
    )


async def listen(
    connection: AsyncConnection, agent_call: str, login: str, role: str, leg_id: str, address: str, now: datetime
) -> bool:
    """A supervisor's telephone is to be rung and joined: LISTEN or COACH. False where that talk is over, or he is in it."""
    found = await rows(
        connection,
        """
        INSERT INTO agent_legs (id, agent_call_id, login, role, address_sealed, state, changed_at)
        SELECT :leg, a.id, CAST(:login AS text), :role, :address, 'WANTED', :now FROM agent_calls a
        WHERE a.id = :id AND a.state = 'JOINED' AND a.login <> CAST(:login AS text)
          AND NOT EXISTS (SELECT 1 FROM agent_legs o WHERE o.agent_call_id = a.id AND o.login = CAST(:login AS text) AND o.state <> 'ENDED')
        RETURNING id, pg_notify('huifang', 'agent')
        """,
        id=agent_call,
        login=login,
        role=role,
        leg=leg_id,
        address=vault().seal(address),
        now=now,
    )
    return bool(found)


# ---------------------------------------------------------------- the customer's call


async def customers_wanted(connection: AsyncConnection) -> list[InHand]:
    """Agents who are on the line and wait for their customer to be dialled."""
    found = await rows(connection, IN_HAND + "WHERE a.state = 'JOINED' AND a.call_id IS NULL ORDER BY a.joined_at")
    return [_in_hand(row) for row in found]


async def not_dialled(connection: AsyncConnection, agent_call: str, problem: str, now: datetime) -> None:
    """The customer was not dialled, `problem` says why: the case lies before the agent again, to be given back."""
    await rows(
        connection,
        """UPDATE agent_calls SET state = 'TAKEN', problem = :problem, lease_until = :lease
           WHERE id = :id AND state = 'JOINED' AND call_id IS NULL RETURNING id""",
        id=agent_call,
        problem=problem,
        lease=now + PREVIEW,
    )


async def room_known(connection: AsyncConnection, agent_call: str, conference: str, sid: str) -> None:
    """The carrier's id of the room in which the call `sid` is. News of an earlier room of the same name, in which only a
    telephone was that has been put down since, changes nothing."""
    await rows(
        connection,
        """
        UPDATE agent_calls a SET conference = :conference
        WHERE a.id = :id AND a.conference IS DISTINCT FROM :conference
          AND (EXISTS (SELECT 1 FROM agent_legs l
                       WHERE l.agent_call_id = a.id AND l.sid = :sid AND l.state IN ('RINGING', 'JOINED'))
               OR EXISTS (SELECT 1 FROM calls k WHERE k.id = a.call_id AND k.sid = :sid))
        RETURNING a.id
        """,
        id=agent_call,
        conference=conference,
        sid=sid,
    )


async def hold(connection: AsyncConnection, agent_call: str, held: bool, now: datetime) -> None:
    await rows(
        connection,
        f"""
        WITH kept AS (UPDATE agent_calls SET held = :held WHERE id = :id AND held <> :held RETURNING *),
        told AS ({_told("CALL_HELD", "kept", "'held', kept.held,")})
        SELECT id FROM kept
        """,
        id=agent_call,
        held=held,
        now=now,
    )


async def line_heard(connection: AsyncConnection, agent_call: str, line: str) -> None:
    """What the agent heard on the line where no code tells it."""
    await rows(
        connection,
        "UPDATE agent_calls SET line = :line WHERE id = :id AND state = 'JOINED' RETURNING id",
        id=agent_call,
        line=line,
    )


async def customers_to_bring_back(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Customers whose agent is gone: id of the agent call, call_id, sid, answered, over."""
    return await rows(
        connection,
        """SELECT a.id, a.call_id, k.sid, k.answered_at IS NOT NULL AS answered, k.state IN ('ENDED', 'REJECTED') AS over
           FROM agent_calls a JOIN calls k ON k.id = a.call_id WHERE a.back = 'WANTED' ORDER BY a.left_at""",
    )


async def brought_back(connection: AsyncConnection, agent_call: str, was_there: bool, now: datetime) -> None:
    """The robot has the customer again, or there is nobody to be had: `was_there` tells which."""
    await rows(
        connection,
        f"""
        WITH kept AS (
          UPDATE agent_calls SET back = 'DONE',
            outcome = CASE WHEN outcome IS NULL AND CAST(:there AS boolean) THEN 'LOST' ELSE outcome END
          WHERE id = :id AND back = 'WANTED' RETURNING *
        ), told AS ({_told("AGENT_LOST", "lost")})
        SELECT id FROM kept
        """.replace("FROM lost,", "FROM (SELECT * FROM kept WHERE outcome = 'LOST') AS lost,"),
        id=agent_call,
        there=was_there,
        now=now,
    )


async def wrap_up(connection: AsyncConnection, login: str, now: datetime) -> bool:
    """He is done with it. False while the customer is still on the line with him."""
    found = await rows(
        connection,
        f"""
        WITH kept AS (
          UPDATE agent_calls a SET state = 'DONE', outcome = coalesce(a.outcome, 'FINISHED'), done_at = :now,
            left_at = coalesce(a.left_at, :now)
          FROM calls k
          WHERE a.login = :login AND k.id = a.call_id
            AND (a.state = 'WRAP_UP' OR a.state = 'JOINED' AND k.state IN ('ENDED', 'REJECTED'))
          RETURNING a.*
        ), told AS ({_told("AGENT_DONE", "kept", "'outcome', kept.outcome,")})
        SELECT id, pg_notify('huifang', 'agent') FROM kept
        """,
        login=login,
        now=now,
    )
    return bool(found)
