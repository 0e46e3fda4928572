"""One ended contact → everything that follows, as one value."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.cases import CaseState, may_move
from rules.outcomes import mandatory_items
from rules.papers import Evidence
from rules.settlement import CallFacts, CaseFacts, Contact, Settlement, attempt_result, settle
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()
ITEMS = mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)
CASE = CaseFacts(
    1,
    "P1",
    "IN_CALL",
    1,
    "PARTICIPATING",
    "ANNUAL",
    "BANCASSURANCE",
    "310104",
    "A1",
    date(2026, 9, 24),
    date(2026, 10, 9),
)
NOON = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)


def answer(step, said="YES", **more):
    return Answer(step, said, policy_no="P1" if step[0] in "MN" else None, **more)


OPENING = (answer("C1"), answer("C3"), answer("I1"))


def complete(*changed):
    steps = {a.step for a in changed}
    return (*OPENING, *(answer(item) for item in ITEMS if item not in steps), *changed)


def contact(*answers, at=NOON, case=CASE, earlier=(), hangups=0, **call):
    facts = {"carrier_status": "completed", "answered": True, "ended_by": "us", "recording": "VERIFIED", **call}
    return Contact("CALL", at, case, None, CallFacts("c1", answers=answers, **facts), earlier, hangups)


def decide(given):
    return settle(given, profile=NATIONAL, calendar=CALENDAR, inbox_branch=lambda code: code or "HQ")


def orders(found):
    return [(o.kind, o.action, o.working_days) for o in found.orders]


def test_standard_closes_without_an_order():
    found = decide(contact(*complete()))
    assert (found.result, found.class_, found.case_state, found.owner) == ("COMPLETED", "STANDARD", "CLOSED", "CLOSED")
    assert (found.orders, found.in_window, found.completed, found.counts) == ((), True, True, True)
    assert found.profile_id == NATIONAL.id


def test_ac_12_sub_standard_is_feedback_only():
    found = decide(contact(*complete(answer("M1", corrected=True))))
    assert (found.class_, found.case_state, orders(found)) == ("SUB_STANDARD", "CLOSED", [("FEEDBACK_ONLY", None, 5)])


def test_ac_13_question_goes_to_the_branch():
    case = replace(CASE, nominal_end=date(2026, 10, 7))
    given = contact(
        *complete(answer("M1", "NO", corrected=False)), at=datetime(2026, 9, 29, 10, tzinfo=SHANGHAI), case=case
    )
    found = decide(given)
    assert (found.case_state, found.owner, found.owner_branch) == ("AT_BRANCH", "BRANCH", "310104")
    (order,) = found.orders
    assert (order.kind, order.working_days, order.exclude_selling_agent) == ("QUESTION", 3, True)
    assert (order.due_at.isoformat(), order.act_by, order.escalated) == (
        "2026-10-09T23:59:59+08:00",
        date(2026, 9, 30),
        True,
    )


@pytest.mark.parametrize(
    ("row", "action", "days", "due"),
    [
        (answer("M3", "NO", signer="FAMILY"), "RE_SIGN", 5, "2026-10-13"),
        (answer("M4", "NO", signer="AGENT"), "RE_SIGN", 5, "2026-10-13"),
        (answer("M2.receipt_signed", "NO"), "RE_SIGN", 5, "2026-10-13"),
        (answer("M3", "UNSURE"), None, 3, "2026-10-10"),
        (answer("M5", "NO", detail="CLAUSES_NOT_SUPPLIED"), None, 3, "2026-10-10"),
    ],
)
def test_ac_15_and_16_signatures(row, action, days, due):
    found = decide(contact(*complete(row), at=datetime(2026, 9, 30, 10, tzinfo=SHANGHAI)))
    (order,) = found.orders
    assert (order.kind, order.action, order.working_days) == ("QUESTION", action, days)
    assert order.due_at.date().isoformat() == due


def test_corrected_reasons_do_not_shorten_a_limit():
    found = decide(contact(*complete(answer("M3", "NO", signer="FAMILY"), answer("M8", corrected=True))))
    assert orders(found) == [("QUESTION", "RE_SIGN", 5)]


@pytest.mark.parametrize(
    ("rows", "result", "state", "expected"),
    [
        ((answer("M1", "OBJECT"),), "INCOMPLETE", "AT_BRANCH", [("VERIFICATION", None, 1)]),
        ((answer("R1", "REFUSE"),), "REFUSED", "AT_BRANCH", [("VERIFICATION", None, 1), ("LETTER", None, 5)]),
        ((answer("I1", "REFUSE"),), "REFUSED", "AT_BRANCH", [("VERIFICATION", None, 1)]),
        ((answer("C3", "NO", detail="LANGUAGE"),), "INCOMPLETE", "AT_BRANCH", [("VERIFICATION", None, 1)]),
        ((answer("T1", "NO", detail="DECEASED"),), "INCOMPLETE", "AT_BRANCH", [("VERIFICATION", None, 3)]),
        ((answer("I1", "NO"), answer("I1", "NO")), "INCOMPLETE", "AT_BRANCH", [("VERIFICATION", None, 3)]),
        (
            (answer("M2.received", "NO"),),
            "INCOMPLETE",
            "ASLEEP",
            [("VERIFICATION", "DELIVERY_REMINDER", 3), ("DELIVERY_REMINDER", None, 3)],
        ),
    ],
)
def test_verifications(rows, result, state, expected):
    found = decide(contact(answer("C1"), *rows))
    assert (found.class_, found.result, found.case_state, orders(found)) == ("VERIFICATION", result, state, expected)
    assert found.owner == "BRANCH" and not found.completed


def test_ac_17_limit_of_a_denial():
    found = decide(contact(answer("C1"), answer("M1", "OBJECT"), at=datetime(2026, 9, 30, 10, tzinfo=SHANGHAI)))
    assert found.orders[0].due_at.isoformat() == "2026-10-08T23:59:59+08:00"
    assert "dispute" in found.orders[0].marks and found.orders[0].exclude_selling_agent


def test_surrender_that_the_core_system_confirms_needs_no_callback():
    rows = (answer("M1", "OBJECT", detail="ALREADY_SURRENDERED"), Answer("D2", "YES", policy_no="P1"))
    found = decide(contact(answer("C1"), *rows))
    assert (found.case_state, found.owner, found.orders) == ("NOT_REQUIRED", "CLOSED", ())


@pytest.mark.parametrize(
    ("call", "result", "dead"),
    [
        ({"carrier_status": "busy"}, "BUSY_LINE", False),
        ({"carrier_status": "no-answer"}, "NO_ANSWER", False),
        ({"carrier_status": "canceled"}, "NO_ANSWER", False),
        ({"carrier_status": "failed"}, "POWERED_OFF", False),
        ({"carrier_status": "failed", "sip_code": 404}, "INVALID_NUMBER", True),
        ({"carrier_status": "failed", "sip_code": 486}, "BUSY_LINE", False),
        ({"answered": True, "answered_by": "machine_start"}, "MACHINE", False),
    ],
)
def test_dials_without_a_conversation_go_back_to_the_plan(call, result, dead):
    given = contact(**{"answered": False, "ended_by": None, "recording": "NOT_EXPECTED", **call})
    found = decide(given)
    assert (found.result, found.dead_number, found.class_, found.orders) == (result, dead, None, ())
    assert (found.case_state, found.owner, found.counts and result != "MACHINE") == ("CALLABLE", "HEAD_OFFICE", False)
    assert attempt_result(given.call) == result


def test_a_person_taken_for_a_machine_is_a_person():
    assert decide(contact(*complete(), answered_by="machine_start")).result == "COMPLETED"


def test_wrong_person_strikes_the_number_not_the_case():
    found = decide(contact(answer("C1", "NO", detail="NO_SUCH_PERSON"), answer("T1", "NO", detail="NO_SUCH_PERSON")))
    assert (found.result, found.dead_number, found.class_, found.case_state) == (
        "NO_SUCH_PERSON",
        True,
        None,
        "CALLABLE",
    )


def test_ac_11_third_party_with_an_appointment():
    at = datetime(2026, 9, 28, 19, 30, tzinfo=SHANGHAI)
    found = decide(contact(answer("C1", "THIRD_PARTY"), answer("T2"), appointment=at))
    assert (found.result, found.class_, found.case_state, found.appointment) == ("THIRD_PARTY", None, "APPOINTED", at)


def test_appointment():
    at = datetime(2026, 9, 29, 10, tzinfo=SHANGHAI)
    found = decide(contact(answer("C1"), answer("C3", "BUSY"), answer("A1"), appointment=at))
    assert (found.result, found.case_state, found.owner, found.appointment) == (
        "APPOINTED",
        "APPOINTED",
        "HEAD_OFFICE",
        at,
    )


@pytest.mark.parametrize(
    ("rows", "ended_by", "before", "result", "class_"),
    [
        ((), "callee", 0, "HANGUP", None),
        ((answer("C1"),), "callee", 0, "HANGUP_DELIBERATE", None),
        ((answer("C1"), answer("C3")), "callee", 1, "HANGUP_DELIBERATE", "VERIFICATION"),
        ((answer("C1"),), None, 1, "DROPPED", None),
        ((*OPENING, answer("M1")), "callee", 1, "INCOMPLETE", None),
        ((answer("C1", "SILENT"),), "us", 0, "INCOMPLETE", None),
    ],
)
def test_cut_off(rows, ended_by, before, result, class_):
    found = decide(contact(*rows, ended_by=ended_by, hangups=before))
    assert (found.result, found.class_) == (result, class_)
    assert found.case_state == ("AT_BRANCH" if class_ else "CALLABLE")


def test_a_second_call_completes_what_the_first_began():
    earlier = tuple(answer(item) for item in ITEMS[:6])
    found = decide(contact(*OPENING, *(answer(item) for item in ITEMS[6:]), earlier=earlier))
    assert (found.class_, found.completed) == ("STANDARD", True)


def test_reasons_of_the_first_call_count_in_the_completing_one():
    earlier = (answer("M1", corrected=True), *(answer(item) for item in ITEMS[1:6]))
    found = decide(contact(*OPENING, *(answer(item) for item in ITEMS[6:]), earlier=earlier))
    assert [(r.code, r.corrected) for r in found.reasons] == [("NOT_KNOWN_AS_INSURANCE", True)]


def test_silence_now_does_not_undo_an_earlier_answer():
    found = decide(contact(*OPENING, *(answer(i) for i in ITEMS[1:]), answer("M1", "SILENT"), earlier=(answer("M1"),)))
    assert found.class_ == "STANDARD"


def test_lost_recording_reopens():
    found = decide(contact(*complete(), recording="LOST", earlier=(answer("M1"),)))
    assert (found.completed, found.counts, found.class_, found.case_state) == (False, False, None, "CALLABLE")
    assert [r.code for r in found.reasons] == ["RECORDING_LOST"] and found.orders == ()
    assert found.outcome.open_items == ITEMS[1:]


def test_answers_about_another_policy_say_nothing_here():
    other = tuple(replace(answer(item), policy_no="P2") for item in ITEMS)
    found = decide(contact(*OPENING, *other))
    assert found.class_ is None and set(found.outcome.open_items) == set(ITEMS)


@pytest.mark.parametrize(
    ("day", "in_window", "grace"),
    [((2026, 10, 9), True, None), ((2026, 10, 10), False, "2026-10-19")],
)
def test_in_window_and_late(day, in_window, grace):
    found = decide(contact(*complete(), at=datetime(*day, 12, tzinfo=SHANGHAI)))
    assert found.in_window is in_window
    assert (found.late_grace_until.isoformat() if found.late_grace_until else None) == grace


def test_ac_06_too_early_waits_for_its_supplementary_callback():
    case = replace(CASE, receipt_signed_on=date(2026, 9, 30), nominal_end=date(2026, 10, 15))
    found = decide(contact(*complete(), case=case))
    assert "PRE_COOLING_OFF" in found.marks and found.in_window is False
    assert (found.case_state, found.wake_on) == ("WAITING", date(2026, 9, 30))


@pytest.mark.parametrize(
    ("kind", "reason", "code", "days"),
    [
        ("PRECHECK", "PHONE_INVALID", "PHONE_INVALID", 3),
        ("PRECHECK", "PHONE_SHARED", "PHONE_SHARED", 3),
        ("PRECHECK", "PHONE_IS_AGENTS", "PHONE_IS_AGENTS", 3),
        ("PRECHECK", "RECORD_MISMATCH", "RECORD_MISMATCH", 3),
        ("PLAN_USED_UP", "UNREACHABLE", "UNREACHABLE", 1),
    ],
)
def test_without_a_call(kind, reason, code, days):
    found = decide(Contact(kind, NOON, replace(CASE, state="CALLABLE"), reason))
    assert (found.result, found.class_, [r.code for r in found.reasons]) == (None, "VERIFICATION", [code])
    assert (found.case_state, orders(found), found.counts) == ("AT_BRANCH", [("VERIFICATION", None, days)], False)


def test_special_callback_is_visited_without_a_class():
    found = decide(Contact("PRECHECK", NOON, CASE, "SPECIAL_CALLBACK"))
    assert (found.class_, found.case_state, orders(found)) == (None, "AT_BRANCH", [("VISIT", None, 5)])


SIGNED = Evidence(policyholder_signature=True, handler_signature=True, id_copy="POLICYHOLDER")


def written(kind="LETTER", evidence=SIGNED, rows=None):
    return Contact(kind, NOON, replace(CASE, state="AT_BRANCH"), answers=rows or complete(), evidence=evidence)


@pytest.mark.parametrize(
    ("given", "class_", "state", "void", "counts"),
    [
        (written(), "STANDARD", "CLOSED", False, True),
        (written("VISIT", rows=complete(answer("M9", "NO"))), "QUESTION", "AT_BRANCH", False, True),
        (written(evidence=replace(SIGNED, id_copy="NONE")), None, "AT_BRANCH", True, False),
        (written("VISIT", replace(SIGNED, id_copy="OTHER")), None, "AT_BRANCH", True, False),
        (written("E_CALLBACK", Evidence(authenticated=True)), "STANDARD", "CLOSED", False, True),
        (written("E_CALLBACK", SIGNED), None, "AT_BRANCH", True, False),
        (written(rows=OPENING), None, "AT_BRANCH", False, True),
    ],
)
def test_ac_20_written_callbacks_count_with_all_their_evidence(given, class_, state, void, counts):
    found = decide(given)
    assert (found.class_, found.case_state, found.void, found.counts) == (class_, state, void, counts)
    assert found.completed is (class_ is not None) and found.result is None


def test_a_company_may_do_without_the_id_copy_on_a_visit_only():
    profile = NATIONAL.with_params({"visit.require_id_copy": False})
    for kind, void in (("VISIT", False), ("LETTER", True)):
        given = written(kind, replace(SIGNED, id_copy="NONE"))
        assert settle(given, profile=profile, calendar=CALENDAR, inbox_branch="B").void is void


def test_ac_21_impersonation_is_checked_and_rung_again():
    found = decide(contact(*complete(), voice_doubt=True))
    assert (found.class_, found.completed, orders(found)) == ("STANDARD", True, [("IMPERSONATION_CHECK", None, 5)])
    assert (found.case_state, found.wake_on) == ("WAITING", date(2026, 9, 29))


def test_ac_11_what_a_third_party_answers_is_not_taken():
    found = decide(contact(answer("C1", "THIRD_PARTY"), *(answer(item) for item in ITEMS), candidate_number=True))
    assert (found.result, found.class_, set(found.outcome.open_items)) == ("THIRD_PARTY", None, set(ITEMS))
    assert found.marks == ("candidate_number", "DISCLOSED_BEFORE_IDENTITY")


def test_ac_11_nothing_a_third_party_said_is_taken_when_the_plan_is_used_up():
    all_yes = (answer("C1", "THIRD_PARTY"), *(answer(item) for item in ITEMS))
    found = decide(replace(contact(*all_yes), plan_used_up=True))
    assert (found.result, found.class_, [r.code for r in found.reasons]) == (
        "THIRD_PARTY",
        "VERIFICATION",
        ["UNREACHABLE"],
    )


@pytest.mark.parametrize(
    "row",
    [answer("R1", "REFUSE"), answer("C3", "NO", detail="LANGUAGE"), answer("I1", "REFUSE"), answer("M1", "OBJECT")],
)
def test_ac_11_a_third_party_cannot_refuse_or_deny_for_him(row):
    found = decide(contact(answer("C1", "THIRD_PARTY"), row))
    assert (found.result, found.class_, found.reasons, found.case_state) == ("THIRD_PARTY", None, (), "CALLABLE")


def test_ac_11_a_third_party_does_not_undo_what_the_person_said_before():
    earlier = tuple(answer(item) for item in ITEMS[:6])
    found = decide(contact(answer("C1", "THIRD_PARTY"), answer("T2"), earlier=earlier))
    assert found.outcome.open_items == ITEMS[6:]


def test_identity_is_proven_anew_in_each_call():
    """Items that an earlier call settled stand before this call's identity and are no breach (S10)."""
    earlier = tuple(answer(item) for item in ITEMS[:6])
    found = decide(contact(*OPENING, *(answer(item) for item in ITEMS[6:]), earlier=earlier))
    assert found.marks == ()
    late = decide(contact(answer("C1"), answer("M1"), *complete()[1:]))
    assert late.marks == ("DISCLOSED_BEFORE_IDENTITY",) and late.class_ == "STANDARD"


