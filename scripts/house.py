"""Which rule profile one contract of this house comes under: its place, channel, product and date, the house's layers."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

from rules.branches import Organisation, jurisdiction_of, path_of
from rules.calendar import ONE_DAY
from rules.list_columns import CHANNEL, PRODUCT_TYPE
from rules.parameters import Profile
from scripts.rule_profiles import FOLDER, load_profile, profile_for, profile_names, profile_versions


@dataclass(frozen=True, slots=True)
class Filed:
    """A branch's own layer: it counts for what is concluded from `filed_on` until the day before `withdrawn_on` (R127)."""

    branch: str
    name: str
    filed_on: date
    withdrawn_on: date | None = None

    def stands(self, on: date) -> bool:
        return self.filed_on <= on and (self.withdrawn_on is None or on < self.withdrawn_on)


@dataclass(frozen=True)
class House:
    """The organisation with the layers that hold in it. `company` names the company's layer, None where it has none."""

    tree: Organisation
    company: str | None = None
    filed: tuple[Filed, ...] = ()
    folder: Path = FOLDER
    _found: dict = field(default_factory=dict, repr=False, compare=False)

    def profile_of(self, branch: str | None, channel: str, product_type: str, concluded_on: date) -> Profile:
        """The profile of a contract of this branch or outlet, as it was on the day it was concluded.

        Raises LookupError where no national layer was in force then or the company's layer is not there, ProfileError
        for a layer that does not hold.
        """
        key = branch, channel, product_type, bisect_right(self._turns, concluded_on)
        if key not in self._found:
            self._found[key] = profile_for(
                jurisdiction_of(branch, self.tree) or "",
                channel,
                product_type,
                concluded_on,
                company=self.company,
                branch=self.layers_of(branch, concluded_on),
                folder=self.folder,
            )
        return self._found[key]

    def layers_of(self, branch: str | None, on: date) -> tuple[str, ...]:
        """The names of the layers filed by the branch and by those above it, the highest first."""
        path = path_of(self.tree.branch_of_outlet.get(branch, branch), self.tree)
        return tuple(dict.fromkeys(f.name for one in path for f in self._by_branch.get(one.code, ()) if f.stands(on)))

    def profiles_of_branch(self, branch: str | None, on: date) -> tuple[str, ...]:
        """The ids of every profile that a contract of this branch may come under, by channel and product type."""
        return tuple(
            dict.fromkeys(
                self.profile_of(branch, channel, product_type, on).id
                for channel in CHANNEL.codes
                for product_type in PRODUCT_TYPE.codes
            )
        )

    def own(self, on: date) -> Profile:
        """What holds for the house as a whole: for figures that are nobody's single contract. Raises LookupError."""
        national = load_profile("national", on, self.folder)
        if self.company is None:
            return national
        if self.company not in profile_names(self.folder):
            raise LookupError(f"no profile is called {self.company!r}")
        standing = [file.layer.id for file in profile_versions(self.company, self.folder) if file.in_force(on)]
        return load_profile("/".join((national.id, *standing[:1])), folder=self.folder)

    @cached_property
    def _by_branch(self) -> Mapping[str, list[Filed]]:
        found: dict[str, list[Filed]] = {}
        for one in self.filed:
            found.setdefault(one.branch, []).append(one)
        return found

    @cached_property
    def _turns(self) -> list[date]:
        """The days from which another set of layers may count; between two of them nothing changes."""
        days: set[date] = set()
        for name in profile_names(self.folder):
            for file in profile_versions(name, self.folder):
                days |= {file.effective_from} if file.effective_from else set()
                days |= {file.effective_until + ONE_DAY} if file.effective_until else set()
        for one in self.filed:
            days |= {one.filed_on} | ({one.withdrawn_on} if one.withdrawn_on else set())
        return sorted(days)
