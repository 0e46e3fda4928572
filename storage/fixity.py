"""Is what was stored still there, unchanged and locked? Each copy is read whole by its version; what is damaged is mended from
the other copy. A pass ends anywhere and goes on where it ended: every object carries the date of its last reading.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from storage import alarms, archive_objects, ledger
from storage.archive import Archive, ArchiveError, NotInArchive
from storage.archive_objects import KeptObject
from storage.db import rows
from storage.sound import scratch

FIRST, SECOND = "FIRST", "SECOND"
# An object is due when so much of its time has passed, so that a pass that was held up still meets the limit.
DUE_AFTER = 0.8


class Pace:
    """Holds reading down to so many bytes a second, for the store has calls to serve beside it."""

    def __init__(self, bytes_a_second: float):
        self._rate = bytes_a_second
        self._ready = time.monotonic()

    def __call__(self, size: int) -> None:
        now = time.monotonic()
        self._ready = max(self._ready, now - 1) + size / self._rate
        if self._ready > now:
            time.sleep(self._ready - now)


@dataclass(frozen=True, slots=True)
class Finding:
    """One copy of one object. `problem`: OBJECT_GONE, OBJECT_CHANGED, OBJECT_UNLOCKED or None; `mended`: it is whole again, as `version_id`."""

    kept: KeptObject
    which: str
    version_id: str
    problem: str | None = None
    mended: bool = False


def problem_of(kept: KeptObject, store: Archive, version_id: str, pace: Pace | None = None) -> str | None:
    """Reads one copy whole. Raises ArchiveUnreachable: that is no finding."""
    try:
        found = store.read_back(kept.object_key, version_id, thorough=True, pace=pace)
    except NotInArchive:
        return "OBJECT_GONE"
    if (found.sha256, found.sha512, found.size) != (kept.sha256, kept.sha512, kept.bytes):
        return "OBJECT_CHANGED"
    return None if found.lock.covers(kept.retain_until) else "OBJECT_UNLOCKED"


def check(kept: KeptObject, first: Archive, second: Archive | None, pace: Pace | None = None) -> list[Finding]:
    """Read each copy there is, and mend one that is damaged from one that is whole. Raises ArchiveUnreachable."""
    copies = [(FIRST, first, kept.version_id)]
    if second is not None and kept.second_version_id:
        copies.append((SECOND, second, kept.second_version_id))
    problems = {which: problem_of(kept, store, version, pace) for which, store, version in copies}
    whole = next(
        ((store, version) for which, store, version in copies if problems[which] in (None, "OBJECT_UNLOCKED")), None
    )
    return [_mended(kept, which, store, version, problems[which], whole) for which, store, version in copies]


def _mended(
    kept: KeptObject, which: str, store: Archive, version: str, problem: str | None, whole: tuple[Archive, str] | None
) -> Finding:
    if problem is None:
        return Finding(kept, which, version)
    try:
        if problem == "OBJECT_UNLOCKED":
            store.extend(kept.object_key, version, kept.retain_until)
            return Finding(kept, which, version, problem, mended=True)
        if whole is not None:
            return Finding(kept, which, copied(kept, *whole, store), problem, mended=True)
    except ArchiveError:
        pass  # it stays as it was found, and the alarm stands
    return Finding(kept, which, version, problem)


def copied(kept: KeptObject, source: Archive, version_id: str, target: Archive) -> str:
    """Store what one copy holds as another one, and read it back there; returns the new version. Raises ArchiveError."""
    with scratch() as sealed:
        source.copy_out(kept.object_key, version_id, sealed)
        stored = target.put(kept.object_key, sealed, "application/octet-stream", kept.retain_until, mending=True)
    if (stored.sha256, stored.sha512) != (kept.sha256, kept.sha512):
        raise ArchiveError(f"{kept.object_key}: what was copied is not what was archived")
    return stored.version_id


async def due(connection: AsyncConnection, before: datetime, most: int, after: int = 0) -> list[KeptObject]:
    """Objects of which a copy was last read before this instant, and damaged ones that another copy may mend, by their
    numbers behind `after`."""
    return await archive_objects.select(
        connection,
        """(o.checked_at < :before OR o.second_checked_at < :before
            OR o.second_version_id IS NOT NULL AND (o.problem IS NOT NULL OR o.second_problem IS NOT NULL))
           AND o.id > :after""",
        "ORDER BY o.id LIMIT :most",
        before=before,
        after=after,
        most=most,
    )


async def write_down(connection: AsyncConnection, findings: list[Finding], now: datetime) -> None:
    for finding in findings:
        await _write(connection, finding, now)


async def met(connection: AsyncConnection, kept: KeptObject, which: str, problem: str, now: datetime) -> None:
    """Somebody who wanted to read this copy met its damage: written down once, with the alarm, until it is mended."""
    version, standing = {FIRST: ("version_id", "problem"), SECOND: ("second_version_id", "second_problem")}[which]
    [row] = await rows(
        connection,
        f"SELECT {version} AS version, {standing} AS problem FROM archive_objects WHERE id = :id FOR UPDATE",
        id=kept.id,
    )
    if row["problem"] is not None or row["version"] != getattr(kept, version):
        return
    await write_down(connection, [Finding(kept, which, row["version"], problem)], now)
    [count] = await rows(
        connection,
        """SELECT count(*) AS damaged FROM archive_objects
           WHERE disposed_at IS NULL AND (problem IS NOT NULL OR second_problem IS NOT NULL)""",
    )
    await alarms.sound(connection, alarms.FIXITY_FAILED, now, objects=count["damaged"])


async def _write(connection: AsyncConnection, finding: Finding, now: datetime) -> None:
    kept, standing = finding.kept, None if finding.mended else finding.problem
    columns = {
        FIRST: "version_id = :version, checked_at = :now, problem = :problem",
        SECOND: "second_version_id = :version, second_checked_at = :now, second_problem = :problem",
    }[finding.which]
    await rows(
        connection,
        f"UPDATE archive_objects SET {columns} WHERE id = :id RETURNING id",
        id=kept.id,
        version=finding.version_id,
        now=now,
        problem=standing,
    )
    await rows(
        connection,
        """INSERT INTO fixity_checks (object_id, which, at, problem, mended)
           VALUES (:id, :which, :now, :problem, :mended) RETURNING id""",
        id=kept.id,
        which=finding.which,
        now=now,
        problem=finding.problem,
        mended=finding.mended,
    )
    if finding.problem is None:
        return
    before = kept.version_id if finding.which == FIRST else kept.second_version_id
    await ledger.record(
        connection, "FIXITY_FAILED", now, actor=ledger.SYSTEM, call_id=kept.call_id, recording=kept.name,
        version_id=before, problem=finding.problem, copy=finding.which,
    )  # fmt: skip
    if finding.mended:
        if finding.which == FIRST and kept.recording_id is not None:
            await rows(
                connection,
                "UPDATE recordings SET version_id = :version WHERE id = :id RETURNING id",
                id=kept.recording_id,
                version=finding.version_id,
            )
        await ledger.record(
            connection, "RECORDING_REPAIRED", now, actor=ledger.SYSTEM, call_id=kept.call_id, recording=kept.name,
            version_id=finding.version_id, copy=finding.which,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How the archive stands: objects that are there, damaged ones, ones not read in time, ones without a second copy."""

    objects: int
    damaged: int
    overdue: int
    single: int


async def standing(connection: AsyncConnection, now: datetime, days: int) -> Standing:
    [found] = await rows(
        connection,
        """SELECT count(*) AS objects,
                  count(*) FILTER (WHERE problem IS NOT NULL OR second_problem IS NOT NULL) AS damaged,
                  count(*) FILTER (WHERE checked_at < :limit OR second_checked_at < :limit) AS overdue,
                  count(*) FILTER (WHERE second_version_id IS NULL) AS single
           FROM archive_objects WHERE disposed_at IS NULL""",
        limit=now - timedelta(days=days),
    )
    return Standing(**found)
