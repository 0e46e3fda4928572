"""What a list does to contracts, phones, persons and cases: the promises of the contract list, by name."""

import asyncio
import itertools
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from rules.branches import Branch, Organisation
from rules.contracts import PROBLEM_CODES, cells_from_json, from_json
from scripts.calendars import seeded_calendar
from scripts.house import House
from scripts.rule_profiles import load_profile
from storage import branch_files, contract_lists, work_orders
from storage.contract_batches import Basis
from storage.contract_lists import (
    ImportResult,
    KeyTaken,
    RowTaken,
    problems,
    take,
    take_mended,
    take_page,
    take_push,
)
from storage.db import rows, transaction
from storage.events import read
from storage.identities import id_hash, number_hash
from storage.judging import judge_stored
from storage.list_files import open_list
from storage.order_chasing import past_a_limit
from storage.organisation import store_organisation
from storage.vault import vault
from storage.views import inboxes, lists
from storage.work_orders import OrderConflict

SAMPLES = Path(__file__).parents[2] / "samples"
NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
TREE = Organisation((Branch("00", "总公司", None, "HEAD_OFFICE"), Branch("4401", "榕城支公司", "00", "COUNTY")))
ID_NUMBER = "11010519491231002X"

_digests = (f"list {n}" for n in itertools.count())


def contract(**changes) -> dict:
    """A good row by its English names; None takes a field out."""
    row = {
        "policy_no": "P1", "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
        "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
        "premium": "12000", "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14",
        "receipt_written_off_on": "2026-09-15", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_no": ID_NUMBER, "mobile": "13900000001", "address": "岭南省榕城市东湖区一路1号",
        "agent_code": "A1", "agent_name": "周卖", "agent_phone": "13900000099", "branch_code": "4401", "status": "IN_FORCE",
    }  # fmt: skip
    return {name: value for name, value in (row | changes).items() if value is not None}


async def take_rows(*objects, now=NOW, digest=None, tree=TREE) -> ImportResult:
    return await take(
        [(row, cells_from_json(one), False) for row, one in enumerate(objects, start=2)],
        source="test", name="test", digest=digest or next(_digests), basis=basis(now, tree),
    )  # fmt: skip


def basis(now=NOW, tree=TREE, **house) -> Basis:
    return Basis(now, seeded_calendar(), House(tree, **house))


@pytest.fixture
async def tree(database):
    async with transaction() as c:
        await store_organisation(c, TREE)


async def all_of(sql: str, **values) -> list[dict]:
    async with transaction() as c:
        return await rows(c, sql, **values)


async def one(sql: str, **values) -> dict:
    [found] = await all_of(sql, **values)
    return found


async def the_case(policy_no="P1") -> dict:
    return await one("SELECT * FROM cases WHERE policy_no = :p", p=policy_no)


async def phones(policy_no="P1") -> dict[str, tuple[int, str, bool]]:
    found = await all_of("SELECT * FROM contract_phones WHERE policy_no = :p", p=policy_no)
    return {vault().open(n["number_sealed"]): (n["place"], n["status"], n["dead"]) for n in found}


def counted(result: ImportResult) -> dict[str, int]:
    return {name: value for name, value in result.counts.items() if value and name != "rows"}


# ---- a new contract ----


async def test_a_contract_becomes_a_case(tree):
    result = await take_rows(contract())
    assert result.counts == {
        "rows": 1, "accepted": 1, "updated": 0, "unchanged": 0, "rejected": 0, "duplicates": 0, "out_of_scope": 0,
        "cases_opened": 1,
    }  # fmt: skip
    case = await the_case()
    assert (case["state"], case["owner"], case["owner_branch"]) == ("CALLABLE", "HEAD_OFFICE", None)
    assert (case["callable_on"], case["nominal_end"]) == (date(2026, 9, 16), date(2026, 9, 29))
    assert case["profile"] == load_profile().id
    stored = await one("SELECT * FROM contracts")
    given = cells_from_json(contract())
    back = from_json({**stored["facts"], **json.loads(vault().open(stored["personal_sealed"]))})
    assert back.policyholder_name == given["policyholder_name"]
    assert back.mobile == "+8613900000001"
    assert back.premium == 12000
    assert stored["facts"]["identity_elements"] == 3
    assert stored["facts"]["self_policy"] is False
    assert stored["facts"]["signature_date_estimated"] is False
    person = await one("SELECT * FROM persons")
    assert bytes(person["identity_hash"]) == id_hash(ID_NUMBER)
    assert person["birth_date"] == date(1949, 12, 31)  # out of the ID number: the row gives none
    assert await phones() == {"+8613900000001": (0, "CONFIRMED", False)}
    seller = await one("SELECT * FROM registered_phones")
    assert (seller["holder_code"], bytes(seller["number_hash"])) == ("A1", number_hash("+8613900000099"))
    [event] = await all_of("SELECT * FROM events")
    assert (event["kind"], event["case_id"], event["data"]["state"]) == ("CASE_OPENED", case["id"], "CALLABLE")
    assert event["data"]["nominal_end"] == "2026-09-29"


