"""One calling window: ring whoever may be rung, earliest deadline first, until the window ends."""

import asyncio
from datetime import datetime

from prefect import flow

from clock import system
from rules.calendar import business_date, shanghai
from rules.calling import LATEST
from settings import settings
from storage.controls import STOPPED
from storage.db import Bell, SoleHolder
from tasks.agent_calls import serve_always
from tasks.dialling import dial_round
from tasks.pacing import pace_of
from tasks.settling import settle_without_call
from tasks.sweeping import open_the_day, take_back_unanswered
from telephony.agent_calls import AgentLines
from telephony.twilio_phone import twilio_phone

# Seconds of clock time between two looks when nobody could be rung; news wakes earlier.
PATIENCE = 20
# Real seconds until a carrier that took no more calls is tried again, and the longest that this grows to while it takes none:
# each try writes an attempt down and gives it back.
AWAY, LONGEST_AWAY = 10.0, 300.0
# Real seconds that a look is worth at the least, however fast a simulated clock runs.
LEAST = 1.0


@flow(name="place-calls")
async def place_calls(until: datetime | None = None) -> int:
    """Returns how many calls were placed. A second dialler of the same account finds the place taken and ends, unless the
    settings have several share its pace.

    `until` None: to the end of the hours in which anybody may be rung today, appointments included.
    """
    clock = system()
    until = until or shanghai(business_date(clock.now()), LATEST)
    own = settings()
    pace = pace_of(own, clock)
    dialled, away = 0, AWAY
    seats = [f"dialler {own.twilio_account_sid}"]
    seats += [f"{seats[0]} {seat}" for seat in range(2, own.twilio_diallers + 1)]
    async with twilio_phone() as line, SoleHolder(*seats) as place, Bell() as bell:
        if not await place.is_mine():
            return 0
        await open_the_day(clock)
        agents = asyncio.create_task(serve_always(line, AgentLines(line), pace, clock))
        try:
            while clock.now() < until and await place.is_mine():
                done = await dial_round(line, pace, clock, place.seat, len(seats))
                await settle_without_call(done.to_settle, clock)
                if done.switch == STOPPED:
                    await take_back_unanswered(line, clock)
                dialled += done.dialled
                if done.away:
                    await asyncio.sleep(away)
                    away = min(2 * away, LONGEST_AWAY)
                elif done.dialled:
                    away = AWAY
                else:
                    await bell.wait(max(clock.real_seconds(PATIENCE), LEAST))
                if agents.done():
                    agents.result()  # raises what ended it
        finally:
            agents.cancel()
    return dialled
