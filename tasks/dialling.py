"""Choose who is rung, write it down, ring. The only step that cannot be undone: two commits and no blind repeat."""

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from clock import Clock
from rules.appointments import permitted_times
from rules.calendar import business_date
from rules.calling import may_dial_now
from rules.contracts import Contract
from rules.profile_groups import Chosen
from rules.routes import Caller
from rules.script import Script
from scripts.rule_profiles import load_profile
from settings import settings
from storage import agent_seats, alarms, calls, controls, db
from storage.call_sheets import Speaker, prepare
from storage.calls import Reservation
from storage.candidates import Pool, read_pool
from storage.script_versions import keep_texts
from storage.vault import vault
from tasks.outages import batch, is_outage
from tasks.pacing import Pace
from tasks.rule_book import RuleBook, rule_book
from telephony.errors import Ambiguous, Busy, NotSent, PhoneError, Refused
from telephony.phone import Phone

__all__ = ["DialRound", "Pace", "dial_round"]

ROBOT_STAFF_NUMBER = "8001"
# A number that the carrier may not ring for us is left alone for so long: whoever may permit it has a day for that.
NOT_PERMITTED_FOR = timedelta(hours=24)
# How often a call that the carrier was too busy for is asked for again before its attempt is given back.
MOST_TRIES = 6
# A process that slept between writing an attempt down and dialling must not dial any more: by then the attempt may have been
# looked for at the carrier and closed (tasks/sweeping.py waits for two such times). In times that one request may take.
FRESH = 0.5


@dataclass(frozen=True, slots=True)
class DialRound:
    """What one round did. `to_settle` are cases to be settled without a dial; `away`: the carrier took no more calls, the
    rest of the round was given back. `switch` is how the campaign's switch stood."""

    dialled: int
    waiting: int
    to_settle: tuple[tuple[int, str, str], ...]
    switch: str = controls.RUN
    away: bool = False


@batch
async def dial_round(phone: Phone, pace: Pace, clock: Clock, seat: int = 0, seats: int = 1) -> DialRound:
    """Ring as many as there are free lines, earliest deadline first. With several `seats` each begins with another part
    of those, so that they do not want the same people at the same moment."""
    book = await rule_book()
    now = clock.now()
    async with db.transaction() as connection:
        lines = await calls.lines(connection, now - NOT_PERMITTED_FOR)
        if lines.switch != controls.RUN:
            return DialRound(0, 0, (), lines.switch)
        free = settings().twilio_concurrent - lines.open
        pool = _permitted(await read_pool(connection, now, book.shelf.name_for), lines.not_permitted)
        people, taken = await agent_seats.duty(connection, agent_seats.seen_since(now, clock.speed), now)
        chosen = book.select(pool, now, max(free, 0), Caller("robot", people, taken=taken))
        selection = chosen.selection
        reservations = await prepared_for(connection, chosen, book, now)
    away = asyncio.Event()
    in_turn = [r for part in range(seats) for r in reservations[(seat + part) % seats :: seats]]
    dials = await asyncio.gather(*(dial(r, phone, pace, clock, book, away) for r in in_turn), return_exceptions=True)
    # every dial is brought to its end first: a round that is tried again must not run beside the one that failed
    if problems := [done for done in dials if isinstance(done, BaseException)]:
        raise next((p for p in problems if not is_outage(p)), problems[0])
    over = {alarms.CARRIER_REFUSES} if any(dials) else set()
    over |= set() if lines.not_permitted else {alarms.DESTINATION_REFUSED}
    if over & lines.alarms:
        async with db.transaction() as connection:
            await alarms.over(connection, *over)
    return DialRound(
        len(reservations),
        len(selection.held),
        tuple((s.case_id, s.kind, s.reason) for s in selection.to_settle),
        away=away.is_set(),
    )


async def prepared_for(
    connection, chosen: Chosen, book: RuleBook, now: datetime, staff_number: str = ROBOT_STAFF_NUMBER
) -> list[Reservation]:
    """A reservation for each call that was chosen, with all that it may say sealed into it; not written down yet."""
    if not chosen.selection.callable:
        return []

    used: dict[str, Script] = {}

    def script_of(contract: Contract, day: date, jurisdiction: str | None, variant: str) -> Script | None:
        script = book.shelf.script_for(
            contract.channel, contract.product_type, contract.premium_mode, day, jurisdiction, variant
        )
        return used.setdefault(script.id, script) if script else None

    own = settings()
    prepared = await prepare(
        connection,
        chosen.selection.callable,
        profiles=chosen.profiles,
        script_of=script_of,
        permitted=lambda end, profile: permitted_times(now, end, book.calendar, profile),
        speaker=Speaker(own.insurer_name, own.hotline, staff_number),
        now=now,
        today=business_date(now),
        new_id=lambda: uuid.uuid4().hex,
    )
    await keep_texts(connection, used.values(), now)
    return prepared


