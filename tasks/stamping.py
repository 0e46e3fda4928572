"""Time stamps for the ledger's checkpoints: one a day where an authority is set, renewed together each year."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from clock import Clock
from settings import settings
from storage import alarms, db, ledger, timestamps
from storage.checkpoints import Checkpoint
from storage.timestamps import AuthorityAway, Stamp, StampWrong
from tasks.outages import batch
from tasks.sealing import sign_ledger

RENEW_AFTER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Renewed:
    """`covered`: how many earlier stamps the new one is over. `problems`: those that do not hold any more, by number, and
    what prevented the renewal."""

    checkpoint: Checkpoint | None
    stamp: Stamp | None
    covered: int
    problems: tuple[tuple[str, str], ...]


@batch
async def stamp_checkpoint(checkpoint: Checkpoint | None, clock: Clock) -> Stamp | None:
    """Have a checkpoint stamped that is not yet, or the stamps renewed when they are a year old. None where no authority is
    set, and with an alarm where it does not answer as it must."""
    if checkpoint is None or not settings().ledger_tsa_url:
        return None
    async with db.transaction() as connection:
        kept = await timestamps.of_checkpoint(connection, checkpoint.id)
        before = await timestamps.uncovered(connection)
    # the oldest of these is the last renewal, or the first stamp there ever was
    if before and clock.now() - before[0].at >= RENEW_AFTER:
        return (await renew.fn(clock)).stamp
    return kept[-1] if kept else await _stamp(checkpoint, checkpoint.note, clock)


async def _stamp(checkpoint: Checkpoint, text: str, clock: Clock) -> Stamp | None:
    try:
        authority = timestamps.authority_of(settings())
        token = await asyncio.to_thread(authority.stamp, text)
    except (AuthorityAway, StampWrong) as problem:
        async with db.transaction() as connection:
            await alarms.sound(connection, alarms.LEDGER_NOT_STAMPED, clock.now(), problem=str(problem))
        return None
    async with db.transaction() as connection:
        await alarms.over(connection, alarms.LEDGER_NOT_STAMPED)
        return await timestamps.keep(connection, checkpoint, authority.url, text, token, clock.now())


@batch
async def renew(clock: Clock) -> Renewed:
    """Sign the ledger as it stands and, where an authority is set, have it stamped together with every stamp that none
    covers yet. A stamp that no longer verifies is named, and covered as it is."""
    checkpoint = await sign_ledger.fn(clock)
    if checkpoint is None:
        async with db.transaction() as connection:
            empty = (await ledger.head(connection))["seq"] == 0
        return Renewed(None, None, 0, () if empty else (("ledger", "it could not be signed: see the alarms"),))
    try:
        authority = timestamps.authority_of(settings())
    except StampWrong as problem:
        return Renewed(checkpoint, None, 0, (("authority", str(problem)),))
    if authority is None:
        return Renewed(checkpoint, None, 0, ())
    async with db.transaction() as connection:
        before = await timestamps.uncovered(connection)
    problems = []
    for one in before:
        try:
            await asyncio.to_thread(authority.time_of, one.token, one.stamped)
        except StampWrong as problem:
            problems.append((f"stamp {one.id}", str(problem)))
    text = timestamps.renewal_text(checkpoint, before) if before else checkpoint.note
    stamp = await _stamp(checkpoint, text, clock)
    if stamp is None:
        problems.append(("authority", f"{authority.url} gave no stamp that holds"))
    return Renewed(checkpoint, stamp, len(before) if stamp else 0, tuple(problems))