@pytest.mark.parametrize("identity", [("NO",), ("UNSURE",), ("NO", "SILENT")])
def test_without_proven_identity_no_answer_is_taken(identity):
    tries = tuple(answer("I1", said) for said in identity)
    found = decide(contact(answer("C1"), *tries, *(answer(item) for item in ITEMS)))
    assert (found.result, found.class_, found.outcome.open_items) == ("INCOMPLETE", None, ITEMS)
    assert "R31" in [step.rule for step in found.steps] and found.marks == ("DISCLOSED_BEFORE_IDENTITY",)


def test_an_opening_without_any_question_for_identity_is_a_breach():
    assert decide(contact(answer("C1"), *(answer(i) for i in ITEMS))).marks == ("DISCLOSED_BEFORE_IDENTITY",)
    assert decide(contact(*(answer(i) for i in ITEMS))).marks == ()  # the opening is not on record either


@pytest.mark.parametrize(
    ("recorded", "told", "signed", "end", "in_window", "grace"),
    [
        # 09-10 + 15 = 09-25; the call on 09-28 is late; 09-28 + 7 = 10-05, a holiday, rolls to 10-08
        ("2026-09-24", "2026-09-10", "2026-09-10", "2026-09-25", False, "2026-10-08"),
        ("2026-09-24", "2026-09-24", None, None, True, None),
        ("2026-09-24", "2026-09-26", None, None, True, None),  # later than recorded: the record stands
        (None, "2026-09-20", "2026-09-20", "2026-10-05", True, None),
        (None, "2026-09-29", None, None, None, None),  # a day that has not come
        (None, "last week", None, None, None, None),
    ],
)
def test_c44_the_day_the_customer_names_corrects_a_later_one(recorded, told, signed, end, in_window, grace):
    on = date.fromisoformat(recorded) if recorded else None
    case = replace(CASE, receipt_signed_on=on, nominal_end=date(2026, 10, 9) if on else None)
    found = decide(contact(*complete(), Answer("M2.receipt_date", "YES", policy_no="P1", date=told), case=case))
    assert [str(day) if day else None for day in (found.signed_on, found.nominal_end)] == [signed, end]
    assert (found.in_window, str(found.late_grace_until) if grace else found.late_grace_until) == (in_window, grace)
    assert (signed is not None) == ("C44" in [step.rule for step in found.steps])
    assert found.class_ == "STANDARD"


