"""One simulated morning on which everybody who is rung meets a fault of his own, seen from our side and from the carrier's.

The desk, the carrier, the database, the archive and the tasks are the real ones, in one process and on loopback. The day runs
once; the tests look at what it left.
"""

import asyncio
import contextlib
import importlib.util
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from clock import Clock
from tests.loopback import LaterApp, served
from tests.numbered_faults.looks import BEGINNING
from tests.numbered_faults.plans import Plan

ROOT = Path(__file__).parents[2]
# simulated seconds that pass before our tasks look again
STEP = 10.0
# simulated seconds after which what is still open is looked at as it is
PATIENCE = 3600.0
OLDER_TOKEN = "0" * 31 + "1"


def _working_calls():
    name = "working_calls"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


@dataclass
class Seen:
    """What the day left of one person. `calls` oldest first, each with its `recordings`, `answers` and `events`; `news`: what
    was taken from the carrier; `alarms`: those that stood while he was rung, `alarms_left` those that still do."""

    plan: Plan
    case: dict
    calls: list[dict]
    orders: list[dict]
    settlements: list[dict]
    phones: list[dict]
    news: list[dict]
    broken: list[str]
    log: list[dict]
    alarms: frozenset[str]
    alarms_left: frozenset[str]

    @property
    def call(self) -> dict:
        return self.calls[-1]

    def struck(self, name: str) -> list[dict]:
        return [event for event in self.log if event["event"] == "fault" and event["fault"] == name]

    @property
    def said(self) -> list[tuple[str, str]]:
        """Step and answer, in the order given."""
        return [(answer["step"], answer["answer"]) for call in self.calls for answer in call["answers"]]


@dataclass
class Day:
    seen: dict[str, Seen] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    seconds: float = 0.0
    open_work: str = ""


