"""The organisation tree: who gets the work, and what is no tree."""

from dataclasses import replace

import pytest

from rules.branches import (
    ROLES,
    Agent,
    Branch,
    Organisation,
    Outlet,
    Staff,
    TreeProblem,
    below,
    inbox_branch,
    jurisdiction_of,
    path_of,
    tree_problems,
)
from rules.words import known

TREE = Organisation(
    (
        Branch("86", "总公司", None, "HEAD_OFFICE"),
        Branch("8601", "省", "86", "PROVINCE"),
        Branch("860101", "市", "8601", "CITY"),
        Branch("86010101", "县", "860101", "COUNTY"),
        Branch("8602", "另一省", "86", "PROVINCE"),
    ),
    (Outlet("W1", "网点", "86010101", None),),
    (Staff("S1", "员工", "8601", None, ("BRANCH_STAFF", "AUDITOR")),),
    (Agent("A1", "业务员", "86010101", "W1", None, (), None, None),),
)


@pytest.mark.parametrize(
    ("code", "branch"),
    [("86010101", "86010101"), ("860101", "860101"), ("W1", "86010101"), ("86999999", "86"), ("", "86"), (None, "86")],
)
def test_the_branch_that_gets_the_work(code, branch):
    assert inbox_branch(code, TREE) == branch


def test_paths_and_subtrees():
    assert [branch.code for branch in path_of("86010101", TREE)] == ["86", "8601", "860101", "86010101"]
    assert path_of("unknown", TREE) == ()
    assert below("8601", TREE) == {"8601", "860101", "86010101"}
    assert below("unknown", TREE) == frozenset()
    two = with_branch(Branch("860201", "市", "8602", "CITY"), Branch("860202", "市", "8602", "CITY"))
    assert below("86", two) == {branch.code for branch in two.branches}
    assert TREE.policy_codes == {"86", "8601", "860101", "86010101", "8602", "W1"}
    assert tree_problems(TREE) == ()


def with_branch(*branches: Branch) -> Organisation:
    return replace(TREE, branches=(*TREE.branches, *branches))


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (with_branch(Branch("87", "第二总公司", None, "HEAD_OFFICE")), "exactly one head office; found: 86, 87"),
        (replace(TREE, branches=()), "exactly one head office; found: none"),
        (with_branch(Branch("8603", "省", "8799", "PROVINCE")), "8603 has the unknown parent 8799"),
        (with_branch(Branch("8603", "省", None, "PROVINCE")), "8603 has the unknown parent (empty)"),
        (with_branch(Branch("x", "市", "y", "CITY"), Branch("y", "市", "x", "CITY")), "parents of branch x run in a circle"),
        (with_branch(Branch("x", "县", "x", "COUNTY")), "parents of branch x run in a circle"),
        (with_branch(Branch("x", "省", "860101", "PROVINCE")), "x cannot stand under 860101"),
        (with_branch(Branch("8602", "省", "86", "PROVINCE")), "The code 8602 stands there more than once"),
        (replace(TREE, outlets=(*TREE.outlets, Outlet("8602", "网点", "8601", None))), "The code 8602 stands there"),
        (replace(TREE, outlets=(*TREE.outlets, Outlet("W2", "网点", "zz", None))), "Outlet W2 belongs to the unknown branch zz"),
        (replace(TREE, staff=(Staff("S1", "员工", "zz", None, ()),)), "Staff member S1 belongs to the unknown branch zz"),
        (replace(TREE, staff=(Staff("S1", "员工", "86", None, ("KING",)),)), "S1 has unknown roles: KING"),
        (replace(TREE, agents=(replace(TREE.agents[0], outlet="W9"),)), "A1 names the unknown outlet W9"),
        (replace(TREE, agents=TREE.agents * 2), "The code A1 stands there more than once"),
    ],
)  # fmt: skip
def test_what_is_no_tree(tree, words):
    told = tree_problems(tree)
    assert words in " ".join(problem.message_en for problem in told)
    assert all(problem.message_zh.endswith("。") for problem in told)


def staff(*roles: str, branch: str = "86") -> Organisation:
    return replace(TREE, staff=(Staff("S1", "员工", branch, None, roles),))


