"""What happened on the carrier, in order, for whoever drives it: tests, demos, people."""

from collections import deque
from datetime import UTC, datetime

from telephony.carrier.simulated_clock import SimulatedClock


class EventLog:
    """Keeps the newest `limit` events; `seq` goes on counting, so a gap at the front can be seen."""

    def __init__(self, clock: SimulatedClock, limit: int = 100_000):
        self.clock = clock
        self._events: deque[dict] = deque(maxlen=limit)
        self._next = 0

    def add(self, event: str, call_sid: str | None = None, number: str | None = None, **details) -> None:
        self._events.append(
            {
                "seq": self._next,
                "at": self.clock.now(),
                "event": event,
                "call_sid": call_sid,
                "number": number,
                **details,
            }
        )
        self._next += 1

    def clear(self) -> None:
        self._events.clear()

    def read(
        self,
        call_sid: str | None = None,
        number: str | None = None,
        since: int | datetime = 0,
        event: str | None = None,
    ) -> dict:
        """Events from `since` on (a `seq`, or an instant), oldest first; `next` is the `since` to ask with next."""
        if isinstance(since, datetime):
            wanted = (e for e in self._events if e["at"] >= since.timestamp())
        else:
            wanted = (e for e in self._events if e["seq"] >= since)
        return {
            "events": [
                {**e, "at": datetime.fromtimestamp(e["at"], UTC).isoformat(timespec="milliseconds")}
                for e in wanted
                if (call_sid is None or e["call_sid"] == call_sid)
                and (number is None or e["number"] == number)
                and (event is None or e["event"] == event)
            ],
            "next": self._next,
        }