class Morning:
    """The day while it runs."""

    def __init__(self, plans: tuple[Plan, ...], clock, exchange, carrier: str, line):
        self.plans, self.clock, self.exchange, self.line = plans, clock, exchange, line
        self.control = httpx.AsyncClient(base_url=carrier, trust_env=False, timeout=20)
        self.people: dict[str, dict] = {}
        self.alarms: set[str] = set()
        self.alarms_of: dict[str, frozenset[str]] = {}

    async def sql(self, query: str, **values) -> list[dict]:
        from sqlalchemy import text

        from storage import db

        async with db.transaction() as connection:
            found = await connection.execute(text(query), values)
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    async def invite(self) -> None:
        """Give each plan a person, and everybody's telephone its owner."""
        from rules.routes import Caller
        from storage import agent_seats, db
        from storage.candidates import read_pool
        from storage.vault import vault
        from tasks.rule_book import rule_book

        book, now = await rule_book(), self.clock.now()
        async with db.transaction() as connection:
            pool = await read_pool(connection, now, book.shelf.name_for)
            people, taken = await agent_seats.duty(connection, agent_seats.seen_since(now, self.clock.speed), now)
        chosen = book.select(pool, now, None, Caller("robot", people, taken=taken)).selection
        may_be_rung = {one.person_id for one in chosen.callable}
        found = await self.sql(
            """SELECT c.id AS case_id, c.person_id, coalesce(c.handover_at <= :now, false) AS late,
                      (SELECT array_agg(o.number_sealed ORDER BY o.place) FROM contract_phones o
                       WHERE o.policy_no = c.policy_no) AS sealed
               FROM cases c
               WHERE c.state = 'CALLABLE' AND (SELECT count(*) FROM cases o WHERE o.person_id = c.person_id) = 1
               ORDER BY c.id""",
            now=now + timedelta(hours=12),
        )
        free = [row | {"numbers": [vault().open(bytes(n)) for n in row["sealed"]]} for row in found]
        free = [row for row in free if row["person_id"] in may_be_rung and ";" not in "".join(row["numbers"])]
        behaviours, rows = {}, []
        # the particular first, or there may be none left
        for plan in sorted(self.plans, key=lambda one: (one.phones, one.late is not None), reverse=True):
            row = next((row for row in free if plan.fits(len(row["numbers"]), row["late"])), None)
            assert row is not None, f"{len(found)} people are too few for {len(self.plans)} plans"
            free.remove(row)
            self.people[plan.id] = row | {"plan": plan, "number": row["numbers"][0]}
            facts = self.facts[row["numbers"][0]]
            behaviours |= {number: {"behaviour": plan.behaviour, "facts": facts} for number in row["numbers"]}
            rows += [{"number": row["numbers"][0], **fault} for fault in plan.rows]
        (await self.control.put("/control/numbers", json=behaviours)).raise_for_status()
        (await self.control.put("/control/faults", json=rows)).raise_for_status()
        # nobody but the invited is rung, and those who are rung alone not yet
        await self.sql("UPDATE cases SET owner = 'BRANCH' WHERE owner = 'HEAD_OFFICE'")
        await self.admit(*(p.id for p in self.plans if not p.alone))

    async def admit(self, *ids: str) -> None:
        cases = [self.people[plan_id]["case_id"] for plan_id in ids]
        await self.sql("UPDATE cases SET owner = 'HEAD_OFFICE' WHERE id = ANY(:cases)", cases=cases)

    async def ring(self) -> None:
        """What flows/place_calls.py does in one look."""
        from storage.controls import STOPPED
        from tasks.dialling import Pace, dial_round
        from tasks.settling import settle_without_call
        from tasks.sweeping import take_back_unanswered

        # calls come about while others are still being placed
        going = asyncio.create_task(self._go_on())
        done = await dial_round.fn(self.line, Pace(1e6, self.clock), self.clock)
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
        await settle_without_call.fn(done.to_settle, self.clock)
        if done.switch == STOPPED:
            await take_back_unanswered.fn(self.line, self.clock)

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            await self.exchange.advance(0.5)

    async def pass_time(self, seconds: float) -> None:
        """For the carrier moment by moment, for us at once; nobody's pace depends on the machine's."""
        await self.exchange.advance(seconds)
        self.clock.set(self.exchange.clock.instant(), 0.001)

    async def work(self) -> None:
        """What the flows do beside the dialling, once."""
        from tasks.archiving import archive_recordings
        from tasks.settling import settle_ended_calls
        from tasks.sweeping import sweep_calls, sweep_recordings
        from telephony.errors import PhoneError

        for step in (sweep_calls, sweep_recordings, archive_recordings):
            # a flow says so, and comes again
            with contextlib.suppress(PhoneError):
                await step.fn(self.line, self.clock)
        while await settle_ended_calls.fn(self.clock):
            pass
        self.alarms |= {row["name"] for row in await self.sql("SELECT name FROM alarms")}

    async def until_quiet(self, seconds: float, acts: dict | None = None) -> str:
        """Until nothing is open any more; what is, when the patience ends."""
        waited = 0.0
        quiet = 0
        while True:
            await self.ring()
            await self.pass_time(STEP)
            waited += STEP
            await self.work()
            for plan_id, act in list((acts or {}).items()):
                if await act(plan_id):
                    del acts[plan_id]
            open_calls = await self.sql(
                "SELECT id, state, settled_at FROM calls WHERE state <> 'REJECTED' AND (state <> 'ENDED' OR settled_at IS NULL)"
            )
            open_recordings = await self.sql(
                "SELECT id, state, problem FROM recordings WHERE state NOT IN ('CLEARED', 'LOST')"
            )
            live = [call.to for call in self.exchange.calls.values() if not call.over.is_set()]
            busy = open_calls or open_recordings or live or self.exchange._tasks or acts
            quiet = 0 if busy else quiet + 1
            if quiet >= 3:  # what was given back has had its chance
                return ""
            if waited > seconds:
                return f"{open_calls} {open_recordings} {live}"

    # -- what is done to a live call

    def _live(self, plan_id: str):
        number = self.people[plan_id]["number"]
        return next((c for c in self.exchange.calls.values() if c.to == number), None)

    async def _throw(self, value: str) -> None:
        from storage import controls, db

        async with db.transaction() as connection:
            await controls.throw(connection, controls.DIALLER, value, "tests", self.clock.now())

    async def stop_campaign(self, plan_id: str) -> bool:
        """Stopped while the call is queued, and begun again once that call is over."""
        call = self._live(plan_id)
        if call is None:
            return False
        await self._throw("RUN" if call.over.is_set() else "STOPPED")
        return call.over.is_set()

    async def cancel(self, plan_id: str) -> bool:
        call = self._live(plan_id)
        if call is None or call.seconds < 150:
            return False
        await self.line.cancel(call.sid)
        return True

    async def restart_ringing(self, plan_id: str) -> bool:
        call = self._live(plan_id)
        return call is not None and call.status == "ringing" and await self._restart()

    async def restart(self, plan_id: str) -> bool:
        call = self._live(plan_id)
        return call is not None and call.seconds >= 150 and await self._restart()

    async def _restart(self) -> bool:
        (await self.control.post("/control/restart")).raise_for_status()
        return True

    async def run(self) -> str:
        problems = await self.until_quiet(PATIENCE, self._acts(*(p for p in self.plans if not p.alone)))
        self.alarms_of |= {p.id: frozenset(self.alarms) for p in self.plans}
        for plan in self.plans:
            if plan.alone:
                # meanwhile nobody else is left to be rung whom its fault would meet as well
                self.alarms = set()
                await self.admit(plan.id)
                problems += await self.until_quiet(PATIENCE, self._acts(plan))
                self.alarms_of[plan.id] = frozenset(self.alarms)
        return problems

    def _acts(self, *plans: Plan) -> dict:
        return {plan.id: getattr(self, plan.act.replace("-", "_")) for plan in plans if plan.act}

    async def look(self, day: Day) -> None:
        from storage.judging import judge_stored, snapshot

        async with snapshot() as connection:
            broken = await judge_stored(connection, self.clock.now(), keys=())
        left = frozenset(row["name"] for row in await self.sql("SELECT name FROM alarms"))
        day.broken = [f"{b.promise}: {b.message_en}" for b in broken]
        for plan_id, person in self.people.items():
            case = person["case_id"]
            calls = await self.sql(
                """SELECT k.*, (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.id), '[]') FROM recordings r WHERE r.call_id = k.id)
                     AS recordings,
                   (SELECT coalesce(jsonb_agg(jsonb_build_object('step', a.step, 'answer', a.answer) ORDER BY a.id), '[]')
                    FROM answers a WHERE a.call_id = k.id) AS answers,
                   (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', e.kind, 'data', e.data) ORDER BY e.id), '[]')
                    FROM events e WHERE e.call_id = k.id) AS events
                   FROM calls k WHERE k.person_id = :person ORDER BY k.reserved_at""",
                person=person["person_id"],
            )
            [row] = await self.sql("SELECT * FROM cases WHERE id = :case", case=case)
            day.seen[plan_id] = Seen(
                person["plan"], row, calls,
                await self.sql("SELECT * FROM work_orders WHERE case_id = :case ORDER BY id", case=case),
                await self.sql("SELECT * FROM settlements WHERE case_id = :case ORDER BY id", case=case),
                await self.sql("SELECT * FROM contract_phones WHERE person_id = :id ORDER BY place", id=person["person_id"]),
                await self.sql(
                    """SELECT * FROM carrier_events WHERE call_id IN (SELECT id FROM calls WHERE person_id = :id)
                       ORDER BY id""",
                    id=person["person_id"],
                ),
                [f"{b.promise}: {b.message_en}" for b in broken if b.case_id == case],
                [event for number in person["numbers"] for event in self.exchange.log.read(number=number)["events"]],
                self.alarms_of[plan_id],
                left,
            )  # fmt: skip


