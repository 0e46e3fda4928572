"""What a request to end the contract is, whole: a withdrawal with the premium back, or a surrender."""

from datetime import date

import pytest

from rules.surrenders import is_withdrawal

SIGNED, DEADLINE, GRACE = date(2026, 9, 10), date(2026, 9, 28), date(2026, 10, 8)


@pytest.mark.parametrize(
    ("day", "grace", "withdrawal", "rule", "zh", "en"),
    [
        ("2026-09-09", None, True, "R22", "犹豫期尚未起算，按犹豫期撤单，退还保费",
         "before the period began: a withdrawal, the premium is returned"),
        ("2026-09-10", None, True, "R22", "不晚于2026-09-28，按犹豫期撤单，退还保费",
         "not after 2026-09-28: a withdrawal, the premium is returned"),
        ("2026-09-28", None, True, "R22", "不晚于2026-09-28，按犹豫期撤单，退还保费",
         "not after 2026-09-28: a withdrawal, the premium is returned"),
        ("2026-09-28", GRACE, True, "R22", "不晚于2026-09-28，按犹豫期撤单，退还保费",
         "not after 2026-09-28: a withdrawal, the premium is returned"),
        ("2026-09-29", None, False, "R22", "犹豫期已过，按退保办理，可能有损失",
         "after the period: a surrender, and a loss may arise"),
        ("2026-09-29", GRACE, True, "R24", "不晚于期满后回访所给的2026-10-08，按犹豫期撤单",
         "inside the days that the late callback gave (until 2026-10-08): a withdrawal"),
        ("2026-10-08", GRACE, True, "R24", "不晚于期满后回访所给的2026-10-08，按犹豫期撤单",
         "inside the days that the late callback gave (until 2026-10-08): a withdrawal"),
        ("2026-10-09", GRACE, False, "R22", "犹豫期已过，按退保办理，可能有损失",
         "after the period: a surrender, and a loss may arise"),
    ],
)  # fmt: skip
def test_a_request_to_end_the_contract(day, grace, withdrawal, rule, zh, en):
    found, step = is_withdrawal(date.fromisoformat(day), SIGNED, DEADLINE, grace)
    assert (found, step.rule) == (withdrawal, rule)
    assert (step.zh, step.en) == (f"{day}申请，{zh}", f"requested on {day}, {en}")