async def test_nothing_personal_stands_open(tree):
    await take_rows(contract(home_phone="0571-88880000", insured_name="李小龙", postcode="310099"))
    secrets = (
        "王芳",
        "李小龙",
        ID_NUMBER,
        ID_NUMBER[-6:],
        "13900000001",
        "88880000",
        "东湖区",
        "310099",
        "周卖",
        "13900000099",
    )
    for table in ("contracts", "contract_versions", "cases", "events", "persons", "contract_phones", "list_rows"):
        text = " ".join(r["row"] for r in await all_of(f"SELECT CAST(to_jsonb(t) AS text) AS row FROM {table} t"))
        for secret in secrets:
            assert secret not in text, (table, secret)
            assert secret.encode().hex() not in text, (table, secret)


@pytest.mark.parametrize(
    ("changes", "state", "owner"),
    [
        ({"underwritten_on": "2026-09-20", "receipt_signed_on": None, "receipt_written_off_on": None}, "WAITING", "HEAD_OFFICE"),
        ({"receipt_signed_on": None}, "CALLABLE", "HEAD_OFFICE"),
        ({"mobile": None}, "CALLABLE", "HEAD_OFFICE"),
        ({"special_callback": "是"}, "CALLABLE", "HEAD_OFFICE"),
        ({"branch_code": "nowhere"}, "CALLABLE", "HEAD_OFFICE"),
        ({"status": "LAPSED"}, "CALLABLE", "HEAD_OFFICE"),
    ],
)  # fmt: skip
async def test_where_a_case_begins(tree, changes, state, owner):
    result = await take_rows(contract(**changes))
    assert counted(result) == {"accepted": 1, "cases_opened": 1}
    case = await the_case()
    assert (case["state"], case["owner"]) == (state, owner)


async def test_the_written_off_date_stands_in_for_a_missing_signature(tree):
    await take_rows(contract(receipt_signed_on=None))
    assert (await the_case())["nominal_end"] == date(2026, 9, 30)
    assert (await one("SELECT facts FROM contracts"))["facts"]["signature_date_estimated"] is True


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"policyholder_type": "单位", "policyholder_id_type": "其他"}, "ORGANISATION"),
        ({"policy_term_years": "1"}, "SHORT_TERM"),
        ({"status": "犹豫期撤单"}, "WITHDRAWN"),
    ],
)
async def test_out_of_scope_is_kept_and_never_called(tree, changes, reason):
    result = await take_rows(contract(**changes))
    assert counted(result) == {"out_of_scope": 1}
    stored = await one("SELECT in_scope, out_of_scope_reason FROM contracts")
    assert stored == {"in_scope": False, "out_of_scope_reason": reason}
    assert not await all_of("SELECT 1 AS one FROM cases")
    assert (await one("SELECT verdict FROM list_rows"))["verdict"] == "out_of_scope"


@pytest.mark.parametrize(
    ("changes", "agent"),
    [({"agent_id_no": ID_NUMBER}, None), ({}, ID_NUMBER), ({"agent_id_no": ID_NUMBER.lower()}, None)],
)
async def test_a_policy_sold_to_himself(tree, changes, agent):
    if agent:
        await all_of(
            "INSERT INTO agents (code, name, id_hash) VALUES ('A1', '周卖', :h) RETURNING code", h=id_hash(agent)
        )
    await take_rows(contract(**changes))
    assert (await one("SELECT facts FROM contracts"))["facts"]["self_policy"] is True


async def test_two_policies_of_one_person_and_two_people_without_an_id(tree):
    await take_rows(
        contract(policy_no="P1"), contract(policy_no="P2", mobile="13900000002"),
        contract(policy_no="P3", policyholder_id_no="000000"), contract(policy_no="P4", policyholder_id_no="000000"),
    )  # fmt: skip
    person = {r["policy_no"]: r["person_id"] for r in await all_of("SELECT policy_no, person_id FROM cases")}
    assert person["P1"] == person["P2"]
    assert len(set(person.values())) == 3


