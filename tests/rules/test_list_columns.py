"""The columns of a contract list: what they may be called, what they hold, and what a clerk is told."""

import json
import re
from datetime import date
from decimal import Decimal

import pytest

from rules.list_columns import (
    BY_NAME,
    COLUMNS,
    PHONE_COLUMNS,
    BadValue,
    HeaderMap,
    ListRefused,
    MappingRefused,
    cells_from_json,
    clean,
    column_named,
    header_map,
    number_text,
    read_date,
    read_mapping,
    storable,
)
from rules.list_problems import row_problem, severity_of

HEADER = re.findall(
    r"\S+",
    """
保单号 渠道 险种代码 险种名称 险种类型 保险期间 缴费方式 缴费年限 保费 保额 承保日 出单日 打印日 录入日 回执签署日 回执录入日
回执核销日 犹豫期天数 下次应缴日 投保人姓名 投保人类型 投保人性别 投保人出生日期 投保人证件类型 投保人证件号 手机 家庭电话
办公电话 地址 邮编 被保险人姓名 被保险人证件号 关系 业务员代码 业务员姓名 业务员电话 业务员证件号 机构代码 网点 特殊回访件 语言
双录状态 保单状态 退保日
    """,
)
NAMES = re.findall(
    r"\S+",
    """
policy_no channel product_code product_name product_type policy_term_years premium_mode premium_term_years premium
sum_insured underwritten_on issued_on printed_on entered_on receipt_signed_on receipt_entered_on
receipt_written_off_on cooling_off_days next_due_on policyholder_name policyholder_type policyholder_sex
policyholder_birth_date policyholder_id_type policyholder_id_no mobile home_phone office_phone address postcode
insured_name insured_id_no relation agent_code agent_name agent_phone agent_id_no branch_code outlet
special_callback language traceability status surrendered_on
    """,
)
REQUIRED = {
    "policy_no", "channel", "product_code", "product_name", "product_type", "policy_term_years", "premium_mode", "premium",
    "underwritten_on", "policyholder_name", "policyholder_type", "policyholder_id_no", "agent_code", "branch_code",
}  # fmt: skip
REJECTS = REQUIRED - {"product_code", "product_name", "premium", "policyholder_id_no", "agent_code", "branch_code"}
LONGER = {"address": 500, "product_name": 200, "outlet": 200}
SHORTER = dict.fromkeys(("policy_no", "product_code", "agent_code", "branch_code"), 40)
PERSONAL = {
    "policyholder_name", "policyholder_birth_date", "policyholder_id_no", "mobile", "home_phone", "office_phone", "address",
    "postcode", "insured_name", "insured_id_no", "relation", "agent_name", "agent_phone", "agent_id_no",
}  # fmt: skip


CHOICES = {
    "channel": {
        "AGENCY": "个险", "BANCASSURANCE": "银保", "BANK_DIRECT": "银保通", "TELEMARKETING": "电销", "ONLINE": "网销",
        "BROKERAGE": "经代",
    },
    "product_type": {
        "TRADITIONAL": "普通型", "PARTICIPATING": "分红型", "UNIVERSAL": "万能型", "UNIT_LINKED": "投连型", "HEALTH": "健康险",
        "ACCIDENT": "意外险",
    },
    "premium_mode": {
        "SINGLE": "趸交", "ANNUAL": "年交", "HALF_YEARLY": "半年交", "QUARTERLY": "季交", "MONTHLY": "月交",
    },
    "policyholder_type": {"PERSON": "个人", "ORGANISATION": "单位"},
    "policyholder_sex": {"M": "男", "F": "女"},
    "policyholder_id_type": {"ID_CARD": "身份证", "PASSPORT": "护照", "RESIDENCE_PERMIT": "居住证", "OTHER": "其他"},
    "traceability": {"NONE": "未双录", "PASSED": "合格", "INVALIDATED": "作废"},
    "status": {
        "IN_FORCE": "有效", "WITHDRAWN": "犹豫期撤单", "SURRENDERED": "退保", "LAPSED": "失效", "TERMINATED": "终止",
    },
}  # fmt: skip
KINDS = [
    (["policy_term_years"], "20年", Decimal(20)),
    (["premium", "sum_insured"], "1,200.50", Decimal("1200.50")),
    (["premium_term_years", "cooling_off_days"], "15", 15),
    (["special_callback"], "是", True),
    (["language"], "粤语", "yue"),
    (["mobile", "home_phone", "office_phone", "agent_phone"], "160-0000-0001", "+8616000000001"),
    (["policyholder_id_no", "insured_id_no", "agent_id_no"], "11010519491231 002x", "11010519491231002X"),
    ([name for name in NAMES if name.endswith(("_on", "_date"))], "2026年9月8日", date(2026, 9, 8)),
]
READ = {name: (text, value) for names, text, value in KINDS for name in names}


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_each_column_reads_its_own_kind(column):
    if column.name in CHOICES:
        choices = CHOICES[column.name]
        assert column.read.codes == tuple(choices)
        assert (
            {column.read(word) for word in choices} == {column.read(word) for word in choices.values()} == set(choices)
        )
        assert all(column.read(word) == column.read(word.lower()) == code for code, word in choices.items())
        assert all(code in column.read.choices and word in column.read.choices for code, word in choices.items())
    else:
        text, value = READ.get(column.name, (" 任何 text", " 任何 text"))
        assert column.read(text) == value and type(column.read(text)) is type(value)


