"""Every code that a person may see has words in both languages."""

import ast
import re
from pathlib import Path

import pytest

from rules import words
from rules.answers import Said
from rules.cases import CaseState, Owner
from rules.outcomes import ITEM_REASONS, RE_SIGN_REASONS, VERIFICATION_REASONS
from rules.parameters import PARAMETERS
from rules.words import known, word

# what a person may see, subject by subject
CODES = """
# outcome classes
STANDARD SUB_STANDARD QUESTION VERIFICATION
# taxonomy B
FIRST_LEVEL_EXPLANATION SECOND_LEVEL_EXPLANATION MISSELLING
# reasons
NOT_KNOWN_AS_INSURANCE COVERAGE_UNCLEAR COOLING_OFF_OR_SURRENDER_UNCLEAR TERMS_UNCLEAR BENEFIT_UNCERTAINTY_UNCLEAR
FEES_UNCLEAR OPEN_QUESTION SIGNATURE_UNSURE SIGNED_BY_OTHER RISK_STATEMENT_COPIED_BY_OTHER RECEIPT_UNSIGNED
CLAUSES_NOT_SUPPLIED PHONE_INVALID PHONE_SHARED PHONE_IS_AGENTS PHONE_UNCONFIRMED REFUSED DENIES_PURCHASE
ALREADY_SURRENDERED IDENTITY_NOT_CONFIRMED RECORD_MISMATCH LANGUAGE_BARRIER HEARING_OR_AGE UNREACHABLE
CONTRACT_NOT_RECEIVED POLICYHOLDER_DECEASED RECORDING_LOST
# marks
misselling_signal exclude_selling_agent dispute INFORMED_REFUSAL impersonation_suspect candidate_number
surrender_intent servicing_request complaint_ticket RECEIPT_DISPUTED CONTACT_DATA_WRONG DISCLOSED_BEFORE_IDENTITY
PRE_COOLING_OFF answered_by_proxy signature_date_estimated provisional
# case states and owners
ASLEEP WAITING CALLABLE IN_CALL APPOINTED AT_BRANCH IN_REVIEW CLOSED NOT_REQUIRED HEAD_OFFICE BRANCH
# attempt states
RESERVED PLACED REJECTED UNKNOWN RINGING ANSWERED ENDED
# attempt results
NO_ANSWER BUSY_LINE POWERED_OFF INVALID_NUMBER SUSPENDED SWITCHBOARD NO_SUCH_PERSON MACHINE THIRD_PARTY HANGUP
HANGUP_DELIBERATE DROPPED INCOMPLETE COMPLETED
# holds
OUT_OF_SCOPE WITHDRAWN NOT_YET_CALLABLE WAITING_FOR_RECEIPT WITH_BRANCH SPECIAL_CALLBACK QUIET_HOURS HOLIDAY WORKING
WEEKEND MAKE_UP CALENDAR OUTSIDE_HOURS UNKNOWN_ATTEMPT APPOINTMENT_PENDING DAILY_CAP MIN_GAP SAME_DAY_PART
NEEDS_AGENT NO_DIALECT_AGENT
# kinds of contact
CALL PRECHECK PLAN_USED_UP
# work orders
FEEDBACK_ONLY DELIVERY_REMINDER LETTER VISIT E_CALLBACK PHONE QUALITY_CHECK IMPERSONATION_CHECK AFTER_CARE RE_SIGN
ISSUED ACCEPTED HANDLED VERIFIED RETURNED REOPENED ESCALATED OVERDUE
# second looks: reviews, overrides, samples, penalties
PROPOSED CONFIRMED DECLINED TAKEN_BACK CLASS_OVERRIDDEN WAIVED SELF_INSPECTION QUALITY_SHARE SAMPLE PROXY
WITHDRAWN_SCRIPT NEW_AGENT AGREES DIFFERS OPEN DONE UPHELD DISMISSED RE_SIGNING_OUTSTANDING INFORMATION_ERROR
FALSE_INFORMATION MISLEADING ORDER_OVERDUE_OR_INVALID PROBLEM_ITEM CALLBACK_FRAUD LOW_SUCCESS SUPERVISOR MANAGER
UNIT FINE INVESTIGATE HOLD_COMMISSION LIST_QUALITY_ITEM MONTHLY_CIRCULAR DISCIPLINARY WARNING CONTRACT_INVESTIGATION
RECALL RECALL_BY_BRANCH CALLED_AGAIN ADDRESS_IS_SELLERS NUMBER_CORRECTED NOT_COMPLETED MONTHLY_REPORT
SALES_UNIT_TABLE ANNUAL_REPORT DEATH CANCELLED
# answers
YES NO UNSURE SILENT OBJECT BUSY REFUSE REPEAT OPERATOR NOT_UNDERSTOOD
# details of answers
PHONE_INCOMPLETE DECEASED LANGUAGE HEARING AGE INFORMED CHANGED WRONG NOT_ANSWERABLE COMPLAINT WANTS_SURRENDER
TOO_FEW_ELEMENTS TIME_NOT_PERMITTED HUNG_UP FAMILY AGENT EXAGGERATED CONFUSED CONCEALED OTHER
# recordings
LOST NOT_EXPECTED REPORTED CLEARED ARCHIVED MEDIA_MISSING NOT_SOUND NOT_TWO_CHANNELS EMPTY OTHER_LENGTH
LONGER_THAN_CALL SHORTER_THAN_CALL TOO_LARGE SCRIPT_MISSING NEVER_REPORTED OBJECT_GONE OBJECT_CHANGED
OBJECT_UNLOCKED
# the archive's alarms
WORM_BROKEN ARCHIVE_UNSAFE ARCHIVE_REFUSES ARCHIVE_AWAY KEYS_MISSING FIXITY_FAILED FIXITY_OVERDUE
SECOND_COPY_MISSING LEDGER_KEYS_MISSING LEDGER_FORKED LEDGER_NOT_STAMPED CLOCKS_APART RECORDING_UNACCOUNTED
# roles
CALLBACK_AGENT CALLBACK_AGENT_LEAD BRANCH_STAFF BRANCH_SUPERVISOR DEPARTMENT_HEAD CUSTOMER_SERVICE_HEAD
CALL_CENTER_HEAD LEADER_IN_CHARGE AUDITOR COMPLIANCE QUALITY ADMIN
# channels
AGENCY BANCASSURANCE BANK_DIRECT TELEMARKETING ONLINE BROKERAGE
# products
TRADITIONAL PARTICIPATING UNIVERSAL UNIT_LINKED HEALTH ACCIDENT
# premium modes and terms
SINGLE ANNUAL HALF_YEARLY QUARTERLY MONTHLY WHOLE_LIFE
# persons and papers
PERSON ORGANISATION SHORT_TERM M F ID_CARD PASSPORT RESIDENCE_PERMIT
# policy status and sales recording
IN_FORCE SURRENDERED LAPSED TERMINATED NONE PASSED INVALIDATED
# problems of list rows
rejected warning accepted updated unchanged duplicates out_of_scope MISSING BAD_DATE BAD_NUMBER BAD_CHOICE
BAD_ID_NUMBER ID_BIRTHDAY_MISMATCH ID_SEX_MISMATCH BAD_PHONE UNKNOWN_BRANCH DUPLICATE_IN_FILE DATES_OUT_OF_ORDER
TOO_LONG BAD_ENCODING TOO_MANY_CELLS
# kinds of branch
PROVINCE CITY COUNTY OUTLET
# levels of the day
MORNING AFTERNOON EVENING POLICYHOLDER
"""


