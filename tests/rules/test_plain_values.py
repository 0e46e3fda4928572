"""Frozen values as plain JSON data and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest

from rules.plain_values import from_plain, to_plain


class Colour(StrEnum):
    RED = "RED"


@dataclass(frozen=True)
class Inner:
    on: date
    amount: Decimal | None = None


@dataclass(frozen=True)
class Outer:
    colour: Colour
    at: datetime
    one: Inner | None
    many: tuple[Inner, ...]
    pair: tuple[str, Decimal]
    by_name: Mapping[str, Inner]
    flags: dict[str, bool]
    anything: Any
    thing: object
    count: int = 3
    share: float = 0.5
    note: str | None = None


VALUE = Outer(
    Colour.RED,
    datetime(2026, 9, 1, 8, 30, tzinfo=UTC),
    Inner(date(2026, 9, 1), Decimal("12.50")),
    (Inner(date(2026, 9, 2)),),
    ("a", Decimal("1.10")),
    {"x": Inner(date(2026, 9, 3))},
    {"y": True},
    [1, None],
    {"z": 1},
    count=4,
    share=0.25,
    note="注",
)
PLAIN = {
    "colour": "RED",
    "at": "2026-09-01T08:30:00+00:00",
    "one": {"on": "2026-09-01", "amount": "12.50"},
    "many": [{"on": "2026-09-02", "amount": None}],
    "pair": ["a", "1.10"],
    "by_name": {"x": {"on": "2026-09-03", "amount": None}},
    "flags": {"y": True},
    "anything": [1, None],
    "thing": {"z": 1},
    "count": 4,
    "share": 0.25,
    "note": "注",
}


def test_there_and_back():
    assert to_plain(VALUE) == PLAIN
    assert from_plain(Outer, json.loads(json.dumps(PLAIN))) == VALUE
    assert type(to_plain(VALUE)["colour"]) is str


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (None, None),
        (True, True),
        ({1}, [1]),
        (frozenset({"a"}), ["a"]),
        ([Decimal(1)], ["1"]),
        ({1: date(2026, 1, 1)}, {"1": "2026-01-01"}),
    ],
)
def test_what_has_a_plain_form(value, plain):
    assert to_plain(value) == plain


def test_what_has_none():
    with pytest.raises(TypeError, match="^object has no plain form$"):
        to_plain({"a": object()})


@pytest.mark.parametrize("name", ["one", "many", "pair", "by_name", "flags", "at", "colour", "count"])
def test_nothing_stays_nothing(name):
    assert getattr(from_plain(Outer, PLAIN | {name: None}), name) is None


def test_missing_keys_take_the_default_and_unknown_ones_are_ignored():
    short = {name: value for name, value in PLAIN.items() if name not in ("count", "share", "note")} | {"later": 1}
    found = from_plain(Outer, short)
    assert (found.count, found.share, found.note) == (3, 0.5, None)
    assert from_plain(Inner | None, None) is None


def test_a_fixed_tuple_has_its_length():
    with pytest.raises(ValueError, match="zip"):
        from_plain(Outer, PLAIN | {"pair": ["a"]})
