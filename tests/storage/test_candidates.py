"""The pool of who might be rung: what was dialled for others counts, and whose number it is."""

from datetime import timedelta

from rules.calling import select
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar
from storage.candidates import read_pool
from storage.db import rows, transaction
from storage.vault import vault

SHARED, OWN = "+8616012345678", "+8616000000002"


async def held(now, case_id=None):
    async with transaction() as c:
        pool = await read_pool(c, now, lambda *_: "s@1", case_id=case_id)
    found = select(pool.candidates, pool.attempts, now=now, calendar=seeded_calendar(), profile=DEFAULTS)
    return {h.case_id: h.reason for h in found.held}


async def run(sql, **values):
    async with transaction() as c:
        return await rows(c, sql, **values)


async def registered(number, kind, code):
    await run(
        """INSERT INTO registered_phones (number_hash, holder_kind, holder_code, former)
           VALUES (:h, :k, :c, true) RETURNING id""",
        h=vault().fingerprint(f"phone:{number}"), k=kind, c=code,
    )  # fmt: skip


async def test_a_dial_for_somebody_who_is_with_a_branch_by_now_counts_for_the_number(a_call, a_case, now):
    _, other, _ = await a_call(policy_no="P1", number=SHARED, person="470101199001011234")
    case, _ = await a_case("P2", number=SHARED, person="470101199101011234")
    await run("UPDATE calls SET state = 'ENDED', result = 'NO_ANSWER', ended_at = reserved_at RETURNING id")
    await run("UPDATE cases SET state = 'AT_BRANCH', owner = 'BRANCH' WHERE id = :id RETURNING id", id=other)
    soon = now + timedelta(hours=1)
    assert await held(soon) == {case: "MIN_GAP"}
    assert await held(soon, case_id=case) == {case: "MIN_GAP"}  # asked for one case alone, too
    assert await held(now + timedelta(hours=3)) == {}
    await run("UPDATE calls SET state = 'RINGING', result = NULL RETURNING id")
    assert await held(now + timedelta(hours=3)) == {case: "IN_CALL"}


async def test_a_dial_under_another_number_does_not(a_call, a_case, now):
    await a_call(policy_no="P1", number=SHARED, person="470101199001011234")
    await run("UPDATE cases SET state = 'AT_BRANCH', owner = 'BRANCH' RETURNING id")
    case, _ = await a_case("P2", number=OWN, person="470101199101011234")
    assert await held(now) == {}
    assert case


async def test_a_number_that_once_was_an_agents_is_no_customers(a_case, now):
    case, _ = await a_case(number=SHARED)
    await registered(SHARED, "AGENT", "A9")
    assert await held(now) == {case: "PHONE_IS_AGENTS"}


async def test_an_agents_own_number_on_his_own_policy_and_no_other_of_the_houses(a_case, now):
    """C24 speaks of his number: another agent's or an outlet's does not become his by buying a policy."""
    case, person = await a_case(number=SHARED)
    await run(
        """INSERT INTO agents (code, name, id_hash) SELECT 'A7', '王芳', identity_hash FROM persons WHERE id = :id
           RETURNING code""",
        id=person,
    )
    await registered(SHARED, "AGENT", "A7")
    assert await held(now) == {}
    await registered(SHARED, "OUTLET", "O1")
    assert await held(now) == {case: "PHONE_IS_AGENTS"}


async def test_a_number_not_confirmed_yet_is_never_rung(a_case, now):
    case, _ = await a_case(number=SHARED)
    await run("UPDATE contract_phones SET status = 'CANDIDATE' RETURNING id")
    assert await held(now) == {case: "PHONE_UNCONFIRMED"}
