"""Answers → class and reasons. Derived, never typed in."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step


@dataclass(frozen=True, slots=True)
class Reason:
    """`corrected` None where no explanation could cure it (a signature, a refusal)."""

    code: str
    corrected: bool | None = None
    signer: str | None = None
    seller_statement: str | None = None
    subtype: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`class_` None: no class yet, `open_items` are asked in the next call (S1)."""

    completed: bool
    class_: str | None
    reasons: tuple[Reason, ...] = ()
    marks: tuple[str, ...] = ()
    open_items: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Outcome":
        return from_plain(cls, data)
