"""How much of what strangers say is understood: sentences that nobody tuned on, and every false yes among them."""

import re
from collections import Counter
from pathlib import Path

import yaml

from rules.answers import Said
from rules.speech import understand

HERE = Path(__file__).parents[1] / "tests" / "rules"
HELD_OUT = {"first": "utterances_held_out.yaml", "second": "utterances_held_out_second.yaml"}


async def measure(folder: Path) -> dict:
    """Of each set: shares of the sentences by kind of question, and how many non-answers were taken for a yes."""
    return {
        f"{name} set, {what}": figure for name, path in HELD_OUT.items() for what, figure in _measured(path).items()
    }


def _measured(path: str) -> dict:
    right, asked, false_yes, traps = Counter(), Counter(), [], 0
    for question, labels in yaml.load((HERE / path).read_text("utf-8"), yaml.BaseLoader).items():
        for label, sentences in labels.items():
            for marked in sentences:
                # the name of the person asked for stands in braces
                names, sentence = tuple(re.findall(r"{(.+?)}", marked)), re.sub("[{}]", "", marked)
                understood = understand(sentence, question, 0.9, names=names)
                read = f"{understood.answer}.{understood.detail}" if understood.detail else str(understood.answer)
                if label != "YES" and understood.answer is Said.YES:
                    false_yes.append(sentence)
                if label == "NOT_YES":
                    traps += 1
                    continue
                asked[question] += 1
                right[question] += read == label
    return {
        "sentences held out": f"{asked.total()} and {traps} that only sound like a yes",
        "read exactly as labelled": f"{right.total() / asked.total():.1%}",
        **{question: f"{right[question] / n:.1%} of {n}" for question, n in asked.items()},
        "taken for a yes and none": "none" if not false_yes else f"{len(false_yes)}: {'; '.join(false_yes)}",
    }
