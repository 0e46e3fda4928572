"""Who answers a telephone: what a prompt looks like to a callee, and callees that do exactly as told.

Simulated customers with a mind of their own are in customers.py.
"""

import re
from dataclasses import dataclass
from datetime import datetime

GREETING = "喂，你好。"
MACHINE_GREETING = "您好，我现在不方便接听电话，请在嘀声之后留言，我会尽快给您回电话。"


@dataclass(frozen=True)
class Prompt:
    """What the callee has heard since the last reaction, and how an answer can be given.

    `hears` holds "dtmf" and "speech" as the Gather says, or "record". `at` is the simulated instant, UTC.
    """

    text: str
    hears: frozenset[str]
    num_digits: int | None
    finish_key: str
    at: datetime
    language: str = ""


@dataclass(frozen=True)
class Reaction:
    """`kind`: say, press, silent or hangup; `delay`: simulated seconds after the prompt's end.

    `barge`: the fraction of the prompt after which a key cuts it short; None waits for its end.
    """

    kind: str
    text: str = ""
    delay: float = 1.0
    barge: float | None = None
    confidence: float | None = 0.9


@dataclass(frozen=True)
class Ring:
    """`outcome`: answer, busy, declined, no-answer or failed; `seconds` it rings before that."""

    outcome: str
    seconds: float = 4.0


SILENT = Reaction("silent")


class Callee:
    """Answers, stays on the line and says nothing. `kind`: human, machine or fax; `greeting` None says nothing at all.

    `stays`: after how many simulated seconds the callee hangs up whatever happens, None never. `says`: what it begins
    to say in a conference, unasked, in turn.
    """

    kind = "human"
    stays: float | None = None
    says: tuple[str, ...] = ()
    by_hand = False
    greeting: str | None = None
    character = "silent"

    def ring(self) -> Ring:
        return Ring("answer")

    def react(self, prompt: Prompt) -> Reaction:
        return SILENT

    def leaves_after(self, text: str) -> bool:
        """Whether the callee hangs up after this sentence of a Say outside any Gather."""
        return False


class Agent(Callee):
    """A simulated agent at a telephone, a SIP address or a browser client: answers after two seconds and stays. It speaks
    when it is told to (`/control/calls/{sid}/say`) and answers nobody by itself."""

    greeting = None
    character = "agent"

    def ring(self) -> Ring:
        return Ring("answer", 2.0)


class LeavingAgent(Agent):
    """A simulated agent who is gone after twenty seconds."""

    character = "agent-hangs-up"
    stays = 20.0


class ByHand(Callee):
    """Somebody at the control page: rings until picked up there, says and presses what is told there."""

    character = "by-hand"
    by_hand = True

    def ring(self) -> Ring:
        return Ring("answer", 3600.0)


class Unreached(Callee):
    """busy, declined, no-answer or failed."""

    def __init__(self, outcome: str):
        self.character = self.outcome = outcome

    def ring(self) -> Ring:
        # nobody answers, ever: the caller's Timeout decides
        return Ring(self.outcome, {"no-answer": 3600.0, "busy": 1.0, "declined": 3.0}.get(self.outcome, 0.0))


class Machine(Callee):
    kind = "machine"
    greeting = MACHINE_GREETING
    character = "machine"


class Fax(Callee):
    kind = "fax"
    character = "fax"


class LeavesAtOnce(Callee):
    """Hangs up after the first prompt."""

    greeting = GREETING
    character = "hangs-up"

    def react(self, prompt: Prompt) -> Reaction:
        return Reaction("hangup", delay=0.5)

    def leaves_after(self, text: str) -> bool:
        return True


class SaysClear(Callee):
    """Answers every Gather for speech with 清楚."""

    greeting = GREETING
    character = "says-clear"

    def react(self, prompt: Prompt) -> Reaction:
        return Reaction("say", "清楚") if "speech" in prompt.hears else SILENT


class PressesOne(Callee):
    """Answers every Gather for keys with 1."""

    greeting = GREETING
    character = "presses-1"

    def react(self, prompt: Prompt) -> Reaction:
        return Reaction("press", "1") if "dtmf" in prompt.hears else SILENT