@pytest.mark.parametrize(
    ("tree", "code", "zh", "en"),
    [
        (
            with_branch(Branch("87", "二", None, "HEAD_OFFICE")), "87",
            "总公司必须恰好有一个，现有：86、87。", "There must be exactly one head office; found: 86, 87.",
        ),
        (
            Organisation(()), "",
            "总公司必须恰好有一个，现有：无。", "There must be exactly one head office; found: none.",
        ),
        (
            Organisation((Branch("86", "总公司", "86", "HEAD_OFFICE"),)), "86",
            "总公司不能有上级机构。", "Head office has no branch above it.",
        ),
        (
            with_branch(Branch("8603", "省", "8799", "PROVINCE")), "8603",
            "机构 8603 的上级 8799 不存在。", "Branch 8603 has the unknown parent 8799.",
        ),
        (
            with_branch(Branch("8603", "省", None, "PROVINCE")), "8603",
            "机构 8603 的上级 （空） 不存在。", "Branch 8603 has the unknown parent (empty).",
        ),
        (
            with_branch(Branch("x", "县", "x", "COUNTY")), "x",
            "机构 x 的上级关系成环。", "The parents of branch x run in a circle.",
        ),
        (
            with_branch(Branch("x", "市", "860101", "CITY")), "x",  # of the same kind
            "机构 x 不能设在 860101 之下：级别不低于本机构的上级。",
            "Branch x cannot stand under 860101, which is not of a higher kind.",
        ),
        (
            with_branch(Branch("8602", "省", "86", "PROVINCE")), "8602",
            "代码 8602 出现了不止一次。", "The code 8602 stands there more than once.",
        ),
        (
            with_branch(Branch("8603", "省", "86", "PROVINCE", "11")), "8603",
            "机构 8603 的辖区 11 不是六位行政区划代码。", "The jurisdiction 11 of branch 8603 is no code of six digits (GB/T 2260).",
        ),
        (
            with_branch(Branch("8603", "省", "86", "PROVINCE", "１１００００")), "8603",
            "机构 8603 的辖区 １１００００ 不是六位行政区划代码。",
            "The jurisdiction １１００００ of branch 8603 is no code of six digits (GB/T 2260).",
        ),
        (
            replace(TREE, outlets=(*TREE.outlets, Outlet("W2", "网点", "zz", None))), "W2",
            "网点 W2 所属机构 zz 不存在。", "Outlet W2 belongs to the unknown branch zz.",
        ),
        (staff(branch=""), "S1", "员工 S1 所属机构 （空） 不存在。", "Staff member S1 belongs to the unknown branch (empty)."),
        (
            staff("KING", "AUDITOR", "QUEEN"), "S1",
            "员工 S1 的角色不存在：KING, QUEEN。", "Staff member S1 has unknown roles: KING, QUEEN.",
        ),
        (
            replace(TREE, agents=(replace(TREE.agents[0], branch="zz"),)), "A1",
            "业务员 A1 所属机构 zz 不存在。", "Agent A1 belongs to the unknown branch zz.",
        ),
        (
            replace(TREE, agents=(replace(TREE.agents[0], outlet="W9"),)), "A1",
            "业务员 A1 的网点 W9 不存在。", "Agent A1 names the unknown outlet W9.",
        ),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once_with_its_place(tree, code, zh, en):
    assert tree_problems(tree) == (TreeProblem(code, zh, en),)


def test_every_mistake_is_told():
    tree = replace(
        TREE,
        branches=(*TREE.branches, Branch("a", "总", "86", "HEAD_OFFICE"), Branch("b", "省", "zz", "PROVINCE", "1")),
        agents=TREE.agents * 2,
    )
    assert [problem.code for problem in tree_problems(tree)] == ["A1", "a", "a", "b", "b"]


def test_who_stands_below_a_circle_is_told_too():
    tree = with_branch(Branch("x", "县", "y", "COUNTY"), Branch("y", "市", "z", "CITY"), Branch("z", "市", "y", "CITY"))
    assert [(problem.code, problem.message_zh) for problem in tree_problems(tree)] == [
        (code, f"机构 {code} 的上级关系成环。") for code in ("x", "y", "z")
    ]


def test_a_jurisdiction_is_a_code_of_six_digits():
    assert tree_problems(with_branch(Branch("8603", "省", "86", "PROVINCE", "330100"))) == ()


def test_every_role_may_be_given_and_an_agent_without_an_outlet_is_one():
    assert tree_problems(staff(*ROLES)) == ()
    assert tree_problems(replace(TREE, agents=(replace(TREE.agents[0], outlet=None),))) == ()
    assert len(ROLES) == 13 and all(known(role) for role in ROLES)


def test_no_outlets_staff_or_agents_are_needed():
    alone = Organisation((Branch("86", "总公司", None, "HEAD_OFFICE"),))
    assert tree_problems(alone) == ()
    assert alone.branches[0].jurisdiction is None
    assert Outlet("W1", "网点", "86", None).address is None
    assert (alone.outlets, alone.staff, alone.agents, alone.policy_codes) == ((), (), (), {"86"})


@pytest.mark.parametrize(
    ("code", "jurisdiction"),
    [
        ("860101", "330100"),
        ("86010101", "330100"),
        ("W1", "330100"),
        ("8601", "330000"),
        ("8602", None),
        ("zz", None),
        (None, None),
    ],
)
def test_a_policy_is_concluded_where_the_nearest_branch_says(code, jurisdiction):
    given = {"8601": "330000", "860101": "330100"}
    tree = replace(
        TREE, branches=tuple(replace(branch, jurisdiction=given.get(branch.code)) for branch in TREE.branches)
    )
    assert jurisdiction_of(code, tree) == jurisdiction
