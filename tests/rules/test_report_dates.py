from datetime import date

import pytest

from rules.parameters import DEFAULTS
from rules.report_dates import annual_report_due, monthly_report_due, sales_unit_table_due
from scripts.calendars import seeded_calendar


# AC-26
@pytest.mark.parametrize(
    ("month", "head_office", "sales_unit", "flagged"),
    [
        ("2026-10-01", "2026-10-08", "2026-10-08", True),
        ("2026-11-01", "2026-11-02", "2026-11-05", False),
        ("2026-07-01", "2026-07-01", "2026-07-03", False),
        ("2026-01-01", "2026-01-04", "2026-01-05", False),
    ],
)
def test_ac_26_report_dates(month, head_office, sales_unit, flagged):
    calendar, month = seeded_calendar(), date.fromisoformat(month)
    assert monthly_report_due(month, calendar) == date.fromisoformat(head_office)
    assert sales_unit_table_due(month, calendar, DEFAULTS) == (date.fromisoformat(sales_unit), flagged)


def test_the_first_of_the_month_is_one_of_its_first_days():
    july, calendar = date(2026, 7, 1), seeded_calendar()
    first = DEFAULTS.with_params({"report.sales_unit.latest_day": 1})
    assert sales_unit_table_due(july, calendar, first) == (july, False)
    assert sales_unit_table_due(date(2026, 7, 20), calendar, first) == (july, False)


def test_the_annual_report_is_due_at_the_end_of_december_unless_told():
    assert annual_report_due(2026, DEFAULTS) == date(2026, 12, 31)
    assert annual_report_due(2026, DEFAULTS.with_params({"report.annual.due": "11-30"})) == date(2026, 11, 30)
