"""The chain of the ledger and the trees of hashes over it."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ledger import (
    NOTHING,
    Entry,
    Line,
    TreeRoot,
    check_chain,
    event_hash,
    leaf,
    line_after,
    line_hash,
    node,
    plain,
    seal_body,
)

AT = datetime(2026, 9, 24, 2, 0, 0, 123, UTC)
ENTRY = Entry("RECORDING_CLEARED", AT, "recording/RE1", "system", {"event": 7, "data": {"recording": "RE1"}})


def ledger(count: int) -> list[Line]:
    lines, seq, last = [], 0, NOTHING
    for number in range(count):
        line = line_after(replace(ENTRY, body={"event": number, "what": "录音"}), seq, last)
        lines.append(line)
        seq, last = line.seq, line.hash
    return lines


def problems(lines) -> list[tuple[int, str]]:
    return [(one.seq, one.problem) for one in check_chain(lines)]


def test_the_canonical_form_is_as_documented():
    written = (
        '{"actor":"system","at":"2026-09-24T02:00:00.000123Z","body":{"data":{"recording":"RE1"},"event":7},'
        f'"kind":"RECORDING_CLEARED","previous":"{NOTHING}","seq":1,"subject":"recording/RE1"}}'
    )
    assert line_hash(1, ENTRY, NOTHING) == hashlib.sha256(b"\x00" + written.encode()).hexdigest()


def test_an_instant_is_the_same_in_every_zone():
    shanghai = replace(ENTRY, at=AT.astimezone(timezone(timedelta(hours=8))))
    assert line_hash(1, shanghai, NOTHING) == line_hash(1, ENTRY, NOTHING)


@pytest.mark.parametrize("value", [1.5, {"a": 1.0}, [b"x"], {1, 2}, AT.replace(tzinfo=None), object()])
def test_what_two_readers_might_print_differently_has_no_place(value):
    with pytest.raises(TypeError):
        plain(value)


def test_plain_values():
    given = {"at": AT, "day": date(2026, 9, 24), "n": (1, None, True), "s": "x"}
    assert plain(given) == {"at": "2026-09-24T02:00:00.000123Z", "day": "2026-09-24", "n": [1, None, True], "s": "x"}


def test_lines_that_follow_one_another():
    assert problems([]) == []
    assert problems(ledger(50)) == []
    lines = ledger(9)
    assert list(check_chain(lines[4:], after=4, previous=lines[3].hash)) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", AT + timedelta(microseconds=1)),
        ("kind", "RECORDING_LOST"),
        ("subject", "recording/RE2"),
        ("actor", "lead"),
        ("body", '{"event":5,"what":"录音"}'),
        ("body", '{"event": 4,"what":"录音"}'),
        ("body", "{"),
        ("hash", "0" * 64),
        ("previous", "1" * 64),
        ("seq", 6),
    ],
)
def test_one_line_altered_in_anything(field, value):
    lines = ledger(9)
    lines[4] = replace(lines[4], **{field: value})
    assert problems(lines)


def test_lines_taken_away_added_or_exchanged():
    lines = ledger(9)
    assert problems(lines[:4] + lines[5:]) == [(6, "GAP")]
    assert problems(lines[1:])
    assert problems([*lines[:4], lines[5], lines[4], *lines[6:]])
    assert problems([*lines[:4], lines[4], *lines[4:]])


def test_a_line_made_anew_is_bound_to_nothing():
    lines = ledger(9)
    lines[4] = line_after(replace(ENTRY, actor="forger"), 4, lines[3].hash)
    assert problems(lines) == [(6, "CUT")]


def mth(data: list[bytes]) -> bytes:
    """The definition in RFC 6962, section 2.1."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return leaf(data[0])
    split = 1
    while split * 2 < len(data):
        split *= 2
    return node(mth(data[:split]), mth(data[split:]))


@pytest.mark.parametrize("count", [*range(18), 31, 32, 33, 100])
def test_the_root_is_that_of_the_definition(count):
    data = [bytes([number]) for number in range(count)]
    tree = TreeRoot()
    for one in data:
        tree.add(leaf(one))
    assert (tree.count, tree.root()) == (count, mth(data))


EVENT = {"id": 5, "at": AT, "kind": "TURN", "case_id": None, "call_id": "c", "person_id": 3, "data": {"a": [0.93]}}


@pytest.mark.parametrize(
    "changed",
    [{"id": 6}, {"at": AT + timedelta(seconds=1)}, {"kind": "X"}, {"case_id": 1}, {"call_id": "d"}, {"person_id": 4}, {"data": {"a": [0.94]}}],
)  # fmt: skip
def test_every_column_of_an_event_is_in_its_hash(changed):
    assert event_hash(**EVENT) != event_hash(**{**EVENT, **changed})
    assert event_hash(**EVENT) == event_hash(**EVENT)


def test_a_seal_names_ids_number_and_root():
    tree = TreeRoot()
    tree.add(event_hash(**EVENT))
    assert seal_body(4, 6, tree) == {"first": 4, "last": 6, "count": 1, "root": event_hash(**EVENT).hex()}


words = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(bodies=st.lists(st.dictionaries(words, values, max_size=4), min_size=1, max_size=6), place=st.integers(0, 5))
def test_any_bodies_chain_and_any_other_body_is_seen(bodies, place):
    lines, seq, last = [], 0, NOTHING
    for body in bodies:
        line = line_after(replace(ENTRY, body=body), seq, last)
        lines.append(line)
        seq, last = line.seq, line.hash
    assert problems(lines) == []
    place %= len(lines)
    lines[place] = replace(lines[place], body=line_after(replace(ENTRY, body={"other": 1}), 0, NOTHING).body)
    assert bool(problems(lines)) == (bodies[place] != {"other": 1})