def test_a_choice_may_be_written_in_any_case():
    for name, choices in CHOICES.items():
        assert {code: BY_NAME[name].read(code.title()) for code in choices} == {code: code for code in choices}


@pytest.mark.parametrize("text", ["１２", "1２.00", "１"])
def test_only_plain_digits_are_read_as_a_number(text):
    """A cell is folded before; what is left of other digits is no number."""
    for name in ("premium", "premium_term_years", "policy_term_years"):
        with pytest.raises(BadValue):
            BY_NAME[name].read(text)


def test_a_list_in_chinese_and_one_in_english_have_the_same_columns():
    assert header_map(HEADER) == header_map(NAMES) == HeaderMap(tuple(NAMES))


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_what_is_asked_of_a_column(column):
    assert column.required == (column.name in REQUIRED)
    assert column.rejects == (column.name in REJECTS)
    assert column.personal == (column.name in PERSONAL)
    assert column.longest == (LONGER | SHORTER).get(column.name, 100)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("policy no", "policy_no"),
        ("Policy_No ", "policy_no"),
        ("\ufeff保单号", "policy_no"),
        ("保单号/policy_no", "policy_no"),
        ("保单号（policy_no）", "policy_no"),
        ("保单号 - policy_no", "policy_no"),
        ("性别", "policyholder_sex"),
        ("出生日期", "policyholder_birth_date"),
        ("证件类型", "policyholder_id_type"),
        ("证件号", "policyholder_id_no"),
        ("被保险人", "insured_name"),
        ("缴费方式", "premium_mode"),
        ("交费方式", "premium_mode"),
        ("保单号/渠道", None),
        ("保单号/备注", None),
        ("备注", None),
        ("X保单号X", None),
        ("", None),
    ],
)
def test_what_a_column_may_be_called(header, name):
    assert column_named(header) == name


def test_a_list_may_lack_what_is_not_needed_and_hold_what_is_unknown():
    found = header_map([*sorted(REQUIRED), "备注", "mobile", "", " "])
    assert found.columns == (*sorted(REQUIRED), None, "mobile")
    assert found.width == len(REQUIRED) + 2
    row = [str(i) for i in range(found.width)]
    assert found.cells(row)["mobile"] == str(len(REQUIRED) + 1)
    assert None not in found.cells(row) and len(found.cells(row)) == len(REQUIRED) + 1
    assert found.cells(row[:1]) == dict.fromkeys([*REQUIRED, "mobile"], "") | {sorted(REQUIRED)[0]: "0"}
    assert not found.too_many(row) and not found.too_many([*row, " ", "-"])
    assert found.too_many([*row, "", "x"])


