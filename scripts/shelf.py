"""The scripts that are in force in this installation: those shipped, less what was withdrawn, with what was published."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from rules.script import Script, digest
from scripts.call_scripts import script_for, shipped_scripts


@dataclass(frozen=True)
class Shelf:
    """`effective`: from which day a published version counts, where it is another than its own `valid_from`."""

    scripts: tuple[Script, ...]
    effective: Mapping[str, date] = field(default_factory=dict)
    _found: dict = field(default_factory=dict, repr=False, compare=False)

    def script_for(
        self,
        channel: str,
        product_type: str,
        premium_mode: str,
        day: date,
        jurisdiction: str | None = None,
        variant: str = "FULL",
    ) -> Script | None:
        """The script for such a policy that is in force on that day."""
        key = channel, product_type, premium_mode, day, jurisdiction, variant
        if key not in self._found:
            in_force = (s for s in self.scripts if self.effective.get(s.id, day) <= day)
            self._found[key] = script_for(
                channel, product_type, premium_mode, day, variant=variant, jurisdiction=jurisdiction, among=in_force
            )
        return self._found[key]

    def name_for(
        self, channel: str, product_type: str, premium_mode: str, day: date, jurisdiction: str | None = None
    ) -> str | None:
        """Its name with the version."""
        script = self.script_for(channel, product_type, premium_mode, day, jurisdiction)
        return script.id if script else None


@cache
def shipped_shelf() -> Shelf:
    return Shelf(shipped_scripts())


def shelf_of(published: Iterable[tuple[Script, date]], withdrawn: frozenset[str]) -> Shelf:
    """`published` beside the shipped ones, each from its day; `withdrawn`: ids that no new call uses."""
    found = {script.id: script for script in shipped_scripts()}
    effective = {}
    for script, day in published:
        found[script.id] = script
        effective[script.id] = day
    return Shelf(tuple(script for name, script in found.items() if name not in withdrawn), effective)


@cache
def digest_of(script_id: str) -> str | None:
    """The digest of a shipped script or an earlier version of one; None for any other."""
    from scripts.call_scripts import all_scripts

    return next((digest(script) for script in all_scripts() if script.id == script_id), None)
