"""What differs between the carrier's day and ours, one kind after the other; nothing where nothing does."""

from datetime import UTC, datetime, timedelta

import pytest

from rules.carrier_comparison import (
    MESSAGES,
    CallHere,
    CallThere,
    RecordingHere,
    RecordingThere,
    compare_calls,
    compare_recordings,
)

NOW = datetime(2026, 9, 24, 23, 30, tzinfo=UTC)
MORNING = NOW - timedelta(hours=20)


def here(state="ENDED", status="completed", duration=61, sid="CA1", at=MORNING):
    return CallHere("c1", sid, state, status, duration, at)


def there(status="completed", duration=61, sid="CA1"):
    return CallThere(sid, status, duration, MORNING)


def told(found) -> list[str]:
    return [f"{d.code} {d.here} {d.there}" for d in found]


@pytest.mark.parametrize(
    ("ours", "theirs", "differences"),
    [
        (here(), there(), []),
        (here(duration=63), there(), []),  # two clocks that round
        (here(duration=64), there(), ["CALL_LENGTH_DIFFERS 64 61"]),
        (here(duration=None, status="busy"), there("busy", None), []),
        (here(duration=None), there(duration=0), []),
        (here(status="busy"), there(), ["CALL_ENDED_OTHERWISE busy completed"]),
        (here("ANSWERED", None, None), there(), ["CALL_OPEN_HERE ANSWERED completed"]),
        (here("PLACED", None, None), there("queued", None), []),
        (here(), there("in-progress", None), ["CALL_OPEN_THERE completed in-progress"]),
        (
            here("REJECTED", "NEVER_PLACED", None),
            there("no-answer", None),
            ["CALL_GIVEN_BACK_HERE NEVER_PLACED no-answer"],
        ),
        # under way a moment ago on one side
        (here("ANSWERED", None, None, at=NOW - timedelta(minutes=60)), there(), []),
        (here("ANSWERED", None, None, at=NOW - timedelta(minutes=61)), there(), ["CALL_OPEN_HERE ANSWERED completed"]),
        (here(), None, ["CALL_NOT_THERE completed None"]),
        (here("PLACED", None, None), None, ["CALL_NOT_THERE PLACED None"]),
        (here(at=NOW - timedelta(minutes=60)), None, []),
        (here("RESERVED", None, None, sid=None), None, []),
        (None, there(), ["CALL_NOT_OURS None completed"]),
    ],
)
def test_calls(ours, theirs, differences):
    found = compare_calls([ours] if ours else [], [theirs] if theirs else [], NOW)
    assert told(found) == differences
    for difference in found:
        assert difference.sid == "CA1"
        assert difference.call_id == ("c1" if ours else None)


def test_an_agents_telephone_is_no_unknown_call():
    assert compare_calls([], [there(sid="CA9")], NOW, others={"CA9"}) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "differences"),
    [
        (RecordingHere("RE1", "c1", "CLEARED", 60), None, []),
        (RecordingHere("RE1", "c1", "CLEARED", 60), RecordingThere("RE1", "CA1", "deleted", 60), []),
        (
            RecordingHere("RE1", "c1", "CLEARED", 60),
            RecordingThere("RE1", "CA1", "completed", 60),
            ["RECORDING_STILL_THERE CLEARED completed"],
        ),
        (RecordingHere("RE1", "c1", "VERIFIED", 60), RecordingThere("RE1", "CA1", "completed", 62), []),
        (
            RecordingHere("RE1", "c1", "VERIFIED", 60),
            RecordingThere("RE1", "CA1", "completed", 63),
            ["RECORDING_LENGTH_DIFFERS 60 63"],
        ),
        (RecordingHere("RE1", "c1", "REPORTED", None), RecordingThere("RE1", "CA1", "completed", 63), []),
        (RecordingHere("RE1", "c1", "REPORTED", 60), None, ["RECORDING_NOT_THERE REPORTED None"]),
        (
            RecordingHere("RE1", "c1", "REPORTED", 60),
            RecordingThere("RE1", "CA1", "absent", None),
            ["RECORDING_NOT_THERE REPORTED absent"],
        ),
        (RecordingHere("RE1", "c1", "LOST", None), RecordingThere("RE1", "CA1", "absent", None), []),
        (None, RecordingThere("RE1", "CA1", "completed", 60), ["RECORDING_NOT_OURS None 60"]),
        (None, RecordingThere("RE1", "CA1", "processing", None), []),
        (None, RecordingThere("RE1", "CA1", "absent", None), []),
    ],
)
def test_recordings(ours, theirs, differences):
    found = compare_recordings([ours] if ours else [], [theirs] if theirs else [], {"CA1": "c1"})
    assert told(found) == differences
    assert all((d.sid, d.call_id) == ("RE1", "c1") for d in found)


def test_every_kind_has_its_words_in_both_languages():
    assert len(MESSAGES) == 11
    for zh, en in MESSAGES.values():
        assert any("一" <= c <= "鿿" for c in zh)
        assert en.isascii()
