"""One document → a script as a value, or every problem of it with its line."""

import string
from collections.abc import Iterator
from datetime import date

from rules import script as vocabulary
from rules.answers import Said
from rules.script import ReadyAnswer, Script, ScriptStep, Text
from rules.script_conditions import CHANNELS, FACTS, PREMIUM_MODES, PRODUCT_TYPES, REGULAR_MODES, Condition
from scripts.script_parts import composed
from scripts.script_yaml import BadScript, Located, ScriptProblem, read_mapping, true

_TOP = {
    "script", "version", "language", "languages", "variant", "parts", "for", "valid_from", "valid_until", "minutes",
    "explanations", "silent_turns", "repeats", "misheard", "opening", "per_policy", "closing", "anywhere", "phrases",
    "steps", "ready_answers",
}  # fmt: skip
_STEP = {
    "records", "question", "ask", "say", "again", "explain", "restate", "keys", "on", "next", "end", "when",
    "otherwise", "discloses", "sensitive", "purpose", "rules",
}  # fmt: skip
_MUST = ("script", "version", "for", "valid_from", "opening", "per_policy", "closing", "steps", "phrases")
_LIMITS = ("explanations", "silent_turns", "repeats", "misheard")
_SPOKEN = ("ask", "say", "again", "explain", "restate")
_FOR = {
    "channels": CHANNELS,
    "product_types": PRODUCT_TYPES,
    "premium_modes": PREMIUM_MODES,
    "jurisdictions": None,
}
_WHEN = {**_FOR, "facts": tuple(FACTS), "without": tuple(FACTS)}
PHRASES = ("silent", "misheard", "use_keys", "mismatch", "next_policy", "resumed", "slower")
# Steps that the conversation itself leads to
NEEDED = ("X", "L1", "A1", "A1.offer", "A1.booked", "A1.default", "A1.none", "R1.refused", "I1.mismatch", "I1.declined",
          "T2.booked", "T2.unbooked", "L1.barrier", "K3.what", "K3.answered", "K3.noted", "Z1.open", "Z1.undelivered")  # fmt: skip
SIGNERS = ("FAMILY", "AGENT", "UNKNOWN")


def read_script(text: str, path: str = "script") -> Script:
    """The script in `text`, with the parts it names. Raises BadScript with every problem and its line."""
    document = composed(read_mapping(text, path))
    reader = _Reader(document, path)
    try:
        script = reader.read()
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        # a value of the wrong kind where none was expected: still a refusal with a line, never a traceback
        reader.problem((path, document.line), "NOT_A_SCRIPT", f"this cannot be read as a script: {error}")
        script = None
    if reader.problems or script is None:
        raise BadScript(path, sorted(reader.problems, key=lambda p: (p.file != path, p.file, p.line)))
    return script


