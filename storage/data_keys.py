"""The keys that seal each recording, wrapped, in a table of their own outside the archive: wrapping them anew touches no
object, and a destroyed one makes its object noise. They belong to every backup of the database.
"""

import asyncio
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.encryption import KEY_BYTES
from storage.key_keepers import KeyKeeper, Wrapped


class KeyDestroyed(Exception):
    """The data key was destroyed with the disposal or the redaction of its recording."""


def recording_subject(recording_id: int) -> str:
    return f"recording:{recording_id}"


async def ensure(
    connection: AsyncConnection, subjects: Sequence[str], keeper: KeyKeeper, now: datetime
) -> dict[str, tuple[str, Wrapped]]:
    """Each subject's data key (id, wrapped), made where there is none. Commit before anything is sealed with it: a
    repeat must meet the same key. Without those whose key was destroyed. Raises KeysAway, KeysWrong."""
    found = await _of(connection, subjects)
    missing = [subject for subject in subjects if subject not in found]
    if missing:
        made = []
        for subject in missing:
            key_id = uuid.uuid4().hex
            wrapped = await asyncio.to_thread(keeper.wrap, os.urandom(KEY_BYTES), key_id)
            made.append({"id": key_id, "subject": subject, "wrapped": wrapped.data, "kek": wrapped.version})
        await rows(
            connection,
            """INSERT INTO data_keys (id, subject, wrapped, kek, made_at, wrapped_at)
               SELECT g.id, g.subject, g.wrapped, g.kek, :now, :now
               FROM unnest(CAST(:ids AS text[]), CAST(:subjects AS text[]), CAST(:wrapped AS bytea[]), CAST(:keks AS text[]))
                 AS g(id, subject, wrapped, kek)
               ON CONFLICT (subject) DO NOTHING RETURNING id""",
            now=now,
            ids=[m["id"] for m in made],
            subjects=[m["subject"] for m in made],
            wrapped=[m["wrapped"] for m in made],
            keks=[m["kek"] for m in made],
        )
        # somebody else may have been faster with one of them: what the table holds is what counts
        found = await _of(connection, subjects)
    return found


async def _of(connection: AsyncConnection, subjects: Sequence[str]) -> dict[str, tuple[str, Wrapped]]:
    found = await rows(
        connection,
        "SELECT id, subject, wrapped, kek FROM data_keys WHERE subject = ANY(:subjects)",
        subjects=list(subjects),
    )
    return {
        row["subject"]: (row["id"], Wrapped(row["kek"], bytes(row["wrapped"])))
        for row in found
        if row["wrapped"] is not None
    }


def unwrapped(key_id: str, row: Mapping, keeper: KeyKeeper) -> bytes:
    """The data key of a row with `wrapped` and `kek`. Raises KeyDestroyed, KeysAway, KeysWrong."""
    if row["wrapped"] is None:
        raise KeyDestroyed(key_id)
    return keeper.unwrap(Wrapped(row["kek"], bytes(row["wrapped"])), key_id)


async def rewrap(connection: AsyncConnection, keeper: KeyKeeper, now: datetime, most: int = 500) -> int:
    """Wrap up to `most` data keys that an older key wraps with the present one. Returns how many; 0: all are done."""
    current = keeper.current()
    old = await rows(
        connection,
        """SELECT id, wrapped, kek FROM data_keys WHERE kek <> :current AND wrapped IS NOT NULL
           ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED""",
        current=current,
        most=most,
    )

    def wrapped_anew() -> list[tuple[str, Wrapped]]:
        return [(row["id"], keeper.wrap(unwrapped(row["id"], row, keeper), row["id"])) for row in old]

    anew = await asyncio.to_thread(wrapped_anew)
    if anew:
        await rows(
            connection,
            """UPDATE data_keys k SET wrapped = g.wrapped, kek = g.kek, wrapped_at = :now
               FROM unnest(CAST(:ids AS text[]), CAST(:wrapped AS bytea[]), CAST(:keks AS text[])) AS g(id, wrapped, kek)
               WHERE k.id = g.id AND k.wrapped IS NOT NULL RETURNING k.id""",
            now=now,
            ids=[key_id for key_id, _ in anew],
            wrapped=[wrapped.data for _, wrapped in anew],
            keks=[wrapped.version for _, wrapped in anew],
        )
    return len(anew)


async def versions_in_use(connection: AsyncConnection) -> dict[str, int]:
    """How many data keys each wrapping key still holds: one that holds none may be thrown away."""
    found = await rows(
        connection, "SELECT kek, count(*) AS n FROM data_keys WHERE wrapped IS NOT NULL GROUP BY kek ORDER BY kek"
    )
    return {row["kek"]: row["n"] for row in found}


async def destroy(connection: AsyncConnection, key_id: str, why: str, now: datetime) -> bool:
    """Forget a data key for good; `why`: DISPOSED or REDACTED. The caller has the two persons and writes the ledger."""
    found = await rows(
        connection,
        """UPDATE data_keys SET wrapped = NULL, destroyed_at = :now, destroyed_why = :why
           WHERE id = :id AND wrapped IS NOT NULL RETURNING id""",
        id=key_id,
        why=why,
        now=now,
    )
    return bool(found)
