"""The audit log, sealed by the ledger: what is sealed can no longer be changed, added or taken away unseen."""

from clock import Clock
from storage import ledger
from tasks.outages import batch


@batch
async def seal_events(clock: Clock) -> int:
    """Returns how many events were newly sealed."""
    return await ledger.seal_events(clock.now())
