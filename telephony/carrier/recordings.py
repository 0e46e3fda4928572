"""Recordings: their life on a call, their media, and the callbacks about them.

Channels of a dual recording: the first carries the callee, whose leg is the parent of a call made over the API;
the second carries what the application plays (the child side of a bridged call).
"""

import math
from dataclasses import dataclass, field

from telephony.carrier import sound

TOO_SHORT = 16101
PROCESSING = 1.5


@dataclass
class Recording:
    """`spans` are (start, end, muted) in seconds of the call's line; the open one has no end yet. `call` is the
    conference where it is one that is recorded."""

    sid: str
    call: object
    source: str
    channels: int
    track: str = "both"
    trim: bool = False
    callback: str | None = None
    callback_method: str = "POST"
    callback_events: frozenset[str] = frozenset({"completed"})
    status: str = "in-progress"
    started: float = 0.0
    updated: float = 0.0
    spans: list[tuple[float, float, bool]] = field(default_factory=list)
    open_since: float | None = None
    open_muted: bool = False
    error_code: int | None = None
    deleted: bool = False
    # seconds that it states beyond what it holds
    off: int = 0

    @property
    def live(self) -> bool:
        return self.status in ("in-progress", "paused")

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end, _ in self.spans)

    @property
    def duration(self) -> int:
        return max(1, round(self.seconds) + self.off) if self.spans else 0

    @property
    def of_conference(self) -> bool:
        return self.call.sid.startswith("CF")

    def open(self, now: float, muted: bool = False) -> None:
        self.close(now)
        self.open_since, self.open_muted = now, muted

    def close(self, now: float) -> None:
        if self.open_since is not None and now > self.open_since:
            self.spans.append((self.open_since, now, self.open_muted))
        self.open_since = None

    def trim_silence(self, heard: list[sound.Heard]) -> None:
        """Cut what is silent before the first and after the last sound (Trim=trim-silence)."""
        sounds = [piece for piece in heard if self.track == "both" or piece.side == self._side()]
        if not sounds:
            return
        first, last = min(piece.start for piece in sounds), max(piece.end for piece in sounds)
        cut = [(max(start, first), min(end, last), muted) for start, end, muted in self.spans]
        self.spans = [span for span in cut if span[1] > span[0]]

    def _side(self) -> str:
        # inbound is what comes in to the carrier, that is what the callee says
        return "callee" if self.track == "inbound" else "carrier"

    def sides(self, channels: int) -> list[str]:
        if self.track != "both":
            return [self._side()] * channels
        return ["callee", "carrier"] if channels == 2 else ["both"]


def start(call, source: str, channels: int = 1, *, since: float | None = None, **settings) -> Recording:
    """Begin to record a call that is in progress, from now or from the instant `since` of its line: a machine that
    pauses this process between answer and recording must not make the recording shorter than its call."""
    exchange = call.exchange
    now = exchange.clock.now()
    recording = Recording(exchange.new_sid("RE"), call, source, channels, started=now, updated=now, **settings)
    recording.open(call.line() if since is None else since)
    exchange.recordings[recording.sid] = recording
    call.recordings.append(recording)
    exchange.journal.recording(recording)
    exchange.log.add("recording", call.sid, call.to, recording_sid=recording.sid, status="in-progress", source=source)
    tell(recording)
    return recording


def stop(recording: Recording, at: float | None = None) -> None:
    """End it, now or at the instant `at` of the line; its media is processed for a while in the background, then it is completed or absent."""
    if not recording.live:
        return
    exchange = recording.call.exchange
    recording.close(recording.call.line() if at is None else at)
    if recording.trim:
        recording.trim_silence(recording.call.heard)
    recording.status, recording.updated = "processing", exchange.clock.now()
    exchange.journal.recording(recording)
    exchange.spawn(_process(recording))


def control(recording: Recording, status: str, behaviour: str = "silence") -> None:
    """Pause a live recording, go on with it, or stop it. A pause of `behaviour` "silence" is as long in the sound as it
    was, and silent; one of "skip" is not in it."""
    exchange, now = recording.call.exchange, recording.call.line()
    recording.updated = exchange.clock.now()
    if status == "stopped":
        stop(recording)
    elif status == "paused":
        if behaviour == "skip":
            recording.close(now)
        else:
            recording.open(now, muted=True)
        recording.status = "paused"
    else:
        recording.open(now)
        recording.status = "in-progress"
    exchange.journal.recording(recording)
    exchange.log.add(
        "recording", recording.call.sid, recording.call.to, recording_sid=recording.sid,
        status="stopped" if status == "stopped" else recording.status, behaviour=behaviour,
    )  # fmt: skip


