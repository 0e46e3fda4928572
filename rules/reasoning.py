"""One line of an explanation, with the rule it rests on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`rule` is an id of docs/rules.md such as R25 or C9; the sentence stands in both languages."""

    rule: str
    zh: str
    en: str

    def text(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en
