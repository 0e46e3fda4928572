"""What becomes of a case when its contract changes, as a table."""

from datetime import date
from types import SimpleNamespace

import pytest

from rules.case_changes import Change, Standing, after_update, receipt_news, short_script_undone
from rules.cases import CaseState as S
from rules.cases import may_move
from rules.deadlines import CaseDates
from rules.parameters import DEFAULTS

TODAY = date(2026, 9, 24)
BEFORE, AFTER, OLD = date(2026, 9, 20), date(2026, 9, 28), date(2026, 9, 15)


def dates(callable_on: date | None) -> CaseDates:
    return CaseDates("E4_EARLIEST", callable_on, None, None, None, 15, False, False, None, None, ())


def change(
    state, callable_on, *, begun=False, fulfilled=False, in_scope=True, special=False, news=False, all_items=False
) -> Change:
    return after_update(
        Standing(state, OLD, 1, begun, fulfilled),
        dates(callable_on),
        in_scope=in_scope,
        special_callback=special,
        news_of_receipt=news,
        today=TODAY,
        all_items_due=all_items,
    )


@pytest.mark.parametrize(
    ("state", "callable_on", "more", "expected"),
    [
        # nobody has worked on it: it begins again by its new dates
        (S.WAITING, BEFORE, {}, Change(S.CALLABLE, BEFORE, 1, "C3")),
        (S.CALLABLE, AFTER, {}, Change(S.WAITING, AFTER, 1, "C3")),
        (S.CALLABLE, BEFORE, {}, Change(S.CALLABLE, BEFORE, 1, None)),
        (S.ASLEEP, AFTER, {}, Change(S.WAITING, AFTER, 1, "C3")),
        (S.WAITING, None, {}, Change(S.ASLEEP, None, 1, "C3")),
        (S.WAITING, None, {"special": True}, Change(S.CALLABLE, None, 1, "C3")),
        # on the way: it keeps its place and its day
        (S.CALLABLE, AFTER, {"begun": True}, Change(S.CALLABLE, OLD, 1, None)),
        (S.WAITING, BEFORE, {"begun": True}, Change(S.WAITING, OLD, 1, None)),
        (S.IN_CALL, AFTER, {"begun": True}, Change(S.IN_CALL, OLD, 1, None)),
        (S.APPOINTED, AFTER, {"begun": True}, Change(S.APPOINTED, OLD, 1, None)),
        (S.AT_BRANCH, AFTER, {"begun": True, "news": True}, Change(S.AT_BRANCH, OLD, 1, None)),
        (S.IN_REVIEW, AFTER, {"begun": True}, Change(S.IN_REVIEW, OLD, 1, None)),
        (S.CLOSED, AFTER, {"begun": True, "fulfilled": True}, Change(S.CLOSED, OLD, 1, None)),
        # it sleeps for want of the contract: only the receipt wakes it, the day after (S3)
        (S.ASLEEP, BEFORE, {"begun": True}, Change(S.ASLEEP, OLD, 1, None)),
        (S.ASLEEP, BEFORE, {"begun": True, "news": True}, Change(S.WAITING, date(2026, 9, 25), 2, "S3")),
        # AC-34: closed after the short script, whose ground has gone
        (S.CLOSED, AFTER, {"begun": True, "fulfilled": True, "all_items": True}, Change(S.CALLABLE, TODAY, 2, "R30")),
        (S.CLOSED, AFTER, {"begun": True, "all_items": True}, Change(S.CLOSED, OLD, 1, None)),
        (S.AT_BRANCH, AFTER, {"begun": True, "fulfilled": True, "all_items": True}, Change(S.AT_BRANCH, OLD, 1, None)),
        # back in force
        (S.NOT_REQUIRED, BEFORE, {}, Change(S.CALLABLE, BEFORE, 1, "R6")),
        (S.NOT_REQUIRED, BEFORE, {"begun": True}, Change(S.CALLABLE, BEFORE, 2, "R6")),
        (S.NOT_REQUIRED, BEFORE, {"begun": True, "fulfilled": True}, Change(S.NOT_REQUIRED, OLD, 1, None)),
    ],
)
def test_in_scope(state, callable_on, more, expected):
    found = change(state, callable_on, **more)
    assert found == expected
    assert may_move(state, found.state)


@pytest.mark.parametrize(
    ("old", "new", "allowed", "undone"),
    [
        ("PASSED", "INVALIDATED", True, True),
        ("PASSED", "INVALIDATED", False, False),
        ("NONE", "INVALIDATED", True, False),
        ("PASSED", "PASSED", True, False),
        ("PASSED", "NONE", True, False),
    ],
)
def test_ac_34_what_undoes_the_short_script(old, new, allowed, undone):
    profile = DEFAULTS.with_params({"script.simplified": allowed})
    before, after = (SimpleNamespace(traceability=value) for value in (old, new))
    assert short_script_undone(before, after, profile) is undone


@pytest.mark.parametrize("state", list(S))
def test_out_of_scope_is_not_required_from_everywhere(state):
    found = change(state, BEFORE, begun=True, in_scope=False)
    assert found == Change(S.NOT_REQUIRED, OLD, 1, None if state == S.NOT_REQUIRED else "R6")
    assert may_move(state, found.state)


@pytest.mark.parametrize("name", ["receipt_signed_on", "receipt_entered_on", "receipt_written_off_on"])
@pytest.mark.parametrize(
    ("old", "new", "news"),
    [(None, None, False), (None, OLD, True), (OLD, OLD, False), (OLD, BEFORE, True), (OLD, None, False)],
)
def test_what_is_news_of_a_receipt(name, old, new, news):
    receipt = {"receipt_signed_on": None, "receipt_entered_on": None, "receipt_written_off_on": None}
    before, after = (SimpleNamespace(**{**receipt, name: value}) for value in (old, new))
    assert receipt_news(before, after) is news
