"""What follows a call: its recording into the archive, its outcome, the work order, the branch."""

from datetime import datetime, timedelta

from prefect import flow

from clock import system
from storage.db import Bell
from tasks.archiving import archive_recordings
from tasks.settling import settle_ended_calls
from telephony.twilio_phone import twilio_phone

# Seconds of clock time between two looks when nothing was ready; news wakes earlier.
PATIENCE = 20
# Real seconds that a look is worth at the least, however fast a simulated clock runs.
LEAST = 1.0
# How long a run looks out for work unless told. A schedule starts the next one before this one's time is over.
LENGTH = timedelta(minutes=11)


@flow(name="settle-calls")
async def settle_calls(until: datetime | None = None) -> int:
    """Returns how many contacts were settled. Any number of these may run side by side."""
    clock = system()
    until = until or clock.now() + LENGTH
    settled = 0
    async with twilio_phone() as line, Bell() as bell:
        while True:
            archived = await archive_recordings(line, clock)
            now_settled = await settle_ended_calls(clock)
            settled += now_settled
            if not archived and not now_settled:
                if clock.now() >= until:
                    return settled
                await bell.wait(max(clock.real_seconds(PATIENCE), LEAST))
