"""Legal holds: set by one person, released by two of whom one asks and another confirms. The store holds too, so that no expiry of a lock frees what is held."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.keeping import OrderRefused
from storage import archive_objects, events, ledger
from storage.archive import Archive
from storage.archive_objects import KeptObject
from storage.db import rows


class HoldRefused(OrderRefused):
    """Why not: HELD_ALREADY, NOT_HELD, SAME_PERSON, NOT_ASKED, ASKED_ALREADY, NO_SUCH_CALL or NO_REASON."""


@dataclass(frozen=True, slots=True)
class Hold:
    id: int
    call_id: str
    reason: str
    set_by: str
    set_at: datetime
    release_asked_by: str | None
    release_asked_at: datetime | None
    release_reason: str | None


async def standing(connection: AsyncConnection, call_id: str | None = None) -> list[Hold]:
    """Holds that are not released, of one call or of all."""
    found = await rows(
        connection,
        """SELECT id, call_id, reason, set_by, set_at, release_asked_by, release_asked_at, release_reason FROM legal_holds
           WHERE released_at IS NULL AND (CAST(:call AS text) IS NULL OR call_id = :call) ORDER BY id""",
        call=call_id,
    )
    return [Hold(**row) for row in found]


async def set_hold(
    connection: AsyncConnection, call_id: str, reason: str, user: str, now: datetime
) -> list[KeptObject]:
    """Write the hold down; the objects it covers are to be held in the store by `in_store` before the commit. Raises
    HoldRefused."""
    if not reason.strip():
        raise HoldRefused("NO_REASON")
    if not await rows(connection, "SELECT 1 FROM calls WHERE id = :id", id=call_id):
        raise HoldRefused("NO_SUCH_CALL")
    found = await rows(
        connection,
        """INSERT INTO legal_holds (call_id, reason, set_by, set_at) VALUES (:call, :reason, :user, :now)
           ON CONFLICT (call_id) WHERE released_at IS NULL DO NOTHING RETURNING id""",
        call=call_id,
        reason=reason,
        user=user,
        now=now,
    )
    if not found:
        raise HoldRefused("HELD_ALREADY")
    objects = await archive_objects.of_call(connection, call_id)
    for kept in objects:
        await ledger.record(
            connection, "HOLD_SET", now, actor=user, call_id=call_id, recording=kept.name, hold_id=found[0]["id"],
            user=user, why=reason,
        )  # fmt: skip
    return objects


async def ask_release(connection: AsyncConnection, call_id: str, reason: str, user: str, now: datetime) -> None:
    """The first of the two who release. Raises HoldRefused."""
    if not reason.strip():
        raise HoldRefused("NO_REASON")
    holds = await standing(connection, call_id)
    if not holds:
        raise HoldRefused("NOT_HELD")
    asked = await rows(
        connection,
        """UPDATE legal_holds SET release_asked_by = :user, release_asked_at = :now, release_reason = :reason
           WHERE id = :id AND released_at IS NULL AND release_asked_by IS NULL RETURNING id""",
        id=holds[0].id,
        user=user,
        now=now,
        reason=reason,
    )
    if not asked:
        raise HoldRefused("ASKED_ALREADY")
    # the reason stays in the row: somebody may have written a name there
    await events.record(connection, "HOLD_RELEASE_ASKED", now, call_id=call_id, hold_id=holds[0].id, user=user)


async def release(connection: AsyncConnection, call_id: str, user: str, now: datetime) -> list[KeptObject]:
    """The second of the two, another person than the first; then the store is told by `in_store`. Raises HoldRefused."""
    holds = await standing(connection, call_id)
    if not holds:
        raise HoldRefused("NOT_HELD")
    [hold] = holds
    if hold.release_asked_by is None:
        raise HoldRefused("NOT_ASKED")
    done = await rows(
        connection,
        """UPDATE legal_holds SET released_by = :user, released_at = :now
           WHERE id = :id AND released_at IS NULL AND release_asked_by <> :user RETURNING id""",
        id=hold.id,
        user=user,
        now=now,
    )
    if not done:
        raise HoldRefused("SAME_PERSON")
    objects = await archive_objects.of_call(connection, call_id)
    for kept in objects:
        await ledger.record(
            connection, "HOLD_RELEASED", now, actor=user, call_id=call_id, recording=kept.name, hold_id=hold.id,
            user=hold.release_asked_by, second=user,
        )  # fmt: skip
    return objects


def in_store(objects: list[KeptObject], first: Archive, second: Archive | None, *, on: bool) -> None:
    """Put the store's own hold on every copy or take it off. Raises ArchiveError; a repeat does no harm."""
    for kept in objects:
        first.hold(kept.object_key, kept.version_id, on)
        if second is not None and kept.second_version_id:
            second.hold(kept.object_key, kept.second_version_id, on)
