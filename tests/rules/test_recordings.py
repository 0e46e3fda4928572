import re
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.calendar import SHANGHAI
from rules.parameters import DEFAULTS
from rules.recordings import (
    Dispute,
    Record,
    RecordKind,
    add_years,
    archive_key,
    lock_until,
    retain_until,
    retention,
)


def d(text):
    return date.fromisoformat(text) if text else None


def dispute(opened, closed=None):
    return Dispute(d(opened), d(closed))


# AC-23
@pytest.mark.parametrize(
    ("kind", "began", "ended", "disputes", "hold", "stored", "until", "floor"),
    [
        ("RECORDING", "2026-09-10", None, [], False, None, None, "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [], False, None, "2060-03-01", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2030-03-01", [], False, None, "2046-09-10", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2059-12-01", "2061-01-15")], False, None, "2063-01-15", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2060-03-01", "2061-01-15")], False, None, "2063-01-15", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2060-03-02", "2061-01-15")], False, None, "2060-03-01", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2059-12-01", None)], False, None, None, "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2059-12-01", "2061-01-15"), ("2062-05-01", "2064-05-01")], False,
         None, "2066-05-01", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2027-01-01", "2027-05-01")], False, None, "2060-03-01", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [], True, None, None, "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [], False, "2070-01-01", "2070-01-01", "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [], False, "2050-01-01", "2060-03-01", "2046-09-10"),
        ("RECORDING", "2028-02-29", "2028-02-29", [], False, None, "2048-02-29", "2048-02-29"),
        ("RECORDING", "2027-02-28", "2028-02-29", [], False, None, "2047-02-28", "2047-02-28"),
        ("PAPER", "2026-09-10", "2028-02-29", [], False, None, "2038-03-01", "2036-09-10"),
        ("ELECTRONIC", "2026-09-10", "2027-01-01", [], False, None, "2046-09-10", "2046-09-10"),
        ("TRAINING_COPY", "2026-09-10", None, [], False, None, "2026-12-09", "2026-12-09"),
        ("TRAINING_COPY", "2026-09-10", None, [], False, "2027-01-01", "2027-01-01", "2026-12-09"),
        ("TRAINING_COPY", "2026-09-10", None, [], True, None, None, "2026-12-09"),
        # opened after the ordinary end, while the store still had to keep it
        ("RECORDING", "2026-09-10", "2050-03-01", [("2062-05-01", "2064-05-01")], False, "2065-01-01", "2066-05-01",
         "2046-09-10"),
        ("RECORDING", "2026-09-10", "2050-03-01", [("2062-05-01", "2062-06-01")], False, "2065-01-01", "2065-01-01",
         "2046-09-10"),
        ("RECORDING", "2026-09-10", None, [("2027-05-01", "2027-06-01")], False, "2065-01-01", None, "2046-09-10"),
    ],
)  # fmt: skip
def test_retention(kind, began, ended, disputes, hold, stored, until, floor):
    record = Record(RecordKind(kind), d(began), d(ended), tuple(dispute(*x) for x in disputes), hold, d(stored))
    found = retention(record, DEFAULTS)
    assert (found.retain_until, found.floor) == (d(until), d(floor))
    assert found.steps


def test_a_29th_of_february_is_never_kept_a_day_short():
    assert add_years(d("2028-02-29"), 20) == d("2048-02-29")
    assert add_years(d("2028-02-29"), 10) == d("2038-03-01")


@pytest.mark.parametrize(
    ("ended", "closed", "until"),
    [(None, None, "2046-09-11"), ("2050-03-01", None, "2060-03-01"), ("2050-03-01", "2061-01-15", "2063-01-15")],
)
def test_what_the_store_must_promise_now(ended, closed, until):
    # 17:00 UTC is the next day in Shanghai
    call = datetime.fromisoformat("2026-09-10T17:00:00+00:00")
    assert retain_until(call, d(ended), d(closed)) == d(until)


def test_a_lock_covers_its_last_day_in_shanghai():
    assert lock_until(d("2046-09-10")) == datetime(2046, 9, 11, tzinfo=SHANGHAI)


SHA = "ab" * 32


def test_archive_key():
    started = datetime.fromisoformat("2026-09-23T17:00:00+00:00")
    assert archive_key(4711, SHA, started) == f"recordings/2026/09/24/4711-{SHA}.flac"
    assert archive_key("c-1", SHA, started, "wav").endswith(".wav")

    long = "CA" + "f" * 78
    for name in ("CA.x_1-Z", long):
        assert archive_key(name, SHA, started) == f"recordings/2026/09/24/{name}-{SHA}.flac"


DIGEST = "a digest is 64 lower-case hex digits"


