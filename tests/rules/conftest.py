"""Every step of reasoning that any of these tests brings about is read: its rule, and both its sentences."""

import re
from functools import cache
from pathlib import Path

from rules import words
from rules.judge.history import Broken
from rules.parameters import PARAMETERS
from rules.reasoning import Step

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"^- ([A-Z]+-?\d*) — \S", PAGE, re.MULTILINE))
CODES = {
    *words._WORDS,
    *re.findall(r"[A-Z][A-Z_]+", " ".join(str(row.default) for row in PARAMETERS.values())),
    *("ID", "JSON", "CASE_SETTLED", "KeyError", "TypeError"),
    *("NOBODY", "ORDINARY"),  # made up by the tests of the judge
}
CHINESE = re.compile("[一-鿿]")


@cache
def _flaws(rule: str, zh: str, en: str) -> tuple[str, ...]:
    capitals = {word for word in re.findall(r"[A-Za-z_]+", f"{zh} {en}") if re.search("[A-Z]", word[1:])}
    return tuple(
        flaw
        for flaw, found in {
            f"docs/rules.md does not explain {rule}": rule not in EXPLAINED,
            # what was heard clearly needs no sentence, only its rule
            f"no Chinese: {zh}": bool(zh or en) and not CHINESE.search(zh),
            f"no English: {en}": bool(zh or en) and not re.search("[a-z]", en),
            f"capitals that are no code: {capitals - CODES}": capitals - CODES,
            f"begins with a blank: {zh}|{en}": zh != zh.strip() or en != en.strip(),
        }.items()
        if found
    )


_make_step, _make_broken = Step.__init__, Broken.__init__


def _read_step(self: Step, *values: str, **named: str) -> None:
    _make_step(self, *values, **named)
    assert not _flaws(self.rule, self.zh, self.en), _flaws(self.rule, self.zh, self.en)


def _read_broken(self: Broken, *values: object, **named: object) -> None:
    _make_broken(self, *values, **named)
    flaws = _flaws(f"PROMISE-{self.promise}", self.message_zh, self.message_en)
    assert self.message_zh and not flaws, flaws


Step.__init__, Broken.__init__ = _read_step, _read_broken
