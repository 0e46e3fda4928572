"""A row of the contract list: every form of value, every problem code, and what a later row changes."""

from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.contracts import (
    COLUMNS,
    PROBLEM_CODES,
    WHOLE_LIFE,
    Contract,
    ListRefused,
    cells_from_json,
    district_of,
    equal,
    from_json,
    header_map,
    identity_elements,
    merge,
    out_of_scope_reason,
    person_key,
    read_row,
    read_rows,
    to_json,
    usable_phones,
)
from rules.list_columns import MappingRefused, number_text, read_mapping
from rules.parameters import DEFAULTS

TODAY = date(2026, 9, 24)
BRANCHES = frozenset({"86010101"})
ID_NO = "11010519491231002X"  # the example of the national standard: a woman, born 1949-12-31
GOOD = {
    "policy_no": "P1",
    "channel": "BANCASSURANCE",
    "product_code": "BP101",
    "product_name": "岁岁禾安",
    "product_type": "PARTICIPATING",
    "policy_term_years": "20",
    "premium_mode": "ANNUAL",
    "premium_term_years": "10",
    "premium": "12000",
    "sum_insured": "120000",
    "underwritten_on": "2026-09-10",
    "policyholder_name": "卫一心",
    "policyholder_type": "PERSON",
    "policyholder_sex": "F",
    "policyholder_birth_date": "1949-12-31",
    "policyholder_id_type": "ID_CARD",
    "policyholder_id_no": ID_NO,
    "mobile": "16000000001",
    "agent_code": "A1",
    "branch_code": "86010101",
}


def read(**cells):
    return read_row(2, GOOD | cells, today=TODAY, branch_codes=BRANCHES)


def contract(**cells) -> Contract:
    row = read(**cells)
    assert row.contract is not None, row.problems
    return row.contract


def problems(row) -> list[tuple[str, str, str]]:
    return [(problem.field, problem.code, problem.severity) for problem in row.problems]


