"""Profiles and single parameters as `huifang explain` takes them."""

import json
import os
import subprocess
import sys

import pytest

from cli.main import root
from cli.output import invoke

LOOSER = (
    "cooling_off.days: 10 days, set by this question (company), is looser than 15 days, set by national@1 (national)"
)


@pytest.fixture
def ask(capsys):
    def run(*args, lang="en"):
        code = invoke(root, ["--lang", lang, "explain", *map(str, args), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return run


@pytest.mark.parametrize(
    ("profile", "days", "nominal_end", "surrender_deadline"),
    [
        ("national", 15, "2026-10-09", "2026-10-09"),
        ("national@1", 15, "2026-10-09", "2026-10-09"),
        ("national-10", 10, "2026-10-04", "2026-10-08"),  # AC-01
        ("local-2g", 15, "2026-10-09", "2026-10-09"),
        ("company-example", 20, "2026-10-14", "2026-10-14"),
        ("branch-example", 20, "2026-10-14", "2026-10-14"),
        ("national-10@1/local-2g@1", 10, "2026-10-04", "2026-10-08"),
    ],
)
def test_each_profile_counts_by_its_own_figures(ask, profile, days, nominal_end, surrender_deadline):
    code, answer, _ = ask("deadline", "--signed", "2026-09-24", "--profile", profile)
    assert code == 0
    assert (answer["days"], answer["nominal_end"], answer["surrender_deadline"]) == (
        days,
        nominal_end,
        surrender_deadline,
    )
    assert answer["profile"] == (profile if "@" in profile else f"{profile}@1")


def test_a_looser_value_ends_with_exit_code_2_and_both_values(ask):
    code, answer, err = ask("deadline", "--signed", "2026-09-24", "--set", "cooling_off.days=10")
    assert (code, answer) == (2, {"error": f"wrong question (LOOSER_VALUE): {LOOSER}"})
    assert LOOSER in err


def test_in_chinese(ask):
    code, _, err = ask("deadline", "--signed", "2026-09-24", "--set", "cooling_off.days=10", lang="zh")
    assert code == 2
    assert "本次提问（公司）的10天比national@1（全国）的15天宽松" in err


def test_params_of_a_file_are_held_to_the_same(ask, tmp_path):
    file = tmp_path / "record.json"
    question = {"kind": "RECORDING", "called_at": "2026-09-10T10:00", "params": {"retention.recording_years": 10}}
    file.write_text(json.dumps(question), encoding="utf-8")
    code, _, err = ask("retention", file)
    assert code == 2
    assert "10 years, set by this question (company), is looser than 20 years, set by national@1 (national)" in err
    file.write_text(json.dumps(question | {"params": {"retention.recording_years": 25}}), encoding="utf-8")
    code, answer, _ = ask("retention", file)
    assert (code, answer["floor"]) == (0, "2051-09-10")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--profile", "atlantis"], "no profile is called 'atlantis'"),
        (["--profile", "national@7"], "national@7 is not shipped"),
        (["--set", "cooling_off.day=15"], "no parameter is called 'cooling_off.day'"),
        (["--set", "cooling_off.days=soon"], "whole number"),
        (["--set", "calling.windows="], "at least one"),
        (["--set", "identity.elements=1"], "at least 2"),
        (["--profile", "local-2g", "--set", "script.simplified=true"], "set by local-2g@1 (local)"),
        (
            ["--profile", "branch-example", "--set", "attempts.max_total=8"],
            "7 dials, set by company-example@1 (company)",
        ),
    ],
)
def test_what_cannot_be_asked(ask, options, sentence):
    code, _, err = ask("deadline", "--signed", "2026-09-24", *options)
    assert code == 2
    assert sentence in err


def test_an_entry_of_a_table_is_set_by_its_name(ask):
    pushed = ("limit", "--pushed", "2026-09-30T10:00", "--reason")
    assert ask(*pushed, "VISIT", "--set", "workorder.sla.VISIT=2")[1]["working_days"] == 2
    assert ask(*pushed, "LANGUAGE_BARRIER", "--set", "mapping.language.sla=2")[1]["working_days"] == 2
    assert ask(*pushed, "RECEIPT_UNSIGNED", "--profile", "company-example")[1]["working_days"] == 4


def test_in_a_batch_each_line_has_its_own(ask, tmp_path):
    file = tmp_path / "questions.jsonl"
    asked = {"explain": "deadline", "signed": "2026-09-24"}
    lines = [{"profile": "national-10"}, {"set": {"cooling_off.days": 10}}, {"set": {"cooling_off.days": "20"}}, {}]
    file.write_text("\n".join(json.dumps(asked | line) for line in lines), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "cli.main", "--lang", "en", "explain", "--batch", file, "--json"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    answers = [json.loads(line) for line in found.stdout.splitlines()]
    assert [answer.get("nominal_end") for answer in answers] == ["2026-10-04", None, "2026-10-14", "2026-10-09"]
    assert answers[1] == {"error": f"LOOSER_VALUE: {LOOSER}"}


def test_layers_cost_no_time():
    before = os.times()
    subprocess.run(
        [sys.executable, "-m", "cli.main", "explain", "deadline", "--signed", "2026-09-24", "--profile", "branch-example"],
        capture_output=True, check=True,
    )  # fmt: skip
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    assert used < 0.5, f"{used:.2f} s"
