"""Answers → class and reasons. Derived, never typed in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from rules.answers import Answer, Said
from rules.parameters import Profile
from rules.plain_values import from_plain, to_plain
from rules.reasoning import Step
from rules.words import word

STANDARD, SUB_STANDARD, QUESTION, VERIFICATION = "STANDARD", "SUB_STANDARD", "QUESTION", "VERIFICATION"

NEW_TYPES = ("PARTICIPATING", "UNIVERSAL", "UNIT_LINKED")

# Step of a knowledge item → the reason when it was not clear (R69, R70)
ITEM_REASONS = {
    "M1": "NOT_KNOWN_AS_INSURANCE",
    "M5": "COVERAGE_UNCLEAR",
    "M6.coverage": "COVERAGE_UNCLEAR",
    "M6.exclusions": "COVERAGE_UNCLEAR",
    "M6.term": "TERMS_UNCLEAR",
    "M7": "TERMS_UNCLEAR",
    "M8": "COOLING_OFF_OR_SURRENDER_UNCLEAR",
    "M9": "COOLING_OFF_OR_SURRENDER_UNCLEAR",
    "N1": "BENEFIT_UNCERTAINTY_UNCLEAR",
    "N2": "BENEFIT_UNCERTAINTY_UNCLEAR",
    "N3": "FEES_UNCLEAR",
    "N4": "BENEFIT_UNCERTAINTY_UNCLEAR",
    "N5": "COVERAGE_UNCLEAR",
}
MISSELLING_REASONS = frozenset(ITEM_REASONS.values())
SIGNATURE_REASONS = {"M3": "SIGNED_BY_OTHER", "M4": "RISK_STATEMENT_COPIED_BY_OTHER"}
RE_SIGN_REASONS = frozenset({"SIGNED_BY_OTHER", "RISK_STATEMENT_COPIED_BY_OTHER", "RECEIPT_UNSIGNED"})
VERIFICATION_REASONS = frozenset(
    {
        "PHONE_INVALID",
        "PHONE_SHARED",
        "PHONE_IS_AGENTS",
        "REFUSED",
        "DENIES_PURCHASE",
        "ALREADY_SURRENDERED",
        "IDENTITY_NOT_CONFIRMED",
        "RECORD_MISMATCH",
        "LANGUAGE_BARRIER",
        "HEARING_OR_AGE",
        "UNREACHABLE",
        "CONTRACT_NOT_RECEIVED",
        "POLICYHOLDER_DECEASED",
    }
)
# Reasons that the sources put into different classes; the profile says which (C15–C17).
MAPPINGS = {
    "DENIES_PURCHASE": "mapping.denies_purchase",
    "CONTRACT_NOT_RECEIVED": "mapping.contract_not_received",
    "SIGNED_BY_OTHER": "mapping.signed_by_other",
    "RECEIPT_UNSIGNED": "mapping.receipt_unsigned",
}
# Reason → the rule it rests on; the six of R69 are R70's where they stayed unclear
REASON_RULES = {
    **dict.fromkeys(ITEM_REASONS.values(), "R69"),
    "OPEN_QUESTION": "R29",
    "SIGNATURE_UNSURE": "R71",
    "SIGNED_BY_OTHER": "R72",
    "RISK_STATEMENT_COPIED_BY_OTHER": "R72",
    "RECEIPT_UNSIGNED": "C17",
    "CLAUSES_NOT_SUPPLIED": "R96",
    "PHONE_INVALID": "R73",
    "PHONE_SHARED": "C23",
    "PHONE_IS_AGENTS": "R74",
    "REFUSED": "C31",
    "DENIES_PURCHASE": "C15",
    "ALREADY_SURRENDERED": "R75",
    "IDENTITY_NOT_CONFIRMED": "R75",
    "RECORD_MISMATCH": "R76",
    "LANGUAGE_BARRIER": "R77",
    "HEARING_OR_AGE": "R77",
    "UNREACHABLE": "R78",
    "CONTRACT_NOT_RECEIVED": "R79",
    "POLICYHOLDER_DECEASED": "S6",
    "RECORDING_LOST": "C59",
}
# Steps that come before the question for identity
OPENING = frozenset({"C1", "C2", "C3", "T1", "T2", "T3", "T4", "T5", "T6", "R1", "L1", "A1"})
# The items of the short script for a sale whose audio-video record passed its check
SIMPLIFIED_ITEMS = ("M1", "M2.received", "M2.receipt_signed", "M8")
# S9: what a proxy never answers for
SIGNATURE_ITEMS = ("M3", "M4")
# What stands beside a class, and why
MARK_STEPS = {
    "misselling_signal": Step(
        "C18", "计入误导统计，已纠正的也不例外", "counted as a mis-selling signal, corrected or not"
    ),
    "exclude_selling_agent": Step("C14", "销售人员回避，不得处理此件", "the selling agent may not resolve it"),
    "dispute": Step("C15", "按争议件最先处理，通知品质部门", "a dispute: handled first, the quality unit is told"),
    "INFORMED_REFUSAL": Step(
        "C31", "客户表示均已知悉，寄送载明全部事项的信函", "he knows it all: a letter with every item follows"
    ),
    "RECEIPT_DISPUTED": Step("S4", "登记有回执而客户称未收到", "a receipt is on file, yet he says he received nothing"),
    "DISCLOSED_BEFORE_IDENTITY": Step(
        "S10",
        "核实身份前谈及保单内容，属违规，结论不变",
        "a policy fact came before identity: a breach, the class stands",
    ),
    "candidate_number": Step(
        "C25", "新号码先列为待确认，确认前不拨打", "another number was named: a candidate, not rung until confirmed"
    ),
    "answered_by_proxy": Step(
        "S9", "家属代答，签名事项须投保人书面确认", "a proxy answered: signatures are confirmed in writing"
    ),
    "CONTACT_DATA_WRONG": Step(
        "R96", "联系资料登记有误，列为品质事项", "contact data wrong from the start: a quality item"
    ),
}
# Steps whose answer no explanation can turn into a yes
WITHOUT_EXPLANATION = frozenset({"M2.received", "M2.receipt_signed", *SIGNATURE_REASONS})
# Answers that leave an item open: nothing definite was said (S2)
OPEN_ANSWERS = frozenset({"SILENT", "NOT_UNDERSTOOD", "BUSY", "REFUSE", "HANGUP", "THIRD_PARTY", "REPEAT", "OPERATOR"})
UNCLEAR = frozenset({"NO", "UNSURE", "QUESTION", "OBJECT"})
DENIED = frozenset({"NO", "OBJECT"})  # of a signature: it is not his


@dataclass(frozen=True, slots=True)
class Reason:
    """`corrected` None where no explanation could cure it (a signature, a refusal)."""

    code: str
    corrected: bool | None = None
    signer: str | None = None
    seller_statement: str | None = None
    subtype: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`class_` None: no class yet, `open_items` are asked in the next call (S1)."""

    completed: bool
    class_: str | None
    reasons: tuple[Reason, ...] = ()
    marks: tuple[str, ...] = ()
    open_items: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    seller_statement: str | None = None  # what the customer says the seller did, whether a reason follows or not

    def to_json(self) -> dict:
        return to_plain(self)

    @classmethod
    def from_json(cls, data: Mapping) -> "Outcome":
        return from_plain(cls, data)