def test_s5_an_unsigned_receipt_has_begun_no_period():
    found = decide(contact(*complete(answer("M2.receipt_signed", "NO"))))
    assert (found.completed, found.in_window, found.late_grace_until) == (True, None, None)
    assert "S5" in [step.rule for step in found.steps]


def test_an_answer_itself_may_tell_a_new_number_or_a_doubtful_voice():
    named = decide(contact(answer("C1", "THIRD_PARTY"), answer("T2", detail="NEW_NUMBER")))
    assert named.marks == ("candidate_number",)
    doubtful = decide(contact(answer("C1"), answer("I1", detail="VOICE_DOUBT"), *(answer(i) for i in ITEMS)))
    assert (doubtful.class_, doubtful.marks) == ("STANDARD", ("impersonation_suspect",))


@pytest.mark.parametrize(
    ("rows", "class_"),
    [
        ((answer("C1"), answer("C3", "NO", detail="LANGUAGE"), answer("L1"), *complete()[1:]), "STANDARD"),
        ((answer("C1"), answer("C3", "NO", detail="LANGUAGE"), answer("L1")), None),
        ((answer("C1"), answer("L1"), answer("C3", "NO", detail="LANGUAGE")), "VERIFICATION"),
    ],
)
def test_ac_19_a_barrier_that_was_overcome(rows, class_):
    assert decide(contact(*rows)).class_ == class_


