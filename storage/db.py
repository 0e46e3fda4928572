"""The connection to PostgreSQL: one engine a process, one transaction a unit of work, and the bell that rings on news."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Any

import psycopg
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from settings import settings

_engine: AsyncEngine | None = None
_statements: ContextVar[list[int] | None] = ContextVar("statements", default=None)


def engine() -> AsyncEngine:
    """This process's engine, made on first use from HUIFANG_DATABASE_URL."""
    global _engine
    if _engine is None:
        _engine = create_async_engine(
            settings().database_url.get_secret_value(),
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=False,  # a lost connection is met where it is used: units of work are repeatable
            pool_recycle=1800,
            connect_args={"connect_timeout": 5, "application_name": "huifang"},
        )
        event.listen(_engine.sync_engine, "before_cursor_execute", _count)
    return _engine


async def dispose() -> None:
    """Close every connection; the next use opens new ones."""
    global _engine
    if _engine is not None:
        await _engine.dispose()
        _engine = None


@contextlib.asynccontextmanager
async def transaction() -> AsyncIterator[AsyncConnection]:
    """One unit of work: committed at the end, rolled back on an exception."""
    async with engine().begin() as connection:
        yield connection


async def rows(connection: AsyncConnection, sql: str, **values: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(text(sql), values)).mappings()]


def _count(conn, cursor, statement, parameters, context, executemany):
    counter = _statements.get()
    if counter is not None:
        counter[0] += 1


@contextlib.contextmanager
def counted_statements() -> Iterator[list[int]]:
    """Counts the statements sent from this context: `with counted_statements() as n: …; n[0]`."""
    counter = [0]
    token = _statements.set(counter)
    try:
        yield counter
    finally:
        _statements.reset(token)


def libpq_url() -> str:
    """The same database for psycopg itself."""
    return (
        make_url(settings().database_url.get_secret_value())
        .set(drivername="postgresql")
        .render_as_string(hide_password=False)
    )


CHANNEL = "huifang"


class Bell:
    """Rings when a transaction that called `pg_notify('huifang', …)` commits. News is fast; the caller's own timer is sure."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection | None = None

    async def __aenter__(self) -> "Bell":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def wait(self, seconds: float, gather: float = 0.2) -> None:
        """Return after the first news, or after `seconds`. News of the next `gather` seconds is taken as the same, so
        that a batch is a batch. A lost database only makes this a plain sleep."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = await psycopg.AsyncConnection.connect(
                    libpq_url(), autocommit=True, connect_timeout=5
                )
                await self._connection.execute(f"LISTEN {CHANNEL}")
            news = [n async for n in self._connection.notifies(timeout=seconds, stop_after=1)]
            if news:
                await asyncio.sleep(gather)
                # the generator holds the connection's lock: this one begins only when the first has ended
                _ = [n async for n in self._connection.notifies(timeout=0)]
        except psycopg.Error:
            self._connection = None
            await asyncio.sleep(seconds)


class SoleHolder:
    """Holds one of the named advisory locks, the first that is free, on a connection of its own: the one dialler of an
    account, or one of so many. The lock goes with the connection, so a killed holder frees it; after a lost connection it
    is taken anew, if nobody else was faster."""

    def __init__(self, *names: str):
        self._names = names
        self.seat = 0  # which of the names is held
        self._connection: psycopg.AsyncConnection | None = None

    async def __aenter__(self) -> "SoleHolder":
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def is_mine(self) -> bool:
        """Whether the lock is held right now. Waits through an outage of the database of up to ten minutes."""
        for _ in range(120):
            try:
                if self._connection is not None and not self._connection.closed:
                    await self._connection.execute("SELECT 1")
                    return True
                self._connection = await psycopg.AsyncConnection.connect(
                    libpq_url(), autocommit=True, connect_timeout=5
                )
                for seat, name in enumerate(self._names):
                    cursor = await self._connection.execute(
                        "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (name,)
                    )
                    if (await cursor.fetchone())[0]:
                        self.seat = seat
                        return True
                await self._connection.close()
                return False
            except psycopg.OperationalError:
                self._connection = None
                await asyncio.sleep(5)
        return False
