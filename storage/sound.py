"""The sound itself: measured with pydub, kept as FLAC that gives back every sample, or as it was received."""

import hashlib
import io
import math
import wave
from dataclasses import dataclass

import soundfile
from pydub import AudioSegment

from rules.recording_checks import Sound


class NotSound(Exception):
    """What was delivered cannot be read as WAV."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes for the archive. `samples_sha256` is the digest of the PCM samples, the same before and after FLAC."""

    data: bytes
    suffix: str
    content_type: str
    samples_sha256: str | None


def measure(received: bytes) -> Sound:
    """Raises NotSound."""
    try:
        segment = AudioSegment.from_file(io.BytesIO(received), format="wav")
    except Exception as e:  # pydub raises whatever its reader meets
        raise NotSound(f"not readable as WAV: {type(e).__name__}") from e
    loudness = tuple(_dbfs(channel) for channel in segment.split_to_mono())
    return Sound(segment.frame_count() / segment.frame_rate, segment.channels, segment.frame_rate, loudness)


def _dbfs(channel: AudioSegment) -> float:
    value = channel.dBFS
    return value if math.isfinite(value) else -120.0  # JSON knows no infinity


def keep(received: bytes) -> Kept:
    """FLAC when the samples are 16-bit PCM and come back bit for bit; otherwise the bytes as they are (never transcoded)."""
    try:
        with wave.open(io.BytesIO(received)) as reader:
            if reader.getsampwidth() != 2:
                raise wave.Error
            samples = reader.readframes(reader.getnframes())
            rate, channels = reader.getframerate(), reader.getnchannels()
    except (wave.Error, EOFError):
        return Kept(received, "wav", "audio/x-wav", None)
    digest = hashlib.sha256(samples).hexdigest()
    data, _ = soundfile.read(io.BytesIO(received), dtype="int16", always_2d=True)
    packed = io.BytesIO()
    soundfile.write(packed, data, rate, format="FLAC", subtype="PCM_16")
    again, again_rate = soundfile.read(io.BytesIO(packed.getvalue()), dtype="int16", always_2d=True)
    if again_rate != rate or again.shape[1] != channels or hashlib.sha256(again.tobytes()).hexdigest() != digest:
        return Kept(received, "wav", "audio/x-wav", digest)
    return Kept(packed.getvalue(), "flac", "audio/flac", digest)
