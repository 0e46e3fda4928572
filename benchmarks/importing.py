"""Taking a list of 100,000 contracts, beside copying the same file into a table of text."""

import time
from pathlib import Path
from typing import Any

import psycopg
from working_calls import DAY, ROOT, stopped_clock

from storage import db
from storage.branch_files import read_organisation
from storage.organisation import store_organisation
from storage.sample_lists import generate, write_list
from tasks.contract_lists import take_file

ROWS = 100_000


async def measure(folder: Path) -> dict[str, Any]:
    organisation = read_organisation(ROOT / "samples" / "branches.csv")
    async with db.transaction() as connection:
        await store_organisation(connection, organisation)
    file = folder / "contracts.csv"
    write_list(file, generate(ROWS, 1, DAY, organisation, False))

    began = time.perf_counter()
    await _copy(file)
    copying = time.perf_counter() - began
    began = time.perf_counter()
    result = await take_file(file, now=stopped_clock(folder).now(), source="benchmark")
    importing = time.perf_counter() - began
    began = time.perf_counter()
    again = await take_file(file, now=stopped_clock(folder).now(), source="benchmark")
    return {
        "rows": result.rows,
        "cases opened": result.cases_opened,
        "import / bare COPY": f"{importing / copying:.0f}x",
        "rows a second": round(result.rows / importing),
        "the same file again / first time": f"{(time.perf_counter() - began) / importing:.2f}x",
        "unchanged the second time": again.unchanged,
    }


async def _copy(file: Path) -> None:
    with file.open(encoding="utf-8-sig") as lines:
        columns = ", ".join(f"c{i} text" for i in range(len(lines.readline().split(","))))
        async with await psycopg.AsyncConnection.connect(db.libpq_url()) as connection:
            await connection.execute(f"CREATE TABLE bare_rows ({columns})")
            async with connection.cursor().copy("COPY bare_rows FROM STDIN (FORMAT csv)") as copy:
                while block := lines.read(1 << 16):
                    await copy.write(block)
