"""Promise 9 on small histories: who heard what, by which right, and what became of the recording."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from rules.judge import AccessCheck, Book, Event, History
from rules.judge.custody import kept_for_its_time
from rules.parameters import DEFAULTS
from rules.retrieval_events import ON_THE_LEDGER, missing_fields, signatures_for, subject_of
from scripts.calendars import seeded_calendar

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BOOK = Book(lambda name: DEFAULTS, seeded_calendar(), NOW + 100 * DAY)


class Log:
    """Events, a minute after one another."""

    def __init__(self):
        self.events: list[Event] = []
        self._ids = count(1)

    def add(self, kind: str, /, after: timedelta | None = None, **data) -> "Log":
        number = next(self._ids)
        at = NOW + (number * MINUTE if after is None else after)
        call = None if "request_id" in data and kind.startswith("RETRIEVAL") else "c1"
        self.events.append(Event(number, at, kind, 7 if call else None, call, None, data))
        return self

    def asked(self, purpose="DISPUTE", signed=None, days=7, applicant="amy", **granted) -> "Log":
        self.add("RETRIEVAL_REQUESTED", request_id=1, user=applicant, purpose=purpose)
        for function, who in (signed or dict(zip(signatures_for(purpose), "defg", strict=False))).items():
            self.add("RETRIEVAL_SIGNED", request_id=1, user=who, function=str(function))
        grant = {
            "recordings": ["RE1"], "listeners": ["amy"], "places": ["CS"], "begins": NOW.isoformat(),
            "ends": (NOW + days * DAY).isoformat(),
        }  # fmt: skip
        return self.add("RETRIEVAL_GRANTED", request_id=1, **{**grant, **granted})

    def reminded(self, user="amy") -> "Log":
        return self.add("PRIVACY_CONFIRMED", request_id=1, user=user)

    def played(self, right=None, **changed) -> "Log":
        told = {
            "play_id": "p",
            "user": "amy",
            "recording": "RE1",
            "place": "CS",
            "right": {"kind": "RETRIEVAL", "id": 1},
        }
        return self.add("RECORDING_PLAYED", **{**told, **({"right": right} if right is not None else {}), **changed})

    def assigned(self, **changed) -> "Log":
        told = {"user": "x", "checker": "amy", "recording": "RE1", "places": ["CS"], "ends": None}
        return self.add("QUALITY_ASSIGNED", assignment_id=3, **{**told, **changed})

    def copied(self, **changed) -> "Log":
        told = {"masked": True, "recording": "RE1", "ends": (NOW + 90 * DAY).isoformat(), "request_id": 1}
        return self.add("TRAINING_COPY_MADE", copy_id=1, **{**told, **changed})


# each sentence in the other language
CHINESE = {
    "one request was made twice": "同一申请提交了两次",
    "granted without every signature": "未经全部审批即准予调听",
    "applicant and signatories of a grant are not different people": "申请人与各审批人须为不同的人",
    "granted after the request had ended": "已终止的申请又获准予",
    "granted for longer than the rules allow": "调听期限超过规定",
    "two plays under one number": "两次播放用了同一编号",
    "a jump that belongs to no play": "跳转不属于任何播放",
    "a jump by another person, or in another recording, than its play": "跳转与其播放不符",
    "played with no right named": "无任何权限即播放",
    "no such assignment to check, or it had ended": "没有此项质检指派，或已结束",
    "the assignment is for another recording": "指派质检的不是这段录音",
    "the assignment is another checker's": "指派的是另一质检员",
    "not at a place of the assignment": "不在规定场所",
    "the assignment had expired": "指派已过期",
    "no granted request": "调听申请未获准予",
    "outside the time of the grant": "不在准予的期限内",
    "the grant had been revoked": "准予已被收回",
    "the grant is for other recordings": "准予的不是这段录音",
    "not a listener of the grant": "不是准予的听取人",
    "not at a place of the grant": "不在准予的场所",
    "the reminder of the customer's privacy was not confirmed": "未确认保密提示",
    "a copy left without a granted litigation request": "没有准予的诉讼调取即导出",
    "the copy that left is of a recording that was not granted": "导出的不是准予的录音",
    "a training copy that is not masked": "培训副本未遮蔽",
    "a training copy made without a granted request for training": "没有准予的培训申请即制作副本",
    "a training copy made outside the time of the grant": "不在准予的期限内制作副本",
    "a training copy of a recording that was not granted": "副本所录不是准予的录音",
    "a training copy that is not there or had expired": "培训副本不存在或已过期",
    "a damaged recording was not mended within a day": "损坏的录音一日内未修复",
    "the carrier's copy was deleted before ours was verified": "录音未核验入库即删除运营商副本",
    "a recording was lost from the archive before its retain-until": "已入库的录音在保存期内丢失",
    "a hold is released by two": "解除冻结须由两人办理",
    "a hold was released that was not set": "解除了不存在的冻结",
    "a key was destroyed with no redacted copy archived before": "未先存入遮蔽后的副本即销毁密钥",
    "a recording was destroyed before its retain-until": "录音在保存期满前被销毁",
    "a recording was destroyed under a legal hold": "依法冻结期间销毁录音",
    "a recording is destroyed by two": "销毁录音须由两人办理",
    "the time for which it is kept was shortened": "保存期被缩短",
}


def heard(log: Log) -> list[tuple[int | None, str]]:
    found = list(AccessCheck(BOOK).events(log.events))
    assert all(b.promise == 9 and CHINESE[b.message_en] == b.message_zh for b in found)
    assert all(
        (b.case_id, b.call_id, b.at) == (e.case_id, e.call_id, e.at)
        for b, e in zip(found, log.events[-1:], strict=False)
    )
    return [(b.case_id, b.message_en) for b in found]


def left(log: Log, now: datetime = BOOK.now) -> list[str]:
    found = list(kept_for_its_time(History(log.events), Book(BOOK.profile_of, BOOK.calendar, now)))
    assert all(b.promise == 9 and b.call_id == "c1" and CHINESE[b.message_en] == b.message_zh for b in found)
    return [b.message_en for b in found]


CHECKED = {"kind": "QUALITY", "id": 3}


@pytest.mark.parametrize(
    "log",
    [
        Log(),
        Log().asked().reminded().played(),
        Log().asked(purpose="LITIGATION").reminded().played(),
        Log().asked().reminded().played(after=7 * DAY - MINUTE),
        Log().assigned().played(CHECKED),
        Log().assigned(ends=(NOW + DAY).isoformat()).played(CHECKED),
        Log().asked().reminded().played().add("RECORDING_SEEKED", play_id="p", user="amy", recording="RE1", place="CS"),
        Log().add("PLAY_REFUSED", user="amy", recording=None, place="CS", reason="NO_RIGHT"),
        Log().add("RECORDING_EXPORTED", recording="RE1", right={"kind": "OPERATOR"}),
        Log().asked(purpose="LITIGATION").add("RECORDING_EXPORTED", recording="RE1", right={"kind": "RETRIEVAL", "id": 1}),
        Log().asked(purpose="TRAINING").copied().add("TRAINING_COPY_PLAYED", copy_id=1).add("TRAINING_COPY_SEEKED", copy_id=1)
        .add("TRAINING_COPY_ENDED", copy_id=1).add("TRAINING_COPY_GONE", copy_id=1),
        Log().asked(purpose="TRAINING").copied().add("TRAINING_COPY_PLAYED", copy_id=1, after=50 * DAY),
    ],
)  # fmt: skip
def test_what_was_done_by_right(log):
    assert heard(log) == []


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (Log().played(), "no granted request"),
        (Log().played({}), "played with no right named"),
        (Log().played({"kind": "OPERATOR"}), "played with no right named"),
        (Log().asked().played(), "the reminder of the customer's privacy was not confirmed"),
        (Log().asked().reminded("bob").played(), "the reminder of the customer's privacy was not confirmed"),
        (Log().asked().reminded().played(user="bob"), "not a listener of the grant"),
        (Log().asked().reminded().played(place="LOBBY"), "not at a place of the grant"),
        (Log().asked().reminded().played(recording="RE2"), "the grant is for other recordings"),
        (Log().asked().reminded().played(after=7 * DAY), "outside the time of the grant"),
        (Log().asked(begins=(NOW + DAY).isoformat()).reminded().played(), "outside the time of the grant"),
        (Log().asked().add("RETRIEVAL_REVOKED", request_id=1, user="d").reminded().played(), "the grant had been revoked"),
        (Log().assigned(recording="RE2").played(CHECKED), "the assignment is for another recording"),
        (Log().assigned(checker="bob").played(CHECKED), "the assignment is another checker's"),
        (Log().assigned(places=["HO"]).played(CHECKED), "not at a place of the assignment"),
        (Log().assigned(ends=NOW.isoformat()).played(CHECKED), "the assignment had expired"),
        (Log().assigned().add("QUALITY_ENDED", assignment_id=3).played(CHECKED), "no such assignment to check, or it had ended"),
        (Log().asked().reminded().played().played(), "two plays under one number"),
        (Log().add("RECORDING_SEEKED", play_id="p", user="amy"), "a jump that belongs to no play"),
        (
            Log().assigned().played(CHECKED).add("RECORDING_SEEKED", after=2 * DAY, play_id="p", user="amy", recording="RE1", place="CS"),
            "a jump that belongs to no play",
        ),
        (
            Log().assigned().played(CHECKED).add("RECORDING_SEEKED", play_id="p", user="bob", recording="RE1", place="CS"),
            "a jump by another person, or in another recording, than its play",
        ),
        (
            Log().assigned().played(CHECKED).add("QUALITY_ENDED", assignment_id=3)
            .add("RECORDING_SEEKED", play_id="p", user="amy", recording="RE1", place="CS"),
            "no such assignment to check, or it had ended",
        ),
        (Log().add("RECORDING_EXPORTED", recording="RE1", right={}), "a copy left without a granted litigation request"),
        (
            Log().asked().add("RECORDING_EXPORTED", recording="RE1", right={"kind": "RETRIEVAL", "id": 1}),
            "a copy left without a granted litigation request",
        ),
        (
            Log().asked(purpose="LITIGATION").add("RECORDING_EXPORTED", recording="RE2", right={"kind": "RETRIEVAL", "id": 1}),
            "the copy that left is of a recording that was not granted",
        ),
        (Log().asked(purpose="TRAINING").copied(masked=False), "a training copy that is not masked"),
        (Log().add("TRAINING_COPY_PLAYED", copy_id=1), "a training copy that is not there or had expired"),
        (Log().copied(), "a training copy made without a granted request for training"),
        (Log().asked().copied(), "a training copy made without a granted request for training"),
        (
            Log().asked(purpose="TRAINING").add("RETRIEVAL_REVOKED", request_id=1, user="d").copied(),
            "a training copy made without a granted request for training",
        ),
        (Log().asked(purpose="TRAINING").copied(recording="RE2"), "a training copy of a recording that was not granted"),
        (Log().asked(purpose="TRAINING").copied(after=7 * DAY), "a training copy made outside the time of the grant"),
        (
            Log().asked(purpose="TRAINING").copied().add("TRAINING_COPY_PLAYED", copy_id=1, after=90 * DAY),
            "a training copy that is not there or had expired",
        ),
        (
            Log().asked(purpose="TRAINING").copied().add("TRAINING_COPY_ENDED", copy_id=1).add("TRAINING_COPY_SEEKED", copy_id=1),
            "a training copy that is not there or had expired",
        ),
    ],
)  # fmt: skip
def test_what_was_done_without_right(log, said):
    assert heard(log) == [(7, said)]


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        ({"begins": None}, "outside the time of the grant"),
        ({"begins": "soon"}, "outside the time of the grant"),
        ({"recordings": None}, "the grant is for other recordings"),
        ({"listeners": None}, "not a listener of the grant"),
        ({"places": None}, "not at a place of the grant"),
    ],
)
def test_a_grant_that_leaves_something_open_gives_no_right(grant, said):
    log = Log().asked(**grant).reminded().played()
    assert [one.message_en for one in AccessCheck(BOOK).events(log.events)][-1] == said


def test_a_grant_begins_at_its_very_instant():
    begins = (NOW + 9 * MINUTE).isoformat()
    assert heard(Log().asked(begins=begins).reminded().played(after=9 * MINUTE)) == []
    before = Log().asked(begins=begins).reminded().played(after=9 * MINUTE - timedelta(seconds=1))
    assert heard(before) == [(7, "outside the time of the grant")]


def test_an_assignment_that_names_no_place_is_heard_nowhere():
    assert heard(Log().assigned(places=None).played(CHECKED)) == [(7, "not at a place of the assignment")]


def test_a_play_is_remembered_for_a_day():
    jump = {"play_id": "p", "user": "amy", "recording": "RE1", "place": "CS"}
    at_last = Log().assigned().played(CHECKED, after=timedelta(0)).add("RECORDING_SEEKED", after=DAY, **jump)
    assert heard(at_last) == []
    too_late = Log().assigned().played(CHECKED, after=timedelta(0)).add("RECORDING_SEEKED", after=DAY + MINUTE, **jump)
    assert heard(too_late) == [(7, "a jump that belongs to no play")]
    another = {**jump, "recording": "RE2"}
    assert heard(Log().assigned().played(CHECKED).add("RECORDING_SEEKED", **another)) == [
        (7, "a jump by another person, or in another recording, than its play")
    ]
    check = AccessCheck(BOOK)
    plays = Log().assigned()
    for number in range(4):
        plays.played(CHECKED, play_id=number, after=number * (DAY + MINUTE) / 2)
    assert list(check.events(plays.events)) == []


def test_a_request_of_which_only_its_end_is_known():
    for kind in ("RETRIEVAL_REFUSED", "RETRIEVAL_WITHDRAWN", "RETRIEVAL_REVOKED"):
        exported = Log().asked(purpose="LITIGATION").add(kind, request_id=1, user="d")
        exported.add("RECORDING_EXPORTED", recording="RE1", right={"kind": "RETRIEVAL", "id": 1})
        assert heard(exported) == [(7, "a copy left without a granted litigation request")]


@pytest.mark.parametrize("open_end", ["begins", "ends"])
def test_a_copy_needs_a_grant_with_both_its_ends(open_end):
    found = AccessCheck(BOOK).events(Log().asked(purpose="TRAINING", **{open_end: None}).copied().events)
    assert [one.message_en for one in found][-1] == "a training copy made without a granted request for training"


def test_of_two_signatures_for_one_function_the_first_stands():
    log = Log().add("RETRIEVAL_REQUESTED", request_id=1, user="amy", purpose="DISPUTE")
    for function, who in zip(signatures_for("DISPUTE"), "def", strict=False):
        log.add("RETRIEVAL_SIGNED", request_id=1, user=who, function=str(function))
        log.add("RETRIEVAL_SIGNED", request_id=1, user="amy", function=str(function))
    grant = {"recordings": ["RE1"], "listeners": ["amy"], "places": ["CS"]}
    log.add("RETRIEVAL_GRANTED", request_id=1, begins=NOW.isoformat(), ends=(NOW + DAY).isoformat(), **grant)
    assert heard(log.reminded().played()) == []


@pytest.mark.parametrize(("days", "expected"), [(3, []), (4, [(None, "granted for longer than the rules allow")])])
def test_how_long_a_grant_may_be_is_the_profiles_to_say(days, expected):
    book = Book(lambda name: DEFAULTS.with_params({"recording.play_days": 3}), BOOK.calendar, BOOK.now)
    log = Log().asked(days=days, profile="national@1")
    assert [(b.case_id, b.message_en) for b in AccessCheck(book).events(log.events)] == expected


def test_under_a_profile_that_is_not_there_the_usual_time_holds():
    def nobody(name):
        raise LookupError(name)

    found = AccessCheck(Book(nobody, BOOK.calendar, BOOK.now)).events(Log().asked(days=8, profile="x").events)
    assert [b.message_en for b in found] == ["granted for longer than the rules allow"]


def test_a_copy_that_is_masked_and_granted_wrongly_is_told_both():
    log = Log().asked(purpose="TRAINING", recordings=["RE2"]).copied(masked=None)
    assert heard(log) == [
        (7, "a training copy that is not masked"), (7, "a training copy of a recording that was not granted"),
    ]  # fmt: skip


SIGNED = {"DEPARTMENT_HEAD": "d", "CUSTOMER_SERVICE": "e", "CALL_CENTER": "f"}


@pytest.mark.parametrize(
    ("log", "said"),
    [
        *((Log().asked(signed={k: v for k, v in SIGNED.items() if k != short}), "granted without every signature") for short in SIGNED),
        (Log().asked(purpose="LITIGATION", signed=SIGNED), "granted without every signature"),
        *((Log().asked(signed={**SIGNED, same: "amy"}), "applicant and signatories of a grant are not different people") for same in SIGNED),
        (Log().asked(signed={**SIGNED, "CALL_CENTER": "e"}), "applicant and signatories of a grant are not different people"),
        (Log().asked(days=8), "granted for longer than the rules allow"),
        (Log().asked(ends=None), "granted for longer than the rules allow"),
        (Log().add("RETRIEVAL_REFUSED", request_id=1, user="d").asked(), "granted after the request had ended"),
        (Log().add("RETRIEVAL_WITHDRAWN", request_id=1, user="amy").asked(), "granted after the request had ended"),
        (Log().asked().add("RETRIEVAL_REQUESTED", request_id=1, user="amy", purpose="DISPUTE"), "one request was made twice"),
    ],
)  # fmt: skip
def test_a_grant_that_is_none(log, said):
    assert heard(log) == [(None, said)]


UNTIL = (NOW + 50 * DAY).isoformat()
TWO = {"user": "a", "second": "b"}


def verified(**changed) -> Log:
    return Log().add("RECORDING_VERIFIED", recording="RE1", **{"retain_until": UNTIL, **changed})


@pytest.mark.parametrize(
    "log",
    [
        verified().add("RECORDING_CLEARED", recording="RE1"),
        verified().add("RETENTION_EXTENDED", recording="RE1", retain_until=(NOW + 60 * DAY).isoformat()),
        verified().add("RECORDING_DISPOSED", after=50 * DAY, recording="RE1", **TWO).add("DATA_KEY_DESTROYED", after=50 * DAY, recording="RE1", why="DISPOSED", **TWO),
        verified().add("HOLD_SET", recording="RE1", hold_id=1).add("HOLD_RELEASED", recording="RE1", hold_id=1, **TWO)
        .add("RECORDING_DISPOSED", after=51 * DAY, recording="RE1", **TWO),
        verified().add("FIXITY_FAILED", recording="RE1").add("RECORDING_REPAIRED", recording="RE1"),
        verified().add("FIXITY_FAILED", recording="RE1", copy="SECOND"),
        verified().add("RECORDING_VERIFIED", recording="RE2", redacts="RE1", retain_until=UNTIL).add("DATA_KEY_DESTROYED", recording="RE1", why="REDACTED", **TWO),
        Log().add("RECORDING_LOST", recording="RE1"),
        verified().add("RECORDING_LOST", after=50 * DAY, recording="RE1"),
    ],
)  # fmt: skip
def test_what_was_kept_for_its_time(log):
    assert left(log) == []


EARLY = "a recording was destroyed before its retain-until"


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (Log().add("RECORDING_CLEARED", recording="RE1"), "the carrier's copy was deleted before ours was verified"),
        (verified().add("RETENTION_EXTENDED", recording="RE1", retain_until=NOW.isoformat()), "the time for which it is kept was shortened"),
        (verified().add("RECORDING_VERIFIED", recording="RE1", retain_until=NOW.isoformat()), "the time for which it is kept was shortened"),
        (verified().add("RECORDING_DISPOSED", after=50 * DAY - MINUTE, recording="RE1", **TWO), EARLY),
        (verified().add("DATA_KEY_DESTROYED", recording="RE1", why="DISPOSED", **TWO), EARLY),
        (Log().add("RECORDING_DISPOSED", recording="RE1", **TWO), EARLY),
        (verified().add("RECORDING_DISPOSED", after=51 * DAY, recording="RE1", user="a", second="a"), "a recording is destroyed by two"),
        (verified().add("RECORDING_DISPOSED", after=51 * DAY, recording="RE1", user="a"), "a recording is destroyed by two"),
        (
            verified().add("HOLD_SET", recording="RE1", hold_id=1).add("RECORDING_DISPOSED", after=51 * DAY, recording="RE1", **TWO),
            "a recording was destroyed under a legal hold",
        ),
        (
            verified().add("RETENTION_EXTENDED", recording="RE1", retain_until=(NOW + 60 * DAY).isoformat())
            .add("RECORDING_DISPOSED", after=51 * DAY, recording="RE1", **TWO),
            EARLY,
        ),
        (verified().add("DATA_KEY_DESTROYED", recording="RE1", why="REDACTED", **TWO), "a key was destroyed with no redacted copy archived before"),
        (verified().add("HOLD_RELEASED", recording="RE1", hold_id=1, **TWO), "a hold was released that was not set"),
        (
            verified().add("HOLD_SET", recording="RE1", hold_id=1).add("HOLD_RELEASED", recording="RE1", hold_id=1, user="a", second="a"),
            "a hold is released by two",
        ),
        (verified().add("RECORDING_LOST", after=50 * DAY - MINUTE, recording="RE1"), "a recording was lost from the archive before its retain-until"),
        (verified().add("FIXITY_FAILED", recording="RE1"), "a damaged recording was not mended within a day"),
        (
            verified().add("FIXITY_FAILED", recording="RE1").add("RECORDING_REPAIRED", after=3 * DAY, recording="RE1"),
            "a damaged recording was not mended within a day",
        ),
        (
            verified().add("FIXITY_FAILED", recording="RE1").add("RECORDING_REPAIRED", recording="RE1", copy="SECOND"),
            "a damaged recording was not mended within a day",
        ),
    ],
)  # fmt: skip
def test_what_left_before_its_time(log, said):
    assert left(log) == [said]


@pytest.mark.parametrize(
    ("call", "expected"), [("c1", (7, "c1")), (None, (8, None))], ids=["of a call", "of a call that nobody knows"]
)
def test_whose_recording_it_was_and_when(call, expected):
    """The event that destroys it names a case or none; the recording's own call tells."""
    events = [
        Event(1, NOW, "CALL_RESERVED", 7, "c1"),
        Event(2, NOW, "RECORDING_VERIFIED", None, call, None, {"recording": "RE1", "retain_until": UNTIL}),
        Event(3, NOW + MINUTE, "FIXITY_FAILED", 8, None, None, {"recording": "RE1"}),
        Event(4, NOW + DAY, "FIXITY_FAILED", 8, None, None, {"recording": "RE1"}),
        Event(5, NOW + DAY, "RECORDING_PLAYED", 8, None, None, {"recording": "RE1"}),
        Event(6, NOW + DAY, "RETENTION_EXTENDED", 8, None, None, {"retain_until": UNTIL}),
        Event(7, NOW + 2 * DAY, "RETENTION_EXTENDED", 8, None, None, {"recording": "RE1", "retain_until": None}),
    ]
    short, damaged = kept_for_its_time(History(events), BOOK)
    assert (short.case_id, short.call_id, short.at) == (*expected, NOW + 2 * DAY)
    assert (damaged.case_id, damaged.call_id, damaged.at) == (*expected, NOW + MINUTE)


