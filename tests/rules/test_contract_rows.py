"""A row of the list at its edges: what a clerk is told of it word by word, and what stays of it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rules.contracts import (
    equal,
    from_json,
    has_valid_id,
    identity_elements,
    merge,
    person_key,
    read_row,
    read_rows,
    to_json,
)

TODAY = date(2026, 9, 24)
ID_NO = "11010519491231002X"  # the example of the national standard: a woman, born 1949-12-31
WRONG_ID = "110105194912310021"
GOOD = {
    "policy_no": "P1", "channel": "AGENCY", "product_code": "BP101", "product_name": "岁岁禾安",
    "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "10",
    "premium": "12000", "underwritten_on": "2026-09-10", "policyholder_name": "卫 一心", "policyholder_type": "PERSON",
    "policyholder_sex": "F", "policyholder_birth_date": "1949-12-31", "policyholder_id_type": "ID_CARD",
    "policyholder_id_no": ID_NO, "mobile": "16000000001", "agent_code": "A1", "branch_code": "8601",
}  # fmt: skip
OTHER = {"policyholder_id_type": "OTHER", "policyholder_id_no": "x"}


def read(too_many=False, duplicate_of=None, **cells):
    return read_row(
        2, GOOD | cells, today=TODAY, branch_codes={"8601"}, too_many=too_many, duplicate_of=duplicate_of
    )  # fmt: skip


def contract(**cells):
    return read(**cells).contract


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"premium": "1万"},
         ["保费“1万”不是有效数字，只写数字，不带符号、货币或单位。",
          'premium "1万" is no number that can be used here; digits only, no sign, currency or unit.']),
        ({"premium_term_years": "0"},
         ["缴费年限“0”不是有效数字，只写数字，不带符号、货币或单位。",
          'premium_term_years "0" is no number that can be used here; digits only, no sign, currency or unit.']),
        ({"branch_code": "8699"},
         ["机构代码“8699”不在机构树中，暂由总公司负责。",
          'branch_code "8699" is not in the organisation tree; head office keeps the case for now.']),
        ({"duplicate_of": 7},
         ["保单号“P1”在本清单第 7 行已出现，以先出现的一行为准。",
          'policy_no "P1" stands in row 7 of this list already; the first row counts.']),
        ({"issued_on": "2026.9.9"},
         ["出单日“2026.9.9”早于承保日“2026-09-10”，日期先后有误。",
          'issued_on "2026.9.9" lies before underwritten_on "2026-09-10": the order of the dates is wrong.']),
        ({"issued_on": "2026-09-12", "printed_on": "2026-09-11"},
         ["打印日“2026-09-11”早于出单日“2026-09-12”，日期先后有误。",
          'printed_on "2026-09-11" lies before issued_on "2026-09-12": the order of the dates is wrong.']),
        ({"entered_on": "2026-09-25"},
         ["录入日“2026-09-25”晚于今天。", 'entered_on "2026-09-25" lies in the future.']),
        ({"policyholder_birth_date": "2026-09-10", **OTHER},
         ["承保日“2026-09-10”不晚于投保人出生日期。",
          'underwritten_on "2026-09-10" is not after the policyholder\'s day of birth.']),
        ({"underwritten_on": "2026-09-25"}, ["承保日“2026-09-25”晚于今天。", 'underwritten_on "2026-09-25" lies in the future.']),
    ],
)  # fmt: skip
def test_what_a_clerk_is_told(cells, told):
    [problem] = read(**cells).problems
    assert [problem.message_zh, problem.message_en] == told
    assert problem.row == 2


def test_a_day_of_underwriting_to_come_is_told_as_such_even_where_the_policyholder_is_not_born():
    found = read(underwritten_on="2026-09-25", policyholder_birth_date="2026-09-25", **OTHER)
    assert [(one.field, one.message_zh) for one in found.problems] == [
        ("underwritten_on", "承保日“2026-09-25”晚于今天。"),
        ("policyholder_birth_date", "投保人出生日期晚于今天。"),
    ]


def test_today_is_not_in_the_future_and_a_date_out_of_order_is_not_known():
    assert contract(entered_on="2026-09-24").entered_on == TODAY
    assert read(entered_on="2026-09-24", underwritten_on="2026-09-24").problems == ()
    assert contract(issued_on="2026-09-09").issued_on is None
    assert contract(entered_on="2026-09-25").entered_on is None
    assert contract(underwritten_on="2026-09-25").underwritten_on == date(2026, 9, 25)


def test_a_row_without_a_problem_has_none_and_one_with_too_many_cells_is_rejected():
    assert (read().problems, read().rejected, read().duplicate) == ((), False, False)
    rows = list(read_rows([(2, GOOD, False), (3, {**GOOD, "policy_no": "P2"}, True)], today=TODAY, branch_codes=None))
    assert [(row.row, row.rejected, [one.code for one in row.problems]) for row in rows] == [
        (2, False, []),
        (3, True, ["TOO_MANY_CELLS"]),
    ]
    assert (rows[1].scope, rows[0].scope, rows[1].cells["policy_no"]) == (None, "IN_SCOPE", "P2")


@pytest.mark.parametrize(
    ("cells", "problems", "years"),
    [
        ({"premium_mode": "SINGLE", "premium_term_years": "5"}, [], None),
        ({"premium_mode": "SINGLE", "premium_term_years": "趸缴"}, [], None),
        ({"premium_mode": "SINGLE", "premium_term_years": "x"}, ["premium_term_years"], None),
        ({"premium_mode": "MONTHLY", "premium_term_years": "5"}, [], 5),
        ({"premium_mode": "MONTHLY", "premium_term_years": "0"}, ["premium_term_years"], None),
        ({"premium_mode": "MONTHLY", "premium_term_years": "趸交"}, ["premium_term_years"], None),
        ({"premium_mode": "ANNUAL", "premium_term_years": "趸交"}, ["premium_term_years"], None),
    ],
)
def test_a_single_premium_has_no_paying_term(cells, problems, years):
    found = read(**cells)
    assert [one.field for one in found.problems] == problems
    assert found.contract.premium_term_years == years


def test_beside_a_mode_that_cannot_be_read_the_word_for_single_is_no_second_problem():
    assert [one.field for one in read(premium_mode="日交", premium_term_years="趸交").problems] == ["premium_mode"]
    told = read(premium_mode="日交", premium_term_years="x").problems
    assert [one.field for one in told] == ["premium_mode", "premium_term_years"]


# ---- who somebody is ----


@pytest.mark.parametrize(
    ("cells", "valid", "key"),
    [
        ({}, True, f"ID:{ID_NO}"),
        ({"policyholder_id_type": ""}, True, f"ID:{ID_NO}"),
        ({"policyholder_id_type": "RESIDENCE_PERMIT"}, True, f"ID:{ID_NO}"),
        ({"policyholder_id_no": WRONG_ID}, False, "POLICY:P1"),
        ({"policyholder_id_no": ""}, False, "POLICY:P1"),
        ({"policyholder_id_type": "PASSPORT", "policyholder_id_no": "e 12 3"}, True, "PASSPORT:E123:卫一心"),
        (
            {"policyholder_id_type": "OTHER", "policyholder_id_no": "k9", "policyholder_name": "Ada W"},
            True,
            "OTHER:K9:adaw",
        ),
        ({"policyholder_type": "ORGANISATION", "policyholder_id_no": WRONG_ID}, True, "POLICY:P1"),
    ],
)
def test_who_the_policyholder_is(cells, valid, key):
    found = contract(**cells)
    assert (has_valid_id(found, TODAY), person_key(found, TODAY)) == (valid, key)


@pytest.mark.parametrize(
    ("cells", "elements"),
    [
        ({}, {"birth_date": "1949-12-31", "id_last4": "002X"}),
        ({"policyholder_id_no": WRONG_ID, "policyholder_birth_date": "1949-12-30"}, {"birth_date": "1949-12-30"}),
        ({"policyholder_birth_date": "1949-12-30"}, {"id_last4": "002X"}),
        ({"policyholder_id_type": "PASSPORT", "policyholder_id_no": "E12"}, {"birth_date": "1949-12-31"}),
        ({"policyholder_id_type": "PASSPORT", "policyholder_id_no": "E123"},
         {"birth_date": "1949-12-31", "id_last4": "E123"}),
        ({"policyholder_id_type": "OTHER", "policyholder_birth_date": ""}, {"id_last4": "002X"}),
    ],
)  # fmt: skip
def test_what_may_be_asked(cells, elements):
    assert identity_elements(contract(**cells), TODAY) == elements


# ---- the same again, and as text ----


def test_a_passport_is_no_identity_card():
    card, passport, unnamed = (contract(policyholder_id_type=kind, policyholder_id_no="E1") for kind in ("ID_CARD", "PASSPORT", ""))  # fmt: skip
    assert equal(card, unnamed)
    assert not equal(card, passport)
    firm = contract(policyholder_type="ORGANISATION", policyholder_id_type="", policyholder_id_no="x")
    assert not equal(firm, replace(firm, policyholder_id_type="ID_CARD"))
    assert merge(card, card) is card


def test_a_contract_as_text():
    given = contract(special_callback="是", language="yue", issued_on="2026/9/12", sum_insured="1,200.50")
    assert to_json(given) == {
        **GOOD, "mobile": "+8616000000001", "special_callback": "TRUE", "language": "yue", "issued_on": "2026-09-12",
        "sum_insured": "1200.5",
    }  # fmt: skip
    assert to_json(contract(special_callback="0"))["special_callback"] == "FALSE"
    for value, text in (("1E+3", "1000"), ("120", "120"), ("0.10", "0.1"), ("12.00", "12"), ("100.00", "100")):
        assert to_json(replace(given, premium=Decimal(value)))["premium"] == text
    assert from_json(to_json(given)) == given
    assert from_json({**to_json(given), "weather": "fine"}) == given
    for name in ("policy_no", "underwritten_on", "policyholder_name"):
        with pytest.raises(KeyError, match=name):
            from_json({key: text for key, text in to_json(given).items() if key != name})


def test_what_a_row_of_a_file_is_compared_with():
    rows = [(2, {**GOOD, "branch_code": "8699"}, False), (3, {**GOOD, "mobile": ""}, False)]
    found = list(read_rows(rows, today=TODAY, branch_codes={"8601"}))
    assert [(one.row, one.field, one.code) for row in found for one in row.problems] == [
        (2, "branch_code", "UNKNOWN_BRANCH"),
        (3, "policy_no", "DUPLICATE_IN_FILE"),
        (3, "mobile", "MISSING"),
    ]


def test_a_cell_may_be_as_long_as_its_column_and_one_problem_a_field_is_enough():
    assert read(policy_no="9" * 40).problems == ()
    assert [one.code for one in read(policy_no="9" * 41, duplicate_of=7).problems] == ["TOO_LONG"]
    told = read(policyholder_id_type="学生证", policyholder_id_no=WRONG_ID).problems
    assert [one.field for one in told] == ["policyholder_id_type"]  # then nobody knows how the number is made