def test_a_good_row_has_no_problem():
    row = read()
    assert (row.problems, row.scope) == ((), "IN_SCOPE")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("policy_no", "　0012 ", "0012"),
        ("policy_no", "１２", "12"),
        ("channel", "个险", "AGENCY"),
        ("channel", " bank_direct ", "BANK_DIRECT"),
        ("channel", "银保通", "BANK_DIRECT"),
        ("channel", "电销", "TELEMARKETING"),
        ("channel", "网销", "ONLINE"),
        ("channel", "经代", "BROKERAGE"),
        ("product_type", "普通型", "TRADITIONAL"),
        ("product_type", "万能型", "UNIVERSAL"),
        ("product_type", "投连型", "UNIT_LINKED"),
        ("product_type", "健康险", "HEALTH"),
        ("product_type", "意外险", "ACCIDENT"),
        ("premium_mode", "年缴", "ANNUAL"),
        ("premium_mode", "半年交", "HALF_YEARLY"),
        ("premium_mode", "季交", "QUARTERLY"),
        ("premium_mode", "月缴", "MONTHLY"),
        ("policy_term_years", "20年", Decimal(20)),
        ("policy_term_years", "1.5", Decimal("1.5")),
        ("policy_term_years", "终身", WHOLE_LIFE),
        ("policy_term_years", "whole_life", WHOLE_LIFE),
        ("premium_term_years", "", None),
        ("premium", "12,000.00", Decimal(12000)),
        ("premium", "0.5", Decimal("0.5")),
        ("premium", "1,234,567.8", Decimal("1234567.8")),
        ("sum_insured", "无", None),
        ("sum_insured", "0", Decimal(0)),
        ("underwritten_on", "2026-9-8", date(2026, 9, 8)),
        ("underwritten_on", "2026/09/08", date(2026, 9, 8)),
        ("underwritten_on", "2026/9/8", date(2026, 9, 8)),
        ("underwritten_on", "20260908", date(2026, 9, 8)),
        ("underwritten_on", "2026.9.8", date(2026, 9, 8)),
        ("underwritten_on", "2026年9月8日", date(2026, 9, 8)),
        ("underwritten_on", "２０２６年９月８日", date(2026, 9, 8)),
        ("underwritten_on", "2026-09-08 10:30", date(2026, 9, 8)),
        ("underwritten_on", "2026-09-08T10:30:59.5+08:00", date(2026, 9, 8)),
        ("underwritten_on", "2026/9/8 9:05:00", date(2026, 9, 8)),
        ("underwritten_on", "2026年9月8日 10时5分", date(2026, 9, 8)),
        ("underwritten_on", "2026年9月8日下午3点05分20秒", date(2026, 9, 8)),
        ("underwritten_on", "20260908103059", date(2026, 9, 8)),
        ("underwritten_on", "20260908T103059", date(2026, 9, 8)),
        ("policyholder_sex", "男", "M"),
        ("policyholder_sex", "female", "F"),
        ("policyholder_type", "单位", "ORGANISATION"),
        ("policyholder_id_type", "护照", "PASSPORT"),
        ("policyholder_id_type", "居住证", "RESIDENCE_PERMIT"),
        ("policyholder_id_type", "其他", "OTHER"),
        ("policyholder_id_no", "110105 19491231 002x", ID_NO),
        ("mobile", "+86 160-0000-0001", "+8616000000001"),
        ("home_phone", "0309-7000001转8", "+863097000001;ext=8"),
        ("address", "N/A", None),
        ("address", "null", None),
        ("address", " / ", None),
        ("address", "-", None),
        ("insured_name", "　", None),
        ("agent_phone", "不详", "不详"),
        ("special_callback", "是", True),
        ("special_callback", "y", True),
        ("special_callback", "True", True),
        ("special_callback", "0", False),
        ("special_callback", "否", False),
        ("language", "ZH-cn", "zh-CN"),
        ("language", "YUE", "yue"),
        ("traceability", "未双录", "NONE"),
        ("traceability", "合格", "PASSED"),
        ("traceability", "作废", "INVALIDATED"),
        ("status", "失效", "LAPSED"),
        ("status", "有效", "IN_FORCE"),
        ("cooling_off_days", "15", 15),
    ],
)
def test_forms_of_values(field, text, value):
    birth = {} if field != "policyholder_sex" else {"policyholder_id_type": "OTHER", "policyholder_id_no": "x"}
    row = read(**birth | {field: text})
    assert row.problems == ()
    assert getattr(row.contract, field) == value


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        *[("receipt_signed_on", text, "BAD_DATE") for text in (
            "45922", "26-09-12", "2026-W37-4", "0000-00-00", "2026-02-30", "2026-13-01", "2026-09/12", "12/09/2026",
            "2026-09-12 25:00", "明天", "2026-09", "202609", "2026-09-12x",
        )],
        *[("premium", text, "BAD_NUMBER") for text in (
            "-1", "+1", "￥12000", "12000元", "1.2e4", "12%", "12,00", "1,2000", "1.234", "0", "0.00", "1.2万", ".5", "1.",
            "12，000", "NaN",
        )],
        ("sum_insured", "一万", "BAD_NUMBER"),
        ("policy_term_years", "至70岁", "BAD_NUMBER"),
        ("policy_term_years", "0", "BAD_NUMBER"),
        ("policy_term_years", "-5", "BAD_NUMBER"),
        ("premium_term_years", "趸交", "BAD_NUMBER"),  # of an annual premium
        ("premium_term_years", "1.5", "BAD_NUMBER"),
        ("premium_term_years", "0", "BAD_NUMBER"),
        ("cooling_off_days", "半个月", "BAD_NUMBER"),
        ("channel", "柜面", "BAD_CHOICE"),
        ("product_type", "分红", "BAD_CHOICE"),
        ("premium_mode", "日交", "BAD_CHOICE"),
        ("policyholder_type", "家庭", "BAD_CHOICE"),
        ("policyholder_sex", "未知", "BAD_CHOICE"),
        ("special_callback", "也许", "BAD_CHOICE"),
        ("special_callback", "2", "BAD_CHOICE"),
        ("status", "正常", "BAD_CHOICE"),
        ("policyholder_id_no", "110105491231002", "BAD_ID_NUMBER"),
        ("policyholder_id_no", "110105194912310021", "BAD_ID_NUMBER"),
        ("policyholder_id_no", "110105194902310020", "BAD_ID_NUMBER"),  # 31 February
        ("policyholder_id_no", "11010519491231-002X", "BAD_ID_NUMBER"),
        ("policyholder_id_no", "E12345678", "BAD_ID_NUMBER"),
        ("insured_id_no", "110105194912310021", "BAD_ID_NUMBER"),
        ("agent_id_no", "110105194912310021", "BAD_ID_NUMBER"),
        ("policyholder_birth_date", "1949-12-30", "ID_BIRTHDAY_MISMATCH"),
        ("policyholder_sex", "M", "ID_SEX_MISMATCH"),
        ("mobile", "1600000000", "BAD_PHONE"),
        ("home_phone", "7000001", "BAD_PHONE"),  # beside a good mobile
        ("office_phone", "400-000-0000", "BAD_PHONE"),
        ("branch_code", "86999999", "UNKNOWN_BRANCH"),
        ("policy_no", "9" * 41, "TOO_LONG"),
        ("product_code", "9" * 41, "TOO_LONG"),
        ("agent_code", "9" * 41, "TOO_LONG"),
        ("branch_code", "9" * 41, "TOO_LONG"),
        ("policyholder_name", "名" * 101, "TOO_LONG"),
        ("product_name", "名" * 201, "TOO_LONG"),
        ("outlet", "名" * 201, "TOO_LONG"),
        ("address", "路" * 501, "TOO_LONG"),
        ("agent_phone", "1" * 101, "TOO_LONG"),
        ("receipt_signed_on", "2026-09-12" + " " * 100 + "10:30", "TOO_LONG"),
        ("address", "青禾\ufffd", "BAD_ENCODING"),
        ("policyholder_name", "\ufffd", "BAD_ENCODING"),
        *[(column.name, "", "MISSING") for column in COLUMNS if column.required],
    ],
)  # fmt: skip
def test_problems_of_one_field(field, text, code):
    row = read(**{field: text})
    column = next(column for column in COLUMNS if column.name == field)
    severity = "rejected" if column.rejects else "warning"
    assert problems(row) == [(field, code, severity)]
    assert row.rejected == (severity == "rejected")
    assert row.cells[field] == text


