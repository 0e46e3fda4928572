"""A whole house for callback agents in one process: the desk, a carrier with simulated people, and the dialler between them.

Nothing is replaced: requests go over loopback, the database and its migrations are real. Time stands still while a test
acts, and passes moment by moment while it waits, so nothing depends on how fast a machine is.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
import sqlalchemy as sa

from clock import Clock

DAY = date(2026, 9, 24)
PASSWORD = "a long enough password"
LINES = {"meng": "sip:meng@desk.example", "qiao": "sip:qiao@desk.example", "shifu": "sip:shifu@desk.example"}
AGENTS = ("meng", "qiao")
# Simulated seconds: what passes between two looks, after which an open page asks again, and for which is waited at most.
MOMENT, ASKS_AGAIN, PATIENCE = 1.0, 20.0, 900.0
# A clock that as good as stands still; at 0 nobody who waits for it would ever go on.
STANDS = 0.001


@dataclass
class Seat:
    """One agent's browser, without a browser: signed in, with the token of his forms."""

    house: "House"
    login: str
    http: httpx.AsyncClient
    csrf: str = ""

    async def page(self) -> str:
        answer = await self.http.get("/agent")
        assert answer.status_code == 200, answer.text
        return answer.text

    async def do(self, act: str, **form: str) -> str:
        """Press a button; the note that comes back, if any."""
        answer = await self.http.post(f"/agent/{act}", data={"csrf": self.csrf, **form})
        assert answer.status_code == 303, answer.text[:2000]
        found = re.search(r"note=(\w+)", answer.headers["location"])
        return found.group(1) if found else ""

    async def until(self, stage: str) -> str:
        """The page once it stands there; with somebody to talk to, once there is something to say."""

        async def look() -> str:
            page = await self.page()
            there = f'data-stage="{stage}"' in page and (stage != "TALKING" or 'id="say"' in page)
            return page if there else ""

        return await self.house.wait_for(look, f"the page at {stage}")

    async def answer(self, **form: str) -> str:
        """Say what the page says, hear what the customer answers, and note `form`."""
        page = await self.page()
        turn = re.search(r'name="turn" value="(\d+)"', page)
        assert turn, "nothing can be answered now"
        await self.house.say(self.house.leg_of(self.login), question_on(page))
        return await self.do("answer", turn=turn.group(1), **form)

    async def on_the_line(self) -> tuple[str, str]:
        """Take the next case and ring it: (call id, agent call id) with the customer there."""
        assert await self.do("next") == ""
        await self.until("TAKEN")
        await self.do("dial")
        await self.until("TALKING")
        [row] = self.house.sql(
            "SELECT a.id, a.call_id FROM agent_calls a JOIN calls k ON k.id = a.call_id WHERE k.led_by = a.id AND a.state = 'JOINED'"
        )
        return row["call_id"], row["id"]

    async def prove_identity(self, call_id: str) -> None:
        """As the customer would tell it: by what is on file."""
        person = self.house.sheet_of(call_id)["person"]
        words = {"birth date": "birth_date", "last four": "id_last4", "district": "district"}
        for _ in range(8):
            page = await self.page()
            if "identity proven" in page:
                return
            label = re.search(r'for="words-\d+">([^<]*)<', page)
            wanted = next((known for word, known in words.items() if label and word in label.group(1)), None)
            if wanted == "birth_date":
                year, month, day = person[wanted].split("-")
                await self.answer(words=f"{year}年{int(month)}月{int(day)}日")
            elif wanted:
                await self.answer(words=person[wanted])
            else:
                await self.answer(key="1")
        raise AssertionError("identity was never proven")

    async def to_the_end(self) -> None:
        for _ in range(60):
            page = await self.page()
            if 'name="turn"' not in page:
                return
            if 'name="day"' in page:
                await self.answer(day="2026-09-12")
            else:
                await self.answer(key="1")
        raise AssertionError("the script never ended")


def question_on(page: str) -> str:
    """What the agent is to say."""
    return re.sub(r"<[^>]+>", "", page.split('id="say"')[1].split(">", 1)[1].split("</div>")[0]).strip()


