import json
import subprocess
import sys
import time

import pytest

from cli.main import root
from cli.output import invoke


@pytest.fixture
def ask(capsys):
    """Run `huifang explain …`, give back (exit code, the JSON document or None, stderr)."""

    def run(*args):
        code = invoke(root, ["--lang", "en", "explain", *map(str, args), "--json"])
        out, err = capsys.readouterr()
        return code, json.loads(out) if out else None, err

    return run


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--signed", "2026-09-24"], {"nominal_end": "2026-10-09", "surrender_deadline": "2026-10-09"}),  # AC-01
        (["--signed", "2026-09-24", "--days", "10"], {"nominal_end": "2026-10-04", "surrender_deadline": "2026-10-08"}),
        (["--signed", "2026-09-16"], {"nominal_end": "2026-10-01", "surrender_deadline": "2026-10-08"}),  # AC-02
        (["--signed", "2026-09-25"], {"surrender_deadline": "2026-10-10"}),  # AC-03
        (["--signed", "2026-09-10", "--completed", "2026-09-28"],
         {"in_window": False, "late_grace_until": "2026-10-08"}),  # AC-04
        (["--signed", "2026-08-03", "--completed", "2026-08-25"], {"late_grace_until": "2026-09-01"}),  # AC-05
        (["--signed", "2026-09-11", "--completed", "2026-09-09"],
         {"in_window": False, "supplementary_due": "2026-09-26", "late_grace_until": None}),  # AC-06
        (["--signed", "2026-12-20"], {"nominal_end": "2027-01-04", "provisional": True}),  # AC-28
        (["--signed", "2026-09-24", "--set", "cooling_off.start=SAME_DAY"], {"nominal_end": "2026-10-08"}),
        (["--signed", "2026-09-24", "--channel", "bank-direct", "--product", "health"], {"days": 15}),
    ],
)  # fmt: skip
def test_deadline(ask, args, expected):
    code, answer, _ = ask("deadline", *args)
    assert code == 0
    assert {key: answer[key] for key in expected} == expected
    assert answer["steps"]
    assert set(answer["steps"][0]) == {"rule", "text"}
    assert {"in_window", "late_grace_until", "supplementary_due"} <= answer.keys()


def test_a_length_below_the_profiles_is_said_in_a_step(ask):
    _, answer, _ = ask("deadline", "--signed", "2026-09-24", "--days", 10)
    assert "C8" in [step["rule"] for step in answer["steps"]]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--pushed", "2026-09-29T10:00", "--working-days", "3", "--nominal-end", "2026-10-07"],
         {"due_at": "2026-10-09T23:59:59+08:00", "act_by": "2026-09-30", "escalated": True}),  # AC-13
        (["--pushed", "2026-09-30T10:00", "--reason", "SIGNED_BY_OTHER"],
         {"due_at": "2026-10-13T23:59:59+08:00", "working_days": 5, "escalated": False}),  # AC-15
        (["--pushed", "2026-09-30T10:00", "--reason", "denies_purchase"],
         {"due_at": "2026-10-08T23:59:59+08:00", "working_days": 1}),  # AC-17
        (["--pushed", "2026-09-30T09:40:00Z", "--working-days", "3"],
         {"due_at": "2026-10-12T23:59:59+08:00"}),  # AC-24, 17:40 in Shanghai
        (["--pushed", "2026-02-13T10:00", "--working-days", "3"], {"due_at": "2026-02-25T23:59:59+08:00"}),
        (["--pushed", "2026-09-30T10:00", "--reason", "SIGNED_BY_OTHER", "--reason", "REFUSED"], {"working_days": 1}),
    ],
)  # fmt: skip
def test_limit(ask, args, expected):
    code, answer, _ = ask("limit", *args)
    assert code == 0
    assert {key: answer[key] for key in expected} == expected


