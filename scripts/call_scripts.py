"""Reads the call scripts of scripts/calls/, and refuses a bad one with its line."""

import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from rules import script as vocabulary
from rules.answers import Said
from rules.script import ReadyAnswer, Script, ScriptStep, Text

FOLDER = Path(__file__).parent / "calls"

_TOP = {
    "script", "version", "language", "for", "valid_from", "valid_until", "minutes", "explanations", "silent_turns",
    "repeats", "misheard", "opening", "per_policy", "closing", "anywhere", "phrases", "steps", "ready_answers",
}  # fmt: skip
_STEP = {
    "records", "question", "ask", "say", "again", "explain", "restate", "keys", "on", "next", "end", "when", "discloses",
}  # fmt: skip
PHRASES = ("silent", "misheard", "use_keys", "mismatch", "next_policy", "resumed", "slower")
# Steps that the conversation itself leads to
NEEDED = ("X", "L1", "A1", "A1.offer", "A1.booked", "A1.default", "A1.none", "R1.refused", "I1.mismatch", "I1.declined",
          "T2.booked", "T2.unbooked", "L1.barrier", "K3.what", "K3.answered", "K3.noted", "Z1.open", "Z1.undelivered")  # fmt: skip
MOST_CHARACTERS = 110  # 25 s at an even pace


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    line: int
    code: str
    message: str


class BadScript(ValueError):
    """A script that cannot be used; `problems` name every line."""

    def __init__(self, path: str, problems: list[ScriptProblem]):
        self.path, self.problems = path, problems
        super().__init__("; ".join(f"{path}:{p.line}: {p.message}" for p in problems))


class UnknownScript(LookupError):
    """No script of that name and version."""


class _Located(dict):
    """A mapping that knows the line of itself and of each key."""

    line = 0
    lines: dict[str, int]


class _Loader(yaml.SafeLoader):
    pass


