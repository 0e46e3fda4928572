"""The sound itself: measured with pydub, kept as FLAC that gives back every sample, or as it was received.

Everything goes through in windows, so that a call of two hours takes no more memory than one of ten minutes.
"""

import hashlib
import io
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Lock
from typing import BinaryIO

import numpy
import soundfile
from pydub import AudioSegment
from pydub.utils import audioop  # wherever this Python has it

from rules.recording_checks import SILENT_BELOW_DBFS, Sound

WINDOW_SECONDS = 20
# Loudness is taken in pieces of this length: what is shorter is a pause between words, not silence.
PIECE_MS = 500
# What is larger than this lies in a file without a name, which goes with the process.
IN_MEMORY = 8 * 1024 * 1024
_FULL_SCALE = 32768
_WAV = {"WAV", "WAVEX", "RF64"}


class NotSound(Exception):
    """What was delivered cannot be read as WAV."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`silent_seconds`: nobody is heard; `talk_over_seconds`: both are; in steps of half a second."""

    sound: Sound
    silent_seconds: float
    longest_silence_seconds: float
    talk_over_seconds: float

    def as_json(self) -> dict:
        return {
            "dbfs": [round(value, 1) for value in self.sound.loudness],
            "silent_seconds": self.silent_seconds,
            "longest_silence_seconds": self.longest_silence_seconds,
            "talk_over_seconds": self.talk_over_seconds,
        }


@dataclass(frozen=True, slots=True)
class Kept:
    """The plain form for the archive, at its beginning. `samples_sha256` is the digest of the PCM samples, the same before
    and after FLAC."""

    file: BinaryIO
    size: int
    sha256: str
    suffix: str
    content_type: str
    samples_sha256: str | None

    @property
    def data(self) -> bytes:
        self.file.seek(0)
        return self.file.read()


def scratch() -> BinaryIO:
    """A file for a moment, in memory while it is small, and never under a name."""
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)


class _Meter:
    """Takes a recording's samples block by block, a window each, and tells what is heard in it."""

    def __init__(self, reader: soundfile.SoundFile):
        self._channels, self._rate = reader.channels, reader.samplerate
        self._squares, self._frames = [0.0] * reader.channels, 0
        self._silent = self._longest = self._run = self._talk_over = 0

    def add(self, block: numpy.ndarray) -> None:
        self._frames += len(block)
        # what split_to_mono gives, in a tenth of its time: here the channels lie side by side already
        pieces = [
            _pieces(AudioSegment(channel.tobytes(), sample_width=2, frame_rate=self._rate, channels=1))
            for channel in block.T
        ]
        for number, heard in enumerate(pieces):
            self._squares[number] += sum(rms * rms * length for rms, length in heard)
        for together in zip(*pieces, strict=True):
            voices = sum(_dbfs(rms) >= SILENT_BELOW_DBFS for rms, _ in together)
            milliseconds = together[0][1]
            self._silent += milliseconds if voices == 0 else 0
            self._talk_over += milliseconds if voices > 1 else 0
            self._run = self._run + milliseconds if voices == 0 else 0
            self._longest = max(self._longest, self._run)

    def measured(self) -> Measured:
        total_ms = self._frames * 1000 / self._rate
        loudness = tuple(_dbfs(math.sqrt(square / total_ms)) if total_ms else -120.0 for square in self._squares)
        return Measured(
            Sound(self._frames / self._rate, self._channels, self._rate, loudness),
            self._silent / 1000,
            self._longest / 1000,
            self._talk_over / 1000,
        )


def measure(received: bytes | BinaryIO) -> Measured:
    """Raises NotSound."""
    with _reader(received) as reader:
        meter = _Meter(reader)
        for block in _windows(reader):
            meter.add(block)
    return meter.measured()


def _pieces(channel: AudioSegment) -> list[tuple[int, int]]:
    """rms and milliseconds of each half second. The samples are cut here: a segment of its own for each costs more than the
    measure itself."""
    samples = memoryview(channel.raw_data)
    step = channel.frame_rate * PIECE_MS // 1000 * channel.sample_width
    per_ms = channel.frame_rate * channel.sample_width / 1000
    return [
        (audioop.rms(piece, channel.sample_width), round(len(piece) / per_ms))
        for piece in (samples[begin : begin + step] for begin in range(0, len(samples), step))
    ]


def _dbfs(rms: float) -> float:
    return 20 * math.log10(rms / _FULL_SCALE) if rms else -120.0  # JSON knows no infinity


