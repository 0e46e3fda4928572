"""A case from its list row on: the profile of its branch's place and day, through selection, call sheet and settlement."""

import json
from datetime import date, datetime, timedelta

from rules.branches import Branch, Organisation, Outlet
from rules.calendar import SHANGHAI, business_date
from rules.call_sheet import CallSheet
from rules.contracts import cells_from_json
from rules.profile_groups import select_by_profile
from rules.settlement import settle
from scripts.calendars import seeded_calendar
from scripts.call_scripts import load_script
from scripts.house import Filed, House
from scripts.rule_profiles import load_profile
from storage import settlements
from storage.call_sheets import Speaker, prepare
from storage.candidates import read_pool
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from storage.house import file_layer, read_house, withdraw_layer
from storage.judging import judge_stored
from storage.organisation import store_organisation
from storage.vault import vault

NOW = datetime(2026, 9, 24, 10, tzinfo=SHANGHAI)
TREE = Organisation(
    (
        Branch("00", "总公司", None, "HEAD_OFFICE"),
        Branch("50", "巴山分公司", "00", "PROVINCE", "500000"),
        Branch("5001", "巴山支公司", "50", "COUNTY"),
        Branch("44", "岭南分公司", "00", "PROVINCE"),
    ),
    (Outlet("W1", "网点", "5001", None),),
)
FILED = Filed("50", "branch-example", date(2026, 9, 1))
SCRIPT = load_script("bank-participating-regular", 1)
LOCAL, BRANCH, PLAIN = "national@1/local-2g@1/company-example@1", "branch-example@1", "company-example@1"


async def taken(*given: dict, house: House) -> dict[str, dict]:
    base = {
        "channel": "BANCASSURANCE", "product_code": "BP101", "product_name": "岁岁", "product_type": "PARTICIPATING",
        "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5", "premium": "12000",
        "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14", "receipt_written_off_on": "2026-09-15",
        "policyholder_name": "王芳", "policyholder_type": "PERSON", "policyholder_id_no": "11010519491231002X",
        "mobile": "13900000001", "agent_code": "A1", "status": "IN_FORCE",
    }  # fmt: skip
    async with transaction() as c:
        await store_organisation(c, house.tree)
    await take(
        [(n, cells_from_json(base | one), False) for n, one in enumerate(given, start=2)],
        source="test", name="test", digest=json.dumps(given), basis=Basis(NOW, seeded_calendar(), house),
    )  # fmt: skip
    async with transaction() as c:
        return {row["policy_no"]: row for row in await rows(c, "SELECT * FROM cases")}


async def test_each_row_comes_under_the_profile_of_its_place_channel_and_day(database):
    found = await taken(
        {"policy_no": "P1", "branch_code": "44"},
        {"policy_no": "P2", "branch_code": "5001", "channel": "AGENCY"},
        {"policy_no": "P3", "branch_code": "W1"},  # an outlet of the branch
        {"policy_no": "P4", "branch_code": "5001", "underwritten_on": "2026-08-31"},  # concluded before the filing
        {"policy_no": "P5", "branch_code": "nowhere"},
        house=House(TREE, "company-example", (FILED,)),
    )
    assert {policy: case["profile"] for policy, case in found.items()} == {
        "P1": PLAIN,
        "P2": LOCAL,
        "P3": BRANCH,
        "P4": LOCAL,
        "P5": PLAIN,
    }
    # the company grants twenty days
    assert {case["nominal_end"] for case in found.values()} == {date(2026, 10, 4)}
    async with transaction() as c:
        told = await rows(
            c, "SELECT data ->> 'profile' AS profile FROM events WHERE kind = 'CASE_OPENED' ORDER BY case_id"
        )
        assert [row["profile"] for row in told] == [PLAIN, LOCAL, BRANCH, LOCAL, PLAIN]
        assert await judge_stored(c, NOW) == ()


