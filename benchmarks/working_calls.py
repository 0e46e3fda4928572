"""Whole calls in one process: our own code with real servers behind it, and a line that says yes to everything.

The customer is told by keys what the call's own sheet holds, so that a call runs through its whole script.
"""

import hashlib
import io
import math
import re
import struct
import time
import wave
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
from twilio.request_validator import RequestValidator

from clock import Clock
from rules.calendar import shanghai
from settings import settings
from storage import conversations, db
from storage.branch_files import read_organisation
from storage.organisation import store_organisation
from storage.sample_lists import generate, write_list
from tasks.archiving import archive_recordings
from tasks.contract_lists import take_file
from tasks.dialling import Pace, dial_round
from tasks.settling import settle_ended_calls
from telephony.phone import CarrierError, CarrierRecording, PlacedCall

DAY = date(2026, 9, 24)
ROOT = Path(__file__).parents[1]
SECONDS = 60  # length of a recorded call here; the real ones last some minutes
MOST_TURNS = 80


def stopped_clock(folder: Path, hour: int = 10) -> Clock:
    """As good as stopped at that hour of DAY."""
    clock = Clock(folder / "clock.json")
    clock.file.write_text('{"wall": 0, "sim": 0, "speed": 1}')
    clock.set(shanghai(DAY).replace(hour=hour).astimezone(UTC), 0.001)
    return clock


def two_voices(seconds: int, rate: int = 8000) -> bytes:
    """A WAV of two channels, one voice after the other."""
    tone = [
        int(8000 * math.sin(2 * math.pi * 220 * i / rate) * (1 + math.sin(2 * math.pi * 4 * i / rate)) / 2)
        for i in range(rate)
    ]
    first = b"".join(struct.pack("<hh", sample, i % 7 - 3) for i, sample in enumerate(tone))
    second = b"".join(struct.pack("<hh", i % 5 - 2, sample) for i, sample in enumerate(tone))
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(b"".join(first if i % 2 else second for i in range(seconds)))
    return file.getvalue()


class AgreeableLine:
    """A `telephony.phone.Phone` that takes every call at once and has a recording of every call."""

    def __init__(self) -> None:
        self.placed: dict[str, str] = {}
        self.sound = two_voices(SECONDS)

    async def place(self, call_id: str, to: str) -> str:
        self.placed[call_id] = f"CA{call_id}"
        return self.placed[call_id]

    async def fetch(self, sid: str) -> PlacedCall:
        raise NotImplementedError

    async def calls_to(self, to: str, since: datetime) -> list[PlacedCall]:
        return []

    async def hang_up(self, sid: str) -> None: ...

    async def errors_of(self, sid: str) -> list[CarrierError]:
        return []

    async def recordings_of(self, sid: str) -> list[CarrierRecording]:
        return []

    async def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        # no two calls sound alike to the last bit
        yield self.sound[:-8] + hashlib.sha256(recording_sid.encode()).digest()[:8]

    async def delete_recording(self, recording_sid: str) -> None: ...

    async def aclose(self) -> None: ...


async def take_contracts(folder: Path, count: int, clock: Clock, seed: int = 1) -> None:
    """The sample organisation, and an invented list without trouble, imported."""
    organisation = read_organisation(ROOT / "samples" / "branches.csv")
    async with db.transaction() as connection:
        await store_organisation(connection, organisation)
    write_list(folder / "contracts.csv", generate(count, seed, DAY, organisation, False))
    await take_file(folder / "contracts.csv", now=clock.now(), source="benchmark")


