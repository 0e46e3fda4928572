"""Progress → what is said now, and how it is listened."""

from rules.call_sheet import CallSheet
from rules.conversation.values import Listen, Progress, Rendered, Utterance
from rules.script import Script, ScriptStep
from rules.script_texts import spoken_facts

_HINTS = {
    "person": "是我,我就是,不是,打错了,他不在",
    "convenient": "方便,不方便,在开车,你说",
    "willing": "愿意,不愿意,换个时间",
    "confirm": "是的,不是,收到了,没有,签了,正确",
    "clear": "清楚,不清楚,知道,不知道,明白",
    "purchase": "是的,买了,没买过,以为是存款",
    "signature": "是我签的,不是我签的,记不清了",
    "signer": "家里人,业务员,不清楚",
    "documents": "清楚,不清楚,看过,没看过",
    "time": "今天下午三点,明天上午十点,晚上七点半",
    "day": "九月十号,上个月二十号,昨天,记不清了",
    "birth_date": "一九八零年三月五号",
    "consent": "同意,不同意,可以,我自己来",
    "none_of_it": "没有,没有人说过,有",
    "anything_else": "没有了,我想问",
    "understands": "能听懂,听不懂",
}


def render(script: Script, sheet: CallSheet, progress: Progress) -> Rendered:
    """What is said and how it is listened now; the same progress gives the same result."""
    policy = sheet.policies[min(progress.policy, len(sheet.policies) - 1)]
    facts = spoken_facts(script, sheet, policy, progress.appointment, progress.slots)
    utterances = []
    for text_id in progress.saying:
        text = script.texts[text_id]
        step = script.steps[text.step].records if text.step in script.steps else progress.step
        utterances.append(Utterance(text_id, step, text.words_in(sheet.language).format_map(facts), text.discloses))
    if progress.ended:
        return Rendered(tuple(utterances), None)
    return Rendered(tuple(utterances), _listen(script.steps[progress.step]))


def _listen(step: ScriptStep) -> Listen:
    question, hints = step.question, _HINTS.get(step.question or "", "")
    if question == "birth_date":
        return Listen(num_digits=8, timeout_s=8, speech_timeout="3", hints=hints)
    if question == "id_last4":
        return Listen(num_digits=4, timeout_s=8, speech_timeout="3", hints=hints)
    if question in ("district", "what") or (question == "time" and not step.keys):
        return Listen(input="speech", num_digits=None, timeout_s=8, speech_timeout="3", hints=hints)
    return Listen(hints=hints)
