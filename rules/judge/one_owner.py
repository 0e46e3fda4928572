"""Promise 5: every case has exactly one owner at each instant: head office, one branch, or closed."""

from collections.abc import Iterator

from rules.cases import Owner, owner_of
from rules.judge.history import Book, Broken, Event, History

_TRANSITIONS = frozenset({"CASE_OPENED", "CASE_UPDATED", "CASE_MOVED", "CALL_RESERVED", "SETTLED"})


def one_owner(history: History, book: Book) -> Iterator[Broken]:
    """Each case is replayed from its opening: every step begins with the owner that the last one left, names the owner
    that its state has, and a branch exactly where a branch owns. Only head office dials."""
    for case_id, events in history.cases.items():
        steps = [event for event in events if event.kind in _TRANSITIONS]
        if steps:
            yield from _replay(case_id, steps)


def _replay(case_id: int, steps: list[Event]) -> Iterator[Broken]:
    # A list writes what it changed and where the case moved in one statement, in either order.
    moved = {event.at: event.data.get("owner") for event in steps if event.kind == "CASE_MOVED"}
    owner: str | None = None  # None: to be taken from the next step
    for place, event in enumerate(steps):
        problems, owner = _step(event, owner, place == 0, moved)
        for zh, en in problems:
            yield Broken(5, case_id, event.call_id, zh, en, event.at)


def _step(event: Event, owner: str | None, first: bool, moved: dict) -> tuple[list[tuple[str, str]], str | None]:
    data, problems = event.data, []
    if first != (event.kind == "CASE_OPENED"):
        problems.append(
            ("没有立案记录", "nothing tells that the case was opened")
            if first
            else ("重复立案", "the case was opened a second time")
        )
    if event.kind == "CALL_RESERVED":
        if owner is not None and owner != Owner.HEAD_OFFICE:
            problems.append((f"案件归属为 {owner} 时由总公司拨打", f"head office dialled while the owner was {owner}"))
        return problems, owner
    begins = data.get("was_owner") if event.kind == "SETTLED" else _owner_of(data.get("from"))
    if event.kind in ("SETTLED", "CASE_MOVED") and owner is not None and begins != owner:
        problems.append(
            (f"此前归属为 {owner}，记录为 {begins}", f"the owner was {owner}, this step begins with {begins}")
        )
    ends = data.get("owner")
    state = data.get("to") if event.kind == "CASE_MOVED" else data.get("state")
    sound = True
    if ends != _owner_of(state):
        sound = False
        problems.append((f"状态 {state} 的归属不应为 {ends}", f"a case in state {state} is not owned by {ends}"))
    elif (ends == Owner.BRANCH) != bool(data.get("owner_branch")):
        problems.append(("归属机构不唯一", f"owner {ends} with branch {data.get('owner_branch')}"))
    if event.kind == "SETTLED" and data.get("was") == "NOT_REQUIRED":
        return problems, owner  # withdrawn meanwhile: nothing moves
    if event.kind == "CASE_UPDATED":
        if sound and owner is not None and ends != moved.get(event.at, owner):
            problems.append(
                (f"归属由 {owner} 变为 {ends}，没有移交记录", f"the owner went from {owner} to {ends} without a move")
            )
        return problems, owner  # the move beside it tells
    return problems, ends if sound else None


def _owner_of(state: object) -> str | None:
    try:
        return owner_of(state)
    except ValueError:
        return None