def test_a_mapping_goes_before_the_names_that_we_know():
    names = [name for name in NAMES if name != "policy_no"]
    assert header_map(["单号", *names], {" 单号": "policy_no"}).columns == ("policy_no", *names)
    assert header_map(["\ufeff单号", *names], {"单号": "policy_no"}).columns[0] == "policy_no"
    assert header_map(["X单号", *NAMES], {"单号": "channel"}).columns[0] is None
    assert (
        header_map(["手机", "单号", *names[:-1]], {"单号": "policy_no", "手机": "surrendered_on"}).columns[0]
        == "surrendered_on"
    )


@pytest.mark.parametrize(
    ("header", "zh", "en"),
    [
        (
            [*NAMES, "保单号", "渠道"],
            "表头里同一列出现了两次：保单号（policy_no）、渠道（channel）。请只保留一列后重新上传。",
            "The header names one column twice: policy_no (保单号), channel (渠道). Keep one of them and send the list again.",
        ),
        (
            [name for name in NAMES if name not in ("channel", "premium")],
            "清单缺少必需的列：渠道（channel）、保费（premium）。请补上后重新上传。",
            "The list lacks columns that must be there: channel (渠道), premium (保费). Add them and send the list again.",
        ),
        (
            [name for name in NAMES if name not in PHONE_COLUMNS],
            "清单缺少必需的列：至少一列电话：手机（mobile）、家庭电话（home_phone）、办公电话（office_phone）。请补上后重新上传。",
            "The list lacks columns that must be there: at least one telephone column of mobile (手机), home_phone (家庭电话), "
            "office_phone (办公电话). Add them and send the list again.",
        ),
        (
            [name for name in NAMES if name not in (*PHONE_COLUMNS, "channel")],
            "清单缺少必需的列：渠道（channel）；至少一列电话：手机（mobile）、家庭电话（home_phone）、办公电话（office_phone）。"
            "请补上后重新上传。",
            "The list lacks columns that must be there: channel (渠道); at least one telephone column of mobile (手机), "
            "home_phone (家庭电话), office_phone (办公电话). Add them and send the list again.",
        ),
    ],
)  # fmt: skip
def test_a_list_is_refused_whole_with_every_column_named(header, zh, en):
    with pytest.raises(ListRefused) as refused:
        header_map(header)
    assert (refused.value.message_zh, refused.value.message_en, str(refused.value)) == (zh, en, en)


@pytest.mark.parametrize("name", PHONE_COLUMNS)
def test_one_telephone_column_is_enough(name):
    header = [column for column in NAMES if column not in PHONE_COLUMNS or column == name]
    assert header_map(header).columns == tuple(header)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the mapping is not JSON: Expecting property name"),
        ("X{}", "the mapping is not JSON: Expecting value"),
        ("[]", "the mapping must be a JSON object: header in the file → English column name"),
        ('{"a": "nothing", "b": 1, "c": "policy_no"}', "the mapping names columns that do not exist: 1, nothing"),
    ],
)
def test_a_mapping_is_refused(text, message):
    with pytest.raises(MappingRefused) as refused:
        read_mapping(text)
    assert str(refused.value).startswith(message)


def test_a_mapping_is_read():
    assert read_mapping("\ufeff" + json.dumps({"单号": "policy_no"})) == {"单号": "policy_no"}


