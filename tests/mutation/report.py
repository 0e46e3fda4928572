"""What became of the mutants, as a table and a list of the survivors."""

import re
from collections import Counter
from pathlib import Path

import yaml
from mutants import Mutant

# the share of killed ones below which the run fails
REQUIRED = 0.9
EQUIVALENT = Path(__file__).with_name("equivalent.yaml")
HEADING = "## Mutation testing of rules/"


def counted(mutants: list[Mutant], results: dict[str, str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for mutant in mutants:
        found.setdefault(mutant.path, Counter())[results.get(mutant.key, "untried")] += 1
    return found


def score(mutants: list[Mutant], results: dict[str, str]) -> float:
    total = sum(counted(mutants, results).values(), Counter())
    return total["killed"] / max(1, total["killed"] + total["survived"])


def table(mutants: list[Mutant], results: dict[str, str]) -> str:
    lines = ["| file | mutants | killed | survived | killed, % |", "|---|---|---|---|---|"]
    files = counted(mutants, results)
    for path, one in [*files.items(), ("all", sum(files.values(), Counter()))]:
        tried = one["killed"] + one["survived"]
        if tried:
            lines.append(
                f"| {path} | {tried:,} | {one['killed']:,} | {one['survived']:,} | {100 * one['killed'] / tried:.1f} |"
            )
    return "\n".join(lines)


def page(mutants: list[Mutant], results: dict[str, str], seconds: float, workers: int, of: int) -> str:
    drawn = f"Drawn evenly: {len(mutants):,} of {of:,} mutants. " if len(mutants) < of else ""
    untried = sum(mutant.key not in results for mutant in mutants)
    reasons = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or {} if EQUIVALENT.exists() else {}
    lines = [
        HEADING,
        "",
        table(mutants, results),
        "",
        drawn + f"{seconds:.0f} s with {workers} at once." + f" Not tried yet: {untried:,}." * bool(untried),
        "",
        "Survivors:",
        "",
    ]
    for mutant in mutants:
        if results.get(mutant.key) == "survived":
            why = reasons.get(mutant.key, "")
            place = f"{mutant.path}:{mutant.line}" + (f" {mutant.function}" if mutant.function else "")
            lines.append(f"- {mutant.key} {place}: {_difference(mutant)}" + (f" — {why}" if why else ""))
    return "\n".join(lines) + "\n"


def _difference(mutant: Mutant) -> str:
    before, after = (" ".join(text.split()) for text in (mutant.before, mutant.after))
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    tail = 0
    while tail < min(len(before), len(after)) - start and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    start, tail = max(0, start - 25), max(0, tail - 15)
    cut = [text[start : len(text) - tail] if tail else text[start:] for text in (before, after)]
    short = [text if len(text) < 110 else text[:60] + " … " + text[-40:] for text in cut]
    return " → ".join(f"`{text.replace('`', '')}`" for text in short)


def put_into(file: Path, text: str) -> None:
    """Replaces the section, or adds it at the end."""
    old = file.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(HEADING)}.*?(?=^## |\Z)", old, re.MULTILINE | re.DOTALL)
    new = old[: found.start()] + text + "\n" + old[found.end() :] if found else old.rstrip() + "\n\n" + text
    file.write_text(new.rstrip() + "\n", encoding="utf-8")