E3 = ["--set", "extraction.strategy=E3"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--channel", "BANK_DIRECT", "--underwritten", "2026-09-30"],
         {"callable_on": "2026-10-01", "first_dial_on": "2026-10-08", "regime": "E4_EARLIEST"}),  # AC-08
        (["--channel", "BANK_DIRECT", "--underwritten", "2026-09-30", "--set", "calling.on_public_holidays=true"],
         {"callable_on": "2026-10-01", "first_dial_on": "2026-10-01"}),
        (["--channel", "AGENCY", "--underwritten", "2026-09-18", "--at", "2026-10-02"],
         {"callable_on": "2026-10-03", "nominal_end": None, "state": "WAITING"}),
        (["--channel", "AGENCY", "--printed", "2026-09-01", "--receipt-entered", "2026-09-07", *E3],
         {"callable_on": "2026-09-08", "regime": "E3"}),  # AC-07
        (["--channel", "AGENCY", "--printed", "2026-09-01", "--receipt-signed", "2026-09-11",
          "--receipt-entered", "2026-09-12", "--called-on", "2026-09-09", "--call-completed", *E3],
         {"callable_on": "2026-09-08", "pre_cooling_off": True,
          "supplementary": {"from": "2026-09-11", "to": "2026-09-26"}}),  # AC-06
        (["--channel", "AGENCY", "--underwritten", "2026-09-01", "--called-on", "2026-09-16",
          "--call-result", "CONTRACT_NOT_RECEIVED", "--at", "2026-09-20"],
         {"callable_on": None, "first_dial_on": None, "state": "ASLEEP"}),
        (["--channel", "AGENCY", "--underwritten", "2026-09-01", "--called-on", "2026-09-16",
          "--call-result", "CONTRACT_NOT_RECEIVED", "--receipt-signed", "2026-09-22", "--at", "2026-09-23"],
         {"callable_on": "2026-09-23", "state": "CALLABLE", "nominal_end": "2026-10-07",
          "surrender_deadline": "2026-10-08"}),  # AC-14
        (["--channel", "AGENCY", "--underwritten", "2026-09-01", "--called-on", "2026-09-16",
          "--call-result", "CONTRACT_NOT_RECEIVED", "--receipt-signed", "2026-09-22", "--at", "2026-09-21"],
         {"callable_on": None, "state": "ASLEEP"}),
        (["--channel", "AGENCY", "--receipt-written-off", "2026-09-08", "--set", "extraction.strategy=E1"],
         {"callable_on": "2026-09-08", "complete_by": "2026-09-18", "signature_date_estimated": True}),
        (["--channel", "AGENCY", "--underwritten", "2026-09-01", "--receipt-signed", "2026-09-05",
          "--receipt-written-off", "2026-09-08", "--called-on", "2026-09-10", "--call-completed"],
         {"state": "CLOSED", "pre_cooling_off": False, "supplementary": None}),
    ],
)  # fmt: skip
def test_extraction(ask, args, expected):
    code, answer, _ = ask("extraction", *args)
    assert code == 0
    assert {key: answer[key] for key in expected} == expected


@pytest.mark.parametrize(
    "args",
    [
        ["deadline", "--signed", "24.9.2026"],
        ["deadline", "--signed", "2026-02-30"],
        ["deadline", "--signed", "2026-09-24", "--days", "0"],
        ["deadline", "--signed", "2026-09-24", "--profile", "atlantis"],
        ["deadline", "--signed", "2026-09-24", "--channel", "POST"],
        ["deadline", "--signed", "2026-09-24", "--set", "cooling_off.begin=SAME_DAY"],
        ["deadline", "--signed", "2026-09-24", "--set", "cooling_off.start=NEVER"],
        ["limit", "--pushed", "2026-09-29T10:00"],
        ["limit", "--pushed", "2026-09-29T10:00", "--reason", "NO_SUCH_REASON"],
        ["limit", "--pushed", "yesterday", "--working-days", "3"],
        [
            "extraction",
            "--channel",
            "AGENCY",
            "--issued",
            "2026-09-01",
            "--days",
            "10",
            "--set",
            "extraction.strategy=E2",
        ],
    ],
)
def test_a_wrong_question_ends_with_2_and_a_sentence(ask, args):
    code, answer, err = ask(*args)
    assert code == 2
    assert answer["error"] in err
    assert len(err.strip().splitlines()) == 1


