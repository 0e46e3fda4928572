"""Three hundred robot calls at once, at real speed: how soon the desk answers the carrier, and what each process takes.

The desk and the carrier are processes of their own, as in use. Beside them a bare endpoint that checks the signature and
inserts one row is asked a few times a second, on the same machine in the same minute: the ratio is to that. No sound is
made meanwhile: a recording is rendered when it is asked for, after the call.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from twilio.request_validator import RequestValidator
from working_calls import DAY, ROOT

from clock import Clock
from rules.calendar import shanghai
from settings import settings
from storage import db
from storage.branch_files import read_organisation
from storage.organisation import store_organisation
from storage.sample_lists import facts, generate, write_list
from tasks.contract_lists import take_file
from tasks.dialling import dial_round
from tasks.pacing import Pace
from telephony.twilio_phone import TwilioPhone

AT_ONCE, CONTRACTS, CPS = 300, 560, 20.0
SECONDS = 45.0  # how long is measured once everybody talks
BARE_PER_SECOND = 10


async def measure(folder: Path) -> dict[str, Any]:
    from cli.stack.ports import choose

    clock = Clock(folder / "clock.json")
    clock.file.touch()
    clock.set(shanghai(DAY).replace(hour=10), 1.0)
    taken: set[int] = set()
    carrier_at, desk_at, bare_at = (f"http://127.0.0.1:{choose(taken)}" for _ in range(3))
    os.environ |= {
        "HUIFANG_CLOCK_FILE": str(clock.file),
        "HUIFANG_TWILIO_BASE_URL": carrier_at,
        "HUIFANG_PUBLIC_URL": desk_at,
        "HUIFANG_TWILIO_CONCURRENT": str(AT_ONCE),
        "HUIFANG_TWILIO_CPS": str(CPS),
    }
    settings.cache_clear()
    children = {
        "carrier": _start("-m", "cli.main", "carrier", "--port", carrier_at.rpartition(":")[2], *_account()),
        "desk": _start("-m", "uvicorn", "desk.app:create_app", "--factory", *_at(desk_at)),
        "bare": _start(
            "-m", "uvicorn", "bare_endpoint:create_app", "--factory", "--app-dir", "benchmarks", *_at(bare_at)
        ),
    }
    try:
        for address in (f"{carrier_at}/control/clock", f"{desk_at}/healthz", f"{bare_at}/healthz"):
            await _up(address)
        await _people(folder, clock, carrier_at)
        return await _talk(clock, carrier_at, bare_at, children)
    finally:
        for child in children.values():
            child.terminate()
            child.wait(20)
        for name in ("CLOCK_FILE", "TWILIO_CONCURRENT", "TWILIO_CPS"):
            del os.environ[f"HUIFANG_{name}"]
        settings.cache_clear()


def _start(*arguments: str) -> subprocess.Popen:
    token = settings().twilio_auth_token.get_secret_value()
    environment = os.environ | {"HUIFANG_CARRIER_AUTH_TOKEN": token}
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


def _account() -> list[str]:
    return ["--account-sid", settings().twilio_account_sid, "--json"]


def _at(address: str) -> list[str]:
    return ["--host", "127.0.0.1", "--port", address.rpartition(":")[2], "--no-access-log", "--log-level", "error"]


async def _up(address: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(600):
            try:
                await client.get(address)
                return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
    raise TimeoutError(address)


async def _people(folder: Path, clock: Clock, carrier_at: str) -> None:
    """The list, and customers who know who they are and agree to everything."""
    organisation = read_organisation(ROOT / "samples" / "branches.csv")
    async with db.transaction() as connection:
        await store_organisation(connection, organisation)
    people: dict[str, dict] = {}

    def rows():
        for row in generate(CONTRACTS, 1, DAY, organisation, False):
            people.update(facts(row))
            yield row

    write_list(folder / "contracts.csv", rows())
    await take_file(folder / "contracts.csv", now=clock.now(), source="benchmark")
    entries = {number: {"behaviour": "agreeable", "facts": known} for number, known in people.items()}
    async with httpx.AsyncClient(base_url=carrier_at, trust_env=False, timeout=60) as carrier:
        now = {"now": clock.now().isoformat(), "speed": 1.0}
        (await carrier.put("/control/clock", json=now)).raise_for_status()
        (await carrier.put("/control/numbers", json=entries)).raise_for_status()


async def _talk(clock: Clock, carrier_at: str, bare_at: str, children: dict[str, subprocess.Popen]) -> dict[str, Any]:
    line = TwilioPhone(settings())
    try:
        done = await dial_round.fn(line, Pace(CPS, clock), clock)
    finally:
        await line.aclose()
    for _ in range(30):  # until the last one has answered
        if await _talking() >= done.dialled:
            break
        await asyncio.sleep(1)
    processes = {name: psutil.Process(child.pid) for name, child in children.items() if name != "bare"}
    async with httpx.AsyncClient(base_url=carrier_at, trust_env=False, timeout=60) as carrier:
        since = (await carrier.get("/control/log")).json()["next"]
        before = {name: _processor(process) for name, process in processes.items()}
        live = [await _talking()]
        bare = await _ask_bare(bare_at, SECONDS)
        live.append(await _talking())
        spent = {name: _processor(process) - before[name] for name, process in processes.items()}
        seen = (await carrier.get("/control/log", params={"since": since})).json()["events"]
    took = sorted(
        e["ms"] for e in seen if e["event"] in ("twiml", "callback", "amd-callback") and e.get("ms") is not None
    )
    failed = sum(1 for e in seen if e["event"] == "twiml" and e["http"] != 200)
    return {
        "calls dialled": done.dialled,
        "in conversation at the beginning, and at the end": " / ".join(map(str, live)),
        "callbacks and turns a second": round(len(took) / SECONDS, 1),
        "not answered with 200": failed,
        "answer to the carrier, p50, ms": took[len(took) // 2],
        "answer to the carrier, p99, ms": took[int(len(took) * 0.99)],
        "answer to the carrier, longest, ms": took[-1],
        "bare insert, p50, ms": round(statistics.median(bare) * 1000, 1),
        "bare insert, p99, ms": round(sorted(bare)[int(len(bare) * 0.99)] * 1000, 1),
        "p99 / bare p99": f"{took[int(len(took) * 0.99)] / 1000 / sorted(bare)[int(len(bare) * 0.99)]:.1f}x",
        "p50 / bare p50": f"{took[len(took) // 2] / 1000 / statistics.median(bare):.1f}x",
        "desk, processor, % of one core": round(100 * spent["desk"] / SECONDS),
        "carrier, processor, % of one core": round(100 * spent["carrier"] / SECONDS),
        "load of the machine, 1 minute": round(os.getloadavg()[0], 1),
    }


def _processor(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


async def _talking() -> int:
    async with db.transaction() as connection:
        found = await db.rows(connection, "SELECT count(*) AS n FROM calls WHERE state = 'ANSWERED'")
    return found[0]["n"]


async def _ask_bare(address: str, seconds: float) -> list[float]:
    """Seconds of the bare endpoint's answers, asked evenly while the others talk."""
    own = settings()
    signed = RequestValidator(own.twilio_auth_token.get_secret_value())
    url, found = f"{address}/bare", []
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        end = time.monotonic() + seconds
        while (began := time.monotonic()) < end:
            form = {"AccountSid": own.twilio_account_sid, "CallSid": f"CA{len(found)}", "CallStatus": "ringing"}
            headers = {"X-Twilio-Signature": signed.compute_signature(url, form)}
            answer = await client.post(url, content=_encoded(form), headers=headers | FORM)
            assert answer.status_code == 204, answer.status_code
            found.append(time.monotonic() - began)
            await asyncio.sleep(max(0.0, 1 / BARE_PER_SECOND - found[-1]))
    return found


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _encoded(form: dict[str, str]) -> bytes:
    return str(httpx.QueryParams(form)).encode()
