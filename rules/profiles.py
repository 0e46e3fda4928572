"""Rule profiles in layers: national, local, contract, company, branch, each stricter than those above or refused (C58).

A layer of law or of a regulator states floors; floors combine to the strictest and are never refused. What nobody of
them sets is a plain value of the layer that states it. A company's or a branch's value that is looser than what stands
above it is refused with one sentence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from rules.parameters import PARAMETERS, Bound, Parameter, ParameterError, Profile, checked, plain, plain_number, typed

_NOTHING: Mapping[str, object] = MappingProxyType({})


class LayerKind(StrEnum):
    """In the order in which they stand, the highest first."""

    NATIONAL = "NATIONAL"
    LOCAL = "LOCAL"
    CONTRACT = "CONTRACT"
    COMPANY = "COMPANY"
    BRANCH = "BRANCH"


ORDER = tuple(LayerKind)
_BRANCH = LayerKind.BRANCH
REGULATORS = (LayerKind.NATIONAL, LayerKind.LOCAL, LayerKind.CONTRACT)
_ZH = {
    LayerKind.NATIONAL: "全国",
    LayerKind.LOCAL: "地方",
    LayerKind.CONTRACT: "合同",
    LayerKind.COMPANY: "公司",
    LayerKind.BRANCH: "机构",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One version of what one authority states. `floors` only in the layers of law, regulator and contract."""

    kind: LayerKind
    name: str
    version: str
    floors: Mapping[str, object] = field(default_factory=dict, repr=False)
    values: Mapping[str, object] = field(default_factory=dict, repr=False)

    def __post_init__(self):
        if self.floors and self.kind not in REGULATORS:
            raise ParameterError(f"{self.id}: a {self.kind.lower()} sets values, floors are set by law and regulators")
        for stated in (self.values, self.floors):
            for name, value in stated.items():
                typed(name, value)
        for name in self.floors:
            if PARAMETERS[name].stricter == "none":
                raise ParameterError(f"{self.id}: {name} is a plain choice and has no floor")

    def __hash__(self) -> int:
        return hash((self.kind, self.id))

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def owner_zh(self) -> str:
        return f"{self.id}（{_ZH[self.kind]}）"

    @property
    def owner_en(self) -> str:
        return f"{self.id} ({self.kind.lower()})"


class LooserValue(ParameterError):
    """A company's or branch's value that is looser than what stands above it. `zh` and `en` name both and their owners."""

    def __init__(self, zh: str, en: str):
        super().__init__(en)
        self.zh, self.en = zh, en


class LayersDisagree(ParameterError):
    """Two layers choose differently where no choice is the stricter one, or leave nothing permitted between them."""


_NEVER_EMPTY = ("calling.windows", "calling.allowed_days")


def must_be_usable(name: str, value: object) -> None:
    """A value in its range, and never a list that forbids every call. Raises ParameterError."""
    if not checked(name, value) and name in _NEVER_EMPTY:
        raise ParameterError(f"{name} names at least one")


# Issue + so many days must leave more than this of the cooling-off period: a receipt may be signed on the day of issue.
LEAST_DAYS_LEFT = 3


def must_leave_time(values: Mapping[str, object]) -> None:
    """Regime E2 only where it leaves time to call (C43). Raises ParameterError."""
    regimes = {values["extraction.strategy"], *values["extraction.strategy_by_channel"].values()}
    offset, days = values["extraction.issue_offset_days"], values["cooling_off.days"]
    if "E2" in regimes and offset >= days - LEAST_DAYS_LEFT:
        raise ParameterError(
            f"extraction.issue_offset_days: issue + {offset} days leaves too little of a cooling-off period of {days} days"
        )


# ---------------------------------------------------------------- which of two values is the stricter


