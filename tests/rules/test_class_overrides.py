from datetime import datetime

import pytest

from rules.calendar import SHANGHAI
from rules.class_overrides import ClassOverride, OverrideRefused, class_in_force, override_class

NOW = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)
GOOD = {"reason": "Heard the recording: he said 清楚", "asked_by": "anna", "agreed_by": "bo", "at": NOW}


def test_both_classes_and_both_persons_stay_on_record():
    found = override_class("QUESTION", True, "SUB_STANDARD", **GOOD)
    assert (found.derived, found.class_, found.asked_by, found.agreed_by) == ("QUESTION", "SUB_STANDARD", "anna", "bo")
    assert ClassOverride.from_json(found.to_json()) == found
    assert class_in_force("QUESTION", (found,)) == "SUB_STANDARD"
    assert class_in_force("QUESTION", ()) == "QUESTION"


@pytest.mark.parametrize(
    ("derived", "completed", "class_", "change", "words"),
    [
        ("QUESTION", True, "STANDARD", {"reason": "  "}, "needs a reason"),
        ("QUESTION", True, "STANDARD", {"agreed_by": "anna"}, "second person"),
        ("QUESTION", True, "STANDARD", {"agreed_by": " anna "}, "second person"),
        ("QUESTION", True, "STANDARD", {"agreed_by": ""}, "second person"),
        ("QUESTION", True, "STANDARD", {"asked_by": ""}, "second person"),
        ("QUESTION", True, "QUESTION", {}, "already"),
        ("QUESTION", True, "GOOD", {}, "one of STANDARD"),
        (None, False, "STANDARD", {}, "not completed"),
        ("VERIFICATION", False, "QUESTION", {}, "not completed"),
    ],
)
def test_what_is_refused(derived, completed, class_, change, words):
    with pytest.raises(OverrideRefused, match=words):
        override_class(derived, completed, class_, **{**GOOD, **change})


def test_an_unfinished_callback_may_become_a_verification():
    assert override_class(None, False, "VERIFICATION", **GOOD).class_ == "VERIFICATION"
