"""`huifang scripts`: a version from draft to withdrawal, its calls, and what a wrong step answers."""

import asyncio
import csv
import json

import pytest

from cli.main import root
from cli.output import invoke
from scripts.call_scripts import FOLDER
from storage import db


@pytest.fixture
def ask(installation, capsys):
    """Run `huifang scripts … --json`, give back (exit code, the document)."""

    def run(*args):
        asyncio.run(db.dispose())
        code = invoke(root, ["--lang", "en", "--json", "scripts", *map(str, args)])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    return run


@pytest.fixture
def mine(tmp_path):
    """A second version of a shipped script."""
    text = (FOLDER / "agency-health-single.yaml").read_text("utf-8").replace("version: 1", "version: 2")
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    return file


def test_from_draft_to_withdrawn(ask, mine):
    script = "agency-health-single@2"
    assert ask("draft", mine, "--by", "wang")[1]["state"] == "DRAFT"
    assert ask("review", script, "--by", "wang")[0] == 1  # her own
    assert ask("publish", script, "--by", "li")[0] == 1  # not reviewed yet
    assert ask("review", script, "--by", "li")[1]["reviewed_by"] == "li"
    assert ask("publish", script, "--by", "li", "--from", "2099-01-01")[1]["effective_from"] == "2099-01-01"
    code, found = ask("withdraw", script, "--by", "li", "--why", "wording")
    assert (code, found["state"], found["withdrawn_why"]) == (0, "WITHDRAWN", "wording")
    code, listed = ask("list")
    assert {v["script"]: v["state"] for v in listed["versions"]}[script] == "WITHDRAWN"


def test_a_version_that_fails_its_proofs_is_refused(ask, mine):
    mine.write_text(mine.read_text("utf-8").replace("M8, M9,", "M8,").replace(" surrender,", ""), "utf-8")
    ask("draft", mine, "--by", "wang")
    ask("review", "agency-health-single@2", "--by", "li")
    code, document = ask("publish", "agency-health-single@2", "--by", "li")
    assert code == 1 and [p["code"] for p in document["problems"]] == ["MISSING_ITEM"]
    assert not {p["proof"]: p["holds"] for p in document["proofs"]}["MANDATORY_ITEMS"]


def test_calls_and_recall_of_a_version_without_calls(ask, tmp_path):
    out = tmp_path / "calls.csv"
    code, document = ask("calls", "agency-health-single@1", "-o", out)
    assert (code, document["calls"], document["list"]) == (0, 0, [])
    assert next(csv.reader(out.open(encoding="utf-8-sig")))[:2] == ["call_id", "case_id"]
    asked = ["--items", "N3", "--by", "li", "--why", "left out"]
    assert ask("recall", "agency-health-single@1", *asked, "--dry-run")[1]["count"] == 0


@pytest.mark.parametrize(
    "args",
    [
        ["calls", "nothing@1"],
        ["show", "nothing"],
        ["review", "agency-health-single@77", "--by", "li"],
        ["recall", "agency-health-single@1", "--items", "X9", "--by", "li", "--why", "x"],
        ["draft", "/no/such/file.yaml", "--by", "li"],
    ],
)
def test_what_is_not_there_is_wrong_use(ask, args):
    code, document = ask(*args)
    assert code == 2 and document["error"]


def test_show_prints_a_script_whole(ask):
    code, document = ask("show", "direct-unit-linked-single")
    assert code == 0 and document["name"] == "direct-unit-linked-single"
    assert "M2.receipt_date" in document["steps"] and document["texts"]["M8.ask"]["words"]
