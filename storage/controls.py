"""Switches that people throw."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.events import record

# the campaign: who may be rung is rung, nobody new is rung, or nobody new is rung and what nobody has answered is taken back
DIALLER = "dialler"
RUN, PAUSED, STOPPED = "RUN", "PAUSED", "STOPPED"
# thrown by the archive's self-test alone: STOPPED while the store has broken a promise
CARRIER_COPIES = "carrier-copies"


@dataclass(frozen=True, slots=True)
class Switch:
    """How a switch stands. One that nobody ever threw is at RUN, with nobody's name."""

    value: str = RUN
    set_by: str | None = None
    set_at: datetime | None = None
    reason: str = ""


async def throw(connection: AsyncConnection, name: str, value: str, user: str, now: datetime, reason: str = "") -> bool:
    """Set the switch, record who did and why, and ring the bell; False when it stood so already."""
    changed = await rows(
        connection,
        """WITH thrown AS (
             INSERT INTO controls (name, value, set_by, set_at, reason) VALUES (:name, :value, :user, :now, :reason)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by,
               set_at = excluded.set_at, reason = excluded.reason
             WHERE controls.value <> excluded.value RETURNING name)
           SELECT name, pg_notify('huifang', 'switch') FROM thrown""",
        name=name,
        value=value,
        user=user,
        now=now,
        reason=reason,
    )
    if changed:
        await record(connection, "SWITCH_THROWN", now, switch=name, value=value, user=user, reason=reason)
    return bool(changed)


async def standing(connection: AsyncConnection, name: str) -> Switch:
    found = await rows(connection, "SELECT value, set_by, set_at, reason FROM controls WHERE name = :name", name=name)
    return Switch(**found[0]) if found else Switch()


async def carrier_copies_may_go(connection: AsyncConnection) -> bool:
    """Whether the archive can be trusted to hold what the carrier would no longer have."""
    return (await standing(connection, CARRIER_COPIES)).value != STOPPED
