"""The telephone network through Twilio's API, at Twilio or at any carrier that speaks it (HUIFANG_TWILIO_BASE_URL)."""

import contextlib
import ipaddress
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from twilio.rest import Client

from settings import Settings, settings
from telephony.errors import Ambiguous, Missing, NotSent, Refused
from telephony.http_client import NEVER_SENT, HttpxClient, check
from telephony.phone import CarrierRecording, PlacedCall

# By default Twilio loses a callback that is answered with an error or too late: ask for retries of every kind.
# (twilio.com/docs/usage/webhooks/webhooks-connection-overrides; the fragment is not part of the signature)
INSIST = "#rc=3&rp=all"
# A call of a complete script takes about six minutes; this only ends one that hangs.
TIME_LIMIT = 1800
RING_SECONDS = 40


class DiallingIsOff(Exception):
    """HUIFANG_DIAL_FOR_REAL is not set, and the carrier is not on this machine."""


class TwilioPhone:
    """One account at one carrier. One instance a process; close it."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None):
        base = settings.twilio_base_url
        if not settings.dial_for_real and not _on_loopback(base):
            raise DiallingIsOff(
                f"HUIFANG_TWILIO_BASE_URL is {base}, which is not this machine: set HUIFANG_DIAL_FOR_REAL=true to ring "
                "real telephones, or start the loopback carrier with `huifang carrier`"
            )
        self._public = settings.public_url
        self._from = settings.twilio_from
        self._account = settings.twilio_account_sid
        self._auth = (self._account, settings.twilio_auth_token.get_secret_value())
        self._base = f"{base}/2010-04-01/Accounts/{self._account}"
        self._http = HttpxClient(settings.twilio_timeout, transport=transport)
        self._client = Client(*self._auth, http_client=self._http)
        # The SDK reads TWILIO_EDGE and TWILIO_REGION by itself and would rewrite the host with them.
        self._client.edge = self._client.region = None
        self._client.api.base_url = base

    def urls(self, call_id: str) -> dict[str, str]:
        """Where the carrier reports on this call: our own id is in each, so news that outruns the dial's answer finds its row."""
        at = f"{self._public}/twilio"
        return {
            "url": f"{at}/voice/{call_id}",
            "fallback_url": f"{at}/fallback/{call_id}",
            "status_callback": f"{at}/status/{call_id}{INSIST}",
            "recording_status_callback": f"{at}/recording/{call_id}{INSIST}",
        }

    async def place(self, call_id: str, to: str) -> str:
        number, _, extension = to.partition(";ext=")
        call = await self._client.calls.create_async(
            to=number,
            from_=self._from,
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            record=True,
            recording_channels="dual",
            recording_status_callback_event=["completed", "absent"],
            trim="do-not-trim",  # the sound must be as long as the call, or its length proves nothing
            timeout=RING_SECONDS,
            time_limit=TIME_LIMIT,
            # two seconds after the answer, for the exchange to listen
            **({"send_digits": f"wwww{extension}"} if extension else {}),
            **self.urls(call_id),
        )
        return call.sid

    async def fetch(self, sid: str) -> PlacedCall:
        return _placed(await self._client.calls(sid).fetch_async())

    async def calls_to(self, to: str, since: datetime) -> list[PlacedCall]:
        to = to.partition(";ext=")[0]
        # A call that has not begun has no start time, so the carrier cannot filter by it: look at the newest ones.
        found = [_placed(c) for c in await self._client.calls.list_async(to=to, limit=50)]
        return [c for c in found if c.created_at is None or c.created_at >= since]

    async def hang_up(self, sid: str) -> None:
        try:
            await self._client.calls(sid).update_async(status="completed")
        except Refused as e:
            if e.code != 21220:  # invalid call state: it is over
                raise

    async def recordings_of(self, sid: str) -> list[CarrierRecording]:
        found = await self._client.recordings.list_async(call_sid=sid, limit=20)
        return [
            CarrierRecording(
                r.sid,
                r.call_sid,
                str(r.status),
                int(r.duration) if r.duration not in (None, "") else None,
                r.channels,
                r.media_url,
                r.error_code,
            )
            for r in found
        ]

    async def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        url = f"{self._base}/Recordings/{recording_sid}.wav?RequestedChannels=2"
        try:
            async with self._http.http.stream("GET", url, auth=self._auth) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    check(answer)
                async for block in answer.aiter_bytes(1 << 16):
                    yield block
        except NEVER_SENT as e:
            raise NotSent(f"the carrier cannot be reached: {type(e).__name__}") from e
        except httpx.HTTPError as e:
            raise Ambiguous(f"the sound was cut off: {type(e).__name__}") from e

    async def delete_recording(self, recording_sid: str) -> None:
        try:
            await self._client.recordings(recording_sid).delete_async()
        except Missing:
            return

    async def aclose(self) -> None:
        await self._http.aclose()


@contextlib.asynccontextmanager
async def twilio_phone() -> AsyncIterator[TwilioPhone]:
    """The telephone network as this process's settings name it. Raises DiallingIsOff."""
    phone = TwilioPhone(settings())
    try:
        yield phone
    finally:
        await phone.aclose()


def _placed(call) -> PlacedCall:
    return PlacedCall(
        sid=call.sid,
        status=str(call.status),
        to=call.to,
        created_at=call.date_created,
        started_at=call.start_time,
        ended_at=call.end_time,
        duration=int(call.duration) if call.duration not in (None, "") else None,
        answered_by=call.answered_by,
    )


def _on_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
