"""Conditions of a script's steps: for which policies they hold, and which of them show something of a policy (R31)."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from rules.call_sheet import CallSheet, PersonFacts, PolicyFacts
from rules.regions import lies_in
from rules.script_conditions import FACTS, Condition, met

POLICY = PolicyFacts(
    policy_no="P1", case_id=1, product_type="HEALTH", product_name="长乐", premium_mode="ANNUAL", premium=Decimal(1),
    premium_term_years=None, policy_term="10", channel="AGENCY", jurisdiction="510100",
)  # fmt: skip
SHEET = CallSheet(PersonFacts("王芳"), (POLICY,), "示例人寿", "95000", "R001", date(2026, 9, 24))


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        ([], True),
        ([{}], True),
        ([{"product_types": ("HEALTH", "ACCIDENT")}], True),
        ([{"product_types": ("ACCIDENT",)}], False),
        ([{"premium_modes": ("ANNUAL",)}], True),
        ([{"premium_modes": ("SINGLE",)}], False),
        ([{"channels": ("AGENCY",)}], True),
        ([{"channels": ("ONLINE",)}], False),
        ([{"jurisdictions": ("510000",)}], True),
        ([{"jurisdictions": ("500000", "510100")}], True),
        ([{"jurisdictions": ("500000",)}], False),
        ([{"without": ("outlet_known",)}], True),
        ([{"facts": ("outlet_known",)}], False),
        ([{"product_types": ("HEALTH",), "channels": ("ONLINE",)}], False),
        ([{"premium_modes": ("ANNUAL",), "facts": ("next_due_known",)}], False),
        ([{"channels": ("ONLINE",)}, {"product_types": ("HEALTH",)}], True),
        ([{"channels": ("ONLINE",)}, {"product_types": ("ACCIDENT",)}], False),
    ],
)
def test_for_which_policies_it_holds(conditions, holds):
    assert met([Condition(**one) for one in conditions], SHEET, POLICY) is holds


def test_a_policy_without_a_place_lies_in_none():
    nowhere = replace(POLICY, jurisdiction=None)
    assert not Condition(jurisdictions=("510000",)).holds(SHEET, nowhere)
    assert Condition().holds(SHEET, nowhere)


@pytest.mark.parametrize(
    ("name", "of_sheet", "of_policy", "tells", "zh", "en"),
    [
        ("proxy_allowed", {"proxy_allowed": True}, {}, False, "允许家属经本人授权代答", "an authorised relative may answer"),
        ("receipt_on_file", {}, {"receipt_signed_on": date(2026, 9, 20)}, True, "已登记回执签署日",
         "a receipt date is on file"),
        ("next_due_known", {}, {"next_due_on": date(2027, 9, 20)}, True, "有下次交费日", "the next due date is known"),
        ("outlet_known", {}, {"outlet": "和平路支行"}, True, "有网点名称", "the outlet is known"),
        ("premium_term_known", {}, {"premium_term_years": 5}, True, "有缴费年限", "the premium term is known"),
        ("end_provisional", {}, {"provisional": True}, True, "犹豫期截止日为暂定", "the cooling-off end is provisional"),
        ("fees_for_all_types", {}, {"fees_for_all_types": True}, True, "当地规则要求各类产品都询问费用",
         "the local rules ask every product's fees"),
    ],
)  # fmt: skip
def test_a_fact(name, of_sheet, of_policy, tells, zh, en):
    sheet, policy = replace(SHEET, **of_sheet), replace(POLICY, **of_policy)
    assert (Condition(facts=(name,)).holds(SHEET, POLICY), Condition(facts=(name,)).holds(sheet, policy)) == (
        False,
        True,
    )
    assert (Condition(without=(name,)).holds(SHEET, POLICY), Condition(without=(name,)).holds(sheet, policy)) == (
        True,
        False,
    )
    assert Condition(facts=(name,)).tells is Condition(without=(name,)).tells is tells
    assert (FACTS[name].zh, FACTS[name].en) == (zh, en)


def test_there_is_a_row_for_every_fact():
    assert set(FACTS) == {
        "proxy_allowed", "receipt_on_file", "next_due_known", "outlet_known", "premium_term_known", "end_provisional",
        "fees_for_all_types",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["product_types", "premium_modes", "channels", "jurisdictions"])
def test_what_shows_something_of_the_policy(kind):
    assert Condition(**{kind: ("X",)}).tells
    assert not Condition().tells
    assert Condition(facts=("proxy_allowed", "outlet_known")).tells


@pytest.mark.parametrize(
    ("place", "region", "lies"),
    [
        ("510100", "510000", True),
        ("510104", "510100", True),
        ("510100", "510100", True),
        ("510200", "510100", False),
        ("500112", "510000", False),
        ("510104", "510104", True),
        ("511000", "510000", True),
        ("511000", "511000", True),
        ("511002", "511000", True),
        ("100000", "000000", False),
        ("001234", "000000", True),
        ("5101", "51", False),
        ("510100", "51000", False),
        ("51000", "51000", True),
        ("abcdef", "abcd00", False),
        ("abcd00", "abcd00", True),
        ("", "510000", False),
    ],
)
def test_a_place_lies_in_a_region(place, region, lies):
    assert lies_in(place, region) is lies
