"""Compare yesterday with the carrier: its calls and recordings beside ours."""

from datetime import date, timedelta

from prefect import flow

from clock import system
from rules.calendar import business_date
from tasks.reconciling import compare_day
from tasks.sweeping import sweep_calls, sweep_recordings
from telephony.twilio_phone import twilio_phone


@flow(name="reconcile")
async def reconcile(day: date | None = None) -> int:
    """Returns how many differences were found. `day` None: the business day before today."""
    clock = system()
    day = day or business_date(clock.now()) - timedelta(1)
    async with twilio_phone() as line:
        # what a sweep can still bring in is no difference
        await sweep_calls(line, clock)
        await sweep_recordings(line, clock)
        return len(await compare_day(line, day, clock))