def stricter_of(name: str, one, other):
    """The least strict value that is as strict as both; of a table, one entry. Raises ParameterError for a choice."""
    row = PARAMETERS[name]
    if row.stricter == "none":
        raise ParameterError(f"{name} is a plain choice: neither value is the stricter one")
    if name == "calling.windows":
        return _as_windows(_minutes(one) & _minutes(other))
    if row.stricter == "subset":
        return _in_order(row, set(one) & set(other))
    if row.stricter == "superset":
        return _in_order(row, set(one) | set(other))
    chosen = max if row.stricter == "higher" else min
    return chosen(one, other, key=lambda value: _rank(row, value))


def is_looser(name: str, value, bound) -> bool:
    """Whether `value` (of a table, one entry) is not as strict as `bound`; never for a plain choice."""
    row = PARAMETERS[name]
    if row.stricter == "none":
        return False
    if name == "calling.windows":
        return not _minutes(value) <= _minutes(bound)
    if row.stricter == "subset":
        return not set(value) <= set(bound)
    if row.stricter == "superset":
        return not set(value) >= set(bound)
    one, other = _rank(row, value), _rank(row, bound)
    return one < other if row.stricter == "higher" else one > other


def _rank(row: Parameter, value):
    """Numbers, true and false, times of day by themselves; a word by its place among the choices."""
    return row.choices.index(value) if row.choices else value


def _in_order(row: Parameter, words: set[str]) -> tuple[str, ...]:
    return tuple(word for word in row.choices if word in words) if row.choices else tuple(sorted(words))


def _minutes(windows: Sequence[str]) -> set[int]:
    covered: set[int] = set()
    for window in windows:
        start, end = (int(part[:2]) * 60 + int(part[3:]) for part in window.split("-"))
        covered.update(range(start, end))
    return covered


