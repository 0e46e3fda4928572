"""Every date the product promises. No screen, report or query computes one of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from rules.calendar import Calendar, business_date, shanghai
from rules.list_dates import ContractDates, list_date
from rules.parameters import Profile
from rules.reasoning import Step

END_OF_DAY = time(23, 59, 59)


class UnknownLimit(KeyError):
    """No working days are set for this reason or kind of order; there is no default to fall back on (section SLA)."""

    def __str__(self) -> str:
        return f"no work-order limit is set for {self.args[0]}"


# ---------------------------------------------------------------- cooling-off


@dataclass(frozen=True, slots=True)
class CoolingOff:
    """`nominal_end` is what callbacks are planned and judged by; `surrender_deadline` is the customer's (C9)."""

    nominal_end: date
    surrender_deadline: date
    provisional: bool
    steps: tuple[Step, ...]


def cooling_off_days(channel: str, product_type: str, clause_days: int | None, profile: Profile) -> int:
    """The longest of the contract's own clause and the least lengths for channel and product type (C8)."""
    return max(
        clause_days or 0,
        profile["cooling_off.days"],
        profile["cooling_off.days_by_channel"].get(channel, 0),
        profile["cooling_off.days_by_product_type"].get(product_type, 0),
    )


def cooling_off(signed_on: date, days: int, profile: Profile, calendar: Calendar) -> CoolingOff:
    """`days` is the length itself, as counted; see `cooling_off_days` for the length that a contract has."""
    if days < 1:
        raise ValueError(f"a cooling-off period has at least one day, not {days}")
    least = profile["cooling_off.days"]
    steps = []
    if days < least:
        steps.append(
            Step(
                "C8",
                f"按所问的{days}日计算；本规则版本规定犹豫期不少于{least}日",
                f"counted with {days} days as asked; this profile asks for at least {least}",
            )
        )
    if profile["cooling_off.start"] == "NEXT_DAY":
        nominal_end = signed_on + timedelta(days=days)
        steps.append(
            Step(
                "C7",
                f"回执{signed_on}签署，次日起算，第{days}日为{nominal_end}",
                f"receipt signed {signed_on}; the next day is day one, so day {days} is {nominal_end}",
            )
        )
    else:
        nominal_end = signed_on + timedelta(days=days - 1)
        steps.append(
            Step(
                "R20",
                f"回执{signed_on}签署，当日起算，第{days}日为{nominal_end}",
                f"receipt signed {signed_on}; that day is day one, so day {days} is {nominal_end}",
            )
        )
    deadline, rolled = _rolled(nominal_end, profile["cooling_off.roll"], calendar)
    if rolled:
        steps.append(
            Step(
                "R25",
                f"{nominal_end}不是工作日，退保申请顺延至其后第一个工作日{deadline}；回访期限不顺延",
                f"{nominal_end} is not a working day: a surrender request still counts on {deadline}, "
                "the first working day after it; the callback's own end does not move",
            )
        )
    else:
        steps.append(
            Step(
                "R25",
                f"{nominal_end}无须顺延，退保申请截止于当日",
                f"{nominal_end} does not roll; a surrender request counts until that day",
            )
        )
    provisional = calendar.is_provisional_between(nominal_end, deadline)
    if provisional:
        steps.append(_provisional(nominal_end, deadline, calendar))
    return CoolingOff(nominal_end, deadline, provisional, tuple(steps))


def _rolled(day: date, roll: str, calendar: Calendar) -> tuple[date, bool]:
    deadline = calendar.working_day_on_or_after(day) if roll == "NON_WORKING_DAY" else day
    return deadline, deadline != day


def _provisional(first: date, last: date, calendar: Calendar) -> Step:
    years = [str(year) for year in range(first.year, last.year + 1) if year not in calendar.years]
    return Step(
        "PROVISIONAL",
        f"{'、'.join(years)}年的节假日安排尚未公布或未录入，暂按周一至周五计算，不得作为最终日期告知客户",
        f"the holidays of {', '.join(years)} are not known yet: counted Monday to Friday, provisional, "
        "never told to a customer as final",
    )


# ---------------------------------------------------------------- when a case may be rung


@dataclass(frozen=True, slots=True)
class CaseDates:
    """`callable_on` is the list date, any day of the week, and None where the regime has no date to go by yet.

    The cooling-off dates and `handover_at` (the instant at which an unanswered case goes to the branch, C57) are
    None as long as no receipt is known. `complete_by` is E1's own limit, None under the other regimes.
    """

    regime: str
    callable_on: date | None
    nominal_end: date | None
    surrender_deadline: date | None
    handover_at: datetime | None
    cooling_off_days: int
    provisional: bool
    signature_date_estimated: bool
    signed_on: date | None
    complete_by: date | None
    steps: tuple[Step, ...]


