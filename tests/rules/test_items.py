"""Which items need a definite answer, by product, premium, local rule and record of the sale (R48, R49, C46, AC-34)."""

import pytest

from rules.items import SIGNATURE_ITEMS, mandatory_items
from scripts.rule_profiles import load_profile

NATIONAL = load_profile("national")
SHORT = NATIONAL.with_params({"script.simplified": True})
FEES = NATIONAL.with_params({"matrix.fees_for_all_types": True})
ITEMS = [
    "M1",
    "M2.received",
    "M2.receipt_signed",
    "M3",
    "M4",
    "M5",
    "M6.coverage",
    "M6.exclusions",
    "M6.term",
    "M7",
    "M8",
    "M9",
    "N1",
    "N2",
    "N3",
    "N4",
    "N5",
]


@pytest.mark.parametrize(
    ("product_type", "mode", "without"),
    [
        ("TRADITIONAL", "ANNUAL", "M4 N1 N2 N3 N4 N5"),
        ("TRADITIONAL", "SINGLE", "M4 M7 N1 N2 N3 N4 N5"),
        ("PARTICIPATING", "MONTHLY", "N2 N4 N5"),
        ("PARTICIPATING", "SINGLE", "M7 N2 N4 N5"),
        ("UNIVERSAL", "QUARTERLY", "N1 N4 N5"),
        ("UNIT_LINKED", "HALF_YEARLY", "N1 N2 N5"),
        ("HEALTH", "ANNUAL", "M4 N1 N2 N3 N4"),
        ("ACCIDENT", "SINGLE", "M4 M7 N1 N2 N3 N4 N5"),
    ],
)
def test_the_items_in_the_order_they_are_asked(product_type, mode, without):
    expected = tuple(item for item in ITEMS if item not in without.split())
    assert mandatory_items(product_type, mode, NATIONAL) == expected
    everywhere = tuple(item for item in ITEMS if item == "N3" or item in expected)
    assert mandatory_items(product_type, mode, FEES) == everywhere


@pytest.mark.parametrize(
    ("profile", "traceability", "short"),
    [
        (SHORT, "PASSED", True),
        (SHORT, "NONE", False),
        (SHORT, "INVALIDATED", False),
        (NATIONAL, "PASSED", False),
        (NATIONAL, "NONE", False),
    ],
)
def test_only_a_record_that_passed_shortens_the_list_and_only_where_the_profile_lets_it(profile, traceability, short):
    found = mandatory_items("UNIVERSAL", "ANNUAL", profile, traceability)
    assert (found == ("M1", "M2.received", "M2.receipt_signed", "M8")) is short
    assert mandatory_items("UNIVERSAL", "ANNUAL", SHORT) == mandatory_items("UNIVERSAL", "ANNUAL", NATIONAL)


def test_what_a_proxy_never_answers_for():
    assert SIGNATURE_ITEMS == ("M3", "M4")
