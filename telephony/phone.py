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


class Phone(Protocol):
    async def place(self, call_id: str, to: str) -> str:
        """Dial `to` (E.164) and return the carrier's id. Raises Refused, NotSent, Busy or Ambiguous."""

    async def fetch(self, sid: str) -> PlacedCall: ...

    async def calls_to(self, to: str, since: datetime) -> list[PlacedCall]:
        """Every call to a number created at or after `since`: how an unknown attempt is looked up."""

    async def hang_up(self, sid: str) -> None:
        """End a call; a call that is over already is no error."""

    async def recordings_of(self, sid: str) -> list[CarrierRecording]: ...

    def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        """The sound as WAV, two channels. Raises Missing while it is not ready."""

    async def delete_recording(self, recording_sid: str) -> None:
        """Delete the carrier's copy; one that is gone already is no error."""

    async def aclose(self) -> None: ...
