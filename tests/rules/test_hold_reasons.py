import re
from pathlib import Path

import rules
from rules.hold_reasons import HOLDS, nearest

NOT_CODES = {
    *("REJECTED", "RESERVED", "RINGING", "PLACED", "ANSWERED", "UNKNOWN"),  # what became of an attempt
    *("MORNING", "AFTERNOON", "EVENING"),
    *("POLICYHOLDER", "VERIFICATION", "PRECHECK", "PLAN_USED_UP"),
    *("EARLIEST", "LATEST"),
}


def test_the_promised_order_with_the_identity_check_beside_the_number_checks():
    promised = """
        OUT_OF_SCOPE WITHDRAWN COMPLETED NOT_YET_CALLABLE WAITING_FOR_RECEIPT WITH_BRANCH DENIES_PURCHASE REFUSED
        UNREACHABLE SPECIAL_CALLBACK PHONE_INVALID PHONE_IS_AGENTS PHONE_SHARED PHONE_UNCONFIRMED RECORD_MISMATCH
        QUIET_HOURS HOLIDAY OUTSIDE_HOURS UNKNOWN_ATTEMPT IN_CALL APPOINTMENT_PENDING DAILY_CAP MIN_GAP
        SAME_DAY_PART NEEDS_AGENT NO_DIALECT_AGENT
    """
    assert list(HOLDS) == promised.split()


def test_every_code_the_selection_can_give_is_explained_and_no_other():
    folder = Path(rules.__file__).parent
    files = [*folder.glob("calling/*.py"), folder / "phone_checks.py", folder / "routes.py"]
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r'"([A-Z][A-Z_]{5,})"', source)) - NOT_CODES
    assert named == HOLDS.keys()


def test_the_nearest_to_a_call():
    assert nearest(("COMPLETED", "MIN_GAP", "WITH_BRANCH")) == "MIN_GAP"
