"""Can everything be heard again from what was kept? Each object is read from a bucket, opened with its key and compared with
the digest of what went in; the ledger is followed from its first line."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.ledger import NOTHING, check_chain
from storage import archive_objects, db, ledger
from storage.archive import Archive, ArchiveError, archive, second_archive
from storage.archive_objects import KeptObject
from storage.data_keys import KeyDestroyed
from storage.encryption import NotOpened
from storage.key_keepers import KeysAway, KeysWrong, key_keeper
from storage.recording_reader import RecordingReader

BLOCK = 100


@dataclass(frozen=True, slots=True)
class Drill:
    """What the drill found. `opened`: objects that were heard again whole, from whichever copy; `failures`: by object."""

    began_at: datetime
    seconds: float
    objects: int
    opened: int
    from_second: int
    bytes: int
    ledger_lines: int
    ledger_head: str
    failures: tuple[tuple[str, str], ...]

    @property
    def ok(self) -> bool:
        return not self.failures


async def drill(most: int | None = None) -> Drill:
    """Open every object (or the first `most`), and follow the ledger. Nothing is changed."""
    began = datetime.now(UTC)
    objects = opened = from_second = size = after = 0
    failures: list[tuple[str, str]] = []
    while most is None or objects < most:
        async with db.transaction() as connection:
            found = await archive_objects.select(
                connection, "o.id > :after", "ORDER BY o.id LIMIT :most", after=after, most=BLOCK
            )
        for kept in found[: None if most is None else most - objects]:
            after, objects = kept.id, objects + 1
            problem, second = await asyncio.to_thread(_heard, kept)
            if problem:
                failures.append((kept.object_key, problem))
            else:
                opened, from_second, size = opened + 1, from_second + second, size + kept.plain_bytes
        if len(found) < BLOCK:
            break
    lines, head, broken = await _ledger()
    failures += broken
    seconds = (datetime.now(UTC) - began).total_seconds()
    return Drill(began, seconds, objects, opened, from_second, size, lines, head, tuple(failures))


def _heard(kept: KeptObject) -> tuple[str | None, bool]:
    """The problem, if no copy gives back what went in, and whether it took the second one."""
    problem = "no copy"
    copies: list[tuple[Archive | None, str | None]] = [
        (archive(), kept.version_id),
        (second_archive(), kept.second_version_id),
    ]
    for number, (store, version) in enumerate(copies):
        if store is None or version is None:
            continue
        try:
            digest = hashlib.sha256()
            for piece in RecordingReader(kept, store, key_keeper(), version).stream():
                digest.update(piece)
        except (ArchiveError, NotOpened, KeyDestroyed, KeysAway, KeysWrong) as e:
            problem = f"{type(e).__name__}: {e}"
            continue
        if digest.hexdigest() == kept.plain_sha256:
            return None, number == 1
        problem = "opened, but not what went in"
    return problem, False


async def _ledger() -> tuple[int, str, list[tuple[str, str]]]:
    count, after, previous, broken = 0, 0, NOTHING, []
    async with db.transaction() as connection:
        while block := await ledger.read(connection, after):
            broken += [("ledger", str(one)) for one in check_chain(block, after=after, previous=previous)]
            count, after, previous = count + len(block), block[-1].seq, block[-1].hash
        head = await ledger.head(connection)
    if (head["seq"], head["hash"]) != (after, previous):
        broken.append(("ledger", f"the head says {head['seq']}, the last line is {after}"))
    return count, previous, broken
