"""The values that the rules take and return."""

import dataclasses
import importlib
import pkgutil
from enum import StrEnum

import pytest

import rules

# built up while something is read or gone through, or keeps what it has worked out
GROWING = {"Organisation", "CallRecord", "Graph", "Problems"}
VALUES = sorted(
    {
        value
        for module in pkgutil.walk_packages(rules.__path__, "rules.")
        for name, value in vars(importlib.import_module(module.name)).items()
        if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.name
        if not name.startswith("_") and name not in GROWING
    },
    key=lambda value: (value.__module__, value.__name__),
)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: f"{value.__module__}.{value.__name__}")
def test_nobody_can_change_one_afterwards(value):
    """A decision is kept as it was made: no field can be set again, and none can be added."""
    assert value.__dataclass_params__.frozen
    assert "__slots__" in vars(value)


VOCABULARIES = {
    value
    for module in pkgutil.walk_packages(rules.__path__, "rules.")
    for value in vars(importlib.import_module(module.name)).values()
    if isinstance(value, type) and issubclass(value, StrEnum) and value.__module__ == module.name
}


@pytest.mark.parametrize("vocabulary", sorted(VOCABULARIES, key=lambda value: value.__name__))
def test_a_word_is_kept_as_it_is_called(vocabulary):
    """What is in the database and in events is read again for twenty years."""
    assert {word.value for word in vocabulary} in (
        {word.name for word in vocabulary},
        {word.name.lower() for word in vocabulary},
    )