def mandatory_items(
    product_type: str, premium_mode: str, profile: Profile, traceability: str = "NONE"
) -> tuple[str, ...]:
    """The items that need a definite answer, in the order they are asked (R48, R49, C46).

    `traceability` PASSED shortens the list where the profile allows the short script; an INVALIDATED record never does.
    """
    if profile["script.simplified"] and traceability == "PASSED":
        return SIMPLIFIED_ITEMS
    items = ["M1", "M2.received", "M2.receipt_signed", "M3"]
    if product_type in NEW_TYPES:
        items.append("M4")
    items += ["M5", "M6.coverage", "M6.exclusions", "M6.term"]
    if premium_mode != "SINGLE":
        items.append("M7")
    items += ["M8", "M9"]
    if product_type == "PARTICIPATING":
        items.append("N1")
    if product_type == "UNIVERSAL":
        items.append("N2")
    if product_type in NEW_TYPES or profile["matrix.fees_for_all_types"]:
        items.append("N3")
    if product_type == "UNIT_LINKED":
        items.append("N4")
    if product_type == "HEALTH":
        items.append("N5")
    return tuple(items)


def outcome(
    answers: Iterable[Answer | Mapping],
    product_type: str,
    premium_mode: str,
    profile: Profile,
    *,
    receipt_on_file: bool = False,
    plan_used_up: bool = False,
    deliberate_hangups: int = 0,
    traceability: str = "NONE",
    by_proxy: bool = False,
    marked: Iterable[str] = (),
) -> Outcome:
    """The class that the final answers give. Of several final answers to one step the last counts, save where all do.

    `receipt_on_file`: a receipt is recorded, so "not received" disputes it (S4). `plan_used_up`: nobody will ring
    again, so open items make the case UNREACHABLE. `deliberate_hangups`: how often the policyholder hung up in all.
    `by_proxy`: an authorised relative answered, so signatures stay open (S9). `marked`: marks that no answer gives.
    """
    given = [_as_meant(a if isinstance(a, Answer) else _from_mapping(a)) for a in answers]
    rows = [a for a in given if a.final]
    last = {a.step: a for a in rows}
    if confirmed_surrender(rows):
        step = Step("R75", "核心系统确认已退保，无须回访", "the core system confirms the surrender: no callback is due")
        return Outcome(False, None, marks=tuple(marked), steps=(step,))
    reasons = _verification(rows, last, profile, deliberate_hangups)
    statement = next((row.seller_statement for row in given if row.seller_statement), None)
    marks = _marks(rows, last, reasons, receipt_on_file)
    items = mandatory_items(product_type, premium_mode, profile, traceability)
    open_items = tuple(
        item
        for item in items
        if item not in last or last[item].answer in OPEN_ANSWERS or (by_proxy and item in SIGNATURE_ITEMS)
    )
    found = _doubts(given, rows, last)
    if by_proxy:
        found = [reason for reason in found if reason.step not in SIGNATURE_ITEMS]
    if plan_used_up and not reasons and open_items:
        reasons.append(Reason("UNREACHABLE"))
    every = (*reasons, *found)
    marks += _quality_marks(every, statement or _doubts_the_sale(last), profile)
    marks = tuple(dict.fromkeys((*marks, *(["answered_by_proxy"] if by_proxy else ()), *marked)))
    steps = (*(_because(reason) for reason in every), *(MARK_STEPS[mark] for mark in marks if mark in MARK_STEPS))
    if items == SIMPLIFIED_ITEMS:
        step = Step(
            "R30", "双录合格，按简化话术，只问四项", "the sale's recording passed: the short script's four items"
        )
        steps = (step, *steps)
    if reasons:
        class_ = _strictest_class(reasons, profile)
        if class_ == VERIFICATION:
            step = Step(
                "R68", "有核实原因，回访未完成，为核实件", "a verification reason: the callback was not completed"
            )
        else:
            step = Step(
                "C15", "按规则版本，此原因归为问题件，回访未完成", "this profile makes it a question; not completed"
            )
        return Outcome(False, class_, every, marks, open_items, (*steps, step), statement)
    if open_items:
        step = Step(
            "S1",
            f"还有{len(open_items)}项没有明确回答（{'、'.join(open_items)}），暂不定类，下次接着问",
            f"{len(open_items)} items without a definite answer ({', '.join(open_items)}): no class yet, "
            "they are asked in the next call",
        )
        return Outcome(False, None, every, marks, open_items, (*steps, step), statement)
    if unsolved := [reason for reason in found if reason.corrected is not True]:
        class_ = _strictest_class(unsolved, profile)
        step = Step(
            "R67", "回访完成，有未解释清楚的事项，为问题件", "completed, and something stayed unclear: question"
        )
        if class_ == VERIFICATION:
            step = Step(
                "C17", "回访完成，按规则版本此事项归为核实件", "completed; this profile makes it a verification"
            )
    elif found:
        class_, step = (
            SUB_STANDARD,
            Step("R66", "有疑问但当场解释清楚，为次标准件", "a doubt that was explained on the line: sub-standard"),
        )
    else:
        class_, step = (
            STANDARD,
            Step("R65", "各项都有明确的肯定回答，为标准件", "every item has a definite yes: standard"),
        )
    return Outcome(True, class_, every, marks, (), (*steps, step), statement)


