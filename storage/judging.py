"""The stored events and the ledger as the judge reads them: one group of people after the other, each with its whole
history, then access and chains from the first to the last. Memory grows with neither events nor lines."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import CALENDAR_CHANGED
from rules.judge import (
    AccessCheck,
    Book,
    Broken,
    ChainCheck,
    Event,
    Head,
    History,
    Signed,
    events_told_by,
    in_order,
    judge_people,
)
from rules.judge.custody import kept_for_its_time
from rules.parameters import Profile
from rules.retrieval_events import ACCESS, CUSTODY
from scripts.rule_profiles import load_profile
from settings import settings
from storage import checkpoints, db, ledger, ledger_keys
from storage.calendar_days import read_calendar
from storage.db import rows
from storage.verify_pack import PublicKey, parse_checkpoint, signed_text

COLUMNS = "e.id, e.at, e.kind, e.case_id, e.call_id, e.person_id, e.data"
# People whose histories are in memory at the same time.
GROUP = 400

EVERYTHING = f"SELECT {COLUMNS} FROM events e ORDER BY e.id"

# An event may name only a case, only a call or only a person; the others lead from one to the next.
OF_PEOPLE = f"""
WITH theirs AS (
  SELECT DISTINCT case_id, call_id FROM events WHERE person_id = ANY(:people)
), wanted AS (
  SELECT id FROM events WHERE person_id = ANY(:people)
  UNION SELECT e.id FROM events e JOIN (SELECT DISTINCT case_id FROM theirs) t ON e.case_id = t.case_id
  UNION SELECT e.id FROM events e JOIN (SELECT DISTINCT call_id FROM theirs) t ON e.call_id = t.call_id
)
SELECT {COLUMNS} FROM events e JOIN wanted USING (id) ORDER BY e.id
"""

# What nobody's history leads to: a case or a call without any person.
OF_NOBODY = """
SELECT DISTINCT e.{column} AS key FROM events e
WHERE e.{column} IS NOT NULL AND e.{column} > :after
  AND NOT EXISTS (SELECT 1 FROM events p WHERE p.{column} = e.{column} AND p.person_id IS NOT NULL)
  {also}
ORDER BY 1 LIMIT :most
"""
NOBODYS_CALL = "AND NOT EXISTS (SELECT 1 FROM events c WHERE c.call_id = e.call_id AND c.case_id IS NOT NULL)"
OF_KEYS = f"SELECT {COLUMNS} FROM events e WHERE e.{{column}} = ANY(:keys) ORDER BY e.id"

# People who must be looked at together: a limit holds for a number whoever it is rung for, a call of the carrier stands
# for one attempt. Only what several people share is brought here.
SHARED = """
SELECT array_agg(DISTINCT person_id) AS people FROM events WHERE person_id IS NOT NULL AND {key} IS NOT NULL {also}
GROUP BY {key} HAVING count(DISTINCT person_id) > 1
"""
LINKS = (
    SHARED.format(key="case_id", also=""),
    SHARED.format(key="call_id", also=""),
    SHARED.format(key="(data->>'number')", also="AND kind = 'CALL_RESERVED'"),
    SHARED.format(key="(data->>'sid')", also=""),
)

EVERYBODY = """
SELECT DISTINCT person_id FROM events WHERE person_id > :after ORDER BY person_id LIMIT :most
"""
EVERYBODY_SINCE = """
WITH recent AS (
  SELECT DISTINCT case_id, call_id, person_id FROM events WHERE at >= :since
), touched AS (
  SELECT person_id FROM recent WHERE person_id IS NOT NULL
  UNION SELECT e.person_id FROM events e JOIN (SELECT DISTINCT case_id FROM recent) r ON e.case_id = r.case_id
  UNION SELECT e.person_id FROM events e JOIN (SELECT DISTINCT call_id FROM recent) r ON e.call_id = r.call_id
)
SELECT person_id FROM touched WHERE person_id > :after ORDER BY person_id LIMIT :most
"""

# An event of access is about the case that its call was about.
OF_ACCESS = """
SELECT e.id, e.at, e.kind, e.call_id, e.person_id, e.data, coalesce(e.case_id, (
         SELECT min(r.case_id) FROM events r WHERE r.call_id = e.call_id AND r.kind = 'CALL_RESERVED')) AS case_id
