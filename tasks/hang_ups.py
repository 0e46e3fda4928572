"""Before a hang-up counts against anybody: ask the carrier whether it was it that ended the call."""

from clock import Clock
from rules.hang_ups import gave_up
from storage import calls, db
from telephony.errors import Missing, Refused
from telephony.phone import Phone


async def explain_hang_up(phone: Phone, call_id: str, sid: str, clock: Clock) -> None:
    """Of a completed call that would be settled as a hang-up: one that the carrier ended because it could read neither
    document nor fallback is marked, and settled as a line that broke. A carrier that tells nobody of its errors is believed."""
    try:
        errors = [error for error in await phone.errors_of(sid) if error.of_document and error.at is not None]
        over = (await phone.fetch(sid)).ended_at if errors else None
    except (Missing, Refused):
        return
    if over is not None and gave_up((error.at for error in errors), over):
        async with db.transaction() as connection:
            await calls.broke_off(connection, call_id, errors[0].code, clock.now())
