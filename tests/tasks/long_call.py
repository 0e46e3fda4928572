"""Run by test_long_call: archives one long recording through the real task and prints the most memory that it took, in MiB.

`long_call.py SECONDS`: prints `{"rss": MiB, "before": MiB, "state": …}`.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import numpy

from clock import Clock
from storage import db
from tasks.archiving import archive_recordings

SECONDS, RATE = int(sys.argv[1]), 8000


class Line:
    """A carrier that makes the sound while it is fetched: two noisy channels, which FLAC can do little about."""

    async def media(self, name: str) -> AsyncIterator[bytes]:
        data = SECONDS * RATE * 4
        yield b"RIFF" + (data + 36).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
        yield b"".join(
            n.to_bytes(size, "little") for n, size in ((1, 2), (2, 2), (RATE, 4), (RATE * 4, 4), (4, 2), (16, 2))
        )
        yield b"data" + data.to_bytes(4, "little")
        noise = numpy.random.default_rng(1)
        for _ in range(SECONDS):
            yield noise.integers(-3000, 3000, (RATE, 2), dtype="<i2").tobytes()

    async def delete_recording(self, name: str) -> None: ...


def most() -> float:
    """Of this program alone: what the kernel counts for a process begins with the one that started it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


async def main() -> None:
    before = most()
    await archive_recordings.fn(Line(), Clock())
    async with db.transaction() as connection:
        [row] = await db.rows(connection, "SELECT state, seconds, bytes FROM recordings")
    await db.dispose()
    print(json.dumps({"rss": most(), "before": before, **row}))


asyncio.run(main())
