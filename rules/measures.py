"""Each figure of the reports as the business names it, from callbacks as values."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from rules.calendar import business_date
from rules.outcomes import MISSELLING_REASONS
from rules.parameters import DEFAULTS, Profile

UNTRUE_DATA = frozenset({"PHONE_INVALID", "PHONE_SHARED", "PHONE_IS_AGENTS", "RECORD_MISMATCH", "CONTACT_DATA_WRONG"})
CLEAN = frozenset({"STANDARD", "SUB_STANDARD"})


@dataclass(frozen=True, slots=True)
class Result:
    """One settled contact. `completed`: every mandatory item answered; `valid`: its recording or paper is verified.

    `class_` is the one in force, `overridden` tells that two persons put it in the place of the derived one.
    """

    at: datetime
    by: str  # HEAD_OFFICE or BRANCH
    method: str
    class_: str | None
    completed: bool
    valid: bool = True
    reasons: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    overridden: bool = False


@dataclass(frozen=True, slots=True)
class Callback:
    """One policy with its callbacks. `policy_term_years` None is whole life."""

    policy_no: str
    policyholder_id: str
    branch: str
    policyholder_type: str = "PERSON"
    policy_term_years: float | None = None
    receipt_signed_on: date | None = None
    nominal_end: date | None = None
    withdrawn_on: date | None = None
    death_known_on: date | None = None
    cancelled_on: date | None = None
    results: tuple[Result, ...] = ()
    channel: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Measures:
    """Counts and rates of one cohort; rates in per cent as text with one decimal, half up, None of nothing."""

    due: int
    excluded: int
    excluded_by: dict[str, int]
    denominator: int
    completed: int
    completed_by: dict[str, int]
    completed_by_method: dict[str, int]
    clean: int
    in_window: int
    classes: dict[str, int]
    completed_rate: str | None
    clean_success_rate: str | None
    in_window_rate: str | None
    sales_question_share: str | None
    data_truth_rate: str | None
    sales_question: int = 0
    untrue_data: int = 0
    overridden: int = 0
    by_branch: dict[str, "Measures"] = field(default_factory=dict)


def rate(part: int, whole: int) -> str | None:
    """Per cent with one decimal, half up."""
    if whole == 0:
        return None
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"


def measure(
    callbacks: Iterable[Callback], as_of: date, profile: Profile = DEFAULTS, *, by_branch: bool = True
) -> Measures:
    """The figures of these policies as they stood at the end of `as_of`; later results are not known yet.

    The caller chooses the cohort: a period's are the policies whose `nominal_end` lies in it (S18).
    """
    rows = [callback for callback in callbacks if _in_scope(callback, profile)]
    whole = _figures(rows, as_of, profile)
    if by_branch:
        whole.by_branch.update(measure_by(rows, as_of, profile, lambda row: row.branch))
    return whole


def measure_by(
    callbacks: Iterable[Callback], as_of: date, profile: Profile, part: Callable[[Callback], str]
) -> dict[str, Measures]:
    """The figures of each branch, channel or agent, as `part` names it."""
    parts: dict[str, list[Callback]] = defaultdict(list)
    for row in callbacks:
        if _in_scope(row, profile):
            parts[part(row)].append(row)
    return {name: _figures(parts[name], as_of, profile) for name in sorted(parts)}


def drill_down(callbacks: Iterable[Callback], as_of: date, profile: Profile = DEFAULTS) -> dict[str, tuple[str, ...]]:
    """The policy numbers behind each count, in the order given; `sales_question` and `untrue_data` behind the shares."""
    found: dict[str, list[str]] = {name: [] for name in ("due", "excluded", "denominator", *_COUNTS)}
    for row in callbacks:
        if not _in_scope(row, profile):
            continue
        for name in _names(_counted(row, as_of, profile)):
            if name in found:
                found[name].append(row.policy_no)
    return {name: tuple(policies) for name, policies in found.items()}


def rows_behind(
    callbacks: Iterable[Callback], figure: str, as_of: date, profile: Profile = DEFAULTS
) -> tuple[Callback, ...]:
    """The callbacks that a figure counts, in the order given.

    `figure` is a count (`due`, `in_window`, `untrue_data`, …), or one part of it: `classes.QUESTION`,
    `excluded_by.DEATH`, `completed_by.BRANCH`, `completed_by_method.LETTER`. `outstanding` are those of the
    denominator that are not completed.
    """
    return tuple(
        row for row in callbacks if _in_scope(row, profile) and figure in _names(_counted(row, as_of, profile))
    )


def first_completed(row: Callback, as_of: date, profile: Profile = DEFAULTS) -> Result | None:
    """The callback whose class counts for this policy, None where none was completed by `as_of` (S18)."""
    return _counted(row, as_of, profile).first


def _in_scope(callback: Callback, profile: Profile) -> bool:
    if callback.policyholder_type != "PERSON":
        return False
    term = callback.policy_term_years
    return term is None or term > profile["scope.min_term_exclusive_years"]


_COUNTS = ("completed", "clean", "in_window", "sales_question", "untrue_data", "overridden")


@dataclass(frozen=True, slots=True)
class _Counted:
    """What one policy counts for. `first` is its first completed callback, `counting` the first that may count."""

    excluded: str | None = None
    first: Result | None = None
    counting: Result | None = None
    in_window: bool = False
    untrue_data: bool = False

    @property
    def completed(self) -> bool:
        return self.counting is not None

    @property
    def clean(self) -> bool:
        # S18: the class of the first completed callback, also when it was settled later
        return self.completed and self.first is not None and self.first.class_ in CLEAN

    @property
    def sales_question(self) -> bool:
        return self.completed and self.first is not None and bool(MISSELLING_REASONS & set(self.first.reasons))

    @property
    def overridden(self) -> bool:
        return self.completed and self.first is not None and self.first.overridden


def _names(counted: _Counted) -> tuple[str, ...]:
    """Every figure that this policy adds one to: what is counted and what stands behind it are the same thing."""
    if counted.excluded is not None:
        return ("due", "excluded", f"excluded_by.{counted.excluded}")
    names = ["due", "denominator", *(name for name in _COUNTS if getattr(counted, name))]
    if counted.counting is None or counted.first is None:
        return (*names, "outstanding")
    return (
        *names,
        f"completed_by.{counted.counting.by}",
        f"completed_by_method.{counted.counting.method}",
        f"classes.{counted.first.class_ or 'NONE'}",
    )


def _counted(row: Callback, as_of: date, profile: Profile) -> _Counted:
    known = sorted((r for r in row.results if business_date(r.at) <= as_of), key=lambda r: r.at)
    done = [r for r in known if r.completed and r.valid]
    if (kind := _excluded(row, done, as_of, profile)) is not None:
        return _Counted(kind)
    # R23: a callback before the signature counts only once its supplementary callback is made
    signed = row.receipt_signed_on
    counting = next((r for r in done if signed is None or business_date(r.at) >= signed), None)
    return _Counted(
        None,
        done[0] if done else None,
        counting,
        counting is not None and row.nominal_end is not None and business_date(counting.at) <= row.nominal_end,
        any(UNTRUE_DATA & {*r.reasons, *r.marks} for r in known),
    )


def _figures(rows: list[Callback], as_of: date, profile: Profile) -> Measures:
    n: Counter[str] = Counter()
    for row in rows:
        n.update(_names(_counted(row, as_of, profile)))

    def parts(of: str) -> dict[str, int]:
        return {name.removeprefix(f"{of}."): count for name, count in n.items() if name.startswith(f"{of}.")}

    denominator = n["denominator"]
    return Measures(
        due=n["due"],
        excluded=n["excluded"],
        excluded_by=parts("excluded_by"),
        denominator=denominator,
        completed=n["completed"],
        completed_by=parts("completed_by"),
        completed_by_method=parts("completed_by_method"),
        clean=n["clean"],
        in_window=n["in_window"],
        classes=parts("classes"),
        completed_rate=rate(n["completed"], denominator),
        clean_success_rate=rate(n["clean"], denominator),
        in_window_rate=rate(n["in_window"], denominator),
        sales_question_share=rate(n["sales_question"], n["completed"]),
        data_truth_rate=rate(denominator - n["untrue_data"], denominator),
        sales_question=n["sales_question"],
        untrue_data=n["untrue_data"],
        overridden=n["overridden"],
    )


def _excluded(row: Callback, done: list[Result], as_of: date, profile: Profile) -> str | None:
    """What takes the policy out of the denominator from the day it is known (C28), unless it was completed before."""
    first_done = business_date(done[0].at) if done else None
    kinds = {"WITHDRAWN": row.withdrawn_on, "DEATH": row.death_known_on, "CANCELLED": row.cancelled_on}
    found = [
        (day, kind)
        for kind, day in kinds.items()
        if kind in profile["kpi.denominator_exclusions"] and day is not None and day <= as_of
    ]
    if not found:
        return None
    day, kind = min(found)
    return None if first_done is not None and first_done <= day else kind
