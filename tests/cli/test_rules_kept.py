"""`huifang calendar` and `huifang profiles` as a user types them: keys, exit codes, refusals in both languages."""

import asyncio
import json

import pytest

from cli.main import root
from cli.output import invoke
from storage import calendar_days, db


@pytest.fixture
def huifang(installation, capsys):
    """`huifang("calendar", …)` → (exit code, the JSON document, stderr)."""

    def run(*words: object) -> tuple[int, dict | None, str]:
        asyncio.run(db.dispose())
        code = invoke(root, ["--lang", "en", *map(str, words), "--json"])
        told = capsys.readouterr()
        return code, json.loads(told.out) if told.out else None, told.err

    calendar_days.forget()
    yield run
    asyncio.run(db.dispose())
    calendar_days.forget()


def test_a_year_arrives_by_file(huifang, tmp_path):
    code, found, _ = huifang("calendar", "--year", 2027)
    assert code == 0 and found["provisional"] and found["days"] == [] and found["years"][-1] == 2026
    file = tmp_path / "holidays-2027.csv"
    days = [f"2027-02-{day:02}" for day in range(5, 16)]
    file.write_text("日期,类别,原因\n" + "".join(f"{day},节假日,春节\n" for day in days), encoding="utf-8")
    code, found, _ = huifang("calendar", "import", file, "--year", 2027, "--by", "compliance")
    assert code == 0
    assert ([one["date"] for one in found["changed"]], found["years"], found["cases"], found["orders"]) == (
        days,
        [2027],
        0,
        0,
    )
    assert {"date": "2027-02-05", "was": "WORKING", "now": "HOLIDAY"} in found["changed"]
    code, found, _ = huifang("calendar", "--year", 2027)
    assert not found["provisional"]
    assert found["days"][0] == {
        "date": "2027-02-05",
        "kind": "HOLIDAY",
        "source": file.name,
        "reason": "春节",
        "by": "compliance",
    }
    assert huifang("calendar", "import", file, "--year", 2027)[1]["changed"] == []


@pytest.mark.parametrize(
    ("text", "words", "sentence"),
    [
        ("date,kind\n2027-02-30,HOLIDAY\n", (), "line 2: its date is none"),
        ("date,kind\n2027-01-01,HOLIDAY\n", ("--year", 2027), "2027 has 1 days off, fewer than 11"),
        ("date,kind\n2027-01-01,HOLIDAY\n", ("--year", 2027, "--lang", "zh"), "不是全年的安排"),
    ],
)
def test_a_file_that_cannot_be_is_refused_whole(huifang, tmp_path, text, words, sentence):
    file = tmp_path / "days.csv"
    file.write_text(text, encoding="utf-8")
    code, _, told = huifang("calendar", "import", file, *words)
    assert code == 1 and sentence in told


def test_branch_layers(huifang, tmp_path):
    file = tmp_path / "branches.csv"
    file.write_text(
        "kind,code,name,parent,jurisdiction\nHEAD_OFFICE,86,总公司,,\nPROVINCE,8650,巴山分公司,86,500000\n"
        "COUNTY,865001,巴山支公司,8650,\nPROVINCE,8644,岭南分公司,86,\n",
        encoding="utf-8",
    )
    assert huifang("branches", "import", file)[1]["branches"][-1].keys() == {"code", "name", "parent", "kind"}
    _, found, _ = huifang("profiles")
    of = {branch["code"]: (branch["jurisdiction"], branch["profiles"]) for branch in found["branches"]}
    assert of["865001"] == ("500000", ["local-2g@1"]) and of["8644"] == (None, ["national@1"])
    code, found, _ = huifang("profiles", "file", 8650, "branch-example", "--by", "compliance")
    assert code == 0 and found["changed"] and not huifang("profiles", "file", 8650, "branch-example")[1]["changed"]
    [county] = [b for b in huifang("profiles")[1]["branches"] if b["code"] == "865001"]
    assert county["filed"] == ["branch-example"] and "national@1/local-2g@1/branch-example@1" in county["profiles"]
    code, _, told = huifang("profiles", "file", 8644, "branch-example")
    assert code == 1 and "have none of" in told
    assert huifang("profiles", "withdraw", 8650)[1]["profile"] == "branch-example"
    assert huifang("profiles", "withdraw", 8650)[0] == 1


def test_a_jurisdiction_that_is_none(huifang, tmp_path):
    file = tmp_path / "branches.csv"
    file.write_text("kind,code,name,parent,jurisdiction\nHEAD_OFFICE,86,总公司,,重庆\n", encoding="utf-8")
    code, found, _ = huifang("branches", "import", file)
    assert code == 1 and "no code of six digits" in found["message"]
