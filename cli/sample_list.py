"""`huifang sample-list`: an invented contract list as a file."""

from datetime import date, datetime
from pathlib import Path

import click

from cli.output import command, emit, fail, text

SAMPLE_ORGANISATION = Path(__file__).parent.parent / "samples" / "branches.csv"
DEMO_DAY = "2026-09-24"


@command(
    "sample-list",
    example="huifang sample-list --contracts 5000 --seed 7 --trouble -o list.csv\n"
    "huifang sample-list --contracts 200 --seed 1 -o list.xlsx",
    zh="写出一份虚构的保单清单（.csv 或 .xlsx）。",
)
@click.option("--contracts", type=click.IntRange(0, 50_000_000), required=True, help="Number of rows.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same list.")
@click.option(
    "--day", type=click.DateTime(["%Y-%m-%d"]), default=DEMO_DAY, show_default=True, help="Business day of the list."
)
@click.option("--trouble", is_flag=True, help="With rows that have something wrong, every kind among them.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help=".csv or .xlsx")
def sample_list(contracts: int, seed: int, day: datetime, trouble: bool, output: Path) -> None:
    """Write an invented contract list (.csv or .xlsx by the name's ending)."""
    from storage.branch_files import read_organisation
    from storage.sample_lists import generate, write_list

    if output.suffix.lower() not in (".csv", ".xlsx"):
        raise click.BadParameter(
            text("文件名要以 .csv 或 .xlsx 结尾。", "the name must end in .csv or .xlsx."), param_hint="-o"
        )
    if output.suffix.lower() == ".xlsx" and contracts >= 1_048_576:
        raise click.BadParameter(
            text("Excel 最多 1048575 行，请改用 .csv。", "Excel holds 1048575 rows at most; use .csv."), param_hint="-o"
        )
    rows = generate(
        contracts, seed, date(day.year, day.month, day.day), read_organisation(SAMPLE_ORGANISATION), trouble
    )
    try:
        count = write_list(output, rows)
    except OSError as error:
        fail(f"写不了文件 {output}：{error.strerror}。", f"Cannot write {output}: {error.strerror}.")
    emit({"rows": count}, text(f"已写入 {count} 行：{output}", f"{count} rows written to {output}"))
