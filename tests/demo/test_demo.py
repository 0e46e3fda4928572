"""The main job, as a newcomer runs it: the whole command, the real processes, a simulated day."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)


def huifang(home: Path, *words: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words, "--json"],
        env={**os.environ, "HUIFANG_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    import shutil
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="huifang-demo-"))
    yield place
    subprocess.run(
        [sys.executable, "-m", "cli.main", "down"], env={**os.environ, "HUIFANG_HOME": str(place)}, check=False
    )
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def day(home) -> dict:
    return huifang(home, "demo", "--contracts", "40", "--seed", "5")


def test_a_day_ends_with_every_promise_kept(day):
    assert day["broken_promises"] == 0
    assert day["dials"] > 0
    assert day["completed"] > 0


def test_every_answered_call_has_its_recording_verified_in_the_archive(day):
    assert day["recordings"]["lost"] == 0
    assert day["recordings"]["archived"] == day["recordings"]["verified"] == day["answered"]


def test_outcomes_lead_to_orders_in_branches(day):
    assert day["work_orders"]["question"] == day["outcomes"]["question"]
    assert day["work_orders"]["feedback_only"] == day["outcomes"]["sub_standard"]
    assert day["pushed_down"] >= day["outcomes"]["question"] + day["outcomes"]["verification"]


def test_the_same_seed_gives_the_same_day_in_a_database_of_its_own(home, day):
    again = huifang(home, "demo", "--contracts", "40", "--seed", "5")
    for name in ("contracts", "cases", "dials", "completed", "outcomes", "work_orders", "pushed_down"):
        assert again[name] == day[name], name


def test_the_stack_is_left_up_to_be_looked_at(home, day):
    states = {s["name"]: s["state"] for s in huifang(home, "status")["services"]}
    assert states == dict.fromkeys(("postgres", "s3", "prefect", "carrier", "desk"), "running")
