"""Every call that a script can lead to, walked by the engine itself.

A state is where a call stands, without its counters; from each state every input is given to the real engine. Where
the engine asks a counter (how often was this explained, misheard, repeated …), both answers are followed: still below
its limit, or used up. Where it asks whether a step's condition holds, or whether an item is still open, both are
followed too, so that one walk stands for every policy; that each policy's mandatory items have a step whose condition
holds is looked at by itself (ways.py). States, inputs and answers are finite, so the walk ends with all of them seen:
nothing is sampled, and nothing is simulated, since a call on the telephone takes these very ways.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from rules.call_sheet import CallSheet
from rules.conversation.values import Progress
from rules.conversation.walk import Walk
from rules.outcomes import OPEN_ANSWERS
from rules.script import OF_OPEN_ITEMS, Script, ScriptStep
from rules.script_check.inputs import Input, inputs
from rules.script_check.specimens import NOW

USED_UP = 99


class State(NamedTuple):
    """`got`: items of each policy that have a definite answer; None once something was left open (then the call cannot
    end as complete any more)."""

    step: str
    place: str
    policy: int = 0
    identity: str = "UNPROVEN"
    identity_round: int = 1
    passed: tuple[str, ...] = ()
    open: bool = False
    undelivered: tuple[int, ...] = ()
    offered: bool = False
    proxy: str | None = None
    got: frozenset[str] | None = frozenset()
    ended: str | None = None


class Edge(NamedTuple):
    """`bounded`: a counter that never goes back was used on the way, so that no call takes this for ever."""

    start: State
    label: str
    end: State
    bounded: bool
    own: bool
    said: tuple[str, ...]
    appointment: bool


@dataclass(slots=True)
class Graph:
    edges: list[Edge] = field(default_factory=list)
    parent: dict[State, Edge | None] = field(default_factory=dict)
    told_too_early: dict[str, Edge | None] = field(default_factory=dict)  # step → how it was led to

    def way_to(self, state: State) -> list[Edge]:
        """A shortest call that leads there."""
        way = []
        while (edge := self.parent.get(state)) is not None:
            way.append(edge)
            state = edge.start
        return way[::-1]


class _AsMisheard(Exception):
    """The engine treats this answer as one it did not understand: the edges of that one are followed already."""


class ProbedWalk(Walk):
    """A walk whose counters answer as told: `used_up` for each counter in the order in which it is asked."""

    def __init__(self, script: Script, sheet: CallSheet, at: dict, used_up: tuple[bool, ...]):
        self.script, self.sheet = script, sheet
        self.at = dict(at)
        self.answers, self.candidate, self.heard = [], None, None
        self.told, self.asked, self.bounded = used_up, {}, False
        self.too_early: list[str] = []
        self.finals: list[tuple[int | None, str, str]] = []  # policy, step, answer
        self.skipped: list[
            tuple[int, str]
        ] = []  # items that a condition took out: whose they are is looked at elsewhere
        self.misheard_elsewhere = False

    def meets(self, step: ScriptStep) -> bool:
        if self.at["proxy"] and any("proxy_allowed" in condition.facts for condition in step.when):
            return True  # wanted only where it is allowed
        return not step.when or not self._used_up("unmet", step.id)

    def asks(self, item: str) -> bool:
        step = self.script.steps[item]
        if (step.when or self.script.variant in OF_OPEN_ITEMS) and self._used_up("unmet", item):
            self.skipped.append((self.at["policy"], step.records))
            return False
        return super().asks(item)

    def record(self, understood, *, final, step=None, answer=None, person=False, **_) -> None:
        if final:
            records = step or self.step.records
            self.finals.append((self.about(records, person), records, str(answer or understood.answer)))

    def count(self, what: str, where: str | None = None) -> int:
        if what == "misheard" and self.misheard_elsewhere:
            raise _AsMisheard
        used_up = self._used_up(what, where)
        self.bounded = self.bounded or not used_up
        return USED_UP if used_up else 1

    def counted(self, what: str, where: str | None = None) -> int:
        return USED_UP if self._used_up(what, where) else 0

    def _used_up(self, what: str, where: str | None) -> bool:
        key = f"{what}:{where}"
        if key not in self.asked:
            number = len(self.asked)
            self.asked[key] = self.told[number] if number < len(self.told) else False
        return self.asked[key]

    def withholds(self, step: ScriptStep) -> bool:
        held = super().withholds(step)
        if held:
            self.too_early.append(step.id)
        return held


def explore(
    script: Script,
    sheet: CallSheet,
    mandatory: tuple[str, ...],
    begin: Callable[[Walk], None],
    first: Progress,
    *,
    stop: Callable[[State], bool] = lambda _: False,
    memory: dict | None = None,
) -> Graph:
    """Every state that can be reached from `first` led on by `begin`; states for which `stop` holds are not left."""
    graph, todo = Graph(), deque()
    choices = memory if memory is not None else {}
    origin = State(first.step, first.place, identity=first.identity, proxy=first.proxy)
    graph.parent[origin] = None
    for edge, early in _tries(script, sheet, origin, Input("", begin), mandatory, _at(first)):
        _take(graph, edge, early, todo)
    while todo:
        state = todo.popleft()
        if state.ended or stop(state):
            continue
        step = script.steps[state.step]
        if step.id not in choices:
            choices[step.id] = inputs(script, step)
        at = _at(_progress(state))
        for one in choices[step.id]:
            for edge, early in _tries(script, sheet, state, one, mandatory, at):
                _take(graph, edge, early, todo)
    return graph


def _take(graph: Graph, edge: Edge, early: Iterable[str], todo: deque) -> None:
    graph.edges.append(edge)
    if edge.end not in graph.parent:
        graph.parent[edge.end] = edge
        todo.append(edge.end)
    for step in early:
        graph.told_too_early.setdefault(step, edge)


def _tries(script, sheet, state, one: Input, mandatory, at: dict):
    """The edges of one input: one for each way the counters can answer."""
    for in_a_row in one.in_a_row:
        waiting = [()]
        while waiting:
            told = waiting.pop()
            walk = ProbedWalk(script, sheet, at, told)
            walk.at.update(in_a_row)
            walk.misheard_elsewhere = one.label not in ("", "NOT_UNDERSTOOD", "SILENT")
            try:
                one.give(walk)
            except _AsMisheard:
                known = tuple(walk.asked.values())
                waiting += [(*known[:number], True) for number in range(len(told), len(known))]
                continue
            known = tuple(walk.asked.values())
            waiting += [(*known[:number], True) for number in range(len(told), len(known))]
            after = walk.at
            bounded = walk.bounded or after["identity_round"] > at["identity_round"] or after["policy"] > state.policy
            yield (
                Edge(
                    state, one.label, _state(walk, state, mandatory), bounded, one.own, after["saying"],
                    after["appointment"] is not None,
                ),
                walk.too_early,
            )  # fmt: skip


def _at(progress: Progress) -> dict:
    """A progress as a walk has it in hand, with nothing said yet."""
    return {name: getattr(progress, name) for name in Progress.__dataclass_fields__} | {"saying": ()}


def _progress(state: State) -> Progress:
    return Progress(
        step=state.step,
        place=state.place,
        policy=state.policy,
        identity=state.identity,
        identity_round=state.identity_round,
        identity_passed=state.passed,
        open_items=("0/",) if state.open else (),
        undelivered=state.undelivered,
        slots=(NOW + timedelta(hours=25), NOW + timedelta(hours=27)) if state.offered else (),
        proxy=state.proxy,
    )


def _state(walk: ProbedWalk, before: State, mandatory: tuple[str, ...]) -> State:
    at = walk.at
    proven = at["identity"] == "PROVEN"
    got = before.got
    if at["open_items"]:
        got = None
    elif got is not None and proven:
        definite = {
            f"{policy}/{step}"
            for policy, step, answer in walk.finals
            if policy is not None and step in mandatory and answer not in OPEN_ANSWERS
        }
        definite.update(f"{policy}/{step}" for policy, step in walk.skipped if step in mandatory)
        got = got | definite if definite else got
    ended = at["ended"]
    return State(
        step=at["step"],
        place=at["place"],
        policy=at["policy"],
        identity=at["identity"],
        identity_round=1 if proven or ended else at["identity_round"],
        passed=() if proven or ended else at["identity_passed"],
        open=bool(at["open_items"]),
        undelivered=at["undelivered"],
        offered=at["step"] == "A1.offer" and bool(at["slots"]),
        proxy=at["proxy"],
        got=got,
        ended=ended,
    )
