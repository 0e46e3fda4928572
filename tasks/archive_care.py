"""Care of the archive: test the store, read everything again in time, copy, mend, lock for longer, account for every call."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clock import Clock
from settings import settings
from storage import (
    alarms,
    archive_objects,
    archive_orders,
    db,
    disposals,
    fixity,
    keeping_longer,
    legal_holds,
    recordings,
    second_copies,
    worm_tests,
)
from storage.archive import Archive, ArchiveError, ArchiveUnreachable, archive, second_archive
from storage.disposals import DisposalRefused
from storage.fixity import Pace
from storage.worm_canary import Report, self_test
from tasks.outages import batch

BLOCK = 50
# Locks and dates are the store's business: clocks that differ by more than this make a wrong date likely.
CLOCKS_MAY_DIFFER = timedelta(minutes=5)
# A recording that was reported so long ago and is not in the archive yet is looked into.
UNACCOUNTED_AFTER = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Checked:
    """One pass: objects read, problems found (each mended or not), whether it came to the end of what was due."""

    objects: int
    findings: tuple[fixity.Finding, ...]
    finished: bool


@batch
async def prove_stores(clock: Clock) -> list[Report]:
    """Let each bucket prove its promises; what follows is written down with the reports. Raises ArchiveUnreachable."""
    reports = [await asyncio.to_thread(self_test, store) for store in _stores()]
    async with db.transaction() as connection:
        await worm_tests.write_down(connection, reports, clock.now())
    return reports


def _stores() -> list[Archive]:
    return [store for store in (archive(), second_archive()) if store is not None]


@batch
async def compare_clocks(clock: Clock) -> timedelta:
    """How far this machine's clock is ahead of the store's, with an alarm when it is far. A simulated day is no clock of a
    machine: then the system's own is compared."""
    theirs = await asyncio.to_thread(archive().store_clock)
    ours = clock.now() if clock.file is None else datetime.now(UTC)
    async with db.transaction() as connection:
        if abs(ours - theirs) > CLOCKS_MAY_DIFFER:
            await alarms.sound(
                connection, alarms.CLOCKS_APART, clock.now(), seconds=round((ours - theirs).total_seconds())
            )
        else:
            await alarms.over(connection, alarms.CLOCKS_APART)
    return ours - theirs


@batch
async def make_second_copies(clock: Clock, seconds: float = 600.0) -> int:
    """Copy what has one copy only, for at most so many real seconds. Returns how many were copied."""
    second = second_archive()
    if second is None:
        return 0
    give_up, made, after = time.monotonic() + seconds, 0, 0
    while time.monotonic() < give_up:
        async with db.transaction() as connection:
            found = await second_copies.missing(connection, BLOCK, after)
        for kept in found:
            after = kept.id
            try:
                version = await asyncio.to_thread(second_copies.make, kept, archive(), second)
            except ArchiveUnreachable:
                raise
            except ArchiveError:
                continue  # the next reading says what is wrong with it
            async with db.transaction() as connection:
                await second_copies.made(connection, kept, second.bucket, version, clock.now())
            await _hold_again(kept.id)
            made += 1
        if len(found) < BLOCK:
            break
    return made


@batch
async def check_objects(clock: Clock, seconds: float = 600.0, *, everything: bool = False) -> Checked:
    """Read again what is due (or everything), for at most so many real seconds and no faster than is set."""
    own, now = settings(), clock.now()
    days = own.archive_check_days
    before = now + timedelta(seconds=1) if everything else now - timedelta(days=days * fixity.DUE_AFTER)
    give_up, pace = time.monotonic() + seconds, Pace(own.archive_check_mib * 2**20)
    read, problems, after, finished = 0, [], 0, False
    while not finished and time.monotonic() < give_up:
        async with db.transaction() as connection:
            found = await fixity.due(connection, before, BLOCK, after)
        for kept in found:
            findings = await asyncio.to_thread(fixity.check, kept, archive(), second_archive(), pace)
            async with db.transaction() as connection:
                await fixity.write_down(connection, findings, clock.now())
            if any(finding.mended for finding in findings):
                await _hold_again(kept.id)
            problems += [finding for finding in findings if finding.problem]
            read, after = read + 1, kept.id
            if time.monotonic() >= give_up:
                break
        else:
            finished = len(found) < BLOCK
    await _alarms(clock, days)
    return Checked(read, tuple(problems), finished)


async def _hold_again(object_id: int) -> None:
    """A new copy of what is under legal hold is held too."""
    async with db.transaction() as connection:
        objects = await archive_objects.select(
            connection,
            "o.id = :id AND EXISTS (SELECT 1 FROM legal_holds h WHERE h.call_id = o.call_id AND h.released_at IS NULL)",
            id=object_id,
        )
    await asyncio.to_thread(legal_holds.in_store, objects, archive(), second_archive(), on=True)


async def _alarms(clock: Clock, days: int) -> None:
    async with db.transaction() as connection:
        now = clock.now()
        standing = await fixity.standing(connection, now, days)
        for name, count in (
            (alarms.FIXITY_FAILED, standing.damaged),
            (alarms.FIXITY_OVERDUE, standing.overdue),
            (alarms.SECOND_COPY_MISSING, standing.single if second_archive() else 0),
        ):
            if count:
                await alarms.sound(connection, name, now, objects=count)
            else:
                await alarms.over(connection, name)


@batch
async def lock_for_longer(clock: Clock) -> int:
    """Move the locks of records whose contracts or disputes have news. Returns how many grew."""
    grown, after = 0, 0
    while True:
        async with db.transaction() as connection:
            found = await keeping_longer.changed(connection, clock.now(), BLOCK, after)
        for duty in found:
            after = duty.kept.id
            reached = None
            if duty.grows:
                reached = await asyncio.to_thread(keeping_longer.lock_longer, duty, archive(), second_archive())
                grown += 1
            async with db.transaction() as connection:
                await keeping_longer.written(connection, duty, reached, clock.now())
        if len(found) < BLOCK:
            return grown


@batch
async def dispose_of_approved(clock: Clock) -> int:
    """Carry out the disposal lists that two have approved. Returns how many objects were destroyed."""
    async with db.transaction() as connection:
        lists = await disposals.approved(connection)
    gone = 0
    for number in lists:
        try:
            outcome = await archive_orders.dispose(number, clock)
        except DisposalRefused:
            continue  # carried out by command, or refused, in this moment
        gone += sum(what == disposals.DESTROYED for what in outcome.values())
    return gone


@batch
async def account_for_calls(clock: Clock) -> int:
    """Every ended call has a verified recording or a stated reason; returns how many have neither, with an alarm."""
    now = clock.now()
    async with db.transaction() as connection:
        missing = await recordings.unaccounted(connection, now - UNACCOUNTED_AFTER)
        if missing:
            await alarms.sound(connection, alarms.RECORDING_UNACCOUNTED, now, calls=len(missing), first=missing[0])
        else:
            await alarms.over(connection, alarms.RECORDING_UNACCOUNTED)
    return len(missing)


async def all_objects() -> int:
    """How many objects lie in the archive."""
    async with db.transaction() as connection:
        return await archive_objects.count(connection)
