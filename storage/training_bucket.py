"""Where masked copies lie: a bucket without Object Lock, for what is to go in ninety days must not be kept for twenty years."""

import io
from functools import cache

from minio.error import S3Error
from minio.versioningconfig import ENABLED

from settings import Settings
from storage.s3_client import ArchiveUnsafe, NotInArchive, connect, translated


class TrainingBucket:
    """One instance a process. Calls block: use a thread. Raises ArchiveError."""

    def __init__(self, settings: Settings):
        self.bucket = settings.s3_training_bucket
        self._client, _ = connect(
            settings.s3_endpoint,
            settings.s3_access_key.get_secret_value(),
            settings.s3_secret_key.get_secret_value(),
            secure=settings.s3_secure,
            silence=settings.s3_timeout,
        )
        self._checked = False

    def ensure(self) -> None:
        """Make it if it is missing. Raises ArchiveUnsafe where it keeps what is deleted: by locks, or as older versions."""
        if self._checked:
            return
        with translated():
            if not self._client.bucket_exists(bucket_name=self.bucket):
                self._client.make_bucket(bucket_name=self.bucket)
            if self._client.get_bucket_versioning(bucket_name=self.bucket).status == ENABLED or self._locks():
                raise ArchiveUnsafe(
                    f"bucket {self.bucket} keeps what is deleted: training copies need one that does not"
                )
        self._checked = True

    def _locks(self) -> bool:
        try:
            self._client.get_object_lock_config(bucket_name=self.bucket)
        except S3Error as e:
            if e.code.startswith("ObjectLockConfiguration"):
                return False
            raise
        return True

    def put(self, key: str, sealed: bytes) -> None:
        self.ensure()
        with translated():
            self._client.put_object(
                bucket_name=self.bucket,
                object_name=key,
                data=io.BytesIO(sealed),
                length=len(sealed),
                content_type="application/octet-stream",
            )

    def read(self, key: str, offset: int, length: int) -> bytes:
        with translated():
            answer = self._client.get_object(bucket_name=self.bucket, object_name=key, offset=offset, length=length)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

    def remove(self, key: str) -> None:
        """Gone, and looked at: raises ArchiveUnsafe where it is still there. Absent is done, so is a bucket never made."""
        try:
            with translated():
                self._client.remove_object(bucket_name=self.bucket, object_name=key)
                self._client.stat_object(bucket_name=self.bucket, object_name=key)
        except NotInArchive:
            return
        raise ArchiveUnsafe(f"{key} is still in {self.bucket} after its removal")


@cache
def training_bucket() -> TrainingBucket:
    """This process's, by its settings."""
    from settings import settings

    return TrainingBucket(settings())
