"""The columns of a contract list, each declared once, and how the cells of one kind are read.

A reader takes a cell that is cleaned and not empty and returns its value, or raises `BadValue` with the problem's code.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from rules.id_numbers import fold
from rules.phones import read_phone

WHOLE_LIFE = "WHOLE_LIFE"
UNDECODABLE = "\ufffd"  # stands for bytes that are no text, and for NUL, which no database keeps

_FULL_WIDTH_DIGIT = re.compile("[０-９]")
_FULL_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_EMPTY = {"-", "/", "－", "／", "无", "n/a", "null"}  # noqa: RUF001


class BadValue(Exception):
    """A cell that cannot be read; the argument is the problem's code."""


def clean(cell: str | None) -> str:
    """Trimmed, full-width digits folded; a cell that only says that there is nothing becomes empty."""
    if not cell:
        return ""
    text = cell.strip()
    if _FULL_WIDTH_DIGIT.search(text):
        text = text.translate(_FULL_WIDTH_DIGITS)
    return "" if len(text) <= 4 and text.casefold() in _EMPTY else text


def fold_word(text: str) -> str:
    """Headers and choices compare so: trimmed, case-blind, 缴 and 交 the same."""
    return text.strip().casefold().replace("缴", "交")


# ---- how one kind of cell is read ----

_DAY = re.compile(
    r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{4})年(\d{1,2})月(\d{1,2})日|(\d{4})(\d{2})(\d{2}))"
    r"(?:(?:\s+|T|(?<=日))(?:上午|下午)?\s*(?:"
    r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?\s*(?:[AaPp][Mm])?(?:Z|[+-]\d\d:?\d\d)?"
    r"|(?:[01]?\d|2[0-3])[时点][0-5]?\d分(?:[0-5]?\d秒)?"
    r"|(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)"
    r"|(?<=\d{8})(?:[01]\d|2[0-3])[0-5]\d[0-5]\d)?",
    re.ASCII,
)
_AMOUNT = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d{1,2})?", re.ASCII)
_YEARS = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)\s*年?", re.ASCII)
_WHOLE = re.compile(r"(\d{1,3})\s*[年天日]?", re.ASCII)


@lru_cache(maxsize=8192)
def _day(text: str) -> date | None:
    if len(text) == 10 and text[4] == text[7] == "-":  # the form of nearly every cell
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None
    found = _DAY.fullmatch(text)
    if not found:
        return None
    parts = [part for part in found.groups() if part and part not in "-/."]
    try:
        return date(*map(int, parts))
    except ValueError:
        return None


def read_date(text: str) -> date:
    day = _day(text) if len(text) <= 40 else None
    if day is None:
        raise BadValue("BAD_DATE")
    return day


