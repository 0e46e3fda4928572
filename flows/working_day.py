"""The flows of one calling window side by side, without a Prefect schedule: what `huifang run` and the demo do."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import httpx

from clock import Clock, system
from flows.chase_orders import chase_orders
from flows.place_calls import place_calls
from flows.settle_calls import settle_calls
from flows.sweep import sweep
from flows.watch_folder import watch_folder
from settings import settings
from storage import db
from storage.day_figures import work_left
from tasks.outages import is_outage

log = logging.getLogger("huifang.run")

# Clock seconds between two sweeps, and the least real time between them: a flow run costs Prefect's server 150 ms.
SWEEP_SECONDS, SWEEP_REAL_SECONDS = 120.0, 10.0
# Calls that ring when the window ends are heard to their end, and recordings that another process died with are taken over
# (real time, whatever the clock): waited for at most this long.
DRAIN, DRAIN_REAL_SECONDS = timedelta(minutes=45), 180.0
# Real seconds between two looks whether the dialler's place is free.
STAND_BY_SECONDS = 5.0
# How long one run of settling looks out for work: few and long runs, but the day's end waits for the last one.
SETTLING, SETTLING_REAL_SECONDS = timedelta(minutes=10), 10.0


async def work_window(until: datetime) -> None:
    """Ring until `until`, then wait for what is under way to come to its end."""
    clock = system()
    end = until + DRAIN
    done = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(_timer(sweep, clock, done))
        if settings().drop_folder is not None:
            group.create_task(_watch_until(done, clock))
        settling = group.create_task(_settle_until(done, clock))
        await _dial_until(until, clock)
        real_end = time.monotonic() + DRAIN_REAL_SECONDS
        while (clock.now() < end or time.monotonic() < real_end) and not await _quiet():
            await asyncio.sleep(max(clock.real_seconds(10), 0.2))
        done.set()
        await settling
    await _through_outages(sweep)
    await _through_outages(chase_orders)


async def _dial_until(until: datetime, clock: Clock) -> None:
    """The dialler ends early where another holds its place. That one may be killed: stand by until the window ends."""
    while True:
        await _through_outages(lambda: place_calls(until))
        if clock.now() >= until:
            return
        await asyncio.sleep(STAND_BY_SECONDS)


async def _settle_until(done: asyncio.Event, clock: Clock) -> None:
    def length() -> timedelta:
        return max(SETTLING, timedelta(seconds=SETTLING_REAL_SECONDS * clock.speed))

    while not done.is_set():
        await _through_outages(lambda: settle_calls(clock.now() + length()))
    await _through_outages(lambda: settle_calls(clock.now()))


async def _watch_until(done: asyncio.Event, clock: Clock) -> None:
    """Lists dropped into the folder are taken while the window lasts."""
    while not done.is_set():
        await _through_outages(lambda: watch_folder(clock.now() + timedelta(seconds=clock.speed * 30)))


async def _timer(step: Callable[[], Awaitable[object]], clock: Clock, done: asyncio.Event) -> None:
    while not done.is_set():
        try:
            pause = max(clock.real_seconds(SWEEP_SECONDS), SWEEP_REAL_SECONDS)
            await asyncio.wait_for(done.wait(), timeout=pause)
        except TimeoutError:
            await _through_outages(step)


async def _quiet() -> bool:
    try:
        async with db.transaction() as connection:
            return (await work_left(connection)).none
    except Exception as e:
        if not is_outage(e):
            raise
        return False


async def _through_outages(step: Callable[[], Awaitable[object]]) -> None:
    """Prefect's server, the database or the carrier may be away when a flow begins: begin again until they are back."""
    while True:
        try:
            await step()
            return
        except Exception as e:
            if not (is_outage(e) or is_prefect_away(e)):
                raise
            log.warning("waiting: %s (huifang doctor tells what is down)", type(e).__name__)
            await asyncio.sleep(3)


def is_prefect_away(error: BaseException) -> bool:
    """Prefect wraps a server that cannot be reached in more than one way."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, httpx.TransportError) or "Failed to reach API" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False
