"""Whatever stands in a line of a batch, one JSON value comes back: an answer, or an error with a code that stays."""

import copy
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.explain import answer_line
from cli.main import root
from cli.output import invoke

ITEMS = ("C1", "I1", "M1", "M2.received", "M2.receipt_date", "M3", "M5", "M8", "K1", "K3", "A1", "X")
QUESTIONS = [
    {"explain": "deadline", "signed": "2026-09-24", "days": 10, "channel": "AGENCY", "product": "HEALTH",
     "completed": "2026-10-12", "surrender_requested": "2026-10-13", "profile": "national",
     "set": {"cooling_off.start": "SAME_DAY"}},
    {"explain": "limit", "pushed": "2026-09-30T10:00", "reason": ["PHONE_INVALID", "REFUSED"], "nominal_end": "2026-10-07"},
    {"explain": "limit", "pushed": "2026-09-30T10:00+08:00", "working_days": 3},
    {"explain": "extraction", "channel": "AGENCY", "product": "HEALTH", "underwritten": "2026-09-01", "issued": "2026-09-02",
     "printed": "2026-09-03", "entered": "2026-09-03", "receipt_signed": "2026-09-05", "receipt_entered": "2026-09-06",
     "receipt_written_off": "2026-09-07", "days": 15, "called_on": "2026-09-08", "call_completed": True, "at": "2026-09-09",
     "set": {"extraction.strategy": "E3"}},
    {"explain": "outcome", "product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "profile": "national",
     "method": "PHONE", "at": "2026-09-28T10:00", "receipt_signed_on": "2026-09-20", "voice_doubt": False,
     "params": {"script.simplified": True}, "traceability": "PASSED", "retry_plan": "EXHAUSTED",
     "earlier_calls": [{"at": "2026-09-27T10:00", "answers": [{"step": "M1", "answer": "YES"}]}],
     "answers": [{"step": step, "answer": "YES", "corrected": None, "detail": None, "at": "2026-09-29T10:00",
                  "date": "2026-09-20", "signer": "FAMILY", "deliberate": True} for step in ITEMS]},
    {"explain": "outcome", "policies": [
        {"policy_no": "A", "product_type": "HEALTH", "premium_mode": "SINGLE", "answers": [{"step": "M1", "answer": "NO"}]},
        {"policy_no": "B", "product_type": "HEALTH", "premium_mode": "SINGLE", "answers": [{"step": "M1", "answer": "YES"}]}],
     "answers": [{"step": "I1", "answer": "YES"}]},
    {"explain": "outcome", "product_type": "UNIVERSAL", "premium_mode": "MONTHLY", "method": "VISIT",
     "evidence": {"policyholder_signature": True, "handler_signature": True, "id_copy": "POLICYHOLDER"},
     "answers": [{"step": "M9", "answer": "NO"}]},
    {"explain": "calling", "at": "2026-11-23T10:00:00+08:00",
     "person": {"id": "A", "type": "PERSON", "birth_date": "1950-05-01", "language": "yue"},
     "policies": [{"policy_no": "P1", "callable_on": "2026-11-20", "receipt_signed_on": "2026-11-18",
                   "nominal_end": "2026-12-03", "policy_term_years": 10, "special_callback": False, "state": "OPEN"}],
     "numbers": [{"number": "138 0013 8000", "status": "CONFIRMED"}],
     "attempts": [{"at": "2026-11-22T10:00+08:00", "person": "A", "policy_no": "P1", "number": "13800138000",
                   "result": "NO_ANSWER", "at_appointment": False}],
     "appointment": {"at": "2026-11-23T10:05+08:00", "number": None, "asked_by": "POLICYHOLDER"},
     "registry": {"agents": [{"agent_code": "G", "number": "13900139000", "former_numbers": ["13700137000"], "id_of": "Z",
                              "outlet": "02112345678", "selling": True}],
                  "outlets": ["02187654321"], "staff": ["13600136000"], "holders": {"13800138000": ["A", "B"]}},
     "resources": {"robot": True, "agents_free": 1, "dialects": ["yue"]}},
    {"explain": "retention", "kind": "RECORDING", "called_at": "2026-09-10T10:00", "contract_ended_on": "2050-03-01",
     "disputes": [{"opened": "2059-06-01", "closed": "2061-01-15"}], "legal_hold": False,
     "stored_retain_until": "2062-01-01"},
    {"explain": "phone", "numbers": ["138 0013 8000", "021-12345678"]},
    {"explain": "answer", "text": "清楚", "question": "clear"},
]  # fmt: skip