def test_what_cannot_be_read_is_not_known():
    row = read(mobile="123", receipt_signed_on="45922", premium="x")
    assert (row.contract.mobile, row.contract.receipt_signed_on, row.contract.premium) == (None, None, None)
    assert usable_phones(row.contract) == ()
    assert row.scope == "IN_SCOPE"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"mobile": ""}, [("mobile", "MISSING", "warning")]),
        ({"mobile": "", "home_phone": "0309-7000001"}, []),
        ({"mobile": "", "office_phone": "12"}, [("office_phone", "BAD_PHONE", "warning")]),
        ({"mobile": "", "policyholder_type": "ORGANISATION", "policyholder_id_no": "47-ORG"}, []),
        ({"mobile": "", "special_callback": "Y"}, [("mobile", "MISSING", "warning")]),
    ],
)
def test_a_missing_telephone(cells, expected):
    assert problems(read(**cells)) == expected


@pytest.mark.parametrize(
    "cells",
    [
        {"policyholder_id_type": "PASSPORT", "policyholder_id_no": "E1"},
        {"policyholder_id_type": "OTHER", "policyholder_id_no": "110105194912310021"},
        {"policyholder_type": "ORGANISATION", "policyholder_id_no": "110105194912310021"},
        {"insured_id_no": "E12345678"},
        {"agent_id_no": ID_NO},
        {"policyholder_id_type": "", "policyholder_id_no": ID_NO.lower()},
        {"premium_mode": "SINGLE", "premium_term_years": "趸交"},
        {"premium_mode": "SINGLE", "premium_term_years": "single"},
        {"premium_mode": "SINGLE", "premium_term_years": ""},
    ],
)
def test_what_is_not_checked_or_is_right(cells):
    assert read(**cells).problems == ()


