import shutil
from datetime import date

import pytest

from rules.parameters import DEFAULTS, PARAMETERS
from rules.profiles import LooserValue, is_looser
from rules.regions import lies_in
from scripts.rule_profiles import (
    FOLDER,
    ProfileError,
    load_profile,
    profile_for,
    profile_names,
    read_profile,
)

NATIONAL = (FOLDER / "national.yaml").read_text(encoding="utf-8")
IN_2026 = date(2026, 9, 1)


def test_the_national_profile_states_every_parameter_and_agrees_with_the_defaults():
    profile = load_profile("national")
    assert profile.id == "national@1"
    assert profile.values == DEFAULTS.values
    assert profile["attempts.max_total"] == 9
    assert profile["calling.windows"] == ("09:00-20:30",)


def test_what_is_shipped():
    assert profile_names() == ("branch-example", "company-example", "local-2g", "national", "national-10")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_shipped_holds_and_is_found_by_its_id(name):
    profile = load_profile(name)
    assert profile.values.keys() == PARAMETERS.keys()
    assert profile.id == f"{name}@1"
    assert load_profile(profile.id) == profile


@pytest.mark.parametrize("name", ["local-2g", "company-example", "branch-example"])
def test_what_stands_below_the_national_layer_is_nowhere_looser(name):
    national, profile = load_profile("national"), load_profile(name)
    for parameter, row in PARAMETERS.items():
        ours, above = profile[parameter], national[parameter]
        tables = isinstance(row.default, dict)
        for key in above if tables else (None,):
            assert not is_looser(parameter, ours[key] if tables else ours, above[key] if tables else above), parameter


@pytest.mark.parametrize(
    ("name", "parameter", "value"),
    [
        ("national-10", "cooling_off.days", 10),
        ("national-10", "retention.recording_years", 20),
        ("local-2g", "cooling_off.days", 15),  # its own floor is ten: the stricter one counts
        ("local-2g", "cooling_off.start", "NEXT_DAY"),
        ("local-2g", "matrix.fees_for_all_types", True),
        ("company-example", "cooling_off.days", 20),
        ("company-example", "matrix.fees_for_all_types", False),
        ("branch-example", "cooling_off.days", 20),
        ("branch-example", "matrix.fees_for_all_types", True),
        ("branch-example", "calling.windows", ("09:00-12:00", "14:00-20:00")),
    ],
)
def test_values_of_the_layers(name, parameter, value):
    assert load_profile(name)[parameter] == value


def test_entries_of_a_table_come_from_the_layer_that_states_them():
    limits = load_profile("branch-example")["workorder.sla"]
    assert (limits["PHONE_INVALID"], limits["RECEIPT_UNSIGNED"], limits["PHONE_IS_AGENTS"]) == (2, 4, 3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("atlantis", "'atlantis'.*national"),
        ("national@9", "national@9 is not shipped, only national@1"),
        ("national@1/atlantis@1", "'atlantis'"),
        ("national@1/clause@cooling_off.months=2", "no parameter is called"),
        ("national@1+0d0070d1", "is not shipped"),
    ],
)
def test_a_profile_that_is_not_shipped_is_named_with_those_that_are(name, message):
    with pytest.raises(LookupError, match=message):
        load_profile(name)


# ---------------------------------------------------------------- versions and days


@pytest.fixture
def folder(tmp_path):
    """The shipped profiles, to be altered."""
    copy = tmp_path / "profiles"
    shutil.copytree(FOLDER, copy)
    return copy


def test_an_older_version_stays_loadable_and_the_day_decides_which_is_in_force(folder):
    (folder / "national@1.yaml").write_text(NATIONAL, encoding="utf-8")
    newer = NATIONAL.replace('version: "1"', 'version: "2"').replace("attempts.max_total: 9", "attempts.max_total: 8")
    newer = newer.replace("effective_from:\n", "effective_from: 2027-01-01\n")
    (folder / "national.yaml").write_text(newer, encoding="utf-8")
    found = {
        asked: load_profile(*asked, folder=folder)["attempts.max_total"]
        for asked in [("national",), ("national@1",), ("national@2",), ("national", date(2026, 12, 31)),
                      ("national", date(2027, 1, 1))]
    }  # fmt: skip
    assert list(found.values()) == [8, 9, 8, 9, 8]
    # the company's layer says which version it stands on, so its own id tells everything
    assert load_profile("company-example@1", folder=folder)["attempts.max_total"] == 7
    assert profile_for("110000", "AGENCY", "HEALTH", date(2027, 2, 1), folder=folder).id == "national@2"
    stacked = profile_for("110000", "AGENCY", "HEALTH", date(2027, 2, 1), company="company-example", folder=folder)
    assert stacked.id == "national@2/company-example@1"
    assert load_profile(stacked.id, folder=folder) == stacked