# ---- again and changed ----


async def test_equal_rows_change_nothing_whatever_they_are_called(tree):
    await take_rows(contract())
    events = await all_of("SELECT id FROM events")
    same = contract(
        channel="银保", premium="12,000.00", underwritten_on="2026年9月10日", mobile="+86 139 0000 0001", address=None
    )
    assert counted(await take_rows(same)) == {"unchanged": 1}
    assert (await one("SELECT version FROM contracts"))["version"] == 1
    assert await all_of("SELECT id FROM events") == events


async def test_an_update_keeps_the_old_version_and_opens_no_second_case(tree):
    await take_rows(contract(receipt_signed_on=None, receipt_written_off_on=None))
    before = await the_case()
    result = await take_rows(contract(product_name="长青二号", mobile=None, home_phone="0571-88880000"))
    assert counted(result) == {"updated": 1}
    case = await the_case()
    assert (case["id"], case["round"], case["state"]) == (before["id"], 1, "CALLABLE")
    assert (before["nominal_end"], case["nominal_end"]) == (None, date(2026, 9, 29))
    versions = await all_of("SELECT version, facts FROM contract_versions ORDER BY version")
    assert [(v["version"], v["facts"]["product_name"]) for v in versions] == [(1, "长青"), (2, "长青二号")]
    # an empty field erases nothing
    assert await phones() == {"+8613900000001": (0, "CONFIRMED", False), "+8657188880000": (1, "CONFIRMED", False)}
    kinds = [e["kind"] for e in await all_of("SELECT kind FROM events ORDER BY id")]
    assert kinds == ["CASE_OPENED", "CASE_UPDATED", "CASE_MOVED"]  # it waited for the cap, and is callable now


async def test_a_number_that_a_list_brings_anew_is_confirmed_and_lives(tree):
    await take_rows(contract(home_phone="0571-88880000"))
    await all_of("UPDATE contract_phones SET dead = true RETURNING id")
    person = (await the_case())["person_id"]
    await all_of(
        """INSERT INTO contract_phones (policy_no, person_id, number_hash, number_sealed, place, status, dead)
           VALUES ('P1', :p, :h, :s, 0, 'CANDIDATE', true) RETURNING id""",
        p=person, h=number_hash("+8613900000005"), s=vault().seal("+8613900000005"),
    )  # fmt: skip
    await take_rows(contract(mobile="13900000005"))
    # the replaced mobile is not rung any more, the number at home is as dead as it was
    assert await phones() == {"+8613900000005": (0, "CONFIRMED", False), "+8657188880000": (1, "CONFIRMED", True)}


async def test_the_same_list_again_changes_nothing_also_after_a_newer_one(tree):
    old = (contract(premium="12000"), contract(policy_no="P2"), contract(policy_no="P2"), contract(policy_no="P3", channel="?"),
           contract(policy_no="P4", policy_term_years="1"))  # fmt: skip
    first = await take_rows(*old, digest="old")
    assert counted(first) == {"accepted": 2, "duplicates": 1, "rejected": 1, "out_of_scope": 1, "cases_opened": 2}
    await take_rows(contract(premium="15000"), digest="new")
    again = await take_rows(*old, digest="old")
    assert again.list_id == first.list_id
    assert counted(again) == {"unchanged": 2, "duplicates": 1, "rejected": 1, "out_of_scope": 1}
    stored = await one("SELECT version, premium FROM contracts WHERE policy_no = 'P1'")
    assert (stored["version"], stored["premium"]) == (2, 15000)
    assert [p["code"] async for p in problems(again.list_id)] == ["DUPLICATE_IN_FILE", "BAD_CHOICE"]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        *(
            (state, "WITHDRAWN")
            for state in ("WAITING", "CALLABLE", "IN_CALL", "APPOINTED", "ASLEEP", "AT_BRANCH", "CLOSED")
        ),
        ("CALLABLE", "SURRENDERED"),
        ("IN_REVIEW", "TERMINATED"),
    ],
)
async def test_withdrawn_closes(tree, state, status):
    await take_rows(contract())
    await all_of(
        "UPDATE cases SET state = :s, owner = 'HEAD_OFFICE', appointment_at = :now RETURNING id", s=state, now=NOW
    )
    assert counted(await take_rows(contract(status=status))) == {"out_of_scope": 1}
    case = await the_case()
    assert (case["state"], case["owner"], case["owner_branch"], case["appointment_at"]) == (
        "NOT_REQUIRED",
        "CLOSED",
        None,
        None,
    )
    moved = await one("SELECT data FROM events WHERE kind = 'CASE_MOVED'")
    assert moved["data"] == {
        "from": state,
        "to": "NOT_REQUIRED",
        "owner": "CLOSED",
        "owner_branch": None,
        "why": status,
    }
    # and a row that says nothing of it opens nothing again
    assert counted(await take_rows(contract(status=None, premium="13000"))) == {"out_of_scope": 1}
    assert (await the_case())["state"] == "NOT_REQUIRED"


