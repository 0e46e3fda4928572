"""What the archive's self-tests came to, and what follows: while a promise is broken no carrier copy is deleted."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import alarms
from storage.controls import CARRIER_COPIES, RUN, STOPPED, carrier_copies_may_go, throw
from storage.db import rows
from storage.worm_canary import Report

ACTOR = "worm-canary"


async def write_down(connection: AsyncConnection, reports: Sequence[Report], now: datetime) -> None:
    """Keep the reports of one round over every bucket; stop or resume the deletion of carrier copies, raise or end the
    alarm."""
    for report in reports:
        await rows(
            connection,
            """INSERT INTO worm_canaries (at, bucket, kept, answers)
               VALUES (:at, :bucket, :kept, CAST(:answers AS jsonb)) RETURNING id""",
            at=now,
            bucket=report.bucket,
            kept=report.kept,
            answers=json.dumps(report.as_json()),
        )
    broken = {report.bucket: report.broken for report in reports if not report.kept}
    if broken:
        await throw(connection, CARRIER_COPIES, STOPPED, ACTOR, now)
        await alarms.sound(connection, alarms.WORM_BROKEN, now, broken=broken)
    else:
        if not await carrier_copies_may_go(connection):
            await throw(connection, CARRIER_COPIES, RUN, ACTOR, now)
        await alarms.over(connection, alarms.WORM_BROKEN)


async def newest(connection: AsyncConnection) -> list[dict[str, Any]]:
    """The last self-test of each bucket: at, bucket, kept, answers."""
    return await rows(
        connection, "SELECT DISTINCT ON (bucket) at, bucket, kept, answers FROM worm_canaries ORDER BY bucket, id DESC"
    )