@dataclass
class House:
    base: str
    clock: Clock
    exchange: Any
    control: httpx.AsyncClient
    engine: sa.Engine
    line: Any
    seats: dict[str, Seat] = field(default_factory=dict)
    _asked: float = 0.0

    # -- time

    async def pass_time(self, seconds: float = MOMENT) -> None:
        """For the carrier moment by moment, then for us; whoever waits for an agent is served, open pages ask again."""
        from tasks.agent_calls import serve_agents
        from tasks.pacing import Pace
        from telephony.agent_calls import AgentLines

        await self.exchange.advance(seconds)
        self.clock.set(self.exchange.clock.instant(), STANDS)
        self._asked += seconds
        if self._asked >= ASKS_AGAIN:
            self._asked = 0.0
            for login in AGENTS:
                await self.seats[login].http.get("/agent/live?seen=")
        await serve_agents(self.line, AgentLines(self.line), Pace(1e6, self.clock), self.clock)

    async def wait_for(self, look: Callable[[], Awaitable[Any]], what: str, moment: float = MOMENT) -> Any:
        """What `look` finds, at one moment after the other; fails once patience is at its end."""
        for _ in range(round(PATIENCE / moment)):
            if found := await look():
                return found
            await self.pass_time(moment)
        raise AssertionError(f"never: {what}")

    @asynccontextmanager
    async def running(self, speed: float) -> AsyncIterator[None]:
        """Time passes by itself, and the dialler stands by as it does in operation: for a real browser."""
        from tasks.agent_calls import serve_always
        from tasks.pacing import Pace
        from telephony.agent_calls import AgentLines

        now = self.exchange.clock.instant()
        self.exchange.clock.set(now, speed)
        self.clock.set(now, speed)
        served = serve_always(self.line, AgentLines(self.line), Pace(50, self.clock), self.clock)
        dialler = asyncio.create_task(served)
        try:
            yield
        finally:
            dialler.cancel()
            await asyncio.gather(dialler, return_exceptions=True)
            self.exchange.clock.set(None, 0.0)
            self.clock.set(self.exchange.clock.instant(), STANDS)

    # -- what is on record

    def sql(self, query: str, **values: Any) -> list[dict]:
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(query), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    def one(self, query: str, **values: Any) -> Any:
        [row] = self.sql(query, **values)
        return next(iter(row.values()))

    async def until(self, query: str, **values: Any) -> dict:
        """The first row, once there is one."""

        async def look() -> list[dict]:
            return self.sql(query, **values)

        return (await self.wait_for(look, query))[0]

    def kinds(self, call_id: str | None = None) -> list[str]:
        where = "WHERE call_id = :id" if call_id else ""
        values = {"id": call_id} if call_id else {}
        return [row["kind"] for row in self.sql(f"SELECT kind FROM events {where} ORDER BY id", **values)]

    def sheet_of(self, call_id: str) -> dict:
        from storage.vault import vault

        return json.loads(vault().open(bytes(self.one("SELECT sheet_sealed FROM calls WHERE id = :id", id=call_id))))

    def sid_of(self, call_id: str) -> str:
        return self.one("SELECT sid FROM calls WHERE id = :id", id=call_id)

    def leg_of(self, login: str) -> str:
        return self.one("SELECT sid FROM agent_legs WHERE login = :login AND state = 'JOINED'", login=login)

    def case_of(self, person_id: int) -> list[tuple[str, str, int]]:
        """State, owner and number of open orders of each of his cases."""
        found = self.sql(
            """SELECT c.state, c.owner, (SELECT count(*) FROM work_orders w WHERE w.case_id = c.id) AS orders
               FROM cases c WHERE c.person_id = :person ORDER BY c.id""",
            person=person_id,
        )
        return [(row["state"], row["owner"], row["orders"]) for row in found]

    def what_became_of(self, call_id: str) -> dict:
        """Of one call: its cases (state, owner), their orders (kind, reasons), and its recordings (state, channels)."""
        return {
            "cases": [
                (row["state"], row["owner"])
                for row in self.sql(
                    """SELECT c.state, c.owner FROM call_cases cc JOIN cases c ON c.id = cc.case_id
                       WHERE cc.call_id = :id ORDER BY c.id""",
                    id=call_id,
                )
            ],
            "orders": [
                (row["kind"], row["reasons"])
                for row in self.sql(
                    """SELECT w.kind, w.reasons FROM call_cases cc JOIN work_orders w ON w.case_id = cc.case_id
                       WHERE cc.call_id = :id ORDER BY w.id""",
                    id=call_id,
                )
            ],
            "recordings": [
                (row["state"], row["channels"])
                for row in self.sql(
                    "SELECT state, channels FROM recordings WHERE call_id = :id ORDER BY id", id=call_id
                )
            ],
        }

    def answers_of(self, call_id: str) -> list[dict]:
        return self.sql("SELECT step, answer, how, final FROM answers WHERE call_id = :id ORDER BY id", id=call_id)

    async def settled(self, call_id: str) -> dict:
        """What the call came to, by the same steps as every other: archived, then settled, then the carrier's copy gone."""
        from tasks.archiving import archive_recordings
        from tasks.settling import settle_ended_calls

        async def over() -> list[dict]:
            return self.sql("SELECT 1 FROM calls WHERE id = :id AND state = 'ENDED'", id=call_id)

        async def look() -> list[dict]:
            await archive_recordings.fn(self.line, self.clock)
            await settle_ended_calls.fn(self.clock)
            waiting = self.sql(
                "SELECT 1 FROM recordings WHERE call_id = :id AND state NOT IN ('CLEARED', 'LOST')", id=call_id
            )
            return [] if waiting else self.sql("SELECT * FROM settlements WHERE call_id = :id", id=call_id)

        await self.wait_for(over, "the call's end", 5 * MOMENT)
        return (await self.wait_for(look, "settled", 2 * MOMENT))[0]

    async def judged(self) -> tuple:
        from storage.judging import judge_stored, snapshot

        async with snapshot() as connection:
            return await judge_stored(connection, self.clock.now(), keys=())

    # -- people

    async def behave(self, address: str, behaviour: str | dict) -> None:
        answer = await self.control.put(f"/control/numbers/{address}", json={"behaviour": behaviour})
        assert answer.status_code < 300, answer.text

    async def hang_up(self, sid: str) -> None:
        """As the person at that telephone."""
        answer = await self.control.post(f"/control/calls/{sid}/hangup")
        assert answer.status_code < 300, answer.text

    async def say(self, sid: str, text: str) -> None:
        """By the person at that telephone; time passes until it is said, and whoever hears it has answered."""
        said = asyncio.create_task(self.control.post(f"/control/calls/{sid}/say", json={"text": text}))
        while not said.done():
            await self.exchange.advance(MOMENT)
        await self.pass_time()
        assert said.result().status_code == 200, said.result().text

    async def answer_the_robot(self, *replies: dict) -> None:
        """Every customer proves who he is, names the day and says yes to everything, save for `replies`."""
        for number, elements in self.customers():
            known = [{"when": word, "press": keys} for word, keys in elements.items()]
            day = {"when": "几月几号", "say": "九月十二号"}
            await self.behave(number, {"replies": [*replies, *known, day], "default": {"press": "1"}})

    async def let_robot_ring(self, *replies: dict) -> str:
        """The robot rings one person, who answers as in `answer_the_robot`. Returns the call."""
        from tasks.dialling import dial_round
        from tasks.pacing import Pace

        # young enough for the robot
        self.sql("UPDATE persons SET birth_date = '1990-01-01'")
        await self.answer_the_robot(*replies)
        assert (await dial_round.fn(self.line, Pace(1e6, self.clock), self.clock)).dialled == 1
        return self.one("SELECT id FROM calls WHERE state <> 'ENDED'")

    def customers(self) -> list[tuple[str, dict[str, str]]]:
        """Every number, with what its owner is asked to prove himself with and presses."""
        from rules.contracts import from_json, identity_elements
        from storage.vault import vault

        found = []
        for row in self.sql(
            "SELECT k.facts, k.personal_sealed, n.number_sealed FROM contracts k JOIN contract_phones n USING (policy_no)"
        ):
            personal = json.loads(vault().open(bytes(row["personal_sealed"])))
            known = identity_elements(from_json({**row["facts"], **personal}), DAY)
            elements = {}
            if born := known.get("birth_date"):
                elements["出生"] = str(born).replace("-", "")[:8]
            if last := known.get("id_last4"):
                elements["后四位"] = last
            found.append((vault().open(bytes(row["number_sealed"])).partition(";")[0], elements))
        return found
