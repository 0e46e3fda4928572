"""`huifang report`: the reports as spreadsheets and pages."""

import asyncio
from datetime import date, timedelta
from pathlib import Path

import click

from cli.output import Failure, emit, fail, group, text


@group(
    example="huifang report daily --day 2026-09-24 -o reports",
    zh="生成回访报表（XLSX 与 HTML）。",
)
def report() -> None:
    """The reports as XLSX and HTML."""


def _folder(function):
    return click.option(
        "-o",
        "--output",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        help="Folder to write to.",
    )(function)


@report.command(
    example="huifang report daily -o reports\nhuifang report daily --day 2026-09-24 -o reports --json",
    zh="某一日的数字，按机构和渠道；缺省为昨日。已生成过的日报原样取出，除非加 --again。",
)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Business day (Asia/Shanghai); yesterday unless told.")
@click.option("--again", is_flag=True, help="Make the figures of a day anew instead of returning those that were kept.")
@_folder
def daily(day, again: bool, folder: Path) -> None:
    """The figures of one day by branch and channel. A report that was made before is returned as it was."""
    from clock import system
    from rules.calendar import business_date

    clock = system()
    wanted = day.date() if day else business_date(clock.now()) - timedelta(days=1)
    made, files = asyncio.run(_daily(wanted, clock, again, folder))
    document = {"files": [str(file) for file in files], "day": wanted, "final": made.final, "figures": made.figures}
    note = [] if made.final else [text("当日尚未结束：数字未留存。", "The day is not over: the figures were not kept.")]
    emit(document, [*note, *document["files"]])


async def _daily(day: date, clock, again: bool, folder: Path):
    from storage import db
    from tasks.report_files import write_files
    from tasks.reporting import DayNotBegun, make_daily_report

    try:
        made = await make_daily_report(day, clock, again)
    except DayNotBegun as problem:
        raise Failure(
            f"{day} 尚未开始，没有数字可报。", f"{day} has not begun: there is nothing to report."
        ) from problem
    finally:
        await db.dispose()
    try:
        return made, write_files(made, folder)
    except OSError as problem:
        raise Failure(
            f"无法写入 {folder}：{problem.strerror}。", f"Cannot write to {folder}: {problem.strerror}."
        ) from problem


@report.command(example="huifang report monthly --month 2026-09 -o reports", zh="月报（后续版本提供）。")
@click.option("--month", type=click.DateTime(["%Y-%m"]))
@_folder
def monthly(month, folder: Path) -> None:
    """The monthly report: comes with a later version."""
    fail("月报将在后续版本提供。", "The monthly report comes with a later version.")


@report.command(example="huifang report annual --year 2026 -o reports", zh="年报（后续版本提供）。")
@click.option("--year", type=int)
@_folder
def annual(year: int | None, folder: Path) -> None:
    """The annual report: comes with a later version."""
    fail("年报将在后续版本提供。", "The annual report comes with a later version.")
