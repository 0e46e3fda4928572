"""Every figure that a company or a regulator may set: name, default, unit, source and which way is stricter.

Code asks a profile by name (`profile["attempts.max_total"]`); no figure of the trade stands anywhere else.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Stricter = Literal["higher", "lower", "superset", "subset", "none"]


class ParameterError(ValueError):
    """A parameter that does not exist, or a value it cannot take."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` also fixes the type. `choices` bounds a word, `least` and `most` a number (both inclusive).

    `stricter` says in which direction a lower layer may move it; "none" is a plain choice.
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


_ALL = (
    # scope
    Parameter("scope.min_term_exclusive_years", 1, "years", "R1",
              "保险期间须长于此年数才纳入回访", "a policy term must be longer than this to be called back", "lower", least=0),
    # when a case enters the list
    Parameter("extraction.strategy", "E4_EARLIEST", "", "C2",
              "清单抽取规则", "which regime gives the list date",
              choices=("E1", "E2", "E3", "E4_EARLIEST")),
    Parameter("extraction.offset_days", 1, "days", "R17",
              "回执核销（银保通为承保）后第几日抽取", "days from write-off (bank-direct: underwriting) to the list date",
              "lower", least=0),
    Parameter("extraction.cap_days", 15, "days", "R17",
              "未见回执时承保后最迟第几日抽取", "days after underwriting at which a case is listed without a receipt",
              "lower", least=1),
    Parameter("extraction.issue_offset_days", 10, "days", "R13",
              "E2：出单后第几日抽取", "E2: days from issue to the list date", "lower", least=0),
    Parameter("extraction.print_cap_days", 7, "days", "R14",
              "E3：打印后最迟第几日抽取", "E3: days after printing at the latest", "lower", least=0),
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
    # cooling-off
    Parameter("cooling_off.days", 15, "days", "C8",
              "犹豫期最短天数", "the least number of cooling-off days", "higher", least=1),
    Parameter("cooling_off.days_by_channel", {}, "days", "C8",
              "按渠道规定的犹豫期最短天数", "least number of cooling-off days by channel", "higher", least=1),
    Parameter("cooling_off.days_by_product_type", {}, "days", "C8",
              "按险种类型规定的犹豫期最短天数", "least number of cooling-off days by product type", "higher", least=1),
    Parameter("cooling_off.start", "NEXT_DAY", "", "C7",
              "犹豫期自签收次日还是当日起算", "day one is the day after the signature, or the day itself",
              choices=("NEXT_DAY", "SAME_DAY")),
    Parameter("cooling_off.roll", "NON_WORKING_DAY", "", "C9",
              "截止日逢非工作日是否顺延", "whether the surrender deadline rolls off a non-working day",
              choices=("NON_WORKING_DAY", "NONE")),
    Parameter("cooling_off.late_callback_grace_days", 7, "days", "R24",
              "犹豫期外回访后仍可按犹豫期撤单的天数", "days after a late callback in which a surrender is a withdrawal",
              "higher", least=0),
    Parameter("cooling_off.grace_roll", "NON_WORKING_DAY", "", "R24",
              "上述天数届满逢非工作日是否顺延", "whether the end of that grace rolls off a non-working day",
              choices=("NON_WORKING_DAY", "NONE")),
    Parameter("kpi.window_end", "NOMINAL", "", "C9",
              "期内回访以名义截止日还是顺延后截止日为准", "whether in-window is judged by the nominal or the rolled end",
              choices=("NOMINAL", "ROLLED")),
    Parameter("receipt.ageing_alert_days", 7, "days", "C44",
              "承保后几日未见回执即提示", "days after underwriting at which a missing receipt is reported", "lower", least=1),
    # dialling
    Parameter("attempts.max_attempts_per_day", 2, "dials", "R56",
              "每人每号每日最多拨打次数", "ordinary dials a day, per person and per number", "lower", least=1),
    Parameter("attempts.min_gap_hours", 3, "hours", "R56",
              "两次拨打最短间隔", "hours between two dials, per person and per number", "higher", least=0),
    Parameter("attempts.different_day_parts", True, "", "R56",
              "同日两次拨打须在不同时段", "two dials of one day lie in different parts of it"),
    Parameter("attempts.min_days", 3, "days", "R56",
              "拨打至少分布在几日", "days over which the plan of dials is spread at least", "higher", least=1),
    Parameter("attempts.max_total", 9, "dials", "R78",
              "拨打总次数上限，用尽即为联系不上", "dials in all; then the person is unreachable", "lower", least=1),
    Parameter("late.max_days", 30, "days", "C57",
              "犹豫期后最多再拨打几日", "days after the nominal end until which a late case is still dialled", least=0),
    Parameter("handover.working_days_before_end", 3, "working days", "C57",
              "名义截止日前第几个工作日零点移交机构", "the working day before the nominal end at whose 00:00 the branch takes over",
              "higher", least=0),
    Parameter("calling.windows", ("09:00-20:30",), "", "C5",
              "允许拨打的时间窗", "hours of ordinary dialling, end excluded", "subset"),
    Parameter("calling.allowed_days", ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"), "", "C5",
              "允许拨打的星期", "days of the week on which is dialled", "subset"),
    Parameter("calling.on_public_holidays", False, "", "C56",
              "法定节假日是否拨打", "whether is dialled on public holidays"),
    Parameter("calling.dialect_agent_only", False, "", "C30",
              "登记为非普通话的客户是否只由方言坐席拨打", "customers noted with another language wait for an agent who speaks it"),
    Parameter("appointment.tolerance_minutes", 10, "minutes", "R37",
              "预约允许的前后偏差", "minutes by which an appointment may be kept early or late", "lower", least=0, most=59),
    Parameter("appointment.days_before_end", 1, "days", "R37",
              "预约最迟在名义截止日前几日", "an appointment lies at least this many days before the nominal end", least=0),
    # telephone numbers
    Parameter("phone.shared_threshold", 3, "policyholders", "C23",
              "同一号码达到几位投保人即为重复号码", "policyholders on one number from which it is shared", "lower", least=2),
    Parameter("phone.family_exempt", False, "", "C23",
              "已证明亲属关系的共用号码可豁免", "a number shared by proven relatives is allowed"),
    Parameter("phone.family_exempt_max", 3, "policyholders", "C23",
              "亲属共用号码的人数上限", "relatives that one number may serve", "lower", least=1),
    Parameter("phone.allow_self_policy", True, "", "C24",
              "自保件可使用业务员本人号码", "an agent may use his own number on his own policy"),
    Parameter("phone.dial_unconfirmed", False, "", "C25",
              "未确认的号码是否可拨打", "whether a number not yet confirmed may be rung"),
    # the conversation and its outcome
    Parameter("identity.elements", 2, "elements", "R31",
              "核对身份须用的要素数", "elements that prove identity", "higher", least=2, most=3),
    Parameter("identity.retries", 1, "retries", "R31",
              "身份核对可重试次数", "times a failed identity answer may be repeated", "lower", least=0),
    Parameter("script.explanations", 1, "times", "R30",
              "一项不清楚时解释几次", "explanations of one item before it counts as not understood", least=1, most=2),
    Parameter("script.simplified", False, "", "R30",
              "双录合格的保单可用简化话术", "policies with a passed sales recording may use the short script"),
    Parameter("script.resume_days", 3, "days", "S1",
              "未完成的回访几日内可续访", "days within which an interrupted callback is resumed at its first open item",
              "lower", least=0),
    Parameter("matrix.fees_for_all_types", False, "", "C46",
              "费用项对全部险种必问", "the fee item is mandatory for every product type"),
    Parameter("callback.allow_authorised_proxy", False, "", "C6",
              "是否允许授权家属代答", "whether an authorised relative may answer"),
    Parameter("refusal.max_recalls", 0, "calls", "C31",
              "拒访后再拨打次数", "calls after a refusal that stands", "lower", least=0, most=2),
    Parameter("refusal.deliberate_hangups", 2, "hang-ups", "S1",
              "故意挂断几次视为拒访", "deliberate hang-ups that count as a refusal", least=1),
    Parameter("quality.signal_on_corrected", True, "", "C18",
              "已纠正的误解仍计入误导统计", "a corrected misunderstanding is still counted for mis-selling"),
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
    Parameter("workorder.after_care_days", 2, "working days", "R92",
              "处理后再次回访的时效", "working days from handling to the after-care call", "lower", least=1),
    Parameter("workorder.day_ends", "17:30", "time of day", "C53",
              "此时刻之后下发按次一工作日计", "a push after this time counts as made on the next working day"),
    Parameter("workorder.cap_by_cooling_off", True, "", "C13",
              "处理须在犹豫期内", "an order must also be acted on inside the cooling-off period"),
    Parameter("workorder.exclude_selling_agent", "MISSELLING_ONLY", "", "C14",
              "销售人员是否回避", "when the selling agent may not resolve an order",
              choices=("NEVER", "MISSELLING_ONLY", "ALWAYS")),
    Parameter("workorder.order", "CLOCK_FIRST", "", "C26",
              "工单处理顺序", "the order in which a branch works through its list", choices=("CLOCK_FIRST", "SEED_2H")),
    # keeping
    Parameter("retention.recording_years", 20, "years", "R110",
              "录音自通话起至少保存年数", "years a recording is kept from the call, at least", "higher", least=20),
    Parameter("retention.electronic_years", 20, "years", "R111",
              "电子资料至少保存年数", "years an electronic record is kept from its creation, at least", "higher", least=20),
    Parameter("retention.paper_years", 10, "years", "R112",
              "纸质资料自归档起至少保存年数", "years a paper record is kept from archiving, at least", "higher", least=10),
    Parameter("retention.after_contract_end_years", 10, "years", "C21",
              "合同终止后至少保存年数", "years after the contract's end, at least", "higher", least=10),
    Parameter("retention.after_dispute_years", 2, "years", "C21",
              "争议了结后至少保存年数", "years after a dispute is closed, at least", "higher", least=2),
    Parameter("training.expiry_days", 90, "days", "C41",
              "培训用副本的有效天数", "days after which a training copy is deleted", "lower", least=1),
    # measures and reports
    Parameter("kpi.denominator_exclusions", ("WITHDRAWN", "DEATH", "CANCELLED"), "", "C28",
              "从应访件中剔除的情形", "what takes a policy out of the denominator from the day it is known"),
    Parameter("report.sales_unit.latest_day", 5, "day of the month", "C22",
              "销售单位月表最迟日", "the day on or before which the sales unit's table is due", "lower", least=1, most=28),
)  # fmt: skip