@pytest.mark.parametrize(
    ("column", "text", "value"),
    [
        ("premium_mode", "趸缴", "SINGLE"),
        ("premium_mode", "趸交", "SINGLE"),
        ("premium_mode", "半年缴", "HALF_YEARLY"),
        ("channel", "银保", "BANCASSURANCE"),
        ("product_type", "分红型", "PARTICIPATING"),
        ("policyholder_type", "个人", "PERSON"),
        ("policyholder_sex", "女", "F"),
        ("policyholder_sex", "Male", "M"),
        ("policyholder_id_type", "身份证", "ID_CARD"),
        ("status", "犹豫期撤单", "WITHDRAWN"),
        ("status", "退保", "SURRENDERED"),
        ("status", "终止", "TERMINATED"),
        *[("special_callback", text, True) for text in ("1", "y", "Y", "true", "TRUE", "是")],
        *[("special_callback", text, False) for text in ("0", "n", "N", "false", "FALSE", "否")],
        ("language", "普通话", "zh-CN"),
        ("language", "国语", "zh-CN"),
        ("language", "粤语", "yue"),
        ("language", "广东话", "yue"),
        ("language", "闽南语", "nan"),
        ("language", "客家话", "hak"),
        ("language", "zh_hans_cn", "zh-Hans-CN"),
        ("language", "EN-us", "en-US"),
        ("language", "zh-CMN", "zh-cmn"),
        ("language", "上海话", "上海话"),
        ("premium", "1,234,567.80", Decimal("1234567.80")),
        ("premium", "0.01", Decimal("0.01")),
        ("policy_term_years", "终身", "WHOLE_LIFE"),
        ("policy_term_years", "0.5", Decimal("0.5")),
        ("agent_phone", "不详", "不详"),
        ("language", "zh-简体", "zh-简体"),
        ("channel", "个险", "AGENCY"),
        ("receipt_signed_on", "20260908", date(2026, 9, 8)),
        ("premium_term_years", "10年", 10),
        ("premium_term_years", "10 年", 10),
        ("cooling_off_days", "15天", 15),
        ("cooling_off_days", "15日", 15),
        ("policy_term_years", "20 年", Decimal(20)),
        ("policy_term_years", "WHOLE_LIFE", "WHOLE_LIFE"),
        ("policyholder_id_no", "e 12345678", "e 12345678"),  # no folding of what is no identity card
        ("policyholder_id_no", "11010519491231002x", "11010519491231002X"),
        ("agent_phone", "160 0000 0001", "+8616000000001"),
        ("postcode", "100000", "100000"),
    ],
)
def test_what_a_cell_may_hold(column, text, value):
    assert BY_NAME[column].read(text) == value


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [
        ("premium_term_years", "1000", "BAD_NUMBER"),
        ("sum_insured", "1e3", "BAD_NUMBER"),
        ("policy_term_years", "0", "BAD_NUMBER"),
        ("policy_term_years", "1234567", "BAD_NUMBER"),
        ("premium", "0.00", "BAD_NUMBER"),
        ("special_callback", "yes?", "BAD_CHOICE"),
        ("status", "", "BAD_CHOICE"),
        ("mobile", "1", "BAD_PHONE"),
        ("issued_on", "x", "BAD_DATE"),
    ],
)
def test_what_it_may_not(column, text, code):
    with pytest.raises(BadValue) as bad:
        BY_NAME[column].read(text)
    assert bad.value.args == (code,)


@pytest.mark.parametrize(
    "text",
    [
        "2026-09-08", "2026-9-08", "2026/9/8", "2026.09.08", "2026年9月8日", "20260908",
        "2026-09-08 23:59", "2026-09-08 3:05", "2026-09-08T23:59:59", "2026-09-08 23:59:59.123", "2026-09-08 23:59:59,1",
        "2026-09-08T10:30Z", "2026-09-08T10:30+0800", "2026-09-08T10:30-08:00", "2026-09-08 10:30 AM", "2026-09-08 10:30pm",
        "2026年9月8日10:30", "2026年9月8日 上午 9点5分", "2026年9月8日23时59分59秒", "2026-09-08 235959", "20260908235959",
        "20260908 235959", "20260908T000000", "2026-09-08 " + " " * 24 + "10:30",
    ],
)  # fmt: skip
def test_a_day_with_or_without_its_time(text):
    assert read_date(text) == date(2026, 9, 8)


@pytest.mark.parametrize(
    "text",
    [
        "2026-09/08", "2026-9-31", "2026-09-8x", "2026/13/1", "20261301", "2026-09-0810:30", "2026-09-08 24:00",
        "2026-09-08 10:60", "2026-09-08 10:30:60", "2026-09-08 3:5", "2026年9月8日24时1分", "2026年9月8日1时60分",
        "2026-09-08 245959", "2026-09-08 236059", "2026-09-08 235960", "20260908245959", "2026090823595", "2026-09-08 ",
        "２０２６-09-08", "26-9-8", "2026-0-8", "2026-09-08 " + " " * 25 + "10:30",
    ],
)  # fmt: skip
def test_what_is_no_day(text):
    with pytest.raises(BadValue, match="BAD_DATE"):
        read_date(text)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""), ("", ""), (" a ", "a"), ("　a", "a"), ("０１２３４５６７８９", "0123456789"),
        *[(cell, "") for cell in ("-", "/", "－", "／", "无", "n/a", "N/A", "null", "NULL", " null ")],
        ("无名", "无名"), ("nulls", "nulls"), ("--", "--"), ("null null", "null null"),
    ],
)  # fmt: skip
def test_a_cell_as_it_is_taken(cell, text):
    assert clean(cell) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12, "12"), (-3, "-3"), (12.0, "12"), (1e15, "1000000000000000"), (0.1, "0.1"), (1234.5, "1234.5"), (1e-7, "0.0000001"),
        (123456789012345.6, "123456789012346"), (float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "nan"),
    ],
)  # fmt: skip
def test_a_number_as_a_person_reads_it(value, text):
    assert number_text(value) == text


