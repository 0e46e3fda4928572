"""Promise 7: orders and their limits: every finding whole, on small histories."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rules.answers import Answer
from rules.settlement import Contact
from tests.rules.small_days import (
    CLEAR,
    EVENING,
    NATIONAL,
    UNCLEAR_FEES,
    Day,
    asked,
    asked_for_fees,
    at,
    chased,
    findings_of,
    of_its_contact,
    overridden,
    quiet_day,
    withdrawn,
)

HOUR = timedelta(hours=1)

CASES, finds = findings_of(7)


@finds()
def with_its_order():
    return asked_for_fees()


@finds(
    "1 call1 09-24 10:04:25 缺少 QUESTION 工单 / its QUESTION order was not issued",
)
def without_its_order():
    day = asked_for_fees()
    day.drop(day.find("ORDER_ISSUED"))
    return day


@finds()
def of_a_call_that_was_not_reached_there_is_none():
    return quiet_day()


@finds(
    "1 call1 09-24 10:04:25 缺少 QUESTION 工单 / its QUESTION order was not issued",
    "1 None 09-24 10:05:00 QUESTION 工单没有对应的结果 / a QUESTION order without an outcome",
)
def issued_later_than_its_outcome():
    day = asked_for_fees()
    day.change(day.find("ORDER_ISSUED"), at=at("10:05"))
    return day


def ordered(**changed) -> Day:
    day = asked_for_fees()
    day.change(day.find("ORDER_ISSUED"), data=lambda data: data.update(changed))
    return day


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("due_at", "2026-10-10T23:59:59+08:00"),
        ("due_at", None),
        ("due_at", "soon"),
        ("act_by", "2026-10-09"),
        ("act_by", None),
        ("working_days", 5),
        ("escalated", None),
        ("reasons", []),
        ("reasons", None),
        ("reasons", ["FEES_UNCLEAR", "COVERAGE_UNCLEAR"]),
        ("branch", "B2"),
    ],
)
def test_an_order_with_another_value_than_the_rules_give(name, value):
    found = asked(7, lambda: ordered(**{name: value}), EVENING)
    assert found == [
        f"1 call1 09-24 10:04:25 QUESTION 工单的 {name} 与规则不符 / the QUESTION order has another {name} than the rules give"
    ]


@finds()
def with_its_reasons_in_another_order():
    day = Day()
    day.opened()
    day.spoken("10:00", answers=tuple((item, "NO" if item in ("M8", "N3") else said) for item, said in CLEAR))
    day.change(day.find("ORDER_ISSUED"), data=lambda data: data["reasons"].reverse())
    assert len(day.find("ORDER_ISSUED").data["reasons"]) == 2
    return day


@finds()
def of_an_outcome_that_tells_no_branch():
    day = ordered(branch="B2")
    day.change(day.find("SETTLED"), data=lambda data: data.update(owner_branch=None))
    return day


@finds(
    "1 call1 09-24 10:04:25 缺少 QUESTION 工单 / its QUESTION order was not issued",
)
def of_another_kind():
    return ordered(kind="VISIT")


@finds(
    "1 None 09-24 15:00:00 同一轮有两张 QUESTION 工单 / a second QUESTION order in the same round",
)
def a_second_one_of_its_kind():
    day = asked_for_fees()
    order = day.find("ORDER_ISSUED")
    day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9})
    return day


@finds(
    "1 None 09-24 15:01:00 QUESTION 工单没有对应的结果 / a QUESTION order without an outcome",
    "1 None 09-24 15:02:00 同一轮有两张 QUALITY_CHECK 工单 / a second QUALITY_CHECK order in the same round",
)
def one_of_another_round():
    day = asked_for_fees()
    order = day.find("ORDER_ISSUED")
    day.opened(when=at("14:00"), kind="CASE_UPDATED", round=2)
    day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9, "kind": "QUALITY_CHECK"})
    day.add("ORDER_ISSUED", at("15:01"), case=1, **{**order.data, "order_id": 10})
    day.add("ORDER_ISSUED", at("15:02"), case=1, **{**order.data, "order_id": 11, "kind": "QUALITY_CHECK"})
    return day


@pytest.mark.parametrize("kind", ["CASE_OPENED", "CASE_UPDATED", "CASE_MOVED", "CALL_ENDED"])
def test_what_begins_a_round_of_orders(kind):
    def make() -> Day:
        day = asked_for_fees()
        order = day.find("ORDER_ISSUED")
        day.add("ORDER_ISSUED", at("13:00"), case=1, **{**order.data, "order_id": 8, "kind": "QUALITY_CHECK"})
        day.add(kind, at("14:00"), case=1, round=2)
        day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9, "kind": "QUALITY_CHECK"})
        return day

    second = "1 None 09-24 15:00:00 同一轮有两张 QUALITY_CHECK 工单 / a second QUALITY_CHECK order in the same round"
    assert asked(7, make, EVENING) == ([second] if kind == "CALL_ENDED" else [])


@pytest.mark.parametrize(
    ("kind", "asked_for"),
    [("QUESTION", True), ("VERIFICATION", True), ("FEEDBACK_ONLY", True), ("VISIT", False), ("LETTER", False)],
)
def test_an_order_without_an_outcome(kind, asked_for):
    def make() -> Day:
        day = quiet_day()
        order = day.find("ORDER_ISSUED")
        day.add("ORDER_ISSUED", at("15:00"), case=1, **{**order.data, "order_id": 9, "kind": kind})
        return day

    expected = f"1 None 09-24 15:00:00 {kind} 工单没有对应的结果 / a {kind} order without an outcome"
    assert asked(7, make, EVENING) == [expected] * asked_for


@finds()
def of_an_outcome_that_does_not_hold_nothing_is_asked():
    day = asked_for_fees()
    day.drop(day.find("ORDER_ISSUED"))
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=None))
    return day


@finds()
def the_order_of_an_outcome_that_does_not_hold_is_left_alone():
    day = asked_for_fees()
    day.change(day.find("SETTLED"), data=lambda data: data.update(counts=None))
    return day


@finds()
def the_order_of_an_outcome_with_other_dates_is_left_alone():
    return of_its_contact(lambda contact: contact["case"].update(nominal_end="2026-10-30"))


@finds()
def withdrawn_nothing_is_ordered():
    return withdrawn("CASE_MOVED")


@finds()
def one_order_of_a_kind_for_two_outcomes_of_a_round():
    """A letter that says the same asks for no second order."""
    day = asked_for_fees()
    contact = Contact.from_json(day.find("SETTLED").data["contact"])
    letter = Contact(
        "PLAN_USED_UP", at("16:00"), replace(contact.case, state="AT_BRANCH"), "UNREACHABLE",
        earlier_answers=tuple(Answer(step, said, policy_no="P1") for step, said in UNCLEAR_FEES),
    )  # fmt: skip
    day.settled(at("16:00"), letter)
    day.events = [e for e in day.events if e.kind != "ORDER_ISSUED" or e.at < at("16:00")]
    return day


def of_an_override(**changed) -> Day:
    """The order of a class that two people put in the place of the derived one."""
    day = overridden()
    told = {
        "order_id": 7, "kind": "VERIFICATION", "branch": "B1", "override_id": 5, "profile": NATIONAL.id,
        "working_days": 1, "due_at": "2026-09-28T23:59:59+08:00", "act_by": "2026-09-28", "escalated": False,
        "reasons": ["DENIES_PURCHASE"],
    }  # fmt: skip
    day.add("ORDER_ISSUED", at("15:01"), case=1, **{**told, **changed})
    return day


@finds()
def of_an_overridden_class():
    return of_an_override()


@finds()
def for_feedback_of_an_overridden_class():
    return of_an_override(
        kind="FEEDBACK_ONLY", reasons=[], working_days=5, due_at="2026-10-09T23:59:59+08:00", act_by="2026-09-29",
        escalated=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("override_id", 6),
        ("profile", "national@99"),
        ("reasons", ["NO_SUCH_REASON"]),
        ("reasons", []),
        ("reasons", None),
        ("working_days", 2),
        ("due_at", "2026-09-29T23:59:59+08:00"),
        ("act_by", "2026-09-29"),
        ("escalated", True),
    ],
)
def test_an_order_of_an_overridden_class_with_another_value(name, value):
    found = asked(7, lambda: of_an_override(**{name: value}), EVENING)
    assert found == [
        f"1 None 09-24 15:01:00 改定类别所派 VERIFICATION 工单的 {name} 与规则不符 / "
        f"the VERIFICATION order of an overridden class has another {name} than the rules give"
    ]


@finds(
    "1 None 09-24 15:01:00 改定类别所派 VERIFICATION 工单的 override_id 与规则不符 / the VERIFICATION order of an overridden class has another override_id than the rules give",
)
def of_an_override_of_which_nothing_is_on_record():
    day = of_an_override()
    day.drop(day.find("CLASS_OVERRIDDEN"))
    return day


@finds(
    "1 None 09-24 15:01:00 改定类别所派 VERIFICATION 工单的 override_id 与规则不符 / the VERIFICATION order of an overridden class has another override_id than the rules give",
)
def of_an_override_that_came_later():
    day = of_an_override()
    day.change(day.find("CLASS_OVERRIDDEN"), id=900)
    return day


@finds()
def of_a_case_of_which_no_list_told_there_is_no_end():
    day = of_an_override(act_by=None)
    day.drop(day.find("CASE_OPENED"))
    return day


@finds()
def by_the_end_that_the_last_list_gave():
    day = of_an_override()
    day.events.insert(1, replace(day.find("CASE_OPENED"), kind="CASE_UPDATED", id=1.5))
    day.change(day.events[0], data=lambda data: data.update(nominal_end="2026-09-25"))
    return day


@finds(
    "1 None 09-24 15:02:00 同一轮有两张 VERIFICATION 工单 / a second VERIFICATION order in the same round",
)
def two_of_an_overridden_class():
    day = of_an_override()
    day.events.append(replace(day.events[-1], id=900, at=at("15:02")))
    return day


# the limit of the order is 28 September: the first working day after the holiday


def limit_passed(*marks: tuple[str, timedelta], late: timedelta, handled=None, alter=None) -> tuple[Day, datetime]:
    day, due_at = chased(*marks, handled=handled)
    if alter:
        day.change(day.find("ORDER_ISSUED"), data=lambda data: data.update(alter))
    return day, due_at + late


OVERDUE = "VERIFICATION 工单超过时限一日未标记逾期 / the VERIFICATION order: its limit passed and it was not marked overdue within a day"
ESCALATED = (
    "VERIFICATION 工单超过时限一日未升级 / the VERIFICATION order: a limit passed and it was not escalated within a day"
)
EARLY = "VERIFICATION 工单时限未到即标记逾期 / the VERIFICATION order: it was marked overdue before its limit"
AFTERWARDS = "VERIFICATION 工单关闭后仍被催办 / the VERIFICATION order: it was chased after it was closed"
SECOND = timedelta(seconds=1)
BOTH = (("ORDER_OVERDUE", HOUR), ("ORDER_ESCALATED", HOUR))


@pytest.mark.parametrize(
    ("marks", "late", "more", "expected"),
    [
        ((), 24 * HOUR, {}, []),
        ((), 24 * HOUR + SECOND, {}, [OVERDUE, ESCALATED]),
        (BOTH, 90 * HOUR, {}, []),
        (BOTH[:1], 25 * HOUR, {}, [ESCALATED]),
        (BOTH[1:], 25 * HOUR, {}, [OVERDUE]),
        ((("ORDER_OVERDUE", 24 * HOUR), ("ORDER_ESCALATED", 24 * HOUR)), 90 * HOUR, {}, []),
        ((("ORDER_OVERDUE", 24 * HOUR + SECOND), ("ORDER_ESCALATED", 24 * HOUR)), 90 * HOUR, {}, [OVERDUE]),
        ((("ORDER_OVERDUE", SECOND), ("ORDER_ESCALATED", 24 * HOUR + SECOND)), 90 * HOUR, {}, [ESCALATED]),
        ((("ORDER_OVERDUE", 0 * HOUR), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, {}, [EARLY]),
        ((("ORDER_OVERDUE", SECOND), ("ORDER_ESCALATED", HOUR)), 90 * HOUR, {}, []),
        ((), 90 * HOUR, {"escalated": True}, [OVERDUE]),
        ((), 90 * HOUR, {"due_at": None}, []),
        ((), -90 * HOUR, {"act_by": "2026-09-20"}, [ESCALATED]),  # the last day to act passes before the limit
        (BOTH[:1], 90 * HOUR, {"act_by": None}, [ESCALATED]),
    ],
)
def test_a_limit_that_passed(marks, late, more, expected):
    day, now = limit_passed(*marks, late=late, alter=more)
    day.drop(*[e for e in day.events if e.kind == "SETTLED"])
    day.change(day.find("ORDER_ISSUED"), data=lambda data: data.update(override_id=None))
    found = [one.split(" ", 4)[-1] for one in asked(7, lambda: day, now)]
    assert found[1:] == expected
    assert found[0] == "VERIFICATION 工单没有对应的结果 / a VERIFICATION order without an outcome"


@pytest.mark.parametrize(
    ("handled", "returned", "late", "expected"),
    [
        (-HOUR, None, 90 * HOUR, []),
        (0 * HOUR, None, 90 * HOUR, []),
        (SECOND, None, 90 * HOUR, [OVERDUE, ESCALATED]),
        (-HOUR, -HOUR / 2, 90 * HOUR, [OVERDUE, ESCALATED]),  # as if it had never been handled
        (HOUR, None, HOUR, []),
    ],
)
def test_an_order_that_was_handled(handled, returned, late, expected):
    day, due_at = chased()
    for kind, after in (("ORDER_HANDLED", handled), ("ORDER_RETURNED", returned)):
        if after is not None:
            day.add(kind, due_at + after, case=1, order_id=1, branch="B1", user="u")
    assert [one.split(" ", 4)[-1] for one in asked(7, lambda: day, due_at + late)] == expected


@pytest.mark.parametrize(
    ("closed", "marks", "expected"),
    [
        ((-HOUR,), (), []),
        ((24 * HOUR,), (), []),
        ((24 * HOUR + SECOND,), (), [OVERDUE, ESCALATED]),
        ((HOUR, 99 * HOUR), (), []),  # the first time counts
        ((HOUR,), BOTH, []),
        ((HOUR - SECOND,), BOTH, [AFTERWARDS]),
        ((HOUR - SECOND,), BOTH[:1], [AFTERWARDS]),
        ((HOUR - SECOND,), BOTH[1:], [AFTERWARDS]),
    ],
)
def test_an_order_that_was_closed(closed, marks, expected):
    day, due_at = chased(*marks)
    for after in closed:
        day.add("ORDER_CLOSED", due_at + after, case=1, order_id=1, kind="VERIFICATION", why="SURRENDERED")
    assert [one.split(" ", 4)[-1] for one in asked(7, lambda: day, due_at + 90 * HOUR)] == expected


def test_one_that_was_handled_and_closed_is_chased_by_what_was_handled():
    day, due_at = chased(*BOTH)
    day.add("ORDER_HANDLED", due_at + HOUR / 2, case=1, order_id=1, branch="B1", user="u")
    day.add("ORDER_CLOSED", due_at + HOUR / 2, case=1, order_id=1, kind="VERIFICATION", why="SURRENDERED")
    assert asked(7, lambda: day, due_at + 90 * HOUR) == []


def recomputed(*marks, **changed) -> tuple[Day, datetime]:
    """The limit computed anew as the calendar stands: it gives what it gave."""
    day, due_at = chased()
    told = {
        "order_id": 1, "profile": NATIONAL.id, "pushed_at": "2026-09-24T10:04:25+08:00", "working_days": 1,
        "nominal_end": "2026-09-29", "due_at": due_at, "act_by": "2026-09-28", "provisional": False,
    }  # fmt: skip
    for kind, after in marks:
        day.add(kind, due_at + after, case=1, order_id=1, kind="VERIFICATION", due_at=due_at)
    day.add("ORDER_RECOMPUTED", due_at + 2 * HOUR, case=1, **{**told, **changed})
    return day, due_at


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({}, None),
        ({"nominal_end": None, "act_by": None}, None),
        ({"profile": "national@99"}, "profile"),
        ({"pushed_at": None}, "pushed_at"),
        ({"working_days": None}, "pushed_at"),
        ({"due_at": "2026-09-29T23:59:59+08:00"}, "due_at"),
        ({"act_by": "2026-09-29"}, "act_by"),
        ({"act_by": None}, "act_by"),
        ({"provisional": True}, "provisional"),
    ],
)
def test_a_limit_computed_anew(changed, name):
    day, due_at = recomputed(*BOTH, **changed)
    told = f"重算的工单时限 {name} 与规则不符 / a limit computed anew has another {name} than the rules give"
    found = asked(7, lambda: day, due_at + 3 * HOUR)
    assert [one.split(" ", 4)[-1] for one in found] == ([told] if name else [])
    assert all(one.startswith("1 None 09-29 01:59:59 ") for one in found)


@pytest.mark.parametrize(
    ("later", "marked", "late", "expected"),
    [
        # a later limit takes back the mark that was right by the one before
        (48 * HOUR, (), 49 * HOUR, []),
        (48 * HOUR, (), 73 * HOUR, [OVERDUE]),
        (48 * HOUR, (("ORDER_OVERDUE", 49 * HOUR),), 99 * HOUR, []),
        # the same limit leaves it
        (0 * HOUR, (), 99 * HOUR, []),
    ],
)
def test_a_mark_by_the_limit_that_stood_then(later, marked, late, expected):
    day, due_at = recomputed(*BOTH)
    day.change(day.events[-1], data=lambda data: data.update(due_at=(due_at + later).isoformat(), act_by=None))
    for kind, after in marked:
        day.add(kind, due_at + after, case=1, order_id=1, kind="VERIFICATION", due_at=due_at)
    found = [one.split(" ", 4)[-1] for one in asked(7, lambda: day, due_at + late)]
    assert [one for one in found if "重算" not in one] == expected


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(7, make, now) == list(findings)
