"""A call script as a value: what is said, what is asked, and where each answer leads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

# `when` of a step: asked only where this holds for the policy
CONDITIONS = ("always", "regular_premium")

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
    "birth_date",
    "id_last4",
    "district",
    "understands",
    "anything_else",
    "what",
)
IDENTITY_QUESTIONS = ("birth_date", "id_last4", "district")

# Where an answer may lead besides a step of the script
NEXT, BACK, NEXT_POLICY = "next", "back", "next_policy"

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
    when: str = "always"
    discloses: bool = False
    line: int = 0


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

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"
