"""A recording is heard, masked and handed out from its second copy when the first is damaged, gone or away."""

import hashlib

import pytest

from settings import settings
from storage import archive_objects, db
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


async def test_a_first_store_that_is_away_is_not_waited_for_twice(kept, monkeypatch):
    copy = second_archive()  # made before the first one's address changes
    monkeypatch.setenv("HUIFANG_S3_ENDPOINT", "127.0.0.1:9")
    settings.cache_clear()
    archive.cache_clear()
    assert second_archive() is copy
    assert whole(kept)


def _keeper():
    from storage.key_keepers import key_keeper

    return key_keeper()
