"""Keeping recordings safely (measured, packed losslessly, put under lock, read back), beside packing and putting alone."""

import io
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import soundfile
from minio import Minio
from working_calls import two_voices

from settings import settings
from storage.archive import archive
from storage.sound import keep
from storage.sound import measure as measure_sound

RECORDINGS = 20
SECONDS = 240


async def measure(folder: Path) -> dict[str, Any]:
    sound = two_voices(SECONDS)
    # as many different recordings
    recordings = [sound[:-8] + number.to_bytes(8, "big") for number in range(RECORDINGS)]
    _put_safely(recordings[0], "warm")
    _put_bare(recordings[0], "warm")

    began = time.perf_counter()
    for number, recording in enumerate(recordings):
        _put_safely(recording, str(number))
    safely = time.perf_counter() - began
    began = time.perf_counter()
    for number, recording in enumerate(recordings):
        _put_bare(recording, str(number))
    bare = time.perf_counter() - began
    return {
        "recordings": RECORDINGS,
        "seconds of sound each": SECONDS,
        "archived / bare FLAC and PUT": f"{safely / bare:.1f}x",
        "archived, ms each": round(safely * 1000 / RECORDINGS),
        "times faster than the sound lasts": round(RECORDINGS * SECONDS / safely),
    }


def _put_safely(recording: bytes, name: str) -> None:
    measure_sound(recording)
    kept = keep(recording)
    # a day, not twenty years: the servers of a benchmark go with it
    archive().put(f"bench/{name}.{kept.suffix}", kept.data, kept.content_type, datetime.now(UTC) + timedelta(days=1))


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
