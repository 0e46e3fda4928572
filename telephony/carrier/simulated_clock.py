"""The carrier's time: an anchor and a factor. One simulated second lasts `1 / speed` real seconds; at speed 0 it stands
still until it is set or advanced by hand."""

import asyncio
import time
from datetime import UTC, datetime


class SimulatedClock:
    """Simulated epoch seconds; sleepers are re-planned whenever the clock is set.

    A jump forward wakes whoever should be awake by then. A jump back keeps each sleeper's remaining time:
    the day is set anew, nobody sleeps through the difference.
    """

    def __init__(self, speed: float = 1.0, now: float | None = None):
        self._check(speed)
        self.speed = speed
        self._anchor = time.time() if now is None else now
        self._wall = time.monotonic()
        self._back = 0.0
        self._sleepers: set[_Sleeper] = set()

    @staticmethod
    def _check(speed: float) -> None:
        if not 0 <= speed <= 100_000:
            raise ValueError("speed must lie between 0 and 100000")

    def now(self) -> float:
        return self._anchor + (time.monotonic() - self._wall) * self.speed

    def elapsed(self) -> float:
        """Simulated seconds from no particular moment; unlike `now` they never go back."""
        return self.now() - self._back

    def instant(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)

    def set(self, now: datetime | None = None, speed: float | None = None) -> None:
        """Make `now` (aware) the present, let time run at `speed` from here; what is None stays as it is."""
        if speed is not None:
            self._check(speed)
        before = self.now()
        self._anchor = before if now is None else now.timestamp()
        self._wall = time.monotonic()
        if speed is not None:
            self.speed = speed
        back = min(0.0, self._anchor - before)
        self._back += back
        for sleeper in self._sleepers:
            sleeper.deadline += back
            sleeper.plan()

    def next_deadline(self) -> float | None:
        """When the next sleeper is to wake."""
        return min((sleeper.deadline for sleeper in self._sleepers if not sleeper.woken.done()), default=None)

    async def sleep(self, seconds: float) -> None:
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, deadline: float) -> None:
        """Sleep to a simulated epoch second; returns at once when it has passed."""
        if deadline <= self.now():
            return
        sleeper = _Sleeper(self, deadline)
        self._sleepers.add(sleeper)
        sleeper.plan()
        try:
            await sleeper.woken
        finally:
            self._sleepers.discard(sleeper)
            sleeper.forget()


class _Sleeper:
    __slots__ = ("clock", "deadline", "woken", "_handle", "_loop")

    def __init__(self, clock: SimulatedClock, deadline: float):
        self.clock, self.deadline = clock, deadline
        self._loop = asyncio.get_running_loop()
        self.woken = self._loop.create_future()
        self._handle: asyncio.TimerHandle | None = None

    def plan(self) -> None:
        self.forget()
        left = self.deadline - self.clock.now()
        if not self.clock.speed and left > 0.0005:
            # a clock that stands still wakes nobody by itself
            return
        real = left / (self.clock.speed or 1.0)
        # an event loop's timer must not be asked for years
        self._handle = self._loop.call_later(min(max(real, 0.0), 3600.0), self._due)

    def forget(self) -> None:
        if self._handle:
            self._handle.cancel()
            self._handle = None

    def _due(self) -> None:
        if self.deadline - self.clock.now() > max(0.001 * self.clock.speed, 0.0005):
            self.plan()
        elif not self.woken.done():
            self.woken.set_result(None)
