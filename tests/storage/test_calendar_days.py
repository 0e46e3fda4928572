from datetime import date

from scripts.calendars import seeded_calendar
from storage.calendar_days import forget, read_calendar, seed
from storage.db import rows, transaction


async def test_seeded_once_then_the_table_decides(database):
    async with transaction() as c:
        assert await read_calendar(c) == seeded_calendar()
        await rows(
            c, "UPDATE calendar_days SET kind = 'WORKING', source = 'mended' WHERE day = '2026-10-01' RETURNING day"
        )
        await rows(c, "DELETE FROM calendar_days WHERE day = '2026-10-02' RETURNING day")
        await seed(c)
        forget()
        calendar = await read_calendar(c)
    # what somebody has corrected is not seeded over
    assert calendar.is_working_day(date(2026, 10, 1))
    assert calendar.is_working_day(date(2026, 10, 2))
    assert calendar.is_public_holiday(date(2026, 10, 5))