def test_these_codes_have_words():
    codes = [code for line in CODES.splitlines() if not line.startswith("#") for code in line.split()]
    assert [code for code in codes if not known(code)] == []


@pytest.mark.parametrize(
    "vocabulary",
    [
        CaseState,
        Owner,
        Said,
        VERIFICATION_REASONS,
        RE_SIGN_REASONS,
        ITEM_REASONS.values(),
        PARAMETERS["workorder.sla"].default,
    ],
)
def test_what_the_rules_can_say_has_words(vocabulary):
    assert [code for code in vocabulary if not known(code)] == []


def test_a_code_without_words_is_shown_as_it_is():
    assert word("SOMETHING_ELSE", "zh") == "SOMETHING_ELSE"
    assert not known("SOMETHING_ELSE")


def test_no_code_and_no_language_at_all():
    assert word(None, "zh") == ""
    assert word("Standard", "en") == "standard"  # as a list may write it
    assert (word("STANDARD", "zh"), word("STANDARD", "en")) == ("标准件", "standard")
    assert (word("rejected", "zh"), word("REJECTED", "zh")) == ("拒收", "线路拒绝")


ROOT = Path(__file__).parents[2]


def said() -> set[str]:
    """What stands in the sources as text or as the name of an argument, word by word."""
    found: set[str] = set()
    for folder in ("rules", "scripts", "storage", "desk", "tasks", "flows", "telephony", "cli"):
        for file in (ROOT / folder).rglob("*.py"):
            if file == Path(words.__file__):
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= {node.value, *re.findall(r"\w+", node.value)}
                elif isinstance(node, ast.keyword) and node.arg:
                    found.add(node.arg)
    return found


def test_nothing_has_words_that_nothing_ever_says():
    found = said()
    # a word in small letters finds the code in capitals
    assert sorted(words._WORDS.keys() - found - {text.upper() for text in found}) == []


def test_words_are_plain():
    """Chinese without Latin letters; English in small letters, as it stands inside a sentence."""
    chinese, english = re.compile(r"[一-鿿（）／、，/]+"), re.compile(r"[a-z][a-z ,;'-]*")
    strange = {
        code: (word(code, "zh"), word(code, "en"))
        for code in words._WORDS
        if not chinese.fullmatch(word(code, "zh")) or not english.fullmatch(word(code, "en").replace("ID ", "id "))
    }
    assert strange == {}
