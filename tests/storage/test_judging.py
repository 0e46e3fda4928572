"""The judge over what storage itself wrote: a real call from the list to its settlement, on a real database."""

from datetime import date, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text

from rules.answers import Answer
from rules.branches import Branch, Organisation, inbox_branch
from rules.calendar import shanghai
from rules.call_sheet import CallSheet, PersonFacts
from rules.contracts import cells_from_json
from rules.conversation import Progress
from rules.outcomes import mandatory_items
from rules.settlement import settle
from scripts.calendars import seeded_calendar
from scripts.house import House
from scripts.rule_profiles import load_profile
from storage import (
    calls,
    carrier_news,
    class_overrides,
    contract_lists,
    conversations,
    judging,
    recordings,
    settlements,
)
from storage.calls import Reservation
from storage.contract_batches import Basis
from storage.conversations import Conversation
from storage.db import rows, transaction
from storage.events import record
from storage.judging import histories, judge_stored, read_events
from storage.ledger import seal_events
from storage.organisation import store_organisation
from storage.vault import vault

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()
TODAY = date(2026, 9, 24)
MORNING = shanghai(TODAY).replace(hour=10)
EVENING = shanghai(TODAY).replace(hour=22)
TREE = Organisation((Branch("00", "总公司", None, "HEAD_OFFICE"), Branch("4401", "榕城支公司", "00", "COUNTY")))
INBOX = partial(inbox_branch, tree=TREE)
ITEMS = mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)
SHEET = CallSheet(PersonFacts("王芳", "F", "女士", None, None, None), (), "示例人寿", "95000", "8001", TODAY)


@pytest.fixture
async def cases(database) -> dict[str, tuple[int, int]]:
    """Policies P1 and P2 of two people, taken from a list: policy number → (case id, person id)."""
    given = [
        {
            "policy_no": policy, "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
            "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL",
            "premium_term_years": "5", "premium": "12000", "underwritten_on": "2026-09-10",
            "receipt_signed_on": "2026-09-14", "receipt_written_off_on": "2026-09-15", "policyholder_name": "王芳",
            "policyholder_type": "PERSON", "policyholder_id_no": number, "mobile": mobile, "agent_code": "A1",
            "address": "岭南省榕城市东湖区一路1号", "branch_code": "4401", "status": "IN_FORCE",
        }
        for policy, number, mobile in (
            ("P1", "11010519491231002X", "13900000001"), ("P2", "110105194912310038", "13900000002"),
        )
    ]  # fmt: skip
    async with transaction() as c:
        await store_organisation(c, TREE)
    await contract_lists.take(
        [(row, cells_from_json(one), False) for row, one in enumerate(given, start=2)],
        source="test", name="test", digest="list",
        basis=Basis(MORNING - timedelta(hours=1), CALENDAR, House(TREE)),
    )  # fmt: skip
    async with transaction() as c:
        return {r["policy_no"]: (r["id"], r["person_id"]) for r in await rows(c, "SELECT * FROM cases")}


async def reserve(call_id: str, case: tuple[int, int], now: datetime, number="13900000001") -> None:
    case_id, person_id = case
    async with transaction() as c:
        kept = await calls.reserve(
            c,
            [
                Reservation(
                    call_id, person_id, vault().fingerprint(f"phone:+86{number}"), vault().seal(f"+86{number}"),
                    (case_id,), False, "bank-participating-regular@1", NATIONAL.id, vault().seal("{}"),
                )
            ],
            now,
        )  # fmt: skip
    assert kept == {call_id}


async def news(call_id: str, status: str, sequence: int, now: datetime) -> None:
    async with transaction() as c:
        await carrier_news.status_news(
            c, call_id=call_id, sid=f"CA-{call_id}", status=status, sequence=sequence, sip_code=None, answered_by=None,
            duration=60, body={}, now=now,
        )  # fmt: skip


async def say(call_id: str, case_id: int, number: int, identity: str, tells: bool, answers, now: datetime) -> None:
    about = ({"policy_no": "P1"}, {})
    rows_ = tuple(Answer(step, said, **about[step[:1] not in "MN"]) for step, said in answers)
    sheet = CallSheet.from_json({**SHEET.to_json(), "policies": [policy_facts(case_id)]})
    async with transaction() as c:
        stored = await conversations.save_turn(
            c,
            Conversation(call_id, "ANSWERED", f"CA-{call_id}", "bank-participating-regular@1", sheet, None, number - 1),
            sid=f"CA-{call_id}", progress=Progress(turn=number, step="M1", identity=identity), answers=rows_,
            said=[{"step": "M1", "id": "M1.ask", "discloses": True} if tells else {"step": "C1", "id": "C1.ask", "discloses": False}], over=False, answered_by="human", now=now,
        )  # fmt: skip
    assert stored


