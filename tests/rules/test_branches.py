"""The organisation tree: who gets the work, and what is no tree."""

from dataclasses import replace

import pytest

from rules.branches import Agent, Branch, Organisation, Outlet, Staff, below, inbox_branch, path_of, tree_problems

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
