"""What a call says and how it listens, and the same items on paper: every question, whole."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.conversation import Given, Heard, Progress, Question, answered, begin, next_turn, questionnaire, render
from rules.conversation.slots import half_hour
from rules.conversation.values import Listen, Rendered, Utterance
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

KEY = {"input": "dtmf speech", "num_digits": 1, "timeout_s": 6, "speech_timeout": "2"}
WORDS = {"input": "speech", "num_digits": None, "timeout_s": 8, "speech_timeout": "3"}


@pytest.mark.parametrize(
    ("step", "how", "hints"),
    [
        ("C1", KEY, "是我,我就是,不是,打错了,他不在"),
        ("C3", KEY, "方便,不方便,在开车,你说"),
        ("R1", KEY, "愿意,不愿意,换个时间"),
        ("L1", KEY, "能听懂,听不懂"),
        ("A1", WORDS, "今天下午三点,明天上午十点,晚上七点半"),
        ("A1.offer", KEY, "今天下午三点,明天上午十点,晚上七点半"),
        ("T2", WORDS, "今天下午三点,明天上午十点,晚上七点半"),
        ("T6", KEY, "同意,不同意,可以,我自己来"),
        ("T6.relation", WORDS, ""),
        ("I1.birth_date", {**KEY, "num_digits": 8, "timeout_s": 8, "speech_timeout": "3"}, "一九八零年三月五号"),
        ("I1.id_last4", {**KEY, "num_digits": 4, "timeout_s": 8, "speech_timeout": "3"}, ""),
        ("I1.district", WORDS, ""),
        ("M1", KEY, "是的,买了,没买过,以为是存款"),
        ("M2.received", KEY, "是的,不是,收到了,没有,签了,正确"),
        ("M2.receipt_date", KEY, "九月十号,上个月二十号,昨天,记不清了"),
        ("M3", KEY, "是我签的,不是我签的,记不清了"),
        ("M3.who", KEY, "家里人,业务员,不清楚"),
        ("M5", KEY, "清楚,不清楚,看过,没看过"),
        ("M8", KEY, "清楚,不清楚,知道,不知道,明白"),
        ("K2", KEY, "没有,没有人说过,有"),
        ("K3", KEY, "没有了,我想问"),
        ("K3.what", WORDS, ""),
    ],
)
def test_how_a_question_is_listened_to(step, how, hints):
    rendered = render(SCRIPT, SHEET, Progress(step=step, place=step))
    assert rendered == Rendered((), Listen(**how, finish_on_key="", hints=hints))


def test_what_is_said():
    progress = Progress(step="M8", place="M8", saying=("phrase.begins", "M8.ask", "ready.hotline"))
    asked = (
        "这份保险有15天犹豫期，从签收合同的第二天算起，犹豫期到2026年10月9日为止。期间退保，退还全部保费。"
        "请问犹豫期的权利您清楚吗？清楚请按1，不清楚请按2。"
    )
    assert render(SCRIPT, SHEET, progress).utterances == (
        Utterance("phrase.begins", "M8", "谢谢，身份已经核实。", False),
        Utterance("M8.ask", "M8", asked, True),
        Utterance("ready.hotline", "K3", "您可以拨打公司客服电话95000。", SCRIPT.texts["ready.hotline"].discloses),
    )
    over = render(
        SCRIPT, SHEET, Progress(step="A1.booked", saying=("A1.booked.say",), appointment=NOW, ended="APPOINTED")
    )
    assert over == Rendered(
        (Utterance("A1.booked.say", "A1", "好的，我们今天上午10点再联系您。谢谢，再见。", False),), None
    )


def test_a_policy_after_the_last_is_the_last():
    two = replace(SHEET, policies=(POLICY, replace(POLICY, policy_no="P2", nominal_end=date(2026, 10, 12))))
    for number, end in enumerate(("2026年10月9日", "2026年10月12日", "2026年10月12日")):
        said = render(SCRIPT, two, Progress(step="M8", place="M8", policy=number, saying=("M8.explain",))).utterances
        assert end in said[0].text


def test_another_language_where_the_script_has_it():
    text = replace(SCRIPT.texts["M8.again"], in_other={"yue": "请问清唔清楚？"})
    script = replace(SCRIPT, texts={**SCRIPT.texts, "M8.again": text})
    progress = Progress(step="M8", place="M8", saying=("M8.again",))
    assert render(script, replace(SHEET, language="yue"), progress).utterances[0].text == "请问清唔清楚？"
    assert render(script, SHEET, progress).utterances[0].text == "请问犹豫期的权利您清楚吗？清楚请按1，不清楚请按2。"
    step = replace(SCRIPT.steps["M8"], ask="M8.again")
    asked = questionnaire(replace(script, steps={**SCRIPT.steps, "M8": step}), replace(SHEET, language="yue"))
    assert next(q.words for q in asked if q.step == "M8") == "请问清唔清楚？"


CHOICE = ("YES", "NO", "UNSURE")
COOLING_OFF = Question(
    "M8", "P1", "这份保险有15天犹豫期，从签收合同的第二天算起，犹豫期到2026年10月9日为止。期间退保，退还全部保费。请问犹豫期的权利您清楚吗？",
    CHOICE, "犹豫期是您反悔的时间，一共15天，犹豫期到2026年10月9日为止。这段时间里您申请退保，公司退还已交的全部保费。",
)  # fmt: skip


def test_the_items_of_two_policies_on_paper():
    other = replace(POLICY, policy_no="P2", nominal_end=date(2026, 10, 12), open_items=("M2.received", "M8", "K1"))
    sheet = replace(SHEET, policies=(replace(POLICY, open_items=("M8",)), other))
    end = ("10月9日", "10月12日")
    assert questionnaire(SCRIPT, sheet) == (
        COOLING_OFF,
        Question("M2.received", "P2", "请问您收到长乐的保险合同了吗？", CHOICE),
        replace(COOLING_OFF, policy_no="P2", words=COOLING_OFF.words.replace(*end),
                explanation=COOLING_OFF.explanation.replace(*end)),
        Question("K1", None, "登记的联系地址在海淀区，联系电话尾号是5，6，7，8。请问您的联系地址和联系电话都正确吗？", CHOICE),
        Question("K2", None, "请问投保时，有没有人承诺过合同以外的利益，或者教您怎么回答这次电话？", CHOICE),
        Question("K3", None, "关于这份保险，请问您还有其他疑问吗？", ()),
    )  # fmt: skip


def test_a_closing_question_that_a_condition_takes_out_is_not_on_paper():
    step = replace(SCRIPT.steps["K2"], when=load_script("agency-health-regular").steps["N5"].when)
    asked = questionnaire(replace(SCRIPT, steps={**SCRIPT.steps, "K2": step}), SHEET)
    assert [q.step for q in asked][-2:] == ["K1", "K3"]


@pytest.mark.parametrize(
    ("at", "half"),
    [
        ((10, 0, 0, 0), (10, 0)),
        ((10, 30, 0, 0), (10, 30)),
        ((10, 0, 1, 0), (10, 30)),
        ((10, 0, 0, 1), (10, 30)),
        ((10, 29, 59, 999999), (10, 30)),
        ((10, 30, 30, 0), (11, 0)),
        ((10, 59, 0, 0), (11, 0)),
    ],
)
def test_the_next_full_half_hour(at, half):
    day = datetime(2026, 9, 24, tzinfo=SHANGHAI)
    names = ("hour", "minute", "second", "microsecond")
    assert half_hour(day.replace(**dict(zip(names, at, strict=True)))) == day.replace(hour=half[0], minute=half[1])


def test_a_time_is_read_in_the_zone_of_the_customer():
    before = Progress(step="A1", place="C3")
    turn = next_turn(SCRIPT, SHEET, before, Heard("speech", "今天下午三点", 0.9), NOW.astimezone(UTC))
    assert turn.appointment == NOW.replace(hour=15)
    default = next_turn(
        SCRIPT, SHEET, replace(before, counts={"silent:A1/1": 1}), Heard("nothing"), NOW.astimezone(UTC)
    )
    assert default.appointment == NOW.replace(hour=13) and default.appointment.utcoffset() == timedelta(hours=8)


@pytest.mark.parametrize("confidence", [None, 0.4, 0.39])
@pytest.mark.parametrize(
    ("step", "words", "leads_to"),
    [
        ("A1", "今天下午三点", "A1.booked"),
        ("M2.receipt_date", "昨天", "M3"),
        ("T6.relation", "李梅", "M1"),
        ("I1.birth_date", "一九八零年三月五号", "I1.id_last4"),
    ],
)
def test_how_sure_the_recogniser_must_be(step, words, leads_to, confidence):
    place = {"A1": "C3", "M2.receipt_date": "M2.receipt_signed", "T6.relation": "T6"}.get(step, step)
    before = Progress(step=step, place=place, identity="PROVEN" if place[0] in "MT" else "UNPROVEN")
    turn = next_turn(SCRIPT, SHEET, before, Heard("speech", words, confidence), NOW)
    assert turn.progress.step == (step if confidence == 0.39 else leads_to)


def test_who_will_not_prove_himself_is_asked_for_a_reason_once():
    """Where the script's own step says nothing of a refusal, it is still no aside."""
    step = replace(SCRIPT.steps["I1.birth_date"], on={})
    script = replace(SCRIPT, steps={**SCRIPT.steps, "I1.birth_date": step})
    before = Progress(step="I1.birth_date", place="I1.birth_date")
    first = answered(script, SHEET, before, Given("REFUSE"), NOW)
    assert first.progress.saying == ("I1.birth_date.restate", "I1.birth_date.again")
    second = answered(script, SHEET, first.progress, Given("REFUSE"), NOW)
    assert (second.progress.ended, [a.final for a in second.answers]) == ("DECLINED", [True])


