"""Tables that tell a code in both languages, and what the packages say that they offer."""

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping

import pytest

import rules
from rules.reasoning import Step

MODULES = sorted(module.name for module in pkgutil.walk_packages(rules.__path__, "rules."))
CHINESE = re.compile("[一-鿿]")


def tables() -> Iterator[tuple[str, str]]:
    """Module and name of every mapping from a code to a Chinese and an English sentence."""
    for module in MODULES:
        for name, value in vars(importlib.import_module(module)).items():
            if isinstance(value, Mapping) and value and all(_is_told(told) for told in value.values()):
                yield module, name


def _is_told(told: object) -> bool:
    return (
        isinstance(told, tuple)
        and len(told) == 2
        and all(isinstance(said, str) for said in told)
        and CHINESE.search(told[0]) is not None
        and CHINESE.search(told[1]) is None
    )


def test_the_tables_are_found():
    assert {("rules.keeping", "REFUSALS"), ("rules.carrier_comparison", "MESSAGES")} <= set(tables())


@pytest.mark.parametrize(("module", "name"), sorted(tables()))
def test_a_code_is_a_code_and_its_sentences_are_sentences(module, name):
    table = getattr(importlib.import_module(module), name)
    for code, (zh, en) in table.items():
        Step("C10", zh, en)  # whatever a step tells is read by the conftest beside this file
        assert not code.startswith("XX"), code
    if module != "rules.words":  # where the codes of every table meet
        assert len({code == code.upper() for code in table}) == 1, "codes in capitals and in small letters"


@pytest.mark.parametrize("module", [m for m in MODULES if hasattr(importlib.import_module(m), "__all__")])
def test_a_package_offers_what_it_says(module):
    package = importlib.import_module(module)
    missing = [name for name in package.__all__ if not hasattr(package, name)]
    assert missing == []
