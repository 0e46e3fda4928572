"""Recordings: fetch from the carrier, check, seal, lock in the archive, read back, and only then delete the carrier's copy."""

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO

from clock import Clock
from rules.calendar import business_date
from rules.recording_checks import recording_problem
from rules.recordings import RecordKind, archive_key, lock_until, retain_until
from scripts.call_scripts import UnknownScript
from scripts.script_yaml import BadScript
from storage import alarms, archive_objects, controls, data_keys, db, recordings, sensitive_stretches
from storage.archive import Archive, ArchiveError, ArchiveUnreachable, ArchiveUnsafe, Stored, archive
from storage.data_keys import recording_subject
from storage.encryption import FORM, seal
from storage.key_keepers import KeysAway, KeysWrong, Wrapped, key_keeper
from storage.recordings import Waiting
from storage.script_versions import script_of
from storage.sound import Kept, Measured, NotSound, keep, measure, measured_and_kept, scratch, silenced
from tasks.hang_ups import explain_hang_up
from tasks.outages import batch, is_outage
from telephony.errors import Missing, Refused
from telephony.phone import Phone

BATCH = 24
AT_ONCE = 4
# Real seconds after which another worker may take over what this one did not finish. Two that meet do no harm: the row is
# locked while its object is stored, and both would store the same bytes under the same name.
LEASE_SECONDS = 30
# Real seconds until the next look while the archive or the carrier is away.
OUTAGE_SECONDS = 10
# A media file may lag behind its callback by seconds; after so many tries it is lost.
MISSING_TRIES = 8
LARGEST = 512 * 1024 * 1024
SUFFIX = "sealed"

_ALARM_OF = (
    (ArchiveUnsafe, alarms.ARCHIVE_UNSAFE),
    (ArchiveUnreachable, alarms.ARCHIVE_AWAY),
    (ArchiveError, alarms.ARCHIVE_REFUSES),
    (KeysAway, alarms.KEYS_MISSING),
    (KeysWrong, alarms.KEYS_MISSING),
)


class TooLarge(Exception):
    """More bytes than any call can have."""


class Unfit(Exception):
    """What is wrong with the sound, as rules/recording_checks.py calls it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A recording ready to be stored: what was measured, its plain form, and the sealed one at its beginning."""

    measured: Measured
    kept: Kept
    sealed: BinaryIO


@dataclass(frozen=True, slots=True)
class Carried:
    """`stored`: the archive took it just now; `deleted`: the carrier's copy is gone."""

    stored: bool = False
    deleted: bool = False


@batch
async def archive_recordings(phone: Phone, clock: Clock) -> int:
    """Carry a batch of recordings one step further. Returns how many were taken up."""
    async with db.transaction() as connection:
        waiting = await recordings.claim(connection, clock.now(), LEASE_SECONDS * clock.speed, BATCH)
        may_clear = await controls.carrier_copies_may_go(connection)
        sensitive = await _sensitive_steps(connection, waiting)
    if not waiting:
        return 0
    keys = await _keys(waiting, clock)
    lines = asyncio.Semaphore(AT_ONCE)

    async def carry(item: Waiting) -> Carried:
        async with lines:
            return await _carry(item, phone, clock, keys.get(item.id), sensitive[item.id], may_clear)

    carried = await asyncio.gather(*(carry(item) for item in waiting))
    # at once for all: killed before, they are VERIFIED, and what is deleted is deleted again without harm
    if any(one.stored or one.deleted for one in carried):
        async with db.transaction() as connection:
            gone = [item.id for item, one in zip(waiting, carried, strict=True) if one.deleted]
            await recordings.cleared(connection, gone, clock.now())
            if any(one.stored for one in carried):
                await alarms.over(connection, *{name for _, name in _ALARM_OF})
    return len(waiting)