def test_a_step_that_would_tell_too_early_ends_the_call():
    step = replace(SCRIPT.steps["C2"], discloses=True)
    turn = answered(
        replace(SCRIPT, steps={**SCRIPT.steps, "C2": step}), SHEET, Progress(step="C1", place="C1"), Given("YES"), NOW
    )
    assert (turn.progress.step, turn.progress.ended, turn.progress.saying) == ("X", "SILENT", ("X.say",))


def test_values_travel_as_json():
    progress = Progress(
        turn=3, step="M8", place="M8", identity="PROVEN", counts={"silent:M8/0": 1}, slots=(NOW,), appointment=NOW
    )
    answer = Answer("M8", "YES", 2, "P1", True, "X", "keys", "1", 0.5, "FAMILY", "OTHER", False, "2026-09-01")
    for value in (progress, answer, SHEET):
        assert type(value).from_json(value.to_json()) == value
        assert not hasattr(value, "__dict__")
    assert begin(SCRIPT, SHEET).progress == Progress.from_json(begin(SCRIPT, SHEET).progress.to_json())
    assert Progress.from_json({}) == Progress(
        turn=0, step="", place="", policy=0, saying=(), identity="UNPROVEN", identity_round=1, identity_passed=(), counts={},
        silent_in_a_row=0, misheard_in_a_row=0, tries={}, open_items=(), undelivered=(), slots=(), barrier=None, ready=None,
        appointment=None, proxy=None, ended=None,
    )  # fmt: skip
    assert Answer("M8", "YES") == Answer(
        "M8", "YES", try_no=1, policy_no=None, corrected=None, detail=None, how="speech", heard="", confidence=None,
        signer=None, seller_statement=None, final=True, date=None,
    )  # fmt: skip
    assert Listen() == Listen("dtmf speech", 1, "", 6, "2", "")