def test_a_day_before_the_first_version(folder):
    with pytest.raises(LookupError, match="no version of profile 'company-example' is in force on 2023-12-31"):
        load_profile("company-example", date(2023, 12, 31))


@pytest.mark.parametrize(
    ("concluded", "ends", "expected"),
    [
        (date(2012, 5, 1), "", "national@1"),  # nobody has filled in the day: only by name
        (date(2012, 5, 1), " 2014-03-31", "national-10@1"),
        (date(2014, 3, 31), " 2014-03-31", "national-10@1"),
        (date(2014, 4, 1), " 2014-03-31", "national@1"),
    ],
)
def test_the_ten_day_years_end_when_compliance_says(folder, concluded, ends, expected):
    file = folder / "national-10.yaml"
    file.write_text(
        file.read_text(encoding="utf-8").replace("effective_until:", f"effective_until:{ends}"), encoding="utf-8"
    )
    assert profile_for("110000", "AGENCY", "TRADITIONAL", concluded, folder=folder).id == expected
    assert load_profile("national-10", folder=folder)["cooling_off.days"] == 10


def test_the_local_layer_over_the_ten_day_years(folder):
    profile = load_profile("national-10@1/local-2g@1")
    assert (profile["cooling_off.days"], profile["matrix.fees_for_all_types"]) == (10, True)


# ---------------------------------------------------------------- by contract


@pytest.mark.parametrize(
    ("asked", "house", "expected"),
    [
        (("110000", "AGENCY", "HEALTH"), {}, "national@1"),
        (("500000", "AGENCY", "HEALTH"), {}, "local-2g@1"),
        (("500103", "AGENCY", "HEALTH"), {}, "local-2g@1"),
        (("110000", "AGENCY", "HEALTH"), {"company": "company-example"}, "company-example@1"),
        (("500103", "AGENCY", "HEALTH"), {"company": "company-example", "branch": "branch-example"},
         "national@1/local-2g@1/company-example@1"),  # the branch's layer is for banks only
        (("500103", "BANK_DIRECT", "HEALTH"), {"company": "company-example", "branch": "branch-example"},
         "branch-example@1"),
        (("110000", "BANK_DIRECT", "HEALTH"), {"company": "company-example", "branch": "branch-example"},
         "company-example@1"),  # and for its own place
    ],
)  # fmt: skip
def test_the_profile_of_a_contract(asked, house, expected):
    profile = profile_for(*asked, IN_2026, **house)
    assert profile.id == expected
    assert load_profile(profile.id) == profile


def test_a_house_that_is_not_shipped():
    with pytest.raises(LookupError, match="atlantis"):
        profile_for("110000", "AGENCY", "HEALTH", IN_2026, company="atlantis")


@pytest.mark.parametrize(("days", "company", "expected"), [(10, None, 15), (30, None, 30), (30, "company-example", 30)])
def test_a_contracts_own_clause_binds_where_it_is_the_stricter_one(days, company, expected):
    profile = profile_for("110000", "AGENCY", "HEALTH", IN_2026, company=company, clause={"cooling_off.days": days})
    assert profile["cooling_off.days"] == expected
    assert load_profile(profile.id) == profile


@pytest.mark.parametrize(
    ("place", "region", "inside"),
    [
        ("500103", "500000", True),
        ("510103", "500000", False),
        ("510103", "510100", True),
        ("510203", "510100", False),
        ("510103", "510103", True),
        ("HK", "HK", True),
        ("HKG", "HK", False),
    ],
)
def test_places_and_regions(place, region, inside):
    assert lies_in(place, region) is inside