def class_of(reason: str, profile: Profile) -> str:
    """The class that this reason alone leads to where nothing has corrected it."""
    if reason in MAPPINGS:
        return profile[MAPPINGS[reason]]
    return VERIFICATION if reason in VERIFICATION_REASONS else QUESTION


def _strictest_class(reasons: Iterable[Reason], profile: Profile) -> str:
    classes = {class_of(reason.code, profile) for reason in reasons}
    return VERIFICATION if VERIFICATION in classes else QUESTION


def confirmed_surrender(answers: Iterable[Answer]) -> bool:
    """He says that he has left, and the core system confirms it (D2)."""
    last = {a.step: a for a in answers if a.final}
    confirmed = last.get("D2")
    return confirmed is not None and confirmed.answer == Said.YES


def disclosed_before_identity(answers: Iterable[Answer]) -> bool:
    """Of one contact, in the order asked: an item of the policy came up before identity was proven (S10). Where the
    opening of the call is not on record either, nothing can be said."""
    rows = list(answers)
    if all(row.step != "I1" and row.step not in OPENING for row in rows):
        return False
    proven = next((n for n, row in enumerate(rows) if row.step == "I1" and row.answer == Said.YES), len(rows))
    return any(row.step[:1] in "MND" for row in rows[:proven])