@pytest.mark.parametrize("status", ["WITHDRAWN", "SURRENDERED", "TERMINATED"])
async def test_withdrawn_closes_its_orders(tree, an_order, status):
    await take_rows(contract(), contract(policy_no="P2"))
    case, beside = (await the_case())["id"], (await the_case("P2"))["id"]
    ids = [
        await an_order(case, kind, state)
        for kind, state in (
            ("QUESTION", "ISSUED"),
            ("VISIT", "ACCEPTED"),
            ("LETTER", "HANDLED"),
            ("AFTER_CARE", "CLOSED"),
        )
    ]
    kept = await an_order(beside, "QUESTION", "ISSUED")
    later = NOW + timedelta(hours=1)
    await take_rows(contract(status=status), contract(policy_no="P2", premium="13000"), now=later)

    found = {r["id"]: r for r in await all_of("SELECT * FROM work_orders")}
    assert found[kept]["state"] == "ISSUED"
    assert {found[i]["state"] for i in ids} == {"CLOSED"}
    assert [(found[i]["closed_at"], found[i]["closed_why"]) for i in ids] == [(later, status)] * 3 + [(None, None)]
    events = await all_of("SELECT case_id, person_id, at, data FROM events WHERE kind = 'ORDER_CLOSED' ORDER BY id")
    assert [e["data"] for e in events] == [
        {"order_id": order, "kind": kind, "branch": "4401", "why": status}
        for order, kind in zip(ids, ("QUESTION", "VISIT", "LETTER"), strict=False)
    ]
    assert {(e["case_id"], e["at"]) for e in events} == {(case, later)}

    # the inbox and the clock leave them alone
    after = NOW + timedelta(days=30)
    async with transaction() as c:
        everywhere = inboxes.InboxFilter(codes=None, now=after, day_end=after, soon_end=after)
        assert [r["id"] for r in await inboxes.find(c, everywhere)] == [kept]
        assert [order_id for order_id, _ in await past_a_limit(c, after, 0, 10)] == [kept]
        with pytest.raises(OrderConflict):
            await work_orders.accept(c, ids[0], "staff", after)
    # and nothing is closed a second time
    await take_rows(contract(status=status, premium="15000"), now=after)
    assert len(await all_of("SELECT id FROM events WHERE kind = 'ORDER_CLOSED'")) == 3


async def test_handling_waits_for_a_list_that_holds_the_case(tree, an_order):
    """With nothing locked that the list still needs: the other way round the two would wait for each other."""
    await take_rows(contract())
    [case] = await all_of("UPDATE cases SET state = 'AT_BRANCH', owner = 'BRANCH', owner_branch = '4401' RETURNING id")
    case_id, order_id = case["id"], await an_order(case["id"], "QUESTION", "ACCEPTED")

    async def handle():
        async with transaction() as c:
            await work_orders.handle(c, order_id, "staff", "已面谈", NOW)

    async with transaction() as c:
        await rows(c, "SELECT id FROM cases WHERE id = :id FOR UPDATE", id=case_id)
        handling = asyncio.create_task(handle())
        async with asyncio.timeout(10):
            while not await all_of(
                "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'cases'"
            ):
                await asyncio.sleep(0.02)
        await rows(c, "SELECT id FROM work_orders WHERE id = :id FOR UPDATE NOWAIT", id=order_id)
        await rows(c, "UPDATE work_orders SET state = 'CLOSED' WHERE id = :id RETURNING id", id=order_id)
    with pytest.raises(OrderConflict):
        await handling


@pytest.fixture
def an_order():
    async def build(case_id, kind, state) -> int:
        made = await one(
            """INSERT INTO work_orders (case_id, round, kind, branch_code, state, working_days, exclude_selling_agent,
                                        issued_at, due_at)
               VALUES (:case, 1, :kind, '4401', :state, 3, false, :now, :now) RETURNING id""",
            case=case_id, kind=kind, state=state, now=NOW,
        )  # fmt: skip
        return made["id"]

    return build


