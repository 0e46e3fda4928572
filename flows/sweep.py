"""Look for what never reported back, and seal what was written, on a timer."""

from prefect import flow

from clock import system
from tasks.agent_calls import sweep_agents
from tasks.appointments import tell_missed_appointments
from tasks.sealing import seal_events
from tasks.sweeping import open_the_day, sweep_calls, sweep_recordings
from tasks.training import end_training_copies
from telephony.agent_calls import AgentLines
from telephony.twilio_phone import twilio_phone


@flow(name="sweep")
async def sweep() -> int:
    """Returns how many quiet calls and missing recordings were resolved."""
    clock = system()
    await open_the_day(clock)
    async with twilio_phone() as line:
        resolved = await sweep_calls(line, clock) + await sweep_recordings(line, clock)
        resolved += await sweep_agents(line, AgentLines(line), clock)
    await tell_missed_appointments(clock)
    await end_training_copies(clock)
    await seal_events(clock)
    return resolved