def class_b(result: Outcome | None, *, after_care: bool = False) -> str | None:
    """The view of taxonomy B (C12). `after_care`: the call confirmed the handling of a first-level order (R84)."""
    if result is None or result.class_ is None:
        return None
    if result.seller_statement or any(reason.seller_statement for reason in result.reasons):
        return "MISSELLING"
    codes = {reason.code for reason in result.reasons}
    if result.class_ == VERIFICATION and codes & (VERIFICATION_REASONS - {"CONTRACT_NOT_RECEIVED"}):
        return "SECOND_LEVEL_EXPLANATION" if after_care else "VERIFICATION"
    if result.class_ in (VERIFICATION, QUESTION):
        return "SECOND_LEVEL_EXPLANATION" if after_care else "FIRST_LEVEL_EXPLANATION"
    return None


def _because(reason: Reason) -> Step:
    """The reason in words, with its rule."""
    rule = REASON_RULES[reason.code]
    if rule == "R69" and not reason.corrected:
        rule = "R70"
    told = {True: ("，经解释已清楚", ", clear after an explanation"), False: ("，解释后仍不清楚", ", still not clear")}
    zh, en = told.get(reason.corrected, ("", ""))
    for extra in (reason.subtype, reason.signer):
        if extra is not None:
            zh, en = f"{zh}（{word(extra, 'zh')}）", f"{en} ({word(extra, 'en')})"
    at = f"{reason.step}：" if reason.step else ""
    return Step(rule, f"{at}{word(reason.code, 'zh')}{zh}", f"{at.replace('：', ': ')}{word(reason.code, 'en')}{en}")