@pytest.mark.parametrize(
    ("call_id", "sha256", "message"),
    [
        ("../x", SHA, "not a call id: '../x'"),
        ("a..b", SHA, "not a call id: 'a..b'"),
        ("a/b", SHA, "not a call id: 'a/b'"),
        (".a", SHA, "not a call id: '.a'"),
        ("", SHA, "not a call id: ''"),
        ("a" * 81, SHA, f"not a call id: '{'a' * 81}'"),
        ("1", "ab", DIGEST),
        ("1", "AB" * 32, DIGEST),
        ("1", SHA + "a", DIGEST),
        ("1", "g" * 64, DIGEST),
    ],
)
def test_a_key_is_never_made_of_anything_else(call_id, sha256, message):
    with pytest.raises(ValueError) as refused:
        archive_key(call_id, sha256, datetime(2026, 9, 24, tzinfo=SHANGHAI))
    assert str(refused.value) == message


FLOOR = "R110 at least 20 years from 2026-09-10: 2046-09-10"
ENDED = "C21 contract ended 2050-03-01, 10 years on: 2060-03-01"


# each with its rule, in the order in which it is reasoned
@pytest.mark.parametrize(
    ("kind", "ended", "disputes", "hold", "stored", "steps"),
    [
        ("RECORDING", None, [], False, None, [FLOOR, "C21 the contract has not ended: no end of keeping yet"]),
        ("RECORDING", "2050-03-01", [], False, None, [FLOOR, ENDED, "S19 it may go from 2060-03-02 on"]),
        ("RECORDING", "2050-03-01", [], True, None, [FLOOR, ENDED, "C21 under legal hold there is no end"]),
        ("RECORDING", "2050-03-01", [], False, "2060-03-01", [FLOOR, ENDED, "S19 it may go from 2060-03-02 on"]),
        ("RECORDING", "2050-03-01", [], False, "2060-03-02",
         [FLOOR, ENDED, "S19 the store already holds it until 2060-03-02: never shortened",
          "S19 it may go from 2060-03-03 on"]),
        ("RECORDING", "2050-03-01", [("2061-01-01", "2061-05-01"), ("2059-12-01", "2061-01-15")], False, None,
         [FLOOR, ENDED, "C21 dispute closed 2061-01-15, 2 years on: 2063-01-15",
          "C21 dispute closed 2061-05-01, 2 years on: 2063-05-01", "S19 it may go from 2063-05-02 on"]),
        ("RECORDING", "2050-03-01", [("2059-12-01", None), ("2059-12-02", "2060-01-01")], False, None,
         [FLOOR, ENDED, "C21 a dispute is open: no end of keeping yet"]),
        ("RECORDING", "2050-03-01", [("2060-03-02", None), ("2070-01-01", None)], False, None,
         [FLOOR, ENDED, "S19 the dispute of 2060-03-02 came after the end of keeping (2060-03-01) and does not extend it",
          "S19 the dispute of 2070-01-01 came after the end of keeping (2060-03-01) and does not extend it",
          "S19 it may go from 2060-03-02 on"]),
        ("PAPER", "2030-01-01", [], False, None,
         ["R112 at least 10 years from 2026-09-10: 2036-09-10", "C21 contract ended 2030-01-01, 10 years on: 2040-01-01",
          "S19 it may go from 2040-01-02 on"]),
        ("ELECTRONIC", None, [], False, None,
         ["R111 at least 20 years from 2026-09-10: 2046-09-10", "C21 the contract has not ended: no end of keeping yet"]),
        ("TRAINING_COPY", None, [], False, None,
         ["C41 a training copy goes after 90 days: 2026-12-09", "S19 it may go from 2026-12-10 on"]),
    ],
)  # fmt: skip
def test_why_it_is_kept_until_then(kind, ended, disputes, hold, stored, steps):
    held = tuple(dispute(*x) for x in disputes)
    found = retention(Record(RecordKind(kind), d("2026-09-10"), d(ended), held, hold, d(stored)))
    assert [f"{step.rule} {step.en}" for step in found.steps] == steps
    numbers = re.compile(r"\d+")
    assert [sorted(numbers.findall(step.zh)) for step in found.steps] == [
        sorted(numbers.findall(step.en)) for step in found.steps
    ]


def test_nothing_is_known_of_a_contract_and_its_disputes_unless_it_is_said():
    assert Record(RecordKind.PAPER, d("2026-09-10")) == Record(RecordKind.PAPER, d("2026-09-10"), None, (), False, None)
    assert Dispute(d("2026-09-10")) == Dispute(d("2026-09-10"), None)


DAYS = st.dates(date(2020, 1, 1), date(2040, 1, 1))


@given(DAYS, DAYS, st.lists(st.tuples(DAYS, st.integers(0, 4000)), max_size=4))
def test_nothing_ends_before_its_floor_and_a_dispute_never_shortens(began, ended, disputes):
    bare = retention(Record(RecordKind.RECORDING, began, ended))
    held = tuple(Dispute(opened, date.fromordinal(opened.toordinal() + length)) for opened, length in disputes)
    found = retention(Record(RecordKind.RECORDING, began, ended, held))
    assert found.retain_until >= bare.retain_until >= bare.floor == add_years(began, 20)
