"""When a contract enters the callback list: the extraction regimes E1 to E4, and when a sleeping case wakes."""

from dataclasses import dataclass
from datetime import date, timedelta

from rules.calendar import ONE_DAY
from rules.parameters import Profile
from rules.profiles import LEAST_DAYS_LEFT
from rules.reasoning import Step

Listed = tuple[str, date | None, date | None, list[Step]]


@dataclass(frozen=True, slots=True)
class ContractDates:
    """What the list says of one contract. `cooling_off_days` is its own clause, None where it names none."""

    channel: str
    product_type: str
    underwritten_on: date | None = None
    issued_on: date | None = None
    printed_on: date | None = None
    entered_on: date | None = None
    receipt_signed_on: date | None = None
    receipt_entered_on: date | None = None
    receipt_written_off_on: date | None = None
    cooling_off_days: int | None = None


def list_date(contract: ContractDates, profile: Profile, days: int) -> Listed:
    """(regime, list date, E1's own limit, why); no date as long as the regime has none to go by. `days`: the length of
    the cooling-off period. Raises ValueError where E2 would leave too little of it (C43)."""
    strategy = profile["extraction.strategy_by_channel"].get(contract.channel, profile["extraction.strategy"])
    if strategy == "E1":
        return _write_off_day(contract, profile)
    if strategy == "E2":
        return _issue_plus(contract, profile, days)
    if strategy == "E3":
        return _entry_or_print(contract, profile)
    return _earliest(contract, profile)


def _write_off_day(contract: ContractDates, profile: Profile) -> Listed:
    written_off = contract.receipt_written_off_on
    if written_off is None:
        return (
            "E1",
            None,
            None,
            [Step("R12", "回执尚未核销，未到抽取日", "the receipt is not written off: no list date")],
        )
    limit = profile["extraction.complete_within_days"]
    complete_by = written_off + timedelta(days=limit)
    return (
        "E1",
        written_off,
        complete_by,
        [
            Step(
                "R12",
                f"回执{written_off}核销，当日抽取",
                f"receipt written off on {written_off}: listed that day",
            ),
            Step(
                "S17",
                f"核销后{limit}日内完成，即至{complete_by}",
                f"to be completed within {limit} days of write-off, by {complete_by}",
            ),
        ],
    )


def _issue_plus(contract: ContractDates, profile: Profile, days: int) -> Listed:
    offset = profile["extraction.issue_offset_days"]
    if offset >= days - LEAST_DAYS_LEFT:
        raise ValueError(f"C43: issue + {offset} days leaves too little of a cooling-off period of {days} days")
    issued = contract.issued_on
    if issued is None:
        return "E2", None, None, [Step("R13", "没有出单日，未到抽取日", "no issue date: no list date")]
    listed = issued + timedelta(days=offset)
    return (
        "E2",
        listed,
        None,
        [Step("R13", f"{issued}出单，{offset}日后为{listed}", f"issued {issued}, {offset} days on: {listed}")],
    )


def _bank_direct(contract: ContractDates, profile: Profile, regime: str) -> tuple[date | None, Step]:
    """Underwriting or entry, as the regime says; the other of the two where that one is not given (C4)."""
    offset = timedelta(days=profile["extraction.offset_days"])
    by_entry = regime == "E3" or profile["extraction.bank_direct.anchor"] == "ENTERED"
    entered, underwritten = contract.entered_on, contract.underwritten_on
    if entered is not None and (by_entry or underwritten is None):
        listed = entered + offset
        return listed, Step(
            "R15",
            f"银保通件{entered}录入系统，{listed}抽取",
            f"bank-direct, entered {entered}: listed {listed}",
        )
    if underwritten is None:
        return None, Step("R16", "没有承保日和录入日", "neither underwriting nor entry date is known")
    listed = underwritten + offset
    return listed, Step(
        "R16",
        f"银保通件{underwritten}承保，{listed}抽取",
        f"bank-direct, underwritten {underwritten}: listed {listed}",
    )


