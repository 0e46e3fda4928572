"""Who answered, and what a machine is left with (C55)."""

from datetime import date

import pytest

from rules.answering_machines import ends_here, is_machine, notice
from rules.call_sheet import CallSheet, PersonFacts

SHEET = CallSheet(PersonFacts("王小芳", title="女士"), (), "示例人寿", "400-000-0000", "8001", date(2026, 9, 24))


@pytest.mark.parametrize(
    ("verdict", "machine"),
    [
        (None, False),
        ("", False),
        ("human", False),
        ("unknown", False),  # a person, until it is known better
        ("machine_start", True),
        ("machine_end_beep", True),
        ("fax", True),
    ],
)
def test_the_verdict(verdict, machine):
    assert is_machine(verdict) is machine
    # whoever got past the first question is a person, whatever the verdict
    assert [ends_here(verdict, place, "C1") for place in (None, "", "C1", "C2")] == [machine, machine, machine, False]


def test_nothing_is_left_unless_the_company_wants_it_and_then_nothing_of_insurance():
    assert notice(SHEET, "NONE") == ()
    [text] = notice(SHEET, "NEUTRAL")
    assert all(part in text for part in ("示例人寿", "8001", "王女士", "个人服务事项"))
    assert not any(word in text for word in ("保险", "保单", "投保", "合同", "回访", "小芳"))
    assert "4 0 0 - 0 0 0" in text, "the hotline is said figure by figure"