async def _keys(waiting: list[Waiting], clock: Clock) -> dict[int, tuple[str, Wrapped]]:
    """Each new recording's data key, committed before anything is sealed with it: a repeat must meet the same one. Empty,
    with an alarm, where there is none to be had."""
    wanted = {recording_subject(item.id): item.id for item in waiting if item.state == "REPORTED"}
    if not wanted:
        return {}
    try:
        async with db.transaction() as connection:
            found = await data_keys.ensure(connection, list(wanted), key_keeper(), clock.now())
    except (KeysAway, KeysWrong) as e:
        await _alarm(e, clock)
        return {}
    return {wanted[subject]: key for subject, key in found.items()}


async def _carry(
    item: Waiting,
    phone: Phone,
    clock: Clock,
    key: tuple[str, Wrapped] | None,
    sensitive: frozenset[str] | None,
    may_clear: bool,
) -> Carried:
    stored = False
    try:
        if item.state == "REPORTED":
            if key is None:
                await _later(item, "KEYS_MISSING", clock)
                return Carried()
            if not (stored := await _into_archive(item, phone, clock, key, sensitive)):
                return Carried()
        if not may_clear:
            # the store has broken a promise: the carrier's copy is the one that is certain
            await _later(item, "WORM_BROKEN", clock)
            return Carried(stored)
        await phone.delete_recording(item.provider_id)
        return Carried(stored, deleted=True)
    except Refused as e:
        # nothing is lost by waiting here either, and the others of the batch have nothing to do with it
        await _later(item, "CARRIER_REFUSED", clock)
        if e.about == "account":
            async with db.transaction() as connection:
                await alarms.sound(connection, alarms.CARRIER_REFUSES, clock.now(), code=e.code, status=e.status)
    except Exception as e:
        if not is_outage(e) and not isinstance(e, tuple(kind for kind, _ in _ALARM_OF)):
            raise
        # The carrier's copy is still there: nothing is lost by waiting, however often.
        await _later(item, type(e).__name__, clock)
        await _alarm(e, clock)
    return Carried(stored)


async def _later(item: Waiting, problem: str, clock: Clock) -> None:
    pause = timedelta(seconds=OUTAGE_SECONDS * clock.speed)
    async with db.transaction() as connection:
        await recordings.postponed(connection, item.id, clock.now() + pause, problem, tried=False)


async def _alarm(error: Exception, clock: Clock) -> None:
    name = next((name for kind, name in _ALARM_OF if isinstance(error, kind)), None)
    if name:
        async with db.transaction() as connection:
            await alarms.sound(connection, name, clock.now(), problem=str(error)[:200])


async def _into_archive(
    item: Waiting, phone: Phone, clock: Clock, key: tuple[str, Wrapped], sensitive: frozenset[str] | None
) -> bool:
    if sensitive is None:
        await _later(item, "SCRIPT_MISSING", clock)
        return False
    stretches = []
    if sensitive or item.marked:
        async with db.transaction() as connection:
            stretches = await sensitive_stretches.of_call(connection, item.call_id, sensitive)
    if item.hung_up and item.call_sid:
        # its call is settled as soon as a recording is verified, and not before
        await explain_hang_up(phone, item.call_id, item.call_sid, clock)
    try:
        received = await _fetch(item, phone)
    except Missing:
        return await _missing(item, clock)
    except Refused as e:
        if e.about == "account":
            raise
        # both channels were asked for, and the carrier has only one
        return await _again_or_lost(item, "NOT_TWO_CHANNELS", clock)
    except TooLarge:
        return await _lost(item, "TOO_LARGE", clock)
    name, ready = "", None
    try:
        with received:
            name, ready = await asyncio.to_thread(_prepared, item, received, stretches, key, clock)
    except NotSound:
        return await _again_or_lost(item, "NOT_SOUND", clock)
    except Unfit as problem:
        return await _again_or_lost(item, str(problem), clock)
    with ready.sealed:
        return await _store(item, ready, name, key[0], clock)


