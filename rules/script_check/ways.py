"""Proofs about where calls lead: every item asked, nothing told too early, no way without an end, no end without class."""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from itertools import pairwise

from rules.answers import Said
from rules.script import ENDS, IDENTITY_QUESTIONS, NEXT, NEXT_POLICY, Script, ScriptStep
from rules.script_check.explore import Edge, Graph, State
from rules.script_check.graphs import Seen
from rules.script_check.specimens import Kind
from rules.script_check.telling import in_words, way
from rules.script_check.values import Problems
from rules.script_conditions import met

_NO_ANSWERS = (Said.SILENT, Said.NOT_UNDERSTOOD)


def place_of(step: ScriptStep, key: str = "") -> tuple[str, int]:
    return step.places.get(key, (step.file, step.line))


def top(script: Script, key: str) -> tuple[str, int]:
    return script.places.get(key, (script.file, 1))


# ---------------------------------------------------------------- without walking


def talking_in_circles(script: Script, problems: Problems) -> bool:
    """Steps that lead to one another again without a question: the engine would never stop talking."""
    found = False
    onward = {step.id: _without_asking(script, step) for step in script.steps.values()}
    for step in script.steps.values():
        circle = _way_round(onward, step.id)
        if any(_only_speaks(script.steps[one]) for one in circle):
            told = " → ".join(circle)
            problems.add(
                "ENDLESS_LOOP", place_of(step, "next" if _only_speaks(step) else "otherwise"),
                f"{told}：只说不问，绕回原处，通话永远说不完", f"{told}: only speaks and comes round again for ever",
            )  # fmt: skip
            found = True
    for step in script.steps.values():
        at, seen = step, set()
        while at is not None and at.otherwise and at.id not in seen:
            seen.add(at.id)
            at = script.steps.get(at.otherwise)
        if at is not None and at.id in seen:
            problems.add(
                "ENDLESS_LOOP", place_of(step, "otherwise"),
                f"{step.id}：条件都不满足时绕回原处", f"{step.id}: where no condition holds it comes round again for ever",
            )  # fmt: skip
            found = True
    return found


def _only_speaks(step: ScriptStep) -> bool:
    return not step.question and not step.end


def _without_asking(script: Script, step: ScriptStep) -> list[str]:
    """Where the call may go on from a step though nobody was asked: after what is only said, or past its condition."""
    following = dict(pairwise((*script.opening, *script.per_policy, *script.closing)))
    targets = [step.next or NEXT] if _only_speaks(step) else []
    targets += [step.otherwise or NEXT] if step.when else []
    targets = [following.get(step.id, "") if target == NEXT else target for target in targets]
    return [target for target in targets if target in script.steps]


def _way_round(onward: dict[str, list[str]], step: str) -> list[str]:
    """A shortest way from the step to itself, both ends included; empty where there is none."""
    ways = deque([[step]])
    seen: set[str] = set()
    while ways:
        way_there = ways.popleft()
        for target in onward[way_there[-1]]:
            if target == step:
                return [*way_there, step]
            if target not in seen:
                seen.add(target)
                ways.append([*way_there, target])
    return []


def ends_have_a_class(script: Script, problems: Problems) -> None:
    for step in script.steps.values():
        if step.end is not None and step.end not in ENDS:
            problems.add(
                "END_WITHOUT_CLASS", place_of(step, "end"),
                f"{step.id} 以 {step.end} 结束，定不出结论", f"{step.id} ends as {step.end}, which gives no class",
            )  # fmt: skip


def mandatory_items_are_asked_of_each(script: Script, kinds: Iterable[Kind], problems: Problems) -> set[str]:
    """For each kind of policy: every mandatory item has a step in the list whose condition holds for it.

    Returns the items that no step of the list asks of anybody.
    """
    steps = [script.steps[step] for step in script.per_policy]
    recorded = {step.records for step in steps}
    lacking: set[str] = set()
    for kind in kinds:
        policy = kind.sheet.policies[0]
        asked = {step.records for step in steps if met(step.when, kind.sheet, policy)}
        for item in kind.mandatory:
            if item in asked:
                continue
            if item in recorded:
                step = next(step for step in steps if step.records == item)
                problems.add(
                    "MISSING_ITEM", place_of(step, "when"),
                    f"必问的 {item} 因条件不满足而不问：{kind.zh}",
                    f"the mandatory item {item} is left out by its condition: {kind.en}",
                )  # fmt: skip
            elif item not in lacking:
                lacking.add(item)
                problems.add(
                    "MISSING_ITEM", top(script, "per_policy"),
                    f"必问的 {item} 没有列入（{kind.zh}）", f"the mandatory item {item} is not in the list ({kind.en})",
                )  # fmt: skip
    return lacking


