"""How fast an account dials: so many calls a second of clock time, and not at all while the carrier asks for a pause."""

import asyncio
import logging
import random
import time
from typing import Protocol

import httpx
from prefect.client.orchestration import get_client
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, rate_limit
from prefect.exceptions import PrefectException

from clock import Clock
from settings import Settings

log = logging.getLogger("huifang.run")

# Real seconds for which the shared pace may take to answer before the own share is kept to instead, and for which it is
# then left alone.
SHARED_PATIENCE, SHARED_AWAY = 5.0, 30.0


class Turns(Protocol):
    async def turn(self) -> None:
        """Return when one more call may be placed."""


class Bucket:
    """At most `cps` calls a second of clock time from this process: a bucket that holds one token."""

    def __init__(self, cps: float, clock: Clock):
        self._interval = 1 / cps
        self._clock = clock
        self._next = 0.0

    async def turn(self) -> None:
        interval = self._clock.real_seconds(self._interval)
        now = time.monotonic()
        wait = self._next - now
        self._next = max(now, self._next) + interval
        if wait > 0:
            await asyncio.sleep(wait)


class SharedTurns:
    """The pace of an account whose dialling is spread over several processes: a global concurrency limit of one slot at
    Prefect's server that is free again after 1 / `cps` seconds. Without the server each process keeps to its own share,
    so that together they are never faster than the account may be."""

    def __init__(self, account: str, cps: float, diallers: int, clock: Clock):
        self.name = f"huifang calls {account}"
        self._cps, self._clock = cps, clock
        self._share = Bucket(cps / diallers, clock)
        self._made = False
        self._away_until = 0.0

    async def turn(self) -> None:
        # A limit that is asked for by two at once gives two answers; a process needs but one call after the other.
        if time.monotonic() >= self._away_until and await self._asked():
            return
        await self._share.turn()

    async def _asked(self) -> bool:
        try:
            if not self._made:
                async with get_client() as client:
                    decay = self._cps / self._clock.real_seconds(1.0)
                    await client.upsert_global_concurrency_limit_by_name(self.name, 1, decay)
                self._made = True
            # no limit on the waiting for a turn, which may be long; only a server that is away makes it end
            await rate_limit(self.name, strict=True)
        except (ConcurrencySlotAcquisitionError, PrefectException, httpx.HTTPError, OSError, RuntimeError) as e:
            log.warning("the shared pace cannot be asked for (%s): keeping to a share of it", type(e).__name__)
            self._made, self._away_until = False, time.monotonic() + SHARED_AWAY
            return False
        return True


class Pace:
    """When the next call may be placed. `back_off` makes everybody wait; each one after the other makes it longer until
    a call has gone through (real seconds, since it is the carrier's machine that is tired)."""

    FIRST, LONGEST = 0.2, 30.0

    def __init__(self, cps: float, clock: Clock, turns: Turns | None = None, seed: int | None = None):
        self._turns = turns or Bucket(cps, clock)
        self._not_before = 0.0
        self._in_a_row = 0
        self._draw = random.Random(seed)

    async def turn(self) -> None:
        while (wait := self._not_before - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        await self._turns.turn()

    def back_off(self, retry_after: float | None = None) -> float:
        """Nobody dials for as long as the carrier said, or twice as long as last time. Returns those seconds."""
        wait = min(self.LONGEST, self.FIRST * 2**self._in_a_row) * self._draw.uniform(0.9, 1.1)
        wait = max(wait, retry_after or 0.0)
        self._in_a_row = min(self._in_a_row + 1, 16)
        self._not_before = max(self._not_before, time.monotonic() + wait)
        return wait

    def went_through(self) -> None:
        self._in_a_row = 0


def pace_of(settings: Settings, clock: Clock) -> Pace:
    """As the settings say: this process alone, or together with others."""
    shared = None
    if settings.twilio_diallers > 1:
        shared = SharedTurns(settings.twilio_account_sid, settings.twilio_cps, settings.twilio_diallers, clock)
    return Pace(settings.twilio_cps, clock, shared)
