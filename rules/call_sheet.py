"""The facts one call may use, fixed when it is placed, so that every turn of it says the same."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from rules.plain_values import from_plain, to_plain


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """The policyholder. Birth date, ID digits and district are what identity is proven with; None: not on file."""

    name: str
    sex: str | None = None
    title: str = ""
    birth_date: date | None = None
    id_last4: str | None = None
    district: str | None = None
    phone_tail: str | None = None  # last four digits of the number on file, for step K1


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """One policy of the call. `open_items` None: every item is asked; else only these (a resumed call)."""

    policy_no: str
    case_id: int
    product_type: str
    product_name: str
    premium_mode: str
    premium: Decimal
    premium_term_years: int | None
    policy_term: str  # years as a number, or WHOLE_LIFE
    channel: str
    outlet: str | None = None
    receipt_signed_on: date | None = None
    nominal_end: date | None = None
    surrender_deadline: date | None = None
    cooling_off_days: int = 15
    provisional: bool = False
    next_due_on: date | None = None
    open_items: tuple[str, ...] | None = None
    jurisdiction: str | None = None
    fees_for_all_types: bool = False  # the profile asks the fee item of every product (C46)


@dataclass(frozen=True, slots=True)
class PermittedTime:
    """From `start` to `end`, both with their zone; the end itself is outside."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CallSheet:
    """Everything a call may say. `appointment_times` are the only times an appointment can be given for."""

    person: PersonFacts
    policies: tuple[PolicyFacts, ...]
    insurer: str
    hotline: str
    staff_number: str
    now_date: date
    appointment_times: tuple[PermittedTime, ...] = ()
    min_gap_hours: int = 3  # an appointment that we propose ourselves lies at least so far ahead
    proxy_allowed: bool = False  # the profile lets a relative answer whom the policyholder authorises (C6)
    language: str = "zh-CN"

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "CallSheet":
        return from_plain(cls, data)
