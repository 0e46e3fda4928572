"""What a list shows, as a spreadsheet."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from urllib.parse import quote

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from rules.calendar import SHANGHAI
from storage.list_files import neutralise

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST = 20_000  # rows of one export; a bigger question is a report's


async def spreadsheet(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """`name` without its ending. Text that a spreadsheet would take for a formula is neutralised."""
    content = await run_in_threadpool(_workbook, header, list(rows))
    disposition = f"attachment; filename=\"export.xlsx\"; filename*=UTF-8''{quote(name)}.xlsx"
    return Response(content, media_type=XLSX, headers={"Content-Disposition": disposition, "Cache-Control": "no-store"})


def _workbook(header: Sequence[str], rows: list[Sequence[object]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("huifang")
    sheet.freeze_panes = "A2"
    for number, title in enumerate(header, 1):
        widest = max([len(str(title)) * 2, *(len(str(row[number - 1] or "")) for row in rows[:200])])
        sheet.column_dimensions[get_column_letter(number)].width = min(max(widest + 2, 10), 60)
    titles = []
    for title in header:
        cell = WriteOnlyCell(sheet, neutralise(title))
        cell.font = Font(bold=True)
        titles.append(cell)
    sheet.append(titles)
    for row in rows:
        sheet.append([_plain(value) for value in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, str):
        return neutralise(value)
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).replace(tzinfo=None)  # a spreadsheet knows no zones
    if isinstance(value, list | tuple):
        return neutralise("、".join(map(str, value)))
    return value if value is None or isinstance(value, int | float | date) else str(value)
