"""A recording is heard, masked and handed out from its second copy when the first is damaged, gone or away; and whoever meets
that has it put right."""

import hashlib

import pytest

from settings import settings
from storage import alarms, archive_objects, db
from storage.archive import archive, second_archive
from storage.encryption import NotOpened
from storage.recording_reader import RecordingReader, reader_of
from storage.s3_client import ArchiveError
from tasks import archive_care
from tasks.archiving import archive_recordings


@pytest.fixture
async def kept(archived, line, clock, reported, talk):
    await reported("RE1", talk(60), 60)
    await archive_recordings.fn(line, clock)
    assert await archive_care.make_second_copies.fn(clock) == 1
    async with db.transaction() as connection:
        [found] = await archive_objects.select(connection, "true")
    assert found.plain_bytes > 5 * 65536  # so that there is something before and behind the damage
    return found


def whole(kept) -> bool:
    return hashlib.sha256(reader_of(kept).read()).hexdigest() == kept.plain_sha256


async def test_damage_in_the_middle_of_the_first_copy_is_not_heard(kept, archived, behind):
    sealed = bytearray(archived.open(kept.object_key, kept.version_id))
    sealed[len(sealed) // 2] ^= 1
    behind.replace(archived.bucket, kept.object_key, kept.version_id, bytes(sealed))
    assert whole(kept)
    # a stretch behind the damage, one before it, one over it
    plain = reader_of(kept).read()
    for begin, end in (
        (0, 1000),
        (kept.plain_bytes // 2 - 70000, kept.plain_bytes // 2 + 70000),
        (kept.plain_bytes - 9, None),
    ):
        assert reader_of(kept).read(begin, end) == plain[begin:end]
    with pytest.raises(NotOpened):
        RecordingReader(kept, archived, _keeper()).read()
    behind.remove(archived.bucket, kept.object_key, kept.version_id)
    assert whole(kept)
    behind.remove(second_archive().bucket, kept.object_key, kept.second_version_id)
    with pytest.raises(ArchiveError):
        reader_of(kept).read()


@pytest.mark.parametrize(("gone", "problem"), [(False, "OBJECT_CHANGED"), (True, "OBJECT_GONE")])
async def test_what_somebody_meets_is_told_once_and_mended_in_the_next_reading(
    kept, archived, clock, ask, behind, gone, problem
):
    if gone:
        behind.remove(archived.bucket, kept.object_key, kept.version_id)
    else:
        behind.replace(archived.bucket, kept.object_key, kept.version_id, b"\0" * kept.bytes)
    assert whole(kept) and whole(kept)
    assert await ask("SELECT problem, second_problem FROM archive_objects") == [
        {"problem": problem, "second_problem": None}
    ]
    assert await ask("SELECT name, detail FROM alarms") == [{"name": alarms.FIXITY_FAILED, "detail": {"objects": 1}}]
    [told] = await ask("SELECT body FROM ledger WHERE kind = 'FIXITY_FAILED'")
    assert problem in told["body"] and kept.version_id in told["body"]

    done = await archive_care.check_objects.fn(clock)  # nothing is due by its date
    assert [(f.which, f.problem, f.mended) for f in done.findings] == [("FIRST", problem, True)]
    assert await ask("SELECT name FROM alarms") == []
    async with db.transaction() as connection:
        [mended] = await archive_objects.select(connection, "true")
    assert (mended.problem, mended.version_id == kept.version_id) == (None, False)
    assert RecordingReader(mended, archived, _keeper()).read()
    # who still holds the row of before is told nothing new of a copy that is no longer used
    assert whole(kept) and await ask("SELECT name FROM alarms") == []
    assert (await archive_care.check_objects.fn(clock)).objects == 0


async def test_a_reader_who_cannot_write_it_down_reads_all_the_same(kept, archived, ask, behind):
    """Somebody holds the object's row, as a repair does."""
    behind.remove(archived.bucket, kept.object_key, kept.version_id)
    async with db.transaction() as connection:
        await db.rows(connection, "SELECT id FROM archive_objects FOR UPDATE")
        assert whole(kept)
    assert await ask("SELECT problem FROM archive_objects") == [{"problem": None}]


async def test_a_first_store_that_is_away_is_not_waited_for_twice(kept, ask, monkeypatch):
    copy = second_archive()  # made before the first one's address changes
    monkeypatch.setenv("HUIFANG_S3_ENDPOINT", "127.0.0.1:9")
    settings.cache_clear()
    archive.cache_clear()
    assert second_archive() is copy
    assert whole(kept)
    [alarm] = await ask("SELECT name, detail FROM alarms")
    assert (alarm["name"], alarm["detail"]["copy"]) == (alarms.ARCHIVE_AWAY, "FIRST")
    assert await ask("SELECT problem FROM archive_objects") == [{"problem": None}]  # away is not damaged


def _keeper():
    from storage.key_keepers import key_keeper

    return key_keeper()
