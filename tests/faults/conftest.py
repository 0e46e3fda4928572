"""A whole installation whose processes are killed, and small simulated days that must end well all the same."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row

from cli.stack import Stack
from cli.stack.processes import read_record

ROOT = Path(__file__).resolve().parents[2]
# Enough for a day on a machine that has other things to do; a day that hangs must fail with what it hung on.
PATIENCE = 150.0


@dataclass
class Installation:
    """The one-machine stack of these tests, used through its commands as a person would."""

    home: Path
    running: list[subprocess.Popen] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> Stack:
        return Stack(self.home)

    def start(self, *arguments: str) -> subprocess.Popen:
        child = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=os.environ | {"HUIFANG_HOME": str(self.home), "HUIFANG_LANG": "en"} | self.extra,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.running.append(child)
        return child

    def huifang(self, *arguments: str) -> subprocess.Popen:
        return self.start("-m", "cli.main", *arguments)

    def finished(self, child: subprocess.Popen, seconds: float = PATIENCE) -> str:
        try:
            out, errors = child.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            out, errors = child.communicate()
            pytest.fail(f"{child.args} did not end within {seconds:.0f} s: {errors[-2000:]}")
        assert child.returncode == 0, errors[-3000:] + out[-2000:]
        return out

    def up(self) -> None:
        """`huifang up`: the one command that doctor names for whatever is down."""
        self.finished(self.huifang("up"))

    def pid(self, service: str) -> int:
        return read_record(self.home / "run" / f"{service}.json").pid

    def kill(self, service: str) -> None:
        os.kill(self.pid(service), signal.SIGKILL)
        for _ in range(200):
            if self.state(service) == "crashed":
                return
            time.sleep(0.05)
        raise AssertionError(f"{service} outlived its kill")

    def state(self, service: str) -> str:
        return next(s.state for s in self.stack.status() if s.name == service)

    def doctor(self) -> dict[str, dict]:
        child = self.huifang("doctor", "--json")
        out, _ = child.communicate(timeout=60)
        return {check["name"]: check for check in json.loads(out)["checks"]}


@dataclass
class Day:
    """One simulated day of the installation, and what its database and its carrier say of it."""

    installation: Installation

    def sql(self, query: str, *values) -> list[dict]:
        url = self.installation.stack.environment()["HUIFANG_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(query, values).fetchall()

    def one(self, query: str, *values):
        return next(iter(self.sql(query, *values)[0].values()))

    def run(self) -> subprocess.Popen:
        """`huifang run`, the flow process, to the end of the calling hours."""
        return self.installation.huifang("run", "--json")

    def passing(self, end: str = "21:00") -> subprocess.Popen:
        return self.installation.start(str(Path(__file__).with_name("passing_time.py")), "pass", end)

    def until(self, reached: Callable[[], object], what: str, child: subprocess.Popen, seconds: float = 120.0):
        """What `reached` gives once it is true; fails when `child` ends before, or too late."""
        give_up = time.monotonic() + seconds
        while not (found := reached()):
            assert child.poll() is None, f"{what}: the day ended before: {child.communicate()[1][-3000:]}"
            assert time.monotonic() < give_up, f"{what}: not within {seconds:.0f} s"
            time.sleep(0.1)
        return found

    def talking(self, least: int = 2) -> list[str]:
        """Calls in conversation (somebody has answered a question), if there are `least`."""
        found = self.sql("SELECT id FROM calls WHERE state = 'ANSWERED' AND turn > 1")
        return [row["id"] for row in found] if len(found) >= least else []

    def carrier(self, method: str, path: str, **options) -> httpx.Response:
        base = self.installation.stack.environment()["HUIFANG_TWILIO_BASE_URL"]
        answer = httpx.request(method, base + path, trust_env=False, timeout=20, **options)
        answer.raise_for_status()
        return answer

    def created(self) -> list[dict]:
        """Every call that the carrier ever took, with our call id."""
        events = self.carrier("GET", "/control/log", params={"event": "created"}).json()["events"]
        return [{"sid": e["call_sid"], "call_id": urlsplit(e["url"]).path.rpartition("/")[2]} for e in events]

    def check_end(self, run: subprocess.Popen) -> dict:
        """The day came to its end, whatever happened in it. Returns what `huifang run` printed."""
        figures = json.loads(self.installation.finished(run))
        judged = self.installation.huifang("judge", "--json")
        out, errors = judged.communicate(timeout=60)
        assert judged.returncode == 0, out + errors
        assert figures["broken_promises"] == 0
        self.check_nobody_rung_twice()
        open_calls = self.sql(
            "SELECT id, state FROM calls WHERE state NOT IN ('ENDED', 'REJECTED') OR settled_at IS NULL"
        )
        assert open_calls == [], "a call was left open or unsettled"
        assert self.sql("SELECT id FROM cases WHERE state = 'IN_CALL'") == []
        silent = self.sql(
            "SELECT id FROM calls k WHERE answered_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM recordings r WHERE "
            "r.call_id = k.id AND (r.state = 'CLEARED' AND r.version_id IS NOT NULL OR r.state = 'LOST' AND r.problem <> ''))"
        )
        assert silent == [], "an answered call has neither a verified recording nor a reason"
        assert figures["dials"] >= figures["answered"] > 5
        rung = {row["person_id"] for row in self.sql("SELECT person_id FROM calls WHERE state = 'ENDED'")}
        due = json.loads(
            self.installation.finished(self.installation.huifang("due", "--at", "2026-09-24T16:00", "--json"))
        )
        assert {c["person_id"] for c in due["callable"]} <= rung, "somebody who might have been rung was not"
        return figures

    def check_nobody_rung_twice(self) -> None:
        created = self.created()
        ours = {row["id"]: row for row in self.sql("SELECT id, sid, state FROM calls")}
        assert len({c["call_id"] for c in created}) == len(created), "one attempt was dialled twice"
        assert {c["call_id"] for c in created} <= set(ours), "a call without an attempt written down before"
        for call in created:
            row = ours[call["call_id"]]
            assert (row["sid"], row["state"]) == (call["sid"], "ENDED")

    def check_recordings_are_kept(self) -> None:
        assert self.sql("SELECT call_id, problem FROM recordings WHERE state <> 'CLEARED'") == [], (
            "a recording was lost"
        )


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    parent = Path(tempfile.gettempdir()) / "huifang-tests"
    parent.mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(dir=parent))
    (home / "owner").write_text(str(os.getpid()))
    installation = Installation(home)
    try:
        yield installation
    finally:
        Stack(home).down()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def a_day(installation: Installation) -> Iterator[Callable[..., Day]]:
    """Prepares a day: `a_day(contracts, seed, speed=…, HUIFANG_…=…)`."""

    def prepared(contracts: int, seed: int, speed: float = 100.0, **settings: str) -> Day:
        installation.extra = settings
        installation.up()
        installation.finished(
            installation.start(str(Path(__file__).with_name("passing_time.py")), "prepare", str(contracts), str(seed), str(speed))
        )  # fmt: skip
        return Day(installation)

    yield prepared
    for child in installation.running:
        if child.poll() is None:
            child.kill()
        child.communicate()
    installation.running.clear()
    installation.extra = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A day with processes killed in it takes as long as the machine needs."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(900))
