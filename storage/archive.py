"""The archive of recordings: an S3 bucket with Object Lock, through the `minio` SDK. Keyword arguments only (7.2.19
and 8 differ from 7.2.20 in the order). Locks protect versions, not names: a version id is what we keep and read by.
"""

import base64
import email.utils
import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import BinaryIO

from minio.commonconfig import COMPLIANCE
from minio.error import S3Error
from minio.objectlockconfig import YEARS, ObjectLockConfig
from minio.retention import Retention
from minio.versioningconfig import ENABLED

from settings import Settings
from storage.s3_client import (
    ArchiveError,
    ArchiveUnreachable,
    ArchiveUnsafe,
    NotInArchive,
    connect,
    translated,
)

# Only a net: every object carries its own date, since stores count a default year differently.
DEFAULT_YEARS = 20
# One part up to here, so that the server checks one checksum over the whole; more is held in memory part by part.
PART = 8 * 1024 * 1024
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Lock:
    """What the store says of one version: mode, date and whether a legal hold is on."""

    mode: str | None
    retain_until: datetime | None
    held: bool = False

    def covers(self, until: datetime) -> bool:
        """Under COMPLIANCE to `until` or later; stores keep whole seconds or milliseconds of a date."""
        whole = until.astimezone(UTC).replace(microsecond=0)
        return self.mode == COMPLIANCE and self.retain_until is not None and self.retain_until >= whole


@dataclass(frozen=True, slots=True)
class Stored:
    """An object version as the archive gives it back."""

    key: str
    version_id: str
    sha256: str
    size: int
    mode: str | None
    retain_until: datetime | None
    sha512: str | None = field(default=None, compare=False)

    @property
    def lock(self) -> Lock:
        return Lock(self.mode, self.retain_until)


@dataclass(frozen=True, slots=True)
class Version:
    """One line of a name's history; a delete marker hides the name and touches no bytes."""

    key: str
    version_id: str
    is_marker: bool
    size: int | None


