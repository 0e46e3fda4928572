"""The calendar kept up: a year that the package has learned is taken over; one that nobody knows is told once."""

from datetime import date, datetime

from rules.branches import Branch, Organisation
from rules.calendar import SHANGHAI
from rules.contracts import cells_from_json
from scripts.calendars import seeded_calendar
from scripts.house import House
from storage import calendar_days
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from tasks.calendar import take_new_years, tell_missing_years


class At:
    def now(self):
        return datetime(2026, 11, 22, 9, tzinfo=SHANGHAI)


async def all_of(sql: str) -> list[dict]:
    async with transaction() as c:
        return await rows(c, sql)


async def test_a_year_that_the_package_has_learned(database):
    calendar_days.forget()
    async with transaction() as c:
        await calendar_days.read_calendar(c)
        # as an installation looks that was filled when the package knew nothing of 2026, and mended one day of 2025
        await rows(c, "DELETE FROM calendar_days WHERE day >= '2026-01-01' RETURNING day")
        await rows(c, "DELETE FROM calendar_years WHERE year = 2026 RETURNING year")
        await rows(c, "UPDATE calendar_days SET kind = 'WORKING' WHERE day = '2025-10-01' RETURNING day")
    assert await take_new_years.fn(At()) == (2026,)
    async with transaction() as c:
        calendar_days.forget()
        calendar = await calendar_days.read_calendar(c)
    assert calendar.years == seeded_calendar().years
    assert calendar.is_public_holiday(date(2026, 10, 1)) and calendar.is_working_day(date(2026, 10, 10))
    assert calendar.is_working_day(date(2025, 10, 1))  # what somebody mended stays
    [told] = await all_of("SELECT data FROM events WHERE kind = 'CALENDAR_CHANGED'")
    assert told["data"]["years"] == [2026] and told["data"]["user"] == calendar_days.SEED
    assert await take_new_years.fn(At()) == ()


async def test_a_year_that_nobody_knows_is_told_once(database):
    calendar_days.forget()
    assert await tell_missing_years.fn(At()) == ()
    row = {
        "policy_no": "P1", "channel": "AGENCY", "product_code": "T1", "product_name": "定期", "product_type": "TRADITIONAL",
        "policy_term_years": "20", "premium_mode": "SINGLE", "premium": "12000", "underwritten_on": "2026-12-18",
        "receipt_signed_on": "2026-12-20", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_no": "11010519491231002X", "mobile": "13900000001", "agent_code": "A1", "branch_code": "00",
    }  # fmt: skip
    now = datetime(2026, 12, 21, 9, tzinfo=SHANGHAI)
    tree = Organisation((Branch("00", "总公司", None, "HEAD_OFFICE"),))
    judged_by = Basis(now, seeded_calendar(), House(tree))
    await take([(2, cells_from_json(row), False)], source="test", name="test", digest="test", basis=judged_by)
    assert await tell_missing_years.fn(At()) == (2027,)
    [told] = await all_of("SELECT data FROM events WHERE kind = 'CALENDAR_YEAR_MISSING'")
    assert told["data"] == {"year": 2027, "cases": 1, "orders": 0}
    assert await tell_missing_years.fn(At()) == ()
