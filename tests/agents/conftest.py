"""The house with its people, made anew for each test."""

import contextlib
import importlib.util
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from clock import Clock
from tests.agents.house import AGENTS, LINES, PASSWORD, STANDS, House, Seat
from tests.loopback import LaterApp, served

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def house(installation, working_calls, tmp_path, monkeypatch) -> AsyncIterator[House]:
    from settings import settings
    from storage import db
    from storage.archive import archive
    from storage.vault import vault
    from telephony.carrier.app import create_app as create_carrier
    from telephony.carrier.exchange import CarrierConfig
    from telephony.twilio_phone import twilio_phone

    clock = Clock(tmp_path / "clock.json")
    clock.file.write_text('{"wall": 0, "sim": 0, "speed": 1}')
    clock.set(datetime(2026, 9, 24, 2, tzinfo=UTC), STANDS)
    monkeypatch.setenv("HUIFANG_CLOCK_FILE", str(clock.file))
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
                speed=0.0,
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
        exchange = carrier.app.state.exchange
        exchange.clock.set(clock.now())
        # sounds of the right length and loudness do; a synthesiser would take most of the time
        exchange.voices.espeak = None
        control = await stack.enter_async_context(httpx.AsyncClient(base_url=carrier_at, trust_env=False, timeout=60))
        engine = sa.create_engine(own.database_url.get_secret_value())
        stack.callback(engine.dispose)
        line = await stack.enter_async_context(twilio_phone())
        house = House(desk_at, clock, exchange, control, engine, line)
        _people(house)
        for login in LINES:
            http = await stack.enter_async_context(httpx.AsyncClient(base_url=desk_at, trust_env=False, timeout=60))
            house.seats[login] = await _signed_in(house, http, login)
        # everybody is old, so that a person rings him first; and agrees to everything
        house.sql("UPDATE persons SET birth_date = '1950-01-01'")
        agree = {
            vault().open(bytes(row["number_sealed"])).partition(";")[0]: {"behaviour": "agreeable"}
            for row in house.sql("SELECT DISTINCT number_sealed FROM contract_phones")
        }
        (await control.put("/control/numbers", json=agree)).raise_for_status()
        yield house
    await db.dispose()
    for made in (vault, archive, settings):
        made.cache_clear()


def _people(house: House) -> None:
    from desk.passwords import hash_password
    from storage import tables as t
    from storage.vault import vault

    stored = hash_password(PASSWORD)
    top = house.one("SELECT code FROM branches WHERE parent_code IS NULL")
    with house.engine.begin() as connection:
        for login, line in LINES.items():
            values = {
                "login": login,
                "name": f"{login} 测试",
                "password_hash": stored,
                "roles": ["CALLBACK_AGENT" if login in AGENTS else "CALLBACK_AGENT_LEAD"],
                "branch_code": top,
            }
            more = {"staff_number": "0217", "line_sealed": vault().seal(line), "languages": []}
            connection.execute(sa.insert(t.User).values(**values, **more))


async def _signed_in(house: House, http: httpx.AsyncClient, login: str) -> Seat:
    page = (await http.get("/sign-in")).text
    csrf = page.split('name="csrf" value="')[1].split('"')[0]
    answer = await http.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf": csrf})
    assert answer.status_code == 303, answer.text
    page = (await http.get("/agent")).text
    return Seat(house, login, http, page.split('name="csrf" value="')[1].split('"')[0])


@pytest.fixture
async def english(house: House) -> None:
    for seat in house.seats.values():
        await seat.http.get("/language/en")


@pytest.fixture
def working_calls():
    name = "working_calls"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]
