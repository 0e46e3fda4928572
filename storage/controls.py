"""Switches that people throw."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.events import record

DIALLER = "dialler"
RUN, PAUSED = "RUN", "PAUSED"
# thrown by the archive's self-test alone: STOPPED while the store has broken a promise
CARRIER_COPIES = "carrier-copies"
STOPPED = "STOPPED"


async def throw(connection: AsyncConnection, name: str, value: str, user: str, now: datetime) -> bool:
    """Set the switch and record who did; False when it stood so already."""
    changed = await rows(
        connection,
        """INSERT INTO controls (name, value, set_by, set_at) VALUES (:name, :value, :user, :now)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at
           WHERE controls.value <> excluded.value RETURNING name""",
        name=name,
        value=value,
        user=user,
        now=now,
    )
    if changed:
        await record(connection, "SWITCH_THROWN", now, switch=name, value=value, user=user)
    return bool(changed)


async def dialler_is_paused(connection: AsyncConnection) -> bool:
    found = await rows(connection, "SELECT value FROM controls WHERE name = :name", name=DIALLER)
    return bool(found) and found[0]["value"] == PAUSED


async def carrier_copies_may_go(connection: AsyncConnection) -> bool:
    """Whether the archive can be trusted to hold what the carrier would no longer have."""
    found = await rows(connection, "SELECT value FROM controls WHERE name = :name", name=CARRIER_COPIES)
    return not found or found[0]["value"] != STOPPED
