"""Holds, disposal and new keys, on a real store with real locks of some seconds."""

import asyncio
import hashlib
import json
import os
from datetime import UTC, date, datetime, timedelta

import pytest

from clock import Clock
from settings import settings
from storage import archive_objects, archive_orders, data_keys, db, disputes
from storage.archive import ArchiveError, archive, second_archive
from storage.data_keys import KeyDestroyed
from storage.disposals import DisposalRefused
from storage.encryption import FORM
from storage.key_keepers import KeysWrong, add_key, key_keeper
from storage.legal_holds import HoldRefused
from storage.recording_reader import RecordingReader
from tasks import archive_care
from tasks.archiving import archive_recordings

carry = archive_recordings.fn
LOCKED_SECONDS = 4


async def objects() -> list[archive_objects.KeptObject]:
    async with db.transaction() as connection:
        return await archive_objects.select(connection, "true", "ORDER BY o.id")


async def ledger(ask) -> list[str]:
    return [row["kind"] for row in await ask("SELECT kind FROM ledger WHERE kind <> 'AUDIT_SEALED' ORDER BY seq")]


@pytest.fixture
async def kept(archived, line, clock, reported, talk):
    await reported("RE1", talk(4))
    await carry(line, clock)
    await archive_care.make_second_copies.fn(clock)
    return (await objects())[0]


# ---------------------------------------------------------------- keys of a new version


async def test_a_new_key_leaves_every_object_as_it_was(kept, clock, tmp_path, monkeypatch):
    ring = tmp_path / "keys"
    ring.write_bytes(settings().archive_key_file.read_bytes())
    monkeypatch.setenv("HUIFANG_ARCHIVE_KEY_FILE", str(ring))
    settings.cache_clear()
    key_keeper.cache_clear()
    stores = ((archive(), kept.version_id), (second_archive(), kept.second_version_id))
    before = [(store.versions(kept.object_key), store.read_back(kept.object_key, v)) for store, v in stores]

    version = add_key(ring, date(2026, 9, 24))
    assert await archive_orders.rewrap(clock) == 1
    assert await archive_orders.rewrap(clock) == 0
    async with db.transaction() as connection:
        assert await data_keys.versions_in_use(connection) == {version: 1}

    # the old key is thrown away: what it wrapped once is readable all the same
    ring.write_text(ring.read_text().splitlines()[-1] + "\n")
    [now] = await objects()
    assert now.kek == version != kept.kek
    plain = RecordingReader(now, archive(), key_keeper()).read()
    assert hashlib.sha256(plain).hexdigest() == kept.plain_sha256
    with pytest.raises(KeysWrong):
        RecordingReader(kept, archive(), key_keeper())
    after = [(store.versions(kept.object_key), store.read_back(kept.object_key, v)) for store, v in stores]
    assert after == before


# ---------------------------------------------------------------- legal hold


async def test_a_hold_is_set_by_one_and_released_by_two(kept, clock, ask):
    assert await archive_orders.hold(kept.call_id, "案件 (2026) 1", "lin", clock) == 1
    copies = ((archive(), kept.version_id), (second_archive(), kept.second_version_id))
    assert all(store.lock_of(kept.object_key, v).held for store, v in copies)
    with pytest.raises(HoldRefused, match="HELD_ALREADY"):
        await archive_orders.hold(kept.call_id, "again", "lin", clock)
    with pytest.raises(HoldRefused, match="NOT_ASKED"):
        await archive_orders.release(kept.call_id, "zhao", clock)
    await archive_orders.ask_release(kept.call_id, "结案", "wu", clock)
    with pytest.raises(HoldRefused, match="SAME_PERSON"):
        await archive_orders.release(kept.call_id, "wu", clock)
    assert all(store.lock_of(kept.object_key, v).held for store, v in copies)
    assert await archive_orders.release(kept.call_id, "zhao", clock) == 1
    assert not any(store.lock_of(kept.object_key, v).held for store, v in copies)
    with pytest.raises(HoldRefused, match="NOT_HELD"):
        await archive_orders.ask_release(kept.call_id, "结案", "wu", clock)
    assert (await ledger(ask))[-2:] == ["HOLD_SET", "HOLD_RELEASED"]


async def test_a_copy_made_or_mended_under_a_hold_is_held(archived, line, clock, reported, talk, behind):
    await reported("RE1", talk(4))
    await carry(line, clock)
    await archive_orders.hold("call-RE1", "争议", "lin", clock)
    await archive_care.make_second_copies.fn(clock)
    [kept] = await objects()
    assert second_archive().lock_of(kept.object_key, kept.second_version_id).held
    behind.remove(archived.bucket, kept.object_key, kept.version_id)
    await archive_care.check_objects.fn(clock, everything=True)
    [mended] = await objects()
    assert mended.version_id != kept.version_id
    assert archived.lock_of(kept.object_key, mended.version_id).held


async def test_a_hold_that_the_store_does_not_take_is_not_written_down(kept, clock, ask, behind):
    behind.remove(archive().bucket, kept.object_key, kept.version_id)
    with pytest.raises(ArchiveError):
        await archive_orders.hold(kept.call_id, "争议", "lin", clock)
    assert await ask("SELECT 1 FROM legal_holds") == []


# ---------------------------------------------------------------- disposal