def _prepared(
    item: Waiting, received: BinaryIO, stretches: list[tuple[float, float]], key: tuple[str, Wrapped], clock: Clock
) -> tuple[str, Prepared]:
    """Measured, silenced where it must be, packed and sealed, with its name in the archive; blocks. Raises NotSound, Unfit,
    KeysAway, KeysWrong."""
    if stretches:
        measured, kept = measure(received), keep(silenced(received, stretches))
    else:
        measured, kept = measured_and_kept(received)
    problem = recording_problem(measured.sound, reported_seconds=item.reported_seconds, call_seconds=item.call_seconds)
    if problem:
        kept.file.close()
        raise Unfit(problem)
    began = item.answered_at or clock.now()
    name = archive_key(item.call_id, kept.samples_sha256 or kept.sha256, began, f"{kept.suffix}.{SUFFIX}")
    key_id, wrapped = key
    return name, Prepared(measured, kept, _sealed(kept, key_keeper().unwrap(wrapped, key_id), name))


async def _sensitive_steps(connection, waiting: list[Waiting]) -> dict[int, frozenset[str] | None]:
    """By recording, the steps at which its script asks for a card number or password. None while the script cannot be read:
    then nobody knows what may be archived."""
    of_script: dict[tuple[str, str | None], frozenset[str] | None] = {}
    for item in waiting:
        name = item.script, item.script_digest
        if item.state == "REPORTED" and name not in of_script:
            try:
                script = await script_of(connection, *name)
                of_script[name] = frozenset(step.id for step in script.steps.values() if step.sensitive)
            except (BadScript, UnknownScript):
                of_script[name] = None
    return {item.id: of_script.get((item.script, item.script_digest)) for item in waiting}


def _sealed(kept: Kept, key: bytes, name: str) -> BinaryIO:
    out = scratch()
    with kept.file:
        seal(kept.file, out, key, name, kept.size, bytes.fromhex(kept.sha256))
    out.seek(0)
    return out


async def _store(item: Waiting, ready: Prepared, name: str, key_id: str, clock: Clock) -> bool:
    """Put it under lock and write it down. The row is locked meanwhile, so that nobody else stores it at the same time."""
    began = item.answered_at or clock.now()
    until = lock_until(retain_until(began))
    async with db.transaction() as connection:
        if not await recordings.is_still_waiting(connection, item.id):
            return False
        store = archive()
        stored = await asyncio.to_thread(store.put, name, ready.sealed, "application/octet-stream", until)
        await _write_down(connection, item, ready, store, stored, key_id, clock)
    return True


async def _write_down(
    connection, item: Waiting, ready: Prepared, store: Archive, stored: Stored, key_id: str, clock: Clock
) -> None:
    sound, kept, now = ready.measured.sound, ready.kept, clock.now()
    await archive_objects.keep(
        connection,
        now,
        kind=RecordKind.RECORDING,
        recording_id=item.id,
        call_id=item.call_id,
        began_on=business_date(item.answered_at or now),
        bucket=store.bucket,
        object_key=stored.key,
        version_id=stored.version_id,
        form=FORM,
        data_key_id=key_id,
        content_type=kept.content_type,
        sha256=stored.sha256,
        sha512=stored.sha512,
        bytes=stored.size,
        plain_sha256=kept.sha256,
        plain_bytes=kept.size,
        samples_sha256=kept.samples_sha256,
        retain_until=stored.retain_until,
    )
    await recordings.verified(
        connection,
        item.id,
        now,
        object_key=stored.key,
        version_id=stored.version_id,
        sha256=stored.sha256,
        samples_sha256=kept.samples_sha256,
        bytes=stored.size,
        seconds=sound.seconds,
        channels=sound.channels,
        loudness=json.dumps(ready.measured.as_json()),
        retain_until=stored.retain_until,
    )


async def _fetch(item: Waiting, phone: Phone) -> BinaryIO:
    received, size = scratch(), 0
    try:
        async for block in phone.media(item.provider_id):
            size += len(block)
            if size > LARGEST:
                raise TooLarge
            received.write(block)
    except BaseException:
        received.close()
        raise
    return received


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
