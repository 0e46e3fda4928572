"""What huifang asks of a telephone network, whoever carries the calls."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PlacedCall:
    """A call as the carrier knows it. `status` is one of Twilio's: queued ringing in-progress completed busy failed
    no-answer canceled. `duration` in whole seconds, None while open."""

    sid: str
    status: str
    to: str
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    duration: int | None
    answered_by: str | None = None
    outbound: bool = True  # ordered over the API; a leg that hangs on another call is none

    @property
    def is_over(self) -> bool:
        return self.status in ENDED


ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(frozen=True, slots=True)
class CarrierRecording:
    """A recording at the carrier. `status`: in-progress processing completed absent deleted …; `seconds` of sound."""

    sid: str
    call_sid: str
    status: str
    seconds: int | None
    channels: int | None
    media_url: str | None
    error_code: int | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CarrierError:
    """Something that went wrong for the carrier during a call. `of_document`: it could not read what it was to say."""

    code: int | None
    at: datetime | None
    of_document: bool


class Phone(Protocol):
    async def place(self, call_id: str, to: str) -> str:
        """Dial `to` (E.164) and return the carrier's id. Raises Refused, NotSent, Busy or Ambiguous."""

    async def fetch(self, sid: str) -> PlacedCall: ...

    async def calls_to(self, to: str, since: datetime) -> list[PlacedCall]:
        """Every call to a number created at or after `since`: how an unknown attempt is looked up."""

    def calls_since(self, since: datetime) -> AsyncIterator[PlacedCall]:
        """Every call of the account that was created at or after `since`, the newest first."""

    def recordings_since(self, since: datetime) -> AsyncIterator[CarrierRecording]:
        """Every recording of the account that was made at or after `since`, the newest first."""

    async def hang_up(self, sid: str) -> None:
        """End a call; a call that is over already is no error."""

    async def cancel(self, sid: str) -> PlacedCall:
        """Take a call back that nobody has answered yet; one that somebody has goes on. Returns the call as it is then."""

    async def errors_of(self, sid: str) -> list[CarrierError]:
        """What the carrier noted of a call, the newest first; warnings left out."""

    async def recordings_of(self, sid: str) -> list[CarrierRecording]: ...

    async def pause_recording(self, sid: str) -> None:
        """Silence in the recording of a live call from here on, as long as what is said. Raises Missing where none runs."""

    async def resume_recording(self, sid: str) -> None:
        """The recording of a live call goes on. Raises Missing where none runs."""

    def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        """The sound as WAV, two channels. Raises Missing while it is not ready."""

    async def delete_recording(self, recording_sid: str) -> None:
        """Delete the carrier's copy; one that is gone already is no error."""

    async def aclose(self) -> None: ...
