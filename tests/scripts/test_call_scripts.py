"""Call scripts as data: what is refused, and in which line."""

import json
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import product as product_of

import pytest

from rules.outcomes import mandatory_items
from rules.script import VARIANTS, Script, digest
from rules.script_conditions import PREMIUM_MODES, PRODUCT_TYPES
from scripts.call_scripts import (
    EARLIER,
    BadScript,
    UnknownScript,
    all_scripts,
    broken_scripts,
    load_script,
    read_script,
    script_for,
)
from scripts.call_scripts import _read as folder_read
from scripts.released_scripts import released
from scripts.rule_profiles import load_profile

TEXT = (EARLIER / "bank-participating-regular-1.yaml").read_text("utf-8")
TODAY = date(2026, 9, 24)


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def problems(text):
    with pytest.raises(BadScript) as refused:
        read_script(text, "bad.yaml")
    return [(p.code, p.line) for p in refused.value.problems]


def test_every_shipped_file_can_be_used():
    assert broken_scripts() == ()


def test_a_file_that_cannot_be_used_is_left_out_and_named(tmp_path):
    (tmp_path / "good.yaml").write_text(TEXT, "utf-8")
    (tmp_path / "bad.yaml").write_text(TEXT.replace("variant: FULL", "variant: WHOLE") + "steps: [", "utf-8")
    (tmp_path / "folder.yaml").mkdir()
    good, broken = folder_read(tmp_path)
    assert [script.id for script in good] == ["bank-participating-regular@1"]
    assert [(bad.path, bad.problems[0].code) for bad in broken] == [
        (str(tmp_path / "bad.yaml"), "NOT_YAML"),
        (str(tmp_path / "folder.yaml"), "NOT_READABLE"),
    ]


CHANNELS = ("AGENCY", "BANCASSURANCE", "BANK_DIRECT", "TELEMARKETING", "ONLINE", "BROKERAGE")


@pytest.mark.parametrize("script", [s for s in all_scripts() if s.variant != "SIMPLIFIED"], ids=lambda s: s.id)
def test_every_mandatory_item_is_asked(script):
    for product_type in script.product_types:
        for mode in script.premium_modes:
            asked = {script.steps[step].records for step in script.per_policy}
            assert set(mandatory_items(product_type, mode, load_profile("national"))) <= asked


@pytest.mark.parametrize("variant", VARIANTS)
def test_there_is_a_script_for_every_row_of_the_item_matrix(variant):
    for channel, product, mode in product_of(CHANNELS, PRODUCT_TYPES, PREMIUM_MODES):
        script = script_for(channel, product, mode, TODAY, variant=variant)
        assert script is not None, (channel, product, mode)
        assert channel in script.channels and product in script.product_types and mode in script.premium_modes


@pytest.mark.parametrize(
    ("channel", "product", "mode", "day", "found"),
    [
        ("BANCASSURANCE", "PARTICIPATING", "ANNUAL", TODAY, "bank-participating-regular@2"),
        ("BANK_DIRECT", "PARTICIPATING", "MONTHLY", TODAY, "bank-participating-regular@2"),
        ("BROKERAGE", "ACCIDENT", "ANNUAL", TODAY, "agency-traditional-regular@1"),
        ("ONLINE", "UNIT_LINKED", "SINGLE", TODAY, "direct-unit-linked-single@1"),
        ("BANCASSURANCE", "PARTICIPATING", "ANNUAL", date(2024, 2, 29), None),
        ("SOMEWHERE", "PARTICIPATING", "ANNUAL", TODAY, None),
    ],
)
def test_the_script_for_a_policy(channel, product, mode, day, found):
    script = script_for(channel, product, mode, day)
    assert (script.id if script else None) == found


def test_a_script_for_a_jurisdiction_comes_before_one_for_everywhere():
    everywhere = load_script("agency-health-single")
    local = replace(everywhere, name="local", jurisdictions=("500000",))
    ask = partial(script_for, "AGENCY", "HEALTH", "SINGLE", TODAY, among=(local, everywhere))
    assert ask(jurisdiction="500112") is local
    assert ask(jurisdiction="510100") is everywhere
    assert ask(jurisdiction=None) is everywhere


def test_of_two_versions_the_one_that_came_into_force_last():
    old = load_script("agency-health-single")
    new = replace(old, version=2, valid_from=date(2026, 9, 1))
    later = replace(old, version=3, valid_from=date(2026, 10, 1))
    assert script_for("AGENCY", "HEALTH", "SINGLE", TODAY, among=(old, later, new)) is new


def test_load_by_name_and_version():
    assert load_script("bank-participating-regular") is load_script("bank-participating-regular", 2)
    assert load_script("bank-participating-regular", 1).version == 1
    with pytest.raises(UnknownScript):
        load_script("bank-participating-regular", 99)


@pytest.mark.parametrize("script", all_scripts(), ids=lambda s: s.id)
def test_a_script_kept_as_data_is_the_same_script(script):
    kept = Script.from_json(json.loads(json.dumps(script.to_json())))
    assert digest(kept) == digest(script)
    assert kept.to_json() == script.to_json()


def test_the_digest_is_of_what_is_said_and_not_of_where_it_stands():
    first = read_script(TEXT, "a.yaml")
    assert digest(read_script("# a remark\n" + TEXT, "b.yaml")) == digest(first)
    assert digest(read_script(TEXT.replace("打扰您了", "打搅您了", 1), "a.yaml")) != digest(first)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("    question: convenient\n", "    question: mood\n", "UNKNOWN_QUESTION"),
        ("      OBJECT.DENIES: D1\n", "      OBJECT.DENIES: D9\n", "UNKNOWN_STEP"),
        ("    question: purchase\n", "    question: purchase\n    colour: red\n", "UNKNOWN_KEY"),
        ("不好意思，打扰您了。", "不好意思，关于您的保单，打扰您了。", "DISCLOSES"),
        ("不好意思，打扰您了。", "不好意思，{product}的事，打扰您了。", "DISCLOSES"),
        ("不好意思，打扰您了。", "不好意思，{colour}。", "BAD_PLACEHOLDER"),
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


def test_a_released_text_is_never_changed():
    """A changed part wants a new version of every script that uses it, then `python -m scripts.released_scripts`."""
    assert {script.id: digest(script) for script in all_scripts()} == released()


def test_a_key_that_an_older_program_did_not_know_leaves_the_digest_alone():
    script = load_script("agency-health-single")
    kept = script.to_json()
    for step in kept["steps"].values():
        if not step["sensitive"]:
            del step["sensitive"]  # as it was written before there were such steps
    assert digest(Script.from_json(kept)) == digest(script)
    marked = replace(script.steps["X"], sensitive=True)
    assert digest(replace(script, steps={**script.steps, "X": marked})) != digest(script)
