"""Every figure that a company or a regulator may set: name, default, unit, source and which way is stricter.

Code asks a profile by name (`profile["attempts.max_total"]`); no figure of the trade stands anywhere else.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Stricter = Literal["higher", "lower", "superset", "subset", "none"]


class ParameterError(ValueError):
    """A parameter that does not exist, or a value it cannot take."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` also fixes the type. `choices` bounds words, `least` and `most` numbers (both inclusive).

    `stricter` says in which direction a lower layer may move it; "none" is a plain choice. True counts as higher than
    False, a later time of day than an earlier one, a later one of the `choices` than an earlier one; of a table each
    entry by itself. `in_use` is False where no rule reads it yet: setting it changes nothing.
    """

    name: str
    default: object
    unit: str
    source: str
    meaning_zh: str
    meaning_en: str
    stricter: Stricter = "none"
    choices: tuple[str, ...] | None = None
    least: float | None = None
    most: float | None = None
    in_use: bool = True


_ALL = (
    # scope
    Parameter("scope.min_term_exclusive_years", 1, "years", "R1",
              "保险期间须长于此年数才纳入回访", "a policy term must be longer than this to be called back", "lower", least=0),
    Parameter("scope.ratio", 1.0, "share", "R6",
              "应访保单的回访比例", "share of the policies in scope that is called back", "higher",
              least=0, most=1, in_use=False),
    Parameter("scope.include_guaranteed_renewal_short", False, "", "C1",
              "保证续保的一年期及以下产品是否纳入", "whether products of a year or less with guaranteed renewal are in scope",
              "higher", in_use=False),
    Parameter("scope.extra_product_codes", (), "", "C1",
              "另行纳入回访的产品代码", "codes of further products in scope", "superset"),
    # when a case enters the list
    Parameter("extraction.strategy", "E4_EARLIEST", "", "C2",
              "清单抽取规则", "which regime gives the list date",
              choices=("E1", "E2", "E3", "E4_EARLIEST")),
    Parameter("extraction.strategy_by_channel", {}, "", "C2",
              "按渠道另定的清单抽取规则", "regime of single channels, where it differs",
              choices=("E1", "E2", "E3", "E4_EARLIEST")),
    Parameter("extraction.offset_days", 1, "days", "R17",
              "回执核销（银保通为承保）后第几日抽取", "days from write-off (bank-direct: underwriting) to the list date", least=0),
    Parameter("extraction.cap_days", 15, "days", "R17",
              "未见回执时承保后最迟第几日抽取", "days after underwriting at which a case is listed without a receipt", least=1),
    Parameter("extraction.issue_offset_days", 10, "days", "R13",
              "E2：出单后第几日抽取", "E2: days from issue to the list date", least=0),
    Parameter("extraction.print_cap_days", 7, "days", "R14",
              "E3：打印后最迟第几日抽取", "E3: days after printing at the latest", least=0),
    Parameter("extraction.complete_within_days", 10, "days", "R12",
              "E1：核销后须在几日内完成回访", "E1: days from write-off within which the callback is to be completed",
              "lower", least=1),
    Parameter("extraction.combine", "EARLIEST", "", "C3",
              "核销次日与承保上限如何结合", "how write-off + 1 and underwriting + cap combine",
              choices=("EARLIEST", "RECEIPT_ELSE_CAP")),
    Parameter("extraction.bank_direct.anchor", "UNDERWRITTEN", "", "C4",
              "银保通从哪一日起算", "the date a bank-direct case counts from", choices=("UNDERWRITTEN", "ENTERED")),
    Parameter("calendar.extract_on_holidays", True, "", "C5",
              "节假日也抽取清单", "lists are also drawn on non-working days"),
    Parameter("calendar.provider", "chinesecalendar", "", "C9",
              "节假日数据来源，之上可覆盖；NONE 为只用自己的日历表",
              "where public holidays come from, below the table of overrides; NONE: from that table alone",
              choices=("chinesecalendar", "NONE")),
    Parameter("calendar.missing_year", "PROVISIONAL", "", "C9",
              "没有节假日数据的年份如何计算", "how a year without holiday data is counted: Monday to Friday, flagged",
              choices=("PROVISIONAL",), in_use=False),
    # cooling-off
    Parameter("cooling_off.days", 15, "days", "C8",
              "犹豫期最短天数", "the least number of cooling-off days", "higher", least=1),
    Parameter("cooling_off.days_by_channel", {}, "days", "C8",
              "按渠道规定的犹豫期最短天数", "least number of cooling-off days by channel", "higher", least=1),
    Parameter("cooling_off.days_by_product_type", {}, "days", "C8",
              "按险种类型规定的犹豫期最短天数", "least number of cooling-off days by product type", "higher", least=1),
    Parameter("cooling_off.start", "NEXT_DAY", "", "C7",
              "犹豫期自签收次日还是当日起算", "day one is the day after the signature, or the day itself", "higher",
              choices=("SAME_DAY", "NEXT_DAY")),
    Parameter("cooling_off.roll", "NON_WORKING_DAY", "", "C9",
              "截止日逢非工作日是否顺延", "whether the surrender deadline rolls off a non-working day", "higher",
              choices=("NONE", "NON_WORKING_DAY")),
    Parameter("cooling_off.late_callback_grace_days", 7, "days", "R24",
              "犹豫期外回访后仍可按犹豫期撤单的天数", "days after a late callback in which a surrender is a withdrawal",
              "higher", least=0),
    Parameter("cooling_off.grace_roll", "NON_WORKING_DAY", "", "R24",
              "上述天数届满逢非工作日是否顺延", "whether the end of that grace rolls off a non-working day", "higher",
              choices=("NONE", "NON_WORKING_DAY")),
    Parameter("kpi.window_end", "NOMINAL", "", "C9",
              "期内回访以名义截止日还是顺延后截止日为准", "whether in-window is judged by the nominal or the rolled end", "higher",
              choices=("ROLLED", "NOMINAL")),
    Parameter("receipt.ageing_alert_days", 7, "days", "C44",
              "承保后几日未见回执即提示", "days after underwriting at which a missing receipt is reported", "lower", least=1),
    # dialling
    Parameter("attempts.max_attempts_per_day", 2, "dials", "R56",
              "每人每号每日最多拨打次数", "ordinary dials a day, per person and per number", "lower", least=1),
    Parameter("attempts.min_gap_hours", 3, "hours", "R56",
              "两次拨打最短间隔", "hours between two dials, per person and per number", "higher", least=0),
    Parameter("attempts.different_day_parts", True, "", "R56",
              "同日两次拨打须在不同时段", "two dials of one day lie in different parts of it", "higher"),
    Parameter("attempts.min_days", 3, "days", "R56",
              "拨打至少分布在几日", "days over which the plan of dials is spread at least", "higher", least=1),
    Parameter("attempts.max_total", 9, "dials", "R78",
              "拨打总次数上限，用尽即为联系不上", "dials in all; then the person is unreachable", "lower", least=1),
    Parameter("late.max_days", 30, "days", "C57",
              "犹豫期后最多再拨打几日", "days after the nominal end until which a late case is still dialled", "lower", least=0),
    Parameter("handover.working_days_before_end", 3, "working days", "C57",
              "名义截止日前第几个工作日零点移交机构",
              "the working day before the nominal end at whose 00:00 the branch takes over", least=0),
    Parameter("calling.windows", ("09:00-20:30",), "", "C5",
              "允许拨打的时间窗", "hours of ordinary dialling, end excluded", "subset"),
    Parameter("calling.allowed_days", ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"), "", "C5",
              "允许拨打的星期", "days of the week on which is dialled", "subset",
              choices=("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")),
    Parameter("calling.on_public_holidays", False, "", "C56",
              "法定节假日是否拨打", "whether is dialled on public holidays", "lower"),
    Parameter("calling.callers", "ROBOT_THEN_AGENT", "", "S7",
              "由谁拨打：只用机器人、先机器人后坐席、只用坐席", "who rings: the robot alone, the robot and then an agent, agents alone",
              choices=("ROBOT_ONLY", "ROBOT_THEN_AGENT", "AGENT_ONLY")),
    Parameter("calling.dialect_agent_only", False, "", "C30",
              "登记为非普通话的客户是否只由方言坐席拨打", "customers noted with another language wait for an agent who speaks it",
              "higher"),
    Parameter("appointment.tolerance_minutes", 10, "minutes", "R37",
              "预约允许的前后偏差", "minutes by which an appointment may be kept early or late", least=0, most=59),
    Parameter("appointment.days_before_end", 1, "days", "R37",
              "预约最迟在名义截止日前几日", "an appointment lies at least this many days before the nominal end", least=0),
    # when the telephone does not reach him
    Parameter("fallback.chain", ("PHONE", "PHONE_CORRECTED", "LETTER", "VISIT"), "", "C11",
              "回访方式的先后", "methods in the order in which they are tried",
              choices=("PHONE", "PHONE_CORRECTED", "E_CALLBACK", "LETTER", "VISIT"), in_use=False),
    Parameter("letter.dispatch_within_working_days", 2, "working days", "R59",
              "转为信函后几个工作日内寄出", "working days from falling back to the dispatch of a letter", "lower", least=0,
              in_use=False),
    Parameter("letter.return_days", 10, "days", "R59",
              "信函等待回函的天数", "days in which a letter is to come back", "lower", least=1, in_use=False),
    Parameter("letter.reminders", 1, "reminders", "R59",
              "未回函时催几次", "reminders to a letter that does not come back", "higher", least=0, in_use=False),
    Parameter("letter.require_id_copy", True, "", "R59",
              "信函须附投保人身份证件复印件", "a letter counts only with a copy of the policyholder's identity document", "higher"),
    Parameter("visit.require_id_copy", True, "", "C51",
              "面访须附投保人身份证件复印件", "a visit counts only with a copy of the policyholder's identity document", "higher"),
    Parameter("voicemail.notice", "NONE", "", "C55",
              "遇语音信箱是否留言", "what is left on an answering machine: nothing, or a notice that tells of no insurance",
              "higher", choices=("NEUTRAL", "NONE")),
    Parameter("after_verification.recall_by", {"LANGUAGE_BARRIER": "BRANCH", "HEARING_OR_AGE": "BRANCH"}, "", "C47",
              "核实后由谁再访，未列者由总公司", "who calls again after a verification; head office where a reason is not named",
              choices=("HEAD_OFFICE", "BRANCH")),
    Parameter("agents.dialect_skills", (), "", "C30",
              "坐席会说的方言", "languages beside Mandarin that callback agents speak", in_use=False),
    # telephone numbers
    Parameter("phone.shared_threshold", 3, "policyholders", "C23",
              "同一号码达到几位投保人即为重复号码", "policyholders on one number from which it is shared", "lower", least=2),
    Parameter("phone.blocklist_sources", ("AGENTS", "OUTLETS", "COMPANY", "STAFF"), "", "C23",
              "出现一次即不可用的号码来源", "whose numbers are refused at their first appearance", "superset",
              choices=("AGENTS", "OUTLETS", "COMPANY", "STAFF"), in_use=False),
    Parameter("phone.family_exempt", False, "", "C23",
              "已证明亲属关系的共用号码可豁免", "a number shared by proven relatives is allowed", "lower"),
    Parameter("phone.family_exempt_max", 3, "policyholders", "C23",
              "亲属共用号码的人数上限", "relatives that one number may serve", "lower", least=1),
    Parameter("phone.allow_self_policy", True, "", "C24",
              "自保件可使用业务员本人号码", "an agent may use his own number on his own policy", "lower"),
    Parameter("phone.dial_unconfirmed", False, "", "C25",
              "未确认的号码是否可拨打", "whether a number not yet confirmed may be rung", "lower"),
    # the conversation and its outcome
    Parameter("identity.elements", 2, "elements", "R31",
              "核对身份须用的要素数", "elements that prove identity", "higher", least=2, most=3),
    Parameter("identity.retries", 1, "retries", "R31",
              "身份核对可重试次数", "times a failed identity answer may be repeated", "lower", least=0),
    Parameter("script.require_explicit_answer", True, "", "C10",
              "每一项须有明确答复，沉默不算", "every item needs a definite answer; silence is none", "higher", in_use=False),
    Parameter("script.explanations", 1, "times", "R30",
              "一项不清楚时解释几次", "explanations of one item before it counts as not understood", least=1, most=2,
              in_use=False),
    Parameter("script.simplified", False, "", "R30",
              "双录合格的保单可用简化话术", "policies with a passed sales recording may use the short script", "lower"),
    Parameter("script.resume_days", 3, "days", "S1",
              "未完成的回访几日内可续访", "days within which an interrupted callback is resumed at its first open item",
              "lower", least=0),
    Parameter("matrix.fees_for_all_types", False, "", "C46",
              "费用项对全部险种必问", "the fee item is mandatory for every product type", "higher"),
    Parameter("callback.allow_authorised_proxy", False, "", "C6",
              "是否允许授权家属代答", "whether an authorised relative may answer", "lower"),
    Parameter("refusal.max_recalls", 0, "calls", "C31",
              "拒访后再拨打次数", "calls after a refusal that stands", "lower", least=0, most=2),
    Parameter("refusal.deliberate_hangups", 2, "hang-ups", "S1",
              "故意挂断几次视为拒访", "deliberate hang-ups that count as a refusal", least=1),
    Parameter("quality.signal_on_corrected", True, "", "C18",
              "已纠正的误解仍计入误导统计", "a corrected misunderstanding is still counted for mis-selling", "higher"),
    Parameter("quality.standard_share", 3.0, "%", "R129",
              "标准件录音抽检比例", "share of the standard calls whose recording is checked", "higher", least=0, most=100),
    Parameter("quality.proxy_share", 100.0, "%", "C6",
              "家属代答件抽检比例", "share of the calls answered by a proxy that is checked", "higher", least=0, most=100),
    Parameter("quality.new_agent_calls", 20, "calls", "R129",
              "新坐席最初几通全部检查", "first calls of a new agent that are all checked", "higher", least=0),
    Parameter("quality.withdrawn_script_share", 100.0, "%", "R129",
              "已撤回话术版本的抽检比例", "share of the calls under a withdrawn script version that is checked", "higher",
              least=0, most=100),
    Parameter("quality.impersonation_recheck_share", 0.5, "%", "R129",
              "冒名复核的抽样比例", "share of the completed callbacks rung again against impersonation", "higher",
              least=0, most=100),
    Parameter("quality.impersonation_recheck_months", 6, "months", "R129",
              "回访后几个月复核冒名", "months after the callback at which that is done", least=1, in_use=False),
    Parameter("sampling.share", 0.5, "%", "R126",
              "年度自查的抽样比例", "share of the year's callbacks in the self-inspection", "higher", least=0, most=100),
    Parameter("sampling.minimum", 1200, "recordings", "R126",
              "年度自查的最少件数", "recordings in the self-inspection at least", "higher", least=0),
    Parameter("outcome.taxonomy", "A", "", "C12",
              "以哪套分类显示结果；保存的始终是甲套", "the classification that is shown; A is what is stored",
              choices=("A", "B"), in_use=False),
    Parameter("mapping.denies_purchase", "VERIFICATION", "", "C15",
              "否认投保归入哪一类", "class of a denied purchase", choices=("VERIFICATION", "QUESTION")),
    Parameter("mapping.contract_not_received", "VERIFICATION", "", "C16",
              "未收到合同归入哪一类", "class of a contract not received", choices=("VERIFICATION", "QUESTION")),
    Parameter("mapping.signed_by_other", "QUESTION", "", "C17",
              "代签字归入哪一类", "class of a signature by another", choices=("VERIFICATION", "QUESTION")),
    Parameter("mapping.receipt_unsigned", "QUESTION", "", "C17",
              "回执未签归入哪一类", "class of a receipt left unsigned", choices=("VERIFICATION", "QUESTION")),
    # work orders
    Parameter("workorder.sla",
              {
                  **dict.fromkeys(
                      ("UNREACHABLE", "REFUSED", "IDENTITY_NOT_CONFIRMED", "LANGUAGE_BARRIER", "HEARING_OR_AGE",
                       "DENIES_PURCHASE"), 1),
                  **dict.fromkeys(
                      ("PHONE_INVALID", "PHONE_SHARED", "PHONE_IS_AGENTS", "RECORD_MISMATCH", "CONTRACT_NOT_RECEIVED",
                       "ALREADY_SURRENDERED", "POLICYHOLDER_DECEASED",
                       "NOT_KNOWN_AS_INSURANCE", "COVERAGE_UNCLEAR", "COOLING_OFF_OR_SURRENDER_UNCLEAR",
                       "TERMS_UNCLEAR", "BENEFIT_UNCERTAINTY_UNCLEAR", "FEES_UNCLEAR", "OPEN_QUESTION",
                       "SIGNATURE_UNSURE", "CLAUSES_NOT_SUPPLIED", "DELIVERY_REMINDER"), 3),
                  **dict.fromkeys(
                      ("SIGNED_BY_OTHER", "RISK_STATEMENT_COPIED_BY_OTHER", "RECEIPT_UNSIGNED",
                       "QUALITY_CHECK", "IMPERSONATION_CHECK", "VISIT", "LETTER"), 5),
              },
              "working days", "C13",
              "各原因或工单种类的处理时效", "working days by reason, or by kind where an order has no reason", "lower", least=1),
    Parameter("workorder.feedback_only_sla", 5, "working days", "C29",
              "次标准件反馈工单的时效", "working days of a feedback-only order", "lower", least=1),
    Parameter("workorder.outer_limit_working_days", 15, "working days", "R90",
              "问题件处理的最长时效", "working days after which an order is beyond every limit", "lower", least=1),
    Parameter("workorder.after_care_days", 2, "working days", "R92",
              "处理后再次回访的时效", "working days from handling to the after-care call", "lower", least=1),
    Parameter("workorder.day_ends", "17:30", "time of day", "C53",
              "此时刻之后下发按次一工作日计", "a push after this time counts as made on the next working day", "higher"),
    Parameter("workorder.cap_by_cooling_off", True, "", "C13",
              "处理须在犹豫期内", "an order must also be acted on inside the cooling-off period", "higher"),
    Parameter("workorder.exclude_selling_agent", "MISSELLING_ONLY", "", "C14",
              "销售人员是否回避", "when the selling agent may not resolve an order", "higher",
              choices=("NEVER", "MISSELLING_ONLY", "ALWAYS")),
    Parameter("workorder.order", "CLOCK_FIRST", "", "C26",
              "工单处理顺序", "the order in which a branch works through its list", choices=("CLOCK_FIRST", "SEED_2H")),
    Parameter("question.customer_signature", "REQUIRED", "", "C52",
              "问题件须客户亲笔签名", "a question order closes with the customer's signature", "higher",
              choices=("NOT_REQUIRED", "REQUIRED")),
    Parameter("penalty.table",
              {"CUSTOMER_SIDE.AGENT": 300, "CUSTOMER_SIDE.SUPERVISOR": 200, "CUSTOMER_SIDE.MANAGER": 100,
               "AGENT.AGENT": 1000, "AGENT_LEFT.SUPERVISOR": 500, "AGENT_LEFT.MANAGER": 500},
              "yuan", "C40",
              "代签字处罚建议金额：谁签.谁受罚", "amounts proposed for a signature by another: who signed . who pays", least=0),
    Parameter("penalty.low_success_below", 90, "per cent", "R105",
              "月度回访成功率低于此值即提示", "a unit's month with a success rate below this is a low one", least=0, most=100),
    Parameter("penalty.auto", False, "", "C40",
              "是否自动扣罚；只建议，从不扣", "whether a penalty is deducted by itself: never, it is proposed", "lower",
              in_use=False),
    # keeping
    Parameter("retention.recording_years", 20, "years", "R110",
              "录音自通话起至少保存年数", "years a recording is kept from the call, at least", "higher", least=1),
    Parameter("retention.electronic_years", 20, "years", "R111",
              "电子资料至少保存年数", "years an electronic record is kept from its creation, at least", "higher", least=1),
    Parameter("retention.paper_years", 10, "years", "R112",
              "纸质资料自归档起至少保存年数", "years a paper record is kept from archiving, at least", "higher", least=1),
    Parameter("retention.after_contract_end_years", 10, "years", "C21",
              "合同终止后至少保存年数", "years after the contract's end, at least", "higher", least=1),
    Parameter("retention.after_dispute_years", 2, "years", "C21",
              "争议了结后至少保存年数", "years after a dispute is closed, at least", "higher", least=1),
    Parameter("training.expiry_days", 90, "days", "C41",
              "培训用副本的有效天数", "days after which a training copy is deleted", "lower", least=1),
    Parameter("training.masked", True, "", "C41",
              "培训用副本须遮蔽姓名、证件号、电话", "names, identity numbers and telephones are masked in a training copy",
              "higher", in_use=False),
    # hearing a recording
    Parameter("recording.min_applicant_level", "SUPERVISOR", "", "C20",
              "调听录音的最低职级", "the lowest rank that may apply for a recording", "higher",
              choices=("SUPERVISOR", "DEPARTMENT_HEAD")),
    Parameter("recording.approvals", 2, "approvals", "R114",
              "调听须经几人批准", "approvals a retrieval needs", "higher", least=2, in_use=False),
    Parameter("recording.decision_working_days", 2, "working days", "R114",
              "调听申请几个工作日内答复", "working days in which an application is decided", "lower", least=1),
    Parameter("recording.play_days", 7, "days", "R117",
              "批准后可播放的天数", "days in which an approved recording may be played", "lower", least=1),
    Parameter("recording.watermark", True, "", "R117",
              "播放须有水印", "a player shows who listens", "higher"),
    Parameter("recording.download", "LITIGATION_ONLY", "", "R118",
              "何时可取得录音副本", "when a copy is handed out", "higher", choices=("LITIGATION_ONLY", "NEVER")),
    # measures and reports
    Parameter("kpi.denominator_exclusions", ("WITHDRAWN", "DEATH", "CANCELLED"), "", "C28",
              "从应访件中剔除的情形", "what takes a policy out of the denominator from the day it is known", "subset",
              choices=("WITHDRAWN", "DEATH", "CANCELLED")),
    Parameter("kpi.success_definition", "COMPLETED", "", "C27",
              "考核所用的成功口径；两种都计算", "the rate that is the agreed figure; both are worked out", "higher",
              choices=("COMPLETED", "CLEAN")),
    Parameter("report.daily.at", "09:00", "time of day", "R124",
              "前一日日报的时刻", "when the report of the day before is made", in_use=False),
    Parameter("report.monthly.rule", "FIRST_WORKING_DAY", "", "C22",
              "总公司月报何时到期", "when the head office's monthly report is due", choices=("FIRST_WORKING_DAY",),
              in_use=False),
    Parameter("report.annual.due", "12-31", "day of the year", "R121",
              "年度报告到期日", "the day the annual report is due"),
    Parameter("report.sales_unit.latest_day", 5, "day of the month", "C22",
              "销售单位月表最迟日", "the day on or before which the sales unit's table is due", "lower", least=1, most=28),
    # service visits, spot checks, group clients: parts of their own, named here so that no figure is lost
    Parameter("activity.contact_roles", ("POLICYHOLDER", "ADULT_INSURED"), "", "C33",
              "服务拜访可与谁约见；回访只找投保人", "whom a service visit may meet; a callback only the policyholder",
              choices=("POLICYHOLDER", "ADULT_INSURED"), in_use=False),
    Parameter("contact.methods", ("PHONE", "VISIT", "NEIGHBOURS", "FORMER_AGENT", "NOTICE_BOARD"), "", "C34",
              "全部试过方为困难件的联系方式", "ways of contact to be tried before a policy is a difficult one", "superset",
              choices=("PHONE", "VISIT", "NEIGHBOURS", "FORMER_AGENT", "NOTICE_BOARD", "LETTER", "BANK"), in_use=False),
    Parameter("spotcheck.daily", 3, "clients", "C36",
              "主管每日电话抽查客户数", "clients a supervisor rings each day", "higher", least=1, in_use=False),
    Parameter("spotcheck.scope", "SUPERVISOR", "", "C36",
              "上述人数按主管计还是按每名客户经理计", "whether that is per supervisor or per manager",
              choices=("SUPERVISOR", "MANAGER"), in_use=False),
    Parameter("spotcheck.first_share", 30.0, "%", "C37",
              "首周抽查卡片比例", "share of the cards checked in the first week of a month", "higher", least=0, most=100,
              in_use=False),
    Parameter("spotcheck.second_share", 10.0, "%", "C37",
              "复查卡片比例", "share of the cards checked a second time", "higher", least=0, most=100, in_use=False),
    Parameter("spotcheck.second_base", "ALL_CARDS", "", "C37",
              "复查比例以全部卡片还是抽查样本为基数", "what that second share is a share of",
              choices=("SAMPLE", "ALL_CARDS"), in_use=False),
    Parameter("spotcheck.second_days", 3, "days", "C37",
              "几日内复查", "days in which the second check is made", "lower", least=1, in_use=False),
    Parameter("vip.enabled", False, "", "C38",
              "是否启用团体客户分级", "whether group clients are ranked", in_use=False),
    Parameter("vip.k1", {"1": 3.5, "2": 2.0, "3": 1.5}, "factor", "C38",
              "忠诚度系数：保单年度，之后为1", "factor of loyalty by policy year, 1 afterwards", least=0, in_use=False),
    Parameter("vip.k2", 1.0, "factor", "C38", "利润系数", "factor of profit", least=0, in_use=False),
    Parameter("vip.premium_coefficients", {}, "points", "C38",
              "保费规模系数表，启用前必填", "points by scale of premium; to be filled in before ranking", least=0, in_use=False),
    Parameter("vip.loyalty_coefficients", {}, "points", "C38",
              "忠诚度分值表，启用前必填", "points by loyalty; to be filled in before ranking", least=0, in_use=False),
    Parameter("vip.profit_coefficients", {}, "points", "C38",
              "利润分值表，启用前必填", "points by profit; to be filled in before ranking", least=0, in_use=False),
    Parameter("vip.gold_quota", {"EXISTING": 30, "NEW": 10}, "clients", "C39",
              "金牌名额：往年、当年新增", "places of the first tier: clients of earlier years, new ones", "lower", least=0,
              in_use=False),
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.name: p for p in _ALL}

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WINDOW = re.compile(rf"({_TIME.pattern})-({_TIME.pattern})")
_DAY_OF_YEAR = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


def parameter(name: str) -> Parameter:
    if (found := PARAMETERS.get(name)) is None:
        raise ParameterError(f"no parameter is called {name!r}")
    return found


def checked(name: str, value: object) -> object:
    """`value` as the parameter takes it (lists become tuples). Raises ParameterError for a wrong name, type, range."""
    value = typed(name, value)
    row = PARAMETERS[name]
    if isinstance(value, dict):
        for key, entry in value.items():
            _in_range(row, entry, f"{name}.{key}")
    else:
        _in_range(row, value, name)
    return value


def typed(name: str, value: object) -> object:
    """`value` in the parameter's type, whatever its size."""
    row = parameter(name)
    default = row.default
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ParameterError(f"{name} is true or false, not {value!r}")
        return value
    if isinstance(default, int | float):
        return _number(row, value, name)
    if isinstance(default, str):
        return _word(row, value, name)
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise ParameterError(f"{name} is a list of words, not {value!r}")
        return _words(row, tuple(value))
    words = row.choices is not None
    if not isinstance(value, Mapping):
        raise ParameterError(f"{name} is a table of {'words' if words else 'numbers'}, not {value!r}")
    entry = _word if words else _number
    return {str(key): entry(row, given, f"{name}.{key}") for key, given in value.items()}