@dataclass
class Carrier:
    """Posts signed callbacks to `app` in this process, and keeps what each cost, by its kind."""

    app: Callable
    counts: dict[str, list[int]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        own = settings()
        self._validator = RequestValidator(own.twilio_auth_token.get_secret_value())
        self._account = own.twilio_account_sid
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=own.public_url)

    async def post(self, address: str, kind: str, **parameters: str) -> str:
        """`address` as the carrier was given it. Raises for anything but a success."""
        form = {"AccountSid": self._account, **parameters}
        address = address.partition("#")[0]  # what it says is meant for the carrier, and not signed
        headers = {"X-Twilio-Signature": self._validator.compute_signature(address, form)}
        began = time.perf_counter()
        with db.counted_statements() as counted:
            answer = await self._client.post(address, data=form, headers=headers)
        answer.raise_for_status()
        self.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        self.counts.setdefault(kind, []).append(counted[0])
        return answer.text

    async def hold(self, call_id: str, sid: str) -> int:
        """One whole call, from ringing to its recording. Returns the number of turns."""
        base = f"{settings().public_url}/twilio"
        about = {"CallSid": sid}
        for number, status in enumerate(("initiated", "ringing", "in-progress")):
            await self.post(
                f"{base}/status/{call_id}", "status", CallStatus=status, SequenceNumber=str(number), **about
            )
        async with db.transaction() as connection:
            sheet = (await conversations.load(connection, call_id)).sheet
        address, answer, turns = f"{base}/voice/{call_id}", {}, 0
        while address and turns < MOST_TURNS:
            document = await self.post(address, "voice", CallStatus="in-progress", **answer, **about)
            turns += 1
            found = re.search(r'<Gather[^>]* action="([^"]+)"', document)
            address = found.group(1).replace("&amp;", "&") if found else None
            answer = _answer(document, sheet.person)
        ended = {"CallStatus": "completed", "SequenceNumber": "3", "CallDuration": str(SECONDS)}
        await self.post(f"{base}/status/{call_id}", "status", **ended, **about)
        sound = {"RecordingSid": f"RE{call_id}", "RecordingStatus": "completed", "RecordingChannels": "2"}
        length = {"RecordingDuration": str(SECONDS), "RecordingUrl": f"http://127.0.0.1/RE{call_id}"}
        await self.post(f"{base}/recording/{call_id}", "recording", **sound, **length, **about)
        return turns

    async def aclose(self) -> None:
        await self._client.aclose()


def _answer(document: str, person) -> dict[str, str]:
    """Keys where the last question asks for figures of one's own, otherwise yes."""
    said = re.sub(r"<[^>]+>", " ", document)
    topics = {"出生": person.birth_date and f"{person.birth_date:%Y%m%d}", "后四位": person.id_last4}
    last = max(((said.rfind(word), keys) for word, keys in topics.items() if keys and word in said), default=None)
    if last:
        return {"Digits": last[1]}
    if "哪个区" in said and person.district:
        return {"SpeechResult": person.district, "Confidence": "0.9"}
    return {"Digits": "1"}


@dataclass(frozen=True)
class Walk:
    """What calls cost that were rung and settled together. `tasks` are the runs of Prefect tasks this takes."""

    calls: int
    completed: int
    turns: int
    tasks: int
    outside_callbacks: int
    callbacks: dict[str, list[int]]
    seconds: dict[str, list[float]]

    @property
    def most_per_callback(self) -> int:
        return max(max(counts) for counts in self.callbacks.values())

    @property
    def per_call(self) -> float:
        """From reservation to settlement, callbacks left out."""
        return self.outside_callbacks / self.calls


async def ring_and_settle(app: Callable, clock: Clock, line: AgreeableLine) -> Walk:
    """Everybody who may be rung now is rung, held to the end, archived and settled."""
    carrier = Carrier(app)
    with db.counted_statements() as dialling:
        await dial_round.fn(line, Pace(1e6, clock), clock)
    turns, tasks = 0, 2  # the round of dialling, and what it found to settle without a call
    for call_id, sid in line.placed.items():
        turns += await carrier.hold(call_id, sid)
    with db.counted_statements() as settling:
        while await archive_recordings.fn(line, clock):
            tasks += 1
        while await settle_ended_calls.fn(clock):
            tasks += 1
    await carrier.aclose()
    async with db.transaction() as connection:
        [done] = await db.rows(
            connection, "SELECT count(DISTINCT call_id) AS n FROM settlements WHERE completed AND counts"
        )
    statements = dialling[0] + settling[0]
    return Walk(len(line.placed), done["n"], turns, tasks, statements, carrier.counts, carrier.seconds)
