"""The append-only record of what happened. Statements that change state write their event in the same statement."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows


async def record(
    connection: AsyncConnection,
    kind: str,
    at: datetime,
    /,
    *,
    case_id: int | None = None,
    call_id: str | None = None,
    person_id: int | None = None,
    **data: Any,
) -> None:
    import json

    await rows(
        connection,
        "INSERT INTO events (at, kind, case_id, call_id, person_id, data) "
        "VALUES (:at, :kind, :case_id, :call_id, :person_id, CAST(:data AS jsonb)) RETURNING id",
        at=at,
        kind=kind,
        case_id=case_id,
        call_id=call_id,
        person_id=person_id,
        data=json.dumps(data, default=str),
    )


async def read(
    connection: AsyncConnection, since: datetime | None = None, case_id: int | None = None
) -> list[dict[str, Any]]:
    """Events in the order they were written: id, at, kind, case_id, call_id, person_id, data."""
    return await rows(
        connection,
        "SELECT id, at, kind, case_id, call_id, person_id, data FROM events "
        "WHERE (CAST(:since AS timestamptz) IS NULL OR at >= :since) AND (CAST(:case_id AS bigint) IS NULL OR case_id = :case_id) "
        "ORDER BY id",
        since=since,
        case_id=case_id,
    )