def policy_facts(case_id: int) -> dict:
    return {
        "policy_no": "P1", "case_id": case_id, "product_type": "PARTICIPATING", "product_name": "长青",
        "premium_mode": "ANNUAL", "premium": "12000", "premium_term_years": 5, "policy_term": "20",
        "channel": "BANCASSURANCE", "outlet": None, "receipt_signed_on": "2026-09-14", "nominal_end": "2026-09-29",
        "surrender_deadline": "2026-09-29", "cooling_off_days": 15, "provisional": False, "next_due_on": None,
    }  # fmt: skip


async def keep_recording(call_id: str, now: datetime) -> None:
    async with transaction() as c:
        await carrier_news.recording_news(
            c, call_id=call_id, sid=f"CA-{call_id}", recording=f"RE-{call_id}", status="completed", url="u", seconds=60,
            channels=2, problem=None, body={}, now=now,
        )  # fmt: skip
        [waiting] = await recordings.claim(c, now, 60, 10)
        await recordings.verified(
            c, waiting.id, now, object_key=f"recordings/{call_id}", version_id="v", sha256="0" * 64,
            retain_until=shanghai(date(2046, 9, 25)),
        )  # fmt: skip


async def settle_all(now: datetime) -> int:
    async with transaction() as c:
        ended = await settlements.ended_calls(c)
        decided = [(e, settle(e.contact, profile=NATIONAL, calendar=CALENDAR, inbox_branch=INBOX)) for e in ended]
        if decided:
            await settlements.save(c, decided, now)
        return len(decided)


async def whole_call(cases, *, tells_at=1, item="N3", said="NO", begins=MORNING) -> None:
    """Policy P1 is rung and answers; the first turn proves nobody's identity, the second does."""
    case = cases["P1"]
    await reserve("call1", case, begins)
    await news("call1", "in-progress", 1, begins)
    await say("call1", case[0], 0, "UNPROVEN", tells_at == 0, (), begins)
    await say("call1", case[0], 1, "PROVEN", tells_at == 1, [("C1", "YES"), ("I1", "YES")], begins)
    await say("call1", case[0], 2, "PROVEN", True, [(i, said if i == item else "YES") for i in ITEMS], begins)
    await news("call1", "completed", 2, begins + timedelta(minutes=4))
    await keep_recording("call1", begins + timedelta(minutes=5))
    assert await settle_all(begins + timedelta(minutes=6)) == 1


async def broken(now=EVENING, since=None) -> list[tuple[int, int | None]]:
    async with transaction() as c:
        return [(b.promise, b.case_id) for b in await judge_stored(c, now, since)]


async def test_what_storage_writes_breaks_nothing(cases):
    await whole_call(cases)
    assert await broken() == []
    async with transaction() as c:
        kinds = {event.kind for event in await read_events(c)}
    assert {
        "CASE_OPENED",
        "CALL_RESERVED",
        "TURN",
        "CALL_ENDED",
        "RECORDING_VERIFIED",
        "SETTLED",
        "ORDER_ISSUED",
    } <= kinds


async def test_an_empty_database_breaks_nothing(database):
    assert await broken() == []


async def test_dialled_by_night(cases):
    await whole_call(cases, begins=shanghai(TODAY).replace(hour=3))
    assert await broken() == [(1, cases["P1"][0])]


async def test_told_before_identity(cases):
    await whole_call(cases, tells_at=0)
    assert await broken() == [(3, cases["P1"][0])]


async def test_an_ended_call_that_nobody_settles(cases):
    await reserve("call1", cases["P1"], MORNING)
    await news("call1", "no-answer", 1, MORNING + timedelta(minutes=1))
    assert await broken(MORNING + timedelta(minutes=30)) == []
    assert await broken() == [(4, cases["P1"][0])]
    assert await settle_all(MORNING + timedelta(minutes=2)) == 1
    assert await broken() == []


async def test_a_limit_that_nobody_chases(cases):
    await whole_call(cases, item="M1", said="OBJECT")
    await seal_events(EVENING)
    assert await broken(EVENING + timedelta(days=30)) == [(7, cases["P1"][0])] * 2  # neither marked nor escalated