def case_dates(contract: ContractDates, profile: Profile, calendar: Calendar, length: int | None = None) -> CaseDates:
    """All dates of a case. `length` counts with another number of cooling-off days than the contract has."""
    days = length or cooling_off_days(contract.channel, contract.product_type, contract.cooling_off_days, profile)
    regime, listed, complete_by, steps = list_date(contract, profile, days)
    provisional = False
    if listed is not None and not profile["calendar.extract_on_holidays"]:
        moved = calendar.working_day_on_or_after(listed)
        if provisional := calendar.is_provisional_between(listed, moved):
            steps.append(_provisional(listed, moved, calendar))
        if moved != listed:
            steps.append(
                Step(
                    "S16",
                    f"{listed}不是工作日，不抽取清单，顺延至{moved}",
                    f"{listed} is not a working day and lists are not drawn then: {moved}",
                )
            )
            listed = moved

    signed_on, estimated = contract.receipt_signed_on, False
    if signed_on is None and contract.receipt_written_off_on is not None:
        signed_on, estimated = contract.receipt_written_off_on, True
        steps.append(
            Step(
                "C42",
                f"未见回执签署日，以核销日{signed_on}代替并注明为估计",
                f"no signature date: the write-off date {signed_on} stands in for it and is marked as estimated",
            )
        )
    if signed_on is None:
        steps.append(
            Step(
                "R20",
                "尚无回执签署日，犹豫期未起算",
                "no receipt date yet: the cooling-off period has not begun",
            )
        )
        return CaseDates(regime, listed, None, None, None, days, provisional, False, None, complete_by, tuple(steps))

    period = cooling_off(signed_on, days, profile, calendar)
    handover_on = calendar.working_days_before(period.nominal_end, profile["handover.working_days_before_end"])
    steps += period.steps
    steps.append(
        Step(
            "C57",
            f"至{handover_on}零点仍联系不上且已拨打过，移交机构",
            f"dialled and still not reached at 00:00 of {handover_on}: handed to the branch",
        )
    )
    provisional = provisional or period.provisional or calendar.is_provisional_between(handover_on, period.nominal_end)
    return CaseDates(
        regime,
        listed,
        period.nominal_end,
        period.surrender_deadline,
        shanghai(handover_on),
        days,
        provisional,
        estimated,
        signed_on,
        complete_by,
        tuple(steps),
    )


# ---------------------------------------------------------------- was a callback inside the window


@dataclass(frozen=True, slots=True)
class Window:
    """`in_window` is None while no receipt date is known. `late_grace_until` is the last day on which a surrender
    after a late callback is still a withdrawal; a supplementary callback is due from/until those two days."""

    in_window: bool | None
    late: bool
    late_grace_until: date | None
    pre_cooling_off: bool
    supplementary_from: date | None
    supplementary_due: date | None
    provisional: bool
    steps: tuple[Step, ...]


def callback_window(
    completed_at: datetime | date,
    nominal_end: date | None,
    signed_on: date | None,
    profile: Profile,
    calendar: Calendar,
) -> Window:
    """How a callback completed then stands to the cooling-off period; a call on the signature date is inside (C2)."""
    day = business_date(completed_at) if isinstance(completed_at, datetime) else completed_at
    if nominal_end is None or signed_on is None:
        step = Step(
            "R19",
            "回执签署日未知，是否期内待定",
            "no receipt date yet: whether it was inside the period is not decided",
        )
        return Window(None, False, None, False, None, None, False, (step,))
    if day < signed_on:
        step = Step(
            "R23",
            f"{day}的回访早于{signed_on}签署回执，须自{signed_on}起至{nominal_end}补访",
            f"the callback of {day} precedes the signature of {signed_on}: a supplementary one is due from then "
            f"until {nominal_end}",
        )
        return Window(False, False, None, True, signed_on, nominal_end, False, (step,))
    end = nominal_end
    if profile["kpi.window_end"] == "ROLLED":
        end = calendar.working_day_on_or_after(nominal_end)
    if day <= end:
        step = Step("R19", f"{day}在犹豫期内（至{end}）", f"{day} lies inside the period, which ends on {end}")
        return Window(True, False, None, False, None, None, False, (step,))
    grace_days = profile["cooling_off.late_callback_grace_days"]
    nominal_grace = day + timedelta(days=grace_days)
    grace, rolled = _rolled(nominal_grace, profile["cooling_off.grace_roll"], calendar)
    steps = [
        Step("R19", f"{day}已过犹豫期（至{end}）", f"{day} lies after the period, which ended on {end}"),
        Step(
            "R24",
            f"回访后{grace_days}日内申请退保按犹豫期撤单：至{nominal_grace}"
            + (f"，逢非工作日顺延至{grace}" if rolled else ""),
            f"a surrender within {grace_days} days of the callback is a withdrawal: until {nominal_grace}"
            + (f", rolled to the working day {grace}" if rolled else ""),
        ),
    ]
    provisional = calendar.is_provisional_between(nominal_grace, grace)
    if provisional:
        steps.append(_provisional(nominal_grace, grace, calendar))
    return Window(False, True, grace, False, None, None, provisional, tuple(steps))


