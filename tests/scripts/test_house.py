"""Which profile a contract of a branch comes under, and which layers a branch may file."""

import shutil
from datetime import date

import pytest

from rules.branches import Branch, Organisation, Outlet
from scripts.filing import FilingRefused, must_hold
from scripts.house import Filed, House
from scripts.rule_profiles import FOLDER, load_profile

TREE = Organisation(
    (
        Branch("00", "总公司", None, "HEAD_OFFICE"),
        Branch("50", "巴山分公司", "00", "PROVINCE", "500000"),
        Branch("5001", "巴山支公司", "50", "COUNTY"),
        Branch("44", "岭南分公司", "00", "PROVINCE", "440000"),
        Branch("4450", "代管支公司", "44", "COUNTY", "500103"),
    ),
    (Outlet("W1", "网点", "5001", None),),
)
DAY = date(2026, 9, 1)
FILED = (Filed("50", "branch-example", date(2026, 3, 1), date(2026, 10, 1)),)


@pytest.mark.parametrize(
    ("branch", "channel", "company", "on", "expected"),
    [
        ("00", "AGENCY", None, DAY, "national@1"),
        (None, "AGENCY", None, DAY, "national@1"),
        ("unknown", "AGENCY", "company-example", DAY, "company-example@1"),
        ("44", "BANCASSURANCE", None, DAY, "national@1"),
        ("5001", "AGENCY", None, DAY, "local-2g@1"),  # its parent's jurisdiction
        ("4450", "AGENCY", None, DAY, "local-2g@1"),  # its own before its parent's
        ("W1", "AGENCY", None, DAY, "local-2g@1"),  # of an outlet: its branch's
        ("50", "AGENCY", "company-example", DAY, "national@1/local-2g@1/company-example@1"),  # filed for banks only
        ("W1", "BANK_DIRECT", "company-example", DAY, "branch-example@1"),  # filed by the branch above
        ("4450", "BANK_DIRECT", "company-example", DAY, "national@1/local-2g@1/company-example@1"),  # by another
        ("5001", "BANK_DIRECT", "company-example", date(2026, 2, 28), "national@1/local-2g@1/company-example@1"),
        ("5001", "BANK_DIRECT", "company-example", date(2026, 3, 1), "branch-example@1"),  # from the day it was filed
        ("5001", "BANK_DIRECT", "company-example", date(2026, 9, 30), "branch-example@1"),
        ("5001", "BANK_DIRECT", "company-example", date(2026, 10, 1), "national@1/local-2g@1/company-example@1"),
        ("00", "AGENCY", "company-example", date(2023, 12, 31), "national@1"),  # the company's layer came later
    ],
)
def test_the_profile_of_a_contract(branch, channel, company, on, expected):
    house = House(TREE, company, FILED)
    found = house.profile_of(branch, channel, "HEALTH", on)
    assert found.id == expected
    assert load_profile(found.id) == found


def test_the_answer_does_not_depend_on_what_was_asked_before():
    """Answers are kept from one day with a change to the next; the days themselves must not get mixed up."""
    house, days = House(TREE, "company-example", FILED), [date(2023, 12, 31), date(2024, 1, 1), date(2026, 2, 28), DAY]
    asked = [(branch, day) for branch in ("5001", "44") for day in (*days, *reversed(days))]
    for branch, day in asked:
        fresh = House(TREE, "company-example", FILED).profile_of(branch, "BANK_DIRECT", "HEALTH", day)
        assert house.profile_of(branch, "BANK_DIRECT", "HEALTH", day) == fresh


def test_a_contract_of_the_ten_day_years_keeps_their_rules(tmp_path):
    folder = tmp_path / "profiles"
    shutil.copytree(FOLDER, folder)
    text = (folder / "national-10.yaml").read_text(encoding="utf-8")
    (folder / "national-10.yaml").write_text(
        text.replace("effective_until:\n", "effective_until: 2014-03-31\n"), encoding="utf-8"
    )
    house = House(TREE, folder=folder)
    of = {
        str(day): house.profile_of("44", "AGENCY", "TRADITIONAL", day) for day in (date(2014, 3, 31), date(2014, 4, 1))
    }
    assert {day: (found.id, found["cooling_off.days"]) for day, found in of.items()} == {
        "2014-03-31": ("national-10@1", 10),
        "2014-04-01": ("national@1", 15),
    }


