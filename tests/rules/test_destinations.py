"""The row with the longest prefix decides."""

import pytest

from rules.destinations import EVERYWHERE, Destination, destination_of

TABLE = (
    Destination("+", allowed=False),
    Destination("+86"),
    Destination("+8630", allowed=False),
    Destination("+852", caller_id="+85230000000"),
)


@pytest.mark.parametrize(
    ("number", "prefix"),
    [
        ("+8613800138000", "+86"),
        ("+8630912345678", "+8630"),
        ("+85261234567", "+852"),
        ("+15005550006", "+"),
        ("+85", "+"),
    ],
)
def test_the_longest_prefix_decides(number, prefix):
    assert destination_of(number, TABLE).prefix == prefix
    assert destination_of(number, TABLE[::-1]).prefix == prefix


def test_what_no_row_fits_is_rung_under_the_usual_number():
    assert destination_of("+15005550006", TABLE[1:]) is EVERYWHERE
    assert (EVERYWHERE.allowed, EVERYWHERE.caller_id) == (True, None)