async def test_in_force_after_all(tree):
    await take_rows(contract(status="WITHDRAWN"))
    assert counted(await take_rows(contract())) == {"updated": 1, "cases_opened": 1}
    await take_rows(contract(status="WITHDRAWN", premium="13000"))
    await take_rows(contract(status="IN_FORCE"))
    assert ((await the_case())["state"], (await the_case())["owner"]) == ("CALLABLE", "HEAD_OFFICE")


@pytest.mark.parametrize(
    ("news", "state", "callable_on", "round_no"),
    [
        ({"receipt_signed_on": "2026-09-24"}, "WAITING", date(2026, 9, 26), 2),
        ({"receipt_written_off_on": "2026-09-25"}, "WAITING", date(2026, 9, 26), 2),
        ({"premium": "13000"}, "ASLEEP", date(2026, 9, 20), 1),
    ],
)
async def test_the_receipt_wakes_a_sleeping_case_the_day_after(tree, a_settlement, news, state, callable_on, round_no):
    unsigned = {"receipt_signed_on": None, "receipt_written_off_on": None}
    await take_rows(contract(**unsigned))
    case_id = (await the_case())["id"]
    await a_settlement(case_id, "ASLEEP", "BRANCH", "4401", date(2026, 9, 20))
    await take_rows(contract(**unsigned | news), now=NOW + timedelta(days=1))
    case = await the_case()
    assert (case["state"], case["callable_on"], case["round"]) == (state, callable_on, round_no)
    assert (case["owner"], case["owner_branch"]) == (
        ("HEAD_OFFICE", None) if state == "WAITING" else ("BRANCH", "4401")
    )


async def test_a_case_at_the_branch_keeps_its_place(tree, a_settlement):
    await take_rows(contract())
    case_id = (await the_case())["id"]
    await a_settlement(case_id, "AT_BRANCH", "BRANCH", "4401", None)
    await take_rows(contract(receipt_signed_on="2026-09-12", branch_code="00"))
    case = await the_case()
    assert (case["state"], case["owner_branch"], case["nominal_end"]) == ("AT_BRANCH", "4401", date(2026, 9, 27))


@pytest.fixture
def a_settlement():
    async def build(case_id, state, owner, branch, callable_on):
        await all_of(
            """INSERT INTO settlements (case_id, kind, round, result, completed, counts, profile, settled_at)
               VALUES (:id, 'CALL', 1, 'INCOMPLETE', false, true, 'national@1', :now) RETURNING id""",
            id=case_id, now=NOW,
        )  # fmt: skip
        await all_of(
            "UPDATE cases SET state = :s, owner = :o, owner_branch = :b, callable_on = :c WHERE id = :id RETURNING id",
            s=state, o=owner, b=branch, c=callable_on, id=case_id,
        )  # fmt: skip

    return build


async def test_a_mended_id_number_moves_the_policy_to_its_person(tree):
    await take_rows(contract(), contract(policy_no="P2", policyholder_id_no="110105194912310021"))
    before = {r["policy_no"]: r["person_id"] for r in await all_of("SELECT policy_no, person_id FROM cases")}
    await take_rows(contract(policy_no="P2"))
    for table in ("cases", "contracts", "contract_phones"):
        found = {r["policy_no"]: r["person_id"] for r in await all_of(f"SELECT policy_no, person_id FROM {table}")}
        assert found == {"P1": before["P1"], "P2": before["P1"]}, table


# ---- rows with problems ----


async def test_the_committed_sample(database):
    organisation = branch_files.read_organisation(SAMPLES / "branches.csv")
    async with transaction() as c:
        await store_organisation(c, organisation)
    with open_list(SAMPLES / "contracts.csv") as given:
        result = await take(
            given.rows(), source="file", name="contracts.csv", digest=given.digest,
            basis=basis(tree=organisation),
        )  # fmt: skip
    found = [p async for p in problems(result.list_id, page=7)]
    assert {p["code"] for p in found} == set(PROBLEM_CODES)
    assert [(p["row"], p["field"]) for p in found] == sorted({(p["row"], p["field"]) for p in found})
    assert len([p async for p in problems(result.list_id, most=5, page=3)]) == 5
    assert result.rows == sum(
        result.counts[name] for name in contract_lists.COUNTS if name not in ("rows", "cases_opened")
    )
    rejected = {p["row"] for p in found if p["severity"] == "rejected"}
    assert len(rejected) == result.rejected + result.duplicates
    assert result.cases_opened == result.accepted == (await one("SELECT count(*) AS n FROM cases"))["n"]
    assert result.out_of_scope == (await one("SELECT count(*) AS n FROM contracts WHERE NOT in_scope"))["n"]
    kept = {r["row_no"]: r for r in await all_of("SELECT * FROM list_rows")}
    assert rejected <= kept.keys()
    row = next(p["row"] for p in found if p["code"] == "DUPLICATE_IN_FILE")
    assert kept[row]["verdict"] == "duplicates"
    assert json.loads(vault().open(kept[row]["cells_sealed"]))["policyholder_name"]
    stored = await one("SELECT finished_at, counts FROM contract_lists")
    assert (stored["finished_at"], stored["counts"]) == (NOW, result.counts)


