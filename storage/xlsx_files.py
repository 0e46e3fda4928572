"""An XLSX workbook read row by row in bounded memory: its first visible sheet, stored values only.

The sheet and its strings are parsed as streams and the strings wait on disk, because a list of a million rows has tens of
millions of cells. No formula is evaluated, no entity is resolved, nothing is fetched.
"""

import io
import mmap
import posixpath
import re
import struct
import tempfile
import zipfile
import zlib
from array import array
from collections.abc import Iterator
from datetime import datetime
from typing import IO
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from rules.list_columns import ListRefused, number_text, storable

LONGEST_CELL = 4_000  # characters kept of one cell; every column's own limit is far below
MOST_COLUMNS = 1_024
_LARGEST_PART = 16 * 2**20  # unpacked bytes of anything but the sheet and its strings
_MOST_ELEMENTS = 500_000  # of such a part
_LARGEST_ARCHIVE = 8 * 2**30  # unpacked; a million full rows need about 3 GiB
_SUSPICIOUS = 48 * 2**20  # unpacked bytes from which the ratio counts
_HIGHEST_RATIO = 150  # lists unpack to 5–40 times their size, bombs to about 1000
_LARGEST_DIRECTORY = 2**20  # bytes of the archive's table of contents
_LAST_ROW = 10_000_000  # Excel's own last row is 1,048,576
_CHUNK = 2**18
# What a parser keeps in memory for as long as it runs, or until a piece is complete: all of it far above any real list.
_DEEPEST = 100  # elements inside one another; a sheet has seven
_MOST_NAMES = 10_000  # different names of elements and attributes
_LONGEST_PIECE = 4 * 2**20  # bytes of one tag, comment or instruction
_MOST_STRINGS = 50_000_000  # eight bytes each in memory
_LOOKUPS_IN_MEMORY = 50_000  # strings looked up before their pages are given back

