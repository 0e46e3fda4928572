"""Recordings: fetch from the carrier, check, lock in the archive, read back, and only then delete the carrier's copy."""

import asyncio
import hashlib
from datetime import timedelta

from clock import Clock
from rules.recording_checks import recording_problem
from rules.recordings import archive_key, lock_until, retain_until
from storage import db, recordings
from storage.archive import ArchiveUnsafe, archive
from storage.recordings import Waiting
from storage.sound import NotSound, keep, measure
from tasks.outages import batch, is_outage
from telephony.errors import Missing
from telephony.phone import Phone

BATCH = 24
AT_ONCE = 4
# Real seconds after which another worker may take over what this one did not finish. Two that meet do no harm: the second
# stores the same sound under the same key, and only one of them moves the row.
LEASE_SECONDS = 30
# Real seconds until the next look while the archive or the carrier is away.
OUTAGE_SECONDS = 10
# A media file may lag behind its callback by seconds; after so many tries it is lost.
MISSING_TRIES = 8
LARGEST = 512 * 1024 * 1024


class TooLarge(Exception):
    """More bytes than any call can have."""


@batch
async def archive_recordings(phone: Phone, clock: Clock) -> int:
    """Carry a batch of recordings one step further. Returns how many were taken up."""
    async with db.transaction() as connection:
        waiting = await recordings.claim(connection, clock.now(), LEASE_SECONDS * clock.speed, BATCH)
    if not waiting:
        return 0
    lines = asyncio.Semaphore(AT_ONCE)

    async def carry(item: Waiting) -> None:
        async with lines:
            await _carry(item, phone, clock)

    await asyncio.gather(*(carry(item) for item in waiting))
    return len(waiting)


async def _carry(item: Waiting, phone: Phone, clock: Clock) -> None:
    try:
        if item.state == "REPORTED" and not await _into_archive(item, phone, clock):
            return
        await phone.delete_recording(item.provider_id)
        async with db.transaction() as connection:
            await recordings.cleared(connection, [item.id], clock.now())
    except Exception as e:
        if not is_outage(e) and not isinstance(e, ArchiveUnsafe):
            raise
        # The carrier's copy is still there: nothing is lost by waiting, however often.
        pause = timedelta(seconds=OUTAGE_SECONDS * clock.speed)
        async with db.transaction() as connection:
            await recordings.postponed(connection, item.id, clock.now() + pause, type(e).__name__, tried=False)


async def _into_archive(item: Waiting, phone: Phone, clock: Clock) -> bool:
    try:
        received = await _fetch(item, phone)
    except Missing:
        return await _missing(item, clock)
    except TooLarge:
        return await _lost(item, "TOO_LARGE", clock)
    try:
        sound = await asyncio.to_thread(measure, received)
    except NotSound:
        return await _again_or_lost(item, "NOT_SOUND", clock)
    problem = recording_problem(sound, reported_seconds=item.reported_seconds, call_seconds=item.call_seconds)
    if problem:
        return await _again_or_lost(item, problem, clock)
    kept = await asyncio.to_thread(keep, received)
    began = item.answered_at or clock.now()
    digest = kept.samples_sha256 or hashlib.sha256(kept.data).hexdigest()
    key = archive_key(item.call_id, digest, began, kept.suffix)
    until = lock_until(retain_until(began))
    stored = await asyncio.to_thread(archive().put, key, kept.data, kept.content_type, until)
    async with db.transaction() as connection:
        await recordings.verified(
            connection,
            item.id,
            clock.now(),
            object_key=stored.key,
            version_id=stored.version_id,
            sha256=stored.sha256,
            samples_sha256=kept.samples_sha256,
            bytes=stored.size,
            seconds=sound.seconds,
            channels=sound.channels,
            retain_until=stored.retain_until,
        )
    return True


async def _fetch(item: Waiting, phone: Phone) -> bytes:
    blocks, size = [], 0
    async for block in phone.media(item.provider_id):
        size += len(block)
        if size > LARGEST:
            raise TooLarge
        blocks.append(block)
    return b"".join(blocks)


async def _missing(item: Waiting, clock: Clock) -> bool:
    return await _again_or_lost(item, "MEDIA_MISSING", clock)


async def _again_or_lost(item: Waiting, problem: str, clock: Clock) -> bool:
    """A copy that is cut short or not there yet may be whole a moment later; after some tries it is what it is."""
    if item.tries >= MISSING_TRIES:
        return await _lost(item, problem, clock)
    async with db.transaction() as connection:
        pause = timedelta(seconds=min(0.5 * 2**item.tries, 60) * clock.speed)
        await recordings.postponed(connection, item.id, clock.now() + pause, problem, tried=True)
    return False


async def _lost(item: Waiting, problem: str, clock: Clock) -> bool:
    async with db.transaction() as connection:
        await recordings.lost(connection, item.id, problem, clock.now())
    return False
