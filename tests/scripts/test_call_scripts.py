"""Call scripts as data: what is refused, and in which line."""

from datetime import date

import pytest

from rules.outcomes import mandatory_items
from scripts.call_scripts import FOLDER, BadScript, UnknownScript, all_scripts, load_script, read_script, script_for
from scripts.rule_profiles import load_profile

TEXT = (FOLDER / "bank-participating-regular.yaml").read_text("utf-8")
TODAY = date(2026, 9, 24)


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def problems(text):
    with pytest.raises(BadScript) as refused:
        read_script(text, "bad.yaml")
    return [(p.code, p.line) for p in refused.value.problems]


@pytest.mark.parametrize("script", all_scripts(), ids=lambda s: s.id)
def test_every_mandatory_item_is_asked(script):
    for product_type in script.product_types:
        for mode in script.premium_modes:
            asked = {script.steps[step].records for step in script.per_policy}
            assert set(mandatory_items(product_type, mode, load_profile("national"))) <= asked


@pytest.mark.parametrize(
    ("channel", "product", "mode", "day", "found"),
    [
        ("BANCASSURANCE", "PARTICIPATING", "ANNUAL", TODAY, True),
        ("BANK_DIRECT", "PARTICIPATING", "MONTHLY", TODAY, True),
        ("AGENCY", "PARTICIPATING", "ANNUAL", TODAY, False),
        ("BANCASSURANCE", "UNIVERSAL", "ANNUAL", TODAY, False),
        ("BANCASSURANCE", "PARTICIPATING", "SINGLE", TODAY, False),
        ("BANCASSURANCE", "PARTICIPATING", "ANNUAL", date(2024, 2, 29), False),
    ],
)
def test_the_script_for_a_policy(channel, product, mode, day, found):
    script = script_for(channel, product, mode, day)
    assert (script.id if script else None) == ("bank-participating-regular@1" if found else None)


def test_load_by_name_and_version():
    assert load_script("bank-participating-regular") is load_script("bank-participating-regular", 1)
    with pytest.raises(UnknownScript):
        load_script("bank-participating-regular", 99)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("    question: convenient\n", "    question: mood\n", "UNKNOWN_QUESTION"),
        ("      OBJECT.DENIES: D1\n", "      OBJECT.DENIES: D9\n", "UNKNOWN_STEP"),
        ("    question: purchase\n", "    question: purchase\n    colour: red\n", "UNKNOWN_KEY"),
        ("不好意思，打扰您了。", "不好意思，关于您的保单，打扰您了。", "DISCLOSES"),
        ("不好意思，打扰您了。", "不好意思，{product}的事，打扰您了。", "DISCLOSES"),
        ("不好意思，打扰您了。", "不好意思，{colour}。", "BAD_PLACEHOLDER"),
        ("不好意思，打扰您了。", "不好意思" + "，真的不好意思" * 20, "TOO_LONG"),
        ("    again: 请问您现在方便接听吗？方便", "    again: 您现在方便。方便", "NOT_A_QUESTION"),
        ('    keys: {"1": YES, "2": BUSY}\n', '    keys: {"1": SURE}\n', "UNKNOWN_ANSWER"),
        ("    when: regular_premium\n", "    when: raining\n", "UNKNOWN_CONDITION"),
        ("    next: T2\n  T1.deceased", "  T1.deceased", "DEAD_END"),
    ],
)
def test_refused_with_its_line(old, new, code):
    changed = TEXT.replace(old, new, 1)
    assert changed != TEXT
    found = problems(changed)
    assert code in [c for c, _ in found]
    near = line_of(TEXT, old)
    assert any(c == code and abs(line - near) <= 12 for c, line in found)


def test_the_line_is_exact_where_a_text_discloses():
    changed = TEXT.replace("不好意思，打扰您了。", "不好意思，关于您的保费，打扰您了。", 1)
    assert problems(changed) == [("DISCLOSES", line_of(changed, "关于您的保费"))]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "NOT_A_SCRIPT"),
        ("- a\n- b\n", "NOT_A_SCRIPT"),
        ("script: x\n", "MISSING_KEY"),
        ("script: [x\n", "NOT_YAML"),
        (TEXT + "minutes: 9\n", "NOT_YAML"),
        (TEXT.replace("  silent: ", "  sillent: "), "MISSING_PHRASE"),
        (TEXT.replace("  A1.default:\n", "  A1.defoult:\n"), "MISSING_STEP"),
    ],
)
def test_refused_whole(text, code):
    assert code in [c for c, _ in problems(text)]
