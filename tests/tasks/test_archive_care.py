"""The archive looked after, on a real store that is damaged behind its own back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from settings import settings
from storage import alarms, archive_objects, archive_orders, db, disputes, worm_tests
from storage.archive import Archive, archive, second_archive
from storage.controls import carrier_copies_may_go
from storage.disputes import DisputeRefused
from storage.key_keepers import key_keeper
from storage.recording_reader import RecordingReader
from storage.worm_canary import self_test
from tasks import archive_care
from tasks.archiving import archive_recordings

carry = archive_recordings.fn


async def standing(ask) -> dict[str, dict]:
    return {row["name"]: row["detail"] for row in await ask("SELECT name, detail FROM alarms")}


async def lines(ask, *kinds: str) -> list[dict]:
    return await ask("SELECT kind, body FROM ledger WHERE kind = ANY(:kinds) ORDER BY seq", kinds=list(kinds))


@pytest.fixture
async def kept(archived, line, clock, reported, talk):
    """One recording with both its copies."""
    await reported("RE1", talk(4), facts={})
    await carry(line, clock)
    assert await archive_care.make_second_copies.fn(clock) == 1
    async with db.transaction() as connection:
        [found] = await archive_objects.select(connection, "true")
    return found


async def again(kept) -> archive_objects.KeptObject:
    async with db.transaction() as connection:
        [found] = await archive_objects.select(connection, "o.id = :id", id=kept.id)
    return found


# ---------------------------------------------------------------- the store's own word


async def test_a_store_that_keeps_its_promises_passes_each_one_by_one(archived, clock, ask):
    reports = await archive_care.prove_stores.fn(clock)
    assert [r.bucket for r in reports] == [archived.bucket, second_archive().bucket]
    assert all(r.kept for r in reports), [r.broken for r in reports]
    assert {a.promise for a in reports[0].attempts} == {
        "BUCKET_LOCKS", "OBJECT_LOCKS", "DELETE_REFUSED", "DELETE_OF_MANY_REFUSED", "BYPASS_REFUSED",
        "OVERWRITE_KEEPS_OLD", "SHORTEN_REFUSED", "DOWNGRADE_REFUSED", "SUSPEND_REFUSED", "HIDING_KEEPS_OLD",
        "EXTEND_ACCEPTED",
    }  # fmt: skip
    assert await standing(ask) == {}
    async with db.transaction() as connection:
        assert await carrier_copies_may_go(connection)
        assert {row["bucket"] for row in await worm_tests.newest(connection)} == {r.bucket for r in reports}


def test_on_every_store_the_promises_hold(each_store):
    store = Archive(settings())
    store.ensure_bucket()
    report = self_test(store)
    assert report.kept, report.as_json()


async def test_on_every_store_a_recording_goes_its_whole_way(each_store, archived, line, clock, reported, talk, ask):
    await reported("RE1", talk(4))
    await carry(line, clock)
    assert await archive_care.make_second_copies.fn(clock) == 1
    done = await archive_care.check_objects.fn(clock, everything=True)
    assert (done.objects, done.findings) == (1, ())
    [row] = await ask("SELECT state, version_id FROM recordings")
    assert row["state"] == "CLEARED"
    await archive_orders.hold("call-RE1", "争议", "lin", clock)
    await archive_orders.ask_release("call-RE1", "结案", "wu", clock)
    assert await archive_orders.release("call-RE1", "zhao", clock) == 1
    clock.set(datetime(2046, 6, 1, tzinfo=UTC), 0.001)
    assert await archive_care.lock_for_longer.fn(clock) == 1
    async with db.transaction() as connection:
        [kept] = await archive_objects.select(connection, "true")
    assert RecordingReader(kept, archived, key_keeper()).read()[:4] == b"fLaC"


async def test_a_bucket_without_lock_stops_everything_and_says_so(
    archived, line, clock, reported, talk, ask, monkeypatch
):
    recording = await reported("RE1", talk(4))
    archived._client.make_bucket(bucket_name=f"{archived.bucket}-open")
    with monkeypatch.context() as other:
        other.setenv("HUIFANG_S3_BUCKET", f"{archived.bucket}-open")
        settings.cache_clear()
        archive.cache_clear()
        [report, _] = await archive_care.prove_stores.fn(clock)
        assert report.broken == ["BUCKET_LOCKS"]
        assert list((await standing(ask))[alarms.WORM_BROKEN]["broken"]) == [f"{archived.bucket}-open"]
        async with db.transaction() as connection:
            assert not await carrier_copies_may_go(connection)
        await carry(line, clock)
        assert alarms.ARCHIVE_UNSAFE in await standing(ask)
    assert "RE1" in line.media_of and line.deleted == []
    [row] = await ask("SELECT state FROM recordings WHERE id = :id", id=recording)
    assert row["state"] == "REPORTED"
    settings.cache_clear()
    archive.cache_clear()
    # a bucket that keeps its promises again lets things go on
    await archive_care.prove_stores.fn(clock)
    async with db.transaction() as connection:
        assert await carrier_copies_may_go(connection)
    assert alarms.WORM_BROKEN not in await standing(ask)


async def test_a_store_that_loses_what_is_locked_is_found_out(archived, clock, ask, behind):
    """A store that takes the lock and deletes all the same."""

    class Careless:
        def __init__(self, client):
            self._client = client

        def __getattr__(self, name):
            return getattr(self._client, name)

        def remove_object(self, bucket_name, object_name, version_id=None):
            if version_id:
                behind.remove(bucket_name, object_name, version_id)
            else:
                self._client.remove_object(bucket_name=bucket_name, object_name=object_name)

    archived._client = Careless(archived._client)
    reports = await archive_care.prove_stores.fn(clock)
    assert "DELETE_REFUSED" in reports[0].broken and reports[1].kept
    assert alarms.WORM_BROKEN in await standing(ask)


async def test_a_clock_far_from_the_stores_raises_an_alarm(archived, clock, ask, tmp_path):
    assert abs(await archive_care.compare_clocks.fn(clock)) < timedelta(minutes=1)  # a simulated day is none
    assert await standing(ask) == {}

    class TwoYearsAhead:
        file, speed = None, 1.0

        def now(self):
            return datetime.now(UTC) + timedelta(days=730)

    await archive_care.compare_clocks.fn(TwoYearsAhead())
    assert (await standing(ask))[alarms.CLOCKS_APART]["seconds"] > 700 * 86400


async def test_with_our_clock_two_years_ahead_locks_are_longer_and_nothing_ends(
    archived, line, clock, reported, talk, ask
):
    clock.set(clock.now() + timedelta(days=730), 0.001)
    await reported("RE1", talk(4))
    await carry(line, clock)
    [row] = await ask("SELECT object_key, version_id, retain_until, state FROM recordings")
    assert row["state"] == "CLEARED" and row["retain_until"] > datetime(2048, 9, 1, tzinfo=UTC)
    assert archived.lock_of(row["object_key"], row["version_id"]).covers(row["retain_until"])


# ---------------------------------------------------------------- reading again, mending


async def test_all_is_read_again_in_time_and_what_is_overdue_is_told(kept, clock, ask):
    done = await archive_care.check_objects.fn(clock)
    assert (done.objects, done.finished) == (0, True)  # nothing is due yet
    clock.set(clock.now() + timedelta(days=91), 0.001)
    done = await archive_care.check_objects.fn(clock, 0)  # no time at all
    assert (done.objects, done.finished) == (0, False)
    assert (await standing(ask))[alarms.FIXITY_OVERDUE] == {"objects": 1}
    done = await archive_care.check_objects.fn(clock)
    assert (done.objects, done.findings, done.finished) == (1, (), True)
    assert await standing(ask) == {}
    checks = await ask("SELECT which, problem FROM fixity_checks ORDER BY which")
    assert [(c["which"], c["problem"]) for c in checks] == [("FIRST", None), ("SECOND", None)]


@pytest.mark.parametrize(
    ("which", "damage"), [("FIRST", "OBJECT_CHANGED"), ("FIRST", "OBJECT_GONE"), ("SECOND", "OBJECT_CHANGED")]
)
async def test_a_damaged_copy_is_mended_from_the_other(kept, clock, ask, behind, which, damage):
    store = archive() if which == "FIRST" else second_archive()
    version = kept.version_id if which == "FIRST" else kept.second_version_id
    if damage == "OBJECT_GONE":
        behind.remove(store.bucket, kept.object_key, version)
    else:
        behind.replace(store.bucket, kept.object_key, version, b"\0" * kept.bytes)
    done = await archive_care.check_objects.fn(clock, everything=True)
    assert [(f.which, f.problem, f.mended) for f in done.findings] == [(which, damage, True)]
    now = await again(kept)
    new = now.version_id if which == "FIRST" else now.second_version_id
    assert new != version and store.lock_of(kept.object_key, new).covers(kept.retain_until)
    assert RecordingReader(now, store, key_keeper(), new).read()
    if which == "FIRST":
        assert [r["version_id"] for r in await ask("SELECT version_id FROM recordings")] == [new]
    assert [row["kind"] for row in await lines(ask, "FIXITY_FAILED", "RECORDING_REPAIRED")] == [
        "FIXITY_FAILED", "RECORDING_REPAIRED",
    ]  # fmt: skip
    assert await standing(ask) == {}
    assert (await archive_care.check_objects.fn(clock, everything=True)).findings == ()


async def test_when_both_copies_are_gone_the_alarm_stands(kept, clock, ask, behind):
    behind.remove(archive().bucket, kept.object_key, kept.version_id)
    behind.remove(second_archive().bucket, kept.object_key, kept.second_version_id)
    done = await archive_care.check_objects.fn(clock, everything=True)
    assert [(f.problem, f.mended) for f in done.findings] == [("OBJECT_GONE", False), ("OBJECT_GONE", False)]
    assert (await standing(ask))[alarms.FIXITY_FAILED] == {"objects": 1}


# ---------------------------------------------------------------- keeping longer


async def test_the_lock_follows_the_contract_and_never_shrinks(kept, clock, ask):
    assert await archive_care.lock_for_longer.fn(clock) == 0
    later = clock.now() + timedelta(days=1)
    await ask(
        """UPDATE contracts SET status = 'TERMINATED', facts = '{"surrendered_on": "2045-03-01"}', updated_at = :at""",
        at=later,
    )
    clock.set(later + timedelta(hours=1), 0.001)
    assert await archive_care.lock_for_longer.fn(clock) == 1
    now = await again(kept)
    assert now.retain_until == datetime(2055, 3, 1, 16, tzinfo=UTC)  # 2055-03-01 is still kept in Shanghai
    for store, version in ((archive(), kept.version_id), (second_archive(), kept.second_version_id)):
        assert store.lock_of(kept.object_key, version).retain_until == now.retain_until
    [told] = await lines(ask, "RETENTION_EXTENDED")
    assert "2055-03-01T16:00:00" in told["body"]
    assert await archive_care.lock_for_longer.fn(clock) == 0  # no news, nothing to do

    # an earlier end delivered afterwards changes nothing
    await ask('UPDATE contracts SET facts = \'{"surrendered_on": "2027-01-01"}\', updated_at = :at', at=clock.now())
    clock.set(clock.now() + timedelta(hours=1), 0.001)
    assert await archive_care.lock_for_longer.fn(clock) == 0
    assert (await again(kept)).retain_until == now.retain_until


async def test_a_dispute_moves_the_end(kept, clock, ask):
    await ask(
        """UPDATE contracts SET status = 'TERMINATED', facts = '{"surrendered_on": "2027-01-01"}', updated_at = :at""",
        at=clock.now() + timedelta(minutes=1),
    )
    clock.set(clock.now() + timedelta(days=1), 0.001)
    assert await archive_care.lock_for_longer.fn(clock) == 0  # twenty years from the call are longer
    async with db.transaction() as connection:
        later = datetime(2046, 9, 2, tzinfo=UTC)
        for day, why in ((date(2046, 9, 3), "NOT_A_DAY"), (date(2046, 5, 1), "NO_SUCH_POLICY")):
            with pytest.raises(DisputeRefused, match=why):
                await disputes.open_dispute(connection, "P-none", day, "lin", later)
        dispute = await disputes.open_dispute(connection, "P-RE1", date(2046, 5, 1), "lin", later)
        for day, why in ((date(2046, 9, 3), "NOT_A_DAY"), (date(2046, 4, 30), "NO_SUCH_DISPUTE")):
            with pytest.raises(DisputeRefused, match=why):
                await disputes.close_dispute(connection, dispute, day, "lin", later)
        await disputes.close_dispute(connection, dispute, date(2046, 9, 1), "lin", later)
    clock.set(clock.now() + timedelta(days=1), 0.001)
    assert await archive_care.lock_for_longer.fn(clock) == 1
    assert (await again(kept)).retain_until == datetime(2048, 9, 1, 16, tzinfo=UTC)


async def test_while_the_contract_is_in_force_the_lock_never_runs_out(kept, clock):
    clock.set(datetime(2046, 6, 1, tzinfo=UTC), 0.001)
    assert await archive_care.lock_for_longer.fn(clock) == 1
    assert (await again(kept)).retain_until > clock.now() + timedelta(days=700)


# ---------------------------------------------------------------- accounting for calls


async def test_a_call_without_recording_and_reason_is_told(archived, line, clock, reported, talk, ask):
    await reported("RE1", talk(4))
    await reported("RE2", None)
    await ask("UPDATE recordings SET state = 'LOST', problem = 'ABSENT' WHERE provider_id = 'RE2'")
    await reported("RE3", None)
    await carry(line, clock)
    clock.set(clock.now() + timedelta(hours=3), 0.001)
    assert await archive_care.account_for_calls.fn(clock) == 1
    assert (await standing(ask))[alarms.RECORDING_UNACCOUNTED] == {"calls": 1, "first": "call-RE3"}
    line.media_of["RE3"] = talk(4)
    await carry(line, clock)
    assert await archive_care.account_for_calls.fn(clock) == 0
    assert alarms.RECORDING_UNACCOUNTED not in await standing(ask)
