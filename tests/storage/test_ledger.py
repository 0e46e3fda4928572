"""The ledger on a real database: one writer at a time, nothing changed afterwards, events sealed and found altered."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from rules.ledger import Entry, check_chain
from storage import carrier_news, events, ledger, recordings
from storage.db import engine, rows, transaction
from storage.judging import judge_stored, snapshot

PLAY = {
    "play_id": "p1",
    "user": "lead",
    "recording": "RE1",
    "place": "HO/AUDIT",
    "right": {"kind": "RETRIEVAL", "id": 1},
}


async def lines() -> list:
    async with transaction() as c:
        return [line async for line in ledger.every_line(c)]


async def broken_chains(now) -> list[str]:
    async with snapshot() as c:
        return [b.message_en for b in await judge_stored(c, now) if b.promise == 10]


def entry(now, number: int = 1) -> Entry:
    return Entry("RECORDING_CLEARED", now, f"recording/RE{number}", "system", {"n": number})


async def test_lines_are_bound_together_over_transactions(database, now):
    for number in range(3):
        async with transaction() as c:
            await ledger.append(c, [entry(now, number), entry(now, number + 10)])
    found = await lines()
    assert [line.seq for line in found] == [1, 2, 3, 4, 5, 6]
    assert list(check_chain(found)) == []
    async with transaction() as c:
        assert await ledger.head(c) == {"seq": 6, "hash": found[-1].hash, "sealed_event_id": 0}
        assert await ledger.read(c, 2, 3) == found[2:5]
        assert await ledger.append(c, []) == []


async def test_what_is_rolled_back_leaves_no_gap(database, now):
    with pytest.raises(ZeroDivisionError):
        async with transaction() as c:
            await ledger.append(c, [entry(now)])
            _ = 1 / 0
    async with transaction() as c:
        await ledger.append(c, [entry(now, 2)])
    [line] = await lines()
    assert (line.seq, line.subject) == (1, "recording/RE2")


async def test_many_writers_at_once_make_one_chain(database, now):
    async def write(number: int) -> None:
        async with transaction() as c:
            await ledger.append(c, [entry(now, number)])
            await asyncio.sleep(0.002)

    await asyncio.gather(*(write(number) for number in range(24)))
    found = await lines()
    assert len(found) == 24
    assert list(check_chain(found)) == []


@pytest.mark.parametrize("sql", ["UPDATE ledger SET actor = 'x'", "DELETE FROM ledger", "TRUNCATE ledger"])
async def test_a_line_is_never_changed(database, now, sql):
    async with transaction() as c:
        await ledger.append(c, [entry(now)])
    with pytest.raises(DBAPIError, match="append-only"):
        async with transaction() as c:
            await c.execute(text(sql))
    assert len(await lines()) == 1


# ---------------------------------------------------------------- events of custody and access


async def test_an_event_and_its_line_are_one(database, now):
    async with transaction() as c:
        event_id = await ledger.record(c, "RECORDING_PLAYED", now, actor="lead", call_id="call1", case_id=3, **PLAY)
        [event] = await events.read(c)
    [line] = await lines()
    assert (event["id"], event["kind"], event["call_id"], event["case_id"]) == (
        event_id,
        "RECORDING_PLAYED",
        "call1",
        3,
    )
    assert event["data"] == PLAY
    assert (line.kind, line.subject, line.actor, line.at) == ("RECORDING_PLAYED", "recording/RE1", "lead", now)
    assert f'"event":{event_id}' in line.body
    assert await broken_chains(now) == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("RECORDING_PLAYED", {name: value for name, value in PLAY.items() if name != "place"}),
        ("RECORDING_PLAYED", {**PLAY, "seconds": 1.5}),
        ("TURN", PLAY),
    ],
    ids=["a field is missing", "a fraction", "a kind without lines"],
)
async def test_what_cannot_be_written_down_is_refused(database, now, kind, data):
    with pytest.raises(ValueError):
        async with transaction() as c:
            await ledger.record(c, kind, now, actor="lead", **data)
    assert await lines() == []


async def report(call_id: str, recording: str, status: str, now) -> None:
    async with transaction() as c:
        await carrier_news.recording_news(
            c, call_id=call_id, sid="CA1", recording=recording, status=status, url="u", seconds=9, channels=2,
            problem=None, body={}, now=now,
        )  # fmt: skip


async def test_each_step_of_a_recording_writes_its_line(a_call, now):
    call_id, *_ = await a_call()
    async with transaction() as c:
        await c.execute(text("UPDATE calls SET sid = 'CA1'"))
    await report(call_id, "RE1", "completed", now)
    await report(call_id, "RE2", "absent", now)
    await report(call_id, "RE3", "completed", now)
    async with transaction() as c:
        waiting = {one.provider_id: one.id for one in await recordings.claim(c, now, 60, 10)}
        kept = {"object_key": "k", "version_id": "v", "sha256": "0" * 64, "retain_until": now + timedelta(days=9000)}
        await recordings.verified(c, waiting["RE1"], now, **kept)
        await recordings.cleared(c, [waiting["RE1"]], now)
        await recordings.lost(c, waiting["RE3"], "SILENT", now)
        await recordings.cleared(c, [waiting["RE1"]], now)  # a second time changes nothing
    assert [(line.kind, line.subject) for line in await lines()] == [
        ("RECORDING_LOST", "recording/RE2"),
        ("RECORDING_VERIFIED", "recording/RE1"),
        ("RECORDING_CLEARED", "recording/RE1"),
        ("RECORDING_LOST", "recording/RE3"),
    ]
    assert await broken_chains(now) == []


# ---------------------------------------------------------------- the events, sealed


async def happen(now, count: int = 3) -> None:
    async with transaction() as c:
        for number in range(count):
            await events.record(c, "SWITCH_THROWN", now, switch="dialler", value=number, user="lead")


async def test_events_are_sealed_once(database, now):
    assert await ledger.seal_events(now) == 0
    await happen(now)
    assert await ledger.seal_events(now) == 3
    assert await ledger.seal_events(now) == 0
    await happen(now, 2)
    assert await ledger.seal_events(now) == 2
    assert [line.subject for line in await lines()] == ["events/1-3", "events/4-5"]
    assert await broken_chains(now) == []


async def test_many_events_are_sealed_in_several_lines(database, now, monkeypatch):
    monkeypatch.setattr(ledger, "SEALED_AT_ONCE", 10)
    await happen(now, 25)
    assert await ledger.seal_events(now) == 25
    assert [line.subject for line in await lines()] == ["events/1-10", "events/11-20", "events/21-25"]
    assert await broken_chains(now) == []


async def test_two_that_seal_at_once_seal_each_event_once(database, now):
    await happen(now, 5)
    assert sum(await asyncio.gather(*(ledger.seal_events(now) for _ in range(4)))) == 5
    assert len(await lines()) == 1
    assert await broken_chains(now) == []


async def test_an_event_that_is_committed_late_is_waited_for(database, now):
    """Its id was drawn first: a seal without it could never be true again."""
    async with engine().connect() as slow:
        await slow.execute(text("INSERT INTO events (at, kind) VALUES (:now, 'SLOW')"), {"now": now})
        await happen(now, 1)
        sealing = asyncio.create_task(ledger.seal_events(now))
        await asyncio.sleep(0.3)
        assert not sealing.done()
        await slow.commit()
        assert await sealing == 2
    assert await broken_chains(now) == []


async def test_what_is_never_committed_holds_up_nothing_but_the_seal(database, now, monkeypatch):
    monkeypatch.setattr(ledger, "WAIT_FOR_WRITERS_SECONDS", 0.2)
    async with engine().connect() as slow:
        await slow.execute(text("INSERT INTO events (at, kind) VALUES (:now, 'SLOW')"), {"now": now})
        await happen(now, 1)
        assert await ledger.seal_events(now) == 0
        await slow.rollback()
    assert await ledger.seal_events(now) == 1
    assert await broken_chains(now) == []


async def behind_the_triggers(sql: str) -> None:
    """What somebody can do who owns the database."""
    async with transaction() as c:
        for table in ("events", "ledger"):
            await c.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        await c.execute(text(sql))
        for table in ("events", "ledger"):
            await c.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER ALL"))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET data = '{\"value\": 9}' WHERE id = 2",
        "UPDATE events SET at = at + interval '1 second' WHERE id = 1",
        "DELETE FROM events WHERE id = 2",
        "DELETE FROM events WHERE id = (SELECT max(id) FROM events)",
        "UPDATE events SET person_id = 5 WHERE id = 3",
        "INSERT INTO events (id, at, kind) OVERRIDING SYSTEM VALUE VALUES (0, now(), 'X')",
        "UPDATE ledger SET actor = 'nobody' WHERE seq = 1",
        "UPDATE ledger SET body = replace(body, 'count', 'number') WHERE kind = 'AUDIT_SEALED'",
        "DELETE FROM ledger WHERE seq = 1",
        "DELETE FROM ledger WHERE seq = (SELECT max(seq) FROM ledger)",
        "UPDATE ledger_head SET sealed_event_id = 99",
        "UPDATE ledger_head SET hash = repeat('0', 64), seq = 0",
    ],
)
async def test_what_is_altered_behind_the_triggers_is_found(database, now, sql):
    await happen(now)
    async with transaction() as c:
        await ledger.record(c, "RECORDING_CLEARED", now, actor="system", recording="RE1")
    await ledger.seal_events(now)
    assert await broken_chains(now) == []
    await behind_the_triggers(sql)
    assert await broken_chains(now)


async def test_an_event_without_its_line_and_a_line_without_its_event(database, now):
    async with transaction() as c:
        await events.record(c, "PLAY_REFUSED", now, user="lead", recording=None, place="x", reason="NO_RIGHT")
    assert await broken_chains(now) == ["PLAY_REFUSED has no line in the ledger"]
    async with transaction() as c:
        await ledger.append(c, [Entry("RECORDING_CLEARED", now, "recording/RE1", "system", {"event": 77})])
    assert len(await broken_chains(now)) == 2


async def test_what_nobody_seals_for_a_day_is_named(database, now):
    await happen(now)
    assert await broken_chains(now + timedelta(hours=23)) == []
    assert await broken_chains(now + timedelta(hours=25)) == ["events from 1 on are unsealed for more than a day"]


async def test_the_rights_of_a_play_are_judged(a_call, now):
    call_id, case_id, _ = await a_call()
    async with transaction() as c:
        await ledger.record(c, "RECORDING_PLAYED", now, actor="lead", call_id=call_id, **PLAY)
    async with snapshot() as c:
        found = [(b.promise, b.case_id, b.message_en) for b in await judge_stored(c, now) if b.promise >= 9]
    assert found == [(9, case_id, "no granted request")]


async def test_the_head_is_one_row(database):
    with pytest.raises(DBAPIError):
        async with transaction() as c:
            await rows(c, "INSERT INTO ledger_head (id, seq, hash, sealed_event_id) VALUES (2, 0, '', 0) RETURNING id")


async def test_a_recording_destroyed_in_an_event_that_names_no_call_is_found(a_call, now):
    call_id, case_id, _ = await a_call()
    kept = {"object_key": "k", "version_id": "v", "sha256": "0" * 64, "retain_until": now + timedelta(days=7400)}
    people = {"user": "a", "second": "b"}
    async with transaction() as c:
        await ledger.record(c, "RECORDING_VERIFIED", now, actor="system", call_id=call_id, recording="RE1", **kept)
        told = {"recording": "RE1", "version_id": "v", "certificate": "c", **people}
        await ledger.record(c, "RECORDING_DISPOSED", now + timedelta(hours=1), actor="a", **told)
    async with snapshot() as c:
        found = [(b.promise, b.message_en) for b in await judge_stored(c, now) if b.promise >= 9]
    assert found == [(9, "a recording was destroyed before its retain-until")]
