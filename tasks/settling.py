"""Ended contacts → settlements, by the batch: read, decide, save, in one transaction."""

from collections.abc import Sequence

from clock import Clock
from rules.branches import Organisation, inbox_branch
from rules.settlement import Settlement, settle
from scripts.rule_profiles import load_profile
from storage import db, settlements
from storage.organisation import read_organisation
from storage.settlements import Ended
from tasks.outages import batch
from tasks.rule_book import RuleBook, rule_book

BATCH = 100


@batch
async def settle_ended_calls(clock: Clock) -> int:
    """Settle what is ready, up to one batch. Returns how many contacts were settled."""
    book = await rule_book()
    async with db.transaction() as connection:
        ended = await settlements.ended_calls(connection, BATCH)
        if not ended:
            return 0
        return await _decide_and_save(connection, ended, book, clock)


@batch
async def settle_without_call(wanted: Sequence[tuple[int, str, str]], clock: Clock) -> int:
    """Settle cases whose phone is unusable or whose plan of attempts is used up. (case id, kind, reason)"""
    if not wanted:
        return 0
    book = await rule_book()
    async with db.transaction() as connection:
        ended = await settlements.cases_to_settle(connection, wanted, clock.now())
        return await _decide_and_save(connection, ended, book, clock) if ended else 0


async def _decide_and_save(connection, ended: Sequence[Ended], book: RuleBook, clock: Clock) -> int:
    organisation = await read_organisation(connection)
    now = clock.now()
    decided = [(e, decide(e, book, organisation)) for e in ended]
    await settlements.save(connection, decided, now)
    return len(decided)


def decide(ended: Ended, book: RuleBook, organisation: Organisation) -> Settlement:
    """Under the profile that the case comes under, so that it can be recomputed in twenty years."""
    return settle(
        ended.contact,
        profile=load_profile(ended.profile),
        calendar=book.calendar,
        inbox_branch=lambda code: inbox_branch(code, organisation),
    )
