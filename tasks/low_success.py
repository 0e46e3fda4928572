"""The success of each unit, month by month, and what a low one proposes."""

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from clock import Clock
from rules.calendar import business_date
from rules.measures import measure_by
from rules.parameters import Profile
from rules.penalties import PERSISTENT_MONTHS
from storage import db, figures, penalty_proposals
from tasks.outages import batch
from tasks.rule_book import rule_book

SUCCESS = "success"


@batch
async def propose_for_low_success(clock: Clock) -> int:
    """Keeps the figures of the last whole month, once, and proposes what follows from them (R105). Returns how many
    proposals are new."""
    now = clock.now()
    last = business_date(now).replace(day=1) - timedelta(days=1)
    profile = (await rule_book()).profile
    async with db.transaction() as connection:
        if await figures.stored_report(connection, SUCCESS, _month(last)) is not None:
            return 0
        units = await _success_of_units(connection, last, profile)
        await figures.store_report(connection, SUCCESS, _month(last), units, now, again=False)
        months = {unit: [found] for unit, found in units.items()}
        for _ in range(1, PERSISTENT_MONTHS):
            last = last.replace(day=1) - timedelta(days=1)
            kept = await figures.stored_report(connection, SUCCESS, _month(last))
            for unit, found in months.items():
                # a month of which nothing was kept says nothing
                found.append(tuple(kept["figures"].get(unit, (0, 0))) if kept else (0, 0))
        month = _month(business_date(now).replace(day=1) - timedelta(days=1))
        return await penalty_proposals.propose_for_low_success(connection, months, month, profile, now)


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


async def _success_of_units(connection: AsyncConnection, last: date, profile: Profile) -> dict[str, tuple[int, int]]:
    """Branch → callbacks that succeeded as the agreed figure counts them (C27), callbacks due; of the cohort whose
    cooling-off ended in the month of `last`, as it stood then (S18)."""
    cohort = await figures.cohort(connection, last.replace(day=1), last)
    found = measure_by(cohort, last, profile, lambda row: row.branch)
    clean = profile["kpi.success_definition"] == "CLEAN"
    return {code: (unit.clean if clean else unit.completed, unit.denominator) for code, unit in found.items()}
