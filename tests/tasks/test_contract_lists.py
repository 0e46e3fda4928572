"""Contracts from outside: the same rows by file, folder, pull and push; a core system that has bad days."""

import asyncio
import contextlib
import csv
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from cli.stand_in_core import create_app, rows_of
from desk import contracts_api
from rules.list_columns import ListRefused
from storage import branch_files
from storage.contract_lists import COUNTS, read_cursor
from storage.db import rows, transaction
from storage.organisation import store_organisation
from tasks import drop_folder
from tasks.contract_lists import PullBusy, pull_contracts, report_of, take_file
from tasks.core_system import CoreSystem, CoreSystemError
from tasks.drop_folder import Watch, take_dropped

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
TOKEN = "core token"

# Everything that follows from a row, without the numbers that the database gives.
SNAPSHOT = """
SELECT k.policy_no, c.state, c.owner, c.owner_branch, c.callable_on, c.nominal_end, c.surrender_deadline, c.handover_at,
       c.provisional, c.round, k.version, k.digest, k.in_scope, k.out_of_scope_reason, k.facts, k.premium, k.status,
       encode(p.identity_hash, 'hex') AS person, p.birth_date, p.sex, p.language,
       (SELECT jsonb_agg(jsonb_build_array(encode(n.number_hash, 'hex'), n.place, n.status, n.dead) ORDER BY n.place)
        FROM contract_phones n WHERE n.policy_no = k.policy_no) AS numbers
FROM contracts k JOIN persons p ON p.id = k.person_id LEFT JOIN cases c ON c.policy_no = k.policy_no
ORDER BY k.policy_no
"""


async def all_of(sql: str, **values) -> list[dict]:
    async with transaction() as c:
        return await rows(c, sql, **values)


@pytest.fixture
async def tree(database):
    async with transaction() as c:
        await store_organisation(c, branch_files.read_organisation(SAMPLES / "branches.csv"))


@pytest.fixture(scope="module")
def contracts() -> list[dict[str, str]]:
    return rows_of(SAMPLES / "contracts.csv")


@pytest.fixture(scope="module")
def list_file(contracts, tmp_path_factory) -> Path:
    """The same rows as a file, under English names."""
    file = tmp_path_factory.mktemp("list") / "contracts.csv"
    names = list(dict.fromkeys(name for one in contracts for name in one))
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, names)
        writer.writeheader()
        writer.writerows(contracts)
    return file


