"""A call, turn by turn: what was heard leads to what is said next. Values in, values out; nothing is remembered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.answers import Answer, Said
from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step
from rules.script import BACK, IDENTITY_QUESTIONS, NEXT, NEXT_POLICY, Script, ScriptStep
from rules.script_texts import spoken_facts
from rules.speech import LEAST_CONFIDENCE, Understood, understand, understand_key
from rules.spoken_numbers import masked, read_birth_date, read_digits, read_mobile
from rules.spoken_times import read_time

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

IDENTITY_ELEMENTS = 2
IDENTITY_ROUNDS = 2  # one retry
DIGRESSIONS = 2  # how often the same aside may interrupt a call
MISHEARD_IN_A_ROW = 4  # then the language itself is asked about


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
    call = _Call(script, sheet, Progress())
    call.go(script.opening[0])
    return call.turn()


def next_turn(script: Script, sheet: CallSheet, progress: Progress, heard: Heard, now: datetime) -> Turn:
    """What follows from what was heard; an ended call stays as it is."""
    if progress.ended:
        return Turn(progress)
    call = _Call(script, sheet, progress)
    call.hear(heard, now)
    return call.turn()


def render(script: Script, sheet: CallSheet, progress: Progress) -> Rendered:
    """What is said and how it is listened now; the same progress gives the same result."""
    policy = sheet.policies[min(progress.policy, len(sheet.policies) - 1)]
    facts = spoken_facts(script, sheet, policy, progress.appointment, progress.slots)
    utterances = []
    for text_id in progress.saying:
        text = script.texts[text_id]
        step = script.steps[text.step].records if text.step in script.steps else progress.step
        utterances.append(Utterance(text_id, step, text.words.format_map(facts), text.discloses))
    if progress.ended:
        return Rendered(tuple(utterances), None)
    return Rendered(tuple(utterances), _listen(script.steps[progress.step]))


def identity_plan(sheet: CallSheet) -> tuple[str, ...]:
    """The elements asked: the first two on file of birth date, last four of the ID number, district."""
    person = sheet.person
    on_file = {
        "birth_date": person.birth_date is not None,
        "id_last4": bool(person.id_last4),
        "district": bool(person.district),
    }
    return tuple(element for element in IDENTITY_QUESTIONS if on_file[element])[:IDENTITY_ELEMENTS]


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
    "birth_date": "一九八零年三月五号",
    "anything_else": "没有了,我想问",
    "understands": "能听懂,听不懂",
}


def _listen(step: ScriptStep) -> Listen:
    question, hints = step.question, _HINTS.get(step.question or "", "")
    if question == "birth_date":
        return Listen(num_digits=8, timeout_s=8, speech_timeout="3", hints=hints)
    if question == "id_last4":
        return Listen(num_digits=4, timeout_s=8, speech_timeout="3", hints=hints)
    if question in ("district", "what") or (question == "time" and not step.keys):
        return Listen(input="speech", num_digits=None, timeout_s=8, speech_timeout="3", hints=hints)
    return Listen(hints=hints)


class _Call:
    """One turn being worked out. Lives for the length of a function call."""

    def __init__(self, script: Script, sheet: CallSheet, progress: Progress):
        self.script, self.sheet = script, sheet
        self.at = {name: getattr(progress, name) for name in Progress.__dataclass_fields__}
        self.at["counts"], self.at["tries"] = dict(progress.counts), dict(progress.tries)
        self.at["turn"] = progress.turn + 1
        self.at["saying"] = ()
        self.answers: list[Answer] = []
        self.candidate: str | None = None
        self.heard = Heard("nothing")

    def turn(self) -> Turn:
        progress = Progress(**self.at)
        return Turn(progress, tuple(self.answers), progress.appointment, self.candidate)

    # ------------------------------------------------------------ small words

    @property
    def step(self) -> ScriptStep:
        return self.script.steps[self.at["step"]]

    @property
    def per_policy(self) -> bool:
        return self.at["place"] in self.script.per_policy

    def say(self, *text_ids: str | None) -> None:
        self.at["saying"] += tuple(text_id for text_id in text_ids if text_id)

    def count(self, what: str, where: str | None = None) -> int:
        """Counts one more, and returns how often it has happened here."""
        key = f"{what}:{self._here() if where is None else where}"
        self.at["counts"][key] = self.at["counts"].get(key, 0) + 1
        return self.at["counts"][key]

    def counted(self, what: str, where: str | None = None) -> int:
        return self.at["counts"].get(f"{what}:{self._here() if where is None else where}", 0)

    def _here(self) -> str:
        extra = self.at["policy"] if self.per_policy else self.at["identity_round"]
        return f"{self.at['step']}/{extra}"

    def record(
        self,
        understood: Understood,
        *,
        final: bool,
        corrected: bool | None = None,
        step: str | None = None,
        answer: Said | None = None,
        detail: str | None = None,
        person: bool = False,
    ) -> None:
        records = step or self.step.records
        of_policy = self.per_policy and not person and records not in ("K3", "C3")
        policy = self.sheet.policies[self.at["policy"]].policy_no if of_policy else None
        key = f"{records}/{self.at['policy'] if of_policy else ''}"
        self.at["tries"][key] = self.at["tries"].get(key, 0) + 1
        secret = self.step.question in IDENTITY_QUESTIONS
        self.answers.append(
            Answer(
                step=records,
                answer=str(answer or understood.answer),
                try_no=self.at["tries"][key],
                policy_no=policy,
                corrected=corrected,
                detail=(detail if detail is not None else understood.detail) or None,
                how="keys" if self.heard.kind == "keys" else "speech",
                heard="" if secret else masked(self.heard.text)[:200],
                confidence=understood.confidence,
                signer=understood.signer,
                seller_statement=understood.seller_statement,
                final=final,
            )
        )

    # ------------------------------------------------------------ where to go

    def go(self, target: str) -> None:
        """Say what stands on the way, up to the next question or the end."""
        while True:
            if target == BACK:
                self._back()
                return
            if target == NEXT:
                target = self._following()
            elif target == NEXT_POLICY:
                self.at["undelivered"] += (self.at["policy"],)
                target = self._next_policy()
            if target in ("A1", "T2") and not self.sheet.appointment_times:
                target = "A1.none" if target == "A1" else "T2.unbooked"
            step = self.script.steps[target]
            if step.discloses and self.at["identity"] != "PROVEN":
                # R31: no path of a script may lead here; if one does, the call ends rather than tell
                step = self.script.steps["X"]
            self.at["step"] = step.id
            if step.id in self.script.opening + self.script.per_policy + self.script.closing:
                self.at["place"] = step.id
            self.say(step.ask)
            if step.question:
                return
            if step.end:
                self.at["ended"] = step.end
                return
            target = step.next or NEXT

    def _back(self) -> None:
        step = self.script.steps[self.at["place"]]
        self.at["step"] = step.id
        self.say(step.again or step.ask)

    def _following(self) -> str:
        script, place = self.script, self.at["place"]
        if place in script.opening:
            return self._after_opening(place)
        if place in script.per_policy:
            item = self._item_after(place)
            return item or self._next_policy()
        after = script.closing[script.closing.index(place) + 1]
        return self._closing(after)

    def _after_opening(self, place: str) -> str:
        plan = identity_plan(self.sheet)
        rest = self.script.opening[self.script.opening.index(place) + 1 :]
        for step_id in rest:
            question = self.script.steps[step_id].question
            if question not in IDENTITY_QUESTIONS or (question in plan and len(plan) == IDENTITY_ELEMENTS):
                return step_id
        if len(plan) < IDENTITY_ELEMENTS:
            self.at["identity"] = "FAILED"
            nothing = Understood(
                Said.NO, Step("R76", "登记的身份信息不足两项", "fewer than two identity elements on file")
            )
            self.record(nothing, final=True, step="I1", detail="TOO_FEW_ELEMENTS", person=True)
            return "I1.mismatch"
        return self._first_policy(0)

    def _first_policy(self, index: int) -> str:
        """The first item asked of policy `index` or of one after it; the closing when none is left."""
        script = self.script
        while index < len(self.sheet.policies):
            self.at["policy"] = index
            first = next((item for item in script.per_policy if self._asked(item)), None)
            if first is not None:
                if first != script.per_policy[0]:
                    self.say("phrase.resumed")
                elif index > 0:
                    self.say("phrase.next_policy")
                return first
            index += 1
        self.at["policy"] = len(self.sheet.policies) - 1
        return self._closing(script.closing[0])

    def _next_policy(self) -> str:
        return self._first_policy(self.at["policy"] + 1)

    def _item_after(self, place: str) -> str | None:
        items = self.script.per_policy
        return next((item for item in items[items.index(place) + 1 :] if self._asked(item)), None)

    def _asked(self, item: str) -> bool:
        policy = self.sheet.policies[self.at["policy"]]
        step = self.script.steps[item]
        if step.when == "regular_premium" and policy.premium_mode == "SINGLE":
            return False
        return policy.open_items is None or step.records in policy.open_items

    def _closing(self, step_id: str) -> str:
        if len(self.at["undelivered"]) == len(self.sheet.policies):
            return "Z1.undelivered"
        if step_id == self.script.closing[-1] and self.at["open_items"]:
            return "Z1.open"
        return step_id

    # ------------------------------------------------------------ what was heard

    def hear(self, heard: Heard, now: datetime) -> None:
        self.heard = heard
        step = self.step
        if heard.kind == "speech":
            self.candidate = read_mobile(heard.text) if step.question == "time" else None
        if step.question in IDENTITY_QUESTIONS and self._hear_element(step, heard):
            return
        understood = self._understand(step, heard)
        if step.question == "time" and self._hear_time(step, heard, understood, now):
            return
        self._answer(step, understood, now)

    def _understand(self, step: ScriptStep, heard: Heard) -> Understood:
        if heard.kind == "nothing" or not heard.text.strip():
            return Understood(Said.SILENT, Step("S2", "没有回答", "no answer"))
        if heard.kind == "keys":
            if step.question in IDENTITY_QUESTIONS and heard.text not in ("0", "9"):
                return Understood(Said.NOT_UNDERSTOOD, Step("C10", "按键读不出来", "these keys cannot be read"))
            return understand_key(heard.text, step.keys)
        return understand(heard.text, step.question or "clear", heard.confidence, names=_names(self.sheet.person))

    def _answer(self, step: ScriptStep, understood: Understood, now: datetime) -> None:
        answer = understood.answer
        if answer is Said.SILENT:
            return self._silent(step, understood, now)
        if answer is not Said.NOT_UNDERSTOOD:
            self.at["silent_in_a_row"] = 0
        if answer is Said.NOT_UNDERSTOOD:
            return self._misheard(step, understood, now)
        if answer is Said.REPEAT and "REPEAT" not in step.on:
            if self.count("repeated") <= self.script.repeats:
                self.record(understood, final=False)
                return self.say(step.ask)  # asked to hear it again: the whole of it, and no try is lost
            return self._misheard(step, understood, now)
        self.at["misheard_in_a_row"] = 0
        if understood.detail in ("LANGUAGE", "HEARING", "AGE"):
            self.at["barrier"] = understood.detail
        if step.question == "anything_else" or step.question == "what":
            if self._hear_question(step, understood):
                return None
        elif step.records == "K3" and step.question == "clear":
            return self._ready_answer_clear(understood)
        if answer is Said.OBJECT and understood.detail == "DENIES" and step.restate and not self.counted("restated"):
            self.count("restated")
            self.record(understood, final=False, detail="")
            return self.say(step.restate, step.again or step.ask)
        target = self._target(step, understood)
        if target is not None:
            return self._follow(step, understood, target, now)
        return self._item(step, understood, now)

    def _target(self, step: ScriptStep, understood: Understood) -> str | None:
        plain, refined = str(understood.answer), f"{understood.answer}.{understood.detail}"
        anywhere = self.script.anywhere
        for target in (step.on.get(refined), anywhere.get(refined), step.on.get(plain), anywhere.get(plain)):
            if target is not None and not self._would_tell(target):
                return target
        return None

    def _would_tell(self, target: str) -> bool:
        step = self.script.steps.get(target)
        return step is not None and step.discloses and self.at["identity"] != "PROVEN"

    def _follow(self, step: ScriptStep, understood: Understood, target: str, now: datetime) -> None:
        answer = understood.answer
        if target == "R1" and step.question in IDENTITY_QUESTIONS:
            target = "I1.declined"
        if target == "I1.declined" and step.restate and not self.counted("restated"):
            self.count("restated")
            self.record(understood, final=False, person=True)
            return self.say(step.restate, step.again or step.ask)
        if target == "R1" and self.counted("visited", "R1"):
            target = "R1.refused"  # persuaded once (C31)
        if target == "L1" and self.counted("visited", "L1"):
            target = "L1.barrier"
        if target == "D2":
            self.record(understood, final=True, step="M1")
            return self.go(target)
        if target == "R1.refused":
            self.record(understood, final=True, step="R1", answer=Said.REFUSE, person=True)
            return self.go(target)
        if target == "L1.barrier":
            barrier = self.at["barrier"] or "LANGUAGE"
            self.record(understood, final=True, step="C3", answer=Said.NO, detail=barrier, person=True)
            return self.go(target)
        if answer is Said.QUESTION and step.restate and not self.counted("restated"):
            self.count("restated")
            self.record(understood, final=False)
            return self.say(step.restate, step.again or step.ask)
        if understood.signer and step.question == "signature":
            target = NEXT  # said unasked who it was
        digresses = self._digresses(target)
        if digresses and self.count("visited", target) > DIGRESSIONS:
            return self._misheard(step, understood, now)
        if target == "T1.deceased":
            self.record(understood, final=True, step="T1", answer=Said.NO, detail="DECEASED", person=True)
        elif target == "T4":
            self.record(understood, final=True, step="T1", answer=Said.NO, detail="NO_SUCH_PERSON", person=True)
        elif target in ("K3.complaint", "K3.surrender"):
            self.record(understood, final=True, step="K3", person=True)
        elif step.id == "K1.since":
            since = {Said.YES: "CHANGED", Said.NO: "WRONG"}.get(answer)
            self.record(understood, final=True, answer=Said.NO, detail=since)
        elif step.question == "time":
            self.record(understood, final=False, person=True)
        else:
            item = self.per_policy and step.id == self.at["place"]
            corrected = True if answer is Said.YES and self._was_unclear(step) else None
            detail = "" if understood.detail == "DENIES" else None
            open_still = (digresses and item) or target == "K3.what"
            self.record(understood, final=not open_still, corrected=corrected, detail=detail)
        if target == NEXT_POLICY or (target in self.script.steps and self.script.steps[target].next == NEXT_POLICY):
            self.at["silent_in_a_row"] = 0
        if target == BACK and step.id == "L1":
            self.say("phrase.slower")
        return self.go(target)

    def _digresses(self, target: str) -> bool:
        """Whether the call will come back to the same question after `target`."""
        step = self.script.steps.get(target)
        if step is None or step.end or target in self.script.per_policy or target in self.script.closing:
            return False
        return step.next in (BACK, self.at["place"], self.at["step"]) or target in ("R1", "L1", "A1", "A1.operator")

    def _item(self, step: ScriptStep, understood: Understood, now: datetime) -> None:
        """An item of the list, or a question whose step says nothing special about this answer."""
        answer = understood.answer
        if step.question == "signer":
            self.record(understood, final=True, answer=Said.NO)
            return self.go(NEXT)
        if answer is Said.YES:
            self.record(understood, final=True, corrected=True if self._was_unclear(step) else None)
            return self.go(NEXT)
        if step.explain is None:
            return self._misheard(step, understood, now)
        if self.counted("explained") < self.script.explanations:
            self.count("explained")
            self.record(understood, final=False)
            return self.say(step.explain, step.again or step.ask)
        self.record(understood, final=True, corrected=False, detail="" if understood.detail == "DENIES" else None)
        return self.go(NEXT)

    def _was_unclear(self, step: ScriptStep) -> bool:
        return bool(step.explain and (self.counted("explained") or self.counted("restated")))

    def _silent(self, step: ScriptStep, understood: Understood, now: datetime) -> None:
        self.at["silent_in_a_row"] += 1
        if self.at["silent_in_a_row"] >= self.script.silent_turns:
            self._leave_open(understood)
            return self.go("X")
        if self.count("silent") == 1:
            self.record(understood, final=False)
            return self.say("phrase.silent", step.again or step.ask)
        return self._give_up(step, understood, now)

    def _misheard(self, step: ScriptStep, understood: Understood, now: datetime) -> None:
        self.at["misheard_in_a_row"] += 1
        times = self.count("misheard")
        if times >= self.script.misheard:
            return self._give_up(step, understood, now)
        if self.at["misheard_in_a_row"] >= MISHEARD_IN_A_ROW and not self.counted("visited", "L1"):
            self.record(understood, final=False)
            self.count("visited", "L1")
            return self.go("L1")
        self.record(understood, final=False)
        keys = "phrase.use_keys" if times > 1 and step.keys else None
        return self.say("phrase.misheard", keys, step.again or step.ask)

    def _give_up(self, step: ScriptStep, understood: Understood, now: datetime) -> None:
        """Asked often enough at this step without an answer. An item stays open; it is never a yes (S2)."""
        target = step.on.get("SILENT" if understood.answer is Said.SILENT else "NOT_UNDERSTOOD")
        if target is not None:
            return self._follow(step, understood, target, now)
        if step.question == "time":
            self.record(understood, final=False, person=True)
            return self._book_default(now)
        if step.id in ("K3.what", "K3.answered"):
            self.record(understood, final=True, answer=Said.QUESTION, detail="NOT_ANSWERABLE", corrected=False)
            return self.go("K3.noted")
        if step.id == "K1.since":
            self.record(understood, final=True, answer=Said.NO)
            return self.go("K1.noted")
        if self.per_policy or self.at["place"] in self.script.closing:
            self._leave_open(understood)
            return self.go(NEXT)
        self.record(understood, final=False)
        if understood.answer is not Said.SILENT and not self.counted("visited", "L1"):
            self.count("visited", "L1")
            return self.go("L1")
        return self.go("X")

    def _leave_open(self, understood: Understood) -> None:
        step = self.step
        if step.id != self.at["place"]:  # a detail such as who signed: what it belongs to has been answered
            return self.record(understood, final=False)
        if self.per_policy:
            self.at["open_items"] += (f"{self.at['policy']}/{step.records}",)
        return self.record(understood, final=True)

    # ------------------------------------------------------------ identity

    def _hear_element(self, step: ScriptStep, heard: Heard) -> bool:
        """Whether what was heard is an answer to this element, right or wrong. What was said is kept nowhere."""
        if heard.kind == "nothing" or not heard.text.strip():
            return False
        if heard.kind == "speech" and heard.confidence is not None and heard.confidence < LEAST_CONFIDENCE:
            return False
        person = self.sheet.person
        if step.question == "birth_date":
            said = read_birth_date(heard.text)
            right = said is not None and said == person.birth_date
        elif step.question == "id_last4":
            said = read_digits(heard.text, 4)
            right = said is not None and said == (person.id_last4 or "").upper()
        else:
            if heard.kind == "keys":
                return False
            right = _same_district(heard.text, person.district or "")
            said = "" if right or re.search(r"[区县市旗]", heard.text) else None
        if said is None:
            understood = self._understand(step, heard)
            if heard.kind == "keys" or understood.answer not in (Said.NO, Said.UNSURE) or understood.detail:
                return False
        self.at["silent_in_a_row"] = self.at["misheard_in_a_row"] = 0
        self._element(step, right)
        return True

    def _element(self, step: ScriptStep, right: bool) -> None:
        if right:
            self.at["identity_passed"] += (step.question,)
        plan = identity_plan(self.sheet)
        if step.question != plan[-1]:
            return self.go(NEXT)
        if len(self.at["identity_passed"]) == len(plan):
            self.at["identity"] = "PROVEN"
            self.record(_element_result(Said.YES), final=True, step="I1", person=True)
            return self.go(NEXT)
        self.record(_element_result(Said.NO), final=True, step="I1", person=True)
        if self.at["identity_round"] < IDENTITY_ROUNDS:
            self.at["identity_round"] += 1
            self.at["identity_passed"] = ()
            self.say("phrase.mismatch")
            first = next(s for s in self.script.opening if self.script.steps[s].question == plan[0])
            return self.go(first)
        self.at["identity"] = "FAILED"
        return self.go("I1.mismatch")

    # ------------------------------------------------------------ appointments

    def _hear_time(self, step: ScriptStep, heard: Heard, understood: Understood, now: datetime) -> bool:
        third_party = step.id == "T2"
        if understood.answer in (Said.REFUSE, Said.SILENT, Said.REPEAT) or understood.detail in (
            "NO_SUCH_PERSON",
            "DECEASED",
        ):
            return False
        if understood.detail in ("SLOT1", "SLOT2"):
            slots = self.at["slots"]
            return self._book(step, slots[min(int(understood.detail[-1]), len(slots)) - 1], understood)
        if heard.kind != "speech" or (heard.confidence is not None and heard.confidence < LEAST_CONFIDENCE):
            return False
        local = now.astimezone(self.sheet.appointment_times[0].start.tzinfo) if self.sheet.appointment_times else now
        meant = read_time(heard.text, local)
        if meant is not None:
            if self._permitted(meant):
                return self._book(step, meant, understood)
            self.at["silent_in_a_row"] = 0
            if third_party:
                self.record(understood, final=True, answer=Said.NO, detail="TIME_NOT_PERMITTED", person=True)
                self.go("T2.unbooked")
                return True
            self.record(understood, final=False, answer=Said.NO, detail="TIME_NOT_PERMITTED", person=True)
            slots = self._slots_near(meant)
            if step.id == "A1.offer" or not slots:
                self._book_default(now)
            else:
                self.at["slots"] = slots
                self.go("A1.offer")
            return True
        if not third_party and understood.answer in (
            Said.YES,
            Said.NO,
            Said.UNSURE,
            Said.BUSY,
            Said.NOT_UNDERSTOOD,
            Said.THIRD_PARTY,
        ):
            if step.id == "A1.offer" and understood.answer is Said.YES and self.at["slots"]:
                return self._book(step, self.at["slots"][0], understood)
            self._misheard(step, Understood(Said.NOT_UNDERSTOOD, understood.because, understood.confidence), now)
            return True
        return False

    def _permitted(self, at: datetime) -> bool:
        return any(span.start <= at < span.end for span in self.sheet.appointment_times)

    def _book(self, step: ScriptStep, at: datetime, understood: Understood) -> bool:
        self.at["appointment"] = at
        self.at["silent_in_a_row"] = 0
        self.record(understood, final=True, answer=Said.YES, detail="", person=True)
        self.go(step.on["YES"])
        return True

    def _book_default(self, now: datetime) -> None:
        earliest = now + timedelta(hours=self.sheet.min_gap_hours)
        for span in self.sheet.appointment_times:
            at = _half_hour(max(span.start + timedelta(hours=1), earliest).astimezone(span.start.tzinfo))
            if at < span.end:
                self.at["appointment"] = at
                return self.go("A1.default")
        return self.go("A1.none")

    def _slots_near(self, meant: datetime) -> tuple[datetime, ...]:
        """Up to two permitted half hours, the nearest to what was wanted first, an hour or more apart."""
        found = []
        for span in self.sheet.appointment_times:
            at = _half_hour(span.start)
            while at < span.end:
                found.append(at)
                at += timedelta(minutes=30)
        found.sort(key=lambda at: (abs(at - meant), at))
        second = next((at for at in found[1:] if abs(at - found[0]) >= timedelta(hours=1)), None)
        return tuple(at for at in (found[0] if found else None, second) if at is not None)

    # ------------------------------------------------------------ open questions (K3)

    def _hear_question(self, step: ScriptStep, understood: Understood) -> bool:
        if understood.answer is Said.NO and understood.detail is None:
            if step.question == "what":
                self.record(understood, final=True, answer=Said.NO)
                self.go(NEXT)
                return True
            return False
        known = understood.answer in (Said.QUESTION, Said.UNSURE, Said.NO) or step.question == "what"
        if understood.detail or not known or understood.answer in (Said.REFUSE, Said.BUSY, Said.OPERATOR):
            return False
        ready = self._ready_for(self.heard.text) if self.heard.kind == "speech" else None
        if ready is not None and self.count("answered", "K3") <= DIGRESSIONS:
            self.record(understood, final=False, answer=Said.QUESTION)
            self.at["ready"] = ready.id
            self.say(ready.text)
            self.go("K3.answered")
            return True
        if step.question == "anything_else" and (self.heard.kind == "keys" or len(self.heard.text) <= 6):
            return False  # only said that there is one: ask what it is
        self.record(understood, final=True, answer=Said.QUESTION, detail="NOT_ANSWERABLE", corrected=False)
        self.go("K3.noted")
        return True

    def _ready_for(self, text: str):
        return next((r for r in self.script.ready_answers if any(word in text for word in r.words)), None)

    def _ready_answer_clear(self, understood: Understood) -> None:
        if understood.answer is Said.YES:
            self.record(understood, final=True, answer=Said.QUESTION, detail="ANSWERED", corrected=True)
            return self.go(NEXT)
        self.record(understood, final=True, answer=Said.QUESTION, detail="NOT_ANSWERABLE", corrected=False)
        return self.go("K3.noted")


def _element_result(answer: Said) -> Understood:
    words = (
        ("两项身份信息一致", "both elements agree")
        if answer is Said.YES
        else ("身份信息不一致", "the elements do not agree")
    )
    return Understood(answer, Step("R31", *words))


def _same_district(said: str, on_file: str) -> bool:
    def core(name: str) -> str:
        return re.sub(r"(自治县|新区|区|县|市|旗)$", "", name)

    wanted = core(on_file.strip())
    return (
        len(wanted) >= 2
        and wanted in re.sub(r"\s", "", said)
        and not re.search(rf"不(是|在)[^，,。]*{re.escape(wanted)}", said)
    )


def _half_hour(at: datetime) -> datetime:
    """`at` or the next full half hour."""
    rest = (at.minute % 30) * 60 + at.second + at.microsecond / 1_000_000
    return at if rest == 0 else (at + timedelta(seconds=1800 - rest)).replace(second=0, microsecond=0)


def _names(person: PersonFacts) -> tuple[str, ...]:
    return (person.name, f"{person.name[:1]}{person.title}") if person.name else ()
