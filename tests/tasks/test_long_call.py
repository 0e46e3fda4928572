"""A call of two hours passes through the archive, and into an evidence pack that is checked, within 200 MiB of memory each,
libraries and all."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("long_call.py")
MIB = 200


async def run(script: Path, *arguments: str) -> dict:
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(script), *arguments],
        cwd=script.parents[2],
        env=os.environ | {"PYTHONPATH": str(script.parents[2])},
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert child.returncode == 0, child.stderr[-3000:]
    told = json.loads(child.stdout.splitlines()[-1])
    print(script.name, *arguments[:1], told)
    return told


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_call_of_two_hours_stays_small(archived, reported, tmp_path):
    await reported("RE1", None, 7200)
    told = await run(SCRIPT, "7200")
    assert told["state"] == "CLEARED" and told["seconds"] == 7200 and told["bytes"] > 100 * 2**20
    assert told["rss"] < MIB, told
    evidence = SCRIPT.with_name("long_evidence.py")
    for step in ("export", "verify"):
        told = await run(evidence, step, "call-RE1", str(tmp_path / "pack"))
        assert told["problems"] == [] and told["rss"] < MIB, (step, told)
