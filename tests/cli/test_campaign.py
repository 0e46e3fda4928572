"""`huifang campaign` and `huifang reconcile`, as they are typed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def huifang(installation):
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=ROOT,
            env=os.environ | installation | {"LANG": "en_US.UTF-8"} | settings,
            capture_output=True,
            text=True,
        )

    return run


def test_the_switch_is_thrown_and_shown(huifang):
    first = huifang("campaign", "--json")
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout) == {"state": "RUN", "by": None, "at": None, "reason": "", "taken_back": 0}
    thrown = json.loads(huifang("campaign", "pause", "--by", "li", "--reason", "wrong list", "--json").stdout)
    assert (thrown["state"], thrown["by"], thrown["reason"]) == ("PAUSED", "li", "wrong list")
    # nobody rings at the address: stopping needs no carrier where nothing is ringing
    stopped = huifang("campaign", "stop", "--by", "li", "--reason", "complaints")
    assert stopped.returncode == 0, stopped.stderr
    assert "stopped" in stopped.stdout and "li" in stopped.stdout and "complaints" in stopped.stdout
    assert json.loads(huifang("campaign", "resume", "--by", "wang", "--json").stdout)["state"] == "RUN"


def test_a_day_that_was_never_compared_says_so(huifang):
    found = huifang("reconcile", "--stored", "--day", "2026-09-24")
    assert found.returncode != 0
    assert "not been compared" in found.stderr