class Scripted(Callee):
    """Does what a JSON object says: `{"answer_delay", "ring", "greeting", "replies", "default",
    "says", "stays"}`.

    A reply is `{"when": REGEX, "say" | "press" | "hangup" | "silent", "delay"?, "barge"?, "confidence"?, "times"?}`; the first whose
    regex is found in the prompt and that has turns left is taken, else `default` (a reply without `when`).
    """

    RINGS = ("answer", "no-answer", "busy", "declined", "failed", "machine")
    _REPLY = frozenset({"when", "say", "press", "hangup", "silent", "delay", "barge", "confidence", "times"})
    _KEYS = frozenset({"answer_delay", "ring", "greeting", "replies", "default", "says", "stays"})

    def __init__(self, script: dict):
        self.check(script)
        self.script = script
        self.character = "script"
        self.kind = "machine" if script.get("ring") == "machine" else "human"
        self.greeting = script.get("greeting", MACHINE_GREETING if self.kind == "machine" else GREETING) or None
        self.stays = script.get("stays")
        self.says = tuple(script.get("says", ()))
        self._left = [reply.get("times") for reply in script.get("replies", ())]

    @classmethod
    def check(cls, script: dict) -> None:
        """Raises ValueError for a script that could not be followed."""
        if unknown := set(script) - cls._KEYS:
            raise ValueError(f"a script does not take {', '.join(sorted(unknown))}")
        if script.get("ring", "answer") not in cls.RINGS:
            raise ValueError(f"ring is one of {', '.join(cls.RINGS)}")
        replies = script.get("replies", [])
        if not isinstance(replies, list):
            raise ValueError("replies is a list")
        cls._check_numbers(script, "answer_delay", "stays")
        if not isinstance(script.get("says", []), list) or not all(isinstance(x, str) for x in script.get("says", [])):
            raise ValueError("says is a list of sentences")
        cls._check_text(script, "greeting")
        for reply in [*replies, script["default"]] if script.get("default") else replies:
            if not isinstance(reply, dict) or set(reply) - cls._REPLY:
                raise ValueError(f"a reply takes {', '.join(sorted(cls._REPLY))}")
            cls._check_numbers(reply, "delay", "barge", "confidence", "times")
            cls._check_text(reply, "when")
            if sum(key in reply for key in ("say", "press", "hangup", "silent")) != 1:
                raise ValueError("a reply has exactly one of say, press, hangup, silent")
        for reply in replies:
            try:
                re.compile(reply.get("when", ""))
            except re.error as error:
                raise ValueError(f"{reply['when']!r} is no regular expression: {error}") from error

    @staticmethod
    def _check_numbers(given: dict, *names: str) -> None:
        for name in names:
            value = given.get(name, 0)
            # null leaves the confidence out, or waits for the end of the prompt
            if value is None and name in ("barge", "confidence", "times", "stays"):
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{name} is a number, 0 or more")

    @staticmethod
    def _check_text(given: dict, name: str) -> None:
        if not isinstance(given.get(name) or "", str):
            raise ValueError(f"{name} is text")

    def ring(self) -> Ring:
        outcome = self.script.get("ring", "answer")
        seconds = float(self.script.get("answer_delay", 4.0))
        return Ring({"machine": "answer"}.get(outcome, outcome), 3600.0 if outcome == "no-answer" else seconds)

    def react(self, prompt: Prompt) -> Reaction:
        return self._reaction(self._reply(prompt.text))

    def leaves_after(self, text: str) -> bool:
        for position, reply in enumerate(self.script.get("replies", ())):
            if (
                reply.get("hangup")
                and reply.get("when")
                and self._left[position] != 0
                and re.search(reply["when"], text, re.DOTALL)
            ):
                return True
        return False

    def _reply(self, text: str) -> dict | None:
        for position, reply in enumerate(self.script.get("replies", ())):
            if self._left[position] != 0 and re.search(reply.get("when", ""), text, re.DOTALL):
                if self._left[position]:
                    self._left[position] -= 1
                return reply
        return self.script.get("default")

    @staticmethod
    def _reaction(reply: dict | None) -> Reaction:
        if reply is None or "silent" in reply:
            return SILENT
        kind = next(key for key in ("say", "press", "hangup") if key in reply)
        text = "" if kind == "hangup" else str(reply[kind])
        return Reaction(kind, text, float(reply.get("delay", 1.0)), reply.get("barge"), reply.get("confidence", 0.9))
