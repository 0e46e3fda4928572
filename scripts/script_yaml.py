"""YAML that knows where each key stands, so that every refusal can name its file and line."""

from dataclasses import dataclass
from pathlib import Path

import yaml

# the same grammar in C where libyaml was there at build time: five times faster, with the same line numbers
_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    """`line` in `file`. `path`: for a failed proof, the call that shows it, in words, one step a line."""

    line: int
    code: str
    message: str
    file: str = ""
    path: tuple[str, ...] = ()
    message_zh: str = ""
    path_zh: tuple[str, ...] = ()


class BadScript(ValueError):
    """A script that cannot be used; `problems` name every line."""

    def __init__(self, path: str, problems: list[ScriptProblem]):
        self.path, self.problems = path, problems
        super().__init__("; ".join(f"{p.file or path}:{p.line}: {p.message}" for p in problems))


class Located(dict):
    """A mapping that knows the file, its own line, and the place (file, line) of each key."""

    def __init__(self, file: str = "", line: int = 1):
        super().__init__()
        self.file, self.line = file, line
        self.places: dict[str, tuple[str, int]] = {}

    def place(self, key: str) -> tuple[str, int]:
        return self.places.get(key, (self.file, self.line))

    def put(self, key: str, value: object, place: tuple[str, int]) -> None:
        self[key], self.places[key] = value, place

    def laid_over(self, other: "Located") -> "Located":
        """This mapping with the keys of `other` over it, each with its own place; mappings inside are laid over too."""
        both = Located(other.file, other.line)
        for source in (self, other):
            for key, value in source.items():
                below = both.get(key)
                if isinstance(below, Located) and isinstance(value, Located):
                    both.put(key, below.laid_over(value), source.place(key))
                else:
                    both.put(key, value, source.place(key))
        return both


class _Loader(_Base):
    pass


def _construct(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Located:
    found = Located(loader.name, node.start_mark.line + 1)
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key} stands here twice", key_node.start_mark)
        found.put(key, loader.construct_object(value_node, deep=True), (loader.name, key_node.start_mark.line + 1))
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct)
# ON, YES and NO are words of scripts, not truth values; only true and false are
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_mapping(text: str, path: str) -> Located:
    """The mapping in `text`. Raises BadScript where it is no YAML or no mapping."""
    try:
        loader = _Loader(text)
        loader.name = path
        try:
            document = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise BadScript(path, [ScriptProblem(line, "NOT_YAML", str(error.problem), path)]) from error
    except yaml.YAMLError as error:  # characters that YAML does not allow
        raise BadScript(path, [ScriptProblem(1, "NOT_YAML", str(error).splitlines()[0], path)]) from error
    if not isinstance(document, Located):
        raise BadScript(path, [ScriptProblem(1, "NOT_A_SCRIPT", "a script is a mapping with the key script", path)])
    return document


def read_file(path: Path) -> Located:
    try:
        return read_mapping(path.read_text("utf-8-sig"), str(path))
    except UnicodeDecodeError as error:
        raise BadScript(str(path), [ScriptProblem(1, "NOT_YAML", "this file is not UTF-8", str(path))]) from error


def true(value: object) -> bool:
    return value is True or str(value).lower() == "true"