def resume(recording: Recording) -> None:
    """Go on with one whose processing an earlier process did not finish."""
    if recording.status == "processing":
        recording.call.exchange.spawn(_process(recording))


async def _process(recording: Recording) -> None:
    call = recording.call
    exchange = call.exchange
    late = exchange.trouble("recording-late", call)
    await exchange.clock.sleep(late["seconds"] if late else PROCESSING)
    if off := exchange.trouble("recording-length-off", call):
        recording.off = off["by"]
    if absent := exchange.trouble("recording-absent", call):
        recording.status, recording.error_code = "absent", absent["error_code"]
    elif recording.seconds < 0.1:
        recording.status, recording.error_code = "absent", TOO_SHORT
    else:
        recording.status = "completed"
    recording.updated = exchange.clock.now()
    exchange.journal.recording(recording)
    exchange.log.add(
        "recording",
        call.sid,
        call.to,
        recording_sid=recording.sid,
        status=recording.status,
        duration=recording.duration,
    )
    if exchange.trouble("recording-callback-drop", call):
        return
    tell(recording)


def url(recording: Recording) -> str:
    call = recording.call
    return f"{call.base_url}/2010-04-01/Accounts/{call.exchange.account_sid}/Recordings/{recording.sid}"


def tell(recording: Recording) -> None:
    """Post the recording status callback, if this status was asked for."""
    call = recording.call
    if not recording.callback or recording.status not in recording.callback_events:
        return
    params = {
        "AccountSid": call.exchange.account_sid,
        "ConferenceSid" if recording.of_conference else "CallSid": call.sid,
        "RecordingSid": recording.sid,
        "RecordingUrl": url(recording),
        "RecordingStatus": recording.status,
        "RecordingChannels": str(recording.channels),
        "RecordingStartTime": call.exchange.rfc2822(recording.started),
        "RecordingSource": recording.source,
        "RecordingTrack": recording.track,
    }
    if recording.status == "completed":
        params["RecordingDuration"] = str(recording.duration)
    if recording.error_code:
        params["ErrorCode"] = str(recording.error_code)
    call.exchange.spawn(call.post(recording.callback_method, recording.callback, params, "recording-callback"))


def resource(recording: Recording) -> dict:
    exchange = recording.call.exchange
    path = f"/2010-04-01/Accounts/{exchange.account_sid}/Recordings/{recording.sid}"
    done = recording.status == "completed"
    return {
        "account_sid": exchange.account_sid,
        "api_version": "2010-04-01",
        "call_sid": None if recording.of_conference else recording.call.sid,
        "conference_sid": recording.call.sid if recording.of_conference else None,
        "channels": recording.channels,
        "date_created": exchange.rfc2822(recording.started),
        "date_updated": exchange.rfc2822(recording.updated),
        "start_time": exchange.rfc2822(recording.started),
        "price": f"{-0.0025 * math.ceil(recording.seconds / 60):.5f}" if done else None,
        "price_unit": "USD",
        "duration": str(recording.duration) if done else None,
        "sid": recording.sid,
        "source": recording.source,
        "status": "deleted" if recording.deleted else recording.status,
        "error_code": recording.error_code,
        "encryption_details": None,
        "media_url": url(recording),
        "uri": f"{path}.json",
        "subresource_uris": {
            "add_on_results": f"{path}/AddOnResults.json",
            "transcriptions": f"{path}/Transcriptions.json",
        },
    }


def call_resource(recording: Recording) -> dict:
    """The same as a child of its call, where the track belongs to it."""
    return resource(recording) | {"track": recording.track}


def conference_resource(recording: Recording) -> dict:
    """The same as a child of its conference."""
    whole = resource(recording)
    return {name: value for name, value in whole.items() if name not in ("media_url", "subresource_uris")}


def media(recording: Recording, kind: str, channels: int, voices: sound.Voices) -> bytes:
    """The sound as `wav` or `mp3`; takes processor time, so not for the event loop."""
    samples = sound.render(recording.call.heard, recording.spans, recording.sides(channels), voices)
    return sound.as_mp3(samples) if kind == "mp3" else sound.as_wav(samples)
