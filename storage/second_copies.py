"""The second copy of every object, in a bucket of its own that may be another server's: what a damaged one is mended from."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import archive_objects
from storage.archive import Archive
from storage.archive_objects import KeptObject
from storage.db import rows
from storage.fixity import copied


async def missing(connection: AsyncConnection, most: int, after: int = 0) -> list[KeptObject]:
    return await archive_objects.select(
        connection, "o.second_version_id IS NULL AND o.id > :after", "ORDER BY o.id LIMIT :most", most=most, after=after
    )


def make(kept: KeptObject, first: Archive, second: Archive) -> str:
    """Copy the sealed bytes as they are; returns the second one's version. A repeat finds what is there. Raises ArchiveError."""
    return copied(kept, first, kept.version_id, second)


async def made(connection: AsyncConnection, kept: KeptObject, bucket: str, version_id: str, now: datetime) -> None:
    await rows(
        connection,
        """UPDATE archive_objects SET second_bucket = :bucket, second_version_id = :version, second_checked_at = :now,
                  second_problem = NULL WHERE id = :id AND second_version_id IS NULL RETURNING id""",
        id=kept.id,
        bucket=bucket,
        version=version_id,
        now=now,
    )
