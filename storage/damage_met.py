"""A copy that could not be read when somebody needed it: on record at once, with an alarm, so that the next reading mends it.

Readers stand in threads, beside whatever transaction their caller has: this is a unit of work of its own.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from clock import system
from settings import settings
from storage import alarms, fixity
from storage.archive_objects import KeptObject
from storage.encryption import NotOpened
from storage.s3_client import ArchiveUnreachable, NotInArchive

log = logging.getLogger(__name__)

# Whoever reads may hold rows that this wants: then it is the next reading that finds the damage.
PATIENCE_MS = 3000


def write_down(kept: KeptObject, which: str, problem: Exception) -> None:
    """`which` copy of this object could not be read because of this. Blocks; never fails: the other copy is still to be read."""
    log.warning("object %s: the %s copy cannot be read (%s)", kept.id, which.lower(), type(problem).__name__)
    try:
        with ThreadPoolExecutor(1) as apart:  # asyncio.run wants a thread without a loop
            apart.submit(asyncio.run, _write_down(kept, which, problem, system().now())).result()
    except (SQLAlchemyError, OSError) as e:
        log.warning("object %s: that was not written down (%s)", kept.id, type(e).__name__)


async def _write_down(kept: KeptObject, which: str, problem: Exception, now: datetime) -> None:
    engine = create_async_engine(
        settings().database_url.get_secret_value(),
        poolclass=NullPool,
        connect_args={"connect_timeout": 5, "application_name": "huifang"},
    )
    async with engine.begin() as connection:
        await connection.execute(text(f"SET LOCAL lock_timeout = {PATIENCE_MS}"))
        if isinstance(problem, NotInArchive | NotOpened):
            found = "OBJECT_GONE" if isinstance(problem, NotInArchive) else "OBJECT_CHANGED"
            await fixity.met(connection, kept, which, found, now)
        else:
            away = isinstance(problem, ArchiveUnreachable)
            name = alarms.ARCHIVE_AWAY if away else alarms.ARCHIVE_REFUSES
            await alarms.sound(connection, name, now, problem=str(problem)[:200], copy=which)
