"""Contract lists from outside into the database: a file, a folder of files, the core system. Plain functions, so that a
file can be taken by hand while Prefect is down; `tasks/taking_lists.py` makes tasks of them."""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from storage import db
from storage.contract_lists import ImportResult, basis, problems, read_cursor, take, take_page
from storage.list_files import ListFile, open_list
from tasks.core_system import CoreSystem


class PullBusy(Exception):
    """Another process is pulling from this core system."""


async def take_file(
    path: str | Path,
    *,
    now: datetime,
    source: str = "file",
    name: str | None = None,
    mapping: Mapping[str, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Raises FileNotFoundError, ListRefused (then nothing of the file is stored) or ListBusy."""
    judged_by = await basis(now)
    opened = await asyncio.to_thread(open_list, path, mapping)
    with opened:
        await asyncio.to_thread(_read_to_the_end, opened)
        return await take(
            opened.rows(),
            source=source,
            name=name or Path(path).name,
            digest=_digest(opened, mapping),
            basis=judged_by,
            progress=progress,
        )


def _read_to_the_end(opened: ListFile) -> None:
    """A workbook may turn out to be damaged further down, and is refused whole then: look before anything is stored.

    A CSV file was read to its end when it was opened.
    """
    if opened.kind == "XLSX":
        for _row in opened.rows():
            pass


def _digest(opened: ListFile, mapping: Mapping[str, str] | None) -> str:
    """The file's contents; read with another mapping they are another list."""
    if not mapping:
        return opened.digest
    said = json.dumps(dict(mapping), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(f"{opened.digest} {said}".encode()).hexdigest()


async def pull_contracts(
    url: str,
    token: str | None,
    *,
    now: datetime,
    since: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> ImportResult:
    """Every page behind the stored cursor, or behind `since`. Raises CoreSystemError or PullBusy; pages before the
    trouble are stored, and the next pull goes on behind them."""
    source = url.rstrip("/")
    async with db.SoleHolder(f"pull {source}") as lock:
        if not await lock.is_mine():
            raise PullBusy(source)
        judged_by = await basis(now)
        result = ImportResult(None)
        async with CoreSystem(source, token) as core:
            async for page in core.pages(since or await read_cursor(source)):
                result = await take_page(
                    page.contracts, so_far=result, source=source, next_cursor=page.next_cursor, basis=judged_by
                )
                if progress:
                    progress(result.rows)
        return result


async def report_of(result: ImportResult) -> dict:
    """What stands beside a file that was taken out of the watched folder."""
    document = {"list_id": result.list_id, **result.counts, "problems": []}
    if result.list_id is not None:
        document["problems"] = [problem async for problem in problems(result.list_id)]
    return document
