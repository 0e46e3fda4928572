"""One call: from the queue over ringing and the application's TwiML to its end."""

import asyncio
import math
from dataclasses import dataclass, field

from telephony.carrier import amd, conferences, documents, people, recordings, twiml
from telephony.carrier.call_resource import resource_of
from telephony.carrier.line import Line, Member, Room
from telephony.carrier.progress import DECLINED, TERMINAL, Progress
from telephony.carrier.sound import Heard, keys_seconds, speech_seconds
from telephony.carrier.webhooks import Reply

QUEUED = 0.8
DIALLING = 0.2
_GEO = {
    f"{who}{what}": "" for who in ("To", "From", "Called", "Caller") for what in ("City", "State", "Zip", "Country")
}


class Interrupted(Exception):
    """The stage of the call that ran was broken off: by the API, the time limit or a redirect."""


@dataclass
class Order:
    """What a create request asked for; times in simulated seconds."""

    source: "documents.Source"
    fallback: "documents.Source | None" = None
    status_callback: str | None = None
    status_method: str = "POST"
    status_events: frozenset[str] = frozenset({"completed"})
    timeout: int = 60
    time_limit: int = 14400
    send_digits: str = ""
    record: bool = False
    recording_channels: int = 1
    recording_track: str = "both"
    recording_trim: bool = True
    recording_callback: str | None = None
    recording_method: str = "POST"
    recording_events: frozenset[str] = frozenset({"completed"})
    detection: amd.Detection | None = None
    caller_id: str | None = None
    # a leg that <Dial> places: what the callee hears before the legs are joined
    whisper: "documents.Source | None" = None
    # a participant that was placed over the API goes into its conference instead of carrying out a document
    conference: "conferences.Entry | None" = None


