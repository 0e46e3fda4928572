"""What is heard on a line: how long words last, and the sound itself at 8 kHz and 16 bit.

espeak-ng speaks (voice cmn) when it is installed; otherwise each syllable becomes a short voiced sound with a
tone contour, so that a recording still has the loudness and rhythm of speech. Lengths come from the text alone,
so a call lasts equally long whichever of the two renders it.
"""

import contextlib
import hashlib
import io
import os
import re
import shutil
import subprocess
import tempfile
import wave
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000
_HAN = re.compile(r"[\u3400-\u9fff]")
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[A-Za-z]+")
_LONG = re.compile(r"[。！？!?；;.\n]")
_SHORT = re.compile(r"[，、,：:]")
_MARKUP = re.compile(r"<[^>]*>")

# DTMF: row and column frequencies
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_KEYS = {key: (_ROWS[i // 4], _COLUMNS[i % 4]) for i, key in enumerate("123A456B789C*0#D")}


@dataclass
class Heard:
    """A stretch of sound on a call: seconds of its line, who made it, and what it is.

    `side` is "callee" or "carrier"; `kind` is "speech", "keys", "beep" or "music"; `length` is what the whole of it would
    have lasted, more than `end - start` when it was cut short.
    """

    start: float
    end: float
    side: str
    kind: str
    text: str
    length: float


def speech_seconds(text: str) -> float:
    """How long `text` takes to say, in seconds; fitted to espeak-ng's cmn voice at 220 words a minute."""
    syllables = len(_HAN.findall(text)) + len(_DIGIT.findall(text))
    letters = sum(len(word) for word in _WORD.findall(text))
    pauses = 0.36 * len(_LONG.findall(text)) + 0.2 * len(_SHORT.findall(text))
    return max(0.3, 0.195 * syllables + 0.075 * letters + pauses)


def keys_seconds(keys: str) -> float:
    return 0.4 * max(1, len(keys))


class Voices:
    """Renders phrases once and keeps them on disk under `folder`, beside a small cache in memory."""

    def __init__(self, folder: Path | None = None):
        self.folder = folder or Path(tempfile.gettempdir()) / f"huifang-carrier-phrases-{os.getuid()}"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.espeak = shutil.which("espeak-ng")
        self._memory: OrderedDict[str, np.ndarray] = OrderedDict()

    def say(self, text: str, side: str, seconds: float) -> np.ndarray:
        """`text` in the voice of that side as int16, exactly as long as `seconds`."""
        key = hashlib.sha256(f"1|{bool(self.espeak)}|{side}|{seconds:.3f}|{text}".encode()).hexdigest()[:32]
        if (known := self._memory.get(key)) is not None:
            self._memory.move_to_end(key)
            return known
        file = self.folder / f"{key}.npy"
        sound = None
        with contextlib.suppress(OSError, ValueError):
            sound = np.load(file)
        if sound is None:
            sound = self._espeak(text, side) if self.espeak else None
            if sound is None:
                sound = _syllables(text, side, seconds)
            sound = _fit(sound, round(seconds * RATE))
            with contextlib.suppress(OSError):
                beside = file.with_suffix(f".{os.getpid()}.tmp.npy")
                np.save(beside, sound)
                beside.replace(file)
        self._memory[key] = sound
        if len(self._memory) > 400:
            self._memory.popitem(last=False)
        return sound

    def _espeak(self, text: str, side: str) -> np.ndarray | None:
        voice = "cmn+f2" if side == "carrier" else "cmn+m3"
        plain = _MARKUP.sub(" ", text)
        try:
            spoken = subprocess.run(
                [self.espeak, "-v", voice, "-s", "220", "--stdout"],
                input=plain.encode(), capture_output=True, timeout=60, check=True,
            ).stdout  # fmt: skip
        except (OSError, subprocess.SubprocessError):
            return None
        if len(spoken) <= 44:
            return None
        # espeak-ng cannot seek in a pipe, so the sizes in its header are wrong: the samples follow byte 44
        rate = int.from_bytes(spoken[24:28], "little")
        body = spoken[44 : 44 + (len(spoken) - 44) // 2 * 2]
        return _resample(np.frombuffer(body, "<i2").astype(np.float32), rate, RATE).astype(np.int16)


def _resample(sound: np.ndarray, source: int, target: int) -> np.ndarray:
    if source > target:
        # windowed sinc below the new Nyquist frequency, or high voices fold back as noise
        taps = np.arange(-24, 25)
        cut = 0.92 * target / source
        low = cut * np.sinc(cut * taps) * np.hamming(taps.size)
        sound = np.convolve(sound, low / low.sum(), "same")
    length = max(1, int(sound.size * target / source))
    return np.interp(np.arange(length) * (source / target), np.arange(sound.size), sound)


def _fit(sound: np.ndarray, length: int) -> np.ndarray:
    """Exactly `length` samples: silence behind what is shorter, slightly faster speech where it is longer."""
    if sound.size > length:
        loud = np.flatnonzero(np.abs(sound) > 150)
        if loud.size:
            sound = sound[: loud[-1] + 1]
    if sound.size > length:
        sound = np.interp(np.linspace(0, sound.size - 1, length), np.arange(sound.size), sound).astype(np.int16)
    out = np.zeros(length, np.int16)
    out[: sound.size] = sound
    return out


def _syllables(text: str, side: str, seconds: float) -> np.ndarray:
    """Voiced bursts at the rhythm of the text: a harmonic series with a falling, rising or level tone."""
    marks = [character for character in text if not character.isspace()] or ["。"]
    length = round(seconds * RATE)
    slot = length / len(marks)
    out = np.zeros(length, np.float32)
    base = 210.0 if side == "carrier" else 130.0
    for index, mark in enumerate(marks):
        if _LONG.match(mark) or _SHORT.match(mark):
            continue
        begin, end = int(index * slot), min(length, int((index + 0.9) * slot))
        if end - begin < 16:
            continue
        drawn = ord(mark) * 2654435761 % 2**32
        moment = np.arange(end - begin, dtype=np.float32) / RATE
        glide = ((drawn >> 8) % 5 - 2) * 0.06 * np.linspace(0, 1, moment.size)
        phase = 2 * np.pi * np.cumsum(base * (1 + glide)) / RATE
        colour = 2 + (drawn >> 16) % 6
        voiced = sum(np.sin(phase * h) / (1 + abs(h - colour)) for h in range(1, 9))
        out[begin:end] += voiced * np.sin(np.pi * np.arange(moment.size) / moment.size) ** 0.5
    peak = np.abs(out).max()
    return (out * (9000 / peak if peak else 0)).astype(np.int16)


def _tones(keys: str, length: int) -> np.ndarray:
    out = np.zeros(length, np.float32)
    slot = length / max(1, len(keys))
    for index, key in enumerate(keys):
        begin, end = int(index * slot), min(length, int((index + 0.5) * slot))
        moment = np.arange(end - begin) / RATE
        low, high = _KEYS.get(key, (941, 1336))
        out[begin:end] = np.sin(2 * np.pi * low * moment) + np.sin(2 * np.pi * high * moment)
    return (out * 5000).astype(np.int16)


def _sound(heard: Heard, voices: Voices) -> np.ndarray:
    length = round(heard.length * RATE)
    if heard.kind == "speech":
        return voices.say(heard.text, heard.side, heard.length)
    if heard.kind == "keys":
        return _tones(heard.text, length)
    if heard.kind == "music":
        return _music(length)
    return (8000 * np.sin(2 * np.pi * 1000 * np.arange(length) / RATE)).astype(np.int16)


def _music(length: int) -> np.ndarray:
    """Four soft chords of a second each, over and over: somebody waits."""
    moment = np.arange(4 * RATE) / RATE
    bars = [
        np.sin(2 * np.pi * np.outer([root, root * 1.25, root * 1.5], moment[:RATE])).sum(0)
        for root in (262, 220, 175, 196)
    ]
    swell = np.sin(np.pi * moment[:RATE])
    return np.resize(np.concatenate([bar * swell for bar in bars]) * 900, length).astype(np.int16)


# a telephone line is never digitally silent: about -75 dBFS of hiss
_HISS = np.random.default_rng(1).normal(0, 6, RATE * 7).astype(np.int16)


def render(heard: list[Heard], spans: list[tuple[float, float, bool]], sides: list[str], voices: Voices) -> np.ndarray:
    """int16 samples, one column for each of `sides` ("callee", "carrier" or "both").

    `spans` are the recorded stretches (start, end, muted) in seconds of the call's line, laid end to end.
    """
    total = sum(round((end - start) * RATE) for start, end, _ in spans)
    out = np.tile(_HISS, total // _HISS.size + 1)[:total, None].repeat(len(sides), axis=1).astype(np.int32)
    offset = 0
    for start, end, muted in spans:
        length = round((end - start) * RATE)
        for piece in heard if not muted else ():
            if piece.end <= start or piece.start >= end:
                continue
            sound = _sound(piece, voices)
            begin = round((piece.start - start) * RATE)
            skip = max(0, -begin)
            stop = min(length, round((min(piece.end, end) - start) * RATE))
            begin = max(0, begin)
            part = sound[skip : skip + max(0, stop - begin)]
            for column, side in enumerate(sides):
                if side in (piece.side, "both"):
                    out[offset + begin : offset + begin + part.size, column] += part
        offset += length
    return np.clip(out, -32768, 32767).astype(np.int16)


def as_wav(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(samples.shape[1])
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def as_mp3(samples: np.ndarray) -> bytes:
    file = io.BytesIO()
    # 32 kbit/s, as Twilio's: libsndfile maps 0 to 1 onto the 64 to 8 kbit/s that MP3 knows at this rate
    soundfile.write(file, samples, RATE, format="MP3", bitrate_mode="CONSTANT", compression_level=0.55)
    return file.getvalue()
