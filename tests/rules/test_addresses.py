"""When two ways to write an address are one, and when nobody may say so."""

import pytest

from rules.addresses import compared_form

ONE = "榕城东湖区一路1号"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("岭南省榕城市东湖区一路1号", ONE),
        (" 岭南省 榕城市，东湖区（一路）1号。", ONE),
        ("中国岭南省榕城市东湖区一路１号", ONE),
        ("岭南自治区榕城市东湖区一路1#", ONE),
        ("榕城市东湖区一路1号", ONE),
        ("榕城东湖区一路1号", ONE),
        ("榕城东湖区市场路1号", "榕城东湖区市场路1号"),  # this 市 ends no city
        ("榕城市东湖区市场路1号", "榕城东湖区市场路1号"),
        ("东湖区榕城市场路1号", "东湖区榕城市场路1号"),  # nor where it does not stand first
        ("榕城市东湖区江城市场路1号", "榕城东湖区江城市场路1号"),
        *((f"榕城市东湖区一路1号2{dash}301室", "榕城东湖区一路1号2-301室") for dash in "－—–‐‑−﹣"),
        ("榕城市东湖区X座1号楼", "榕城东湖区x座1号楼"),
        ("东湖县省道路12号院", "东湖县省道路12号院"),
        ("榕城市东湖区一路1号2－301室", "榕城东湖区一路1号2-301室"),  # a dash between digits is no punctuation
        ("榕城市东湖区一路1号2301室", "榕城东湖区一路1号2301室"),
        ("榕城市东湖区-一路-1号", ONE),
        ("榕城市东湖区光明村三组李家院", "榕城东湖区光明村三组李家院"),
        ("榕城市东湖区一路", None),  # a street of thousands
        ("榕城市东湖区1号", None),
        ("东湖区一路1号", None),
        ("东湖一路1号", None),
        ("12345678", "12345678"),
        ("", None),
        (None, None),
        ("。，、", None),
    ],
)
def test_compared_form(text, form):
    assert compared_form(text) == form


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("榕城市东湖区一路1号", "榕城市东湖区一路11号"),
        ("榕城市东湖区一路1号", "松城市东湖区一路1号"),
        ("榕城市东湖区一路1号1-2室", "榕城市东湖区一路1号12室"),
    ],
)
def test_neighbours_stay_neighbours(one, other):
    assert compared_form(one) != compared_form(other)
