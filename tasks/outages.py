"""Which failures pass by themselves. A task that met one is tried again; anything else is a defect and must be seen."""

from typing import Any

import psycopg
from prefect import task
from prefect.cache_policies import NO_CACHE
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.archive import ArchiveUnreachable
from telephony.errors import Ambiguous, Busy, NotSent

OUTAGES = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg.OperationalError,
    ConnectionError,
    ArchiveUnreachable,
    NotSent,
    Busy,
    Ambiguous,
)


def is_outage(error: BaseException) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    # 57P01-57P03: the server is being shut down, or is not ready yet
    original = getattr(error, "orig", error)
    return isinstance(error, OUTAGES) or str(getattr(original, "sqlstate", "") or "").startswith(("57P", "08"))


async def _outage(task: Any, run: Any, state: Any) -> bool:
    result = await state.aresult(raise_on_failure=False)
    return isinstance(result, BaseException) and is_outage(result)


def batch(function):
    """A Prefect task for one batch: tried again through an outage of up to ten minutes, never served from a cache
    (Prefect keys its cache on the inputs, and these tasks act on the world)."""
    return task(
        cache_policy=NO_CACHE, retries=120, retry_delay_seconds=5, retry_condition_fn=_outage, persist_result=False
    )(function)
