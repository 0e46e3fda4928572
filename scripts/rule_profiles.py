"""Rule profiles from scripts/profiles/*.yaml; a name or value that does not exist is refused with file and line."""

from functools import cache
from pathlib import Path

import yaml

from rules.parameters import PARAMETERS, ParameterError, Profile, checked

FOLDER = Path(__file__).parent / "profiles"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ProfileError(ValueError):
    """A profile file that cannot be used: says where and why."""

    def __init__(self, file: Path, line: int, message: str):
        super().__init__(f"{file.name}:{line}: {message}")
        self.file, self.line, self.message = file, line, message


def profile_names() -> tuple[str, ...]:
    return tuple(sorted(file.stem for file in FOLDER.glob("*.yaml")))


@cache
def load_profile(name: str = "national") -> Profile:
    """Raises LookupError for a name that is not shipped, ProfileError for a file that does not hold."""
    if name not in profile_names():
        raise LookupError(f"no profile is called {name!r}; there are: {', '.join(profile_names())}")
    return read_profile(FOLDER / f"{name}.yaml")


def read_profile(file: Path) -> Profile:
    """One file: `name` (as the file is called), `version`, `title` and `values`, which state every parameter."""
    try:
        root = yaml.compose(file.read_text(encoding="utf-8"), Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "not YAML"
        raise ProfileError(file, mark.line + 1 if mark else 1, problem) from None
    parts = _table(file, root, "a profile")
    if unknown := parts.keys() - {"name", "version", "title", "values"}:
        key = sorted(unknown)[0]
        raise ProfileError(file, parts[key][0], f"a profile has no entry {key!r}")
    for key in ("name", "version", "values"):
        if key not in parts:
            raise ProfileError(file, 1, f"{key} is missing")
    name, version = (_text(file, *parts[key]) for key in ("name", "version"))
    if name != file.stem:
        raise ProfileError(file, parts["name"][0], f"the file is called {file.stem}, the profile {name}")

    values: dict[str, object] = {}
    for key, (line, node) in _table(file, parts["values"][1], "values").items():
        try:
            values[key] = checked(key, _plain(file, node))
        except ParameterError as error:
            raise ProfileError(file, line, str(error)) from None
    if missing := PARAMETERS.keys() - values.keys():
        raise ProfileError(file, parts["values"][0], f"not stated: {', '.join(sorted(missing))}")
    return Profile(name, version, values)


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
    return yaml.SafeLoader("").construct_object(node)
