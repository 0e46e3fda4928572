"""The organisation file: one table (CSV or XLSX), one row a branch, outlet, staff member or agent → an Organisation.

Columns, English or Chinese: kind 类别, code 代码, name 名称, parent 上级 (for outlets, staff and agents the branch they belong
to), outlet 网点, phone 电话, former_phones 曾用电话 (several by ;), id_no 证件号, roles 角色 (several by ;), left_on 离司日,
jurisdiction 辖区 (of a branch: the administrative division whose local rules bind it, six digits; empty: its parent's),
address 地址 (of outlets, staff and agents, so that no policyholder is given it, R95; only a keyed hash of it is stored).
"""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rules.branches import BRANCH_KINDS, Agent, Branch, Organisation, Outlet, Staff, tree_problems
from rules.list_columns import BadValue, ListRefused, clean, fold_word, read_date
from rules.phones import read_phone
from storage.table_files import TableFile

_COLUMNS = {
    "kind": "类别", "code": "代码", "name": "名称", "parent": "上级", "outlet": "网点", "phone": "电话",
    "former_phones": "曾用电话", "id_no": "证件号", "roles": "角色", "left_on": "离司日", "jurisdiction": "辖区",
    "address": "地址",
}  # fmt: skip
_REQUIRED = ("kind", "code", "name", "parent")
_KINDS = {
    "head_office": "HEAD_OFFICE", "总公司": "HEAD_OFFICE", "province": "PROVINCE", "省": "PROVINCE", "省分公司": "PROVINCE",
    "city": "CITY", "市": "CITY", "中心支公司": "CITY", "county": "COUNTY", "县": "COUNTY", "支公司": "COUNTY",
    "outlet": "OUTLET", "网点": "OUTLET", "staff": "STAFF", "员工": "STAFF", "agent": "AGENT", "业务员": "AGENT",
}  # fmt: skip
_MOST_NAMED = 20  # problems in one refusal; the rest are counted


class _Row:
    """One row while it is read; every problem is collected, so that a clerk sees all of them at once."""

    def __init__(self, number: int, cells: dict[str, str], problems: list[tuple[str, str]]):
        self.number, self.cells, self.problems = number, cells, problems

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    def wrong(self, zh: str, en: str) -> None:
        self.problems.append((f"第 {self.number} 行：{zh}", f"row {self.number}: {en}"))

    def phone(self, text: str) -> str | None:
        if not text:
            return None
        phone = read_phone(text)
        if phone is None:
            self.wrong("电话号码无法识别。", "a telephone number cannot be read.")
        return phone.text if phone else None

    def several(self, name: str) -> list[str]:
        return [part.strip() for part in re.split(r"[;；、|]+", self[name]) if part.strip()]

    def day(self, name: str) -> date | None:
        if not self[name]:
            return None
        try:
            return read_date(self[name])
        except BadValue:
            self.wrong(f"{_COLUMNS[name]}不是有效日期。", f"{name} is no date.")
            return None


def read_organisation(source: Path | str | bytes) -> Organisation:
    """Raises FileNotFoundError, or ListRefused naming every row that keeps the file from being one tree."""
    problems: list[tuple[str, str]] = []
    parts: dict[str, list] = {"BRANCH": [], "OUTLET": [], "STAFF": [], "AGENT": []}
    with TableFile(source) as table:
        columns: list[str | None] | None = None
        for number, texts in table.rows():
            if not any(map(clean, texts)):
                continue
            if columns is None:
                columns = _header(texts)
                continue
            cells = {name: clean(text) for name, text in zip(columns, texts, strict=False) if name}
            _take(_Row(number, cells, problems), parts)
    if columns is None:
        raise ListRefused("机构文件里没有内容。", "There is nothing in the organisation file.")
    tree = Organisation(*(tuple(part) for part in parts.values()))
    problems += [(problem.message_zh, problem.message_en) for problem in tree_problems(tree)]
    if problems:
        more = len(problems) - _MOST_NAMED
        zh = " ".join(zh for zh, _ in problems[:_MOST_NAMED]) + (f" 另有 {more} 处。" if more > 0 else "")
        en = " ".join(en for _, en in problems[:_MOST_NAMED]) + (f" And {more} more." if more > 0 else "")
        raise ListRefused(f"机构文件有误，未导入：{zh}", f"The organisation file is wrong and was not taken: {en}")
    return tree


def _header(texts: list[str]) -> list[str | None]:
    names = {fold_word(word): name for name, zh in _COLUMNS.items() for word in (name, zh)}
    columns = [names.get(fold_word(text.lstrip("\ufeff"))) for text in texts]
    missing = [name for name in _REQUIRED if name not in columns]
    twice = sorted({name for name in columns if name and columns.count(name) > 1})
    if missing or twice:
        wrong = "、".join(f"{_COLUMNS[name]}（{name}）" for name in missing or twice)
        wrong_en = ", ".join(missing or twice)
        raise ListRefused(
            f"机构文件{'缺少列' if missing else '的列重复'}：{wrong}。",
            f"The organisation file {'lacks the columns' if missing else 'names columns twice'}: {wrong_en}.",
        )
    return columns


def _take(row: _Row, parts: dict[str, list]) -> None:
    kind = _KINDS.get(fold_word(row["kind"]))
    if kind is None:
        row.wrong(f"类别“{row['kind']}”不存在。", f'there is no kind "{row["kind"]}".')
        return
    for name in ("code", "name"):
        if not row[name]:
            row.wrong(f"{_COLUMNS[name]}没有填写。", f"{name} is empty.")
    if kind in BRANCH_KINDS:
        parts["BRANCH"].append(
            Branch(row["code"], row["name"], row["parent"] or None, kind, row["jurisdiction"] or None)
        )
        return
    parts[kind].append(_MAKERS[kind](row))


def _outlet(row: _Row) -> Outlet:
    return Outlet(row["code"], row["name"], row["parent"], row.phone(row["phone"]), row["address"] or None)


def _staff(row: _Row) -> Staff:
    roles = tuple(role.upper() for role in row.several("roles"))
    return Staff(row["code"], row["name"], row["parent"], row.phone(row["phone"]), roles, row["address"] or None)


def _agent(row: _Row) -> Agent:
    former = tuple(number for text in row.several("former_phones") if (number := row.phone(text)))
    return Agent(
        row["code"],
        row["name"],
        row["parent"],
        row["outlet"] or None,
        row.phone(row["phone"]),
        former,
        row["id_no"].upper() or None,
        row.day("left_on"),
        row["address"] or None,
    )


_MAKERS: dict[str, Callable[[_Row], Outlet | Staff | Agent]] = {"OUTLET": _outlet, "STAFF": _staff, "AGENT": _agent}