def test_ac_34_the_short_script_needs_a_passed_record_and_a_profile_that_allows_it():
    allowed = NATIONAL.with_params({"script.simplified": True})
    short = (*OPENING, *(answer(item) for item in ("M1", "M2.received", "M2.receipt_signed", "M8")))
    for traceability, profile, completed in (
        ("PASSED", allowed, True),
        ("PASSED", NATIONAL, False),
        ("NONE", allowed, False),
        ("INVALIDATED", allowed, False),
    ):
        given = contact(*short, case=replace(CASE, traceability=traceability))
        assert settle(given, profile=profile, calendar=CALENDAR, inbox_branch="B").completed is completed


@pytest.mark.parametrize("line", ["SUSPENDED", "SWITCHBOARD", "INVALID_NUMBER"])
def test_a_dead_line_strikes_the_number(line):
    given = contact(Answer("P1", line), answered=False, line=line, recording="NOT_EXPECTED")
    found = decide(given)
    assert (found.result, found.dead_number, [r.code for r in found.reasons]) == (line, True, ["PHONE_INVALID"])


@pytest.mark.parametrize("state", ["CALLABLE", "AT_BRANCH", "CLOSED", "IN_CALL"])
def test_a_dial_given_back_that_rang_after_all_leaves_the_case_where_it_went(state):
    given = contact(
        answered=False, carrier_status="busy", ended_by=None, recording="NOT_EXPECTED", case=replace(CASE, state=state)
    )
    found = decide(replace(given, given_back=True))
    assert (found.result, found.outcome, found.orders, found.case_state) == ("BUSY_LINE", None, (), state)
    answered = replace(given, call=replace(given.call, carrier_status="completed"), given_back=True)
    assert decide(answered).result == "DROPPED"  # he heard an apology and nothing else


