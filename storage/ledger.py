"""Writing and reading the ledger. One writer at a time: the row of the head is locked until the transaction ends, so a
unit of work appends last."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.ledger import Entry, Line, TreeRoot, event_hash, line_after, plain, seal_body, sealed_events
from rules.retrieval_events import AUDIT_SEALED, ON_THE_LEDGER, missing_fields, subject_of
from storage import db
from storage.db import rows

SYSTEM = "system"
# Lines or events that are read at once; the memory of a check does not grow with their number.
BLOCK = 2000

HEAD = "SELECT seq, hash FROM ledger_head WHERE id = 1 FOR UPDATE"

APPEND = """
WITH given AS (
  SELECT * FROM jsonb_to_recordset(CAST(:lines AS jsonb)) AS g(
    seq bigint, at timestamptz, kind text, subject text, actor text, body text, previous text, hash text)
), kept AS (
  INSERT INTO ledger (seq, at, kind, subject, actor, body, previous, hash)
  SELECT seq, at, kind, subject, actor, body, previous, hash FROM given ORDER BY seq
)
UPDATE ledger_head SET seq = :seq, hash = :hash, sealed_event_id = greatest(sealed_event_id, :sealed)
WHERE id = 1 RETURNING seq
"""


async def append(connection: AsyncConnection, entries: Sequence[Entry], *, sealed: int = 0) -> list[Line]:
    """Add lines at the end of the ledger, all with the caller's transaction or none. Two statements, however many."""
    if not entries:
        return []
    [head] = await rows(connection, HEAD)
    lines, seq, last = [], head["seq"], head["hash"]
    for entry in entries:
        line = line_after(entry, seq, last)
        lines.append(line)
        seq, last = line.seq, line.hash
    await rows(connection, APPEND, lines=json.dumps([_row(line) for line in lines]), seq=seq, hash=last, sealed=sealed)
    return lines


def _row(line: Line) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "at": line.at.isoformat(),
        "kind": line.kind,
        "subject": line.subject,
        "actor": line.actor,
        "body": line.body,
        "previous": line.previous,
        "hash": line.hash,
    }


async def witness(
    connection: AsyncConnection, events: Iterable[Mapping[str, Any]], *, actor: str = SYSTEM
) -> list[Line]:
    """The lines beside events that were just written: rows with id, at, kind, case_id, call_id, data."""
    return await append(
        connection,
        [
            Entry(
                event["kind"],
                event["at"],
                subject_of(event["kind"], event["data"]),
                actor,
                {
                    "event": event["id"],
                    "case_id": event.get("case_id"),
                    "call_id": event.get("call_id"),
                    "data": event["data"],
                },
            )
            for event in events
        ],
    )


async def record(
    connection: AsyncConnection,
    kind: str,
    at: datetime,
    /,
    *,
    actor: str,
    case_id: int | None = None,
    call_id: str | None = None,
    person_id: int | None = None,
    **data: Any,
) -> int:
    """One event of custody or access and the ledger line beside it; returns the event's id. Raises ValueError for a kind
    that has no line, and for a field that is missing or has no plain form."""
    if kind not in ON_THE_LEDGER:
        raise ValueError(f"{kind} is not written on the ledger")
    if missing := missing_fields(kind, data):
        raise ValueError(f"{kind} lacks {', '.join(missing)}")
    try:
        told = plain(data)
    except TypeError as problem:
        raise ValueError(f"{kind}: {problem}") from problem
    kept = await rows(
        connection,
        """INSERT INTO events (at, kind, case_id, call_id, person_id, data)
           VALUES (:at, :kind, :case_id, :call_id, :person_id, CAST(:data AS jsonb))
           RETURNING id, at, kind, case_id, call_id, data""",
        at=at,
        kind=kind,
        case_id=case_id,
        call_id=call_id,
        person_id=person_id,
        data=json.dumps(told),
    )
    await witness(connection, kept, actor=actor)
    return kept[0]["id"]


