"""What a person must look at: raised by whatever finds it, taken down by whatever finds it over."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows

WORM_BROKEN = "WORM_BROKEN"  # the store did what Object Lock forbids: no carrier copy is deleted meanwhile
ARCHIVE_UNSAFE = "ARCHIVE_UNSAFE"  # the bucket does not lock as it must
ARCHIVE_REFUSES = "ARCHIVE_REFUSES"  # the store refuses what we ask: rights, size, a clock that is wrong
ARCHIVE_AWAY = "ARCHIVE_AWAY"
KEYS_MISSING = "KEYS_MISSING"  # no key to seal with, or none that opens
FIXITY_FAILED = "FIXITY_FAILED"
FIXITY_OVERDUE = "FIXITY_OVERDUE"
SECOND_COPY_MISSING = "SECOND_COPY_MISSING"
CLOCKS_APART = "CLOCKS_APART"
LEDGER_KEYS_MISSING = "LEDGER_KEYS_MISSING"  # nothing signs the ledger
LEDGER_FORKED = "LEDGER_FORKED"  # the ledger is not the one that was signed: nothing more is signed
LEDGER_NOT_STAMPED = "LEDGER_NOT_STAMPED"  # the time-stamp authority does not answer as it must
SCRIPT_BROKEN = "SCRIPT_BROKEN"  # a call script cannot be used: whom only it fits is not rung
CARRIER_REFUSES = "CARRIER_REFUSES"  # the carrier takes no call of this account: credentials, suspension, own number
DESTINATION_REFUSED = "DESTINATION_REFUSED"  # somebody's number is one that this account may not ring
CARRIER_DIFFERS = "CARRIER_DIFFERS"  # the carrier knows other calls or recordings of a day than we do
RECORDING_UNACCOUNTED = "RECORDING_UNACCOUNTED"  # an ended call with neither a recording nor a reason


async def sound(connection: AsyncConnection, name: str, now: datetime, **detail: Any) -> None:
    """Raise the alarm, or say that it still stands."""
    await rows(
        connection,
        """INSERT INTO alarms (name, raised_at, seen_at, times, detail) VALUES (:name, :now, :now, 1, CAST(:detail AS jsonb))
           ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, times = alarms.times + 1, detail = excluded.detail
           RETURNING name, pg_notify('huifang', 'alarm')""",
        name=name,
        now=now,
        detail=json.dumps(detail, default=str),
    )


async def over(connection: AsyncConnection, *names: str) -> None:
    await rows(connection, "DELETE FROM alarms WHERE name = ANY(:names) RETURNING name", names=list(names))


async def standing(connection: AsyncConnection) -> list[dict[str, Any]]:
    """name, raised_at, seen_at, times, detail; the oldest first."""
    return await rows(connection, "SELECT name, raised_at, seen_at, times, detail FROM alarms ORDER BY raised_at, name")