def test_the_latest_date_it_was_ever_locked_to_holds():
    """Verified again with no date or an earlier one, the time is shortened and the later date still stands."""
    for again in (None, NOW.isoformat()):
        log = verified().add("RECORDING_VERIFIED", recording="RE1", retain_until=again)
        log.add("RECORDING_DISPOSED", after=50 * DAY - MINUTE, recording="RE1", **TWO)
        assert left(log) == ["the time for which it is kept was shortened", EARLY]
    longer = verified().add("RECORDING_VERIFIED", recording="RE1", retain_until=(NOW + 60 * DAY).isoformat())
    assert left(longer.add("RECORDING_DISPOSED", after=55 * DAY, recording="RE1", **TWO)) == [EARLY]


def test_a_damaged_copy_has_a_day_to_be_mended():
    log = verified().add("FIXITY_FAILED", recording="RE1")
    assert left(log, NOW + DAY + 2 * MINUTE) == []
    assert left(log, NOW + DAY + 3 * MINUTE) != []


def test_what_an_event_must_say():
    assert missing_fields("HOLD_RELEASED", {"recording": "RE1", "user": "a"}) == ("hold_id", "second")
    assert missing_fields("TURN", {}) == ()
    assert all(not missing_fields(kind, dict.fromkeys(fields)) for kind, fields in ON_THE_LEDGER.items())


@pytest.mark.parametrize(
    ("data", "subject"),
    [
        ({"recording": "RE1", "request_id": 2}, "recording/RE1"),
        ({"recording": None, "request_id": 2}, "retrieval/2"),
        ({"assignment_id": 3}, "quality/3"),
        ({"copy_id": 4}, "copy/4"),
        ({}, "event/X"),
    ],
)
def test_what_a_line_is_about(data, subject):
    assert subject_of("X", data) == subject
