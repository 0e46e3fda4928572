"""Contract lists as files: every encoding, delimiter and kind, and everything that is refused whole."""

import csv
import io
import json
import random
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from rules.contracts import COLUMNS, ListRefused, equal, read_rows
from storage.list_files import neutralise, open_list

TODAY = date(2026, 9, 24)
EN = [column.name for column in COLUMNS if column.required] + ["mobile", "receipt_signed_on", "address"]
ZH = {column.name: column.label_zh for column in COLUMNS}
VALUES = {
    "policy_no": "0012",
    "channel": "BANCASSURANCE",
    "product_code": "BP101",
    "product_name": "岁岁禾安",
    "product_type": "PARTICIPATING",
    "policy_term_years": "20",
    "premium_mode": "ANNUAL",
    "premium": "12000.5",
    "underwritten_on": "2026-09-10",
    "policyholder_name": "卫一心",
    "policyholder_type": "PERSON",
    "policyholder_id_no": "11010519491231002X",
    "agent_code": "A1",
    "branch_code": "86010101",
    "mobile": "16000000001",
    "receipt_signed_on": "2026-09-12",
    "address": "云岭省云湖市青禾区\n松林路1号",
}
WORDS = {
    "channel": "银保", "product_type": "分红型", "premium_mode": "年缴", "policyholder_type": "个人", "policy_term_years": "20年",
    "premium": "12,000.50", "underwritten_on": "2026/9/10", "receipt_signed_on": "2026年9月12日 8:30", "mobile": "+86 160 0000 0001",
}  # fmt: skip
HEADER = (",".join(EN) + "\n").encode()


def csv_text(header, *rows, delimiter=",") -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def xlsx(*rows, title="清单", before=()) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for sheet, state in before:
        book.create_sheet(sheet).sheet_state = state
    sheet = book.create_sheet(title)
    for row in rows:
        sheet.append(row)
    return saved(book)


def saved(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def values(cells: dict | None = None) -> list:
    return list((VALUES | (cells or {})).values())


def contracts(contents: bytes) -> list:
    with open_list(contents) as opened:
        rows = list(read_rows(opened.rows(), today=TODAY, branch_codes=None))
    assert not any(row.problems for row in rows), [row.problems for row in rows]
    return [row.contract for row in rows]


def numbered(contents: bytes) -> list[tuple[int, str]]:
    with open_list(contents) as opened:
        return [(row.row, row.cells["policy_no"]) for row in opened.rows()]


PLAIN = csv_text(EN, values())
IN_WORDS = csv_text([ZH[name] for name in EN], values(WORDS))


@pytest.mark.parametrize(
    "contents",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("gb18030"),
        IN_WORDS.encode(),
        IN_WORDS.encode("gb18030"),
        csv_text(EN, values(), delimiter=";").encode(),
        csv_text(EN, values(WORDS), delimiter="\t").encode("gb18030"),
        PLAIN.replace("\r\n", "\r").encode(),
        csv_text([*reversed(EN), "备注"], [*reversed(values(WORDS)), "x"]).encode(),
        xlsx(EN, values()),
        xlsx([ZH[name] for name in EN], values(WORDS)),
        xlsx(
            EN,
            values(
                {
                    "premium": 12000.5,
                    "policy_term_years": 20,
                    "underwritten_on": date(2026, 9, 10),
                    "receipt_signed_on": datetime(2026, 9, 12, 8, 30),  # noqa: DTZ001 - a spreadsheet knows no zones
                    "mobile": 16000000001.0,
                }
            ),
        ),
        xlsx(EN, values({"underwritten_on": 20260910, "receipt_signed_on": 20260912.0, "mobile": 16000000001})),
    ],
)
def test_the_same_row_in_every_form_is_the_same_contract(contents):
    (expected,) = contracts(PLAIN.encode())
    (one,) = contracts(contents)
    assert equal(one, expected), (one, expected)


def test_row_numbers_are_those_of_a_spreadsheet():
    text = "\n" + csv_text(EN, values({"policy_no": "a"}), [], ["", "-", " 　"], values({"policy_no": "b"}), ["c"])
    assert numbered(text.encode()) == [(3, "a"), (6, "b"), (7, "c")]
    assert numbered(xlsx([], EN, values({"policy_no": "a"}), [], [None, "-"], values({"policy_no": "b"}), ["c"])) == [
        (3, "a"), (6, "b"), (7, "c"),
    ]  # fmt: skip