async def test_the_tree_learns_a_code_and_nothing_else_is_needed(tree):
    first = await take_rows(contract(branch_code="4402"))
    assert [(p["code"], p["severity"]) async for p in problems(first.list_id)] == [("UNKNOWN_BRANCH", "warning")]
    assert (await one("SELECT branch_code FROM contracts"))["branch_code"] == "4402"


async def test_hostile_cells(tree):
    long = "9" * 100_000
    result = await take_rows(
        contract(policy_no=long), contract(policy_no="a\0b"), contract(policy_no="x\ud800"),
        contract(policy_no="=1+1", product_name="=HYPERLINK(1)"), contract(policy_no="P'; DROP TABLE cases;--"),
    )  # fmt: skip
    assert counted(result) == {"rejected": 3, "accepted": 2, "cases_opened": 2}
    assert {r["policy_no"] for r in await all_of("SELECT policy_no FROM cases")} == {"=1+1", "P'; DROP TABLE cases;--"}


async def test_the_judge_can_replay_what_lists_did(tree):
    waiting = {"underwritten_on": "2026-09-20", "receipt_signed_on": None, "receipt_written_off_on": None}
    days = (
        (contract(), contract(policy_no="P2", **waiting), contract(policy_no="P3", cooling_off_days="20")),
        (contract(premium="13000"), contract(policy_no="P2", **waiting | {"receipt_written_off_on": "2026-09-23"})),
        (contract(status="WITHDRAWN"), contract(policy_no="P2", status="SURRENDERED")),
        (contract(status="IN_FORCE"), contract(policy_no="P3", underwritten_on="2026-09-11")),
    )
    for n, day in enumerate(days):
        await take_rows(*day, now=NOW + timedelta(minutes=n))
    async with transaction() as c:
        events = await read(c)
        assert [e["kind"] for e in events].count("CASE_MOVED") == 4
        assert await judge_stored(c, NOW + timedelta(hours=1)) == ()


# ---- cut short, and at the same time ----


class Cut(Exception):
    pass


@pytest.mark.parametrize("after", [1, 4])
async def test_cut_short_and_taken_again(tree, monkeypatch, after):
    monkeypatch.setattr(contract_lists, "BATCH", 2)
    every = [
        contract(policy_no=f"P{n}", policyholder_id_no=None, status="WITHDRAWN" if n == 4 else None) for n in range(9)
    ]
    every[6] = {**every[6], "channel": "?"}
    every.append(every[0])

    def cut():
        for row, given in enumerate(every, start=2):
            if row - 2 >= after * 2:
                raise Cut
            yield row, cells_from_json(given), False

    with pytest.raises(Cut):
        await take(
            cut(), source="test", name="test", digest="cut", basis=basis(),
        )  # fmt: skip
    assert (await one("SELECT finished_at FROM contract_lists"))["finished_at"] is None
    assert (await one("SELECT count(*) AS n FROM cases"))["n"] > 0
    # a newer list came before it was taken again: what it brought stays
    await take_rows(contract(policy_no="P0", policyholder_id_no=None, premium="99000"), digest="newer")
    result = await take_rows(*every, digest="cut")
    assert counted(result) == {"accepted": 7, "out_of_scope": 1, "rejected": 1, "duplicates": 1, "cases_opened": 7}
    assert (await one("SELECT premium FROM contracts WHERE policy_no = 'P0'"))["premium"] == 99000
    assert (await one("SELECT count(*) AS n FROM cases"))["n"] == 7
    assert (await one("SELECT count(*) AS n FROM events WHERE kind = 'CASE_OPENED'"))["n"] == 7
    assert len([p async for p in problems(result.list_id)]) == 1 + 1 + 9 + 1  # every row lacks its ID number


