"""Is what the carrier delivered the recording of this call? Measured values in, a problem or none out."""

from dataclasses import dataclass

# A recording begins with the answer and may end a little before or after the carrier's own count (whole seconds,
# rounded up); a gap larger than this is a truncated or a foreign recording.
LENGTH_TOLERANCE_SECONDS = 3.0
LENGTH_TOLERANCE_SHARE = 0.02
# Below this a channel carries no voice at all: digital silence is -inf, line noise about -60 dBFS.
SILENT_BELOW_DBFS = -55.0


@dataclass(frozen=True, slots=True)
class Sound:
    """What was measured: length in seconds, loudness of each channel in dBFS (0 is full scale; -inf digital silence)."""

    seconds: float
    channels: int
    rate: int
    loudness: tuple[float, ...]


def recording_problem(sound: Sound, *, reported_seconds: int | None, call_seconds: int | None) -> str | None:
    """None for a good recording, else NOT_TWO_CHANNELS, EMPTY, SILENT, OTHER_LENGTH (than the carrier reported),
    LONGER_THAN_CALL or SHORTER_THAN_CALL. One channel must carry a voice; a customer may be silent all along (S2)."""
    if sound.channels != 2:
        return "NOT_TWO_CHANNELS"
    if sound.seconds <= 0:
        return "EMPTY"
    if max(sound.loudness) < SILENT_BELOW_DBFS:
        return "SILENT"
    if reported_seconds is not None and abs(sound.seconds - reported_seconds) > _tolerance(reported_seconds):
        return "OTHER_LENGTH"
    if call_seconds is not None and sound.seconds > call_seconds + _tolerance(call_seconds):
        return "LONGER_THAN_CALL"
    if call_seconds is not None and sound.seconds < call_seconds - _tolerance(call_seconds):
        return "SHORTER_THAN_CALL"
    return None


def _tolerance(seconds: float) -> float:
    return max(LENGTH_TOLERANCE_SECONDS, seconds * LENGTH_TOLERANCE_SHARE)