async def read(connection: AsyncConnection, after: int = 0, most: int = BLOCK) -> list[Line]:
    """The next `most` lines behind the one at `after`, in order."""
    found = await rows(
        connection,
        "SELECT seq, at, kind, subject, actor, body, previous, hash FROM ledger WHERE seq > :after ORDER BY seq LIMIT :most",
        after=after,
        most=most,
    )
    return [Line(**row) for row in found]


async def every_line(connection: AsyncConnection, after: int = 0) -> AsyncIterator[Line]:
    """All lines behind the one at `after`, a block at a time."""
    while block := await read(connection, after):
        for line in block:
            yield line
        after = block[-1].seq


# ---------------------------------------------------------------- sealing the events

# Whoever inserts events holds this lock from before their ids are drawn until they can be seen.
WRITERS = """
SELECT virtualtransaction AS who FROM pg_locks
WHERE relation = CAST('events' AS regclass) AND mode = 'RowExclusiveLock' AND granted AND pid <> pg_backend_pid()
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
WAIT_FOR_WRITERS_SECONDS = 5
SEALED_AT_ONCE = 10_000


async def seal_events(now: datetime) -> int:
    """Seal every event that was not sealed yet: lines that say how many there are and the root over their hashes, one
    for at most SEALED_AT_ONCE. Returns how many events; fewer where one that was begun before is not committed within
    seconds: the next time sees to it.

    An id may be drawn and its event committed only after one with a higher id. So what is sealed ends at an id below
    which nobody can write any more.
    """
    async with db.engine().connect() as connection:
        last = await _settled_id(connection)
    done = 0
    while last is not None and (sealed := await _seal_next(last, now)):
        done += sealed
    return done


async def _seal_next(last: int, now: datetime) -> int:
    # The root is made before the head is locked: what lies below `last` changes no more, and archiving need not wait.
    async with db.transaction() as connection:
        first = (await head(connection))["sealed_event_id"] + 1
        root, ends = TreeRoot(), None
        async for event in events_between(connection, first, last):
            root.add(hash_of(event))
            ends = event["id"]
            if root.count == SEALED_AT_ONCE:
                break
    if ends is None:
        return 0
    async with db.transaction() as connection:
        [locked] = await rows(connection, "SELECT sealed_event_id FROM ledger_head WHERE id = 1 FOR UPDATE")
        if locked["sealed_event_id"] + 1 != first:
            return 0  # somebody else was faster
        entry = Entry(AUDIT_SEALED, now, sealed_events(first, ends), SYSTEM, seal_body(first, ends, root))
        await append(connection, [entry], sealed=ends)
    return root.count


async def _settled_id(connection: AsyncConnection) -> int | None:
    """The highest id drawn so far, once everybody who may have drawn it or a lower one has committed or given up."""
    autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
    [drawn] = await rows(autocommit, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS id FROM events_id_seq")
    writing = {row["who"] for row in await rows(autocommit, WRITERS)}
    for _ in range(int(WAIT_FOR_WRITERS_SECONDS / 0.05)):
        if not writing:
            return drawn["id"]
        await asyncio.sleep(0.05)
        writing &= {row["who"] for row in await rows(autocommit, WRITERS)}
    return None


async def events_between(connection: AsyncConnection, first: int, last: int) -> AsyncIterator[dict[str, Any]]:
    """The events with ids from `first` to `last`, in order, a block at a time."""
    after = first - 1
    while True:
        block = await rows(
            connection,
            """SELECT id, at, kind, case_id, call_id, person_id, data FROM events
               WHERE id > :after AND id <= :last ORDER BY id LIMIT :most""",
            after=after,
            last=last,
            most=BLOCK,
        )
        for event in block:
            yield event
        if len(block) < BLOCK:
            return
        after = block[-1]["id"]


def hash_of(event: Mapping[str, Any]) -> bytes:
    """The leaf hash of an event as it is stored."""
    return event_hash(**{name: event[name] for name in ("id", "at", "kind", "case_id", "call_id", "person_id", "data")})


async def head(connection: AsyncConnection) -> dict[str, Any]:
    """The last line and how far the events are sealed, as the head says: seq, hash, sealed_event_id."""
    [found] = await rows(connection, "SELECT seq, hash, sealed_event_id FROM ledger_head WHERE id = 1")
    return found
