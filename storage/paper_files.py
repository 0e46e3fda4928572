"""The register of paper records: what lies where, who keeps it, until when (R112). The papers themselves are people's work."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.recordings import Record, RecordKind, retention
from storage.db import rows


async def enter(
    connection: AsyncConnection, title: str, place: str, keeper: str, archived_on: date, user: str, now: datetime
) -> int:
    """A bundle with its named keeper; kept ten years from archiving. Returns its number."""
    until = retention(Record(RecordKind.PAPER, archived_on, contract_ended_on=archived_on)).floor
    found = await rows(
        connection,
        """INSERT INTO paper_files (title, place, keeper, archived_on, keep_until, entered_by, entered_at)
           VALUES (:title, :place, :keeper, :archived, :until, :user, :now) RETURNING id""",
        title=title,
        place=place,
        keeper=keeper,
        archived=archived_on,
        until=until,
        user=user,
        now=now,
    )
    return found[0]["id"]


async def hand_over(connection: AsyncConnection, number: int, keeper: str) -> bool:
    """Another keeper answers for it from now on."""
    return bool(
        await rows(
            connection,
            "UPDATE paper_files SET keeper = :keeper WHERE id = :id AND gone_on IS NULL RETURNING id",
            id=number,
            keeper=keeper,
        )
    )


async def destroyed(connection: AsyncConnection, number: int, on: date) -> bool:
    """Written off; False before its time has passed."""
    return bool(
        await rows(
            connection,
            "UPDATE paper_files SET gone_on = :on WHERE id = :id AND gone_on IS NULL AND keep_until < :on RETURNING id",
            id=number,
            on=on,
        )
    )


async def register(connection: AsyncConnection) -> list[dict[str, Any]]:
    return await rows(
        connection,
        "SELECT id, title, place, keeper, archived_on, keep_until, gone_on FROM paper_files ORDER BY archived_on, id",
    )
