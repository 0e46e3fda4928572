"""A daily report as files people open: a spreadsheet and a page, in Chinese and in English."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from rules.calendar import SHANGHAI
from rules.words import word
from storage.list_files import neutralise
from tasks.outages import batch
from tasks.reporting import BY_LABEL, DailyReport

LANGUAGES = ("zh", "en")

SENTENCES = {
    "title": ("新契约回访日报", "New-contract callbacks: daily report"),
    "whole": ("全部", "In all"),
    "by_branch": ("按机构", "By branch"),
    "by_channel": ("按渠道", "By channel"),
    "branch": ("机构", "Branch"),
    "channel": ("渠道", "Channel"),
    "no_branch": ("（机构代码未知）", "(branch code unknown)"),
    "cohort": (
        "应回访一栏统计犹豫期在当日届满的保单；其余为当日完成的工作。比率以百分数表示。",
        "“Due” counts the policies whose cooling-off period ended on this day; the rest is the work of the day. Rates in per cent.",
    ),
    "preliminary": (
        "当日尚未结束，数字为截至此刻的情况，未留存。",
        "The day is not over: the figures so far, not kept.",
    ),
    "made_at": ("制表时间", "Made at"),
    "profile": ("规则版本", "Rule profile"),
    "measure": ("指标", "Figure"),
    "value": ("数值", "Value"),
    "nothing": ("当日没有数据。", "Nothing happened on this day."),
    "due": ("应回访", "Due"),
    "excluded": ("剔除", "Excluded"),
    "denominator": ("计入考核", "Counted"),
    "completed": ("已完成", "Completed"),
    "clean": ("无问题完成", "Clean"),
    "in_window": ("期内完成", "In window"),
    "completed_rate": ("完成率", "Completed %"),
    "clean_success_rate": ("成功率（无问题）", "Clean success %"),
    "in_window_rate": ("期内完成率", "In-window %"),
    "overridden": ("其中经两人改判", "Class overridden by two"),
    "waivers": ("豁免签字声明", "Waived statements"),
    "order": ("工单", "Work order"),
    "reason": ("理由", "Reason"),
    "by": ("豁免人", "Waived by"),
    "dials": ("拨打", "Dials"),
    "answered": ("接通", "Answered"),
    "recordings_verified": ("录音已核验归档", "Recordings verified"),
    "recordings_lost": ("录音遗失", "Recordings lost"),
    "results": ("拨打结果", "Results"),
    "outcomes": ("回访结论", "Outcomes"),
    "orders_issued": ("下发工单", "Orders issued"),
    "orders_overdue": ("逾期工单", "Orders overdue"),
}
COLUMNS = (
    "due", "excluded", "denominator", "completed", "clean", "in_window", "completed_rate", "clean_success_rate",
    "in_window_rate", "overridden", "dials", "answered", "recordings_verified", "recordings_lost",
)  # fmt: skip

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("report_templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def sentence(name: str, language: str) -> str:
    zh, en = SENTENCES[name]
    return zh if language == "zh" else en


def write_files(report: DailyReport, folder: Path) -> list[Path]:
    """Replaces files of the same name; a reader never sees half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for language in LANGUAGES:
        stem = f"daily-{report.day}.{language}"
        written.append(_put(folder / f"{stem}.html", page(report, language).encode()))
        beside = folder / f".{stem}.xlsx.part"
        workbook(report, language).save(beside)
        written.append(beside.replace(folder / f"{stem}.xlsx"))
    return written


@batch
async def write_report_files(report: DailyReport, folder: Path) -> list[Path]:
    return await asyncio.to_thread(write_files, report, folder)


def _put(file: Path, content: bytes) -> Path:
    beside = file.with_name(f".{file.name}.part")
    beside.write_bytes(content)
    return beside.replace(file)


def page(report: DailyReport, language: str) -> str:
    return _pages.get_template("daily.html.j2").render(
        language=language, t=lambda name: sentence(name, language), tables=_tables(report, language), **_head(report)
    )


def _head(report: DailyReport) -> dict[str, Any]:
    return {
        "day": report.day.isoformat(),
        "made_at": f"{report.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}",
        "profile": report.figures["profile"],
        "final": report.final,
    }


def workbook(report: DailyReport, language: str) -> Workbook:
    """One sheet a table; the first says what the figures are."""
    book = Workbook()
    book.remove(book.active)
    for title, header, lines in _tables(report, language):
        sheet = book.create_sheet(title)
        if not book.index(sheet):
            _write_head(sheet, report, language)
        sheet.append([_cell(value) for value in header])
        for cell in sheet[sheet.max_row]:
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        for line in lines:
            sheet.append([_cell(value) for value in line])
        for column in range(1, len(header) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = 24 if column <= 2 else 14
    return book


def _write_head(sheet, report: DailyReport, language: str) -> None:
    head = _head(report)
    sheet.append([f"{sentence('title', language)} {head['day']}"])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([sentence("cohort", language)])
    if not report.final:
        sheet.append([sentence("preliminary", language)])
    sheet.append([sentence("made_at", language), head["made_at"]])
    sheet.append([sentence("profile", language), head["profile"]])
    sheet.append([])


def _cell(value: Any) -> Any:
    return neutralise(value) if isinstance(value, str) else value


def _tables(report: DailyReport, language: str) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
    """(title, header, lines); rates as numbers."""

    def t(name: str) -> str:
        return sentence(name, language)

    labels = [(group, label) for group in BY_LABEL for label in sorted(report.figures["whole"][group])]
    columns = [t(name) for name in COLUMNS] + [f"{t(group)}: {word(label, language)}" for group, label in labels]

    def line(part: dict) -> list[Any]:
        # a report that was kept before a column was added has none of it
        return [_number(part.get(name, 0)) for name in COLUMNS] + [part[group].get(label, 0) for group, label in labels]

    whole = report.figures["whole"]
    yield t("whole"), [t("measure"), t("value")], [list(pair) for pair in zip(columns, line(whole), strict=True)]
    yield (
        t("by_branch"),
        [t("branch"), "", *columns],
        [[part["code"], part["name"] or t("no_branch"), *line(part)] for part in report.figures["by_branch"]],
    )
    yield (
        t("by_channel"),
        [t("channel"), *columns],
        [[word(part["code"], language), *line(part)] for part in report.figures["by_channel"]],
    )

    if waivers := report.figures.get("waivers"):
        yield (
            t("waivers"),
            [t("order"), t("branch"), t("channel"), t("reason"), t("by")],
            [[w["order_id"], w["branch"], word(w["channel"], language), w["reason"], w["by"]] for w in waivers],
        )


def _number(value: Any) -> Any:
    """A rate is kept as text with one decimal; a spreadsheet counts with numbers."""
    return float(value) if isinstance(value, str) else value
