"""What makes a letter, a visit or an electronic callback void (R58, R59, C51, C11)."""

import pytest

from rules.papers import METHODS, Evidence, shortcomings
from rules.parameters import DEFAULTS

GOOD = Evidence(policyholder_signature=True, handler_signature=True, id_copy="POLICYHOLDER", authenticated=True)
UNSIGNED = ("R58", "没有投保人亲笔签名，无效", "void: not signed by the policyholder himself")
NO_COPY = ("R59", "未附投保人证件复印件，无效", "void: no copy of the policyholder's ID")
OTHERS_COPY = ("R59", "所附证件不是投保人本人的，无效", "void: the ID copy is somebody else's")
NOT_HANDLED = ("C51", "没有经办人签名和日期，无效", "void: the handler has not signed and dated it")
NOT_AUTHENTICATED = ("C11", "未经实名认证，无效", "void: the customer's identity was not authenticated")


def told(method, evidence, profile=DEFAULTS):
    return [(step.rule, step.zh, step.en) for step in shortcomings(method, evidence, profile)]


def test_the_ways_of_calling_back_and_what_a_paper_proves_until_it_is_told():
    assert METHODS == ("PHONE", "LETTER", "VISIT", "E_CALLBACK")
    assert Evidence() == Evidence(False, False, "NONE", False)
    assert Evidence().policyholder_signature is Evidence().handler_signature is Evidence().authenticated is False


@pytest.mark.parametrize("method", METHODS)
def test_nothing_is_missing(method):
    assert told(method, GOOD) == []


@pytest.mark.parametrize(
    ("method", "evidence", "expected"),
    [
        *[(method, Evidence(), [UNSIGNED, NO_COPY, NOT_HANDLED]) for method in ("LETTER", "VISIT")],
        *[
            (method, Evidence(True, True, "OTHER"), [OTHERS_COPY])
            for method in ("LETTER", "VISIT")
        ],
        ("LETTER", Evidence(True, False, "POLICYHOLDER"), [NOT_HANDLED]),
        ("VISIT", Evidence(False, True, "POLICYHOLDER"), [UNSIGNED]),
        ("E_CALLBACK", Evidence(), [NOT_AUTHENTICATED]),
        ("E_CALLBACK", Evidence(authenticated=True), []),  # nobody signs on paper there
        ("PHONE", Evidence(), []),  # a call has its recording
    ],
)  # fmt: skip
def test_everything_that_is_missing_is_told(method, evidence, expected):
    assert told(method, evidence) == expected


@pytest.mark.parametrize("method", ["LETTER", "VISIT"])
@pytest.mark.parametrize("id_copy", ["NONE", "OTHER"])
def test_a_profile_may_do_without_the_copy_by_method(method, id_copy):
    evidence = Evidence(True, True, id_copy)
    without = DEFAULTS.with_params({f"{method.lower()}.require_id_copy": False})
    assert told(method, evidence, without) == []
    other = {"LETTER": "VISIT", "VISIT": "LETTER"}[method]
    assert len(told(other, evidence, without)) == 1
