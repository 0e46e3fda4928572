"""Run by test_crashes: a working day whose processes are killed with SIGKILL, again and again, each time at another named
point between reservation and settlement; then it is let come to rest.

    crash_campaign.py FOLDER CRASHES SEED

The database and the store are the installation's (HUIFANG_*). The carrier is a process of its own that lives on; the desk
and the flows are forked from this process, each with a trap at one point, and forked anew when they have died. A process
that does not come to its point in its time is killed at whatever instant it is. SIGTERM ends the campaign early and in
order. `campaign.json` in FOLDER holds how often each point was hit, `carrier.jsonl` what the carrier saw.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import sys
import time
import urllib.parse
import urllib.request
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg

FOLDER, CRASHES, SEED = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
DAY = date(2026, 9, 21)  # a Monday; four working days follow one another
SPEED, SPEED_AT_REST = 40.0, 150.0
# How long a process may live before it is killed wherever it is: seconds of processor time, and real ones.
LIFE, REAL_LIFE = 0.8, 60.0
PATIENCE = 240.0


def listener() -> socket.socket:
    """Stays open while the process behind it dies: who calls meanwhile waits, as behind a proxy."""
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    found.listen(512)
    return found


CARRIER, DESK = listener(), listener()
CARRIER_URL, DESK_URL = (f"http://127.0.0.1:{s.getsockname()[1]}" for s in (CARRIER, DESK))
os.environ |= {
    "HUIFANG_CLOCK_FILE": str(FOLDER / "clock.json"),
    "HUIFANG_TWILIO_BASE_URL": CARRIER_URL,
    "HUIFANG_PUBLIC_URL": DESK_URL,
    "HUIFANG_TWILIO_TIMEOUT": "2",
    "HUIFANG_TWILIO_CPS": "1",
    "HUIFANG_TWILIO_CONCURRENT": "8",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
}

import httpx  # noqa: E402
import psutil  # noqa: E402
import uvicorn  # noqa: E402

from cli.day_preparation import take_in_list  # noqa: E402
from cli.simulated_day import SimulatedDay  # noqa: E402
from clock import SHANGHAI, system  # noqa: E402
from desk import app as desk_app  # noqa: E402
from desk import twilio_callbacks  # noqa: E402
from rules.calendar import shanghai  # noqa: E402
from scripts.call_scripts import all_scripts  # noqa: E402
from settings import settings  # noqa: E402
from storage import calls, carrier_news, conversations, db, recordings, settlements  # noqa: E402
from storage.archive import archive  # noqa: E402
from storage.candidates import read_pool  # noqa: E402
from tasks import archiving, dialling, settling, sweeping  # noqa: E402
from tasks.outages import is_outage  # noqa: E402
from tasks.pacing import Pace  # noqa: E402
from tasks.rule_book import rule_book  # noqa: E402
from telephony.carrier.app import create_app as create_carrier  # noqa: E402
from telephony.carrier.exchange import CarrierConfig  # noqa: E402
from telephony.twilio_phone import TwilioPhone  # noqa: E402

# name of the point: (what is killed, before or after its work). A transaction is open inside the storage functions, so
# "after" them nothing is committed yet; "before" what follows them it is.
FLOWS = {
    "before-reserving": (calls, "reserve", "before"),
    "reserved-uncommitted": (calls, "reserve", "after"),
    "reserved": (TwilioPhone, "place", "before"),
    "asked": ("http11.send_request_body.complete",),
    "answer-unread": ("http11.receive_response_headers.complete",),
    "placed-unwritten": (calls, "placed", "before"),
    "placed-uncommitted": (calls, "placed", "after"),
    "placed": (dialling, "dial", "after"),
    "unknown-unwritten": (calls, "unknown", "before"),
    "unknown-uncommitted": (calls, "unknown", "after"),
    "rejected-unwritten": (calls, "rejected", "before"),
    "rejected-uncommitted": (calls, "rejected", "after"),
    "asking-again": (calls, "try_again", "before"),
    "asking-again-uncommitted": (calls, "try_again", "after"),
    "looked-up": (sweeping, "_at_carrier", "after"),
    "looked-up-uncommitted": (sweeping, "_take", "after"),
    "recording-claimed": (recordings, "claim", "after"),
    "recording-stored": (archiving, "_store", "after"),
    "recording-unwritten": (recordings, "verified", "before"),
    "carrier-copy-deleted": (TwilioPhone, "delete_recording", "after"),
    "settling-read": (settlements, "ended_calls", "after"),
    "settling-undecided": (settlements, "save", "before"),
    "settling-uncommitted": (settlements, "save", "after"),
}
DESKS = {
    "status-untouched": (carrier_news, "status_news", "before"),
    "status-uncommitted": (carrier_news, "status_news", "after"),
    "status-unanswered": ("/twilio/status/",),
    "turn-read": (conversations, "load", "after"),
    "turn-unwritten": (conversations, "save_turn", "before"),
    "turn-uncommitted": (conversations, "save_turn", "after"),
    "turn-unanswered": ("/twilio/voice/",),
    "machine-uncommitted": (carrier_news, "machine_news", "after"),
    "recording-untouched": (carrier_news, "recording_news", "before"),
    "recording-uncommitted": (carrier_news, "recording_news", "after"),
    "recording-unanswered": ("/twilio/recording/",),
}
POINTS = {"flows": FLOWS, "desk": DESKS}


class Trap:
    """Kills this process the `nth` time that it comes to its point, having said so first."""

    def __init__(self, told: int, point: str | None, nth: int):
        self.told, self.point, self.left = told, point, nth

    def spring(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.write(self.told, f"{self.point} {time.process_time():.3f}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    def lay(self, place: tuple) -> None:
        if len(place) == 1:
            self._on_the_wire(place[0])
            return
        owner, name, when = place
        whole = getattr(owner, name)

        async def trapped(*given, **named):
            if when == "before":
                self.spring()
            found = await whole(*given, **named)
            if when == "after":
                self.spring()
            return found

        setattr(owner, name, trapped)

    def _on_the_wire(self, moment: str) -> None:
        request = httpx.AsyncClient.request

        async def trace(name: str, _: dict) -> None:
            if name == moment:
                self.spring()

        async def traced(client, method, url, **named):
            if method == "POST" and str(url).endswith("/Calls.json"):
                named["extensions"] = {"trace": trace}
            return await request(client, method, url, **named)

        httpx.AsyncClient.request = traced

    def around(self, app, path: str):
        """`app`, killed when all is committed and the answer to `path` has not left yet."""

        async def trapped(scope, receive, send):
            async def answer(message):
                if message["type"] == "http.response.start" and scope["path"].startswith(path):
                    self.spring()
                await send(message)

            await app(scope, receive, answer if scope["type"] == "http" else send)

        return trapped


class Quiet(uvicorn.Server):
    def capture_signals(self):
        return contextlib.nullcontext()


def serve(app, at: socket.socket) -> None:
    Quiet(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="on")).run(sockets=[at])


def run_carrier() -> None:
    faults = [
        {"fault": "create-500-after", "rate": 0.05},
        {"fault": "create-500-before", "rate": 0.03},
        {"fault": "create-lost-response", "rate": 0.03, "hold": 4.0},
        {"fault": "create-429", "rate": 0.12},
        {"fault": "callback-before-response", "rate": 0.05, "seconds": 0.3},
        {"fault": "callback-duplicate", "rate": 0.1},
        {"fault": "callback-reorder", "rate": 0.1},
        {"fault": "callback-drop", "rate": 0.03},
        {"fault": "recording-callback-drop", "rate": 0.03},
    ]
    own = settings()
    config = CarrierConfig(own.twilio_account_sid, own.twilio_auth_token.get_secret_value(), SPEED, SEED, faults=faults)
    serve(create_carrier(config), CARRIER)


def run_desk(trap: Trap, app) -> None:
    if trap.point:
        place = DESKS[trap.point]
        if len(place) == 1:
            app = trap.around(app, place[0])
        else:
            trap.lay(place)
    serve(app, DESK)


def run_flows(trap: Trap, dials: bool) -> None:
    if trap.point:
        trap.lay(FLOWS[trap.point])
    asyncio.run(_flows(dials))


async def _flows(dials: bool) -> None:
    """The tasks of the flows side by side, each begun again after an outage, as Prefect does with them."""
    clock = system()

    async def ring(line: TwilioPhone) -> None:
        done = await dialling.dial_round.fn(line, Pace(settings().twilio_cps, clock), clock)
        await settling.settle_without_call.fn(done.to_settle, clock)

    async def settle(line: TwilioPhone) -> None:
        await archiving.archive_recordings.fn(line, clock)
        await settling.settle_ended_calls.fn(clock)

    async def sweep(line: TwilioPhone) -> None:
        await sweeping.sweep_calls.fn(line, clock)
        await sweeping.sweep_recordings.fn(line, clock)

    async def again_and_again(step, pause: float) -> None:
        while True:
            try:
                await step(line)
            except Exception as e:
                if not is_outage(e):
                    raise
            await asyncio.sleep(pause)

    line = TwilioPhone(settings())
    await asyncio.gather(
        *([again_and_again(ring, 0.1)] if dials else []), again_and_again(settle, 0.1), again_and_again(sweep, 0.5)
    )


class People(SimulatedDay):
    """Most talk to the end, many are through quickly, the rest are as the seed draws them."""

    async def introduce(self, people: dict[str, dict[str, str]], seed: int) -> None:
        draw = random.Random(seed)
        entries = {}
        for number, facts in people.items():
            behaviour = draw.choices(
                ("agreeable", "hangs-up", "busy", "no-answer", "machine", "silent", None),
                (35, 20, 8, 8, 4, 5, 20),
            )[0]
            entries[number] = {"facts": facts, "callee_seed": seed} | ({"behaviour": behaviour} if behaviour else {})
        (await self._carrier.put("/control/numbers", json=entries)).raise_for_status()


async def prepare() -> None:
    archive().ensure_bucket()
    day = People(system(), CARRIER_URL, SPEED)
    await take_in_list(day, 60 + CRASHES, SEED, DAY, FOLDER)
    await day.set(shanghai(DAY).replace(hour=9, minute=1))
    await day.aclose()
    # every profile, script and table is read once here, and not by each process anew
    book = await rule_book()
    async with db.transaction() as connection:
        pool = await read_pool(connection, system().now(), book.shelf.name_for)
    await settling.settle_without_call.fn(
        [(s.case_id, s.kind, s.reason) for s in book.select(pool, system().now()).selection.to_settle], system()
    )
    await TwilioPhone(settings()).aclose()
    all_scripts()
    await db.dispose()
    archive.cache_clear()


def forked(work, *given) -> int:
    if child := os.fork():
        return child
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        work(*given)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(70)


class Seen:
    """What the carrier logs, taken down as it happens: its own memory is shorter than the campaign."""

    KINDS = frozenset(
        {"created", "twiml", "said", "ended", "recording", "fault", "media", "callback", "machine-detection"}
    )

    def __init__(self) -> None:
        self.file = (FOLDER / "carrier.jsonl").open("w")
        self.next = 0
        self.open = urllib.request.build_opener(urllib.request.ProxyHandler({})).open

    def take(self) -> None:
        found = json.load(self.open(f"{CARRIER_URL}/control/log?since={self.next}", timeout=30))
        self.next = found["next"]
        for event in found["events"]:
            if event["event"] in self.KINDS:
                self.file.write(json.dumps(event, ensure_ascii=False) + "\n")
        self.file.flush()

    def set_clock(self, **how) -> None:
        body = json.dumps({k: v.isoformat() if k == "now" else v for k, v in how.items()}).encode()
        self.open(urllib.request.Request(f"{CARRIER_URL}/control/clock", body, method="PUT"), timeout=30)


@dataclass
class Life:
    role: str
    process: psutil.Process
    processor: float
    until: float
    killed: bool = False

    def is_over(self) -> bool:
        if self.killed:
            return False
        with contextlib.suppress(psutil.Error):
            spent = self.process.cpu_times()
            return spent.user + spent.system > self.processor or time.monotonic() > self.until
        return False


class Campaign:
    def __init__(self, app) -> None:
        self.app, self.draw, self.clock = app, random.Random(SEED), system()
        self.hits: Counter[str] = Counter()
        self.tried: Counter[str] = Counter()
        self.alive: dict[int, Life] = {}
        self.hears, self.told = os.pipe()
        os.set_blocking(self.hears, False)
        self.seen = Seen()
        self.crashes, self.spent = 0, 0.0
        self.enough = False
        signal.signal(signal.SIGTERM, self.stop)

    def stop(self, *_: object) -> None:
        """Told to end: no more crashes, but everything comes to rest and is reported."""
        self.enough = True

    def start(self, role: str, trapped: bool = True) -> None:
        point, nth = None, 0
        if trapped:
            least = min(self.tried[name] for name in POINTS[role])
            point = self.draw.choice([name for name in POINTS[role] if self.tried[name] == least])
            self.tried[point] += 1
            # what comes often is let through for a while, or no conversation would ever get on
            often = point.startswith(("turn-", "status-"))
            nth = self.draw.randint(1, 14) if often else self.draw.choice((1, 1, 2, 3))
        trap = Trap(self.told, point, nth)
        if role == "desk":
            child = forked(run_desk, trap, self.app)
        else:
            child = forked(run_flows, trap, trapped)
        share = self.draw.uniform(0.6, 1.4) if trapped else float("inf")
        self.alive[child] = Life(role, psutil.Process(child), LIFE * share, time.monotonic() + REAL_LIFE * share)

    def bury(self) -> set[str]:
        """The roles that have died since last asked."""
        died = set()
        while True:
            with contextlib.suppress(ChildProcessError):
                child, status = os.waitpid(-1, os.WNOHANG)
                if child in self.alive:
                    life = self.alive.pop(child)
                    if not os.WIFSIGNALED(status):
                        raise SystemExit(f"{life.role} ended by itself: {status}")
                    self.crashes += 1
                    died.add(life.role)
                    continue
                if child:
                    raise SystemExit(f"the carrier died: {status}")
            return died

    def note(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for line in os.read(self.hears, 65536).decode().splitlines():
                point, spent = line.split()
                self.hits[point] += 1
                self.spent += float(spent)

    def crash(self) -> None:
        for role in POINTS:
            self.start(role)
        looked = time.monotonic()
        while self.crashes < CRASHES and not self.enough:
            time.sleep(0.01)
            for child, life in self.alive.items():
                if life.is_over():
                    life.killed = True
                    os.kill(child, signal.SIGKILL)
            for role in self.bury():
                self.start(role)
            self.note()
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                FOLDER.joinpath("progress").write_text(f"{self.crashes} {json.dumps(self.hits)}\n")
                self.seen.take()
                self.next_day()
        for child in self.alive:
            os.kill(child, signal.SIGKILL)
        while self.alive:
            self.bury()
            time.sleep(0.01)
        self.note()

    def next_day(self) -> None:
        now = self.clock.now().astimezone(SHANGHAI)
        if now.hour >= 20:
            morning = shanghai(now.date() + timedelta(1)).replace(hour=9, minute=1)
            self.seen.set_clock(now=morning)
            self.clock.set(morning, SPEED)

    def rest(self) -> None:
        """Nobody new is rung; whatever is under way comes to its end."""
        self.seen.set_clock(speed=SPEED_AT_REST)
        self.clock.set(self.clock.now(), SPEED_AT_REST)
        for role in POINTS:
            self.start(role, trapped=False)
        give_up = time.monotonic() + PATIENCE
        while not self.quiet():
            self.seen.take()
            if died := self.bury():
                raise SystemExit(f"{died} died at rest")
            if time.monotonic() > give_up:
                break  # the test says what was left
            time.sleep(0.5)
        self.seen.take()

    def quiet(self) -> bool:
        with psycopg.connect(db.libpq_url(), autocommit=True) as connection:
            [left] = connection.execute(
                """SELECT (SELECT count(*) FROM calls WHERE state NOT IN ('ENDED', 'REJECTED') OR settled_at IS NULL)
                        + (SELECT count(*) FROM recordings WHERE state IN ('REPORTED', 'VERIFIED'))"""
            ).fetchone()
        account = settings().twilio_account_sid
        at = f"{CARRIER_URL}/2010-04-01/Accounts/{account}/Calls.json?PageSize=1&Status="
        basic = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        basic.add_password(None, CARRIER_URL, account, settings().twilio_auth_token.get_secret_value())
        ask = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPBasicAuthHandler(basic)
        ).open
        live = [json.load(ask(at + status, timeout=30))["calls"] for status in ("queued", "ringing", "in-progress")]
        return not left and not any(live)


def main() -> None:
    FOLDER.joinpath("clock.json").touch()
    system().set(shanghai(DAY).replace(hour=8, minute=50), 1.0)
    carrier = forked(run_carrier)
    begun = time.monotonic()
    try:
        # in a process of its own, so that nothing of it is open when the others are forked
        asyncio.run(prepare())
        campaign = Campaign(desk_app.create_app())
        try:
            campaign.crash()
            crashed = time.monotonic()
            campaign.rest()
        finally:
            for child in campaign.alive:
                os.kill(child, signal.SIGKILL)
        report = {
            "crashes": campaign.crashes,
            "points": dict(sorted(campaign.hits.items()))
            | {"any-instant": campaign.crashes - sum(campaign.hits.values())},
            "processor_seconds_to_a_point": round(campaign.spent / max(1, sum(campaign.hits.values())), 2),
            "never": sorted(n for points in POINTS.values() for n in points if not campaign.hits[n]),
            "seconds": round(crashed - begun, 1),
            "rest_seconds": round(time.monotonic() - crashed, 1),
            "words": [twilio_callbacks.APOLOGY, twilio_callbacks.WRONG_CALL],
        }
        (FOLDER / "campaign.json").write_text(json.dumps(report, ensure_ascii=False))
        print(json.dumps(report, ensure_ascii=False))
    finally:
        os.kill(carrier, signal.SIGKILL)


if __name__ == "__main__":
    main()