def test_an_id_card_is_meant_where_a_persons_document_is_not_named():
    assert problems(read(policyholder_id_type="", policyholder_id_no="E1")) == [
        ("policyholder_id_no", "BAD_ID_NUMBER", "warning")
    ]


@pytest.mark.parametrize(
    ("cells", "fields_"),
    [
        ({"issued_on": "2026-09-09"}, ["issued_on"]),
        ({"issued_on": "2026-09-12", "printed_on": "2026-09-11"}, ["printed_on"]),
        ({"printed_on": "2026-09-09"}, ["printed_on"]),
        ({"receipt_signed_on": "2026-09-09"}, ["receipt_signed_on"]),
        ({"receipt_signed_on": "2026-09-14", "receipt_entered_on": "2026-09-13"}, ["receipt_entered_on"]),
        ({"receipt_entered_on": "2026-09-14", "receipt_written_off_on": "2026-09-13"}, ["receipt_written_off_on"]),
        ({"receipt_signed_on": "2026-09-14", "receipt_written_off_on": "2026-09-13"}, ["receipt_written_off_on"]),
        ({"surrendered_on": "2026-09-09"}, ["surrendered_on"]),
        ({"next_due_on": "2026-09-09"}, ["next_due_on"]),
        ({"next_due_on": "2027-09-10"}, []),
        ({"entered_on": "2026-09-01"}, []),  # not ordered
        ({"entered_on": "2026-09-25"}, ["entered_on"]),  # but not tomorrow either
        ({"underwritten_on": "2026-09-25"}, ["underwritten_on"]),
        ({"receipt_signed_on": "2026-09-25"}, ["receipt_signed_on"]),
        ({"receipt_signed_on": "2026-09-10", "issued_on": "2026-09-10"}, []),
        (
            {"policyholder_birth_date": "2026-09-10", "policyholder_id_type": "OTHER", "policyholder_id_no": "x"},
            ["underwritten_on"],
        ),
        ({"issued_on": "2026-09-01", "surrendered_on": "2026-09-02"}, ["issued_on", "surrendered_on"]),
    ],
)
def test_the_order_of_dates(cells, fields_):
    row = read(**cells)
    assert problems(row) == [(name, "DATES_OUT_OF_ORDER", "warning") for name in fields_]
    assert row.contract.underwritten_on == date.fromisoformat(cells.get("underwritten_on", "2026-09-10"))


def test_every_problem_of_a_row_is_reported_one_a_field_in_the_order_of_columns():
    row = read_row(
        7,
        GOOD
        | {
            "channel": "",
            "premium": "x",
            "policyholder_sex": "M",
            "policyholder_birth_date": "1949-12-30",
            "mobile": "1",
        },
        today=TODAY,
        branch_codes=(),
        too_many=True,
        duplicate_of=3,
    )
    assert problems(row) == [
        ("", "TOO_MANY_CELLS", "rejected"),
        ("policy_no", "DUPLICATE_IN_FILE", "rejected"),
        ("channel", "MISSING", "rejected"),
        ("premium", "BAD_NUMBER", "warning"),
        ("policyholder_sex", "ID_SEX_MISMATCH", "warning"),
        ("policyholder_birth_date", "ID_BIRTHDAY_MISMATCH", "warning"),
        ("mobile", "BAD_PHONE", "warning"),
        ("branch_code", "UNKNOWN_BRANCH", "warning"),
    ]
    assert all(problem.row == 7 and problem.message("zh") and problem.message("en") for problem in row.problems)
    assert row.duplicate


