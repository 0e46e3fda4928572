"""A simulated day passes: fast while people talk, and in one step over the hours in which nothing can happen.

Only the demo does this. The clock file tells the time to our own processes, the carrier is told through its control API.
"""

import asyncio
from datetime import datetime, timedelta

import httpx

from clock import Clock
from storage import db
from storage.candidates import read_pool
from storage.day_figures import work_left
from tasks.outages import is_outage
from tasks.rule_book import rule_book

# How often it is asked whether there is anything to wait for, in real seconds.
LOOK = 0.4
# A step of less than this is not worth it: time itself is fast enough.
LEAST = timedelta(minutes=2)


class SimulatedDay:
    def __init__(self, clock: Clock, carrier_url: str, speed: float):
        self.clock, self.speed = clock, speed
        self._carrier = httpx.AsyncClient(base_url=carrier_url, timeout=30, trust_env=False)

    async def aclose(self) -> None:
        await self._carrier.aclose()

    async def set(self, instant: datetime, speed: float | None = None) -> None:
        """Make `instant` the present, for the carrier first: news from the past is worse than from a moment ahead."""
        speed = speed or self.speed
        answer = await self._carrier.put("/control/clock", json={"now": instant.isoformat(), "speed": speed})
        answer.raise_for_status()
        self.clock.set(instant, speed)

    async def introduce(self, people: dict[str, dict[str, str]], seed: int) -> None:
        """Tell the simulated customers who they are, as real ones would know. Their characters are drawn from `seed`."""
        answer = await self._carrier.put(
            "/control/numbers", json={number: {"facts": facts, "callee_seed": seed} for number, facts in people.items()}
        )
        answer.raise_for_status()

    async def pass_until(self, end: datetime) -> None:
        """Let time pass up to `end`, stepping over what is empty. Runs beside the flows; never decides who is rung."""
        idle = 0
        while self.clock.now() < end:
            await asyncio.sleep(LOOK)
            try:
                upcoming = await self._next_event()
                # Twice in a row: the dialler may be about to reserve what was callable a moment ago.
                idle = idle + 1 if upcoming is not None else 0
                if idle >= 2:
                    idle = 0
                    target = min(upcoming, end)
                    if target - self.clock.now() > LEAST:
                        await self.set(target)
            except Exception as e:
                # without a carrier or a database time passes as it does, and nothing is stepped over
                if not is_outage(e) and not isinstance(e, httpx.HTTPError):
                    raise
                idle = 0

    async def _next_event(self) -> datetime | None:
        """The next instant at which somebody may be rung, or the day's far end; None while anything is under way."""
        now = self.clock.now()
        async with db.transaction() as connection:
            if not (await work_left(connection)).none:
                return None
            book = await rule_book()
            pool = await read_pool(connection, now, book.shelf.name_for)
        chosen = book.select(pool, now).selection
        if chosen.callable or chosen.to_settle:
            return None
        return min(
            (h.until for h in chosen.held if h.until is not None), default=datetime.max.replace(tzinfo=now.tzinfo)
        )
