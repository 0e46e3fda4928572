"""A whole house for callback agents in one process: the desk, a carrier with simulated people, and the dialler between them.

Nothing is replaced: requests go over loopback, the database and its migrations are real. Time runs on a simulated clock.
"""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from clock import Clock
from tests.loopback import LaterApp, served

PASSWORD = "a long enough password"
ROOT = Path(__file__).parents[2]
DAY = date(2026, 9, 24)
SPEED = 30.0
AGENTS = ("meng", "qiao")
LINES = {"meng": "sip:meng@desk.example", "qiao": "sip:qiao@desk.example", "shifu": "sip:shifu@desk.example"}


@dataclass
class Seat:
    """One agent's browser, without a browser: signed in, with the token of his forms."""

    http: httpx.AsyncClient
    csrf: str = ""

    async def page(self) -> str:
        answer = await self.http.get("/agent")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def do(self, act: str, **form) -> str:
        """Press a button; the note that comes back, if any."""
        answer = await self.http.post(f"/agent/{act}", data={"csrf": self.csrf, **form})
        assert answer.status_code == 303, answer.text[:2000]
        found = re.search(r"note=(\w+)", answer.headers["location"])
        return found.group(1) if found else ""

    async def until(self, stage: str, seconds: float = 60) -> str:
        """The page once it stands there."""
        give_up = asyncio.get_running_loop().time() + seconds
        while f'data-stage="{stage}"' not in (page := await self.page()):
            assert asyncio.get_running_loop().time() < give_up, (
                f"never {stage}: {re.search('data-stage=.(.*?).>', page)}"
            )
            await asyncio.sleep(0.05)
        return page

    async def answer(self, **form) -> str:
        turn = re.search(r'name="turn" value="(\d+)"', await self.page())
        assert turn, "nothing can be answered now"
        return await self.do("answer", turn=turn.group(1), **form)


@dataclass
class House:
    base: str
    clock: Clock
    exchange: object
    control: httpx.AsyncClient
    engine: sa.Engine
    seats: dict[str, Seat] = field(default_factory=dict)
    dialler: asyncio.Task | None = None

    def sql(self, query: str, **values) -> list[dict]:
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(query), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    def one(self, query: str, **values):
        [row] = self.sql(query, **values)
        return next(iter(row.values()))

    async def until(self, query: str, seconds: float = 60, **values):
        give_up = asyncio.get_running_loop().time() + seconds
        while not (found := self.sql(query, **values)):
            assert asyncio.get_running_loop().time() < give_up, f"never: {query}"
            await asyncio.sleep(0.05)
        return found[0]

    async def behave(self, address: str, behaviour) -> None:
        answer = await self.control.put(f"/control/numbers/{address}", json={"behaviour": behaviour})
        assert answer.status_code < 300, answer.text

    async def hang_up(self, sid: str) -> None:
        """As the person at that telephone."""
        answer = await self.control.post(f"/control/calls/{sid}/hangup")
        assert answer.status_code < 300, answer.text

    def kinds(self, call_id: str | None = None) -> list[str]:
        where = "WHERE call_id = :id" if call_id else ""
        return [
            row["kind"]
            for row in self.sql(f"SELECT kind FROM events {where} ORDER BY id", **({"id": call_id} if call_id else {}))
        ]

    async def let_robot_ring(self, *replies: dict) -> str:
        """The robot rings one person, who proves who he is and says yes to everything but `replies`. Returns the call."""
        from settings import settings
        from tasks.dialling import dial_round
        from tasks.pacing import pace_of
        from telephony.twilio_phone import twilio_phone

        self.sql("UPDATE persons SET birth_date = '1990-01-01'")
        for number, elements in self.customers():
            known = [{"when": word, "press": keys} for word, keys in elements.items()]
            await self.behave(number, {"replies": [*replies, *known], "default": {"press": "1"}})
        async with twilio_phone() as line:
            done = await dial_round.fn(line, pace_of(settings(), self.clock), self.clock)
        assert done.dialled == 1
        return self.one("SELECT id FROM calls WHERE state <> 'ENDED'")

    def customers(self) -> list[tuple[str, dict[str, str]]]:
        """Every number, with what its owner is asked to prove himself with and presses."""
        from rules.contracts import from_json, identity_elements
        from storage.vault import vault

        found = []
        for row in self.sql(
            "SELECT k.facts, k.personal_sealed, n.number_sealed FROM contracts k JOIN contract_phones n USING (policy_no)"
        ):
            personal = json.loads(vault().open(bytes(row["personal_sealed"])))
            known = identity_elements(from_json({**row["facts"], **personal}), DAY)
            elements = {}
            if born := known.get("birth_date"):
                elements["出生"] = str(born).replace("-", "")[:8]
            if last := known.get("id_last4"):
                elements["后四位"] = last
            found.append((vault().open(bytes(row["number_sealed"])).partition(";")[0], elements))
        return found

    async def settled(self, call_id: str) -> dict:
        """What the call came to, by the same steps as every other: archived, then settled."""
        from tasks.archiving import archive_recordings
        from tasks.settling import settle_ended_calls
        from telephony.twilio_phone import twilio_phone

        await self.until("SELECT 1 FROM calls WHERE id = :id AND state = 'ENDED'", id=call_id)
        async with twilio_phone() as line:
            for _ in range(100):
                await archive_recordings.fn(line, self.clock)
                await settle_ended_calls.fn(self.clock)
                if found := self.sql("SELECT * FROM settlements WHERE call_id = :id", id=call_id):
                    return found[0]
                await asyncio.sleep(0.1)
        raise AssertionError(f"never settled: {self.sql('SELECT * FROM recordings')}")

    async def judged(self) -> tuple:
        from storage.judging import judge_stored, snapshot

        async with snapshot() as connection:
            return await judge_stored(connection, self.clock.now(), keys=())


