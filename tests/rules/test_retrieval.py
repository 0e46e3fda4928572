"""Who may do what with a recording: a table of roles and actions of which every cell is asked, and every other refusal."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from rules.calendar import SHANGHAI, Calendar
from rules.parameters import DEFAULTS
from rules.retrieval import (
    Assignment,
    Person,
    Request,
    at_the_counter,
    decided_by,
    may_ask,
    may_ask_for,
    may_confirm_privacy,
    may_export,
    may_make_copy,
    may_play,
    may_play_assigned,
    may_play_copy,
    may_refuse,
    may_revoke,
    may_see,
    may_sign,
    may_withdraw,
    places_of,
    right_ends,
    why_it_stands,
)
from rules.retrieval_events import Purpose, Signature, signatures_for

NOW = datetime(2026, 9, 24, 10, tzinfo=SHANGHAI)
PLAIN = Calendar({}, (2026,))


def person(role: str, login: str = "me", branch: str = "00") -> Person:
    return Person(login, frozenset({role} if role else ()), branch, branch == "00")


ASKED = Request(
    id=1,
    applicant="asker",
    branches=("4401", "44", "00"),
    purpose=Purpose.DISPUTE,
    recordings=frozenset({"RE1"}),
    listeners=frozenset({"asker", "me"}),
    state="PENDING",
    requested_at=NOW,
    due_at=NOW + timedelta(days=4),
)
GRANTED = replace(
    ASKED,
    state="GRANTED",
    signed={one: f"s{n}" for n, one in enumerate(signatures_for(Purpose.DISPUTE))},
    places=frozenset({"4401/CS", "00/AUDIT"}),
    begins=NOW - timedelta(days=1),
    ends=NOW + timedelta(days=6),
    reminded=frozenset({"me"}),
)
LAWSUIT = replace(ASKED, purpose=Purpose.LITIGATION)
LESSON = replace(GRANTED, purpose=Purpose.TRAINING)
D, S, C, L = signatures_for(Purpose.LITIGATION)


def signed(request: Request, *which: Signature) -> Request:
    return replace(request, signed={one: f"s{n}" for n, one in enumerate(which)})


GOOD = {
    "recordings": ["RE1"],
    "listeners": [person("BRANCH_SUPERVISOR")],
    "dispute": "争议 7 号",
    "why": "客户称未被告知",
    "letter": "函 3 号",
    "profile": DEFAULTS,
}
HERE = {"4401/CS", "00/AUDIT"}
CHECK = Assignment(5, "me", "RE1", frozenset({"00/AUDIT"}), False)

# Each action as the one of that role would do it, everything else being in order.
ACTIONS = {
    "ask": lambda p: may_ask(p, DEFAULTS),
    "ask for a dispute": lambda p: may_ask_for(p, "DISPUTE", **GOOD),
    "ask for a lawsuit": lambda p: may_ask_for(p, "LITIGATION", **GOOD),
    "ask for training": lambda p: may_ask_for(p, "TRAINING", **GOOD | {"listeners": [person("CALL_CENTER_HEAD")]}),
    "sign as department": lambda p: may_sign(replace(p, branch="4401", head_office=False), ASKED),
    "sign as service": lambda p: may_sign(p, signed(ASKED, D)),
    "sign as call center": lambda p: may_sign(p, signed(ASKED, D, S)),
    "sign as leader": lambda p: may_sign(p, signed(LAWSUIT, D, S, C)),
    "refuse as service": lambda p: may_refuse(p, signed(ASKED, D), "理由不充分"),
    "withdraw another's": lambda p: may_withdraw(p, ASKED),
    "withdraw one's own": lambda p: may_withdraw(replace(p, login="asker"), ASKED),
    "revoke": lambda p: may_revoke(p, GRANTED, "用途不符"),
    "see another's": lambda p: may_see(replace(p, login="stranger"), ASKED),
    "be reminded": lambda p: may_confirm_privacy(p, GRANTED, NOW, DEFAULTS),
    "play what was granted": lambda p: may_play(p, "RE1", GRANTED, here=HERE, now=NOW, profile=DEFAULTS),
    "play with no grant": lambda p: may_play(p, "RE1", None, here=HERE, now=NOW, profile=DEFAULTS),
    "play what is to be checked": lambda p: may_play_assigned(p, "RE1", CHECK, here=HERE),
    "play what another checks": lambda p: may_play_assigned(replace(p, login="x"), "RE1", CHECK, here=HERE),
    "export": lambda p: may_export(p, replace(GRANTED, purpose=Purpose.LITIGATION), NOW, DEFAULTS),
    "make a training copy": lambda p: may_make_copy(p, LESSON, NOW),
    "play a training copy": lambda p: may_play_copy(p, ends=NOW + timedelta(days=1), here=HERE, now=NOW),
}
ROLES = (
    "CUSTOMER", "AGENT", "", "CALLBACK_AGENT", "CALLBACK_AGENT_LEAD", "BRANCH_STAFF", "BRANCH_SUPERVISOR",
    "DEPARTMENT_HEAD", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD", "LEADER_IN_CHARGE", "QUALITY", "AUDITOR",
    "COMPLIANCE", "OPERATOR", "ADMIN",
)  # fmt: skip
RANK = {
    "CALLBACK_AGENT_LEAD", "BRANCH_SUPERVISOR", "DEPARTMENT_HEAD", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD",
    "LEADER_IN_CHARGE",
}  # fmt: skip
CENTER = {"CALLBACK_AGENT_LEAD", "CALL_CENTER_HEAD"}
ALLOWED = {
    "ask": RANK,
    "ask for a dispute": RANK,
    "ask for a lawsuit": RANK,
    "ask for training": CENTER,
    "sign as department": {"DEPARTMENT_HEAD"},
    "sign as service": {"CUSTOMER_SERVICE_HEAD"},
    "sign as call center": {"CALL_CENTER_HEAD"},
    "sign as leader": {"LEADER_IN_CHARGE"},
    "refuse as service": {"CUSTOMER_SERVICE_HEAD"},
    "withdraw another's": set(),
    "withdraw one's own": set(ROLES),
    "revoke": {"CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD"},
    "see another's": {
        "AUDITOR",
        "COMPLIANCE",
        "DEPARTMENT_HEAD",
        "CUSTOMER_SERVICE_HEAD",
        "CALL_CENTER_HEAD",
        "LEADER_IN_CHARGE",
    },  # fmt: skip
    "be reminded": RANK,
    "play what was granted": RANK,
    "play with no grant": set(),
    "play what is to be checked": {"QUALITY"},
    "play what another checks": set(),
    "export": {"CALL_CENTER_HEAD"},
    "make a training copy": CENTER,
    "play a training copy": CENTER | {"CALLBACK_AGENT"},
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", ACTIONS)
def test_every_role_and_every_action(action, role):
    decision = ACTIONS[action](person(role))
    assert bool(decision) == (role in ALLOWED[action]), decision
    assert decision.rule and decision.zh and decision.en


def test_the_table_has_a_row_for_each_action():
    assert ALLOWED.keys() == ACTIONS.keys()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_seller_gains_nothing_by_a_rank(action):
    """R115: neither customers nor agents, whatever else they hold."""
    for outsider in ("AGENT", "CUSTOMER"):
        both = Person("me", frozenset({outsider, "BRANCH_SUPERVISOR"}), "00", True)
        assert not ACTIONS[action](both) or action == "withdraw one's own"


@pytest.mark.parametrize(
    ("purpose", "change", "code"),
    [
        ("", {}, "NO_PURPOSE"),
        ("SPORT", {}, "NO_PURPOSE"),
        ("DISPUTE", {"recordings": []}, "NO_RECORDING"),
        ("DISPUTE", {"recordings": [f"RE{n}" for n in range(21)]}, "NO_RECORDING"),
        ("DISPUTE", {"dispute": " "}, "NO_DISPUTE"),
        ("LITIGATION", {"dispute": ""}, "OK"),
        ("LITIGATION", {"letter": ""}, "NO_LETTER"),
        ("LITIGATION", {"profile": DEFAULTS.with_params({"recording.download": "NEVER"})}, "NO_COPIES"),
        ("DISPUTE", {"letter": "", "profile": DEFAULTS.with_params({"recording.download": "NEVER"})}, "OK"),
        ("DISPUTE", {"why": "  a "}, "NO_REASON"),
        ("DISPUTE", {"listeners": []}, "NO_LISTENER"),
        ("DISPUTE", {"listeners": [person("BRANCH_STAFF")]}, "LISTENER_BELOW_RANK"),
        ("DISPUTE", {"listeners": [person("AUDITOR")]}, "LISTENER_BELOW_RANK"),
        ("TRAINING", {"listeners": [person("BRANCH_SUPERVISOR")]}, "NOT_CALL_CENTER"),
        (
            "DISPUTE",
            {"profile": DEFAULTS.with_params({"recording.min_applicant_level": "DEPARTMENT_HEAD"})},
            "BELOW_RANK",
        ),
    ],
)
def test_a_form_that_lacks_something(purpose, change, code):
    assert may_ask_for(person("CALLBACK_AGENT_LEAD"), purpose, **GOOD | change).code == code


@pytest.mark.parametrize(
    ("who", "request_", "code"),
    [
        (person("DEPARTMENT_HEAD", "asker", "4401"), ASKED, "OWN_REQUEST"),
        (person("DEPARTMENT_HEAD", branch="44"), ASKED, "OK"),
        (person("DEPARTMENT_HEAD", branch="33"), ASKED, "OTHER_DEPARTMENT"),
        (person("DEPARTMENT_HEAD", branch="00"), ASKED, "OTHER_DEPARTMENT"),
        (person("DEPARTMENT_HEAD", branch="00"), replace(ASKED, branches=("00",)), "OK"),
        (person("CUSTOMER_SERVICE_HEAD"), ASKED, "NOT_YOUR_TURN"),
        (person("CUSTOMER_SERVICE_HEAD", branch="44"), signed(ASKED, D), "NOT_HEAD_OFFICE"),
        (person("CUSTOMER_SERVICE_HEAD", "s0"), signed(ASKED, D), "SIGNED_ALREADY"),
        (person("CALL_CENTER_HEAD", "asker"), signed(ASKED, D, S), "OWN_REQUEST"),
        (person("LEADER_IN_CHARGE", branch="33"), signed(LAWSUIT, D, S, C), "OTHER_DEPARTMENT"),
        (person("CALL_CENTER_HEAD"), GRANTED, "DECIDED"),
        (person("CALL_CENTER_HEAD"), replace(ASKED, state="WITHDRAWN"), "DECIDED"),
    ],
)
def test_who_signs_when(who, request_, code):
    assert may_sign(who, request_).code == code


def test_one_person_with_every_role_cannot_sign_twice():
    everything = Person("s0", frozenset(ROLES), "00", True)
    assert may_sign(everything, signed(replace(ASKED, branches=("00",)), D)).code == "SIGNED_ALREADY"


@pytest.mark.parametrize(
    ("change", "more", "code"),
    [
        ({}, {}, "OK"),
        ({"state": "PENDING"}, {}, "NO_RIGHT"),
        ({"state": "REFUSED"}, {}, "NO_RIGHT"),
        ({"state": "REVOKED"}, {}, "REVOKED"),
        ({"listeners": frozenset({"asker"})}, {}, "NOT_A_LISTENER"),
        ({"begins": NOW + timedelta(seconds=1)}, {}, "NOT_BEGUN"),
        ({"begins": NOW}, {}, "OK"),
        ({"ends": NOW}, {}, "EXPIRED"),
        ({"ends": NOW + timedelta(seconds=1)}, {}, "OK"),
        ({"purpose": Purpose.TRAINING}, {}, "MASKED_ONLY"),
        ({"purpose": Purpose.LITIGATION}, {}, "OK"),
        ({"recordings": frozenset({"RE2"})}, {}, "NO_RIGHT"),
        ({"places": frozenset({"44/CS"})}, {}, "WRONG_PLACE"),
        ({}, {"here": ()}, "WRONG_PLACE"),
        ({}, {"here": {"3301/CS", "00/AUDIT"}}, "WRONG_PLACE"),
        ({"reminded": frozenset({"asker"})}, {}, "PRIVACY_NOT_CONFIRMED"),
    ],
)
def test_what_a_play_needs(change, more, code):
    listener = person("BRANCH_SUPERVISOR", branch="4401")
    given = {"here": HERE, "now": NOW, "profile": DEFAULTS} | more
    assert may_play(listener, "RE1", replace(GRANTED, **change), **given).code == code


@pytest.mark.parametrize(
    ("change", "here", "code"),
    [
        ({}, HERE, "OK"),
        ({"ended": True}, HERE, "EXPIRED"),
        ({"checker": "other"}, HERE, "NOT_A_LISTENER"),
        ({"recording": "RE2"}, HERE, "NO_RIGHT"),
        ({"places": frozenset({"33/AUDIT"})}, HERE, "WRONG_PLACE"),
        ({}, {"4401/CS"}, "WRONG_PLACE"),
    ],
)
def test_a_checker_hears_what_is_his_alone(change, here, code):
    assert may_play_assigned(person("QUALITY"), "RE1", replace(CHECK, **change), here=here).code == code


def test_a_copy_leaves_only_while_the_grant_for_the_lawsuit_holds():
    head = person("CALL_CENTER_HEAD")
    lawsuit = replace(GRANTED, purpose=Purpose.LITIGATION)
    assert may_export(head, lawsuit, NOW, DEFAULTS)
    assert may_export(head, GRANTED, NOW, DEFAULTS).code == "NOT_LITIGATION"
    assert may_export(head, lawsuit, lawsuit.ends, DEFAULTS).code == "NO_RIGHT"
    assert may_export(head, replace(lawsuit, state="REVOKED"), NOW, DEFAULTS).code == "NO_RIGHT"
    assert may_export(head, lawsuit, NOW, DEFAULTS.with_params({"recording.download": "NEVER"})).code == "NO_COPIES"


def test_a_training_copy_ends_and_stays_in_the_house():
    agent, ends = person("CALLBACK_AGENT"), NOW + timedelta(days=90)
    assert may_play_copy(agent, ends=ends, here=HERE, now=ends - timedelta(seconds=1))
    assert may_play_copy(agent, ends=ends, here=HERE, now=ends).code == "EXPIRED"
    assert may_play_copy(agent, ends=ends, here=(), now=NOW).code == "WRONG_PLACE"
    assert may_make_copy(person("CALL_CENTER_HEAD"), replace(LESSON, state="PENDING"), NOW).code == "NO_RIGHT"
    assert may_make_copy(person("CALL_CENTER_HEAD"), GRANTED, NOW).code == "NOT_TRAINING"


def test_an_answer_is_due_after_two_working_days():
    thursday = datetime(2026, 9, 24, 23, 30, tzinfo=SHANGHAI)
    assert decided_by(thursday, PLAIN, DEFAULTS) == datetime(
        2026, 9, 29, tzinfo=SHANGHAI
    )  # Friday, Monday: until its end
    assert right_ends(NOW, DEFAULTS) - NOW == timedelta(days=7)
    assert right_ends(NOW, DEFAULTS.with_params({"recording.play_days": 3})) - NOW == timedelta(days=3)


def test_places_follow_from_who_listens():
    assert places_of([person("BRANCH_SUPERVISOR", branch="4401"), person("AUDITOR")]) == {"4401/CS", "00/AUDIT"}


def test_the_customer_at_the_counter_is_told_what_happens_and_by_when():
    refused, steps = at_the_counter(decided_by(NOW, PLAIN, DEFAULTS))
    assert (bool(refused), refused.code, refused.rule) == (False, "CUSTOMER_PRESENT", "R116")
    assert "09-28" in steps[2].zh and date(2026, 9, 28).weekday() == 0
    assert "先由工作人员听取" in steps[-1].zh


@pytest.mark.parametrize(
    ("request_", "now", "words"),
    [
        (ASKED, NOW, "等待申请部门负责人签批"),
        (signed(ASKED, D), NOW, "等待总公司客户服务部审批"),
        (signed(ASKED, D, S), NOW, "等待总公司电话中心审批"),
        (signed(LAWSUIT, D, S, C), NOW, "等待分管领导签批"),
        (ASKED, ASKED.due_at, "已超过答复时限"),
        (GRANTED, NOW, "权限有效"),
        (GRANTED, GRANTED.ends, "权限已过期"),
        (replace(ASKED, state="REFUSED"), NOW, "审批未同意"),
        (replace(ASKED, state="WITHDRAWN"), NOW, "申请人已撤回"),
        (replace(GRANTED, state="REVOKED"), NOW, "权限已被总公司收回"),
    ],
)
def test_why_a_request_stands_where_it_stands(request_, now, words):
    assert words in why_it_stands(request_, now)[-1].zh
