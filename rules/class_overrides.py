"""A class is derived, never typed in. Where people know better they say why, two of them, and both classes stay on record."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rules.outcomes import QUESTION, STANDARD, SUB_STANDARD, VERIFICATION
from rules.plain_values import from_plain, to_plain

CLASSES = (STANDARD, SUB_STANDARD, QUESTION, VERIFICATION)


class OverrideRefused(ValueError):
    """An override without a reason, without a second person, or to a class that does not exist. Says which."""


@dataclass(frozen=True, slots=True)
class ClassOverride:
    """`derived` is what the answers gave and is kept for ever beside `class_`; `at` is when the second person agreed."""

    derived: str | None
    class_: str
    reason: str
    asked_by: str
    agreed_by: str
    at: datetime

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "ClassOverride":
        return from_plain(cls, data)


def override_class(
    derived: str | None, completed: bool, class_: str, *, reason: str, asked_by: str, agreed_by: str, at: datetime
) -> ClassOverride:
    """`completed` tells whether every mandatory item was answered. An unfinished callback cannot be made a success:
    that would count a conversation that never took place."""
    if class_ not in CLASSES:
        raise OverrideRefused(f"a class is one of {', '.join(CLASSES)}, not {class_!r}")
    if class_ == derived:
        raise OverrideRefused(f"the class is {class_} already")
    if not reason.strip():
        raise OverrideRefused("an override needs a reason")
    first, second = asked_by.strip(), agreed_by.strip()
    if not first or not second or first == second:
        raise OverrideRefused("an override needs a second person")
    if not completed and class_ != VERIFICATION:
        raise OverrideRefused(f"the callback was not completed, so it cannot be {class_}")
    return ClassOverride(derived, class_, reason.strip(), first, second, at)


def class_in_force(derived: str | None, overrides: tuple[ClassOverride, ...]) -> str | None:
    """The last override's class, else the derived one."""
    return overrides[-1].class_ if overrides else derived
