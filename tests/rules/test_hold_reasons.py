import re
from pathlib import Path

import rules
from rules.hold_reasons import HOLDS, nearest

NOT_CODES = {
    *("REJECTED", "RESERVED", "RINGING", "PLACED", "ANSWERED", "UNKNOWN"),  # what became of an attempt
    *("MORNING", "AFTERNOON", "EVENING"),
    *("POLICYHOLDER", "VERIFICATION", "PRECHECK", "PLAN_USED_UP"),
    *("EARLIEST", "LATEST"),
    *("ROBOT_ONLY", "ROBOT_THEN_AGENT", "AGENT_ONLY"),  # who rings
}


# in the promised order, the identity check beside the number checks
HOLDING = """
    OUT_OF_SCOPE R1, WITHDRAWN C28, COMPLETED R6, NOT_YET_CALLABLE R17, WAITING_FOR_RECEIPT S3, WITH_BRANCH R57,
    DENIES_PURCHASE C15, REFUSED C31, UNREACHABLE C57, SPECIAL_CALLBACK S21, PHONE_INVALID R73, PHONE_IS_AGENTS R74,
    PHONE_SHARED C23, PHONE_UNCONFIRMED C25, RECORD_MISMATCH R76, QUIET_HOURS C5, HOLIDAY C56, OUTSIDE_HOURS C5,
    UNKNOWN_ATTEMPT PROMISE-2, IN_CALL S8, APPOINTMENT_PENDING R37, DAILY_CAP R56, MIN_GAP R56, SAME_DAY_PART R56,
    NEEDS_AGENT R28, NO_DIALECT_AGENT C30
"""


def test_what_holds_a_call_in_which_order_and_by_which_rule():
    assert [f"{code} {step.rule}" for code, step in HOLDS.items()] == [row.strip() for row in HOLDING.split(",")]


def test_each_is_told_in_plain_words():
    """Chinese without Latin letters; English in small letters, as it stands inside a sentence."""
    chinese, english = re.compile(r"[一-鿿0-9:，、]+"), re.compile(r"[a-z][a-z0-9 ,:']*")
    assert [step for step in HOLDS.values() if not chinese.fullmatch(step.zh) or not english.fullmatch(step.en)] == []


def test_every_code_the_selection_can_give_is_explained_and_no_other():
    folder = Path(rules.__file__).parent
    files = [*folder.glob("calling/*.py"), folder / "phone_checks.py", folder / "routes.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r'"([A-Z][A-Z_]{5,})"', source)) - NOT_CODES
    assert named == HOLDS.keys()


def test_the_nearest_to_a_call():
    assert nearest(("COMPLETED", "MIN_GAP", "WITH_BRANCH")) == "MIN_GAP"