def policies_left_early(script: Script, problems: Problems) -> None:
    """Only a contract that has not been received takes a policy out of the call before its items are asked (C16)."""
    for step in script.steps.values():
        keys = [f"on.{answer}" for answer, target in step.on.items() if target == NEXT_POLICY]
        keys += ["next"] if step.next == NEXT_POLICY else []
        for key in keys:
            if step.records != "M2.received":
                problems.add(
                    "ITEM_PASSED_OVER", place_of(step, key),
                    f"{step.id} 跳到下一份保单，其余必问项目就不问了，只有合同未送达（M2.received）才可以",
                    f"{step.id} goes on to the next policy, so its mandatory items are not asked; only an undelivered "
                    "contract (M2.received) may",
                )  # fmt: skip


def identity_is_asked(script: Script, problems: Problems) -> None:
    questions = [script.steps[step].question for step in script.opening]
    for element in IDENTITY_QUESTIONS:
        if element not in questions:
            problems.add(
                "IDENTITY_INCOMPLETE", top(script, "opening"),
                f"开场没有问 {element}，登记资料只有这一项可用的客户就无法核实",
                f"the opening never asks {element}, with which some identities must be proven",
            )  # fmt: skip


# ---------------------------------------------------------------- over the walks


def every_item_on_every_way(script: Script, seen: list[Seen], lacking: set[str], problems: Problems) -> None:
    """An item that is asked of a policy has a definite answer wherever the call ends as complete."""
    told: set[str] = set()
    for one in seen:
        if one.items is None:
            continue
        for state in one.graph.parent:
            if state.ended != "COMPLETED" or state.got is None:
                continue
            for item in one.items:
                if state.undelivered or f"0/{item}" in state.got or item in lacking | told:
                    continue
                told.add(item)
                _item_passed_over(script, one, state, item, problems)


def _item_passed_over(script: Script, one: Seen, state: State, item: str, problems: Problems) -> None:
    edges = one.graph.way_to(state)
    path = way(script, edges)
    asked = [e for e in edges if script.steps[e.start.step].records == item and e.label]
    if not asked:
        step = next(script.steps[step] for step in script.per_policy if script.steps[step].records == item)
        place = place_of(step)
        jump = next((e for e in edges if _jumps(script, e, step.id)), None)
        if jump is not None:
            place = place_of(script.steps[jump.start.step], f"on.{jump.label}")
        problems.add(
            "ITEM_PASSED_OVER", place,
            f"可以不问 {item} 就走到通话完成", f"a call can complete without {item} being asked", path,
        )  # fmt: skip
        return
    leaving = asked[-1]
    step = script.steps[leaving.start.step]
    problems.add(
        "SILENCE_TAKEN_AS_ANSWER" if leaving.label in _NO_ANSWERS else "ITEM_WITHOUT_ANSWER",
        place_of(step, f"on.{leaving.label}"),
        f"{item} 没有明确回答（{in_words(leaving.label, 'zh')}）就往下走，仍以完成结束",
        f"{item} is left on {in_words(leaving.label, 'en')}, which is no definite answer, and the call still completes",
        path,
    )


def _jumps(script: Script, edge: Edge, item: str) -> bool:
    """Whether this answer leads from before `item` in the list to after it."""
    order = {step: number for number, step in enumerate((*script.per_policy, *script.closing))}
    start, end, at = order.get(edge.start.place), order.get(edge.end.place), order[item]
    return start is not None and end is not None and start < at < end


def nothing_told_before_identity(script: Script, seen: list[Seen], problems: Problems) -> None:
    for one in seen:
        for step_id, edge in one.graph.told_too_early.items():
            way_there = [*one.graph.way_to(edge.start), edge] if edge is not None else []
            asker = script.steps.get(edge.start.step) if edge is not None else None
            place = place_of(script.steps[step_id])
            if step_id in script.opening:
                place = top(script, "opening")
            elif asker is not None and f"on.{edge.label}" in asker.places:
                place = place_of(asker, f"on.{edge.label}")
            problems.add(
                "DISCLOSES_BEFORE_IDENTITY", place,
                f"{step_id} 会说出保单内容，而身份还没有核实", f"{step_id} tells of the policy before identity is proven",
                way(script, way_there),
            )  # fmt: skip
        for edge in one.graph.edges:
            if edge.end.identity == "PROVEN":
                continue
            for step_id in {script.texts[text].step for text in edge.said} - {""}:
                step = script.steps[step_id]
                if any(condition.tells for condition in step.when):
                    problems.add(
                        "CONDITION_BEFORE_IDENTITY", place_of(step, "when"),
                        f"{step_id} 在核实身份之前按保单内容取舍，听的人能从中得知",
                        f"{step_id} is said or not by a fact of the policy, before identity is proven",
                        way(script, [*one.graph.way_to(edge.start), edge]),
                    )  # fmt: skip
    _on_targets_before_identity(script, seen, problems)


