"""What is received, and what is kept of it."""

import io
import wave

import numpy
import pytest
import soundfile

from storage.sound import NotSound, access_copy, keep, measure, measured_and_kept, silenced


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


def test_silence_and_talking_over_each_other_are_measured():
    """Ten seconds: two of the first voice, two of both, two of the second, four of nobody."""
    rate = 8000
    tone = (numpy.sin(numpy.arange(10 * rate) * 2 * numpy.pi * 220 / rate) * 9000).astype("<i2")
    samples = numpy.zeros((10 * rate, 2), dtype="<i2")
    samples[: 4 * rate, 0] = tone[: 4 * rate]
    samples[2 * rate : 6 * rate, 1] = tone[2 * rate : 6 * rate]
    out = io.BytesIO()
    soundfile.write(out, samples, rate, format="WAV", subtype="PCM_16")
    found = measure(out.getvalue())
    assert (found.silent_seconds, found.longest_silence_seconds, found.talk_over_seconds) == (4, 4, 2)


def test_what_is_longer_than_a_window_is_measured_and_kept_whole():
    received = recording(150.3)
    assert measure(received).sound.seconds == 150.3
    before, _ = soundfile.read(io.BytesIO(received), dtype="int16")
    after, _ = soundfile.read(io.BytesIO(keep(received).data), dtype="int16")
    assert (before == after).all()


# the last is more than is held in memory
@pytest.mark.parametrize("seconds", [0, 0.3, 60, 150.3, 300])
def test_read_once_gives_what_measuring_and_keeping_give(seconds):
    received = recording(seconds)
    measured, kept = measured_and_kept(received)
    apart = keep(received)
    assert measured == measure(received)
    assert (kept.data, kept.suffix, kept.samples_sha256) == (apart.data, apart.suffix, apart.samples_sha256)
    assert kept.suffix == ("flac" if seconds else "wav")  # of nothing at all the codec makes nothing that can be read


@pytest.mark.parametrize(
    ("seconds", "wrong"), [(2, 0), (150.3, 0), (150.3, 60.5), (150.3, 61), (150.3, 120), (150.3, 150.2), (300, 299.9)]
)
def test_what_does_not_come_back_to_the_last_sample_is_kept_as_it_came(monkeypatch, seconds, wrong):
    """A codec that changes one sample, at `wrong` seconds."""

    class Careless(soundfile.SoundFile):
        written = 0

        def write(self, data):
            at = int(wrong * 8000) - self.written
            self.written += len(data)
            if 0 <= at < len(data):
                data = data.copy()
                data[at, 1] ^= 1
            super().write(data)

    monkeypatch.setattr(soundfile, "SoundFile", Careless)
    received = recording(seconds)
    kept = keep(received)
    assert (kept.suffix, kept.data == received) == ("wav", True)


@pytest.mark.parametrize(("begin", "end"), [(1, 2), (59.5, 61), (-3, 0.5), (70, float("inf")), (200, 300)])
def test_a_stretch_is_silenced_and_nothing_else(begin, end):
    received = recording(80)
    before, rate = soundfile.read(io.BytesIO(received), dtype="int16")
    after, _ = soundfile.read(silenced(received, [(begin, end)]), dtype="int16")
    first, last = (int(max(0, min(edge, 80)) * rate) for edge in (begin, end))
    assert not after[first:last].any()
    assert (after[:first] == before[:first]).all() and (after[last:] == before[last:]).all()
    assert len(after) == len(before)


@pytest.mark.parametrize(("form", "content_type"), [("mp3", "audio/mpeg"), ("opus", "audio/ogg")])
def test_a_copy_for_listening_is_small_and_sounds_the_same(form, content_type):
    received, out = recording(20), io.BytesIO()
    assert access_copy(keep(received).file, out, form) == content_type
    assert len(out.getvalue()) < len(received) / 3
    out.seek(0)
    heard, rate = soundfile.read(out)
    assert abs(len(heard) / rate - 20) < 0.2
    spectrum = numpy.abs(numpy.fft.rfft(heard[rate : 3 * rate, 0]))
    assert abs(spectrum.argmax() / 2 - 220) < 3


@pytest.mark.parametrize("form", ["mp3", "opus"])
def test_a_copy_for_listening_is_quiet_where_the_recording_is_however_long_it_is(form):
    rate = 8000
    sound, out = numpy.random.default_rng(5).integers(-30, 30, (rate * 90, 2)).astype("int16"), io.BytesIO()
    beep = (8000 * numpy.sin(numpy.arange(rate) * 2 * numpy.pi * 440 / rate)).astype("int16")
    for second in (1, 70):
        sound[second * rate : (second + 1) * rate] = beep[:, None]
    received = io.BytesIO()
    soundfile.write(received, sound, rate, "PCM_16", format="WAV")
    access_copy(keep(received).file, out, form)
    out.seek(0)
    heard, _ = soundfile.read(out)
    loud = [
        second
        for second in range(90)
        if numpy.abs(heard[second * rate + 2000 : (second + 1) * rate - 2000]).max() > 0.01
    ]
    assert loud == [1, 70]
