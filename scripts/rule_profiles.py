"""Rule profiles from scripts/profiles/*.yaml; a name or value that does not exist is refused with file and line.

A file holds one version of one layer: `NAME.yaml` the newest, `NAME@VERSION.yaml` an older one. Once a version has been
in use it is not edited any more: it is kept under its older name and the next version is written beside it, so that an
old decision can be recomputed under its own.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from rules.parameters import PARAMETERS, ParameterError, Profile, typed
from rules.profiles import ORDER, REGULATORS, Layer, LayerKind, as_params, combine, must_be_usable, strictest
from rules.regions import lies_in

FOLDER = Path(__file__).parent / "profiles"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCALARS = yaml.constructor.SafeConstructor()

_KEYS = {
    "name",
    "version",
    "layer",
    "title",
    "effective_from",
    "effective_until",
    "historic",
    "jurisdictions",
    "channels",
    "product_types",
    "based_on",
    "over",
    "floors",
    "values",
}
CLAUSE = "clause@"
_REQUIRED = ("name", "version", "layer")


class ProfileError(ValueError):
    """A profile file that cannot be used: says where and why."""

    def __init__(self, file: Path, line: int, message: str):
        super().__init__(f"{file.name}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


@dataclass(frozen=True, slots=True)
class ProfileFile:
    """A layer and for which contracts it counts. Empty `jurisdictions`, `channels`, `product_types` mean all.

    A historic layer counts up to its last day; while that day is not filled in, only where it is asked for by name.
    `over` are the ids of the layers it is put on when it is loaded by its name.
    """

    path: Path
    layer: Layer
    title: Mapping[str, str]
    effective_from: date | None
    effective_until: date | None
    historic: bool
    jurisdictions: tuple[str, ...]
    channels: tuple[str, ...]
    product_types: tuple[str, ...]
    over: tuple[str, ...]
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    def in_force(self, on: date) -> bool:
        return (self.effective_from or date.min) <= on <= (self.effective_until or date.max)

    def counts_for(self, jurisdiction: str, channel: str, product_type: str) -> bool:
        return (
            (not self.jurisdictions or any(lies_in(jurisdiction, region) for region in self.jurisdictions))
            and (not self.channels or channel in self.channels)
            and (not self.product_types or product_type in self.product_types)
        )


# ---------------------------------------------------------------- profiles by name, by id, by contract


def profile_names(folder: Path = FOLDER) -> tuple[str, ...]:
    return tuple(sorted({file.stem.split("@")[0] for file in folder.glob("*.yaml")}))


@cache
def load_profile(name: str = "national", on: date | None = None, folder: Path = FOLDER) -> Profile:
    """A profile by name (`national`: its newest version, or the one in force on that day) or by id (`national@1`).

    An id may also be the ids of several layers with `/` between, as `profile_for` gives it, or those of several profiles
    with `|` between: the strictest of them. Raises LookupError for what is not shipped or not in force, ProfileError for
    a file that does not hold.
    """
    if "|" in name:
        return strictest(load_profile(part, on, folder) for part in name.split("|"))
    if "/" in name:
        parts = name.split("/")
        files = [_file(part, None, folder) for part in parts if not part.startswith(CLAUSE)]
        return _combined(files, None, *(_clause_of(part) for part in parts if part.startswith(CLAUSE)))
    file = _file(name, on, folder)
    return _combined([*(_file(part, None, folder) for part in file.over), file], file)


def profile_for(
    jurisdiction: str,
    channel: str,
    product_type: str,
    contract_date: date,
    *,
    company: str | None = None,
    branch: str | Collection[str] = (),
    clause: Mapping[str, object] | None = None,
    folder: Path = FOLDER,
) -> Profile:
    """The profile of one contract, by where it was concluded (GB/T 2260), how, what and when.

    `company` and `branch` name the layers of the house (of branches perhaps several), which count only where they are
    named here and apply to such a contract on that day. `clause` is what the contract itself promises, such as {"cooling_off.days": 20}: it binds the
    house like a floor. Raises LookupError where no national layer is in force on that day.
    """
    counting = [
        file
        for file in _newest(folder, contract_date)
        if file.counts_for(jurisdiction, channel, product_type)
        and (not file.historic or file.effective_until is not None)
    ]
    national = [file for file in counting if file.layer.kind == LayerKind.NATIONAL]
    if not national:
        raise LookupError(f"no national profile is in force on {contract_date}")
    chosen = [min(national, key=lambda file: (file.effective_until or date.max, file.layer.id))]
    chosen += [file for file in counting if file.layer.kind == LayerKind.LOCAL]
    branches = (branch,) if isinstance(branch, str) else branch
    house = [(LayerKind.COMPANY, company)] if company is not None else []
    for kind, name in (*house, *((LayerKind.BRANCH, name) for name in branches)):
        if name not in profile_names(folder):
            raise LookupError(f"no profile is called {name!r}; there are: {', '.join(profile_names(folder))}")
        chosen += [file for file in counting if file.layer.kind == kind and file.layer.name == name]
    ids = tuple(file.layer.id for file in chosen)
    whole = chosen[-1] if (*chosen[-1].over, chosen[-1].layer.id) == ids else None
    if clause:
        return _combined(chosen, None, _clause(clause))
    return load_profile(whole.layer.id if whole else "/".join(ids), folder=folder)


def _clause(promised: Mapping[str, object]) -> Layer:
    """What a contract promises, as a layer whose id says it, so that it can be read back."""
    version = ",".join(f"{name}={value}" for name, value in sorted(promised.items()))
    return Layer(LayerKind.CONTRACT, CLAUSE.rstrip("@"), version, floors=as_params(promised))


def _clause_of(part: str) -> Layer:
    pairs = (pair.partition("=") for pair in part.removeprefix(CLAUSE).split(","))
    try:
        return _clause({name: value for name, _, value in pairs})
    except ParameterError as wrong:
        raise LookupError(f"profile {part}: {wrong}") from None


def _combined(files: Collection[ProfileFile], named: ProfileFile | None, *more: Layer) -> Profile:
    """All layers on top of each other. A value that is refused is refused with the file and line it stands in."""
    layers = [*(file.layer for file in files), *more]
    try:
        if named is None:
            return combine(layers)
        return combine(layers, named.layer.name, named.layer.version)
    except ParameterError as refused:
        for file in sorted(files, key=lambda f: ORDER.index(f.layer.kind), reverse=True):
            for name, line in file.lines.items():
                if str(refused).startswith((f"{name}:", f"{name}.", f"{name} ")):
                    raise ProfileError(file.path, line, str(refused)) from refused
        raise


def _file(name: str, on: date | None, folder: Path) -> ProfileFile:
    """A file by name or id; LookupError where there is none."""
    wanted, _, version = name.partition("@")
    found = profile_versions(wanted, folder) if wanted in profile_names(folder) else ()
    if not found:
        raise LookupError(f"no profile is called {wanted!r}; there are: {', '.join(profile_names(folder))}")
    if version:
        for file in found:
            if file.layer.version == version:
                return file
        shipped = ", ".join(file.layer.id for file in found)
        raise LookupError(f"profile {name} is not shipped, only {shipped}")
    if on is None:
        return found[0]
    for file in found:
        if file.in_force(on):
            return file
    raise LookupError(f"no version of profile {wanted!r} is in force on {on}")


def _newest(folder: Path, on: date) -> list[ProfileFile]:
    """Of each name the version in force on that day."""
    found = []
    for name in profile_names(folder):
        found += [file for file in profile_versions(name, folder) if file.in_force(on)][:1]
    return found


@cache
def profile_versions(name: str, folder: Path = FOLDER) -> tuple[ProfileFile, ...]:
    """All versions of a name, the newest first."""
    older = (read_profile(file) for file in folder.glob(f"{name}@*.yaml"))
    newest = [read_profile(file) for file in (folder / f"{name}.yaml",) if file.exists()]
    return (*newest, *sorted(older, key=_age, reverse=True))


def _age(file: ProfileFile) -> tuple[date, int, str]:
    version = file.layer.version
    return file.effective_from or date.min, int(version) if version.isdigit() else 0, version


# ---------------------------------------------------------------- one file


def read_profile(file: Path) -> ProfileFile:
    """One file, by itself: what it states is a parameter and can be a value of it."""
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise ProfileError(file, mark.line + 1 if mark else 1, problem) from None
    parts = _table(file, root, "a profile")
    if unknown := parts.keys() - _KEYS:
        key = sorted(unknown)[0]
        raise ProfileError(file, parts[key][0], f"a profile has no entry {key!r}")
    for key in _REQUIRED:
        if key not in parts:
            raise ProfileError(file, 1, f"{key} is missing")
    name, version = (_text(file, *parts[key]) for key in ("name", "version"))
    if file.stem not in (name, f"{name}@{version}"):
        raise ProfileError(file, parts["name"][0], f"the file is called {file.stem}, the profile {name}")
    kind = _kind(file, *parts["layer"])
    floors, values, lines = {}, {}, {}
    if "based_on" in parts:
        base = _base(file, *parts["based_on"], kind)
        floors, values = dict(base.layer.floors), dict(base.layer.values)
    for section, stated in (("floors", floors), ("values", values)):
        for key, (line, node) in _table(file, parts[section][1], section).items() if section in parts else ():
            lines[key] = line
            try:
                stated[key] = typed(key, _plain(file, node))
                if kind in REGULATORS:  # a company's is compared with what stands above it first
                    must_be_usable(key, stated[key])
                Layer(kind, name, version, **{section: {key: stated[key]}})
            except ParameterError as error:
                raise ProfileError(file, line, str(error)) from None
    if kind == LayerKind.NATIONAL and (missing := PARAMETERS.keys() - floors.keys() - values.keys()):
        line = parts["values" if "values" in parts else "name"][0]
        raise ProfileError(file, line, f"not stated: {', '.join(sorted(missing))}")
    return ProfileFile(
        file,
        Layer(kind, name, version, floors, values),
        {lang: _text(file, *given) for lang, given in _table_of(file, parts, "title").items()},
        _day(file, parts, "effective_from"),
        _day(file, parts, "effective_until"),
        "historic" in parts and _plain(file, parts["historic"][1]) is True,
        *(_list(file, parts, key) for key in ("jurisdictions", "channels", "product_types", "over")),
        lines,
    )


def _kind(file: Path, line: int, node: yaml.Node) -> LayerKind:
    kinds = [kind for kind in LayerKind if kind != LayerKind.CONTRACT]  # a contract's clause comes with the contract
    if (given := _text(file, line, node)) not in kinds:
        raise ProfileError(file, line, f"layer is one of {', '.join(kinds)}, not {given!r}")
    return LayerKind(given)


def _base(file: Path, line: int, node: yaml.Node, kind: LayerKind) -> ProfileFile:
    given = _text(file, line, node)
    try:
        base = _file(given, None, file.parent)
    except LookupError as unknown:
        raise ProfileError(file, line, str(unknown.args[0])) from None
    if base.layer.kind != kind or "@" not in given:
        raise ProfileError(file, line, f"based_on is the id of a version of the same layer, not {given}")
    return base


def _day(file: Path, parts: Mapping[str, tuple[int, yaml.Node]], key: str) -> date | None:
    if key not in parts:
        return None
    line, node = parts[key]
    value = _plain(file, node)
    if value is not None and type(value) is not date:
        raise ProfileError(file, line, f"{key} is a date such as 2026-01-01, or empty")
    return value


def _list(file: Path, parts: Mapping[str, tuple[int, yaml.Node]], key: str) -> tuple[str, ...]:
    if key not in parts:
        return ()
    line, node = parts[key]
    value = _plain(file, node)
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ProfileError(file, line, f"{key} is a list of words")
    if key == "over" and (bare := [v for v in value if "@" not in v]):
        raise ProfileError(file, line, f"over names versions, such as national@1, not {bare[0]}")
    return tuple(value)


def _table_of(file: Path, parts: Mapping[str, tuple[int, yaml.Node]], key: str) -> dict[str, tuple[int, yaml.Node]]:
    return _table(file, parts[key][1], key) if key in parts else {}


def _table(file: Path, node: yaml.Node | None, what: str) -> dict[str, tuple[int, yaml.Node]]:
    """Key → (line, node). A key given twice is refused: YAML would silently keep the last."""
    if not isinstance(node, yaml.MappingNode):
        raise ProfileError(file, node.start_mark.line + 1 if node else 1, f"{what} is a table of names and values")
    table: dict[str, tuple[int, yaml.Node]] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise ProfileError(file, line, "a name is a plain word")
        if key.value in table:
            raise ProfileError(file, line, f"{key.value} is given twice")
        table[key.value] = (line, value)
    return table


def _text(file: Path, line: int, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        raise ProfileError(file, line, "a word is expected")
    return node.value.strip()


def _plain(file: Path, node: yaml.Node) -> object:
    """The Python value of a node; tables keep the refusal of doubled keys."""
    if isinstance(node, yaml.MappingNode):
        return {key: _plain(file, value) for key, (_, value) in _table(file, node, "a value").items()}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(file, item) for item in node.value]
    return _SCALARS.construct_object(node)
