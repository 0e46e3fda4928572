"""The electronic records of each day into the archive, sealed and locked like recordings (R111)."""

import asyncio
import hashlib
from datetime import date

from clock import Clock
from rules.calendar import shanghai
from rules.recordings import RecordKind, lock_until, retain_until
from storage import archive_objects, data_keys, day_records, db, events
from storage.archive import archive
from storage.encryption import FORM, seal
from storage.key_keepers import key_keeper
from storage.sound import scratch
from tasks.outages import batch


@batch
async def keep_day_records(clock: Clock) -> list[date]:
    """Archive every day that is over, once. Returns the days."""
    async with db.transaction() as connection:
        days = await day_records.days_to_keep(connection, clock.now())
    for day in days:
        await _keep(day, clock)
    return days


async def _keep(day: date, clock: Clock) -> None:
    subject = f"record:{day_records.name_of(day)}"
    async with db.transaction() as connection:
        keys = await data_keys.ensure(connection, [subject], key_keeper(), clock.now())
    key_id, wrapped = keys[subject]
    key = await asyncio.to_thread(key_keeper().unwrap, wrapped, key_id)
    with scratch() as plain, scratch() as sealed:
        async with db.transaction() as connection:
            await day_records.write_day(connection, day, plain)
        digest, size = await asyncio.to_thread(_digest, plain)
        name = f"records/{day:%Y/%m/%d}/{digest.hex()}.jsonl.gz.sealed"
        await asyncio.to_thread(seal, plain, sealed, key, name, size, digest)
        # kept from their creation; the rule for electronic records has the same floor as for recordings
        until = lock_until(retain_until(shanghai(day)))
        store = archive()
        stored = await asyncio.to_thread(store.put, name, sealed, "application/octet-stream", until)
    async with db.transaction() as connection:
        await archive_objects.keep(
            connection,
            clock.now(),
            kind=RecordKind.ELECTRONIC,
            began_on=day,
            bucket=store.bucket,
            object_key=stored.key,
            version_id=stored.version_id,
            form=FORM,
            data_key_id=key_id,
            content_type="application/gzip",
            sha256=stored.sha256,
            sha512=stored.sha512,
            bytes=stored.size,
            plain_sha256=digest.hex(),
            plain_bytes=size,
            retain_until=stored.retain_until,
        )
        await events.record(
            connection,
            "RECORD_KEPT",
            clock.now(),
            object_key=stored.key,
            sha256=stored.sha256,
            retain_until=stored.retain_until,
        )


def _digest(plain) -> tuple[bytes, int]:
    digest, size = hashlib.sha256(), 0
    plain.seek(0)
    while block := plain.read(1 << 20):
        digest.update(block)
        size += len(block)
    plain.seek(0)
    return digest.digest(), size
