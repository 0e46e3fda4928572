"""Why a callback is not simply in order: the reasons that its answers give, step by step."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.answers import Answer, Said
from rules.parameters import Profile
from rules.reasoning import Step
from rules.words import word

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


def because(reason: Reason) -> Step:
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


def reasons_to_verify(rows: list[Answer], last: Mapping[str, Answer], profile: Profile, hangups: int) -> list[Reason]:
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


def doubts_in(given: list[Answer], rows: list[Answer], last: Mapping[str, Answer]) -> list[Reason]:
    """What was not clear at first, or not as it should be, step by step."""
    found: list[Reason] = []
    for step, row in last.items():
        if step == "M1" and row.answer == "OBJECT":
            continue  # a denial, not a doubt
        if step == "M5" and row.detail == "CLAUSES_NOT_SUPPLIED":
            if row.answer == Said.YES and row.corrected:  # the rest of the papers became clear
                found.append(Reason(ITEM_REASONS[step], True, None, statement_at(given, step), None, step))
            found.append(Reason("CLAUSES_NOT_SUPPLIED", None, None, statement_at(given, step), None, step))
        elif step in ITEM_REASONS:
            if row.answer in UNCLEAR or (row.answer == Said.YES and row.corrected is False):
                found.append(Reason(ITEM_REASONS[step], False, None, statement_at(given, step), None, step))
            elif row.answer == Said.YES and row.corrected:
                found.append(Reason(ITEM_REASONS[step], True, None, statement_at(given, step), None, step))
        elif step == "M2.receipt_signed" and row.answer in UNCLEAR:
            code = "RECEIPT_UNSIGNED" if row.answer in DENIED else "SIGNATURE_UNSURE"
            found.append(Reason(code, None, None, statement_at(given, step), None, step))
        elif step in SIGNATURE_REASONS and row.answer in UNCLEAR:
            if row.answer in DENIED:
                found.append(
                    Reason(
                        SIGNATURE_REASONS[step], None, row.signer or "UNKNOWN", statement_at(given, step), None, step
                    )
                )
            else:
                found.append(Reason("SIGNATURE_UNSURE", None, None, statement_at(given, step), None, step))
    open_questions = [row for row in rows if row.step == "K3" and row.answer == "QUESTION"]
    if open_questions:
        answered = all(row.detail == "ANSWERED" for row in open_questions)
        found.append(Reason("OPEN_QUESTION", answered, None, statement_at(given, "K3"), None, "K3"))
    return found


def statement_at(rows: list[Answer], step: str) -> str | None:
    return next((row.seller_statement for row in rows if row.step == step and row.seller_statement), None)
