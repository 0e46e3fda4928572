import pytest

from rules.parameters import DEFAULTS, PARAMETERS
from scripts.rule_profiles import FOLDER, ProfileError, load_profile, profile_names, read_profile

NATIONAL = (FOLDER / "national.yaml").read_text(encoding="utf-8")


def test_the_national_profile_states_every_parameter_and_agrees_with_the_defaults():
    profile = load_profile("national")
    assert profile.id == "national@1"
    assert profile.values == DEFAULTS.values
    assert profile["attempts.max_total"] == 9
    assert profile["calling.windows"] == ("09:00-20:30",)


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_shipped_can_be_read(name):
    assert load_profile(name).values.keys() == PARAMETERS.keys()


def test_a_profile_that_is_not_shipped_is_named_with_those_that_are():
    with pytest.raises(LookupError, match="'atlantis'.*national"):
        load_profile("atlantis")


@pytest.mark.parametrize(
    ("old", "new", "line_of", "message"),
    [
        ("attempts.max_total: 9", "attempts.max_totals: 9", "attempts.max_totals", "no parameter is called"),
        ("attempts.max_total: 9", "attempts.max_total: nine", "attempts.max_total", "whole number"),
        ("attempts.max_total: 9", "attempts.max_total: 0", "attempts.max_total", "at least 1"),
        ("attempts.max_total: 9", "attempts.max_total: true", "attempts.max_total", "whole number"),
        ("calling.on_public_holidays: false", "calling.on_public_holidays: 0", "calling.on_public", "true or false"),
        ("cooling_off.start: NEXT_DAY", "cooling_off.start: LATER", "cooling_off.start", "NEXT_DAY, SAME_DAY"),
        ('["09:00-20:30"]', '["20:30-09:00"]', "calling.windows", "windows such as"),
        ("identity.retries: 1", "identity.retries: 1\n  identity.retries: 2", "identity.retries: 2", "twice"),
        ("    REFUSED: 1", "    REFUSED: soon", "workorder.sla", "workorder.sla.REFUSED is a whole number"),
        ("    REFUSED: 1", "    REFUSED: 1\n    REFUSED: 9", "REFUSED: 9", "twice"),
        ("name: national", "name: other", "name:", "the file is called"),
        ("values:", "valuse:", "valuse", "no entry"),
    ],
)  # fmt: skip
def test_a_bad_profile_is_refused_with_file_and_line(tmp_path, old, new, line_of, message):
    assert old in NATIONAL
    text = NATIONAL.replace(old, new, 1)
    file = tmp_path / "national.yaml"
    file.write_text(text, encoding="utf-8")
    expected = next(
        n for n, line in enumerate(text.splitlines(), 1) if line_of in line and not line.strip().startswith("#")
    )
    with pytest.raises(ProfileError, match=message) as refusal:
        read_profile(file)
    assert refusal.value.line == expected
    assert str(refusal.value).startswith(f"national.yaml:{expected}: ")


def test_a_parameter_left_out_is_named(tmp_path):
    file = tmp_path / "national.yaml"
    file.write_text(NATIONAL.replace("  attempts.max_total: 9\n", ""), encoding="utf-8")
    with pytest.raises(ProfileError, match="not stated: attempts.max_total"):
        read_profile(file)


def test_broken_yaml_is_refused_with_its_line(tmp_path):
    file = tmp_path / "national.yaml"
    file.write_text("name: national\nversion: [\nvalues: {", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"^national\.yaml:[34]: "):
        read_profile(file)
