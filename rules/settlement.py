"""One ended contact → outcome, orders, state, next call, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.answers import Answer
from rules.outcomes import Outcome, Reason
from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """`round` counts the callbacks of this case from 1; an order is unique per case, round and kind."""

    case_id: int
    policy_no: str
    state: str
    round: int
    product_type: str
    premium_mode: str
    channel: str
    branch_code: str
    agent_code: str | None
    receipt_signed_on: date | None
    nominal_end: date | None
    handover_at: datetime | None = None
    provisional: bool = False
    signature_date_estimated: bool = False


@dataclass(frozen=True, slots=True)
class CallFacts:
    """`carrier_status`: completed, busy, no-answer, failed or canceled. `ended_step`: where the script stood."""

    call_id: str
    carrier_status: str
    sip_code: int | None = None
    answered: bool = False
    answered_by: str | None = None
    ended_step: str | None = None
    ended_by: str | None = None  # us, callee, or None when the line broke
    answers: tuple[Answer, ...] = ()
    appointment: datetime | None = None
    recording: str = "NOT_EXPECTED"  # VERIFIED, LOST or NOT_EXPECTED


@dataclass(frozen=True, slots=True)
class Contact:
    """`kind`: CALL, PRECHECK (no dial, `reason` says why) or PLAN_USED_UP. `earlier_answers` still hold."""

    kind: str
    ended_at: datetime
    case: CaseFacts
    reason: str | None = None
    call: CallFacts | None = None
    earlier_answers: tuple[Answer, ...] = ()
    deliberate_hangups: int = 0  # of earlier calls

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Contact":
        return from_plain(cls, data)


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A work order as it is to be issued."""

    kind: str
    class_: str | None
    reasons: tuple[str, ...]
    action: str | None
    branch_code: str
    working_days: int
    due_at: datetime
    act_by: date | None
    escalated: bool
    exclude_selling_agent: bool = False
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settlement:
    """Everything that follows. `counts`: the answers may be relied on (their recording is verified)."""

    result: str | None  # attempt result; None without a dial
    outcome: Outcome | None
    class_: str | None
    reasons: tuple[Reason, ...]
    marks: tuple[str, ...]
    class_b: str | None
    case_state: str
    owner: str
    owner_branch: str | None
    orders: tuple[OrderDraft, ...]
    appointment: datetime | None
    wake_on: date | None
    in_window: bool | None
    late_grace_until: date | None
    completed: bool
    counts: bool
    dead_number: bool
    profile_id: str
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Settlement":
        return from_plain(cls, data)