@pytest.fixture
async def expiring(archived, clock, reported):
    """A recording of twenty-one years ago whose contract has ended long since; its lock ends in some seconds."""
    recording = await reported("RE1", None, status="TERMINATED", facts={"surrendered_on": "2010-01-01"})
    real = Clock()
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=LOCKED_SECONDS)
    body = os.urandom(1000)
    first = archive().put("recordings/2005/a.sealed", body, "x", until)
    second = second_archive().put("recordings/2005/a.sealed", body, "x", until)
    # kept under two versions of the same name, as after a repair
    archive().put("recordings/2005/a.sealed", body + b"!", "x", until)
    async with db.transaction() as connection:
        keys = await data_keys.ensure(connection, ["recording:1"], key_keeper(), real.now())
        await archive_objects.keep(
            connection, real.now(), kind="RECORDING", recording_id=recording, call_id="call-RE1",
            began_on=date(2005, 1, 1), bucket=archived.bucket, object_key=first.key, version_id=first.version_id,
            form=FORM, data_key_id=keys["recording:1"][0], content_type="audio/flac", sha256=first.sha256,
            sha512=first.sha512, bytes=first.size, plain_sha256="", plain_bytes=1, samples_sha256=None,
            retain_until=until, second_bucket=second_archive().bucket, second_version_id=second.version_id,
        )  # fmt: skip
    return (await objects())[0]


async def expired(kept) -> None:
    await asyncio.sleep(max(0.0, (kept.retain_until - datetime.now(UTC)).total_seconds()) + 1.2)


async def approved_list(clock) -> int:
    number = await archive_orders.list_expired("an", clock)
    assert await archive_orders.approve(number, "bo", clock) == 1
    assert await archive_orders.approve(number, "cai", clock) == 2
    return number


async def test_what_has_expired_goes_by_two_approvals_with_a_certificate(expiring, ask):
    clock = Clock()
    with pytest.raises(DisposalRefused, match="NOTHING_EXPIRED"):
        await archive_orders.list_expired("an", clock)
    await expired(expiring)
    number = await archive_orders.list_expired("an", clock)
    for who, why in (("an", "SAME_PERSON"), ("bo", None), ("bo", "SAME_PERSON")):
        if why is None:
            await archive_orders.approve(number, who, clock)
            continue
        with pytest.raises(DisposalRefused, match=why):
            await archive_orders.approve(number, who, clock)
        with pytest.raises(DisposalRefused, match="NOT_APPROVED"):
            await archive_orders.dispose(number, clock)
    await archive_orders.approve(number, "cai", clock)
    assert await archive_orders.dispose(number, clock) == {expiring.object_key: "DESTROYED"}

    for store in (archive(), second_archive()):
        assert store.versions(expiring.object_key) == []
    assert await objects() == []
    [tombstone] = await ask("SELECT sha256, disposed_at FROM archive_objects")
    assert tombstone["sha256"] == expiring.sha256 and tombstone["disposed_at"]
    [key] = await ask("SELECT wrapped, destroyed_why FROM data_keys")
    assert (key["wrapped"], key["destroyed_why"]) == (None, "DISPOSED")
    with pytest.raises(KeyDestroyed):
        data_keys.unwrapped("k", {"wrapped": None, "kek": "1"}, key_keeper())
    [row] = await ask("SELECT certificate FROM disposals")
    [(digest, certificate)] = row["certificate"].items()
    text = json.dumps(certificate, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert certificate["approved_by"] == ["bo", "cai"] and [p["versions_left"] for p in certificate["absence"]] == [
        0,
        0,
    ]
    assert await ledger(ask) == ["RECORDING_DISPOSED", "DATA_KEY_DESTROYED"]
    with pytest.raises(DisposalRefused, match="DONE"):
        await archive_orders.dispose(number, clock)


async def test_our_clock_two_years_ahead_makes_nothing_expire(kept, clock, ask):
    clock.set(datetime.now(UTC) + timedelta(days=30 * 365), 0.001)
    with pytest.raises(DisposalRefused, match="NOTHING_EXPIRED"):
        await archive_orders.list_expired("an", clock)
    # not even with the rows changed by hand: the store goes by its own clock
    await ask("UPDATE archive_objects SET retain_until = '2026-01-01', began_on = '2001-01-01'")
    await ask("UPDATE contracts SET status = 'TERMINATED', facts = '{\"surrendered_on\": \"2010-01-01\"}'")
    number = await approved_list(clock)
    assert await archive_orders.dispose(number, clock) == {kept.object_key: "STORE_REFUSED"}
    for store, version in ((archive(), kept.version_id), (second_archive(), kept.second_version_id)):
        assert store.read_back(kept.object_key, version).sha256 == kept.sha256
    assert (await ask("SELECT wrapped FROM data_keys"))[0]["wrapped"] is not None


async def test_a_dispute_or_hold_after_the_list_keeps_it(expiring, ask):
    clock = Clock()
    await expired(expiring)
    number = await approved_list(clock)
    await archive_orders.hold("call-RE1", "争议", "lin", clock)
    assert await archive_orders.dispose(number, clock) == {expiring.object_key: "MUST_BE_KEPT"}
    with pytest.raises(DisposalRefused, match="NOTHING_EXPIRED"):
        await archive_orders.list_expired("an", clock)
    await archive_orders.ask_release("call-RE1", "结案", "wu", clock)
    await archive_orders.release("call-RE1", "zhao", clock)
    number = await approved_list(clock)
    async with db.transaction() as connection:
        await disputes.open_dispute(connection, "P-RE1", date(2020, 1, 1), "lin", clock.now())
    assert await archive_orders.dispose(number, clock) == {expiring.object_key: "MUST_BE_KEPT"}
    assert archive().read_back(expiring.object_key, expiring.version_id).sha256 == expiring.sha256
