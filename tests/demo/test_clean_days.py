"""Two hundred days of twenty contracts through the real parts: the judge finds nothing in any of them.

About half a minute a day on a quiet machine. With CLEAN_DAYS_RESULTS naming a file, a run that was cut short goes on
where it stopped.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DAYS, CONTRACTS = 200, 20
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home():
    place = Path(tempfile.mkdtemp(prefix="huifang-days-"))
    yield place
    subprocess.run(
        [sys.executable, "-m", "cli.main", "down"],
        cwd=ROOT,
        env={**os.environ, "HUIFANG_HOME": str(place)},
        check=False,
    )
    shutil.rmtree(place, ignore_errors=True)


@pytest.mark.long
@pytest.mark.timeout(6 * 3600)
def test_two_hundred_days_break_nothing(home):
    results = Path(os.environ.get("CLEAN_DAYS_RESULTS", home / "days.jsonl"))
    done = subprocess.run(
        [
            *(sys.executable, str(Path(__file__).with_name("clean_days.py"))),
            *("--days", str(DAYS), "--contracts", str(CONTRACTS), "--results", str(results)),
        ],
        cwd=ROOT,
        env={**os.environ, "HUIFANG_HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    days = [json.loads(line) for line in results.read_text().splitlines()]
    assert len({day["seed"] for day in days}) == DAYS
    assert sum(day["broken_promises"] for day in days) == 0
    assert all(day["dials"] for day in days)
    assert {name for day in days for name, n in day["outcomes"].items() if n} == {
        "standard", "sub_standard", "question", "verification",
    }  # fmt: skip
