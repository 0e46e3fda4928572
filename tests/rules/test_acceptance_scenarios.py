"""Every acceptance scenario that is a question to the rules, by its name, put as `huifang explain --batch` puts it.

Each row: the scenario, a line of a batch, and every figure that must come back. Counted by hand from the holidays of
2026 (09-25…27 and 10-01…07 are holidays, 09-20 and 10-10 working days).

Beside it: test_acceptance_scenarios_over_time.py has what takes more than one question (AC-13 and AC-29 after the branch,
AC-15 with its penalties, AC-26 to AC-28, AC-30, AC-31).
Shown where they are built: AC-18's sample of recordings and AC-27's drill-down in the tests of sampling and measures,
AC-22 with the retrieval of recordings, AC-25 with the proofs and the life of call scripts.
Not built, so not shown: AC-32 (tiers of group clients) and AC-33 (spot checks of wealth managers).
"""

import json

import pytest

from cli.explain import answer_line

ITEMS = (
    *("M1", "M2.received", "M2.receipt_signed", "M3", "M4", "M5", "M6.coverage", "M6.exclusions", "M6.term"),
    *("M7", "M8", "M9", "N1", "N3"),
)
PAPER = {"policyholder_signature": True, "handler_signature": True, "id_copy": "POLICYHOLDER"}


def row(step, answer="YES", **more):
    return {"step": step, "answer": answer, **more}


def talk(*changed, items=ITEMS):
    """Person, convenience, identity and a yes to every item, with some rows changed or added."""
    changes = {r["step"]: r for r in changed}
    asked = [changes.pop(step, row(step)) for step in ("C1", "C2", "C3", "I1", *items)]
    return [*asked, *changes.values()]


def deadline(signed, **more):
    return {"explain": "deadline", "signed": signed, **more}


def limit(pushed, **more):
    return {"explain": "limit", "pushed": pushed, **more}


def extraction(channel="AGENCY", **more):
    return {"explain": "extraction", "channel": channel, **more}


def outcome(answers, **more):
    return {
        "explain": "outcome", "product_type": "PARTICIPATING", "premium_mode": "ANNUAL", "answers": answers, **more
    }  # fmt: skip


def recording(**more):
    return {"explain": "retention", "kind": "RECORDING", "called_at": "2026-09-10T10:00:00+08:00", **more}


def person(at, **more):
    return {
        "explain": "calling",
        "at": at,
        "person": {"id": "A", "type": "PERSON", "birth_date": "1980-05-01", "language": "zh-CN"},
        "policies": [
            {"policy_no": "P1", "callable_on": "2026-09-08", "receipt_signed_on": "2026-09-06",
             "nominal_end": "2026-09-21", "policy_term_years": 10, "state": "OPEN"},
        ],
        "numbers": [{"number": "138 0013 8000", "status": "CONFIRMED"}],
        "resources": {"robot": True, "agents_free": 0, "dialects": []},
        **more,
    }  # fmt: skip


def by_agent(number, **more):
    agent = {"agent_code": "G1", "number": number, "former_numbers": [], "id_of": "Z", "outlet": None, "selling": True}
    return {"registry": {"agents": [{**agent, **more}], "outlets": [], "staff": [], "holders": {}}}


E3 = {"set": {"extraction.strategy": "E3"}}
CALLED = {"called_on": "2026-09-09", "call_completed": True}
NOT_RECEIVED = {"called_on": "2026-09-16", "call_result": "CONTRACT_NOT_RECEIVED"}