PARAMETERS: dict[str, Parameter] = {p.name: p for p in _ALL}

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_WINDOW = re.compile(rf"({_TIME.pattern})-({_TIME.pattern})")
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def checked(name: str, value: object) -> object:
    """`value` as the parameter takes it (lists become tuples). Raises ParameterError for a wrong name, type or range."""
    if (parameter := PARAMETERS.get(name)) is None:
        raise ParameterError(f"no parameter is called {name!r}")
    default = parameter.default
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ParameterError(f"{name} is true or false, not {value!r}")
        return value
    if isinstance(default, int):
        return _number(parameter, value)
    if isinstance(default, str):
        if not isinstance(value, str):
            raise ParameterError(f"{name} is a word, not {value!r}")
        if parameter.choices and value not in parameter.choices:
            raise ParameterError(f"{name} is one of {', '.join(parameter.choices)}, not {value!r}")
        if parameter.unit == "time of day" and not _TIME.fullmatch(value):
            raise ParameterError(f"{name} is a time of day such as 17:30, not {value!r}")
        return value
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise ParameterError(f"{name} is a list of words, not {value!r}")
        return _words(name, tuple(value))
    if not isinstance(value, Mapping):
        raise ParameterError(f"{name} is a table of numbers, not {value!r}")
    return {str(key): _number(parameter, number, f"{name}.{key}") for key, number in value.items()}


