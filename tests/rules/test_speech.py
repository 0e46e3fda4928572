"""What an utterance means. The table grows with what is heard; a false yes is the one fault that must not happen."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.answers import Said
from rules.speech import understand, understand_key
from rules.speech_tables import YES_CORE

TABLE = yaml.load(Path(__file__).with_name("utterances.yaml").read_text("utf-8"), yaml.BaseLoader)
LABELLED = [
    (question, label, text) for question, labels in TABLE.items() for label, texts in labels.items() for text in texts
]


@pytest.mark.parametrize(("question", "label", "text"), LABELLED)
def test_labelled_utterance(question, label, text):
    understood = understand(text, question, 0.9)
    read = f"{understood.answer}.{understood.detail}" if understood.detail else str(understood.answer)
    assert read == label


def test_the_table_is_large_and_has_no_false_yes():
    assert len(LABELLED) >= 250
    wrong = [row for row in LABELLED if row[1] != "YES" and understand(row[2], row[0], 0.9).answer is Said.YES]
    assert wrong == []


@pytest.mark.parametrize("question", sorted(YES_CORE))
@pytest.mark.parametrize(
    "text",
    [
        "嗯",
        "哦",
        "喂",
        "",
        "。。。",
        "天气很好",
        "不清楚",
        "不是",
        "没有",
        "好像是",
        "应该吧",
        "说是这么说",
        "你猜",
        "才怪",
    ],
)
def test_never_a_yes(question, text):
    assert understand(text, question, 0.99).answer is not Said.YES


@pytest.mark.parametrize("confidence", [0.0, 0.2, 0.39])
def test_a_guess_of_the_recogniser_is_not_understood(confidence):
    assert understand("清楚", "clear", confidence).answer is Said.NOT_UNDERSTOOD


def test_confidence_may_be_missing():
    assert understand("清楚", "clear", None).answer is Said.YES


@given(st.sampled_from(sorted(YES_CORE)), st.sampled_from(["不", "没", "好像", "可能", "谁", "哪"]))
def test_a_yes_with_a_doubt_before_it_is_no_yes(question, doubt):
    for text in ("清楚", "知道", "是的", "收到", "明白"):
        assert understand(doubt + text, question, 0.9).answer is not Said.YES


@given(
    st.text(
        alphabet="的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动",
        min_size=3,
        max_size=12,
    )
)
def test_a_yes_is_spelled_from_words_that_mean_yes(text):
    understood = understand(text, "clear", 0.9)
    if understood.answer is Said.YES:
        assert any(core in text for core in ("是", "对", "清楚", "知道"))
        assert "不" not in text


@pytest.mark.parametrize(
    ("text", "statement"),
    [
        ("银行的人说是存款", "CONFUSED"),
        ("业务员跟我说保证收益", "EXAGGERATED"),
        ("没跟我说过有费用", "CONCEALED"),
        ("业务员让我都说清楚", "OTHER"),
        ("清楚", None),
    ],
)
def test_what_the_seller_said(text, statement):
    understood = understand(text, "clear", 0.9)
    assert understood.seller_statement == statement
    assert statement is None or understood.answer is not Said.YES


@pytest.mark.parametrize(
    ("key", "answer"),
    [("1", Said.YES), ("2", Said.NO), ("9", Said.REPEAT), ("0", Said.OPERATOR), ("5", Said.NOT_UNDERSTOOD)],
)
def test_keys(key, answer):
    assert understand_key(key, {"1": "YES", "2": "NO"}).answer is answer


def test_names_are_understood_as_the_person():
    assert understand("我是王芳", "identity", 0.9, names=("王芳", "王女士")).answer is Said.YES
    assert understand("我是李强", "identity", 0.9, names=("王芳", "王女士")).answer is not Said.YES


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "babble", ["一" * 500, "好的" * 40 + "x", "我自己" * 19 + "x", "嗯" * 300 + "不", "没有了" * 90 + "x"]
)
def test_a_long_babble_is_read_in_no_time(babble):
    """A pattern that backtracks would need longer than the universe here."""
    for question in (*YES_CORE, "anything_else"):
        understand(babble, question, 0.9)