SCENARIOS = [
    # the brief's own receipt: nothing falls into National Day
    ("AC-01", deadline("2026-09-24"),
     {"days": 15, "nominal_end": "2026-10-09", "surrender_deadline": "2026-10-09", "provisional": False}),
    ("AC-01 ten days", deadline("2026-09-24", days=10),
     {"nominal_end": "2026-10-04", "surrender_deadline": "2026-10-08"}),
    ("AC-01 ten-day profile", deadline("2026-09-24", profile="national-10"),
     {"days": 10, "nominal_end": "2026-10-04", "surrender_deadline": "2026-10-08"}),
    ("AC-01 first day counted", deadline("2026-09-24", set={"cooling_off.start": "SAME_DAY"}),
     {"nominal_end": "2026-10-08", "surrender_deadline": "2026-10-08"}),
    ("AC-02", deadline("2026-09-16"), {"nominal_end": "2026-10-01", "surrender_deadline": "2026-10-08"}),
    ("AC-02 asked on the last day", deadline("2026-09-16", surrender_requested="2026-10-08"), {"withdrawal": True}),
    ("AC-02 asked a day late", deadline("2026-09-16", surrender_requested="2026-10-09"), {"withdrawal": False}),
    ("AC-03", deadline("2026-09-25"), {"nominal_end": "2026-10-10", "surrender_deadline": "2026-10-10"}),
    ("AC-03 asked on Monday", deadline("2026-09-25", surrender_requested="2026-10-12"), {"withdrawal": False}),
    ("AC-04", deadline("2026-09-10", completed="2026-09-28"),
     {"nominal_end": "2026-09-25", "surrender_deadline": "2026-09-28", "in_window": False,
      "late_grace_until": "2026-10-08"}),
    ("AC-04 strict", deadline("2026-09-10", completed="2026-09-28", set={"cooling_off.grace_roll": "NONE"}),
     {"late_grace_until": "2026-10-05"}),
    ("AC-05", deadline("2026-08-03", completed="2026-08-25"),
     {"nominal_end": "2026-08-18", "in_window": False, "late_grace_until": "2026-09-01"}),
    ("AC-04 asked on the last day",
     deadline("2026-09-10", completed="2026-09-28", surrender_requested="2026-10-08"), {"withdrawal": True}),
    ("AC-05 asked on the last day",
     deadline("2026-08-03", completed="2026-08-25", surrender_requested="2026-09-01"), {"withdrawal": True}),
    ("AC-05 asked a day late",
     deadline("2026-08-03", completed="2026-08-25", surrender_requested="2026-09-02"), {"withdrawal": False}),
    ("AC-06", extraction(printed="2026-09-01", receipt_signed="2026-09-11", receipt_entered="2026-09-12", **CALLED, **E3,
                         at="2026-09-10"),
     {"callable_on": "2026-09-08", "regime": "E3", "pre_cooling_off": True, "state": "WAITING",
      "supplementary": {"from": "2026-09-11", "to": "2026-09-26"}, "nominal_end": "2026-09-26"}),
    ("AC-06 the callback itself", outcome(talk(), at="2026-09-09T10:00", receipt_signed_on="2026-09-11"),
     {"class": "STANDARD", "completed": True, "in_window": False, "flags": ["PRE_COOLING_OFF"], "state": "WAITING",
      "supplementary_from": "2026-09-11", "late_grace_until": None}),
    ("AC-07 entered early", extraction(printed="2026-09-01", receipt_entered="2026-09-04", **E3),
     {"callable_on": "2026-09-05"}),
    ("AC-07 equal", extraction(printed="2026-09-01", receipt_entered="2026-09-07", **E3), {"callable_on": "2026-09-08"}),
    ("AC-07 entered late", extraction(printed="2026-09-01", receipt_entered="2026-09-12", **E3),
     {"callable_on": "2026-09-08"}),
    ("AC-07 not entered", extraction(printed="2026-09-01", **E3), {"callable_on": "2026-09-08"}),
    ("AC-08", extraction("BANK_DIRECT", underwritten="2026-09-30"),
     {"callable_on": "2026-10-01", "first_dial_on": "2026-10-08", "regime": "E4_EARLIEST"}),
    ("AC-08 dialling on holidays",
     extraction("BANK_DIRECT", underwritten="2026-09-30", set={"calling.on_public_holidays": "true"}),
     {"callable_on": "2026-10-01", "first_dial_on": "2026-10-01"}),
    ("AC-08 other channel", extraction(underwritten="2026-09-18"),
     {"callable_on": "2026-10-03", "first_dial_on": "2026-10-08", "nominal_end": None}),
    ("AC-09 one number", {"explain": "phone", "numbers": ["138 0013 8000", "+86-13800138000", "013800138000"]},
     [{"normalised": "+8613800138000", "problem": None}] * 3),
    ("AC-09 held", person("2026-09-10T10:00+08:00",
                          registry={"holders": {"+86-13800138000": ["A", "B"], "013800138000": ["C"]}}),
     {"allowed": False, "reason": "PHONE_SHARED", "policies_in_call": []}),
    ("AC-09 one of them twice", person("2026-09-10T10:00+08:00", registry={"holders": {"13800138000": ["A", "A", "B"]}}),
     {"allowed": True, "reason": None}),
    ("AC-09 settled without a dial", outcome([row("P0", "NO", detail="PHONE_SHARED")]),
     {"class": "VERIFICATION", "reasons": [{"code": "PHONE_SHARED"}], "attempt_result": None,
      "work_order": {"kind": "VERIFICATION", "working_days": 3}}),
    ("AC-10", person("2026-09-10T10:00+08:00", **by_agent("+86 138 0013 8000")),
     {"allowed": False, "reason": "PHONE_IS_AGENTS"}),
    ("AC-10 self-policy", person("2026-09-10T10:00+08:00", **by_agent("13800138000", id_of="A")), {"allowed": True}),
    ("AC-10 another's", person("2026-09-10T10:00+08:00", **by_agent("13800138000", selling=False)),
     {"reason": "PHONE_IS_AGENTS"}),
    ("AC-10 an outlet's", person("2026-09-10T10:00+08:00", **by_agent("13900139000", outlet="13800138000")),
     {"reason": "PHONE_IS_AGENTS"}),
    ("AC-10 changed since",
     person("2026-09-10T10:00+08:00", **by_agent("13900139000", former_numbers=["138-0013-8000"])),
     {"reason": "PHONE_IS_AGENTS"}),
    ("AC-10 settled without a dial", outcome([row("P0", "NO", detail="PHONE_IS_AGENTS")]),
     {"class": "VERIFICATION", "reasons": [{"code": "PHONE_IS_AGENTS"}], "class_b": "VERIFICATION"}),
    ("AC-11",
     outcome([row("C1", "THIRD_PARTY"), row("T5", "NO"), row("T2", at="2026-09-28T19:30:00+08:00")]),
     {"class": None, "reasons": [], "attempt_result": "THIRD_PARTY", "state": "APPOINTED", "breaches": [],
      "appointment": "2026-09-28T19:30:00+08:00", "work_order": None, "resume_at": None}),
    ("AC-11 a number",
     outcome([row("C1", "THIRD_PARTY"), row("T2", new_number="139 0013 9000")]),
     {"class": None, "flags": ["candidate_number"], "appointment": None, "state": "CALLABLE"}),
    ("AC-11 the number is not rung", person("2026-09-10T10:00+08:00",
                                           numbers=[{"number": "13900139000", "status": "CANDIDATE"}]),
     {"allowed": False, "reason": "PHONE_UNCONFIRMED"}),
    ("AC-11 a proxy, the policyholder not heard",
     outcome([row("C1", "THIRD_PARTY"), row("T5", "NO"), row("T6", "NO"), *talk()[2:]],
             params={"callback.allow_authorised_proxy": True}),
     {"class": None, "completed": False, "attempt_result": "THIRD_PARTY", "reasons": []}),
    ("AC-12", outcome(talk(row("M1", corrected=True))),
     {"class": "SUB_STANDARD", "class_b": None, "completed": True, "state": "CLOSED",
      "reasons": [{"code": "NOT_KNOWN_AS_INSURANCE", "corrected": True}], "flags": ["misselling_signal"],
      "work_order": {"kind": "FEEDBACK_ONLY", "working_days": 5}}),
    ("AC-12 the clerk said so", outcome(talk(row("M1", corrected=True, seller_statement="CONFUSED"))),
     {"class": "SUB_STANDARD", "class_b": "MISSELLING", "seller_statement": "CONFUSED"}),
    ("AC-13", outcome(talk(row("M1", "NO", corrected=False)), at="2026-09-29T10:00", nominal_end="2026-10-09"),
     {"class": "QUESTION", "class_b": "FIRST_LEVEL_EXPLANATION", "completed": True, "state": "AT_BRANCH",
      "reasons": [{"code": "NOT_KNOWN_AS_INSURANCE", "corrected": False}],
      "flags": ["misselling_signal", "exclude_selling_agent"],
      "work_order": {"kind": "QUESTION", "working_days": 3, "due_at": "2026-10-09T23:59:59+08:00",
                     "act_by": "2026-10-09", "escalated": False}}),
    ("AC-13 the end in the holidays", limit("2026-09-29T10:00", reason="NOT_KNOWN_AS_INSURANCE", nominal_end="2026-10-07"),
     {"due_at": "2026-10-09T23:59:59+08:00", "act_by": "2026-09-30", "escalated": True, "working_days": 3,
      "outer_limit": "2026-10-26"}),
    ("AC-13 still unclear afterwards", outcome(talk(row("M1", "NO", corrected=False)), after_care=True),
     {"class_b": "SECOND_LEVEL_EXPLANATION"}),
    ("AC-13 after-care", limit("2026-09-30T10:00", reason="AFTER_CARE"),
     {"working_days": 2, "due_at": "2026-10-09T23:59:59+08:00"}),
    ("AC-14", outcome([*talk(items=("M1",)), row("M2.received", "NO")]),
     {"class": "VERIFICATION", "class_b": "FIRST_LEVEL_EXPLANATION", "state": "ASLEEP",
      "reasons": [{"code": "CONTRACT_NOT_RECEIVED"}], "resume_at": None, "owner": "BRANCH",
      "work_order": {"kind": "VERIFICATION", "working_days": 3, "action": "DELIVERY_REMINDER"},
      "orders": [{"kind": "VERIFICATION", "working_days": 3, "action": "DELIVERY_REMINDER"},
                 {"kind": "DELIVERY_REMINDER", "working_days": 3}]}),
    ("AC-14 sleeps", extraction(underwritten="2026-09-01", **NOT_RECEIVED, at="2026-09-21"),
     {"callable_on": None, "first_dial_on": None, "state": "ASLEEP", "nominal_end": None}),
    ("AC-14 wakes", extraction(underwritten="2026-09-01", **NOT_RECEIVED, receipt_signed="2026-09-22", at="2026-09-23"),
     {"callable_on": "2026-09-23", "state": "CALLABLE", "nominal_end": "2026-10-07", "surrender_deadline": "2026-10-08"}),
    ("AC-15", outcome(talk(row("M3", "NO", signer="FAMILY")), at="2026-09-30T10:00"),
     {"class": "QUESTION", "reasons": [{"code": "SIGNED_BY_OTHER", "signer": "FAMILY"}],
      "work_order": {"kind": "QUESTION", "working_days": 5, "action": "RE_SIGN", "due_at": "2026-10-13T23:59:59+08:00",
                     "act_by": None, "escalated": False}}),
    ("AC-15 by the agent", outcome(talk(row("M3", "NO", signer="AGENT"))),
     {"reasons": [{"code": "SIGNED_BY_OTHER", "signer": "AGENT"}]}),
    ("AC-16", outcome(talk(row("M3", "UNSURE"))),
     {"class": "QUESTION", "class_b": "FIRST_LEVEL_EXPLANATION", "reasons": [{"code": "SIGNATURE_UNSURE"}], "flags": [],
      "work_order": {"kind": "QUESTION", "working_days": 3}}),
    ("AC-17", outcome([*talk(row("M1", "OBJECT"), items=("M1",))], at="2026-09-30T10:00"),
     {"class": "VERIFICATION", "completed": False, "reasons": [{"code": "DENIES_PURCHASE"}], "state": "AT_BRANCH",
      "flags": ["dispute", "exclude_selling_agent"], "resume_at": None,
      "work_order": {"kind": "VERIFICATION", "working_days": 1, "due_at": "2026-10-08T23:59:59+08:00", "act_by": None,
                     "escalated": False}}),
    ("AC-18", outcome(talk(*(row(item, "SILENT") for item in ("M5", "M6.coverage", "M6.exclusions", "M6.term")))),
     {"class": None, "completed": False, "reasons": [], "attempt_result": "INCOMPLETE", "resume_at": "M5",
      "open_items": ["M5", "M6.coverage", "M6.exclusions", "M6.term"], "state": "CALLABLE", "work_order": None}),
    ("AC-18 rebooked", outcome([*talk(items=ITEMS[:5]), row("M5", "BUSY"), row("A1", at="2026-09-29T10:00")]),
     {"class": None, "attempt_result": "APPOINTED", "resume_at": "M5", "appointment": "2026-09-29T10:00:00+08:00"}),
    ("AC-19", outcome([row("C1"), row("C3", "NO", detail="LANGUAGE"), row("L1", "NO")], at="2026-09-24T10:00"),
     {"class": "VERIFICATION", "reasons": [{"code": "LANGUAGE_BARRIER"}],
      "work_order": {"kind": "VERIFICATION", "working_days": 1, "due_at": "2026-09-28T23:59:59+08:00", "act_by": None,
                     "escalated": False}}),
    ("AC-19 an agent who speaks it", outcome([row("C1"), row("C3", "NO", detail="LANGUAGE"), row("L1"), *talk()[3:]]),
     {"class": "STANDARD", "reasons": []}),
    ("AC-19 the visit", outcome(talk()[4:], method="VISIT", evidence=PAPER),
     {"class": "STANDARD", "completed": True, "void": False, "state": "CLOSED", "attempt_result": None}),
    ("AC-20", outcome(talk()[4:], method="LETTER", evidence={**PAPER, "id_copy": "NONE"}),
     {"void": True, "class": None, "completed": False, "state": "AT_BRANCH"}),
    ("AC-20 the spouse's", outcome(talk()[4:], method="LETTER", evidence={**PAPER, "id_copy": "OTHER"}),
     {"void": True, "class": None, "completed": False}),
    ("AC-20 a no at the surrender item", outcome(talk(row("M9", "NO"))[4:], method="LETTER", evidence=PAPER),
     {"void": False, "class": "QUESTION",
      "reasons": [{"code": "COOLING_OFF_OR_SURRENDER_UNCLEAR", "corrected": False}]}),
    ("AC-21", outcome([row("C1"), row("C3"), row("I1", "NO"), row("I1", "NO")]),
     {"class": "VERIFICATION", "reasons": [{"code": "RECORD_MISMATCH"}], "breaches": [],
      "work_order": {"kind": "VERIFICATION", "working_days": 3}}),
    ("AC-21 another's voice", outcome(talk(), voice_doubt=True),
     {"class": "STANDARD", "completed": True, "flags": ["impersonation_suspect"],
      "orders": [{"kind": "IMPERSONATION_CHECK", "working_days": 5}], "state": "WAITING"}),
    ("AC-23", recording(), {"retain_until": None, "floor": "2046-09-10"}),
    ("AC-23 ended", recording(contract_ended_on="2050-03-01"), {"retain_until": "2060-03-01", "floor": "2046-09-10"}),
    ("AC-23 disputed",
     recording(contract_ended_on="2050-03-01", disputes=[{"opened": "2059-06-01", "closed": "2061-01-15"}]),
     {"retain_until": "2063-01-15"}),
    ("AC-23 disputed too late",
     recording(contract_ended_on="2050-03-01", disputes=[{"opened": "2060-03-02", "closed": "2061-01-15"}]),
     {"retain_until": "2060-03-01"}),
    ("AC-23 29 February", recording(called_at="2028-02-29T10:00", contract_ended_on="2028-02-29"),
     {"retain_until": "2048-02-29", "floor": "2048-02-29"}),
    ("AC-23 29 February on paper",
     {"explain": "retention", "kind": "PAPER", "archived_on": "2028-02-29", "contract_ended_on": "2028-02-29"},
     {"retain_until": "2038-03-01", "floor": "2038-03-01"}),
    ("AC-24 after hours", limit("2026-09-30T17:40", reason="PHONE_INVALID"),
     {"counts_from": "2026-10-08", "due_at": "2026-10-12T23:59:59+08:00"}),
    ("AC-24 in the morning", limit("2026-09-30T10:00", reason="PHONE_INVALID"), {"due_at": "2026-10-10T23:59:59+08:00"}),
    ("AC-24 over Spring Festival", limit("2026-02-13T10:00", working_days=3), {"due_at": "2026-02-25T23:59:59+08:00"}),
    ("AC-28", deadline("2026-12-20"), {"nominal_end": "2027-01-04", "provisional": True}),
    ("AC-28 a limit", limit("2026-12-30T10:00", working_days=3), {"provisional": True}),
    ("AC-29", outcome([row("C1"), row("C3", "REFUSE"), row("R1", "REFUSE", detail="INFORMED")]),
     {"class": "VERIFICATION", "completed": False, "attempt_result": "REFUSED", "flags": ["INFORMED_REFUSAL"],
      "reasons": [{"code": "REFUSED", "subtype": "INFORMED_REFUSAL"}],
      "orders": [{"kind": "VERIFICATION", "working_days": 1}, {"kind": "LETTER", "working_days": 5}]}),
    ("AC-31 the plan is used up", outcome([row("P1", "NO_ANSWER")], retry_plan="EXHAUSTED"),
     {"class": "VERIFICATION", "reasons": [{"code": "UNREACHABLE"}], "attempt_result": "NO_ANSWER",
      "work_order": {"kind": "VERIFICATION", "working_days": 1}}),
    ("AC-34", outcome(talk(items=("M1", "M2.received", "M2.receipt_signed", "M8")), traceability="PASSED",
                      params={"script.simplified": True}),
     {"class": "STANDARD", "completed": True, "open_items": []}),
    ("AC-34 invalidated later", outcome(talk(items=("M1", "M2.received", "M2.receipt_signed", "M8")),
                                        traceability="INVALIDATED", params={"script.simplified": True}),
     {"class": None, "completed": False, "resume_at": "M3"}),
]  # fmt: skip


