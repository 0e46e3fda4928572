"""While an agent asks for a card number, the carrier's recording is silent; before and after it is not, and what is archived
holds no digit either."""

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import soundfile

from scripts.call_scripts import all_scripts
from storage import archive_objects, db, script_versions
from storage.agent_calls import WRAP_UP
from storage.candidates import read_pool
from storage.recording_reader import reader_of
from tests.agents.house import DAY, question_on

pytestmark = pytest.mark.usefixtures("english")

CARD = "六二二二零二一二三四五六七八九零"


async def published_with_a_sensitive_step(house, person_id: int, step: str) -> None:
    """A new version of the script with which he is called, in which a card number may be heard at `step`."""
    now = house.clock.now()
    async with db.transaction() as connection:
        pool = await read_pool(
            connection, now, (await script_versions.read_shelf(connection)).name_for, person_id=person_id
        )
        script = await script_versions.script_of(connection, pool.candidates[0].script)
        told = replace(
            script,
            version=1 + max(one.version for one in all_scripts() if one.name == script.name),
            steps={**script.steps, step: replace(script.steps[step], sensitive=True)},
        )
        await script_versions.draft(connection, told, "wen", now)
        await script_versions.review(connection, told.id, "jia", now)
        await script_versions.publish(connection, told.id, "jia", DAY, now, today=DAY)


def loudest(samples: np.ndarray, rate: int, heard, begin: float) -> int:
    return int(samples[round((heard.start - begin) * rate) : round((heard.end - begin) * rate)].max())


async def test_no_digit_said_to_an_agent_is_in_the_carriers_copy_or_ours(house):
    seat = house.seats["meng"]
    await seat.do("next")
    await published_with_a_sensitive_step(house, house.one("SELECT person_id FROM agent_calls"), "M1")
    call_id, _ = await seat.on_the_line()
    sid = house.sid_of(call_id)
    [recording] = house.exchange.calls[sid].recordings
    await seat.prove_identity(call_id)
    while "M1" not in {row["step"] for row in house.answers_of(call_id)}:
        at = house.one("SELECT progress ->> 'step' FROM calls WHERE id = :id", id=call_id)
        assert recording.status == ("paused" if at == "M1" else "in-progress"), at
        if at == "M1":
            # whoever loads the page anew changes nothing
            await seat.page()
            await house.say(house.leg_of("meng"), question_on(await seat.page()))
            await house.say(sid, CARD)
            assert recording.status == "paused"
        await seat.answer(key="1")
    assert recording.status == "in-progress"
    await seat.answer(key="1")
    await house.say(sid, "收到了，谢谢你们。")
    await seat.to_the_end()
    await seat.do("hang-up")
    await seat.until("WRAP_UP")
    await house.until("SELECT 1 FROM recordings WHERE call_id = :id", id=call_id)

    heard = [piece for piece in house.exchange.calls[sid].heard if piece.kind == "speech"]
    [digits] = [piece for piece in heard if piece.text == CARD]
    [thanks] = [piece for piece in heard if "谢谢你们" in piece.text]
    begin = recording.spans[0][0]
    copy = b"".join([block async for block in house.line.media(recording.sid)])
    theirs, rate = soundfile.read(io.BytesIO(copy), dtype="int16")
    theirs = np.abs(theirs.astype(int)).max(axis=1)
    # as long as the call: every place stays where it was
    assert abs(len(theirs) / rate - house.exchange.calls[sid].seconds) <= 1
    assert loudest(theirs, rate, digits, begin) < 100 < 3000 < loudest(theirs, rate, thanks, begin)

    done = await house.settled(call_id)
    assert (done["completed"], done["counts"]) == (True, True), done["decision"]
    # an agent who never says that he has finished is waited for two minutes
    [call] = house.sql("SELECT ended_at, settled_at FROM calls WHERE id = :id", id=call_id)
    assert WRAP_UP <= call["settled_at"] - call["ended_at"] < WRAP_UP + timedelta(seconds=20)
    async with db.transaction() as connection:
        [kept] = await archive_objects.select(connection, "true")
    ours, rate = soundfile.read(io.BytesIO(reader_of(kept).read()), dtype="int16")
    ours = np.abs(ours.astype(int)).max(axis=1)
    assert loudest(ours, rate, digits, begin) == 0
    assert loudest(ours, rate, thanks, begin) > 3000
    assert await house.judged() == ()
