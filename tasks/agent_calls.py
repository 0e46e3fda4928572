"""The telephone side of callback agents: ring them, then their customer, and bring back whom an agent has lost.

One look does everything that is wanted by then; news only makes the next look come sooner. Nobody is rung before his
agent is on the line, so no customer hears silence.
"""

import asyncio
from dataclasses import replace

from clock import Clock
from rules.profile_groups import Chosen
from rules.routes import Caller
from storage import agent_calls, agent_seats, controls, db
from storage.agent_calls import InHand
from storage.candidates import read_pool
from storage.db import Bell
from storage.vault import vault
from tasks.dialling import dial, prepared_for
from tasks.outages import batch, is_outage
from tasks.pacing import Pace
from tasks.rule_book import RuleBook, rule_book
from telephony.agent_calls import AgentLines
from telephony.errors import Ambiguous, Missing, NotSent, PhoneError
from telephony.phone import Phone

# Seconds of clock time between two looks; news wakes earlier.
PATIENCE = 5.0
# Real seconds: what a look is worth at the least; in which news counts as the same, with and without an agent who waits; until
# a carrier or a database that is away is asked again.
LEAST, GATHER, IDLE, AWAY = 1.0, 0.02, 0.5, 3.0
# Why a customer was not dialled, where no hold of the selection says it.
MOVED_ON, NOT_PLACED = "CASE_MOVED_ON", "CALL_NOT_PLACED"


async def serve_agents(phone: Phone, lines: AgentLines, pace: Pace, clock: Clock) -> bool:
    """Do what agents wait for. Returns whether any of them has anything in hand."""
    async with db.transaction() as connection:
        if not await agent_calls.anything(connection):
            return False
        await agent_calls.release_expired(connection, clock.now())
        idle = await agent_calls.legs_to_hang_up(connection, clock.now())
        wanted = await agent_calls.legs_to_ring(connection, clock.now())  # not before they have been put down
        ready = await agent_calls.customers_wanted(connection)
        lost = await agent_calls.customers_to_bring_back(connection)
    # a customer who waits comes before everything else
    for customer in lost:
        await _bring_back(customer, lines, clock)
    for leg in wanted:
        await _ring(leg, lines, pace, clock)
    book = await rule_book() if ready else None
    dials = [_dial_customer(agent, phone, pace, clock, book) for agent in ready]
    if problems := [p for p in await asyncio.gather(*dials, return_exceptions=True) if isinstance(p, BaseException)]:
        raise problems[0]
    for leg in idle:
        await _hang_up(leg["sid"], phone)
    return True


async def serve_always(phone: Phone, lines: AgentLines, pace: Pace, clock: Clock) -> None:
    """Until it is cancelled."""
    async with Bell() as bell:
        while True:
            try:
                busy = await serve_agents(phone, lines, pace, clock)
            except Exception as e:
                if not is_outage(e):
                    raise
                busy = False
                await asyncio.sleep(AWAY)
            await bell.wait(max(clock.real_seconds(PATIENCE), LEAST), gather=GATHER if busy else IDLE)


async def _ring(leg: dict, lines: AgentLines, pace: Pace, clock: Clock) -> None:
    """A telephone of the house is rung once; where that fails or is in doubt, its agent asks again."""
    await pace.turn()
    try:
        sid = await lines.ring(leg["id"], vault().open(bytes(leg["address_sealed"])))
    except Ambiguous:
        return  # it may ring: its own callback binds it, or the sweep gives it up
    except PhoneError as e:
        async with db.transaction() as connection:
            await agent_calls.leg_news(
                connection, leg_id=leg["id"], sid=None, status=type(e).__name__, over=True, now=clock.now()
            )
    else:
        async with db.transaction() as connection:
            await agent_calls.leg_placed(connection, leg["id"], sid, clock.now())


