"""What was answered to a step of a callback: one row a try, the final one decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from rules.plain_values import from_plain, to_plain


class Said(StrEnum):
    """The answer vocabulary. Only YES is a yes; SILENT and NOT_UNDERSTOOD leave an item open (S2, C10)."""

    YES = "YES"
    NO = "NO"
    UNSURE = "UNSURE"
    SILENT = "SILENT"  # nothing, or a mere sound of listening
    QUESTION = "QUESTION"  # asks back
    OBJECT = "OBJECT"  # disputes, complains, wants out; the detail says which
    BUSY = "BUSY"
    REFUSE = "REFUSE"
    HANGUP = "HANGUP"
    THIRD_PARTY = "THIRD_PARTY"
    REPEAT = "REPEAT"  # wants to hear it again
    OPERATOR = "OPERATOR"  # wants a person
    NOT_UNDERSTOOD = "NOT_UNDERSTOOD"


@dataclass(frozen=True, slots=True)
class Answer:
    """`try_no` counts the tries at this step within the call, from 1. `policy_no` None: about the person."""

    step: str
    answer: str
    try_no: int = 1
    policy_no: str | None = None
    corrected: bool | None = None  # True: clear only after an explanation; False: explained and still not clear
    detail: str | None = None
    how: str = "speech"
    heard: str = ""  # never what was said to prove identity
    confidence: float | None = None
    signer: str | None = None
    seller_statement: str | None = None
    final: bool = True
    date: str | None = None  # YYYY-MM-DD, where a day was asked for (C44)

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Answer":
        return from_plain(cls, data)