def test_what_holds_for_the_house_as_a_whole():
    assert House(TREE).own(DAY).id == "national@1"
    assert House(TREE, "company-example").own(DAY).id == "national@1/company-example@1"
    assert House(TREE, "company-example").own(date(2023, 1, 1)).id == "national@1"
    with pytest.raises(LookupError, match="atlantis"):
        House(TREE, "atlantis").own(DAY)


def test_a_profile_says_whose_each_value_is():
    found = House(TREE, "company-example", FILED).profile_of("5001", "BANK_DIRECT", "HEALTH", DAY)
    assert found.layers == ("national@1", "local-2g@1", "company-example@1", "branch-example@1")
    whose = {name: found.set_by[name][1] for name in ("cooling_off.days", "workorder.sla.PHONE_INVALID", "script.simplified", "attempts.min_days")}  # fmt: skip
    assert whose == {
        "cooling_off.days": "company-example@1 (company)",
        "workorder.sla.PHONE_INVALID": "branch-example@1 (branch)",
        "script.simplified": "local-2g@1 (local)",
        "attempts.min_days": "national@1 (national)",
    }


# ---------------------------------------------------------------- filing


def test_a_stricter_layer_may_be_filed():
    must_hold(House(TREE, "company-example"), "50", "branch-example", DAY)


@pytest.mark.parametrize(
    ("branch", "name", "words"),
    [
        ("99", "branch-example", "no branch with the code 99"),
        ("50", "atlantis", "No profile is called atlantis"),
        ("50", "company-example", "company-example@1 (company) is no branch layer"),
        ("44", "local-2g", "is no branch layer"),
        ("00", "late", "late@1 ended on 2025-12-31"),
        ("50", "looser", "calling.windows: 09:00-20:30, set by looser@1 (branch), is looser than 09:00-20:00, set by company-example@1 (company)"),
        ("50", "elsewhere", "for places, channels or product types that 50 and the branches below it have none of"),
        ("50", "torn", "torn.yaml:5"),
    ],
)  # fmt: skip
def test_refused_with_both_values(tmp_path, branch, name, words):
    folder = tmp_path / "profiles"
    shutil.copytree(FOLDER, folder)
    head = 'version: "1"\nlayer: BRANCH\n'
    files = {
        "looser": 'values:\n  calling.windows: ["09:00-20:30"]\n',
        "elsewhere": 'jurisdictions: ["310000"]\nvalues: {}\n',
        "late": "effective_until: 2025-12-31\nvalues: {}\n",
        "torn": "values:\n  attempts.nothing: 3\n",
    }
    if name in files:
        (folder / f"{name}.yaml").write_text(f"name: {name}\n{head}{files[name]}", encoding="utf-8")
    with pytest.raises(FilingRefused) as refused:
        must_hold(House(TREE, "company-example", folder=folder), branch, name, DAY)
    assert words in refused.value.en and refused.value.zh


def test_a_layer_that_a_branch_below_could_not_bear_is_refused(tmp_path):
    """The layer is filed high up; further down a local rule is stricter than it."""
    folder = tmp_path / "profiles"
    shutil.copytree(FOLDER, folder)
    text = 'name: wide\nversion: "1"\nlayer: BRANCH\nvalues:\n  cooling_off.late_callback_grace_days: 7\n'
    (folder / "wide.yaml").write_text(text, encoding="utf-8")
    must_hold(House(TREE, folder=folder), "00", "wide", DAY)
    local = (
        (folder / "local-2g.yaml")
        .read_text(encoding="utf-8")
        .replace("late_callback_grace_days: 7", "late_callback_grace_days: 10")
    )
    (folder / "local-2g.yaml").write_text(local, encoding="utf-8")
    load_profile.cache_clear()
    with pytest.raises(
        FilingRefused, match=r"7 days, set by wide@1 \(branch\), is looser than 10 days, set by local-2g@1"
    ):
        must_hold(House(TREE, folder=shutil.copytree(folder, tmp_path / "again")), "00", "wide", DAY)