def _on_targets_before_identity(script: Script, seen: list[Seen], problems: Problems) -> None:
    """Answers that the script itself sends to a telling step from where identity is not proven yet."""
    early: dict[str, tuple[Graph, State]] = {}
    for one in seen:
        for state in one.graph.parent:
            if state.identity != "PROVEN" and state.step in script.steps:
                early.setdefault(state.step, (one.graph, state))
    for step_id, (graph, state) in early.items():
        step = script.steps[step_id]
        for answer, target in step.on.items():
            if target in script.steps and script.steps[target].discloses:
                problems.add(
                    "DISCLOSES_BEFORE_IDENTITY", place_of(step, f"on.{answer}"),
                    f"{step_id} 答“{in_words(answer, 'zh')}”就到 {target}，会说出保单内容，而身份还没有核实",
                    f"{step_id}, answered {in_words(answer, 'en')}, leads to {target}, which tells of the policy before "
                    "identity is proven",
                    way(script, graph.way_to(state)),
                )  # fmt: skip


def every_step_is_reached(script: Script, seen: list[Seen], problems: Problems) -> None:
    reached = {script.texts[text].step for one in seen for edge in one.graph.edges for text in edge.said}
    for one in seen:
        reached |= {state.step for state in one.graph.parent} | set(one.graph.told_too_early)
    for step in script.steps.values():
        if step.id not in reached:
            problems.add(
                "UNREACHABLE", place_of(step),
                f"没有一条路走得到 {step.id}", f"no call ever comes to {step.id}",
            )  # fmt: skip


def every_way_has_an_end(script: Script, seen: list[Seen], problems: Problems) -> None:
    """From each question an end is reached by its own answers alone, without falling silent or breaking off."""
    for one in seen:
        back = defaultdict(list)
        for edge in one.graph.edges:
            if edge.own:
                back[edge.end].append(edge.start)
        # where a walk stops, another goes on from there
        left = {edge.start for edge in one.graph.edges}
        todo = [s for s in one.graph.parent if s.ended or s not in left]
        alive = set(todo)
        while todo:
            for start in back[todo.pop()]:
                if start not in alive:
                    alive.add(start)
                    todo.append(start)
        dead = [state for state in one.graph.parent if state not in alive and state.step]
        for state in _innermost(dead, one.graph.edges):
            problems.add(
                "DEAD_END", place_of(script.steps[state.step]),
                f"{state.step} 怎么回答都走不到通话结束", f"whatever is answered at {state.step}, the call comes to no end",
                way(script, one.graph.way_to(state)),
            )  # fmt: skip


def _innermost(dead: list[State], edges: list[Edge]) -> list[State]:
    """Those from which the fewest others can be reached: where the call is caught, not the ways that lead there."""
    if not dead:
        return []
    forward = defaultdict(set)
    inside = set(dead)
    for edge in edges:
        if edge.own and edge.start in inside:
            forward[edge.start].add(edge.end)
    reach = {}
    for state in dead:
        seen, todo = {state}, [state]
        while todo:
            fresh = forward[todo.pop()] - seen
            seen |= fresh
            todo += fresh
        reach[state] = len(seen)
    least = min(reach.values())
    return [state for state in dead if reach[state] == least]


def no_call_goes_on_for_ever(script: Script, seen: list[Seen], problems: Problems) -> None:
    """A circle of answers none of which uses up a counter could be walked round for ever."""
    for one in seen:
        forward = defaultdict(list)
        for edge in one.graph.edges:
            if not edge.bounded:
                forward[edge.start].append(edge)
        for circle in _circles(forward):
            first = circle[0]
            step = script.steps[first.start.step]
            told = " → ".join(f"{e.start.step}（{in_words(e.label, 'zh')}）" for e in circle)
            told_en = " → ".join(f"{e.start.step} ({in_words(e.label, 'en')})" for e in circle)
            problems.add(
                "ENDLESS_LOOP", place_of(step, f"on.{first.label}"),
                f"{told} → {first.start.step}：可以一直绕下去", f"{told_en} → {first.start.step}: can go round for ever",
                way(script, one.graph.way_to(first.start)),
            )  # fmt: skip


def _circles(forward: dict[State, list[Edge]]) -> Iterator[list[Edge]]:
    """One circle for each place where a depth-first walk meets its own trail."""
    done: set[State] = set()
    for origin in list(forward):
        if origin in done:
            continue
        trail: list[Edge] = []
        on_trail = {origin: 0}
        stack = [(origin, iter(forward[origin]))]
        while stack:
            state, edges = stack[-1]
            edge = next(edges, None)
            if edge is None:
                stack.pop()
                done.add(state)
                on_trail.pop(state)
                if trail:
                    trail.pop()
                continue
            if edge.end in on_trail:
                yield [*trail[on_trail[edge.end] :], edge]
            elif edge.end not in done:
                on_trail[edge.end] = len(trail) + 1
                trail.append(edge)
                stack.append((edge.end, iter(forward.get(edge.end, ()))))
