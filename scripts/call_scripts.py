"""The call scripts of scripts/calls/: by name and version, and the one for a policy."""

from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

from rules.regions import lies_in
from rules.script import Script
from scripts.script_parts import FOLDER
from scripts.script_reader import read_script
from scripts.script_yaml import BadScript, ScriptProblem

__all__ = [
    "EARLIER",
    "FOLDER",
    "BadScript",
    "ScriptProblem",
    "UnknownScript",
    "all_scripts",
    "broken_scripts",
    "load_script",
    "read_script",
    "read_script_file",
    "script_for",
    "shipped_scripts",
]

EARLIER = FOLDER / "earlier"  # versions that are no longer used for new calls; their calls still name them


class UnknownScript(LookupError):
    """No script of that name and version."""


def read_script_file(path: Path) -> Script:
    """Raises BadScript, and OSError where the file cannot be read."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        problem = ScriptProblem(1, "NOT_YAML", "this file is not UTF-8", str(path))
        raise BadScript(str(path), [problem]) from error
    return read_script(text, str(path))


@cache
def shipped_scripts() -> tuple[Script, ...]:
    """The scripts for new calls, by name and version. A file that cannot be used is left out: nobody is rung whom only it
    would have fitted."""
    return _in_order(_read(FOLDER)[0])


@cache
def all_scripts() -> tuple[Script, ...]:
    """These and the earlier versions, by name and version."""
    return _in_order((*_read(FOLDER)[0], *_read(EARLIER)[0]))


def broken_scripts() -> tuple[BadScript, ...]:
    """What is wrong with the files that were left out, by file."""
    return (*_read(FOLDER)[1], *_read(EARLIER)[1])


@cache
def _read(folder: Path) -> tuple[tuple[Script, ...], tuple[BadScript, ...]]:
    """What can be used of a folder's files, and what is wrong with the others."""
    good, broken = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            good.append(read_script_file(path))
        except BadScript as bad:
            broken.append(bad)
        except OSError as error:
            problem = ScriptProblem(1, "NOT_READABLE", f"this file cannot be read: {error.strerror}", str(path))
            broken.append(BadScript(str(path), [problem]))
    return tuple(good), tuple(broken)


def _in_order(scripts: Iterable[Script]) -> tuple[Script, ...]:
    return tuple(sorted(scripts, key=lambda script: (script.name, script.version)))


@cache
def load_script(name: str, version: int | None = None) -> Script:
    """That version, or the newest. Raises UnknownScript."""
    found = [s for s in all_scripts() if s.name == name and version in (None, s.version)]
    if not found:
        raise UnknownScript(name if version is None else f"{name}@{version}")
    return found[-1]


def script_for(
    channel: str,
    product_type: str,
    premium_mode: str,
    today: date,
    *,
    variant: str = "FULL",
    jurisdiction: str | None = None,
    among: Iterable[Script] | None = None,
) -> Script | None:
    """The script for such a policy that is in force today, or None: one for its jurisdiction before one for
    everywhere, then the one that came into force last. `among`: the shipped ones unless told."""
    scripts = shipped_scripts() if among is None else among
    fitting = [s for s in scripts if fits(s, channel, product_type, premium_mode, today, variant, jurisdiction)]
    return max(fitting, key=lambda s: (bool(s.jurisdictions), s.valid_from, s.version), default=None)


def fits(
    script: Script,
    channel: str,
    product_type: str,
    premium_mode: str,
    today: date,
    variant: str = "FULL",
    jurisdiction: str | None = None,
) -> bool:
    return (
        script.variant == variant
        and channel in script.channels
        and product_type in script.product_types
        and premium_mode in script.premium_modes
        and (not script.jurisdictions or any(lies_in(jurisdiction or "", region) for region in script.jurisdictions))
        and script.valid_from <= today
        and (script.valid_until is None or today <= script.valid_until)
    )