def every_contact():
    yield written()
    yield written(evidence=None)
    yield contact(*complete(), voice_doubt=True, case=replace(CASE, state="CALLABLE"))
    yield contact(answer("C1", "THIRD_PARTY"), answer("T2"), candidate_number=True)
    yield replace(contact(answer("C1", "SILENT")), plan_used_up=True)
    yield contact(*complete())
    yield contact(*complete(answer("M1", "NO", corrected=False)))
    yield contact(answer("C1"), answer("R1", "REFUSE"))
    yield contact(answer("C1"), answer("M2.received", "NO"))
    yield contact(answered=False, carrier_status="busy", recording="NOT_EXPECTED", ended_by=None)
    yield contact(*complete(), recording="LOST")
    yield Contact("PLAN_USED_UP", NOON, CASE, "UNREACHABLE")


@pytest.mark.parametrize("given", list(every_contact()))
def test_settled_twice_is_the_same_also_after_a_journey_as_json(given):
    found = decide(given)
    assert decide(given) == found
    assert decide(Contact.from_json(given.to_json())) == found
    assert Settlement.from_json(found.to_json()) == found


@pytest.mark.parametrize("given", list(every_contact()))
def test_every_settlement_is_a_permitted_move_with_one_owner(given):
    found = decide(given)
    assert may_move(CaseState(given.case.state), CaseState(found.case_state))
    assert (found.owner_branch is not None) == (found.owner == "BRANCH")
    kinds = [o.kind for o in found.orders]
    assert len(kinds) == len(set(kinds))
    if found.class_ in ("QUESTION", "VERIFICATION"):
        assert kinds.count(found.class_) == 1
