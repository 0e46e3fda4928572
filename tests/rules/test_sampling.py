from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.parameters import DEFAULTS
from rules.sampling import (
    Sampled,
    equal_intervals,
    impersonation_rechecks,
    inspection_size,
    population_digest,
    quality_checks,
    self_inspection,
    share_of,
)

SMALL = DEFAULTS.with_params({"sampling.minimum": 10})


def callback(n, channel="AGENCY", product="PARTICIPATING", class_="STANDARD", **more):
    return Sampled(f"c{n}", channel, product, class_, **more)


@pytest.mark.parametrize(
    ("total", "size"),
    [(0, 0), (1, 1), (1199, 1199), (1200, 1200), (1201, 1200), (240_000, 1200), (240_001, 1201), (1_000_000, 5000)],
)
def test_half_a_per_cent_or_1200_whichever_is_more(total, size):
    assert inspection_size(total) == size


@pytest.mark.parametrize(
    ("total", "per_cent", "size"), [(100, 3, 3), (101, 3, 4), (1000, 0.1, 1), (7, 0, 0), (7, 100, 7)]
)
def test_a_share_is_rounded_up(total, per_cent, size):
    assert share_of(total, per_cent) == size


def test_each_stratum_has_its_share():
    rows = [callback(n, channel) for n, channel in enumerate(["AGENCY"] * 600 + ["ONLINE"] * 300 + ["BROKERAGE"] * 100)]
    drawn = set(self_inspection(rows, SMALL))
    assert Counter(row.channel for row in rows if row.id in drawn) == {"AGENCY": 6, "ONLINE": 3, "BROKERAGE": 1}


def test_no_stratum_is_forgotten():
    rows = [callback(n) for n in range(1000)] + [callback("x", "ONLINE"), callback("y", product="HEALTH")]
    drawn = self_inspection(rows, SMALL)
    assert {"cx", "cy"} <= set(drawn)


def test_question_items_are_always_in():
    rows = [callback(n, class_="QUESTION" if n % 10 == 0 else "STANDARD") for n in range(500)]
    drawn = set(self_inspection(rows, SMALL))
    assert {row.id for row in rows if row.class_ == "QUESTION"} <= drawn


def test_equal_intervals():
    rows = [callback(n) for n in range(100)]
    assert [row.id for row in equal_intervals(rows, 4)] == ["c0", "c25", "c50", "c75"]
    assert [row.id for row in equal_intervals(rows, 4, start=10)] == ["c10", "c35", "c60", "c85"]


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("XY")), max_size=80),
    st.integers(0, 100),
    st.integers(0, 30),
)
def test_as_many_as_asked_and_each_only_once(strata, start, least):
    rows = [callback(n, channel, product) for n, (channel, product) in enumerate(strata)]
    profile = DEFAULTS.with_params({"sampling.minimum": least})
    drawn = self_inspection(rows, profile, start=start)
    assert len(drawn) == len(set(drawn)) >= inspection_size(len(rows), profile)
    # one more at most where a stratum's share would be less than one
    assert len(drawn) <= inspection_size(len(rows), profile) + len(set(strata))
    assert drawn == self_inspection(rows, profile, start=start)


def test_which_recordings_are_checked():
    rows = [callback(n) for n in range(200)]
    rows.append(callback("proxy", class_="QUESTION", by_proxy=True))
    rows.append(callback("old", class_="SUB_STANDARD", script_withdrawn=True))
    rows += [callback(f"n{n}", class_="VERIFICATION", agent_call_no=n) for n in (1, 20, 21)]
    found = quality_checks(rows)
    assert found["cproxy"] == "PROXY" and found["cold"] == "WITHDRAWN_SCRIPT"
    assert (found.get("cn1"), found.get("cn20"), found.get("cn21")) == ("NEW_AGENT", "NEW_AGENT", None)
    assert Counter(found.values())["SAMPLE"] == 6


def test_half_a_year_later_half_a_per_cent_is_rung_again():
    assert len(impersonation_rechecks([callback(n) for n in range(1000)])) == 5
    assert impersonation_rechecks([]) == ()


def test_another_start_draws_others_and_as_many():
    rows = [callback(n) for n in range(200)]
    first, second = quality_checks(rows, start=0), quality_checks(rows, start=7)
    assert len(first) == len(second) == 6 and not first.keys() & second.keys()
    assert quality_checks(rows, start=7) == second


@pytest.mark.parametrize(
    "change",
    [
        {"channel": "ONLINE"},
        {"product": "HEALTH"},
        {"class_": "QUESTION"},
        {"by_proxy": True},
        {"script_withdrawn": True},
        {"agent_call_no": 1},
    ],
)
def test_the_digest_tells_one_changed_row(change):
    rows = [callback(n) for n in range(5)]
    changed = [*rows[:2], callback(2, **change), *rows[3:]]
    assert population_digest(rows) == population_digest(list(rows)) != population_digest(changed)
    assert population_digest(rows) != population_digest(rows[::-1])
