"""Reads the lists of wording that no script may use (scripts/calls/lists/), and refuses a bad one with its line."""

import re
from functools import cache
from pathlib import Path

from rules.script_check import Wording
from scripts.script_parts import FOLDER
from scripts.script_yaml import BadScript, Located, ScriptProblem, read_file, true

FILE = FOLDER / "lists" / "wording.yaml"
CODES = ("FORBIDDEN_PHRASE", "LEADING_QUESTION", "PRETEXT")


@cache
def wording_lists(path: Path = FILE) -> tuple[Wording, ...]:
    document = read_file(path)
    found, problems = [], []
    for code, entries in document.items():
        if code not in CODES or not isinstance(entries, list):
            problems.append(ScriptProblem(document.place(code)[1], "UNKNOWN_KEY", f"{code} is no list of wording"))
            continue
        for entry in entries:
            if not isinstance(entry, Located) or not {"pattern", "rule", "zh", "en"} <= set(entry):
                line = entry.line if isinstance(entry, Located) else document.place(code)[1]
                problems.append(ScriptProblem(line, "MISSING_KEY", "an entry has pattern, rule, zh and en"))
                continue
            try:
                re.compile(str(entry["pattern"]))
            except re.error as error:
                problems.append(ScriptProblem(entry.line, "BAD_PATTERN", f"{entry['pattern']}: {error}"))
                continue
            found.append(
                Wording(
                    pattern=str(entry["pattern"]),
                    code=code,
                    rule=str(entry["rule"]),
                    why_zh=str(entry["zh"]),
                    why_en=str(entry["en"]),
                    before_identity=true(entry.get("before_identity")),
                )
            )
    if problems:
        raise BadScript(str(path), problems)
    return tuple(found)
