"""None of the eighty faults is without a test of its number, nor without its line in docs/faults.md."""

import re
from pathlib import Path

import pytest

from telephony.carrier.fault_kinds import FAULTS
from tests.numbered_faults.plans import PLANS

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "docs" / "faults.md").read_text("utf-8")
NUMBERS = range(1, 81)


def functions_named(number: int, folder: str) -> list[str]:
    named = re.compile(rf"def (test_\w*fault_{number}(?!\d)\w*)")
    return [
        name for file in sorted((ROOT / folder).rglob("test_*.py")) for name in named.findall(file.read_text("utf-8"))
    ]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"fault_{number}")
def test_each_fault_has_a_test_of_its_number(number):
    on_the_morning = [plan.id for plan in PLANS if re.fullmatch(rf"{number}[a-z]?", plan.id)]
    assert on_the_morning or functions_named(number, "tests/numbered_faults") or functions_named(number, "tests/agents")


def test_the_table_has_each_fault_once_and_names_every_switch():
    assert [int(n) for n in re.findall(r"^\| (\d+) \|", TABLE, re.MULTILINE)] == [*NUMBERS]
    assert [name for name in FAULTS if f"`{name}`" not in TABLE] == []


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"fault_{number}")
def test_the_table_names_the_tests_of_each_fault(number):
    [cell] = re.findall(rf"^\| {number} \|.*\| ([^|]*) \|$", TABLE, re.MULTILINE)
    ids = [plan.id for plan in PLANS if re.fullmatch(rf"{number}[a-z]?", plan.id)]
    assert not ids or (f"fault_{ids[0]}" in cell and cell.count(ids[-1]))
    assert ids or f"fault_{number}" in cell