def in_file(tmp_path, content):
    file = tmp_path / "question.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("record", "until", "floor"),
    [
        ({"kind": "RECORDING", "called_at": "2026-09-10T10:00"}, None, "2046-09-10"),
        ({"kind": "RECORDING", "called_at": "2026-09-10T17:00:00Z", "contract_ended_on": "2050-03-01"},
         "2060-03-01", "2046-09-11"),
        ({"kind": "RECORDING", "called_at": "2026-09-10", "contract_ended_on": "2050-03-01",
          "disputes": [{"opened": "2059-12-01", "closed": "2061-01-15"}]}, "2063-01-15", "2046-09-10"),  # AC-23
        ({"kind": "PAPER", "archived_on": "2026-09-10", "contract_ended_on": "2028-02-29"}, "2038-03-01", "2036-09-10"),
        ({"kind": "RECORDING", "called_at": "2026-09-10", "contract_ended_on": "2050-03-01", "legal_hold": True},
         None, "2046-09-10"),
    ],
)  # fmt: skip
def test_retention(ask, tmp_path, record, until, floor):
    code, answer, _ = ask("retention", in_file(tmp_path, record))
    assert code == 0
    assert (answer["retain_until"], answer["floor"]) == (until, floor)


def person(**change):
    question = {
        "at": "2026-11-23T10:00:00+08:00",
        "person": {"id": "A", "type": "PERSON", "birth_date": "1980-05-01", "language": "zh-CN"},
        "policies": [
            {"policy_no": "P1", "callable_on": "2026-11-20", "receipt_signed_on": "2026-11-18",
             "nominal_end": "2026-12-03", "policy_term_years": 10, "state": "OPEN"},
        ],
        "numbers": [{"number": "138 0013 8000", "status": "CONFIRMED"}],
        "attempts": [],
        "appointment": None,
        "registry": {"agents": [], "outlets": [], "staff": [], "holders": {}},
        "resources": {"robot": True, "agents_free": 0, "dialects": []},
    }  # fmt: skip
    return {**question, **change}


def policy(**change):
    return [{**person()["policies"][0], **change}]


def attempt(at, **change):
    return {"at": at, "person": "A", "policy_no": "P1", "number": "13800138000", "result": "NO_ANSWER", **change}


AGENT = {"agent_code": "G1", "number": "+86-13800138000", "former_numbers": [], "id_of": "Z", "selling": True}


@pytest.mark.parametrize(
    ("change", "reason", "route"),
    [
        ({}, None, "robot"),
        ({"at": "2026-11-23T21:05:00+08:00"}, "QUIET_HOURS", None),
        ({"at": "2026-11-23T20:30:00"}, "OUTSIDE_HOURS", None),
        ({"policies": policy(state="COMPLETED")}, "COMPLETED", None),
        ({"policies": policy(state="DECEASED")}, "WITHDRAWN", None),
        ({"policies": policy(state="DENIED")}, "DENIES_PURCHASE", None),
        ({"policies": policy(callable_on="2026-11-24")}, "NOT_YET_CALLABLE", None),
        ({"policies": policy(policy_term_years=1)}, "OUT_OF_SCOPE", None),
        ({"policies": policy(special_callback=True)}, "SPECIAL_CALLBACK", None),
        ({"numbers": [{"number": "12345", "status": "CONFIRMED"}]}, "PHONE_INVALID", None),
        ({"numbers": [{"number": "13800138000", "status": "CANDIDATE"}]}, "PHONE_UNCONFIRMED", None),
        ({"registry": {"agents": [AGENT]}}, "PHONE_IS_AGENTS", None),
        ({"registry": {"agents": [{**AGENT, "number": "13900139000", "former_numbers": ["13800138000"]}]}},
         "PHONE_IS_AGENTS", None),  # AC-10
        ({"registry": {"agents": [{**AGENT, "id_of": "A"}]}}, None, "robot"),  # AC-10, self-policy
        ({"registry": {"outlets": ["13800138000"]}}, "PHONE_IS_AGENTS", None),
        ({"registry": {"holders": {"13800138000": ["A", "B", "C"]}}}, "PHONE_SHARED", None),  # AC-09
        ({"registry": {"holders": {"013800138000": ["A", "B", "A"]}}}, None, "robot"),
        ({"attempts": [attempt("2026-11-23T08:00:00+08:00", result="RINGING")]}, "IN_CALL", None),
        ({"attempts": [attempt("2026-11-23T09:00:00+08:00")]}, "MIN_GAP", None),
        ({"attempts": [attempt("2026-11-23T09:00:00+08:00", person="B")]}, "MIN_GAP", None),
        ({"appointment": {"at": "2026-11-23T11:00:00+08:00", "number": None, "asked_by": "POLICYHOLDER"}},
         "APPOINTMENT_PENDING", None),
        ({"person": {"id": "A", "birth_date": "1950-01-01"}, "resources": {"robot": True, "agents_free": 1}},
         None, "agent"),
        ({"person": {"id": "A", "language": "yue"}, "resources": {"robot": True, "dialects": ["yue"]}},
         None, "dialect agent"),
        ({"person": {"id": "A", "language": "yue"}, "resources": {"robot": False, "agents_free": 3}},
         "NO_DIALECT_AGENT", None),
        ({"resources": {"robot": False, "agents_free": 0}}, "NEEDS_AGENT", None),
    ],
)  # fmt: skip
def test_calling(ask, tmp_path, change, reason, route):
    code, answer, err = ask("calling", in_file(tmp_path, person(**change)))
    assert code == 0, err
    assert (answer["allowed"], answer["reason"], answer["route"]) == (reason is None, reason, route)
    assert answer["policies_in_call"] == (["P1"] if reason is None else [])
    assert answer["steps"]


