"""A call of two hours passes through the archive within 200 MiB of memory, libraries and all."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("long_call.py")
MIB = 200


@pytest.mark.long
async def test_a_call_of_two_hours_stays_small(archived, reported):
    await reported("RE1", None, 7200)
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(SCRIPT), "7200"],
        cwd=SCRIPT.parents[2],
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[2])},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert child.returncode == 0, child.stderr[-3000:]
    told = json.loads(child.stdout.splitlines()[-1])
    assert told["state"] == "CLEARED" and told["seconds"] == 7200 and told["bytes"] > 100 * 2**20
    assert told["rss"] < MIB, told