def _entry_or_print(contract: ContractDates, profile: Profile) -> Listed:
    if contract.channel == "BANK_DIRECT":
        listed, step = _bank_direct(contract, profile, "E3")
        return "E3", listed, None, [step]
    cap_days = profile["extraction.print_cap_days"]
    by_entry = contract.receipt_entered_on and contract.receipt_entered_on + ONE_DAY
    by_print = contract.printed_on and contract.printed_on + timedelta(days=cap_days)
    known = [day for day in (by_entry, by_print) if day]
    if not known:
        return (
            "E3",
            None,
            None,
            [Step("R14", "没有回执录入日和打印日", "neither receipt entry nor print date is known")],
        )
    listed = min(known)
    return (
        "E3",
        listed,
        None,
        [
            Step(
                "R14",
                f"回执录入次日（{by_entry or '无'}）与打印后{cap_days}日（{by_print or '无'}）取早者：{listed}",
                f"the earlier of receipt entry + 1 ({by_entry or 'none'}) and print + {cap_days} "
                f"({by_print or 'none'}): {listed}",
            )
        ],
    )


def _earliest(contract: ContractDates, profile: Profile) -> Listed:
    if contract.channel == "BANK_DIRECT":
        listed, step = _bank_direct(contract, profile, "E4_EARLIEST")
        return "E4_EARLIEST", listed, None, [step]
    offset, cap_days = profile["extraction.offset_days"], profile["extraction.cap_days"]
    cap = contract.underwritten_on and contract.underwritten_on + timedelta(days=cap_days)
    by_receipt = contract.receipt_written_off_on and contract.receipt_written_off_on + timedelta(days=offset)
    if by_receipt is None and cap is None:
        step = Step("R17", "没有核销日和承保日", "neither write-off nor underwriting date is known")
        return "E4_EARLIEST", None, None, [step]
    if by_receipt is None:
        step = Step(
            "R17",
            f"回执未核销，以{contract.underwritten_on}承保后{cap_days}日为限：{cap}",
            f"no write-off: {cap_days} days after underwriting on {contract.underwritten_on} is {cap}",
        )
        return "E4_EARLIEST", cap, None, [step]
    if cap is None or profile["extraction.combine"] == "RECEIPT_ELSE_CAP":
        step = Step(
            "S20",
            f"回执已核销，以核销后{offset}日{by_receipt}为准，不论承保上限",
            f"a known receipt decides: write-off + {offset} is {by_receipt}, whatever the cap",
        )
        return "E4_EARLIEST", by_receipt, None, [step]
    listed = min(by_receipt, cap)
    step = Step(
        "C3",
        f"核销后{offset}日（{by_receipt}）与承保后{cap_days}日（{cap}）取早者：{listed}",
        f"the earlier of write-off + {offset} ({by_receipt}) and underwriting + {cap_days} ({cap}): {listed}",
    )
    return "E4_EARLIEST", listed, None, [step]


def receipts_missing_since(today: date, profile: Profile) -> date:
    """A contract underwritten on that day or before, without any receipt date, is reported (C44): a receipt that a seller
    holds back is unknown here while the cooling-off period may be running out."""
    return today - timedelta(days=profile["receipt.ageing_alert_days"])


def wakes_on(contract: ContractDates, asleep_since: date) -> tuple[date | None, Step]:
    """The day a case that sleeps for want of its contract wakes, going by dates only (S3).

    The earliest of write-off and entry after `asleep_since` counts as the day the receipt became known; the
    signature date only where the list gives neither.
    """
    known = [contract.receipt_written_off_on, contract.receipt_entered_on]
    if not any(known):
        known = [contract.receipt_signed_on]
    after = [day for day in known if day is not None and day > asleep_since]
    if not after:
        return None, Step("S3", "尚未收到新的回执，继续休眠", "no receipt since: the case sleeps on")
    wakes = min(after) + ONE_DAY
    return wakes, Step(
        "S3", f"{min(after)}得知回执，次日{wakes}唤醒", f"the receipt became known on {min(after)}: wakes on {wakes}"
    )
