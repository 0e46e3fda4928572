"""One ended contact as values: the case, the call, what was said before, the paper that came back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rules.answers import Answer
from rules.outcomes import OPEN_ANSWERS
from rules.papers import Evidence
from rules.plain_values import from_plain, to_plain

# Details by which an answer itself tells it, whatever the facts of the call say: at I1, and where a number is named
VOICE_DOUBT, NEW_NUMBER = "VOICE_DOUBT", "NEW_NUMBER"
WRITTEN = frozenset({"LETTER", "VISIT", "E_CALLBACK"})


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
    traceability: str = "NONE"  # the sale's audio-video record: NONE, PASSED or INVALIDATED
    cooling_off_days: int | None = None  # the contract's own clause


@dataclass(frozen=True, slots=True)
class CallFacts:
    """`carrier_status`: completed, busy, no-answer, failed or canceled. `ended_step`: where the script stood.

    `line`: what a person heard on the line where no code tells it, such as SUSPENDED or SWITCHBOARD. `deliberate`:
    whether hanging up was meant as a no; None where only the course of the call can tell.
    """

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
    line: str | None = None
    deliberate: bool | None = None
    voice_doubt: bool = False  # the voice is not of the age or sex on record, though the data are right
    candidate_number: bool = False  # somebody named another number


@dataclass(frozen=True, slots=True)
class Contact:
    """`kind`: CALL, PRECHECK (no dial, `reason` says why), PLAN_USED_UP, LETTER, VISIT or E_CALLBACK.

    `earlier_answers` still hold. `answers` and `evidence` are those of a written callback. `plan_used_up`: nobody
    rings again after this call. `after_care`: it confirms the handling of an order (R92). `given_back`: the carrier had
    refused the dial and the case went on without it, before news came that it rang after all.
    """

    kind: str
    ended_at: datetime
    case: CaseFacts
    reason: str | None = None
    call: CallFacts | None = None
    earlier_answers: tuple[Answer, ...] = ()
    deliberate_hangups: int = 0  # of earlier calls
    answers: tuple[Answer, ...] = ()
    evidence: Evidence | None = None
    plan_used_up: bool = False
    after_care: bool = False
    given_back: bool = False

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Contact":
        return from_plain(cls, data)


def answers_of(contact: Contact) -> tuple[Answer, ...]:
    """The answers about this policy: of earlier calls those that still hold, then those of this call."""
    given = contact.call.answers if contact.call is not None else contact.answers
    mine = [a for a in given if a.policy_no in (None, contact.case.policy_no)]
    answered = {a.step for a in mine if a.final and a.answer not in OPEN_ANSWERS}
    earlier = [
        a
        for a in contact.earlier_answers
        if a.final
        and a.policy_no in (None, contact.case.policy_no)
        and a.step[:1] in "MN"
        and a.answer not in OPEN_ANSWERS
        and a.step not in answered
    ]
    open_now = {a.step for a in earlier}
    return (*earlier, *(a for a in mine if not (a.step in open_now and a.answer in OPEN_ANSWERS)))
