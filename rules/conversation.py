"""A call, turn by turn: what was heard leads to what is said next. Values in, values out; nothing is remembered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.answers import Answer
from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.plain_values import from_plain, to_plain
from rules.script import Script

__all__ = [
    "Answer",
    "CallSheet",
    "Heard",
    "Listen",
    "PermittedTime",
    "PersonFacts",
    "PolicyFacts",
    "Progress",
    "Rendered",
    "Script",
    "Turn",
    "Utterance",
    "begin",
    "next_turn",
    "render",
]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the line brought: `speech`, `keys`, or `nothing` when the time to answer ran out."""

    kind: str
    text: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a call stands. Holds ids and counts only: no sentence, no personal data, nothing that proves identity."""

    turn: int = 0
    step: str = ""
    policy: int = 0
    saying: tuple[str, ...] = ()  # ids of the texts of this turn
    identity: str = "UNPROVEN"  # PROVEN or FAILED later
    identity_round: int = 1
    identity_passed: tuple[str, ...] = ()
    explained: int = 0  # explanations given at this step
    restated: bool = False
    silent_here: int = 0
    silent_in_a_row: int = 0
    misheard_here: int = 0
    misheard_in_a_row: int = 0
    repeats: int = 0
    persuaded: bool = False
    slowed: bool = False
    back: str | None = None  # the step to return to after a digression
    tries: dict[str, int] = field(default_factory=dict)  # rows recorded so far by step and policy
    open_items: tuple[str, ...] = ()  # items passed without a definite answer, as policy_no/step
    told: tuple[str, ...] = ()  # asides already given
    ready: str | None = None  # the ready answer being given
    appointment: datetime | None = None
    ended: str | None = None

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Progress":
        return from_plain(cls, data)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn brought: the new progress, and the rows to store."""

    progress: Progress
    answers: tuple[Answer, ...] = ()
    appointment: datetime | None = None
    candidate_number: str | None = None


@dataclass(frozen=True, slots=True)
class Utterance:
    """`step` as recorded; `discloses`: tells a fact of the policy (R31)."""

    id: str
    step: str
    text: str
    discloses: bool


@dataclass(frozen=True, slots=True)
class Listen:
    """How to listen: Twilio's Gather, in plain values. Times in seconds; `finish_on_key` "" means no such key."""

    input: str = "dtmf speech"
    num_digits: int | None = 1
    finish_on_key: str = ""
    timeout_s: int = 6
    speech_timeout: str = "2"
    hints: str = ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """`listen` None: hang up after the last utterance."""

    utterances: tuple[Utterance, ...]
    listen: Listen | None


def begin(script: Script, sheet: CallSheet) -> Turn:
    """The first thing said when somebody answers."""
    raise NotImplementedError


def next_turn(script: Script, sheet: CallSheet, progress: Progress, heard: Heard, now: datetime) -> Turn:
    """What follows from what was heard; an ended call stays as it is."""
    raise NotImplementedError


def render(script: Script, sheet: CallSheet, progress: Progress) -> Rendered:
    """What is said and how it is listened now; the same progress gives the same result."""
    raise NotImplementedError
