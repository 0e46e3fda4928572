"""The archive of recordings: an S3 bucket with Object Lock, through the `minio` SDK. Keyword arguments only (7.2.19
and 8 differ from 7.2.20 in the order). Locks protect versions, not names: a version id is what we keep and read by.
"""

import base64
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import urllib3
from minio import Minio
from minio.commonconfig import COMPLIANCE
from minio.error import MinioException, S3Error
from minio.objectlockconfig import YEARS, ObjectLockConfig
from minio.retention import Retention
from minio.versioningconfig import ENABLED

from settings import Settings

# Only a net: every object carries its own date, since stores count a default year differently.
DEFAULT_YEARS = 20
SINGLE_PART = 64 * 1024 * 1024  # one part up to here, so that the server checks one checksum over the whole


class ArchiveError(Exception):
    """The archive cannot be used, and why."""


class ArchiveUnreachable(ArchiveError):
    """No answer, or a server error: try again later; nothing is lost by waiting."""


class ArchiveUnsafe(ArchiveError):
    """The bucket does not lock what it should: nothing may be deleted at the carrier while this holds."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object version as the archive gives it back."""

    key: str
    version_id: str
    sha256: str
    size: int
    mode: str | None
    retain_until: datetime | None


class Archive:
    """One instance a process (the SDK is safe for threads, not across a fork). Calls block: use a thread."""

    def __init__(self, settings: Settings):
        self.bucket = settings.s3_bucket
        self._client = Minio(
            settings.s3_endpoint,
            access_key=settings.s3_access_key.get_secret_value(),
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=settings.s3_secure,
            region="us-east-1",  # saves a look-up per bucket
            # A PUT that is re-sent blindly leaves an extra version locked for twenty years: retries are the caller's.
            http_client=urllib3.PoolManager(
                timeout=urllib3.Timeout(connect=5, read=30), maxsize=20, retries=urllib3.Retry(total=0, redirect=0)
            ),
        )

    def ensure_bucket(self) -> None:
        """Create the bucket with Object Lock if it is missing; then check it. Raises ArchiveUnsafe, ArchiveUnreachable."""
        with _translated():
            if not self._client.bucket_exists(bucket_name=self.bucket):
                self._client.make_bucket(bucket_name=self.bucket, object_lock=True)
                self._client.set_object_lock_config(
                    bucket_name=self.bucket, config=ObjectLockConfig(COMPLIANCE, DEFAULT_YEARS, YEARS)
                )
        self.check_bucket()

    def check_bucket(self) -> None:
        """Versioning on, Object Lock on, default mode not weaker than COMPLIANCE; anything else is ArchiveUnsafe."""
        with _translated():
            if self._client.get_bucket_versioning(bucket_name=self.bucket).status != ENABLED:
                raise ArchiveUnsafe(f"bucket {self.bucket} has no versioning: create it anew with Object Lock")
            try:
                config = self._client.get_object_lock_config(bucket_name=self.bucket)
            except S3Error as e:
                if e.code.startswith("ObjectLockConfiguration"):
                    raise ArchiveUnsafe(
                        f"bucket {self.bucket} has no Object Lock: it can only be had at creation"
                    ) from e
                raise
            if config.mode != COMPLIANCE:
                raise ArchiveUnsafe(f"bucket {self.bucket} locks by {config.mode or 'nothing'}, COMPLIANCE is required")

    def put(self, key: str, data: bytes, content_type: str, retain_until: datetime) -> Stored:
        """Store under COMPLIANCE until `retain_until` (aware) and read it back. If a version with these very bytes and a
        lock as long is there already, because an earlier try was cut off, that one is kept. Raises ArchiveError."""
        if retain_until.tzinfo is None:
            raise ValueError("retain_until must carry its zone")
        digest = hashlib.sha256(data).digest()
        with _translated():
            version_id = self._version_of(key, digest.hex(), retain_until)
            if version_id is None:
                result = self._client.put_object(
                    bucket_name=self.bucket,
                    object_name=key,
                    data=io.BytesIO(data),
                    length=len(data),
                    content_type=content_type,
                    # Names that begin with x-amz- pass through as headers: the server verifies the checksum itself.
                    metadata={"x-amz-checksum-sha256": base64.b64encode(digest).decode()},
                    part_size=max(SINGLE_PART, 5 * 1024 * 1024),
                    retention=Retention(COMPLIANCE, retain_until.astimezone(UTC)),
                )
                version_id = result.version_id
                if not version_id:
                    raise ArchiveUnsafe(f"bucket {self.bucket} gave no version id")
        stored = self.read_back(key, version_id)
        if stored.sha256 != digest.hex():
            raise ArchiveError(f"{key} came back with other bytes")
        if stored.mode != COMPLIANCE or stored.retain_until is None or stored.retain_until < _whole(retain_until):
            raise ArchiveUnsafe(
                f"{key} is locked by {stored.mode} until {stored.retain_until}, not until {retain_until}"
            )
        return stored

    def _version_of(self, key: str, sha256: str, retain_until: datetime) -> str | None:
        for found in self._client.list_objects(bucket_name=self.bucket, prefix=key, include_version=True):
            if found.object_name == key and not found.is_delete_marker and found.version_id:
                stored = self.read_back(key, found.version_id)
                if stored.sha256 == sha256 and stored.retain_until and stored.retain_until >= _whole(retain_until):
                    return found.version_id
        return None

    def read_back(self, key: str, version_id: str) -> Stored:
        """Read one version whole and its lock. Raises ArchiveError."""
        with _translated():
            answer = self._client.get_object(bucket_name=self.bucket, object_name=key, version_id=version_id)
            try:
                digest, size = hashlib.sha256(), 0
                for block in answer.stream(1 << 20):
                    digest.update(block)
                    size += len(block)
            finally:
                answer.close()
                answer.release_conn()
            head = (
                self._client.stat_object(bucket_name=self.bucket, object_name=key, version_id=version_id).metadata or {}
            )
        # The SDK's own parser of retention dates fails on stores that send nanoseconds.
        return Stored(
            key,
            version_id,
            digest.hexdigest(),
            size,
            head.get("x-amz-object-lock-mode"),
            parse_date(head.get("x-amz-object-lock-retain-until-date")),
        )

    def open(self, key: str, version_id: str) -> bytes:
        """The bytes of one version."""
        with _translated():
            answer = self._client.get_object(bucket_name=self.bucket, object_name=key, version_id=version_id)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()


def parse_date(text: str | None) -> datetime | None:
    """An ISO 8601 instant with any number of fractional digits."""
    if not text:
        return None
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")


def _whole(instant: datetime) -> datetime:
    """Stores keep whole seconds or milliseconds of a date."""
    return instant.astimezone(UTC).replace(microsecond=0)


class _translated:
    """The SDK's and urllib3's exceptions → ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, trace) -> None:
        if error is None or isinstance(error, ArchiveError):
            return
        if isinstance(error, S3Error) and not error.code.startswith(("Internal", "Slow", "Service")):
            raise ArchiveError(f"the archive refused: {error.code}") from error
        if isinstance(error, MinioException | urllib3.exceptions.HTTPError | OSError):
            raise ArchiveUnreachable(f"the archive does not answer: {type(error).__name__}") from error


@cache
def archive() -> Archive:
    """This process's archive, by its settings."""
    from settings import settings

    return Archive(settings())
