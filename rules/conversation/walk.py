"""One turn being worked out: where the call stands, what is recorded, and which step of the script follows which."""

from rules.answers import Answer, Said
from rules.call_sheet import CallSheet, PolicyFacts
from rules.conversation.values import Heard, Progress, Turn
from rules.outcomes import SIGNATURE_ITEMS
from rules.reasoning import Step
from rules.script import BACK, IDENTITY_QUESTIONS, NEXT, NEXT_POLICY, Script, ScriptStep
from rules.script_conditions import met
from rules.speech import Understood
from rules.spoken_numbers import masked

IDENTITY_ELEMENTS = 2
# Recorded about the person, whichever policy is being talked of
_ABOUT_THE_PERSON = ("K2", "K3", "C3")


def identity_plan(sheet: CallSheet) -> tuple[str, ...]:
    """The elements asked: the first two on file of birth date, last four of the ID number, district."""
    person = sheet.person
    on_file = {
        "birth_date": person.birth_date is not None,
        "id_last4": bool(person.id_last4),
        "district": bool(person.district),
    }
    return tuple(element for element in IDENTITY_QUESTIONS if on_file[element])[:IDENTITY_ELEMENTS]


class Walk:
    """Lives for the length of a function call: begun from one progress, turned into the next."""

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
    def policy(self) -> PolicyFacts:
        return self.sheet.policies[self.at["policy"]]

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
        date: str | None = None,
    ) -> None:
        records = step or self.step.records
        about = self.about(records, person)
        policy = self.sheet.policies[about].policy_no if about is not None else None
        key = f"{records}/{'' if about is None else about}"
        self.at["tries"][key] = self.at["tries"].get(key, 0) + 1
        secret = self.step.question in IDENTITY_QUESTIONS or self.step.sensitive
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
                date=date,
            )
        )

    def about(self, records: str, person: bool = False) -> int | None:
        """The policy that an answer to this step is about, by its number; None: the person."""
        return self.at["policy"] if self.per_policy and not person and records not in _ABOUT_THE_PERSON else None

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
            on_path = target in self.script.opening + self.script.per_policy + self.script.closing
            if not self.meets(step):
                self.at["place"] = target if on_path else self.at["place"]
                target = step.otherwise or NEXT
                continue
            if self.withholds(step):
                step = self.script.steps["X"]
            self.at["step"] = step.id
            if on_path and step.id == target:
                self.at["place"] = step.id
            self.say(step.ask)
            if step.question:
                return
            if step.end:
                self.at["ended"] = step.end
                return
            target = step.next or NEXT

    def withholds(self, step: ScriptStep) -> bool:
        """R31: no path of a script may lead to such a step; if one does, the call ends rather than tell."""
        return step.discloses and self.at["identity"] != "PROVEN"

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
        rest = script.closing[script.closing.index(place) + 1 :]
        after = next((s for s in rest if self.meets(script.steps[s])), rest[-1])
        return self._closing(after)

    def _after_opening(self, place: str) -> str:
        plan = identity_plan(self.sheet)
        too_few = len(plan) < IDENTITY_ELEMENTS
        for step_id in self.script.opening[self.script.opening.index(place) + 1 :]:
            step = self.script.steps[step_id]
            if step.question in IDENTITY_QUESTIONS:
                if too_few:
                    return self._not_enough_on_file()
                if step.question in plan:
                    return step_id
            elif step.question == "consent":
                if self.at["proxy"] == "WANTED":
                    return step_id
            elif self.meets(step):
                return step_id
        if too_few:
            return self._not_enough_on_file()
        return self._first_policy(0)

    def _not_enough_on_file(self) -> str:
        self.at["identity"] = "FAILED"
        nothing = Understood(Said.NO, Step("R76", "登记的身份信息不足两项", "fewer than two identity elements on file"))
        self.record(nothing, final=True, step="I1", detail="TOO_FEW_ELEMENTS", person=True)
        return "I1.mismatch"

    def _first_policy(self, index: int) -> str:
        """The first item asked of policy `index` or of one after it; the closing when none is left."""
        script = self.script
        while index < len(self.sheet.policies):
            self.at["policy"] = index
            first = next((item for item in script.per_policy if self.asks(item)), None)
            if first is not None:
                if first != script.per_policy[0] or (index == 0 and self._begins_in_the_middle):
                    self.say("phrase.resumed")
                elif index > 0:
                    self.say("phrase.next_policy")
                elif "phrase.begins" in script.texts and self.at["proxy"] is None:
                    self.say("phrase.begins")
                return first
            index += 1
        self.at["policy"] = len(self.sheet.policies) - 1
        return self._closing(script.closing[0])

    @property
    def _begins_in_the_middle(self) -> bool:
        """Scripts for what an earlier call left open say why they ask, whichever item is the first."""
        return self.script.variant != "FULL" and "phrase.begins" not in self.script.texts

    def _next_policy(self) -> str:
        return self._first_policy(self.at["policy"] + 1)

    def _item_after(self, place: str) -> str | None:
        items = self.script.per_policy
        return next((item for item in items[items.index(place) + 1 :] if self.asks(item)), None)

    def asks(self, item: str) -> bool:
        """Whether the item is asked of the policy in hand."""
        step = self.script.steps[item]
        if not self.meets(step):
            return False
        if self.policy.open_items is not None and step.records not in self.policy.open_items:
            return False
        if self.at["proxy"] == "AGREED" and step.records in SIGNATURE_ITEMS:
            left_open = f"{self.at['policy']}/{step.records}"  # the policyholder confirms them in writing (S9)
            if left_open not in self.at["open_items"]:
                self.at["open_items"] += (left_open,)
            return False
        return True

    def meets(self, step: ScriptStep) -> bool:
        """Whether the conditions of the step hold for the policy in hand."""
        return met(step.when, self.sheet, self.policy)

    def _closing(self, step_id: str) -> str:
        if len(self.at["undelivered"]) == len(self.sheet.policies):
            return "Z1.undelivered"
        if step_id == self.script.closing[-1] and self.at["open_items"]:
            return "Z1.open"
        return step_id
