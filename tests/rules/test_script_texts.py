"""The facts of a call sheet as they are spoken, each row by row."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from rules.calendar import SHANGHAI
from rules.call_sheet import CallSheet, PersonFacts, PolicyFacts
from rules.script import OPEN_FACTS, POLICY_FACTS
from rules.script_texts import spoken_day, spoken_facts, spoken_time
from scripts.call_scripts import load_script

SCRIPT = replace(load_script("bank-participating-regular"), minutes=7)
POLICY = PolicyFacts(
    policy_no="P1", case_id=1, product_type="PARTICIPATING", product_name="长乐两全保险", premium_mode="ANNUAL",
    premium=Decimal("10000.00"), premium_term_years=5, policy_term="10年", channel="BANCASSURANCE", outlet="和平路支行",
    nominal_end=date(2026, 10, 9), cooling_off_days=15, next_due_on=date(2027, 9, 5),
)  # fmt: skip
SHEET = CallSheet(
    person=PersonFacts("王芳", "F", "女士", date(1980, 3, 5), "123X", "海淀区", "5678"), policies=(POLICY,),
    insurer="示例人寿", hotline="95000", staff_number="R001", now_date=date(2026, 9, 24),
)  # fmt: skip


def at(day, hour=10, minute=0, month=9):
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


def facts(sheet=SHEET, policy=POLICY, appointment=None, slots=()):
    return spoken_facts(SCRIPT, sheet, policy, appointment, slots)


def test_every_placeholder_has_its_words():
    assert facts(appointment=at(25), slots=(at(24, 15), at(28, 19, 30))) == {
        "name": "王芳", "title": "女士", "insurer": "示例人寿", "hotline": "95000", "staff_number": "R001", "minutes": "7",
        "product": "长乐两全保险", "outlet": "和平路支行", "premium": "10000", "premium_mode": "每年",
        "premium_term": "一共交5年", "policy_term": "10年", "cooling_off_days": "15",
        "cooling_off_end": "犹豫期到2026年10月9日为止", "next_due": "下一次交费日是2027年9月5日。",
        "contact_hint": "联系地址在海淀区，联系电话尾号是5，6，7，8",
        "appointment": "明天上午10点", "slot1": "今天下午3点", "slot2": "9月28日星期一晚上7点半",
    }  # fmt: skip
    assert set(facts()) == OPEN_FACTS | POLICY_FACTS and not OPEN_FACTS & POLICY_FACTS


@pytest.mark.parametrize(
    ("changes", "name", "words"),
    [
        ({"premium_mode": "HALF_YEARLY"}, "premium_mode", "每半年"),
        ({"premium_mode": "QUARTERLY"}, "premium_mode", "每季度"),
        ({"premium_mode": "MONTHLY"}, "premium_mode", "每个月"),
        ({"premium_mode": "SINGLE"}, "premium_mode", "一次"),
        ({"premium_mode": "FORTNIGHTLY"}, "premium_mode", "每次"),
        ({"premium_mode": "SINGLE"}, "premium_term", ""),
        ({"premium_term_years": None}, "premium_term", "按合同约定的年限交"),
        ({"premium": Decimal("1234.5")}, "premium", "1234.50"),
        ({"premium": Decimal("0.99")}, "premium", "0.99"),
        ({"policy_term": "WHOLE_LIFE"}, "policy_term", "终身"),
        ({"policy_term": "20"}, "policy_term", "20年"),
        ({"policy_term": "20.0"}, "policy_term", "20年"),
        ({"policy_term": "1.5"}, "policy_term", "1.5年"),
        ({"outlet": None}, "outlet", "代理网点"),
        ({"outlet": None, "channel": "BANK_DIRECT"}, "outlet", "代理网点"),
        ({"outlet": None, "channel": "AGENCY"}, "outlet", ""),
        ({"nominal_end": None}, "cooling_off_end", "截止日期按您签收合同的日期推算"),
        ({"nominal_end": None, "provisional": True}, "cooling_off_end", "截止日期按您签收合同的日期推算"),
        ({"provisional": True}, "cooling_off_end", "暂定到2026年10月9日，以公司正式通知为准"),
        ({"next_due_on": None}, "next_due", ""),
        ({"cooling_off_days": 20}, "cooling_off_days", "20"),
    ],
)
def test_a_fact_of_the_policy(changes, name, words):
    assert facts(policy=replace(POLICY, **changes))[name] == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone_tail": None}, "联系地址在海淀区"),
        ({"district": None}, "联系电话尾号是5，6，7，8"),
        ({"district": None, "phone_tail": None}, "信息包括联系地址和联系电话"),
    ],
)
def test_the_hint_of_what_is_on_file(changes, words):
    assert facts(replace(SHEET, person=replace(SHEET.person, **changes)))["contact_hint"] == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (None, ""),
        (at(24, 9), "今天上午9点"),
        (at(24, 11, 59), "今天上午11点59分"),
        (at(24, 12, 0), "今天中午12点"),
        (at(24, 12, 30), "今天中午12点半"),
        (at(24, 13, 0), "今天下午1点"),
        (at(24, 17, 45), "今天下午5点45分"),
        (at(25, 18, 0), "明天晚上6点"),
        (at(25, 20, 31), "明天晚上8点31分"),
        (at(26, 9), "9月26日星期六上午9点"),
        (at(27, 9), "9月27日星期日上午9点"),
        (at(1, 15, month=10), "10月1日星期四下午3点"),
        (at(23, 9), "9月23日星期三上午9点"),
    ],
)
def test_an_instant_as_it_is_spoken(moment, words):
    assert spoken_time(moment, date(2026, 9, 24)) == words


def test_offered_times():
    assert (facts()["slot1"], facts()["slot2"], facts()["appointment"]) == ("", "", "")
    one = facts(slots=(at(25),))
    assert (one["slot1"], one["slot2"]) == ("明天上午10点", "明天上午10点")
    assert spoken_day(date(2026, 1, 2)) == "2026年1月2日"
