"""Trouble to order. A table of faults, each saying when it strikes; nothing strikes unless it is in the table.

A row: `{"fault": NAME, "number": "+86…"?, "nth": N?, "rate": R?, "times": T?, …details}`. Without `nth` and `rate`
it strikes at every occasion, with `nth` at the nth occasion only (counted from 1, for the number when one is named),
with `rate` at that share of occasions, drawn from the seed. `times` bounds how often it strikes in all.
"""

import hashlib
from dataclasses import dataclass, field

# name: what it does, and the details that it takes with their defaults
FAULTS: dict[str, tuple[str, dict]] = {
    "create-lost-response": ("the call is placed, the answer never arrives (real seconds held)", {"hold": 30.0}),
    "create-500-after": ("the call is placed, the answer is 500", {}),
    "create-500-before": ("no call is placed, the answer is 500", {}),
    "create-503": ("no call is placed, the answer is 503 with an HTML body", {}),
    "create-429": ("no call is placed, the answer is 429", {"retry_after": None}),
    "create-slow": ("the call is placed, the answer comes late (real seconds)", {"seconds": 5.0}),
    "callback-before-response": (
        "the first callbacks arrive before the answer to the create (real seconds)",
        {"seconds": 0.5},
    ),
    "instant-hangup": ("answered and gone at once: completed with CallDuration 0", {}),
    "callback-duplicate": ("a status callback is sent twice", {}),
    "callback-reorder": ("a status callback is held back until the next one of the call has been sent", {}),
    "callback-drop": ("a status callback is never sent", {}),
    "callback-late": ("a status callback is sent late (simulated seconds)", {"seconds": 120.0}),
    "callback-unsigned": ("a status callback carries no valid signature", {}),
    "conference-callback-drop": ("a callback of a conference is never sent", {}),
    "conference-callback-reorder": (
        "a callback of a conference is held back until its next one has been sent",
        {},
    ),
    "recording-late": ("a recording completes late (simulated seconds)", {"seconds": 600.0}),
    "recording-absent": ("a recording ends as absent", {"error_code": 16102}),
    "recording-callback-drop": ("the callback of a recording is never sent", {}),
    "media-404": ("the media of a completed recording is not there yet", {}),
}


@dataclass
class Fault:
    name: str
    number: str | None = None
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
        defaults = FAULTS[name][1]
        fault = cls(name, *(row.pop(key, None) for key in ("number", "nth", "rate", "times", "event")))
        if unknown := set(row) - set(defaults):
            raise ValueError(f"{name} does not take {', '.join(sorted(unknown))}")
        fault.details = defaults | row
        for key, value in {"nth": fault.nth, "rate": fault.rate, "times": fault.times, **fault.details}.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
                raise ValueError(f"{key} of {name} is a number, 0 or more")
        return fault


class Faults:
    """`event` of a callback fault names the status it strikes at (initiated, ringing, in-progress, completed …)."""

    def __init__(self, seed: int, rows: list[dict] = ()):
        self.seed = seed
        self.table = [Fault.of(row) for row in rows]

    def replace(self, rows: list[dict]) -> None:
        self.table = [Fault.of(row) for row in rows]

    def strikes(self, name: str, number: str, event: str | None = None) -> dict | None:
        """The details of the first fault of that name that strikes at this occasion, else None."""
        for position, fault in enumerate(self.table):
            if fault.name != name or fault.number not in (None, number) or fault.event not in (None, event):
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

    def _drawn(self, position: int, fault: Fault, number: str) -> float:
        text = f"{self.seed}|{position}|{fault.name}|{number}|{fault.occasions}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big") / 2**56

    def describe(self) -> dict:
        return {
            "faults": [
                {"fault": f.name, "number": f.number, "nth": f.nth, "rate": f.rate, "times": f.times, "event": f.event,
                 **f.details, "struck": f.struck} for f in self.table
            ],
            "known": {name: about for name, (about, _) in FAULTS.items()},
        }  # fmt: skip