def _from_mapping(row: Mapping) -> Answer:
    known = {name: row[name] for name in Answer.__dataclass_fields__ if name in row}
    return Answer(**known)


def _as_meant(row: Answer) -> Answer:
    """A yes that stayed unclear is none: where no explanation helps, he is not sure."""
    if row.step in WITHOUT_EXPLANATION and row.answer == Said.YES and row.corrected is False:
        return replace(row, answer=str(Said.UNSURE))
    return row


def _verification(rows: list[Answer], last: Mapping[str, Answer], profile: Profile, hangups: int) -> list[Reason]:
    reasons: list[Reason] = []

    def add(code: str, row: Answer | None = None, subtype: str | None = None) -> None:
        if all(reason.code != code for reason in reasons):
            reasons.append(
                Reason(code, None, None, row.seller_statement if row else None, subtype, row.step if row else None)
            )

    def is_(step: str, *answers: str) -> Answer | None:
        row = last.get(step)
        return row if row is not None and row.answer in answers else None

    if row := is_("P0", "NO"):
        code = {"PHONE_INCOMPLETE": "PHONE_INVALID"}.get(row.detail or "", row.detail or "PHONE_INVALID")
        add(code, row, "PHONE_INCOMPLETE" if row.detail == "PHONE_INCOMPLETE" else None)
    if row := is_("P1", "INVALID_NUMBER", "SUSPENDED", "SWITCHBOARD"):
        add("PHONE_INVALID", row, row.answer)
    if row := is_("T1", "NO"):
        if row.detail == "DECEASED":
            add("POLICYHOLDER_DECEASED", row)
        elif row.detail == "NO_SUCH_PERSON":
            add("PHONE_INVALID", row, "NO_SUCH_PERSON")
    if "T4" in last:
        add("PHONE_INVALID", last["T4"], "NO_SUCH_PERSON")
    order = [row.step for row in rows]
    # somebody was found who can be understood, and he has not said again that he cannot follow
    overcome = is_("L1", Said.YES) is not None and "C3" not in order[order.index("L1") :]
    if (row := is_("C3", "NO")) and row.detail in ("LANGUAGE", "HEARING", "AGE") and not overcome:
        if row.detail == "LANGUAGE":
            add("LANGUAGE_BARRIER", row)
        else:
            add("HEARING_OR_AGE", row, row.detail)
    if row := is_("R1", "REFUSE"):
        add("REFUSED", row, "INFORMED_REFUSAL" if row.detail == "INFORMED" else None)
    identity = [row for row in rows if row.step == "I1"]
    if identity and identity[-1].answer == "REFUSE":
        add("IDENTITY_NOT_CONFIRMED", identity[-1])
    if identity and identity[-1].answer == "NO":
        retried = len([row for row in identity if row.answer == "NO"]) > profile["identity.retries"]
        if retried or identity[-1].detail == "TOO_FEW_ELEMENTS":
            add("RECORD_MISMATCH", identity[-1])
    if row := is_("M1", "OBJECT"):
        add("ALREADY_SURRENDERED" if row.detail == "ALREADY_SURRENDERED" else "DENIES_PURCHASE", row)
    elif row := is_("D2", "NO"):
        add("ALREADY_SURRENDERED", row)
    elif row := is_("D1", Said.YES, "OBJECT"):
        add("DENIES_PURCHASE", row)
    if row := is_("M2.received", *UNCLEAR):
        add("CONTRACT_NOT_RECEIVED", row)
    if hangups >= profile["refusal.deliberate_hangups"]:
        add("REFUSED", last.get("X"), "HUNG_UP")
    return reasons