async def _dial_customer(agent: InHand, phone: Phone, pace: Pace, clock: Clock, book: RuleBook) -> None:
    """Hours, caps and gaps are asked anew for this person at this instant; then as every dial: reserve, dial, bind."""
    now = clock.now()
    async with db.transaction() as connection:
        switch = (await controls.standing(connection, controls.DIALLER)).value
        seat = await agent_seats.seat(connection, agent.login)
        resources, taken = await agent_seats.duty(connection, agent_seats.seen_since(now, clock.speed), now)
        pool = await read_pool(connection, now, book.shelf.name_for, person_id=agent.person_id)
        # he is here, whatever his page does at this moment, and speaks what he speaks
        resources = replace(
            resources,
            agents_free=max(resources.agents_free, 1),
            agents_on_duty=max(resources.agents_on_duty, 1),
            dialects=(*(resources.dialects or ()), *seat.languages) or None,
        )
        caller = Caller("agent", resources, seat.languages, taken - {agent.person_id})
        chosen: Chosen = book.select(pool, now, None, caller)
        reservations = await prepared_for(connection, chosen, book, now, seat.staff_number or agent.login)
    mine = next((r for r in reservations if r.person_id == agent.person_id), None)
    if switch != controls.RUN or mine is None:
        held = next((h.reason for h in chosen.selection.held if h.case_id in agent.case_ids), MOVED_ON)
        await _not_dialled(agent, "DIALLER_PAUSED" if switch != controls.RUN else held, clock)
        return
    mine = replace(mine, agent_login=agent.login, agent_call=agent.id)
    await dial(mine, phone, pace, clock, book, asyncio.Event())
    async with db.transaction() as connection:
        now_in_hand = await agent_calls.by_id(connection, agent.id)
    if now_in_hand is not None and now_in_hand.call_id is None:
        await _not_dialled(agent, NOT_PLACED, clock)


async def _not_dialled(agent: InHand, problem: str, clock: Clock) -> None:
    async with db.transaction() as connection:
        await agent_calls.not_dialled(connection, agent.id, problem, clock.now())


async def _bring_back(customer: dict, lines: AgentLines, clock: Clock) -> None:
    """The robot goes on where the agent stood. A call that nobody has answered yet simply meets the robot."""
    there = False
    if not customer["over"] and customer["answered"] and customer["sid"] is not None:
        try:
            there = await lines.to_robot(customer["call_id"], customer["sid"])
        except (Ambiguous, NotSent):
            return  # asked again at the next look: a redirect to the same place twice does no harm
    async with db.transaction() as connection:
        await agent_calls.brought_back(connection, customer["id"], there or not customer["answered"], clock.now())


async def _hang_up(sid: str, phone: Phone) -> None:
    try:
        await phone.hang_up(sid)
    except PhoneError:
        return  # the sweep looks again


@batch
async def sweep_agents(phone: Phone, lines: AgentLines, clock: Clock) -> int:
    """Telephones of the house that went quiet: ask the carrier, and give up what it does not know or does not answer; then
    bring back who waits for an agent that nobody serves. Returns how many telephones were looked at."""
    now = clock.now()
    async with db.transaction() as connection:
        quiet = await agent_calls.quiet_legs(connection, now)
    alive = []
    for leg in quiet:
        found = None
        if leg["sid"] is not None:
            try:
                found = await phone.fetch(leg["sid"])
            except Missing:
                found = None
        if found is not None and not found.is_over:
            alive.append(leg["id"])
            if leg["state"] == "ENDING":
                await _hang_up(leg["sid"], phone)
            continue
        async with db.transaction() as connection:
            await agent_calls.leg_news(
                connection, leg_id=leg["id"], sid=leg["sid"], status=found.status if found else "unknown", over=True,
                sequence=-1, body={"source": "sweep"}, now=now,
            )  # fmt: skip
    async with db.transaction() as connection:
        await agent_calls.legs_alive(connection, alive, now)
        lost = await agent_calls.customers_to_bring_back(connection)
    for customer in lost:
        await _bring_back(customer, lines, clock)
    return len(quiet)