async def test_a_person_under_two_profiles_is_rung_and_settled_by_the_right_ones(database):
    found = await taken(
        {"policy_no": "P1", "branch_code": "44"}, {"policy_no": "P2", "branch_code": "5001"},
        {"policy_no": "P3", "branch_code": "44", "policyholder_id_no": "110105194912310038", "mobile": "13900000002"},
        house=House(TREE, "company-example", (FILED,)),
    )  # fmt: skip

    async def chosen(at: datetime):
        async with transaction() as c:
            pool = await read_pool(c, at, lambda *_: "bank-participating-regular@1")
            picked = select_by_profile(
                pool.candidates, pool.attempts, now=at, calendar=seeded_calendar(), profiles=pool.profiles,
                profile_of=load_profile,
            )  # fmt: skip
            return picked, await prepare(
                c, picked.selection.callable, profiles=picked.profiles, script_of=lambda *_: SCRIPT,
                permitted=lambda end, profile: (), speaker=Speaker("示例人寿", "400-000-0000", "8001"), now=at,
                today=business_date(at), new_id=iter("abc").__next__,
            )  # fmt: skip

    # the branch does not ring at noon; the other person's company does
    picked, dials = await chosen(NOW.replace(hour=12, minute=30))
    assert [dial.profile for dial in dials] == [PLAIN]
    picked, dials = await chosen(NOW)
    both = next(dial for dial in dials if len(dial.case_ids) == 2)
    assert both.profile == f"{BRANCH}|{PLAIN}" and load_profile(both.profile)["calling.windows"] == (
        "09:00-12:00",
        "14:00-20:00",
    )
    sheet = CallSheet.from_json(json.loads(vault().open(both.sheet_sealed)))
    assert [(p.jurisdiction, p.fees_for_all_types, p.cooling_off_days) for p in sheet.policies] == [
        (None, False, 20),
        ("500000", True, 20),
    ]
    assert sheet.min_gap_hours == 4

    # each policy is settled under its own: the branch has two working days where the company has three
    async with transaction() as c:
        ended = await settlements.cases_to_settle(
            c, [(found[p]["id"], "PRECHECK", "RECORD_MISMATCH") for p in ("P1", "P2")], NOW
        )
        decided = [
            (
                e,
                settle(
                    e.contact,
                    profile=load_profile(e.profile),
                    calendar=seeded_calendar(),
                    inbox_branch=e.contact.case.branch_code,
                ),
            )
            for e in ended
        ]
        await settlements.save(c, decided, NOW)
        orders = await rows(
            c,
            "SELECT c.policy_no, w.profile, w.working_days FROM work_orders w JOIN cases c ON c.id = w.case_id ORDER BY 1",
        )
        assert [tuple(row.values()) for row in orders] == [("P1", PLAIN, 3), ("P2", BRANCH, 2)]
        assert await judge_stored(c, NOW + timedelta(minutes=1)) == ()


async def test_layers_on_file(database):
    async with transaction() as c:
        await store_organisation(c, TREE)
        assert await file_layer(c, "50", "branch-example", NOW, "compliance")
        assert not await file_layer(c, "50", "branch-example", NOW, "compliance")
        house = await read_house(c)
        assert house.layers_of("W1", date(2026, 9, 24)) == ("branch-example",)
        assert house.layers_of("W1", date(2026, 9, 23)) == house.layers_of("44", date(2026, 9, 24)) == ()
        assert await withdraw_layer(c, "50", NOW + timedelta(days=2), "compliance") == "branch-example"
        assert await withdraw_layer(c, "50", NOW + timedelta(days=2), "compliance") is None
        house = await read_house(c)
        assert [house.layers_of("5001", date(2026, 9, n)) for n in (25, 26)] == [("branch-example",), ()]
        told = await rows(c, "SELECT kind, data ->> 'user' AS user FROM events ORDER BY id")
    assert [tuple(row.values()) for row in told] == [
        ("PROFILE_FILED", "compliance"),
        ("PROFILE_WITHDRAWN", "compliance"),
    ]