# ---------------------------------------------------------------- files that do not hold


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ("attempts.max_total: 9", "attempts.max_totals: 9", "attempts.max_totals", "no parameter is called"),
        ("attempts.max_total: 9", "attempts.max_total: nine", "attempts.max_total", "whole number"),
        ("attempts.max_total: 9", "attempts.max_total: 0", "attempts.max_total", "at least 1"),
        ("attempts.max_total: 9", "attempts.max_total: true", "attempts.max_total", "whole number"),
        ("calling.on_public_holidays: false", "calling.on_public_holidays: 0", "calling.on_public", "true or false"),
        ("cooling_off.start: NEXT_DAY", "cooling_off.start: LATER", "cooling_off.start", "SAME_DAY, NEXT_DAY"),
        ('["09:00-20:30"]', '["20:30-09:00"]', '["20:30', "windows such as"),
        ('["09:00-20:30"]', "[]", "calling.windows: []", "at least one"),
        ("identity.retries: 1", "identity.retries: 1\n  identity.retries: 2", "identity.retries: 2", "twice"),
        ("    REFUSED: 1", "    REFUSED: soon", "workorder.sla", "workorder.sla.REFUSED is a whole number"),
        ("    REFUSED: 1", "    REFUSED: 1\n    REFUSED: 9", "REFUSED: 9", "twice"),
        ("  scope.ratio: 1.0", "  scope.ratio: 1.0\n  late.max_days: 1\n  kpi.success_definition: CLEAN\n"
         "  extraction.combine: EARLIEST", "extraction.combine: EARLIEST", "plain choice"),
        ("name: national", "name: other", "name:", "the file is called"),
        ("layer: NATIONAL", "layer: CONTRACT", "layer:", "layer is one of NATIONAL"),
        ("effective_from:", "effective_from: soon", "effective_from", "is a date"),
        ("effective_until:", "channels: AGENCY", "channels", "list of words"),
        ("effective_until:", "over: [national]", "over", "names versions"),
        ("effective_until:", "based_on: company-example@1", "based_on", "the same layer"),
        ("effective_until:", "based_on: atlantis@1", "based_on", "atlantis"),
        ("\nvalues:", "\nvaluse:", "valuse", "no entry"),
    ],
)  # fmt: skip
def test_a_bad_profile_is_refused_with_file_and_line(folder, old, new, line_of, message):
    assert old in NATIONAL
    text = NATIONAL.replace(old, new, 1)
    file = folder / "national.yaml"
    file.write_text(text, encoding="utf-8")
    expected = next(
        n for n, line in enumerate(text.splitlines(), 1) if line_of in line and not line.strip().startswith("#")
    )
    with pytest.raises(ProfileError, match=message) as refusal:
        read_profile(file)
    assert refusal.value.line == expected
    assert str(refusal.value).startswith(f"national.yaml:{expected}: ")


def test_a_parameter_left_out_is_named(folder):
    file = folder / "national.yaml"
    file.write_text(NATIONAL.replace("  attempts.max_total: 9\n", ""), encoding="utf-8")
    with pytest.raises(ProfileError, match="not stated: attempts.max_total"):
        read_profile(file)


def test_broken_yaml_is_refused_with_its_line(tmp_path):
    file = tmp_path / "national.yaml"
    file.write_text("name: national\nversion: [\nvalues: {", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"^national\.yaml:[34]: "):
        read_profile(file)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("company-example", "cooling_off.days: 20", "cooling_off.days: 10",
         r"cooling_off\.days: 10 days, set by company-example@1 \(company\), is looser than 15 days, "
         r"set by national@1 \(national\)"),
        ("company-example", "retention.recording_years: 30", "retention.recording_years: 10",
         r"10 years, set by company-example@1 \(company\), is looser than 20 years, set by national@1"),
        ("company-example", '["09:00-20:00"]', '["08:00-20:00"]', "08:00-20:00.*looser than 09:00-21:00"),
        ("branch-example", "workorder.after_care_days: 1", "workorder.after_care_days: 3",
         r"3 working days, set by branch-example@1 \(branch\), is looser than 2 working days, set by national@1"),
        ("branch-example", "workorder.after_care_days: 1", "script.simplified: true",
         r"script\.simplified: true, set by branch-example@1 \(branch\), is looser than false, set by local-2g@1"),
        ("branch-example", "workorder.after_care_days: 1", "attempts.max_total: 9",
         r"9 dials, set by branch-example@1 \(branch\), is looser than 7 dials, set by company-example@1 \(company\)"),
        ("branch-example", "PHONE_INVALID: 2", "RECEIPT_UNSIGNED: 5",
         r"workorder\.sla\.RECEIPT_UNSIGNED: 5 working days.*looser than 4 working days, set by company-example@1"),
        ("company-example", "attempts.max_total: 7", "attempts.max_total: 0", "attempts.max_total is at least 1"),
        ("company-example", "values:", "floors: {cooling_off.days: 20}\nvalues:", "floors are set by law"),
    ],
)  # fmt: skip
def test_a_looser_company_or_branch_is_refused_in_its_line_with_both_values(folder, name, old, new, message):
    file = folder / f"{name}.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ProfileError, match=message) as refusal:
        load_profile(name, folder=folder)
    assert refusal.value.file == file
    assert refusal.value.line > 1


def test_the_refusal_is_kept_in_both_languages(folder):
    file = folder / "company-example.yaml"
    text = file.read_text(encoding="utf-8").replace("cooling_off.days: 20", "cooling_off.days: 10")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as refusal:
        load_profile("company-example", folder=folder)
    cause = refusal.value.__cause__
    assert isinstance(cause, LooserValue)
    assert cause.zh == ("cooling_off.days：company-example@1（公司）的10天比national@1（全国）的15天宽松，不能采用")


def test_a_company_may_choose_freely_where_no_regulator_sets_anything(folder):
    file = folder / "company-example.yaml"
    text = file.read_text(encoding="utf-8").replace("attempts.max_total: 7", "attempts.max_total: 12")
    file.write_text(text, encoding="utf-8")
    assert load_profile("company-example", folder=folder)["attempts.max_total"] == 12
