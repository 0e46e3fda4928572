"""When a year's table of holidays arrives, or a day is overridden: every open date and limit follows, with history."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.branches import Branch, Organisation
from rules.calendar import CalendarRefused, DayKind, business_date
from rules.contracts import cells_from_json
from rules.settlement import settle
from scripts.calendars import seeded_calendar
from scripts.house import House
from scripts.rule_profiles import load_profile
from storage import settlements
from storage.calendar_days import forget, overrides, read_calendar
from storage.calendar_files import GivenDay
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from storage.judging import judge_stored
from storage.organisation import store_organisation
from storage.recomputing import Recomputed, change_calendar

NOW = datetime(2026, 12, 31, 2, 0, tzinfo=UTC)
TREE = Organisation((Branch("00", "总公司", None, "HEAD_OFFICE"), Branch("4401", "榕城支公司", "00", "COUNTY")))
OFF = GivenDay(DayKind.HOLIDAY, "全年安排")
# made up for the tests: nobody has published the year yet
YEAR_2027 = {
    date(2027, month, day): OFF for month, days in {1: (1, 2, 3), 2: range(5, 12), 5: (1, 2, 3)}.items() for day in days
}
YEAR_2027[date(2027, 1, 30)] = GivenDay(DayKind.MAKE_UP, "补班")


async def opened(policy_no: str, now=NOW, basis=None, **changes) -> dict:
    given = {
        "policy_no": policy_no, "channel": "BANCASSURANCE", "product_code": "BP101", "product_name": "岁岁",
        "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
        "premium": "12000", "underwritten_on": "2026-12-10", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_no": "11010519491231002X", "mobile": "13900000001", "agent_code": "A1", "branch_code": "4401",
        "status": "IN_FORCE",
    } | changes  # fmt: skip
    await take(
        [(2, cells_from_json(given), False)], source="test", name="test", digest=policy_no + str(changes),
        basis=basis or Basis(now, seeded_calendar(), House(TREE)),
    )  # fmt: skip
    return await one("SELECT * FROM cases WHERE policy_no = :p", p=policy_no)


async def one(sql: str, **values) -> dict:
    async with transaction() as c:
        [found] = await rows(c, sql, **values)
        return found


async def changed(days, years=(), now=NOW, user="compliance") -> Recomputed:
    async with transaction() as c:
        return (await change_calendar(c, days, years, source="test", user=user, now=now))[1]


async def settled(case: dict, reason: str, now=NOW) -> None:
    async with transaction() as c:
        [ended] = await settlements.cases_to_settle(c, [(case["id"], "PRECHECK", reason)], now)
        found = settle(
            ended.contact, profile=load_profile(ended.profile), calendar=await read_calendar(c), inbox_branch="4401"
        )
        await settlements.save(c, [(ended, found)], now)


@pytest.fixture
async def tree(database):
    forget()
    async with transaction() as c:
        await store_organisation(c, TREE)
    yield
    forget()


@pytest.mark.parametrize(
    ("signed", "before", "after"),
    [
        # AC-28: the end itself stands; three working days before it New Year's Day no longer counts
        ("2026-12-20", ("2027-01-04", "2026-12-30", True), ("2027-01-04", "2026-12-29", False)),
        # the end falls on a day that turns out to be a holiday: a surrender still counts after it
        ("2026-12-17", ("2027-01-01", "2026-12-29", True), ("2027-01-04", "2026-12-29", False)),
        # a period that touches no unknown year is not touched either
        ("2026-12-11", ("2026-12-28", "2026-12-23", False), ("2026-12-28", "2026-12-23", False)),
    ],
    ids=["AC-28", "the deadline rolls", "another year"],
)
async def test_the_table_of_the_year_arrives(tree, signed, before, after):
    case = await opened("P1", receipt_signed_on=signed)

    def local(row):
        return str(row["surrender_deadline"]), str(business_date(row["handover_at"])), row["provisional"]

    assert local(case) == before
    found = await changed(YEAR_2027, (2027,))
    case = await one("SELECT * FROM cases")
    assert local(case) == after
    assert found == Recomputed(cases=int(before != after), orders=0)
    assert case["nominal_end"] == date.fromisoformat(signed) + timedelta(days=15)  # counted in days: it never moves


async def test_what_stood_before_stays_on_record(tree):
    await opened("P1", receipt_signed_on="2026-12-17")
    await changed(YEAR_2027, (2027,))
    told = await one("SELECT data FROM events WHERE kind = 'CASE_UPDATED'")
    assert told["data"]["was"] == {"surrender_deadline": "2027-01-01", "provisional": True}
    assert told["data"]["surrender_deadline"] == "2027-01-04" and told["data"]["why"] == "CALENDAR"
    event = await one("SELECT data FROM events WHERE kind = 'CALENDAR_CHANGED'")
    assert event["data"]["user"] == "compliance" and event["data"]["years"] == [2027]
    assert {"day": "2027-01-01", "was": "WORKING", "now": "HOLIDAY"} in event["data"]["days"]
    assert event["data"]["reasons"]["2027-01-01"] == "全年安排"
    async with transaction() as c:
        assert (await read_calendar(c)).is_provisional(date(2027, 3, 1)) is False
        [first, *_] = await overrides(c, 2027)
    assert (first["day"], first["source"], first["changed_by"]) == (date(2027, 1, 1), "test", "compliance")


async def test_an_open_orders_limit_follows(tree):
    case = await opened("P1", receipt_signed_on="2026-12-29")
    await settled(case, "RECORD_MISMATCH")
    order = await one("SELECT * FROM work_orders")
    # 1, 4 and 5 January, as long as nobody knows better
    assert (str(order["due_at"].astimezone(UTC)), order["provisional"]) == ("2027-01-05 15:59:59+00:00", True)
    assert order["pushed_at"] == NOW and order["profile"] == "national@1"
    assert (await changed(YEAR_2027, (2027,))).orders == 1
    order = await one("SELECT * FROM work_orders")
    assert (str(order["due_at"].astimezone(UTC)), order["provisional"]) == ("2027-01-06 15:59:59+00:00", False)
    told = (await one("SELECT data FROM events WHERE kind = 'ORDER_RECOMPUTED'"))["data"]
    assert told["was"]["provisional"] is True and told["was"]["due_at"].startswith("2027-01-05")
    assert told["order_id"] == order["id"] and told["due_at"].startswith("2027-01-06")


async def test_a_closed_order_keeps_the_limit_it_was_judged_by(tree):
    case = await opened("P1", receipt_signed_on="2026-12-29")
    await settled(case, "RECORD_MISMATCH")
    async with transaction() as c:
        await rows(c, "UPDATE work_orders SET state = 'CLOSED' RETURNING id")
    assert (await changed(YEAR_2027, (2027,))).orders == 0


async def test_a_day_overridden_by_the_desk_moves_what_it_touches_and_back(tree):
    case = await opened(
        "P1", underwritten_on="2026-12-01", receipt_signed_on="2026-12-03", now=datetime(2026, 12, 5, tzinfo=UTC)
    )
    assert str(case["surrender_deadline"]) == "2026-12-18"
    day = date(2026, 12, 18)
    found = await changed({day: GivenDay(DayKind.HOLIDAY, "台风停工")}, now=datetime(2026, 12, 5, tzinfo=UTC))
    assert found.cases == 1
    assert str((await one("SELECT surrender_deadline FROM cases"))["surrender_deadline"]) == "2026-12-21"
    found = await changed({day: GivenDay(DayKind.WORKING, "取消")}, now=datetime(2026, 12, 6, tzinfo=UTC))
    assert found.cases == 1
    assert str((await one("SELECT surrender_deadline FROM cases"))["surrender_deadline"]) == "2026-12-18"
    assert [d["data"]["days"][0]["now"] for d in await all_changes()] == ["HOLIDAY", "WORKING"]


async def all_changes() -> list[dict]:
    async with transaction() as c:
        return await rows(c, "SELECT data FROM events WHERE kind = 'CALENDAR_CHANGED' ORDER BY id")


async def test_the_same_again_changes_nothing(tree):
    await opened("P1", receipt_signed_on="2026-12-17")
    await changed(YEAR_2027, (2027,))
    assert await changed(YEAR_2027, (2027,)) == Recomputed(0, 0)
    assert len(await all_changes()) == 1


@pytest.mark.parametrize(
    ("days", "years", "words"),
    [
        ({date(2027, 1, 1): OFF}, (2027,), "2027 has 1 days off, fewer than 11"),
        ({date(2027, 1, 1): GivenDay(DayKind.MAKE_UP, None)}, (), "2027-01-01 is no Saturday or Sunday"),
        ({date(2027, 1, 2): GivenDay(DayKind.WORKING, None)}, (), "one that is worked is a make-up day"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_stored(tree, days, years, words):
    with pytest.raises(CalendarRefused, match=words):
        await changed(days, years)
    assert await all_changes() == []


async def test_the_judge_sees_each_date_under_the_calendar_of_its_time(tree):
    case = await opened("P1", receipt_signed_on="2026-12-17")
    await settled(case, "RECORD_MISMATCH")
    await changed(YEAR_2027, (2027,), now=NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=2)
    async with transaction() as c:
        assert await judge_stored(c, later) == ()
        # a limit that nobody computed is found all the same
        await rows(
            c,
            """INSERT INTO events (at, kind, case_id, data)
               SELECT at, kind, case_id, data || '{"due_at": "2027-01-12T23:59:59+08:00"}' FROM events
               WHERE kind = 'ORDER_RECOMPUTED' RETURNING id""",
        )
        [broken] = await judge_stored(c, later)
    assert (broken.promise, broken.case_id) == (7, case["id"]) and "due_at" in broken.message_en


async def test_a_list_begun_before_the_change_opens_its_cases_after_it_by_the_new_calendar(tree):
    basis = Basis(NOW, seeded_calendar(), House(TREE))
    await changed(YEAR_2027, (2027,))
    case = await opened("P1", basis=basis, receipt_signed_on="2026-12-17")
    assert (str(case["surrender_deadline"]), case["provisional"]) == ("2027-01-04", False)
