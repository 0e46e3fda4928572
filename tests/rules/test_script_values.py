"""A call script as a value: what its digest is made of, what it is kept as, and the words of its vocabulary."""

import hashlib
import json
from dataclasses import FrozenInstanceError, replace
from datetime import date

import pytest

from rules import script as vocabulary
from rules.script import ReadyAnswer, Script, ScriptStep, Text, digest
from rules.script_conditions import CHANNELS, PREMIUM_MODES, PRODUCT_TYPES, REGULAR_MODES, Condition
from rules.script_diff import Change, changes

STEP = ScriptStep("M8", "M8", "M8.ask", "clear", {"1": "YES"}, on={"NO": "next"}, when=(Condition(channels=("ONLINE",)),),
                  discloses=True, rules=("R20",), line=7, file="part.yaml", places={"on.NO": ("part.yaml", 8)})  # fmt: skip
SCRIPT = Script(
    name="small", version=2, language="zh-CN", channels=("AGENCY",), product_types=("HEALTH",), premium_modes=("SINGLE",),
    valid_from=date(2024, 3, 1), valid_until=None, minutes=4, opening=("C1",), per_policy=("M8",), closing=("Z1",),
    anywhere={}, steps={"M8": STEP}, texts={"M8.ask": Text("M8.ask", "M8", "清楚吗？", True, 3, "part.yaml", {"yue": "清楚未"})},
    ready_answers=(ReadyAnswer("end", ("截止",), "ready.end"),), file="small.yaml", places={"opening": ("small.yaml", 2)},
)  # fmt: skip
# what is empty is left out, keys in the order of the alphabet, no blank between them
WRITTEN = (
    '{"channels":["AGENCY"],"closing":["Z1"],"explanations":1,"language":"zh-CN","minutes":4,"misheard":3,"name":"small",'
    '"opening":["C1"],"per_policy":["M8"],"premium_modes":["SINGLE"],"product_types":["HEALTH"],'
    '"ready_answers":[{"id":"end","text":"ready.end","words":["截止"]}],"repeats":3,"silent_turns":3,'
    '"steps":{"M8":{"ask":"M8.ask","discloses":true,"id":"M8","keys":{"1":"YES"},"on":{"NO":"next"},"question":"clear",'
    '"records":"M8","rules":["R20"],"when":[{"channels":["ONLINE"]}]}},'
    '"texts":{"M8.ask":{"discloses":true,"id":"M8.ask","in_other":{"yue":"清楚未"},"step":"M8","words":"清楚吗？"}},'
    '"valid_from":"2024-03-01","variant":"FULL","version":2}'
)


def test_the_digest_is_of_these_very_bytes():
    assert digest(SCRIPT) == hashlib.sha256(WRITTEN.encode()).hexdigest()
    assert SCRIPT.id == "small@2"


def test_what_is_kept_has_no_place_in_a_file():
    kept = SCRIPT.to_json()
    assert kept["file"] == kept["steps"]["M8"]["file"] == kept["texts"]["M8.ask"]["file"] == ""
    assert kept["places"] == kept["steps"]["M8"]["places"] == {}
    assert kept["steps"]["M8"]["line"] == kept["texts"]["M8.ask"]["line"] == 0
    again = Script.from_json(json.loads(json.dumps(kept)))
    step = replace(STEP, line=0, file="", places={})
    text = replace(SCRIPT.texts["M8.ask"], line=0, file="")
    assert again == replace(SCRIPT, steps={"M8": step}, texts={"M8.ask": text}, file="", places={})


def test_a_script_never_changes():
    for value, name in (
        (SCRIPT, "name"),
        (STEP, "ask"),
        (SCRIPT.texts["M8.ask"], "words"),
        (SCRIPT.ready_answers[0], "id"),
    ):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "other")
        assert not hasattr(value, "__dict__")
    assert STEP.again is STEP.next is STEP.end is STEP.otherwise is STEP.explain is STEP.restate is None
    assert ScriptStep("X", "X", "X.ask") == ScriptStep(
        "X", "X", "X.ask", question=None, keys={}, on={}, when=(), discloses=False, sensitive=False, purpose="", rules=(),
        line=0, file="", places={},
    )  # fmt: skip
    assert Text("t", "X", "好", False) == Text("t", "X", "好", False, line=0, file="", in_other={})
    assert replace(SCRIPT, file="", places={}) == Script(**{
        name: getattr(SCRIPT, name) for name in Script.__dataclass_fields__
        if name not in ("explanations", "silent_turns", "repeats", "misheard", "variant", "jurisdictions", "other_languages",
                        "file", "places")
    })  # fmt: skip
    assert (SCRIPT.explanations, SCRIPT.silent_turns, SCRIPT.repeats, SCRIPT.misheard) == (1, 3, 3, 3)
    assert (SCRIPT.variant, SCRIPT.jurisdictions, SCRIPT.other_languages) == ("FULL", (), ())


