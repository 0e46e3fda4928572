"""What proves each answer of a callback: what was asked and under which rule, where in the recording, and what came back,
how and through whom."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter

from rules.script import Script

# What the clocks of the two sides do not tell of one another: the carrier writes its start in whole seconds, and a request
# and its document are a second on their way at the most, or the line would be silent.
EXACT_MS = 2_000
_ONE_SECOND = timedelta(seconds=1)
_HALF = timedelta(milliseconds=500)


class How(StrEnum):
    SPEECH = "speech"
    KEYS = "keys"
    AGENT = "agent"  # noted by the callback agent who led the call
    LETTER = "letter"
    VISIT = "visit"
    FORM = "form"
    SYSTEM = "system"  # nobody was asked: found out before or without a call


class Speaker(StrEnum):
    """Who gave an answer, as far as was known by then."""

    UNPROVEN = "UNPROVEN"  # identity was not proven yet
    POLICYHOLDER = "POLICYHOLDER"
    PROXY = "PROXY"  # somebody for whom the policyholder agreed on the line (C6)


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording as the carrier and the archive tell of it. `started_at`: its first sound by the carrier's clock, in
    whole seconds, rounded down; `seconds`: its length as measured, None while that is not known."""

    recording: str
    started_at: datetime | None = None
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn: when its document was made, and the texts said in it as (step recorded under, text id), in order."""

    at: datetime
    said: tuple[tuple[str, str], ...]
    identity: str = "UNPROVEN"


@dataclass(frozen=True, slots=True)
class Row:
    """An answer as it was taken down. `by`: the agent who noted it; None: the robot."""

    step: str
    answer: str
    answered_at: datetime
    case_id: int | None = None
    try_no: int = 1
    corrected: bool | None = None
    final: bool = True
    detail: str | None = None
    how: str = How.SPEECH
    confidence: float | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class ItemProof:
    """One answer with all that proves it.

    `question_ms` and `answer_ms` count from the recording's first sound. The question's first sound and the answer's last
    lie between the two, give or take `within_ms`: at `question_ms` we had made the document that asks, at `answer_ms` the
    answer had reached us. All three are None where there is no recording, or none of known length. `decides`: no later
    row of this call answers the same item of the same case.
    """

    case_id: int | None
    step: str
    answer: str
    corrected: bool | None
    detail: str | None
    try_no: int
    final: bool
    decides: bool
    script: str
    script_digest: str | None
    text: str | None
    rules: tuple[str, ...]
    recording: str | None
    question_ms: int | None
    answer_ms: int | None
    within_ms: int | None
    how: str
    confidence: float | None
    speaker: Speaker
    by: str | None
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class Timeline:
    """Where a recording begins on our clock, and how far from it what is counted may lie."""

    began_at: datetime
    within_ms: int

    def ms(self, instant: datetime) -> int:
        """Never before the first sound."""
        return max(0, round((instant - self.began_at) / timedelta(milliseconds=1)))


def timeline(answered_at: datetime | None, ended_at: datetime | None, sound: Sound | None) -> Timeline | None:
    """Where the recording of a call begins on our clock; None where nothing tells.

    A call is recorded from the moment it is answered, of which the first news reaches us a little later. The carrier's own
    start goes before it where the two cannot both be right. Whatever the sound is longer or shorter than the call as we
    saw it may lie anywhere, so it is added to what is uncertain.
    """
    if answered_at is None or sound is None or sound.seconds is None:
        return None
    began, apart = answered_at, timedelta()
    if sound.started_at is not None and not sound.started_at <= answered_at <= sound.started_at + _ONE_SECOND:
        began = sound.started_at + _HALF
        apart = abs(began - answered_at)
    within = timedelta(milliseconds=EXACT_MS) + apart
    if ended_at is not None:
        within += abs(ended_at - began - timedelta(seconds=sound.seconds))
    return Timeline(began, round(within / timedelta(milliseconds=1)))


def item_proofs(
    answers: Sequence[Row],
    turns: Sequence[Asked],
    script: Script | None,
    *,
    script_id: str,
    script_digest: str | None,
    sound: Sound | None = None,
    along: Timeline | None = None,
) -> tuple[ItemProof, ...]:
    """One proof for each row, in the order of `answers`. `turns` in the order of their time; `script` None where its text
    is not known any more, then no rule can be named. `along` is the timeline of `sound`."""
    last = {(row.case_id, row.step): n for n, row in enumerate(answers) if row.final}
    found, proxy = [], False
    for n, row in enumerate(answers):
        before = turns[: bisect_left(turns, row.answered_at, key=attrgetter("at"))]
        asked, text = _question(before, row.step)
        found.append(
            ItemProof(
                case_id=row.case_id,
                step=row.step,
                answer=row.answer,
                corrected=row.corrected,
                detail=row.detail,
                try_no=row.try_no,
                final=row.final,
                decides=last.get((row.case_id, row.step)) == n,
                script=script_id,
                script_digest=script_digest,
                text=text,
                rules=_rules(script, row.step, text),
                recording=sound.recording if sound is not None else None,
                question_ms=along.ms(asked.at) if along is not None and asked is not None else None,
                answer_ms=along.ms(row.answered_at) if along is not None and row.how != How.SYSTEM else None,
                within_ms=along.within_ms if along is not None else None,
                how=row.how,
                confidence=row.confidence,
                speaker=_speaker(before, proxy),
                by=row.by,
                answered_at=row.answered_at,
            )
        )
        proxy = proxy or (row.step == "T6" and row.answer == "YES" and row.final)
    return tuple(found)


def _question(before: Sequence[Asked], step: str) -> tuple[Asked | None, str | None]:
    """The last turn that asked for this step, and the text that did: what is said last in a turn is its question, and what
    a step records may be asked by another wording of it only."""
    for turn in reversed(before):
        for recorded, text in reversed(turn.said):
            if recorded == step:
                return turn, text
    return None, None


def _rules(script: Script | None, step: str, text: str | None) -> tuple[str, ...]:
    """Of the very node that was asked, else of every node that records this step; each once."""
    if script is None:
        return ()
    node = script.texts[text].step if text in script.texts else None
    if node in script.steps and script.steps[node].rules:
        return script.steps[node].rules
    return _of_all(script.steps, step)


def _of_all(steps: Mapping, step: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule for node in steps.values() if node.records == step for rule in node.rules))


def _speaker(before: Sequence[Asked], proxy: bool) -> Speaker:
    if proxy:
        return Speaker.PROXY
    return Speaker.POLICYHOLDER if before and before[-1].identity == "PROVEN" else Speaker.UNPROVEN