@pytest.fixture
async def house(installation, working_calls, tmp_path, monkeypatch) -> AsyncIterator[House]:
    from settings import settings
    from storage import db
    from storage.archive import archive
    from storage.vault import vault
    from telephony.carrier.app import create_app as create_carrier
    from telephony.carrier.exchange import CarrierConfig

    clock = Clock(tmp_path / "clock.json")
    clock.file.write_text('{"wall": 0, "sim": 0, "speed": 1}')
    clock.set(datetime(2026, 9, 24, 2, tzinfo=UTC), SPEED)
    monkeypatch.setenv("HUIFANG_CLOCK_FILE", str(clock.file))
    # what people are given runs thirty times as fast here, and a machine that others use too may be slower than they are
    for place, name, value in (
        ("storage.agent_calls", "PREVIEW", timedelta(hours=5)),
        ("storage.agent_seats", "SEEN_WITHIN", 900.0),
        ("telephony.twilio_phone", "TIME_LIMIT", 14_400),
        ("telephony.agent_calls", "TIME_LIMIT", 14_400),
    ):
        monkeypatch.setattr(f"{place}.{name}", value)
    for made in (vault, archive):
        made.cache_clear()
    await db.dispose()
    await working_calls.take_contracts(tmp_path, 14, clock)
    later = LaterApp()
    async with contextlib.AsyncExitStack() as stack:
        own = settings()
        carrier = create_carrier(
            CarrierConfig(
                account_sid=own.twilio_account_sid,
                auth_token=own.twilio_auth_token.get_secret_value(),
                speed=SPEED,
                seed=7,
                state=tmp_path,
            )
        )
        carrier_at = await stack.enter_async_context(served(carrier))
        desk_at = await stack.enter_async_context(served(later))
        for name, value in (
            ("TWILIO_BASE_URL", carrier_at),
            ("PUBLIC_URL", desk_at),
            ("TWILIO_CPS", "50"),
            ("TWILIO_CONCURRENT", "1"),
        ):
            monkeypatch.setenv(f"HUIFANG_{name}", value)
        settings.cache_clear()
        archive().ensure_bucket()
        from desk.app import create_app

        later.app = create_app()
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=carrier_at, trust_env=False, timeout=20))
        engine = sa.create_engine(own.database_url.get_secret_value())
        stack.callback(engine.dispose)
        house = House(desk_at, clock, carrier.app.state.exchange, control, engine)
        _people(house)
        for login in (*AGENTS, "shifu"):
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=desk_at, trust_env=False, timeout=20))
            house.seats[login] = await _signed_in(http, login)
        # everybody is old, so that a person rings him first; and agrees to everything
        house.sql("UPDATE persons SET birth_date = '1950-01-01'")
        for row in house.sql("SELECT DISTINCT number_sealed FROM contract_phones"):
            await house.behave(vault().open(bytes(row["number_sealed"])).partition(";")[0], "agreeable")
        house.dialler = asyncio.create_task(_dial_for_agents(clock))
        yield house
        house.dialler.cancel()
        await asyncio.gather(house.dialler, return_exceptions=True)
    await db.dispose()
    for made in (vault, archive, settings):
        made.cache_clear()


async def _dial_for_agents(clock: Clock) -> None:
    from settings import settings
    from tasks.agent_calls import serve_always
    from tasks.pacing import pace_of
    from telephony.agent_calls import AgentLines
    from telephony.twilio_phone import twilio_phone

    async with twilio_phone() as line:
        await serve_always(line, AgentLines(line), pace_of(settings(), clock), clock)


def _people(house: House) -> None:
    from desk.passwords import hash_password
    from storage import tables as t
    from storage.vault import vault

    stored = hash_password(PASSWORD)
    top = house.one("SELECT code FROM branches WHERE parent_code IS NULL")
    with house.engine.begin() as connection:
        for login, roles in (*((a, ["CALLBACK_AGENT"]) for a in AGENTS), ("shifu", ["CALLBACK_AGENT_LEAD"])):
            values = {
                "login": login,
                "name": f"{login} 测试",
                "password_hash": stored,
                "roles": roles,
                "branch_code": top,
            }
            more = {"staff_number": "0217", "line_sealed": vault().seal(LINES[login]), "languages": []}
            connection.execute(sa.insert(t.User).values(**values, **more))


async def _signed_in(http: httpx.AsyncClient, login: str) -> Seat:
    page = (await http.get("/sign-in")).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    answer = await http.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf": csrf})
    assert answer.status_code == 303, answer.text
    page = (await http.get("/agent")).text
    return Seat(http, page.split('name="csrf" value="')[1].split('"')[0])


@pytest.fixture
def working_calls():
    import importlib.util
    import sys

    name = "working_calls"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]
