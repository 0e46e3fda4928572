"""A business day's electronic records as lines of JSON: lists, calls, answers, decisions, orders, events (R111). What is sealed
in the tables stays sealed in the lines; the vault's key opens it."""

import gzip
import json
from datetime import date, datetime, timedelta
from typing import BinaryIO

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import ONE_DAY, business_date, shanghai
from storage.db import rows

# table, and what tells the day of its rows
TABLES = {
    "contract_lists": "SELECT to_jsonb(t) AS line FROM contract_lists t WHERE t.received_at >= :begin AND t.received_at < :end ORDER BY t.id",
    "list_rows": "SELECT to_jsonb(t) AS line FROM list_rows t JOIN contract_lists l ON l.id = t.list_id WHERE l.received_at >= :begin AND l.received_at < :end ORDER BY t.list_id, t.row_no",
    "calls": "SELECT to_jsonb(t) AS line FROM calls t WHERE t.reserved_at >= :begin AND t.reserved_at < :end ORDER BY t.reserved_at, t.id",
    "answers": "SELECT to_jsonb(t) AS line FROM answers t WHERE t.answered_at >= :begin AND t.answered_at < :end ORDER BY t.id",
    "settlements": "SELECT to_jsonb(t) AS line FROM settlements t WHERE t.settled_at >= :begin AND t.settled_at < :end ORDER BY t.settled_at",
    "work_orders": "SELECT to_jsonb(t) AS line FROM work_orders t WHERE t.issued_at >= :begin AND t.issued_at < :end ORDER BY t.id",
    "events": "SELECT to_jsonb(t) AS line FROM events t WHERE t.at >= :begin AND t.at < :end ORDER BY t.id",
}


def name_of(day: date) -> str:
    return f"day/{day:%Y-%m-%d}"


async def days_to_keep(connection: AsyncConnection, now: datetime, most: int = 31) -> list[date]:
    """Days that are over and whose records are not in the archive yet, the oldest first."""
    [first] = await rows(connection, "SELECT min(at) AS at FROM events")
    if first["at"] is None:
        return []
    kept = {
        row["subject"]
        for row in await rows(
            connection,
            """SELECT k.subject FROM data_keys k JOIN archive_objects o ON o.data_key_id = k.id
               WHERE k.subject LIKE 'record:day/%'""",
        )
    }
    day, over, missing = business_date(first["at"]), business_date(now), []
    while day < over and len(missing) < most:
        if f"record:{name_of(day)}" not in kept:
            missing.append(day)
        day += ONE_DAY
    return missing


async def write_day(connection: AsyncConnection, day: date, out: BinaryIO) -> int:
    """Write the day's rows, compressed, a line each: `{"table": …, "row": {…}}`. The same rows give the same bytes. Returns
    how many."""
    count = 0
    begin, end = shanghai(day), shanghai(day + timedelta(days=1))
    with gzip.GzipFile(fileobj=out, mode="wb", filename="", mtime=0) as packed:
        for table, query in TABLES.items():
            found = await connection.stream(text(query), {"begin": begin, "end": end})
            async for row in found.mappings():
                line = {"table": table, "row": row["line"]}
                packed.write(json.dumps(line, ensure_ascii=False, sort_keys=True).encode() + b"\n")
                count += 1
    return count
