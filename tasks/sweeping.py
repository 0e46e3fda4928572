"""What never reported back: look at the carrier, never dial. The timer that makes sure where news only makes fast."""

from datetime import datetime, timedelta

from clock import Clock
from rules.calendar import business_date
from settings import settings
from storage import calls, carrier_news, db, recordings
from storage.day_opening import open_day
from storage.vault import vault
from tasks.outages import batch
from telephony.errors import Missing
from telephony.phone import Phone, PlacedCall

# A call of which nothing was heard for so long is asked about. Longer than the carrier's own retries take.
QUIET_SECONDS = 180
# An attempt that the carrier does not know after so long was never placed, a call that it does not know is gone.
SETTLED_SECONDS = 300
# The carrier's clock and ours may differ; a call to this number created before the reservation is not this attempt's.
SKEW = timedelta(seconds=60)


@batch
async def open_the_day(clock: Clock) -> int:
    """Cases whose first day has come become callable."""
    now = clock.now()
    async with db.transaction() as connection:
        return await open_day(connection, business_date(now), now)


@batch
async def sweep_calls(phone: Phone, clock: Clock) -> int:
    """Resolve every call that went quiet. Returns how many were resolved."""
    now = clock.now()
    async with db.transaction() as connection:
        quiet = await calls.overdue_calls(connection, now, QUIET_SECONDS)
    resolved = 0
    for call in quiet:
        found = await _at_carrier(call, phone, now)
        async with db.transaction() as connection:
            if found is not None:
                await _take(connection, call["id"], found, now)
                resolved += found.is_over
            elif now - call["heard_at"] > _grace(clock):
                if call["sid"] is None:
                    # looked up and not there: the attempt is closed, and a new one may be made under the caps; not where
                    # the carrier has been asked for it again in the meantime
                    await calls.unknown(connection, call["id"], "NOT_BOUND", now)
                    resolved += await calls.rejected(
                        connection, call["id"], None, "NEVER_PLACED", now, None, unheard_since=now - _grace(clock)
                    )
                else:
                    await calls.gone(connection, call["id"], "UNKNOWN_TO_CARRIER", now)
                    resolved += 1
    return resolved


@batch
async def take_back_unanswered(phone: Phone, clock: Clock) -> int:
    """The campaign was stopped: what nobody has answered yet is cancelled at the carrier; who is talking goes on.
    Returns how many calls were taken back."""
    async with db.transaction() as connection:
        ringing = await calls.unanswered(connection)
    taken_back = 0
    for call in ringing:
        try:
            found = await phone.cancel(call["sid"])
        except Missing:
            continue  # the sweep will find out
        # no callback tells of a queued call that was cancelled (twilio.com/docs/voice/twiml)
        if found.is_over:
            now = clock.now()
            async with db.transaction() as connection:
                await _take(connection, call["id"], found, now)
            taken_back += found.status == "canceled"
    return taken_back


def _grace(clock: Clock) -> timedelta:
    """The dial may still be under way for as long as the carrier may take to answer, and that is real time."""
    return timedelta(seconds=max(SETTLED_SECONDS, 2 * settings().twilio_timeout * clock.speed))


async def _at_carrier(call: dict, phone: Phone, now: datetime) -> PlacedCall | None:
    if call["sid"] is not None:
        try:
            return await phone.fetch(call["sid"])
        except Missing:
            return None
    number = vault().open(call["number_sealed"])
    placed = await phone.calls_to(number, call["reserved_at"] - SKEW)
    async with db.transaction() as connection:
        known = await calls.sids_known(connection, [p.sid for p in placed])
    free = [p for p in placed if p.sid not in known]
    # two persons may share a number: of two calls that belong to nobody yet, the one that began with this attempt
    return min(free, key=lambda p: abs((p.created_at or now) - call["reserved_at"]), default=None)


async def _take(connection, call_id: str, found: PlacedCall, now) -> None:
    """As if the callback had come: the same statement, so that a late one changes nothing any more."""
    if found.duration and found.status == "completed":
        await carrier_news.status_news(
            connection, call_id=call_id, sid=found.sid, status="in-progress", sequence=-2, sip_code=None,
            answered_by=found.answered_by, duration=None, body={"source": "sweep"}, now=found.started_at or now,
        )  # fmt: skip
    await carrier_news.status_news(
        connection, call_id=call_id, sid=found.sid, status=found.status, sequence=-1, sip_code=None,
        answered_by=found.answered_by, duration=found.duration, body={"source": "sweep"}, now=now,
    )  # fmt: skip


@batch
async def sweep_recordings(phone: Phone, clock: Clock) -> int:
    """Answered calls without word of a recording: ask for it, and say LOST where the carrier has none."""
    now = clock.now()
    async with db.transaction() as connection:
        silent = await recordings.calls_without(connection, now, QUIET_SECONDS)
    for call in silent:
        found = await phone.recordings_of(call["sid"])
        ready = [r for r in found if r.status in ("completed", "absent", "failed", "deleted")]
        async with db.transaction() as connection:
            for recording in ready:
                await carrier_news.recording_news(
                    connection, call_id=call["id"], sid=call["sid"], recording=recording.sid,
                    status="completed" if recording.status == "completed" else "absent", url=recording.media_url,
                    seconds=recording.seconds, channels=recording.channels,
                    problem=None if recording.status == "completed" else f"ABSENT_{recording.error_code or recording.status}",
                    body={"source": "sweep"}, now=now,
                )  # fmt: skip
            if not found and now - call["ended_at"] > _grace(clock):
                await carrier_news.recording_news(
                    connection, call_id=call["id"], sid=call["sid"], recording=f"none-{call['id']}", status="absent",
                    url=None, seconds=None, channels=None, problem="NEVER_REPORTED", body={"source": "sweep"}, now=now,
                )  # fmt: skip
    return len(silent)
