import hashlib
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


@pytest.mark.parametrize(
    ("strata", "wanted", "shares"),
    [
        ("B" * 6 + "A" * 10 + "C" * 4, 7, {"A": 4, "B": 2, "C": 1}),  # 3.5, 2.1, 1.4: the largest remainder first
        ("B" * 6 + "A" * 10 + "C" * 4, 8, {"A": 4, "B": 2, "C": 2}),  # 4, 2.4, 1.6
        ("B" * 5 + "A" * 5, 3, {"A": 2, "B": 1}),  # 1.5 each: by name
        ("A" + "B" * 5 + "C" * 4, 9, {"A": 1, "B": 4, "C": 4}),  # 0.9, 4.5, 3.6: no more than there are of A
        ("A" + "B" + "C" * 8, 1, {"A": 1, "B": 1, "C": 1}),  # at least one of each
        ("A" + "B" * 3, 9, {"A": 1, "B": 3}),
        ("A" * 3 + "B" * 3 + "C" * 3, 5, {"A": 2, "B": 2, "C": 1}),
        ("", 5, {}),
    ],
)
def test_the_strata_share_by_the_largest_remainders(strata, wanted, shares):
    rows = [callback(n, channel) for n, channel in enumerate(strata)]
    drawn = set(self_inspection(rows, DEFAULTS.with_params({"sampling.share": 0.0, "sampling.minimum": wanted})))
    assert Counter(row.channel for row in rows if row.id in drawn) == shares


def test_the_sample_stands_in_the_order_of_the_callbacks_and_begins_where_it_is_told():
    rows = [callback(n, "ONLINE" if n % 2 else "AGENCY") for n in range(12)]
    few = DEFAULTS.with_params({"sampling.minimum": 4})
    assert self_inspection(rows, few) == ("c0", "c1", "c6", "c7")
    assert self_inspection(rows, few, start=1) == ("c2", "c3", "c8", "c9")


def test_question_items_are_always_in():
    rows = [callback(n, class_="QUESTION" if n % 10 == 0 else "STANDARD") for n in range(500)]
    drawn = set(self_inspection(rows, SMALL))
    assert {row.id for row in rows if row.class_ == "QUESTION"} <= drawn


def test_equal_intervals():
    rows = [callback(n) for n in range(100)]
    assert [row.id for row in equal_intervals(rows, 4)] == ["c0", "c25", "c50", "c75"]
    assert [row.id for row in equal_intervals(rows, 4, start=10)] == ["c10", "c35", "c60", "c85"]
    assert [row.id for row in equal_intervals(rows, 4, start=90)] == ["c90", "c15", "c40", "c65"]
    assert [row.id for row in equal_intervals(rows[:3], 4)] == ["c0", "c1", "c2"]
    assert equal_intervals(rows, 0) == equal_intervals([], 4) == equal_intervals(rows, -1) == ()


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
    assert [row for row, why in found.items() if why == "SAMPLE"] == ["c0", "c33", "c66", "c100", "c133", "c166"]
    assert Counter(found.values())["SAMPLE"] == 6


def test_half_a_year_later_half_a_per_cent_is_rung_again():
    assert len(impersonation_rechecks([callback(n) for n in range(1000)])) == 5
    assert impersonation_rechecks([]) == ()
    assert impersonation_rechecks([callback(n) for n in range(400)]) == ("c0", "c200")
    assert impersonation_rechecks([callback(n) for n in range(400)], start=3) == ("c3", "c203")


def test_a_callback_by_a_robot_with_the_policyholder_is_the_usual_one():
    assert callback(1) == Sampled("c1", "AGENCY", "PARTICIPATING", "STANDARD", False, False, None)


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
    first = b"c0\tAGENCY\tPARTICIPATING\tSTANDARD\tFalse\tFalse\tNone\n"
    assert population_digest(rows[:1]) == hashlib.sha256(first).hexdigest()
    changed = [*rows[:2], callback(2, **change), *rows[3:]]
    assert population_digest(rows) == population_digest(list(rows)) != population_digest(changed)
    assert population_digest(rows) != population_digest(rows[::-1])
