"""Who is on duty as a callback agent, and who of them is free."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.routes import Resources
from storage.db import rows
from storage.events import record
from storage.vault import vault

READY, AWAY = "READY", "AWAY"
# An agent whose page has not asked for so long (real seconds: a browser knows no other clock) is not on duty.
SEEN_WITHIN = 45.0

# Who can be rung for a customer now; `:seen` is the instant since which his page must have asked.
FREE = """
  SELECT s.login FROM agent_seats s JOIN users u ON u.login = s.login
  WHERE s.state = 'READY' AND s.seen_at > :seen AND u.line_sealed IS NOT NULL AND NOT u.disabled
    AND NOT EXISTS (SELECT 1 FROM agent_calls o WHERE o.login = s.login AND o.state <> 'DONE')
"""


@dataclass(frozen=True, slots=True)
class Seat:
    """One agent: `line` is where he is rung, None where nobody has noted it."""

    login: str
    state: str
    staff_number: str | None
    line: str | None
    languages: tuple[str, ...]


def seen_since(now: datetime, speed: float) -> datetime:
    return now - timedelta(seconds=SEEN_WITHIN * max(speed, 1.0))


async def seat(connection: AsyncConnection, login: str) -> Seat:
    found = await rows(
        connection,
        """SELECT u.login, coalesce(s.state, 'AWAY') AS state, u.staff_number, u.line_sealed, u.languages
           FROM users u LEFT JOIN agent_seats s ON s.login = u.login WHERE u.login = :login""",
        login=login,
    )
    row = found[0]
    line = vault().open(bytes(row["line_sealed"])) if row["line_sealed"] is not None else None
    return Seat(row["login"], row["state"], row["staff_number"], line, tuple(row["languages"]))


async def sign_on(connection: AsyncConnection, login: str, now: datetime) -> None:
    await _turn(connection, login, READY, now)


async def sign_off(connection: AsyncConnection, login: str, now: datetime) -> None:
    await _turn(connection, login, AWAY, now)


async def _turn(connection: AsyncConnection, login: str, state: str, now: datetime) -> None:
    changed = await rows(
        connection,
        """INSERT INTO agent_seats (login, state, since, seen_at) VALUES (:login, :state, :now, :now)
           ON CONFLICT (login) DO UPDATE SET state = excluded.state, since = excluded.since, seen_at = excluded.seen_at
           WHERE agent_seats.state <> excluded.state RETURNING login""",
        login=login,
        state=state,
        now=now,
    )
    if changed:
        await record(connection, "AGENT_SEAT", now, user=login, state=state)


async def seen(connection: AsyncConnection, login: str, now: datetime) -> None:
    """His page is open."""
    await rows(
        connection,
        "UPDATE agent_seats SET seen_at = :now WHERE login = :login AND state = 'READY' RETURNING login",
        login=login,
        now=now,
    )


async def note_line(
    connection: AsyncConnection, login: str, line: str, staff_number: str, languages: tuple[str, ...], now: datetime
) -> None:
    """Where he is rung, what number he tells customers, which languages he speaks beside Mandarin."""
    import json

    await rows(
        connection,
        """UPDATE users SET line_sealed = :line, staff_number = :number, languages = CAST(:languages AS jsonb)
           WHERE login = :login RETURNING login""",
        login=login,
        line=vault().seal(line),
        number=staff_number,
        languages=json.dumps(list(languages)),
    )
    await record(connection, "AGENT_LINE_NOTED", now, user=login)


async def duty(connection: AsyncConnection, seen: datetime, now: datetime) -> tuple[Resources, frozenset[int]]:
    """What of people there is, beside the robot, and the persons whom agents have before them."""
    [found] = await rows(
        connection,
        f"""
        SELECT (SELECT count(*) FROM ({FREE}) f) AS free,
               (SELECT count(*) FROM agent_seats s JOIN users u ON u.login = s.login
                WHERE s.state = 'READY' AND s.seen_at > :seen AND u.line_sealed IS NOT NULL AND NOT u.disabled) AS on_duty,
               (SELECT coalesce(jsonb_agg(DISTINCT l.language), '[]') FROM users u
                JOIN ({FREE}) f ON f.login = u.login, jsonb_array_elements_text(u.languages) AS l(language)) AS languages,
               (SELECT coalesce(jsonb_agg(DISTINCT l.language), '[]') FROM agent_seats s JOIN users u ON u.login = s.login,
                jsonb_array_elements_text(u.languages) AS l(language)
                WHERE s.state = 'READY' AND s.seen_at > :seen AND NOT u.disabled) AS spoken,
               (SELECT coalesce(jsonb_agg(a.person_id), '[]') FROM agent_calls a
                WHERE a.state NOT IN ('DONE', 'WRAP_UP') AND (a.state <> 'TAKEN' OR a.lease_until > :now)) AS taken
        """,
        seen=seen,
        now=now,
    )
    resources = Resources(
        agents_free=found["free"],
        dialects=tuple(found["languages"]) or None,
        agents_on_duty=found["on_duty"],
        spoken=tuple(found["spoken"]),
    )
    return resources, frozenset(found["taken"])
