"""The organisation: head office → province → city → county, with outlets, staff and agents; and who owns what is unknown."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

HEAD_OFFICE, PROVINCE, CITY, COUNTY = BRANCH_KINDS = ("HEAD_OFFICE", "PROVINCE", "CITY", "COUNTY")
ROLES = (
    "CALLBACK_AGENT", "CALLBACK_AGENT_LEAD", "BRANCH_STAFF", "BRANCH_SUPERVISOR", "DEPARTMENT_HEAD",
    "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD", "LEADER_IN_CHARGE", "AUDITOR", "COMPLIANCE", "QUALITY", "OPERATOR", "ADMIN",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Branch:
    """`parent` is None for head office alone. `jurisdiction` is a code of GB/T 2260, whose local rules bind the policies
    of this branch and of what lies below it (R9); None: that of its parent."""

    code: str
    name: str
    parent: str | None
    kind: str
    jurisdiction: str | None = None


@dataclass(frozen=True, slots=True)
class Outlet:
    """A place of sale; its telephone and its address are never a customer's (R95)."""

    code: str
    name: str
    branch: str
    phone: str | None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    code: str
    name: str
    branch: str
    phone: str | None
    roles: tuple[str, ...]
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Agent:
    """A salesperson. `former_phones` still count as his (R95); `left_on` None: still with us."""

    code: str
    name: str
    branch: str
    outlet: str | None
    phone: str | None
    former_phones: tuple[str, ...]
    id_no: str | None
    left_on: date | None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class TreeProblem:
    """What keeps the parts from being one tree; `code` names the branch, outlet, staff member or agent."""

    code: str
    message_zh: str
    message_en: str


@dataclass(frozen=True)
class Organisation:
    """One tree, checked by `tree_problems` before anybody relies on it."""

    branches: tuple[Branch, ...]
    outlets: tuple[Outlet, ...] = ()
    staff: tuple[Staff, ...] = ()
    agents: tuple[Agent, ...] = ()

    @cached_property
    def by_code(self) -> dict[str, Branch]:
        return {branch.code: branch for branch in self.branches}

    @cached_property
    def head_office(self) -> Branch:
        return next(branch for branch in self.branches if branch.kind == HEAD_OFFICE)

    @cached_property
    def branch_of_outlet(self) -> dict[str, str]:
        return {outlet.code: outlet.branch for outlet in self.outlets}

    @cached_property
    def policy_codes(self) -> frozenset[str]:
        """Every code that a policy may name as its branch: branches, and the outlets below them."""
        return frozenset(self.by_code) | frozenset(self.branch_of_outlet)


def path_of(code: str, tree: Organisation) -> tuple[Branch, ...]:
    """From head office down to the branch itself; empty for a code that the tree does not know."""
    path: list[Branch] = []
    branch = tree.by_code.get(code)
    while branch is not None:
        path.append(branch)
        branch = tree.by_code.get(branch.parent)
    return tuple(reversed(path))


def inbox_branch(code: str | None, tree: Organisation) -> str:
    """The branch that gets the work of a policy: the one it names, its outlet's, else head office (R57, C54)."""
    if code in tree.by_code:
        return code
    if code in tree.branch_of_outlet:
        return tree.branch_of_outlet[code]
    return tree.head_office.code


def jurisdiction_of(code: str | None, tree: Organisation) -> str | None:
    """Where a policy of this branch or outlet was concluded: what the branch states, else the nearest above it (R9)."""
    for branch in reversed(path_of(tree.branch_of_outlet.get(code, code), tree)):
        if branch.jurisdiction:
            return branch.jurisdiction
    return None


def below(code: str, tree: Organisation) -> frozenset[str]:
    """The branch itself and every branch under it."""
    children: dict[str | None, list[str]] = {}
    for branch in tree.branches:
        children.setdefault(branch.parent, []).append(branch.code)
    found, open_codes = set(), [code] if code in tree.by_code else []
    while open_codes:
        found.add(one := open_codes.pop())
        open_codes += children.get(one, ())
    return frozenset(found)


def tree_problems(tree: Organisation) -> tuple[TreeProblem, ...]:
    """Everything that keeps this from being one tree with one head office; empty when it is."""
    parts = (_repeated(tree), _heads(tree), _parents(tree), _regions(tree), _places(tree))
    return tuple(problem for part in parts for problem in part)


