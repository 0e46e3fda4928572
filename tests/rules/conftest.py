"""Whatever these tests bring about that tells somebody something is read: its rule, its code, and both its sentences."""

import re
import sys
from functools import cache
from pathlib import Path

from rules.reasoning import Step

# before any other module of the rules makes the steps that it keeps in a table
_make_step = Step.__init__


def _read_step(self: Step, *values: str, **named: str) -> None:
    _make_step(self, *values, **named)
    assert isinstance(self.rule, str), "a step without its rule"
    # what was heard clearly needs no sentence, only its rule
    read(self.rule or "a step without a rule", self.zh, self.en, silent=True)


Step.__init__ = _read_step

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"^- ([A-Z]+-?\d*) — \S", PAGE, re.MULTILINE))
CHINESE = re.compile("[一-鿿]")


@cache
def codes() -> set[str]:
    """Words in capitals that may stand in a sentence."""
    from rules import words
    from rules.parameters import PARAMETERS
    from rules.retrieval_events import AUDIT_SEALED, ON_THE_LEDGER

    return {
        *ON_THE_LEDGER,
        AUDIT_SEALED,
        *words._WORDS,
        *re.findall(r"[A-Z][A-Z_]+", " ".join(str(row.default) for row in PARAMETERS.values())),
        *("ID", "JSON", "CASE_SETTLED", "KeyError", "TypeError", "ValueError", "AttributeError"),
        *("FORGIVEN", "GOOD", "NOBODY", "ORDINARY"),  # made up by the tests
    }


@cache
def flaws(rule: str | None, zh: str, en: str, silent: bool) -> tuple[str, ...]:
    capitals = {word for word in re.findall(r"[A-Za-z_]+", f"{zh} {en}") if re.search("[A-Z]", word[1:])}
    told = bool(zh or en) or not silent
    return tuple(
        flaw
        for flaw, found in {
            f"docs/rules.md does not explain {rule}": rule is not None and rule not in EXPLAINED,
            f"no Chinese: {zh}": told and not CHINESE.search(zh or ""),
            f"no English: {en}": told and not re.search("[a-z]", en or ""),
            f"capitals that are no code: {capitals - codes()}": capitals - codes(),
            f"begins or ends with a blank: {zh}|{en}": zh != zh.strip() or en != en.strip(),
        }.items()
        if found
    )


# While the tests are collected, which imports the tables, and while one of the rules runs: tests of other folders share
# this process.
reading = True


def pytest_collection_finish() -> None:
    global reading
    reading = False


def pytest_runtest_teardown() -> None:
    global reading
    reading = False


def read(rule: str | None, zh: str, en: str, silent: bool = False) -> None:
    if not reading:
        return
    assert isinstance(zh, str) and isinstance(en, str)
    found = flaws(rule, zh, en, silent)
    assert not found, found


def reader(kind: type, rule: str = "", zh: str = "zh", en: str = "en"):
    """Reads what is made of this kind; `rule` is how it names its rule."""
    make = kind.__init__

    def made(self, *values, **named) -> None:
        make(self, *values, **named)
        read(rule.format(self) if rule else None, getattr(self, zh), getattr(self, en))

    kind.__init__ = made


READ = {
    "rules.judge.history": {"Broken": ("PROMISE-{0.promise}", "message_zh", "message_en")},
    "rules.retrieval": {"Decision": ("{0.rule}",)},
    "rules.calendar": {"CalendarRefused": ()},
    "rules.class_overrides": {"OverrideRefused": ()},
    "rules.order_review": {"ReviewRefused": ()},
    "rules.penalties": {"DecisionRefused": ()},
}


def pytest_runtest_setup() -> None:
    """Reads from now on; of what the tests at hand have not imported there is nothing to read."""
    global reading
    reading = True
    for module in READ.keys() & sys.modules.keys():
        for kind, how in READ.pop(module).items():
            reader(getattr(sys.modules[module], kind), *how)