# Formats that mean a date in Chinese, Japanese and Korean versions and are declared in no file.
_LOCAL_DATE_FORMATS = {*range(27, 37), *range(50, 59)}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class XlsxFile:
    """`rows()` may be asked for again; closing it removes the strings from disk."""

    def __init__(self, file: IO[bytes]):
        _refuse_bombs(file)
        try:
            self._archive = zipfile.ZipFile(file)
            self._open()
        except ListRefused:
            raise
        except _BROKEN as error:
            raise _broken() from error

    def _open(self) -> None:
        entries = {info.filename: info for info in self._archive.infolist()}
        _refuse_archive(entries)
        book_path = _book_path(self._archive, entries)
        book = self._xml(book_path)
        relations = self._relations(book_path)
        self._sheet = _first_visible_sheet(book, relations, entries)
        properties = _child(book, "workbookPr")
        mac = properties is not None and properties.get("date1904") in ("1", "true")
        self._epoch = CALENDAR_MAC_1904 if mac else CALENDAR_WINDOWS_1900
        self._dates: set[int] = set()
        self._widths: dict[int, int] = {}
        self._strings: SharedStrings | None = None
        for kind, target in relations.values():
            if kind == "styles" and target in entries:
                self._dates, self._widths = _number_formats(self._xml(target))
            elif kind == "sharedStrings" and target in entries:
                with self._archive.open(target) as part:
                    self._strings = SharedStrings(part)

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(row number as the spreadsheet shows it, its cells as text up to the last one that is filled)."""
        try:
            with self._archive.open(self._sheet) as part:
                yield from _SheetParser(self).rows(part)
        except _BROKEN as error:
            raise _broken() from error

    def close(self) -> None:
        self._archive.close()
        if self._strings:
            self._strings.close()

    def value(self, kind: str, style: int, text: str) -> str:
        """The text of one cell as a person reads it."""
        if kind == "s":
            return self._strings[int(text)] if self._strings else ""
        if kind == "n":
            number = float(text) if "." in text or "e" in text.lower() else int(text)
            if style in self._dates:
                return _date_text(number, self._epoch)
            shown = number_text(number)
            return shown.zfill(self._widths[style]) if style in self._widths and shown.isdigit() else shown
        if kind == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        return _unescape(text)

    def _xml(self, path: str) -> Element:
        data = self._archive.read(path)
        _Limits().watch(data)
        return fromstring(data)

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Relation id → (last part of its type, path in the archive)."""
        folder, name = posixpath.split(path)
        found = {}
        for relation in self._xml(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels"):
            target = relation.get("Target", "")
            target = (
                target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            )
            found[relation.get("Id", "")] = (relation.get("Type", "").rpartition("/")[2], target)
        return found


class SharedStrings:
    """The workbook's strings in a temporary file, found by their number."""

    def __init__(self, part: IO[bytes]):
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as this object
        self._ends = array("Q", [0])
        self._text = _Text()
        self._phonetic = False
        self._limits = _Limits()
        self._looked_up = 0
        parser = _expat()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text.add
        for _chunk in _fed(parser, part):
            pass
        self._file.flush()
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ) if self._ends[-1] else b""

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            return ""
        self._looked_up += 1
        if self._map and self._looked_up % _LOOKUPS_IN_MEMORY == 0:
            self._map.madvise(mmap.MADV_DONTNEED)  # they stay on disk; memory does not grow with the list
        return self._map[self._ends[number] : self._ends[number + 1]].decode()

    def close(self) -> None:
        if self._map:
            self._map.close()
        self._file.close()

    def _start(self, name: str, _attributes: dict) -> None:
        self._limits.deeper()
        name = name.rpartition(":")[2]
        if name == "si":
            self._text.begin()
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._text.listening = not self._phonetic

    def _end(self, name: str) -> None:
        self._limits.depth -= 1
        name = name.rpartition(":")[2]
        if name == "t":
            self._text.listening = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            if len(self._ends) > _MOST_STRINGS:
                raise _bomb()
            encoded = _unescape(self._text.whole()).encode("utf-8", "replace")
            self._file.write(encoded)
            self._ends.append(self._ends[-1] + len(encoded))