def _repeated(tree: Organisation) -> Iterator[TreeProblem]:
    for group in ((*tree.branches, *tree.outlets), tree.staff, tree.agents):
        seen: set[str] = set()
        for one in group:
            if one.code in seen:
                yield TreeProblem(
                    one.code, f"代码 {one.code} 出现了不止一次。", f"The code {one.code} stands there more than once."
                )
            seen.add(one.code)


def _heads(tree: Organisation) -> Iterator[TreeProblem]:
    heads = [branch.code for branch in tree.branches if branch.kind == HEAD_OFFICE]
    if len(heads) != 1:
        names = "、".join(heads) or "无"
        yield TreeProblem(
            heads[1] if heads else "",
            f"总公司必须恰好有一个，现有：{names}。",
            f"There must be exactly one head office; found: {', '.join(heads) or 'none'}.",
        )


def _parents(tree: Organisation) -> Iterator[TreeProblem]:
    rank = {kind: place for place, kind in enumerate(BRANCH_KINDS)}
    for branch in tree.branches:
        if branch.kind == HEAD_OFFICE:
            if branch.parent:
                yield TreeProblem(branch.code, "总公司不能有上级机构。", "Head office has no branch above it.")
            continue
        parent = tree.by_code.get(branch.parent)
        if parent is None:
            yield TreeProblem(
                branch.code,
                f"机构 {branch.code} 的上级 {branch.parent or '（空）'} 不存在。",
                f"Branch {branch.code} has the unknown parent {branch.parent or '(empty)'}.",
            )
        elif _in_circle(branch, tree):
            yield TreeProblem(
                branch.code,
                f"机构 {branch.code} 的上级关系成环。",
                f"The parents of branch {branch.code} run in a circle.",
            )
        elif rank[parent.kind] >= rank[branch.kind]:
            yield TreeProblem(
                branch.code,
                f"机构 {branch.code} 不能设在 {parent.code} 之下：级别不低于本机构的上级。",
                f"Branch {branch.code} cannot stand under {parent.code}, which is not of a higher kind.",
            )


def _regions(tree: Organisation) -> Iterator[TreeProblem]:
    for branch in tree.branches:
        given = branch.jurisdiction
        if given and not (len(given) == 6 and given.isascii() and given.isdigit()):
            yield TreeProblem(
                branch.code,
                f"机构 {branch.code} 的辖区 {given} 不是六位行政区划代码。",
                f"The jurisdiction {given} of branch {branch.code} is no code of six digits (GB/T 2260).",
            )


def _in_circle(branch: Branch, tree: Organisation) -> bool:
    seen = {branch.code}
    while branch.parent and (branch := tree.by_code.get(branch.parent)):
        if branch.code in seen:
            return True
        seen.add(branch.code)
    return False


def _places(tree: Organisation) -> Iterator[TreeProblem]:
    yield from _unknown_branches("网点", "Outlet", tree.outlets, tree)
    yield from _unknown_branches("员工", "Staff member", tree.staff, tree)
    yield from _unknown_branches("业务员", "Agent", tree.agents, tree)
    for one in tree.staff:
        if unknown := [role for role in one.roles if role not in ROLES]:
            names = ", ".join(unknown)
            yield TreeProblem(
                one.code,
                f"员工 {one.code} 的角色不存在：{names}。",
                f"Staff member {one.code} has unknown roles: {names}.",
            )
    for agent in tree.agents:
        if agent.outlet and agent.outlet not in tree.branch_of_outlet:
            yield TreeProblem(
                agent.code,
                f"业务员 {agent.code} 的网点 {agent.outlet} 不存在。",
                f"Agent {agent.code} names the unknown outlet {agent.outlet}.",
            )


def _unknown_branches(
    zh: str, en: str, group: Iterable[Outlet | Staff | Agent], tree: Organisation
) -> Iterator[TreeProblem]:
    for one in group:
        if one.branch not in tree.by_code:
            yield TreeProblem(
                one.code,
                f"{zh} {one.code} 所属机构 {one.branch or '（空）'} 不存在。",
                f"{en} {one.code} belongs to the unknown branch {one.branch or '(empty)'}.",
            )
