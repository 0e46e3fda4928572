"""The carrier's state: its account, calls, recordings, notifications, and what they share."""

import asyncio
import contextlib
import hashlib
import logging
import random
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from telephony.carrier.conferences import Conferences
from telephony.carrier.errors import ApiError
from telephony.carrier.eventlog import EventLog
from telephony.carrier.fault_kinds import FAULTS
from telephony.carrier.faults import Faults
from telephony.carrier.journal import Journal
from telephony.carrier.numbers import Numbers
from telephony.carrier.queue import Queue
from telephony.carrier.simulated_clock import SimulatedClock
from telephony.carrier.sound import Voices
from telephony.carrier.webhooks import Webhooks

log = logging.getLogger(__name__)


def new_account_sid() -> str:
    return "AC" + secrets.token_hex(16)


def new_auth_token() -> str:
    return secrets.token_hex(16)


@dataclass
class CarrierConfig:
    """`own_numbers` empty: every well-formed number belongs to the account. `public_url`: how applications reach
    this carrier; None takes it from the request that created the call."""

    account_sid: str = field(default_factory=new_account_sid)
    auth_token: str = field(default_factory=new_auth_token)
    speed: float = 1.0
    seed: int = 0
    refuse_prefixes: tuple[str, ...] = ()
    own_numbers: frozenset[str] = frozenset()
    faults: list[dict] = field(default_factory=list)
    state: Path | None = None
    public_url: str | None = None
    # accepted beside `auth_token` on requests, never used to sign
    second_token: str | None = None
    # API keys (SK…) with their secrets, accepted on requests as the account itself
    api_keys: dict[str, str] = field(default_factory=dict)
    calls_per_second: float | None = None
    concurrent_calls: int | None = None


@dataclass
class Notification:
    sid: str
    call_sid: str
    error_code: int
    level: int
    at: float
    message: str
    request_url: str = ""
    request_method: str | None = None
    response_body: str = ""


class Exchange:
    def __init__(self, config: CarrierConfig):
        self.config = config
        self.account_sid = config.account_sid
        self.clock = SimulatedClock(config.speed)
        self.started = self.clock.now()
        self.log = EventLog(self.clock)
        self.faults = Faults(config.seed, config.faults)
        self.numbers = Numbers(config.seed)
        self.webhooks = Webhooks(lambda: config.auth_token)
        self.voices = Voices(config.state / "phrases" if config.state else None)
        self.journal = Journal(config.state, config.account_sid)
        self.calls: dict = {}
        self.conferences = Conferences(self)
        self.queue = Queue(config.calls_per_second, config.concurrent_calls)
        self.recordings: dict = {}
        self.notifications: dict[str, Notification] = {}
        self._tasks: set[asyncio.Task] = set()
        # sids need not be secret, only unlike each other, also after a restart
        self._sids = random.Random(secrets.randbits(128))
        self._dates: tuple[int, str] = (-1, "")

    def new_sid(self, prefix: str) -> str:
        return f"{prefix}{self._sids.getrandbits(128):032x}"

    def trouble(self, name: str, call, event: str | None = None, number: str | None = None) -> dict | None:
        """The details of a fault that strikes here, written to the log; None when none does."""
        if not self.faults.table:
            return None
        number, sid = (call.to, call.sid) if call is not None else (number, None)
        details = self.faults.strikes(name, number, event, sid)
        if details is not None:
            self.log.add("fault", sid, number, fault=name, ids=list(FAULTS[name].ids), what=event)
        return details

    def admit(self, number: str) -> None:
        """Raises ApiError when the account may place no further call now."""
        live = 0
        if self.queue.concurrent_calls is not None:
            live = sum(not call.over.is_set() for call in self.calls.values())
        try:
            self.queue.check(live, self.clock.now())
        except ApiError as refused:
            self.log.add("refused", None, number, code=refused.code)
            raise

    def place(self, call) -> None:
        """Take a call in: from here on it is known, and runs by itself."""
        self.calls[call.sid] = call
        self.journal.call(call)
        self.journal.status(call)
        self.log.add("created", call.sid, call.to, url=call.order.source.url)
        self.spawn(call.run())

    def phone_number_sid(self, number: str) -> str:
        return "PN" + hashlib.sha256(f"{self.account_sid}{number}".encode()).hexdigest()[:32]

    def rfc2822(self, moment: float | None) -> str | None:
        """`Wed, 10 Oct 2012 22:40:24 +0000`; None stays None."""
        if moment is None:
            return None
        second = int(moment)
        if self._dates[0] != second:
            self._dates = (second, format_datetime(datetime.fromtimestamp(second, UTC)))
        return self._dates[1]

    def spawn(self, work) -> asyncio.Task:
        """Run a coroutine beside everything else; what it raises is logged, not lost."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception():
            log.error("a task of the carrier failed", exc_info=task.exception())

    def notify(self, call, code: int, message: str, reply=None, level: int = 0) -> None:
        """Record a debugger code: level 0 is an error, 1 a warning."""
        sid = self.new_sid("NO")
        self.notifications[sid] = Notification(
            sid, call.sid, code, level, self.clock.now(), message,
            reply.url if reply else "", reply.method if reply else None,
            reply.body.decode("utf-8", "replace") if reply else "",
        )  # fmt: skip
        self.log.add("notification", call.sid, call.to, code=code, level=level, message=message)

    async def advance(self, seconds: float) -> None:
        """Let simulated time pass at once, moment by moment: whoever is due wakes in turn, and what follows from it (the
        answers of the application included) comes before the next moment."""
        until = self.clock.now() + seconds
        await self._settle()
        while (due := self.clock.next_deadline()) is not None and due <= until:
            self.clock.set(datetime.fromtimestamp(max(due, self.clock.now()), UTC))
            await self._settle()
        self.clock.set(datetime.fromtimestamp(until, UTC))
        await self._settle()

    async def _settle(self) -> None:
        """Until no request is under way and everybody has had a turn; 30 s at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                quiet = 0
                # a turn of one task is the next turn of another: an answer takes a few until somebody sleeps again
                while quiet < 40:
                    await asyncio.sleep(0.001 if self.webhooks.busy else 0)
                    quiet = 0 if self.webhooks.busy else quiet + 1

    async def restart(self) -> None:
        """As if this process had been killed and was there again: live calls end, what was to be told of them is lost."""
        live = [call for call in self.calls.values() if not call.over.is_set()]
        self.log.add("restart", calls=len(live))
        for call in live:
            call.order.status_callback = None
            for recording in call.recordings:
                recording.callback = None
            call.lose_connection("restart")
        await asyncio.gather(*(call.over.wait() for call in live))

    async def forget(self) -> None:
        """Be as after the very first start: no calls, no recordings, nothing told, nobody known. Live calls end unheard."""
        await self._stop()
        for known in (self.calls, self.recordings, self.notifications, self.conferences.by_sid):
            known.clear()
        self.numbers.forget()
        self.log.clear()
        self.faults.replace(self.config.faults)
        self.clock.set(datetime.now(UTC), self.config.speed)
        self.journal.clear(self)

    async def _stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        self.journal.close()
        await self._stop()
        await self.webhooks.close()
