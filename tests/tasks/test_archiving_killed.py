"""kill -9 at every step between the fetch and the deletion at the carrier: nothing is lost, nothing locked twice."""

import asyncio
import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from tasks.archiving import archive_recordings

SCRIPT = Path(__file__).with_name("killed_archiving.py")
STEPS = re.findall(r'^    "([a-z-]+)": \(', SCRIPT.read_text(), re.MULTILINE)


async def test_killed_at_every_step(archived, clock, reported, talk, ask, tmp_path, line):
    carrier = tmp_path / "carrier"
    carrier.mkdir()
    for number, step in enumerate(STEPS):
        sound = talk(4, seed=number)
        await reported(step, sound)
        (carrier / step).write_bytes(sound)
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(SCRIPT), str(carrier), str(clock.file)],
        cwd=SCRIPT.parents[2],
        env=os.environ | {"PYTHONPATH": str(SCRIPT.parents[2])},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert child.returncode == 0, child.stderr[-3000:]
    assert [json.loads(one) for one in child.stdout.splitlines()] == [{"step": s, "killed": True} for s in STEPS]

    # at the worst moment: whatever the carrier has no more is in the archive, verified
    rows = {row["provider_id"]: row for row in await ask("SELECT * FROM recordings")}
    for step in STEPS:
        assert (carrier / step).exists() or rows[step]["state"] in ("VERIFIED", "CLEARED"), step
        if rows[step]["version_id"]:
            assert archived.read_back(rows[step]["object_key"], rows[step]["version_id"]).sha256 == rows[step]["sha256"]
    assert {s for s in STEPS if not (carrier / s).exists()} == {"after-delete", "cleared"}

    # the next worker carries all on
    for step in STEPS:
        if not (carrier / step).exists():
            line.media_of.pop(step)
    await ask("UPDATE recordings SET next_try_at = NULL")
    for _ in range(5):
        await archive_recordings.fn(line, clock)
        clock.set(clock.now() + timedelta(minutes=5), 0.001)
    rows = await ask("SELECT * FROM recordings")
    assert [(row["provider_id"], row["state"]) for row in rows if row["state"] != "CLEARED"] == []
    for row in rows:
        versions = archived.versions(row["object_key"])
        assert [v.version_id for v in versions] == [row["version_id"]], row["provider_id"]
    assert line.media_of == {}
    [objects] = await ask("SELECT count(*) AS n FROM archive_objects")
    assert objects["n"] == len(STEPS)
    told = await ask("SELECT kind, count(*) AS n FROM ledger WHERE kind LIKE 'RECORDING%' GROUP BY kind ORDER BY kind")
    assert [(t["kind"], t["n"]) for t in told] == [
        ("RECORDING_CLEARED", len(STEPS)),
        ("RECORDING_VERIFIED", len(STEPS)),
    ]
