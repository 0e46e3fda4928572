"""The telephone network through Twilio's API, at Twilio or at any carrier that speaks it (HUIFANG_TWILIO_BASE_URL)."""

import contextlib
import ipaddress
from collections.abc import AsyncIterator
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from twilio.rest import Client

from rules.destinations import destination_of
from scripts.destinations import load_destinations
from settings import Settings, settings
from telephony.errors import Ambiguous, Missing, NotSent, Refused
from telephony.http_client import NEVER_SENT, HttpxClient, check
from telephony.phone import CarrierError, CarrierRecording, PlacedCall
from telephony.webhook_overrides import ASK_AGAIN, INSIST

PAGE = 1000
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
        self._destinations = load_destinations(settings.twilio_destinations)
        self._base = f"{base}/2010-04-01/Accounts/{self._account}"
        keys = credentials(settings)
        self._http = HttpxClient(settings.twilio_timeout, transport=transport, credentials=keys)
        self._client = Client(*keys[0], account_sid=self._account, http_client=self._http)
        # The SDK reads TWILIO_EDGE and TWILIO_REGION by itself and would rewrite the host with them.
        self._client.edge = self._client.region = None
        self._client.api.base_url = base

    @property
    def client(self) -> Client:
        """The SDK's client, for what a call with an agent asks of the carrier beside (telephony/agent_calls.py)."""
        return self._client

    @property
    def public_url(self) -> str:
        return self._public

    @property
    def caller(self) -> str:
        return self._from

    @property
    def destinations(self):
        """What the table of destinations says of each prefix."""
        return self._destinations

    def urls(self, call_id: str) -> dict[str, str]:
        """Where the carrier reports on this call: our own id is in each, so news that outruns the dial's answer finds its row."""
        at = f"{self._public}/twilio"
        return {
            "url": f"{at}/voice/{call_id}{ASK_AGAIN}",
            "fallback_url": f"{at}/fallback/{call_id}",
            "status_callback": f"{at}/status/{call_id}{INSIST}",
            "recording_status_callback": f"{at}/recording/{call_id}{INSIST}",
            "async_amd_status_callback": f"{at}/machine/{call_id}{INSIST}",
        }

    async def place(self, call_id: str, to: str) -> str:
        number, _, extension = to.partition(";ext=")
        destination = destination_of(number, self._destinations)
        if not destination.allowed:
            raise Refused(f"the table of destinations does not permit {destination.prefix}")
        # Nobody is kept waiting in silence for the verdict: it comes beside the conversation.
        # With digits to send the carrier leaves the detection out.
        more = (
            # two seconds after the answer, for the exchange to listen
            {"send_digits": f"wwww{extension}"} if extension else {"machine_detection": "Enable", "async_amd": "true"}
        )
        try:
            call = await self._client.calls.create_async(
                to=number,
                from_=destination.caller_id or self._from,
                status_callback_event=["initiated", "ringing", "answered", "completed"],
                record=True,
                recording_channels="dual",
                recording_status_callback_event=["completed", "absent"],
                trim="do-not-trim",  # the sound must be as long as the call, or its length proves nothing
                timeout=RING_SECONDS,
                time_limit=TIME_LIMIT,
                **more,
                **self.urls(call_id),
            )
        except Missing as e:
            raise Refused(str(e), e.code, 404) from e  # no such account here: nothing was placed
        return call.sid

    async def fetch(self, sid: str) -> PlacedCall:
        return _placed(await self._client.calls(sid).fetch_async())

    async def calls_to(self, to: str, since: datetime) -> list[PlacedCall]:
        to = to.partition(";ext=")[0]
        # A call that has not begun has no start time, so the carrier cannot filter by it: look at the newest ones.
        found = [_placed(c) for c in await self._client.calls.list_async(to=to, limit=50)]
        return [c for c in found if c.created_at is None or c.created_at >= since]

    async def calls_since(self, since: datetime) -> AsyncIterator[PlacedCall]:
        # newest first, and a call that never began has no start time to filter by: read until they are older
        async for call in await self._client.calls.stream_async(page_size=PAGE):
            placed = _placed(call)
            if placed.created_at is not None and placed.created_at < since:
                return
            yield placed

    async def recordings_since(self, since: datetime) -> AsyncIterator[CarrierRecording]:
        async for found in await self._client.recordings.stream_async(page_size=PAGE):
            recording = _recording(found)
            if recording.created_at is not None and recording.created_at < since:
                return
            yield recording

    async def hang_up(self, sid: str) -> None:
        try:
            await self._client.calls(sid).update_async(status="completed")
        except Refused as e:
            if e.code != 21220:  # invalid call state: it is over
                raise

    async def cancel(self, sid: str) -> PlacedCall:
        try:
            return _placed(await self._client.calls(sid).update_async(status="canceled"))
        except Refused as e:
            if e.code != 21220:  # somebody has answered, or it is over
                raise
            return await self.fetch(sid)

    async def errors_of(self, sid: str) -> list[CarrierError]:
        documents = tuple(f"{self._public}/twilio/{what}/" for what in ("voice", "fallback"))
        return [
            CarrierError(
                int(found.error_code) if str(found.error_code).isdecimal() else None,
                found.message_date,
                (found.request_url or "").startswith(documents),
            )
            for found in await self._client.calls(sid).notifications.list_async(log=0, limit=20)
        ]

    async def recordings_of(self, sid: str) -> list[CarrierRecording]:
        return [_recording(r) for r in await self._client.recordings.list_async(call_sid=sid, limit=20)]

    async def pause_recording(self, sid: str) -> None:
        # silence and not a gap: a recording must be as long as its call, and later offsets must hold
        live = self._client.calls(sid).recordings("Twilio.CURRENT")
        await live.update_async(status="paused", pause_behavior="silence")

    async def resume_recording(self, sid: str) -> None:
        await self._client.calls(sid).recordings("Twilio.CURRENT").update_async(status="in-progress")

    async def media(self, recording_sid: str) -> AsyncIterator[bytes]:
        url = f"{self._base}/Recordings/{recording_sid}.wav?RequestedChannels=2"
        keys = self._http.credentials
        try:
            for key in keys:
                async with self._http.http.stream("GET", url, auth=key) as answer:
                    if answer.status_code == 401 and key != keys[-1]:
                        continue
                    if answer.status_code >= 400:
                        await answer.aread()
                        check(answer)
                    self._http.accepted(key)
                    async for block in answer.aiter_bytes(1 << 16):
                        yield block
                    return
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


def credentials(settings: Settings) -> tuple[tuple[str, str], ...]:
    """User and password of REST requests, in the order in which they are tried: the API key where there is one, then the
    account's token, each followed by the one that is being replaced."""
    found = []
    if settings.twilio_api_key and settings.twilio_api_secret:
        found.append((settings.twilio_api_key, settings.twilio_api_secret.get_secret_value()))
    for token in (settings.twilio_auth_token, settings.twilio_auth_token_previous):
        if token is not None:
            found.append((settings.twilio_account_sid, token.get_secret_value()))
    return tuple(found)


def _recording(found) -> CarrierRecording:
    return CarrierRecording(
        sid=found.sid,
        call_sid=found.call_sid,
        status=str(found.status),
        seconds=int(found.duration) if found.duration not in (None, "") else None,
        channels=found.channels,
        media_url=found.media_url,
        error_code=found.error_code,
        created_at=found.date_created,
    )


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
        outbound=call.direction in (None, "outbound-api"),
    )


def _on_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
