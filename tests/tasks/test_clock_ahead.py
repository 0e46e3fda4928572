"""Our own processes' clock two years ahead, for real: every call of the system's clock in a process of its own says so.
Nothing expires, nothing is destroyed, nothing is lost, and the alarm says what is wrong."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from storage import alarms, archive_objects, db
from storage.archive import archive, second_archive
from tasks import archive_care
from tasks.archiving import archive_recordings

SCRIPT = Path(__file__).with_name("clock_ahead.py")
DAYS = 730


def library(folder: Path) -> str:
    """What stands between one process and the system's clock, compiled."""
    if (compiler := shutil.which("cc")) is None:
        pytest.fail("there is no C compiler: apt-get install gcc libc6-dev")
    made = folder / "clock_ahead.so"
    source = SCRIPT.with_name("clock_ahead.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(made), str(source), "-ldl"], check=True, timeout=60)
    return str(made)


async def test_nothing_expires_by_our_clock(archived, line, clock, reported, talk, ask, tmp_path):
    await reported("RE1", talk(4))
    await archive_recordings.fn(line, clock)
    await archive_care.make_second_copies.fn(clock)
    waiting = await reported("RE2", None)
    copies = [(archive(), "version_id"), (second_archive(), "second_version_id")]
    async with db.transaction() as connection:
        [was] = await archive_objects.select(connection, "o.recording_id <> :other", other=waiting)
    locks = [store.lock_of(was.object_key, getattr(was, version)) for store, version in copies]
    # the rows of the first one say that it may go; only clocks and stores can refuse now
    await ask("UPDATE contracts SET status = 'TERMINATED', facts = '{\"surrendered_on\": \"2010-01-01\"}'")
    child = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, str(SCRIPT)],
        cwd=SCRIPT.parents[2],
        env=os.environ
        | {
            "PYTHONPATH": str(SCRIPT.parents[2]), "LD_PRELOAD": library(tmp_path), "CLOCK_AHEAD": str(DAYS * 86400),
        },
        capture_output=True,
        text=True,
        timeout=280,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr[-3000:]
    told = json.loads(child.stdout.splitlines()[-1])
    assert told["ahead"] == pytest.approx(DAYS * 86400, abs=600)  # it really was
    assert told["expired"] == "NOTHING_EXPIRED"
    assert told["disposed"] in ({told["key"]: "STORE_REFUSED"}, {told["key"]: "MUST_BE_KEPT"})
    assert told["alarms"][alarms.CLOCKS_APART]["seconds"] == pytest.approx(DAYS * 86400, abs=600)

    async with db.transaction() as connection:
        [kept] = await archive_objects.select(connection, "o.recording_id <> :other", other=waiting)
    assert kept.wrapped == was.wrapped is not None
    for (store, version), lock in zip(copies, locks, strict=True):
        found = store.read_back(kept.object_key, getattr(kept, version))
        assert found.sha256 == kept.sha256 and found.lock == lock
    # the store takes nothing of such a date: what was to be archived meanwhile waits at the carrier, and an alarm says why
    [row] = await ask("SELECT state, tries FROM recordings WHERE provider_id = 'RE2'")
    assert row == {"state": "REPORTED", "tries": 0} and told["carrier_keeps"]
    assert "RequestTimeTooSkewed" in told["alarms"][alarms.ARCHIVE_REFUSES]["problem"]
    # when the clock is right again, both end by themselves and the rest goes on
    await archive_care.compare_clocks.fn(clock)
    line.media_of["RE2"] = talk(4)
    await ask("UPDATE recordings SET next_try_at = NULL WHERE provider_id = 'RE2'")
    await archive_recordings.fn(line, clock)
    assert await ask("SELECT state FROM recordings WHERE provider_id = 'RE2'") == [{"state": "CLEARED"}]
    standing = {row["name"] for row in await ask("SELECT name FROM alarms")}
    assert not standing & {alarms.CLOCKS_APART, alarms.ARCHIVE_REFUSES}
