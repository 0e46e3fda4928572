"""Can everything be heard again from what was kept? Each object is read from a bucket, opened with its key and compared with
the digest of what went in; the ledger is followed from its first line, and each of its checkpoints is worked out anew and must
bear the signatures of the keys that were put back."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from rules.ledger import NOTHING, check_chain
from rules.merkle import grow, nodes_under, root_of
from settings import settings
from storage import archive_objects, checkpoints, db, ledger, ledger_keys
from storage.archive import Archive, ArchiveError, archive, second_archive
from storage.archive_objects import KeptObject
from storage.checkpoints import Checkpoint
from storage.data_keys import KeyDestroyed
from storage.encryption import NotOpened
from storage.key_keepers import KeysAway, KeysWrong, key_keeper
from storage.ledger_keys import LedgerKeysWrong
from storage.recording_reader import RecordingReader
from storage.verify_pack import PublicKey, parse_checkpoint, signed_text

BLOCK = 100


@dataclass(frozen=True, slots=True)
class Drill:
    """What the drill found. `opened`: objects that were heard again whole, from whichever copy; `checkpoints`: that
    hold, with their signatures; `failures`: by object."""

    began_at: datetime
    seconds: float
    objects: int
    opened: int
    from_second: int
    bytes: int
    ledger_lines: int
    ledger_head: str
    checkpoints: int
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
    lines, head, signed, broken = await _ledger()
    failures += broken
    seconds = (datetime.now(UTC) - began).total_seconds()
    return Drill(began, seconds, objects, opened, from_second, size, lines, head, signed, tuple(failures))


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


async def _ledger() -> tuple[int, str, int, list[tuple[str, str]]]:
    """How many lines, the last one's hash, how many checkpoints hold, and what is broken."""
    count, after, previous, broken = 0, 0, NOTHING, []
    edge, held = {}, 0
    async with db.transaction() as connection:
        points = await checkpoints.every(connection)
        keys, problem = _public_keys()
        while block := await ledger.read(connection, after):
            broken += [("ledger", str(one)) for one in check_chain(block, after=after, previous=previous)]
            nodes = edge | dict(grow(count, edge, (bytes.fromhex(line.hash) for line in block)))
            while points and points[0].size <= count + len(block):
                point = points.pop(0)
                wrong = problem or _wrong(point, root_of(0, point.size, nodes), keys)
                broken += [(f"checkpoint {point.id}", wrong)] if wrong else []
                held += not wrong
            count, after, previous = count + len(block), block[-1].seq, block[-1].hash
            edge = {place: nodes[place] for place in nodes_under(0, count)}
        head = await ledger.head(connection)
    if (head["seq"], head["hash"]) != (after, previous):
        broken.append(("ledger", f"the head says {head['seq']}, the last line is {after}"))
    broken += [(f"checkpoint {point.id}", f"is of {point.size} lines") for point in points]
    return count, previous, held, broken


def _public_keys() -> tuple[tuple[PublicKey, ...], str | None]:
    try:
        return ledger_keys.read(settings().ledger_key_file).public, None
    except LedgerKeysWrong as e:
        return (), str(e)


def _wrong(point: Checkpoint, root: bytes, keys: tuple[PublicKey, ...]) -> str | None:
    try:
        _, size, signed = parse_checkpoint(signed_text(point.note.encode(), keys)[0])
    except ValueError as e:
        return str(e)
    return None if (size, signed) == (point.size, root) else "is not of these lines"
