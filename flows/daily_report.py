"""The figures of one business day, kept as a row and written as files."""

from datetime import date, timedelta
from pathlib import Path

from prefect import flow

from clock import system
from rules.calendar import business_date
from settings import settings
from tasks.low_success import propose_for_low_success
from tasks.report_files import write_report_files
from tasks.reporting import keep_daily_report


@flow(name="daily-report")
async def daily_report(day: date | None = None, folder: Path | None = None, again: bool = False) -> list[str]:
    """Returns the files' paths. `day` None: yesterday; `folder` None: `reports` in HUIFANG_HOME."""
    clock = system()
    report = await keep_daily_report(day or business_date(clock.now()) - timedelta(days=1), clock, again)
    await propose_for_low_success(clock)
    return [str(file) for file in await write_report_files(report, folder or settings().home / "reports")]
