"""Keeping recordings safely, from the carrier to the deletion of its copy (fetched, measured, packed losslessly, sealed, put
under lock, read back, written down), beside a bare loop of packing and putting the same sound."""

import contextlib
import hashlib
import io
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import psutil
import soundfile
from minio import Minio
from working_calls import stopped_clock, two_voices

from settings import settings
from storage import db
from tasks import archiving
from tasks.archiving import archive_recordings

RECORDINGS = 24
SECONDS = 240
ROUNDS = 3


class Line:
    """A carrier with a recording for every name; no two sound alike to the last bit."""

    def __init__(self) -> None:
        self.sound = two_voices(SECONDS)

    def blocks(self, name: str) -> Iterator[bytes]:
        last = len(self.sound) - 8
        for begin in range(0, last, 1 << 16):
            yield self.sound[begin : min(begin + (1 << 16), last)]
        yield hashlib.sha256(name.encode()).digest()[:8]

    def of(self, name: str) -> bytes:
        return b"".join(self.blocks(name))

    async def media(self, name: str) -> AsyncIterator[bytes]:
        for block in self.blocks(name):
            yield block

    async def delete_recording(self, name: str) -> None: ...


async def measure(folder: Path) -> dict[str, Any]:
    line, clock = Line(), stopped_clock(folder)
    await _report("warm", 2, clock)
    await archive_recordings.fn(line, clock)
    _put_bare(line.of("warm"), "warm")

    # by turns, so that whatever else the machine does meets all three
    spent, worked = Counter(), Counter()
    four = archiving.AT_ONCE
    for round_ in range(ROUNDS):
        with _counted(spent, worked, "bare"):
            for number in range(RECORDINGS):
                _put_bare(line.of(f"bare-{round_}-{number}"), f"{round_}-{number}")
        for name, at_once in (("one", 1), ("four", four)):
            await _report(f"{name}-{round_}", RECORDINGS, clock)
            archiving.AT_ONCE = at_once
            with _counted(spent, worked, name):
                while await archive_recordings.fn(line, clock):
                    pass
    archiving.AT_ONCE = four
    async with db.transaction() as connection:
        [done] = await db.rows(connection, "SELECT count(*) AS n FROM recordings WHERE state = 'CLEARED'")
    assert done["n"] == 2 + 2 * ROUNDS * RECORDINGS
    each = 1000 / (ROUNDS * RECORDINGS)
    return {
        "recordings": RECORDINGS * ROUNDS,
        "seconds of sound each": SECONDS,
        f"speed beside bare FLAC and PUT, {four} at once": f"{spent['bare'] / spent['four']:.2f}",
        "the same, one at a time": f"{spent['bare'] / spent['one']:.2f}",
        "the same by processor time, servers and all": f"{worked['bare'] / worked['one']:.2f}",
        "bare, ms each": round(spent["bare"] * each),
        "archived, ms each": round(spent["four"] * each),
        "archived one at a time, ms each": round(spent["one"] * each),
    }


@contextlib.contextmanager
def _counted(spent: Counter, worked: Counter, name: str) -> Iterator[None]:
    """Adds the seconds that went by, and those for which this process and the servers that it started held a processor."""
    servers = psutil.Process().children(recursive=True)
    began, before = time.perf_counter(), _worked(servers)
    yield
    spent[name] += time.perf_counter() - began
    worked[name] += _worked(servers) - before


def _worked(servers: list[psutil.Process]) -> float:
    total = time.process_time()
    for one in servers:
        with contextlib.suppress(psutil.NoSuchProcess):  # a worker of the database that has ended
            total += sum(one.cpu_times()[:2])
    return total


async def _report(prefix: str, count: int, clock) -> None:
    """As many ended calls whose recordings wait at the carrier."""
    async with db.transaction() as connection:
        await db.rows(
            connection,
            """WITH person AS (
                 INSERT INTO persons (identity_hash, name_sealed, name_hash, language)
                 VALUES (convert_to(:prefix, 'UTF8'), '', '', 'zh-CN') RETURNING id
               ), made AS (
                 INSERT INTO calls (id, person_id, number_hash, number_sealed, state, sid, script, profile, sheet_sealed,
                   at_appointment, turn, duration, reserved_at, answered_at, ended_at)
                 SELECT :prefix || '-' || n, id, '', '', 'ENDED', :prefix || '-' || n, 'bank-participating-regular@1', 'p', '', false, 1, :seconds,
                   :began, :began, :now FROM person, generate_series(1, :count) n RETURNING id
               )
               INSERT INTO recordings (call_id, provider_id, state, reported_seconds, tries, loudness, reported_at)
               SELECT id, id, 'REPORTED', :seconds, 0, '{}', :now FROM made RETURNING id""",
            prefix=prefix,
            count=count,
            seconds=SECONDS,
            now=clock.now(),
            began=clock.now() - timedelta(seconds=SECONDS),
        )


def _put_bare(recording: bytes, name: str) -> None:
    data, rate = soundfile.read(io.BytesIO(recording), dtype="int16", always_2d=True)
    packed = io.BytesIO()
    soundfile.write(packed, data, rate, format="FLAC", subtype="PCM_16")
    packed_bytes = packed.getvalue()
    _client().put_object(
        bucket_name=settings().s3_bucket,
        object_name=f"bare/{name}.flac",
        data=io.BytesIO(packed_bytes),
        length=len(packed_bytes),
    )


@cache
def _client() -> Minio:
    own = settings()
    return Minio(
        own.s3_endpoint,
        access_key=own.s3_access_key.get_secret_value(),
        secret_key=own.s3_secret_key.get_secret_value(),
        secure=own.s3_secure,
        region="us-east-1",
    )
