"""The import flows as Prefect runs them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.import_contracts import import_contracts
from flows.watch_folder import watch_folder
from storage.db import rows, transaction

SAMPLE = Path(__file__).parents[2] / "samples" / "contracts.csv"


async def cases() -> int:
    async with transaction() as c:
        return (await rows(c, "SELECT count(*) AS n FROM cases"))[0]["n"]


async def test_a_file(prefect_server, database):
    result = await import_contracts(str(SAMPLE))
    assert result.cases_opened == await cases() > 150
    again = await import_contracts(str(SAMPLE))
    assert (again.list_id, again.cases_opened) == (result.list_id, 0)


async def test_without_file_and_core_system(prefect_server, database):
    with pytest.raises(ValueError, match="HUIFANG_CORE_URL"):
        await import_contracts()


async def test_the_watched_folder(prefect_server, database, tmp_path):
    (tmp_path / "list.csv").write_bytes(SAMPLE.read_bytes())
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG")
    taken = await watch_folder(datetime.now(UTC) + timedelta(seconds=4), str(tmp_path))
    assert taken == 2
    result = json.loads((tmp_path / "done" / "list.csv.json").read_text())
    assert result["cases_opened"] == await cases()
    assert json.loads((tmp_path / "refused" / "picture.csv.json").read_text())["refused"] is True