def _doubts(given: list[Answer], rows: list[Answer], last: Mapping[str, Answer]) -> list[Reason]:
    """What was not clear at first, or not as it should be, step by step."""
    found: list[Reason] = []
    for step, row in last.items():
        if step == "M1" and row.answer == "OBJECT":
            continue  # a denial, not a doubt
        if step == "M5" and row.detail == "CLAUSES_NOT_SUPPLIED":
            if row.answer == Said.YES and row.corrected:  # the rest of the papers became clear
                found.append(Reason(ITEM_REASONS[step], True, None, _statement(given, step), None, step))
            found.append(Reason("CLAUSES_NOT_SUPPLIED", None, None, _statement(given, step), None, step))
        elif step in ITEM_REASONS:
            if row.answer in UNCLEAR or (row.answer == Said.YES and row.corrected is False):
                found.append(Reason(ITEM_REASONS[step], False, None, _statement(given, step), None, step))
            elif row.answer == Said.YES and row.corrected:
                found.append(Reason(ITEM_REASONS[step], True, None, _statement(given, step), None, step))
        elif step == "M2.receipt_signed" and row.answer in UNCLEAR:
            code = "RECEIPT_UNSIGNED" if row.answer in DENIED else "SIGNATURE_UNSURE"
            found.append(Reason(code, None, None, _statement(given, step), None, step))
        elif step in SIGNATURE_REASONS and row.answer in UNCLEAR:
            if row.answer in DENIED:
                found.append(
                    Reason(SIGNATURE_REASONS[step], None, row.signer or "UNKNOWN", _statement(given, step), None, step)
                )
            else:
                found.append(Reason("SIGNATURE_UNSURE", None, None, _statement(given, step), None, step))
    open_questions = [row for row in rows if row.step == "K3" and row.answer == "QUESTION"]
    if open_questions:
        answered = all(row.detail == "ANSWERED" for row in open_questions)
        found.append(Reason("OPEN_QUESTION", answered, None, _statement(given, "K3"), None, "K3"))
    return found


def _statement(rows: list[Answer], step: str) -> str | None:
    return next((row.seller_statement for row in rows if row.step == step and row.seller_statement), None)


def _doubts_the_sale(last: Mapping[str, Answer]) -> str | None:
    """K2: promises beside the contract, or being told what to answer, without saying what exactly."""
    row = last.get("K2")
    return "OTHER" if row is not None and row.answer in UNCLEAR else None


def _marks(
    rows: list[Answer], last: Mapping[str, Answer], reasons: list[Reason], receipt_on_file: bool
) -> tuple[str, ...]:
    codes = {reason.code for reason in reasons}
    marks = []
    if "DENIES_PURCHASE" in codes:
        marks += ["dispute", "exclude_selling_agent"]
    if any(reason.subtype == "INFORMED_REFUSAL" for reason in reasons):
        marks.append("INFORMED_REFUSAL")
    if "CONTRACT_NOT_RECEIVED" in codes and receipt_on_file:
        marks.append("RECEIPT_DISPUTED")
    contact = last.get("K1")
    if contact is not None and contact.answer == "NO":
        marks.append("servicing_request")
        if contact.detail == "WRONG":
            marks.append("CONTACT_DATA_WRONG")
    for row in rows:
        if row.step == "K3" and row.answer == "OBJECT":
            # an objection that says no more is taken as a complaint, so that somebody looks at it
            marks.append("surrender_intent" if row.detail == "WANTS_SURRENDER" else "complaint_ticket")
    return tuple(marks)


def _quality_marks(reasons: tuple[Reason, ...], statement: str | None, profile: Profile) -> tuple[str, ...]:
    """Suspected mis-selling is counted also where it was put right on the line (C18)."""
    stated = statement is not None
    uncorrected = any(r.code in MISSELLING_REASONS and r.corrected is False for r in reasons)
    corrected = any(r.code in MISSELLING_REASONS and r.corrected is True for r in reasons)
    marks = []
    if uncorrected or stated or (corrected and profile["quality.signal_on_corrected"]):
        marks.append("misselling_signal")
    excluded = profile["workorder.exclude_selling_agent"]
    if (excluded != "NEVER" and (uncorrected or stated)) or (excluded == "ALWAYS" and reasons):
        marks.append("exclude_selling_agent")
    return tuple(marks)