class _SheetParser:
    """Expat's events of one sheet → rows. Only what stands in `<v>` and `<is><t>` is a value."""

    def __init__(self, book: XlsxFile):
        self._book = book
        self._ready: list[tuple[int, list[str]]] = []
        self._row, self._column = 0, 0
        self._cells: list[str] = []
        self._kind, self._style = "n", 0
        self._text = _Text()
        self._phonetic = False
        self._limits = _Limits()

    def rows(self, part: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
        parser = _expat()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text.add
        for _chunk in _fed(parser, part):
            yield from self._ready
            self._ready.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._limits.deeper()
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            reference = attributes.get("r")
            self._column = _column_number(reference) if reference else self._column + 1
            self._kind = attributes.get("t", "n")
            self._style = int(attributes.get("s", 0))
            self._text.begin()
        elif name == "v" or (name == "t" and self._kind == "inlineStr"):
            self._text.listening = not self._phonetic
        elif name == "row":
            number = int(float(attributes["r"])) if "r" in attributes else self._row + 1
            # a row is found again by its number: no two may have the same
            if not self._row < number <= _LAST_ROW:
                raise _broken()
            self._row = number
            self._column = 0
            self._cells = []
        elif name == "rPh":
            self._phonetic = True

    def _end(self, name: str) -> None:
        self._limits.depth -= 1
        if ":" in name:
            name = name.rpartition(":")[2]
        if name in ("v", "t"):
            self._text.listening = False
        elif name == "c":
            if text := self._text.whole():
                place = min(self._column, MOST_COLUMNS + 1)
                while len(self._cells) < place:
                    self._cells.append("")
                self._cells[place - 1] = storable(self._book.value(self._kind, self._style, text))
        elif name == "row":
            self._ready.append((self._row, self._cells))
        elif name == "rPh":
            self._phonetic = False


# ---- parts of a workbook ----


def _first_visible_sheet(book: Element, relations: dict, entries: dict) -> str:
    for sheet in _child(book, "sheets") if _child(book, "sheets") is not None else ():
        relation = next((value for key, value in sheet.attrib.items() if key.rpartition("}")[2] == "id"), "")
        kind, target = relations.get(relation, ("", ""))
        if sheet.get("state", "visible") == "visible" and kind == "worksheet" and target in entries:
            return target
    raise ListRefused(
        "工作簿里没有可见的工作表。请取消隐藏后重新上传。",
        "The workbook has no visible sheet. Show the sheet with the list and send it again.",
    )


def _number_formats(styles: Element) -> tuple[set[int], dict[int, int]]:
    """Cell styles that show dates, and those that fill a number up with zeros (style → digits)."""
    codes = dict(BUILTIN_FORMATS)
    for declared in _child(styles, "numFmts") if _child(styles, "numFmts") is not None else ():
        codes[int(declared.get("numFmtId", 0))] = declared.get("formatCode", "")
    dates, widths = set(), {}
    for style, form in enumerate(_child(styles, "cellXfs") if _child(styles, "cellXfs") is not None else ()):
        number = int(form.get("numFmtId", 0))
        code = codes.get(number, "")
        if is_date_format(code) or (number in _LOCAL_DATE_FORMATS and not code):
            dates.add(style)
        elif re.fullmatch("0{2,40}", code):
            widths[style] = len(code)
    return dates, widths


def _date_text(serial: float, epoch: datetime) -> str:
    """A date cell as ISO date, with its time of day where it has one; the bare number where it is no date."""
    try:
        moment = from_excel(serial, epoch)
    except (OverflowError, ValueError):
        return number_text(serial)
    if isinstance(moment, datetime):
        return moment.strftime("%Y-%m-%d %H:%M:%S") if moment.time().isoformat() != "00:00:00" else f"{moment:%Y-%m-%d}"
    return str(moment)


def _unescape(text: str) -> str:
    text = text[: LONGEST_CELL * 2]
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return text[:LONGEST_CELL]


def _column_number(reference: str) -> int:
    column = 0
    for character in reference:
        if not character.isalpha() or column > MOST_COLUMNS:
            break
        column = column * 26 + ord(character.upper()) - 64
    return max(1, min(column, MOST_COLUMNS + 1))


def _child(parent: Element, name: str) -> Element | None:
    return next((child for child in parent if child.tag.rpartition("}")[2] == name), None)


# ---- what is refused ----

_BROKEN = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, ParseError, DefusedXmlException, EOFError, KeyError, ValueError,
    NotImplementedError, OSError, struct.error, OverflowError, RuntimeError,
)  # fmt: skip


def _broken() -> ListRefused:
    return ListRefused(
        "文件已损坏或不是可读取的 Excel 工作簿（.xlsx）。请在 Excel 中打开、另存为 .xlsx 后重新上传。",
        "The file is damaged or no readable Excel workbook (.xlsx). Open it in Excel, save it as .xlsx and send it again.",
    )


def _bomb() -> ListRefused:
    return ListRefused(
        "压缩文件解开后大得不正常，为安全起见未读取。请重新导出清单。",
        "The archive unpacks to far more than a list should, so it was not read. Please export the list again.",
    )