def test_the_words_in_another_language():
    text = SCRIPT.texts["M8.ask"]
    assert (text.words_in("yue"), text.words_in("zh-CN"), text.words_in("en")) == ("清楚未", "清楚吗？", "清楚吗？")


def test_how_a_call_may_end_and_what_it_comes_to():
    assert dict(vocabulary.ENDS) == {
        "COMPLETED": "class from the answers", "INCOMPLETE": "INCOMPLETE", "SILENT": "INCOMPLETE",
        "APPOINTED": "APPOINTED", "BUSY": "APPOINTED", "REFUSED": "VERIFICATION", "THIRD_PARTY": "THIRD_PARTY",
        "NO_SUCH_PERSON": "VERIFICATION", "DECEASED": "VERIFICATION", "BARRIER": "VERIFICATION",
        "MISMATCH": "VERIFICATION", "DECLINED": "VERIFICATION", "DENIED": "VERIFICATION",
        "ALREADY_SURRENDERED": "VERIFICATION", "CONTRACT_NOT_RECEIVED": "VERIFICATION",
    }  # fmt: skip


def test_the_words_that_script_files_are_written_in():
    assert vocabulary.QUESTIONS == (
        "person", "convenient", "willing", "confirm", "clear", "purchase", "signature", "signer", "documents", "time",
        "day", "birth_date", "id_last4", "district", "understands", "consent", "none_of_it", "anything_else", "what",
    )  # fmt: skip
    assert vocabulary.IDENTITY_QUESTIONS == ("birth_date", "id_last4", "district")
    assert {
        "person", "convenient", "confirm", "clear", "purchase", "signature", "documents", "understands", "consent",
    } == vocabulary.CHOICES  # fmt: skip
    assert (vocabulary.NEXT, vocabulary.BACK, vocabulary.NEXT_POLICY) == ("next", "back", "next_policy")
    assert vocabulary.VARIANTS == ("FULL", "RESUMED", "SUPPLEMENTARY", "AFTER_CARE", "SIMPLIFIED")
    assert {"SIMPLIFIED"} == vocabulary.SHORTENED
    assert {"RESUMED", "SUPPLEMENTARY", "AFTER_CARE"} == vocabulary.OF_OPEN_ITEMS
    assert PREMIUM_MODES == ("SINGLE", "ANNUAL", "HALF_YEARLY", "QUARTERLY", "MONTHLY") == ("SINGLE", *REGULAR_MODES)
    assert CHANNELS == ("AGENCY", "BANCASSURANCE", "BANK_DIRECT", "TELEMARKETING", "ONLINE", "BROKERAGE")
    assert PRODUCT_TYPES == ("TRADITIONAL", "PARTICIPATING", "UNIVERSAL", "UNIT_LINKED", "HEALTH", "ACCIDENT")


def test_what_a_text_may_put_in_before_identity_and_only_after():
    assert {
        "name", "title", "insurer", "hotline", "staff_number", "minutes", "appointment", "slot1", "slot2",
    } == vocabulary.OPEN_FACTS  # fmt: skip
    assert {
        "product", "outlet", "premium", "premium_mode", "premium_term", "policy_term", "cooling_off_days",
        "cooling_off_end", "next_due", "contact_hint",
    } == vocabulary.POLICY_FACTS  # fmt: skip
    assert {"title", "next_due"} == vocabulary.MAY_BE_EMPTY
    assert " ".join(vocabulary.TELLING_WORDS) == (
        "保单 投保 购买 保险合同 保费 缴费 交费 退保 犹豫期 回执 红利 分红 产品说明 条款 承保 回访"
    )


