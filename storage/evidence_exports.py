"""An evidence pack from the database and the stores: the ledger is signed first, and the copy that leaves is on record
before it is given out."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rules.retrieval_events import RightKind
from settings import settings
from storage import checkpoints, db, evidence_packs, ledger, ledger_keys, verify_pack
from storage.archive import archive, second_archive
from storage.checkpoints import Checkpoint
from storage.judging import snapshot
from storage.key_keepers import key_keeper


@dataclass(frozen=True, slots=True)
class Exported:
    """`sha256` of the file that names every other; `checkpoint`: lines of the ledger that the pack is proven against."""

    folder: Path
    recordings: int
    files: int
    sha256: str
    checkpoint: int


async def export(
    call_id: str,
    folder: Path,
    by: str,
    now: datetime,
    *,
    right: RightKind,
    right_id: int | None = None,
    stamp: Callable[[Checkpoint], Awaitable[object]] | None = None,
) -> Exported:
    """Make the pack of a call in `folder`, which is not there yet or empty. `by`: the log-in that takes it, under `right`,
    which the caller has looked at; `stamp` has the checkpoint stamped. Raises NoSuchCall, FileExistsError, LedgerKeysWrong,
    LedgerForked, ArchiveError, KeysAway, KeysWrong, KeyDestroyed; then nothing is left."""
    keys = ledger_keys.read(settings().ledger_key_file)
    await ledger.seal_events(now)
    point = await checkpoints.make(keys, now)
    if point is None:
        raise evidence_packs.NoSuchCall(call_id)
    if stamp is not None:
        await stamp(point)
    async with snapshot() as connection:
        told = await evidence_packs.read(connection, call_id, point)
    stores = [(which, store) for which, store in (("FIRST", archive()), ("SECOND", second_archive())) if store]
    digest = await asyncio.to_thread(evidence_packs.write, told, folder, keys, key_keeper(), stores, now)
    try:
        async with db.transaction() as connection:
            for name in told.names or [None]:
                await ledger.record(
                    connection, "RECORDING_EXPORTED", now, actor=by, call_id=call_id, user=by, recording=name,
                    right={"kind": right, "id": right_id}, sha256=digest,
                )  # fmt: skip
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Exported(folder, len(told.objects), len(verify_pack.files_in(folder)), digest, point.size)
