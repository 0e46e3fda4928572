"""From the carrier into the archive on real servers: what arrives whole is locked and sealed; all else ends in a reason."""

import hashlib
import io
from dataclasses import replace
from datetime import timedelta

import numpy
import pytest
import soundfile

from scripts.call_scripts import load_script
from storage import alarms, archive_objects, db
from storage.archive import ArchiveUnreachable, archive
from storage.controls import CARRIER_COPIES, RUN, STOPPED, throw
from storage.key_keepers import key_keeper
from storage.recording_reader import RecordingReader
from tasks.archiving import MISSING_TRIES, archive_recordings

carry = archive_recordings.fn


async def state(ask, recording: int) -> tuple[str, str | None]:
    [row] = await ask("SELECT state, problem FROM recordings WHERE id = :id", id=recording)
    return row["state"], row["problem"]


async def carried_to_the_end(line, clock, ask, recording: int) -> tuple[str, str | None]:
    """As often as there is something to do, each time after the pause that was asked for."""
    for _ in range(MISSING_TRIES + 2):
        clock.set(clock.now() + timedelta(minutes=5), 0.001)
        if not await carry(line, clock):
            break
    return await state(ask, recording)


async def reader_of(recording: int) -> RecordingReader:
    async with db.transaction() as connection:
        kept = await archive_objects.of_recording(connection, recording)
    return RecordingReader(kept, archive(), key_keeper())


async def test_a_whole_recording_is_sealed_locked_and_cleared(archived, line, clock, reported, talk, ask):
    sound = talk(4)
    recording = await reported("RE1", sound)
    assert await carried_to_the_end(line, clock, ask, recording) == ("CLEARED", None)
    assert line.deleted == ["RE1"]

    [row] = await ask("SELECT * FROM recordings")
    [kept] = await ask("SELECT * FROM archive_objects")
    lying = archived.open(kept["object_key"], kept["version_id"])
    assert hashlib.sha256(lying).hexdigest() == kept["sha256"] == row["sha256"]
    assert hashlib.sha512(lying).hexdigest() == kept["sha512"]
    assert len(lying) == kept["bytes"] == row["bytes"]
    assert archived.lock_of(kept["object_key"], kept["version_id"]).covers(row["retain_until"])
    # nobody who holds the bucket alone can hear it
    with pytest.raises(soundfile.LibsndfileError):
        soundfile.read(io.BytesIO(lying))

    plain = (await reader_of(recording)).read()
    assert hashlib.sha256(plain).hexdigest() == kept["plain_sha256"] and len(plain) == kept["plain_bytes"]
    heard, _ = soundfile.read(io.BytesIO(plain), dtype="int16")
    sent, _ = soundfile.read(io.BytesIO(sound), dtype="int16")
    assert (heard == sent).all()
    assert hashlib.sha256(sent.tobytes()).hexdigest() == row["samples_sha256"]
    assert row["loudness"]["silent_seconds"] == 0 and len(row["loudness"]["dbfs"]) == 2


async def test_a_stretch_of_a_long_one_is_read_alone(archived, line, clock, reported, talk, ask):
    recording = await reported("RE1", talk(60), 60)
    await carry(line, clock)
    reader = await reader_of(recording)
    whole = reader.read()
    assert len(whole) == reader.size > 3 * 65536
    for begin, end in ((0, 1), (65535, 65537), (65536, 131072), (100_000, 150_000), (reader.size - 1, None)):
        assert reader.read(begin, end) == whole[begin:end]
    assert reader.read(5, 5) == b"" == reader.read(reader.size, None)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda talk: talk(4, level=0), "SILENT"),
        (lambda talk: talk(4, channels=1), "NOT_TWO_CHANNELS"),
        (lambda talk: talk(4)[:20000], "OTHER_LENGTH"),  # cut short on the way
        (lambda talk: talk(40), "OTHER_LENGTH"),
        (lambda talk: b"<html>", "NOT_SOUND"),
        (lambda talk: None, "MEDIA_MISSING"),
    ],
)
async def test_what_is_wrong_is_tried_again_and_then_lost_with_its_reason(
    archived, line, clock, reported, talk, ask, make, problem
):
    sound = make(talk)
    recording = await reported("RE1", sound, 20 if problem == "OTHER_LENGTH" else 4)
    await carry(line, clock)
    assert await state(ask, recording) == ("REPORTED", problem)
    assert await carried_to_the_end(line, clock, ask, recording) == ("LOST", problem)
    # what there is stays at the carrier, and nothing went into the archive
    assert line.deleted == [] and await ask("SELECT 1 FROM archive_objects") == []


async def test_late_media_is_waited_for(archived, line, clock, reported, talk, ask):
    recording = await reported("RE1")
    await carry(line, clock)
    assert await state(ask, recording) == ("REPORTED", "MEDIA_MISSING")
    line.media_of["RE1"] = talk(4)
    assert await carried_to_the_end(line, clock, ask, recording) == ("CLEARED", None)