async def test_lists_that_overlap_at_the_same_time(tree):
    async def push(n: int):
        return await take_rows(*[contract(policy_no=f"P{i}", premium=str(1000 + n)) for i in range(60)])

    results = await asyncio.gather(*[push(n) for n in range(4)])
    assert sum(r.accepted for r in results) == sum(r.cases_opened for r in results) == 60
    assert sum(r.updated for r in results) == 180
    assert (await one("SELECT count(*) AS n FROM contract_versions"))["n"] == 240


# ---- pages and pushes ----


async def test_a_page_and_its_cursor_are_stored_together(tree):
    first = await take_page(
        [contract(), contract(policy_no="P2")], so_far=ImportResult(None), source="core", next_cursor="2", basis=basis()
    )
    assert await contract_lists.read_cursor("core") == "2"
    # a later page may bring news of a policy: no duplicate there
    second = await take_page(
        [contract(status="WITHDRAWN"), contract(policy_no="P2"), contract(policy_no="P2")],
        so_far=first, source="core", next_cursor="5", basis=basis(),
    )  # fmt: skip
    assert second.list_id == first.list_id
    assert counted(second) == {"accepted": 2, "cases_opened": 2, "out_of_scope": 1, "unchanged": 1, "duplicates": 1}
    assert [(p["row"], p["code"]) async for p in problems(second.list_id)] == [(5, "DUPLICATE_IN_FILE")]
    nothing = await take_page([], so_far=ImportResult(None), source="core", next_cursor=None, basis=basis())
    assert (nothing.list_id, nothing.rows) == (None, 0)
    assert await contract_lists.read_cursor("core") == "5"


async def test_a_push_is_answered_once(tree):
    body = json.dumps([contract()]).encode()
    answers = await asyncio.gather(
        *[take_push("key", body, [contract()], source="push", basis=basis()) for _ in range(3)]
    )
    assert sorted(repeated for _answer, repeated in answers) == [False, True, True]
    assert len({json.dumps(answer, sort_keys=True) for answer, _ in answers}) == 1
    assert (await one("SELECT count(*) AS n FROM contract_lists"))["n"] == 1
    with pytest.raises(KeyTaken):
        await take_push("key", body + b" ", [contract()], source="push", basis=basis())


# ---- a row mended on the desk ----


async def cells_of(list_id: int, row_no: int) -> dict:
    async with transaction() as c:
        return (await lists.row(c, list_id, row_no))["cells"]


async def mend(list_id: int, row_no: int, now=NOW + timedelta(hours=1), **changes):
    cells = await cells_of(list_id, row_no) | changes
    return await take_mended(list_id, row_no, cells, user="lead", basis=basis(now))


async def kept(list_id: int, row_no: int) -> dict:
    return await one("SELECT * FROM list_rows WHERE list_id = :l AND row_no = :r", l=list_id, r=row_no)


async def test_a_rejected_row_mended_is_a_delivery_of_its_own(tree):
    first = await take_rows(contract(channel="柜面"))
    read, result = await mend(first.list_id, 2, channel="银保")
    assert not read.problems and counted(result) == {"accepted": 1, "cases_opened": 1}
    case, row = await the_case(), await kept(first.list_id, 2)
    assert case["state"] == "CALLABLE"
    assert (row["mended_at"], row["mended_by"]) == (NOW + timedelta(hours=1), result.list_id)
    assert row["verdict"] == "rejected" and [p["code"] async for p in problems(first.list_id)] == ["BAD_CHOICE"]
    delivery = await one("SELECT * FROM contract_lists WHERE id = :id", id=result.list_id)
    assert (delivery["source"], delivery["name"], delivery["counts"]) == ("desk", "test · 2", result.counts)
    assert (await one("SELECT source FROM contracts"))["source"] == "test"
    async with transaction() as c:
        assert await lists.mended_from(c, result.list_id) == {
            "list_id": first.list_id, "row_no": 2, "list_name": "test",
        }  # fmt: skip
    event = await one("SELECT * FROM events WHERE kind = 'ROW_MENDED'")
    assert (event["case_id"], event["person_id"]) == (case["id"], case["person_id"])
    assert event["data"] == {
        "list_id": first.list_id, "row": 2, "by_list": result.list_id, "user": "lead", "columns": ["channel"],
    }  # fmt: skip
    async with transaction() as c:
        assert await judge_stored(c, NOW + timedelta(hours=2)) == ()