def _refuse_bombs(file: IO[bytes]) -> None:
    """Look at the end record before `zipfile` reads the whole table of contents into memory."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 65_557))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 20:
        raise _broken()
    directory = struct.unpack("<L", tail[place + 12 : place + 16])[0]
    zip64 = tail.rfind(b"PK\x06\x06", 0, place)
    if zip64 >= 0 and len(tail) >= zip64 + 48:
        directory = max(
            directory if directory != 0xFFFFFFFF else 0, struct.unpack("<Q", tail[zip64 + 40 : zip64 + 48])[0]
        )
    if directory > _LARGEST_DIRECTORY:
        raise _bomb()


def _refuse_archive(entries: dict[str, zipfile.ZipInfo]) -> None:
    if any(info.flag_bits & 1 for info in entries.values()):
        raise encrypted()
    if "[Content_Types].xml" not in entries or not any(name.startswith("xl/") for name in entries):
        raise ListRefused(
            "这是压缩包，不是清单。请解压后上传其中的 .xlsx 或 .csv 文件。",
            "This is an archive, not a list. Unpack it and send the .xlsx or .csv file inside.",
        )
    # zipfile never gives out more than an entry declares, so the declared sizes are the ones that count.
    unpacked = sum(info.file_size for info in entries.values())
    packed = sum(info.compress_size for info in entries.values())
    if unpacked > _LARGEST_ARCHIVE or (unpacked > _SUSPICIOUS and unpacked > packed * _HIGHEST_RATIO):
        raise _bomb()
    for name, info in entries.items():
        if info.file_size > _LARGEST_PART and name.endswith(
            (".rels", "workbook.xml", "styles.xml", "[Content_Types].xml")
        ):
            raise _bomb()


def _book_path(archive: zipfile.ZipFile, entries: dict) -> str:
    """The workbook part that the package names, usually xl/workbook.xml."""
    for relation in fromstring(archive.read("_rels/.rels")):
        if relation.get("Type", "").endswith("/officeDocument"):
            path = relation.get("Target", "").lstrip("/")
            if path.endswith(".bin"):
                raise ListRefused(
                    "这是二进制工作簿（.xlsb）。请另存为 .xlsx 或 .csv 后重新上传。",
                    "This is a binary workbook (.xlsb). Save it as .xlsx or .csv and send it again.",
                )
            if path in entries:
                if entries[path].file_size > _LARGEST_PART:
                    raise _bomb()
                return path
    raise _broken()


def encrypted() -> ListRefused:
    return ListRefused(
        "文件已加密，无法读取。请取消密码保护后重新上传。",
        "The file is encrypted and cannot be read. Remove its password and send it again.",
    )


def _expat() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_arguments: object) -> None:
        raise _broken()

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def _fed(parser: expat.XMLParserType, part: IO[bytes]) -> Iterator[bytes]:
    """Parse chunk by chunk, each given out when its events have been told. Refuses what would pile up in the parser."""
    fed = 0
    while chunk := part.read(_CHUNK):
        parser.Parse(chunk, False)
        fed += len(chunk)
        if fed - max(0, parser.CurrentByteIndex) > _LONGEST_PIECE or len(parser.intern) > _MOST_NAMES:
            raise _bomb()
        yield chunk
    parser.Parse(b"", True)
    yield b""


class _Limits:
    """How deep the elements stand, and whether a part may become a tree in memory."""

    def __init__(self) -> None:
        self.depth = 0
        self._elements = 0

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _bomb()

    def watch(self, data: bytes) -> None:
        """Raises ListRefused where the tree of `data` would be far larger than `data`."""
        parser = _expat()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        for _chunk in _fed(parser, io.BytesIO(data)):
            if self._elements > _MOST_ELEMENTS:
                raise _bomb()

    def _start(self, _name: str, _attributes: dict) -> None:
        self._elements += 1
        self.deeper()

    def _end(self, _name: str) -> None:
        self.depth -= 1


class _Text:
    """What stands in the pieces of one cell that are listened to, no more of it than is ever looked at."""

    __slots__ = ("_pieces", "_room", "listening")

    def __init__(self) -> None:
        self.listening = False
        self.begin()

    def begin(self) -> None:
        self._pieces: list[str] = []
        self._room = LONGEST_CELL * 2

    def add(self, piece: str) -> None:
        if self.listening and self._room > 0:
            self._pieces.append(piece)
            self._room -= len(piece)

    def whole(self) -> str:
        return "".join(self._pieces)
