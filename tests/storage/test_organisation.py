"""The organisation file into the database and out again."""

from datetime import date
from pathlib import Path

from rules.branches import Agent, Branch, Organisation, Outlet, Staff, inbox_branch
from storage import branch_files
from storage.db import rows, transaction
from storage.identities import id_hash, number_hash
from storage.organisation import read_organisation, store_organisation

SAMPLE = Path(__file__).parents[2] / "samples" / "branches.csv"

HEAD = Branch("00", "总公司", None, "HEAD_OFFICE")
PROVINCE = Branch("44", "岭南分公司", "00", "PROVINCE")
CITY = Branch("4401", "榕城中心支公司", "44", "CITY")
OUTLET = Outlet("B1", "榕城网点", "4401", "+862066660001")
CLERK = Staff("E1", "李职", "44", "+8613900000001", ("BRANCH_STAFF",))
SELLER = Agent("A1", "周卖", "4401", "B1", "+8613900000002", ("+8613900000003",), "11010519491231002X", None)


async def store(*parts) -> None:
    async with transaction() as c:
        await store_organisation(c, Organisation(*parts))


async def registered() -> dict[tuple[str, str], dict[bytes, bool]]:
    async with transaction() as c:
        found = await rows(c, "SELECT number_hash, holder_kind, holder_code, former FROM registered_phones")
    holders: dict[tuple[str, str], dict[bytes, bool]] = {}
    for r in found:
        holders.setdefault((r["holder_kind"], r["holder_code"]), {})[bytes(r["number_hash"])] = r["former"]
    return holders


async def test_sample(database):
    given = branch_files.read_organisation(SAMPLE)
    for _again in range(2):
        async with transaction() as c:
            await store_organisation(c, given)
            stored = await read_organisation(c, people=True)
        assert set(stored.branches) == set(given.branches)
        assert {o.code: o.branch for o in stored.outlets} == {o.code: o.branch for o in given.outlets}
        assert {s.code: s.roles for s in stored.staff} == {s.code: s.roles for s in given.staff}
        assert {a.code: (a.branch, a.outlet) for a in stored.agents} == {
            a.code: (a.branch, a.outlet) for a in given.agents
        }
        assert stored.branches[0].kind == "HEAD_OFFICE"
    holders = await registered()
    for agent in given.agents:
        expected = {number_hash(n): True for n in agent.former_phones} | (
            {number_hash(agent.phone): False} if agent.phone else {}
        )
        assert holders.get(("AGENT", agent.code), {}) == expected


async def test_a_changed_number_stays_as_a_former_one(database):
    await store((HEAD, PROVINCE, CITY), (OUTLET,), (CLERK,), (SELLER,))
    moved = Agent("A1", "周卖", "4401", "B1", "+8613900000009", (), "11010519491231002X", date(2026, 9, 1))
    await store((HEAD, PROVINCE, CITY), (OUTLET,), (), (moved,))
    holders = await registered()
    assert holders["AGENT", "A1"] == {
        number_hash("+8613900000002"): True,
        number_hash("+8613900000003"): True,
        number_hash("+8613900000009"): False,
    }
    assert holders["STAFF", "E1"] == {number_hash("+8613900000001"): True}  # gone, and still not a customer's number
    assert holders["OUTLET", "B1"] == {number_hash("+862066660001"): False}
    async with transaction() as c:
        [agent] = await rows(c, "SELECT id_hash, left_on FROM agents")
        assert not await rows(c, "SELECT 1 AS one FROM staff")
    assert (bytes(agent["id_hash"]), agent["left_on"]) == (id_hash("11010519491231002X"), date(2026, 9, 1))


async def test_a_branch_with_work_stays(database, a_case):
    await store((HEAD, PROVINCE, CITY, Branch("HO", "办理处", "44", "COUNTY"), Branch("4402", "空", "44", "CITY")))
    case_id, _person = await a_case(state="AT_BRANCH")
    async with transaction() as c:
        await rows(c, "UPDATE cases SET owner_branch = 'HO' WHERE id = :id RETURNING id", id=case_id)
    await store((HEAD, CITY_UNDER_HEAD := Branch("4401", "榕城中心支公司", "00", "CITY")))
    async with transaction() as c:
        stored = await read_organisation(c)
    # 4402 is gone, HO keeps its case and so the branch above it; 4401 hangs where the new tree says
    assert {b.code for b in stored.branches} == {"00", "44", "4401", "HO"}
    assert CITY_UNDER_HEAD in stored.branches
    assert inbox_branch("4402", stored) == "00"
