"""A client of an S3 server: its own HTTP underneath, no blind repeats, and its errors in three kinds."""

import threading
from typing import Any

import urllib3
from minio import Minio
from minio.error import MinioException, S3Error

_ABSENT = {"NoSuchKey", "NoSuchVersion", "NoSuchObject", "MethodNotAllowed"}


class ArchiveError(Exception):
    """The archive cannot be used, and why."""


class ArchiveUnreachable(ArchiveError):
    """No answer, or a server error: try again later; nothing is lost by waiting."""


class ArchiveUnsafe(ArchiveError):
    """The bucket does not lock what it should: nothing may be deleted at the carrier while this holds."""


class NotInArchive(ArchiveError):
    """This version is not there."""


class Http(urllib3.PoolManager):
    """Notes the store's clock, and can make a PUT conditional, for which the SDK has no argument."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.last_date: str | None = None
        self.once = threading.local()

    def urlopen(self, method, url, redirect=True, **options):
        if method == "PUT" and getattr(self.once, "only_new", False):
            # not among the signed headers, which S3 allows for names outside x-amz-
            headers = urllib3.HTTPHeaderDict(options.get("headers") or {})
            headers["If-None-Match"] = "*"
            options["headers"] = headers
        answer = super().urlopen(method, url, redirect=redirect, **options)
        self.last_date = answer.headers.get("Date") or self.last_date
        return answer


def connect(endpoint: str, access_key: str, secret_key: str, *, secure: bool, silence: float) -> tuple[Minio, Http]:
    """A client, and what it speaks through. `silence`: seconds without a byte after which the store counts as away."""
    # A PUT that is re-sent blindly leaves an extra version locked for twenty years: retries are the caller's.
    http = Http(
        timeout=urllib3.Timeout(connect=min(5, silence), read=silence),
        maxsize=20,
        retries=urllib3.Retry(total=0, redirect=0),
    )
    client = Minio(
        endpoint,
        access_key=access_key,
        secret_key=secret_key,
        secure=secure,
        region="us-east-1",  # saves a look-up per bucket
        http_client=http,
    )
    return client, http


class translated:
    """The SDK's and urllib3's exceptions → ours."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind, error, trace) -> None:
        if error is None or isinstance(error, ArchiveError):
            return
        if isinstance(error, S3Error):
            status = getattr(error.response, "status", 0) or 0
            if error.code in _ABSENT or status == 404:
                raise NotInArchive(f"the archive does not have it: {error.code}") from error
            if status < 500 and status != 429 and not error.code.startswith(("Internal", "Slow", "Service")):
                raise ArchiveError(f"the archive refused: {error.code}") from error
        if isinstance(error, MinioException | urllib3.exceptions.HTTPError | OSError):
            what = "fails" if isinstance(error, S3Error) else "does not answer"
            raise ArchiveUnreachable(f"the archive {what}: {_name(error)}") from error


def _name(error: BaseException) -> str:
    return error.code if isinstance(error, S3Error) else type(error).__name__
