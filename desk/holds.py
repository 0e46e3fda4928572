"""Why head office's cases are not being rung right now: the dialler's own selection, asked without dialling."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from clock import system
from desk.pages import Today
from rules.profile_groups import select_by_profile
from rules.routes import Caller
from scripts.rule_profiles import load_profile
from storage import agent_seats
from storage.candidates import read_pool
from storage.script_versions import read_shelf


@dataclass(frozen=True)
class Hold:
    """`reason` None: it may be rung now."""

    reason: str | None
    until: datetime | None = None


async def holds(connection: AsyncConnection, moment: Today, case_id: int | None = None) -> dict[int, Hold]:
    """By case id, for the cases that head office still has to call."""
    shelf = await read_shelf(connection)
    pool = await read_pool(connection, moment.now, shelf.name_for, case_id=case_id)
    clock = system()
    people, taken = await agent_seats.duty(connection, agent_seats.seen_since(clock.now(), clock.speed), moment.now)
    selection = select_by_profile(
        pool.candidates,
        pool.attempts,
        now=moment.now,
        calendar=moment.calendar,
        profiles=pool.profiles,
        profile_of=load_profile,
        caller=Caller("robot", people, taken=taken),
    ).selection
    found = {held.case_id: Hold(held.reason, held.until) for held in selection.held}
    for call in selection.callable:
        for each in call.case_ids:
            found[each] = Hold(None)
    return found