async def test_while_the_store_is_away_everything_waits_with_an_alarm(
    archived, line, clock, reported, talk, ask, monkeypatch
):
    from settings import settings

    recording = await reported("RE1", talk(4))
    with monkeypatch.context() as away:
        away.setenv("HUIFANG_S3_ENDPOINT", "127.0.0.1:1")
        settings.cache_clear()
        archive.cache_clear()
        for _ in range(MISSING_TRIES + 2):
            await carry(line, clock)
            clock.set(clock.now() + timedelta(minutes=5), 0.001)
        assert await state(ask, recording) == ("REPORTED", ArchiveUnreachable.__name__)
        assert [a["name"] for a in await ask("SELECT name FROM alarms")] == [alarms.ARCHIVE_AWAY]
    settings.cache_clear()
    archive.cache_clear()
    assert await carried_to_the_end(line, clock, ask, recording) == ("CLEARED", None)
    assert await ask("SELECT name FROM alarms") == []


async def test_without_a_key_nothing_is_archived_in_the_clear(archived, line, clock, reported, talk, ask, monkeypatch):
    from settings import settings

    recording = await reported("RE1", talk(4))
    with monkeypatch.context() as keyless:
        keyless.delenv("HUIFANG_ARCHIVE_KEY_FILE")
        settings.cache_clear()
        key_keeper.cache_clear()
        await carry(line, clock)
        assert await state(ask, recording) == ("REPORTED", "KEYS_MISSING")
        assert archived.versions("recordings/") == [] and line.deleted == []
        assert [a["name"] for a in await ask("SELECT name FROM alarms")] == [alarms.KEYS_MISSING]
    settings.cache_clear()
    key_keeper.cache_clear()
    clock.set(clock.now() + timedelta(minutes=5), 0.001)
    assert await carried_to_the_end(line, clock, ask, recording) == ("CLEARED", None)


async def test_no_carrier_copy_goes_while_the_store_breaks_promises(archived, line, clock, reported, talk, ask):
    recording = await reported("RE1", talk(4))
    async with db.transaction() as connection:
        await throw(connection, CARRIER_COPIES, STOPPED, "test", clock.now())
    assert await carried_to_the_end(line, clock, ask, recording) == ("VERIFIED", "WORM_BROKEN")
    assert "RE1" in line.media_of
    async with db.transaction() as connection:
        await throw(connection, CARRIER_COPIES, RUN, "test", clock.now())
    assert await carried_to_the_end(line, clock, ask, recording) == ("CLEARED", None)


async def test_two_workers_at_one_recording_store_it_once(archived, line, clock, reported, talk, ask):
    import asyncio

    recording = await reported("RE1", talk(4))

    async def again():
        async with db.transaction() as connection:
            await db.rows(connection, "UPDATE recordings SET next_try_at = NULL RETURNING id")
        return await carry(line, clock)

    await asyncio.gather(carry(line, clock), again(), again())
    assert await carried_to_the_end(line, clock, ask, recording) == ("CLEARED", None)
    [kept] = await ask("SELECT object_key FROM archive_objects")
    assert len(archived.versions(kept["object_key"])) == 1


def loud(sound: bytes, first: float, last: float) -> bool:
    heard, rate = soundfile.read(io.BytesIO(sound), dtype="int16")
    return bool(numpy.abs(heard[int(first * rate) : int(last * rate)]).max() > 5000)


@pytest.mark.parametrize("how", ["by hand", "by the script", "never ended"])
async def test_a_card_number_is_not_in_what_is_stored(archived, line, clock, reported, talk, ask, how, monkeypatch):
    """Said from second 6 to second 9 of 20; what lies around it stays."""
    recording = await reported("RE1", talk(20), 20)
    if how == "by the script":
        script = load_script("bank-participating-regular", 1)
        asked = replace(script.steps["M1"], sensitive=True)
        told = replace(script, steps={**script.steps, "M1": asked})

        async def published(connection, script_id, digest):
            return told

        monkeypatch.setattr("tasks.archiving.script_of", published)
        for second, step in ((0, "T1"), (6, "M1"), (9, "M2")):
            await ask(
                """INSERT INTO events (at, kind, call_id, data)
                   SELECT answered_at + make_interval(secs => :second), 'TURN', id,
                          jsonb_build_object('said', jsonb_build_array(jsonb_build_object('step', CAST(:step AS text))))
                   FROM calls""",
                second=second,
                step=step,
            )
    else:
        await ask(
            """INSERT INTO sensitive_stretches (call_id, step, began_at, ended_at)
               SELECT id, 'K2', answered_at + interval '6 s', CASE WHEN :ended THEN answered_at + interval '9 s' END
               FROM calls""",
            ended=how == "by hand",
        )
    await carry(line, clock)
    stored = (await reader_of(recording)).read()
    assert not loud(stored, 4, 11) and loud(stored, 0, 3.9)
    assert loud(stored, 11.1, 20) is (how != "never ended")


async def test_nothing_is_archived_while_nobody_knows_what_was_asked(archived, line, clock, reported, talk, ask):
    recording = await reported("RE1", talk(4))
    await ask("UPDATE calls SET script = 'no-such-script@7'")
    await carry(line, clock)
    assert await state(ask, recording) == ("REPORTED", "SCRIPT_MISSING")
    assert "RE1" in line.media_of and archived.versions("recordings/") == []
