"""Any file that is said to hold a table: what it is by its contents, its digest, its rows; or why it is refused."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Literal

from rules.list_columns import ListRefused
from storage.csv_files import CsvFile, no_table
from storage.xlsx_files import XlsxFile, encrypted

_CHUNK = 2**20
_PICTURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"II*\0",
    b"MM\0*",
    b"%PDF",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SPACE = b" \t\r\n\x0b\x0c"


class TableFile:
    """`digest` is the SHA-256 of the contents, hex. A context manager. Raises ListRefused where there is no table.

    `rows()` can raise it too, when a workbook is damaged further down: take in everything or nothing.
    """

    kind: Literal["CSV", "XLSX"]

    def __init__(self, source: Path | str | bytes):
        self._file: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else open(source, "rb")  # noqa: SIM115
        try:
            self.digest = _digest(self._file)
            self.kind = _kind(self._file)
            self._table = XlsxFile(self._file) if self.kind == "XLSX" else CsvFile(self._file)
        except BaseException:
            self._file.close()
            raise

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number as a spreadsheet shows it, cells as text); some blank rows may be left out."""
        return self._table.rows()

    def close(self) -> None:
        self._table.close()
        self._file.close()

    def __enter__(self) -> "TableFile":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def neutralise(text: str) -> str:
    """For exports: a spreadsheet would take text that begins so for a formula; the apostrophe keeps it text."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _kind(file: IO[bytes]) -> Literal["CSV", "XLSX"]:
    file.seek(0)
    head = file.read(65_536)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "XLSX"
    if head.startswith(_OLD_OFFICE):
        raise encrypted() if _holds(file, "EncryptedPackage".encode("utf-16-le")) else _old_excel()
    if head.startswith(_PICTURES) or (head.startswith(b"BM") and b"\0" in head[:64]):
        raise no_table()
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _every_other_nul(head):
        raise ListRefused(
            "文件是 UTF-16 编码的文本，无法读取。请另存为“CSV UTF-8”或 .xlsx 后重新上传。",
            "The file is text in UTF-16, which is not read. Save it as “CSV UTF-8” or .xlsx and send it again.",
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(_SPACE)
    if not text and not _more(file):
        raise ListRefused("文件是空的，没有表头。", "The file is empty: there is no header.")
    if _is_json(text):
        raise ListRefused(
            "这是 JSON 文件，不是表格。请上传 CSV 或 Excel（.xlsx）格式的清单。",
            "This is a JSON file, not a table. Send the list as CSV or Excel (.xlsx).",
        )
    if text[:200].lower().startswith((b"<?xml", b"<!doctype", b"<html", b"<table")):
        raise ListRefused(
            "这是网页或 XML 文件，不是清单。请在 Excel 中打开、另存为 .xlsx 后重新上传。",
            "This is a web page or XML, not a list. Open it in Excel, save it as .xlsx and send it again.",
        )
    if sum(byte < 32 and byte not in _SPACE for byte in head[:4096]) > len(head[:4096]) // 10:
        raise no_table()
    return "CSV"


def _every_other_nul(head: bytes) -> bool:
    """ASCII in UTF-16 without a mark at its beginning."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    return max(even, odd) * 5 > len(head) and min(even, odd) * 10 <= max(even, odd)


def _is_json(text: bytes) -> bool:
    if text.startswith(b"{"):
        return text[1:].lstrip(_SPACE)[:1] in (b'"', b"}")
    return text.startswith(b"[") and text[1:].lstrip(_SPACE)[:1] in tuple(b"%c" % c for c in b'{["]-0123456789')


def _more(file: IO[bytes]) -> bool:
    """Something but white space stands behind the first 64 KiB."""
    while chunk := file.read(_CHUNK):
        if chunk.strip(_SPACE):
            return True
    return False


def _holds(file: IO[bytes], pattern: bytes) -> bool:
    file.seek(0)
    tail = b""
    while chunk := file.read(_CHUNK):
        if pattern in tail + chunk:
            return True
        tail = chunk[-len(pattern) :]
    return False


def _old_excel() -> ListRefused:
    return ListRefused(
        "这是旧版 Excel 文件（.xls）。请另存为 .xlsx 或 CSV 后重新上传。",
        "This is an old Excel file (.xls). Save it as .xlsx or CSV and send it again.",
    )
