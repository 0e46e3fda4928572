"""Who answers at which number: what the control API said, the reserved numbers, else a customer drawn from the seed."""

import re
from dataclasses import dataclass, field
from datetime import date

from telephony.carrier import callees, customers

RESERVED = re.compile(r"\+861880000000(\d)")
_NAMED = {
    "silent": callees.Callee,
    "machine": callees.Machine,
    "fax": callees.Fax,
    "hangs-up": callees.LeavesAtOnce,
    "says-clear": callees.SaysClear,
    "presses-1": callees.PressesOne,
    "agent": callees.Agent,
    "agent-hangs-up": callees.LeavingAgent,
    "by-hand": callees.ByHand,
}
_UNREACHED = ("busy", "declined", "no-answer", "failed")
# what an agent's telephone does when the agent does not want to, or is not there
_AGENTS = {"agent-declines": "declined", "agent-never-answers": "no-answer"}
_BY_DIGIT = {
    "1": "busy", "2": "no-answer", "3": "failed", "4": "machine",
    "5": "hangs-up", "6": "silent", "7": "says-clear", "8": "presses-1",
}  # fmt: skip


@dataclass
class Entry:
    """What the control API said of a number: a behaviour by name or as a script, facts, a seed of its own."""

    behaviour: str | dict | None = None
    facts: dict = field(default_factory=dict)
    callee_seed: int | str | None = None

    def __post_init__(self):
        if isinstance(self.behaviour, dict):
            callees.Scripted.check(self.behaviour)
        elif self.behaviour is not None and self.behaviour not in names():
            raise ValueError(f"no behaviour is called {self.behaviour!r}; there are: {', '.join(names())}")
        if not isinstance(self.facts, dict):
            raise ValueError("facts is an object")
        if born := self.facts.get("birth_date"):
            date.fromisoformat(born)


def names() -> list[str]:
    return [*_NAMED, *_UNREACHED, *_AGENTS, "agreeable", "refuses-recording", *customers.characters()]


class Numbers:
    def __init__(self, seed: int):
        self.seed = seed
        self.entries: dict[str, Entry] = {}
        self.dials: dict[str, int] = {}

    def put(self, number: str, behaviour=None, facts=None, callee_seed=None) -> None:
        """Tell of a number anew; its dials count from the first again. Raises ValueError for no such behaviour."""
        self.entries[number] = Entry(behaviour, facts or {}, callee_seed)
        self.dials.pop(number, None)

    def forget(self, number: str | None = None) -> None:
        """Forget what was said of a number, and how often it was dialled; of every number with None."""
        if number is None:
            self.entries.clear()
            self.dials.clear()
        else:
            self.entries.pop(number, None)
            self.dials.pop(number, None)

    def count_dials(self, number: str, times: int) -> None:
        """Say how often a number has been dialled already."""
        self.dials[number] = times

    def behaviour(self, number: str) -> tuple[str, str | dict]:
        """Where the behaviour comes from (control, address, reserved, seed) and what it is."""
        entry = self.entries.get(number)
        if entry and entry.behaviour is not None:
            return "control", entry.behaviour
        if not number.startswith("+"):
            # a SIP address or a browser client is an agent's
            return "address", "agent"
        if match := RESERVED.fullmatch(number):
            digit = match[1]
            return "reserved", _BY_DIGIT.get(digit) or {"0": "agreeable", "9": "refuses-recording"}[digit]
        return "seed", customers.drawn(self._seed(number), number)

    def _seed(self, number: str) -> int | str:
        entry = self.entries.get(number)
        return self.seed if entry is None or entry.callee_seed is None else entry.callee_seed

    def dial(self, number: str) -> callees.Callee:
        """The callee of the next call to `number`; which dial it is counts for some."""
        nth = self.dials[number] = self.dials.get(number, 0) + 1
        _, behaviour = self.behaviour(number)
        entry = self.entries.get(number)
        facts = entry.facts if entry else {}
        if isinstance(behaviour, dict):
            return callees.Scripted(behaviour)
        if behaviour in _NAMED:
            return _NAMED[behaviour]()
        if behaviour in _UNREACHED or behaviour in _AGENTS:
            return callees.Unreached(_AGENTS.get(behaviour, behaviour))
        return customers.customer(behaviour, self._seed(number), number, nth, facts)

    def describe(self, number: str) -> dict:
        source, behaviour = self.behaviour(number)
        entry = self.entries.get(number)
        return {
            "number": number,
            "source": source,
            "behaviour": behaviour,
            "facts_known": sorted(entry.facts) if entry else [],
            "dialled": self.dials.get(number, 0),
        }