JUNK = st.one_of(
    st.sampled_from(
        [None, "", " ", 0, -1, 1, 1e308, True, False, [], {}, [[]], [None], {"a": None}, "NO", "YES", "2026-02-30",
         "9999-12-31", "0001-01-01", "2026-09-24T25:00", "2026-09-24T10:00+23:59", "٢٠٢٦-09-24", "null", "\x00", "\ud800",
         "x" * 5000, 10**30, {"set": 1}, "2026-W39-4", "PHONE_INVALID", [1, "a", None], "national@99", "1/0"]
    ),
    st.text(max_size=12),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
)  # fmt: skip


def places(value, path=()):
    """Every place in a question, the question itself left out."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


@st.composite
def mutated(draw):
    question = json.loads(json.dumps(draw(st.sampled_from(QUESTIONS))))
    for _ in range(draw(st.integers(1, 3))):
        *outside, last = draw(st.sampled_from(sorted(places(question), key=repr)))
        inner = question
        for key in outside:
            inner = inner[key]
        if draw(st.booleans()):
            inner[last] = copy.deepcopy(draw(JUNK))
        elif isinstance(inner, dict):
            del inner[last]
        if not any(True for _ in places(question)):
            break
    return question


CODE = re.compile(r"[A-Z][A-Z0-9_]+: \S")


def must_be_an_answer(question, found):
    json.dumps(found, default=str)
    if isinstance(found, dict) and "error" in found:
        assert set(found) == {"error"} and CODE.match(found["error"]), (question, found)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q["explain"])
def test_unharmed_they_are_answered(question):
    found = answer_line(json.dumps(question))
    assert not isinstance(found, dict) or "error" not in found, found


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_a_mutated_question_gets_an_answer_or_a_code(question):
    must_be_an_answer(question, answer_line(json.dumps(question)))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(QUESTIONS), st.integers(0, 2000), st.binary(max_size=4))
def test_broken_bytes_get_a_code(question, place, junk):
    line = json.dumps(question, ensure_ascii=False).encode()
    place %= len(line)
    must_be_an_answer(question, answer_line(line[:place] + junk + line[place + 1 :]))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"not json", "NOT_JSON"),
        (b"[" * 100_000, "NOT_JSON"),
        (b"\xff\xfe", "NOT_UTF8"),
        (b"7", "BAD_SHAPE"),
        (b"{}", "MISSING"),
        (b'{"explain": "weather"}', "BAD_CHOICE"),
        (b'{"explain": "deadline"}', "MISSING"),
        (b'{"explain": "deadline", "signed": "24.9.2026"}', "BAD_DATE"),
        (b'{"explain": "deadline", "signed": "9999-12-20"}', "BAD_DATE"),
        (b'{"explain": "deadline", "signed": "2026-09-24", "days": 0}', "BAD_NUMBER"),
        (b'{"explain": "deadline", "signed": "2026-09-24", "profile": "atlantis"}', "UNKNOWN_PROFILE"),
        (b'{"explain": "deadline", "signed": "2026-09-24", "set": {"no.such": 1}}', "BAD_PARAMETER"),
        (b'{"explain": "deadline", "signed": "2026-09-24", "set": 5}', "BAD_SHAPE"),
        (b'{"explain": "limit", "pushed": "soon", "working_days": 3}', "BAD_INSTANT"),
        (b'{"explain": "limit", "pushed": "2026-09-30T10:00"}', "ONE_OF_TWO"),
        (b'{"explain": "limit", "pushed": "2026-09-30T10:00", "reason": "WEATHER"}', "UNKNOWN_LIMIT"),
        (b'{"explain": "retention", "kind": "RECORDING"}', "MISSING"),
        (b'{"explain": "retention", "kind": "RECORDING", "called_at": "2026-09-10", "legal_hold": "no"}', "BAD_SHAPE"),
        (b'{"explain": "retention", "kind": "PAPER", "archived_on": "2026-09-10", "disputes": '
         b'[{"opened": "2027-02-01", "closed": "2027-01-01"}]}', "DATES_OUT_OF_ORDER"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_codes_are_the_same_in_both_languages(capsys, tmp_path, line, code, lang):
    file = tmp_path / "questions.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + line + b"\n\n" + b'{"explain": "answer", "text": "\\ud800"}\n')
    assert invoke(root, ["--lang", lang, "explain", "--batch", str(file)]) == 0
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["error"].startswith(f"{code}: ") and "answer" in last
    if code != "UNKNOWN_PROFILE":
        assert (lang == "zh") == any("\u4e00" <= letter <= "\u9fff" for letter in first["error"])
