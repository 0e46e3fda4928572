from datetime import UTC, datetime, timedelta

import pytest

from rules.hang_ups import gave_up

END = datetime(2026, 9, 24, 2, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds_before", "gives_up"),
    [
        ((), False),
        ((0,), True),
        ((4,), True),
        ((15,), True),
        ((16,), False),  # mended by the fallback: the talk went on
        ((-1,), False),  # an error after the end ended nothing
        ((120, 5), True),
        ((120, 60), False),
    ],
)
def test_the_carrier_gave_up_where_its_last_failure_stands_right_before_the_end(seconds_before, gives_up):
    assert gave_up([END - timedelta(seconds=s) for s in seconds_before], END) is gives_up
