"""Which callbacks are looked at again: the yearly self-inspection, and the recordings whose quality is checked."""

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import cycle

from rules.parameters import DEFAULTS, Profile

QUESTION = "QUESTION"


@dataclass(frozen=True, slots=True)
class Sampled:
    """One completed callback as far as drawing needs it. `agent_call_no` counts the calls of a callback agent from 1;
    None where a robot rang."""

    id: str
    channel: str
    product_type: str
    class_: str
    by_proxy: bool = False
    script_withdrawn: bool = False
    agent_call_no: int | None = None


def share_of(total: int, per_cent: float) -> int:
    """So many of `total`, rounded up: a share is a least. Exact in decimals, no float creeps in."""
    return math.ceil(Decimal(total) * Decimal(str(per_cent)) / 100)


def inspection_size(total: int, profile: Profile = DEFAULTS) -> int:
    """The larger of the share and the least number, and never more than there are (R126)."""
    return min(total, max(share_of(total, profile["sampling.share"]), profile["sampling.minimum"]))


def self_inspection(callbacks: Iterable[Sampled], profile: Profile = DEFAULTS, *, start: int = 0) -> tuple[str, ...]:
    """Ids of the sample: strata by channel and product, in each at equal intervals in the order given, and at least one.

    Every question item is in it, beside the drawn ones, since it is there to find what went wrong. `start` moves the
    first one drawn, so that two years do not draw alike; the same callbacks and start always give the same sample.
    """
    rows = list(callbacks)
    strata: dict[tuple[str, str], list[Sampled]] = defaultdict(list)
    for row in rows:
        strata[row.channel, row.product_type].append(row)
    sizes = _apportion({name: len(members) for name, members in strata.items()}, inspection_size(len(rows), profile))
    drawn = {row.id for row in rows if row.class_ == QUESTION}
    for name, members in strata.items():
        drawn.update(row.id for row in equal_intervals(members, sizes[name], start))
    return tuple(row.id for row in rows if row.id in drawn)


def equal_intervals(rows: Sequence[Sampled], size: int, start: int = 0) -> tuple[Sampled, ...]:
    """`size` of them, spread evenly, or all; each one distinct."""
    total = len(rows)
    size = min(size, total)
    return tuple(rows[(n * total // size + start) % total] for n in range(size))


def _apportion(sizes: dict[tuple[str, str], int], wanted: int) -> dict[tuple[str, str], int]:
    """Each stratum its share by the largest remainders, at least one and at most all of it; `wanted` is no more than there are."""
    total = sum(sizes.values())
    given = {name: min(size, max(1, wanted * size // total)) for name, size in sizes.items()}
    by_remainder = sorted(sizes, key=lambda name: (-(wanted * sizes[name] % total), name))
    for name in cycle(by_remainder):
        if sum(given.values()) >= wanted:
            break
        given[name] += given[name] < sizes[name]
    return given


def population_digest(callbacks: Iterable[Sampled]) -> str:
    """SHA-256 over the rows that are drawn from, in their order: equal digest, profile and start, equal sample."""
    whole = hashlib.sha256()
    for row in callbacks:
        fields = (row.id, row.channel, row.product_type, row.class_, row.by_proxy, row.script_withdrawn)
        whole.update("\t".join(map(str, (*fields, row.agent_call_no))).encode() + b"\n")
    return whole.hexdigest()


def quality_checks(callbacks: Iterable[Sampled], profile: Profile = DEFAULTS, *, start: int = 0) -> dict[str, str]:
    """Id → why its recording is checked: PROXY, WITHDRAWN_SCRIPT, NEW_AGENT or SAMPLE; the first that applies."""
    rows = list(callbacks)
    wanted: dict[str, str] = {}
    groups = (
        ("PROXY", profile["quality.proxy_share"], [r for r in rows if r.by_proxy]),
        ("WITHDRAWN_SCRIPT", profile["quality.withdrawn_script_share"], [r for r in rows if r.script_withdrawn]),
        ("NEW_AGENT", 100, [r for r in rows if (r.agent_call_no or math.inf) <= profile["quality.new_agent_calls"]]),
        ("SAMPLE", profile["quality.standard_share"], [r for r in rows if r.class_ == "STANDARD"]),
    )
    for why, per_cent, members in groups:
        for row in equal_intervals(members, share_of(len(members), per_cent), start):
            wanted.setdefault(row.id, why)
    return wanted


def impersonation_rechecks(callbacks: Sequence[Sampled], profile: Profile = DEFAULTS, *, start: int = 0) -> tuple:
    """Ids of completed callbacks of half a year ago that are rung once more."""
    size = share_of(len(callbacks), profile["quality.impersonation_recheck_share"])
    return tuple(row.id for row in equal_intervals(callbacks, size, start))
