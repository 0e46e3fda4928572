"""An answer as it is kept and read again."""

import pytest

from rules.answers import Answer, Said


@pytest.mark.parametrize(
    "answer",
    [
        Answer("R1", "YES"),
        Answer(
            "M4", "UNSURE", try_no=2, policy_no="P-1", corrected=False, detail="FEES", how="dtmf", heard="不太清楚",
            confidence=0.5, signer="SPOUSE", seller_statement="REPLACED", final=False, date="2026-09-01",
        ),
    ],
)  # fmt: skip
def test_it_survives_json(answer):
    assert Answer.from_json(answer.to_json()) == answer


def test_what_is_not_said_about_an_answer():
    """An old row tells less: the first try, spoken, nothing kept of the words, and it counts."""
    assert Answer.from_json({"step": "R1", "answer": "YES", "of a later version": 1}).to_json() == {
        "step": "R1",
        "answer": "YES",
        "try_no": 1,
        "policy_no": None,
        "corrected": None,
        "detail": None,
        "how": "speech",
        "heard": "",
        "confidence": None,
        "signer": None,
        "seller_statement": None,
        "final": True,
        "date": None,
    }


def test_the_vocabulary():
    """What is kept in the rows of every call; a word that changes would make old answers unreadable."""
    assert [said.value for said in Said] == [
        "YES", "NO", "UNSURE", "SILENT", "QUESTION", "OBJECT", "BUSY", "REFUSE", "HANGUP", "THIRD_PARTY", "REPEAT",
        "OPERATOR", "NOT_UNDERSTOOD",
    ]  # fmt: skip
    assert all(Said[said.value] is said for said in Said)
