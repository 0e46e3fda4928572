"""Every explanation is complete in both languages, each step on a line of its own with the id of its rule."""

import json
import re
from pathlib import Path

import pytest

from cli.explain import answer_line
from cli.main import root
from cli.output import invoke

ITEMS = (
    *("M1", "M2.received", "M2.receipt_signed", "M3", "M4", "M5", "M6.coverage", "M6.exclusions", "M6.term"),
    *("M7", "M8", "M9", "N1", "N3"),
)
SENTENCE = re.compile("[\u4e00-\u9fff]")
RULES = set(re.findall(r"^- ([A-Z]+-?\d*) — ", Path("docs/rules.md").read_text(encoding="utf-8"), re.M))


def row(step, answer="YES", **more):
    return {"step": step, "answer": answer, **more}


def outcome(*changed, **more):
    steps = {r["step"]: r for r in changed}
    rows = [steps.pop(step, row(step)) for step in ("C1", "I1", *ITEMS)]
    given = {"product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "answers": [*rows, *steps.values()]}
    return {"explain": "outcome", **given, **more}


def calling(at="2026-11-23T10:00+08:00", **more):
    person = {"id": "A", "type": "PERSON", "birth_date": "1950-05-01", "language": "zh-CN"}
    policy = {"policy_no": "P1", "callable_on": "2026-11-20", "nominal_end": "2026-12-03", "policy_term_years": 10}
    numbers = [{"number": "13800138000", "status": "CONFIRMED"}]
    return {"explain": "calling", "at": at, "person": person, "policies": [policy], "numbers": numbers, **more}


QUESTIONS = [
    {"explain": "deadline", "signed": "2026-09-10", "days": 10, "completed": "2026-09-28", "surrender_requested": "2026-10-08"},
    {"explain": "deadline", "signed": "2026-12-20", "completed": "2026-12-01", "set": {"cooling_off.start": "SAME_DAY"}},
    {"explain": "limit", "pushed": "2026-09-26T10:00", "reason": ["REFUSED", "PHONE_INVALID"], "nominal_end": "2026-09-28"},
    {"explain": "limit", "pushed": "2026-12-30T18:00", "working_days": 3, "nominal_end": "2027-03-01"},
    {"explain": "extraction", "channel": "AGENCY", "printed": "2026-09-01", "receipt_signed": "2026-09-11",
     "called_on": "2026-09-09", "call_completed": True, "set": {"extraction.strategy": "E3"}},
    {"explain": "extraction", "channel": "BANK_DIRECT", "entered": "2026-09-30", "receipt_written_off": "2026-10-02"},
    {"explain": "extraction", "channel": "AGENCY", "underwritten": "2026-09-01", "called_on": "2026-09-16",
     "call_result": "CONTRACT_NOT_RECEIVED"},
    {"explain": "extraction", "channel": "AGENCY", "issued": "2026-09-01", "set": {"extraction.strategy": "E2"}},
    {"explain": "extraction", "channel": "AGENCY", "receipt_written_off": "2026-09-01", "set": {"extraction.strategy": "E1"}},
    outcome(row("M1", corrected=True, seller_statement="CONFUSED"), row("K3", "QUESTION"), row("K1", "NO", detail="WRONG")),
    outcome(row("M2.received", "NO"), at="2026-09-09T10:00", receipt_signed_on="2026-09-11"),
    outcome(row("M2.receipt_signed", "NO"), row("M3", "NO", signer="FAMILY"), row("M4", "UNSURE"), voice_doubt=True),
    outcome(row("M2.receipt_date", date="2026-09-01"), at="2026-09-28T10:00", receipt_signed_on="2026-09-14"),
    outcome(row("K1", "NO", detail="CHANGED"), row("K3", "OBJECT", detail="WANTS_SURRENDER")),
    outcome(row("K3", "OBJECT", detail="COMPLAINT")),
    outcome(row("M8", "SILENT"), row("A1", at="2026-09-28T22:00")),
    outcome(row("I1", "NO")),
    outcome(row("C1", "THIRD_PARTY"), row("T2", "YES", new_number="13900139000")),
    outcome(row("R1", "REFUSE", detail="INFORMED")),
    outcome(row("M1", "OBJECT"), row("D2")),
    outcome(row("M1", "OBJECT")),
    outcome(row("M1", "OBJECT", detail="ALREADY_SURRENDERED"), row("D2", "NO")),
    outcome(row("C3", "NO", detail="HEARING")),
    outcome(row("T1", "NO", detail="DECEASED")),
    outcome(method="LETTER"),
    outcome(method="VISIT", evidence={"policyholder_signature": True, "id_copy": "OTHER"}),
    outcome(method="E_CALLBACK"),
    outcome(recording="LOST"),
    outcome(traceability="PASSED", params={"script.simplified": True}),
    {**outcome(), "answers": [row("P1", "SWITCHBOARD")]},
    {**outcome(), "answers": [row("P0", "NO", detail="PHONE_SHARED")]},
    {**outcome(), "answers": [row("P1", "NO_ANSWER")], "retry_plan": "EXHAUSTED"},
    {**outcome(), "answers": [row("C1"), row("X", "HANGUP", deliberate=True)],
     "earlier_calls": [{"answers": [row("X", "HANGUP", deliberate=True)]}]},
    calling(),
    calling("2026-11-23T21:05+08:00"),
    calling(numbers=[]),
    calling(resources={"robot": False}),
    calling(appointment={"at": "2026-11-23T10:05+08:00"}),
    {"explain": "retention", "kind": "RECORDING", "called_at": "2026-09-10", "contract_ended_on": "2050-03-01",
     "disputes": [{"opened": "2059-01-01", "closed": "2060-01-01"}, {"opened": "2070-01-01"}],
     "stored_retain_until": "2062-02-01"},
    {"explain": "retention", "kind": "PAPER", "archived_on": "2026-09-10", "legal_hold": True},
    {"explain": "retention", "kind": "TRAINING_COPY", "created_on": "2026-09-10"},
    {"explain": "answer", "text": "嗯嗯", "question": "clear"},
]  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q["explain"])
def test_each_step_in_both_languages(monkeypatch, question):
    told = {}
    for lang in ("zh", "en"):
        monkeypatch.setenv("LC_ALL", f"{lang}_XX.UTF-8")
        told[lang] = answer_line(json.dumps(question))
    zh, en = told["zh"], told["en"]
    assert "error" not in zh
    if question["explain"] == "answer":
        assert SENTENCE.search(zh["because"]) and not SENTENCE.search(en["because"])
        return
    assert zh["steps"] and [s["rule"] for s in zh["steps"]] == [s["rule"] for s in en["steps"]]
    assert all(SENTENCE.search(step["text"]) for step in zh["steps"])
    assert not [step for step in en["steps"] if SENTENCE.search(step["text"]) or not step["text"].strip()]
    assert not {step["rule"] for step in zh["steps"]} - RULES - {"PROVISIONAL"}
    # codes and keys stay
    assert {k: v for k, v in zh.items() if k != "steps"} == {k: v for k, v in en.items() if k != "steps"}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["deadline", "limit", "outcome"])
def test_each_step_stands_on_its_own_line(capsys, tmp_path, lang, kind):
    if kind == "outcome":
        file = tmp_path / "outcome.json"
        file.write_text(json.dumps(outcome(row("M8", "NO"))), encoding="utf-8")
        asked = ["outcome", str(file)]
    elif kind == "limit":
        asked = ["limit", "--pushed", "2026-09-29T10:00", "--reason", "REFUSED", "--nominal-end", "2026-10-07"]
    else:
        asked = ["deadline", "--signed", "2026-09-10", "--completed", "2026-09-28"]
    assert invoke(root, ["--lang", lang, "explain", *asked, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert invoke(root, ["--lang", lang, "explain", *asked]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [f"  {step['rule']}  {step['text']}" for step in steps] == [line for line in lines if line.startswith("  ")]