async def spend(
    day: Day, plans: tuple[Plan, ...], contracts: int, folder: Path, environment: pytest.MonkeyPatch
) -> None:
    """Let the morning pass. Of `contracts` enough must be such as may be rung on it."""
    from settings import settings
    from storage import db
    from storage.archive import archive
    from storage.branch_files import read_organisation
    from storage.sample_lists import facts, generate
    from storage.vault import vault
    from tasks.sweeping import open_the_day
    from telephony.carrier.app import create_app as create_carrier
    from telephony.carrier.exchange import CarrierConfig
    from telephony.twilio_phone import twilio_phone

    working = _working_calls()
    made = (settings, archive, vault)
    for cached in made:
        cached.cache_clear()
    clock = Clock(folder / "clock.json")
    clock.file.write_text('{"wall": 0, "sim": 0, "speed": 1}')
    clock.set(BEGINNING, 0.001)
    environment.setenv("HUIFANG_CLOCK_FILE", str(clock.file))
    await working.take_contracts(folder, contracts, clock)
    organisation = read_organisation(ROOT / "samples" / "branches.csv")
    told: dict[str, dict] = {}
    for row in generate(contracts, 1, working.DAY, organisation, False):
        told |= facts(row)
    own, later = settings(), LaterApp()
    carrier = create_carrier(
        CarrierConfig(
            account_sid=own.twilio_account_sid, auth_token=own.twilio_auth_token.get_secret_value(),
            second_token=OLDER_TOKEN, speed=0.0, seed=7, state=folder,
        )
    )  # fmt: skip
    async with served(carrier) as carrier_at, served(later) as desk_at:
        for name, value in {
            "TWILIO_BASE_URL": carrier_at, "PUBLIC_URL": desk_at, "TWILIO_CPS": "100", "TWILIO_CONCURRENT": "30",
            "TWILIO_TIMEOUT": "8", "TWILIO_AUTH_TOKEN_PREVIOUS": OLDER_TOKEN,
        }.items():  # fmt: skip
            environment.setenv(f"HUIFANG_{name}", value)
        settings.cache_clear()
        archive().ensure_bucket()
        from desk.app import create_app

        later.app = create_app()
        async with twilio_phone() as line:
            morning = Morning(plans, clock, carrier.app.state.exchange, carrier_at, line)
            morning.facts = told
            await open_the_day.fn(clock)
            await morning.invite()
            morning.exchange.clock.set(clock.now())
            # sounds of the right length and loudness do; a synthesiser would take most of the time
            morning.exchange.voices.espeak = None
            began = time.monotonic()
            day.open_work = await morning.run()
            day.seconds = time.monotonic() - began
            await morning.look(day)
            await morning.control.aclose()
    await db.dispose()
    for cached in made:
        cached.cache_clear()
