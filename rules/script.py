"""A call script as a value: what is said, what is asked, whom it is for, and where each answer leads."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from rules.plain_values import from_plain, to_plain
from rules.script_conditions import Condition

# Where an answer may lead besides a step of the script
NEXT, BACK, NEXT_POLICY = "next", "back", "next_policy"

QUESTIONS = (
    "person",  # is it you?
    "convenient",
    "willing",
    "confirm",  # yes or no about a fact
    "clear",  # do you know this?
    "purchase",
    "signature",
    "signer",
    "documents",
    "time",
    "day",  # on which day was it?
    "birth_date",
    "id_last4",
    "district",
    "understands",
    "consent",  # may somebody else answer for you?
    "none_of_it",  # was there anything of the kind? "no" is the favourable answer, recorded as YES
    "anything_else",
    "what",
)
IDENTITY_QUESTIONS = ("birth_date", "id_last4", "district")
# Questions whose answer is a choice, so that every side of it needs its key
CHOICES = frozenset(
    {"person", "convenient", "confirm", "clear", "purchase", "signature", "documents", "understands", "consent"}
)

# What a script is for. FULL: the first callback of a policy. RESUMED: a call that was cut off goes on at its first open
# item. SUPPLEMENTARY: items that a callback made too early (R23) or a defective script left out. AFTER_CARE: what a
# branch has handled is confirmed. SIMPLIFIED: the sale's audio-video record passed its check (AC-34).
VARIANTS = ("FULL", "RESUMED", "SUPPLEMENTARY", "AFTER_CARE", "SIMPLIFIED")
SHORTENED = frozenset({"SIMPLIFIED"})
# Variants that ask only what the call sheet lists as open
OF_OPEN_ITEMS = frozenset({"RESUMED", "SUPPLEMENTARY", "AFTER_CARE"})

# How a call may end → what it comes to: a class, the result of the attempt, or the classes that the answers decide
ENDS: dict[str, str] = {
    "COMPLETED": "class from the answers",
    "INCOMPLETE": "INCOMPLETE",
    "SILENT": "INCOMPLETE",
    "APPOINTED": "APPOINTED",
    "BUSY": "APPOINTED",
    "REFUSED": "VERIFICATION",
    "THIRD_PARTY": "THIRD_PARTY",
    "NO_SUCH_PERSON": "VERIFICATION",
    "DECEASED": "VERIFICATION",
    "BARRIER": "VERIFICATION",
    "MISMATCH": "VERIFICATION",
    "DECLINED": "VERIFICATION",
    "DENIED": "VERIFICATION",
    "ALREADY_SURRENDERED": "VERIFICATION",
    "CONTRACT_NOT_RECEIVED": "VERIFICATION",
}

# Placeholders of the texts; those of the second set tell a fact of the policy (R31)
OPEN_FACTS = frozenset(
    {"name", "title", "insurer", "hotline", "staff_number", "minutes", "appointment", "slot1", "slot2"}
)
POLICY_FACTS = frozenset(
    {
        "product",
        "outlet",
        "premium",
        "premium_mode",
        "premium_term",
        "policy_term",
        "cooling_off_days",
        "cooling_off_end",
        "next_due",
        "contact_hint",
    }
)
# Placeholders that may be empty: the sentence around them is whole without them
MAY_BE_EMPTY = frozenset({"title", "next_due"})

# Words that tell of insurance bought, refused in texts said before identity is proven
TELLING_WORDS = (
    "保单",
    "投保",
    "购买",
    "保险合同",
    "保费",
    "缴费",
    "交费",
    "退保",
    "犹豫期",
    "回执",
    "红利",
    "分红",
    "产品说明",
    "条款",
    "承保",
    "回访",
)


@dataclass(frozen=True, slots=True)
class Text:
    """One utterance. `discloses`: it tells a fact of the policy, so identity must be proven before it (R31)."""

    id: str
    step: str
    words: str
    discloses: bool
    line: int = 0
    file: str = ""
    in_other: Mapping[str, str] = field(default_factory=dict)  # the same in other languages

    def words_in(self, language: str) -> str:
        return self.in_other.get(language, self.words)


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """A node of the script. Without `question` it only speaks; then `next` or `end` says how it goes on."""

    id: str
    records: str  # the step under which answers are recorded, such as M3 for the node M3.who
    ask: str  # ids of texts
    question: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    again: str | None = None  # the shorter wording when asked again
    explain: str | None = None
    restate: str | None = None
    on: Mapping[str, str] = field(default_factory=dict)  # answer, or answer.detail → step id, next, back
    next: str | None = None
    end: str | None = None  # the call ends here, for this reason
    when: tuple[Condition, ...] = ()  # any of these must hold; none: always
    otherwise: str | None = None  # where it goes on when no condition holds; a step of the path is left out then
    discloses: bool = False
    sensitive: bool = False  # a card number or password may be heard in the answer: silenced before it is archived
    purpose: str = ""
    rules: tuple[str, ...] = ()
    line: int = 0
    file: str = ""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # key or on.ANSWER → its file and line


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """An approved answer to a question that customers ask at the end; `text` is the id of its words."""

    id: str
    words: tuple[str, ...]  # any of these in the question
    text: str


@dataclass(frozen=True, slots=True)
class Script:
    """`opening` and `closing` are walked once, `per_policy` once for each policy; other steps are reached by `on`."""

    name: str
    version: int
    language: str
    channels: tuple[str, ...]
    product_types: tuple[str, ...]
    premium_modes: tuple[str, ...]
    valid_from: date
    valid_until: date | None
    minutes: int
    opening: tuple[str, ...]
    per_policy: tuple[str, ...]
    closing: tuple[str, ...]
    anywhere: Mapping[str, str]  # answers that lead to the same step wherever they are given
    steps: Mapping[str, ScriptStep]
    texts: Mapping[str, Text]
    ready_answers: tuple[ReadyAnswer, ...]
    explanations: int = 1
    silent_turns: int = 3
    repeats: int = 3
    misheard: int = 3
    variant: str = "FULL"
    jurisdictions: tuple[str, ...] = ()  # none: everywhere
    other_languages: tuple[str, ...] = ()
    file: str = ""
    places: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # top-level key → its file and line

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    def to_json(self) -> dict:
        """Everything that is said, asked or decided, without where it stands in a file."""
        return to_plain(_without_places(self))

    @classmethod
    def from_json(cls, data: Mapping) -> "Script":
        return from_plain(cls, data)


def digest(script: Script) -> str:
    """SHA-256, in hex, of what the script says, asks and decides; the same for any arrangement of its files.

    What is empty is left out, so that a later version of this program, which knows more keys, finds the same digest.
    """
    text = json.dumps(_filled(script.to_json()), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _filled(value: object) -> object:
    if isinstance(value, dict):
        return {key: _filled(one) for key, one in value.items() if one not in (None, False, "", [], {})}
    return [_filled(one) for one in value] if isinstance(value, list) else value


def _without_places(script: Script) -> Script:
    steps = {name: replace(step, line=0, file="", places={}) for name, step in script.steps.items()}
    texts = {name: replace(text, line=0, file="") for name, text in script.texts.items()}
    return replace(script, steps=steps, texts=texts, file="", places={})
