"""While a script asks for a card number or password the carrier's recording is paused. What slips through is silenced before
it is archived (storage/sensitive_stretches.py): a pause that fails is no reason to end the call."""

import asyncio
import logging

from rules.conversation import Progress
from rules.script import Script
from telephony.errors import PhoneError
from telephony.twilio_phone import twilio_phone

log = logging.getLogger(__name__)
# The customer waits for what is said next.
PATIENCE_SECONDS = 3.0


def _sensitive(script: Script, progress: Progress | None) -> bool:
    step = script.steps.get(progress.step) if progress is not None and not progress.ended else None
    return step is not None and step.sensitive


async def follow(sid: str, script: Script, before: Progress | None, after: Progress) -> None:
    """Pause where the call comes to a sensitive step, before its question is said, and go on where it has left it."""
    was, comes = _sensitive(script, before), _sensitive(script, after)
    if was == comes:
        return
    try:
        async with asyncio.timeout(PATIENCE_SECONDS), twilio_phone() as phone:
            await (phone.pause_recording(sid) if comes else phone.resume_recording(sid))
    except (PhoneError, TimeoutError) as problem:
        log.warning("the recording of %s was not %s: %s", sid, "paused" if comes else "resumed", type(problem).__name__)