async def test_since_reads_whole_histories_and_names_what_came_after(cases):
    for n, clock in enumerate((9, 12, 18)):
        begins = shanghai(TODAY).replace(hour=clock)
        await reserve(f"call{n}", cases["P2"], begins, "13900000002")
        await news(f"call{n}", "no-answer", 1, begins + timedelta(minutes=1))
        await settle_all(begins + timedelta(minutes=2))
    await reserve("other", cases["P1"], shanghai(TODAY).replace(hour=8))
    third = [(1, cases["P2"][0])]
    assert sorted(await broken()) == sorted([*third, (1, cases["P1"][0])])
    assert await broken(since=shanghai(TODAY).replace(hour=17)) == third  # counted from the first of the day
    assert await broken(since=shanghai(TODAY).replace(hour=19)) == []
    async with transaction() as c:
        read = [event async for h in histories(c, shanghai(TODAY).replace(hour=17)) for event in h.events]
    assert {event.call_id for event in read} == {None, "call0", "call1", "call2"}
    assert {event.case_id for event in read} <= {None, cases["P2"][0]}


async def overridden(cases) -> int:
    """A call that came to a question over fees is heard again and found standard: the other way round is a question."""
    await whole_call(cases, item="M1", said="YES")
    async with transaction() as c:
        [settled] = await rows(c, 'SELECT id, "class" FROM settlements')
        assert settled["class"] == "STANDARD"
        override = await class_overrides.propose(
            c, settled["id"], "QUESTION", why="heard again", reasons=["FEES_UNCLEAR"], orders="KEEP", user="lead",
            now=MORNING + timedelta(hours=1),
        )  # fmt: skip
    async with transaction() as c:
        await class_overrides.confirm(c, override, "quality", MORNING + timedelta(hours=2), CALENDAR)
        assert await rows(c, "SELECT id FROM work_orders WHERE kind = 'QUESTION'")
    return cases["P1"][0]


async def altered(sql: str) -> None:
    async with transaction() as c:
        await c.execute(text("ALTER TABLE events DISABLE TRIGGER ALL"))
        assert (await c.execute(text(sql))).rowcount
        await c.execute(text("ALTER TABLE events ENABLE TRIGGER ALL"))


async def test_a_class_that_two_people_overrode_breaks_nothing(cases):
    await overridden(cases)
    assert await broken() == []


@pytest.mark.parametrize(
    ("promise", "sql"),
    [
        (6, """UPDATE events SET data = data || '{"confirmed_by" : "lead"}' WHERE kind = 'CLASS_OVERRIDDEN'"""),
        (6, """UPDATE events SET data = data || '{"derived" : "VERIFICATION"}' WHERE kind = 'CLASS_OVERRIDDEN'"""),
        (7, "DELETE FROM events WHERE kind = 'CLASS_OVERRIDDEN'"),
        (
            7,
            """UPDATE events SET data = data || '{"due_at" : "2026-12-31T23:59:59+08:00"}' WHERE kind = 'ORDER_ISSUED'""",
        ),
        (7, """UPDATE events SET data = data || '{"working_days" : 9}' WHERE kind = 'ORDER_ISSUED'"""),
    ],
)
async def test_a_class_overridden_by_one_or_an_order_that_does_not_follow(cases, promise, sql):
    case_id = await overridden(cases)
    await altered(sql)
    assert await broken() == [(promise, case_id)]


async def test_people_are_judged_in_groups_of_any_size(cases, monkeypatch):
    """Those who share a number stay together: its limit holds for both."""
    for n, (policy, clock) in enumerate((("P1", 9), ("P2", 12), ("P1", 18))):
        begins = shanghai(TODAY).replace(hour=clock)
        await reserve(f"call{n}", cases[policy], begins, "13900000001")
        await news(f"call{n}", "no-answer", 1, begins + timedelta(minutes=1))
        await settle_all(begins + timedelta(minutes=2))
    found = await broken()
    assert found == [(1, cases["P1"][0])]
    monkeypatch.setattr(judging, "GROUP", 1)
    assert await broken() == found
    assert await broken(since=shanghai(TODAY).replace(hour=17)) == found


async def test_what_belongs_to_nobody_is_judged_too(database):
    async with transaction() as c:
        await record(c, "ORDER_ISSUED", MORNING, case_id=9, order_id=1, kind="QUESTION")
        await record(c, "RECORDING_CLEARED", MORNING, call_id="stray", recording="RE")
    assert {promise for promise, _ in await broken()} == {7, 9, 10}