def test_messages_repeat_no_personal_data():
    row = read(
        policyholder_id_no="110105194912310021",
        mobile="1600000000",
        policyholder_birth_date="1949年",
        address="\ufffd路",
    )
    told = "".join(problem.message_zh + problem.message_en for problem in row.problems)
    assert not any(secret in told for secret in ("110105194912310021", "1600000000", "1949年", "路"))


def test_the_first_row_of_a_policy_number_counts_even_when_it_was_rejected():
    rows = [
        (2, GOOD | {"channel": "x"}, False),
        (3, GOOD | {"policy_no": " P1 "}, False),
        (5, GOOD | {"policy_no": "p1"}, False),
        (6, GOOD | {"policy_no": ""}, False),
        (7, GOOD | {"policy_no": ""}, False),
    ]
    found = [(row.row, problems(row)) for row in read_rows(rows, today=TODAY, branch_codes=None)]
    assert found == [
        (2, [("channel", "BAD_CHOICE", "rejected")]),
        (3, [("policy_no", "DUPLICATE_IN_FILE", "rejected")]),
        (5, []),
        (6, [("policy_no", "MISSING", "rejected")]),
        (7, [("policy_no", "MISSING", "rejected")]),
    ]


def test_every_code_has_a_row_above():
    assert set(PROBLEM_CODES) == {
        "MISSING", "BAD_DATE", "BAD_NUMBER", "BAD_CHOICE", "BAD_ID_NUMBER", "ID_BIRTHDAY_MISMATCH", "ID_SEX_MISMATCH",
        "BAD_PHONE", "UNKNOWN_BRANCH", "DUPLICATE_IN_FILE", "DATES_OUT_OF_ORDER", "TOO_LONG", "BAD_ENCODING",
        "TOO_MANY_CELLS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "scope"),
    [
        ({"policyholder_type": "ORGANISATION"}, "ORGANISATION"),
        ({"policy_term_years": "1年"}, "SHORT_TERM"),
        ({"policy_term_years": "0.5"}, "SHORT_TERM"),
        ({"policy_term_years": "1.01"}, None),
        ({"policy_term_years": "终身"}, None),
        ({"status": "WITHDRAWN"}, "WITHDRAWN"),
        ({"status": "退保"}, "SURRENDERED"),
        ({"status": "终止"}, "TERMINATED"),
        ({"status": "LAPSED"}, None),
        ({"surrendered_on": "2026-09-20"}, None),  # the status decides
    ],
)
def test_scope(cells, scope):
    row = read(**cells)
    assert out_of_scope_reason(row.contract) == scope
    assert row.scope == (scope or "IN_SCOPE")


@pytest.mark.parametrize(
    ("years", "params", "scope"),
    [
        ("1", {"scope.min_term_exclusive_years": 0}, None),
        ("1", {"scope.extra_product_codes": ("BP101",)}, None),
        ("1", {"scope.extra_product_codes": ("BP102",)}, "SHORT_TERM"),
        ("1.5", {}, None),
    ],
)
def test_the_profile_draws_shorter_products_in(years, params, scope):
    contract = replace(read(policy_term_years=years).contract, product_code="BP101")
    assert out_of_scope_reason(contract, DEFAULTS.with_params(params)) == scope


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (False, "FALSE"),
        (True, "TRUE"),
        (13800138000.0, "13800138000"),
        (20260924, "20260924"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
    ],
)
def test_values_that_are_no_text(text, code):
    assert cells_from_json({"Policy_No": text, "unknown": 1, "mobile": None}) == {"policy_no": code, "mobile": ""}


