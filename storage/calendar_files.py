"""A file of calendar days (CSV, XLSX or YAML): date, kind, reason → what the calendar is to say of each day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from rules.calendar import DayKind
from rules.list_columns import BadValue, ListRefused, clean, fold_word, read_date
from storage.table_files import TableFile

_COLUMNS = {"date": "日期", "kind": "类别", "reason": "原因"}
_KINDS = {
    "working": DayKind.WORKING, "工作日": DayKind.WORKING, "weekend": DayKind.WEEKEND, "周末": DayKind.WEEKEND,
    "holiday": DayKind.HOLIDAY, "节假日": DayKind.HOLIDAY, "放假": DayKind.HOLIDAY,
    "make_up": DayKind.MAKE_UP, "补班": DayKind.MAKE_UP, "调休上班": DayKind.MAKE_UP,
}  # fmt: skip
_EARLIEST, _LATEST = 2000, 2100
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class GivenDay:
    kind: DayKind
    reason: str | None


def read_days(path: Path) -> dict[date, GivenDay]:
    """Raises FileNotFoundError, or ListRefused naming every line that cannot be used."""
    rows = _yaml(path) if path.suffix.lower() in (".yaml", ".yml") else _table(path)
    found: dict[date, GivenDay] = {}
    wrong: list[tuple[str, str]] = []
    for line, cells in rows:
        try:
            day = read_date(clean(cells.get("date", "")))
        except BadValue:
            wrong.append((f"第 {line} 行的日期不是有效日期", f"line {line}: its date is none"))
            continue
        kind = _KINDS.get(fold_word(cells.get("kind", "")))
        if kind is None:
            words = "节假日、补班、工作日、周末"
            wrong.append(
                (f"第 {line} 行的类别不是{words}之一", f"line {line}: its kind is none of {', '.join(DayKind)}")
            )
        elif not _EARLIEST <= day.year <= _LATEST:
            wrong.append(
                (f"第 {line} 行的 {day} 不在可用的年份内", f"line {line}: {day} lies outside the usable years")
            )
        elif day in found:
            wrong.append((f"第 {line} 行的 {day} 已经出现过", f"line {line}: {day} stands there already"))
        else:
            found[day] = GivenDay(kind, clean(cells.get("reason", "")) or None)
    if wrong:
        more = len(wrong) - _MOST_NAMED
        raise ListRefused(
            f"日历文件有误，未采用：{'；'.join(zh for zh, _ in wrong[:_MOST_NAMED])}{f'；另有 {more} 处' if more > 0 else ''}。",
            "The calendar file is wrong and was not taken: "
            + "; ".join(en for _, en in wrong[:_MOST_NAMED])
            + (f"; and {more} more." if more > 0 else "."),
        )
    if not found:
        raise ListRefused("日历文件里没有日期。", "There is no date in the calendar file.")
    return found


def _table(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    columns: list[str | None] | None = None
    names = {fold_word(word): name for name, zh in _COLUMNS.items() for word in (name, zh)}
    with TableFile(path) as table:
        for line, texts in table.rows():
            if not any(map(clean, texts)):
                continue
            if columns is None:
                columns = [names.get(fold_word(text.lstrip("\ufeff"))) for text in texts]
                if missing := [name for name in ("date", "kind") if columns.count(name) != 1]:
                    raise ListRefused(
                        f"日历文件须各有一列：{'、'.join(f'{_COLUMNS[name]}（{name}）' for name in missing)}。",
                        f"The calendar file needs one column each: {', '.join(missing)}.",
                    )
                continue
            yield line, {name: text for name, text in zip(columns, texts, strict=False) if name}


def _yaml(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """A list of entries, each with date, kind and perhaps reason; their place stands for the line."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        raise ListRefused("日历文件不是可读的 YAML。", "The calendar file is no YAML that can be read.") from None
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise ListRefused(
            "日历文件须是一组条目，每条有 date、kind，可有 reason。",
            "The calendar file is a list of entries with date, kind and perhaps reason.",
        )
    for place, entry in enumerate(given, start=1):
        yield place, {str(key): str(value) for key, value in entry.items() if value is not None}
