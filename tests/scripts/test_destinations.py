"""The table of destinations: the shipped one is read, a bad one is refused with its row."""

import pytest

from rules.destinations import Destination, destination_of
from scripts.destinations import load_destinations


def test_the_shipped_table_rings_mainland_numbers_and_no_satellites():
    table = load_destinations()
    assert destination_of("+8613800138000", table).allowed
    assert not destination_of("+8816000000000", table).allowed


def test_a_table_of_ones_own(tmp_path):
    file = tmp_path / "table.yaml"
    file.write_text('- {prefix: "+852", caller_id: "+85230000000"}\n- {prefix: "+1", allow: false}\n')
    assert load_destinations(file) == (Destination("+852", True, "+85230000000"), Destination("+1", False))
    file.write_text("# nothing\n")
    assert load_destinations(file) == ()


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("prefix: +852", "a list of rows"),
        ('- {prefix: "852"}', "row 1: prefix"),
        ("- {prefix: +852}", "row 1: prefix"),  # a number to YAML
        ('- {prefix: "+852", allow: "no"}', "row 1: allow"),
        ('- {prefix: "+852"}\n- {prefix: "+853", from: "+1"}', "row 2: a row has"),
        ('- {prefix: "+852", caller_id: "30000000"}', "row 1: caller_id"),
        ('- {prefix: "+852"}\n- {prefix: "+852", allow: false}', "row 2: .852 stands there twice"),
    ],
)
def test_a_bad_row_is_named(tmp_path, text, because):
    file = tmp_path / "table.yaml"
    file.write_text(text)
    with pytest.raises(ValueError, match=because):
        load_destinations(file)
