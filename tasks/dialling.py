"""Choose who is rung, write it down, ring. The only step that cannot be undone: two commits and no blind repeat."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from datetime import date, datetime

from clock import Clock
from rules.appointments import permitted_times
from rules.calendar import business_date
from rules.calling import may_dial_now
from rules.contracts import Contract
from rules.profile_groups import Chosen
from rules.script import Script
from scripts.rule_profiles import load_profile
from settings import settings
from storage import calls, db
from storage.call_sheets import Speaker, prepare
from storage.calls import Reservation
from storage.candidates import read_pool
from storage.controls import dialler_is_paused
from storage.script_versions import keep_texts
from storage.vault import vault
from tasks.outages import batch, is_outage
from tasks.rule_book import RuleBook, rule_book
from telephony.errors import Ambiguous, Busy, NotSent, PhoneError, Refused
from telephony.phone import Phone

# 21211: not a number; 21214: cannot be reached; 21217: invalid. The number itself is at fault (domain 1G, R73).
NUMBER_IS_WRONG = frozenset({21211, 21214, 21217, 13223, 13224})
ROBOT_STAFF_NUMBER = "8001"


@dataclass(frozen=True, slots=True)
class DialRound:
    """What one round did. `to_settle` are cases to be settled without a dial; `away`: the carrier took no more calls, the
    rest of the round was given back."""

    dialled: int
    waiting: int
    to_settle: tuple[tuple[int, str, str], ...]
    paused: bool = False
    away: bool = False


class Pace:
    """At most `cps` calls a second of clock time: exact for the one dialler of an account."""

    def __init__(self, cps: float, clock: Clock):
        self._interval = 1 / cps
        self._clock = clock
        self._next = 0.0

    async def turn(self) -> None:
        interval = self._clock.real_seconds(self._interval)
        now = time.monotonic()
        wait = self._next - now
        self._next = max(now, self._next) + interval
        if wait > 0:
            await asyncio.sleep(wait)


@batch
async def dial_round(phone: Phone, pace: Pace, clock: Clock) -> DialRound:
    """Ring as many as there are free lines, earliest deadline first."""
    book = await rule_book()
    now = clock.now()
    async with db.transaction() as connection:
        if await dialler_is_paused(connection):
            return DialRound(0, 0, (), paused=True)
        free = settings().twilio_concurrent - await calls.open_calls(connection)
        pool = await read_pool(connection, now, book.shelf.name_for)
        chosen = book.select(pool, now, max(free, 0))
        selection = chosen.selection
        reservations = await _reservations(connection, chosen, book, now)
    away = asyncio.Event()
    dials = await asyncio.gather(
        *(_dial(r, phone, pace, clock, book, away) for r in reservations), return_exceptions=True
    )
    # every dial is brought to its end first: a round that is tried again must not run beside the one that failed
    if problems := [problem for problem in dials if problem is not None]:
        raise next((p for p in problems if not is_outage(p)), problems[0])
    return DialRound(
        len(reservations),
        len(selection.held),
        tuple((s.case_id, s.kind, s.reason) for s in selection.to_settle),
        away=away.is_set(),
    )


async def _reservations(connection, chosen: Chosen, book: RuleBook, now: datetime) -> list[Reservation]:
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
        speaker=Speaker(own.insurer_name, own.hotline, ROBOT_STAFF_NUMBER),
        now=now,
        today=business_date(now),
        new_id=lambda: uuid.uuid4().hex,
    )
    await keep_texts(connection, used.values(), now)
    return prepared


async def _dial(
    reservation: Reservation, phone: Phone, pace: Pace, clock: Clock, book: RuleBook, away: asyncio.Event
) -> None:
    await pace.turn()
    if away.is_set():
        return
    # The hours are asked again at the very instant: waiting for a turn may have outlasted them.
    now = clock.now()
    hold = may_dial_now(now, book.calendar, load_profile(reservation.profile))
    if hold == "QUIET_HOURS" or (hold is not None and not reservation.at_appointment):
        return
    async with db.transaction() as connection:
        if not await calls.reserve(connection, [reservation], now):
            return  # somebody else has this person, or the case moved on
    # From here on the attempt stands, whatever happens to this process.
    try:
        sid = await phone.place(reservation.call_id, vault().open(reservation.number_sealed))
    except Refused as e:
        result = "INVALID_NUMBER" if e.code in NUMBER_IS_WRONG else None
        async with db.transaction() as connection:
            await calls.rejected(connection, reservation.call_id, e.code, "REFUSED", clock.now(), result)
    except (NotSent, Busy) as e:
        # There is certainly no call: the attempt is given back, and the person may be rung when the carrier is back.
        away.set()
        async with db.transaction() as connection:
            await calls.rejected(connection, reservation.call_id, e.code, type(e).__name__.upper(), clock.now(), None)
    except (Ambiguous, PhoneError) as e:
        async with db.transaction() as connection:
            await calls.unknown(connection, reservation.call_id, str(e)[:200], clock.now())
    else:
        async with db.transaction() as connection:
            await calls.placed(connection, reservation.call_id, sid, clock.now())
