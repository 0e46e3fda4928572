"""A contract list file, CSV or XLSX → its rows by English column names."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from rules.list_columns import HeaderMap, ListRefused, clean, header_map
from storage.table_files import TableFile, neutralise

__all__ = ["ListFile", "ListRefused", "ListRow", "neutralise", "open_list"]


class ListRow(NamedTuple):
    """`row` as a spreadsheet shows it. `too_many`: filled cells stand behind the last column of the header."""

    row: int
    cells: dict[str, str]
    too_many: bool


class ListFile:
    """An opened list: `header` as it stands in the file, `columns` what it means. Closing it is the caller's."""

    def __init__(self, table: TableFile, mapping: Mapping[str, str] | None):
        self._table = table
        self.digest = table.digest
        self.kind = table.kind
        for number, cells in table.rows():
            if any(cell.strip() for cell in cells):
                self.header_row, self.header = number, tuple(cells)
                break
        else:
            raise ListRefused("文件里没有内容，连表头也没有。", "There is nothing in this file, not even a header.")
        self.columns: HeaderMap = header_map(self.header, mapping)

    def rows(self) -> Iterator[ListRow]:
        """The rows below the header; blank ones are counted in the numbering and left out. May be asked for again.

        Raises ListRefused where a workbook turns out to be damaged: nothing of it is to be kept then.
        """
        for number, cells in self._table.rows():
            if number <= self.header_row or not any(map(clean, cells)):
                continue
            yield ListRow(number, self.columns.cells(cells), self.columns.too_many(cells))

    def close(self) -> None:
        self._table.close()

    def __enter__(self) -> "ListFile":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def open_list(source: Path | str | bytes, mapping: Mapping[str, str] | None = None) -> ListFile:
    """A path or the contents themselves; `mapping`: header in the file → English column name.

    Raises FileNotFoundError for a path that does not exist, ListRefused for what is no contract list.
    """
    table = TableFile(source)
    try:
        return ListFile(table, mapping)
    except BaseException:
        table.close()
        raise
