"""What the selection is told, and what it answers."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from rules.calling.hours import Appointment
from rules.cases import CaseState
from rules.phone_checks import PhoneFacts
from rules.reasoning import Step


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dial. `result` is None, RINGING or UNKNOWN while it is open; `at_appointment` dials count only in total."""

    at: datetime
    person_id: int
    number: str
    result: str | None
    at_appointment: bool = False
    case_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One case as the selection sees it.

    `script` None: no script fits. `plan_began` is when the present round of dialling began (a case opened again
    starts afresh); None counts every attempt. `class_` and `reasons` are those of the last settled contact.
    `wants_person`: asked the robot for one in this round, or was not understood by it.
    """

    case_id: int
    policy_no: str
    person_id: int
    state: CaseState
    callable_on: date | None
    nominal_end: date | None
    handover_at: datetime | None
    birth_date: date | None = None
    language: str = "zh-CN"
    in_scope: bool = True
    special_callback: bool = False
    numbers: tuple[PhoneFacts, ...] = ()
    identity_elements: int = 3
    appointment: Appointment | None = None
    script: str | None = None
    class_: str | None = None
    reasons: tuple[str, ...] = ()
    plan_began: datetime | None = None
    wants_person: bool = False


# The answers are named tuples: half a million of them are made in one selection, in a third of the time.
class ToCall(NamedTuple):
    """One call. `nominal_end` is the earliest of its policies, `number` the next of the person's in turn."""

    person_id: int
    number: str
    case_ids: tuple[int, ...]
    at_appointment: bool
    nominal_end: date | None
    steps: tuple[Step, ...]


class Held(NamedTuple):
    """`until` is the next instant at which it is worth looking again, None where something else must happen first."""

    case_id: int
    policy_no: str
    reason: str
    until: datetime | None = None


class ToSettle(NamedTuple):
    """A case that is settled without a dial: PRECHECK with what is wrong, or PLAN_USED_UP."""

    case_id: int
    kind: str
    reason: str


class Selection(NamedTuple):
    callable: tuple[ToCall, ...]
    held: tuple[Held, ...]
    to_settle: tuple[ToSettle, ...]