def test_what_a_sheet_has_when_nothing_more_is_known():
    assert PersonFacts("王芳") == PersonFacts(
        "王芳", sex=None, title="", birth_date=None, id_last4=None, district=None, phone_tail=None
    )
    bare = PolicyFacts("P1", 1, "HEALTH", "长乐", "SINGLE", Decimal(1), None, "10", "AGENCY")
    assert bare == PolicyFacts(
        "P1", 1, "HEALTH", "长乐", "SINGLE", Decimal(1), None, "10", "AGENCY", outlet=None, receipt_signed_on=None,
        nominal_end=None, surrender_deadline=None, cooling_off_days=15, provisional=False, next_due_on=None,
        open_items=None, jurisdiction=None, fees_for_all_types=False,
    )  # fmt: skip
    assert CallSheet(PersonFacts("王芳"), (bare,), "示例人寿", "95000", "R001", NOW.date()) == CallSheet(
        PersonFacts("王芳"), (bare,), "示例人寿", "95000", "R001", NOW.date(), appointment_times=(), min_gap_hours=3,
        proxy_allowed=False, language="zh-CN",
    )  # fmt: skip
    for value, name in (
        (SHEET, "insurer"),
        (POLICY, "outlet"),
        (SHEET.person, "name"),
        (SHEET.appointment_times[0], "end"),
    ):
        with pytest.raises(AttributeError):
            setattr(value, name, "other")
