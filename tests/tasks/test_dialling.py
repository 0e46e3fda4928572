"""A round of dialling on a real database, with a carrier that answers as the test says."""

import importlib.util
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from rules.calendar import shanghai
from storage import controls
from storage.calendar_days import forget
from storage.db import rows, transaction
from tasks.dialling import MOST_TRIES, dial_round
from tasks.pacing import Pace
from tasks.sweeping import sweep_calls, take_back_unanswered
from telephony.errors import Ambiguous, Busy, NotSent, Refused
from telephony.phone import CarrierRecording, PlacedCall

DAY = date(2026, 9, 24)


@pytest.fixture
def working_calls():
    file = Path(__file__).parents[2] / "benchmarks" / "working_calls.py"
    spec = importlib.util.spec_from_file_location("working_calls", file)
    sys.modules["working_calls"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass
class Line:
    """What `place` does, in turn, or always: an exception to raise, a function to call first, or nothing for a call."""

    answers: list = field(default_factory=list)
    always: Exception | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)
    known: dict[str, PlacedCall] = field(default_factory=dict)

    async def place(self, call_id: str, to: str) -> str:
        self.asked.append((call_id, to))
        answer = self.answers.pop(0) if self.answers else self.always
        if isinstance(answer, Callable):
            answer = await answer()
        if isinstance(answer, Exception):
            raise answer
        return f"CA{call_id}"

    async def cancel(self, sid: str) -> PlacedCall:
        self.canceled.append(sid)
        return PlacedCall(sid, "canceled", "", None, None, None, None)

    async def calls_to(self, to: str, since: datetime) -> list[PlacedCall]:
        return []

    async def fetch(self, sid: str) -> PlacedCall:
        return self.known[sid]

    async def recordings_of(self, sid: str) -> list[CarrierRecording]:
        return []

    async def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        yield b""


@pytest.fixture
async def clock(database, working_calls, tmp_path):
    """A morning on which some people may be rung."""
    forget()
    clock = working_calls.stopped_clock(tmp_path)
    await working_calls.take_contracts(tmp_path, 12, clock)
    yield clock
    forget()


async def ask(sql: str, **values) -> list[dict]:
    async with transaction() as connection:
        return await rows(connection, sql, **values)


async def ring(line: Line, clock, cps: float = 1e6):
    """All at once, or one after the other: the clock nearly stands, so 20,000 a second of it are twenty a real one."""
    return await dial_round.fn(line, Pace(cps, clock), clock)


async def told(kind: str) -> int:
    return (await ask("SELECT count(*) AS n FROM events WHERE kind = :kind", kind=kind))[0]["n"]


async def test_a_busy_carrier_is_asked_again_for_the_same_attempt(clock):
    line = Line([Busy("later", 20429, 0.1), Busy("later", 20429)])
    began = time.monotonic()
    done = await ring(line, clock)
    assert time.monotonic() - began > 0.1
    ids = [call_id for call_id, _ in line.asked]
    assert len(ids) == done.dialled + 2
    assert len(set(ids)) == done.dialled, "an attempt was lost, or another was made in its place"
    states = await ask("SELECT state, tried_at IS NOT NULL AS again FROM calls")
    assert {r["state"] for r in states} == {"PLACED"}
    assert sum(r["again"] for r in states) in (1, 2)
    assert await told("CALL_REJECTED") == 0
    assert not done.away


async def test_a_carrier_that_stays_busy_gets_its_attempts_given_back(clock, monkeypatch):
    monkeypatch.setattr(Pace, "FIRST", 0.001)
    line = Line(always=Busy("later", 20429))
    done = await ring(line, clock)
    assert done.away
    first = line.asked[0][0]
    assert [c for c, _ in line.asked].count(first) <= MOST_TRIES
    assert {r["state"] for r in await ask("SELECT state FROM calls")} == {"REJECTED"}
    assert await ask("SELECT id FROM cases WHERE state = 'IN_CALL'") == []
    # and all of them may be rung afterwards
    again = Line()
    assert (await ring(again, clock)).dialled == done.dialled


async def test_an_attempt_is_not_asked_for_again_once_the_campaign_was_stopped(clock):
    async def stop():
        async with transaction() as connection:
            await controls.throw(connection, controls.DIALLER, controls.STOPPED, "lead", clock.now(), "complaints")
        return Busy("later", 20429)

    line = Line([stop])
    done = await ring(line, clock)
    # the others find the switch as well, before they are written down
    assert done.dialled > 1
    assert len(line.asked) < done.dialled
    [row] = await ask("SELECT state, carrier_status FROM calls WHERE id = :id", id=line.asked[0][0])
    assert row == {"state": "REJECTED", "carrier_status": "BUSY"}
    assert len(await ask("SELECT id FROM calls")) == len(line.asked)
    assert (await ring(line, clock)).switch == controls.STOPPED
    assert await told("SWITCH_THROWN") == 1


@pytest.mark.parametrize("value", [controls.PAUSED, controls.STOPPED])
async def test_nobody_is_rung_while_the_switch_is_off_and_everybody_afterwards(clock, value):
    async def throw(what, why=""):
        async with transaction() as connection:
            return await controls.throw(connection, controls.DIALLER, what, "lead", clock.now(), why)

    assert await throw(value, "wrong list")
    assert not await throw(value)
    line = Line()
    done = await ring(line, clock)
    assert (done.dialled, done.switch, line.asked) == (0, value, [])
    async with transaction() as connection:
        switch = await controls.standing(connection, controls.DIALLER)
    assert (switch.value, switch.set_by, switch.reason) == (value, "lead", "wrong list")
    assert await throw(controls.RUN)
    assert (await ring(line, clock)).dialled == len(line.asked) > 0


