"""The rows of what lies in the archive: written with the recording's, read by whoever looks after it or plays it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows


@dataclass(frozen=True, slots=True)
class KeptObject:
    """One sealed object by its version, with what opens it. `wrapped` None: its data key was destroyed."""

    id: int
    kind: str
    recording_id: int | None
    recording: str | None  # the carrier's name of it, as the ledger says it
    call_id: str | None
    began_on: date
    bucket: str
    object_key: str
    version_id: str
    form: str
    data_key_id: str
    wrapped: bytes | None
    kek: str
    content_type: str
    sha256: str
    sha512: str
    bytes: int
    plain_sha256: str
    plain_bytes: int
    samples_sha256: str | None
    retain_until: datetime
    stored_at: datetime
    checked_at: datetime
    problem: str | None
    second_bucket: str | None
    second_version_id: str | None
    second_checked_at: datetime | None
    second_problem: str | None

    @property
    def name(self) -> str:
        """What the ledger calls it."""
        return self.recording or self.object_key


COLUMNS = """
  o.id, o.kind, o.recording_id, r.provider_id AS recording, o.call_id, o.began_on, o.bucket, o.object_key, o.version_id,
  o.form, o.data_key_id, k.wrapped, k.kek, o.content_type, o.sha256, o.sha512, o.bytes, o.plain_sha256, o.plain_bytes,
  o.samples_sha256, o.retain_until, o.stored_at, o.checked_at, o.problem, o.second_bucket, o.second_version_id,
  o.second_checked_at, o.second_problem
"""
TABLES = "archive_objects o JOIN data_keys k ON k.id = o.data_key_id LEFT JOIN recordings r ON r.id = o.recording_id"


async def keep(connection: AsyncConnection, now: datetime, **columns: Any) -> int:
    """Write down what was stored and read back; returns the row's id. A repeat finds the row that is there."""
    names = ", ".join(columns)
    found = await rows(
        connection,
        f"""INSERT INTO archive_objects ({names}, stored_at, checked_at, retention_at)
            VALUES ({", ".join(f":{name}" for name in columns)}, :now, :now, :now)
            ON CONFLICT (bucket, object_key, version_id) DO UPDATE SET checked_at = excluded.checked_at RETURNING id""",
        now=now,
        **columns,
    )
    return found[0]["id"]


async def select(connection: AsyncConnection, where: str, tail: str = "", **values: Any) -> list[KeptObject]:
    """Objects that are still there, by a condition over `o` (the object), `r` (its recording) and `k` (its data key);
    `tail`: order, limit and row locks."""
    found = await rows(
        connection, f"SELECT {COLUMNS} FROM {TABLES} WHERE o.disposed_at IS NULL AND ({where}) {tail}", **values
    )
    return [KeptObject(**row) for row in found]


async def of_recording(connection: AsyncConnection, recording_id: int) -> KeptObject | None:
    found = await select(connection, "o.recording_id = :id", "ORDER BY o.id DESC LIMIT 1", id=recording_id)
    return found[0] if found else None


async def of_call(connection: AsyncConnection, call_id: str) -> list[KeptObject]:
    return await select(connection, "o.call_id = :id", "ORDER BY o.id", id=call_id)


async def count(connection: AsyncConnection) -> int:
    [found] = await rows(connection, "SELECT count(*) AS n FROM archive_objects WHERE disposed_at IS NULL")
    return found["n"]