# The first level of FLAC that packs well: the ones above cost half as much again for a hundredth of the size.
FLAC_LEVEL = 0.375


def keep(received: bytes | BinaryIO) -> Kept:
    """FLAC when the samples are 16-bit PCM and come back bit for bit; otherwise the bytes as they are (never transcoded).
    Raises NotSound."""
    return _kept_form(received, lambda block: None)


def measured_and_kept(received: bytes | BinaryIO) -> tuple[Measured, Kept]:
    """`measure` and `keep` of the same recording, which is read once for both. Raises NotSound."""
    with _reader(received) as reader:
        meter = _Meter(reader)
    kept = _kept_form(received, meter.add)
    return meter.measured(), kept


def _kept_form(received: bytes | BinaryIO, hear: Callable[[numpy.ndarray], None]) -> Kept:
    """`hear` is given every window of samples in turn."""
    with _reader(received) as reader:
        if reader.subtype != "PCM_16":
            for block in _windows(reader):
                hear(block)
            return _kept(_file(received), "wav", "audio/x-wav", None)
        size = reader.frames * reader.channels * 2
        packed, samples = _packed_file(size), hashlib.sha256()
        # the codec takes as long as all the rest, and lets others work meanwhile
        with (
            ThreadPoolExecutor(1) as beside,
            soundfile.SoundFile(
                _native(packed), "w", reader.samplerate, reader.channels, "PCM_16", format="FLAC",
                compression_level=FLAC_LEVEL, closefd=False,
            ) as writer,
        ):  # fmt: skip
            for block in _windows(reader):
                packing = beside.submit(writer.write, block)
                try:
                    samples.update(memoryview(block).cast("B"))
                    hear(block)
                finally:
                    packing.result()
        if _gives_back(packed, reader, at_once=size <= IN_MEMORY):
            return _kept(packed, "flac", "audio/flac", samples.hexdigest())
        packed.close()
        return _kept(_file(received), "wav", "audio/x-wav", samples.hexdigest())


def _packed_file(at_most: int) -> BinaryIO:
    """As `scratch`, where it will be small: then without a name in memory, and the codec writes to it directly, which spares
    it a fifth of its work."""
    if at_most > IN_MEMORY or not hasattr(os, "memfd_create"):
        return scratch()
    return os.fdopen(os.memfd_create("sound"), "w+b", buffering=0)


def _native(file: BinaryIO) -> BinaryIO | int:
    """What the codec is given: the number of an unbuffered file, from its beginning."""
    file.seek(0)
    return file.fileno() if isinstance(file, io.FileIO) else file


def _gives_back(packed: BinaryIO, original: soundfile.SoundFile, *, at_once: bool) -> bool:
    """Whether every sample comes out as it went in. `at_once`: what is packed is small, and both halves are looked at
    together."""
    reading = Lock()

    def samples(begin: int, end: int) -> numpy.ndarray:
        with reading:
            original.seek(begin)
            return original.read(end - begin, dtype="int16", always_2d=True)

    def same(copy: BinaryIO | int, begin: int, end: int) -> bool:
        try:
            with soundfile.SoundFile(copy, closefd=False) as reader:
                if (reader.samplerate, reader.channels, reader.frames) != form:
                    return False
                if begin:
                    reader.seek(begin)
                for at in range(begin, end, step):
                    until = min(at + step, end)
                    mine = reader.read(until - at, dtype="int16", always_2d=True)
                    if not numpy.array_equal(mine, samples(at, until)):
                        return False
                return True
        except soundfile.LibsndfileError:  # of no samples at all the codec makes nothing that can be read
            return False

    form, step = (original.samplerate, original.channels, original.frames), WINDOW_SECONDS * original.samplerate
    if not at_once:
        return same(_native(packed), 0, original.frames)
    packed.seek(0)
    whole, middle = packed.read(), original.frames // 2
    with ThreadPoolExecutor(1) as beside:
        first = beside.submit(same, io.BytesIO(whole), 0, middle)
        return same(io.BytesIO(whole), middle, original.frames) and first.result()


def _kept(file: BinaryIO, suffix: str, content_type: str, samples_sha256: str | None) -> Kept:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := file.read(1 << 20):
        digest.update(block)
        size += len(block)
    file.seek(0)
    return Kept(file, size, digest.hexdigest(), suffix, content_type, samples_sha256)


