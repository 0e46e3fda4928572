"""A row of a contract list → a Contract, or the problems that keep it from being one; and what a later row changes.

Columns and forms of values: `rules/list_columns.py`; sentences about problems: `rules/list_problems.py`.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal

from rules import id_numbers
from rules.list_columns import (
    BY_NAME,
    COLUMNS,
    PHONE_COLUMNS,
    UNDECODABLE,
    WHOLE_LIFE,
    BadValue,
    Column,
    HeaderMap,
    ListRefused,
    cells_from_json,
    clean,
    fold_word,
    header_map,
    number_text,
    read_amount,
    read_flag,
    read_policy_term,
    read_premium,
    read_whole,
)
from rules.list_columns import read_date as _read_date
from rules.list_problems import PROBLEM_CODES, RowProblem, row_problem
from rules.parameters import DEFAULTS, Profile

__all__ = [
    "COLUMNS", "PHONE_COLUMNS", "PROBLEM_CODES", "WHOLE_LIFE", "Column", "Contract", "HeaderMap", "ListRefused", "ReadRow",
    "RowProblem", "cells_from_json", "district_of", "equal", "from_json", "header_map", "identity_elements", "merge",
    "number_text", "out_of_scope_reason", "person_key", "read_row", "read_rows", "to_json", "usable_phones",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Contract:
    """One policy in normal form. None: not given, or given in a form that could not be read.

    Numbers that ring are `+86…`, perhaps with `;ext=…`. A wrong ID number is kept as written, and left out wherever
    somebody is to be recognised by it (`person_key`, `identity_elements`).
    """

    policy_no: str
    channel: str
    product_code: str | None
    product_name: str | None
    product_type: str
    policy_term_years: Decimal | str
    premium_mode: str
    premium_term_years: int | None
    premium: Decimal | None
    sum_insured: Decimal | None
    underwritten_on: date
    issued_on: date | None
    printed_on: date | None
    entered_on: date | None
    receipt_signed_on: date | None
    receipt_entered_on: date | None
    receipt_written_off_on: date | None
    cooling_off_days: int | None
    next_due_on: date | None
    policyholder_name: str
    policyholder_type: str
    policyholder_sex: str | None
    policyholder_birth_date: date | None
    policyholder_id_type: str | None
    policyholder_id_no: str | None
    mobile: str | None
    home_phone: str | None
    office_phone: str | None
    address: str | None
    postcode: str | None
    insured_name: str | None
    insured_id_no: str | None
    relation: str | None
    agent_code: str | None
    agent_name: str | None
    agent_phone: str | None
    agent_id_no: str | None
    branch_code: str | None
    outlet: str | None
    special_callback: bool | None
    language: str | None
    traceability: str | None
    status: str | None
    surrendered_on: date | None


_FIELDS = tuple(field.name for field in fields(Contract))
assert tuple(BY_NAME) == _FIELDS, "the contract has exactly the columns of the list"


@dataclass(frozen=True, slots=True)
class ReadRow:
    """`contract` is None for a rejected row, and then `scope` is too; else `IN_SCOPE` or why it is out of scope."""

    row: int
    cells: Mapping[str, str]
    contract: Contract | None
    problems: tuple[RowProblem, ...]
    scope: str | None

    @property
    def rejected(self) -> bool:
        return self.contract is None

    @property
    def duplicate(self) -> bool:
        return any(problem.code == "DUPLICATE_IN_FILE" for problem in self.problems)


# ---- a row ----

# (earlier, later): the later one must not lie before any of the earlier ones.
_ORDER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("issued_on", ("underwritten_on",)),
    ("printed_on", ("underwritten_on", "issued_on")),
    ("receipt_signed_on", ("underwritten_on",)),
    ("receipt_entered_on", ("underwritten_on", "receipt_signed_on")),
    ("receipt_written_off_on", ("underwritten_on", "receipt_signed_on", "receipt_entered_on")),
    ("next_due_on", ("underwritten_on",)),
    ("surrendered_on", ("underwritten_on",)),
)
_DATES = tuple(column.name for column in COLUMNS if column.read is _read_date)
_NEVER_FUTURE = tuple(name for name in _DATES if name != "next_due_on")
_CHECKED_ID_TYPES = ("ID_CARD", "RESIDENCE_PERMIT")


def read_rows(
    rows: Iterable[tuple[int, Mapping[str, str], bool]], *, today: date, branch_codes: Container[str] | None
) -> Iterator[ReadRow]:
    """The rows of one file, (row, cells, too_many), with its repeated policy numbers found."""
    seen: dict[str, int] = {}
    for row, cells, too_many in rows:
        policy_no = clean(cells.get("policy_no"))
        first = seen.setdefault(policy_no, row) if policy_no else row
        yield read_row(
            row,
            cells,
            today=today,
            branch_codes=branch_codes,
            too_many=too_many,
            duplicate_of=first if first != row else None,
        )


def read_row(
    row: int,
    cells: Mapping[str, str],
    *,
    today: date,
    branch_codes: Container[str] | None,
    too_many: bool = False,
    duplicate_of: int | None = None,
) -> ReadRow:
    """One row by English column names. `today` is the business date in Shanghai.

    `branch_codes` None: no tree to compare with. `duplicate_of`: the row that has this policy number already.
    """
    values: dict[str, object] = dict.fromkeys(_FIELDS)
    found: dict[str, RowProblem] = {}
    texts: dict[str, str] = {}
    for column in COLUMNS:
        name = column.name
        text = clean(cells.get(name))
        if not text:
            if column.required:
                found[name] = row_problem(row, name, "MISSING")
            continue
        texts[name] = text
        if UNDECODABLE in text:
            found[name] = row_problem(row, name, "BAD_ENCODING")
        elif len(text) > column.longest:
            found[name] = row_problem(row, name, "TOO_LONG")
        else:
            try:
                values[name] = column.read(text)
            except BadValue as bad:
                found[name] = row_problem(row, name, str(bad), text)
    _premium_term(row, values, texts, found)
    _telephones(row, values, texts, found)
    _id_numbers(row, values, found, today)
    _order_of_dates(row, values, texts, found, today)
    branch = values["branch_code"]
    if branch is not None and branch_codes is not None and branch not in branch_codes:
        found["branch_code"] = row_problem(row, "branch_code", "UNKNOWN_BRANCH", branch)
    if duplicate_of is not None and "policy_no" not in found:
        found["policy_no"] = row_problem(row, "policy_no", "DUPLICATE_IN_FILE", texts["policy_no"], str(duplicate_of))
    if too_many:
        found[""] = row_problem(row, "", "TOO_MANY_CELLS")

    problems = tuple(found[name] for name in ("", *_FIELDS) if name in found) if found else ()
    if any(problem.severity == "rejected" for problem in problems):
        return ReadRow(row, cells, None, problems, None)
    contract = Contract(**values)
    return ReadRow(row, cells, contract, problems, out_of_scope_reason(contract) or "IN_SCOPE")


def _premium_term(row: int, values: dict, texts: dict, found: dict) -> None:
    """A single premium has no paying term: empty, or the word itself (趸交) in this column too."""
    name = "premium_term_years"
    if values["premium_mode"] == "ANNUAL" and values[name] != 0:
        return
    said_single = name in found and fold_word(texts[name]) in ("single", "趸交")
    if values["premium_mode"] == "SINGLE" or "premium_mode" in found:
        values[name] = None
        if said_single:
            del found[name]
    elif values[name] == 0:
        values[name] = None
        found[name] = row_problem(row, name, "BAD_NUMBER", texts[name])


def _telephones(row: int, values: dict, texts: dict, found: dict) -> None:
    if values["policyholder_type"] == "ORGANISATION" or any(name in texts for name in PHONE_COLUMNS):
        return
    found["mobile"] = row_problem(row, "mobile", "MISSING")


def _id_numbers(row: int, values: dict, found: dict, today: date) -> None:
    for name in ("insured_id_no", "agent_id_no"):
        number = values[name]
        if number is not None and len(number) == 18 and not id_numbers.check_digit_holds(number):
            found[name] = row_problem(row, name, "BAD_ID_NUMBER")
    number = values["policyholder_id_no"]
    if number is None or "policyholder_id_type" in found or not _is_resident_id(values):
        return
    if not id_numbers.is_valid(number, today):
        found["policyholder_id_no"] = row_problem(row, "policyholder_id_no", "BAD_ID_NUMBER")
        return
    born, sex = values["policyholder_birth_date"], values["policyholder_sex"]
    if born is not None and born != id_numbers.birth_date(number):
        found["policyholder_birth_date"] = row_problem(row, "policyholder_birth_date", "ID_BIRTHDAY_MISMATCH")
    if sex is not None and sex != id_numbers.sex(number):
        found["policyholder_sex"] = row_problem(row, "policyholder_sex", "ID_SEX_MISMATCH")


def _is_resident_id(values: Mapping[str, object]) -> bool:
    """An ID card (also when a person's type of document is not given) or a residence permit, of a person."""
    if values["policyholder_type"] == "ORGANISATION":
        return False
    kind = values["policyholder_id_type"]
    return kind in _CHECKED_ID_TYPES or (kind is None and values["policyholder_type"] == "PERSON")


def _order_of_dates(row: int, values: dict, texts: dict, found: dict, today: date) -> None:
    """A date out of order is not counted with, except the day of underwriting, without which there is no case."""
    wrong: dict[str, RowProblem] = {}
    for name in _NEVER_FUTURE:
        if values[name] is not None and values[name] > today:
            wrong[name] = row_problem(row, name, "IN_THE_FUTURE", texts[name])
    for later, before in _ORDER:
        day = values[later]
        if day is None or later in wrong:
            continue
        for earlier in before:
            limit = values[earlier]
            if limit is not None and day < limit:
                column = BY_NAME[earlier]
                other = (f"{column.label_zh}“{texts[earlier]}”", f'{earlier} "{texts[earlier]}"')
                wrong[later] = row_problem(row, later, "DATES_OUT_OF_ORDER", texts[later], other)
                break
    born, underwritten = values["policyholder_birth_date"], values["underwritten_on"]
    if born is not None and underwritten is not None and born >= underwritten and "underwritten_on" not in wrong:
        wrong["underwritten_on"] = row_problem(row, "underwritten_on", "NOT_AFTER_BIRTH", texts["underwritten_on"])
    for name, problem in wrong.items():
        found.setdefault(name, problem)
        if name != "underwritten_on":
            values[name] = None


# ---- what a contract is ----


def out_of_scope_reason(contract: Contract, profile: Profile = DEFAULTS) -> str | None:
    """`ORGANISATION` (R2), `SHORT_TERM` (R1, R3), `WITHDRAWN`, `SURRENDERED`, `TERMINATED`; None when it is to be called.

    Products that the profile names are called back however short their term (C1).
    """
    if contract.policyholder_type == "ORGANISATION":
        return "ORGANISATION"
    term, most = contract.policy_term_years, profile["scope.min_term_exclusive_years"]
    if term != WHOLE_LIFE and term <= most and contract.product_code not in profile["scope.extra_product_codes"]:
        return "SHORT_TERM"
    return contract.status if contract.status in ("WITHDRAWN", "SURRENDERED", "TERMINATED") else None


def usable_phones(contract: Contract) -> tuple[str, ...]:
    """Mobile, home, office: each number once, in the order in which they are rung."""
    numbers = (getattr(contract, name) for name in PHONE_COLUMNS)
    return tuple(dict.fromkeys(number for number in numbers if number))


def has_valid_id(contract: Contract, today: date) -> bool:
    """A resident ID number that can be right. What is not checked (a passport) counts as right where it is given."""
    number = contract.policyholder_id_no
    if number is None:
        return False
    if _is_resident_id(
        {"policyholder_type": contract.policyholder_type, "policyholder_id_type": contract.policyholder_id_type}
    ):
        return id_numbers.is_valid(number, today)
    return True


def person_key(contract: Contract, today: date) -> str:
    """Who the policyholder is, for counting calls per person and holders per number (C23).

    By a valid ID card; by document and name where the number cannot be checked; else nobody but this policy's
    holder, for two strangers with the same nonsense in that column must never be taken for one person.
    """
    number = contract.policyholder_id_no
    if number and contract.policyholder_type == "PERSON" and has_valid_id(contract, today):
        if (contract.policyholder_id_type or "ID_CARD") in _CHECKED_ID_TYPES:
            return f"ID:{number}"
        name = "".join(contract.policyholder_name.split()).casefold()
        return f"{contract.policyholder_id_type}:{''.join(number.split()).upper()}:{name}"
    return f"POLICY:{contract.policy_no}"


_DISTRICT = re.compile(r"([\u4e00-\u9fff]{1,6}?(?:自治县|区|县|旗))")
_ABOVE_DISTRICT = re.compile(r"^.*?(?:自治区|特别行政区|省)|^.*?(?:自治州|地区|盟|市)")


def district_of(address: str | None) -> str | None:
    """`云湖区` out of an address; None where it names no district or county."""
    rest = (address or "").strip()
    for _ in range(2):
        rest = _ABOVE_DISTRICT.sub("", rest, count=1).lstrip()
    found = _DISTRICT.match(rest)
    return found[1] if found else None


def identity_elements(contract: Contract, today: date) -> dict[str, str]:
    """What may be asked to prove identity: `birth_date` (ISO), `id_last4`, `district`; each only where it can be trusted.

    A wrong ID number is not asked for; a birth date that contradicts the ID number is not asked for either.
    """
    elements: dict[str, str] = {}
    number = contract.policyholder_id_no
    valid = has_valid_id(contract, today)
    resident = _is_resident_id(
        {"policyholder_type": contract.policyholder_type, "policyholder_id_type": contract.policyholder_id_type}
    )
    in_number = id_numbers.birth_date(number) if valid and resident else None
    born = contract.policyholder_birth_date or in_number
    if born and (in_number is None or born == in_number):
        elements["birth_date"] = born.isoformat()
    if valid and number and len(number) >= 4:
        elements["id_last4"] = number[-4:]
    if district := district_of(contract.address):
        elements["district"] = district
    return elements


# ---- again and changed ----


def merge(old: Contract, new: Contract) -> Contract:
    """What is known after `new` arrived: an empty field never erases a known value."""
    kept = {
        name: getattr(old, name) for name in _FIELDS if getattr(new, name) is None and getattr(old, name) is not None
    }
    if new.premium_mode == "SINGLE":
        kept.pop("premium_term_years", None)
    return replace(new, **kept) if kept else new


def equal(a: Contract, b: Contract) -> bool:
    """Equal normal values; an empty special-callback mark is No, a person's empty document type is the ID card."""
    return a == b or _canonical(a) == _canonical(b)


def _canonical(contract: Contract) -> Contract:
    id_type = contract.policyholder_id_type
    if id_type is None and contract.policyholder_type == "PERSON":
        id_type = "ID_CARD"
    return replace(contract, special_callback=bool(contract.special_callback), policyholder_id_type=id_type)


# ---- as text ----


def to_json(contract: Contract) -> dict[str, str]:
    """Every known field as text in its normal form: dates ISO, amounts plain, codes, `TRUE`/`FALSE`."""
    return {name: _text(value) for name in _FIELDS if (value := getattr(contract, name)) is not None}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


_READ_BACK = (_read_date, read_amount, read_premium, read_policy_term, read_whole, read_flag)


def from_json(data: Mapping[str, str]) -> Contract:
    """The contract that `to_json` wrote. Keys that are no columns are ignored; a required one that lacks raises KeyError."""
    values: dict[str, object] = dict.fromkeys(_FIELDS)
    for name, text in data.items():
        if column := BY_NAME.get(name):
            values[name] = column.read(text) if column.read in _READ_BACK else text
    for column in COLUMNS:
        if column.rejects and values[column.name] is None:
            raise KeyError(column.name)
    return Contract(**values)