def _construct(loader: yaml.SafeLoader, node: yaml.MappingNode) -> _Located:
    found = _Located()
    found.line, found.lines = node.start_mark.line + 1, {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node, deep=True))
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key} stands here twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = key_node.start_mark.line + 1
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct)
# ON, YES and NO are words of scripts, not truth values; only true and false are
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:bool"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_script(text: str, path: str = "script") -> Script:
    """The script in `text`. Raises BadScript with every problem and its line."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader with lines
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadScript(path, [ScriptProblem(line, "NOT_YAML", str(error.problem))]) from error
    if not isinstance(document, _Located):
        raise BadScript(path, [ScriptProblem(1, "NOT_A_SCRIPT", "a script is a mapping with the key script")])
    reader = _Reader(document)
    script = reader.read()
    if reader.problems:
        raise BadScript(path, sorted(reader.problems, key=lambda p: p.line))
    return script


class _Reader:
    def __init__(self, document: _Located):
        self.document = document
        self.problems: list[ScriptProblem] = []
        self.texts: dict[str, Text] = {}
        self.steps: dict[str, ScriptStep] = {}

    def problem(self, line: int, code: str, message: str) -> None:
        self.problems.append(ScriptProblem(line, code, message))

    def read(self) -> Script | None:
        document = self.document
        for key in document:
            if key not in _TOP:
                self.problem(document.lines[key], "UNKNOWN_KEY", f"{key} is not a key of a script")
        for key in ("script", "version", "for", "valid_from", "opening", "per_policy", "closing", "steps", "phrases"):
            if key not in document:
                self.problem(document.line, "MISSING_KEY", f"{key} is missing")
        if self.problems:
            return None
        for name, found in document["phrases"].items():
            line = document["phrases"].lines[name]
            words, discloses = (
                (found.get("say", ""), _true(found.get("discloses"))) if isinstance(found, dict) else (found, False)
            )
            self.text(f"phrase.{name}", "", words, discloses, line)
        for name in PHRASES:
            if f"phrase.{name}" not in self.texts:
                self.problem(document.lines["phrases"], "MISSING_PHRASE", f"the phrase {name} is missing")
        for step_id, found in document["steps"].items():
            self.step(step_id, found, document["steps"].lines[step_id])
        ready = tuple(self.ready(document.get("ready_answers") or _Located()))
        self.targets()
        if self.problems:
            return None
        meant_for = document["for"]
        limits = {
            name: document[name] for name in ("explanations", "silent_turns", "repeats", "misheard") if name in document
        }
        return Script(
            name=str(document["script"]),
            version=int(document["version"]),
            language=document.get("language", "zh-CN"),
            channels=tuple(meant_for["channels"]),
            product_types=tuple(meant_for["product_types"]),
            premium_modes=tuple(meant_for["premium_modes"]),
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
            **limits,
        )

    def step(self, step_id: str, found: object, line: int) -> None:
        if not isinstance(found, _Located):
            self.problem(line, "NOT_A_STEP", f"{step_id} is not a mapping")
            return
        for key in found:
            if key not in _STEP:
                self.problem(found.lines[key], "UNKNOWN_KEY", f"{step_id}: {key} is not a key of a step")
        question = found.get("question")
        discloses = _true(found.get("discloses"))
        if question is not None and question not in vocabulary.QUESTIONS:
            self.problem(found.lines["question"], "UNKNOWN_QUESTION", f"{step_id}: no such question: {question}")
        if found.get("when", "always") not in vocabulary.CONDITIONS:
            self.problem(found.lines["when"], "UNKNOWN_CONDITION", f"{step_id}: no such condition: {found['when']}")
        spoken = "ask" if question else "say"
        if spoken not in found:
            self.problem(line, "NOTHING_SAID", f"{step_id}: {spoken} is missing")
        ids = {}
        for part in ("ask", "say", "again", "explain", "restate"):
            if part in found:
                ids[part] = f"{step_id}.{part}"
                self.text(ids[part], step_id, found[part], discloses, found.lines[part])
                if part in ("ask", "again") and "？" not in str(found[part]):
                    self.problem(found.lines[part], "NOT_A_QUESTION", f"{step_id}: {part} asks nothing")
        for key, meaning in (found.get("keys") or {}).items():
            if meaning.partition(".")[0] not in (*Said, "FAMILY", "AGENT", "UNKNOWN") or len(key) != 1:
                self.problem(
                    found.lines["keys"], "UNKNOWN_ANSWER", f"{step_id}: key {key} means {meaning}, which is no answer"
                )
        for answer in found.get("on") or {}:
            if answer.partition(".")[0] not in set(Said):
                self.problem(found["on"].lines[answer], "UNKNOWN_ANSWER", f"{step_id}: {answer} is no answer")
        self.steps[step_id] = ScriptStep(
            id=step_id,
            records=found.get("records", step_id),
            ask=ids.get(spoken, ""),
            question=question,
            keys=dict(found.get("keys") or {}),
            again=ids.get("again"),
            explain=ids.get("explain"),
            restate=ids.get("restate"),
            on=dict(found.get("on") or {}),
            next=found.get("next"),
            end=found.get("end"),
            when=found.get("when", "always"),
            discloses=discloses,
            line=line,
        )

    def text(self, text_id: str, step: str, words: object, discloses: bool, line: int) -> None:
        words = str(words or "").strip()
        if not words:
            self.problem(line, "NOTHING_SAID", f"{text_id} is empty")
        try:
            names = {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}
        except ValueError as error:
            self.problem(line, "BAD_PLACEHOLDER", f"{text_id}: {error}")
            return
        for name in sorted(names - vocabulary.OPEN_FACTS - vocabulary.POLICY_FACTS):
            self.problem(line, "BAD_PLACEHOLDER", f"{text_id}: no such placeholder: {{{name}}}")
        if not discloses:
            for name in sorted(names & vocabulary.POLICY_FACTS):
                self.problem(line, "DISCLOSES", f"{text_id} tells {{{name}}} but is not marked discloses: true")
            for word in vocabulary.TELLING_WORDS:
                if word in words:
                    self.problem(line, "DISCLOSES", f"{text_id} says {word} but is not marked discloses: true")
        if len(words) > MOST_CHARACTERS:
            self.problem(line, "TOO_LONG", f"{text_id} takes more than 25 s ({len(words)} characters)")
        self.texts[text_id] = Text(text_id, step, words, discloses)

    def ready(self, found: _Located) -> Iterator[ReadyAnswer]:
        for name, answer in found.items():
            self.text(f"ready.{name}", "K3", answer.get("say"), True, found.lines[name])
            yield ReadyAnswer(name, tuple(str(word) for word in answer.get("words", ())), f"ready.{name}")

    def targets(self) -> None:
        document = self.document
        for path in ("opening", "per_policy", "closing"):
            for step_id in document[path]:
                if step_id not in self.steps:
                    self.problem(document.lines[path], "UNKNOWN_STEP", f"{path}: no such step: {step_id}")
        for step_id in NEEDED:
            if step_id not in self.steps:
                self.problem(document.lines["steps"], "MISSING_STEP", f"the step {step_id} is missing")
        on_path = {*document["opening"], *document["per_policy"], *document["closing"]}
        ways = {vocabulary.NEXT, vocabulary.BACK, vocabulary.NEXT_POLICY, *self.steps}
        for answer, target in (document.get("anywhere") or {}).items():
            if target not in ways:
                self.problem(document["anywhere"].lines[answer], "UNKNOWN_STEP", f"anywhere: no such step: {target}")
        for step in self.steps.values():
            for target in (*step.on.values(), step.next):
                if target is not None and target not in ways:
                    self.problem(step.line, "UNKNOWN_STEP", f"{step.id}: no such step: {target}")
            if not step.question and step.next is None and step.end is None and step.id not in on_path:
                self.problem(step.line, "DEAD_END", f"{step.id} says something and then leads nowhere")


def _true(value: object) -> bool:
    return value is True or str(value).lower() == "true"


@cache
def all_scripts() -> tuple[Script, ...]:
    """Every script of the folder, by name and version. Raises BadScript for the first that cannot be used."""
    found = [read_script(path.read_text("utf-8"), str(path)) for path in sorted(FOLDER.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda script: (script.name, script.version)))


@cache
def load_script(name: str, version: int | None = None) -> Script:
    """That version, or the newest. Raises UnknownScript."""
    found = [s for s in all_scripts() if s.name == name and version in (None, s.version)]
    if not found:
        raise UnknownScript(name if version is None else f"{name}@{version}")
    return found[-1]


def script_for(channel: str, product_type: str, premium_mode: str, today: date) -> Script | None:
    """The newest script for such a policy that is in force today, or None."""
    fitting = [
        s
        for s in all_scripts()
        if channel in s.channels
        and product_type in s.product_types
        and premium_mode in s.premium_modes
        and s.valid_from <= today
        and (s.valid_until is None or today <= s.valid_until)
    ]
    return max(fitting, key=lambda script: script.version, default=None)
