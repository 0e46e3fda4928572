"""The table of parameters says what the sheet says that compliance has read: docs/parameters.md."""

from pathlib import Path

from rules.parameters import PARAMETERS, Parameter

SHEET = Path(__file__).parents[2] / "docs" / "parameters.md"


def shown(value: object) -> str:
    """A value as the sheet writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "<br>".join(f"{key} {shown(entry)}" for key, entry in value.items()) or "–"
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    return value if isinstance(value, str) else f"{value:g}"


def bounds(row: Parameter) -> str:
    if row.choices:
        return ", ".join(row.choices)
    if row.most is not None:
        return f"{row.least:g} to {row.most:g}"
    return "" if row.least is None else f"≥ {row.least:g}"


def test_the_table_is_what_the_sheet_says_of_every_parameter():
    said = {}
    for line in SHEET.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" | ")]
        if line.startswith("| `") and len(cells) == 9:
            name, value, unit, _, stricter, choices, source, english, chinese = cells
            said[name] = value, unit, stricter, choices, source, english, chinese
    assert said == {
        f"`{name}`" + ("" if row.in_use else " °"): (
            shown(row.default),
            row.unit,
            row.stricter.replace("none", ""),
            bounds(row),
            row.source,
            row.meaning_en,
            row.meaning_zh,
        )
        for name, row in PARAMETERS.items()
    }
