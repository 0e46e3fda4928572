"""The facts of a call sheet as they are spoken."""

from datetime import date, datetime, timedelta

from rules.call_sheet import CallSheet, PolicyFacts
from rules.script import Script

_MODES = {"ANNUAL": "每年", "HALF_YEARLY": "每半年", "QUARTERLY": "每季度", "MONTHLY": "每个月", "SINGLE": "一次"}
_WEEKDAYS = "一二三四五六日"


def spoken_facts(
    script: Script,
    sheet: CallSheet,
    policy: PolicyFacts,
    appointment: datetime | None,
    slots: tuple[datetime, ...],
) -> dict[str, str]:
    """Every placeholder of a script with its words, empty where the policy has no such thing.

    A cooling-off end that is not certain is never given as final.
    """
    first, second = (*slots, None, None)[:2]
    return {
        "name": sheet.person.name,
        "title": sheet.person.title,
        "insurer": sheet.insurer,
        "hotline": sheet.hotline,
        "staff_number": sheet.staff_number,
        "minutes": str(script.minutes),
        "product": policy.product_name,
        "outlet": policy.outlet or ("代理网点" if policy.channel in ("BANCASSURANCE", "BANK_DIRECT") else ""),
        "premium": _amount(policy),
        "premium_mode": _MODES.get(policy.premium_mode, "每次"),
        "premium_term": _premium_term(policy),
        "policy_term": _policy_term(policy.policy_term),
        "cooling_off_days": str(policy.cooling_off_days),
        "cooling_off_end": _cooling_off_end(policy),
        "next_due": f"下一次交费日是{spoken_day(policy.next_due_on)}。" if policy.next_due_on else "",
        "contact_hint": _contact_hint(sheet),
        "appointment": spoken_time(appointment, sheet.now_date),
        "slot1": spoken_time(first, sheet.now_date),
        "slot2": spoken_time(second or first, sheet.now_date),
    }


def spoken_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def spoken_time(at: datetime | None, today: date) -> str:
    """今天下午3点, 明天上午10点半, 9月28日星期一晚上7点; "" for None."""
    if at is None:
        return ""
    if at.date() == today:
        day = "今天"
    elif at.date() == today + timedelta(days=1):
        day = "明天"
    else:
        day = f"{at.month}月{at.day}日星期{_WEEKDAYS[at.weekday()]}"
    part = "上午" if at.hour < 12 else "中午" if at.hour < 13 else "下午" if at.hour < 18 else "晚上"
    hour = at.hour if at.hour <= 12 else at.hour - 12
    minutes = {0: "", 30: "半"}.get(at.minute, f"{at.minute}分")
    return f"{day}{part}{hour}点{minutes}"


def _amount(policy: PolicyFacts) -> str:
    premium = policy.premium
    return str(int(premium)) if premium == int(premium) else f"{premium:.2f}"


def _premium_term(policy: PolicyFacts) -> str:
    if policy.premium_mode == "SINGLE":
        return ""
    return f"一共交{policy.premium_term_years}年" if policy.premium_term_years else "按合同约定的年限交"


def _policy_term(term: str) -> str:
    if term == "WHOLE_LIFE":
        return "终身"
    years = term.removesuffix("年")
    return f"{int(float(years)) if float(years).is_integer() else years}年"


def _cooling_off_end(policy: PolicyFacts) -> str:
    if policy.nominal_end is None:
        return "截止日期按您签收合同的日期推算"
    if policy.provisional:
        return f"暂定到{spoken_day(policy.nominal_end)}，以公司正式通知为准"
    return f"犹豫期到{spoken_day(policy.nominal_end)}为止"


def _contact_hint(sheet: CallSheet) -> str:
    """Only a district and four digits: enough to recognise, too little to learn from."""
    known = []
    if sheet.person.district:
        known.append(f"联系地址在{sheet.person.district}")
    if sheet.person.phone_tail:
        known.append(f"联系电话尾号是{'，'.join(sheet.person.phone_tail)}")
    return "，".join(known) or "信息包括联系地址和联系电话"
