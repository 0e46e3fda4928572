"""The archive's self-test: does the real bucket still refuse what Object Lock forbids? Judged by effect alone: the object is
still there, unchanged, with its date. Which error a store answers with is its own affair (MinIO says 400 where AWS says 403).

Each run leaves one small object locked for two days under `canary/`; those of earlier runs, expired by then, are removed.
"""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from minio.commonconfig import COMPLIANCE, GOVERNANCE
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error
from minio.retention import Retention
from minio.versioningconfig import ENABLED, SUSPENDED, VersioningConfig

from storage.archive import Archive, ArchiveError, ArchiveUnreachable, ArchiveUnsafe, Stored

LOCKED_FOR = timedelta(days=2)
PREFIX = "canary/"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One promise put to the test: what was tried, what the store answered, whether the promise held."""

    promise: str
    kept: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Report:
    bucket: str
    attempts: tuple[Attempt, ...]

    @property
    def kept(self) -> bool:
        return all(attempt.kept for attempt in self.attempts)

    @property
    def broken(self) -> list[str]:
        return [attempt.promise for attempt in self.attempts if not attempt.kept]

    def as_json(self) -> list[dict]:
        return [asdict(attempt) for attempt in self.attempts]


def self_test(archive: Archive) -> Report:
    """Try to break every promise. Raises ArchiveUnreachable where the store does not answer: that is no verdict."""
    try:
        archive.check_bucket()
    except ArchiveUnreachable:
        raise
    except ArchiveError as e:
        return Report(archive.bucket, (Attempt("BUCKET_LOCKS", False, str(e)),))
    canary = _Canary(archive)
    return Report(archive.bucket, (Attempt("BUCKET_LOCKS", True, "versioning and COMPLIANCE"), *canary.attempts()))


class _RefusedOne(Exception):
    """A request for many is answered with 200, and with what was refused inside."""


class _Canary:
    def __init__(self, archive: Archive):
        self.archive = archive
        self.client = archive._client
        self.body = os.urandom(64)
        # by the store's clock: ours may be wrong, and then the test would leave an object locked for years
        self.until = archive.store_clock() + LOCKED_FOR
        self.key = f"{PREFIX}{self.until:%Y%m%dT%H%M%S}-{os.urandom(4).hex()}"

    def attempts(self) -> Iterator[Attempt]:
        try:
            stored = self.archive.put(self.key, self.body, "application/octet-stream", self.until)
        except ArchiveUnreachable:
            raise
        except ArchiveError as e:
            yield Attempt("OBJECT_LOCKS", False, str(e))
            return
        yield Attempt("OBJECT_LOCKS", True, f"{stored.mode} {stored.retain_until:%Y-%m-%dT%H:%M:%SZ}")
        tries: tuple[tuple[str, Callable[[Stored], None]], ...] = (
            ("DELETE_REFUSED", self._delete),
            ("DELETE_OF_MANY_REFUSED", self._delete_many),
            ("BYPASS_REFUSED", self._bypass),
            ("OVERWRITE_KEEPS_OLD", self._overwrite),
            ("SHORTEN_REFUSED", self._shorten),
            ("DOWNGRADE_REFUSED", self._downgrade),
            ("SUSPEND_REFUSED", self._suspend),
            ("HIDING_KEEPS_OLD", self._hide),
        )
        for promise, attack in tries:
            yield self._tried(promise, attack, stored)
        yield self._extends(stored)
        self._tidy()

    def _tried(self, promise: str, attack: Callable[[Stored], None], stored: Stored) -> Attempt:
        answer = "accepted"
        try:
            attack(stored)
        except S3Error as e:
            status = getattr(e.response, "status", 0)
            if status >= 500:
                raise ArchiveUnreachable(f"the archive answers {status} {e.code}") from e
            answer = f"{status} {e.code}"
        except _RefusedOne as e:
            answer = f"200 {e}"
        except ArchiveUnsafe as e:
            return Attempt(promise, False, str(e))
        except MinioException as e:
            raise ArchiveUnreachable(f"the archive does not answer: {type(e).__name__}") from e
        try:
            now = self.archive.read_back(stored.key, stored.version_id)
        except ArchiveUnreachable:
            raise
        except ArchiveError as e:
            return Attempt(promise, False, f"{answer}; afterwards: {e}")
        if now.sha256 != stored.sha256:
            return Attempt(promise, False, f"{answer}; the bytes have changed")
        if not now.lock.covers(stored.retain_until):
            return Attempt(promise, False, f"{answer}; locked by {now.mode} until {now.retain_until}")
        return Attempt(promise, True, answer)

    def _at(self, stored: Stored) -> dict:
        return {"bucket_name": self.archive.bucket, "object_name": stored.key, "version_id": stored.version_id}

    def _delete(self, stored: Stored) -> None:
        self.client.remove_object(**self._at(stored))

    def _delete_many(self, stored: Stored, bypass: bool = False) -> None:
        # a generator: without reading it nothing is sent
        errors = self.client.remove_objects(
            bucket_name=self.archive.bucket,
            delete_object_list=[DeleteObject(stored.key, stored.version_id)],
            bypass_governance_mode=bypass,
        )
        for error in errors:
            raise _RefusedOne(error.code)

    def _bypass(self, stored: Stored) -> None:
        self._delete_many(stored, bypass=True)

    def _overwrite(self, stored: Stored) -> None:
        self.client.put_object(
            bucket_name=self.archive.bucket,
            object_name=stored.key,
            data=io.BytesIO(b"overwritten"),
            length=11,
            retention=Retention(COMPLIANCE, self.until),
        )

    def _shorten(self, stored: Stored) -> None:
        sooner = self.until - LOCKED_FOR + timedelta(hours=1)
        self.client.set_object_retention(config=Retention(COMPLIANCE, sooner), **self._at(stored))

    def _downgrade(self, stored: Stored) -> None:
        self.client.set_object_retention(config=Retention(GOVERNANCE, self.until), **self._at(stored))

    def _suspend(self, stored: Stored) -> None:
        try:
            self.client.set_bucket_versioning(bucket_name=self.archive.bucket, config=VersioningConfig(SUSPENDED))
        finally:
            status = self.client.get_bucket_versioning(bucket_name=self.archive.bucket).status
            if status != ENABLED:
                self.client.set_bucket_versioning(bucket_name=self.archive.bucket, config=VersioningConfig(ENABLED))
        if status != ENABLED:
            raise ArchiveUnsafe("versioning was suspended, and has been switched on again")

    def _hide(self, stored: Stored) -> None:
        self.client.remove_object(bucket_name=self.archive.bucket, object_name=stored.key)

    def _extends(self, stored: Stored) -> Attempt:
        """Contracts end and disputes come: a lock that could not grow would be no use either."""
        try:
            lock = self.archive.extend(stored.key, stored.version_id, self.until + timedelta(minutes=1))
        except ArchiveUnreachable:
            raise
        except ArchiveError as e:
            return Attempt("EXTEND_ACCEPTED", False, str(e))
        return Attempt("EXTEND_ACCEPTED", True, f"{lock.retain_until:%Y-%m-%dT%H:%M:%SZ}")

    def _tidy(self) -> None:
        """Remove what earlier runs left and whose lock has ended; what is still locked is refused, as it should be."""
        ends: datetime = self.archive.store_clock()
        found = self.client.list_objects(bucket_name=self.archive.bucket, prefix=PREFIX, include_version=True)
        for old in list(found)[:200]:
            if old.last_modified and old.last_modified + LOCKED_FOR + timedelta(hours=1) < ends:
                try:
                    self.archive.destroy(old.object_name, old.version_id)
                except ArchiveError:
                    return
