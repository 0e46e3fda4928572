"""Deliveries of contracts: a file, a page of a pull, a push, a mended row. All go through `contract_batches.store`.

A delivery counts when it is finished. One that was cut short is taken again from its beginning: rows that it stored
already are found and counted as they were, and nothing is stored twice.
"""

import asyncio
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.contracts import COLUMNS, ReadRow, cells_from_json, read_rows
from rules.list_columns import clean
from storage import db
from storage.calendar_days import read_calendar
from storage.contract_batches import COUNTS, Arrived, Basis, arrived, forget_rows, store
from storage.db import rows
from storage.house import read_house
from storage.vault import vault

BATCH = 1000
MOST_TRIES = 5
_DEADLOCK = ("40P01", "40001")

GivenRow = tuple[int, Mapping[str, str], bool]  # row number, cells by English column name, too many cells


class ListBusy(Exception):
    """Another process is taking this very list."""


class KeyTaken(Exception):
    """This idempotency key came before, with another body."""


class RowTaken(Exception):
    """The row was mended already, or its list is just being taken."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`list_id` None: nothing was delivered. The problems of the rows are read by `problems(list_id)`."""

    list_id: int | None
    rows: int = 0
    accepted: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    duplicates: int = 0
    out_of_scope: int = 0
    cases_opened: int = 0

    @property
    def counts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNTS}

    @classmethod
    def of(cls, list_id: int | None, counts: Mapping[str, int]) -> "ImportResult":
        return cls(list_id, **{name: counts.get(name, 0) for name in COUNTS})


async def basis(now: datetime) -> Basis:
    """What rows that arrive at `now` are judged by."""
    async with db.transaction() as connection:
        return Basis(now, await read_calendar(connection), await read_house(connection))


