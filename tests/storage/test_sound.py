"""What is received, and what is kept of it."""

import io
import wave

import numpy
import pytest
import soundfile

from storage.sound import NotSound, keep, measure


def recording(seconds: float = 2, channels: int = 2, level: float = 0.3, rate: int = 8000) -> bytes:
    time = numpy.arange(int(seconds * rate)) / rate
    tone = (numpy.sin(time * 2 * numpy.pi * 220) * level * 32767).astype("<i2")
    samples = numpy.zeros((len(tone), channels), dtype="<i2")
    samples[:, 0] = tone
    out = io.BytesIO()
    with wave.open(out, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.tobytes())
    return out.getvalue()


def test_length_channels_and_loudness_are_measured():
    sound = measure(recording(3.5)).sound
    assert (sound.seconds, sound.channels, sound.rate) == (3.5, 2, 8000)
    assert -16 < sound.loudness[0] < -12
    assert sound.loudness[1] == -120.0  # digital silence


def test_flac_gives_back_every_sample():
    received = recording()
    kept = keep(received)
    assert (kept.suffix, kept.content_type) == ("flac", "audio/flac")
    assert len(kept.data) < len(received)
    before, _ = soundfile.read(io.BytesIO(received), dtype="int16")
    after, _ = soundfile.read(io.BytesIO(kept.data), dtype="int16")
    assert (before == after).all()


def test_what_is_no_16_bit_wave_is_kept_as_it_came():
    out = io.BytesIO()
    soundfile.write(out, numpy.zeros((800, 2)), 8000, format="WAV", subtype="ULAW")
    kept = keep(out.getvalue())
    assert (kept.data, kept.suffix, kept.samples_sha256) == (out.getvalue(), "wav", None)


@pytest.mark.parametrize("junk", [b"", b"<html>", b"RIFF\x00\x00\x00\x00WAVE"])
def test_junk_is_no_sound(junk):
    with pytest.raises(NotSound):
        measure(junk)