def ask(question):
    return json.loads(json.dumps(answer_line(json.dumps(question)), default=str))


@pytest.mark.parametrize(("question", "expected"), [s[1:] for s in SCENARIOS], ids=[s[0] for s in SCENARIOS])
def test_scenario(question, expected):
    found = ask(question)
    if isinstance(expected, list):
        assert [{key: part[key] for key in wanted} for part, wanted in zip(found, expected, strict=True)] == expected
    else:
        assert {key: found.get(key, "absent") for key in expected} == expected


def test_ac_34_where_the_jurisdiction_does_not_allow_it():
    refused = ask(outcome(talk(), profile="local-2g", params={"script.simplified": True}))
    assert set(refused) == {"error"} and refused["error"].startswith("LOOSER_VALUE: ")


TABLE = [
    # signed, days, start, nominal end, surrender deadline
    ("2026-09-24", 15, "NEXT_DAY", "2026-10-09", "2026-10-09"),
    ("2026-09-24", 15, "SAME_DAY", "2026-10-08", "2026-10-08"),
    ("2026-09-24", 10, "NEXT_DAY", "2026-10-04", "2026-10-08"),
    ("2026-09-25", 15, "NEXT_DAY", "2026-10-10", "2026-10-10"),
    ("2026-09-16", 15, "NEXT_DAY", "2026-10-01", "2026-10-08"),
    ("2026-09-22", 15, "NEXT_DAY", "2026-10-07", "2026-10-08"),
    ("2026-09-10", 10, "NEXT_DAY", "2026-09-20", "2026-09-20"),
    ("2026-09-10", 15, "NEXT_DAY", "2026-09-25", "2026-09-28"),
    ("2026-02-05", 15, "NEXT_DAY", "2026-02-20", "2026-02-24"),
    ("2026-11-06", 15, "NEXT_DAY", "2026-11-21", "2026-11-23"),
    ("2026-12-20", 15, "NEXT_DAY", "2027-01-04", "2027-01-04"),
]


@pytest.mark.parametrize(("signed", "days", "start", "end", "surrender"), TABLE)
def test_the_table_of_cooling_off_ends(signed, days, start, end, surrender):
    found = ask(deadline(signed, days=days, set={"cooling_off.start": start}))
    assert (found["nominal_end"], found["surrender_deadline"]) == (end, surrender)
    assert found["provisional"] is end.startswith("2027")
