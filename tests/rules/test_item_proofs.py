from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.item_proofs import EXACT_MS, Asked, How, Row, Sound, Speaker, Timeline, item_proofs, timeline
from scripts.call_scripts import load_script

START = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
SCRIPT = load_script("bank-participating-regular", 2)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def asked(seconds: float, *steps: str, identity: str = "PROVEN") -> Asked:
    return Asked(at(seconds), tuple((step, f"{step}.ask") for step in steps), identity)


def row(step: str, seconds: float, answer: str = "YES", **more) -> Row:
    return Row(step, answer, at(seconds), **{"case_id": 7, **more})


def proofs(answers, turns, along=Timeline(START, EXACT_MS), sound=Sound("RE1"), script=SCRIPT):
    return item_proofs(answers, turns, script, script_id=SCRIPT.id, script_digest="d", sound=sound, along=along)


@pytest.mark.parametrize(
    ("answered", "ended", "sound", "began", "within"),
    [
        # our news of the answer lies in the carrier's second: it is the zero, and only the carrier's second is unsure
        (0.4, 60.4, Sound("RE1", START, 60.0), 0.4, 2_000),
        (0.0, 60.0, Sound("RE1", START, 60.0), 0.0, 2_000),
        (1.0, 61.0, Sound("RE1", START, 60.0), 1.0, 2_000),
        # the news came late: the carrier's own start counts, and what the two differ by is unsure
        (5.5, 60.5, Sound("RE1", START, 60.0), 0.5, 7_000),
        # recorded only after the answer
        (0.0, 60.5, Sound("RE1", at(10), 50.0), 10.5, 12_500),
        # longer or shorter than the call as we saw it
        (0.0, 60.0, Sound("RE1", START, 57.0), 0.0, 5_000),
        (0.0, 60.0, Sound("RE1", START, 61.5), 0.0, 3_500),
        # the carrier told no start, or we know no end
        (0.0, 60.0, Sound("RE1", None, 60.0), 0.0, 2_000),
        (0.0, None, Sound("RE1", START, 60.0), 0.0, 2_000),
    ],
)
def test_where_a_recording_begins_and_how_exactly(answered, ended, sound, began, within):
    assert timeline(at(answered), None if ended is None else at(ended), sound) == Timeline(at(began), within)


@pytest.mark.parametrize(
    ("answered_at", "sound"),
    [(None, Sound("RE1", START, 60.0)), (START, None), (START, Sound("RE1", START, None))],
)
def test_without_a_recording_of_known_length_nothing_is_said_of_where(answered_at, sound):
    assert timeline(answered_at, at(60), sound) is None


def test_an_item_is_proven_by_question_answer_rule_and_script():
    [proof] = proofs(
        [row("M8", 21.25, how="keys", confidence=0.9, detail="x", by="lin")],
        [asked(0, "C1"), asked(12, "M8"), asked(21.25, "M9")],
    )
    assert (proof.question_ms, proof.answer_ms, proof.within_ms, proof.recording) == (12_000, 21_250, 2_000, "RE1")
    assert (proof.step, proof.answer, proof.how, proof.confidence, proof.detail, proof.by) == (
        "M8",
        "YES",
        "keys",
        0.9,
        "x",
        "lin",
    )
    assert (proof.script, proof.script_digest, proof.text, proof.case_id) == (SCRIPT.id, "d", "M8.ask", 7)
    assert proof.rules == SCRIPT.steps["M8"].rules != ()
    assert (proof.speaker, proof.answered_at) == (Speaker.POLICYHOLDER, at(21.25))


def test_what_was_asked_again_was_asked_when_it_was_asked_last():
    turns = [asked(5, "M8"), asked(15, "M8"), asked(30, "M9")]
    first, second = proofs([row("M8", 15, "SILENT", final=False), row("M8", 30, try_no=2)], turns)
    assert (first.question_ms, first.answer_ms, first.decides) == (5_000, 15_000, False)
    assert (second.question_ms, second.answer_ms, second.decides, second.try_no) == (15_000, 30_000, True, 2)


def test_the_question_of_one_step_is_not_taken_for_anothers():
    [proof] = proofs([row("X", 20, "HANGUP")], [asked(5, "M8")])
    assert (proof.question_ms, proof.answer_ms, proof.text, proof.rules) == (
        None,
        20_000,
        None,
        SCRIPT.steps["X"].rules,
    )


def test_the_last_of_several_texts_of_a_turn_is_its_question():
    [proof] = proofs([row("M8", 20)], [Asked(at(5), (("M8", "M8.explain"), ("M8", "M8.again")))])
    assert proof.text == "M8.again"


def test_only_the_last_final_answer_of_a_case_decides():
    given = [row("M8", 10, "NO"), row("M8", 20), row("M8", 30, case_id=8), row("M8", 40, "QUESTION", final=False)]
    assert [proof.decides for proof in proofs(given, [asked(1, "M8")])] == [False, True, True, False]


def test_who_spoke_is_said_as_far_as_it_was_known():
    turns = [asked(0, "C1", identity="UNPROVEN"), asked(10, "T6", identity="UNPROVEN"), asked(20, "I1", identity="UNPROVEN"), asked(30, "M8")]  # fmt: skip
    given = [row("C1", 10), row("I1", 30), row("M8", 40)]
    assert [proof.speaker for proof in proofs(given, turns)] == ["UNPROVEN", "UNPROVEN", "POLICYHOLDER"]
    given.insert(1, row("T6", 20))
    assert [proof.speaker for proof in proofs(given, turns)] == ["UNPROVEN", "UNPROVEN", "PROXY", "PROXY"]
    given[1] = replace(given[1], answer="NO")
    assert proofs(given, turns)[3].speaker == "POLICYHOLDER"


def test_without_a_timeline_everything_else_is_said():
    [proof] = proofs([row("M8", 20)], [asked(5, "M8")], along=None, sound=None)
    assert (proof.recording, proof.question_ms, proof.answer_ms, proof.within_ms) == (None, None, None, None)
    assert proof.rules == SCRIPT.steps["M8"].rules


def test_what_nobody_was_asked_lies_nowhere():
    [proof] = proofs([row("P0", 0, "NO", how=How.SYSTEM)], [])
    assert (proof.question_ms, proof.answer_ms) == (None, None)


def test_nothing_lies_before_the_first_sound():
    [proof] = proofs([row("M8", 5)], [asked(-3, "M8")])
    assert (proof.question_ms, proof.answer_ms) == (0, 5_000)


def test_a_script_that_is_not_known_any_more_names_no_rule():
    [proof] = proofs([row("M8", 20)], [asked(5, "M8")], script=None)
    assert (proof.rules, proof.script, proof.text) == ((), SCRIPT.id, "M8.ask")


def test_a_step_recorded_by_several_nodes_has_the_rules_of_all_where_none_was_heard():
    of_all = {rule for node in SCRIPT.steps.values() if node.records == "M2.received" for rule in node.rules}
    [proof] = proofs([row("M2.received", 20)], [])
    assert set(proof.rules) == of_all
    assert len(proof.rules) == len(of_all)
