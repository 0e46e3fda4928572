"""How long a record is kept, and under which key a recording lies in the archive."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from rules.calendar import ONE_DAY, business_date, shanghai
from rules.parameters import DEFAULTS, Profile
from rules.reasoning import Step


class RecordKind(StrEnum):
    RECORDING = "RECORDING"  # kept from the call
    ELECTRONIC = "ELECTRONIC"  # lists and scans, kept from their creation
    PAPER = "PAPER"  # kept from archiving
    TRAINING_COPY = "TRAINING_COPY"  # masked copy; the recording itself is kept by its own dates


@dataclass(frozen=True, slots=True)
class Dispute:
    """`closed` None while it is still open."""

    opened: date
    closed: date | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """`began_on`: the day of the call, creation or archiving. `stored_until`: what the store already promises."""

    kind: RecordKind
    began_on: date
    contract_ended_on: date | None = None
    disputes: tuple[Dispute, ...] = ()
    legal_hold: bool = False
    stored_until: date | None = None


@dataclass(frozen=True, slots=True)
class Retention:
    """The record may go on the day after `retain_until`; None: no end yet. `floor`: the least, whatever happens."""

    retain_until: date | None
    floor: date
    steps: tuple[Step, ...]


def add_years(day: date, years: int) -> date:
    """29 February becomes 1 March in a year without one (S19): never a day short."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


_FLOORS = {
    RecordKind.RECORDING: ("R110", "retention.recording_years"),
    RecordKind.ELECTRONIC: ("R111", "retention.electronic_years"),
    RecordKind.PAPER: ("R112", "retention.paper_years"),
}


def retention(record: Record, profile: Profile = DEFAULTS) -> Retention:
    """The latest of: the floor, ten years after the contract's end, two years after each dispute's end (C21).

    A dispute counts if it was opened while the record still had to be kept.
    """
    if record.kind is RecordKind.TRAINING_COPY:
        days = profile["training.expiry_days"]
        end = record.began_on + timedelta(days=days)
        steps = [Step("C41", f"培训副本{days}日后删除：{end}", f"a training copy goes after {days} days: {end}")]
        return _held(record, _never_shortened(record, end, steps), end, steps)

    rule, name = _FLOORS[record.kind]
    floor = add_years(record.began_on, profile[name])
    steps = [
        Step(
            rule,
            f"自{record.began_on}起至少{profile[name]}年：{floor}",
            f"at least {profile[name]} years from {record.began_on}: {floor}",
        )
    ]
    end: date | None = None
    if record.contract_ended_on is None:
        steps.append(Step("C21", "合同尚未终止，暂无期满日", "the contract has not ended: no end of keeping yet"))
    else:
        years = profile["retention.after_contract_end_years"]
        after_contract = add_years(record.contract_ended_on, years)
        steps.append(
            Step(
                "C21",
                f"合同{record.contract_ended_on}终止，其后{years}年：{after_contract}",
                f"contract ended {record.contract_ended_on}, {years} years on: {after_contract}",
            )
        )
        # what the store holds already is kept until then, so a dispute opened meanwhile still counts
        end = _never_shortened(record, max(floor, after_contract), steps)
        end = _after_disputes(end, record.disputes, profile, steps)
    return _held(record, end, floor, steps)


def _after_disputes(end: date, disputes: Sequence[Dispute], profile: Profile, steps: list[Step]) -> date | None:
    years = profile["retention.after_dispute_years"]
    for dispute in sorted(disputes, key=lambda d: d.opened):
        if dispute.opened > end:
            steps.append(
                Step(
                    "S19",
                    f"{dispute.opened}的争议发生在期满（{end}）之后，不延长",
                    f"the dispute of {dispute.opened} came after the end of keeping ({end}) and does not extend it",
                )
            )
            continue
        if dispute.closed is None:
            steps.append(Step("C21", "争议未了结，暂无期满日", "a dispute is open: no end of keeping yet"))
            return None
        after = add_years(dispute.closed, years)
        steps.append(
            Step(
                "C21",
                f"争议{dispute.closed}了结，其后{years}年：{after}",
                f"dispute closed {dispute.closed}, {years} years on: {after}",
            )
        )
        end = max(end, after)
    return end


def _never_shortened(record: Record, end: date, steps: list[Step]) -> date:
    if record.stored_until is None or record.stored_until <= end:
        return end
    steps.append(
        Step(
            "S19",
            f"存储已承诺保存至{record.stored_until}，不得缩短",
            f"the store already holds it until {record.stored_until}: never shortened",
        )
    )
    return record.stored_until


def _held(record: Record, end: date | None, floor: date, steps: list[Step]) -> Retention:
    if record.legal_hold:
        steps.append(Step("C21", "依法冻结期间不设期满日", "under legal hold there is no end"))
        end = None
    elif end is not None:
        steps.append(Step("S19", f"{end + ONE_DAY}起可以删除", f"it may go from {end + ONE_DAY} on"))
    return Retention(end, floor, tuple(steps))


def retain_until(
    call_at: datetime,
    contract_end: date | None = None,
    dispute_closed: date | None = None,
    profile: Profile = DEFAULTS,
) -> date:
    """The last day for which the store must promise to keep a recording now; extended later as contracts end.

    While the contract is in force this is the floor alone: the end is not known, and a lock can only grow.
    """
    days = [add_years(business_date(call_at), profile["retention.recording_years"])]
    if contract_end is not None:
        days.append(add_years(contract_end, profile["retention.after_contract_end_years"]))
    if dispute_closed is not None:
        days.append(add_years(dispute_closed, profile["retention.after_dispute_years"]))
    return max(days)


def lock_until(day: date) -> datetime:
    """The instant at which a lock that covers all of `day` may end: 00:00 of the day after, in Shanghai."""
    return shanghai(day + ONE_DAY)


_CALL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def archive_key(call_id: str | int, sha256: str, started_at: datetime, suffix: str = "flac") -> str:
    """Made of call and content, so that storing the same recording again meets the same key; no personal data in it."""
    name = str(call_id)
    if not _CALL_ID.fullmatch(name) or ".." in name:
        raise ValueError(f"not a call id: {name!r}")
    if not _SHA256.fullmatch(sha256):
        raise ValueError("a digest is 64 lower-case hex digits")
    day = business_date(started_at)
    return f"recordings/{day:%Y/%m/%d}/{name}-{sha256}.{suffix}"