def test_one_contract_of_the_http_interface():
    given = {
        "nothing at first": 1, "Policy_No": 12, "premium": 12.5, "mobile": None, "special_callback": True, "outlet": "a\0b\ud800", "address": ["路", 1],
        "relation": "\0", "nothing": 1,
    }  # fmt: skip
    assert cells_from_json(given) == {
        "policy_no": "12", "premium": "12.5", "mobile": "", "special_callback": "TRUE", "outlet": "a\ufffdb\ufffd",
        "address": '["路", 1]', "relation": "\ufffd",
    }  # fmt: skip
    assert cells_from_json({"special_callback": False}) == {"special_callback": "FALSE"}
    assert storable("路\0\udfff") == "路\ufffd\ufffd"


# ---- what a clerk is told ----


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (("channel", "MISSING"), ("渠道没有填写。", "channel is empty.")),
        (
            ("issued_on", "BAD_DATE", "明天"),
            (
                "出单日“明天”不是有效日期，请写成 2026-09-24 这样的形式。",
                'issued_on "明天" is no date; write it like 2026-09-24.',
            ),
        ),
        (
            ("premium", "BAD_NUMBER", "1万"),
            (
                "保费“1万”不是有效数字，只写数字，不带符号、货币或单位。",
                'premium "1万" is no number that can be used here; digits only, no sign, currency or unit.',
            ),
        ),
        (
            ("policyholder_sex", "BAD_CHOICE", "x"),
            (
                "投保人性别“x”不在可选范围内：M MALE 男 · F FEMALE 女。",
                'policyholder_sex "x" is none of these: M MALE 男 · F FEMALE 女.',
            ),
        ),
        (
            ("special_callback", "BAD_CHOICE", "2"),
            ("特殊回访件“2”不在可选范围内：1 是 · 0 否。", 'special_callback "2" is none of these: 1 是 · 0 否.'),
        ),
        (
            ("policyholder_id_no", "BAD_ID_NUMBER", "1"),
            (
                "投保人证件号有误：应为 18 位、出生日期真实且校验码相符。",
                "policyholder_id_no is wrong: 18 characters with a real day of birth and the right check digit are expected.",
            ),
        ),
        (
            ("policyholder_birth_date", "ID_BIRTHDAY_MISMATCH"),
            (
                "投保人出生日期与证件号中的出生日期不一致。",
                "policyholder_birth_date is not the day of birth in the ID number.",
            ),
        ),
        (
            ("policyholder_sex", "ID_SEX_MISMATCH"),
            ("投保人性别与证件号中的性别不一致。", "policyholder_sex is not the sex in the ID number."),
        ),
        (
            ("mobile", "BAD_PHONE", "123"),
            (
                "手机不是可拨打的号码：应为 11 位手机号，或带区号的固定电话，可加分机。",
                "mobile is no number that can be rung: a mobile of 11 digits, or a landline with area code and perhaps an "
                "extension.",
            ),
        ),
        (
            ("branch_code", "UNKNOWN_BRANCH", "86"),
            (
                "机构代码“86”不在机构树中，暂由总公司负责。",
                'branch_code "86" is not in the organisation tree; head office keeps the case for now.',
            ),
        ),
        (
            ("policy_no", "DUPLICATE_IN_FILE", "P1", "3"),
            (
                "保单号“P1”在本清单第 3 行已出现，以先出现的一行为准。",
                'policy_no "P1" stands in row 3 of this list already; the first row counts.',
            ),
        ),
        (
            ("issued_on", "DATES_OUT_OF_ORDER", "2026-09-01", ("承保日", "underwritten_on")),
            (
                "出单日“2026-09-01”早于承保日，日期先后有误。",
                'issued_on "2026-09-01" lies before underwritten_on: the order of the dates is wrong.',
            ),
        ),
        (
            ("issued_on", "IN_THE_FUTURE", "2099-01-01"),
            ("出单日“2099-01-01”晚于今天。", 'issued_on "2099-01-01" lies in the future.'),
        ),
        (
            ("underwritten_on", "NOT_AFTER_BIRTH", "2026-09-10"),
            (
                "承保日“2026-09-10”不晚于投保人出生日期。",
                'underwritten_on "2026-09-10" is not after the policyholder\'s day of birth.',
            ),
        ),
        (
            ("branch_code", "UNKNOWN_BRANCH"),
            (
                "机构代码不在机构树中，暂由总公司负责。",
                "branch_code is not in the organisation tree; head office keeps the case for now.",
            ),
        ),
        (
            ("policy_no", "DUPLICATE_IN_FILE", "P1"),
            (
                "保单号“P1”在本清单第  行已出现，以先出现的一行为准。",
                'policy_no "P1" stands in row  of this list already; the first row counts.',
            ),
        ),
        (("outlet", "TOO_LONG", "名" * 201), ("网点超过 200 个字符。", "outlet is longer than 200 characters.")),
        (
            ("address", "BAD_ENCODING", "路\ufffd"),
            (
                "地址含有无法识别的字符（乱码），请重新导出。",
                "address holds characters that cannot be read; please export it again.",
            ),
        ),
        (
            ("", "TOO_MANY_CELLS"),
            (
                "这一行的单元格比表头多，内容可能错位（例如金额里的逗号没有加引号）。",
                "The row has more cells than the header, so its contents may have moved (an unquoted comma in an amount?).",
            ),
        ),
    ],
)
def test_a_sentence_names_the_column_the_cell_and_what_would_be_right(problem, told):
    found = row_problem(7, *problem)
    order_of_dates = {"IN_THE_FUTURE", "NOT_AFTER_BIRTH"}
    code = "DATES_OUT_OF_ORDER" if problem[1] in order_of_dates else problem[1]
    assert (found.row, found.field, found.code) == (7, problem[0], code)
    assert found.severity == severity_of(BY_NAME.get(problem[0]), code)
    assert (found.message("zh-CN"), found.message("en")) == told