# A short quiet tone where something was taken out, so that nobody takes it for a line that was cut.
TONE_SECONDS, TONE_HERTZ, TONE_LEVEL = 0.3, 440, 2000


def silenced(received: bytes | BinaryIO, stretches: Sequence[tuple[float, float]], *, tone: bool = False) -> BinaryIO:
    """The same recording, received or kept, as WAV with every sample of these stretches (seconds from, to) zero in all
    channels. `tone`: a short one at the beginning of each, which says so. Raises NotSound."""
    out = scratch()
    with _reader(received, _WAV | {"FLAC"}) as reader:
        rate = reader.samplerate
        beep = _tone(rate) if tone else None
        with soundfile.SoundFile(out, "w", rate, reader.channels, "PCM_16", format="WAV") as writer:
            at = 0
            for block in _windows(reader):
                for begin, end in stretches:
                    opens = math.floor(max(begin, 0.0) * rate) - at
                    first = max(opens, 0)
                    last = max(math.ceil(min(end * rate - at, len(block))), first)
                    block[first:last] = 0
                    if beep is not None and opens + len(beep) > 0:
                        heard = beep[max(-opens, 0) :][: last - first]
                        block[first : first + len(heard)] = heard[:, None]
                writer.write(block)
                at += len(block)
    out.seek(0)
    return out


def _tone(rate: int) -> numpy.ndarray:
    times = numpy.arange(round(TONE_SECONDS * rate)) / rate
    return (numpy.sin(2 * math.pi * TONE_HERTZ * times) * TONE_LEVEL).astype("int16")


def shape(plain: BinaryIO, pieces: int) -> dict:
    """The loudest sample of each channel in each of so many equal pieces, 0 to 100, for a picture of the sound.

    `channels` and `seconds` beside it. Raises NotSound.
    """
    plain.seek(0)
    try:
        with soundfile.SoundFile(plain) as reader:
            each = max(1, math.ceil(reader.frames / pieces))
            peaks = numpy.zeros((-(-reader.frames // each), reader.channels), dtype=numpy.int32)
            at = 0
            for block in _windows(reader):
                loud = numpy.abs(block.astype(numpy.int32))
                places = (at + numpy.arange(len(block))) // each
                numpy.maximum.at(peaks, places, loud)
                at += len(block)
            scaled = (peaks * 100 // _FULL_SCALE).T.tolist()
            return {"channels": scaled, "seconds": round(reader.frames / reader.samplerate, 3)}
    except soundfile.LibsndfileError as e:
        raise NotSound(f"no shape: {e.code}") from e


# a browser plays one of them, whichever it is
ACCESS_FORMS = {"mp3": ("MP3", "MPEG_LAYER_III", "audio/mpeg"), "opus": ("OGG", "OPUS", "audio/ogg")}


def access_copy(plain: BinaryIO, out: BinaryIO, form: str = "mp3") -> str:
    """Write a small copy for listening, which is made when somebody listens and is never archived. Returns its content
    type. Raises NotSound."""
    container, subtype, content_type = ACCESS_FORMS[form]
    plain.seek(0)
    try:
        with (
            soundfile.SoundFile(plain) as reader,
            soundfile.SoundFile(out, "w", reader.samplerate, reader.channels, subtype, format=container) as writer,
        ):
            # as fractions: of whole numbers libsndfile 1.2.2 may make an MP3 that is noise from the second piece on
            while len(block := reader.read(WINDOW_SECONDS * reader.samplerate, dtype="float32", always_2d=True)):
                writer.write(block)
    except soundfile.LibsndfileError as e:
        raise NotSound(f"no {form} copy: {e.code}") from e
    return content_type


def _windows(reader: soundfile.SoundFile) -> Iterator[numpy.ndarray]:
    while len(block := reader.read(WINDOW_SECONDS * reader.samplerate, dtype="int16", always_2d=True)):
        yield block


def _reader(received: bytes | BinaryIO, forms: Set[str] = _WAV) -> soundfile.SoundFile:
    try:
        reader = soundfile.SoundFile(_file(received))
    except soundfile.LibsndfileError as e:
        raise NotSound(f"not readable as WAV: {e.code}") from e
    if reader.format not in forms:
        reader.close()
        raise NotSound(f"not WAV but {reader.format}")
    return reader


def _file(received: bytes | BinaryIO) -> BinaryIO:
    file = io.BytesIO(received) if isinstance(received, bytes) else received
    file.seek(0)
    return file
