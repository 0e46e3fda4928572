"""The tool itself: what it changes, and that the change arrives where it is meant."""

import types
from pathlib import Path

import pytest

SOURCE = """from typing import Literal

Kind = Literal["A", "B"]
TABLE = {"a": 1}


class Value:
    size: int = 2

    @property
    def double(self) -> "int":
        return self.size * 2


def outer(x=3):
    def inner(y):
        return (
            y
            + 4
        )
    if x > 5:
        return inner(x)
    return x
"""


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import mutants
    import session

    return types.SimpleNamespace(mutants_of=mutants.mutants_of, put_in=session.put_in)


def test_every_place_is_changed_but_what_is_a_type(tool):
    found = tool.mutants_of("rules/x.py", SOURCE)
    changed = {(mutant.line, mutant.function, mutant.first, mutant.last) for mutant in found}
    assert {
        (4, "", 4, 4),  # a table
        (8, "", 8, 8),  # a field
        (12, "Value.double", 12, 12),  # inside a decorated function
        (15, "", 15, 15),  # a default
        (19, "outer", 17, 20),  # of a statement of several lines, in a function inside the function
        (21, "outer", 21, 21),  # only the head of what holds other statements
    } <= changed
    assert not any('"A"' in mutant.before and "XX" in mutant.after for mutant in found)
    assert not any("XXintXX" in mutant.after for mutant in found)


def test_a_mutant_differs_in_its_place_alone(tool):
    for mutant in tool.mutants_of("rules/x.py", SOURCE):
        changed = mutant.applied(SOURCE)
        assert changed != SOURCE
        compile(changed, "x.py", "exec")
        assert changed[: mutant.start] == SOURCE[: mutant.start]
        assert changed.endswith(SOURCE[mutant.end :])


@pytest.mark.parametrize(
    ("function", "old", "new", "value"),
    [
        ("outer", "x > 5", "x >= 5", lambda module: module.outer(5)),
        ("outer", "+ 4", "- 4", lambda module: module.outer(6)),
        ("Value.double", "* 2", "/ 2", lambda module: module.Value().double),
    ],
)
def test_the_changed_code_is_put_into_the_living_function(tool, function, old, new, value):
    module, changed = types.ModuleType("x"), types.ModuleType("x")
    exec(compile(SOURCE, "x.py", "exec"), vars(module))
    exec(compile(SOURCE.replace(old, new), "x.py", "exec"), vars(changed))
    before, known = value(module), module.outer
    assert tool.put_in(module, function, compile(SOURCE.replace(old, new), "x.py", "exec"))
    assert before != value(module) == value(changed)
    assert module.outer is known
