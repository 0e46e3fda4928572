"""Time as it passes on a line, and the room where several lines hear each other."""

import asyncio
import contextlib
import time


class Line:
    """Simulated seconds of one telephone line, or of a conference: what is heard and recorded counts by them.

    They are the clock's, but a web request counts with the real seconds that it took, and a turn of the event loop that
    came late not at all: otherwise 20 ms of waiting would be twelve seconds of silence at speed 600. A line in a
    conference goes by the conference's, so that everybody in it hears a word at the same moment.
    """

    def __init__(self, clock):
        self.clock = clock
        self._not_on_line = 0.0
        self._waiting: tuple[float, float] | None = None
        self._still_at: float | None = None
        self._in: Line | None = None
        self._ahead = 0.0

    def now(self) -> float:
        if self._still_at is not None:
            return self._still_at
        if self._in is not None:
            return self._in.now() + self._ahead
        return self.clock.elapsed() - self._not_on_line - self._waited()

    async def pass_time(self, seconds: float) -> None:
        """Let `seconds` pass on the line."""
        if self._in is not None:
            await self._in.pass_time(seconds)
            return
        until = self.now() + seconds
        await self.clock.sleep(seconds)
        late = self.now() - until
        # more than that is the clock that was set forward, and everybody's time
        if self._in is None and 0 < late < 2.0 * self.clock.speed:
            self._not_on_line += late

    @property
    def requesting(self) -> bool:
        """Whether a web request of this line is under way."""
        return self._waiting is not None

    @contextlib.contextmanager
    def waiting(self):
        """Around a web request: it takes real time. In a conference others go on talking meanwhile."""
        if self._in is not None or self._waiting is not None:
            yield
            return
        self._waiting = (self.clock.elapsed(), time.monotonic())
        try:
            yield
        finally:
            waited, self._waiting = self._waited(), None
            self._not_on_line += waited

    def _waited(self) -> float:
        """What the clock has counted too much since the web request under way, if there is one."""
        if self._waiting is None:
            return 0.0
        simulated, real = self._waiting
        return max(0.0, self.clock.elapsed() - simulated - (time.monotonic() - real))

    def enter(self, other: "Line") -> None:
        """Go by `other` until `part`."""
        self.part()
        self._ahead = self.now() - other.now()
        self._in = other

    def part(self) -> None:
        if self._in is not None:
            here = self.now()
            self._in = None
            self._not_on_line += self.now() - here

    def stand_still_at(self, line: float) -> None:
        """The last moment that an earlier process noted: there was no later one."""
        self._still_at = line


class Member:
    """A call in a room. Muted: not heard; on hold: neither heard nor hearing; coaching somebody: heard by that call alone."""

    def __init__(self, call, muted: bool = False, coached: str | None = None):
        self.call = call
        self.muted = muted
        self.hold = False
        self.coached = coached
        self.left: asyncio.Future[str] = asyncio.get_running_loop().create_future()


class Room:
    """Calls that hear each other."""

    def __init__(self, exchange):
        self.exchange = exchange
        self.time = Line(exchange.clock)
        self.members: dict[str, Member] = {}

    @property
    def open(self) -> bool:
        """Whether those in it hear each other yet."""
        return True

    def add(self, member: Member) -> None:
        self.members[member.call.sid] = member
        member.call.enter(self)

    def remove(self, member: Member, why: str) -> None:
        """`why` becomes the result of `member.left`. A second time is no matter."""
        if self.members.pop(member.call.sid, None) is not None:
            member.call.part()
        if not member.left.done():
            member.left.set_result(why)

    def listeners(self, speaker: Member) -> list[Member]:
        if not self.open or speaker.muted or speaker.hold:
            return []
        return [
            other
            for other in self.members.values()
            if other is not speaker and not other.hold and speaker.coached in (None, other.call.sid)
        ]

    def utter(self, speaker: Member, kind: str, text: str, length: float | None = None) -> list[Member]:
        """Note a sound that one of them makes now, for everybody who hears it."""
        speaker.call.own_sound(kind, text, length)
        listeners = self.listeners(speaker)
        for other in listeners:
            other.call.sounds("carrier", kind, text, length)
        return listeners

    def to_all(self, kind: str, text: str, length: float | None = None) -> None:
        """Note a sound that the room itself makes now."""
        for member in self.members.values():
            if not member.hold:
                member.call.sounds("carrier", kind, text, length)
