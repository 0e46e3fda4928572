"""What people order about archived records: holding, releasing, disposing, keys of a new version."""

import asyncio
from datetime import UTC, datetime

from clock import Clock
from storage import data_keys, db, disposals, legal_holds
from storage.archive import Archive, ArchiveError, ArchiveUnreachable, archive, second_archive
from storage.disposals import DisposalRefused
from storage.key_keepers import key_keeper


def _stores() -> list[Archive]:
    return [store for store in (archive(), second_archive()) if store is not None]


async def hold(call_id: str, reason: str, user: str, clock: Clock) -> int:
    """Returns how many objects are held. Raises HoldRefused, ArchiveError: then nothing is written down."""
    async with db.transaction() as connection:
        objects = await legal_holds.set_hold(connection, call_id, reason, user, clock.now())
        await asyncio.to_thread(legal_holds.in_store, objects, archive(), second_archive(), on=True)
    return len(objects)


async def ask_release(call_id: str, reason: str, user: str, clock: Clock) -> None:
    async with db.transaction() as connection:
        await legal_holds.ask_release(connection, call_id, reason, user, clock.now())


async def release(call_id: str, user: str, clock: Clock) -> int:
    """Returns how many objects were released. Raises HoldRefused, ArchiveError: then the hold stands."""
    async with db.transaction() as connection:
        objects = await legal_holds.release(connection, call_id, user, clock.now())
        await asyncio.to_thread(legal_holds.in_store, objects, archive(), second_archive(), on=False)
    return len(objects)


async def _earliest(clock: Clock) -> datetime:
    """The earliest of all clocks at hand: one that runs ahead makes nothing expire."""
    theirs = [await asyncio.to_thread(store.store_clock) for store in _stores()]
    return min(clock.now(), datetime.now(UTC), *theirs)


async def list_expired(user: str, clock: Clock) -> int:
    """Returns the list's number. Raises DisposalRefused."""
    now = await _earliest(clock)
    async with db.transaction() as connection:
        return await disposals.list_expired(connection, user, now)


async def approve(list_id: int, user: str, clock: Clock) -> int:
    """Returns how many approvals there are. Raises DisposalRefused."""
    async with db.transaction() as connection:
        return await disposals.approve(connection, list_id, user, clock.now())


async def refuse(list_id: int, user: str, reason: str, clock: Clock) -> None:
    """Raises DisposalRefused."""
    async with db.transaction() as connection:
        await disposals.refuse(connection, list_id, user, reason, clock.now())


async def dispose(list_id: int, clock: Clock) -> dict[str, str]:
    """Carry out an approved list; killed in the middle, it is carried on. Returns each object's outcome. Raises
    DisposalRefused, ArchiveUnreachable."""
    async with db.transaction() as connection:
        made = await disposals.of(connection, list_id)
        if made.over:
            raise DisposalRefused(made.over)
        if not (made.first_approved_by and made.second_approved_by):
            raise DisposalRefused("NOT_APPROVED")
        found = await disposals.items(connection, list_id)
    now = await _earliest(clock)
    for kept in found:
        async with db.transaction() as connection:
            if not await disposals.still_free(connection, kept, now):
                await disposals.refused(connection, list_id, kept, "MUST_BE_KEPT")
                continue
            try:
                proofs = await asyncio.to_thread(disposals.destroy, kept, _stores())
            except ArchiveUnreachable:
                raise
            except ArchiveError:
                await disposals.refused(connection, list_id, kept, "STORE_REFUSED")
                continue
            await disposals.gone(connection, made, kept, proofs, clock.now())
    async with db.transaction() as connection:
        return await disposals.finished(connection, list_id, clock.now())


async def rewrap(clock: Clock) -> int:
    """Wrap every data key with the present key. Objects are not touched. Returns how many were wrapped anew."""
    done = 0
    while True:
        async with db.transaction() as connection:
            n = await data_keys.rewrap(connection, key_keeper(), clock.now())
        if not n:
            return done
        done += n
