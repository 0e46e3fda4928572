"""What a request to end the contract is: the withdrawal with the full premium back, or a surrender that may cost money."""

from datetime import date

from rules.reasoning import Step


def is_withdrawal(
    requested_on: date, signed_on: date, surrender_deadline: date, late_grace_until: date | None = None
) -> tuple[bool, Step]:
    """`surrender_deadline`: the rolled end of the period; `late_grace_until`: the last day that a callback made after
    it gave him (R24). A request before the receipt was signed finds the period not yet over."""
    if requested_on <= surrender_deadline:
        early = requested_on < signed_on
        return True, Step(
            "R22",
            f"{requested_on}申请，"
            + ("犹豫期尚未起算" if early else f"不晚于{surrender_deadline}")
            + "，按犹豫期撤单，退还保费",
            f"requested on {requested_on}, "
            + ("before the period began" if early else f"not after {surrender_deadline}")
            + ": a withdrawal, the premium is returned",
        )
    if late_grace_until is not None and requested_on <= late_grace_until:
        return True, Step(
            "R24",
            f"{requested_on}申请，不晚于期满后回访所给的{late_grace_until}，按犹豫期撤单",
            f"requested on {requested_on}, inside the days that the late callback gave (until {late_grace_until}): a withdrawal",
        )
    return False, Step(
        "R22",
        f"{requested_on}申请，犹豫期已过，按退保办理，可能有损失",
        f"requested on {requested_on}, after the period: a surrender, and a loss may arise",
    )
