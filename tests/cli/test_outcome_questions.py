"""`huifang explain outcome`: the class that a callback's answers give, scenario by scenario."""

import json

import pytest

from cli.main import root
from cli.output import invoke

ITEMS = (
    *("M1", "M2.received", "M2.receipt_signed", "M3", "M4", "M5", "M6.coverage", "M6.exclusions", "M6.term"),
    *("M7", "M8", "M9", "N1", "N3"),
)
SHORT = ("M1", "M2.received", "M2.receipt_signed", "M8")
PAPER = {"policyholder_signature": True, "handler_signature": True, "id_copy": "POLICYHOLDER"}


def row(step, answer="YES", **more):
    return {"step": step, "answer": answer, **more}


def talk(*changed, items=ITEMS):
    """Person, convenience, identity and a yes to every item, with some rows changed; an answer None leaves it out."""
    steps = {r["step"]: r for r in changed}
    asked = [steps.pop(step, row(step)) for step in ("C1", "C3", "I1", *items)]
    return [r for r in (*asked, *steps.values()) if r["answer"] is not None]


def only(*rows):
    return list(rows)


@pytest.fixture
def explain(capsys, tmp_path):
    """The answer to a file, or (exit code, message)."""

    def run(answers, *options, **more):
        file = tmp_path / "outcome.json"
        document = {"product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "answers": answers, **more}
        document = {key: value for key, value in document.items() if value is not ...}
        file.write_text(json.dumps(document), encoding="utf-8")
        code = invoke(root, ["--lang", "en", "explain", "outcome", str(file), "--json", *options])
        out = capsys.readouterr()
        return json.loads(out.out) if code == 0 else (code, out.err)

    return run


def codes(found):
    return [reason["code"] for reason in found["reasons"]]


def test_every_key_stands_in_every_answer(explain):
    found = explain(talk())
    keys = {"class", "class_b", "reasons", "completed", "work_order", "flags", "attempt_result", "appointment"}
    assert keys | {"resume_at", "breaches", "void", "state", "steps"} <= set(found)
    assert (found["class"], found["work_order"], found["state"], found["flags"]) == ("STANDARD", None, "CLOSED", [])
    assert all(set(step) == {"rule", "text"} for step in found["steps"])


# name: (file, what must come out)
AC = {
    "AC-11 spouse answers": (
        {"answers": only(row("C1", "THIRD_PARTY"), row("T5", "NO"), row("T2", at="2026-09-28T19:30"))},
        {"class": None, "attempt_result": "THIRD_PARTY", "appointment": "2026-09-28T19:30:00+08:00",
         "state": "APPOINTED", "flags": []},
    ),
    "AC-11 she names a number": (
        {"answers": only(row("C1", "THIRD_PARTY"), row("T2", new_number="13900139000"))},
        {"attempt_result": "THIRD_PARTY", "flags": ["candidate_number"], "state": "CALLABLE"},
    ),
    "AC-11 she answers all the same": (
        {"answers": talk(row("C1", "THIRD_PARTY"), row("I1", None))},
        {"class": None, "completed": False, "attempt_result": "THIRD_PARTY"},
    ),
    "AC-11 proxy allowed, policyholder not heard": (
        {"answers": [row("C1", "THIRD_PARTY"), row("T6", "NO"), *talk()[3:]],
         "params": {"callback.allow_authorised_proxy": True}},
        {"class": None, "completed": False, "attempt_result": "THIRD_PARTY"},
    ),
    "S9 proxy allowed and authorised": (
        {"answers": [row("C1", "THIRD_PARTY"), row("T6"), *talk()[2:]],
         "params": {"callback.allow_authorised_proxy": True}},
        {"class": None, "open_items": ["M3", "M4"], "flags": ["answered_by_proxy"], "state": "AT_BRANCH"},
    ),
    "AC-12 deposit, understood": (
        {"answers": talk(row("M1", corrected=True))},
        {"class": "SUB_STANDARD", "reasons": [{"code": "NOT_KNOWN_AS_INSURANCE", "corrected": True}],
         "flags": ["misselling_signal"], "class_b": None, "state": "CLOSED",
         "work_order": {"kind": "FEEDBACK_ONLY", "working_days": 5}},
    ),
    "AC-12 the clerk said so": (
        {"answers": talk(row("M1", corrected=True, seller_statement="CONFUSED"))},
        {"class": "SUB_STANDARD", "class_b": "MISSELLING", "seller_statement": "CONFUSED"},
    ),
    "AC-13 deposit, not understood": (
        {"answers": talk(row("M1", "NO", corrected=False))},
        {"class": "QUESTION", "class_b": "FIRST_LEVEL_EXPLANATION", "state": "AT_BRANCH", "completed": True,
         "reasons": [{"code": "NOT_KNOWN_AS_INSURANCE", "corrected": False}],
         "flags": ["misselling_signal", "exclude_selling_agent"],
         "work_order": {"kind": "QUESTION", "working_days": 3}},
    ),
    "AC-13 its limits": (
        {"answers": talk(row("M1", "NO", corrected=False)), "at": "2026-09-29T10:00", "nominal_end": "2026-10-07"},
        {"work_order": {"kind": "QUESTION", "working_days": 3, "due_at": "2026-10-09T23:59:59+08:00",
                        "act_by": "2026-09-30", "escalated": True}},
    ),
    "AC-14 contract not received": (
        {"answers": only(row("C1"), row("I1"), row("M1"), row("M2.received", "NO"))},
        {"class": "VERIFICATION", "reasons": [{"code": "CONTRACT_NOT_RECEIVED"}], "state": "ASLEEP", "resume_at": None,
         "class_b": "FIRST_LEVEL_EXPLANATION",
         "work_order": {"kind": "VERIFICATION", "working_days": 3, "action": "DELIVERY_REMINDER"}},
    ),
    "S4 although a receipt is on file": (
        {"answers": only(row("I1"), row("M1"), row("M2.received", "NO")), "receipt_signed_on": "2026-09-22"},
        {"flags": ["RECEIPT_DISPUTED"]},
    ),
    "AC-15 signed by the husband": (
        {"answers": talk(row("M3", "NO", signer="FAMILY"))},
        {"class": "QUESTION", "reasons": [{"code": "SIGNED_BY_OTHER", "signer": "FAMILY"}],
         "work_order": {"kind": "QUESTION", "working_days": 5, "action": "RE_SIGN"}},
    ),
    "AC-15 copied by the agent": (
        {"answers": talk(row("M4", "NO", signer="AGENT"))},
        {"reasons": [{"code": "RISK_STATEMENT_COPIED_BY_OTHER", "signer": "AGENT"}],
         "work_order": {"kind": "QUESTION", "working_days": 5, "action": "RE_SIGN"}},
    ),
    "C17 receipt unsigned": (
        {"answers": talk(row("M2.receipt_signed", "NO"))},
        {"reasons": [{"code": "RECEIPT_UNSIGNED"}],
         "work_order": {"kind": "QUESTION", "working_days": 5, "action": "RE_SIGN"}},
    ),
    "several reasons, the shortest limit": (
        {"answers": talk(row("M3", "NO", signer="UNKNOWN"), row("N3", "UNSURE"))},
        {"work_order": {"kind": "QUESTION", "working_days": 3, "action": "RE_SIGN"}},
    ),
    "AC-16 cannot remember": (
        {"answers": talk(row("M3", "UNSURE"))},
        {"class": "QUESTION", "reasons": [{"code": "SIGNATURE_UNSURE"}], "flags": [],
         "work_order": {"kind": "QUESTION", "working_days": 3}},
    ),
    "AC-17 bought nothing": (
        {"answers": only(row("C1"), row("I1"), row("M1", "OBJECT"))},
        {"class": "VERIFICATION", "class_b": "VERIFICATION", "reasons": [{"code": "DENIES_PURCHASE"}],
         "flags": ["dispute", "exclude_selling_agent"], "attempt_result": "INCOMPLETE",
         "work_order": {"kind": "VERIFICATION", "working_days": 1}},
    ),
    "has left, not confirmed": (
        {"answers": only(row("I1"), row("M1", "OBJECT", detail="ALREADY_SURRENDERED"), row("D2", "NO"))},
        {"class": "VERIFICATION", "reasons": [{"code": "ALREADY_SURRENDERED"}], "state": "AT_BRANCH"},
    ),
    "has left, confirmed": (
        {"answers": only(row("I1"), row("M1", "OBJECT", detail="ALREADY_SURRENDERED"), row("D2"))},
        {"class": None, "reasons": [], "state": "NOT_REQUIRED", "work_order": None},
    ),
    "AC-18 silence": (
        {"answers": talk(row("M6.coverage", "SILENT"), row("M8", "SILENT"))},
        {"class": None, "completed": False, "reasons": [], "attempt_result": "INCOMPLETE",
         "resume_at": "M6.coverage", "open_items": ["M6.coverage", "M8"], "state": "CALLABLE"},
    ),
    "AC-18 silence until the plan is used up": (
        {"answers": talk(row("M8", "SILENT")), "retry_plan": "EXHAUSTED"},
        {"class": "VERIFICATION", "reasons": [{"code": "UNREACHABLE"}], "state": "AT_BRANCH", "resume_at": None},
    ),
    "AC-19 dialect": (
        {"answers": only(row("C1"), row("C3", "NO", detail="LANGUAGE"))},
        {"class": "VERIFICATION", "reasons": [{"code": "LANGUAGE_BARRIER"}],
         "work_order": {"kind": "VERIFICATION", "working_days": 1}},
    ),
    "AC-19 an agent who speaks it": (
        {"answers": [row("C1"), row("C3", "NO", detail="LANGUAGE"), row("L1"), *talk()[2:]]},
        {"class": "STANDARD"},
    ),
    "AC-19 hearing": (
        {"answers": only(row("C1"), row("C3", "NO", detail="HEARING"))},
        {"reasons": [{"code": "HEARING_OR_AGE", "subtype": "HEARING"}]},
    ),
    "AC-19 visit with everything": (
        {"answers": talk(items=ITEMS)[3:], "method": "VISIT", "evidence": PAPER},
        {"class": "STANDARD", "completed": True, "void": False, "attempt_result": None, "state": "CLOSED"},
    ),
    "AC-20 letter without ID copy": (
        {"answers": talk()[3:], "method": "LETTER", "evidence": PAPER | {"id_copy": "NONE"}},
        {"class": None, "completed": False, "void": True, "work_order": None, "state": "AT_BRANCH"},
    ),
    "AC-20 the spouse's ID": (
        {"answers": talk()[3:], "method": "LETTER", "evidence": PAPER | {"id_copy": "OTHER"}}, {"void": True}),
    "AC-20 not signed": (
        {"answers": talk()[3:], "method": "VISIT", "evidence": PAPER | {"policyholder_signature": False}},
        {"void": True, "class": None},
    ),
    "C51 no handler": (
        {"answers": talk()[3:], "method": "VISIT", "evidence": PAPER | {"handler_signature": False}}, {"void": True}),
    "AC-20 no evidence at all": ({"answers": talk()[3:], "method": "LETTER"}, {"void": True}),
    "AC-20 box no at the surrender item": (
        {"answers": talk(row("M9", "NO"))[3:], "method": "LETTER", "evidence": PAPER},
        {"class": "QUESTION", "void": False,
         "reasons": [{"code": "COOLING_OFF_OR_SURRENDER_UNCLEAR", "corrected": False}]},
    ),
    "a box left empty": (
        {"answers": talk(row("M9", None))[3:], "method": "LETTER", "evidence": PAPER},
        {"class": None, "void": False, "state": "AT_BRANCH", "open_items": ["M9"]},
    ),
    "e-callback": (
        {"answers": talk()[3:], "method": "E_CALLBACK", "evidence": {"authenticated": True}}, {"class": "STANDARD"}),
    "e-callback of nobody": (
        {"answers": talk()[3:], "method": "E_CALLBACK", "evidence": {"authenticated": False}}, {"void": True}),
    "AC-21 identity differs": (
        {"answers": only(row("C1"), row("I1", "NO"), row("I1", "NO"))},
        {"class": "VERIFICATION", "reasons": [{"code": "RECORD_MISMATCH"}],
         "work_order": {"kind": "VERIFICATION", "working_days": 3}},
    ),
    "AC-21 the retry succeeds": ({"answers": [row("C1"), row("I1", "NO"), *talk()[2:]]}, {"class": "STANDARD"}),
    "AC-21 declines": (
        {"answers": only(row("C1"), row("I1", "REFUSE"))},
        {"reasons": [{"code": "IDENTITY_NOT_CONFIRMED"}], "attempt_result": "REFUSED"},
    ),
    "AC-21 the voice is another's": (
        {"answers": talk(), "voice_doubt": True},
        {"class": "STANDARD", "completed": True, "flags": ["impersonation_suspect"],
         "orders": [{"kind": "IMPERSONATION_CHECK", "working_days": 5}]},
    ),
    "S11 beside a question": (
        {"answers": talk(row("M8", "NO")), "voice_doubt": True},
        {"class": "QUESTION", "work_order": {"kind": "QUESTION", "working_days": 3}, "state": "AT_BRANCH"},
    ),
    "AC-29 fully informed": (
        {"answers": only(row("C1"), row("C3", "REFUSE"), row("R1", "REFUSE", detail="INFORMED"))},
        {"class": "VERIFICATION", "reasons": [{"code": "REFUSED", "subtype": "INFORMED_REFUSAL"}], "completed": False,
         "flags": ["INFORMED_REFUSAL"], "attempt_result": "REFUSED",
         "orders": [{"kind": "VERIFICATION", "working_days": 1}, {"kind": "LETTER", "working_days": 5}]},
    ),
    "AC-34 short script": (
        {"answers": talk(items=SHORT), "traceability": "PASSED", "params": {"script.simplified": True}},
        {"class": "STANDARD", "completed": True},
    ),
    "AC-34 not allowed here": (
        {"answers": talk(items=SHORT), "traceability": "PASSED"}, {"class": None, "resume_at": "M3"}),
    "AC-34 no record": (
        {"answers": talk(items=SHORT), "params": {"script.simplified": True}}, {"class": None, "resume_at": "M3"}),
    "AC-34 invalidated later": (
        {"answers": talk(items=SHORT), "traceability": "INVALIDATED", "params": {"script.simplified": True}},
        {"class": None, "completed": False, "resume_at": "M3"},
    ),
    "S6 deceased": (
        {"answers": only(row("C1", "THIRD_PARTY"), row("T1", "NO", detail="DECEASED"))},
        {"class": "VERIFICATION", "reasons": [{"code": "POLICYHOLDER_DECEASED"}],
         "work_order": {"kind": "VERIFICATION", "working_days": 3}},
    ),
    "S10 a policy fact before identity": (
        {"answers": [row("C1"), row("M1"), *talk()[2:]]},
        {"class": "STANDARD", "breaches": ["DISCLOSED_BEFORE_IDENTITY"], "flags": ["DISCLOSED_BEFORE_IDENTITY"]},
    ),
    "S10 told by the clock": (
        {"answers": [row("I1", at=30), *(row(item, at=n) for n, item in enumerate(ITEMS))]},
        {"breaches": ["DISCLOSED_BEFORE_IDENTITY"]},
    ),
    "P0 shared number": (
        {"answers": only(row("P0", "NO", detail="PHONE_SHARED"))},
        {"class": "VERIFICATION", "attempt_result": None, "reasons": [{"code": "PHONE_SHARED"}]},
    ),
    "P0 number incomplete": (
        {"answers": only(row("P0", "NO", detail="PHONE_INCOMPLETE"))},
        {"reasons": [{"code": "PHONE_INVALID", "subtype": "PHONE_INCOMPLETE"}]},
    ),
    "P1 no answer": (
        {"answers": only(row("P1", "NO_ANSWER"))}, {"class": None, "attempt_result": "NO_ANSWER", "state": "CALLABLE"}),
    "P1 machine, plan used up": (
        {"answers": only(row("P1", "MACHINE")), "retry_plan": "EXHAUSTED"},
        {"class": "VERIFICATION", "reasons": [{"code": "UNREACHABLE"}], "attempt_result": "MACHINE",
         "work_order": {"kind": "VERIFICATION", "working_days": 1}},
    ),
    "P1 switchboard": (
        {"answers": only(row("P1", "SWITCHBOARD"))},
        {"reasons": [{"code": "PHONE_INVALID", "subtype": "SWITCHBOARD"}], "attempt_result": "SWITCHBOARD"},
    ),
    "T4 nobody of that name": (
        {"answers": only(row("C1", "NO"), row("T4"))},
        {"reasons": [{"code": "PHONE_INVALID", "subtype": "NO_SUCH_PERSON"}], "attempt_result": "NO_SUCH_PERSON"},
    ),
    "plan used up without a word": (
        {"answers": ..., "retry_plan": "EXHAUSTED"}, {"reasons": [{"code": "UNREACHABLE"}], "attempt_result": None}),
    "A1 a time is agreed": (
        {"answers": only(row("C1"), row("C3", "BUSY"), row("A1", at="2026-09-29T10:00")), "retry_plan": "EXHAUSTED"},
        {"class": None, "attempt_result": "APPOINTED", "state": "APPOINTED"},
    ),
    "A1 not at night": (
        {"answers": only(row("C1"), row("C3", "BUSY"), row("A1", at="2026-09-29T21:30"))},
        {"appointment": None, "state": "CALLABLE"},
    ),
    "A1 not in the past": (
        {"answers": only(row("C1"), row("C3", "BUSY"), row("A1", at="2026-09-28T10:00")), "at": "2026-09-28T10:00"},
        {"appointment": None, "state": "CALLABLE"},
    ),
    "X the line was cut": (
        {"answers": [*talk()[:6], row("X", "HANGUP")]},
        {"class": None, "attempt_result": "INCOMPLETE", "resume_at": "M3"},
    ),
    "X before the first item": (
        {"answers": only(row("C1"), row("X", "HANGUP"))}, {"attempt_result": "HANGUP", "resume_at": None}),
    "X on purpose, once": (
        {"answers": only(row("C1"), row("X", "HANGUP", deliberate=True))},
        {"class": None, "attempt_result": "HANGUP_DELIBERATE"},
    ),
    "X on purpose, twice": (
        {"answers": only(row("C1"), row("X", "HANGUP", deliberate=True)),
         "earlier_calls": [{"answers": only(row("C1"), row("X", "HANGUP", deliberate=True))}]},
        {"class": "VERIFICATION", "reasons": [{"code": "REFUSED", "subtype": "HUNG_UP"}]},
    ),
    "X on purpose, twice, the second time in the middle": (
        {"answers": [*talk()[:6], row("X", "HANGUP", deliberate=True)],
         "earlier_calls": [{"attempt_result": "HANGUP_DELIBERATE"}]},
        {"class": "VERIFICATION", "attempt_result": "HANGUP_DELIBERATE"},
    ),
    "X completed by the next call": (
        {"answers": talk(items=ITEMS[6:]), "earlier_calls": [{"answers": talk(row("M1", corrected=True), items=ITEMS[:6])}]},
        {"class": "SUB_STANDARD", "reasons": [{"code": "NOT_KNOWN_AS_INSURANCE", "corrected": True}]},
    ),
    "X what somebody else said before": (
        {"answers": talk(items=ITEMS[6:]), "earlier_calls": [{"answers": talk(row("C1", "THIRD_PARTY"), items=ITEMS[:6])}]},
        {"class": None, "resume_at": "M1"},
    ),
    "X said before without proof of identity": (
        {"answers": talk(items=ITEMS[6:]), "earlier_calls": [{"answers": talk(row("I1", "NO"), items=ITEMS[:6])}]},
        {"class": None, "resume_at": "M1"},
    ),
    "X somebody else hung up before": (
        {"answers": only(row("C1"), row("X", "HANGUP", deliberate=True)),
         "earlier_calls": [{"answers": only(row("C1", "THIRD_PARTY"), row("X", "HANGUP", deliberate=True))}]},
        {"class": None, "attempt_result": "HANGUP_DELIBERATE"},
    ),
    "X too long ago": (
        {"answers": talk(items=ITEMS[6:]), "at": "2026-09-29T10:00",
         "earlier_calls": [{"at": "2026-09-25T10:00", "answers": talk(items=ITEMS[:6])}]},
        {"class": None, "resume_at": "M1"},
    ),
    "X another script version": (
        {"answers": talk(items=ITEMS[6:]), "script": "s@2",
         "earlier_calls": [{"script": "s@1", "answers": talk(items=ITEMS[:6])}]},
        {"class": None, "resume_at": "M1"},
    ),
    "M5 clauses never supplied": (
        {"answers": talk(row("M5", "NO", detail="CLAUSES_NOT_SUPPLIED"))},
        {"class": "QUESTION", "reasons": [{"code": "CLAUSES_NOT_SUPPLIED"}]},
    ),
    "two items, one reason": (
        {"answers": talk(row("M6.coverage", corrected=True), row("M6.exclusions", corrected=True))},
        {"class": "SUB_STANDARD", "reasons": [{"code": "COVERAGE_UNCLEAR", "corrected": True}]},
    ),
    "K1 moved, and the new number": (
        {"answers": talk(row("K1", "NO", detail="CHANGED", new_number="13900139000"))},
        {"class": "STANDARD", "flags": ["servicing_request"]},
    ),
    "K1 wrong from the start": (
        {"answers": talk(row("K1", "NO", detail="WRONG"))},
        {"class": "STANDARD", "flags": ["servicing_request", "CONTACT_DATA_WRONG"]},
    ),
    "K2 told what to say": (
        {"answers": talk(row("K2", "NO", seller_statement="CONCEALED"))},
        {"class": "STANDARD", "class_b": "MISSELLING", "flags": ["misselling_signal", "exclude_selling_agent"]},
    ),
    "K3 answered": (
        {"answers": talk(row("K3", "QUESTION", detail="ANSWERED"))},
        {"class": "SUB_STANDARD", "reasons": [{"code": "OPEN_QUESTION", "corrected": True}], "flags": []},
    ),
    "K3 not answerable": (
        {"answers": talk(row("K3", "QUESTION", detail="NOT_ANSWERABLE"))},
        {"class": "QUESTION", "work_order": {"kind": "QUESTION", "working_days": 3}},
    ),
    "K3 complaint": ({"answers": talk(row("K3", "OBJECT", detail="COMPLAINT"))}, {"flags": ["complaint_ticket"]}),
    "K3 wants out": ({"answers": talk(row("K3", "OBJECT", detail="WANTS_SURRENDER"))}, {"flags": ["surrender_intent"]}),
    "AC-06 too early": (
        {"answers": talk(), "at": "2026-09-09T10:00", "receipt_signed_on": "2026-09-11"},
        {"class": "STANDARD", "flags": ["PRE_COOLING_OFF"], "state": "WAITING", "supplementary_from": "2026-09-11"},
    ),
    "C44 signed earlier than recorded": (
        {"answers": talk({"step": "M2.receipt_date", "answer": "YES", "date": "2026-09-01"}), "at": "2026-09-21T10:00",
         "receipt_signed_on": "2026-09-14"},
        {"in_window": False, "late_grace_until": "2026-09-28"},
    ),
    "C42 and an unknown calendar": (
        {"answers": talk(), "signature_date_estimated": True, "provisional": True},
        {"flags": ["provisional", "signature_date_estimated"]},
    ),
    "C59 recording lost": (
        {"answers": talk(), "recording": "LOST"},
        {"class": None, "completed": False, "state": "CALLABLE", "reasons": [{"code": "RECORDING_LOST"}]},
    ),
    "R84 after-care, still unclear": (
        {"answers": talk(row("M8", "NO")), "after_care": True}, {"class_b": "SECOND_LEVEL_EXPLANATION"}),
}  # fmt: skip


@pytest.mark.parametrize("name", AC)
def test_scenario(explain, name):
    asked, expected = AC[name]
    found = explain(**{"answers": ..., **asked})
    assert {key: found[key] for key in expected} == expected
    assert found["steps"] or found["void"]


def test_several_policies_with_one_identity(explain):
    document = {
        "policies": [
            {"policy_no": "A", "product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "answers": talk()},
            {
                "policy_no": "B",
                "product_type": "TRADITIONAL",
                "premium_mode": "SINGLE",
                "answers": [row(item, "NO" if item == "M8" else "YES") for item in ITEMS],
            },
        ]
    }
    found = explain(..., product_type=..., premium_mode=..., **document)
    assert [(p["policy_no"], p["class"]) for p in found["policies"]] == [("A", "STANDARD"), ("B", "QUESTION")]
    assert (found["attempt_result"], found["breaches"], found["completed"]) == ("COMPLETED", [], True)


def test_several_policies_may_share_one_list_of_answers(explain):
    shared = [row("C1"), row("I1"), *(row(item, policy_no="A") for item in ITEMS), row("M1", "OBJECT", policy_no="B")]
    found = explain(shared, policies=[{"policy_no": "A"}, {"policy_no": "B"}])
    assert [codes(p) for p in found["policies"]] == [[], ["DENIES_PURCHASE"]]
    assert found["attempt_result"] == "INCOMPLETE"


def test_no_identity_lends_itself_twice(explain):
    """Two policies that each repeat the one failed proof are not its retry."""
    policies = [{"policy_no": n, "answers": [row("I1", "NO")]} for n in "AB"]
    found = explain(..., policies=policies)
    assert [codes(p) for p in found["policies"]] == [[], []]


def test_options_override_for_one_question(explain):
    short = talk(items=SHORT)
    assert explain(short, "--set", "script.simplified=true", traceability="PASSED")["class"] == "STANDARD"


def test_fees_of_every_type_under_the_local_rule(explain):
    answers = talk(row("N3", None), row("M4", None), row("N1", None))
    assert explain(answers, product_type="TRADITIONAL")["class"] == "STANDARD"
    local = explain(answers, product_type="TRADITIONAL", params={"matrix.fees_for_all_types": True})
    assert (local["class"], local["resume_at"]) == (None, "N3")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"product_type": "ANNUITY"}, ("product_type", "UNIT_LINKED", "ANNUITY")),
        ({"product_type": ...}, ("product_type is missing",)),
        ({"premium_mode": "WEEKLY"}, ("premium_mode", "MONTHLY")),
        ({"method": "FAX"}, ("method", "E_CALLBACK")),
        ({"answers": ...}, ("answers is missing",)),
        ({"answers": "YES"}, ("answers is a list",)),
        ({"answers": ["YES"]}, ("answers[0]",)),
        ({"answers": [{"answer": "YES"}]}, ("answers[0].step is missing",)),
        ({"answers": [row("M6")]}, ("step", "M6.coverage")),
        ({"answers": [row("M1", "SURE")]}, ("answers[0].answer", "UNSURE")),
        ({"answers": [row("P1", "YES")]}, ("answers[0].answer", "SWITCHBOARD")),
        ({"answers": [row("P0", "NO")]}, ("detail", "PHONE_SHARED")),
        ({"answers": [row("K1", "NO", detail="GONE")]}, ("detail", "CHANGED", "WRONG")),
        ({"answers": [row("M3", "NO", signer="DOG")]}, ("signer", "FAMILY, AGENT, UNKNOWN")),
        ({"answers": [row("M1", seller_statement="LIED")]}, ("seller_statement", "EXAGGERATED")),
        ({"answers": [row("M1", corrected="yes")]}, ("corrected is true or false",)),
        ({"answers": [row("A1", at="tomorrow")]}, ("at", "tomorrow")),
        ({"answers": [row("M2.receipt_date", date="1.9.")]}, ("date", "YYYY-MM-DD")),
        ({"evidence": {"id_copy": "DRIVER"}}, ("evidence.id_copy", "POLICYHOLDER")),
        ({"evidence": {"authenticated": 1.5}}, ("evidence.authenticated",)),
        ({"traceability": "MAYBE"}, ("traceability", "INVALIDATED")),
        ({"retry_plan": "TIRED"}, ("retry_plan", "EXHAUSTED")),
        ({"voice_doubt": "some"}, ("voice_doubt is true or false",)),
        ({"earlier_calls": {"at": 1}}, ("earlier_calls is a list",)),
        ({"earlier_calls": [1]}, ("earlier_calls[0]",)),
        ({"policies": []}, ("policies",)),
        ({"policies": [{"policy_no": "A"}], "answers": [row("M1", policy_no="Z")]}, ("policy_no Z",)),
        ({"params": {"no.such": 1}}, ("no.such",)),
        ({"profile": "nowhere"}, ("nowhere",)),
    ],
)  # fmt: skip
def test_wrong_use_names_the_key_and_what_it_may_be(explain, change, words):
    code, message = explain(**{"answers": talk(), **change})
    assert code == 2
    assert all(word in message for word in words), message


@pytest.mark.parametrize(("lang", "words"), [("zh", "解释后仍不清楚"), ("en", "still not clear")])
def test_the_reasoning_is_told_in_both_languages(capsys, tmp_path, lang, words):
    file = tmp_path / "outcome.json"
    answers = talk(row("M8", "NO"))
    file.write_text(json.dumps({"product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "answers": answers}))
    assert invoke(root, ["--lang", lang, "explain", "outcome", str(file)]) == 0
    out = capsys.readouterr().out
    assert words in out and "R70" in out


def test_a_batch_takes_the_file_beside_its_kind(capsys, tmp_path):
    file = tmp_path / "questions.jsonl"
    asked = {"explain": "outcome", "product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "answers": talk()}
    file.write_text(f"{json.dumps(asked)}\n{json.dumps({**asked, 'answers': [row('Q1')]})}\n", encoding="utf-8")
    assert invoke(root, ["explain", "--batch", str(file), "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["class"] == "STANDARD" and set(second) == {"error"}
