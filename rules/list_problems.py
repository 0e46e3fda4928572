"""What can be wrong with a row of a contract list, and how a clerk is told, in Chinese and in English."""

from dataclasses import dataclass
from typing import Literal

from rules.list_columns import BY_NAME, Column

Severity = Literal["rejected", "warning"]

# Each sentence says what is wrong and what would be right. {zh}/{en}: the column; {shown}: the cell, where it is not
# personal; {choices}: what is allowed; {longest}: characters; {other}: the row or date it is measured against.
_MESSAGES: dict[str, tuple[str, str]] = {
    "MISSING": ("{zh}没有填写。", "{en} is empty."),
    "BAD_DATE": (
        "{zh}{shown}不是有效日期，请写成 2026-09-24 这样的形式。",
        "{en}{shown} is no date; write it like 2026-09-24.",
    ),
    "BAD_NUMBER": (
        "{zh}{shown}不是有效数字，只写数字，不带符号、货币或单位。",
        "{en}{shown} is no number that can be used here; digits only, no sign, currency or unit.",
    ),
    "BAD_CHOICE": ("{zh}{shown}不在可选范围内：{choices}。", "{en}{shown} is none of these: {choices}."),
    "BAD_ID_NUMBER": (
        "{zh}有误：应为 18 位、出生日期真实且校验码相符。",
        "{en} is wrong: 18 characters with a real day of birth and the right check digit are expected.",
    ),
    "ID_BIRTHDAY_MISMATCH": (
        "{zh}与证件号中的出生日期不一致。",
        "{en} is not the day of birth in the ID number.",
    ),
    "ID_SEX_MISMATCH": ("{zh}与证件号中的性别不一致。", "{en} is not the sex in the ID number."),
    "BAD_PHONE": (
        "{zh}不是可拨打的号码：应为 11 位手机号，或带区号的固定电话，可加分机。",
        "{en} is no number that can be rung: a mobile of 11 digits, or a landline with area code and perhaps an extension.",
    ),
    "UNKNOWN_BRANCH": (
        "{zh}{shown}不在机构树中，暂由总公司负责。",
        "{en}{shown} is not in the organisation tree; head office keeps the case for now.",
    ),
    "DUPLICATE_IN_FILE": (
        "{zh}{shown}在本清单第 {other} 行已出现，以先出现的一行为准。",
        "{en}{shown} stands in row {other} of this list already; the first row counts.",
    ),
    "DATES_OUT_OF_ORDER": (
        "{zh}{shown}早于{other}，日期先后有误。",
        "{en}{shown} lies before {other}: the order of the dates is wrong.",
    ),
    "IN_THE_FUTURE": ("{zh}{shown}晚于今天。", "{en}{shown} lies in the future."),
    "NOT_AFTER_BIRTH": (
        "{zh}{shown}不晚于投保人出生日期。",
        "{en}{shown} is not after the policyholder's day of birth.",
    ),
    "TOO_LONG": ("{zh}超过 {longest} 个字符。", "{en} is longer than {longest} characters."),
    "BAD_ENCODING": (
        "{zh}含有无法识别的字符（乱码），请重新导出。",
        "{en} holds characters that cannot be read; please export it again.",
    ),
    "TOO_MANY_CELLS": (
        "这一行的单元格比表头多，内容可能错位（例如金额里的逗号没有加引号）。",
        "The row has more cells than the header, so its contents may have moved (an unquoted comma in an amount?).",
    ),
}
# Two breaches of the order of dates have a sentence of their own, not a code of their own.
_CODE_OF = {"IN_THE_FUTURE": "DATES_OUT_OF_ORDER", "NOT_AFTER_BIRTH": "DATES_OUT_OF_ORDER"}
PROBLEM_CODES = tuple(code for code in _MESSAGES if code not in _CODE_OF)


@dataclass(frozen=True, slots=True)
class RowProblem:
    """`row` as a spreadsheet shows it; `field` is the English column name, empty where the whole row is meant."""

    row: int
    field: str
    code: str
    severity: Severity
    message_zh: str
    message_en: str

    def message(self, lang: str) -> str:
        return self.message_zh if lang.startswith("zh") else self.message_en


def row_problem(row: int, field: str, sentence: str, cell: str = "", other: str | tuple[str, str] = "") -> RowProblem:
    """`sentence` is a problem's code or one of its variants; a (zh, en) pair in `other` differs by language."""
    column = BY_NAME.get(field)
    code = _CODE_OF.get(sentence, sentence)
    zh, en = _MESSAGES[sentence]
    other_zh, other_en = other if isinstance(other, tuple) else (other, other)
    shown = cell if column and cell and not column.personal and len(cell) <= 40 else ""
    choices = getattr(column.read, "choices", "1 是 · 0 否") if column else ""
    common = {"choices": choices, "longest": column.longest if column else ""}
    return RowProblem(
        row,
        field,
        code,
        severity_of(column, code),
        zh.format(zh=column.label_zh if column else "", shown=f"“{shown}”" * bool(shown), other=other_zh, **common),
        en.format(en=column.name if column else "", shown=f' "{shown}"' * bool(shown), other=other_en, **common),
    )


def severity_of(column: Column | None, code: str) -> Severity:
    """Rejected only where no case could be opened from the row; the duty to call back is on every policy (R6, C54)."""
    if code in ("TOO_MANY_CELLS", "DUPLICATE_IN_FILE"):
        return "rejected"
    return "rejected" if column and column.rejects and code != "DATES_OUT_OF_ORDER" else "warning"
