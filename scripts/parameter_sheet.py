"""The parameter sheet: every parameter with its value, unit, source and meaning, and what each shipped profile changes.

`python -m scripts.parameter_sheet` writes docs/parameters.md.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from rules.parameters import PARAMETERS, Parameter, Profile
from scripts.rule_profiles import FOLDER, ProfileFile, load_profile, profile_names, read_profile

SHEET = Path(__file__).parent.parent / "docs" / "parameters.md"

HEAD = """\
# The parameter sheet

Made by `python -m scripts.parameter_sheet` from `rules/parameters.py` and `scripts/profiles/`; do not edit it by hand.

Values are those of `national@1`. *Floor* is what law or a regulator sets: a company or branch may be stricter, never
looser, and a value that is looser is refused with one sentence that names both. Where the column is empty the value is
the company's own, free within *range*. *Stricter* says which side is the strict one: a higher or a lower number, fewer
or more words of a list; of words the later ones in *range*, of true and false true are the higher ones. A branch may
only be stricter than its company. Without an entry under *stricter* it is a plain choice.
Sources are the ids of [rules.md](rules.md). What is marked ° is read by no rule yet: setting it changes nothing.

`--set NAME=VALUE` and `params` of `huifang explain` set a value for one question, as the company could (under a
branch's profile: as the branch could). An entry of a table is named with a dot (`workorder.sla.REFUSED`).
"""

PROFILES = """\
## Shipped profiles

A file of `scripts/profiles/` is one version of one layer: national, local, company or branch; a contract's own clause
stands between local and company. Once in use a version is not edited: it is kept as `NAME@VERSION.yaml`, and the next
one is written beside it. Decisions name the version they were made under and are recomputed with it.
"""


def sheet() -> str:
    national = load_profile("national")
    lines = [HEAD.rstrip("\n")]
    groups: dict[str, list[Parameter]] = {}
    for row in PARAMETERS.values():
        groups.setdefault(row.name.split(".")[0], []).append(row)
    for group, rows in groups.items():
        lines += ["", f"## {group}", ""]
        lines += _table("parameter", "value", "unit", "floor", "stricter", "range", "source", "meaning", "含义")
        lines += [_parameter_row(row, national) for row in rows]
    lines += ["", PROFILES]
    lines += _table("profile", "layer", "stands on", "counts for", "in force")
    files = [read_profile(FOLDER / f"{name}.yaml") for name in profile_names()]
    lines += [_profile_row(file) for file in files]
    lines += ["", "What they state otherwise than the national profile, all layers taken together:", ""]
    lines += _table("parameter", *(f"`{file.layer.id}`" for file in files if file.layer.name != "national"))
    others = [load_profile(file.layer.id) for file in files if file.layer.name != "national"]
    for name in PARAMETERS:
        if any(profile[name] != national[name] for profile in others):
            lines.append(_row(f"`{name}`", *(_difference(profile[name], national[name]) for profile in others)))
    return "\n".join(lines) + "\n"


def _parameter_row(row: Parameter, national: Profile) -> str:
    floors = [bound for name, bound in national.bounds.items() if name == row.name or name.startswith(f"{row.name}.")]
    return _row(
        f"`{row.name}`" + ("" if row.in_use else " °"),
        _shown(national[row.name]),
        row.unit,
        "<br>".join(_shown(floor.value) for floor in floors),
        "" if row.stricter == "none" else row.stricter,
        _range(row),
        row.source,
        row.meaning_en,
        row.meaning_zh,
    )


def _profile_row(file: ProfileFile) -> str:
    layer = file.layer
    counts = [", ".join(words) for words in (file.jurisdictions, file.channels, file.product_types) if words]
    since = f"from {file.effective_from}" if file.effective_from else ""
    until = f"until {file.effective_until}" if file.effective_until else ""
    force = " ".join(part for part in (since, until) if part) or "always"
    if file.historic and file.effective_until is None:
        force = "by name only, until compliance fills in its last day"
    return _row(f"`{layer.id}`", layer.kind.lower(), ", ".join(file.over), "; ".join(counts) or "all", force)


def _table(*titles: str) -> list[str]:
    return [_row(*titles), _row(*("---" for _ in titles))]


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _range(row: Parameter) -> str:
    if row.choices:
        return ", ".join(row.choices)
    if row.least is not None and row.most is not None:
        return f"{row.least:g} to {row.most:g}"
    return f"≥ {row.least:g}" if row.least is not None else f"≤ {row.most:g}" if row.most is not None else ""


def _difference(value: object, national: object) -> str:
    if isinstance(value, Mapping) and isinstance(national, Mapping):
        value = {key: entry for key, entry in value.items() if national.get(key) != entry}
        return _shown(value) if value else ""
    return "" if value == national else _shown(value)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "<br>".join(f"{key} {_shown(entry)}" for key, entry in value.items()) or "–"
    if isinstance(value, str) or not isinstance(value, Iterable):
        return f"{value:g}" if isinstance(value, float) else str(value)
    return ", ".join(map(str, value)) or "–"


if __name__ == "__main__":
    SHEET.write_text(sheet(), encoding="utf-8")