class _Reader:
    def __init__(self, document: Located, path: str):
        self.document, self.path = document, path
        self.problems: list[ScriptProblem] = []
        self.texts: dict[str, Text] = {}
        self.steps: dict[str, ScriptStep] = {}
        self.languages: tuple[str, ...] = ()

    def problem(self, place: tuple[str, int], code: str, message: str) -> None:
        self.problems.append(ScriptProblem(place[1], code, message, place[0]))

    def read(self) -> Script | None:
        document = self.document
        for key in document:
            if key not in _TOP:
                self.problem(document.place(key), "UNKNOWN_KEY", f"{key} is not a key of a script")
        for key in _MUST:
            if key not in document:
                self.problem((document.file, document.line), "MISSING_KEY", f"{key} is missing")
        for key in ("for", "steps", "phrases", "anywhere", "ready_answers"):
            if key in document and not isinstance(document[key], Located):
                self.problem(document.place(key), "NOT_A_MAPPING", f"{key} is a mapping")
        for key in ("opening", "per_policy", "closing"):
            if key in document and not (isinstance(document[key], list) and document[key]):
                self.problem(document.place(key), "NOT_A_LIST", f"{key} is a list of steps")
        if self.problems:
            return None
        self.numbers()
        self.languages = tuple(str(language) for language in document.get("languages") or ())
        if (variant := document.get("variant", "FULL")) not in vocabulary.VARIANTS:
            self.problem(document.place("variant"), "UNKNOWN_VARIANT", f"no such variant: {variant}")
        meant_for = self.meant_for()
        self.phrases()
        for step_id, found in document["steps"].items():
            self.step(step_id, found, document["steps"].place(step_id))
        ready = tuple(self.ready(document.get("ready_answers") or Located()))
        self.targets()
        if self.problems:
            return None
        return Script(
            name=str(document["script"]),
            version=int(document["version"]),
            language=str(document.get("language", "zh-CN")),
            channels=meant_for.get("channels", ()),
            product_types=meant_for.get("product_types", ()),
            premium_modes=meant_for.get("premium_modes", ()),
            jurisdictions=meant_for.get("jurisdictions", ()),
            valid_from=document["valid_from"],
            valid_until=document.get("valid_until"),
            minutes=int(document.get("minutes", 5)),
            opening=tuple(document["opening"]),
            per_policy=tuple(document["per_policy"]),
            closing=tuple(document["closing"]),
            anywhere=dict(document.get("anywhere") or {}),
            steps=self.steps,
            texts=self.texts,
            ready_answers=ready,
            variant=variant,
            other_languages=self.languages,
            file=self.path,
            places={key: document.place(key) for key in document},
            **{name: int(document[name]) for name in _LIMITS if name in document},
        )

    def numbers(self) -> None:
        document = self.document
        for key in ("version", "minutes", *_LIMITS):
            if key in document and not (isinstance(document[key], int) and 1 <= document[key] <= 9999):
                self.problem(document.place(key), "BAD_NUMBER", f"{key} is a whole number from 1")
        for key in ("valid_from", "valid_until"):
            if document.get(key) is not None and type(document[key]) is not date:
                self.problem(document.place(key), "BAD_DATE", f"{key} is a day such as 2026-09-24")
        if not str(document["script"]).replace("-", "").isalnum():
            self.problem(document.place("script"), "BAD_NAME", "a name consists of letters, digits and hyphens")

    def meant_for(self) -> dict[str, tuple[str, ...]]:
        found = self.document["for"]
        read = self.lists(found, _FOR)
        for key in ("channels", "product_types", "premium_modes"):
            if key not in found:
                self.problem(self.document.place("for"), "MISSING_KEY", f"for: {key} is missing")
        return read

    def lists(self, found: Located, allowed: dict) -> dict[str, tuple[str, ...]]:
        read = {}
        for key, values in found.items():
            if key not in allowed:
                self.problem(found.place(key), "UNKNOWN_CONDITION", f"no such condition: {key}")
                continue
            if not isinstance(values, list) or not values:
                self.problem(found.place(key), "NOT_A_LIST", f"{key} is a list")
                continue
            read[key] = tuple(str(value) for value in values)
            for value in read[key]:
                if allowed[key] is not None and value not in allowed[key]:
                    self.problem(found.place(key), "UNKNOWN_CONDITION", f"{key}: {value} is not known")
        return read

    def conditions(self, step_id: str, found: object, place: tuple[str, int]) -> tuple[Condition, ...]:
        if found in (None, "always"):
            return ()
        if found == "regular_premium":
            return (Condition(premium_modes=REGULAR_MODES),)
        alternatives = found if isinstance(found, list) else [found]
        if not all(isinstance(one, Located) for one in alternatives):
            self.problem(place, "UNKNOWN_CONDITION", f"{step_id}: no such condition: {found}")
            return ()
        return tuple(Condition(**self.lists(one, _WHEN)) for one in alternatives)

    def phrases(self) -> None:
        found = self.document["phrases"]
        for name, phrase in found.items():
            if phrase is None:
                continue  # taken out again by a part for a variant that does without it
            place = found.place(name)
            discloses = isinstance(phrase, Located) and true(phrase.get("discloses"))
            words = phrase.get("say", "") if isinstance(phrase, Located) and "say" in phrase else phrase
            if isinstance(phrase, Located) and "say" in phrase:
                place = phrase.place("say")
            self.text(f"phrase.{name}", "", words, discloses, place)
        for name in PHRASES:
            if f"phrase.{name}" not in self.texts:
                self.problem(self.document.place("phrases"), "MISSING_PHRASE", f"the phrase {name} is missing")

    def step(self, step_id: str, found: object, place: tuple[str, int]) -> None:
        if not isinstance(found, Located):
            self.problem(place, "NOT_A_STEP", f"{step_id} is not a mapping")
            return
        for key in found:
            if key not in _STEP:
                self.problem(found.place(key), "UNKNOWN_KEY", f"{step_id}: {key} is not a key of a step")
        question = found.get("question")
        discloses = true(found.get("discloses"))
        if question is not None and question not in vocabulary.QUESTIONS:
            self.problem(found.place("question"), "UNKNOWN_QUESTION", f"{step_id}: no such question: {question}")
        spoken = "ask" if question else "say"
        if spoken not in found:
            self.problem(place, "NOTHING_SAID", f"{step_id}: {spoken} is missing")
        ids = {}
        for part in _SPOKEN:
            if part in found:
                ids[part] = f"{step_id}.{part}"
                self.text(ids[part], step_id, found[part], discloses, found.place(part))
                if part in ("ask", "again") and "？" not in str(found[part]):
                    self.problem(found.place(part), "NOT_A_QUESTION", f"{step_id}: {part} asks nothing")
        keys = found.get("keys") or Located()
        for key, meaning in keys.items():
            if str(meaning).partition(".")[0] not in (*Said, *SIGNERS) or len(key) != 1:
                self.problem(
                    found.place("keys"), "UNKNOWN_ANSWER", f"{step_id}: key {key} means {meaning}, which is no answer"
                )
        on = found.get("on") or Located()
        for answer in on:
            if answer.partition(".")[0] not in set(Said):
                self.problem(on.place(answer), "UNKNOWN_ANSWER", f"{step_id}: {answer} is no answer")
        places = {key: found.place(key) for key in found}
        places |= {f"on.{answer}": on.place(answer) for answer in on}
        self.steps[step_id] = ScriptStep(
            id=step_id,
            records=str(found.get("records", step_id)),
            ask=ids.get(spoken, ""),
            question=question,
            keys={key: str(meaning) for key, meaning in keys.items()},
            again=ids.get("again"),
            explain=ids.get("explain"),
            restate=ids.get("restate"),
            on={answer: str(target) for answer, target in on.items()},
            next=found.get("next"),
            end=found.get("end"),
            when=self.conditions(step_id, found.get("when"), found.place("when")),
            otherwise=found.get("otherwise"),
            discloses=discloses,
            sensitive=true(found.get("sensitive")),
            purpose=str(found.get("purpose", "")),
            rules=tuple(str(rule) for rule in found.get("rules") or ()),
            line=place[1],
            file=place[0],
            places=places,
        )

    def text(self, text_id: str, step: str, words: object, discloses: bool, place: tuple[str, int]) -> None:
        language = str(self.document.get("language", "zh-CN"))
        spoken = {language: words} if not isinstance(words, Located) else dict(words)
        spoken = {name: str(said or "").strip() for name, said in spoken.items()}
        for name in (language, *self.languages):
            if not spoken.get(name):
                self.problem(place, "NOTHING_SAID", f"{text_id} is empty in {name}")
        for said in spoken.values():
            self.words(text_id, said, discloses, place)
        first = spoken.pop(language, "")
        self.texts[text_id] = Text(text_id, step, first, discloses, place[1], place[0], spoken)

    def words(self, text_id: str, words: str, discloses: bool, place: tuple[str, int]) -> None:
        try:
            parsed = [(name, form, how) for _, name, form, how in string.Formatter().parse(words) if name is not None]
        except ValueError as error:
            self.problem(place, "BAD_PLACEHOLDER", f"{text_id}: {error}")
            return
        if any(form or how for _, form, how in parsed):
            self.problem(place, "BAD_PLACEHOLDER", f"{text_id}: a placeholder is a name in braces and nothing else")
        names = {name for name, _, _ in parsed}
        for name in sorted(names - vocabulary.OPEN_FACTS - vocabulary.POLICY_FACTS):
            self.problem(place, "BAD_PLACEHOLDER", f"{text_id}: no such placeholder: {{{name}}}")
        if not discloses:
            for name in sorted(names & vocabulary.POLICY_FACTS):
                self.problem(place, "DISCLOSES", f"{text_id} tells {{{name}}} but is not marked discloses: true")
            for word in vocabulary.TELLING_WORDS:
                if word in words:
                    self.problem(place, "DISCLOSES", f"{text_id} says {word} but is not marked discloses: true")

    def ready(self, found: Located) -> Iterator[ReadyAnswer]:
        for name, answer in found.items():
            if not isinstance(answer, Located):
                self.problem(found.place(name), "NOT_A_MAPPING", f"ready_answers: {name} is a mapping")
                continue
            self.text(f"ready.{name}", "K3", answer.get("say"), True, answer.place("say"))
            yield ReadyAnswer(name, tuple(str(word) for word in answer.get("words", ())), f"ready.{name}")

    def targets(self) -> None:
        document = self.document
        for path in ("opening", "per_policy", "closing"):
            for step_id in document[path]:
                if step_id not in self.steps:
                    self.problem(document.place(path), "UNKNOWN_STEP", f"{path}: no such step: {step_id}")
        for step_id in NEEDED:
            if step_id not in self.steps:
                self.problem(document.place("steps"), "MISSING_STEP", f"the step {step_id} is missing")
        on_path = {*document["opening"], *document["per_policy"], *document["closing"]}
        ways = {vocabulary.NEXT, vocabulary.BACK, vocabulary.NEXT_POLICY, *self.steps}
        anywhere = document.get("anywhere") or Located()
        for answer, target in anywhere.items():
            if answer.partition(".")[0] not in set(Said):
                self.problem(anywhere.place(answer), "UNKNOWN_ANSWER", f"anywhere: {answer} is no answer")
            if target not in ways:
                self.problem(anywhere.place(answer), "UNKNOWN_STEP", f"anywhere: no such step: {target}")
        for step in self.steps.values():
            for name, target in (
                *((f"on.{a}", t) for a, t in step.on.items()),
                ("next", step.next),
                ("otherwise", step.otherwise),
            ):
                if target is not None and target not in ways:
                    place = step.places.get(name, (step.file, step.line))
                    self.problem(place, "UNKNOWN_STEP", f"{step.id}: no such step: {target}")
            if not step.question and step.next is None and step.end is None and step.id not in on_path:
                self.problem((step.file, step.line), "DEAD_END", f"{step.id} says something and then leads nowhere")
