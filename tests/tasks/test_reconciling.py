"""A day compared with the carrier's: stored, told, and an alarm while it differs."""

import importlib.util
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from settings import settings
from storage import carrier_comparisons
from storage.calendar_days import forget
from storage.db import rows, transaction
from tasks.dialling import dial_round
from tasks.pacing import Pace
from tasks.reconciling import compare_day
from telephony.phone import CarrierRecording, PlacedCall


@dataclass
class Line:
    calls: list[PlacedCall] = field(default_factory=list)
    recordings: list[CarrierRecording] = field(default_factory=list)

    async def place(self, call_id: str, to: str) -> str:
        return f"CA{call_id}"

    async def calls_since(self, since: datetime):
        for call in self.calls:
            yield call

    async def recordings_since(self, since: datetime):
        for recording in self.recordings:
            yield recording


@pytest.fixture
async def day(database, tmp_path):
    """Some calls that came to their end on the day, one with a recording, and the carrier that has the same."""
    file = Path(__file__).parents[2] / "benchmarks" / "working_calls.py"
    spec = importlib.util.spec_from_file_location("working_calls", file)
    sys.modules["working_calls"] = working_calls = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(working_calls)
    forget()
    clock = working_calls.stopped_clock(tmp_path)
    await working_calls.take_contracts(tmp_path, 10, clock)
    line = Line()
    await dial_round.fn(line, Pace(1e6, clock), clock)
    now = clock.now()
    found = await ask(
        """UPDATE calls SET state = 'ENDED', carrier_status = 'completed', duration = 60, ended_at = :now
           RETURNING sid, id, reserved_at""",
        now=now,
    )
    line.calls = [PlacedCall(r["sid"], "completed", "", r["reserved_at"], r["reserved_at"], now, 60) for r in found]
    first = found[0]
    await ask(
        """INSERT INTO recordings (call_id, provider_id, state, reported_seconds, reported_at, loudness, tries)
           VALUES (:id, 'RE1', 'REPORTED', 60, :now, '{}', 0) RETURNING id""",
        id=first["id"],
        now=now,
    )
    line.recordings = [CarrierRecording("RE1", first["sid"], "completed", 60, 2, None, created_at=first["reserved_at"])]
    clock.set(now + timedelta(days=1), 0.001)
    yield line, clock, working_calls.DAY
    forget()


async def ask(sql: str, **values) -> list[dict]:
    async with transaction() as connection:
        return await rows(connection, sql, **values)


async def test_equal_days_are_stored_and_raise_nothing(day):
    line, clock, on = day
    assert await compare_day.fn(line, on, clock) == []
    async with transaction() as connection:
        kept = await carrier_comparisons.kept(connection, on, settings().twilio_account_sid)
    n = len(line.calls)
    assert n > 1
    assert kept["figures"] == {
        "calls_there": n, "calls_here": n, "recordings_there": 1, "recordings_here": 1, "differences": 0,
    }  # fmt: skip
    assert await ask("SELECT name FROM alarms") == []


async def test_each_difference_is_named_stored_and_alarmed_until_it_is_gone(day):
    line, clock, on = day
    begin = line.calls[0].created_at
    dropped, same = line.calls[-1], line.calls[:-1]
    stranger = PlacedCall("CAstranger", "busy", "", begin, None, None, None)
    of_agent = PlacedCall("CAleg", "completed", "", begin, None, None, 5, outbound=False)
    line.calls = [*same, stranger, of_agent]
    sound, line.recordings = (
        line.recordings,
        [CarrierRecording("RE2", line.calls[1].sid, "completed", 50, 2, None, created_at=begin)],
    )
    found = await compare_day.fn(line, on, clock)
    assert sorted((d.code, d.sid) for d in found) == [
        ("CALL_NOT_OURS", "CAstranger"),
        ("CALL_NOT_THERE", dropped.sid),
        ("RECORDING_NOT_OURS", "RE2"),
        ("RECORDING_NOT_THERE", "RE1"),
    ]
    [alarm] = await ask("SELECT name, detail FROM alarms")
    assert (alarm["name"], alarm["detail"]["differences"]) == ("CARRIER_DIFFERS", 4)
    [event] = await ask("SELECT data FROM events WHERE kind = 'CARRIER_COMPARED'")
    assert event["data"]["differences"] == 4
    # the same day again, now that it agrees
    line.calls, line.recordings = [*same, dropped], sound
    assert await compare_day.fn(line, on, clock) == []
    assert await ask("SELECT name FROM alarms") == []
    [row] = await ask("SELECT differences FROM carrier_comparisons")
    assert row["differences"] == []


async def test_the_calls_of_another_day_are_none_of_this_one(day):
    line, clock, on = day
    assert await compare_day.fn(Line(), on - timedelta(1), clock) == []
    late = [PlacedCall("CAlater", "completed", "", clock.now() + timedelta(hours=1), None, None, 5)]
    assert await compare_day.fn(Line(late + line.calls, line.recordings), on, clock) == []