def test_what_belongs_to_no_column_has_no_name_no_length_and_no_choices():
    found = row_problem(1, "", "TOO_LONG")
    assert (found.message("zh"), found.message("en")) == ("超过  个字符。", " is longer than  characters.")
    assert row_problem(1, "", "BAD_CHOICE", "x").message("zh") == "不在可选范围内：。"


@pytest.mark.parametrize(("length", "shown"), [(40, True), (41, False)])
def test_a_cell_is_repeated_only_while_it_is_short(length, shown):
    cell = "9" * length
    assert (cell in row_problem(1, "branch_code", "UNKNOWN_BRANCH", cell).message("en")) == shown


@pytest.mark.parametrize(
    ("column", "code", "severity"),
    [
        ("policy_no", "MISSING", "rejected"),
        ("policy_no", "DATES_OUT_OF_ORDER", "warning"),
        ("premium", "BAD_NUMBER", "warning"),
        ("premium", "DUPLICATE_IN_FILE", "rejected"),
        (None, "TOO_MANY_CELLS", "rejected"),
        (None, "MISSING", "warning"),
    ],
)
def test_a_row_is_rejected_only_where_no_case_could_be_opened(column, code, severity):
    assert severity_of(BY_NAME.get(column), code) == severity


@pytest.mark.parametrize("sentence", ["IN_THE_FUTURE", "NOT_AFTER_BIRTH"])
def test_two_sentences_share_the_code_of_the_order_of_dates(sentence):
    assert row_problem(1, "underwritten_on", sentence).code == "DATES_OUT_OF_ORDER"
