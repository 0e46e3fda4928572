"""What goes into a turn of a call and what comes out, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.answers import Answer
from rules.plain_values import from_plain, to_plain


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
    step: str = ""  # the step whose question is open, or where the call ended
    place: str = ""  # the step of the main path it belongs to
    policy: int = 0
    saying: tuple[str, ...] = ()  # ids of the texts of this turn
    identity: str = "UNPROVEN"  # PROVEN or FAILED later
    identity_round: int = 1
    identity_passed: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)  # silent, misheard, repeated, explained … at each step
    silent_in_a_row: int = 0
    misheard_in_a_row: int = 0
    tries: dict[str, int] = field(default_factory=dict)  # rows recorded so far by step and policy
    open_items: tuple[str, ...] = ()  # items passed without a definite answer, as policy index/step
    undelivered: tuple[int, ...] = ()  # policies whose contract has not been received
    slots: tuple[datetime, ...] = ()  # times offered
    barrier: str | None = None  # LANGUAGE, HEARING or AGE
    ready: str | None = None  # the ready answer given last
    appointment: datetime | None = None
    proxy: str | None = None  # WANTED: a relative asks to answer; AGREED: the policyholder said yes to it (C6)
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
