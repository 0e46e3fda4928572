"""A script made of shared parts: each part is laid over the ones before it, the script's own keys over all of them.

`changes` of a part are laid over the steps that are there, and over no others: so one part can word a channel's steps
for scripts that ask more and for scripts that ask less.
"""

from functools import cache
from pathlib import Path

from scripts.script_yaml import BadScript, Located, ScriptProblem, read_file

FOLDER = Path(__file__).parent / "calls"
PARTS = FOLDER / "parts"

# What a part may bring
PART_KEYS = frozenset(
    {
        "part", "opening", "closing", "anywhere", "phrases", "steps", "changes", "ready_answers",
        "minutes", "explanations", "silent_turns", "repeats", "misheard",
    }
)  # fmt: skip


def composed(document: Located) -> Located:
    """`document` with the parts that it names. Raises BadScript for a part that is not there or cannot be used."""
    names = document.get("parts")
    if not names:
        return document
    file, line = document.place("parts")
    if not isinstance(names, list):
        raise BadScript(file, [ScriptProblem(line, "NOT_A_LIST", "parts is a list of names", file)])
    whole, changes, problems = Located(document.file, document.line), [], []
    for name in names:
        path = _file_of(str(name), document.file)
        if path is None:
            problems.append(ScriptProblem(line, "UNKNOWN_PART", f"no such part: {name}", file))
            continue
        try:
            part = _part(path)
        except BadScript as bad:
            problems += bad.problems
            continue
        whole = whole.laid_over(part)
        changes.append(part.get("changes") or Located())
    if problems:
        raise BadScript(file, problems)
    steps = whole.get("steps") or Located()
    for change in changes:
        known = Located(change.file, change.line)
        for step in change:
            if step in steps:
                known.put(step, change[step], change.place(step))
        steps = steps.laid_over(known)
    whole.put("steps", steps, whole.place("steps"))
    whole = whole.laid_over(document)
    for key in ("part", "changes"):
        whole.pop(key, None)
    return whole


def _file_of(name: str, script_file: str) -> Path | None:
    """The part beside the script, else the shipped one."""
    if not name.replace("-", "").isalnum():
        return None
    for folder in (Path(script_file).parent / "parts", PARTS):
        if (path := folder / f"{name}.yaml").is_file():
            return path
    return None


@cache
def _part(path: Path) -> Located:
    part = read_file(path)
    problems = [
        ScriptProblem(part.place(key)[1], "UNKNOWN_KEY", f"{key} is not a key of a part", str(path))
        for key in part
        if key not in PART_KEYS
    ]
    if problems:
        raise BadScript(str(path), problems)
    return part
