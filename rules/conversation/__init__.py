"""A call, turn by turn: what was heard leads to what is said next. Values in, values out; nothing is remembered.

`begin` and `next_turn` lead it, `render` words a progress, `offer` and `answered` are the same for somebody who reads,
`questionnaire` for somebody who writes.
"""

from rules.answers import Answer
from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.conversation.at_desk import Choice, Offer, offer
from rules.conversation.handover import handed_over, handover_reason
from rules.conversation.questionnaire import Question, questionnaire
from rules.conversation.rendering import render
from rules.conversation.turns import Given, answered, begin, next_turn
from rules.conversation.values import Heard, Listen, Progress, Rendered, Turn, Utterance
from rules.conversation.walk import identity_plan
from rules.script import Script

__all__ = [
    "Answer",
    "CallSheet",
    "Choice",
    "Given",
    "Heard",
    "Listen",
    "Offer",
    "PermittedTime",
    "PersonFacts",
    "PolicyFacts",
    "Progress",
    "Question",
    "Rendered",
    "Script",
    "Turn",
    "Utterance",
    "answered",
    "begin",
    "handed_over",
    "handover_reason",
    "identity_plan",
    "next_turn",
    "offer",
    "questionnaire",
    "render",
]