async def test_a_row_that_would_be_rejected_again_is_not_stored(tree):
    first = await take_rows(contract(channel="柜面", product_type="新型"))
    read, result = await mend(first.list_id, 2, channel="银保", mobile="12")
    assert result is None
    assert {(p.field, p.code) for p in read.problems} == {("product_type", "BAD_CHOICE"), ("mobile", "BAD_PHONE")}
    assert (await kept(first.list_id, 2))["mended_at"] is None
    assert len(await all_of("SELECT id FROM contract_lists")) == 1
    assert await all_of("SELECT id FROM events") == []


async def test_a_warned_row_mended_changes_its_contract(tree):
    first = await take_rows(contract(mobile="12", branch_code="9999"))
    assert await phones() == {}
    _, untouched = await mend(first.list_id, 2, mobile=" 12 ")
    assert untouched is None and (await kept(first.list_id, 2))["mended_at"] is None
    read, result = await mend(first.list_id, 2, mobile="13900000002")
    # what is still wrong is kept with the new delivery, and can be mended there
    assert [p.code for p in read.problems] == ["UNKNOWN_BRANCH"] and counted(result) == {"updated": 1}
    assert await phones() == {"+8613900000002": (0, "CONFIRMED", False)}
    _, again = await mend(result.list_id, 1, branch_code="4401")
    assert counted(again) == {"updated": 1}
    assert (await one("SELECT branch_code FROM contracts"))["branch_code"] == "4401"
    text = str(await all_of("SELECT data FROM events WHERE kind = 'ROW_MENDED'"))
    assert "13900000002" not in text and "mobile" in text


async def test_a_problem_that_went_away_by_itself_needs_no_change(tree):
    first = await take_rows(contract(branch_code="4402"))
    assert (await mend(first.list_id, 2))[1] is None
    grown = Organisation((*TREE.branches, Branch("4402", "新支公司", "00", "COUNTY")))
    cells = await cells_of(first.list_id, 2)
    later = basis(tree=grown)
    _, result = await take_mended(first.list_id, 2, cells, user="lead", basis=later)
    assert counted(result) == {"unchanged": 1}


async def test_a_duplicate_mended(tree):
    first = await take_rows(contract(), contract(premium="99"), contract(premium="98"))
    _, other = await mend(first.list_id, 3, policy_no="P2")  # a slip in the number
    assert counted(other) == {"accepted": 1, "cases_opened": 1}
    _, same = await mend(first.list_id, 4)  # it is the one that counts after all
    assert counted(same) == {"updated": 1}
    stored = {r["policy_no"]: r["premium"] for r in await all_of("SELECT policy_no, premium FROM contracts")}
    assert stored == {"P1": 98, "P2": 99}


async def test_a_row_with_too_many_cells_mended(tree):
    shifted = cells_from_json(contract(premium="12", sum_insured="000"))
    first = await take(
        [(2, shifted, True)], source="test", name="test", digest=next(_digests), basis=basis(),
    )  # fmt: skip
    assert counted(first) == {"rejected": 1}
    read, result = await mend(first.list_id, 2, premium="12000", sum_insured="")
    assert not read.problems and counted(result) == {"accepted": 1, "cases_opened": 1}


async def test_a_row_is_mended_once_whoever_comes_together(tree):
    first = await take_rows(contract(channel="柜面"))
    cells = await cells_of(first.list_id, 2)

    async def go(channel):
        return await take_mended(first.list_id, 2, cells | {"channel": channel}, user="lead", basis=basis())

    done = await asyncio.gather(go("银保"), go("个险"), go("网销"), return_exceptions=True)
    assert [type(one) for one in done if isinstance(one, Exception)] == [RowTaken] * 2
    assert len(await all_of("SELECT id FROM contract_lists")) == 2
    with pytest.raises(LookupError):
        await take_mended(first.list_id, 3, cells, user="lead", basis=basis())


async def test_a_row_of_a_list_that_is_still_being_taken_waits(tree):
    first = await take_rows(contract(mobile="12"))
    await all_of("UPDATE contract_lists SET finished_at = NULL RETURNING id")
    with pytest.raises(RowTaken):
        await mend(first.list_id, 2, mobile="13900000002")


async def test_a_later_delivery_of_the_same_contract_is_told(tree):
    first = await take_rows(contract(mobile="12"))
    async with transaction() as c:
        assert (await lists.row(c, first.list_id, 2))["newer"] is None
    later = await take_rows(contract(premium="15000"))
    async with transaction() as c:
        assert (await lists.row(c, first.list_id, 2))["newer"] == later.list_id
