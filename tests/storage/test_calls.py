"""The life of a dial on a real database: at most one open attempt a person, only forward, nothing twice."""

from datetime import timedelta

import pytest

from storage import calls, carrier_news
from storage.calls import Reservation
from storage.db import rows, transaction
from storage.vault import vault


def reservation(call_id, person_id, *case_ids, number="+8616012345678"):
    return Reservation(
        call_id, person_id, vault().fingerprint(f"phone:{number}"), vault().seal(number), case_ids, False,
        "bank-participating-regular@1", "national@1", vault().seal("{}"),
    )  # fmt: skip


async def one(sql, **values):
    async with transaction() as c:
        return (await rows(c, sql, **values))[0]


async def call(call_id):
    return await one("SELECT state, sid, result, carrier_status, duration FROM calls WHERE id = :id", id=call_id)


async def kinds(call_id):
    async with transaction() as c:
        return [r["kind"] for r in await rows(c, "SELECT kind FROM events WHERE call_id = :id ORDER BY id", id=call_id)]


async def news(call_id, status, sequence, sid="CA1", duration=None, now=None):
    async with transaction() as c:
        return await carrier_news.status_news(
            c, call_id=call_id, sid=sid, status=status, sequence=sequence, sip_code=None, answered_by=None,
            duration=duration, body={}, now=now,
        )  # fmt: skip


async def test_a_person_has_at_most_one_open_attempt(a_case, now):
    first, person = await a_case("P1")
    second, _ = await a_case("P2", number="+8616000000002")
    async with transaction() as c:
        assert await calls.reserve(c, [reservation("a", person, first)], now) == {"a"}
    async with transaction() as c:
        assert await calls.reserve(c, [reservation("b", person, second)], now) == set()
    assert (await one("SELECT state FROM cases WHERE id = :id", id=second))["state"] == "CALLABLE"


async def test_two_diallers_at_the_same_instant_reserve_once(a_case, now):
    import asyncio

    case, person = await a_case()

    async def try_it(name):
        async with transaction() as c:
            return await calls.reserve(c, [reservation(name, person, case)], now)

    reserved = await asyncio.gather(*(try_it(f"c{n}") for n in range(8)), return_exceptions=True)
    assert sum(len(r) for r in reserved if isinstance(r, set)) == 1


@pytest.mark.parametrize("state", ["AT_BRANCH", "CLOSED", "IN_CALL", "NOT_REQUIRED", "ASLEEP"])
async def test_a_case_that_moved_on_is_not_reserved(a_case, now, state):
    case, person = await a_case(state=state)
    async with transaction() as c:
        assert await calls.reserve(c, [reservation("a", person, case)], now) == set()


async def test_one_call_covers_both_policies_of_a_person_or_neither(a_case, now):
    first, person = await a_case("P1")
    second, _ = await a_case("P2", state="CLOSED")
    async with transaction() as c:
        assert await calls.reserve(c, [reservation("a", person, first, second)], now) == set()
    assert (await one("SELECT state FROM cases WHERE id = :id", id=first))["state"] == "CALLABLE"


async def test_a_callback_that_outruns_the_dials_answer_binds_the_call(a_call, now):
    await a_call()
    assert await news("call1", "ringing", 1, now=now)
    assert (await call("call1"))["state"] == "RINGING"
    async with transaction() as c:
        await calls.placed(c, "call1", "CA1", now)
    found = await call("call1")
    assert (found["state"], found["sid"]) == ("RINGING", "CA1")


async def test_news_in_any_order_and_twice_moves_only_forward(a_call, now):
    await a_call()
    order = [
        ("completed", 3, 61),
        ("ringing", 1, None),
        ("in-progress", 2, None),
        ("initiated", 0, None),
        ("completed", 3, 61),
    ]
    fresh = [await news("call1", status, n, duration=d, now=now) for status, n, d in order]
    assert fresh == [True, True, True, True, False]
    assert await call("call1") == {
        "state": "ENDED", "sid": "CA1", "result": None, "carrier_status": "completed", "duration": 61,
    }  # fmt: skip
    assert (await kinds("call1")).count("CALL_ENDED") == 1


@pytest.mark.parametrize(
    ("news_in_turn", "answered", "told"),
    [
        ([("in-progress", 2, None), ("completed", 3, 61)], True, ["CALL_ANSWERED", "CALL_ENDED"]),
        # the word of the answer was lost, or comes behind that of the end
        ([("completed", 3, 61)], True, ["CALL_ANSWERED", "CALL_ENDED"]),
        ([("completed", 3, 61), ("in-progress", 2, None)], True, ["CALL_ANSWERED", "CALL_ENDED"]),
        ([("completed", 3, 0), ("in-progress", 2, None)], True, ["CALL_ENDED", "CALL_ANSWERED"]),
        ([("completed", 3, 0)], False, ["CALL_ENDED"]),
        ([("no-answer", 3, 0)], False, ["CALL_ENDED"]),
    ],
)
async def test_that_somebody_answered_is_told_once_by_whoever_says_so_first(a_call, now, news_in_turn, answered, told):
    await a_call()
    for status, n, duration in news_in_turn:
        await news("call1", status, n, duration=duration, now=now)
    found = await one("SELECT answered_at FROM calls WHERE id = 'call1'")
    assert (found["answered_at"] is not None) is answered
    assert [kind for kind in await kinds("call1") if kind != "CALL_RESERVED"] == told


