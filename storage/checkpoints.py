"""The tree over the ledger as it is stored, the signed checkpoints of it, and the proofs that lead from one to another.

The tree grows when a checkpoint is made, not when a line is written: archiving waits for nothing. What was signed once is
never signed differently: a checkpoint is refused where the ledger no longer holds the one before it.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.ledger import NOTHING, check_chain
from rules.merkle import Place, consistency_ranges, grow, inclusion_ranges, nodes_under, root_of
from storage import db, ledger
from storage.db import rows
from storage.ledger_keys import LedgerKeys


class LedgerForked(Exception):
    """The ledger is not the one that was signed, or does not hold together: nothing more is signed."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`root` in hex, over the first `size` lines; `note` as it is given out."""

    id: int
    at: datetime
    size: int
    root: str
    note: str


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """What is signed (C2SP tlog-checkpoint)."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


async def make(keys: LedgerKeys, now: datetime) -> Checkpoint | None:
    """Sign the ledger as it stands; the newest checkpoint where nothing was added since, None for an empty ledger. Raises
    LedgerForked."""
    async with db.transaction() as connection:
        end = (await ledger.head(connection))["seq"]
    while await _grow(end) < end:
        pass
    async with db.transaction() as connection:
        # one at a time, and never smaller than the last
        [tree] = await rows(connection, "SELECT size FROM ledger_tree WHERE id = 1 FOR UPDATE")
        last, size = await newest(connection), tree["size"]
        if size == 0 or (last and last.size == size):
            return last
        root = await root_at(connection, size)
        if last and (await root_at(connection, last.size)).hex() != last.root:
            raise LedgerForked(f"the tree does not hold checkpoint {last.id} over {last.size} lines any more")
        note = keys.sign(checkpoint_text(keys.name, size, root)).decode()
        [made] = await rows(
            connection,
            """INSERT INTO checkpoints (at, size, root, note) VALUES (:at, :size, :root, :note)
               RETURNING id, at, size, root, note""",
            at=now,
            size=size,
            root=root.hex(),
            note=note,
        )
    return Checkpoint(**made)


async def _grow(end: int) -> int:
    """Add the next lines, up to line `end`, to the stored tree; returns how many lines it stands over then."""
    async with db.transaction() as connection:
        [tree] = await rows(connection, "SELECT size FROM ledger_tree WHERE id = 1 FOR UPDATE")
        size = tree["size"]
        lines = await ledger.read(connection, size, min(ledger.BLOCK, max(end - size, 0)))
        if not lines:
            if size < end:
                raise LedgerForked(f"line {size + 1} of the ledger is not there")
            return size
        before = await rows(connection, "SELECT hash FROM ledger WHERE seq = :seq", seq=size)
        previous = before[0]["hash"] if before else NOTHING
        for broken in check_chain(lines, after=size, previous=previous):
            raise LedgerForked(f"line {broken.seq} of the ledger: {broken.problem}")
        edge = await nodes_at(connection, nodes_under(0, size))
        added = [(at, found) for at, found in grow(size, edge, (bytes.fromhex(line.hash) for line in lines)) if at[0]]
        await rows(
            connection,
            """WITH kept AS (
                 INSERT INTO ledger_nodes (level, place, hash)
                 SELECT g.level, g.place, g.hash
                 FROM unnest(CAST(:levels AS smallint[]), CAST(:places AS bigint[]), CAST(:hashes AS bytea[]))
                   AS g(level, place, hash)
               )
               UPDATE ledger_tree SET size = :size WHERE id = 1 RETURNING size""",
            levels=[level for (level, _), _ in added],
            places=[place for (_, place), _ in added],
            hashes=[found for _, found in added],
            size=lines[-1].seq,
        )
        return lines[-1].seq


async def nodes_at(connection: AsyncConnection, places: Collection[Place]) -> dict[Place, bytes]:
    """These nodes of the tree, the lines' own hashes among them. Raises LedgerForked where one is missing."""
    found: dict[Place, bytes] = {}
    if lines := [place for level, place in places if level == 0]:
        for row in await rows(
            connection, "SELECT seq, hash FROM ledger WHERE seq = ANY(:seqs)", seqs=[place + 1 for place in lines]
        ):
            found[0, row["seq"] - 1] = bytes.fromhex(row["hash"])
    if above := [at for at in places if at[0]]:
        for row in await rows(
            connection,
            """SELECT n.level, n.place, n.hash FROM ledger_nodes n
               JOIN unnest(CAST(:levels AS smallint[]), CAST(:places AS bigint[])) AS g(level, place)
                 ON n.level = g.level AND n.place = g.place""",
            levels=[level for level, _ in above],
            places=[place for _, place in above],
        ):
            found[row["level"], row["place"]] = bytes(row["hash"])
    if missing := set(places) - found.keys():
        raise LedgerForked(f"{len(missing)} hashes of the tree are not there, as {min(missing)}")
    return found


async def root_at(connection: AsyncConnection, size: int) -> bytes:
    """The root over the first `size` lines, from the stored tree."""
    return root_of(0, size, await nodes_at(connection, nodes_under(0, size)))


async def inclusion(connection: AsyncConnection, seqs: Sequence[int], size: int) -> dict[int, list[bytes]]:
    """For each of these lines the proof that it is under the root over the first `size`. Two statements, however many;
    about log2(size) hashes a line. Raises ValueError for a line that is not under it, LedgerForked."""
    return await _told(connection, {seq: inclusion_ranges(seq - 1, size) for seq in seqs})


async def consistency(connection: AsyncConnection, old: int, new: int) -> list[bytes]:
    """The proof that the first `new` lines begin with the first `old`. Raises ValueError, LedgerForked."""
    return (await _told(connection, {0: consistency_ranges(old, new)}))[0]


async def _told(connection: AsyncConnection, wanted: Mapping[int, Sequence[tuple[int, int]]]) -> dict[int, list[bytes]]:
    places = {place for ranges in wanted.values() for begin, end in ranges for place in nodes_under(begin, end)}
    nodes = await nodes_at(connection, places)
    return {key: [root_of(begin, end, nodes) for begin, end in ranges] for key, ranges in wanted.items()}


async def newest(connection: AsyncConnection) -> Checkpoint | None:
    found = await every(connection, "ORDER BY size DESC LIMIT 1")
    return found[0] if found else None


async def every(connection: AsyncConnection, tail: str = "ORDER BY size", **values: Any) -> list[Checkpoint]:
    """The checkpoints, the smallest first unless `tail` says otherwise."""
    return [
        Checkpoint(**row)
        for row in await rows(connection, f"SELECT id, at, size, root, note FROM checkpoints {tail}", **values)
    ]