# ---------------------------------------------------------------- work-order limits


@dataclass(frozen=True, slots=True)
class Limit:
    """`act_by` is the last working day left inside the cooling-off period, None where no end of it is known;
    `escalated` says that the ordinary limit would run past that end (C13)."""

    due_at: datetime
    act_by: date | None
    escalated: bool
    working_days: int
    counts_from: date
    provisional: bool
    steps: tuple[Step, ...]


def working_days_for(reason_or_kind: str, profile: Profile) -> int:
    """Working days of a reason, or of a kind of order that has none. Raises UnknownLimit."""
    if reason_or_kind == "FEEDBACK_ONLY":
        return profile["workorder.feedback_only_sla"]
    if reason_or_kind == "AFTER_CARE":
        return profile["workorder.after_care_days"]
    try:
        return profile["workorder.sla"][reason_or_kind]
    except KeyError:
        raise UnknownLimit(reason_or_kind) from None


def shortest_limit(reasons: Iterable[str], profile: Profile) -> int:
    """Several reasons: the shortest. Raises UnknownLimit for any one without an entry, ValueError for none at all."""
    return min(working_days_for(reason, profile) for reason in reasons)


def work_order_limit(
    pushed_at: datetime, working_days: int, nominal_end: date | None, calendar: Calendar, profile: Profile
) -> Limit:
    """The limit of an order pushed to a branch at `pushed_at`. Accepting it later never restarts the clock (C50)."""
    if working_days < 1:
        raise ValueError(f"a limit has at least one working day, not {working_days}")
    pushed_on = business_date(pushed_at)
    local = shanghai(pushed_on)
    hour, minute = map(int, profile["workorder.day_ends"].split(":"))
    after_hours = pushed_at > local.replace(hour=hour, minute=minute)
    steps = []
    if not calendar.is_working_day(pushed_on):
        counts_from = calendar.working_day_on_or_after(pushed_on)
        steps.append(
            Step(
                "C53",
                f"{pushed_on}不是工作日，视为{counts_from}下发",
                f"{pushed_on} is not a working day: counts as pushed on {counts_from}",
            )
        )
    elif after_hours:
        counts_from = calendar.add_working_days(pushed_on, 1)
        steps.append(
            Step(
                "C53",
                f"{pushed_on} {profile['workorder.day_ends']}后下发，视为{counts_from}下发",
                f"pushed after {profile['workorder.day_ends']} of {pushed_on}: counts as pushed on {counts_from}",
            )
        )
    else:
        counts_from = pushed_on
    due_on = calendar.add_working_days(counts_from, working_days)
    steps.append(
        Step(
            "C13",
            f"自{counts_from}起（当日不计）{working_days}个工作日，截止于{due_on}日终",
            f"{working_days} working days from {counts_from}, that day not counted: the end of {due_on}",
        )
    )
    act_by, escalated = None, False
    if nominal_end is not None and profile["workorder.cap_by_cooling_off"]:
        escalated = due_on > nominal_end
        act_by = max(calendar.working_day_on_or_before(min(due_on, nominal_end)), counts_from)
        if escalated:
            steps.append(
                Step(
                    "R86",
                    f"时限晚于犹豫期截止日{nominal_end}，立即升级，须于{act_by}前处理",
                    f"the limit runs past the cooling-off end {nominal_end}: escalated at once, act by {act_by}",
                )
            )
        else:
            steps.append(
                Step(
                    "R86",
                    f"犹豫期至{nominal_end}，须于{act_by}前处理",
                    f"the cooling-off period ends {nominal_end}: act by {act_by}",
                )
            )
    provisional = calendar.is_provisional_between(pushed_on, due_on)
    if provisional:
        steps.append(_provisional(pushed_on, due_on, calendar))
    return Limit(shanghai(due_on, END_OF_DAY), act_by, escalated, working_days, counts_from, provisional, tuple(steps))


def overdue(limit: Limit, now: datetime) -> bool:
    return now > limit.due_at
