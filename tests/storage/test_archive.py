"""The archive on a real S3 server: what is locked stays, by effect (any 4xx is a refusal)."""

import base64
import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from minio.retention import Retention
from minio.versioningconfig import SUSPENDED, VersioningConfig

from settings import settings
from storage.archive import Archive, ArchiveUnreachable, ArchiveUnsafe, parse_date

IN_TWENTY_YEARS = datetime(2046, 9, 25, tzinfo=UTC)


@pytest.fixture
def archive(each_store) -> Archive:
    archive = Archive(settings())
    archive.ensure_bucket()
    return archive


def test_a_recording_is_locked_and_read_back_by_its_version(archive):
    stored = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    assert stored.version_id and stored.mode == "COMPLIANCE"
    assert stored.retain_until >= IN_TWENTY_YEARS
    assert archive.open("recordings/a.flac", stored.version_id) == b"sound"


def _delete(client, at):
    client.remove_object(**at)


def _delete_by_force(client, at):
    of_many = DeleteObject(at["object_name"], at["version_id"])
    errors = list(
        client.remove_objects(bucket_name=at["bucket_name"], delete_object_list=[of_many], bypass_governance_mode=True)
    )
    assert errors, "nothing was refused"


def _shorten(client, at):
    client.set_object_retention(config=Retention(COMPLIANCE, datetime.now(UTC) + timedelta(days=1)), **at)


def _soften(client, at):
    client.set_object_retention(config=Retention(GOVERNANCE, IN_TWENTY_YEARS), **at)


def _stop_keeping_versions(client, at):
    client.set_bucket_versioning(bucket_name=at["bucket_name"], config=VersioningConfig(SUSPENDED))


def _remove_the_bucket(client, at):
    client.remove_bucket(bucket_name=at["bucket_name"])


@pytest.mark.parametrize(
    "attack", [_delete, _delete_by_force, _shorten, _soften, _stop_keeping_versions, _remove_the_bucket]
)
def test_nobody_takes_it_away_or_shortens_it(archive, attack):
    stored = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    at = {"bucket_name": archive.bucket, "object_name": stored.key, "version_id": stored.version_id}
    try:
        attack(archive._client, at)
    except S3Error as refused:
        # stores differ in code and number; a fault of the server would be no refusal
        assert 400 <= refused.response.status < 500, refused.code
    else:
        assert attack is _delete_by_force, "it was not refused"
    assert archive.read_back(stored.key, stored.version_id) == stored
    assert archive.open(stored.key, stored.version_id) == b"sound"
    archive.check_bucket()


def test_a_name_may_be_hidden_and_its_version_stays(archive):
    """A delete without a version only puts a marker: what is kept by its version is read as before."""
    stored = archive.put("recordings/a.flac", b"sound", "audio/flac", IN_TWENTY_YEARS)
    archive._client.remove_object(bucket_name=archive.bucket, object_name=stored.key)
    assert archive.read_back(stored.key, stored.version_id) == stored


def test_bytes_that_changed_on_the_way_are_refused(archive):
    with pytest.raises(S3Error) as refused:
        archive._client.put_object(
            bucket_name=archive.bucket, object_name="recordings/a.flac", data=io.BytesIO(b"sounD"), length=5,
            metadata={"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(b"sound").digest()).decode()},
            retention=Retention(COMPLIANCE, IN_TWENTY_YEARS),
        )  # fmt: skip
    assert 400 <= refused.value.response.status < 500
    assert list(archive._client.list_objects(bucket_name=archive.bucket, recursive=True)) == []


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


def test_a_bucket_without_lock_is_refused(each_store):
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
