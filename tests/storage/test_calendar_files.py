"""A file of calendar days in its three forms, and what is refused whole."""

from datetime import date

import pytest

from rules.calendar import DayKind
from rules.list_columns import ListRefused
from storage.calendar_files import GivenDay, read_days

NEW_YEAR = {date(2027, 1, 1): GivenDay(DayKind.HOLIDAY, "元旦"), date(2027, 1, 30): GivenDay(DayKind.MAKE_UP, None)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("days.csv", "date,kind,reason\n2027-01-01,HOLIDAY,元旦\n2027/1/30,make_up,\n"),
        ("days.csv", "\ufeff日期;类别;原因\n2027年1月1日;节假日;元旦\n\n20270130;补班;-\n"),
        ("days.yaml", "- {date: 2027-01-01, kind: HOLIDAY, reason: 元旦}\n- date: '2027-01-30'\n  kind: 调休上班\n"),
    ],
)
def test_read(tmp_path, name, content):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    assert read_days(file) == NEW_YEAR


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("days.csv", "date,reason\n2027-01-01,x\n", "needs one column each: kind"),
        ("days.csv", "date,kind\n", "There is no date"),
        ("days.csv", "date,kind\n2027-02-30,HOLIDAY\n2027-01-01,FEAST\n", "line 2: its date is none; line 3: its kind is none of"),
        ("days.csv", "date,kind\n2027-01-01,HOLIDAY\n2027-01-01,HOLIDAY\n", "line 3: 2027-01-01 stands there already"),
        ("days.csv", "date,kind\n1927-01-01,HOLIDAY\n", "outside the usable years"),
        ("days.csv", "date,kind\n" + "2027-13-01,HOLIDAY\n" * 12, "and 2 more"),
        ("days.yaml", "date: 2027-01-01\n", "a list of entries"),
        ("days.yaml", "- [", "no YAML that can be read"),
    ],
)  # fmt: skip
def test_refused_whole(tmp_path, name, content, words):
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ListRefused) as refused:
        read_days(file)
    assert words in refused.value.message_en and refused.value.message_zh
