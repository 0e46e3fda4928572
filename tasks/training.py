"""Training copies whose time is over: ended on the minute, destroyed with their keys (C41)."""

from clock import Clock
from storage import db, training_copies
from storage.s3_client import ArchiveUnreachable
from tasks.outages import batch


@batch
async def end_training_copies(clock: Clock) -> int:
    """Returns how many were destroyed; while the store is away they have ended all the same, and go another time."""
    async with db.transaction() as connection:
        await training_copies.end_expired(connection, clock.now())
    try:
        return await training_copies.destroy_ended(clock.now())
    except ArchiveUnreachable:
        return 0  # no reason to hold up what else is looked for
