"""The process's engine on the test's own database, and recordings that wait at a carrier."""

import io
import json
import math
import time
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import jwt
import numpy
import pytest
from sqlalchemy import text

from clock import Clock
from storage import db
from telephony.errors import Missing


@pytest.fixture
async def database(installation: dict[str, str]):
    await db.dispose()
    yield
    await db.dispose()


@pytest.fixture
async def archived(database, installation, monkeypatch: pytest.MonkeyPatch):
    """The archive with both its buckets made, on names of the test's own."""
    from settings import settings
    from storage import archive, key_keepers

    monkeypatch.setenv("HUIFANG_S3_COPY_BUCKET", installation["HUIFANG_S3_BUCKET"] + "-copy")
    made = (settings, archive.archive, archive.second_archive, key_keepers.key_keeper)
    for cached in made:
        cached.cache_clear()
    archive.archive().ensure_bucket()
    archive.second_archive().ensure_bucket()
    yield archive.archive()
    for cached in made:
        cached.cache_clear()


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """As good as stopped at ten o'clock of the demo's day."""
    clock = Clock(tmp_path / "clock.json")
    clock.set(datetime(2026, 9, 24, 2, tzinfo=UTC), 0.001)
    return clock


@dataclass
class Line:
    """A carrier that holds recordings: what `media` and `delete_recording` of telephony.phone.Phone ask for."""

    media_of: dict[str, bytes] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    before_delete: Callable[[str], None] | None = None

    async def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        if recording_sid not in self.media_of:
            raise Missing("not ready")
        sound = self.media_of[recording_sid]
        for begin in range(0, len(sound), 1 << 16):
            yield sound[begin : begin + (1 << 16)]

    async def delete_recording(self, recording_sid: str) -> None:
        if self.before_delete:
            self.before_delete(recording_sid)
        self.media_of.pop(recording_sid, None)
        self.deleted.append(recording_sid)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def talk() -> Callable[..., bytes]:
    """`talk(seconds, seed, …)`: a WAV of two channels, one voice after the other."""

    def made(seconds: float = 4, seed: int = 1, level: float = 0.3, channels: int = 2, rate: int = 8000) -> bytes:
        frames = int(seconds * rate)
        voice = numpy.sin(numpy.arange(frames) * 2 * math.pi * (200 + seed % 100) / rate) * level * 32767
        noise = numpy.random.default_rng(seed).integers(-20, 20, frames) * (level > 0)
        sound = numpy.zeros((frames, channels))
        half = frames // 2
        sound[:half, 0] = voice[:half]
        sound[half:, -1] += voice[half:]
        sound[:, 0] += noise
        out = io.BytesIO()
        with wave.open(out, "wb") as writer:
            writer.setnchannels(channels)
            writer.setsampwidth(2)
            writer.setframerate(rate)
            writer.writeframes(sound.astype("<i2").tobytes())
        return out.getvalue()

    return made


@pytest.fixture
def reported(database, clock: Clock, line: Line):
    """`await reported("RE1", wav, seconds=4)`: an ended call of which the carrier has told that it is recorded. Returns the
    recording's number."""

    async def report(
        name: str, sound: bytes | None = None, seconds: int = 4, reported_seconds: int | None = None, **contract
    ) -> int:
        if sound is not None:
            line.media_of[name] = sound
        now = clock.now()
        async with db.transaction() as connection:
            found = await db.rows(
                connection,
                """WITH person AS (
                     INSERT INTO persons (identity_hash, name_sealed, name_hash, language)
                     VALUES (convert_to(:name, 'UTF8'), '', '', 'zh-CN') RETURNING id
                   ), contract AS (
                     INSERT INTO contracts (policy_no, version, person_id, source, digest, in_scope, channel,
                       product_type, product_name, premium_mode, underwritten_on, status, special_callback, facts,
                       personal_sealed, updated_at)
                     SELECT 'P-' || :name, 1, id, 'test', '', true, 'BANCASSURANCE', 'PARTICIPATING', '', 'ANNUAL',
                            '2026-09-01', :status, false, CAST(:facts AS jsonb), '', :began FROM person RETURNING policy_no
                   ), opened AS (
                     INSERT INTO cases (policy_no, person_id, state, owner, round, provisional, counts, profile,
                       opened_at, changed_at)
                     SELECT 'P-' || :name, id, 'CALLABLE', 'HEAD_OFFICE', 1, false, false, 'national@1', :began, :began
                     FROM person, contract RETURNING id
                   ), call AS (
                     INSERT INTO calls (id, person_id, number_hash, number_sealed, state, sid, script, profile,
                       sheet_sealed, at_appointment, turn, duration, reserved_at, answered_at, ended_at)
                     SELECT 'call-' || :name, id, '', '', 'ENDED', 'CA' || :name, 'bank-participating-regular@1', 'p', '', false, 1, :seconds, :began,
                       :began, :now FROM person RETURNING id
                   ), linked AS (
                     INSERT INTO call_cases (call_id, case_id, attempt_no) SELECT call.id, opened.id, 1 FROM call, opened
                   )
                   INSERT INTO recordings (call_id, provider_id, state, reported_seconds, tries, loudness, reported_at)
                   SELECT id, :name, 'REPORTED', :reported, 0, '{}', :now FROM call RETURNING id""",
                name=name,
                seconds=seconds,
                reported=seconds if reported_seconds is None else reported_seconds,
                began=now - timedelta(seconds=seconds),
                now=now,
                status=contract.get("status", "IN_FORCE"),
                facts=json.dumps(contract.get("facts", {})),
            )
            return found[0]["id"]

    return report


@pytest.fixture
def ask(database):
    """`await ask(sql, …)`: the rows of one statement."""

    async def asked(sql: str, **values) -> list[dict]:
        async with db.transaction() as connection:
            found = await connection.execute(text(sql), values)
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    return asked


class BehindTheGateway:
    """What somebody with the machine's secrets can do to the one-machine store, past every lock: damage on disk, for us."""

    def __init__(self, home: Path):
        from cli.environment import read_json

        self._secrets = read_json(home / "secrets.json")
        self._base = f"http://127.0.0.1:{read_json(home / 'ports.json')['s3_filer']}/buckets"

    def _ask(self, method: str, place: str, **options) -> None:
        token = jwt.encode({"exp": time.time() + 60}, self._secrets["weed_filer_write_key"], algorithm="HS256")
        answer = httpx.request(
            method, f"{self._base}/{place}", headers={"Authorization": f"BEARER {token}"}, trust_env=False, **options
        )
        answer.raise_for_status()

    @staticmethod
    def _place(bucket: str, key: str, version_id: str) -> str:
        return f"{bucket}/{key}.versions/v_{version_id}"

    def remove(self, bucket: str, key: str, version_id: str) -> None:
        self._ask("DELETE", self._place(bucket, key, version_id))

    def replace(self, bucket: str, key: str, version_id: str, body: bytes) -> None:
        self._ask("PUT", self._place(bucket, key, version_id), content=body)


@pytest.fixture
def behind(stack) -> BehindTheGateway:
    return BehindTheGateway(stack.home)
