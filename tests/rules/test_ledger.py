"""The chain of the ledger and the trees of hashes over it."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ledger import (
    NOTHING,
    BrokenChain,
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
    sealed_events,
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


def test_a_line_whole():
    line = line_after(replace(ENTRY, body={"event": 7, "what": "录音", "day": date(2026, 9, 24)}), 4, "ab" * 32)
    body = '{"day":"2026-09-24","event":7,"what":"录音"}'
    assert line == Line(5, AT, "RECORDING_CLEARED", "recording/RE1", "system", body, "ab" * 32, line.hash)
    written = (
        f'{{"actor":"system","at":"2026-09-24T02:00:00.000123Z","body":{body},'
        f'"kind":"RECORDING_CLEARED","previous":"{"ab" * 32}","seq":5,"subject":"recording/RE1"}}'
    )
    assert line.hash == hashlib.sha256(b"\x00" + written.encode()).hexdigest()


def test_the_first_line_follows_sixty_four_noughts():
    assert NOTHING == "0000000000000000000000000000000000000000000000000000000000000000"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.5, "float has no place in the ledger"),
        ({"a": 1.0}, "float has no place in the ledger"),
        ([b"x"], "bytes has no place in the ledger"),
        ({1, 2}, "set has no place in the ledger"),
        (AT.replace(tzinfo=None), "an instant without a zone has no place in the ledger"),
        (object(), "object has no place in the ledger"),
    ],
)
def test_what_two_readers_might_print_differently_has_no_place(value, message):
    with pytest.raises(TypeError) as refused:
        plain(value)
    assert str(refused.value) == message


def test_plain_values():
    given = {"at": AT, "day": date(2026, 9, 24), "n": (1, None, True), "s": "x"}
    assert plain(given) == {"at": "2026-09-24T02:00:00.000123Z", "day": "2026-09-24", "n": [1, None, True], "s": "x"}


def test_lines_that_follow_one_another():
    assert problems([]) == []
    assert problems(ledger(50)) == []
    lines = ledger(9)
    assert list(check_chain(lines[4:], after=4, previous=lines[3].hash)) == []


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("at", AT + timedelta(microseconds=1), [(5, "ALTERED")]),
        ("kind", "RECORDING_LOST", [(5, "ALTERED")]),
        ("subject", "recording/RE2", [(5, "ALTERED")]),
        ("actor", "lead", [(5, "ALTERED")]),
        ("body", '{"event":5,"what":"录音"}', [(5, "ALTERED")]),
        ("body", '{"event": 4,"what":"录音"}', [(5, "FORM")]),
        ("body", '{"event":4,"what":"\\u5f55\\u97f3"}', [(5, "FORM")]),
        ("body", '{"event":NaN}', [(5, "FORM")]),
        ("body", "{", [(5, "FORM")]),
        ("at", AT.replace(tzinfo=None), [(5, "FORM")]),
        ("hash", "0" * 64, [(5, "ALTERED"), (6, "CUT")]),
        ("previous", "1" * 64, [(5, "CUT")]),
        ("seq", 6, [(6, "GAP"), (6, "GAP")]),
    ],
)
def test_one_line_altered_in_anything(field, value, found):
    lines = ledger(9)
    lines[4] = replace(lines[4], **{field: value})
    assert list(check_chain(lines)) == [BrokenChain(*one) for one in found]


def test_lines_taken_away_added_or_exchanged():
    lines = ledger(9)
    assert problems(lines[:4] + lines[5:]) == [(6, "GAP")]
    assert problems(lines[1:]) == [(2, "GAP")]
    assert problems([*lines[:4], lines[5], lines[4], *lines[6:]]) == [(6, "GAP"), (5, "GAP"), (7, "GAP")]
    assert problems([*lines[:4], lines[4], *lines[4:]]) == [(5, "GAP")]


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
    written = (
        '{"at":"2026-09-24T02:00:00.000123Z","call_id":"c","case_id":null,"data":{"a":[0.93]},"id":5,"kind":"TURN",'
        '"person_id":3}'
    )
    assert event_hash(**EVENT) == hashlib.sha256(b"\x00" + written.encode()).digest()
    assert event_hash(**EVENT) != event_hash(**{**EVENT, **changed})
    assert event_hash(**EVENT) == event_hash(**EVENT)


def test_what_is_no_number_has_no_hash():
    with pytest.raises(ValueError, match="JSON"):
        event_hash(**{**EVENT, "data": {"a": float("nan")}})


def test_the_tree_is_that_of_certificate_transparency():
    first, second = leaf(b""), leaf(b"\x00")
    assert first.hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node(first, second).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


def test_a_seal_names_ids_number_and_root():
    tree = TreeRoot()
    tree.add(event_hash(**EVENT))
    assert seal_body(4, 6, tree) == {"first": 4, "last": 6, "count": 1, "root": event_hash(**EVENT).hex()}
    assert sealed_events(4, 6) == "events/4-6"


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
