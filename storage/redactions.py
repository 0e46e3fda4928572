"""Payment data found in an archived recording: one asks, another carries out. The lock of the whole recording stays; what
goes is its key, after a copy without the stretch is in the archive."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.keeping import OrderRefused
from rules.recordings import RecordKind
from storage import archive_objects, data_keys, events, ledger
from storage.archive import Stored
from storage.archive_objects import KeptObject
from storage.db import rows


class RedactionRefused(OrderRefused):
    """Why not: NO_REASON, NO_STRETCH, NOTHING_KEPT, NO_SUCH_REQUEST, SAME_PERSON or HELD (a legal hold keeps it whole)."""


@dataclass(frozen=True, slots=True)
class Redaction:
    id: int
    call_id: str
    begin_seconds: float
    end_seconds: float
    asked_by: str


async def ask(
    connection: AsyncConnection, call_id: str, begin: float, end: float, reason: str, user: str, now: datetime
) -> int:
    """Seconds from the beginning of the recording. Returns the request's number. Raises RedactionRefused."""
    if not reason.strip():
        raise RedactionRefused("NO_REASON")
    if not 0 <= begin < end:
        raise RedactionRefused("NO_STRETCH")
    if await recording_of(connection, call_id) is None:
        raise RedactionRefused("NOTHING_KEPT")
    found = await rows(
        connection,
        """INSERT INTO redactions (call_id, begin_seconds, end_seconds, reason, asked_by, asked_at)
           VALUES (:call, :begin, :end, :reason, :user, :now) RETURNING id""",
        call=call_id,
        begin=begin,
        end=end,
        reason=reason,
        user=user,
        now=now,
    )
    await events.record(connection, "REDACTION_ASKED", now, call_id=call_id, redaction_id=found[0]["id"], user=user)
    return found[0]["id"]


async def waiting(connection: AsyncConnection) -> list[dict]:
    """What is asked for and not carried out, the oldest first."""
    return await rows(
        connection,
        """SELECT d.id, d.call_id, d.begin_seconds, d.end_seconds, d.reason, d.asked_by, d.asked_at,
                  (SELECT r.provider_id FROM recordings r WHERE r.call_id = d.call_id ORDER BY r.id DESC LIMIT 1) AS recording
           FROM redactions d WHERE d.done_at IS NULL ORDER BY d.id LIMIT 200""",
    )


async def recording_of(connection: AsyncConnection, call_id: str) -> KeptObject | None:
    """What can be heard of the call now."""
    found = [k for k in await archive_objects.of_call(connection, call_id) if k.kind == RecordKind.RECORDING]
    return found[-1] if found else None


async def to_carry_out(connection: AsyncConnection, number: int, user: str) -> tuple[Redaction, KeptObject]:
    """The request, locked, and the recording as it is now. Raises RedactionRefused."""
    found = await rows(
        connection,
        """SELECT id, call_id, begin_seconds, end_seconds, asked_by FROM redactions
           WHERE id = :id AND done_at IS NULL FOR UPDATE""",
        id=number,
    )
    if not found:
        raise RedactionRefused("NO_SUCH_REQUEST")
    asked = Redaction(**found[0])
    if asked.asked_by == user:
        raise RedactionRefused("SAME_PERSON")
    held = await rows(
        connection, "SELECT 1 FROM legal_holds WHERE call_id = :call AND released_at IS NULL", call=asked.call_id
    )
    if held:
        raise RedactionRefused("HELD")
    kept = await recording_of(connection, asked.call_id)
    if kept is None:
        raise RedactionRefused("NOTHING_KEPT")
    return asked, kept


async def done(
    connection: AsyncConnection, asked: Redaction, whole: KeptObject, stored: Stored, user: str, now: datetime, **plain
) -> None:
    """The redacted copy is in the archive, read back: it takes the recording's place, and the key of the whole one goes.
    `plain`: the columns of archive_objects about its plain form and key."""
    await archive_objects.keep(
        connection, now, kind=whole.kind, recording_id=whole.recording_id, call_id=whole.call_id,
        began_on=whole.began_on, bucket=whole.bucket, object_key=stored.key, version_id=stored.version_id,
        form=whole.form, sha256=stored.sha256, sha512=stored.sha512, bytes=stored.size,
        retain_until=stored.retain_until, **plain,
    )  # fmt: skip
    await rows(
        connection,
        """UPDATE recordings SET object_key = :key, version_id = :version, sha256 = :sha256, bytes = :bytes,
                  samples_sha256 = :samples WHERE id = :id RETURNING id""",
        id=whole.recording_id,
        key=stored.key,
        version=stored.version_id,
        sha256=stored.sha256,
        bytes=stored.size,
        samples=plain["samples_sha256"],
    )
    await ledger.record(
        connection, "RECORDING_VERIFIED", now, actor=user, call_id=whole.call_id,
        recording=f"{whole.name}/redacted-{asked.id}", redacts=whole.name, object_key=stored.key,
        version_id=stored.version_id, sha256=stored.sha256, retain_until=stored.retain_until.isoformat(),
    )  # fmt: skip
    await data_keys.destroy(connection, whole.data_key_id, "REDACTED", now)
    # noise from here on; its lock ends by itself
    await rows(
        connection, "UPDATE archive_objects SET disposed_at = :now WHERE id = :id RETURNING id", id=whole.id, now=now
    )
    await rows(
        connection,
        "UPDATE redactions SET done_by = :user, done_at = :now WHERE id = :id RETURNING id",
        id=asked.id,
        user=user,
        now=now,
    )
    await ledger.record(
        connection, "DATA_KEY_DESTROYED", now, actor=user, call_id=whole.call_id, recording=whole.name,
        user=asked.asked_by, second=user, why="REDACTED",
    )  # fmt: skip
