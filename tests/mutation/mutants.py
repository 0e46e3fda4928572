"""Every mutant of a source: mutmut's operators on every expression and statement, wherever it stands.

mutmut itself makes its mutants from the same operators, but only inside plain functions: it leaves out tables,
dataclass fields, default arguments and decorated functions, which are half of what the rules say.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst
from libcst._nodes.internal import CodegenState
from libcst.metadata import MetadataWrapper, WhitespaceInclusivePositionProvider
from mutmut.mutation.mutators import mutation_operators


@dataclass(frozen=True)
class Mutant:
    path: str
    line: int
    # where the changed code lives: "Class.method", "function", or "" for what runs when the module is imported
    function: str
    operator: str
    # character positions in the source, and what stands there instead
    start: int
    end: int
    text: str
    # first and last line of the statement (of a compound one: its head), by which the tests are chosen
    first: int
    last: int
    # the lines before and after, for readers
    before: str
    after: str

    @property
    def key(self) -> str:
        """Stays the same while the changed lines and their function do."""
        return hashlib.sha256("\n".join((self.path, self.function, self.before, self.after)).encode()).hexdigest()[:10]

    def applied(self, source: str) -> str:
        return source[: self.start] + self.text + source[self.end :]


def mutants_of(path: str, source: str) -> list[Mutant]:
    """Equal changes on equal lines of one function count once; one that does not compile is found out when it runs."""
    tree = ast.parse(source)
    found: dict[str, Mutant] = {}
    for operator, start, end, text in _changes(source):
        line = source.count("\n", 0, start) + 1
        # leading white space may belong to the node
        while start < end and source[start] in " \n" and text[:1] == source[start]:
            line += source[start] == "\n"
            start, text = start + 1, text[1:]
        function, first, last = _place(tree, line, source, start)
        from_line, to_line = source.rfind("\n", 0, start) + 1, source.find("\n", end)
        mutant = Mutant(
            path, line, function, operator, start, end, text, first, last,
            before=source[from_line:to_line].strip(),
            after=(source[from_line:start] + text + source[end:to_line]).strip(),
        )  # fmt: skip
        found.setdefault(mutant.key, mutant)
    return list(found.values())


def _changes(source: str) -> Iterator[tuple[str, int, int, str]]:
    """Operator, start, end and new text of every change."""
    wrapper = MetadataWrapper(libcst.parse_module(source), unsafe_skip_copy=True)
    positions = wrapper.resolve(WhitespaceInclusivePositionProvider)
    module = wrapper.module
    starts = [0]
    for text in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(text))
    changes = []

    # what one node looks like depends on how deep it stands
    indents: list[str] = []

    def code(node: libcst.CSTNode) -> str:
        state = CodegenState(default_indent=module.default_indent, default_newline=module.default_newline)
        for indent in indents:
            state.increase_indent(indent)
        node._codegen(state)
        return "".join(state.tokens)

    class Visitor(libcst.CSTVisitor):
        def on_leave(self, original_node: libcst.CSTNode) -> None:
            if isinstance(original_node, libcst.IndentedBlock):
                indents.pop()

        def on_visit(self, node: libcst.CSTNode) -> bool:
            if _is_type(node):
                return False
            if isinstance(node, libcst.IndentedBlock):
                indents.append(module.default_indent if node.indent is None else node.indent)
            for kind, operator in mutation_operators:
                if isinstance(node, kind):
                    for changed in operator(node):
                        place = positions[node]
                        start = starts[place.start.line - 1] + place.start.column
                        end = starts[place.end.line - 1] + place.end.column
                        if source[start:end] != code(node):
                            raise ValueError(f"line {place.start.line}: the place of {source[start:end]!r} is unclear")
                        changes.append((operator.__name__, start, end, code(changed)))
            return True

    module.visit(Visitor())
    yield from changes


def _is_type(node: libcst.CSTNode) -> bool:
    """Annotations, and the values of a `Literal`: nothing of them runs."""
    return isinstance(node, libcst.Annotation) or (
        isinstance(node, libcst.Subscript) and isinstance(node.value, libcst.Name) and node.value.value == "Literal"
    )


def _place(tree: ast.Module, line: int, source: str, start: int) -> tuple[str, int, int]:
    """The function whose body holds the position ("" if it runs at import), and the lines of its statement."""
    column = len(source[source.rfind("\n", 0, start) + 1 : start].encode())
    names: list[str] = []
    function = ""
    body: list[ast.stmt] = tree.body
    first = last = line
    while True:
        inner = next(
            (n for n in body if _begins(n) <= (line, column) < (n.end_lineno or 0, n.end_col_offset or 0)), None
        )
        if inner is None:
            return function, first, last
        first, last = inner.lineno, inner.end_lineno or inner.lineno
        if not isinstance(inner, ast.FunctionDef | ast.ClassDef | ast.If | ast.For | ast.While | ast.With):
            # the handlers of a `try` and the patterns of a `match` are no statements: taken whole, unless inside a body
            nested = [n for field in _bodies(inner) for n in field]
            if not any(_begins(n) <= (line, column) < (n.end_lineno, n.end_col_offset) for n in nested):
                return function, first, last
            body = nested
            continue
        nested = [n for field in _bodies(inner) for n in field]
        if not any(_begins(n) <= (line, column) < (n.end_lineno, n.end_col_offset) for n in nested):
            return function, _begins(inner)[0], max(inner.lineno, inner.body[0].lineno - 1)
        if isinstance(inner, ast.FunctionDef | ast.ClassDef):
            names.append(inner.name)
            if isinstance(inner, ast.FunctionDef) and not function:
                function = ".".join(names)
        body = nested


def _begins(node: ast.stmt) -> tuple[int, int]:
    decorators = getattr(node, "decorator_list", [])
    return (decorators[0].lineno, 0) if decorators else (node.lineno, node.col_offset)


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
        yield part.body


def all_mutants(root: Path, paths: list[str]) -> dict[str, list[Mutant]]:
    return {path: mutants_of(path, (root / path).read_text(encoding="utf-8")) for path in paths}
