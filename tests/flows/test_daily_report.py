"""Unattended: yesterday's figures, a row, and files in the folder of the installation."""

from datetime import timedelta
from pathlib import Path

from clock import system
from flows.daily_report import daily_report
from rules.calendar import business_date
from storage import db


async def test_without_parameters_it_reports_yesterday(prefect_server, database, tmp_path, monkeypatch):
    from settings import settings

    monkeypatch.setenv("HUIFANG_HOME", str(tmp_path))
    settings.cache_clear()
    yesterday = business_date(system().now()) - timedelta(days=1)
    files = await daily_report()
    assert {Path(file).parent for file in files} == {tmp_path / "reports"}
    assert len(files) == 4
    async with db.transaction() as connection:
        # and the success of the units in the last whole month, which is kept once
        last_month = business_date(system().now()).replace(day=1) - timedelta(days=1)
        assert await db.rows(connection, "SELECT kind, period FROM reports ORDER BY kind") == [
            {"kind": "daily", "period": yesterday.isoformat()},
            {"kind": "success", "period": f"{last_month:%Y-%m}"},
        ]
