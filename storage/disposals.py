"""Disposal after expiry: a list, two approvals, every version and key destroyed, a certificate; the row stays as a tombstone.

Nothing here can make anything expire: the store refuses until its own clock has passed the date, whatever ours says.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import ONE_DAY, business_date
from rules.keeping import OrderRefused
from rules.recordings import RecordKind
from storage import archive_objects, data_keys, events, keeping_longer, ledger
from storage.archive import Archive, ArchiveError
from storage.archive_objects import KeptObject
from storage.db import rows

DESTROYED = "DESTROYED"


class DisposalRefused(OrderRefused):
    """Why not: NOTHING_EXPIRED, NO_SUCH_LIST, APPROVED_ALREADY, SAME_PERSON, NOT_APPROVED, NO_REASON, REFUSED or DONE."""


@dataclass(frozen=True, slots=True)
class DisposalList:
    id: int
    listed_by: str
    first_approved_by: str | None
    second_approved_by: str | None
    done_at: datetime | None
    refused_by: str | None = None

    @property
    def over(self) -> str | None:
        """Why nothing more can be done with it; None while something can."""
        return "REFUSED" if self.refused_by else "DONE" if self.done_at else None


async def list_expired(connection: AsyncConnection, user: str, now: datetime, most: int = 1000) -> int:
    """Draw up a list of what may go by `now`, which must be the earliest of all clocks at hand (ours, the database's, each
    store's). Returns its number. Raises DisposalRefused."""
    [clock] = await rows(connection, "SELECT least(now(), CAST(:now AS timestamptz)) AS now", now=now)
    found = await archive_objects.select(
        connection,
        """o.retain_until < :now AND NOT EXISTS (
             SELECT 1 FROM disposal_items i JOIN disposals d ON d.id = i.disposal_id
             WHERE i.object_id = o.id AND d.done_at IS NULL)""",
        "ORDER BY o.retain_until LIMIT :most",
        now=clock["now"],
        most=most,
    )
    free = [(kept, until) for kept, until in await _free(connection, found, clock["now"]) if until is not None]
    if not free:
        raise DisposalRefused("NOTHING_EXPIRED")
    [made] = await rows(
        connection,
        "INSERT INTO disposals (listed_by, listed_at) VALUES (:user, :now) RETURNING id",
        user=user,
        now=now,
    )
    for kept, until in free:
        await rows(
            connection,
            "INSERT INTO disposal_items (disposal_id, object_id, kept_until) VALUES (:list, :id, :until) RETURNING object_id",
            list=made["id"],
            id=kept.id,
            until=until,
        )
    await events.record(connection, "DISPOSAL_LISTED", now, list_id=made["id"], user=user, objects=len(free))
    return made["id"]


async def _free(
    connection: AsyncConnection, found: list[KeptObject], now: datetime
) -> list[tuple[KeptObject, date | None]]:
    """Each with the last day it had to be kept, or None while it must be kept: by what is known of contracts, disputes and
    holds at this moment."""
    today = business_date(now)
    duties = await keeping_longer.duties(connection, found, now)
    return [
        (d.kept, d.retention.retain_until if d.retention.retain_until and d.retention.retain_until < today else None)
        for d in duties
    ]


async def approve(connection: AsyncConnection, list_id: int, user: str, now: datetime) -> int:
    """One of two approvals, by two persons of whom neither drew up the list. Returns how many there are now. Raises
    DisposalRefused."""
    made = await of(connection, list_id)
    if made.over:
        raise DisposalRefused(made.over)
    if user in (made.listed_by, made.first_approved_by, made.second_approved_by):
        raise DisposalRefused("SAME_PERSON")
    if made.second_approved_by:
        raise DisposalRefused("APPROVED_ALREADY")
    which = "second" if made.first_approved_by else "first"
    done = await rows(
        connection,
        f"""UPDATE disposals SET {which}_approved_by = :user, {which}_approved_at = :now
            WHERE id = :id AND {which}_approved_by IS NULL RETURNING id""",
        id=list_id,
        user=user,
        now=now,
    )
    if not done:
        raise DisposalRefused("APPROVED_ALREADY")
    await events.record(connection, "DISPOSAL_APPROVED", now, list_id=list_id, user=user)
    return 2 if made.first_approved_by else 1


async def refuse(connection: AsyncConnection, list_id: int, user: str, reason: str, now: datetime) -> None:
    """Somebody who could have approved it says no: the list is over, and what stands on it may stand on a later one.
    Also after two approvals, as long as it is not carried out. Raises DisposalRefused."""
    made = await of(connection, list_id)
    if made.over:
        raise DisposalRefused(made.over)
    if not reason.strip():
        raise DisposalRefused("NO_REASON")
    await rows(
        connection,
        """UPDATE disposals SET refused_by = :user, refused_at = :now, refused_why = :reason, done_at = :now
           WHERE id = :id RETURNING id""",
        id=list_id,
        user=user,
        now=now,
        reason=reason.strip(),
    )
    await events.record(connection, "DISPOSAL_REFUSED", now, list_id=list_id, user=user)


async def approved(connection: AsyncConnection) -> list[int]:
    """Lists that two have approved and that are not carried out."""
    found = await rows(
        connection, "SELECT id FROM disposals WHERE second_approved_by IS NOT NULL AND done_at IS NULL ORDER BY id"
    )
    return [row["id"] for row in found]


async def of(connection: AsyncConnection, list_id: int) -> DisposalList:
    found = await rows(
        connection,
        """SELECT id, listed_by, first_approved_by, second_approved_by, done_at, refused_by
           FROM disposals WHERE id = :id FOR UPDATE""",
        id=list_id,
    )
    if not found:
        raise DisposalRefused("NO_SUCH_LIST")
    return DisposalList(**found[0])


async def items(connection: AsyncConnection, list_id: int) -> list[KeptObject]:
    """What of the list is still there."""
    return await archive_objects.select(
        connection,
        "EXISTS (SELECT 1 FROM disposal_items i WHERE i.disposal_id = :id AND i.object_id = o.id)",
        "ORDER BY o.id",
        id=list_id,
    )


def destroy(kept: KeptObject, stores: list[Archive]) -> list[dict[str, Any]]:
    """Remove every version of the object's name from each store, and look that none is left. Returns what each store said
    of the absence. Raises ArchiveError: locked or held, and everything stays as it is."""
    proofs = []
    for store in stores:
        for version in store.versions(kept.object_key):
            store.destroy(kept.object_key, version.version_id)
        if left := store.versions(kept.object_key):
            raise ArchiveError(f"{kept.object_key}: {len(left)} versions are still in {store.bucket}")
        proofs.append({"bucket": store.bucket, "versions_left": 0, "at": store.store_clock().isoformat()})
    return proofs


async def still_free(connection: AsyncConnection, kept: KeptObject, now: datetime) -> bool:
    """Asked again right before the object goes: a dispute or hold may have come since the list."""
    [(_, until)] = await _free(connection, [kept], now)
    return until is not None


async def refused(connection: AsyncConnection, list_id: int, kept: KeptObject, why: str) -> None:
    await rows(
        connection,
        "UPDATE disposal_items SET outcome = :why WHERE disposal_id = :list AND object_id = :id RETURNING object_id",
        list=list_id,
        id=kept.id,
        why=why,
    )


async def gone(
    connection: AsyncConnection, made: DisposalList, kept: KeptObject, proofs: list[dict[str, Any]], now: datetime
) -> None:
    """The object is gone from every store: its key goes too, the tombstone and the ledger remember it."""
    certificate = {
        "list": made.id,
        "recording": kept.name,
        "object_key": kept.object_key,
        "version_id": kept.version_id,
        "sha256": kept.sha256,
        "sha512": kept.sha512,
        "plain_sha256": kept.plain_sha256,
        "began_on": kept.began_on.isoformat(),
        "kept_until": (business_date(kept.retain_until) - ONE_DAY).isoformat(),
        "listed_by": made.listed_by,
        "approved_by": [made.first_approved_by, made.second_approved_by],
        "absence": proofs,
    }
    text = json.dumps(certificate, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    await data_keys.destroy(connection, kept.data_key_id, "DISPOSED", now)
    await rows(
        connection, "UPDATE archive_objects SET disposed_at = :now WHERE id = :id RETURNING id", id=kept.id, now=now
    )
    await refused(connection, made.id, kept, DESTROYED)
    await rows(
        connection,
        """UPDATE disposals SET certificate = jsonb_set(certificate, ARRAY[CAST(:key AS text)], CAST(:text AS jsonb))
           WHERE id = :list RETURNING id""",
        list=made.id,
        key=digest,
        text=text,
    )
    if kept.kind != RecordKind.RECORDING:
        await events.record(
            connection, "RECORD_DISPOSED", now, object_key=kept.object_key, certificate=digest,
            user=made.first_approved_by, second=made.second_approved_by,
        )  # fmt: skip
        return
    people = {"user": made.first_approved_by, "second": made.second_approved_by}
    await ledger.record(
        connection, "RECORDING_DISPOSED", now, actor=made.first_approved_by, call_id=kept.call_id, recording=kept.name,
        version_id=kept.version_id, certificate=digest, **people,
    )  # fmt: skip
    await ledger.record(
        connection, "DATA_KEY_DESTROYED", now, actor=made.first_approved_by, call_id=kept.call_id, recording=kept.name,
        why="DISPOSED", **people,
    )  # fmt: skip


async def finished(connection: AsyncConnection, list_id: int, now: datetime) -> dict[str, str]:
    """Close the list; returns the outcome of each object by its key. What was refused may stand on a later list."""
    await rows(connection, "UPDATE disposals SET done_at = :now WHERE id = :id RETURNING id", id=list_id, now=now)
    found = await rows(
        connection,
        """SELECT o.object_key, i.outcome FROM disposal_items i JOIN archive_objects o ON o.id = i.object_id
           WHERE i.disposal_id = :id ORDER BY o.id""",
        id=list_id,
    )
    return {row["object_key"]: row["outcome"] for row in found}
