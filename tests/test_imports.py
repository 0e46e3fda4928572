"""What import-linter cannot say by naming modules: the rules import nothing but the standard library and each other."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RULES = sorted((ROOT / "rules").rglob("*.py"))


def imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("rules" if node.level else node.module.split(".")[0])
    return found


@pytest.mark.parametrize("file", RULES, ids=lambda file: file.name)
def test_the_rules_need_nothing_but_python(file: Path):
    assert imported(file) <= sys.stdlib_module_names | {"rules"}


def test_the_rules_ask_nobody_for_the_time():
    asked = {"now", "today", "utcnow", "time", "time_ns"}
    for file in RULES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in asked:
                owner = getattr(node.func.value, "id", getattr(node.func.value, "attr", ""))
                assert owner not in {"datetime", "date", "time"}, f"{file}:{node.lineno}"
