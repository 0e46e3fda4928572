"""The organisation file, in CSV and XLSX, in both languages, and its mistakes named by row."""

import io
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from rules.branches import BRANCH_KINDS, ROLES, Agent
from rules.contracts import ListRefused
from storage.branch_files import read_organisation

SAMPLE = Path(__file__).parents[2] / "samples" / "branches.csv"
ROWS = [
    ["类别", "代码", "名称", "上级", "网点", "电话", "曾用电话", "证件号", "角色", "离司日"],
    ["总公司", "86", "总公司"],
    ["省", "8601", "省分公司", "86"],
    ["网点", "W1", "支行", "8601", "", "0309-8000001"],
    ["员工", "S1", "甲", "8601", "", "", "", "", "branch_staff；AUDITOR"],
    [
        "业务员",
        "A1",
        "乙",
        "8601",
        "W1",
        "164 0000 0001",
        "16400000002；0309-8000002",
        "11010519491231002x",
        "",
        "2026/8/31",
    ],
]


def csv_of(rows) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode("gb18030")


def xlsx_of(rows) -> bytes:
    book, file = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


@pytest.mark.parametrize("contents", [csv_of(ROWS), xlsx_of(ROWS)])
def test_every_kind_of_row(contents):
    tree = read_organisation(contents)
    assert [(branch.code, branch.parent, branch.kind) for branch in tree.branches] == [
        ("86", None, "HEAD_OFFICE"),
        ("8601", "86", "PROVINCE"),
    ]
    assert tree.outlets[0].phone == "+863098000001"
    assert tree.staff[0].roles == ("BRANCH_STAFF", "AUDITOR")
    assert tree.agents == (
        Agent(
            "A1", "乙", "8601", "W1", "+8616400000001", ("+8616400000002", "+863098000002"), "11010519491231002X",
            date(2026, 8, 31),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "empty"),
        ([["代码", "名称"]], "lacks the columns: kind, parent"),
        ([["kind", "类别", "code", "name", "parent"]], "names columns twice: kind"),
        ([*ROWS, ["部门", "1", "x", "86"]], 'row 7: there is no kind "部门"'),
        ([*ROWS, ["省", "", "x", "86"]], "row 7: code is empty"),
        ([*ROWS, ["网点", "W2", "支行", "8601", "", "12"]], "row 7: a telephone number cannot be read"),
        ([*ROWS, ["业务员", "A2", "丙", "8601", "", "", "1;2"]], "row 7: a telephone number cannot be read"),
        ([*ROWS, ["业务员", "A2", "丙", "8601", "", "", "", "", "", "明天"]], "row 7: left_on is no date"),
        ([*ROWS, ["县", "9", "x", "zz"]], "9 has the unknown parent zz"),
    ],
)
def test_mistakes_are_named(rows, words):
    with pytest.raises(ListRefused) as refused:
        read_organisation(csv_of(rows))
    assert words in refused.value.message_en


def test_many_mistakes_are_counted():
    with pytest.raises(ListRefused, match="And 10 more"):
        read_organisation(csv_of([*ROWS, *(["省", f"9{i}", "x", "zz"] for i in range(30))]))


def test_the_sample_tree():
    tree = read_organisation(SAMPLE)
    kinds = [branch.kind for branch in tree.branches]
    assert [kinds.count(kind) for kind in BRANCH_KINDS] == [1, 2, 4, 10]
    assert (len(tree.outlets), len(tree.staff), len(tree.agents)) == (20, 30, 60)
    assert {role for member in tree.staff for role in member.roles} == set(ROLES)
    counties = {branch.code for branch in tree.branches if branch.kind == "COUNTY"}
    assert {member.branch for member in tree.staff if "BRANCH_STAFF" in member.roles} >= counties
    assert {agent.branch for agent in tree.agents if agent.left_on is None} == counties
