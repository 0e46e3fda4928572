"""The archive on a real S3 server: what is locked stays, by effect (any 4xx is a refusal)."""

from datetime import UTC, datetime, timedelta

import pytest
from minio.error import S3Error

from settings import settings
from storage.archive import Archive, ArchiveUnreachable, ArchiveUnsafe, parse_date

IN_TWENTY_YEARS = datetime(2046, 9, 25, tzinfo=UTC)


@pytest.fixture
def archive(installation) -> Archive:
    archive = Archive(settings())
    archive.ensure_bucket()
    return archive


def test_a_recording_is_locked_and_read_back_by_its_version(archive):
    stored = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    assert stored.version_id and stored.mode == "COMPLIANCE"
    assert stored.retain_until >= IN_TWENTY_YEARS
    assert archive.open("recordings/a.flac", stored.version_id) == b"sound"


def test_nobody_deletes_or_shortens_it(archive):
    stored = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    client = archive._client
    with pytest.raises(S3Error):
        client.remove_object(bucket_name=archive.bucket, object_name=stored.key, version_id=stored.version_id)
    from minio.commonconfig import COMPLIANCE
    from minio.retention import Retention

    with pytest.raises(S3Error):
        client.set_object_retention(
            bucket_name=archive.bucket,
            object_name=stored.key,
            config=Retention(COMPLIANCE, datetime.now(UTC) + timedelta(days=1)),
            version_id=stored.version_id,
        )
    again = archive.read_back(stored.key, stored.version_id)
    assert (again.sha256, again.mode, again.retain_until) == (stored.sha256, stored.mode, stored.retain_until)


def test_storing_again_after_a_cut_keeps_the_version_that_is_there(archive):
    first = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    second = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    assert first.version_id == second.version_id
    versions = list(
        archive._client.list_objects(bucket_name=archive.bucket, prefix="recordings/", include_version=True)
    )
    assert len(versions) == 1


def test_other_bytes_under_the_same_name_do_not_replace_it(archive):
    first = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    second = archive.put("recordings/a.flac", b"other", "audio/flac", IN_TWENTY_YEARS)
    assert first.version_id != second.version_id
    assert archive.open("recordings/a.flac", first.version_id) == b"sound"


def test_a_bucket_without_lock_is_refused(installation):
    archive = Archive(settings())
    archive._client.make_bucket(bucket_name=archive.bucket)
    with pytest.raises(ArchiveUnsafe):
        archive.ensure_bucket()


def test_a_date_without_zone_is_refused(archive):
    with pytest.raises(ValueError, match="zone"):
        archive.put("a", b"", "audio/flac", datetime(2046, 9, 25))  # noqa: DTZ001


def test_a_store_that_is_away_is_told_from_one_that_refuses(installation, monkeypatch):
    monkeypatch.setenv("HUIFANG_S3_ENDPOINT", "127.0.0.1:1")
    settings.cache_clear()
    with pytest.raises(ArchiveUnreachable):
        Archive(settings()).ensure_bucket()


@pytest.mark.parametrize(
    ("text", "micro"),
    [("2046-09-25T00:00:00Z", 0), ("2046-09-25T00:00:00.123Z", 123000), ("2046-09-25T00:00:00.123456789Z", 123456)],
)
def test_dates_of_every_store_are_read(text, micro):
    assert parse_date(text) == datetime(2046, 9, 25, microsecond=micro, tzinfo=UTC)
