from datetime import date
from itertools import product

import pytest

from rules.cases import CaseState, Owner, may_move, opening_state, owner_of
from rules.deadlines import CaseDates

TODAY = date(2026, 9, 24)


def dates(callable_on):
    return CaseDates("E4_EARLIEST", callable_on, None, None, None, 15, False, False, None, None, ())


@pytest.mark.parametrize(
    ("callable_on", "in_scope", "special", "state"),
    [
        (date(2026, 9, 24), True, False, CaseState.CALLABLE),
        (date(2026, 9, 1), True, False, CaseState.CALLABLE),
        (date(2026, 9, 25), True, False, CaseState.WAITING),
        (None, True, False, CaseState.ASLEEP),
        (date(2026, 9, 1), False, False, CaseState.NOT_REQUIRED),
        (None, False, True, CaseState.NOT_REQUIRED),
        (date(2026, 9, 25), True, True, CaseState.WAITING),
        (date(2026, 9, 24), True, True, CaseState.CALLABLE),
        (None, True, True, CaseState.CALLABLE),  # nobody rings it, so it need not sleep
    ],
)
def test_where_a_new_case_begins(callable_on, in_scope, special, state):
    assert opening_state(dates(callable_on), TODAY, in_scope, special) is state


@pytest.mark.parametrize(
    ("state", "owner"),
    [
        ("ASLEEP", Owner.BRANCH),
        ("WAITING", Owner.HEAD_OFFICE),
        ("CALLABLE", Owner.HEAD_OFFICE),
        ("IN_CALL", Owner.HEAD_OFFICE),
        ("APPOINTED", Owner.HEAD_OFFICE),
        ("AT_BRANCH", Owner.BRANCH),
        ("IN_REVIEW", Owner.HEAD_OFFICE),
        ("CLOSED", Owner.CLOSED),
        ("NOT_REQUIRED", Owner.CLOSED),
    ],
)
def test_every_state_has_one_owner(state, owner):
    assert owner_of(CaseState(state)) is owner
    assert len(CaseState) == 9
    assert [str(owner) for owner in Owner] == ["HEAD_OFFICE", "BRANCH", "CLOSED"]


FORBIDDEN = {
    ("WAITING", "IN_CALL"),  # nobody rings before the first day
    ("ASLEEP", "IN_CALL"),
    ("AT_BRANCH", "IN_CALL"),  # head office takes it back first
    ("CLOSED", "IN_CALL"),
    ("NOT_REQUIRED", "IN_CALL"),
    ("NOT_REQUIRED", "CLOSED"),
    ("WAITING", "CLOSED"),
    ("CALLABLE", "IN_REVIEW"),  # only the branch's handling is reviewed
}


@pytest.mark.parametrize(("old", "new"), sorted(FORBIDDEN))
def test_moves_that_must_not_be(old, new):
    assert not may_move(CaseState(old), CaseState(new))


@pytest.mark.parametrize(
    "path",
    [
        ["WAITING", "CALLABLE", "IN_CALL", "CLOSED"],
        ["CALLABLE", "IN_CALL", "APPOINTED", "IN_CALL", "CALLABLE", "AT_BRANCH", "IN_REVIEW", "CALLABLE"],
        ["IN_CALL", "ASLEEP", "CALLABLE", "AT_BRANCH"],
        ["IN_REVIEW", "AT_BRANCH", "IN_REVIEW", "CLOSED", "CALLABLE"],
        ["IN_CALL", "WAITING", "CALLABLE"],  # the supplementary callback
        ["AT_BRANCH", "WAITING"],
        ["AT_BRANCH", "ASLEEP", "WAITING"],
        ["CALLABLE", "CALLABLE"],
    ],
)
def test_lives_of_a_case(path):
    assert all(may_move(CaseState(a), CaseState(b)) for a, b in zip(path, path[1:], strict=False))


def test_every_open_case_can_become_not_required_and_no_state_is_a_dead_end():
    for state in CaseState:
        assert may_move(state, CaseState.NOT_REQUIRED)
    reachable = {new for old, new in product(CaseState, CaseState) if old != new and may_move(old, new)}
    assert reachable == set(CaseState)
