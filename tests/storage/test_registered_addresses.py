"""R95 on the real database: an address of a seller on a contract is seen, proposed, and holds up no call."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from rules.branches import Agent, Branch, Organisation, Outlet, Staff
from rules.contracts import cells_from_json
from scripts.calendars import seeded_calendar
from scripts.house import House
from storage import branch_files, penalty_proposals
from storage.candidates import read_pool
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from storage.identities import address_hash
from storage.organisation import store_organisation
from storage.views.cases import one

AGENTS, OUTLETS, STAFFS = "岭南省榕城市东湖区二路2号", "榕城市东湖区三路3号1层", "榕城市东湖区四路4号201室"
ID_NUMBER = "11010519491231002X"
SELLER = Agent("A1", "周卖", "4401", "B1", None, (), None, None, AGENTS)
TREE = Organisation(
    (Branch("00", "总公司", None, "HEAD_OFFICE"), Branch("4401", "榕城支公司", "00", "COUNTY")),
    (Outlet("B1", "榕城网点", "4401", None, OUTLETS),),
    (Staff("E1", "李职", "4401", None, ("BRANCH_STAFF",), STAFFS),),
    (SELLER, Agent("A2", "吴卖", "4401", None, None, (), None, None, "榕城市东湖区五路5号")),
)
_digests = (f"addresses {n}" for n in itertools.count())


async def taken(now, address, **changes) -> dict:
    """The case of one contract with this address, as the case page reads it."""
    row = {
        "policy_no": "P1", "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
        "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
        "premium": "12000", "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14",
        "receipt_written_off_on": "2026-09-15", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_no": ID_NUMBER, "mobile": "13900000001", "address": address, "agent_code": "A1",
        "agent_name": "周卖", "agent_phone": "13900000099", "branch_code": "4401", "status": "IN_FORCE", **changes,
    }  # fmt: skip
    await take(
        [(2, cells_from_json(row), False)], source="test", name="test", digest=next(_digests),
        basis=Basis(now, seeded_calendar(), House(TREE)),
    )  # fmt: skip
    async with transaction() as c:
        [case] = await rows(c, "SELECT id FROM cases WHERE policy_no = :p", p=row["policy_no"])
        return await one(c, case["id"])


async def proposed(now) -> list[tuple[str, str, str]]:
    async with transaction() as c:
        await penalty_proposals.propose_from_facts(c, now)
        found = await rows(c, "SELECT rule, offence, agent_code, text_en FROM penalty_proposals ORDER BY id")
    return [(r["rule"], r["offence"], r["agent_code"]) for r in found]


@pytest.fixture
async def tree(database):
    async with transaction() as c:
        await store_organisation(c, TREE)


@pytest.mark.parametrize(
    ("address", "changes", "seen"),
    [
        ("榕城东湖区 二路２号", {}, True),  # the selling agent's, written otherwise
        ("岭南省榕城市东湖区五路5号", {}, True),  # another agent's
        ("岭南省榕城市东湖区三路3号1层", {}, True),
        (STAFFS, {}, True),
        ("榕城市东湖区二路22号", {}, False),
        ("榕城市东湖区", {}, False),
        (AGENTS, {"agent_id_no": ID_NUMBER}, False),  # his own policy (C24)
        (OUTLETS, {"agent_id_no": ID_NUMBER}, True),  # an outlet does not become his by that
    ],
)
async def test_whose_address_it_is(tree, now, address, changes, seen):
    case = await taken(now, address, **changes)
    assert case["address_is_sellers"] is seen
    assert await proposed(now) == [("R95", "FALSE_INFORMATION", "A1")] * seen
    assert len(await proposed(now + timedelta(hours=1))) == seen  # once
    async with transaction() as c:
        [candidate] = (await read_pool(c, now, lambda *_: "s@1")).candidates
    assert candidate.state == "CALLABLE"  # nobody goes without his call for it


async def test_a_former_address_still_counts_and_a_corrected_contract_is_clean(tree, now):
    async with transaction() as c:
        await store_organisation(c, replace(TREE, agents=(replace(SELLER, address="榕城市东湖区九路9号"),)))
        found = await rows(c, "SELECT address_hash, former FROM registered_addresses WHERE holder_code = 'A1'")
    assert {bytes(r["address_hash"]): r["former"] for r in found} == {
        address_hash(AGENTS): True,
        address_hash("榕城市东湖区九路9号"): False,
    }
    assert (await taken(now, AGENTS))["address_is_sellers"]
    assert not (await taken(now + timedelta(hours=1), "榕城市东湖区八路8号"))["address_is_sellers"]


def test_the_file_has_a_column_for_it(tmp_path):
    file = tmp_path / "branches.csv"
    file.write_text(
        "类别,代码,名称,上级,地址\n总公司,00,总公司,,\n网点,B1,榕城网点,00,榕城市东湖区三路3号\n"
        "员工,E1,李职,00,\n业务员,A1,周卖,00,榕城市东湖区二路2号\n",
        encoding="utf-8",
    )
    given = branch_files.read_organisation(file)
    assert [o.address for o in given.outlets] == ["榕城市东湖区三路3号"]
    assert [s.address for s in given.staff] == [None]
    assert [a.address for a in given.agents] == ["榕城市东湖区二路2号"]
