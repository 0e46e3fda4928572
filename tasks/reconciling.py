"""The carrier's list of a day beside ours, once a day: what callbacks and sweeps have missed is found here."""

from collections.abc import Sequence
from datetime import date, timedelta

from clock import Clock
from rules.calendar import shanghai
from rules.carrier_comparison import (
    CallThere,
    Difference,
    RecordingHere,
    RecordingThere,
    compare_calls,
    compare_recordings,
)
from settings import settings
from storage import alarms, carrier_comparisons, db
from tasks.outages import batch
from telephony.phone import Phone

# A call of the day's last minute, its recording, and the carrier's clock beside ours.
MARGIN = timedelta(minutes=5)


@batch
async def compare_day(phone: Phone, day: date, clock: Clock) -> Sequence[Difference]:
    """Hold the carrier's calls and recordings of a business day against ours, store the differences, and raise or take
    down the alarm. Reads everything that the carrier has had since that day began."""
    begin, end = shanghai(day), shanghai(day + timedelta(1))
    calls = [c async for c in phone.calls_since(begin) if c.outbound and c.created_at and c.created_at < end]
    recordings = [
        r
        async for r in phone.recordings_since(begin)
        # a call over midnight keeps its recording with it
        if r.created_at is None or r.created_at < end + timedelta(hours=1)
    ]
    there = [CallThere(c.sid, c.status, c.duration, c.created_at) for c in calls]
    sids = {c.sid for c in there}
    now, account = clock.now(), settings().twilio_account_sid
    async with db.transaction() as connection:
        # ours of the day, and ours that the carrier puts into it: the two clocks differ at midnight
        of_day = await carrier_comparisons.calls_between(connection, begin + MARGIN, end - MARGIN)
        ours = {c.call_id: c for c in (*of_day, *await carrier_comparisons.calls_of(connection, sorted(sids)))}
        legs = await carrier_comparisons.legs_of(connection, sorted(sids | {r.call_sid for r in recordings}))
        by_sid = {c.sid: c.call_id for c in ours.values() if c.sid}
        theirs = [
            RecordingThere(r.sid, r.call_sid, r.status, r.seconds)
            for r in recordings
            if r.call_sid in sids and r.call_sid not in legs
        ]
        kept: list[RecordingHere] = await carrier_comparisons.recordings_of(
            connection, sorted(ours), sorted(r.sid for r in theirs)
        )
        differences = compare_calls(ours.values(), there, now, legs) + compare_recordings(kept, theirs, by_sid)
        figures = {
            "calls_there": len(sids - legs),
            "calls_here": len(by_sid),
            "recordings_there": len(theirs),
            "recordings_here": len(kept),
            "differences": len(differences),
        }
        await carrier_comparisons.keep(connection, day, account, figures, differences, now)
        if differences:
            await alarms.sound(connection, alarms.CARRIER_DIFFERS, now, day=day, differences=len(differences))
        else:
            await alarms.over(connection, alarms.CARRIER_DIFFERS)
    return differences
