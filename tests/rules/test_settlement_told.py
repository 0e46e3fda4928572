"""What follows from each kind of contact, whole: the first line is the outcome, the others are its reasoning, step by step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.contacts import CallFacts, CaseFacts, Contact
from rules.outcomes import mandatory_items
from rules.papers import Evidence
from rules.settlement import Settlement, settle
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()
ITEMS = mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)
CASE = CaseFacts(
    1, "P1", "IN_CALL", 1, "PARTICIPATING", "ANNUAL", "BANCASSURANCE", "B1", "A1", date(2026, 9, 24), date(2026, 10, 9)
)
NOON = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)
CASES = []


def finds(*told: str) -> Callable:
    def keep(make: Callable) -> Callable:
        CASES.append(pytest.param(make, told, id=make.__name__))
        return make

    return keep


def asked(make: Callable) -> list[str]:
    found = make()
    found = found if isinstance(found, Settlement) else settled(found)
    return [in_one_line(found), *(f"{step.rule} {step.zh} / {step.en}" for step in found.steps)]


def settled(contact: Contact, **params) -> Settlement:
    profile = NATIONAL.with_params({name.replace("__", "."): value for name, value in params.items()})
    return settle(contact, profile=profile, calendar=CALENDAR, inbox_branch="B1")


def in_one_line(found: Settlement) -> str:
    parts = [str(found.result), str(found.class_), found.case_state, found.owner, *found.marks]
    parts += [str(part) for part in (found.owner_branch, found.class_b) if part]
    parts += [f"order:{order.kind}:{order.working_days}" for order in found.orders]
    parts += [f"reason:{reason.code}" for reason in found.reasons]
    parts += [name for name in ("completed", "counts", "dead_number", "void") if getattr(found, name)]
    parts += [
        f"{name}:{value}" for name in ("appointment", "wake_on", "in_window", "late_grace_until", "signed_on", "nominal_end")
        if (value := getattr(found, name)) is not None
    ]  # fmt: skip
    open_items = found.outcome.open_items if found.outcome else ()
    return " ".join(parts) + (f" open:{len(open_items)}" if open_items else "")


def answer(step: str, said: str = "YES", **more) -> Answer:
    return Answer(step, said, policy_no="P1" if step[0] in "MN" else None, **more)


OPENING = (answer("C1"), answer("C3"), answer("I1"))
THIRD = (answer("C1", "THIRD_PARTY"), answer("T2"))


def complete(*changed: Answer) -> tuple[Answer, ...]:
    steps = {a.step for a in changed}
    return (*OPENING, *(answer(item) for item in ITEMS if item not in steps), *changed)


def call(*answers: Answer, at: datetime = NOON, case: CaseFacts = CASE, **more) -> Contact:
    of_contact = {
        name: more.pop(name)
        for name in ("earlier_answers", "deliberate_hangups", "plan_used_up", "given_back", "after_care")
        if name in more
    }
    facts = {"carrier_status": "completed", "answered": True, "ended_by": "us", "recording": "VERIFIED", **more}
    return Contact("CALL", at, case, call=CallFacts("c1", answers=answers, **facts), **of_contact)


def unanswered(*answers: Answer, **more) -> Contact:
    return call(
        *answers,
        **{"answered": False, "carrier_status": "no-answer", "ended_by": None, "recording": "NOT_EXPECTED", **more},
    )


# ---------------------------------------------------------------- spoken to the person himself


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def everything_is_clear():
    return call(*complete())


@finds(
    "COMPLETED SUB_STANDARD CLOSED CLOSED misselling_signal order:FEEDBACK_ONLY:5 reason:COOLING_OFF_OR_SURRENDER_UNCLEAR completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R69 M8：犹豫期或退保损失不清楚，经解释已清楚 / M8: cooling-off or surrender loss unclear, clear after an explanation",
    "C18 计入误导统计，已纠正的也不例外 / counted as a mis-selling signal, corrected or not",
    "R66 有疑问但当场解释清楚，为次标准件 / a doubt that was explained on the line: sub-standard",
)
def a_doubt_was_explained():
    return call(*complete(answer("M8", corrected=True)))


@finds(
    "COMPLETED QUESTION AT_BRANCH BRANCH misselling_signal exclude_selling_agent B1 FIRST_LEVEL_EXPLANATION order:QUESTION:3 reason:COOLING_OFF_OR_SURRENDER_UNCLEAR completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R70 M8：犹豫期或退保损失不清楚，解释后仍不清楚 / M8: cooling-off or surrender loss unclear, still not clear",
    "C18 计入误导统计，已纠正的也不例外 / counted as a mis-selling signal, corrected or not",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "R67 回访完成，有未解释清楚的事项，为问题件 / completed, and something stayed unclear: question",
)
def a_doubt_stayed():
    return call(*complete(answer("M8", "NO", corrected=False)))


@finds(
    "COMPLETED QUESTION AT_BRANCH BRANCH misselling_signal exclude_selling_agent B1 SECOND_LEVEL_EXPLANATION order:QUESTION:3 reason:COOLING_OFF_OR_SURRENDER_UNCLEAR completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R70 M8：犹豫期或退保损失不清楚，解释后仍不清楚 / M8: cooling-off or surrender loss unclear, still not clear",
    "C18 计入误导统计，已纠正的也不例外 / counted as a mis-selling signal, corrected or not",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "R67 回访完成，有未解释清楚的事项，为问题件 / completed, and something stayed unclear: question",
)
def a_doubt_stayed_after_care():
    return call(*complete(answer("M8", "NO", corrected=False)), after_care=True)


@finds(
    "COMPLETED QUESTION AT_BRANCH BRANCH B1 FIRST_LEVEL_EXPLANATION order:QUESTION:5 reason:SIGNED_BY_OTHER completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R72 M3：代签名（业务人员） / M3: signed by another (agent)",
    "R67 回访完成，有未解释清楚的事项，为问题件 / completed, and something stayed unclear: question",
)
def somebody_else_signed():
    return call(*complete(answer("M3", "NO", signer="AGENT")))


@finds(
    "COMPLETED VERIFICATION AT_BRANCH BRANCH B1 FIRST_LEVEL_EXPLANATION order:VERIFICATION:5 reason:SIGNED_BY_OTHER completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R72 M3：代签名（业务人员） / M3: signed by another (agent)",
    "C17 回访完成，按规则版本此事项归为核实件 / completed; this profile makes it a verification",
)
def a_signature_is_verified_by_such_a_profile():
    return settled(call(*complete(answer("M3", "NO", signer="AGENT"))), mapping__signed_by_other="VERIFICATION")


@finds(
    "COMPLETED QUESTION AT_BRANCH BRANCH B1 FIRST_LEVEL_EXPLANATION order:QUESTION:5 reason:RECEIPT_UNSIGNED completed counts",
    "S5 回执未签，犹豫期自补签之日起算，届时回访复核签收与犹豫期两项 / the receipt is not signed: the period begins with the day it is, and the call after that repeats M2 and M8",
    "C17 M2.receipt_signed：回执未签 / M2.receipt_signed: receipt not signed",
    "R67 回访完成，有未解释清楚的事项，为问题件 / completed, and something stayed unclear: question",
)
def the_receipt_is_not_signed():
    return call(*complete(answer("M2.receipt_signed", "NO")))


@finds(
    "INCOMPLETE VERIFICATION AT_BRANCH BRANCH dispute exclude_selling_agent B1 VERIFICATION order:VERIFICATION:1 reason:DENIES_PURCHASE counts open:13",
    "C15 M1：否认投保 / M1: denies the purchase",
    "C15 按争议件最先处理，通知品质部门 / a dispute: handled first, the quality unit is told",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_purchase_is_denied():
    return call(*OPENING, answer("M1", "OBJECT"))


@finds(
    "INCOMPLETE QUESTION AT_BRANCH BRANCH dispute exclude_selling_agent B1 FIRST_LEVEL_EXPLANATION order:QUESTION:1 reason:DENIES_PURCHASE counts open:13",
    "C15 M1：否认投保 / M1: denies the purchase",
    "C15 按争议件最先处理，通知品质部门 / a dispute: handled first, the quality unit is told",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "C15 按规则版本，此原因归为问题件，回访未完成 / this profile makes it a question; not completed",
)
def a_denied_purchase_is_a_question_by_such_a_profile():
    return settled(call(*OPENING, answer("M1", "OBJECT")), mapping__denies_purchase="QUESTION")


@finds(
    "INCOMPLETE VERIFICATION ASLEEP BRANCH RECEIPT_DISPUTED B1 FIRST_LEVEL_EXPLANATION order:VERIFICATION:3 order:DELIVERY_REMINDER:3 reason:CONTRACT_NOT_RECEIVED counts open:12",
    "R79 M2.received：未收到合同 / M2.received: contract not received",
    "S4 登记有回执而客户称未收到 / a receipt is on file, yet he says he received nothing",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_contract_did_not_arrive():
    return call(*OPENING, answer("M1"), answer("M2.received", "NO"))


@finds(
    "REFUSED VERIFICATION AT_BRANCH BRANCH RECEIPT_DISPUTED B1 VERIFICATION order:VERIFICATION:1 order:DELIVERY_REMINDER:3 order:LETTER:5 reason:REFUSED reason:CONTRACT_NOT_RECEIVED counts open:12",
    "C31 R1：拒访 / R1: refused",
    "R79 M2.received：未收到合同 / M2.received: contract not received",
    "S4 登记有回执而客户称未收到 / a receipt is on file, yet he says he received nothing",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def it_did_not_arrive_and_he_refuses():
    return call(*OPENING, answer("M1"), answer("M2.received", "NO"), answer("R1", "REFUSE"))


@finds(
    "INCOMPLETE None NOT_REQUIRED CLOSED impersonation_suspect counts",
    "R75 核心系统确认已退保，无须回访 / the core system confirms the surrender: no callback is due",
)
def he_has_left_and_the_core_system_says_so():
    return call(*OPENING, answer("M1", "OBJECT", detail="ALREADY_SURRENDERED"), answer("D2"), voice_doubt=True)


@finds(
    "REFUSED VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 order:LETTER:5 reason:REFUSED counts open:14",
    "C31 R1：拒访 / R1: refused",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def he_refuses():
    return call(*OPENING, answer("R1", "REFUSE"))


@finds(
    "REFUSED VERIFICATION AT_BRANCH BRANCH INFORMED_REFUSAL B1 VERIFICATION order:VERIFICATION:1 order:LETTER:5 reason:REFUSED counts open:14",
    "C31 R1：拒访（知情拒访） / R1: refused (informed refusal)",
    "C31 客户表示均已知悉，寄送载明全部事项的信函 / he knows it all: a letter with every item follows",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def he_refuses_since_he_knows():
    return call(*OPENING, answer("R1", "REFUSE", detail="INFORMED"))


@finds(
    "REFUSED VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 reason:IDENTITY_NOT_CONFIRMED counts open:14",
    "R75 I1：不肯核实身份 / I1: identity not confirmed",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def he_refuses_to_identify_himself():
    return call(answer("C1"), answer("I1", "REFUSE"))


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE DISCLOSED_BEFORE_IDENTITY counts open:14",
    "R31 身份没有核实，所答不予采信 / identity was not proven: the answers are not taken",
    "S10 核实身份前谈及保单内容，属违规，结论不变 / a policy fact came before identity: a breach, the class stands",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def identity_was_not_proven():
    return call(answer("C1"), answer("I1", "NO"), *(answer(item) for item in ITEMS))


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE counts open:14",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def identity_was_not_proven_and_nothing_was_answered():
    return call(answer("C1"), answer("I1", "NO"))


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def identity_was_asked_again():
    return call(answer("C1"), answer("I1", "NO"), answer("I1"), *(answer(item) for item in ITEMS))


@finds(
    "COMPLETED STANDARD CLOSED CLOSED DISCLOSED_BEFORE_IDENTITY completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "S10 核实身份前谈及保单内容，属违规，结论不变 / a policy fact came before identity: a breach, the class stands",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def a_question_for_identity_that_is_not_final():
    return call(answer("C1"), answer("I1", "NO", final=False), *(answer(item) for item in ITEMS))


@finds(
    "COMPLETED STANDARD WAITING HEAD_OFFICE impersonation_suspect order:IMPERSONATION_CHECK:5 completed counts wake_on:2026-09-29 in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "S11 疑似冒充：结论不变，另下发冒充核查工单并重新拨打 / somebody may have posed as him: the class stands, with a check and another call beside it",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def the_voice_is_doubtful():
    return call(*complete(), voice_doubt=True)


@finds(
    "COMPLETED QUESTION AT_BRANCH BRANCH misselling_signal exclude_selling_agent impersonation_suspect B1 FIRST_LEVEL_EXPLANATION order:QUESTION:3 order:IMPERSONATION_CHECK:5 reason:COOLING_OFF_OR_SURRENDER_UNCLEAR completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "S11 疑似冒充：结论不变，另下发冒充核查工单并重新拨打 / somebody may have posed as him: the class stands, with a check and another call beside it",
    "R70 M8：犹豫期或退保损失不清楚，解释后仍不清楚 / M8: cooling-off or surrender loss unclear, still not clear",
    "C18 计入误导统计，已纠正的也不例外 / counted as a mis-selling signal, corrected or not",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "R67 回访完成，有未解释清楚的事项，为问题件 / completed, and something stayed unclear: question",
)
def the_voice_is_doubtful_and_a_doubt_stayed():
    return call(*complete(answer("M8", "NO", corrected=False)), voice_doubt=True)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R30 双录合格，按简化话术，只问四项 / the sale's recording passed: the short script's four items",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def the_short_script():
    rows = (*OPENING, *(answer(item) for item in ("M1", "M2.received", "M2.receipt_signed", "M8")))
    return settled(call(*rows, case=replace(CASE, traceability="PASSED")), script__simplified=True)


@finds(
    "APPOINTED None APPOINTED HEAD_OFFICE counts appointment:2026-09-29 10:00:00+08:00 open:14",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def agreed_for_another_time():
    return call(answer("C1"), answer("C3", "BUSY"), appointment=datetime(2026, 9, 29, 10, tzinfo=SHANGHAI))


@finds(
    "INCOMPLETE VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 reason:LANGUAGE_BARRIER counts open:14",
    "R77 C3：语言沟通不畅 / C3: language barrier",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def agreed_and_not_understood():
    """A barrier gives a class, and so no time is kept."""
    at = datetime(2026, 9, 29, 10, tzinfo=SHANGHAI)
    return call(answer("C1"), answer("C3", "NO", detail="LANGUAGE"), appointment=at)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def answered_in_two_calls():
    half = tuple(answer(item) for item in ITEMS[:5])
    return call(*OPENING, *(answer(item) for item in ITEMS[5:]), earlier_answers=half)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED provisional signature_date_estimated completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def of_a_case_with_uncertain_dates():
    return call(*complete(), case=replace(CASE, provisional=True, signature_date_estimated=True))


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts",
    "R19 回执签署日未知，是否期内待定 / no receipt date yet: whether it was inside the period is not decided",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def of_a_case_without_a_receipt():
    return call(*complete(), case=replace(CASE, receipt_signed_on=None, nominal_end=None))


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:False late_grace_until:2026-10-19",
    "R19 2026-10-10已过犹豫期（至2026-10-09） / 2026-10-10 lies after the period, which ended on 2026-10-09",
    "R24 回访后7日内申请退保按犹豫期撤单：至2026-10-17，逢非工作日顺延至2026-10-19 / a surrender within 7 days of the callback is a withdrawal: until 2026-10-17, rolled to the working day 2026-10-19",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def after_the_end():
    return call(*complete(), at=datetime(2026, 10, 10, 12, tzinfo=SHANGHAI))


@finds(
    "COMPLETED STANDARD WAITING HEAD_OFFICE PRE_COOLING_OFF completed counts wake_on:2026-09-30 in_window:False",
    "R23 2026-09-28的回访早于2026-09-30签署回执，须自2026-09-30起至2026-10-15补访 / the callback of 2026-09-28 precedes the signature of 2026-09-30: a supplementary one is due from then until 2026-10-15",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def before_the_signature():
    return call(*complete(), case=replace(CASE, receipt_signed_on=date(2026, 9, 30), nominal_end=date(2026, 10, 15)))


@finds(
    "COMPLETED QUESTION AT_BRANCH BRANCH misselling_signal exclude_selling_agent PRE_COOLING_OFF B1 FIRST_LEVEL_EXPLANATION order:QUESTION:3 reason:COOLING_OFF_OR_SURRENDER_UNCLEAR completed counts in_window:False",
    "R23 2026-09-28的回访早于2026-09-30签署回执，须自2026-09-30起至2026-10-15补访 / the callback of 2026-09-28 precedes the signature of 2026-09-30: a supplementary one is due from then until 2026-10-15",
    "R70 M8：犹豫期或退保损失不清楚，解释后仍不清楚 / M8: cooling-off or surrender loss unclear, still not clear",
    "C18 计入误导统计，已纠正的也不例外 / counted as a mis-selling signal, corrected or not",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "R67 回访完成，有未解释清楚的事项，为问题件 / completed, and something stayed unclear: question",
)
def before_the_signature_and_a_doubt_stayed():
    case = replace(CASE, receipt_signed_on=date(2026, 9, 30), nominal_end=date(2026, 10, 15))
    return call(*complete(answer("M8", "NO", corrected=False)), case=case)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True signed_on:2026-09-20 nominal_end:2026-10-05",
    "C44 客户称回执签署于2026-09-20，早于登记的2026-09-24，以此为准；回执迟交列为品质事项 / the customer says the receipt was signed on 2026-09-20, earlier than the 2026-09-24 on record: it holds, and a receipt returned late is a quality item",
    "R19 2026-09-28在犹豫期内（至2026-10-05） / 2026-09-28 lies inside the period, which ends on 2026-10-05",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def he_names_an_earlier_day_of_signature():
    return call(*complete(), answer("M2.receipt_date", date="2026-09-20"))


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True signed_on:2026-09-20 nominal_end:2026-10-10",
    "C44 客户称回执签署于2026-09-20，尚未登记，以此为准 / the customer says the receipt was signed on 2026-09-20, not recorded yet: it holds",
    "R19 2026-09-28在犹豫期内（至2026-10-10） / 2026-09-28 lies inside the period, which ends on 2026-10-10",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def he_names_a_day_where_none_is_on_record():
    case = replace(CASE, receipt_signed_on=None, nominal_end=None, cooling_off_days=20, signature_date_estimated=True)
    return call(*complete(), answer("M2.receipt_date", date="2026-09-20"), case=case)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True signed_on:2026-09-20 nominal_end:2026-10-05",
    "C44 客户称回执签署于2026-09-20，尚未登记，以此为准 / the customer says the receipt was signed on 2026-09-20, not recorded yet: it holds",
    "R19 2026-09-28在犹豫期内（至2026-10-05） / 2026-09-28 lies inside the period, which ends on 2026-10-05",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def he_names_a_day_where_only_an_end_is_on_record():
    """An end that was counted from nothing that is known: it is counted anew."""
    case = replace(CASE, receipt_signed_on=None)
    return call(*complete(), answer("M2.receipt_date", date="2026-09-20"), case=case)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True signed_on:2026-09-28 nominal_end:2026-10-13",
    "C44 客户称回执签署于2026-09-28，尚未登记，以此为准 / the customer says the receipt was signed on 2026-09-28, not recorded yet: it holds",
    "R19 2026-09-28在犹豫期内（至2026-10-13） / 2026-09-28 lies inside the period, which ends on 2026-10-13",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def he_names_this_very_day():
    case = replace(CASE, receipt_signed_on=None, nominal_end=None)
    return call(*complete(), answer("M2.receipt_date", date="2026-09-28"), case=case)


@finds(
    "COMPLETED STANDARD CLOSED CLOSED completed counts in_window:True signed_on:2026-09-20 nominal_end:2026-10-05",
    "C44 客户称回执签署于2026-09-20，早于登记的2026-09-24，以此为准；回执迟交列为品质事项 / the customer says the receipt was signed on 2026-09-20, earlier than the 2026-09-24 on record: it holds, and a receipt returned late is a quality item",
    "R19 2026-09-28在犹豫期内（至2026-10-05） / 2026-09-28 lies inside the period, which ends on 2026-10-05",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def he_names_a_day_and_then_another():
    return call(
        *complete(), answer("M2.receipt_date", date="2026-09-10"), answer("M2.receipt_date", date="2026-09-20"),
        answer("M2.receipt_date", date="2026-09-01", final=False),
    )  # fmt: skip


# ---------------------------------------------------------------- somebody else, or nobody


@finds(
    "THIRD_PARTY None CALLABLE HEAD_OFFICE counts open:14",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_third_party():
    return call(*THIRD)


@finds(
    "THIRD_PARTY None CALLABLE HEAD_OFFICE candidate_number DISCLOSED_BEFORE_IDENTITY counts open:14",
    "R7 非投保人本人所答，不予采信 / not answered by the policyholder: not taken",
    "C25 新号码先列为待确认，确认前不拨打 / another number was named: a candidate, not rung until confirmed",
    "S10 核实身份前谈及保单内容，属违规，结论不变 / a policy fact came before identity: a breach, the class stands",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_third_party_who_answers():
    return call(*THIRD, *(answer(item) for item in ITEMS), candidate_number=True)


@finds(
    "THIRD_PARTY None APPOINTED HEAD_OFFICE counts appointment:2026-09-29 10:00:00+08:00 open:14",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_third_party_who_names_a_time():
    return call(*THIRD, appointment=datetime(2026, 9, 29, 10, tzinfo=SHANGHAI))


@pytest.mark.parametrize("step", ["T2", "T3", "T5", "T6"])
def test_whoever_is_asked_for_him_is_a_third_party(step):
    found = settled(call(answer("C1", "SILENT"), answer(step), answer("R1", "REFUSE")))
    assert (found.result, found.class_) == ("THIRD_PARTY", None)
    himself = settled(call(answer("C1"), answer(step), answer("R1", "REFUSE")))
    assert (himself.result, himself.class_) == ("REFUSED", "VERIFICATION")


@finds(
    "INCOMPLETE VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 reason:HEARING_OR_AGE counts open:14",
    "R77 C3：听力或年龄原因（听力） / C3: hearing or age (hearing)",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def he_does_not_understand_who_is_asked_for():
    return call(answer("C1", "NO", detail="HEARING"), answer("C3", "NO", detail="HEARING"))


@finds(
    "INCOMPLETE None AT_BRANCH BRANCH answered_by_proxy DISCLOSED_BEFORE_IDENTITY B1 order:LETTER:5 order:QUALITY_CHECK:5 counts open:2",
    "C6 经投保人本人录音授权，由家属代答 / a relative answered, authorised on the recording",
    "S9 家属代答，签名事项须投保人书面确认 / a proxy answered: signatures are confirmed in writing",
    "S10 核实身份前谈及保单内容，属违规，结论不变 / a policy fact came before identity: a breach, the class stands",
    "S1 还有2项没有明确回答（M3、M4），暂不定类，下次接着问 / 2 items without a definite answer (M3, M4): no class yet, they are asked in the next call",
)
def a_relative_with_his_consent():
    rows = (*THIRD, answer("T6"), *(answer(item) for item in ITEMS))
    return settled(call(*rows), callback__allow_authorised_proxy=True)


@finds(
    "THIRD_PARTY None CALLABLE HEAD_OFFICE DISCLOSED_BEFORE_IDENTITY counts open:14",
    "R7 非投保人本人所答，不予采信 / not answered by the policyholder: not taken",
    "S10 核实身份前谈及保单内容，属违规，结论不变 / a policy fact came before identity: a breach, the class stands",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_relative_without_his_consent():
    rows = (*THIRD, answer("T6", "NO"), *(answer(item) for item in ITEMS))
    return settled(call(*rows), callback__allow_authorised_proxy=True)


@finds(
    "THIRD_PARTY None CALLABLE HEAD_OFFICE DISCLOSED_BEFORE_IDENTITY counts open:14",
    "R7 非投保人本人所答，不予采信 / not answered by the policyholder: not taken",
    "S10 核实身份前谈及保单内容，属违规，结论不变 / a policy fact came before identity: a breach, the class stands",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_relative_where_the_profile_allows_none():
    return settled(call(*THIRD, answer("T6"), *(answer(item) for item in ITEMS)))


@finds(
    "NO_SUCH_PERSON None CALLABLE HEAD_OFFICE counts dead_number open:14",
    "R73 接听者说没有此人，此号码停用 / no such person at this number: the number is struck",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def no_such_person():
    return call(answer("C1", "NO"), answer("T1", "NO", detail="NO_SUCH_PERSON"))


@finds(
    "NO_SUCH_PERSON VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:3 reason:PHONE_INVALID counts dead_number open:14",
    "R73 接听者说没有此人，此号码停用 / no such person at this number: the number is struck",
    "R73 T4：电话有误（查无此人） / T4: phone invalid (no such person)",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def no_such_person_twice():
    return call(answer("C1", "NO"), answer("T4", "NO"))


@finds(
    "NO_ANSWER None CALLABLE HEAD_OFFICE",
    "R56 没有通话 / nobody was spoken to",
)
def nobody_answers():
    return unanswered()


@finds(
    "NO_ANSWER VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 reason:UNREACHABLE open:14",
    "R56 没有通话 / nobody was spoken to",
    "C57 拨打计划已用完，交分支机构 / the plan of attempts is used up: handed to the branch",
    "R78 联系不上 / not reached",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def nobody_answers_the_last_time():
    return unanswered(plan_used_up=True)


@finds(
    "MACHINE None CALLABLE HEAD_OFFICE counts",
    "R56 没有通话 / nobody was spoken to",
)
def a_machine():
    return call(answered_by="machine_start")


@finds(
    "MACHINE None CALLABLE HEAD_OFFICE counts",
    "R56 没有通话 / nobody was spoken to",
)
def a_facsimile():
    return call(answer("C1", "NO"), answered_by="fax")


@pytest.mark.parametrize(
    ("status", "code", "result"),
    [
        ("busy", None, "BUSY_LINE"), ("failed", 486, "BUSY_LINE"), ("failed", 600, "BUSY_LINE"),
        ("no-answer", None, "NO_ANSWER"), ("canceled", None, "NO_ANSWER"), ("failed", 408, "NO_ANSWER"),
        ("failed", 487, "NO_ANSWER"), ("failed", None, "POWERED_OFF"), ("failed", 480, "POWERED_OFF"),
        *[("failed", code, "INVALID_NUMBER") for code in (404, 410, 484, 604)],
    ],
)  # fmt: skip
def test_what_the_line_alone_tells(status, code, result):
    found = settled(unanswered(carrier_status=status, sip_code=code))
    assert (found.result, found.dead_number, found.case_state) == (result, result == "INVALID_NUMBER", "CALLABLE")


@finds(
    "SUSPENDED None CALLABLE HEAD_OFFICE dead_number open:14",
    "R56 没有通话 / nobody was spoken to",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def the_number_is_suspended():
    return unanswered(line="SUSPENDED")


@finds(
    "SUSPENDED VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:3 reason:PHONE_INVALID dead_number open:14",
    "R56 没有通话 / nobody was spoken to",
    "R73 P1：电话有误（停机） / P1: phone invalid (suspended)",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_number_is_suspended_and_somebody_heard_it():
    return unanswered(answer("P1", "SUSPENDED"), line="SUSPENDED")


# ---------------------------------------------------------------- cut off


@finds(
    "DROPPED None CALLABLE HEAD_OFFICE counts open:14",
    "S1 线路中断 / the line broke",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def the_line_broke_before_anything():
    return call(answer("C1"), ended_by=None)


@finds(
    "HANGUP None CALLABLE HEAD_OFFICE counts open:14",
    "S1 挂断，未见拒访之意 / hung up, not as a refusal",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_by_somebody():
    return call(ended_by="callee")


@finds(
    "HANGUP_DELIBERATE None CALLABLE HEAD_OFFICE counts open:14",
    "S1 本人第1次主动挂断 / the person hung up on purpose, time 1",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_by_him():
    return call(answer("C1"), ended_by="callee")


@finds(
    "HANGUP None CALLABLE HEAD_OFFICE counts open:14",
    "S1 挂断，未见拒访之意 / hung up, not as a refusal",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_by_him_but_not_on_purpose():
    return call(answer("C1"), ended_by="callee", deliberate=False)


@finds(
    "HANGUP_DELIBERATE None CALLABLE HEAD_OFFICE counts open:14",
    "S1 本人第1次主动挂断 / the person hung up on purpose, time 1",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_by_somebody_on_purpose():
    return call(ended_by="callee", deliberate=True)


@finds(
    "HANGUP_DELIBERATE VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 order:LETTER:5 reason:REFUSED counts open:14",
    "S1 本人第2次主动挂断 / the person hung up on purpose, time 2",
    "C31 拒访（主动挂断） / refused (hung up on purpose)",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def hung_up_by_him_again():
    return call(answer("C1"), ended_by="callee", deliberate_hangups=1)


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE counts open:13",
    "S1 通话中断，已答的保留，其余下次接着问 / cut off: what was answered is kept, the rest is asked next time",
    "S1 还有13项没有明确回答（M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 13 items without a definite answer (M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def cut_off_in_the_middle():
    return call(*OPENING, answer("M1"), ended_by=None)


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE counts open:13",
    "S1 通话中断，已答的保留，其余下次接着问 / cut off: what was answered is kept, the rest is asked next time",
    "S1 还有13项没有明确回答（M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 13 items without a definite answer (M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_in_the_middle():
    return call(*OPENING, answer("M1"), ended_by="callee", deliberate_hangups=1)


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE counts open:13",
    "S1 通话中断，已答的保留，其余下次接着问 / cut off: what was answered is kept, the rest is asked next time",
    "S1 还有13项没有明确回答（M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 13 items without a definite answer (M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_in_the_middle_on_purpose():
    return call(*OPENING, answer("M1"), ended_by="callee", deliberate=True)


@finds(
    "HANGUP_DELIBERATE VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 order:LETTER:5 reason:REFUSED counts open:13",
    "S1 本人第2次主动挂断 / the person hung up on purpose, time 2",
    "C31 拒访（主动挂断） / refused (hung up on purpose)",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def hung_up_in_the_middle_on_purpose_again():
    return call(*OPENING, answer("M1"), ended_by="callee", deliberate=True, deliberate_hangups=1)


@finds(
    "HANGUP_DELIBERATE None CALLABLE HEAD_OFFICE counts open:14",
    "S1 本人第1次主动挂断 / the person hung up on purpose, time 1",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def hung_up_while_it_was_asked():
    return call(*OPENING, answer("M1", "HANGUP", final=False), ended_by="callee")


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE counts open:13",
    "S1 还有13项没有明确回答（M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 13 items without a definite answer (M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def ended_by_us_in_the_middle():
    return call(*OPENING, answer("M1"))


@finds(
    "INCOMPLETE VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 reason:UNREACHABLE counts open:13",
    "S1 通话中断，已答的保留，其余下次接着问 / cut off: what was answered is kept, the rest is asked next time",
    "C57 拨打计划已用完，交分支机构 / the plan of attempts is used up: handed to the branch",
    "R78 联系不上 / not reached",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def ended_the_last_time_in_the_middle():
    return call(*OPENING, answer("M1"), ended_by="callee", plan_used_up=True)


@finds(
    "APPOINTED None APPOINTED HEAD_OFFICE counts appointment:2026-09-29 10:00:00+08:00 open:14",
    "S1 还有14项没有明确回答（M1、M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 14 items without a definite answer (M1, M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_time_agreed_in_the_last_call():
    at = datetime(2026, 9, 29, 10, tzinfo=SHANGHAI)
    return call(answer("C1"), answer("C3", "BUSY"), appointment=at, plan_used_up=True)


# ---------------------------------------------------------------- what became of its recording


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE misselling_signal exclude_selling_agent reason:COOLING_OFF_OR_SURRENDER_UNCLEAR reason:RECORDING_LOST open:14",
    "C59 录音丢失，答案留档，须重新回访 / the recording is lost: the answers stay on record, the call is made again",
)
def the_recording_is_lost():
    return call(*complete(answer("M8", "NO", corrected=False)), recording="LOST")


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE reason:RECORDING_LOST open:13",
    "C59 录音丢失，答案留档，须重新回访 / the recording is lost: the answers stay on record, the call is made again",
)
def the_recording_of_half_a_call_is_lost():
    return call(*OPENING, answer("M1"), recording="LOST", earlier_answers=(answer("M9"),))


@finds(
    "REFUSED VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 order:LETTER:5 reason:REFUSED open:14",
    "C31 R1：拒访 / R1: refused",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_recording_of_a_refusal_is_lost():
    return call(*OPENING, answer("R1", "REFUSE"), recording="LOST")


@finds(
    "INCOMPLETE None CALLABLE HEAD_OFFICE reason:RECORDING_LOST open:3",
    "C59 录音丢失，答案留档，须重新回访 / the recording is lost: the answers stay on record, the call is made again",
)
def the_recording_of_a_short_script_is_lost():
    case = replace(CASE, traceability="PASSED")
    rows = (*OPENING, *(answer(item) for item in ("M1", "M2.received", "M2.receipt_signed", "M8")))
    return settled(call(*rows, case=case, recording="LOST", earlier_answers=(answer("M1"),)), script__simplified=True)


# ---------------------------------------------------------------- without a call, and given back


@finds(
    "None VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:3 reason:PHONE_INVALID open:14",
    "R73 P0：电话有误（号码不完整） / P0: phone invalid (number incomplete)",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_number_does_not_pass_the_check():
    return Contact("PRECHECK", NOON, replace(CASE, state="CALLABLE"), "PHONE_INVALID")


@finds(
    "None VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:3 reason:PHONE_IS_AGENTS open:14",
    "R74 P0：电话为业务人员号码 / P0: phone is an agent's",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_number_is_the_agents():
    return Contact("PRECHECK", NOON, replace(CASE, state="CALLABLE"), "PHONE_IS_AGENTS")


@finds(
    "None VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:3 reason:RECORD_MISMATCH open:14",
    "R76 I1：身份信息与记录不符 / I1: identity differs from the record",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_record_has_too_little_to_identify_him():
    return Contact("PRECHECK", NOON, replace(CASE, state="CALLABLE"), "RECORD_MISMATCH")


@finds(
    "None None AT_BRANCH BRANCH B1 order:VISIT:5",
    "S21 特殊回访件，不拨打，交分支机构上门 / a special callback: no dial, the branch visits",
)
def a_special_callback():
    return Contact("PRECHECK", NOON, replace(CASE, state="CALLABLE"), "SPECIAL_CALLBACK")


@finds(
    "None VERIFICATION AT_BRANCH BRANCH B1 VERIFICATION order:VERIFICATION:1 reason:UNREACHABLE open:14",
    "C57 拨打计划已用完，交分支机构 / the plan of attempts is used up: handed to the branch",
    "R78 联系不上 / not reached",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_plan_is_used_up():
    return Contact("PLAN_USED_UP", NOON, replace(CASE, state="CALLABLE"), "UNREACHABLE")


@finds(
    "None VERIFICATION AT_BRANCH BRANCH misselling_signal exclude_selling_agent B1 VERIFICATION order:VERIFICATION:1 reason:UNREACHABLE reason:NOT_KNOWN_AS_INSURANCE open:12",
    "C57 拨打计划已用完，交分支机构 / the plan of attempts is used up: handed to the branch",
    "R78 联系不上 / not reached",
    "R70 M1：不知道是保险，解释后仍不清楚 / M1: not known as insurance, still not clear",
    "C18 计入误导统计，已纠正的也不例外 / counted as a mis-selling signal, corrected or not",
    "C14 销售人员回避，不得处理此件 / the selling agent may not resolve it",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def the_plan_is_used_up_with_answers_of_before():
    return Contact("PLAN_USED_UP", NOON, CASE, earlier_answers=(answer("M1", "NO", corrected=False), answer("M9")))


@finds(
    "BUSY_LINE None AT_BRANCH BRANCH B1",
    "R56 线路先报未拨出，其后得知已拨通一次：计入次数，案件不受影响 / refused at first, then reported as rung: it counts as an attempt, and the case stays where it went",
)
def given_back_and_rung_after_all():
    return unanswered(given_back=True, carrier_status="busy", case=replace(CASE, state="AT_BRANCH"))


@finds(
    "DROPPED None APPOINTED HEAD_OFFICE",
    "R56 线路先报未拨出，其后得知已拨通一次：计入次数，案件不受影响 / refused at first, then reported as rung: it counts as an attempt, and the case stays where it went",
)
def given_back_and_answered_after_all():
    return call(given_back=True, recording="NOT_EXPECTED", case=replace(CASE, state="APPOINTED"))


# ---------------------------------------------------------------- on paper


PAPER = Evidence(policyholder_signature=True, handler_signature=True, id_copy="POLICYHOLDER")


def written(kind: str, *rows: Answer, evidence: Evidence | None = PAPER, **more) -> Contact:
    return Contact(kind, NOON, replace(CASE, state="AT_BRANCH"), answers=rows or complete(), evidence=evidence, **more)


@finds(
    "None STANDARD CLOSED CLOSED completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def a_letter_with_everything():
    return written("LETTER")


@finds(
    "None None AT_BRANCH BRANCH B1 void",
    "R58 没有投保人亲笔签名，无效 / void: not signed by the policyholder himself",
    "R59 未附投保人证件复印件，无效 / void: no copy of the policyholder's ID",
    "C51 没有经办人签名和日期，无效 / void: the handler has not signed and dated it",
)
def a_letter_with_nothing_beside_it():
    return written("LETTER", evidence=None)


@finds(
    "None None AT_BRANCH BRANCH B1 counts open:13",
    "S1 还有13项没有明确回答（M2.received、M2.receipt_signed、M3、M4、M5、M6.coverage、M6.exclusions、M6.term、M7、M8、M9、N1、N3），暂不定类，下次接着问 / 13 items without a definite answer (M2.received, M2.receipt_signed, M3, M4, M5, M6.coverage, M6.exclusions, M6.term, M7, M8, M9, N1, N3): no class yet, they are asked in the next call",
)
def a_visit_that_leaves_items_open():
    return written("VISIT", *OPENING, answer("M1"))


@finds(
    "None STANDARD CLOSED CLOSED completed counts in_window:True signed_on:2026-09-20 nominal_end:2026-10-05",
    "C44 客户称回执签署于2026-09-20，早于登记的2026-09-24，以此为准；回执迟交列为品质事项 / the customer says the receipt was signed on 2026-09-20, earlier than the 2026-09-24 on record: it holds, and a receipt returned late is a quality item",
    "R19 2026-09-28在犹豫期内（至2026-10-05） / 2026-09-28 lies inside the period, which ends on 2026-10-05",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def a_visit_with_the_day_of_signature():
    return written("VISIT", *complete(), answer("M2.receipt_date", date="2026-09-20"))


@finds(
    "None VERIFICATION ASLEEP BRANCH RECEIPT_DISPUTED B1 FIRST_LEVEL_EXPLANATION order:VERIFICATION:3 order:DELIVERY_REMINDER:3 reason:CONTRACT_NOT_RECEIVED counts open:13",
    "R79 M2.received：未收到合同 / M2.received: contract not received",
    "S4 登记有回执而客户称未收到 / a receipt is on file, yet he says he received nothing",
    "R68 有核实原因，回访未完成，为核实件 / a verification reason: the callback was not completed",
)
def a_visit_where_the_contract_is_missing():
    return written("VISIT", answer("M2.received", "NO"))


@finds(
    "None None AT_BRANCH BRANCH B1 void",
    "C11 未经实名认证，无效 / void: the customer's identity was not authenticated",
)
def an_answer_in_the_net_without_proof():
    return written("E_CALLBACK")


@finds(
    "None STANDARD CLOSED CLOSED completed counts in_window:True",
    "R19 2026-09-28在犹豫期内（至2026-10-09） / 2026-09-28 lies inside the period, which ends on 2026-10-09",
    "R65 各项都有明确的肯定回答，为标准件 / every item has a definite yes: standard",
)
def an_answer_in_the_net():
    return written("E_CALLBACK", evidence=Evidence(authenticated=True))


# ---------------------------------------------------------------- asked


@pytest.mark.parametrize(("make", "told"), CASES)
def test_what_follows(make, told):
    assert asked(make) == list(told)


def test_a_call_has_a_call():
    with pytest.raises(ValueError, match="a contact of kind CALL has a call"):
        settled(Contact("CALL", NOON, CASE))


def test_the_branch_that_it_goes_to_may_be_looked_up():
    found = settle(
        call(*OPENING, answer("M1", "OBJECT")), profile=NATIONAL, calendar=CALENDAR, inbox_branch="in{}".format
    )
    assert (found.owner_branch, found.orders[0].branch_code) == ("inB1", "inB1")
