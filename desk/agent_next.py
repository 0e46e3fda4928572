"""Whom an agent rings next, and why: the dialler's own selection, asked for one agent."""

import uuid
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from desk.pages import Today
from rules.calling import ToCall, is_dialling_day
from rules.profile_groups import Chosen, select_by_profile
from rules.reasoning import Step
from rules.routes import Caller, route
from scripts.rule_profiles import load_profile
from storage import agent_calls, agent_seats
from storage.agent_seats import Seat
from storage.candidates import Pool, read_pool
from storage.script_versions import read_shelf

DAY = timedelta(days=1)
# So many are tried when others take the first ones at the same moment.
MOST_TRIES = 10


async def take_next(connection: AsyncConnection, seat: Seat, moment: Today, speed: float) -> bool:
    """The most urgent person whom this agent may ring goes into his hands. False where nobody waits for him."""
    await agent_calls.release_expired(connection, moment.now)
    resources, taken = await agent_seats.duty(connection, agent_seats.seen_since(moment.now, speed), moment.now)
    shelf = await read_shelf(connection)
    pool = await read_pool(connection, moment.now, shelf.name_for)
    caller = Caller("agent", resources, seat.languages, taken)
    chosen = select_by_profile(
        pool.candidates,
        pool.attempts,
        now=moment.now,
        calendar=moment.calendar,
        profiles=pool.profiles,
        profile_of=load_profile,
        limit=MOST_TRIES,
        caller=caller,
    )
    for call in chosen.selection.callable:
        if await agent_calls.take(
            connection,
            agent_call=uuid.uuid4().hex,
            login=seat.login,
            person_id=call.person_id,
            case_ids=call.case_ids,
            why=[{"rule": s.rule, "zh": s.zh, "en": s.en} for s in _why(call, pool, chosen, caller, moment)],
            now=moment.now,
        ):
            return True
    return False


def _why(call: ToCall, pool: Pool, chosen: Chosen, caller: Caller, moment: Today) -> list[Step]:
    """Why him, and why now; the day on which his period ends is a fact of the policy, how many days are left is not told
    as one."""
    profile = chosen.profiles[call.person_id]
    case = next(c for c in pool.candidates if c.case_id == call.case_ids[0])
    way = route(case.language, case.birth_date, caller.resources, moment.day, profile, wants_person=case.wants_person)
    steps = [*way.steps, *(step for step in call.steps if step.rule != "C56")]
    if call.nominal_end is not None:
        left = (call.nominal_end - moment.day).days
        days = sum(is_dialling_day(moment.day + n * DAY, moment.calendar, profile) for n in range(left + 1))
        steps.append(Step("C56", f"排在最前：还有{days}日可拨打", f"most urgent: {days} days are left to dial in"))
    return steps