def _number(parameter: Parameter, value: object, name: str | None = None) -> int:
    name = name or parameter.name
    if isinstance(value, bool) or not isinstance(value, int):
        raise ParameterError(f"{name} is a whole number, not {value!r}")
    if parameter.least is not None and value < parameter.least:
        raise ParameterError(f"{name} is at least {parameter.least:g}, not {value}")
    if parameter.most is not None and value > parameter.most:
        raise ParameterError(f"{name} is at most {parameter.most:g}, not {value}")
    return value


def _words(name: str, words: tuple[str, ...]) -> tuple[str, ...]:
    if name == "calling.windows":
        for word in words:
            match = _WINDOW.fullmatch(word)
            if not match or match[1] >= match[3]:
                raise ParameterError(f"{name} holds windows such as 09:00-20:30, not {word!r}")
    elif name == "calling.allowed_days" and (wrong := set(words) - set(_DAYS)):
        raise ParameterError(f"{name} holds {', '.join(_DAYS)}, not {', '.join(sorted(wrong))}")
    return words


def from_text(name: str, text: str) -> object:
    """A value as typed after NAME=; numbers, true/false, comma lists, and JSON for tables."""
    if (parameter := PARAMETERS.get(name)) is None:
        raise ParameterError(f"no parameter is called {name!r}")
    value: object = text.strip()
    if isinstance(parameter.default, bool):
        value = {"true": True, "false": False}.get(text.strip().lower(), text)
    elif isinstance(parameter.default, int):
        value = int(text) if re.fullmatch(r"\s*-?\d+\s*", text) else text
    elif isinstance(parameter.default, tuple):
        value = [word.strip() for word in text.split(",") if word.strip()]
    elif not isinstance(parameter.default, str):
        try:
            value = json.loads(text)
        except ValueError:
            raise ParameterError(f"{name} is a table, written as JSON, not {text!r}") from None
    return checked(name, value)


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of the values in force. `id` is stored with every decision, so that it can be explained later."""

    name: str
    version: str
    values: Mapping[str, object] = field(repr=False)

    def __getitem__(self, parameter: str):
        return self.values[parameter]

    def __hash__(self) -> int:
        return hash((self.name, self.version))

    @property
    def id(self) -> str:
        return f"{self.name}@{self.version}"

    def with_params(self, params: Mapping[str, object]) -> "Profile":
        """These values over the profile's own; tables are merged. The id tells that it was changed, and how."""
        if not params:
            return self
        changed = {name: checked(name, value) for name, value in params.items()}
        values = dict(self.values)
        for name, value in changed.items():
            values[name] = {**values[name], **value} if isinstance(value, dict) else value
        digest = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:8]
        return Profile(self.name, f"{self.version}+{digest}", values)


DEFAULTS = Profile("defaults", "0", {name: p.default for name, p in PARAMETERS.items()})