async def test_stopping_takes_back_what_nobody_has_answered(clock):
    line = Line()
    await ring(line, clock)
    sids = [r["sid"] for r in await ask("SELECT sid FROM calls ORDER BY reserved_at")]
    await ask("UPDATE calls SET state = 'ANSWERED', answered_at = now() WHERE sid = :sid RETURNING id", sid=sids[0])
    assert await take_back_unanswered.fn(line, clock) == len(sids) - 1
    assert sorted(line.canceled) == sorted(sids[1:])
    found = await ask("SELECT state, carrier_status FROM calls WHERE sid <> :sid", sid=sids[0])
    assert {(r["state"], r["carrier_status"]) for r in found} == {("ENDED", "canceled")}
    assert (await ask("SELECT state FROM calls WHERE sid = :sid", sid=sids[0]))[0]["state"] == "ANSWERED"


async def test_a_destination_that_is_not_permitted_is_left_alone_and_told(clock):
    line = Line([Refused("no", 21215)])
    done = await ring(line, clock)
    [refused] = [call_id for call_id, _ in line.asked][:1]
    [row] = await ask("SELECT state, carrier_status, person_id FROM calls WHERE id = :id", id=refused)
    assert (row["state"], row["carrier_status"]) == ("REJECTED", "NOT_PERMITTED")
    assert [a["name"] for a in await ask("SELECT name FROM alarms")] == ["DESTINATION_REFUSED"]
    # he is not rung again in the same breath, which is what an endless loop would do
    assert not done.away
    assert (await ring(Line(), clock)).dialled == 0
    assert (await ask("SELECT state FROM cases WHERE person_id = :p", p=row["person_id"]))[0]["state"] == "CALLABLE"
    # a day later he is
    await ask(
        "UPDATE calls SET reserved_at = reserved_at - interval '25 hours' WHERE id = :id RETURNING id", id=refused
    )
    later = Line()
    await ring(later, clock)
    assert len(later.asked) == 1
    await ring(later, clock)
    assert await ask("SELECT name FROM alarms") == []


async def test_an_account_that_is_refused_stops_dialling_and_is_told(clock):
    line = Line(always=Refused("no", 20003, 401))
    done = await ring(line, clock, 20_000)
    assert done.away
    assert len(line.asked) < done.dialled
    assert [a["name"] for a in await ask("SELECT name FROM alarms")] == ["CARRIER_REFUSES"]
    assert {r["state"] for r in await ask("SELECT state FROM calls")} <= {"REJECTED"}
    assert (await ring(Line(), clock)).dialled > 0
    assert await ask("SELECT name FROM alarms") == [], "the alarm stands although the carrier takes calls again"


@pytest.mark.parametrize("failure", [NotSent("gone"), Ambiguous("lost")])
async def test_no_answer_and_no_line_are_told_apart(clock, failure):
    line = Line(always=failure)
    done = await ring(line, clock)
    states = {r["state"] for r in await ask("SELECT state FROM calls")}
    assert states == ({"REJECTED"} if isinstance(failure, NotSent) else {"UNKNOWN"})
    assert done.away is isinstance(failure, NotSent)


async def test_the_hours_are_asked_again_at_the_instant_of_each_dial(clock):
    async def evening():
        clock.set(shanghai(DAY).replace(hour=20, minute=30, second=1), 0.001)

    line = Line([evening])
    done = await ring(line, clock, 20_000)
    assert done.dialled > 1
    assert len(line.asked) < done.dialled, "somebody was dialled after hours"
    dialled = [call_id for call_id, _ in line.asked]
    others = await ask("SELECT state FROM calls WHERE id <> ALL(:dialled)", dialled=dialled)
    assert {r["state"] for r in others} <= {"REJECTED"}


async def test_a_process_that_slept_after_reserving_does_not_dial(clock, monkeypatch):
    """The sweep may have closed the attempt meanwhile, and somebody else have rung the person."""
    from storage import calls

    reserve = calls.reserve

    async def slowly(connection, reservations, now):
        found = await reserve(connection, reservations, now)
        clock.set(clock.now() + timedelta(minutes=10), 0.001)
        return found

    monkeypatch.setattr(calls, "reserve", slowly)
    line = Line()
    await ring(line, clock)
    assert line.asked == []
    assert {r["state"] for r in await ask("SELECT state FROM calls")} == {"REJECTED"}


async def test_the_sweep_leaves_an_attempt_alone_that_is_asked_for_again(clock):
    line = Line(always=Ambiguous("lost"))
    await ring(line, clock)
    await ask("UPDATE calls SET state = 'RESERVED' RETURNING id")
    later = clock.now() + timedelta(minutes=20)
    clock.set(later, 0.001)
    [first, *others] = [r["id"] for r in await ask("SELECT id FROM calls ORDER BY id")]
    await ask(
        "UPDATE calls SET tried_at = :now WHERE id = :id RETURNING id", now=later - timedelta(seconds=30), id=first
    )
    assert await sweep_calls.fn(line, clock) == len(others)
    assert (await ask("SELECT state FROM calls WHERE id = :id", id=first))[0]["state"] == "RESERVED"


async def test_several_diallers_never_have_more_lines_than_the_account(clock, monkeypatch):
    import asyncio

    from settings import settings

    monkeypatch.setenv("HUIFANG_TWILIO_DIALLERS", "3")
    monkeypatch.setenv("HUIFANG_TWILIO_CONCURRENT", "2")
    settings.cache_clear()
    lines = [Line() for _ in range(3)]
    await asyncio.gather(*(dial_round.fn(line, Pace(1e6, clock), clock, n, 3) for n, line in enumerate(lines)))
    asked = [call for line in lines for call in line.asked]
    assert len(asked) == 2
    assert len({number for _, number in asked}) == 2
    settings.cache_clear()
