"""Appointments that nobody kept are told to the supervisors, by the batch."""

from clock import Clock
from scripts.rule_profiles import load_profile
from storage import db, missed_appointments
from tasks.outages import batch


@batch
async def tell_missed_appointments(clock: Clock) -> int:
    """Returns how many appointments are newly missed (R37). The case itself is in the plan again without this."""
    tolerance = load_profile("national")["appointment.tolerance_minutes"]
    async with db.transaction() as connection:
        return await missed_appointments.tell_missed(connection, clock.now(), tolerance)
