"""Every step of reasoning that any of these tests brings about is read: its rule, and both its sentences."""

import re
from functools import cache
from pathlib import Path

from rules import words
from rules.parameters import PARAMETERS
from rules.reasoning import Step

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
EXPLAINED = set(re.findall(r"^- ([A-Z]+-?\d*) — \S", PAGE, re.MULTILINE))
CODES = {
    *words._WORDS,
    *re.findall(r"[A-Z][A-Z_]+", " ".join(str(row.default) for row in PARAMETERS.values())),
    *("ID", "JSON", "CASE_SETTLED"),
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


_make = Step.__init__


def _read(self: Step, *values: str, **named: str) -> None:
    _make(self, *values, **named)
    assert not _flaws(self.rule, self.zh, self.en), _flaws(self.rule, self.zh, self.en)


# before any module of the rules makes the steps that it keeps in a table
Step.__init__ = _read
