"""Signing the ledger each day: events are sealed first, and what prevents it raises an alarm that ends by itself."""

from datetime import timedelta

import pytest

from settings import settings
from storage import alarms, db, events, ledger, ledger_keys
from storage.verify_pack import parse_checkpoint, signed_text
from tasks.sealing import sign_ledger

sign = sign_ledger.fn


async def standing(ask) -> set[str]:
    return {row["name"] for row in await ask("SELECT name FROM alarms")}


@pytest.fixture
async def told(database, clock):
    async with db.transaction() as connection:
        await events.record(connection, "CONTROL_CHANGED", clock.now(), name="x")


async def test_what_happened_is_sealed_and_signed(told, clock, ask):
    made = await sign(clock)
    keys = ledger_keys.read(settings().ledger_key_file)
    text, name = signed_text(made.note.encode(), keys.public)
    assert parse_checkpoint(text) == (name, 1, bytes.fromhex(made.root))
    assert [row["kind"] for row in await ask("SELECT kind FROM ledger")] == ["AUDIT_SEALED"]
    assert await sign(clock) == made
    assert await standing(ask) == set()


async def test_without_keys_an_alarm_stands_until_they_are_back(told, clock, ask, monkeypatch, tmp_path):
    there = str(settings().ledger_key_file)
    monkeypatch.setenv("HUIFANG_LEDGER_KEY_FILE", str(tmp_path / "none"))
    settings.cache_clear()
    assert await sign(clock) is None
    assert await standing(ask) == {alarms.LEDGER_KEYS_MISSING}
    monkeypatch.setenv("HUIFANG_LEDGER_KEY_FILE", there)
    settings.cache_clear()
    assert await sign(clock) is not None
    assert await standing(ask) == set()


async def test_an_altered_ledger_is_not_signed(told, clock, ask):
    assert await sign(clock) is not None
    async with db.transaction() as connection:
        await events.record(connection, "CONTROL_CHANGED", clock.now() + timedelta(hours=1), name="y")
    assert await ledger.seal_events(clock.now()) == 1
    async with db.transaction() as connection:
        await db.rows(connection, "SELECT set_config('session_replication_role', 'replica', true)")
        await db.rows(connection, "UPDATE ledger SET actor = 'somebody' WHERE seq = 2 RETURNING seq")
    assert await sign(clock) is None
    assert await standing(ask) == {alarms.LEDGER_FORKED}
