"""How fast calls leave the account's queue, and how many may be at once."""

from dataclasses import dataclass

from telephony.carrier.errors import ApiError

# calls that would wait longer are not taken (simulated seconds)
LONGEST = 24 * 3600.0


@dataclass
class Queue:
    """None is no limit. Simulated time: a call a second at `--speed 60` is sixty in a real second."""

    calls_per_second: float | None = None
    concurrent_calls: int | None = None
    next_at: float = 0.0

    def check(self, live: int, now: float) -> None:
        """Raises ApiError 10004 or 22005 when another call is not taken."""
        if self.concurrent_calls is not None and live >= self.concurrent_calls:
            raise ApiError(400, 10004, f"Call concurrency limit exceeded: {self.concurrent_calls}")
        if self.calls_per_second and self.next_at - now > LONGEST:
            raise ApiError(400, 22005, "The call queue is full")

    def take_place(self, now: float) -> float:
        """Seconds until the next call's turn; its place is taken with that."""
        if not self.calls_per_second:
            return 0.0
        turn = max(now, self.next_at)
        self.next_at = turn + 1 / self.calls_per_second
        return turn - now
