"""What an agent is offered at each step, what his notes become, and when the robot hands a call over."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.conversation import Given, Heard, Offer, Progress, answered, next_turn, offer
from rules.conversation.handover import MOST_HANDOVERS, WHY, handed_over, handover_reason
from rules.conversation.values import Turn, Utterance
from rules.reasoning import Step
from scripts.call_scripts import load_script

SCRIPT = load_script("bank-participating-regular", 2)
NOW = datetime(2026, 9, 24, 10, 0, tzinfo=SHANGHAI)
POLICY = PolicyFacts(
    policy_no="P1", case_id=1, product_type="PARTICIPATING", product_name="长乐", premium_mode="ANNUAL",
    premium=Decimal("10000"), premium_term_years=5, policy_term="10", channel="BANCASSURANCE", outlet="和平路支行",
    nominal_end=date(2026, 10, 9),
)  # fmt: skip
SHEET = CallSheet(
    person=PersonFacts("王芳", "F", "女士", date(1980, 3, 5), "123X", "海淀区", "5678"), policies=(POLICY,),
    insurer="示例人寿", hotline="95000", staff_number="R001", now_date=NOW.date(),
    appointment_times=(PermittedTime(NOW.replace(hour=9), NOW.replace(hour=21)),),
)  # fmt: skip

ANY = "s:SILENT r:REPEAT b:BUSY x:REFUSE"
BEFORE = "t:THIRD_PARTY w:NO.NO_SUCH_PERSON d:NO.DECEASED q:QUESTION"
ONCE = "q:QUESTION c:OBJECT.COMPLAINT v:OBJECT.WANTS_SURRENDER g:OBJECT.ALREADY_SURRENDERED"
HARD = "l:NO.LANGUAGE h:NO.HEARING a:NO.AGE"


def shown(choice):
    return f"{choice.key}:{choice.answer}" + (f".{choice.detail}" if choice.detail else "") + (choice.signer or "")


@pytest.mark.parametrize(
    ("step", "place", "takes", "choices"),
    [
        ("C1", "C1", "choice", f"1:YES 2:NO {ANY} {BEFORE} {HARD}"),
        ("C3", "C3", "choice", f"1:YES 2:BUSY s:SILENT r:REPEAT x:REFUSE {BEFORE} {HARD}"),
        ("A1", "C3", "time", f"{ANY} {BEFORE} {HARD}"),
        ("A1.offer", "C3", "time", f"1:YES.SLOT1 2:YES.SLOT2 {ANY} {BEFORE} {HARD}"),
        ("R1", "C3", "choice", f"1:YES 2:BUSY 3:REFUSE s:SILENT r:REPEAT {BEFORE} {HARD}"),
        ("I1.birth_date", "I1.birth_date", "birth_date", f"{ANY} {BEFORE} {HARD}"),
        ("I1.id_last4", "I1.id_last4", "id_last4", f"{ANY} {BEFORE} {HARD}"),
        ("I1.district", "I1.district", "district", f"{ANY} {BEFORE} {HARD}"),
        ("T6.relation", "T6", "text", f"{ANY} {ONCE} {HARD}"),
        ("M1", "M1", "choice", f"1:YES 2:NO 3:UNSURE 4:OBJECT.DENIES {ANY} {ONCE} {HARD}"),
        ("M2.received", "M2.received", "choice", f"1:YES 2:NO 3:UNSURE {ANY} {ONCE} {HARD}"),
        ("M2.receipt_date", "M2.receipt_signed", "day", f"2:UNSURE {ANY} {ONCE} {HARD}"),
        ("M3", "M3", "choice", f"1:YES 2:NO 3:UNSURE 4:NOFAMILY 5:NOAGENT {ANY} {ONCE} {HARD}"),
        ("M3.who", "M3", "choice", f"1:NOFAMILY 2:NOAGENT 3:NOUNKNOWN {ANY} {ONCE} {HARD}"),
        ("M4", "M4", "choice", f"1:YES 2:NO 3:UNSURE 4:NOFAMILY 5:NOAGENT {ANY} {ONCE} {HARD}"),
        ("M5", "M5", "choice", f"1:YES 2:NO 3:UNSURE 4:NO.CLAUSES_NOT_SUPPLIED {ANY} {ONCE} {HARD}"),
        ("M8", "M8", "choice", f"1:YES 2:NO 3:UNSURE {ANY} {ONCE} {HARD}"),
        ("K2", "K2", "choice", f"1:YES 2:NO 3:UNSURE {ANY} {ONCE} {HARD}"),
        ("K3", "K3", "choice", f"1:NO 2:QUESTION {ANY} {ONCE.removeprefix('q:QUESTION ')} {HARD}"),
        ("K3.what", "K3", "text", f"{ANY} {ONCE} {HARD}"),
    ],
)
def test_what_may_be_answered_at_a_step(step, place, takes, choices):
    proven = "PROVEN" if place[0] in "MKT" else "UNPROVEN"
    found = offer(SCRIPT, SHEET, Progress(step=step, place=place, identity=proven))
    assert (found.takes, " ".join(map(shown, found.choices))) == (takes, choices)


ITEMS = ("M1", "M2.received", "M2.receipt_signed", "M3", "M4", "M5", "M6.coverage", "M6.exclusions", "M6.term", "M7",
         "M8", "M9", "N1", "N3")  # fmt: skip
OPENING = ("C1", "C2", "C3", "I1.birth_date", "I1.id_last4", "T6")
M8_AGAIN = Utterance("M8.again", "M8", "请问犹豫期的权利您清楚吗？清楚请按1，不清楚请按2。", True)


def test_an_offer_whole():
    found = offer(SCRIPT, SHEET, Progress(step="M8", place="M8", identity="PROVEN", saying=("M8.again",)))
    assert replace(found, choices=()) == Offer(
        step="M8", records="M8", purpose="知道犹豫期的起算、天数、权利和截止日", policy=0, identity="PROVEN", say=(M8_AGAIN,),
        takes="choice", choices=(),
        explanation="犹豫期是您反悔的时间，一共15天，犹豫期到2026年10月9日为止。这段时间里您申请退保，公司退还已交的全部保费。",
        restatement=None, ended=None, done=(*OPENING, *ITEMS[:10]), ahead=(*ITEMS[11:], "K1", "K2", "K3", "Z1"),
    )  # fmt: skip


def test_before_identity_an_offer_tells_nothing_but_why_it_asks():
    found = offer(SCRIPT, SHEET, Progress(step="I1.birth_date", place="I1.birth_date"))
    assert (found.explanation, found.restatement) == (None, "核实身份是为了确认接听的是您本人，不会用作别的用途。")
    assert (found.done, found.ahead[:2]) == (("C1", "C2", "C3"), ("I1.id_last4", "T6"))
    early = offer(SCRIPT, SHEET, Progress(step="M2.received", place="M2.received"))
    assert (early.explanation, early.restatement) == (None, None)
    proven = offer(SCRIPT, SHEET, Progress(step="M2.received", place="M2.received", identity="PROVEN"))
    assert proven.restatement == "保险合同是一本纸质文件，或者一份电子保单，里面写有保险条款。"


def test_an_offer_of_an_ended_call():
    progress = Progress(step="X", place="M8", policy=0, identity="PROVEN", saying=("X.say",), ended="SILENT")
    assert offer(SCRIPT, SHEET, progress) == Offer(
        step="X", records="X", purpose="没有人应答，礼貌结束", policy=0, identity="PROVEN",
        say=(Utterance("X.say", "X", "现在好像不方便通话，我们换个时间再联系您。再见。", False),), ended="SILENT",
        takes=None, choices=(), explanation=None, restatement=None, done=(), ahead=(),
    )  # fmt: skip


def test_an_aside_stands_where_its_item_stands_and_one_that_belongs_nowhere_at_the_beginning():
    aside = offer(SCRIPT, SHEET, Progress(step="R1", place="M5", identity="PROVEN", policy=3))
    assert (aside.done, aside.ahead[0], aside.policy) == ((*OPENING, *ITEMS[:5]), "M6.coverage", 3)
    nowhere = offer(SCRIPT, SHEET, Progress(step="C1", place=""))
    assert (nowhere.done, nowhere.ahead[0]) == ((), "C2")


# ---------------------------------------------------------------- what an agent notes


@pytest.mark.parametrize(
    ("step", "given", "leads_to", "recorded"),
    [
        ("M8", Given("YES"), "M9", ("YES", None, None, None, "")),
        ("M8", Given("NO", text="不太懂"), "M8", ("NO", None, None, None, "不太懂")),
        ("M3", Given("NO", signer="AGENT"), "M4", ("NO", None, "AGENT", None, "")),
        ("M1", Given("NO", seller_statement="CONFUSED"), "M1", ("NO", None, None, "CONFUSED", "")),
        ("K3.what", Given("QUESTION", text="什么时候能拿到发票"), "Z1", ("QUESTION", "NOT_ANSWERABLE", None, None, "什么时候能拿到发票")),
        ("M2.receipt_date", Given("YES", day=date(2026, 9, 3)), "M3", ("YES", None, None, None, "2026年9月3日")),
        ("A1", Given("YES", text="今天下午三点"), "A1.booked", ("YES", None, None, None, "今天下午三点")),
        ("A1.offer", Given("YES", "SLOT2"), "A1.booked", ("YES", None, None, None, "")),
        ("M8", Given("YES", day=date(2026, 9, 3)), "M9", ("YES", None, None, None, "")),
    ],
)  # fmt: skip
def test_a_note_is_recorded_as_the_agent_s(step, given, leads_to, recorded):
    place = {"M2.receipt_date": "M2.receipt_signed", "K3.what": "K3", "A1": "C3", "A1.offer": "C3"}.get(step, step)
    slots = (NOW.replace(hour=15), NOW.replace(hour=16))
    before = Progress(step=step, place=place, identity="PROVEN", slots=slots)
    turn = answered(SCRIPT, SHEET, before, given, NOW)
    (row,) = turn.answers
    assert (row.answer, row.detail, row.signer, row.seller_statement, row.heard) == recorded
    assert (turn.progress.step, row.how, row.confidence) == (leads_to, "agent", None)


def test_an_identity_that_an_agent_types_is_proven_like_any():
    before = Progress(step="I1.id_last4", place="I1.id_last4", identity_passed=("birth_date",))
    turn = answered(SCRIPT, SHEET, before, Given("YES", text="123X"), NOW)
    assert (turn.progress.identity, turn.answers[0].heard, turn.answers[0].how) == ("PROVEN", "", "agent")
    unread = answered(SCRIPT, SHEET, before, Given("YES"), NOW)
    assert unread.progress.identity == "UNPROVEN" and unread.progress.step == "I1.id_last4"


def test_what_is_no_answer_is_refused_and_an_ended_call_stays_as_it_is():
    with pytest.raises(ValueError, match="MAYBE"):
        answered(SCRIPT, SHEET, Progress(step="M8", place="M8"), Given("MAYBE"), NOW)
    over = Progress(step="X", place="M8", ended="SILENT", appointment=NOW)
    assert answered(SCRIPT, SHEET, over, Given("YES"), NOW) == Turn(over)
    assert next_turn(SCRIPT, SHEET, over, Heard("keys", "1"), NOW) == Turn(over)
    assert Given("YES") == Given("YES", detail=None, signer=None, seller_statement=None, text="", day=None)


# ---------------------------------------------------------------- from the robot to a person


def after(step, heard, **before):
    at = Progress(step=step, place=step, identity="PROVEN", turn=6, **before)
    return at, next_turn(SCRIPT, SHEET, at, heard, NOW)


@pytest.mark.parametrize(
    ("step", "heard", "before", "reason"),
    [
        ("M8", Heard("keys", "1"), {}, None),
        ("M8", Heard("keys", "0"), {}, "OPERATOR"),
        ("M8", Heard("speech", "转人工", 0.9), {}, "OPERATOR"),
        ("M8", Heard("keys", "0"), {"counts": {"handed_over:call": MOST_HANDOVERS - 1}}, "OPERATOR"),
        ("M8", Heard("keys", "0"), {"counts": {"handed_over:call": MOST_HANDOVERS}}, None),
        ("M8", Heard("speech", "苹果", 0.9), {}, None),
        ("M8", Heard("speech", "苹果", 0.9), {"counts": {"misheard:M8/0": 1}}, None),
        ("M8", Heard("speech", "苹果", 0.9), {"counts": {"misheard:M8/0": 2}}, "LOW_CONFIDENCE"),
        # what was misheard earlier, elsewhere, is no reason now
        ("M8", Heard("keys", "1"), {"counts": {"misheard:M7/0": 3}}, None),
        ("M8", Heard("nothing"), {"counts": {"silent:M8/0": 1}}, None),
        ("M8", Heard("speech", "听不懂普通话", 0.9), {}, None),
        ("M8", Heard("speech", "听不懂普通话", 0.9), {"counts": {"visited:L1": 1}}, "NEEDS_AGENT"),
        ("M8", Heard("keys", "0"), {"ended": "SILENT"}, None),
    ],
)
def test_when_a_turn_should_be_a_person_s(step, heard, before, reason):
    assert handover_reason(SCRIPT, *after(step, heard, **before)) == reason


def test_why_a_call_is_handed_over():
    assert {
        "OPERATOR": Step("S7", "客户要求人工服务", "the customer asks for a person"),
        "LOW_CONFIDENCE": Step("S7", "同一问题多次未能听懂", "not understood several times at the same question"),
        "NEEDS_AGENT": Step(
            "C30", "语言或听力障碍，机器人无法继续", "a barrier of language or hearing: the robot cannot go on"
        ),
    } == WHY
    assert MOST_HANDOVERS == 2


@pytest.mark.parametrize(("step", "said"), [("M8", "M8.again"), ("K3.what", "K3.what.ask")])
def test_the_open_question_is_the_person_s_and_nothing_is_decided(step, said):
    before = Progress(
        step=step, place="M8" if step == "M8" else "K3", identity="PROVEN", turn=6, counts={"silent:M8/0": 1, "handed_over:call": 1},
        tries={"M1/0": 1}, silent_in_a_row=1, misheard_in_a_row=2, saying=("M8.ask",), open_items=("0/M5",),
    )  # fmt: skip
    turn = next_turn(SCRIPT, SHEET, before, Heard("keys", "0"), NOW)
    over = handed_over(SCRIPT, before, turn)
    assert over.progress == replace(
        before, turn=7, saying=(said,), silent_in_a_row=0, misheard_in_a_row=0, tries=turn.progress.tries,
        counts={"silent:M8/0": 1, "handed_over:call": 2},
    )  # fmt: skip
    assert over.answers == tuple(replace(answer, final=False) for answer in turn.answers) and over.answers
    assert (over.appointment, over.candidate_number) == (None, None)
    first = handed_over(SCRIPT, replace(before, counts={}), turn)
    assert first.progress.counts == {"handed_over:call": 1}
    assert isinstance(over.answers[0], Answer)
