"""The walks that together see every call of a script."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from rules.call_sheet import CallSheet
from rules.conversation.values import Progress
from rules.conversation.walk import Walk
from rules.script import IDENTITY_QUESTIONS, NEXT, Script
from rules.script_check.explore import Graph, State, explore
from rules.script_check.specimens import with_elements

# what may be on file to prove identity with: each pair of the three, and too little
ON_FILE = (*combinations(IDENTITY_QUESTIONS, 2), IDENTITY_QUESTIONS[:1])


@dataclass(frozen=True, slots=True)
class Seen:
    """One walk. `items`: those that a completed end of it must have passed."""

    graph: Graph
    items: tuple[str, ...] | None = None


def walks(script: Script, sheet: CallSheet, items: tuple[str, ...]) -> Iterator[Seen]:
    """Before identity: with each pair of elements on file and with too few, with and without times for an appointment.
    From identity on: all items of one policy, and the first of them answered by a proxy. `items`: all that are mandatory
    for some policy.

    Without times for an appointment nothing else differs after identity: the call ends instead of asking for one. Each
    policy of a call is walked alike, since only an undelivered contract leads to the next one early (ways.py).
    """
    memory: dict = {}
    telling = items if items else ("",)
    begun = script.per_policy[0]

    def start(walk: Walk) -> None:
        walk.go(script.opening[0])

    def go_on(walk: Walk) -> None:
        walk.go(NEXT)

    def proven(state: State) -> bool:
        return state.identity == "PROVEN"

    def walk(on: CallSheet, begin, first: Progress, stop=lambda _: False) -> Graph:
        return explore(script, on, telling, begin, first, stop=stop, memory=memory)

    known = with_elements(sheet, ON_FILE[0])
    yield Seen(walk(known, start, Progress(), proven))
    yield Seen(walk(replace(known, appointment_times=()), start, Progress(), proven))
    if (before := _before_identity(script)) is not None:
        for elements in ON_FILE[1:]:
            yield Seen(walk(with_elements(sheet, elements), go_on, before, proven))
    yield Seen(walk(sheet, go_on, _once_proven(script)), items)
    if any(step.question == "consent" for step in script.steps.values()):
        wanted = replace(_once_proven(script), proxy="WANTED")
        yield Seen(walk(sheet, go_on, wanted, lambda state: state.place not in (script.opening[-1], begun)))


def _before_identity(script: Script) -> Progress | None:
    """Just before the first element of identity is asked for."""
    first = next((n for n, step in enumerate(script.opening) if script.steps[step].question in IDENTITY_QUESTIONS), 0)
    if first == 0:
        return None
    return Progress(step=script.opening[first - 1], place=script.opening[first - 1])


def _once_proven(script: Script) -> Progress:
    """The moment at which the last element of identity has been found right."""
    asked = [step for step in script.opening if script.steps[step].question in IDENTITY_QUESTIONS]
    last = asked[-1] if asked else script.opening[-1]
    return Progress(step=last, place=last, identity="PROVEN", identity_passed=IDENTITY_QUESTIONS[:2])
