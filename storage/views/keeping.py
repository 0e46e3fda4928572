"""Holds and disposal lists, as pages show them."""

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows


async def call_of(connection: AsyncConnection, name: str) -> str | None:
    """The call that a recording is of; None where no recording has that name."""
    found = await rows(connection, "SELECT call_id FROM recordings WHERE provider_id = :name", name=name)
    return found[0]["call_id"] if found else None


async def holds(connection: AsyncConnection) -> list[dict]:
    """Those that are not released first."""
    return await rows(
        connection,
        """SELECT h.id, h.call_id, h.reason, h.set_by, h.set_at, h.release_asked_by, h.release_asked_at, h.release_reason,
                  h.released_by, h.released_at,
                  (SELECT r.provider_id FROM recordings r WHERE r.call_id = h.call_id ORDER BY r.id DESC LIMIT 1) AS recording
           FROM legal_holds h ORDER BY h.released_at IS NOT NULL, h.id DESC LIMIT 200""",
    )


_LISTS = """
SELECT d.id, d.listed_by, d.listed_at, d.first_approved_by, d.second_approved_by, d.refused_by, d.refused_at, d.refused_why,
       d.done_at, d.certificate,
       (SELECT count(*) FROM disposal_items i WHERE i.disposal_id = d.id) AS objects,
       (SELECT count(*) FROM disposal_items i WHERE i.disposal_id = d.id AND i.outcome = 'DESTROYED') AS destroyed
FROM disposals d
"""


async def disposal_lists(connection: AsyncConnection) -> list[dict]:
    """Those that wait for somebody first."""
    return await rows(connection, f"{_LISTS} ORDER BY d.done_at IS NOT NULL, d.id DESC LIMIT 200")


async def disposal_list(connection: AsyncConnection, list_id: int) -> dict | None:
    """One list with its objects."""
    found = await rows(connection, f"{_LISTS} WHERE d.id = :id", id=list_id)
    if not found:
        return None
    [row] = found
    row["items"] = await rows(
        connection,
        """SELECT o.object_key, r.provider_id AS recording, o.began_on, i.kept_until, i.outcome, o.disposed_at
           FROM disposal_items i JOIN archive_objects o ON o.id = i.object_id LEFT JOIN recordings r ON r.id = o.recording_id
           WHERE i.disposal_id = :id ORDER BY o.id LIMIT 1000""",
        id=list_id,
    )
    return row
