"""What is looked at beside what a fault has left: that it struck as it should, and that we did what the rule asks on the way.

Each look takes what was seen of a person; those with details make one.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tests.numbered_faults.left import found

BEGINNING = datetime(2026, 9, 24, 2, tzinfo=UTC)
FORWARD = (
    "CALL_RESERVED",
    "CALL_UNKNOWN",
    "CALL_PLACED",
    "CALL_RINGING",
    "CALL_ANSWERED",
    "CALL_REJECTED",
    "CALL_ENDED",
)


def as_wanted(seen) -> None:
    """Its fault struck, and what is left of it is what its plan says."""
    for row in seen.plan.rows:
        assert seen.struck(row["fault"]), "it never struck"
    once_and_forward(seen)
    assert found(seen) == seen.plan.left
    for look in seen.plan.looks:
        look(seen)


def once_and_forward(seen) -> None:
    """Each attempt was written down before it was placed, placed once at most, ended once and settled once; a person who was
    spoken to has a recording or a reason for none; the judge has nothing to say."""
    created = [event for event in seen.log if event["event"] == "created"]
    ids = [urlsplit(event["url"]).path.rpartition("/")[2] for event in created]
    ours = {call["id"]: call for call in seen.calls}
    assert len(set(ids)) == len(ids)
    assert {call_id: ours[call_id]["sid"] for call_id in ids} == dict(
        zip(ids, (event["call_sid"] for event in created), strict=True)
    )
    for call in seen.calls:
        told = Counter(event["kind"] for event in call["events"])
        placed = call["id"] in ids
        assert call["state"] == ("ENDED" if placed else "REJECTED")
        assert (told["CALL_RESERVED"], told["CALL_ENDED"], told["CALL_REJECTED"]) == (1, placed, not placed)
        assert call["settled_at"] is not None
        assert sum(s["call_id"] == call["id"] for s in seen.settlements) == told["SETTLED"] == placed
        kinds = [event["kind"] for event in call["events"] if event["kind"] in FORWARD[2:]]
        # the dial's own answer may come after the first callback, and says nothing new
        kinds = [kind for kind in kinds if kind != "CALL_PLACED"]
        assert kinds == sorted(kinds, key=FORWARD.index)
        if call["answered_at"] is not None:
            kept = [r for r in call["recordings"] if r["state"] == "CLEARED" and r["version_id"]]
            gone = [r for r in call["recordings"] if r["state"] == "LOST" and r["problem"]]
            assert kept or gone, "neither a recording nor a reason"
            assert (told["RECORDING_VERIFIED"], told["RECORDING_LOST"]) == (len(kept), len(gone))
    for order in seen.orders:
        assert (order["state"], order["branch_code"]) == ("ISSUED", seen.case["owner_branch"] or order["branch_code"])
        assert order["due_at"] > order["issued_at"]
    assert (seen.case["owner"] == "BRANCH") == bool(seen.case["owner_branch"])
    assert seen.broken == []


def doubtful(seen) -> None:
    """The attempt was in doubt, and closed only after it had been looked for at the carrier."""
    events = [event["kind"] for event in seen.calls[0]["events"]]
    assert events[:3] == ["CALL_RESERVED", "CALL_UNKNOWN", "CALL_REJECTED"]
    assert seen.calls[0]["ended_at"] > seen.calls[0]["reserved_at"]


def asked_again(times: int) -> Callable:
    """The carrier's 429 cost no attempt: the same one was asked for again."""

    def look(seen) -> None:
        assert len(seen.struck("create-429")) == times
        assert seen.call["tried_at"] is not None

    return look


def alarm(name: str) -> Callable:
    def look(seen) -> None:
        assert name in seen.alarms

    return look


def no_alarm_left(seen) -> None:
    """What the alarm told of was over once a call went through."""
    assert "CARRIER_REFUSES" in seen.alarms
    assert "CARRIER_REFUSES" not in seen.alarms_left


def other_number_next(seen) -> None:
    """The number is struck, and the case waits for its turn at another one."""
    dead = {phone["dead"] for phone in seen.phones}
    assert dead == {True, False}


def number_struck(seen) -> None:
    assert [phone["dead"] for phone in seen.phones] == [True]


def told_by_sweep(seen) -> None:
    """Nothing of the call's end was taken from a callback: the sweep asked."""
    ends = [
        news for news in seen.news if news["kind"] == "status" and news["status"] in ("completed", "busy", "canceled")
    ]
    assert [news["sequence"] for news in ends if news["provider_id"] == seen.call["sid"]][:1] == [-1]


def refused(status: str, what: str = "callback") -> Callable:
    """The request was answered with 403 each time, and nothing of it was taken."""

    def look(seen) -> None:
        answers = [e["http"] for e in seen.log if e["event"] == what and e["status"] == status]
        assert 403 in answers
        taken = [n for n in seen.news if n["kind"] == "status" and n["status"] == status and n["sequence"] >= 0]
        assert len(taken) == sum(http == 204 for http in answers)

    return look