@contextlib.contextmanager
def served(app) -> Iterator[str]:
    """A web server of its own thread and port, as another system would run."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


async def by_file(list_file, contracts, tmp_path, monkeypatch) -> dict:
    return await report_of(await take_file(list_file, now=NOW))


async def by_folder(list_file, contracts, tmp_path, monkeypatch) -> dict:
    (tmp_path / "contracts.csv").write_bytes(list_file.read_bytes())
    return await take_dropped(tmp_path / "contracts.csv", NOW)


async def by_pull(list_file, contracts, tmp_path, monkeypatch) -> dict:
    with served(create_app(contracts, TOKEN)) as url:
        return await report_of(await pull_contracts(url, TOKEN, now=NOW))


async def by_push(list_file, contracts, tmp_path, monkeypatch) -> dict:
    from settings import settings

    monkeypatch.setenv("HUIFANG_PUSH_TOKEN", "push token")
    (tmp_path / "clock").write_text(json.dumps({"wall": 0, "sim": NOW.timestamp(), "speed": 0}))
    monkeypatch.setenv("HUIFANG_CLOCK_FILE", str(tmp_path / "clock"))
    settings.cache_clear()
    app = FastAPI()
    app.include_router(contracts_api.router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk") as client:
        answer = await client.post(
            "/api/v1/contracts",
            json={"contracts": contracts},
            headers={"Authorization": "Bearer push token", "Idempotency-Key": "k1"},
        )
    assert answer.status_code == 201
    return answer.json()


async def test_the_same_rows_four_ways_come_to_the_same(tree, list_file, contracts, tmp_path, monkeypatch):
    found = {}
    for way in (by_file, by_folder, by_pull, by_push):
        folder = tmp_path / way.__name__
        folder.mkdir()
        report = await way(list_file, contracts, folder, monkeypatch)
        shift = 0 if way in (by_pull, by_push) else 1  # a file has a header above its rows
        problems = sorted((p["row"] - shift, p["field"], p["code"], p["severity"]) for p in report["problems"])
        found[way.__name__] = ({n: report[n] for n in COUNTS}, problems, await all_of(SNAPSHOT))
        async with transaction() as c:
            await c.exec_driver_sql("TRUNCATE contract_lists, contracts, persons, push_keys CASCADE")
    counts, problems, cases = found["by_file"]
    assert counts["cases_opened"] > 150
    assert problems
    assert len(cases) == counts["accepted"] + counts["out_of_scope"]
    for way, (its_counts, its_problems, its_cases) in found.items():
        assert its_counts == counts, way
        assert its_problems == problems, way
        assert its_cases == cases, way


# ---- files ----


async def test_the_same_file_by_another_name_and_with_a_mapping(tree, list_file, tmp_path):
    first = await take_file(list_file, now=NOW)
    (copy := tmp_path / "other name.csv").write_bytes(list_file.read_bytes())
    again = await take_file(copy, now=NOW)
    assert (again.list_id, again.unchanged, again.cases_opened) == (first.list_id, first.accepted, 0)
    # read with other eyes it is another list
    mapped = await take_file(copy, now=NOW, mapping={"product_code": "product_code"})
    assert mapped.list_id != first.list_id
    assert mapped.unchanged == first.accepted


async def test_a_refused_file_leaves_nothing(tree, tmp_path):
    (file := tmp_path / "x.csv").write_text('policy_no,channel\n"P1')
    with pytest.raises(ListRefused):
        await take_file(file, now=NOW)
    with pytest.raises(FileNotFoundError):
        await take_file(tmp_path / "none.csv", now=NOW)
    assert await all_of("SELECT 1 AS one FROM contract_lists") == []


async def test_a_damaged_workbook_leaves_nothing(tree, tmp_path, list_file):
    import zipfile

    from openpyxl import Workbook

    book = Workbook()
    with list_file.open(encoding="utf-8") as given:
        for row in csv.reader(given):
            book.active.append([cell.replace("\ufffd", "?") for cell in row])
    book.save(whole := tmp_path / "whole.xlsx")
    damaged = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, part[: len(part) * 9 // 10] if "sheet1" in name else part)
    with pytest.raises(ListRefused):
        await take_file(damaged, now=NOW)
    assert await all_of("SELECT 1 AS one FROM contracts") == []
    assert (await take_file(whole, now=NOW)).cases_opened > 150


# ---- the watched folder ----


async def test_the_watched_folder(tree, list_file, tmp_path, monkeypatch):
    monkeypatch.setattr(drop_folder, "STEADY_SECONDS", 0.2)
    watch = Watch(tmp_path)
    (growing := tmp_path / "a.csv").write_bytes(list_file.read_bytes()[:900])
    (tmp_path / "b.csv").write_text("{}")
    for name in (".hidden.csv", "~$a.xlsx", "c.csv.part"):
        (tmp_path / name).write_text("x")
    (tmp_path / "folder.csv").mkdir()
    assert watch.steady() == []
    await asyncio.sleep(0.25)
    growing.write_bytes(list_file.read_bytes())
    assert [p.name for p in watch.steady()] == ["b.csv"]
    await asyncio.sleep(0.25)
    assert [p.name for p in watch.steady()] == ["b.csv", "a.csv"]

    refused = await take_dropped(tmp_path / "b.csv", NOW)
    assert refused["refused"] is True
    assert json.loads((tmp_path / "refused" / "b.csv.json").read_text()) == refused
    taken = await take_dropped(growing, NOW)
    assert taken["cases_opened"] > 150
    assert json.loads((tmp_path / "done" / "a.csv.json").read_text()) == taken
    assert not growing.exists()
    growing.write_bytes(list_file.read_bytes())  # dropped once more: nothing is overwritten
    assert (await take_dropped(growing, NOW))["cases_opened"] == 0
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["a-2.csv", "a-2.csv.json", "a.csv", "a.csv.json"]


async def test_two_watchers_of_one_folder(tree, list_file, tmp_path):
    for n in range(3):
        (tmp_path / "a.csv").write_bytes(list_file.read_bytes() + b"\n" * n)
        found = await asyncio.gather(*[take_dropped(tmp_path / "a.csv", NOW) for _ in range(2)])
        assert any(found)
    names = sorted(p.name for p in (tmp_path / "done").iterdir())
    assert len(names) == 6, names
    assert [name for name in names if not name.endswith(".json")] == ["a-2.csv", "a-3.csv", "a.csv"]


# ---- the core system ----


class Core:
    """A core system with bad days: `trouble` is what it does next, None a good answer."""

    def __init__(self, contracts: list[dict], page: int, cursors: str = "count"):
        self.contracts, self.page, self.cursors = contracts, page, cursors
        self.trouble: list = []
        self.asked: list[dict] = []
        self.app = FastAPI()

        @self.app.get("/contracts")
        async def answer(request: Request):
            self.asked.append(dict(request.query_params))
            if self.trouble and (trouble := self.trouble.pop(0)) is not None:
                return trouble if not isinstance(trouble, int) else JSONResponse({}, trouble)
            start = int(request.query_params.get("cursor", 0))
            given = self.contracts[start : start + self.page]
            following = start + len(given)
            ended = following >= len(self.contracts)
            last = {"count": str(following), "null": None, "empty": "", "stays": str(start)}[self.cursors]
            return {"contracts": given, "next_cursor": last if ended else str(following), "total": len(self.contracts)}


@pytest.mark.parametrize(("cursors", "read_again"), [("count", 0), ("null", 10), ("empty", 10), ("stays", 10)])
async def test_pages_until_the_last_and_on_from_there(tree, contracts, cursors, read_again):
    """Where the last page names no cursor of its own, it is read once more; that changes nothing."""
    core = Core(contracts[:70], page=30, cursors=cursors)
    with served(core.app) as url:
        first = await pull_contracts(f"{url}/", TOKEN, now=NOW)
        assert (first.rows, first.unchanged) == (70, 0)
        core.contracts = contracts[:90]
        second = await pull_contracts(url, TOKEN, now=NOW)
        assert second.rows == 20 + read_again
        assert first.cases_opened + second.cases_opened == (await all_of("SELECT count(*) AS n FROM cases"))[0]["n"]
        again = await pull_contracts(url, TOKEN, now=NOW, since="0")
        assert (again.rows, again.cases_opened, again.accepted, again.updated) == (90, 0, 0, 0)
        assert again.unchanged == first.accepted + second.accepted


@pytest.mark.parametrize("status", [401, 403, 404, 500, 503])
async def test_trouble_leaves_the_cursor_where_the_rows_are(tree, contracts, status, monkeypatch):
    core = Core(contracts[:50], page=20)
    monkeypatch.setattr("tasks.contract_lists.CoreSystem", lambda url, token: CoreSystem(url, token, (0.01, 0.01)))
    with served(core.app) as url:
        core.trouble = [None, status, status, status]
        with pytest.raises(CoreSystemError):
            await pull_contracts(url, TOKEN, now=NOW)
        assert await read_cursor(url) == "20"
        stored = {r["policy_no"] for r in await all_of("SELECT policy_no FROM contracts")}
        assert stored <= {c["policy_no"] for c in contracts[:20]}
        asked_before = len(core.asked)
        assert asked_before == (4 if status >= 500 else 2)
        core.trouble = [503, None]  # one bad moment is waited out
        rest = await pull_contracts(url, TOKEN, now=NOW)
        assert (rest.rows, await read_cursor(url)) == (30, "50")
        assert core.asked[asked_before]["cursor"] == "20"


@pytest.mark.parametrize("body", ["no json", "[]", '{"contracts": 1}', '{"contracts": [1]}', "{}"])
async def test_an_answer_that_is_none(tree, body):
    from fastapi.responses import PlainTextResponse

    core = Core([], page=1)
    core.trouble = [PlainTextResponse(body)]
    with served(core.app) as url, pytest.raises(CoreSystemError):
        await pull_contracts(url, TOKEN, now=NOW)
    assert await all_of("SELECT 1 AS one FROM contract_lists") == []


async def test_nobody_there(tree):
    async with CoreSystem("http://127.0.0.1:9", TOKEN, pauses=(0.01,)) as core:
        with pytest.raises(CoreSystemError):
            [page async for page in core.pages()]


async def test_one_pull_at_a_time(tree, contracts):
    with served(create_app(contracts, TOKEN)) as url:
        ends = await asyncio.gather(*[pull_contracts(url, TOKEN, now=NOW) for _ in range(3)], return_exceptions=True)
    results = [end for end in ends if not isinstance(end, Exception)]
    assert {type(end) for end in ends if isinstance(end, Exception)} <= {PullBusy}
    assert sum(result.cases_opened for result in results) == (await all_of("SELECT count(*) AS n FROM cases"))[0]["n"]


async def test_the_stand_in_says_what_it_is(contracts):
    with served(create_app(contracts, TOKEN)) as url:
        async with httpx.AsyncClient(base_url=url) as client:
            refused = await client.get("/contracts")
            assert (refused.status_code, refused.headers["X-Stand-In"]) == (401, "core-system")
            client.headers["Authorization"] = f"Bearer {TOKEN}"
            page = await client.get("/contracts", params={"cursor": "190", "limit": 5})
            assert (page.headers["X-Stand-In"], page.json()["next_cursor"]) == ("core-system", "195")
            assert page.json()["contracts"] == contracts[190:195]
            assert (await client.get("/contracts", params={"cursor": "x"})).status_code == 400
            assert (await client.post("/callbacks", json={"event_id": "1"})).status_code == 201
            assert (await client.post("/servicing-requests", content=b"{")).status_code == 400
            kept = (await client.get("/received")).json()
    assert kept == {"callbacks": [{"event_id": "1"}], "servicing-requests": []}