def _permitted(pool: Pool, barred: frozenset[str]) -> Pool:
    """Without the numbers that the carrier would not ring for us lately, and without those who have no other."""
    if not barred:
        return pool
    kept = []
    for candidate in pool.candidates:
        numbers = tuple(n for n in candidate.numbers if n.number not in barred)
        if numbers or not candidate.numbers:
            kept.append(candidate if len(numbers) == len(candidate.numbers) else replace(candidate, numbers=numbers))
    return replace(pool, candidates=tuple(kept))


async def dial(
    reservation: Reservation, phone: Phone, pace: Pace, clock: Clock, book: RuleBook, away: asyncio.Event
) -> bool:
    """One attempt to its end: taken by the carrier, refused, given back, or in doubt. True where it was taken."""
    own, reserved = settings(), False
    for tries in range(1, MOST_TRIES + 1):
        await pace.turn()
        now = clock.now()
        if away.is_set() or not _may_dial(reservation, book, now):
            break
        async with db.transaction() as connection:
            if reserved:
                if not await calls.try_again(connection, reservation.call_id, now):
                    break
            else:
                if own.twilio_diallers > 1 and not await calls.is_room(
                    connection, own.twilio_account_sid, own.twilio_concurrent
                ):
                    return False
                if not await calls.reserve(connection, [reservation], now):
                    return False  # somebody else has this person, the case moved on, or the campaign was stopped
        # From here on the attempt stands, whatever happens to this process.
        reserved = True
        if away.is_set() or clock.now() - now > timedelta(seconds=FRESH * own.twilio_timeout * clock.speed):
            break
        try:
            sid = await phone.place(reservation.call_id, vault().open(reservation.number_sealed))
        except Busy as e:
            # never processed: the same attempt is asked for again, once the carrier has had its pause
            pace.back_off(e.retry_after)
            if tries == MOST_TRIES:
                away.set()
        except Refused as e:
            await _refused(reservation, e, clock, away)
            return False
        except NotSent as e:
            away.set()
            await _give_back(reservation, "NOT_SENT", e.code, clock)
            return False
        except (Ambiguous, PhoneError) as e:
            async with db.transaction() as connection:
                await calls.unknown(connection, reservation.call_id, str(e)[:200], clock.now())
            return False
        else:
            pace.went_through()
            async with db.transaction() as connection:
                await calls.placed(connection, reservation.call_id, sid, clock.now())
            return True
    # There is certainly no call: the person may be rung when the carrier, the hours and the campaign permit it.
    if reserved:
        await _give_back(reservation, "BUSY", None, clock)
    return False


def _may_dial(reservation: Reservation, book: RuleBook, now: datetime) -> bool:
    """The hours are asked again at the very instant: waiting for a turn may have outlasted them."""
    hold = may_dial_now(now, book.calendar, load_profile(reservation.profile))
    return hold is None or hold != "QUIET_HOURS" and reservation.at_appointment


async def _refused(reservation: Reservation, refusal: Refused, clock: Clock, away: asyncio.Event) -> None:
    now = clock.now()
    if refusal.about == "account":
        away.set()  # nobody else would be rung either
    async with db.transaction() as connection:
        match refusal.about:
            case "number":
                await calls.rejected(connection, reservation.call_id, refusal.code, "REFUSED", now, "INVALID_NUMBER")
            case "destination":
                await calls.rejected(connection, reservation.call_id, refusal.code, "NOT_PERMITTED", now, None)
                await alarms.sound(connection, alarms.DESTINATION_REFUSED, now, code=refusal.code)
            case "account":
                await calls.rejected(connection, reservation.call_id, refusal.code, "ACCOUNT_REFUSED", now, None)
                await alarms.sound(connection, alarms.CARRIER_REFUSES, now, code=refusal.code, status=refusal.status)


async def _give_back(reservation: Reservation, why: str, code: int | None, clock: Clock) -> None:
    async with db.transaction() as connection:
        await calls.rejected(connection, reservation.call_id, code, why, clock.now(), None)
