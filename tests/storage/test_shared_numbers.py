"""AC-09 on the real database: a number becomes shared after a callback over it, and is corrected later."""

import itertools
from datetime import timedelta

import pytest

from rules.branches import Branch, Organisation
from rules.calling import select
from rules.contracts import cells_from_json
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar
from scripts.house import House
from storage.candidates import read_pool
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from storage.judging import judge_stored
from storage.shared_numbers import check_shared_numbers

NUMBER, OTHER = "13800138000", "13700137000"
TREE = Organisation((Branch("HO", "总公司", None, "HEAD_OFFICE"),))
_digests = (f"shared {n}" for n in itertools.count())


async def run(sql, **values):
    async with transaction() as c:
        return await rows(c, sql, **values)


async def listed(now, who, mobile, policy_no=None):
    row = {
        "policy_no": policy_no or f"P-{who}", "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
        "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
        "premium": "12000", "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14",
        "receipt_written_off_on": "2026-09-15", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_type": "PASSPORT", "policyholder_birth_date": "1990-03-07",
        "policyholder_id_no": f"E1234567{who}", "mobile": mobile, "address": "岭南省榕城市东湖区一路1号",
        "agent_code": "A1", "agent_name": "周卖", "agent_phone": "13900000099", "branch_code": "HO", "status": "IN_FORCE",
    }  # fmt: skip
    found = await take(
        [(2, cells_from_json(row), False)], source="test", name="test", digest=next(_digests),
        basis=Basis(now, seeded_calendar(), House(TREE)),
    )  # fmt: skip
    assert found.accepted + found.updated == 1


async def settled(who, state="CLOSED", class_="STANDARD", reasons="[]"):
    await run(
        """UPDATE cases SET state = CAST(:state AS text), owner = CASE CAST(:state AS text) WHEN 'CLOSED' THEN 'CLOSED' ELSE owner END, "class" = :class,
             reasons = CAST(:reasons AS jsonb), completed_at = CASE WHEN CAST(:state AS text) = 'CLOSED' THEN opened_at END
           WHERE policy_no = :p RETURNING id""",
        state=state, reasons=reasons, p=f"P-{who}", **{"class": class_},
    )  # fmt: skip


async def checks():
    return await run(
        """SELECT c.policy_no, c."class", w.state, w.closed_why, w.act_by, w.branch_code, w.reasons
           FROM work_orders w JOIN cases c ON c.id = w.case_id WHERE w.kind = 'QUALITY_CHECK' ORDER BY w.id"""
    )


async def unusable(now):
    async with transaction() as c:
        pool = await read_pool(c, now, lambda *_: "s@1")
    names = {one.case_id: one.policy_no for one in pool.candidates}
    found = select(pool.candidates, pool.attempts, now=now, calendar=seeded_calendar(), profile=DEFAULTS)
    return {names[one.case_id]: (one.kind, one.reason) for one in found.to_settle}


@pytest.fixture
async def branch(database):
    await run("INSERT INTO branches (code, name, kind) VALUES ('HO', '总公司', 'HEAD_OFFICE') RETURNING code")


async def test_the_third_policyholder_asks_for_a_check_of_the_first_once(branch, now):
    await listed(now, "A", NUMBER)
    await settled("A")
    await listed(now, "B", f"+86-{NUMBER}")
    await listed(now, "B", NUMBER, policy_no="P-B2")  # two policies of one policyholder count once
    assert await checks() == []
    assert await unusable(now) == {}
    await listed(now, "C", f"0{NUMBER}")
    [check] = await checks()
    assert (check["policy_no"], check["class"], check["state"]) == ("P-A", "STANDARD", "ISSUED")
    assert (check["reasons"], check["branch_code"], check["act_by"]) == (["PHONE_SHARED"], "HO", None)
    assert await unusable(now) == dict.fromkeys(("P-B", "P-B2", "P-C"), ("PRECHECK", "PHONE_SHARED"))
    await listed(now, "D", NUMBER)  # the fourth asks for nothing more
    async with transaction() as c:
        assert await check_shared_numbers(c, TREE, seeded_calendar(), now) == 0
    assert len(await checks()) == 1


async def test_a_call_under_way_is_checked_once_it_has_settled(branch, now):
    for who in "ABC":
        await listed(now, who, NUMBER)
    await settled("A", "AT_BRANCH", "QUESTION", '["FEES_UNCLEAR"]')
    await settled("B", "AT_BRANCH", "VERIFICATION", '["PHONE_SHARED"]')
    async with transaction() as c:
        assert await check_shared_numbers(c, TREE, seeded_calendar(), now) == 1
    [check] = await checks()
    assert check["policy_no"] == "P-A" and check["act_by"] is not None  # still open: inside the cooling-off period


async def test_a_corrected_number_lifts_the_check_and_the_hold(branch, now):
    await listed(now, "A", NUMBER)
    await settled("A")
    for who in "BC":
        await listed(now, who, NUMBER)
    later = now + timedelta(hours=1)
    await listed(later, "C", OTHER)
    [check] = await checks()
    assert (check["state"], check["closed_why"]) == ("CLOSED", "NUMBER_CORRECTED")
    assert await unusable(later) == {}
    [told] = await run("SELECT data FROM events WHERE kind = 'ORDER_CLOSED'")
    assert told["data"]["why"] == "NUMBER_CORRECTED"
    await listed(later, "D", NUMBER)  # shared again: one a round, never twice
    assert len(await checks()) == 1


async def test_what_the_branch_holds_is_left_to_the_branch(branch, now):
    await listed(now, "A", NUMBER)
    await settled("A", "AT_BRANCH", "QUESTION", '["FEES_UNCLEAR"]')
    for who in "BC":
        await listed(now, who, NUMBER)
    await listed(now + timedelta(hours=1), "C", OTHER)
    assert [check["state"] for check in await checks()] == ["ISSUED"]


async def test_the_judge_finds_nothing_in_it(branch, now):
    for who in "ABC":
        await listed(now, who, NUMBER)
    await run("UPDATE cases SET \"class\" = 'STANDARD', state = 'ASLEEP' WHERE policy_no = 'P-A' RETURNING id")
    async with transaction() as c:
        assert await check_shared_numbers(c, TREE, seeded_calendar(), now) == 1
        assert [one for one in await judge_stored(c, now) if one.promise == 7] == []
