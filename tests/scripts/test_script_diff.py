"""What changed between two versions, as a reviewer reads it."""

from dataclasses import replace

from rules.script_diff import Change, changes
from scripts.call_scripts import load_script

OLD = load_script("agency-health-single")


def test_the_same_script_has_not_changed():
    assert changes(OLD, OLD) == ()
    assert changes(OLD, replace(OLD, version=9, name="other")) == ()


def test_every_kind_of_change_is_told():
    text = replace(OLD.texts["M8.ask"], words="请问犹豫期您清楚吗？")
    step = replace(OLD.steps["M8"], on={"SILENT": "next"}, keys={"1": "YES"}, when=())
    steps = {name: one for name, one in OLD.steps.items() if name != "K2.noted"} | {"M8": step}
    new = replace(
        OLD, texts={**OLD.texts, "M8.ask": text}, steps=steps, per_policy=OLD.per_policy[:-1], minutes=9,
        anywhere={**OLD.anywhere, "BUSY": "X"},
    )  # fmt: skip
    found = {c.place: (c.before, c.after) for c in changes(OLD, new)}
    assert found["minutes"] == ("4", "9")
    assert found["per_policy"] == ("、".join(OLD.per_policy), "、".join(OLD.per_policy[:-1]))
    assert found["M8.ask"] == (OLD.texts["M8.ask"].words, "请问犹豫期您清楚吗？")
    assert found["M8.on.SILENT"] == (None, "next")
    assert found["M8.keys.2"] == ("NO", None)
    assert found["anywhere.BUSY"] == ("A1", "X")
    assert found["K2.noted"] == ("记录，另行核实", None)
    assert len(found) == 7


def test_a_condition_is_told_in_short():
    step = replace(OLD.steps["N5"], when=())
    (change,) = changes(OLD, replace(OLD, steps={**OLD.steps, "N5": step}))
    assert change == Change("N5.when", "product_types=HEALTH", None)
