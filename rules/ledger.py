"""The ledger's chain: each line is bound to the one before it, and lines seal the events, so that nothing can be changed,
added or taken away unseen.

A line's canonical form is the JSON object of its fields, keys sorted, no spaces, UTF-8, instants in UTC to the
microsecond; with the values that `plain` allows this is the form of RFC 8785. Its hash is SHA-256 over a zero byte and
that form: a leaf hash of RFC 6962, so that a Merkle tree over the ledger takes the hashes as they are.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

# What the first line follows.
NOTHING = "0" * 64


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written down. `body` holds plain values without fractions (see `plain`)."""

    kind: str
    at: datetime
    subject: str
    actor: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it stands. `body` is its canonical JSON; `previous` and `hash` are 64 lower-case hex digits."""

    seq: int
    at: datetime
    kind: str
    subject: str
    actor: str
    body: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenChain:
    """Where the chain does not hold, and why: GAP, CUT (not bound to the line before), ALTERED, FORM."""

    seq: int
    problem: str


def plain(value: Any) -> Any:
    """`value` as canonical JSON can hold it. Raises TypeError for a fraction and for what has no plain form: two readers
    might print it differently."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    raise TypeError(f"{type(value).__name__} has no place in the ledger")


def instant_text(at: datetime) -> str:
    """An aware instant in UTC to the microsecond, always of the same length."""
    if at.tzinfo is None:
        raise TypeError("an instant without a zone has no place in the ledger")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def canonical(value: Any) -> str:
    """The one way to write `value` as JSON."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def line_hash(seq: int, entry: Entry, previous: str) -> str:
    """The hash of the line that `entry` becomes at place `seq` after the line with hash `previous`."""
    return _hash(seq, entry.at, entry.kind, entry.subject, entry.actor, plain(entry.body), previous)


def line_after(entry: Entry, seq: int, previous: str) -> Line:
    """`entry` as the line after the one at `seq` with hash `previous`."""
    body = plain(entry.body)
    found = _hash(seq + 1, entry.at, entry.kind, entry.subject, entry.actor, body, previous)
    return Line(seq + 1, entry.at, entry.kind, entry.subject, entry.actor, canonical(body), previous, found)


def _hash(seq: int, at: datetime, kind: str, subject: str, actor: str, body: Any, previous: str) -> str:
    written = canonical(
        {
            "seq": seq,
            "at": instant_text(at),
            "kind": kind,
            "subject": subject,
            "actor": actor,
            "body": body,
            "previous": previous,
        }
    )
    return leaf(written.encode()).hex()


def check_chain(lines: Iterable[Line], *, after: int = 0, previous: str = NOTHING) -> Iterator[BrokenChain]:
    """Every place at which `lines`, in the order of `seq`, do not follow from one another. A part of the ledger is
    checked from the line at `after` with hash `previous` on. One finding a line; memory does not grow."""
    for line in lines:
        if line.seq != after + 1:
            yield BrokenChain(line.seq, "GAP")
        elif line.previous != previous:
            yield BrokenChain(line.seq, "CUT")
        elif problem := _own_problem(line):
            yield BrokenChain(line.seq, problem)
        after, previous = line.seq, line.hash


def _own_problem(line: Line) -> str | None:
    try:
        body = json.loads(line.body)
        if canonical(body) != line.body:
            return "FORM"
        found = _hash(line.seq, line.at, line.kind, line.subject, line.actor, body, line.previous)
    except (ValueError, TypeError):
        return "FORM"
    return None if found == line.hash else "ALTERED"


# ---------------------------------------------------------------- trees of hashes (RFC 6962, section 2.1)


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class TreeRoot:
    """The root over leaf hashes that are added one after the other; memory grows with the logarithm of their number."""

    def __init__(self) -> None:
        self._full: list[bytes] = []  # complete subtrees, one for each bit of the count, the largest first
        self.count = 0

    def add(self, leaf_hash: bytes) -> None:
        found, bits = leaf_hash, self.count
        while bits & 1:
            found = node(self._full.pop(), found)
            bits >>= 1
        self._full.append(found)
        self.count += 1

    def root(self) -> bytes:
        if not self._full:
            return hashlib.sha256(b"").digest()
        found = self._full[-1]
        for left in reversed(self._full[:-1]):
            found = node(left, found)
        return found


# ---------------------------------------------------------------- the audit log, sealed by the ledger


def event_hash(
    id: int, at: datetime, kind: str, case_id: int | None, call_id: str | None, person_id: int | None, data: Any
) -> bytes:
    """The leaf hash of one event of the audit log: of the canonical JSON of its columns."""
    columns = {
        "id": id,
        "at": instant_text(at),
        "kind": kind,
        "case_id": case_id,
        "call_id": call_id,
        "person_id": person_id,
        "data": data,
    }
    return leaf(canonical(columns).encode())


def sealed_events(first: int, last: int) -> str:
    """What a seal over the events with these ids is about."""
    return f"events/{first}-{last}"


def seal_body(first: int, last: int, root: TreeRoot) -> dict[str, Any]:
    """What a seal says of the events with ids `first` to `last`: how many there are, and the root over their hashes in
    the order of their ids. Ids that no event bears are part of what is sealed: none can appear there later."""
    return {"first": first, "last": last, "count": root.count, "root": root.root().hex()}
