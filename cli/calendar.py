"""`huifang calendar`: the years whose holidays are known, the days that differ, and how both are changed by file."""

import asyncio
import getpass
from collections.abc import Iterator
from pathlib import Path

import click

from cli.output import emit, fail, group, language, text

# The command is no page with a sign-in: who changed something is the person of this machine, unless told.
WHO = click.option("--by", help="Who changes it, for the record; the user of this machine unless told.")


@group(
    invoke_without_command=True,
    example="huifang calendar\nhuifang calendar import holidays-2027.csv --year 2027",
    zh="节假日历：已知年份、与星期不同的日子；从文件更改（calendar import 文件）。",
)
@click.option("--year", type=click.IntRange(2000, 2100), help="The days of this year; the present one unless told.")
@click.pass_context
def calendar(context: click.Context, year: int | None) -> None:
    """Public holidays and make-up days: what is known, and changes by file."""
    if context.invoked_subcommand is None:
        asyncio.run(_show(year))


@calendar.command(
    "import",
    example="huifang calendar import holidays-2027.csv --year 2027\nhuifang calendar import typhoon.yaml --by compliance",
    zh="从文件（CSV、XLSX、YAML：日期、类别、原因）更改日历，并重算受影响的日期与时限。",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--year",
    "years",
    type=click.IntRange(2000, 2100),
    multiple=True,
    help="The file holds all days off of this year: from now on it is known and no longer provisional.",
)
@WHO
def import_days(file: Path, years: tuple[int, ...], by: str | None) -> int:
    """Take days from a file (CSV, XLSX, YAML: date, kind, reason) and recompute what follows from them."""
    from clock import system
    from rules.calendar import CalendarRefused
    from rules.list_columns import ListRefused
    from storage import db
    from storage.calendar_files import read_days
    from storage.recomputing import change_calendar

    async def work():
        days = await asyncio.to_thread(read_days, file)
        try:
            async with db.transaction() as connection:
                return await change_calendar(
                    connection, days, years, source=file.name, user=by or getpass.getuser(), now=system().now()
                )
        finally:
            await db.dispose()

    try:
        changed, recomputed = asyncio.run(work())
    except ListRefused as refused:
        fail(refused.message_zh, refused.message_en)
    except CalendarRefused as refused:
        fail(f"日历未更改：{refused.zh}。", f"The calendar was not changed: {refused.en}.")
    document = {
        "changed": [{"date": one.day, "was": one.was, "now": one.now} for one in changed.days],
        "years": changed.years,
        "cases": recomputed.cases,
        "orders": recomputed.orders,
    }
    emit(document, lambda: _changed_lines(document))
    return 0


def _changed_lines(document: dict) -> Iterator[str]:
    from rules.words import word

    lang = language()
    for one in document["changed"]:
        yield f"{one['date']}  {word(one['was'], lang)} → {word(one['now'], lang)}"
    for year in document["years"]:
        yield text(f"{year} 年的节假日从此已知", f"the holidays of {year} are known from now on")
    if not document["changed"] and not document["years"]:
        yield text("日历本来如此，没有更改。", "The calendar says so already; nothing was changed.")
        return
    cases, orders = document["cases"], document["orders"]
    yield text(f"重算：{cases} 件回访，{orders} 张工单。", f"Recomputed: {cases} cases, {orders} work orders.")


async def _show(year: int | None) -> None:
    from clock import system
    from rules.calendar import business_date
    from rules.words import word
    from storage import db
    from storage.calendar_days import known_years, overrides, read_calendar

    try:
        async with db.transaction() as connection:
            await read_calendar(connection)  # an empty table is seeded first
            chosen = year or business_date(system().now()).year
            days = await overrides(connection, chosen)
            years = await known_years(connection)
    finally:
        await db.dispose()
    known = [row["year"] for row in years]
    document = {
        "year": chosen,
        "provisional": chosen not in known,
        "years": known,
        "days": [
            {
                "date": row["day"],
                "kind": row["kind"],
                "source": row["source"],
                "reason": row["reason"],
                "by": row["changed_by"],
            }
            for row in days
        ],
    }

    def lines() -> Iterator[str]:
        lang = language()
        if document["provisional"]:
            yield text(
                f"{chosen} 年的节假日未知：暂按周一至周五计算。",
                f"The holidays of {chosen} are not known: counted Monday to Friday for now.",
            )
        for row in document["days"]:
            why = " · ".join(str(part) for part in (row["source"], row["by"], row["reason"]) if part)
            yield f"{row['date']}  {word(row['kind'], lang):<8}  {why}"

    emit(document, lines)
