"""What a call script must prove: every shipped script does, and every planted fault is found at its line."""

import json
import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import root
from rules.conversation.values import Progress
from rules.conversation.walk import Walk
from rules.script_check import PROOFS
from rules.script_check.explore import ProbedWalk, State, explore
from rules.script_check.graphs import walks
from rules.script_check.inputs import inputs
from rules.script_check.specimens import kinds
from rules.script_check.wording import MOST_SECONDS, spoken_seconds
from scripts.call_scripts import FOLDER, load_script, shipped_scripts
from scripts.script_proofs import check_file, check_script, check_text, matrix_profile
from scripts.wording_lists import wording_lists

PLANTED = sorted((Path(__file__).parent / "planted").glob("*.yaml"))
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("script", shipped_scripts(), ids=lambda s: s.id)
def test_every_shipped_script_proves_itself(script):
    report = check_script(script)
    assert [(p.code, p.file, p.line, p.en, p.path_en) for p in report.problems] == []
    assert [p.name for p in report.proofs if p.holds] == [name for name, *_ in PROOFS]


def planted(path):
    return [
        (number, found[1])
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if (found := re.search(r"# planted: (\w+)", line))
    ]


@pytest.mark.parametrize("path", PLANTED, ids=lambda path: path.stem)
def test_a_planted_fault_is_found_with_its_line(path):
    report = check_file(path)
    assert planted(path)
    assert set(planted(path)) <= {(p.line, p.code) for p in report.problems if Path(p.file) == path}
    assert not report.ok and all(p.zh and p.en for p in report.problems)


def test_there_is_a_planted_fault_for_every_proof():
    kinds_planted = {code for path in PLANTED for _, code in planted(path)}
    for name, disproved_by, *_ in PROOFS:
        assert kinds_planted & disproved_by, name
    assert {code for _, codes, *_ in PROOFS for code in codes} - kinds_planted == set()


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("silence", ("M8", "silent")),
        ("item-passed-over", ("M6.coverage", "yes")),
        ("busy-goes-on", ("M9", "not now")),
        ("endless-loop", ("M3", "unsure")),
        ("identity-last", ("C3", "yes")),
    ],
)
def test_a_failed_proof_shows_a_call_in_words(name, way):
    report = check_file(Path(__file__).parent / "planted" / f"{name}.yaml")
    told = [p for p in report.problems if p.path_en]
    step, _ = way
    assert any(line.startswith(f"{step}:") for p in told for line in p.path_en)
    assert all(len(p.path_en) == len(p.path_zh) for p in told)


def test_ac_25_a_universal_script_without_the_fee_item_is_refused():
    report = check_file(Path(__file__).parent / "planted" / "missing-item.yaml")
    assert any(p.code == "MISSING_ITEM" and "N3" in p.en for p in report.problems)


# ---------------------------------------------------------------- the walk sees what the engine does


def graphs_of(script):
    found, _ = kinds(script, matrix_profile())
    items = tuple(dict.fromkeys(item for kind in found for item in kind.mandatory))
    return found[0].sheet, items, [seen.graph for seen in walks(script, found[0].sheet, items)]


def position(state):
    return state._replace(got=None, open=False)


@pytest.mark.long
def test_answers_given_once_lead_where_each_of_them_leads():
    """Answers that are taken together are such that the engine cannot tell them apart."""
    script = load_script("agency-traditional-regular")
    sheet, items, graphs = graphs_of(script)
    merged = {position(edge.end) for graph in graphs for edge in graph.edges}
    every = {name: inputs(script, step, merge=False) for name, step in script.steps.items() if step.question}
    graph = explore(script, sheet, items, lambda walk: walk.go(script.opening[0]), Progress(), memory=every)
    walked = {
        position(edge.end) for edge in graph.edges if edge.end.proxy != "AGREED"
    }  # that one has a walk of its own
    assert walked <= merged | {position(e.start) for g in graphs for e in g.edges}


def real(script, sheet, progress, give):
    """One turn of the engine as it is, with its counters."""
    walk = Walk(script, sheet, progress)
    give(walk)
    return walk.turn().progress


def as_position(progress, script):
    proven = progress.identity == "PROVEN"
    over = proven or bool(progress.ended)
    return State(
        step=progress.step,
        place=progress.place,
        policy=progress.policy,
        identity=progress.identity,
        identity_round=1 if over else progress.identity_round,
        passed=() if over else progress.identity_passed,
        undelivered=progress.undelivered,
        offered=progress.step == "A1.offer" and bool(progress.slots),
        proxy=progress.proxy,
        got=None,
        ended=progress.ended,
    )


@pytest.mark.parametrize("name", ["bank-participating-regular", "direct-universal-single", "agency-simplified"])
def test_no_call_comes_to_where_the_walk_has_not_been(name):
    script = load_script(name)
    sheet, _, graphs = graphs_of(script)
    seen = {position(state) for graph in graphs for state in graph.parent}
    known = {step_id: inputs(script, step, merge=False) for step_id, step in script.steps.items() if step.question}
    draw = random.Random(name)
    longest = 0
    for _ in range(150):
        progress, turns = real(script, sheet, Progress(), lambda walk: walk.go(script.opening[0])), 0
        while not progress.ended:
            choices = known[progress.step]
            likely = [one for one in choices if one.label in ("YES", "RIGHT", "DAY", "NO")]
            one = draw.choice(likely if likely and draw.random() < 0.7 else choices)
            progress = real(script, sheet, progress, one.give)
            assert as_position(progress, script) in seen, (progress.step, one.label)
            turns += 1
            assert turns < 400
        longest = max(longest, turns)
    assert longest > len(script.per_policy) + 5


