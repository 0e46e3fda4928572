"""Who may ask for a recording, agree, hear it, or take a copy: every answer with its reason (R113 to R119).

A person is judged by the roles he holds now, not by those he held when a right was given.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.calendar import Calendar, business_date, shanghai
from rules.parameters import Profile
from rules.reasoning import Step
from rules.retrieval_events import Purpose, Signature, signatures_for

# From the lowest rank upwards (C20).
SUPERVISORS = frozenset({"BRANCH_SUPERVISOR", "CALLBACK_AGENT_LEAD"})
HEADS = frozenset({"DEPARTMENT_HEAD", "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD", "LEADER_IN_CHARGE"})
CALL_CENTER = frozenset({"CALLBACK_AGENT_LEAD", "CALL_CENTER_HEAD"})
LOOKS_ON = frozenset({"AUDITOR", "COMPLIANCE"})
# Sellers and customers never ask, whatever else they are to the insurer (R115).
OUTSIDERS = frozenset({"AGENT", "CUSTOMER"})

ROLE_OF = {
    Signature.DEPARTMENT_HEAD: "DEPARTMENT_HEAD",
    Signature.CUSTOMER_SERVICE: "CUSTOMER_SERVICE_HEAD",
    Signature.CALL_CENTER: "CALL_CENTER_HEAD",
    Signature.LEADER_IN_CHARGE: "LEADER_IN_CHARGE",
}

WORKSTATION, AUDIT_ROOM = "CS", "AUDIT"
# Nobody listens for so long without asking anew; the judge knows no play of more than a day.
LONGEST_PLAY = timedelta(hours=12)
SHORTEST_REASON = 4
MOST_RECORDINGS = 20

PENDING, GRANTED, REFUSED, WITHDRAWN, REVOKED = STATES = ("PENDING", "GRANTED", "REFUSED", "WITHDRAWN", "REVOKED")


@dataclass(frozen=True, slots=True)
class Decision:
    """`code` OK where it is allowed; otherwise it names the refusal, as events do."""

    code: str
    rule: str
    zh: str
    en: str

    def __bool__(self) -> bool:
        return self.code == "OK"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in. `head_office`: his branch is the top of the tree."""

    login: str
    roles: frozenset[str]
    branch: str
    head_office: bool

    @property
    def place(self) -> str:
        """Where he listens: his branch's customer-service workstation, or head office's audit room (R117)."""
        return f"{self.branch}/{AUDIT_ROOM if self.head_office else WORKSTATION}"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands. `branches`: the applicant's branch, then those above it up to head office."""

    id: int
    applicant: str
    branches: tuple[str, ...]
    purpose: Purpose
    recordings: frozenset[str]
    listeners: frozenset[str]
    state: str
    requested_at: datetime
    due_at: datetime
    signed: Mapping[Signature, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    begins: datetime | None = None
    ends: datetime | None = None
    reminded: frozenset[str] = frozenset()

    @property
    def next_signature(self) -> Signature | None:
        """Whose consent is asked for now; None once all are there or the request is over."""
        if self.state != PENDING:
            return None
        return next((one for one in signatures_for(self.purpose) if one not in self.signed), None)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One recording given to one checker to be checked (storage/quality_samples.py)."""

    id: int
    checker: str
    recording: str
    places: frozenset[str]
    ended: bool


OK = Decision("OK", "R114", "允许", "allowed")


def _no(code: str, rule: str, zh: str, en: str) -> Decision:
    return Decision(code, rule, zh, en)


def of_rank(roles: Collection[str], profile: Profile) -> bool:
    """Whether one of the roles is of the lowest rank that may ask, or above it (R115, C20)."""
    if OUTSIDERS & set(roles):
        return False
    lowest = profile["recording.min_applicant_level"]
    return bool(set(roles) & (HEADS if lowest == "DEPARTMENT_HEAD" else SUPERVISORS | HEADS))


def may_ask(person: Person, profile: Profile) -> Decision:
    if OUTSIDERS & person.roles:
        return _no("NOT_STAFF", "R115", "客户和业务人员不得申请调听", "neither customers nor agents may ask")  # fmt: skip
    if not of_rank(person.roles, profile):
        return _no(
            "BELOW_RANK",
            "R115",
            "须为主管级及以上人员申请",
            "only staff of supervisor level and above may ask",
        )
    return OK


def may_ask_for(
    person: Person,
    purpose: str,
    *,
    recordings: Collection[str],
    listeners: Sequence[Person],
    dispute: str,
    why: str,
    letter: str,
    profile: Profile,
) -> Decision:
    """The whole form. `letter`: reference of the department's written request, for a lawsuit (R118)."""
    if not (decision := may_ask(person, profile)):
        return decision
    if purpose not in Purpose.__members__:
        return _no("NO_PURPOSE", "R113", "请选择用途", "say what it is for")
    if not 1 <= len(recordings) <= MOST_RECORDINGS:
        return _no(
            "NO_RECORDING", "R114", f"请选择 1 至 {MOST_RECORDINGS} 段录音", f"name 1 to {MOST_RECORDINGS} recordings"
        )
    if len(why.strip()) < SHORTEST_REASON:
        return _no("NO_REASON", "R114", "请写明申请理由", "say why, in a few words")
    if purpose == Purpose.DISPUTE and not dispute.strip():
        return _no(
            "NO_DISPUTE", "R113", "仅限有争议的回访，请写明争议编号", "only for a disputed callback: name the dispute"
        )
    if purpose == Purpose.LITIGATION:
        if profile["recording.download"] == "NEVER":
            return _no("NO_COPIES", "R118", "本公司规定不提供录音副本", "the rules in force hand out no copies")
        if not letter.strip():
            return _no("NO_LETTER", "R118", "诉讼调取须有部门书面申请", "a lawsuit needs the department's written request")  # fmt: skip
    if purpose == Purpose.TRAINING and not CALL_CENTER & person.roles:
        return _no("NOT_CALL_CENTER", "R119", "培训用途仅限电话中心内部", "training is inside the call center only")
    if not listeners:
        return _no("NO_LISTENER", "R114", "请写明由谁听取", "say who is to listen")
    for listener in listeners:
        if not of_rank(listener.roles, profile):
            return _no(
                "LISTENER_BELOW_RANK",
                "R115",
                f"{listener.login} 不是主管级及以上人员，不得听取",
                f"{listener.login} is not of supervisor level and may not listen",
            )
        if purpose == Purpose.TRAINING and not CALL_CENTER & listener.roles:
            return _no("NOT_CALL_CENTER", "R119", "培训用途仅限电话中心内部", "training is inside the call center only")
    return OK


def may_see(person: Person, request: Request) -> Decision:
    """Who takes part in a request sees it; who controls sees all."""
    if person.head_office and (person.roles & (LOOKS_ON | HEADS)):
        return OK
    if person.login in {request.applicant, *request.listeners, *request.signed.values()}:
        return OK
    if person.roles & HEADS and person.branch in request.branches:
        return OK
    return _no("NOT_CONCERNED", "R117", "与您无关的申请", "this request does not concern you")


def may_sign(person: Person, request: Request) -> Decision:
    """As the function whose turn it is. Nobody signs twice, and the applicant never (R114, R118)."""
    if request.state != PENDING:
        return _no("DECIDED", "R114", "该申请已有结果", "the request is decided")
    wanted = request.next_signature
    if person.login == request.applicant:
        return _no("OWN_REQUEST", "R114", "申请人不得审批本人的申请", "nobody approves his own request")
    if person.login in request.signed.values():
        return _no("SIGNED_ALREADY", "R114", "您已签批，须由另一人签批", "you have signed: this takes another person")
    if ROLE_OF[wanted] not in person.roles:
        return _no("NOT_YOUR_TURN", "R114", "尚未轮到您签批", "it is somebody else's turn to sign")
    if wanted is Signature.DEPARTMENT_HEAD and not _leads(person, request):
        return _no("OTHER_DEPARTMENT", "R114", "须由申请部门的负责人签批", "the applicant's own department head signs")
    if wanted in (Signature.CUSTOMER_SERVICE, Signature.CALL_CENTER) and not person.head_office:
        return _no("NOT_HEAD_OFFICE", "R114", "须由总公司审批", "head office approves")
    if wanted is Signature.LEADER_IN_CHARGE and person.branch not in request.branches:
        return _no(
            "OTHER_DEPARTMENT", "R118", "须由分管该部门的领导签批", "the leader in charge of the department signs"
        )
    return OK


def _leads(person: Person, request: Request) -> bool:
    """His own branch's applicant, or that of one below; head office's heads lead head office alone."""
    own, *above = request.branches
    return person.branch == own or (not person.head_office and person.branch in above)


def may_refuse(person: Person, request: Request, reason: str) -> Decision:
    """Whoever could sign may also refuse, and says why."""
    if (decision := may_sign(person, request)) and len(reason.strip()) < SHORTEST_REASON:
        return _no("NO_REASON", "R114", "不同意须说明理由", "to refuse takes a reason")
    return decision


def may_withdraw(person: Person, request: Request) -> Decision:
    if request.state != PENDING:
        return _no("DECIDED", "R114", "该申请已有结果", "the request is decided")
    if person.login != request.applicant:
        return _no("NOT_THE_APPLICANT", "R114", "只有申请人可以撤回", "only the applicant takes it back")
    return OK


def may_revoke(person: Person, request: Request, reason: str) -> Decision:
    """The two functions at head office that granted it may each end it (R117)."""
    if request.state != GRANTED:
        return _no("NOT_GRANTED", "R117", "该申请没有在用的权限", "there is no grant to end")
    if not (person.head_office and person.roles & {"CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD"}):
        return _no("NOT_HEAD_OFFICE", "R117", "须由总公司收回", "head office revokes")
    if len(reason.strip()) < SHORTEST_REASON:
        return _no("NO_REASON", "R117", "收回须说明理由", "to revoke takes a reason")
    return OK


# ---------------------------------------------------------------- the right itself


def decided_by(requested_at: datetime, calendar: Calendar, profile: Profile) -> datetime:
    """Midnight after the last day on which the request is to be decided."""
    last = calendar.add_working_days(business_date(requested_at), profile["recording.decision_working_days"])
    return shanghai(last + timedelta(days=1))


def shows_who_listens(profile: Profile) -> bool:
    return profile["recording.watermark"]


def places_of(listeners: Iterable[Person]) -> frozenset[str]:
    return frozenset(listener.place for listener in listeners)


def right_ends(begins: datetime, profile: Profile) -> datetime:
    return begins + timedelta(days=profile["recording.play_days"])


def _holds(person: Person, request: Request | None, now: datetime, profile: Profile) -> Decision:
    """The right of a listener, apart from place and recording."""
    if request is None:
        return _no("NO_RIGHT", "R113", "没有调听权限", "no right to hear it")
    if request.state == REVOKED:
        return _no("REVOKED", "R117", "权限已被收回", "the grant was revoked")
    if request.state != GRANTED:
        return _no("NO_RIGHT", "R114", "申请未获准", "the request is not granted")
    if person.login not in request.listeners:
        return _no("NOT_A_LISTENER", "R117", "您不在准予的听取人之列", "you are not a listener of the grant")
    if not of_rank(person.roles, profile):
        return _no("BELOW_RANK", "R115", "须为主管级及以上人员", "only staff of supervisor level and above")
    if now < request.begins:
        return _no("NOT_BEGUN", "R117", "权限尚未生效", "the grant has not begun")
    if now >= request.ends:
        return _no("EXPIRED", "R117", "权限已过期", "the grant has expired")
    return OK


def may_confirm_privacy(person: Person, request: Request, now: datetime, profile: Profile) -> Decision:
    """The reminder of the customer's privacy, before the first play (R113)."""
    return _holds(person, request, now, profile)


def may_play(
    person: Person,
    recording: str,
    request: Request | None,
    *,
    here: Collection[str],
    now: datetime,
    profile: Profile,
) -> Decision:
    """`here`: the registered places that the listener's machine stands in. Asked anew at every stretch and every jump."""
    if not (decision := _holds(person, request, now, profile)):
        return decision
    if request.purpose is Purpose.TRAINING:
        return _no("MASKED_ONLY", "R119", "培训只能使用遮蔽后的副本", "training hears the masked copy only")
    if recording not in request.recordings:
        return _no("NO_RIGHT", "R117", "准予的不是这段录音", "the grant is for other recordings")
    if person.place not in request.places or person.place not in here:
        return _wrong_place(person)
    if person.login not in request.reminded:
        return _no("PRIVACY_NOT_CONFIRMED", "R113", "请先确认客户隐私提示", "confirm the reminder of the customer's privacy first")  # fmt: skip
    return OK


def may_play_assigned(
    person: Person, recording: str, assignment: Assignment | None, *, here: Collection[str]
) -> Decision:
    """A quality checker hears what he is to check, in the room named with it, until his finding is given."""
    if assignment is None or "QUALITY" not in person.roles:
        return _no("NO_RIGHT", "R113", "没有调听权限", "no right to hear it")
    if assignment.checker != person.login:
        return _no("NOT_A_LISTENER", "R117", "该录音未分配给您质检", "this recording is another checker's")
    if assignment.ended:
        return _no("EXPIRED", "R117", "质检已结束，权限随之终止", "the check is done, and the right with it")
    if assignment.recording != recording:
        return _no("NO_RIGHT", "R117", "分配质检的不是这段录音", "the assignment is for another recording")
    if person.place not in assignment.places or person.place not in here:
        return _wrong_place(person)
    return OK


def _wrong_place(person: Person) -> Decision:
    if person.head_office:
        return _no("WRONG_PLACE", "R117", "只能在总公司稽核室听取", "only in head office's audit room")
    return _no("WRONG_PLACE", "R117", "只能在本机构客户服务部的登记工位听取", "only at the registered workstation of the branch's customer service")  # fmt: skip


def may_export(person: Person, request: Request, now: datetime, profile: Profile) -> Decision:
    """The call center hands out the sealed copy for a lawsuit, while the grant holds (R118)."""
    if request.purpose is not Purpose.LITIGATION:
        return _no("NOT_LITIGATION", "R119", "仅诉讼可提供副本", "copies are for a lawsuit only")
    if request.state != GRANTED or not request.begins <= now < request.ends:
        return _no("NO_RIGHT", "R118", "申请未获准或已过期", "the request is not granted, or the grant is over")
    if profile["recording.download"] == "NEVER":
        return _no("NO_COPIES", "R118", "本公司规定不提供录音副本", "the rules in force hand out no copies")
    if not (person.head_office and "CALL_CENTER_HEAD" in person.roles):
        return _no("NOT_CALL_CENTER", "R118", "由总公司电话中心负责人导出", "the head of the call center hands it out")
    return OK


def may_make_copy(person: Person, request: Request, now: datetime) -> Decision:
    """A masked copy for teaching, made by the call center under a grant for training (R119, C41)."""
    if request.purpose is not Purpose.TRAINING:
        return _no("NOT_TRAINING", "R119", "该申请不是培训用途", "the request is not for training")
    if request.state != GRANTED or not request.begins <= now < request.ends:
        return _no("NO_RIGHT", "R119", "申请未获准或已过期", "the request is not granted, or the grant is over")
    if not CALL_CENTER & person.roles:
        return _no("NOT_CALL_CENTER", "R119", "培训用途仅限电话中心内部", "training is inside the call center only")
    return OK


def may_play_copy(person: Person, *, ends: datetime, here: Collection[str], now: datetime) -> Decision:
    """In the house, by the call center's own people, until the copy expires (R119, C41)."""
    if not (CALL_CENTER | {"CALLBACK_AGENT"}) & person.roles:
        return _no("NOT_CALL_CENTER", "R119", "培训用途仅限电话中心内部", "training is inside the call center only")
    if now >= ends:
        return _no("EXPIRED", "C41", "培训副本已过期", "the training copy has expired")
    if person.place not in here:
        return _wrong_place(person)
    return OK


def may_report_copy(person: Person) -> Decision:
    """Whoever may hear copies says where the person can still be told; the copy ends with that (C41)."""
    if not (CALL_CENTER | {"CALLBACK_AGENT"}) & person.roles:
        return _no("NOT_CALL_CENTER", "R119", "培训用途仅限电话中心内部", "training is inside the call center only")
    return OK


def may_end_copy(person: Person) -> Decision:
    """The head of the call center takes a copy out of use before its time (R119)."""
    if not (person.head_office and "CALL_CENTER_HEAD" in person.roles):
        return _no("NOT_CALL_CENTER", "R119", "由总公司电话中心负责人停用", "the head of the call center takes it out of use")  # fmt: skip
    return OK


# ---------------------------------------------------------------- in words


def at_the_counter(due: datetime) -> tuple[Decision, tuple[Step, ...]]:
    """A customer who wants to hear it on the spot is refused, and told what happens instead and by when (R116)."""
    last = due - timedelta(days=1)
    day = business_date(last)
    refused = _no(
        "CUSTOMER_PRESENT",
        "R116",
        "原则上不向当事人当场播放录音",
        "a recording is not played to the party concerned on the spot",
    )
    return refused, (
        Step(
            "R116", "由主管级及以上的工作人员代为提出书面申请", "a member of staff of supervisor level asks in writing"
        ),
        Step(
            "R114",
            "部门负责人签批，再由总公司客户服务部和电话中心分别审批",
            "the department head signs, then customer service and the call center at head office approve",
        ),
        Step("R114", f"今日提出的申请，最迟 {day:%m-%d} 答复", f"a request of today is answered by {day:%m-%d}"),
        Step(
            "R116",
            "获准后先由工作人员听取，再向客户说明并调解",
            "once granted, staff listen first, then explain and mediate",
        ),
    )


_WAITS_FOR = {
    Signature.DEPARTMENT_HEAD: ("等待申请部门负责人签批", "waits for the applicant's department head"),
    Signature.CUSTOMER_SERVICE: ("等待总公司客户服务部审批", "waits for head office's customer service"),
    Signature.CALL_CENTER: ("等待总公司电话中心审批", "waits for head office's call center"),
    Signature.LEADER_IN_CHARGE: ("等待分管领导签批", "waits for the leader in charge"),
}


def why_it_stands(request: Request, now: datetime) -> tuple[Step, ...]:
    """Why the request stands where it stands, step by step."""
    steps = [Step("R115", f"{request.applicant} 提出申请，职级符合", f"{request.applicant} asked, and is of the rank")]
    for signature in signatures_for(request.purpose):
        if who := request.signed.get(signature):
            rule = "R118" if signature is Signature.LEADER_IN_CHARGE else "R114"
            name = signature.value.lower().replace("_", " ")
            steps.append(Step(rule, f"{_FUNCTION_ZH[signature]} {who} 已签批", f"signed by {who}, {name}"))
    if wanted := request.next_signature:
        zh, en = _WAITS_FOR[wanted]
        steps.append(Step("R118" if wanted is Signature.LEADER_IN_CHARGE else "R114", zh, en))
        if now >= request.due_at:
            steps.append(Step("R114", "已超过答复时限，应予催办", "past the limit for an answer: to be reminded"))
    elif request.state == GRANTED and now < request.ends:
        steps.append(
            Step(
                "R117", "权限有效，只能在登记场所听取，不得复制", "the grant holds: at the registered place, no copies"
            )
        )
    elif request.state == GRANTED:
        steps.append(Step("R117", "权限已过期", "the grant has expired"))
    else:
        steps.append(Step("R114", *_OVER[request.state]))
    return tuple(steps)


_FUNCTION_ZH = {
    Signature.DEPARTMENT_HEAD: "部门负责人",
    Signature.CUSTOMER_SERVICE: "总公司客户服务部",
    Signature.CALL_CENTER: "总公司电话中心",
    Signature.LEADER_IN_CHARGE: "分管领导",
}
_OVER = {
    REFUSED: ("审批未同意，申请终止", "an approver did not agree: the request is over"),
    WITHDRAWN: ("申请人已撤回", "the applicant took it back"),
    REVOKED: ("权限已被总公司收回", "head office revoked the grant"),
}


# What the refusal of a play is called in a history.
REASONS: Mapping[str, tuple[str, str]] = {
    "NO_RIGHT": ("没有权限", "no right"),
    "NO_RECORDING": ("没有这段录音", "no such recording"),
    "NOT_A_LISTENER": ("不是准予的听取人", "not a listener"),
    "BELOW_RANK": ("未到主管级", "below supervisor level"),
    "NOT_BEGUN": ("权限未生效", "the grant has not begun"),
    "EXPIRED": ("权限已过期", "the right has expired"),
    "REVOKED": ("权限已收回", "the grant was revoked"),
    "MASKED_ONLY": ("只能听遮蔽后的副本", "the masked copy only"),
    "WRONG_PLACE": ("不在登记场所", "not at a registered place"),
    "PRIVACY_NOT_CONFIRMED": ("未确认隐私提示", "privacy reminder not confirmed"),
    "PLAY_OVER": ("播放已结束", "the play was over"),
    "NOT_THE_PLAYER": ("试图另存", "an attempt to save it"),
    "CUSTOMER_PRESENT": ("当事人要求当场听取", "the party concerned wanted to hear it on the spot"),
    "NOT_CALL_CENTER": ("仅限电话中心内部", "inside the call center only"),
}