def test_json_and_cells_read_alike():
    as_json = GOOD | {"premium": 12000, "policy_term_years": 20.0, "special_callback": False, "home_phone": None}
    assert equal(read_row(1, cells_from_json(as_json), today=TODAY, branch_codes=BRANCHES).contract, contract())
    nul = read_row(1, cells_from_json(GOOD | {"address": "a\0b"}), today=TODAY, branch_codes=BRANCHES)
    assert problems(nul) == [("address", "BAD_ENCODING", "warning")]
    nested = read_row(1, cells_from_json(GOOD | {"premium": {"yuan": 1}}), today=TODAY, branch_codes=BRANCHES)
    assert problems(nested) == [("premium", "BAD_NUMBER", "warning")]


# ---- who somebody is ----


def test_identity_is_asked_only_by_what_can_be_trusted():
    address = {"address": "云岭省云湖市青禾区松林路1号"}
    full = {"birth_date": "1949-12-31", "id_last4": "002X", "district": "青禾区"}
    assert identity_elements(contract(**address), TODAY) == full
    assert identity_elements(contract(policyholder_birth_date="", **address), TODAY) == full  # the number tells it
    assert identity_elements(contract(policyholder_id_no="110105194912310021"), TODAY) == {"birth_date": "1949-12-31"}
    assert identity_elements(contract(policyholder_birth_date="1949-12-30"), TODAY) == {"id_last4": "002X"}
    assert identity_elements(contract(policyholder_id_no="1", policyholder_birth_date="x"), TODAY) == {}


def test_two_strangers_with_the_same_nonsense_are_not_one_person():
    nonsense = "111111111111111111"
    one = contract(policyholder_id_no=nonsense)
    two = contract(policyholder_id_no=nonsense, policy_no="P2")
    assert person_key(one, TODAY) != person_key(two, TODAY)
    assert person_key(contract(), TODAY) == person_key(contract(policy_no="P2", policyholder_id_type=""), TODAY)


@pytest.mark.parametrize(
    ("address", "district"),
    [
        ("云岭省云湖市青禾区松林路1号", "青禾区"),
        ("云湖市晨溪县石桥巷2号", "晨溪县"),
        ("青禾区松林路", "青禾区"),
        ("云岭省云湖市松林路1号", None),
        ("", None),
        (None, None),
    ],
)
def test_the_district_of_an_address(address, district):
    assert district_of(address) == district


# ---- again and changed ----


@pytest.mark.parametrize(
    "cells",
    [
        {"channel": "银保", "product_type": "分红型", "premium_mode": "年缴", "policyholder_type": "个人"},
        {"underwritten_on": "2026年9月10日", "policyholder_birth_date": "19491231"},
        {"premium": "12,000.00", "policy_term_years": "20.0年", "sum_insured": "120000.0"},
        {"mobile": "+86 160 0000 0001", "policyholder_id_no": "110105 19491231002x", "policyholder_sex": "女"},
        {"special_callback": "否", "address": "-", "status": "", "policyholder_id_type": ""},
    ],
)
def test_rows_are_equal_whatever_form_they_came_in(cells):
    assert equal(contract(), contract(**cells))
    assert equal(merge(contract(), contract(**cells)), contract())


@pytest.mark.parametrize(
    "cells", [{"mobile": "16000000002"}, {"policy_no": "p1"}, {"special_callback": "1"}, {"address": "x"}]
)
def test_other_contents_are_not_equal(cells):
    assert not equal(contract(), contract(**cells))


def test_an_empty_field_never_erases_a_known_value():
    known = contract(address="青禾区", special_callback="是", receipt_signed_on="2026-09-12")
    later = merge(known, contract(mobile="", policyholder_id_no="", premium="x", agent_name="何"))
    assert equal(replace(later, agent_name=None), known)
    assert later.agent_name == "何"
    assert merge(known, contract(special_callback="否")).special_callback is False
    assert merge(contract(), contract(premium_mode="SINGLE", premium_term_years="")).premium_term_years is None


