"""Every reason for not ringing somebody now, in the order in which the first that applies is given, with its rule."""

from rules.reasoning import Step

HOLDS: dict[str, Step] = {
    "OUT_OF_SCOPE": Step("R1", "不属于回访范围", "outside the callback's scope"),
    "WITHDRAWN": Step("C28", "合同已撤单、退保或终止，无须回访", "withdrawn, surrendered or ended: no callback is due"),
    "COMPLETED": Step("R6", "已完成回访", "the callback is completed"),
    "NOT_YET_CALLABLE": Step("R17", "未到可拨打的第一日", "its first day has not come"),
    "WAITING_FOR_RECEIPT": Step("S3", "客户未收到合同，待回执", "the contract was not received: waits for its receipt"),
    "WITH_BRANCH": Step("R57", "已交机构处理", "with the branch"),
    "DENIES_PURCHASE": Step("C15", "客户否认投保，待核实", "the customer denies the purchase: being verified"),
    "REFUSED": Step("C31", "客户拒访，不再拨打", "the customer refused: nobody rings again"),
    "UNREACHABLE": Step("C57", "拨打计划用尽，按联系不上移交机构", "the plan of dials is used up: goes to the branch"),
    "SPECIAL_CALLBACK": Step("S21", "特殊回访件，由机构面访或信函", "special callback: the branch visits or writes"),
    "PHONE_INVALID": Step("R73", "没有可用的号码", "no number that reaches anybody"),
    "PHONE_IS_AGENTS": Step(
        "R74", "号码属于业务员、员工或网点", "the number is an agent's, a colleague's or an outlet's"
    ),
    "PHONE_SHARED": Step("C23", "多位投保人共用一个号码", "several policyholders share the number"),
    "PHONE_UNCONFIRMED": Step("C25", "号码尚未确认，不得拨打", "the number is not confirmed yet"),
    "RECORD_MISMATCH": Step("R76", "可用于核对身份的资料不足两项", "fewer than two identity elements are on file"),
    "QUIET_HOURS": Step("C5", "21:00至次日09:00不得拨打", "nobody is rung from 21:00 to 09:00"),
    "HOLIDAY": Step("C56", "法定节假日不拨打", "nobody is rung on a public holiday"),
    "OUTSIDE_HOURS": Step("C5", "不在拨打时间窗内", "outside the hours of dialling"),
    "UNKNOWN_ATTEMPT": Step(
        "PROMISE-2", "上一次拨打结果未明，先查清", "what became of the last dial must be known first"
    ),
    "IN_CALL": Step("S8", "正在通话或已在本次通话之中", "on the line, or about to be"),
    "APPOINTMENT_PENDING": Step("R37", "已有预约，按时再拨", "an appointment is booked and will be kept on time"),
    "DAILY_CAP": Step("R56", "已达当日拨打次数", "rung often enough today"),
    "MIN_GAP": Step("R56", "距上次拨打不足规定间隔", "too soon after the last dial"),
    "SAME_DAY_PART": Step("R56", "同一时段已拨打过，换时段再拨", "another part of the day comes next"),
    "NEEDS_AGENT": Step(
        "R28", "没有适用话术或机器人，须由坐席拨打", "no script or robot fits: a callback agent must ring"
    ),
    "NO_DIALECT_AGENT": Step("C30", "没有会说该语言的坐席空闲", "nobody who speaks the language is free"),
}


def nearest(codes: tuple[str, ...]) -> str:
    """Of several policies' reasons the one that comes nearest to a call."""
    order = list(HOLDS)
    return max(codes, key=order.index)
