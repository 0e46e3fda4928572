"""From the robot to a person in the middle of the script, and back."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from rules.calendar import SHANGHAI
from rules.conversation import (
    CallSheet,
    Given,
    Heard,
    PersonFacts,
    PolicyFacts,
    answered,
    begin,
    handed_over,
    handover_reason,
    next_turn,
    offer,
)
from rules.conversation.handover import MOST_HANDOVERS, WHY
from scripts.call_scripts import load_script

SCRIPT = load_script("bank-participating-regular")
NOW = datetime(2026, 9, 24, 10, 0, tzinfo=SHANGHAI)
SHEET = CallSheet(
    person=PersonFacts("王芳", "F", "女士", date(1980, 3, 5), "123X", "海淀区", "5678"),
    policies=(
        PolicyFacts(
            "P1", 1, "PARTICIPATING", "长乐年年两全保险", "ANNUAL", Decimal("10000"), 5, "10", "BANCASSURANCE",
            "和平路支行", nominal_end=date(2026, 10, 9),
        ),
    ),
    insurer="示例人寿",
    hotline="95000",
    staff_number="R001",
    now_date=NOW.date(),
)  # fmt: skip
KEYS = {"birth_date": "19800305", "id_last4": "123*"}
MURMUR, OPERATOR = Heard("speech", "咕噜咕噜", 0.2), Heard("keys", "0")


def at_step(step):
    """The progress of a call that stands at `step`, everything before it answered favourably."""
    turn = begin(SCRIPT, SHEET)
    for _ in range(60):
        node = SCRIPT.steps[turn.progress.step]
        if turn.progress.step == step:
            return turn.progress
        turn = next_turn(SCRIPT, SHEET, turn.progress, Heard("keys", KEYS.get(node.question, "1")), NOW)
    raise AssertionError(step)


def heard(progress, *said):
    """The last progress before, and the last turn."""
    for one in said:
        before, turn = progress, next_turn(SCRIPT, SHEET, progress, one, NOW)
        progress = turn.progress
    return before, turn


@pytest.mark.parametrize("step", ["C1", "I1.birth_date", "M1", "M8", "K1", "K3"])
def test_who_asks_for_a_person_is_handed_over_where_he_stands(step):
    if step not in SCRIPT.steps:
        step = next(s for s in SCRIPT.opening if SCRIPT.steps[s].question == "birth_date")
    before, turn = heard(at_step(step), OPERATOR)
    assert handover_reason(SCRIPT, before, turn) == "OPERATOR"
    taken = handed_over(SCRIPT, before, turn)
    assert (taken.progress.step, taken.progress.place) == (step, before.place)
    assert taken.progress.turn == before.turn + 1
    assert taken.progress.identity == before.identity
    assert [a.answer for a in taken.answers] == ["OPERATOR"]
    assert not any(a.final for a in taken.answers)
    shown = offer(SCRIPT, SHEET, taken.progress)
    assert shown.step == step and shown.say and not shown.ended
    node = SCRIPT.steps[step]
    assert taken.progress.saying == (node.again or node.ask,)


def test_not_understood_three_times_at_one_question():
    progress = at_step("M8")
    for times in range(1, SCRIPT.misheard):
        before, turn = heard(progress, MURMUR)
        assert handover_reason(SCRIPT, before, turn) is None, times
        progress = turn.progress
    before, turn = heard(progress, MURMUR)
    assert handover_reason(SCRIPT, before, turn) == "LOW_CONFIDENCE"
    taken = handed_over(SCRIPT, before, turn)
    assert taken.progress.step == "M8" and not any(a.final for a in taken.answers)
    # the item that the robot would have left open is answered by the person, and counts
    noted = answered(SCRIPT, SHEET, taken.progress, Given("YES"), NOW)
    [row] = [a for a in noted.answers if a.final]
    assert (row.step, row.answer, row.how) == ("M8", "YES", "agent")
    assert row.try_no == SCRIPT.misheard + 1


def test_a_barrier_needs_a_person():
    progress = at_step("M1")
    before, turn = heard(progress, Heard("speech", "我听不懂普通话", 0.9))
    while turn.progress.step == "L1":
        before, turn = heard(turn.progress, Heard("speech", "听不懂", 0.9))
    assert turn.progress.step == "L1.barrier"
    assert handover_reason(SCRIPT, before, turn) == "NEEDS_AGENT"
    assert not handed_over(SCRIPT, before, turn).progress.ended


def test_a_plain_answer_is_nobodys_business():
    for step, said in (("M8", "1"), ("M8", "2"), ("C1", "1")):
        before, turn = heard(at_step(step), Heard("keys", said))
        assert handover_reason(SCRIPT, before, turn) is None
    before, turn = heard(at_step("M8"), Heard("nothing"))
    assert handover_reason(SCRIPT, before, turn) is None


def test_not_for_ever():
    progress = at_step("M8")
    for _ in range(MOST_HANDOVERS):
        before, turn = heard(progress, OPERATOR)
        assert handover_reason(SCRIPT, before, turn) == "OPERATOR"
        progress = handed_over(SCRIPT, before, turn).progress
    before, turn = heard(progress, OPERATOR)
    assert handover_reason(SCRIPT, before, turn) is None
    assert turn.progress.step != "M8"  # the script's own way: a time is agreed on, or what it has instead


def test_what_is_noted_by_a_person_says_so():
    turn = answered(SCRIPT, SHEET, begin(SCRIPT, SHEET).progress, Given("YES"), NOW)
    assert {a.how for a in turn.answers} == {"agent"}
    words = answered(SCRIPT, SHEET, at_step("M8"), Given("UNSURE", text="这个我记不太清"), NOW)
    assert [(a.how, a.heard) for a in words.answers] == [("agent", "这个我记不太清")]


def test_each_reason_has_its_sentence():
    assert set(WHY) == {"OPERATOR", "LOW_CONFIDENCE", "NEEDS_AGENT"}
