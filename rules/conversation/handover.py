"""From the robot to a person in the middle of the script: when, and where the call then stands. The answers are kept."""

from dataclasses import replace

from rules.answers import Said
from rules.conversation.values import Progress, Turn
from rules.reasoning import Step
from rules.script import Script

# So often may a call be handed over: each time nobody picked up, or the line broke, the robot had it back.
MOST_HANDOVERS = 2
_COUNTED = "handed_over:call"

WHY = {
    "OPERATOR": Step("S7", "客户要求人工服务", "the customer asks for a person"),
    "LOW_CONFIDENCE": Step("S7", "同一问题多次未能听懂", "not understood several times at the same question"),
    "NEEDS_AGENT": Step(
        "C30", "语言或听力障碍，机器人无法继续", "a barrier of language or hearing: the robot cannot go on"
    ),
}


def handover_reason(script: Script, before: Progress, turn: Turn) -> str | None:
    """OPERATOR, LOW_CONFIDENCE or NEEDS_AGENT where this turn should be somebody's rather than the robot's; else None.

    Whether anybody is free decides nothing here; without one the turn stands as it is.
    """
    if before.ended or before.counts.get(_COUNTED, 0) >= MOST_HANDOVERS:
        return None
    if any(answer.answer == Said.OPERATOR for answer in turn.answers):
        return "OPERATOR"
    if turn.progress.step == "L1.barrier":
        return "NEEDS_AGENT"
    after = turn.progress.counts
    if any(
        key.startswith("misheard:") and count >= script.misheard > before.counts.get(key, 0)
        for key, count in after.items()
    ):
        return "LOW_CONFIDENCE"
    return None


def handed_over(script: Script, before: Progress, turn: Turn) -> Turn:
    """The same turn, answered by a person: the open question stays open, what was said is kept and decides nothing."""
    step = script.steps[before.step]
    progress = replace(
        before,
        turn=turn.progress.turn,
        saying=(step.again or step.ask,),
        tries=turn.progress.tries,
        counts={**before.counts, _COUNTED: before.counts.get(_COUNTED, 0) + 1},
        silent_in_a_row=0,
        misheard_in_a_row=0,
    )
    return Turn(progress, tuple(replace(answer, final=False) for answer in turn.answers))
