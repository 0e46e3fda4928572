"""What a check of a script says: problems with their line and a call that shows them, and the proofs that hold."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Problem:
    """`path_zh`, `path_en`: a call that runs into it, one answer a line; empty where the text alone shows it."""

    code: str
    line: int
    file: str
    zh: str
    en: str
    path_zh: tuple[str, ...] = ()
    path_en: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """`codes`: the problems that would disprove it. `covers_*`: over what it holds, so that nobody takes it for more."""

    name: str
    holds: bool
    zh: str
    en: str
    covers_zh: str = ""
    covers_en: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    script: str
    problems: tuple[Problem, ...]
    proofs: tuple[Proof, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Wording:
    """One entry of the lists of wording. `pattern`: a regular expression; `before_identity`: refused only there."""

    pattern: str
    code: str  # FORBIDDEN_PHRASE, LEADING_QUESTION or PRETEXT
    rule: str
    why_zh: str
    why_en: str
    before_identity: bool = False


@dataclass(slots=True)
class Problems:
    """Collected as they are found; the same finding at the same line is told once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, place: tuple[str, int], zh: str, en: str, path=((), ())) -> None:
        if all((p.code, p.file, p.line, p.en) != (code, place[0], place[1], en) for p in self.found):
            self.found.append(Problem(code, place[1], place[0], zh, en, tuple(path[0]), tuple(path[1])))
