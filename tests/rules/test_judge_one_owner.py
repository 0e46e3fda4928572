"""Promise 5: one owner at each instant: every finding whole, on small histories."""

import pytest

from tests.rules.small_days import (
    Day,
    asked,
    at,
    findings_of,
    quiet_day,
    with_branch,
    withdrawn,
)

CASES, finds = findings_of(5)


@finds()
def owned_as_it_should_be():
    return with_branch()


@finds(
    "1 call2 09-24 14:00:00 案件归属为 BRANCH 时由总公司拨打 / head office dialled while the owner was BRANCH",
)
def dialled_by_nobody_who_may():
    day = with_branch()
    day.reserved(at("14:00"))
    return day


@finds(
    "1 call2 09-24 14:00:00 案件归属为 CLOSED 时由总公司拨打 / head office dialled while the owner was CLOSED",
)
def dialled_after_it_was_closed():
    day = Day()
    day.opened()
    day.spoken("10:00")
    day.reserved(at("14:00"))
    return day


@finds(
    "1 None 09-24 15:00:00 重复立案 / the case was opened a second time",
)
def opened_twice():
    day = quiet_day()
    day.opened(1, when=at("15:00"))
    return day


@finds(
    "1 call1 09-24 09:30:00 没有立案记录 / nothing tells that the case was opened",
)
def never_opened():
    day = quiet_day()
    day.drop(day.find("CASE_OPENED", case=1))
    return day


@finds(
    "1 call1 09-24 10:04:25 状态 AT_BRANCH 的归属不应为 HEAD_OFFICE / a case in state AT_BRANCH is not owned by HEAD_OFFICE",
)
def owned_by_another_than_its_state_says():
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner="HEAD_OFFICE", owner_branch=None))
    return day


@finds(
    "1 call1 09-24 10:04:25 状态 AT_BRANCH 的归属不应为 NOBODY / a case in state AT_BRANCH is not owned by NOBODY",
    "1 call2 09-24 15:00:00 案件归属为 BRANCH 时由总公司拨打 / head office dialled while the owner was BRANCH",
)
def after_an_owner_that_cannot_be_the_next_is_believed():
    """What an unsound step leaves is taken from the next one."""
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner="NOBODY"))
    day.moved(1, "IN_REVIEW", "AT_BRANCH", at("14:00"), "BRANCH", "B1")
    day.reserved(at("15:00"))
    return day


@finds(
    "1 call1 09-24 10:04:25 归属机构不唯一 / owner BRANCH with branch None",
)
def of_no_branch():
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner_branch=None))
    return day


@finds(
    "1 call1 09-24 09:30:32 归属机构不唯一 / owner HEAD_OFFICE with branch B1",
)
def of_a_branch_though_head_office_owns_it():
    day = quiet_day()
    day.change(day.find("SETTLED", case=1), data=lambda data: data.update(owner_branch="B1"))
    return day


@finds(
    "1 call1 09-24 10:04:25 此前归属为 HEAD_OFFICE，记录为 BRANCH / the owner was HEAD_OFFICE, this step begins with BRANCH",
)
def begun_by_another_owner():
    day = with_branch()
    day.change(day.find("SETTLED"), data=lambda data: data.update(was_owner="BRANCH"))
    return day


@finds(
    "1 None 09-24 14:00:00 此前归属为 BRANCH，记录为 HEAD_OFFICE / the owner was BRANCH, this step begins with HEAD_OFFICE",
    "1 None 09-24 15:00:00 此前归属为 HEAD_OFFICE，记录为 None / the owner was HEAD_OFFICE, this step begins with None",
)
def moved_from_where_it_was_not():
    day = with_branch()
    day.moved(1, "CALLABLE", "IN_REVIEW", at("14:00"), "HEAD_OFFICE")
    day.moved(1, "NOWHERE", "CLOSED", at("15:00"), "CLOSED")
    return day


@finds(
    "1 None 09-24 14:00:00 状态 LOST 的归属不应为 HEAD_OFFICE / a case in state LOST is not owned by HEAD_OFFICE",
)
def in_a_state_that_is_none():
    day = with_branch()
    day.moved(1, "AT_BRANCH", "LOST", at("14:00"), "HEAD_OFFICE")
    return day


@finds()
def updated_where_it_is():
    day = with_branch()
    day.opened(when=at("14:00"), kind="CASE_UPDATED", state="AT_BRANCH")
    return day


@finds()
def updated_with_its_move_in_either_order():
    return withdrawn("CASE_MOVED")


@finds(
    "1 None 09-24 10:01:00 归属由 HEAD_OFFICE 变为 CLOSED，没有移交记录 / the owner went from HEAD_OFFICE to CLOSED without a move",
    "1 call1 09-24 10:02:00 此前归属为 HEAD_OFFICE，记录为 CLOSED / the owner was HEAD_OFFICE, this step begins with CLOSED",
)
def updated_without_a_move():
    day = withdrawn("CASE_UPDATED")
    day.drop(day.find("CASE_MOVED"))
    return day


@finds(
    "1 None 09-24 10:01:00 归属由 HEAD_OFFICE 变为 CLOSED，没有移交记录 / the owner went from HEAD_OFFICE to CLOSED without a move",
)
def updated_with_a_move_at_another_instant():
    day = withdrawn("CASE_UPDATED")
    day.change(day.find("CASE_MOVED"), at=at("10:05"))
    return day


@finds(
    "1 None 09-24 14:00:00 状态 AT_BRANCH 的归属不应为 CLOSED / a case in state AT_BRANCH is not owned by CLOSED",
)
def updated_to_an_owner_that_its_state_has_not():
    day = with_branch()
    day.opened(when=at("14:00"), kind="CASE_UPDATED", state="AT_BRANCH", owner="CLOSED", owner_branch=None)
    return day


@finds(
    "1 call2 09-24 14:00:00 案件归属为 CLOSED 时由总公司拨打 / head office dialled while the owner was CLOSED",
)
def withdrawn_meanwhile_nothing_moves():
    day = withdrawn("CASE_UPDATED")
    day.reserved(at("14:00"))
    return day


@finds()
def a_case_of_which_only_orders_are_told():
    day = Day()
    day.add("ORDER_HANDLED", at("10:00"), case=1, order_id=1)
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(5, make, now) == list(findings)
