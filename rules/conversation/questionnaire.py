"""The same items on paper, at a visit or on an electronic form: what the script asks of each policy, without a telephone.

The step ids, conditions and open items are those of a call, so answers from any of them are settled by the same rules.
"""

import re
from dataclasses import dataclass, replace

from rules.call_sheet import CallSheet
from rules.conversation.values import Progress
from rules.conversation.walk import Walk
from rules.script import CHOICES, Script
from rules.script_texts import spoken_facts

# 「清楚请按1，不清楚请按2。」 and what only a listener needs
_KEYS = re.compile(r"[^。？]*按[0-9一二三四五六七八九][^。？]*。|可以直接说[^。？]*。")
_SIGNED_PAPER = ("NO", "UNSURE")


@dataclass(frozen=True, slots=True)
class Question:
    """`step` as recorded. `policy_no` None: about the person. `answers` empty: words or a day are written down."""

    step: str
    policy_no: str | None
    words: str
    answers: tuple[str, ...]
    explanation: str | None = None


def questionnaire(script: Script, sheet: CallSheet) -> tuple[Question, ...]:
    """Every item of every policy of the sheet, in the order of a call, then what is asked once. For the policyholder
    only: it tells what his policies are."""
    found: list[Question] = []
    for number in range(len(sheet.policies)):
        walk = Walk(script, sheet, replace(Progress(), policy=number, identity="PROVEN"))
        found += [_question(script, walk, item, True) for item in script.per_policy if walk.asks(item)]
        if number == len(sheet.policies) - 1:
            asked = (step for step in script.closing if script.steps[step].question and walk.meets(script.steps[step]))
            found += [_question(script, walk, step, False) for step in asked]
    return tuple(found)


def _question(script: Script, walk: Walk, item: str, of_policy: bool) -> Question:
    step = script.steps[item]
    facts = spoken_facts(script, walk.sheet, walk.policy, None, ())

    def words(text_id: str | None) -> str | None:
        if text_id is None:
            return None
        spoken = script.texts[text_id].words_in(walk.sheet.language).format_map(facts)
        return _KEYS.sub("", spoken).strip()

    chosen = step.question in CHOICES or step.question == "none_of_it"
    return Question(
        step=step.records,
        policy_no=walk.policy.policy_no if of_policy else None,
        words=words(step.ask) or "",
        answers=("YES", *_SIGNED_PAPER) if chosen else (),
        explanation=words(step.explain),
    )