def _as_windows(minutes: set[int]) -> tuple[str, ...]:
    windows: list[str] = []
    for start in sorted(minutes):
        if start - 1 in minutes:
            continue
        end = start
        while end in minutes:
            end += 1
        windows.append(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    return tuple(windows)


# ---------------------------------------------------------------- layers on top of each other


@dataclass(frozen=True, slots=True)
class _Stated:
    """A value and who states it: more than one where it is the strictest of several and nobody's own."""

    value: object
    by: tuple[Layer, ...]

    @property
    def names(self) -> tuple[str, str]:
        return "、".join(layer.owner_zh for layer in self.by), " and ".join(layer.owner_en for layer in self.by)


# by (parameter, entry of a table or None): an entry that a layer does not state stays as it is above
_Key = tuple[str, str | None]
_Book = dict[_Key, _Stated]


def combine(layers: Iterable[Layer], name: str | None = None, version: str | None = None) -> Profile:
    """The values in force under these layers, in whatever order they are given.

    The national layer has to be among them and to state every parameter. Raises LooserValue for a company's or branch's
    value that is looser than what stands above it, LayersDisagree for two layers of one kind that choose differently.
    What a contract promises is a floor of its own: it refuses nobody's value, it is kept where it is the stricter one.
    Without a name the profile is called by the ids of its layers.
    """
    stack = sorted({layer.id: layer for layer in layers}.values(), key=lambda x: (ORDER.index(x.kind), x.id))
    law = _together((x, x.floors) for x in stack if x.kind in (LayerKind.NATIONAL, LayerKind.LOCAL))
    promised = _together((x, x.floors) for x in stack if x.kind == LayerKind.CONTRACT)
    book: _Book = {}
    bounds = law
    for kind in ORDER:
        group = [layer for layer in stack if layer.kind == kind]
        if not group:
            continue
        # a company is bound by the floors, a branch by everything above it (R127)
        bounds = {k: v for k, v in book.items() if PARAMETERS[k[0]].stricter != "none"} if kind == _BRANCH else law
        for key, stated in _together((layer, layer.values) for layer in group).items():
            if kind not in REGULATORS and key in bounds:
                must_not_be_looser(key, stated.value, bounds[key], stated.names)
            must_be_usable(key[0], stated.value if key[1] is None else {key[1]: stated.value})
            book[key] = stated
        _raise_to(law if kind in REGULATORS else {}, book)
    _raise_to(promised, book)
    bounds = dict(bounds)
    _raise_to(promised, bounds)
    for key, stated in book.items():
        if key[0] in _NEVER_EMPTY and not stated.value:
            raise LayersDisagree(f"{key[0]}: between {stated.names[1]} nothing is left")

    values: dict[str, object] = {}
    for (parameter, entry), stated in book.items():
        if entry is None:
            values.setdefault(parameter, stated.value)
        else:
            values.setdefault(parameter, {})[entry] = stated.value
    stated_names = {parameter for layer in stack for parameter in (*layer.floors, *layer.values)}
    if missing := PARAMETERS.keys() - stated_names:
        raise ParameterError(f"not stated by any layer: {', '.join(sorted(missing))}")
    for parameter in stated_names - values.keys():
        values[parameter] = {}  # a table without entries
    must_leave_time(values)
    setter = _BRANCH if stack[-1].kind == _BRANCH else LayerKind.COMPANY
    if name is None:
        name, version = "/".join(layer.id for layer in stack).rsplit("@", 1)
    return Profile(
        name,
        version or "0",
        values,
        {label(key): Bound(stated.value, *stated.names) for key, stated in bounds.items()},
        _ZH[setter],
        setter.lower(),
        tuple(layer.id for layer in stack),
        {label(key): stated.names for key, stated in book.items()},
    )


def strictest(profiles: Iterable[Profile]) -> Profile:
    """One profile for a person whose policies come under several: of each parameter the strictest value.

    Where no value is the stricter one, or nothing would be left between them, the first profile decides, by the order of
    their ids; so the order in which they are given makes no difference. Its id is that of all of them with `|` between.
    """
    found = sorted({profile.id: profile for profile in profiles}.values(), key=lambda profile: profile.id)
    values = dict(found[0].values)
    for other in found[1:]:
        for name, value in values.items():
            if PARAMETERS[name].stricter == "none":
                continue
            if not isinstance(value, Mapping):
                values[name] = stricter_of(name, value, other[name])
                if name in _NEVER_EMPTY and not values[name]:
                    values[name] = value  # hours that have nothing in common would forbid every call
                continue
            both = dict(value)
            for entry, single in other[name].items():
                both[entry] = stricter_of(name, both[entry], single) if entry in both else single
            values[name] = both
    if len(found) == 1:
        return found[0]
    name, version = "|".join(profile.id for profile in found).rsplit("@", 1)
    return Profile(name, version, values)


def _together(layers: Iterable[tuple[Layer, Mapping[str, object]]]) -> _Book:
    """What several layers of the same rank state: the strictest, or the one choice that they share."""
    together: _Book = {}
    for layer, stated in layers:
        for key, value in entries(stated):
            mine = _Stated(value, (layer,))
            together[key] = _strictest(key[0], together[key], mine) if key in together else mine
    return together


def _raise_to(floors: Mapping[_Key, _Stated], book: _Book) -> None:
    for key, floor in floors.items():
        book[key] = _strictest(key[0], floor, book[key]) if key in book else floor  # alike: it is the floor that binds


def _strictest(name: str, one: _Stated, other: _Stated) -> _Stated:
    if one.value == other.value:
        return one
    if PARAMETERS[name].stricter == "none":
        raise LayersDisagree(f"{name}: {one.by[0].id} says {one.value}, {other.by[0].id} says {other.value}")
    value = stricter_of(name, one.value, other.value)
    for candidate in (one, other):
        if value == candidate.value:
            return candidate
    return _Stated(value, tuple(dict.fromkeys((*one.by, *other.by))))


def entries(values: Mapping[str, object]) -> Iterable[tuple[_Key, object]]:
    """Every value in its parameter's type, tables entry by entry."""
    for name, given in values.items():
        value = typed(name, given)
        if isinstance(value, dict):
            yield from (((name, entry), single) for entry, single in value.items())
        else:
            yield (name, None), value


def label(key: _Key) -> str:
    return key[0] if key[1] is None else f"{key[0]}.{key[1]}"


def must_not_be_looser(key: _Key, value: object, bound, by: tuple[str, str]) -> None:
    """Raises LooserValue, with both values and whose they are. `by`: whose `value` is, in Chinese and English."""
    if not is_looser(key[0], value, bound.value):
        return
    row = PARAMETERS[key[0]]
    zh = f"{label(key)}：{by[0]}的{shown(row, value, 'zh')}比{bound.names[0]}的{shown(row, bound.value, 'zh')}宽松，不能采用"
    en = (
        f"{label(key)}: {shown(row, value, 'en')}, set by {by[1]}, is looser than {shown(row, bound.value, 'en')}, "
        f"set by {bound.names[1]}"
    )
    raise LooserValue(zh, en)


_UNITS_ZH = {
    "years": "年",
    "days": "天",
    "working days": "个工作日",
    "hours": "小时",
    "minutes": "分钟",
    "months": "个月",
    "dials": "次",
    "times": "次",
    "calls": "次",
    "retries": "次",
    "reminders": "次",
    "elements": "个要素",
    "policyholders": "人",
    "hang-ups": "次",
    "%": "%",
}


def unit(row: Parameter, lang: str) -> str:
    return _UNITS_ZH.get(row.unit, "") if lang == "zh" else row.unit


def shown(row: Parameter, value: object, lang: str) -> str:
    """A value with its unit, as a sentence says it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        if lang == "zh":
            return f"{value:g}{unit(row, 'zh')}"
        return f"{value:g} {row.unit.removesuffix('s') if value == 1 else row.unit}".strip()
    if isinstance(value, list | tuple):
        return ("、" if lang == "zh" else ", ").join(map(str, value)) or "–"
    return str(value)


# ---------------------------------------------------------------- a single value set on top


# names that stand for entries of a table
ALIASES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mapping.language.sla": ("workorder.sla", ("LANGUAGE_BARRIER", "HEARING_OR_AGE")),
}


def as_params(given: Mapping[str, object]) -> dict[str, object]:
    """Parameters as a person or a file gives them: texts are read, `table.entry` becomes an entry of the table.

    Types are checked, ranges are not yet. Raises ParameterError.
    """
    params: dict[str, object] = {}
    for name, value in given.items():
        table, entries = _entry_of(name)
        if entries:
            read = plain_number(value) if isinstance(value, str) and not PARAMETERS[table].choices else value
            found = typed(table, dict.fromkeys(entries, read))
        else:
            text = isinstance(value, str) and name in PARAMETERS and not isinstance(PARAMETERS[name].default, str)
            found = typed(name, plain(name, value) if text else value)
        before = params.get(table)
        params[table] = {**before, **found} if isinstance(before, dict) and isinstance(found, dict) else found
    return params


def _entry_of(name: str) -> tuple[str, tuple[str, ...]]:
    if name in ALIASES:
        return ALIASES[name]
    if name not in PARAMETERS:
        for table, row in PARAMETERS.items():
            if isinstance(row.default, Mapping) and name.startswith(table + "."):
                return table, (name[len(table) + 1 :],)
    return name, ()


def override(profile: Profile, given: Mapping[str, object]) -> Profile:
    """The profile with these values for one question, as its company or branch could set them.

    Raises LooserValue for a value that the layers above forbid, ParameterError for one that is none.
    """
    params = as_params(given)
    by = f"本次提问（{profile.setter_zh}）", f"this question ({profile.setter_en})"
    for key, value in entries(params):
        if (bound := profile.bounds.get(label(key))) is not None:
            must_not_be_looser(key, value, bound, by)
    for name, value in params.items():
        must_be_usable(name, value)
    return profile.with_params(params)