def _number(row: Parameter, value: object, name: str) -> int | float:
    entries = row.default.values() if isinstance(row.default, Mapping) else (row.default,)
    if any(isinstance(entry, float) for entry in entries):
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ParameterError(f"{name} is a number, not {value!r}")
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParameterError(f"{name} is a whole number, not {value!r}")
    return value


def _in_range(row: Parameter, value: object, name: str) -> None:
    if not isinstance(value, int | float):
        return
    if row.least is not None and value < row.least:
        raise ParameterError(f"{name} is at least {row.least:g}, not {value:g}")
    if row.most is not None and value > row.most:
        raise ParameterError(f"{name} is at most {row.most:g}, not {value:g}")


def _word(row: Parameter, value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"{name} is a word, not {value!r}")
    if row.choices and value not in row.choices:
        raise ParameterError(f"{name} is one of {', '.join(row.choices)}, not {value!r}")
    if row.unit == "time of day" and not _TIME.fullmatch(value):
        raise ParameterError(f"{name} is a time of day such as 17:30, not {value!r}")
    if row.unit == "day of the year" and not _DAY_OF_YEAR.fullmatch(value):
        raise ParameterError(f"{name} is a day of the year such as 12-31, not {value!r}")
    return value


def _words(row: Parameter, words: tuple[str, ...]) -> tuple[str, ...]:
    if row.name == "calling.windows":
        for word in words:
            match = _WINDOW.fullmatch(word)
            if not match or match[1] >= match[3]:
                raise ParameterError(f"{row.name} holds windows such as 09:00-20:30, not {word!r}")
    elif row.choices and (wrong := set(words) - set(row.choices)):
        raise ParameterError(f"{row.name} holds {', '.join(row.choices)}, not {', '.join(sorted(wrong))}")
    return words


