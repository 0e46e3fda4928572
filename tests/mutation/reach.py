"""Which tests a change of something that runs at import can reach: it has no lines of its own that a test executes.

A table is followed by its name: into the functions that read it, the tables that are made from it, and the test files
that import one of them.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("rules", "scripts")

Name = tuple[str, str]


@dataclass
class Unit:
    """A statement of a module's top level."""

    path: str
    first: int
    last: int
    defines: set[Name]
    reads_at_import: set[Name]
    # of the functions inside it: their lines, and what their bodies read
    functions: list[tuple[range, set[Name]]]


class Reach:
    def __init__(self, root: Path, tests: list[str]) -> None:
        self.units: list[Unit] = []
        for folder in FOLDERS:
            for file in sorted((root / folder).rglob("*.py")):
                self.units += _units(str(file.relative_to(root)), ast.parse(file.read_text(encoding="utf-8")))
        self.imports: dict[str, set[Name]] = {}
        for file in tests:
            tree = ast.parse((root / file).read_text(encoding="utf-8"))
            self.imports[file] = set(_imports(tree).values()) | _read(tree, _imports(tree), file)

    def unit(self, path: str, line: int) -> Unit:
        return next(u for u in self.units if u.path == path and u.first <= line <= u.last)

    def of(self, unit: Unit) -> tuple[dict[str, set[int]], list[str]]:
        """The lines of the functions that read it, and the test files that do."""
        changed = set(unit.defines) or set(unit.reads_at_import)
        through: set[Name] = set()
        while True:
            before = len(changed), len(through)
            for other in self.units:
                if other.reads_at_import & (changed | through):
                    changed |= other.defines
                if any(reads & (changed | through) for _, reads in other.functions):
                    through |= other.defines
            if before == (len(changed), len(through)):
                break
        lines: dict[str, set[int]] = {}
        for other in self.units:
            for extent, reads in other.functions:
                if reads & changed or other.defines & changed:
                    lines.setdefault(other.path, set()).update(extent)
        # who imports the package itself may look at anything in it
        return lines, [file for file, names in self.imports.items() if names & changed or ("rules.py", "") in names]


def _module(name: str) -> str:
    return name.replace(".", "/") + ".py"


def _imports(tree: ast.Module) -> dict[str, Name]:
    found: dict[str, Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in FOLDERS:
            for alias in node.names:
                found[alias.asname or alias.name] = (_module(node.module), alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in FOLDERS:
                    found[alias.asname or alias.name] = (_module(alias.name), "")
    return found


def _units(path: str, tree: ast.Module) -> list[Unit]:
    imports = _imports(tree)
    units = []
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            continue
        functions = [
            (range(f.lineno, (f.end_lineno or f.lineno) + 1), _read(f, imports, path)) for f in _functions([node])
        ]
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defines = {(path, node.name)}
        else:
            defines = {(path, n.id) for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        units.append(
            Unit(path, first, node.end_lineno or first, defines, _read_at_import(node, imports, path), functions)
        )
    return units


def _functions(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    for node in body:
        if isinstance(node, ast.FunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body)


def _read(node: ast.AST, imports: dict[str, Name], path: str) -> set[Name]:
    """The names it reads, of this module or of those it imports; of a module taken whole, its attributes."""
    found: set[Name] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.add(imports.get(inner.id, (path, inner.id)))
        elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id in imports:
            module, name = imports[inner.value.id]
            found.add((module.removesuffix(".py") + ("/" + name if name else "") + ".py", inner.attr))
    return found


def _read_at_import(node: ast.stmt, imports: dict[str, Name], path: str) -> set[Name]:
    if isinstance(node, ast.FunctionDef):
        parts = [*node.decorator_list, node.args]
        return set().union(*(_read(part, imports, path) for part in parts))
    if isinstance(node, ast.ClassDef):
        parts = [*node.decorator_list, *node.bases, *node.keywords]
        return set().union(
            *(_read(part, imports, path) for part in parts), *(_read_at_import(n, imports, path) for n in node.body)
        )
    return _read(node, imports, path)
