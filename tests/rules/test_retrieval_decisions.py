"""Every refusal around a recording whole: its code, its rule, and both its sentences; and what a request says of itself."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from rules.calendar import SHANGHAI
from rules.parameters import DEFAULTS
from rules.reasoning import Step
from rules.retrieval import (
    OK,
    REASONS,
    STATES,
    Assignment,
    Decision,
    Person,
    Request,
    at_the_counter,
    may_ask,
    may_ask_for,
    may_end_copy,
    may_export,
    may_make_copy,
    may_play,
    may_play_assigned,
    may_play_copy,
    may_refuse,
    may_report_copy,
    may_revoke,
    may_see,
    may_sign,
    may_withdraw,
    of_rank,
    shows_who_listens,
    why_it_stands,
)
from rules.retrieval_events import Purpose, Signature

NOW = datetime(2026, 9, 24, 10, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


def person(*roles: str, login: str = "me", branch: str = "00") -> Person:
    return Person(login, frozenset(roles), branch, branch == "00")


LEAD = person("CALLBACK_AGENT_LEAD")
SUPERVISOR = person("BRANCH_SUPERVISOR", branch="4401")
SERVICE, CENTER = person("CUSTOMER_SERVICE_HEAD"), person("CALL_CENTER_HEAD")
D, S, C, L = Signature
ASKED = Request(
    1, "asker", ("4401", "44", "00"), Purpose.DISPUTE, frozenset({"RE1"}), frozenset({"me"}), "PENDING",
    NOW, NOW + timedelta(days=4),
)  # fmt: skip
GRANTED = replace(
    ASKED, state="GRANTED", places=frozenset({"4401/CS", "00/AUDIT"}), begins=NOW - SECOND, ends=NOW + SECOND,
    reminded=frozenset({"me"}), signed={D: "d", S: "s", C: "c"},
)  # fmt: skip
LAWSUIT, LESSON = replace(GRANTED, purpose=Purpose.LITIGATION), replace(GRANTED, purpose=Purpose.TRAINING)
HERE = {"4401/CS", "00/AUDIT"}
CHECK = Assignment(5, "me", "RE1", frozenset({"00/AUDIT"}), False)
NEVER = DEFAULTS.with_params({"recording.download": "NEVER"})
FORM = {
    "recordings": ["RE1"], "listeners": [LEAD], "dispute": "D7", "why": "听取原因", "letter": "L3", "profile": DEFAULTS,
}  # fmt: skip


def signed(request: Request, *which: Signature, by="other") -> Request:
    return replace(request, signed=dict.fromkeys(which, by))


def ask(purpose="DISPUTE", who=LEAD, **change):
    return may_ask_for(who, purpose, **FORM | change)


def play(request, who=SUPERVISOR, here=HERE, recording="RE1", now=NOW):
    return may_play(who, recording, request, here=here, now=now, profile=DEFAULTS)


def check(assignment, who=None, here=HERE, recording="RE1"):
    return may_play_assigned(who or person("QUALITY"), recording, assignment, here=here)


def copy(who, here=HERE, now=NOW):
    return may_play_copy(who, ends=NOW + SECOND, here=here, now=now)


CENTER_ONLY = "R119 | 培训用途仅限电话中心内部 | training is inside the call center only"
OVER = "| 申请未获准或已过期 | the request is not granted, or the grant is over"
NO_RIGHT = "NO_RIGHT R113 | 没有调听权限 | no right to hear it"
AUDIT_ROOM = "WRONG_PLACE R117 | 只能在总公司稽核室听取 | only in head office's audit room"
WORKSTATION = (
    "WRONG_PLACE R117 | 只能在本机构客户服务部的登记工位听取"
    " | only at the registered workstation of the branch's customer service"
)
FINE = "OK R114 | 允许 | allowed"

ANSWERS = [
    # asking
    (lambda: may_ask(LEAD, DEFAULTS), FINE),
    (lambda: may_ask(person("AGENT", "DEPARTMENT_HEAD"), DEFAULTS),
     "NOT_STAFF R115 | 客户和业务人员不得申请调听 | neither customers nor agents may ask"),
    (lambda: may_ask(person("CUSTOMER"), DEFAULTS),
     "NOT_STAFF R115 | 客户和业务人员不得申请调听 | neither customers nor agents may ask"),
    (lambda: may_ask(person("CALLBACK_AGENT"), DEFAULTS),
     "BELOW_RANK R115 | 须为主管级及以上人员申请 | only staff of supervisor level and above may ask"),
    (ask, FINE),
    (lambda: ask(who=person("BRANCH_STAFF")),
     "BELOW_RANK R115 | 须为主管级及以上人员申请 | only staff of supervisor level and above may ask"),
    (lambda: ask("SPORT"), "NO_PURPOSE R113 | 请选择用途 | say what it is for"),
    (lambda: ask(recordings=[]), "NO_RECORDING R114 | 请选择 1 至 20 段录音 | name 1 to 20 recordings"),
    (lambda: ask(recordings=[str(n) for n in range(20)]), FINE),
    (lambda: ask(recordings=[str(n) for n in range(21)]),
     "NO_RECORDING R114 | 请选择 1 至 20 段录音 | name 1 to 20 recordings"),
    (lambda: ask(why=" 三个字 "), "NO_REASON R114 | 请写明申请理由 | say why, in a few words"),
    (lambda: ask(dispute=" "),
     "NO_DISPUTE R113 | 仅限有争议的回访，请写明争议编号 | only for a disputed callback: name the dispute"),
    (lambda: ask("LITIGATION", dispute=""), FINE),
    (lambda: ask("LITIGATION", profile=NEVER),
     "NO_COPIES R118 | 本公司规定不提供录音副本 | the rules in force hand out no copies"),
    (lambda: ask("LITIGATION", letter=" "),
     "NO_LETTER R118 | 诉讼调取须有部门书面申请 | a lawsuit needs the department's written request"),
    (lambda: ask("TRAINING", dispute="", letter=""), FINE),
    (lambda: ask("TRAINING", who=SUPERVISOR), f"NOT_CALL_CENTER {CENTER_ONLY}"),
    (lambda: ask("TRAINING", listeners=[LEAD, SUPERVISOR]), f"NOT_CALL_CENTER {CENTER_ONLY}"),
    (lambda: ask(listeners=[]), "NO_LISTENER R114 | 请写明由谁听取 | say who is to listen"),
    (lambda: ask(listeners=[LEAD, person("AUDITOR", login="lin")]),
     "LISTENER_BELOW_RANK R115 | lin 不是主管级及以上人员，不得听取 | lin is not of supervisor level and may not listen"),
    # seeing
    (lambda: may_see(person("AUDITOR"), ASKED), FINE),
    (lambda: may_see(person("DEPARTMENT_HEAD"), ASKED), FINE),
    (lambda: may_see(person("AUDITOR", login="x", branch="4401"), ASKED),
     "NOT_CONCERNED R117 | 与您无关的申请 | this request does not concern you"),
    (lambda: may_see(person(login="asker"), ASKED), FINE),
    (lambda: may_see(person(login="me"), ASKED), FINE),
    (lambda: may_see(person(login="d"), GRANTED), FINE),
    (lambda: may_see(person("DEPARTMENT_HEAD", login="x", branch="44"), ASKED), FINE),
    (lambda: may_see(person("BRANCH_SUPERVISOR", login="x", branch="44"), ASKED),
     "NOT_CONCERNED R117 | 与您无关的申请 | this request does not concern you"),
    (lambda: may_see(person("DEPARTMENT_HEAD", login="x", branch="33"), ASKED),
     "NOT_CONCERNED R117 | 与您无关的申请 | this request does not concern you"),
    # signing
    (lambda: may_sign(SERVICE, signed(ASKED, D)), FINE),
    (lambda: may_sign(CENTER, GRANTED), "DECIDED R114 | 该申请已有结果 | the request is decided"),
    (lambda: may_sign(person("CUSTOMER_SERVICE_HEAD", login="asker"), signed(ASKED, D)),
     "OWN_REQUEST R114 | 申请人不得审批本人的申请 | nobody approves his own request"),
    (lambda: may_sign(SERVICE, signed(ASKED, D, by="me")),
     "SIGNED_ALREADY R114 | 您已签批，须由另一人签批 | you have signed: this takes another person"),
    (lambda: may_sign(CENTER, signed(ASKED, D)),
     "NOT_YOUR_TURN R114 | 尚未轮到您签批 | it is somebody else's turn to sign"),
    (lambda: may_sign(person("DEPARTMENT_HEAD"), ASKED),
     "OTHER_DEPARTMENT R114 | 须由申请部门的负责人签批 | the applicant's own department head signs"),
    (lambda: may_sign(person("DEPARTMENT_HEAD", branch="44"), ASKED), FINE),
    (lambda: may_sign(person("CUSTOMER_SERVICE_HEAD", branch="44"), signed(ASKED, D)),
     "NOT_HEAD_OFFICE R114 | 须由总公司审批 | head office approves"),
    (lambda: may_sign(person("CALL_CENTER_HEAD", branch="44"), signed(ASKED, D, S)),
     "NOT_HEAD_OFFICE R114 | 须由总公司审批 | head office approves"),
    (lambda: may_sign(person("LEADER_IN_CHARGE", branch="44"),
                      signed(replace(ASKED, purpose=Purpose.LITIGATION), D, S, C)), FINE),
    (lambda: may_sign(person("LEADER_IN_CHARGE", branch="33"),
                      signed(replace(ASKED, purpose=Purpose.LITIGATION), D, S, C)),
     "OTHER_DEPARTMENT R118 | 须由分管该部门的领导签批 | the leader in charge of the department signs"),
    (lambda: may_refuse(SERVICE, signed(ASKED, D), "四个字的"), FINE),
    (lambda: may_refuse(SERVICE, signed(ASKED, D), " 三个字 "),
     "NO_REASON R114 | 不同意须说明理由 | to refuse takes a reason"),
    (lambda: may_refuse(CENTER, signed(ASKED, D), ""),
     "NOT_YOUR_TURN R114 | 尚未轮到您签批 | it is somebody else's turn to sign"),
    (lambda: may_withdraw(person(login="asker"), ASKED), FINE),
    (lambda: may_withdraw(person(login="asker"), GRANTED), "DECIDED R114 | 该申请已有结果 | the request is decided"),
    (lambda: may_withdraw(LEAD, ASKED),
     "NOT_THE_APPLICANT R114 | 只有申请人可以撤回 | only the applicant takes it back"),
    (lambda: may_revoke(SERVICE, GRANTED, "用途不符"), FINE),
    (lambda: may_revoke(CENTER, GRANTED, "用途不符"), FINE),
    (lambda: may_revoke(SERVICE, ASKED, "用途不符"),
     "NOT_GRANTED R117 | 该申请没有在用的权限 | there is no grant to end"),
    (lambda: may_revoke(LEAD, GRANTED, "用途不符"), "NOT_HEAD_OFFICE R117 | 须由总公司收回 | head office revokes"),
    (lambda: may_revoke(person("CALL_CENTER_HEAD", branch="44"), GRANTED, "用途不符"),
     "NOT_HEAD_OFFICE R117 | 须由总公司收回 | head office revokes"),
    (lambda: may_revoke(SERVICE, GRANTED, " 三个字 "),
     "NO_REASON R117 | 收回须说明理由 | to revoke takes a reason"),
    # hearing
    (lambda: play(GRANTED), FINE),
    (lambda: play(None), NO_RIGHT),
    (lambda: play(replace(GRANTED, state="REVOKED")), "REVOKED R117 | 权限已被收回 | the grant was revoked"),
    (lambda: play(ASKED), "NO_RIGHT R114 | 申请未获准 | the request is not granted"),
    (lambda: play(replace(GRANTED, listeners=frozenset())),
     "NOT_A_LISTENER R117 | 您不在准予的听取人之列 | you are not a listener of the grant"),
    (lambda: play(GRANTED, person("AUDITOR")),
     "BELOW_RANK R115 | 须为主管级及以上人员 | only staff of supervisor level and above"),
    (lambda: play(GRANTED, now=NOW - 2 * SECOND), "NOT_BEGUN R117 | 权限尚未生效 | the grant has not begun"),
    (lambda: play(GRANTED, now=NOW - SECOND), FINE),
    (lambda: play(GRANTED, now=NOW + SECOND), "EXPIRED R117 | 权限已过期 | the grant has expired"),
    (lambda: play(LESSON), "MASKED_ONLY R119 | 培训只能使用遮蔽后的副本 | training hears the masked copy only"),
    (lambda: play(GRANTED, recording="RE2"), "NO_RIGHT R117 | 准予的不是这段录音 | the grant is for other recordings"),
    (lambda: play(GRANTED, here={"00/AUDIT"}), WORKSTATION),
    (lambda: play(replace(GRANTED, places=frozenset({"4401/CS"})), LEAD), AUDIT_ROOM),
    (lambda: play(replace(GRANTED, reminded=frozenset())),
     "PRIVACY_NOT_CONFIRMED R113 | 请先确认客户隐私提示 | confirm the reminder of the customer's privacy first"),
    (lambda: check(CHECK), FINE),
    (lambda: check(None), NO_RIGHT),
    (lambda: check(CHECK, LEAD), NO_RIGHT),
    (lambda: check(CHECK, person("QUALITY", login="x")),
     "NOT_A_LISTENER R117 | 该录音未分配给您质检 | this recording is another checker's"),
    (lambda: check(replace(CHECK, ended=True)),
     "EXPIRED R117 | 质检已结束，权限随之终止 | the check is done, and the right with it"),
    (lambda: check(CHECK, recording="RE2"),
     "NO_RIGHT R117 | 分配质检的不是这段录音 | the assignment is for another recording"),
    (lambda: check(CHECK, here={"4401/CS"}), AUDIT_ROOM),
    (lambda: check(replace(CHECK, places=frozenset({"44/CS"}))), AUDIT_ROOM),
    # copies
    (lambda: may_export(CENTER, LAWSUIT, NOW, DEFAULTS), FINE),
    (lambda: may_export(CENTER, LAWSUIT, NOW - SECOND, DEFAULTS), FINE),
    (lambda: may_export(CENTER, GRANTED, NOW, DEFAULTS),
     "NOT_LITIGATION R119 | 仅诉讼可提供副本 | copies are for a lawsuit only"),
    (lambda: may_export(CENTER, replace(LAWSUIT, state="REVOKED"), NOW, DEFAULTS), f"NO_RIGHT R118 {OVER}"),
    (lambda: may_export(CENTER, LAWSUIT, NOW + SECOND, DEFAULTS), f"NO_RIGHT R118 {OVER}"),
    (lambda: may_export(CENTER, LAWSUIT, NOW - 2 * SECOND, DEFAULTS), f"NO_RIGHT R118 {OVER}"),
    (lambda: may_export(CENTER, LAWSUIT, NOW, NEVER),
     "NO_COPIES R118 | 本公司规定不提供录音副本 | the rules in force hand out no copies"),
    (lambda: may_export(LEAD, LAWSUIT, NOW, DEFAULTS),
     "NOT_CALL_CENTER R118 | 由总公司电话中心负责人导出 | the head of the call center hands it out"),
    (lambda: may_export(person("CALL_CENTER_HEAD", branch="44"), LAWSUIT, NOW, DEFAULTS),
     "NOT_CALL_CENTER R118 | 由总公司电话中心负责人导出 | the head of the call center hands it out"),
    (lambda: may_make_copy(LEAD, LESSON, NOW), FINE),
    (lambda: may_make_copy(LEAD, LESSON, NOW - SECOND), FINE),
    (lambda: may_make_copy(LEAD, GRANTED, NOW),
     "NOT_TRAINING R119 | 该申请不是培训用途 | the request is not for training"),
    (lambda: may_make_copy(LEAD, replace(LESSON, state="PENDING"), NOW), f"NO_RIGHT R119 {OVER}"),
    (lambda: may_make_copy(LEAD, LESSON, NOW + SECOND), f"NO_RIGHT R119 {OVER}"),
    (lambda: may_make_copy(LEAD, LESSON, NOW - 2 * SECOND), f"NO_RIGHT R119 {OVER}"),
    (lambda: may_make_copy(SUPERVISOR, LESSON, NOW), f"NOT_CALL_CENTER {CENTER_ONLY}"),
    (lambda: copy(LEAD), FINE),
    (lambda: copy(person("CALLBACK_AGENT")), FINE),
    (lambda: copy(SUPERVISOR), f"NOT_CALL_CENTER {CENTER_ONLY}"),
    (lambda: copy(LEAD, now=NOW + SECOND), "EXPIRED C41 | 培训副本已过期 | the training copy has expired"),
    (lambda: copy(LEAD, here=()), AUDIT_ROOM),
    (lambda: copy(person("CALLBACK_AGENT", branch="44")), WORKSTATION),
    (lambda: may_report_copy(person("CALLBACK_AGENT")), FINE),
    (lambda: may_report_copy(SUPERVISOR), f"NOT_CALL_CENTER {CENTER_ONLY}"),
    (lambda: may_end_copy(CENTER), FINE),
    (lambda: may_end_copy(LEAD),
     "NOT_CALL_CENTER R119 | 由总公司电话中心负责人停用 | the head of the call center takes it out of use"),
    (lambda: may_end_copy(person("CALL_CENTER_HEAD", branch="44")),
     "NOT_CALL_CENTER R119 | 由总公司电话中心负责人停用 | the head of the call center takes it out of use"),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "whole"), ANSWERS)
def test_an_answer_whole(answer, whole):
    found = answer()
    assert f"{found.code} {found.rule} | {found.zh} | {found.en}" == whole
    assert bool(found) is (found.code == "OK")


def test_who_is_of_rank():
    heads = DEFAULTS.with_params({"recording.min_applicant_level": "DEPARTMENT_HEAD"})
    roles = (
        "BRANCH_SUPERVISOR", "CALLBACK_AGENT_LEAD", "DEPARTMENT_HEAD", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD",
        "LEADER_IN_CHARGE", "AUDITOR", "COMPLIANCE", "QUALITY", "BRANCH_STAFF", "AGENT",
    )  # fmt: skip
    assert [role for role in roles if of_rank({role}, DEFAULTS) is True] == list(roles[:6])
    assert [role for role in roles if of_rank({role}, heads) is True] == list(roles[2:6])
    assert of_rank({"DEPARTMENT_HEAD", "AGENT"}, DEFAULTS) is False
    assert of_rank((), DEFAULTS) is False


def test_a_request_as_it_is_made():
    assert Request(
        1, "asker", ("4401", "44", "00"), Purpose.DISPUTE, frozenset({"RE1"}), frozenset({"me"}), "PENDING",
        NOW, NOW + timedelta(days=4), {}, frozenset(), None, None, frozenset(),
    ) == ASKED  # fmt: skip
    assert STATES == ("PENDING", "GRANTED", "REFUSED", "WITHDRAWN", "REVOKED")
    assert Decision("OK", "R114", "允许", "allowed") == OK


@pytest.mark.parametrize(
    ("request_", "function"),
    [
        (ASKED, D),
        (signed(ASKED, D), S),
        (signed(ASKED, D, S), C),
        (signed(ASKED, D, S, C), None),
        (signed(replace(ASKED, purpose=Purpose.LITIGATION), D, S, C), L),
        (signed(replace(ASKED, purpose=Purpose.TRAINING), D, S, C), None),
        (replace(ASKED, state="REFUSED"), None),
    ],
)
def test_whose_consent_is_asked_for_now(request_, function):
    assert request_.next_signature == function


def test_places_and_watermark():
    assert (LEAD.place, SUPERVISOR.place) == ("00/AUDIT", "4401/CS")
    assert shows_who_listens(DEFAULTS) is True
    assert shows_who_listens(DEFAULTS.with_params({"recording.watermark": False})) is False


ASKED_STEP = "R115 asker 提出申请，职级符合 | asker asked, and is of the rank"
SIGNED = [
    "R114 部门负责人 d 已签批 | signed by d, department head",
    "R114 总公司客户服务部 s 已签批 | signed by s, customer service",
    "R114 总公司电话中心 c 已签批 | signed by c, call center",
]
LITIGATION = replace(ASKED, purpose=Purpose.LITIGATION, signed=GRANTED.signed)


@pytest.mark.parametrize(
    ("request_", "now", "steps"),
    [
        (ASKED, NOW, [ASKED_STEP, "R114 等待申请部门负责人签批 | waits for the applicant's department head"]),
        (
            replace(ASKED, signed={D: "d"}), ASKED.due_at - SECOND,
            [ASKED_STEP, SIGNED[0], "R114 等待总公司客户服务部审批 | waits for head office's customer service"],
        ),
        (
            replace(ASKED, signed={D: "d", S: "s"}), ASKED.due_at,
            [
                ASKED_STEP, *SIGNED[:2], "R114 等待总公司电话中心审批 | waits for head office's call center",
                "R114 已超过答复时限，应予催办 | past the limit for an answer: to be reminded",
            ],
        ),
        (LITIGATION, NOW, [ASKED_STEP, *SIGNED, "R118 等待分管领导签批 | waits for the leader in charge"]),
        (
            replace(LITIGATION, signed={**GRANTED.signed, L: "boss"}, state="GRANTED", begins=NOW, ends=NOW), NOW,
            [
                ASKED_STEP, *SIGNED, "R118 分管领导 boss 已签批 | signed by boss, leader in charge",
                "R117 权限已过期 | the grant has expired",
            ],
        ),
        (
            replace(ASKED, state="REFUSED", signed={D: "d"}), NOW,
            [ASKED_STEP, SIGNED[0], "R114 审批未同意，申请终止 | an approver did not agree: the request is over"],
        ),
        (replace(ASKED, state="WITHDRAWN"), NOW, [ASKED_STEP, "R114 申请人已撤回 | the applicant took it back"]),
        (
            replace(GRANTED, state="REVOKED"), NOW,
            [ASKED_STEP, *SIGNED, "R114 权限已被总公司收回 | head office revoked the grant"],
        ),
    ],
)  # fmt: skip
def test_why_it_stands_where_it_stands_step_by_step(request_, now, steps):
    assert [f"{step.rule} {step.zh} | {step.en}" for step in why_it_stands(request_, now)] == steps


def test_what_a_customer_at_the_counter_is_told():
    refused, steps = at_the_counter(datetime(2026, 10, 9, tzinfo=SHANGHAI))
    assert refused == Decision(
        "CUSTOMER_PRESENT", "R116", "原则上不向当事人当场播放录音",
        "a recording is not played to the party concerned on the spot",
    )  # fmt: skip
    assert steps == (
        Step("R116", "由主管级及以上的工作人员代为提出书面申请", "a member of staff of supervisor level asks in writing"),
        Step(
            "R114", "部门负责人签批，再由总公司客户服务部和电话中心分别审批",
            "the department head signs, then customer service and the call center at head office approve",
        ),
        Step("R114", "今日提出的申请，最迟 10-08 答复", "a request of today is answered by 10-08"),
        Step("R116", "获准后先由工作人员听取，再向客户说明并调解", "once granted, staff listen first, then explain and mediate"),
    )  # fmt: skip


def test_every_refusal_of_a_play_has_a_name_in_a_history():
    asked = {answer().code for answer, _ in ANSWERS}
    assert {"NO_RIGHT", "NOT_A_LISTENER", "BELOW_RANK", "NOT_BEGUN", "EXPIRED", "REVOKED", "MASKED_ONLY", "WRONG_PLACE",
            "PRIVACY_NOT_CONFIRMED"} <= asked & REASONS.keys()  # fmt: skip
    assert list(REASONS) == [
        "NO_RIGHT", "NO_RECORDING", "NOT_A_LISTENER", "BELOW_RANK", "NOT_BEGUN", "EXPIRED", "REVOKED", "MASKED_ONLY",
        "WRONG_PLACE", "PRIVACY_NOT_CONFIRMED", "PLAY_OVER", "NOT_THE_PLAYER", "CUSTOMER_PRESENT", "NOT_CALL_CENTER",
    ]  # fmt: skip
    for zh, en in REASONS.values():
        assert re.fullmatch("[一-鿿]+", zh) and re.fullmatch("[a-z][a-z ]*", en)