def from_text(name: str, text: str) -> object:
    """A value as typed after NAME=; numbers, true/false, comma lists, and JSON for tables."""
    return checked(name, plain(name, text))


def plain(name: str, text: str) -> object:
    """What a text says, before it is checked."""
    default = parameter(name).default
    text = text.strip()
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text.lower(), text)
    if isinstance(default, tuple):
        return [word.strip() for word in text.split(",") if word.strip()]
    if isinstance(default, Mapping):
        try:
            return json.loads(text)
        except ValueError:
            raise ParameterError(f"{name} is a table, written as JSON, not {text!r}") from None
    return plain_number(text)


def plain_number(text: str) -> object:
    """The number a text is, or the text."""
    if re.fullmatch(r"-?\d+", text.strip()):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d+\.\d+", text.strip()) else text


@dataclass(frozen=True, slots=True)
class Bound:
    """What a value may not be looser than, and whose it is."""

    value: object
    owner_zh: str
    owner_en: str

    @property
    def names(self) -> tuple[str, str]:
        return self.owner_zh, self.owner_en


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of the values in force. `id` is stored with every decision, so that it can be explained later.

    `bounds` are what a value set on top of it may not be looser than; `setter_zh`, `setter_en` say as whose such a
    value counts. `layers` are the ids of what it was put together from, `set_by` says of each parameter (of a table:
    of each entry) in Chinese and English whose value it is.
    """

    name: str
    version: str
    values: Mapping[str, object] = field(repr=False)
    bounds: Mapping[str, Bound] = field(default_factory=dict, repr=False, compare=False)
    setter_zh: str = field(default="公司", repr=False, compare=False)
    setter_en: str = field(default="company", repr=False, compare=False)
    layers: tuple[str, ...] = field(default=(), repr=False, compare=False)
    set_by: Mapping[str, tuple[str, str]] = field(default_factory=dict, repr=False, compare=False)

    def __getitem__(self, parameter: str):
        return self.values[parameter]

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    def with_params(self, params: Mapping[str, object]) -> "Profile":
        """These values over the profile's own; tables are merged. The id tells that it was changed, and how.

        Looks at types and ranges only; `rules.profiles.override` also asks the layers above.
        """
        if not params:
            return self
        changed = {name: checked(name, value) for name, value in params.items()}
        values = dict(self.values)
        for name, value in changed.items():
            values[name] = {**values[name], **value} if isinstance(value, dict) else value
        digest = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:8]
        return replace(self, version=f"{self.version}+{digest}", values=values)


DEFAULTS = Profile("defaults", "0", {name: p.default for name, p in PARAMETERS.items()})
