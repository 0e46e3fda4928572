"""What changed from one version of a script to the next, as a reviewer reads it."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.script import Script, ScriptStep


@dataclass(frozen=True, slots=True)
class Change:
    """`place`: a step's part, such as M8.ask, or a key of the script. `before` or `after` None: it was not or is not there."""

    place: str
    before: str | None
    after: str | None


_LISTS = ("channels", "product_types", "premium_modes", "jurisdictions", "opening", "per_policy", "closing")
_VALUES = ("variant", "language", "minutes", "explanations", "silent_turns", "repeats", "misheard")
_OF_STEP = ("records", "question", "next", "end", "otherwise", "discloses", "sensitive")


def changes(old: Script, new: Script) -> tuple[Change, ...]:
    """Every difference in what is said, asked or decided; none where the digests agree but for name, version and days."""
    return tuple(_changes(old, new))


def _changes(old: Script, new: Script) -> Iterator[Change]:
    for name in _LISTS:
        yield from _one(name, "、".join(getattr(old, name)), "、".join(getattr(new, name)))
    for name in _VALUES:
        yield from _one(name, str(getattr(old, name)), str(getattr(new, name)))
    yield from _mapping("anywhere", dict(old.anywhere), dict(new.anywhere))
    for text_id in dict.fromkeys((*old.texts, *new.texts)):
        before, after = old.texts.get(text_id), new.texts.get(text_id)
        yield from _one(text_id, before and before.words, after and after.words)
    for step_id in dict.fromkeys((*old.steps, *new.steps)):
        before, after = old.steps.get(step_id), new.steps.get(step_id)
        if before is None or after is None:
            yield Change(step_id, _in_short(before), _in_short(after))
            continue
        for name in _OF_STEP:
            yield from _one(f"{step_id}.{name}", _word(getattr(before, name)), _word(getattr(after, name)))
        yield from _mapping(f"{step_id}.on", dict(before.on), dict(after.on))
        yield from _mapping(f"{step_id}.keys", dict(before.keys), dict(after.keys))
        yield from _one(f"{step_id}.when", _conditions(before), _conditions(after))


def _one(place: str, before: str | None, after: str | None) -> Iterator[Change]:
    if before != after:
        yield Change(place, before, after)


def _mapping(place: str, before: dict[str, str], after: dict[str, str]) -> Iterator[Change]:
    for key in dict.fromkeys((*before, *after)):
        yield from _one(f"{place}.{key}", before.get(key), after.get(key))


def _word(value: object) -> str | None:
    return None if value is None else str(value)


def _in_short(step: ScriptStep | None) -> str | None:
    return None if step is None else step.purpose or step.question or step.end or step.id


def _conditions(step: ScriptStep) -> str | None:
    told = [
        " ".join(f"{name}={'、'.join(values)}" for name in one.__dataclass_fields__ if (values := getattr(one, name)))
        for one in step.when
    ]
    return " | ".join(told) or None