FROM events e WHERE e.kind = ANY(:kinds) ORDER BY e.id
"""


CALENDAR_CHANGES = f"SELECT {COLUMNS} FROM events e WHERE e.kind = :kind ORDER BY e.id"


@dataclass(frozen=True, slots=True)
class Judged:
    """`events`: how many stand in the period asked for."""

    events: int
    broken: tuple[Broken, ...]


@contextlib.asynccontextmanager
async def snapshot() -> AsyncIterator[AsyncConnection]:
    """A connection that sees the database as it is now, however long it is read."""
    async with db.engine().connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ")
        async with connection.begin():
            yield connection


def profile_of(profile_id: str) -> Profile:
    """The shipped profile of this very version. Raises LookupError where there is none."""
    return load_profile(profile_id)


async def judge_stored(
    connection: AsyncConnection,
    now: datetime,
    since: datetime | None = None,
    keys: Sequence[PublicKey] | None = None,
) -> tuple[Broken, ...]:
    """Every promise that the stored events break, as seen at `now`; with `since`, those broken at or after it. The chains
    are always held against their beginnings. While others write, `connection` must be of a snapshot. `keys`: those that
    the checkpoints must be signed by; those of the settings unless told."""
    return (await judge_all(connection, now, since, keys)).broken


async def judge_all(
    connection: AsyncConnection,
    now: datetime,
    since: datetime | None = None,
    keys: Sequence[PublicKey] | None = None,
) -> Judged:
    """The same, with how many events there are."""
    changes = [Event(**row) for row in await rows(connection, CALENDAR_CHANGES, kind=CALENDAR_CHANGED)]
    book = Book(profile_of, await read_calendar(connection), now, tuple(changes))
    found: list[Broken] = []
    async for history in histories(connection, since):
        found += judge_people(history, book)
    access = AccessCheck(book)
    found += kept_for_its_time(History(await _told_without_call(connection)), book)
    async for block in _blocks(connection, OF_ACCESS, kinds=list(ACCESS)):
        found += access.events(block)
    kept = [broken for broken in found if since is None or broken.at >= since]
    kept += [broken async for broken in broken_chains(connection, now, keys)]
    [counted] = await rows(
        connection,
        "SELECT count(*) AS n FROM events WHERE CAST(:since AS timestamptz) IS NULL OR at >= :since",
        since=since,
    )
    return Judged(counted["n"], in_order(dict.fromkeys(kept)))


# ---------------------------------------------------------------- people


async def histories(connection: AsyncConnection, since: datetime | None = None) -> AsyncIterator[History]:
    """Everybody's history, or that of everybody with an event at or after `since`: group after group, nobody twice, people
    who share a case, a call or a number in one. Events of access are left out: they are judged in their own order."""
    together = await _linked(connection)
    done: set[int] = set()
    asked = EVERYBODY if since is None else EVERYBODY_SINCE
    values = {} if since is None else {"since": since}
    after = 0
    while found := await rows(connection, asked, after=after, most=GROUP, **values):
        after = found[-1]["person_id"]
        people = [row["person_id"] for row in found]
        yield await _history(connection, OF_PEOPLE, people=[p for p in people if p not in together])
        for person in people:
            if person in together and person not in done:
                done |= together[person]
                yield await _history(connection, OF_PEOPLE, people=sorted(together[person]))
    for column, first, also in (("case_id", 0, ""), ("call_id", "", NOBODYS_CALL)):
        after = first
        while found := await rows(connection, OF_NOBODY.format(column=column, also=also), after=after, most=GROUP):
            after = found[-1]["key"]
            yield await _history(connection, OF_KEYS.format(column=column), keys=[row["key"] for row in found])


async def _history(connection: AsyncConnection, sql: str, **values: Any) -> History:
    found = await rows(connection, sql, **values)
    return History(Event(**row) for row in found if row["kind"] not in ACCESS)


async def _linked(connection: AsyncConnection) -> dict[int, set[int]]:
    """Each person who shares something with another → everybody who must be judged with him."""
    together: dict[int, set[int]] = {}
    for sql in LINKS:
        for row in await rows(connection, sql):
            joined = set(row["people"])
            for person in row["people"]:
                joined |= together.get(person, set())
            for person in joined:
                together[person] = joined
    return together


async def _told_without_call(connection: AsyncConnection) -> list[Event]:
    """Everything of the recordings of which anything is told that names no call."""
    found = await rows(
        connection,
        f"""SELECT {COLUMNS} FROM events e WHERE e.kind = ANY(:kinds) AND e.data->>'recording' IN (
              SELECT l.data->>'recording' FROM events l WHERE l.kind = ANY(:kinds) AND l.call_id IS NULL)
            ORDER BY e.id""",
        kinds=list(CUSTODY),
    )
    return [Event(**row) for row in found]


# ---------------------------------------------------------------- chains


async def broken_chains(
    connection: AsyncConnection, now: datetime, keys: Sequence[PublicKey] | None = None
) -> AsyncIterator[Broken]:
    """What promise 10 asks, over the whole ledger and every event."""
    check, after = ChainCheck(now, await _signed(connection, keys)), 0
    while lines := await ledger.read(connection, after):
        told = await rows(
            connection, f"SELECT {COLUMNS} FROM events e WHERE e.id = ANY(:ids)", ids=events_told_by(lines)
        )
        for broken in check.lines(lines, {row["id"]: Event(**row) for row in told}):
            yield broken
        after = lines[-1].seq
    for broken in check.head(Head(**await ledger.head(connection))):
        yield broken
    async for block in _blocks(connection, EVERYTHING):
        for broken in check.events(block):
            yield broken
    for broken in check.end():
        yield broken


async def _signed(connection: AsyncConnection, keys: Sequence[PublicKey] | None) -> list[Signed]:
    """Every checkpoint with what its signatures vouch for."""
    points = await checkpoints.every(connection)
    if points and keys is None:
        try:
            keys = ledger_keys.read(settings().ledger_key_file).public
        except ledger_keys.LedgerKeysWrong:
            keys = ()  # nothing vouches for a checkpoint whose keys are gone
    found = []
    for point in points:
        try:
            text_, name = signed_text(point.note.encode(), keys)
            origin, size, root = parse_checkpoint(text_)
            vouched = (size, root.hex()) if origin == name else None
        except ValueError:
            vouched = None
        found.append(Signed(point.id, point.at, point.size, point.root, vouched))
    return found


async def _blocks(connection: AsyncConnection, sql: str, **values: Any) -> AsyncIterator[Sequence[Event]]:
    """Events as they are read, a block at a time."""
    async with connection.stream(text(sql), values) as found:
        async for block in found.mappings().partitions(ledger.BLOCK):
            yield [Event(**row) for row in block]


async def read_events(connection: AsyncConnection) -> tuple[Event, ...]:
    """All of them in the order of their ids, for whoever can hold them."""
    return tuple([event async for block in _blocks(connection, EVERYTHING) for event in block])