async def test_what_was_settled_as_unanswered_stays_so(a_call, now):
    await a_call()
    await news("call1", "completed", 3, duration=0, now=now)
    async with transaction() as c:
        await rows(c, "UPDATE calls SET settled_at = :now WHERE id = 'call1' RETURNING id", now=now)
    await news("call1", "in-progress", 2, now=now)
    assert (await one("SELECT answered_at FROM calls WHERE id = 'call1'"))["answered_at"] is None
    assert "CALL_ANSWERED" not in await kinds("call1")


async def test_a_call_that_the_carrier_forgot_is_over(a_call, now):
    await a_call()
    await news("call1", "ringing", 1, now=now)
    async with transaction() as c:
        await calls.gone(c, "call1", "UNKNOWN_TO_CARRIER", now)
        await calls.gone(c, "call1", "UNKNOWN_TO_CARRIER", now)
    assert (await call("call1"))["state"] == "ENDED"
    assert (await kinds("call1")).count("CALL_ENDED") == 1
    assert await overdue(now) == []


async def overdue(now):
    async with transaction() as c:
        return await calls.overdue_calls(c, now + timedelta(hours=1), 180)


async def test_news_of_another_carrier_call_does_not_touch_ours(a_call, now):
    await a_call()
    await news("call1", "ringing", 1, now=now)
    await news("call1", "completed", 9, sid="CA_OTHER", now=now)
    assert (await call("call1"))["state"] == "RINGING"


async def test_news_of_a_call_we_do_not_know_is_kept_and_harmless(database, now):
    assert await news("nobody", "completed", 3, now=now)
    assert (await one("SELECT count(*) AS n FROM carrier_events WHERE call_id = 'nobody'"))["n"] == 1


async def test_a_refused_number_is_struck_and_the_case_is_free_again(a_call, now):
    _, case, _ = await a_call()
    async with transaction() as c:
        await calls.rejected(c, "call1", 21211, "REFUSED", now, "INVALID_NUMBER")
    assert (await call("call1"))["state"] == "REJECTED"
    assert (await one("SELECT state FROM cases WHERE id = :id", id=case))["state"] == "CALLABLE"
    assert (await one("SELECT dead FROM contract_phones"))["dead"] is True


@pytest.mark.parametrize(
    ("status", "result"), [("busy", "BUSY_LINE"), ("no-answer", "NO_ANSWER"), ("completed", "DROPPED")]
)
async def test_an_attempt_given_back_that_rang_after_all_is_settled_and_leaves_its_case_alone(
    a_call, now, status, result
):
    from rules.settlement import settle
    from scripts.calendars import seeded_calendar
    from scripts.rule_profiles import load_profile
    from storage import settlements

    _, case, _ = await a_call()
    async with transaction() as c:
        await calls.rejected(c, "call1", None, "NEVER_PLACED", now, None)
        await rows(
            c,
            "UPDATE cases SET state = 'AT_BRANCH', owner = 'BRANCH', owner_branch = 'HO' WHERE id = :id RETURNING id",
            id=case,
        )
    later = now + timedelta(minutes=3)
    await news("call1", status, 3, now=later)
    stands = await one("SELECT state, settled_at, result FROM calls WHERE id = 'call1'")
    assert stands == {"state": "ENDED", "settled_at": None, "result": "REJECTED"}
    async with transaction() as c:
        ended = await settlements.ended_calls(c)
        decided = [
            (e, settle(e.contact, profile=load_profile("national"), calendar=seeded_calendar(), inbox_branch="HO"))
            for e in ended
        ]
        assert await settlements.save(c, decided, later) == (1, 0)
    told = (await one("SELECT data FROM events WHERE kind = 'SETTLED'"))["data"]
    assert (told["result"], told["state"], told["was"], told["owner"]) == (result, "AT_BRANCH", "AT_BRANCH", "BRANCH")
    assert (await call("call1"))["result"] == result
    assert (await one("SELECT state FROM cases WHERE id = :id", id=case))["state"] == "AT_BRANCH"


async def test_a_call_in_doubt_keeps_its_person_from_being_rung(a_call, a_case, now):
    _, _, person = await a_call()
    other, _ = await a_case("P2", number="+8616000000002")
    async with transaction() as c:
        await calls.unknown(c, "call1", "timeout", now)
    async with transaction() as c:
        assert await calls.reserve(c, [reservation("b", person, other)], now) == set()
        quiet = await calls.overdue_calls(c, now + timedelta(minutes=10), 180)
    assert [q["id"] for q in quiet] == ["call1"]


async def test_events_cannot_be_changed_or_removed(a_call):
    await a_call()
    for statement in ("UPDATE events SET kind = 'X'", "DELETE FROM events", "TRUNCATE events"):
        with pytest.raises(Exception, match="append-only"):
            async with transaction() as c:
                await c.exec_driver_sql(statement)