@pytest.mark.parametrize(
    ("of_step", "expected"),
    [
        ({"question": None}, ("M8.question", "clear", None)),
        ({"records": "M9"}, ("M8.records", "M8", "M9")),
        ({"next": "Z1"}, ("M8.next", None, "Z1")),
        ({"end": "BUSY"}, ("M8.end", None, "BUSY")),
        ({"otherwise": "Z1"}, ("M8.otherwise", None, "Z1")),
        ({"discloses": False}, ("M8.discloses", "True", "False")),
        ({"sensitive": True}, ("M8.sensitive", "False", "True")),
        ({"on": {"NO": "back"}}, ("M8.on.NO", "next", "back")),
        ({"on": {}}, ("M8.on.NO", "next", None)),
        ({"keys": {"1": "YES", "2": "NO"}}, ("M8.keys.2", None, "NO")),
        ({"when": ()}, ("M8.when", "channels=ONLINE", None)),
        (
            {"when": (Condition(channels=("ONLINE", "AGENCY"), facts=("outlet_known",)), Condition(product_types=("HEALTH",)))},
            ("M8.when", "channels=ONLINE", "channels=ONLINE、AGENCY facts=outlet_known | product_types=HEALTH"),
        ),
    ],
)  # fmt: skip
def test_a_change_of_a_step_as_a_reviewer_reads_it(of_step, expected):
    new = replace(SCRIPT, steps={"M8": replace(STEP, **of_step)})
    assert changes(SCRIPT, new) == (Change(*expected),)


@pytest.mark.parametrize(
    ("name", "value", "before", "after"),
    [
        ("channels", ("AGENCY", "ONLINE"), "AGENCY", "AGENCY、ONLINE"),
        ("product_types", ("ACCIDENT",), "HEALTH", "ACCIDENT"),
        ("premium_modes", ("SINGLE", "ANNUAL"), "SINGLE", "SINGLE、ANNUAL"),
        ("jurisdictions", ("510000",), "", "510000"),
        ("opening", ("C1", "C2"), "C1", "C1、C2"),
        ("per_policy", ("M8", "M9"), "M8", "M8、M9"),
        ("closing", ("K1", "Z1"), "Z1", "K1、Z1"),
        ("variant", "RESUMED", "FULL", "RESUMED"),
        ("language", "yue", "zh-CN", "yue"),
        ("minutes", 5, "4", "5"),
        ("explanations", 2, "1", "2"),
        ("silent_turns", 2, "3", "2"),
        ("repeats", 2, "3", "2"),
        ("misheard", 2, "3", "2"),
    ],
)
def test_a_change_of_the_whole(name, value, before, after):
    assert changes(SCRIPT, replace(SCRIPT, **{name: value})) == (Change(name, before, after),)


@pytest.mark.parametrize(
    ("step", "in_short"),
    [
        (ScriptStep("Q", "Q", "Q.ask", "clear", end="BUSY", purpose="问一下"), "问一下"),
        (ScriptStep("Q", "Q", "Q.ask", "clear", end="BUSY"), "clear"),
        (ScriptStep("Q", "Q", "Q.ask", end="BUSY"), "BUSY"),
        (ScriptStep("Q", "Q", "Q.ask"), "Q"),
    ],
)
def test_a_step_that_came_or_went(step, in_short):
    more = replace(SCRIPT, steps={**SCRIPT.steps, "Q": step}, texts={**SCRIPT.texts, "Q.ask": Text("Q.ask", "Q", "好", False)},
                   anywhere={"BUSY": "Q"})  # fmt: skip
    assert changes(SCRIPT, more) == (
        Change("anywhere.BUSY", None, "Q"),
        Change("Q.ask", None, "好"),
        Change("Q", None, in_short),
    )
    also = replace(more, steps={"Q": step, "M8": replace(STEP, records="M9")})
    assert changes(SCRIPT, also)[-2:] == (Change("M8.records", "M8", "M9"), Change("Q", None, in_short))
    assert changes(also, SCRIPT)[-2:] == (Change("Q", in_short, None), Change("M8.records", "M9", "M8"))
    assert changes(more, SCRIPT) == (
        Change("anywhere.BUSY", "Q", None),
        Change("Q.ask", "好", None),
        Change("Q", in_short, None),
    )