@pytest.mark.parametrize("contents", [HEADER, HEADER.rstrip(), HEADER + b"\n\n", xlsx(EN), xlsx(EN, [], [None])])
def test_a_header_without_rows_is_a_list_of_no_rows(contents):
    assert numbered(contents) == []


@pytest.mark.parametrize("make", [lambda *rows: csv_text(*rows).encode(), xlsx])
def test_cells_that_lack_and_cells_too_many(make):
    with open_list(make([*EN, "备注", ""], ["a"], [*values(), "note", "", ""], [*values(), "note", "extra"])) as opened:
        rows = list(opened.rows())
    assert [row.too_many for row in rows] == [False, False, True]
    assert rows[0].cells == dict.fromkeys(EN, "") | {"policy_no": "a"}


def test_undecodable_bytes_and_nul_spoil_only_their_cell():
    damaged = csv_text(EN, values(), values({"policy_no": "2"})).encode()
    damaged = damaged.replace("卫一心".encode(), b"\xff\xfe", 1).replace("岁岁禾安".encode(), b"a\0b", 1)
    chinese = (
        csv_text(EN, values(), values({"policy_no": "2"}))
        .encode("gb18030")
        .replace("卫一心".encode("gb18030"), b"\xff", 1)
    )
    for contents, spoiled in ((damaged, {"policyholder_name", "product_name"}), (chinese, {"policyholder_name"})):
        with open_list(contents) as opened:
            first, second = read_rows(opened.rows(), today=TODAY, branch_codes=None)
        assert {problem.field for problem in first.problems} == spoiled
        assert {problem.code for problem in first.problems} == {"BAD_ENCODING"}
        assert not second.problems


def test_most_of_the_file_decides_the_encoding():
    latin = csv_text(EN, values({"policyholder_name": "Li Ming", "product_name": "A", "address": "x"})).encode()
    assert numbered(latin.replace(b"Li Ming", b"Li\xff Ming")) == [(2, "0012")]
    half = (
        csv_text(EN, *(values() for _ in range(20))).encode().replace("岁岁禾安".encode(), "岁岁".encode("gb18030"), 9)
    )
    with open_list(half) as opened:
        names = [row.cells["product_name"] for row in opened.rows()]
    assert names[9:] == ["岁岁禾安"] * 11


def test_text_that_looks_like_a_formula_is_kept_as_it_stands():
    texts = ["=1+1", "+86 1", "-2", "@x"]
    book = Workbook()
    book.active.append(EN)
    for line, text in enumerate(texts, start=2):
        cell = book.active.cell(line, 1, text)
        cell.data_type = "s"
    for contents in (csv_text(EN, *([text] for text in texts)).encode(), saved(book)):
        assert [policy for _, policy in numbered(contents)] == texts
    assert [neutralise(text) for text in (*texts, "x", "")] == ["'=1+1", "'+86 1", "'-2", "'@x", "x", ""]


def test_a_formula_counts_with_its_stored_value_and_is_never_evaluated():
    contents = xlsx(EN, ["=1+1", "=NOW()"])
    assert numbered(contents) == []  # no value is stored: the row is blank
    stored = edited(
        contents,
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>7</v>").replace(
            b"<f>1+1</f><v />", b"<f>1+1</f><v>7</v>"
        ),
    )
    assert numbered(stored) == [(2, "7")]


