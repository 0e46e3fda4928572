"""Nothing on a page lacks its words: sentences in both languages, events, steps, codes, whatever the day brings."""

import io
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from desk import branches, cases, roles
from desk.answer_words import STEPS
from desk.event_words import SENTENCES, event_sentence
from desk.languages import translations
from rules.words import known
from scripts.call_scripts import all_scripts

ROOT = Path(__file__).parents[2]
METHODS = [("desk/**.py", "python"), ("desk/templates/**.html", "jinja2")]
TEMPLATES = {"desk/templates/**.html": {"silent": "false", "trim_blocks": "true"}}


def catalogue():
    return read_po(io.BytesIO((ROOT / "desk/translations/zh_Hans/LC_MESSAGES/messages.po").read_bytes()))


def test_every_sentence_is_there_in_chinese_and_none_is_left_over():
    said = {
        message if isinstance(message, str) else message[0]
        for _, _, message, _, _ in extract_from_dir(
            str(ROOT / "desk"), [(pattern.removeprefix("desk/"), how) for pattern, how in METHODS],
            {"templates/**.html": TEMPLATES["desk/templates/**.html"]},
        )
    }  # fmt: skip
    translated = {m.id if isinstance(m.id, str) else m.id[0]: m.string for m in catalogue() if m.id}
    assert said == set(translated)
    assert [key for key, value in translated.items() if not (value if isinstance(value, str) else all(value))] == []


def test_translations_keep_the_placeholders():
    for message in catalogue():
        english = message.id if isinstance(message.id, str) else message.id[1]
        chinese = message.string if isinstance(message.string, str) else message.string[0]
        assert set(re.findall(r"%\(\w+\)[sd]", english)) == set(re.findall(r"%\(\w+\)[sd]", chinese)), english


def test_every_kind_of_event_that_we_write_has_a_sentence():
    written: set[str] = set()
    for folder in ("storage", "tasks", "flows", "desk"):
        for file in (ROOT / folder).rglob("*.py"):
            source = file.read_text()
            written |= set(re.findall(r"SELECT :now, '([A-Z_]+[A-Z])'", source))
            written |= set(re.findall(r'record\(\s*connection,\s*"([A-Z_]+)"', source))
    assert {"CALL_RESERVED", "SETTLED", "UNMASKED"} <= written
    # a case's history leaves the turns of a talk out; their answers stand on the page
    assert written - {"TURN"} <= set(SENTENCES)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", [*SENTENCES, "SOMETHING_NEW"])
def test_an_event_without_its_data_is_still_a_sentence(kind, lang):
    sentence = event_sentence({"kind": kind, "data": None}, lang, translations(lang).gettext)
    assert sentence and "%(" not in sentence and "_" not in sentence


def test_every_step_of_every_script_has_words():
    steps = {step.records for script in all_scripts() for step in script.steps.values() if step.records}
    assert steps and {step for step in steps if step not in STEPS and step.split(".")[0] not in STEPS} == set()


def test_every_code_that_a_filter_offers_has_words():
    offered = {*cases.HOLDS, *cases.STATES, *cases.CLASSES, *branches.KINDS, *branches.STATES, *roles.EVERYBODY}
    assert {str(code) for code in offered if not known(str(code))} == set()
