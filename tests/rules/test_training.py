"""What of a recording may be heard in a training copy (C41): only what is known to hold nothing of the person."""

from types import SimpleNamespace

import pytest

from rules.training import MARGIN, WHY, NotMaskable, Stretch, Turn, stretches_to_silence
from scripts.call_scripts import load_script

SCRIPT = load_script("bank-participating-regular", 1)


def text_of(step: str) -> str:
    return SCRIPT.steps[step].ask


OPENING, BIRTH, RECEIVED, TERM, CONTACT = (text_of(s) for s in ("C1", "I1.birth_date", "M2.received", "M6.term", "K1"))


def silenced(*turns, seconds=120.0, names=("王小芳",), by_hand=()):
    return stretches_to_silence(turns, SCRIPT, names, seconds, by_hand)


def why(said: str, *answers: str) -> str | None:
    """What silences one turn at 40 to 50 seconds, between two that may be heard."""
    free = (RECEIVED,), ("收到了",)
    found = silenced(Turn(0, *free), Turn(40, (said,), answers or None), Turn(50, *free), Turn(60, *free))
    mine = [one for one in found if one.begin <= 45 < one.end]
    assert all(one.begin == 40 - MARGIN and one.end == 50 + MARGIN for one in mine)
    return mine[0].why if mine else None


@pytest.mark.parametrize(
    ("said", "answers", "reason"),
    [
        (RECEIVED, ("收到了",), None),
        (RECEIVED, ("1",), None),
        (RECEIVED, ("收到了", "是我签的"), None),
        (TERM, ("清楚，交十年",), None),
        (OPENING, ("是的",), "NAME_SAID"),
        (CONTACT, ("都对",), "NAME_SAID"),
        (BIRTH, ("不想说",), "IDENTITY"),
        (RECEIVED, (), "NOT_KNOWN"),
        (RECEIVED, ("收到了", ""), "NOT_KNOWN"),
        ("no such text", ("是的",), "NOT_KNOWN"),
        (RECEIVED, ("一三九零",), "NUMBER"),
        (RECEIVED, ("打这个1390",), "NUMBER"),
        (RECEIVED, ("打这个＊",), "NUMBER"),
        (RECEIVED, ("王小芳收的",), "NAME_HEARD"),
        (RECEIVED, ("小芳收的",), "NAME_HEARD"),
        (RECEIVED, ("我叫小方",), "TELLING"),
        (RECEIVED, ("寄到幸福路的那份",), "TELLING"),
        (RECEIVED, ("身份证在我这儿",), "TELLING"),
        (RECEIVED, ("收到了" + "，后来我儿子来帮我看了看" * 3,), "FREE_WORDS"),
    ],
)
def test_a_turn_is_heard_only_where_its_words_are_known_and_say_nothing_of_the_person(said, answers, reason):
    assert why(said, *answers) == reason
    assert reason is None or reason in WHY


@pytest.mark.parametrize(("name", "words", "found"), [
    ("Anna Liu", "anna speaking", True), ("Anna Liu", "Liu speaking", True), ("王芳", "芳姐收的", False),
    ("王芳", "王芳收的", True), ("", "收到了", False), ("欧阳小明", "小明收的", True),
])  # fmt: skip
def test_names_are_found_by_what_people_are_called(name, words, found):
    turns = Turn(0, (RECEIVED,), ("收到了",)), Turn(40, (RECEIVED,), (words,)), Turn(60, (RECEIVED,), ("1",))
    assert bool(silenced(*turns, names=(name,))) is found


def test_what_lies_before_the_first_turn_and_after_the_last_answer_is_not_known():
    first, last = silenced(Turn(3, (RECEIVED,), ("收到了",)), Turn(100, (TERM,), None), seconds=110.0)
    assert (first.begin, first.end, first.why) == (0, 3 + MARGIN, "NOT_KNOWN")
    assert (last.begin, last.end) == (100 - MARGIN, 110 + MARGIN)


def test_stretches_that_touch_are_one_and_those_named_by_hand_are_added():
    free = (RECEIVED,), ("收到了",)
    turns = Turn(0, *free), Turn(40, (BIRTH,), ("x",)), Turn(50, (CONTACT,), ("x",)), Turn(60, *free), Turn(110, *free)
    found = silenced(*turns, by_hand=[(20.0, 25.0), (61.0, 70.0), (90.0, 90.0)])
    assert found == (
        Stretch(20.0, 25.0, "BY_HAND"), Stretch(40 - MARGIN, 70.0, "IDENTITY"),
    )  # fmt: skip


def test_no_copy_where_nobody_knows_where_what_is_said_or_nothing_is_left():
    with pytest.raises(NotMaskable, match="NO_TURNS"):
        silenced()
    with pytest.raises(NotMaskable, match="NOTHING_LEFT"):
        silenced(Turn(0, (OPENING,), None))
    with pytest.raises(NotMaskable, match="NOTHING_LEFT"):
        silenced(Turn(0, (RECEIVED,), ("1",)), seconds=4.0)


def test_a_sensitive_step_is_never_in_a_copy():
    steps = {"S": SimpleNamespace(question="clear", sensitive=True)}
    texts = {"S.ask": SimpleNamespace(words="请说卡号", step="S")}
    script = SimpleNamespace(texts=texts, steps=steps)
    turns = Turn(0, ("S.ask",), ("好",)), Turn(30, ("S.ask",), ("好",))
    with pytest.raises(NotMaskable):
        stretches_to_silence(turns, script, (), 60.0)
