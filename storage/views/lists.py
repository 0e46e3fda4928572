"""Deliveries of contracts and the problems of their rows."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.vault import vault

PAGE = 50


async def count_lists(connection: AsyncConnection) -> int:
    return (await rows(connection, "SELECT count(*) AS n FROM contract_lists"))[0]["n"]


async def lists(connection: AsyncConnection, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """Newest first, with how many rows have problems of which severity."""
    return await rows(
        connection,
        """SELECT l.id, l.source, l.name, l.received_at, l.finished_at, l.counts,
                  (SELECT count(*) FROM row_problems p WHERE p.list_id = l.id AND p.severity = 'rejected') AS rejecting,
                  (SELECT count(*) FROM row_problems p WHERE p.list_id = l.id AND p.severity = 'warning') AS warnings
           FROM contract_lists l ORDER BY l.id DESC LIMIT :limit OFFSET :offset""",
        limit=limit,
        offset=offset,
    )


async def one(connection: AsyncConnection, list_id: int) -> dict | None:
    found = await rows(
        connection,
        "SELECT id, source, name, received_at, finished_at, counts FROM contract_lists WHERE id = :id",
        id=list_id,
    )
    return found[0] if found else None


async def codes(connection: AsyncConnection, list_id: int) -> list[dict]:
    """code, severity and how often, the most frequent first."""
    return await rows(
        connection,
        """SELECT code, severity, count(*) AS n FROM row_problems WHERE list_id = :id
           GROUP BY code, severity ORDER BY n DESC, code, severity""",
        id=list_id,
    )


@dataclass(frozen=True)
class ProblemFilter:
    list_id: int
    severity: str = ""
    code: str = ""
    row: int | None = None


def _where(f: ProblemFilter) -> tuple[str, dict[str, Any]]:
    return (
        """p.list_id = :list AND (:severity = '' OR p.severity = :severity) AND (:code = '' OR p.code = :code)
           AND (CAST(:row AS integer) IS NULL OR p.row_no = :row)""",
        {"list": f.list_id, "severity": f.severity, "code": f.code, "row": f.row},
    )


async def count_problems(connection: AsyncConnection, f: ProblemFilter) -> int:
    where, values = _where(f)
    return (await rows(connection, f"SELECT count(*) AS n FROM row_problems p WHERE {where}", **values))[0]["n"]


async def problems(connection: AsyncConnection, f: ProblemFilter, offset: int = 0, limit: int = PAGE) -> list[dict]:
    """In the order of the file, each with its row's cells by English column name, opened."""
    where, values = _where(f)
    found = await rows(
        connection,
        f"""SELECT p.row_no, p.field, p.code, p.severity, p.message_zh, p.message_en, r.policy_no, r.verdict,
                   r.cells_sealed, r.mended_at, r.mended_by, c.id AS case_id
            FROM row_problems p LEFT JOIN list_rows r ON r.list_id = p.list_id AND r.row_no = p.row_no
            LEFT JOIN cases c ON c.policy_no = r.policy_no AND r.verdict <> 'rejected' AND r.verdict <> 'duplicates'
            WHERE {where} ORDER BY p.row_no, p.field LIMIT :limit OFFSET :offset""",
        **values,
        limit=limit,
        offset=offset,
    )
    for row in found:
        sealed = row.pop("cells_sealed")
        row["cells"] = json.loads(vault().open(sealed)) if sealed is not None else {}
    return found


async def row(connection: AsyncConnection, list_id: int, row_no: int) -> dict | None:
    """A kept row: its cells opened, its problems, the list it came in; `newer`: a later delivery that changed its
    contract, None where there is none."""
    found = await rows(
        connection,
        """SELECT r.list_id, r.row_no, r.policy_no, r.verdict, r.cells_sealed, r.mended_at, r.mended_by,
                  l.name AS list_name, l.received_at, l.finished_at,
                  (SELECT max(v.list_id) FROM contract_versions v
                   WHERE v.policy_no = r.policy_no AND v.list_id > r.list_id) AS newer
           FROM list_rows r JOIN contract_lists l ON l.id = r.list_id
           WHERE r.list_id = :list AND r.row_no = :row""",
        list=list_id,
        row=row_no,
    )
    if not found:
        return None
    [kept] = found
    kept["cells"] = json.loads(vault().open(kept.pop("cells_sealed")))
    kept["problems"] = await rows(
        connection,
        """SELECT field, code, severity, message_zh, message_en FROM row_problems
           WHERE list_id = :list AND row_no = :row ORDER BY field""",
        list=list_id,
        row=row_no,
    )
    return kept


async def mended_from(connection: AsyncConnection, list_id: int) -> dict | None:
    """The row that this delivery brought again: list_id, row_no, list_name."""
    found = await rows(
        connection,
        """SELECT r.list_id, r.row_no, l.name AS list_name FROM list_rows r JOIN contract_lists l ON l.id = r.list_id
           WHERE r.mended_by = :id""",
        id=list_id,
    )
    return found[0] if found else None
