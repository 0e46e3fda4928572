"""The audit log, sealed by the ledger, and the ledger, signed: what is sealed and signed can no longer be changed, added or
taken away unseen."""

from clock import Clock
from settings import settings
from storage import alarms, checkpoints, db, ledger, ledger_keys
from storage.checkpoints import Checkpoint, LedgerForked
from tasks.outages import batch


@batch
async def seal_events(clock: Clock) -> int:
    """Returns how many events were newly sealed."""
    return await ledger.seal_events(clock.now())


@batch
async def sign_ledger(clock: Clock) -> Checkpoint | None:
    """Seal what is not sealed yet and sign the ledger. None where it cannot be signed, with an alarm that says why, and for
    a ledger without a line."""
    await ledger.seal_events(clock.now())
    try:
        made = await checkpoints.make(ledger_keys.read(settings().ledger_key_file), clock.now())
    except (LedgerForked, ledger_keys.LedgerKeysWrong) as problem:
        name = alarms.LEDGER_FORKED if isinstance(problem, LedgerForked) else alarms.LEDGER_KEYS_MISSING
        async with db.transaction() as connection:
            await alarms.sound(connection, name, clock.now(), problem=str(problem))
        return None
    async with db.transaction() as connection:
        await alarms.over(connection, alarms.LEDGER_FORKED, alarms.LEDGER_KEYS_MISSING)
    return made