_texts = st.sampled_from(
    ["", "-", "x", "2026-09-12", "2026/9/13", "20", "12,000.00", "是", "16000000003", "PERSON", "护照", "终身"]
)
_rows = st.fixed_dictionaries({}, optional={column.name: _texts for column in COLUMNS if not column.rejects}).map(
    lambda cells: read_row(2, GOOD | cells, today=TODAY, branch_codes=BRANCHES).contract
)


@given(_rows, _rows)
def test_merging_once_is_merging_twice(old, new):
    merged = merge(old, new)
    assert equal(merge(merged, new), merged)
    assert equal(merge(old, old), old)
    for field in fields(Contract):
        if getattr(old, field.name) is not None and field.name != "premium_term_years":
            assert getattr(merged, field.name) is not None


@given(_rows)
def test_a_contract_survives_json(one):
    assert from_json(to_json(one)) == one
    assert all(isinstance(value, str) for value in to_json(one).values())


@given(st.dictionaries(st.sampled_from([column.name for column in COLUMNS]), st.text(max_size=30)))
def test_any_cells_give_a_row(cells):
    row = read_row(2, cells, today=TODAY, branch_codes=BRANCHES)
    assert row.rejected == any(problem.severity == "rejected" for problem in row.problems)
    assert len({problem.field for problem in row.problems}) == len(row.problems)
    if row.contract:
        assert from_json(to_json(row.contract)) == row.contract


# ---- the header ----

REQUIRED = [column.name for column in COLUMNS if column.required]


def test_headers_in_either_language_or_both():
    zh = {column.name: column.label_zh for column in COLUMNS}
    header = [
        *(f" {name.upper()} " for name in REQUIRED[:5]),
        *(zh[name] for name in REQUIRED[5:]),
        "手机 mobile",
        "备注",
        "",
    ]
    assert header_map(header).columns == (*REQUIRED, "mobile", None)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("交费方式", "premium_mode"),
        ("性别", "policyholder_sex"),
        ("证件号", "policyholder_id_no"),
        ("被保险人", "insured_name"),
        ("\ufeff保单号", "policy_no"),
        ("保单号|policy_no", "policy_no"),
        ("保单号 - POLICY_NO", "policy_no"),
        ("policy_no（保单号）", "policy_no"),  # noqa: RUF001
    ],
)
def test_other_words_for_a_column(header, name):
    rest = [column for column in (*REQUIRED, "mobile") if column != name]
    assert header_map([header, *rest]).columns[0] == name


def test_all_missing_columns_are_named():
    with pytest.raises(ListRefused) as refused:
        header_map([name for name in REQUIRED if name not in ("channel", "premium")])
    for message in (refused.value.message_zh, refused.value.message_en):
        assert all(
            word in message for word in ("channel", "渠道", "premium", "保费", "mobile", "home_phone", "office_phone")
        )
        assert "policy_no" not in message


def test_a_column_named_twice_is_refused():
    with pytest.raises(ListRefused, match="agent_code"):
        header_map([*REQUIRED, "mobile", "业务员代码"])


def test_a_mapping_names_columns_in_its_own_way():
    columns = header_map(["合同编号", *REQUIRED[1:], "手机"], {" 合同编号": "policy_no"}).columns
    assert columns == (*REQUIRED, "mobile")


@pytest.mark.parametrize("text", ["", "[]", '"x"', '{"合同编号": "policy_number"}', '{"a": ["policy_no"]}', '{"a": 1}'])
def test_a_mapping_that_makes_no_sense(text):
    with pytest.raises(MappingRefused):
        read_mapping(text)


def test_cells_by_header():
    columns = header_map([*REQUIRED, "mobile", "note"])
    row = [*("v" for _ in REQUIRED)]
    assert columns.cells(row) == dict.fromkeys(REQUIRED, "v") | {"mobile": ""}
    assert not columns.too_many([*row, "1", "n", " ", "", "-", "无"])
    assert columns.too_many([*row, "1", "n", "extra"])


def test_number_text_has_no_exponent():
    assert number_text(1.1e17) == "110000000000000000"
    assert number_text(12000.1) == "12000.1"