async def take(
    given: Iterable[GivenRow],
    *,
    source: str,
    name: str,
    digest: str,
    basis: Basis,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Take a whole list in batches, each in a transaction of its own. `progress` hears how many rows are stored.

    A list with the `digest` of a finished one changes nothing, whatever came between. Raises ListBusy.
    """
    async with db.SoleHolder(f"contract list {digest}") as lock:
        if not await lock.is_mine():
            raise ListBusy(name)
        async with db.transaction() as connection:
            list_id, stands = await _opened(connection, source, name, digest, basis.now)
            if stands and stands["finished_at"] is not None:
                return ImportResult.of(list_id, _again(stands["counts"]))
            if stands:
                await forget_rows(connection, list_id)
        counts: Counter[str] = Counter()
        reading = _read(given, basis)
        coming = asyncio.create_task(asyncio.to_thread(_next_batch, reading))
        try:
            while batch := await coming:
                # the next batch is read while the database is busy with this one
                coming = asyncio.create_task(asyncio.to_thread(_next_batch, reading))
                counts += await _stored(list_id, source, batch, basis, again=stands is not None)
                if progress:
                    progress(counts["rows"])
        except BaseException:
            await asyncio.wait([coming])
            raise
        async with db.transaction() as connection:
            await _finish(connection, list_id, counts, basis.now)
    return ImportResult.of(list_id, counts)


async def take_page(
    objects: Sequence[Mapping[str, Any]], *, so_far: ImportResult, source: str, next_cursor: str | None, basis: Basis
) -> ImportResult:
    """Store one answer of the core system and, in the same transaction, how far it has been read.

    `so_far`: what the earlier pages of this pull came to; its list grows. A policy number that comes twice counts as a
    duplicate within one answer only: a later page may bring news of it.
    """
    read = list(_read(_rows_of(objects, first=so_far.rows + 1), basis))
    for tries in range(MOST_TRIES):
        try:
            async with db.transaction() as connection:
                list_id = so_far.list_id
                if list_id is None and read:
                    list_id, _ = await _opened(connection, source, source, f"pull {uuid.uuid4().hex}", basis.now)
                counts = Counter(so_far.counts)
                for batch in _batches(read):
                    counts += await store(connection, list_id, source, batch, basis, again=False)
                if list_id is not None:
                    await _finish(connection, list_id, counts, basis.now)
                if next_cursor:
                    await _move_cursor(connection, source, next_cursor, basis.now)
                return ImportResult.of(list_id, counts)
        except DBAPIError as error:
            await _after_deadlock(error, tries)
    raise AssertionError("unreachable")


async def read_cursor(source: str) -> str | None:
    """How far this core system has been read."""
    async with db.transaction() as connection:
        found = await rows(connection, "SELECT cursor FROM core_cursors WHERE source = :source", source=source)
        return found[0]["cursor"] if found else None


async def take_push(
    key: str, body: bytes, objects: Sequence[Mapping[str, Any]], *, source: str, basis: Basis
) -> tuple[dict[str, Any], bool]:
    """Store what was pushed under an idempotency key; (the answer, whether it is the answer of an earlier push).

    Each problem in the answer has its message in both languages. Raises KeyTaken.
    """
    digest = hashlib.sha256(body).hexdigest()
    read = await asyncio.to_thread(lambda: list(_read(_rows_of(objects, first=1), basis)))
    for tries in range(MOST_TRIES):
        try:
            async with db.transaction() as connection:
                # the same key at the same time waits here until the first is stored, and then finds its answer
                fresh = await rows(
                    connection,
                    "INSERT INTO push_keys (key, digest, answer, received_at) VALUES (:key, :digest, '{}', :now) "
                    "ON CONFLICT (key) DO NOTHING RETURNING key",
                    key=key,
                    digest=digest,
                    now=basis.now,
                )
                if not fresh:
                    [stands] = await rows(connection, "SELECT digest, answer FROM push_keys WHERE key = :key", key=key)
                    if stands["digest"] != digest:
                        raise KeyTaken(key)
                    return stands["answer"], True
                list_id, _ = await _opened(connection, source, key, f"push {uuid.uuid4().hex}", basis.now)
                counts: Counter[str] = Counter()
                for batch in _batches(read):
                    counts += await store(connection, list_id, source, batch, basis, again=False)
                await _finish(connection, list_id, counts, basis.now)
                answer = {
                    "list_id": list_id,
                    **ImportResult.of(list_id, counts).counts,
                    "problems": [
                        {
                            "row": p.row,
                            "field": p.field,
                            "code": p.code,
                            "severity": p.severity,
                            "message_zh": p.message_zh,
                            "message_en": p.message_en,
                        }
                        for one in read
                        for p in one.read.problems
                    ],
                }
                await connection.execute(
                    text("UPDATE push_keys SET answer = CAST(:answer AS jsonb) WHERE key = :key"),
                    {"key": key, "answer": json.dumps(answer, ensure_ascii=False)},
                )
                return answer, False
        except DBAPIError as error:
            await _after_deadlock(error, tries)
    raise AssertionError("unreachable")


async def take_mended(
    list_id: int, row_no: int, cells: Mapping[str, str], *, user: str, basis: Basis
) -> tuple[ReadRow, ImportResult | None]:
    """Store one kept row, its cells corrected by `user`, as a delivery of its own; how it was read, and what it came to.

    None: nothing was stored, since it would be rejected, or since no cell changed and no problem went away. Raises
    LookupError when no such row is kept, RowTaken.
    """
    [one] = await asyncio.to_thread(lambda: list(_read([(1, cells, False)], basis)))
    for tries in range(MOST_TRIES):
        try:
            async with db.transaction() as connection:
                # whoever mends the same row at the same time waits here, and then finds it mended
                kept = await rows(
                    connection,
                    """SELECT r.cells_sealed, r.mended_at, l.source, l.name, l.finished_at,
                              (SELECT coalesce(jsonb_agg(jsonb_build_array(p.field, p.code)), '[]') FROM row_problems p
                               WHERE p.list_id = r.list_id AND p.row_no = r.row_no) AS problems
                       FROM list_rows r JOIN contract_lists l ON l.id = r.list_id
                       WHERE r.list_id = :list_id AND r.row_no = :row_no FOR UPDATE OF r""",
                    list_id=list_id,
                    row_no=row_no,
                )
                if not kept:
                    raise LookupError(f"list {list_id} keeps no row {row_no}")
                [stands] = kept
                if stands["mended_at"] is not None or stands["finished_at"] is None:
                    raise RowTaken(f"{list_id}/{row_no}")
                before = json.loads(vault().open(stands["cells_sealed"]))
                changed = [column.name for column in COLUMNS if _differs(before, cells, column.name)]
                left = {(p.field, p.code) for p in one.read.problems}
                if one.read.rejected or not (changed or {(field, code) for field, code in stands["problems"]} - left):
                    return one.read, None
                name = f"{stands['name']} · {row_no}"
                new_id, _ = await _opened(connection, "desk", name, f"mended {uuid.uuid4().hex}", basis.now)
                counts = await store(connection, new_id, stands["source"], [one], basis, again=False)
                await _finish(connection, new_id, counts, basis.now)
                await _mark_mended(
                    connection, list_id, row_no, new_id, one.read.contract.policy_no, changed, user, basis
                )
                return one.read, ImportResult.of(new_id, counts)
        except DBAPIError as error:
            await _after_deadlock(error, tries)
    raise AssertionError("unreachable")


def _differs(before: Mapping[str, str], after: Mapping[str, str], name: str) -> bool:
    return clean(before.get(name)) != clean(after.get(name))


async def _mark_mended(
    connection: AsyncConnection,
    list_id: int,
    row_no: int,
    new_id: int,
    policy_no: str,
    changed: Sequence[str],
    user: str,
    basis: Basis,
) -> None:
    """The event names the columns that were changed, never what stands in them."""
    await rows(
        connection,
        """WITH mended AS (
             UPDATE list_rows SET mended_at = :now, mended_by = :new_id WHERE list_id = :list_id AND row_no = :row_no
           )
           INSERT INTO events (at, kind, case_id, person_id, data)
           SELECT :now, 'ROW_MENDED', c.id, c.person_id, CAST(:data AS jsonb)
           FROM (VALUES (1)) AS always(one) LEFT JOIN cases c ON c.policy_no = :policy_no RETURNING id""",
        now=basis.now,
        new_id=new_id,
        list_id=list_id,
        row_no=row_no,
        policy_no=policy_no,
        data=json.dumps({"list_id": list_id, "row": row_no, "by_list": new_id, "user": user, "columns": list(changed)}),
    )


async def problems(list_id: int, most: int | None = None, page: int = 5000) -> AsyncIterator[dict[str, Any]]:
    """row, field, code, severity, message_zh, message_en, in the order of the list."""
    after_row, after_field, left = -1, "", most
    while left is None or left > 0:
        async with db.transaction() as connection:
            found = await rows(
                connection,
                """SELECT row_no AS row, field, code, severity, message_zh, message_en FROM row_problems
                   WHERE list_id = :list AND (row_no, field) > (:row, :field) ORDER BY row_no, field LIMIT :page""",
                list=list_id,
                row=after_row,
                field=after_field,
                page=page if left is None else min(page, left),
            )
        for problem in found:
            yield problem
        if not found:
            return
        after_row, after_field = found[-1]["row"], found[-1]["field"]
        left = None if left is None else left - len(found)


async def count_problems(list_id: int) -> int:
    async with db.transaction() as connection:
        found = await rows(connection, "SELECT count(*) AS n FROM row_problems WHERE list_id = :id", id=list_id)
        return found[0]["n"]


# ---- the parts ----


def _rows_of(objects: Sequence[Mapping[str, Any]], first: int) -> Iterator[GivenRow]:
    return ((row, cells_from_json(one), False) for row, one in enumerate(objects, start=first))


def _read(given: Iterable[GivenRow], basis: Basis) -> Iterator[Arrived]:
    read: Iterable[ReadRow] = read_rows(given, today=basis.today, branch_codes=basis.tree.policy_codes)
    return map(arrived, read)


def _next_batch(reading: Iterator[Arrived]) -> list[Arrived]:
    return list(islice(reading, BATCH))


def _batches(read: Sequence[Arrived]) -> Iterator[Sequence[Arrived]]:
    return (read[i : i + BATCH] for i in range(0, len(read), BATCH))


async def _opened(
    connection: AsyncConnection, source: str, name: str, digest: str, now: datetime
) -> tuple[int, dict[str, Any] | None]:
    """The list's id, and how it stands (finished_at, counts) where it came before."""
    made = await rows(
        connection,
        "INSERT INTO contract_lists (source, name, digest, received_at) VALUES (:source, :name, :digest, :now) "
        "ON CONFLICT (digest) DO NOTHING RETURNING id",
        source=source,
        name=name,
        digest=digest,
        now=now,
    )
    if made:
        return made[0]["id"], None
    [stands] = await rows(
        connection, "SELECT id, finished_at, counts FROM contract_lists WHERE digest = :digest", digest=digest
    )
    return stands["id"], stands


async def _stored(list_id: int, source: str, batch: Sequence[Arrived], basis: Basis, again: bool) -> Counter[str]:
    for tries in range(MOST_TRIES):
        try:
            async with db.transaction() as connection:
                return await store(connection, list_id, source, batch, basis, again)
        except DBAPIError as error:
            await _after_deadlock(error, tries)
    raise AssertionError("unreachable")


async def _after_deadlock(error: DBAPIError, tries: int) -> None:
    """A dial or a settlement held the cases in another order: the batch was rolled back and is stored again."""
    if getattr(error.orig, "sqlstate", None) not in _DEADLOCK or tries == MOST_TRIES - 1:
        raise error
    await asyncio.sleep(0.05 * (tries + 1))


async def _finish(connection: AsyncConnection, list_id: int, counts: Mapping[str, int], now: datetime) -> None:
    await connection.execute(
        text("UPDATE contract_lists SET finished_at = :now, counts = CAST(:counts AS jsonb) WHERE id = :id"),
        {"now": now, "id": list_id, "counts": json.dumps({name: counts.get(name, 0) for name in COUNTS})},
    )


async def _move_cursor(connection: AsyncConnection, source: str, cursor: str, now: datetime) -> None:
    await connection.execute(
        text(
            "INSERT INTO core_cursors (source, cursor, moved_at) VALUES (:source, :cursor, :now) "
            "ON CONFLICT (source) DO UPDATE SET cursor = excluded.cursor, moved_at = excluded.moved_at"
        ),
        {"source": source, "cursor": cursor, "now": now},
    )


def _again(counts: Mapping[str, int]) -> dict[str, int]:
    """What a finished list comes to when it is taken again."""
    kept = {name: counts.get(name, 0) for name in ("rows", "rejected", "duplicates", "out_of_scope")}
    same = sum(counts.get(name, 0) for name in ("accepted", "updated", "unchanged"))
    return {**kept, "unchanged": same}
