"""Run by test_archiving_killed: carries one recording after the other, each in a process that is killed at another step.

`killed_archiving.py CARRIER_FOLDER CLOCK_FILE`: for each step one line of JSON, `{"step": …, "killed": true}`. The recording of
a step is named after it; its copy at the carrier is a file in the folder.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psycopg

from clock import Clock
from storage import data_keys, db, recordings, sound
from storage.archive import Archive
from tasks import archiving
from telephony.errors import Missing

FOLDER, CLOCK = Path(sys.argv[1]), Clock(Path(sys.argv[2]))


class Line:
    async def media(self, name: str) -> AsyncIterator[bytes]:
        if not (FOLDER / name).exists():
            raise Missing("gone")
        yield (FOLDER / name).read_bytes()

    async def delete_recording(self, name: str) -> None:
        (FOLDER / name).unlink(missing_ok=True)


# name of the step: what is killed, before or after it has done its work
STEPS = {
    "claimed": (recordings, "claim", "after"),
    "key-made": (data_keys, "ensure", "after"),
    "fetched": (archiving, "_fetch", "after"),
    "measured": (sound._Meter, "add", "after"),
    "packed": (sound, "_gives_back", "before"),
    "proven": (archiving, "measured_and_kept", "after"),
    "sealed": (archiving, "_sealed", "after"),
    "before-put": (Archive, "_put_new", "before"),
    "after-put": (Archive, "_put_new", "after"),
    "read-back": (Archive, "read_back", "after"),
    "put-done": (Archive, "put", "after"),
    "written": (recordings, "verified", "after"),
    "committed": (archiving, "_store", "after"),
    "before-delete": (Line, "delete_recording", "before"),
    "after-delete": (Line, "delete_recording", "after"),
    "cleared": (recordings, "cleared", "after"),
}


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def lay_trap(owner: object, name: str, when: str) -> None:
    whole = getattr(owner, name)

    async def in_turn(*given, **named):
        if when == "before":
            die()
        await whole(*given, **named)
        die()

    def at_once(*given, **named):
        if when == "before":
            die()
        whole(*given, **named)
        die()

    setattr(owner, name, in_turn if asyncio.iscoroutinefunction(whole) else at_once)


async def carry() -> None:
    await archiving.archive_recordings.fn(Line(), CLOCK)
    await db.dispose()


def main() -> None:
    for step, trap in STEPS.items():
        with psycopg.connect(db.libpq_url(), autocommit=True) as connection:
            connection.execute(
                "UPDATE recordings SET next_try_at = CASE WHEN provider_id = %s THEN NULL ELSE CAST('9999-01-01' AS timestamptz) END",
                [step],
            )
        if not (child := os.fork()):
            lay_trap(*trap)
            asyncio.run(carry())
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"step": step, "killed": os.WIFSIGNALED(status)}), flush=True)


if __name__ == "__main__":
    main()
