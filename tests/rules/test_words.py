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

CODES = sorted(
    {*CaseState, *Owner, *Said, *VERIFICATION_REASONS, *RE_SIGN_REASONS, *ITEM_REASONS.values()}
    | set(PARAMETERS["workorder.sla"].default)
    | {
        "STANDARD",
        "SUB_STANDARD",
        "QUESTION",
        "VERIFICATION",
        "FEEDBACK_ONLY",
        "DELIVERY_REMINDER",
        "LETTER",
        "VISIT",
        "QUALITY_CHECK",
        "IMPERSONATION_CHECK",
        "AFTER_CARE",
        "RE_SIGN",
        "NO_ANSWER",
        "BUSY_LINE",
        "POWERED_OFF",
        "INVALID_NUMBER",
        "SUSPENDED",
        "SWITCHBOARD",
        "NO_SUCH_PERSON",
        "MACHINE",
        "THIRD_PARTY",
        "APPOINTED",
        "REFUSED",
        "HANGUP",
        "HANGUP_DELIBERATE",
        "DROPPED",
        "INCOMPLETE",
        "COMPLETED",
        "OUT_OF_SCOPE",
        "WITHDRAWN",
        "NOT_YET_CALLABLE",
        "WAITING_FOR_RECEIPT",
        "WITH_BRANCH",
        "SPECIAL_CALLBACK",
        "PHONE_UNCONFIRMED",
        "QUIET_HOURS",
        "HOLIDAY",
        "OUTSIDE_HOURS",
        "UNKNOWN_ATTEMPT",
        "IN_CALL",
        "APPOINTMENT_PENDING",
        "DAILY_CAP",
        "MIN_GAP",
        "SAME_DAY_PART",
        "NEEDS_AGENT",
        "NO_DIALECT_AGENT",
        "misselling_signal",
        "exclude_selling_agent",
        "dispute",
        "INFORMED_REFUSAL",
        "impersonation_suspect",
        "candidate_number",
        "surrender_intent",
        "servicing_request",
        "complaint_ticket",
        "RECEIPT_DISPUTED",
        "CONTACT_DATA_WRONG",
        "DISCLOSED_BEFORE_IDENTITY",
        "PRE_COOLING_OFF",
        "answered_by_proxy",
        "signature_date_estimated",
        "provisional",
        "RECORDING_LOST",
        "ISSUED",
        "ACCEPTED",
        "HANDLED",
        "VERIFIED",
        "CLOSED",
        "RETURNED",
        "REOPENED",
        "ESCALATED",
        "CALLBACK_AGENT",
        "CALLBACK_AGENT_LEAD",
        "BRANCH_STAFF",
        "BRANCH_SUPERVISOR",
        "DEPARTMENT_HEAD",
        "CUSTOMER_SERVICE_HEAD",
        "CALL_CENTER_HEAD",
        "LEADER_IN_CHARGE",
        "AUDITOR",
        "COMPLIANCE",
        "QUALITY",
        "OPERATOR",
        "ADMIN",
        "AGENCY",
        "BANCASSURANCE",
        "BANK_DIRECT",
        "TELEMARKETING",
        "ONLINE",
        "BROKERAGE",
        "TRADITIONAL",
        "PARTICIPATING",
        "UNIVERSAL",
        "UNIT_LINKED",
        "HEALTH",
        "ACCIDENT",
        "SINGLE",
        "ANNUAL",
        "HALF_YEARLY",
        "QUARTERLY",
        "MONTHLY",
        "MISSING",
        "BAD_DATE",
        "BAD_NUMBER",
        "BAD_CHOICE",
        "BAD_ID_NUMBER",
        "ID_BIRTHDAY_MISMATCH",
        "ID_SEX_MISMATCH",
        "BAD_PHONE",
        "UNKNOWN_BRANCH",
        "DUPLICATE_IN_FILE",
        "DATES_OUT_OF_ORDER",
        "TOO_LONG",
        "BAD_ENCODING",
        "TOO_MANY_CELLS",
    }
)


@pytest.mark.parametrize("code", CODES)
def test_words_in_both_languages(code):
    assert known(code)
    assert any("一" <= c <= "鿿" for c in word(code, "zh"))
    assert word(code, "en") and word(code, "en").isascii()


def test_a_code_without_words_is_shown_as_it_is():
    assert word("SOMETHING_ELSE", "zh") == "SOMETHING_ELSE"


def test_no_code_and_no_language_at_all():
    assert word(None, "zh") == ""
    assert word("Standard", "en") == "standard"  # as a list may write it


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


@pytest.mark.parametrize("code", words._WORDS)
def test_words_are_plain(code):
    """Chinese without Latin letters; English in small letters, as it stands inside a sentence."""
    assert not re.search(r"[A-Za-z]|\s", word(code, "zh"))
    assert re.fullmatch(r"[a-z][a-z ,;'-]*", word(code, "en").replace("ID ", "id "))
