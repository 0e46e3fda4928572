"""A stretch of an archived recording made unhearable for good, by two persons, while the rest stays."""

import asyncio
from typing import BinaryIO

from clock import Clock
from rules.calendar import shanghai
from rules.recordings import archive_key
from storage import data_keys, db, redactions
from storage.archive import archive
from storage.archive_objects import KeptObject
from storage.encryption import seal
from storage.key_keepers import key_keeper
from storage.recording_reader import reader_of
from storage.redactions import Redaction
from storage.sound import Kept, keep, scratch, silenced

SUFFIX = "sealed"


async def ask(call_id: str, begin: float, end: float, reason: str, user: str, clock: Clock) -> int:
    """Returns the request's number. Raises RedactionRefused."""
    async with db.transaction() as connection:
        return await redactions.ask(connection, call_id, begin, end, reason, user, clock.now())


async def carry_out(number: int, user: str, clock: Clock) -> None:
    """By another person than asked. Killed before its end, it is repeated: the same key, the same bytes. Raises
    RedactionRefused, ArchiveError, KeyDestroyed."""
    async with db.transaction() as connection:
        await redactions.to_carry_out(connection, number, user)
        keys = await data_keys.ensure(connection, [f"redaction:{number}"], key_keeper(), clock.now())
    async with db.transaction() as connection:
        asked, whole = await redactions.to_carry_out(connection, number, user)
        key_id, wrapped = keys[f"redaction:{number}"]
        key = await asyncio.to_thread(key_keeper().unwrap, wrapped, key_id)
        kept, name, sealed = await asyncio.to_thread(_redacted, asked, whole, key)
        with sealed:
            store = archive()
            stored = await asyncio.to_thread(store.put, name, sealed, "application/octet-stream", whole.retain_until)
        await redactions.done(
            connection, asked, whole, stored, user, clock.now(), data_key_id=key_id, content_type=kept.content_type,
            plain_sha256=kept.sha256, plain_bytes=kept.size, samples_sha256=kept.samples_sha256,
        )  # fmt: skip


def _redacted(asked: Redaction, whole: KeptObject, key: bytes) -> tuple[Kept, str, BinaryIO]:
    with scratch() as plain:
        reader_of(whole).copy_out(plain)
        kept = keep(silenced(plain, [(asked.begin_seconds, asked.end_seconds)]))
    digest = kept.samples_sha256 or kept.sha256
    name = archive_key(asked.call_id, digest, shanghai(whole.began_on), f"{kept.suffix}.{SUFFIX}")
    sealed = scratch()
    seal(kept.file, sealed, key, name, kept.size, bytes.fromhex(kept.sha256))
    sealed.seek(0)
    return kept, name, sealed
