"""A sensitive step leaves no audible digits in what is stored: spoken ones and keyed ones, by what a listener and a decoder
of keys would find in the sound, with the carrier's recording never paused (the quarantine alone)."""

import io
import shutil
import subprocess
from dataclasses import replace

import numpy
import pytest
import soundfile

from scripts.call_scripts import load_script
from storage import archive_objects, db
from storage.recording_reader import reader_of
from storage.sound import access_copy, scratch
from tasks.archiving import archive_recordings

RATE, SECONDS = 8000, 40
CARD, CODE = "6222021234567890", "739"
ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477)
KEYS = {key: (ROWS[n // 3], COLUMNS[n % 3]) for n, key in enumerate("123456789*0#")}


def keyed(digits: str) -> numpy.ndarray:
    """Keys as a telephone sends them, 80 ms each."""
    at = numpy.arange(int(0.08 * RATE)) / RATE
    pause = numpy.zeros(int(0.08 * RATE))
    tones = [sum(numpy.sin(2 * numpy.pi * hertz * at) for hertz in KEYS[digit]) * 6000 for digit in digits]
    return numpy.concatenate([part for tone in tones for part in (tone, pause)])


def keys_in(sound: numpy.ndarray) -> str:
    """The keys that a decoder finds in one channel: in pieces of 40 ms, both tones far above everything else."""
    found, size = [], int(0.04 * RATE)
    at = numpy.arange(size) / RATE
    for begin in range(0, len(sound) - size, size // 2):
        piece = sound[begin : begin + size].astype(float)
        power = {
            hertz: abs(numpy.sum(piece * numpy.exp(-2j * numpy.pi * hertz * at))) / size for hertz in (*ROWS, *COLUMNS)
        }
        row, column = max(ROWS, key=power.get), max(COLUMNS, key=power.get)
        if min(power[row], power[column]) > 300 and power[row] + power[column] > 0.8 * sum(power.values()):
            found.append(next(key for key, pair in KEYS.items() if pair == (row, column)))
        else:
            found.append("")
    return "".join(key for n, key in enumerate(found) if key and (n == 0 or found[n - 1] != key))


def spoken(words: str, folder) -> numpy.ndarray:
    """By a synthesiser where one is at hand, at 8 kHz."""
    if (speaker := shutil.which("espeak-ng")) is None:
        pytest.fail("espeak-ng is not installed: apt-get install espeak-ng")
    file = folder / "digits.wav"
    subprocess.run([speaker, "-v", "cmn", "-w", str(file), words], check=True, capture_output=True)
    sound, rate = soundfile.read(file)
    at = numpy.arange(0, len(sound) / rate, 1 / RATE)
    return numpy.interp(at, numpy.arange(len(sound)) / rate, sound) * 20000


def level(sound: numpy.ndarray) -> float:
    return float(numpy.sqrt(numpy.mean(sound.astype(float) ** 2)))


@pytest.mark.parametrize("how", ["keyed", "spoken"])
async def test_no_digit_can_be_heard_in_what_is_stored(
    archived, line, clock, reported, ask, tmp_path, monkeypatch, how
):
    """The question comes at second 12, the digits follow at 15, the next question at 26."""
    digits = keyed(CARD + CODE) if how == "keyed" else spoken("，".join(CARD) + "，" + "，".join(CODE), tmp_path)
    sound = numpy.random.default_rng(5).integers(-30, 30, (RATE * SECONDS, 2)).astype(float)
    talk = spoken("您好，请问您收到合同了吗", tmp_path)[: 4 * RATE]
    for begin in (2, 31):
        sound[begin * RATE : begin * RATE + len(talk), 1] += talk
    # what is longer than the time between the questions is cut: the customer was interrupted
    digits = digits[: 11 * RATE]
    sound[15 * RATE : 15 * RATE + len(digits), 0] += digits
    sound[15 * RATE : 15 * RATE + len(digits), 1] += digits * 0.1  # what our own side hears of it
    assert level(sound[15 * RATE : 17 * RATE, 0]) > 1000
    if how == "keyed":
        assert keys_in(sound[:, 0]) == CARD + CODE or len(keys_in(sound[:, 0])) >= len(set(CARD + CODE))
    out = io.BytesIO()
    soundfile.write(out, sound.astype("int16"), RATE, "PCM_16", format="WAV")
    await reported("RE1", out.getvalue(), SECONDS)

    script = load_script("bank-participating-regular", 1)
    told = replace(script, steps={**script.steps, "M1": replace(script.steps["M1"], sensitive=True)})

    async def published(connection, script_id, digest):
        return told

    monkeypatch.setattr("tasks.archiving.script_of", published)
    for second, step in ((0, "C1"), (12, "M1"), (26, "M2.received")):
        await ask(
            """INSERT INTO events (at, kind, call_id, data)
               SELECT answered_at + make_interval(secs => :second), 'TURN', id,
                      jsonb_build_object('said', jsonb_build_array(jsonb_build_object('step', CAST(:step AS text))))
               FROM calls""",
            second=second,
            step=step,
        )
    assert await archive_recordings.fn(line, clock) == 1
    async with db.transaction() as connection:
        [kept] = await archive_objects.select(connection, "true")
    plain = reader_of(kept).read()
    stored, rate = soundfile.read(io.BytesIO(plain), dtype="int16")
    assert (rate, len(stored)) == (RATE, RATE * SECONDS)
    for channel in stored.T:
        assert keys_in(channel) == ""
        assert not channel[12 * RATE : 26 * RATE].any()
    # the rest of the call is there, and the copy for listening has no more than what is stored
    assert level(stored[2 * RATE : 5 * RATE, 1]) > 500 and level(stored[31 * RATE : 34 * RATE, 1]) > 500
    with scratch() as listening:
        access_copy(io.BytesIO(plain), listening)
        listening.seek(0)
        copied, _ = soundfile.read(listening, dtype="int16")
    assert level(copied[int(12.5 * RATE) : int(25.5 * RATE)]) < 20
    # and the carrier, which had it, has it no more
    assert line.deleted == ["RE1"] and line.media_of == {}
