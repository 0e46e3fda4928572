"""A CSV file read row by row in bounded memory, whatever its encoding and delimiter."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO

from rules.list_columns import ListRefused, column_named, storable
from storage.xlsx_files import LONGEST_CELL, MOST_COLUMNS

_CHUNK = 2**20
_LONGEST_LINE = 4 * 2**20  # bytes
_LONGEST_RECORD = 8 * 2**20  # characters, line breaks inside quotes counted; a list's rows have a few hundred
_DELIMITERS = ",;\t"
csv.field_size_limit(_LONGEST_RECORD)


class CsvFile:
    """`encoding` is `utf-8-sig` or `gb18030`. Bytes that do not decode become U+FFFD, and so does NUL.

    Everything for which the file is refused is found on opening: `rows()` of an opened file comes to its end.
    """

    def __init__(self, file: IO[bytes]):
        self._file = file
        self.encoding, quoted = _encoding(file)
        self.delimiter = self._find_delimiter()
        if quoted:
            self._refuse_open_quote()

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number as a spreadsheet shows it, cells); blank rows too."""
        for number, cells, _raw in self._records():
            yield number, cells

    def close(self) -> None:
        pass

    def _lines(self) -> Iterator[str]:
        self._file.seek(0)
        text = io.TextIOWrapper(self._file, encoding=self.encoding, errors="replace", newline="")
        try:
            for line in text:
                yield storable(line)
        finally:
            text.detach()

    def _records(self) -> Iterator[tuple[int, list[str], list[str]]]:
        raw: list[str] = []
        size = 0

        def watched() -> Iterator[str]:
            nonlocal size
            for line in self._lines():
                raw.append(line)
                size += len(line)
                if size > _LONGEST_RECORD:
                    raise _open_quote()
                yield line

        try:
            for number, cells in enumerate(csv.reader(watched(), delimiter=self.delimiter), start=1):
                if size > LONGEST_CELL:
                    cells = [cell[:LONGEST_CELL] for cell in cells]
                    if len(cells) > MOST_COLUMNS:  # what was filled further right is still seen
                        cells = [*cells[:MOST_COLUMNS], "".join(cells[MOST_COLUMNS:])[:LONGEST_CELL]]
                yield number, cells, raw
                raw.clear()
                size = 0
        except csv.Error as error:
            raise _open_quote() from error

    def _find_delimiter(self) -> str:
        """The one that makes the most known columns of the header line; the most frequent one where none does."""
        header = next((line for line in self._lines() if line.strip(" \t\r\n,;　\ufeff")), "")[:_CHUNK]

        def known(delimiter: str) -> tuple[int, int]:
            cells = next(csv.reader([header], delimiter=delimiter), [])
            return len({column_named(cell) for cell in cells} - {None}), len(cells)

        return max(_DELIMITERS, key=known)

    def _refuse_open_quote(self) -> None:
        last = ""
        for _number, cells, raw in self._records():
            last = ""
            if len(raw) > 1 or any(self.delimiter in cell for cell in cells):
                if _never_closed("".join(raw), self.delimiter):
                    raise _open_quote()
            elif raw and '"' in raw[0]:
                last = raw[0]
        if _never_closed(last, self.delimiter):
            raise _open_quote()


def _encoding(file: IO[bytes]) -> tuple[str, bool]:
    """UTF-8 when most of what is not ASCII decodes so, else GB18030; and whether there is any quotation mark.

    Refuses what has no lines, before a whole file is taken into memory as one.
    """
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good = bad = 0
    quoted = False
    open_line = 0  # bytes behind the last line break
    while chunk := file.read(_CHUNK):
        ends = chunk.replace(b"\r", b"\n") if b"\r" in chunk else chunk
        first = ends.find(b"\n")
        line = open_line + (len(chunk) if first < 0 else first)
        if line > _LONGEST_LINE:
            raise no_table()
        open_line = line if first < 0 else len(chunk) - ends.rfind(b"\n") - 1
        quoted = quoted or b'"' in chunk
        if chunk.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(chunk)
        replaced = text.count("\ufffd")
        bad += replaced
        good += len(text) - len(text.encode("ascii", "ignore")) - replaced
    bad += decoder.decode(b"", True).count("\ufffd")
    return ("utf-8-sig" if bad <= good else "gb18030"), quoted


def _never_closed(record: str, delimiter: str) -> bool:
    """Whether a quoted cell of this record has no end, or one that can only be the beginning of another cell's quote.

    A quote opens only at the start of a cell, and "" inside is a quote. Where the closing one is missing, the next cell's
    opening one is taken for it: it stands behind a delimiter or line break, and text follows. "A"座 is no such thing.
    """
    between = f"{delimiter}\r\n"
    start = 0
    while True:
        if record.startswith('"', start):
            end = record.find('"', start + 1)
            while end >= 0 and record.startswith('"', end + 1):
                end = record.find('"', end + 2)
            if end < 0:
                return True
            behind = record[end + 1 : end + 2]
            if end > start + 1 and record[end - 1] in between and behind.strip() and behind != delimiter:
                return True
            start = end + 1
        start = record.find(delimiter, start) + 1
        if not start:
            return False


def _open_quote() -> ListRefused:
    return ListRefused(
        "文件里有一个引号没有配对，后面的内容无法分行。请检查引号后重新导出。",
        "A quotation mark in the file is never closed, so the rows behind it cannot be told apart. Export the list again.",
    )


def no_table() -> ListRefused:
    return ListRefused(
        "文件里没有表格。请上传 CSV 或 Excel（.xlsx）格式的清单。",
        "There is no table in this file. Send the list as CSV or Excel (.xlsx).",
    )