class Archive:
    """One instance a process (the SDK is safe for threads, not across a fork). Calls block: use a thread."""

    def __init__(self, settings: Settings, *, second: bool = False):
        """`second`: the bucket of the second copies, which must be set."""
        own, other = settings, second and settings.s3_copy_endpoint
        self.bucket = own.s3_copy_bucket if second else own.s3_bucket
        access = own.s3_copy_access_key if second and own.s3_copy_access_key else own.s3_access_key
        secret = own.s3_copy_secret_key if second and own.s3_copy_secret_key else own.s3_secret_key
        self._client, self._http = connect(
            other or own.s3_endpoint,
            access.get_secret_value(),
            secret.get_secret_value(),
            secure=own.s3_copy_secure if other else own.s3_secure,
            silence=own.s3_timeout,
        )
        self._checked = False

    def ensure_bucket(self) -> None:
        """Create the bucket with Object Lock if it is missing; then check it. Raises ArchiveUnsafe, ArchiveUnreachable."""
        with translated():
            if not self._client.bucket_exists(bucket_name=self.bucket):
                self._client.make_bucket(bucket_name=self.bucket, object_lock=True)
                self._client.set_object_lock_config(
                    bucket_name=self.bucket, config=ObjectLockConfig(COMPLIANCE, DEFAULT_YEARS, YEARS)
                )
        self.check_bucket()

    def check_bucket(self) -> None:
        """Versioning on, Object Lock on, default mode not weaker than COMPLIANCE; anything else is ArchiveUnsafe."""
        self._checked = False
        with translated():
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
        self._checked = True

    def put(
        self, key: str, data: bytes | BinaryIO, content_type: str, retain_until: datetime, *, mending: bool = False
    ) -> Stored:
        """Store under COMPLIANCE until `retain_until` (aware) and read it back. If a version with these very bytes and a
        lock as long is there already, because an earlier try was cut off, that one is kept. `mending`: whatever else has
        this name, even what the store no longer lists. Raises ArchiveError."""
        if retain_until.tzinfo is None:
            raise ValueError("retain_until must carry its zone")
        if not self._checked:
            self.check_bucket()
        file = io.BytesIO(data) if isinstance(data, bytes) else data
        digests, size = _Digests(), 0
        file.seek(0)
        while block := file.read(_BLOCK):
            digests.add(block)
            size += len(block)
        digest = digests.sha256.digest()
        there = [found for found in self.versions(key) if not found.is_marker]
        try:
            version_id = self._same(there, digest.hex(), size, retain_until)
        except ArchiveError as e:
            if not mending or isinstance(e, ArchiveUnreachable):
                raise
            version_id = None
        if version_id is None:
            file.seek(0)
            version_id = self._put_new(
                key, file, size, digest, content_type, retain_until, only_new=not (there or mending)
            )
        stored = self.read_back(key, version_id)
        if stored.sha256 != digest.hex():
            raise ArchiveError(f"{key} came back with other bytes")
        if not stored.lock.covers(retain_until):
            raise ArchiveUnsafe(
                f"{key} is locked by {stored.mode} until {stored.retain_until}, not until {retain_until}"
            )
        return Stored(
            key, version_id, stored.sha256, size, stored.mode, stored.retain_until, digests.sha512.hexdigest()
        )

    def _put_new(
        self,
        key: str,
        file: BinaryIO,
        size: int,
        digest: bytes,
        content_type: str,
        retain_until: datetime,
        *,
        only_new: bool,
    ) -> str:
        whole = size <= PART
        with translated():
            # A PUT that we gave up waiting for may still arrive: then the name is taken, and this one must not come on top.
            self._http.once.only_new = whole and only_new
            try:
                result = self._client.put_object(
                    bucket_name=self.bucket,
                    object_name=key,
                    data=file,
                    length=size,
                    content_type=content_type,
                    # Names that begin with x-amz- pass through as headers: the server verifies the checksum itself.
                    metadata={"x-amz-checksum-sha256": base64.b64encode(digest).decode()} if whole else None,
                    part_size=PART,
                    num_parallel_uploads=1,
                    retention=Retention(COMPLIANCE, retain_until.astimezone(UTC)),
                )
            except S3Error as e:
                if e.code in ("PreconditionFailed", "ConditionalRequestConflict"):
                    raise ArchiveUnreachable(f"{key} has just been stored by another try: look again") from e
                raise
            finally:
                self._http.once.only_new = False
        if not result.version_id:
            raise ArchiveUnsafe(f"bucket {self.bucket} gave no version id")
        return result.version_id

    def _same(self, there: list[Version], sha256: str, size: int, retain_until: datetime) -> str | None:
        for found in there:
            if found.size not in (None, size):
                continue
            stored = self.read_back(found.key, found.version_id)
            if stored.sha256 == sha256 and stored.lock.covers(retain_until):
                return found.version_id
            if stored.sha256 != sha256 and self._checksum_of(found) == sha256:
                # ours, checked by the store when it came: one more version would help as little, and stay for twenty years
                raise ArchiveError(f"{found.key} came back with other bytes than the store took")
        return None

    def _checksum_of(self, version: Version) -> str | None:
        """The SHA-256 that the store verified when it took this version, where it kept it."""
        with translated():
            head = self._client.stat_object(
                bucket_name=self.bucket,
                object_name=version.key,
                version_id=version.version_id,
                extra_headers={"x-amz-checksum-mode": "ENABLED"},
            ).metadata
        try:
            return base64.b64decode((head or {}).get("x-amz-checksum-sha256") or "", validate=True).hex() or None
        except ValueError:  # of an upload in parts: not of the whole
            return None

    def versions(self, key: str) -> list[Version]:
        """Every version and delete marker of this very name, the newest first."""
        with translated():
            found = self._client.list_objects(bucket_name=self.bucket, prefix=key, include_version=True)
            return [
                Version(key, f.version_id, f.is_delete_marker, f.size)
                for f in found
                if f.object_name == key and f.version_id
            ]

    def read_back(self, key: str, version_id: str, *, thorough: bool = False, pace=None) -> Stored:
        """Read one version whole and its lock. `thorough`: with the SHA-512 too; `pace` is called with the length of each
        block. Raises ArchiveError, NotInArchive."""
        digests, size = _Digests(thorough), 0
        with translated():
            answer = self._client.get_object(bucket_name=self.bucket, object_name=key, version_id=version_id)
            try:
                head = answer.headers
                for block in answer.stream(_BLOCK):
                    digests.add(block)
                    size += len(block)
                    if pace:
                        pace(len(block))
            finally:
                answer.close()
                answer.release_conn()
        lock = _lock(head) if head.get("x-amz-object-lock-mode") else self.lock_of(key, version_id)
        sha512 = digests.sha512.hexdigest() if thorough else None
        return Stored(key, version_id, digests.sha256.hexdigest(), size, lock.mode, lock.retain_until, sha512)

    def lock_of(self, key: str, version_id: str) -> Lock:
        with translated():
            # The SDK's own parser of retention dates fails on stores that send nanoseconds.
            found = self._client.stat_object(bucket_name=self.bucket, object_name=key, version_id=version_id)
            return _lock(found.metadata or {})

    def open(self, key: str, version_id: str) -> bytes:
        """The bytes of one version."""
        return self.read(key, version_id)

    def read(self, key: str, version_id: str, offset: int = 0, length: int = 0) -> bytes:
        """`length` bytes of one version from `offset`; 0: to the end."""
        with translated():
            answer = self._client.get_object(
                bucket_name=self.bucket, object_name=key, version_id=version_id, offset=offset, length=length
            )
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

    def copy_out(self, key: str, version_id: str, out: BinaryIO) -> None:
        """Write the bytes of one version to `out`, a block at a time."""
        with translated():
            answer = self._client.get_object(bucket_name=self.bucket, object_name=key, version_id=version_id)
            try:
                for block in answer.stream(_BLOCK):
                    out.write(block)
            finally:
                answer.close()
                answer.release_conn()

    def extend(self, key: str, version_id: str, retain_until: datetime) -> Lock:
        """Lock to `retain_until`, or leave it where it is already longer. Returns the lock read back."""
        if not (before := self.lock_of(key, version_id)).covers(retain_until):
            with translated():
                self._client.set_object_retention(
                    bucket_name=self.bucket,
                    object_name=key,
                    version_id=version_id,
                    config=Retention(COMPLIANCE, retain_until.astimezone(UTC)),
                )
            before = self.lock_of(key, version_id)
        if not before.covers(retain_until):
            raise ArchiveUnsafe(f"{key} is locked until {before.retain_until}, not until {retain_until}")
        return before

    def hold(self, key: str, version_id: str, on: bool) -> None:
        """Put the store's legal hold on a version or take it off, and look whether it did."""
        change = self._client.enable_object_legal_hold if on else self._client.disable_object_legal_hold
        with translated():
            change(bucket_name=self.bucket, object_name=key, version_id=version_id)
            held = self._client.is_object_legal_hold_enabled(
                bucket_name=self.bucket, object_name=key, version_id=version_id
            )
        if held is not on:
            raise ArchiveUnsafe(f"{key}: the store did not {'set' if on else 'release'} the legal hold")

    def destroy(self, key: str, version_id: str) -> None:
        """Remove one version for good; the store refuses while a lock or hold is on (ArchiveError). Absent is done."""
        try:
            with translated():
                self._client.remove_object(bucket_name=self.bucket, object_name=key, version_id=version_id)
        except NotInArchive:
            pass

    def store_clock(self) -> datetime:
        """What time it is for the store: its locks end by this clock, not by ours. A store that refuses us, perhaps because
        our clock is wrong, tells it all the same."""
        self._http.last_date = None
        try:
            with translated():
                self._client.bucket_exists(bucket_name=self.bucket)
        except ArchiveError:
            if self._http.last_date is None:
                raise
        if self._http.last_date is None:
            raise ArchiveError("the store does not tell its time")
        return email.utils.parsedate_to_datetime(self._http.last_date).astimezone(UTC)


class _Digests:
    def __init__(self, both: bool = True):
        self.sha256 = hashlib.sha256()
        self.sha512 = hashlib.sha512()
        self._all = (self.sha256, self.sha512) if both else (self.sha256,)

    def add(self, block: bytes) -> None:
        for digest in self._all:
            digest.update(block)


def _lock(head) -> Lock:
    return Lock(
        head.get("x-amz-object-lock-mode"),
        parse_date(head.get("x-amz-object-lock-retain-until-date")),
        (head.get("x-amz-object-lock-legal-hold") or "").upper() == "ON",
    )


def parse_date(text: str | None) -> datetime | None:
    """An ISO 8601 instant with any number of fractional digits."""
    if not text:
        return None
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{(fraction + '000000')[:6]}+00:00")


@cache
def archive() -> Archive:
    """This process's archive, by its settings."""
    from settings import settings

    return Archive(settings())


@cache
def second_archive() -> Archive | None:
    """Where the second copies lie; None where no bucket is set for them."""
    from settings import settings

    return Archive(settings(), second=True) if settings().s3_copy_bucket else None