def edited(contents: bytes, part: str, change) -> bytes:
    """The workbook with one of its parts changed (None: taken out)."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(contents)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data) if info.filename == part else data)
    return out.getvalue()


def test_the_first_visible_sheet_counts():
    assert numbered(xlsx(EN, ["a"], before=[("密", "hidden"), ("更密", "veryHidden")])) == [(2, "a")]
    with pytest.raises(ListRefused):
        open_list(xlsx(EN, ["a"], before=[("空", "visible")]))


def test_numbers_as_the_spreadsheet_shows_them():
    book = Workbook()
    book.active.append(EN)
    book.active.append([12, True, 0.1 + 0.2, "x_x000D_y", date(2026, 9, 1)])
    book.active["A2"].number_format = "0000"
    book.active["E2"].number_format = 'yyyy"年"m"月"d"日"'
    with open_list(saved(book)) as opened:
        (row,) = opened.rows()
    assert [row.cells[name] for name in EN[:5]] == ["0012", "TRUE", "0.3", "x\ry", "2026-09-01"]


def test_date_formats_that_only_chinese_versions_have():
    contents = xlsx(EN, values({"underwritten_on": date(2026, 9, 10)}))
    local = edited(contents, "xl/styles.xml", lambda xml: xml.replace(b'numFmtId="14"', b'numFmtId="31"'))
    assert contracts(local)[0].underwritten_on == date(2026, 9, 10)


def test_the_digest_is_of_the_contents(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(PLAIN.encode())
    (tmp_path / "b.xlsx").write_bytes(PLAIN.encode())  # the name's ending tells nothing
    with (
        open_list(tmp_path / "a.csv") as one,
        open_list(tmp_path / "b.xlsx") as two,
        open_list(IN_WORDS.encode()) as three,
    ):
        assert one.digest == two.digest != three.digest
        assert (one.kind, len(one.digest)) == ("CSV", 64)


def test_a_line_without_end_is_refused_on_opening():
    with pytest.raises(ListRefused):
        open_list(csv_text(EN, values(), values()).encode() + b"x," * (3 * 2**20))


def test_a_path_that_does_not_exist(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        open_list(tmp_path / "none.csv")


def packed(**parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def bomb() -> bytes:
    return edited(xlsx(EN, ["a"]), "xl/worksheets/sheet1.xml", lambda xml: xml + b" " * (200 * 2**20))


def renumbered(row: bytes, as_row: bytes) -> bytes:
    """A workbook of three rows in which one says that it is another."""
    contents = xlsx(EN, values({"policy_no": "1"}), values({"policy_no": "2"}))
    return edited(contents, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"<row " + row, b"<row " + as_row))


def laughing() -> bytes:
    lol = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    return edited(xlsx(EN, ["a"]), "xl/worksheets/sheet1.xml", lambda xml: lol + xml[xml.index(b"<worksheet") :])


REFUSED = {
    "nothing": b"",
    "only a byte order mark": b"\xef\xbb\xbf\r\n ",
    "blank lines": b"\n,,\n\n",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a photograph": b"\xff\xd8\xff\xe0" + bytes(range(256)),
    "a PDF": b"%PDF-1.7\n",
    "noise": bytes(range(256)) * 20,
    "JSON": json.dumps({"contracts": [VALUES]}).encode(),
    "a JSON array": json.dumps([VALUES]).encode(),
    "an empty JSON array": b"[]",
    "a web page": b"<html><table><tr><td>policy_no</td></tr></table></html>",
    "old Excel": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "an encrypted workbook": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le"),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without its mark": PLAIN.encode("utf-16-le"),
    "UTF-16, big end first": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "another archive": packed(list_csv=PLAIN.encode()),
    "half a workbook": xlsx(EN, values())[:2000],
    "a workbook without sheets": packed(**{"[Content_Types].xml": b"<Types/>", "xl/a.xml": b"<a/>"}),
    "an empty workbook": xlsx(),
    "a bomb": bomb(),
    "a laugh": laughing(),
    "a quote never closed": HEADER + b'1,"abc\n2,x\n3,y\n',
    "a quote opened in the last cell": HEADER + b'1,x,"',
    "a quote never closed among quoted cells": HEADER + b'"1","a\n"2","b"\n"3","c"\n',
    "a quote never closed before a quoted cell rows below": HEADER + b'1,"a,x\n2,b\n3,c\n4,"d,e"\n',
    "two rows of one number": renumbered(b'r="3"', b'r="2"'),
    "rows that run backwards": renumbered(b'r="2"', b'r="4"'),
    "only prose": "尊敬的客户，您好！".encode(),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_whole(what):
    with pytest.raises(ListRefused) as refused, open_list(REFUSED[what]) as opened:
        list(opened.rows())
    assert refused.value.message_zh.endswith("。")
    assert refused.value.message_en.endswith(".")


@pytest.mark.parametrize("text", ['5" pipe', 'say ""hi', 'a"'])
def test_a_quote_inside_a_cell_is_no_open_quote(text):
    assert numbered(HEADER + f'"a","x"\nb,{text}\n"c ""q"" ",1'.encode()) == [(2, "a"), (3, "b"), (4, 'c "q" ')]


@pytest.mark.parametrize(
    "text", ['"A"座,1', '"a,b"座,1', '"a, ",1', '"a\n","b\n"', '"z",""', '"a,""b""","c"', '"a," ,1']
)
def test_quotes_that_pair_are_no_open_quote(text):
    assert [number for number, _ in numbered(HEADER + f"x,1\n{text}\ny,1\n".encode())][::2] == [2, 4]


