"""Trouble to order. A table of faults, each saying when it strikes; nothing strikes unless it is in the table.

A row: `{"fault": NAME, "number": "+86…"?, "call": "CA…"?, "event": …?, "nth": N?, "rate": R?, "times": T?, …details}`.
Without `nth` and `rate` it strikes at every occasion, with `nth` at the nth occasion only (counted from 1, for the number
or the call when one is named), with `rate` at that share of occasions, drawn from the seed. `times` bounds how often it
strikes in all.
"""

import hashlib
from dataclasses import dataclass, field

from telephony.carrier.fault_kinds import FAULTS


@dataclass
class Fault:
    name: str
    number: str | None = None
    call: str | None = None
    nth: int | None = None
    rate: float | None = None
    times: int | None = None
    event: str | None = None
    details: dict = field(default_factory=dict)
    occasions: int = 0
    struck: int = 0

    @classmethod
    def of(cls, row: dict) -> "Fault":
        """Raises ValueError for a row that names no known fault or has keys that nothing reads."""
        if not isinstance(row, dict):
            raise ValueError("a fault is an object")
        row = dict(row)
        name = row.pop("fault", None)
        if name not in FAULTS:
            raise ValueError(f"no fault is called {name!r}; there are: {', '.join(FAULTS)}")
        kind = FAULTS[name]
        fault = cls(name, *(row.pop(key, None) for key in ("number", "call", "nth", "rate", "times", "event")))
        if unknown := set(row) - set(kind.details):
            raise ValueError(f"{name} does not take {', '.join(sorted(unknown))}")
        for key in ("number", "call", "event"):
            if not isinstance(getattr(fault, key), str | None):
                raise ValueError(f"{key} of {name} is a text")
        for key in ("nth", "rate", "times"):
            _check_number(name, key, getattr(fault, key))
        for key, value in row.items():
            kind.check(name, key, value)
        fault.details = kind.defaults | row
        return fault

    def fits(self, number: str | None, event: str | None, call_sid: str | None) -> bool:
        return (
            self.number in (None, number)
            and self.event in (None, event)
            and self.call in (None, call_sid)
        )  # fmt: skip


def _check_number(name: str, key: str, value) -> None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
        raise ValueError(f"{key} of {name} is a number, 0 or more")


class Faults:
    """`event` of a callback fault names what it strikes at: a status (initiated, ringing, in-progress, completed …),
    `twiml` for a request of a document, `recording`, `amd`, or an event of a conference."""

    def __init__(self, seed: int, rows: list[dict] = ()):
        self.seed = seed
        self.table = [Fault.of(row) for row in rows]

    def replace(self, rows: list[dict]) -> None:
        self.table = [Fault.of(row) for row in rows]

    def add(self, rows: list[dict]) -> None:
        self.table = [*self.table, *(Fault.of(row) for row in rows)]

    def strikes(
        self, name: str, number: str | None, event: str | None = None, call_sid: str | None = None
    ) -> dict | None:
        """The details of the first fault of that name that strikes at this occasion, else None."""
        for position, fault in enumerate(self.table):
            if fault.name != name or not fault.fits(number, event, call_sid):
                continue
            fault.occasions += 1
            if fault.times is not None and fault.struck >= fault.times:
                continue
            if fault.nth is not None and fault.occasions != fault.nth:
                continue
            if fault.rate is not None and self._drawn(position, fault, number) >= fault.rate:
                continue
            fault.struck += 1
            return {"fault": name, **fault.details}
        return None

    def _drawn(self, position: int, fault: Fault, number: str | None) -> float:
        text = f"{self.seed}|{position}|{fault.name}|{number}|{fault.occasions}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56

    def describe(self) -> dict:
        return {
            "faults": [
                {"fault": f.name, "number": f.number, "call": f.call, "nth": f.nth, "rate": f.rate, "times": f.times,
                 "event": f.event, **f.details, "occasions": f.occasions, "struck": f.struck} for f in self.table
            ],
            "known": {name: kind.about for name, kind in FAULTS.items()},
            "zh": {name: kind.zh for name, kind in FAULTS.items()},
            "details": {name: kind.defaults for name, kind in FAULTS.items()},
            "ids": {name: list(kind.ids) for name, kind in FAULTS.items()},
        }  # fmt: skip