def test_a_counter_is_asked_both_ways():
    script = load_script("agency-health-single")
    sheet, items, _ = graphs_of(script)
    at = {
        name: getattr(Progress(step="M8", place="M8", identity="PROVEN"), name)
        for name in Progress.__dataclass_fields__
    }
    fresh, used_up = (ProbedWalk(script, sheet, at, told) for told in ((), (True,)))
    assert (fresh.count("explained"), used_up.count("explained")) == (1, 99)
    assert (fresh.bounded, used_up.bounded) == (True, False)


# ---------------------------------------------------------------- wording


def wordings(text, code):
    return [w for w in wording_lists() if w.code == code and re.search(w.pattern, text)]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("FORBIDDEN_PHRASE", "不是的，您看合同。"),
        ("FORBIDDEN_PHRASE", "你听我说。"),
        ("FORBIDDEN_PHRASE", "我不知道。"),
        ("FORBIDDEN_PHRASE", "这是公司的规定。"),
        ("FORBIDDEN_PHRASE", "这款产品保证收益。"),
        ("FORBIDDEN_PHRASE", "这跟存款一样。"),
        ("LEADING_QUESTION", "犹豫期您都清楚吧？"),
        ("LEADING_QUESTION", "您应该已经清楚了。请问还有别的吗？"),
        ("LEADING_QUESTION", "退保可能有损失，对吗？"),
        ("LEADING_QUESTION", "请回答清楚。"),
        ("PRETEXT", "我们在做满意度调查。"),
        ("PRETEXT", "恭喜您中奖了。"),
    ],
)
def test_wording_that_is_refused(code, text):
    assert wordings(text, code)


@pytest.mark.parametrize(
    "text",
    [
        "请问您清楚吗？清楚请按1，不清楚请按2。",
        "是请按1，不是请按2。",
        "本金也可能亏损，公司不保证收益，也不保证本金。",
        "不是银行存款，也不是银行理财产品。",
        "请问您收到合同了吗？",
    ],
)
def test_wording_that_is_plain(text):
    assert not any(wordings(text, code) for code in ("FORBIDDEN_PHRASE", "LEADING_QUESTION", "PRETEXT"))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0.0), ("您好" * 9, 4.0), ("您好。", 0.7), ("您好，您好。", 1.3), ("12345", 1.1)],
)
def test_how_long_it_takes_to_say(text, seconds):
    assert spoken_seconds(text) == pytest.approx(seconds, abs=0.05)
    assert spoken_seconds("清" * 113) > MOST_SECONDS > spoken_seconds("清" * 112)


def test_every_rule_a_script_names_is_explained():
    explained = set(re.findall(r"^- ([A-Z]+-?\d*) — ", (ROOT / "docs" / "rules.md").read_text("utf-8"), re.MULTILINE))
    named = {rule for script in shipped_scripts() for step in script.steps.values() for rule in step.rules}
    assert named | {w.rule for w in wording_lists()} <= explained
    for script in shipped_scripts():
        assert [step.id for step in script.steps.values() if not (step.purpose and step.rules)] == []


# ---------------------------------------------------------------- the command


def run(*arguments):
    from cli.output import Voice

    return CliRunner().invoke(root, ["scripts", "check", *arguments], obj=Voice(lang="en"))


def test_the_command_lists_the_proofs():
    result = run(str(FOLDER / "agency-health-single.yaml"), "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert document["ok"] is True and document["problems"] == []
    assert [p["proof"] for p in document["proofs"]] == [name for name, *_ in PROOFS]


def test_the_command_finds_the_line_and_fails():
    path = next(p for p in PLANTED if p.stem == "silence")
    result = run(str(path), "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 1 and document["ok"] is False
    (problem,) = document["problems"]
    assert (problem["line"], problem["code"]) == planted(path)[0]
    assert problem["path"] and problem["message"]


def test_the_command_says_what_cannot_be_read(tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("script: [x\n", "utf-8")
    document = json.loads(run(str(bad), "--json").stdout)
    assert [p["code"] for p in document["problems"]] == ["NOT_YAML"]
    assert run(str(tmp_path / "none.yaml")).exit_code == 2


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "a: &a [*a]\n", "script: x\nfor: 3\nsteps: {}\n", "- 1\n", "script: {}\nversion: []\n", "{" * 300],
)
def test_nonsense_is_refused_with_a_line(text):
    report = check_text(text, "bad.yaml")
    assert report.problems and all(p.line >= 1 for p in report.problems)


def test_a_shipped_script_mangled_anywhere_is_reported_and_never_a_traceback():
    lines = (FOLDER / "earlier" / "bank-participating-regular-1.yaml").read_text("utf-8").splitlines()
    draw = random.Random(7)
    for _ in range(60):
        at = draw.randrange(len(lines))
        changed = [*lines[:at], *([] if draw.random() < 0.5 else [draw.choice(lines)]), *lines[at + 1 :]]
        try:
            from scripts.call_scripts import read_script

            read_script("\n".join(changed), str(FOLDER / "x.yaml"))
        except ValueError as refused:
            assert refused.problems and all(p.line >= 1 for p in refused.problems)