def test_a_broken_sheet_is_found_while_it_is_read():
    broken = edited(
        xlsx(EN, *([f"p{i}"] for i in range(20_000))), "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2]
    )
    with pytest.raises(ListRefused), open_list(broken) as opened:
        list(opened.rows())


# Reads a hostile file in a process of its own and prints what it needed beyond the imports, in MiB.
MEASURE = """
import resource, sys
from storage.list_files import open_list
from rules.contracts import ListRefused
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    with open_list(sys.argv[1]) as opened:
        print("rows", sum(1 for _ in opened.rows()))
except ListRefused:
    print("refused 0")
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def one_line(path: Path) -> None:
    path.write_bytes(HEADER + b"x" * (300 * 2**20))


def commas(path: Path) -> None:
    path.write_bytes(HEADER + b"," * (200 * 2**20))


def open_quote_at_the_top(path: Path) -> None:
    path.write_bytes(HEADER + b'1,"' + b"1,2,3,4,5,6,7,8,9\n" * (10 * 2**20))


def long_strings(path: Path) -> None:
    path.write_bytes(xlsx(EN, *([f"p{i}", "名" * 30_000] for i in range(2_000))))


def far_cells(path: Path) -> None:
    cell = b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>'
    path.write_bytes(
        edited(
            xlsx(EN, ["a"]),
            "xl/worksheets/sheet1.xml",
            lambda xml: xml.replace(
                b"</sheetData>", b"".join(cell % (i, i) for i in range(3, 20_000)) + b"</sheetData>"
            ),
        )
    )


def _with_part(path: Path, part: str, pieces) -> None:
    """A workbook of which one part is written piece by piece. What is packed badly beside it hides how well that part packs."""
    with zipfile.ZipFile(io.BytesIO(xlsx(EN, ["a"]))) as book, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name in book.namelist():
            if name != part:
                out.writestr(name, book.read(name))
        with out.open(part, "w") as file:
            for piece in pieces:
                file.write(piece)
        out.writestr(zipfile.ZipInfo("xl/media/noise.bin"), random.Random(1).randbytes(4 * 2**20))


SHEET = "xl/worksheets/sheet1.xml"


def deep_sheet(path: Path) -> None:
    _with_part(path, SHEET, [b"<worksheet>", *[b"<a>" * 2**20] * 15])


def deep_book(path: Path) -> None:
    _with_part(path, "xl/workbook.xml", [b"<workbook>", *[b"<a>" * 2**20] * 4])


def many_styles(path: Path) -> None:
    _with_part(path, "xl/styles.xml", [b"<styleSheet><cellXfs>", *[b"<xf/>" * 2**20] * 3, b"</cellXfs></styleSheet>"])


def endless_cell(path: Path) -> None:
    _with_part(path, SHEET, [b'<worksheet><sheetData><row><c t="str"><v>', *[b"a" * 2**20] * 400])


def endless_string(path: Path) -> None:
    _with_part(path, "xl/sharedStrings.xml", [b"<sst><si><t>", *[b"a" * 2**20] * 400])


def endless_tag(path: Path) -> None:
    _with_part(path, SHEET, [b"<worksheet a='", *[b"a" * 2**20] * 400])


def names_without_end(path: Path) -> None:
    many = (b"".join(b"<n%x/>" % (i * 50_000 + j) for j in range(50_000)) for i in range(60))
    _with_part(path, SHEET, [b"<worksheet>", *many, b"</worksheet>"])


HOSTILE = (
    one_line, commas, open_quote_at_the_top, long_strings, far_cells, deep_sheet, deep_book, many_styles, endless_cell,
    endless_string, endless_tag, names_without_end,
)  # fmt: skip


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_file_needs_little_memory(hostile, tmp_path: Path):
    hostile(tmp_path / "list")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path / "list"],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert int(done.stdout.splitlines()[-1]) < 300, done.stdout
