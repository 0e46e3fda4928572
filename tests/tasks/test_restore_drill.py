"""From nothing but the buckets, the backup of the keys and the backup of the database, every recording is heard again."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from settings import settings
from storage import archive_objects, checkpoints, db, ledger, ledger_keys
from storage.archive import archive
from tasks import archive_care
from tasks.archiving import archive_recordings

ROOT = Path(__file__).parents[2]
RECORDINGS = 5


async def huifang(*arguments: str, expect: int = 0, **values: str) -> dict:
    """Run the command in a process that knows nothing but these values; returns its document."""
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("HUIFANG_", "PREFECT_"))}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli.main", *arguments, "--json"],
        cwd=ROOT,
        env=outer | {"HUIFANG_ENV_FILE": "", "HUIFANG_LANG": "en"} | values,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == expect, done.stderr[-2000:] + done.stdout[-2000:]
    return json.loads(done.stdout) if done.stdout else {}


@pytest.mark.long
async def test_everything_is_heard_again(
    archived, installation, stack, line, clock, reported, talk, behind, tmp_path, monkeypatch
):
    for number in range(RECORDINGS):
        await reported(f"RE{number}", talk(4, seed=number))
    await archive_recordings.fn(line, clock)
    assert await archive_care.make_second_copies.fn(clock) == RECORDINGS
    signing = tmp_path / "ledger-keys"
    monkeypatch.setenv("HUIFANG_LEDGER_KEY_FILE", str(signing))
    settings.cache_clear()
    ledger_keys.new_pair(signing, "ledger.example/callbacks")
    for recording in ("RE0", "RE1"):
        async with db.transaction() as connection:
            await ledger.record(
                connection, "RETENTION_EXTENDED", clock.now(), actor=ledger.SYSTEM, call_id=f"call-{recording}",
                recording=recording, version_id="v", retain_until="2050-01-01T00:00:00+00:00", why="R26",
            )  # fmt: skip
        assert await checkpoints.make(ledger_keys.read(signing), clock.now())
    here = {name: value for name, value in os.environ.items() if name.startswith("HUIFANG_")}
    kept = tmp_path / "backup"
    made = await huifang("backup", str(kept), **here)
    assert made["ledger"]["seq"] >= 2 * RECORDINGS

    # the first site burns down: its database, its key file and one of the buckets' objects are no more
    async with db.transaction() as connection:
        objects = await archive_objects.select(connection, "true")
    behind.remove(archive().bucket, objects[0].object_key, objects[0].version_id)
    elsewhere = stack.create_database(f"restored_{uuid.uuid4().hex[:8]}")
    there = here | {
        "HUIFANG_HOME": str(tmp_path / "other"),
        "HUIFANG_DATABASE_URL": elsewhere,
        "HUIFANG_ARCHIVE_KEY_FILE": str(tmp_path / "keys-put-back"),
        "HUIFANG_LEDGER_KEY_FILE": str(tmp_path / "ledger-keys-put-back"),
        "HUIFANG_VAULT_KEY": json.loads((kept / "keys.json").read_text())["vault_key"],
    }
    report = await huifang("restore", str(kept), **there)
    assert report["ok"] and report["failures"] == []
    assert (report["objects"], report["opened"], report["from_second_copy"]) == (RECORDINGS, RECORDINGS, 1)
    assert report["ledger"] == {"lines": made["ledger"]["seq"], "head": made["ledger"]["hash"], "checkpoints": 2}

    # a full database is not written into, a changed backup not believed, and without the keys nothing is heard
    await huifang("restore", str(kept), expect=1, **there)
    (tmp_path / "keys-put-back").write_text("other:" + "A" * 43 + "=\n")
    deaf = await huifang("restore", str(kept), "--only-drill", expect=1, **there)
    assert deaf["opened"] == 0 and len(deaf["failures"]) == RECORDINGS
    # nor is a ledger believed that others have signed
    ledger_keys.new_pair(tmp_path / "others", "ledger.example/callbacks")
    (tmp_path / "ledger-keys-put-back").write_text((tmp_path / "others").read_text())
    forged = await huifang("restore", str(kept), "--only-drill", expect=1, **there)
    assert [f["object"] for f in forged["failures"] if f["object"].startswith("checkpoint")] == [
        "checkpoint 1", "checkpoint 2",
    ]  # fmt: skip
    (kept / "ledger.jsonl").write_bytes((kept / "ledger.jsonl").read_bytes()[:-2] + b"x\n")
    await huifang("restore", str(kept), "--only-drill", expect=1, **there)
    stack.drop_database(elsewhere.rpartition("/")[2])