def accepted(seen) -> None:
    """Every request of the carrier's was answered as it should be."""
    answers = {e["http"] for e in seen.log if e["event"] in ("callback", "recording-callback", "amd-callback", "twiml")}
    assert answers == {200, 204}


def one_of_each(seen) -> None:
    """What was told more than once was taken once."""
    sent = Counter(e["status"] for e in seen.log if e["event"] == "callback")
    taken = Counter(n["status"] for n in seen.news if n["kind"] == "status" and n["sequence"] >= 0)
    assert max(sent.values()) > 1
    assert set(taken.values()) == {1}


def strangers(seen) -> None:
    """News of calls that are not ours is kept for the reconciliation, and changes nothing."""
    assert [n for n in seen.news if n["kind"] == "status" and n["provider_id"] != seen.call["sid"]]


def own_time(seen) -> None:
    """The carrier's clock decides nothing: our instants lie on the morning, in order."""
    call = seen.call
    assert BEGINNING <= call["reserved_at"] <= call["answered_at"] <= call["ended_at"] <= call["settled_at"]
    told = [n["body"]["Timestamp"] for n in seen.news if n["body"].get("Timestamp")]
    assert any("01:0" in stamp for stamp in told)


def machine_after_the_end(seen) -> None:
    """A verdict that comes after the settlement stands in no call."""
    assert [e for e in seen.log if e["event"] == "amd-callback"]
    assert seen.call["answered_by"] is None


def answers_kept(seen) -> None:
    """The first item was answered, and its answer outlives the call."""
    assert ("M1", "YES") in seen.said
    kept = seen.settlements[-1]["decision"]["settlement"]["outcome"]["open_items"]
    assert kept and "M1" not in kept


def gave_up(seen) -> None:
    """The carrier said why it ended the call, and was asked."""
    assert "CALL_BROKE_OFF" in [event["kind"] for event in seen.call["events"]]


def nothing_told(seen) -> None:
    """Nobody proved who he was, so no item came up and nothing of a policy was said."""
    assert {step for step, _ in seen.said} <= {"C1", "C2", "C3"}
    assert not any("保险合同" in e["text"] or "投保" in e["text"] for e in seen.log if e["event"] == "said")


def fallback_asked(code: int) -> Callable:
    """The carrier told which document it could not use, asked the fallback and was given the stored turn again."""

    def look(seen) -> None:
        asked = [e for e in seen.log if e["event"] == "twiml" and e.get("ErrorCode")]
        assert [e["ErrorCode"] for e in asked] == [str(code)]
        assert "turn=" in asked[0]["ErrorUrl"]

    return look


def first_answer(step: str, answer: str) -> Callable:
    """What was heard first at that step is no yes; the question came again and was answered."""

    def look(seen) -> None:
        given = [said for at, said in seen.said if at == step]
        assert (given[0], given[-1]) == (answer, "YES")

    return look


def spoken_chinese(seen) -> None:
    """Words beyond ASCII were signed, read and understood."""
    assert [e for e in seen.log if e["event"] == "heard" and not e.get("speech", "").isascii()]
    accepted(seen)


def warned(code: int) -> Callable:
    def look(seen) -> None:
        assert code in {e["code"] for e in seen.log if e["event"] == "notification"}

    return look


def before_the_end(seen) -> None:
    """The recording was told of before the call's end."""
    order = [e["event"] for e in seen.log if e["event"] == "recording-callback" or e.get("status") == "completed"]
    assert order.index("recording-callback") < len(order) - 1 - order[::-1].index("callback")


def fetched_again(seen) -> None:
    """The first sound was not taken for the recording."""
    [recording] = seen.call["recordings"]
    assert recording["verified_at"] > recording["reported_at"]
    assert len([e for e in seen.log if e["event"] == "media"]) >= 1
    assert (
        seen.struck("media-404")
        or seen.struck("media-damaged")
        or seen.struck("media-mono")
        or seen.struck("media-401")
    )


def recording_refused(seen) -> None:
    answers = {e["http"] for e in seen.log if e["event"] == "recording-callback"}
    assert answers == {403}
    _recording_from_sweep(seen)


def reported_by_sweep(seen) -> None:
    assert not [e for e in seen.log if e["event"] == "recording-callback"]
    _recording_from_sweep(seen)


def _recording_from_sweep(seen) -> None:
    assert [n for n in seen.news if n["kind"] == "recording" and n["body"] == {"source": "sweep"}]


def the_key_counts(seen) -> None:
    """Of words and a key in one request the key is the answer."""
    assert [said for at, said in seen.said if at == "M1"] == ["NO", "YES"]
