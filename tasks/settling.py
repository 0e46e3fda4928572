"""Ended contacts → settlements, by the batch: read, decide, save, in one transaction."""

from collections.abc import Sequence

from clock import Clock
from rules.branches import Organisation, inbox_branch
from rules.calendar import Calendar
from rules.settlement import Settlement, settle
from scripts.rule_profiles import load_profile
from storage import db, settlements
from storage.calendar_days import held_calendar
from storage.organisation import read_organisation
from storage.receipts_told import correct_receipts
from storage.settlements import Ended
from tasks.outages import batch

BATCH = 100


@batch
async def settle_ended_calls(clock: Clock) -> int:
    """Settle what is ready, up to one batch. Returns how many contacts were settled."""
    async with db.transaction() as connection:
        ended = await settlements.ended_calls(
            connection, BATCH, clock.now()
        )  # locks calls; cases only once they are saved
        if not ended:
            return 0
        calendar = await held_calendar(connection)
        return await _decide_and_save(connection, ended, calendar, clock)


@batch
async def settle_without_call(wanted: Sequence[tuple[int, str, str]], clock: Clock) -> int:
    """Settle cases whose phone is unusable or whose plan of attempts is used up. (case id, kind, reason)"""
    if not wanted:
        return 0
    async with db.transaction() as connection:
        calendar = await held_calendar(connection)  # before any case: a change of the calendar locks in this order too
        ended = await settlements.cases_to_settle(connection, wanted, clock.now())
        return await _decide_and_save(connection, ended, calendar, clock) if ended else 0


async def _decide_and_save(connection, ended: Sequence[Ended], calendar: Calendar, clock: Clock) -> int:
    organisation = await read_organisation(connection)
    now = clock.now()
    decided = [(e, decide(e, calendar, organisation)) for e in ended]
    await settlements.save(connection, decided, now)
    await correct_receipts(connection, decided, calendar, now)
    return len(decided)


def decide(ended: Ended, calendar: Calendar, organisation: Organisation) -> Settlement:
    """Under the profile that the case comes under, so that it can be recomputed in twenty years."""
    return settle(
        ended.contact,
        profile=load_profile(ended.profile),
        calendar=calendar,
        inbox_branch=lambda code: inbox_branch(code, organisation),
    )