def read_amount(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise BadValue("BAD_NUMBER")
    return Decimal(text.replace(",", ""))


def read_premium(text: str) -> Decimal:
    amount = read_amount(text)
    if amount <= 0:
        raise BadValue("BAD_NUMBER")
    return amount


def read_policy_term(text: str) -> Decimal | str:
    if fold_word(text) in ("whole_life", "终身"):
        return WHOLE_LIFE
    found = _YEARS.fullmatch(text)
    years = Decimal(found[1]) if found else Decimal(0)
    if years <= 0:
        raise BadValue("BAD_NUMBER")
    return years


def read_whole(text: str) -> int:
    found = _WHOLE.fullmatch(text)
    if not found:
        raise BadValue("BAD_NUMBER")
    return int(found[1])


def read_text(text: str) -> str:
    return text


def read_list_phone(text: str) -> str:
    phone = read_phone(text)
    if phone is None:
        raise BadValue("BAD_PHONE")
    return phone.text


def read_any_phone(text: str) -> str:
    """An agent's number is kept as written where it cannot be read: it is not what we ring."""
    phone = read_phone(text)
    return phone.text if phone else text


def read_id_number(text: str) -> str:
    """Folded where that makes 18 characters; passports and the like stay as they were written."""
    folded = fold(text)
    return folded if len(folded) == 18 else text


_DIALECTS = {"普通话": "zh-CN", "国语": "zh-CN", "粤语": "yue", "广东话": "yue", "闽南语": "nan", "客家话": "hak"}


def read_language(text: str) -> str:
    if text in _DIALECTS:
        return _DIALECTS[text]
    parts = re.split(r"[-_]", text)
    if not all(part.isascii() and part.isalnum() for part in parts):
        return text
    rest = [p.upper() if len(p) == 2 else p.title() if len(p) == 4 else p.lower() for p in parts[1:]]
    return "-".join([parts[0].lower(), *rest])


def read_flag(text: str) -> bool:
    word = text.casefold()
    if word in ("1", "y", "true", "是"):
        return True
    if word in ("0", "n", "false", "否"):
        return False
    raise BadValue("BAD_CHOICE")


def one_of(**words: str) -> Callable[[str], str]:
    """Reads a code or one of its words (separated by blanks) into the code."""
    codes = {fold_word(word): code for code, more in words.items() for word in (code, *more.split())}

    as_written = {word: code for code, more in words.items() for word in (code, *more.split())}

    def read(text: str) -> str:
        if code := as_written.get(text):
            return code
        try:
            return codes[fold_word(text)]
        except KeyError:
            raise BadValue("BAD_CHOICE") from None

    read.codes = tuple(words)
    read.choices = " · ".join(f"{code} {more}" for code, more in words.items())
    return read


# ---- the columns ----


@dataclass(frozen=True, slots=True)
class Column:
    """`rejects`: a problem here leaves nothing from which a case could be opened. `personal`: never repeated in a message."""

    name: str
    zh: tuple[str, ...]
    read: Callable[[str], Any] = read_text
    required: bool = False
    rejects: bool = False
    longest: int = 100
    personal: bool = False

    @property
    def label_zh(self) -> str:
        return self.zh[0]


CHANNEL = one_of(
    AGENCY="个险", BANCASSURANCE="银保", BANK_DIRECT="银保通", TELEMARKETING="电销", ONLINE="网销", BROKERAGE="经代"
)
PRODUCT_TYPE = one_of(
    TRADITIONAL="普通型",
    PARTICIPATING="分红型",
    UNIVERSAL="万能型",
    UNIT_LINKED="投连型",
    HEALTH="健康险",
    ACCIDENT="意外险",
)
PREMIUM_MODE = one_of(SINGLE="趸交", ANNUAL="年交", HALF_YEARLY="半年交", QUARTERLY="季交", MONTHLY="月交")
PERSON_TYPE = one_of(PERSON="个人", ORGANISATION="单位")
SEX = one_of(M="MALE 男", F="FEMALE 女")
ID_TYPE = one_of(ID_CARD="身份证", PASSPORT="护照", RESIDENCE_PERMIT="居住证", OTHER="其他")
TRACEABILITY = one_of(NONE="未双录", PASSED="合格", INVALIDATED="作废")
STATUS = one_of(IN_FORCE="有效", WITHDRAWN="犹豫期撤单", SURRENDERED="退保", LAPSED="失效", TERMINATED="终止")

COLUMNS: tuple[Column, ...] = (
    Column("policy_no", ("保单号",), required=True, rejects=True, longest=40),
    Column("channel", ("渠道",), CHANNEL, required=True, rejects=True),
    Column("product_code", ("险种代码",), required=True, longest=40),
    Column("product_name", ("险种名称",), required=True, longest=200),
    Column("product_type", ("险种类型",), PRODUCT_TYPE, required=True, rejects=True),
    Column("policy_term_years", ("保险期间",), read_policy_term, required=True, rejects=True),
    Column("premium_mode", ("缴费方式",), PREMIUM_MODE, required=True, rejects=True),
    Column("premium_term_years", ("缴费年限",), read_whole),
    Column("premium", ("保费",), read_premium, required=True),
    Column("sum_insured", ("保额",), read_amount),
    Column("underwritten_on", ("承保日",), read_date, required=True, rejects=True),
    Column("issued_on", ("出单日",), read_date),
    Column("printed_on", ("打印日",), read_date),
    Column("entered_on", ("录入日",), read_date),
    Column("receipt_signed_on", ("回执签署日",), read_date),
    Column("receipt_entered_on", ("回执录入日",), read_date),
    Column("receipt_written_off_on", ("回执核销日",), read_date),
    Column("cooling_off_days", ("犹豫期天数",), read_whole),
    Column("next_due_on", ("下次应缴日",), read_date),
    Column("policyholder_name", ("投保人姓名",), required=True, rejects=True, personal=True),
    Column("policyholder_type", ("投保人类型",), PERSON_TYPE, required=True, rejects=True),
    Column("policyholder_sex", ("投保人性别", "性别"), SEX),
    Column("policyholder_birth_date", ("投保人出生日期", "出生日期"), read_date, personal=True),
    Column("policyholder_id_type", ("投保人证件类型", "证件类型"), ID_TYPE),
    Column("policyholder_id_no", ("投保人证件号", "证件号"), read_id_number, required=True, personal=True),
    Column("mobile", ("手机",), read_list_phone, personal=True),
    Column("home_phone", ("家庭电话",), read_list_phone, personal=True),
    Column("office_phone", ("办公电话",), read_list_phone, personal=True),
    Column("address", ("地址",), longest=500, personal=True),
    Column("postcode", ("邮编",), personal=True),
    Column("insured_name", ("被保险人姓名", "被保险人"), personal=True),
    Column("insured_id_no", ("被保险人证件号",), read_id_number, personal=True),
    Column("relation", ("关系",), personal=True),
    Column("agent_code", ("业务员代码",), required=True, longest=40),
    Column("agent_name", ("业务员姓名",), personal=True),
    Column("agent_phone", ("业务员电话",), read_any_phone, personal=True),
    Column("agent_id_no", ("业务员证件号",), read_id_number, personal=True),
    Column("branch_code", ("机构代码",), required=True, longest=40),
    Column("outlet", ("网点",), longest=200),
    Column("special_callback", ("特殊回访件",), read_flag),
    Column("language", ("语言",), read_language),
    Column("traceability", ("双录状态",), TRACEABILITY),
    Column("status", ("保单状态",), STATUS),
    Column("surrendered_on", ("退保日",), read_date),
)
BY_NAME: Mapping[str, Column] = {column.name: column for column in COLUMNS}
PHONE_COLUMNS = ("mobile", "home_phone", "office_phone")  # in the order in which they are rung

# ---- the header ----

_NAMES = {
    fold_word(name): column.name
    for column in COLUMNS
    for name in (column.name, column.name.replace("_", " "), *column.zh)
}


# What people put between the two names of one column: 保单号/policy_no, 保单号（policy_no）, 保单号 - policy_no.
_BETWEEN_NAMES = re.compile(r"[\s/\\|()\[\]【】（）｜／:：,，;；、·.–—-]+")  # noqa: RUF001


class ListRefused(Exception):
    """A list that is refused whole; one sentence in each language that a clerk understands."""

    def __init__(self, message_zh: str, message_en: str):
        super().__init__(message_en)
        self.message_zh = message_zh
        self.message_en = message_en


class MappingRefused(ValueError):
    """A column mapping that names what does not exist; a mistake of the caller, not of the list."""


@dataclass(frozen=True, slots=True)
class HeaderMap:
    """`columns[i]` is the English name of the i-th cell of a row, None where the column is unknown to us."""

    columns: tuple[str | None, ...]

    @property
    def width(self) -> int:
        return len(self.columns)

    def cells(self, row: list[str]) -> dict[str, str]:
        """The row by English names; cells missing at its end are empty."""
        return {name: row[i] if i < len(row) else "" for i, name in enumerate(self.columns) if name}

    def too_many(self, row: list[str]) -> bool:
        """Something stands behind the last column of the header."""
        return len(row) > self.width and any(map(clean, row[self.width :]))


def column_named(header: str) -> str | None:
    """The English name of the column that a header cell means: `保单号`, `Policy_No`, or both in one cell."""
    word = fold_word(header.lstrip("\ufeff"))
    if word in _NAMES:
        return _NAMES[word]
    named = {_NAMES.get(part) for part in _BETWEEN_NAMES.split(word) if part}
    return named.pop() if len(named) == 1 else None


def read_mapping(text: str) -> dict[str, str]:
    """A JSON object: header in the file → English column name. Raises MappingRefused."""
    try:
        given = json.loads(text.lstrip("\ufeff"))
    except ValueError as error:
        raise MappingRefused(f"the mapping is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise MappingRefused("the mapping must be a JSON object: header in the file → English column name")
    if unknown := sorted({str(name) for name in given.values() if not isinstance(name, str) or name not in BY_NAME}):
        raise MappingRefused(f"the mapping names columns that do not exist: {', '.join(unknown)}")
    return given


def header_map(header: Iterable[str], mapping: Mapping[str, str] | None = None) -> HeaderMap:
    """Raises ListRefused when a required column is missing (all of them are named) or one is named twice."""
    own = {fold_word(name): column for name, column in (mapping or {}).items()}
    cells = [cell or "" for cell in header]
    while cells and not cells[-1].strip():
        cells.pop()
    columns = [own.get(fold_word(cell.lstrip("\ufeff"))) or column_named(cell) for cell in cells]
    known = [name for name in columns if name]
    if twice := [column for column in COLUMNS if known.count(column.name) > 1]:
        zh, en = _listed(twice)
        raise ListRefused(
            f"表头里同一列出现了两次：{zh}。请只保留一列后重新上传。",  # noqa: RUF001
            f"The header names one column twice: {en}. Keep one of them and send the list again.",
        )
    missing = [column for column in COLUMNS if column.required and column.name not in known]
    no_phone = not any(name in known for name in PHONE_COLUMNS)
    if missing or no_phone:
        zh, en = _listed(missing)
        phones_zh, phones_en = _listed([BY_NAME[name] for name in PHONE_COLUMNS])
        parts_zh = [zh] * bool(missing) + [f"至少一列电话：{phones_zh}"] * no_phone
        parts_en = [en] * bool(missing) + [f"at least one telephone column of {phones_en}"] * no_phone
        raise ListRefused(
            f"清单缺少必需的列：{'；'.join(parts_zh)}。请补上后重新上传。",
            f"The list lacks columns that must be there: {'; '.join(parts_en)}. Add them and send the list again.",
        )
    return HeaderMap(tuple(columns))


def _listed(columns: Iterable[Column]) -> tuple[str, str]:
    columns = list(columns)
    zh = "、".join(f"{column.label_zh}（{column.name}）" for column in columns)
    return zh, ", ".join(f"{column.name} ({column.label_zh})" for column in columns)


# ---- values that did not come as text ----


def number_text(value: int | float) -> str:
    """A number of a spreadsheet or of JSON as a person reads it: 13800138000.0 → 13800138000, never an exponent."""
    if isinstance(value, int):
        return str(value)
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if value.is_integer():
        return str(int(value))
    # A spreadsheet keeps 15 significant digits and shows no more: 0.1 + 0.2 is 0.3 there.
    return format(Decimal(format(value, ".15g")), "f")


def cells_from_json(contract: Mapping[str, Any]) -> dict[str, str]:
    """One object of the HTTP interface as the cells of a list; names that are no columns are ignored."""
    cells = {}
    for key, value in contract.items():
        name = fold_word(str(key))
        if name not in BY_NAME:
            continue
        if value is None:
            cells[name] = ""
        elif isinstance(value, bool):
            cells[name] = "TRUE" if value else "FALSE"
        elif isinstance(value, int | float):
            cells[name] = number_text(value)
        elif isinstance(value, str):
            cells[name] = storable(value)
        else:
            cells[name] = storable(json.dumps(value, ensure_ascii=False))
    return cells


def storable(text: str) -> str:
    """NUL and lone surrogates, which no database keeps, become U+FFFD and so a BAD_ENCODING."""
    if text.isascii():
        return text.replace("\0", UNDECODABLE) if "\0" in text else text
    return re.sub("[\0\ud800-\udfff]", UNDECODABLE, text)