@dataclass(eq=False)
class Call:
    exchange: object
    sid: str
    to: str
    from_: str
    order: Order
    base_url: str
    status: str = "queued"
    created: float = 0.0
    updated: float = 0.0
    started: float | None = None
    answered: float | None = None
    ended: float | None = None
    answered_by: str | None = None
    detection_ms: int = 0
    price: str | None = None
    deleted: bool = False
    direction: str = "outbound-api"
    parent: "Call | None" = None
    heard: list[Heard] = field(default_factory=list)
    recordings: list = field(default_factory=list)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self):
        self.created = self.updated = self.exchange.clock.now()
        self.callee = None
        self.over = asyncio.Event()
        # answered, and whatever had to be heard first has been heard; only <Dial> waits for it
        self.there = asyncio.Event()
        # what a person at the control page does with a telephone that rings: True picks up, False declines
        self.told: asyncio.Queue = asyncio.Queue()
        self.hook: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.params = {
            "CallSid": self.sid, "AccountSid": self.exchange.account_sid, "From": self.from_, "To": self.to,
            "Caller": self.from_, "Called": self.to, "ApiVersion": "2010-04-01", "Direction": self.direction, **_GEO,
        }  # fmt: skip
        # only calls that the API placed stand in the queue
        self._waits = self.exchange.queue.take_place(self.created) if self.parent is None else 0.0
        if self.parent is not None:
            self.params["ParentCallSid"] = self.parent.sid
        self.progress = Progress(self)
        self.time = Line(self.exchange.clock)
        self.room: Room | None = None
        self._line_answered: float | None = None
        self._line_ended: float | None = None
        self._running: asyncio.Task | None = None
        self._interruption: str | None = None
        self._redirect: documents.Source | None = None
        self._limit: asyncio.Task | None = None
        # the resource before its last change, where a fault asks for it
        self._before: dict | None = None

    # -- time on the line

    def line(self) -> float:
        """Simulated seconds as they pass on this line, see Line."""
        return self.time.now()

    async def pass_time(self, seconds: float) -> None:
        await self.time.pass_time(seconds)

    def waiting(self):
        """Around a web request: it takes real time."""
        return self.time.waiting()

    def stand_still_at(self, line: float) -> None:
        self.time.stand_still_at(line)

    def enter(self, room: "Room") -> None:
        self.room = room
        self.time.enter(room.time)

    def part(self) -> None:
        self.room = None
        self.time.part()

    @property
    def seconds(self) -> float:
        """How long the callee was on the line so far."""
        if self._line_answered is None:
            return 0.0
        return max(0.0, (self.line() if self._line_ended is None else self._line_ended) - self._line_answered)

    @property
    def duration(self) -> int:
        return round(self.seconds)

    # -- what the API asks of a running call

    def hang_up(self) -> None:
        """Complete a call in progress, cancel one that still rings or waits."""
        self._interrupt("api")

    def redirect(self, source: "documents.Source") -> None:
        self._redirect = source
        self._interrupt("redirect")

    def limit(self, seconds: int) -> None:
        self.order.time_limit = seconds
        if self.answered is not None and self._limit:
            self._limit.cancel()
            self._limit = self.exchange.spawn(self._watch_limit())

    def callee_leaves(self) -> None:
        """The callee puts the receiver down."""
        self._interrupt("callee")

    def lose_connection(self, why: str = "network") -> None:
        """The call fails, as it does when a network or this carrier does."""
        self._interrupt(why)

    def _interrupt(self, why: str) -> None:
        if self._interruption in (None, "redirect"):
            self._interruption = why
        if self._running:
            self._running.cancel()

    async def _stage(self, work):
        if self._interruption:
            work.close()
            raise Interrupted
        self._running = asyncio.ensure_future(work)
        try:
            return await self._running
        except asyncio.CancelledError:
            if self._interruption and self._running.done():
                raise Interrupted from None
            self._running.cancel()
            raise
        finally:
            self._running = None

    # -- its life

    async def run(self) -> None:
        try:
            await self._live()
        except asyncio.CancelledError:
            raise
        except Exception:
            # a fault of this programme must not leave a call ringing for ever
            if self.status not in TERMINAL:
                self._end("failed", "carrier")
            raise

    async def _live(self) -> None:
        clock = self.exchange.clock
        stuck = self.exchange.trouble("stays-queued", self)
        try:
            waits = stuck["seconds"] if stuck else self._waits + QUEUED
            await self._stage(clock.sleep(waits if self.parent is None else 0.0))
            if stuck:
                raise Interrupted
        except Interrupted:
            # cancelled while queued: nobody is told
            self.status, self.ended = "canceled", clock.now()
            self.updated = self.ended
            self.over.set()
            self.exchange.journal.status(self)
            self.exchange.log.add("ended", self.sid, self.to, status="canceled", by="api")
            return
        self.callee = self.exchange.numbers.dial(self.to)
        self.exchange.journal.note("dialled", number=self.to, times=self.exchange.numbers.dials[self.to])
        self.started = clock.now()
        self.progress.report("initiated")
        try:
            unreached = await self._stage(self._ring())
        except Interrupted:
            unreached = ("canceled", self._interruption)
            if self._interruption in ("network", "restart"):
                unreached, self.progress.sip = ("failed", self._interruption), "503"
        if unreached:
            self._end(*unreached)
            return
        self.answered = self.started = clock.now()
        self._line_answered = self.line()
        self._become("in-progress")
        if self.order.record:
            order = self.order
            recordings.start(
                self,
                "OutboundAPI",
                order.recording_channels,
                since=self._line_answered,
                track=order.recording_track,
                trim=order.recording_trim,
                callback=order.recording_callback,
                callback_method=order.recording_method,
                callback_events=order.recording_events,
            )
            if self.exchange.trouble("recording-twice", self):
                again = self.recordings[0]
                recordings.start(
                    self, "StartCallRecordingAPI", again.channels, callback=again.callback,
                    callback_method=again.callback_method, callback_events=again.callback_events,
                )  # fmt: skip
        if shorter := self.exchange.trouble("time-limit", self):
            self.order.time_limit = shorter["seconds"]
        self._limit = self.exchange.spawn(self._watch_limit())
        leaves = self.exchange.trouble("callee-leaves", self)
        if (stays := leaves["seconds"] if leaves else self.callee.stays) is not None:
            self.exchange.spawn(people.leave_in_time(self, stays))
        if fails := self.exchange.trouble("fails-in-progress", self):
            self.exchange.spawn(people.lose_in_time(self, fails["seconds"]))
        by = await self._talk()
        self._end("failed" if by == "network" else "completed", by)

    async def _ring(self) -> tuple[str, str] | None:
        """Dial and let it ring; (status, who ended it) unless somebody answers."""
        clock = self.exchange.clock
        await clock.sleep(DIALLING)
        ring = self.callee.ring()
        if wanted := self.exchange.trouble("ends-unreached", self):
            self._become("ringing")
            await clock.sleep(1.0)
            self.progress.sip = str(wanted["sip"])
            return wanted["status"], "network"
        if ring.outcome == "failed":
            return "failed", "network"
        self._become("ringing")
        rings = asyncio.ensure_future(clock.sleep(min(ring.seconds, self.order.timeout)))
        try:
            await asyncio.wait({rings, self.hook}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rings.cancel()
        if self.hook.done():
            if self.hook.result():
                return None
            self.progress.sip = DECLINED
            return "busy", "callee"
        if ring.outcome in ("busy", "declined"):
            self.progress.sip = DECLINED if ring.outcome == "declined" else None
            return "busy", "callee"
        if ring.outcome == "no-answer" or ring.seconds > self.order.timeout:
            return "no-answer", "timeout"
        return None

    async def _talk(self) -> str:
        """Carry out the application's documents until somebody hangs up; who did."""
        session = twiml.Session(self)
        if self.exchange.trouble("instant-hangup", self):
            return "callee"
        opening, source, entry = True, self.order.source, self.order.conference
        while True:
            try:
                if opening:
                    opening = False
                    await self._stage(self._opening())
                if self.parent is not None:
                    await self._stage(self._bridged(session))
                    return "application"
                if entry:
                    conference = self.exchange.conferences.named(entry.name, self.base_url)
                    await self._stage(conference.stay(self, entry))
                    return "application"
                await self._stage(session.run(source))
                return "application"
            except documents.CalleeHungUp:
                return "callee"
            except Interrupted:
                if self._interruption != "redirect":
                    return self._interruption
                source, entry, self._redirect, self._interruption = self._redirect, None, None, None

    async def _opening(self) -> None:
        if self.order.send_digits:
            await self.pass_time(0.5 * len(self.order.send_digits))
        elif self.order.detection:
            await amd.detect(self, self.order.detection)
        if self.callee.greeting and (self.order.send_digits or not self.order.detection):
            self.exchange.spawn(self.callee_says(self.callee.greeting))

    async def _bridged(self, session: "twiml.Session") -> None:
        """The life of a leg that <Dial> placed: a word to the callee alone, then in a room with the caller."""
        if self.order.whisper:
            await session.play(self.order.whisper)
        self.there.set()
        await self.over.wait()

    async def _watch_limit(self) -> None:
        while self.status == "in-progress" and (left := self.order.time_limit - self.seconds) > 0:
            # while a web request is under way nothing may be left to wait for: look again every 20 ms, not at once
            await self.exchange.clock.sleep(
                max(left, 0.02 * self.exchange.clock.speed) if self.time.requesting else left
            )
        if self.status == "in-progress":
            self._interrupt("time-limit")

    async def callee_says(self, text: str) -> None:
        """Words of the callee that nobody waits for, such as a greeting."""
        self.exchange.log.add("heard", self.sid, self.to, speech=text, asked=False)
        if member := self.member:
            self.room.utter(member, "speech", text)
        else:
            self.own_sound("speech", text)
        await self.exchange.clock.sleep(speech_seconds(text))
        if self.callee.kind == "machine" and self.status == "in-progress":
            self.own_sound("beep", "", 0.5)

    @property
    def member(self) -> Member | None:
        """Its place in the room where it is, if it is in one."""
        return self.room.members.get(self.sid) if self.room else None

    @property
    def interrupted_by(self) -> str | None:
        """api, time-limit, callee or redirect, while what it did is being broken off."""
        return self._interruption

    def sounded(self, side: str, kind: str, since: float) -> None:
        """Note a sound that lasted from `since` on its line until now."""
        now = self.line()
        if now > since and self._line_ended is None:
            self._noted(Heard(since, now, side, kind, "", now - since))

    def _noted(self, heard: Heard) -> Heard:
        self.heard.append(heard)
        self.exchange.journal.heard(self, heard)
        return heard

    def own_sound(self, kind: str, text: str, length: float | None = None) -> Heard:
        return self.sounds("callee", kind, text, length)

    def sounds(self, side: str, kind: str, text: str, length: float | None = None) -> Heard:
        """Note a sound that begins now."""
        if length is None:
            length = speech_seconds(text) if kind == "speech" else keys_seconds(text)
        now = self.line()
        return self._noted(Heard(now, now + length, side, kind, text, length))

    def forget_sounds(self) -> None:
        """Once nothing recorded can be asked for any more, what was heard need not be kept."""
        if self.ended is not None and all(recording.deleted for recording in self.recordings):
            self.heard = []
            self.exchange.journal.note("silent", sid=self.sid)

    @property
    def queue_time(self) -> str:
        """How long it was expected to wait in the queue, in milliseconds, as text."""
        return str(round(self._waits * 1000))

    def shown(self) -> dict:
        """The resource as the API shows it, which may be as it was a while ago."""
        stale = self.exchange.trouble("stale-call", self) if self._before else None
        if stale and self.exchange.clock.now() - self.updated < stale["seconds"]:
            return self._before
        return resource_of(self)

    def _become(self, status: str) -> None:
        self._remember()
        self.status, self.updated = status, self.exchange.clock.now()
        self.progress.report(status)

    def _remember(self) -> None:
        if self.exchange.faults.table:
            self._before = resource_of(self)

    def _end(self, status: str, by: str) -> None:
        self._remember()
        now = self.exchange.clock.now()
        if self._limit:
            self._limit.cancel()
        self._line_ended = self.line()
        for piece in self.heard:
            piece.end = min(piece.end, self._line_ended)
        self.exchange.journal.sounds_cut(self)
        # as long after the start as the call lasted, unless the clock was set back meanwhile
        self.ended = self.updated = now if self.answered is None else min(now, self.answered + self.seconds)
        for recording in self.recordings:
            recordings.stop(recording, self._line_ended)
        self.forget_sounds()
        self.status = status
        self.over.set()
        if status == "completed":
            self.price = f"{-0.03 * max(1, math.ceil(self.seconds / 60)):.5f}"
        self.exchange.log.add("ended", self.sid, self.to, status=status, by=by, duration=self.duration)
        self.progress.report(status)

    # -- after a restart of the carrier

    def to_restore(self) -> dict:
        """What `restore` takes."""
        return {
            "status": self.status, "updated": self.updated, "started": self.started, "answered": self.answered,
            "ended": self.ended, "answered_by": self.answered_by, "price": self.price, "deleted": self.deleted,
            "sequence": self.progress.sequence, "line_answered": self._line_answered, "line_ended": self._line_ended,
        }  # fmt: skip

    def restore(self, sequence: int, line_answered: float | None, line_ended: float | None, **state) -> None:
        """Be again what an earlier process noted of this call."""
        for name, value in state.items():
            setattr(self, name, value)
        self.progress.sequence, self._line_answered, self._line_ended = sequence, line_answered, line_ended
        if self.status in TERMINAL:
            self.over.set()

    def end_after_restart(self) -> None:
        """The carrier went away in the middle of this call, and its line with it."""
        if self.answered is not None:
            self._end("completed", "restart")
        else:
            self.progress.sip = "503"
            self._end("failed", "restart")

    async def post(self, method: str, url: str, params: dict[str, str], event: str, owed: int | None = None) -> Reply:
        """See `Progress.post`."""
        return await self.progress.post(method, url, params, event, owed)
