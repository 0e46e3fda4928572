"""Every rule id that code names is explained in docs/rules.md.

What counts as naming a rule:
- the first argument of `Step(...)` and the source of a `Parameter(...)`, whatever its form;
- R, C or S with one to three digits anywhere in a comment or a docstring.

Ordinary strings do not count: call-script steps are called C1, C2 and C3 too, and branch codes may look alike. Where
such a name stands in a comment it is also a rule's id, so it is on the page anyway. Codes of the linter (`noqa`) are
skipped. Profiles in YAML give their sources in comments, so their comments count as well.
"""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

from rules.parameters import PARAMETERS

ROOT = Path(__file__).parent.parent
FOLDERS = ("rules", "scripts", "storage", "desk", "tasks", "flows", "telephony", "cli", "tests")
FILES = sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXPLAINED = re.findall(r"^- ([A-Z]+-?\d*) — \S", PAGE, re.MULTILINE)
ID = re.compile(r"(?<![A-Za-z0-9_.%-])([RCS]\d{1,3})(?![A-Za-z0-9_]|\.[a-z])")


def ids_in(source: str) -> set[str]:
    """The rule ids that a Python source names."""
    tree = ast.parse(source)
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found |= set(ID.findall(ast.get_docstring(node) or ""))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", None)) == "Step":
            rule = next((k.value for k in node.keywords if k.arg == "rule"), node.args[0] if node.args else None)
            if isinstance(rule, ast.Constant):
                found.add(rule.value)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and "noqa" not in token.string:
            found |= set(ID.findall(token.string))
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_id_that_code_names_is_explained(file):
    assert ids_in(file.read_text(encoding="utf-8")) <= set(EXPLAINED)


def test_every_source_of_a_parameter_is_explained():
    assert {parameter.source for parameter in PARAMETERS.values()} <= set(EXPLAINED)


def test_every_id_in_a_profile_or_script_is_explained():
    for file in sorted((ROOT / "scripts").rglob("*.yaml")):
        comments = re.findall(r"(?:^|\s)#.*", file.read_text(encoding="utf-8"))
        assert {i for comment in comments for i in ID.findall(comment)} <= set(EXPLAINED), file.name


def test_nothing_is_explained_twice():
    assert len(EXPLAINED) == len(set(EXPLAINED))


def test_every_sentence_is_one():
    for line in re.findall(r"^- [A-Z]+-?\d* — (.*)$", PAGE, re.MULTILINE):
        assert line.endswith("."), line
        assert len(line) < 300


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("x = 1  # as R25 and C9 say", {"R25", "C9"}),
        ('def f():\n    """Rolled (R25, S19)."""', {"R25", "S19"}),
        ('Step("C57", "zh", "en")', {"C57"}),
        ('reasoning.Step(rule="R999", zh="", en="")', {"R999"}),
        ('STEPS = ["C1", "C2"]\ncode = "S3"', set()),
        ("x = 1  # noqa: S506", set()),
        ("x = 1  # the S3 server, SHA-256, C1.retry, ORG-C12", {"S3"}),
    ],
)
def test_what_counts_as_naming_a_rule(source, ids):
    assert ids_in(source) == ids
