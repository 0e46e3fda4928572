"""Sentences as people say them: none is taken for a yes that is none, and most are understood."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rules.answers import Said
from rules.speech import understand

HERE = Path(__file__).parent
# Shares of sentences read exactly as labelled, a little below what was measured when the file was written.
AT_LEAST = {"utterances_at_length.yaml": 0.94, "utterances_held_out.yaml": 0.55}


def labelled(name: str) -> Iterator[tuple[str, str, str]]:
    """question, label, sentence."""
    for question, labels in yaml.load((HERE / name).read_text("utf-8"), yaml.BaseLoader).items():
        for label, sentences in labels.items():
            for sentence in sentences:
                yield question, label, sentence


@pytest.mark.parametrize("name", sorted(AT_LEAST))
def test_no_false_yes(name):
    wrong = [
        (question, label, sentence)
        for question, label, sentence in labelled(name)
        if label != "YES" and understand(sentence, question, 0.9).answer is Said.YES
    ]
    assert wrong == []


@pytest.mark.parametrize(("name", "share"), sorted(AT_LEAST.items()))
def test_most_are_understood(name, share):
    rows = [row for row in labelled(name) if row[1] != "NOT_YES"]
    right = sum(reading(sentence, question) == label for question, label, sentence in rows)
    assert right / len(rows) >= share


def reading(sentence: str, question: str) -> str:
    understood = understand(sentence, question, 0.9)
    return f"{understood.answer}.{understood.detail}" if understood.detail else str(understood.answer)


def test_nothing_held_out_was_tuned_on():
    """Sentences with most of their pairs of characters in common would be one template."""
    tuned = [pairs(s) for name in ("utterances.yaml", "utterances_at_length.yaml") for _, _, s in labelled(name)]
    alike = [
        sentence
        for _, _, sentence in labelled("utterances_held_out.yaml")
        if len(own := pairs(sentence)) > 3
        and any(len(own & other) > 0.7 * max(len(own), len(other)) for other in tuned)
    ]
    assert alike == []


def pairs(sentence: str) -> frozenset[str]:
    plain = "".join(character for character in sentence if character.isalnum())
    return frozenset(map("".join, zip(plain, plain[1:], strict=False)))
