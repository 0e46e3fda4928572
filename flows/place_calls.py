"""One calling window: ring whoever may be rung, earliest deadline first, until the window ends."""

import asyncio
from datetime import datetime

from prefect import flow

from clock import system
from rules.calendar import business_date, shanghai
from rules.calling import LATEST
from settings import settings
from storage.db import Bell, SoleHolder
from tasks.dialling import Pace, dial_round
from tasks.settling import settle_without_call
from tasks.sweeping import open_the_day
from telephony.twilio_phone import twilio_phone

# Seconds of clock time between two looks when nobody could be rung; news wakes earlier.
PATIENCE = 20
# Real seconds until a carrier that took no more calls is tried again: each try writes an attempt down and gives it back.
AWAY = 10.0
# Real seconds that a look is worth at the least, however fast a simulated clock runs.
LEAST = 1.0


@flow(name="place-calls")
async def place_calls(until: datetime | None = None) -> int:
    """Returns how many calls were placed. A second dialler of the same account finds the place taken and ends.

    `until` None: to the end of the hours in which anybody may be rung today, appointments included.
    """
    clock = system()
    until = until or shanghai(business_date(clock.now()), LATEST)
    pace = Pace(settings().twilio_cps, clock)
    dialled = 0
    dialler = SoleHolder(f"dialler {settings().twilio_account_sid}")
    async with twilio_phone() as line, dialler as place, Bell() as bell:
        if not await place.is_mine():
            return 0
        await open_the_day(clock)
        while clock.now() < until and await place.is_mine():
            done = await dial_round(line, pace, clock)
            await settle_without_call(done.to_settle, clock)
            dialled += done.dialled
            if done.away:
                await asyncio.sleep(AWAY)
            elif not done.dialled:
                await bell.wait(max(clock.real_seconds(PATIENCE), LEAST))
    return dialled