def test_calling_says_when_next(ask, tmp_path):
    _, answer, _ = ask("calling", in_file(tmp_path, person(at="2026-11-23T21:05:00+08:00")))
    assert answer["next_at"] == "2026-11-24T09:00:00+08:00"


def test_a_file_of_another_shape_is_wrong_use(ask, tmp_path):
    for content in ({}, {"at": "2026-11-23T10:00"}, {"at": "2026-11-23T10:00", "policies": [1]}, [1]):
        assert ask("calling", in_file(tmp_path, content))[0] == 2


def test_phone(ask):
    code, answer, _ = ask("phone", "138 0013-8000", "+86-13800138000", "12")
    assert code == 0
    assert [a["normalised"] for a in answer] == ["+8613800138000", "+8613800138000", None]
    assert answer[0]["given"] == "138 0013-8000"
    assert answer[2]["problem"]


def test_batch_answers_every_line_in_order(capsys, tmp_path):
    file = tmp_path / "questions.jsonl"
    lines = [
        {"explain": "deadline", "signed": "2026-09-24"},
        {"explain": "extraction", "channel": "AGENCY", "printed": "2026-09-01", "set": {"extraction.strategy": "E3"}},
        {"explain": "limit", "pushed": "2026-09-30T10:00", "working_days": 3},
        {"explain": "retention", "kind": "RECORDING", "called_at": "2026-09-10T10:00"},
        {"explain": "calling", **person()},
        {"explain": "phone", "number": "13800138000"},
        {"explain": "answer", "text": "清楚", "question": "clear"},
        {"explain": "weather"},
        {"explain": "deadline"},
        {"explain": "calling", "at": "2026-11-23T10:00", "policies": [3]},
    ]
    text = "\n".join(json.dumps(line) for line in lines) + "\nnot json\n"
    file.write_text(text, encoding="utf-8")
    assert invoke(root, ["explain", "--batch", str(file), "--json"]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(answers) == 11
    assert answers[0]["nominal_end"] == "2026-10-09"
    assert answers[1]["callable_on"] == "2026-09-08"
    assert answers[2]["due_at"] == "2026-10-10T23:59:59+08:00"
    assert answers[3]["floor"] == "2046-09-10"
    assert answers[4]["allowed"]
    assert answers[5][0]["normalised"] == "+8613800138000"
    assert answers[6]["answer"] == "YES"
    assert all(set(answer) == {"error"} for answer in answers[7:])


def test_both_languages(capsys):
    for lang, words in (("zh", "回执"), ("en", "receipt")):
        assert invoke(root, ["--lang", lang, "explain", "deadline", "--signed", "2026-09-24"]) == 0
        assert words in capsys.readouterr().out


def test_it_imports_nothing_heavy():
    code = (
        "import sys; from cli.main import root; from cli.output import invoke; "
        "invoke(root, ['explain', 'deadline', '--signed', '2026-09-24', '--json']); "
        "sys.exit(any(m in sys.modules for m in ('sqlalchemy', 'prefect', 'fastapi', 'pydantic', 'twilio', 'httpx')))"
    )
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["nominal_end"] == "2026-10-09"
    assert time.perf_counter() - began < 30
