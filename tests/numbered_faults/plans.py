"""Who is rung under which fault, one person a plan, each at a number of his own, and what the rules want it to leave behind."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.numbered_faults import looks
from tests.numbered_faults.left import (
    CUT_OFF,
    DONE,
    DROPPED,
    EXPLAINED,
    HUNG_UP,
    NO_NUMBER,
    Left,
    handed_over,
    lost,
    nobody,
)

# says that it is he, and hangs up at the next question
BRIEF = {"replies": [{"when": "本人|您是", "say": "是的", "times": 1}], "default": {"hangup": True}}
LONG = "agreeable"


@dataclass(frozen=True)
class Plan:
    """`id` is the fault's number, with a letter where it has several forms; `rows` the table of faults for this number."""

    id: str
    rows: tuple[dict, ...] = ()
    behaviour: str | dict = LONG
    # rung alone, after the others: what strikes here strikes everybody who is rung at the time
    alone: bool = False
    # what is done to the live call, as morning.py calls it
    act: str = ""
    # how many telephone numbers the person must have; 0: any
    phones: int = 0
    # whether this dial is the last before the case goes to its branch (C57); None: it does not matter
    late: bool | None = None
    left: Left = DONE
    looks: tuple[Callable, ...] = ()

    def fits(self, phones: int, late: bool) -> bool:
        return self.phones in (0, phones) and self.late in (None, late)


def plan(
    id_: str, *rows: dict, left: Left = DONE, late: bool = False, look: Callable | tuple[Callable, ...] = (), **more
) -> Plan:
    looks = look if isinstance(look, tuple) else (look,)
    # what ends with the call ends alike, however much time there was
    return Plan(id_, rows, left=left, late=late if left.state == "CALLABLE" or late else None, looks=looks, **more)


def brief(id_: str, *rows: dict, left: Left = HUNG_UP, **more) -> Plan:
    """A call of half a minute."""
    return plan(id_, *rows, behaviour=BRIEF, left=left, **more)


def leaves(id_: str, *rows: dict, **more) -> Plan:
    """Somebody who agrees to everything and is gone after two minutes: identity and some items have passed by then."""
    look = more.pop("look", ())
    kept = (*(look if isinstance(look, tuple) else (look,)), looks.answers_kept)
    return plan(id_, *rows, fault("callee-leaves", seconds=120.0), left=CUT_OFF, look=kept, **more)


def fault(name: str, **details) -> dict:
    return {"fault": name, **details}


ENDS = {"event": "completed"}
# documents and questions in turn: who it is, whether he has time, two elements of identity, then the items
THIRD = {"event": "twiml", "nth": 3}
LATER = {"event": "twiml", "nth": 7}
AT_IDENTITY = {"event": "gather", "nth": 4}
AT_M1 = {"event": "gather", "nth": 5}
NOT_PERMITTED = nobody("NOT_PERMITTED")
account_held = {"left": HUNG_UP.after("ACCOUNT_REFUSED"), "alone": True, "look": looks.no_alarm_left}
destination = {"left": NOT_PERMITTED, "phones": 1, "look": looks.alarm("DESTINATION_REFUSED")}


def refuses(code: int) -> dict:
    return fault("create-refused", code=code, times=1)


PLANS = (
    # placing the call
    plan("1", fault("create-lost-response", hold=12.0)),
    brief("2", fault("create-500-after")),
    brief("3", fault("create-500-before", times=1), left=HUNG_UP.after("NEVER_PLACED"), look=looks.doubtful),
    brief("4", fault("create-429", times=2, retry_after=1), look=looks.asked_again(2)),
    brief("5a", fault("create-503", times=1), left=HUNG_UP.after("NEVER_PLACED"), look=looks.doubtful),
    brief("5b", fault("create-reset", times=1), left=HUNG_UP.after("NEVER_PLACED"), look=looks.doubtful),
    leaves("6", fault("create-slow", seconds=10.0)),
    # the key that is being replaced is taken; both are refused
    brief("7a", fault("create-401", times=1)),
    brief("7b", fault("create-401", times=2), **account_held),
    brief("8a", refuses(21211), phones=1, left=NO_NUMBER, look=looks.number_struck),
    # nobody's telephone has rung, so the next number is tried at once
    brief("8b", refuses(21211), phones=2, left=HUNG_UP.after("INVALID_NUMBER"), look=looks.other_number_next),
    brief("8c", refuses(21214), phones=1, left=NO_NUMBER, look=looks.number_struck),
    brief("8d", refuses(21215), **destination),
    brief("8e", refuses(21216), **destination),
    brief("8f", refuses(21219), **destination),
    brief("8g", refuses(32018), **destination),
    brief("8h", refuses(21215), phones=2, left=HUNG_UP.after("NOT_PERMITTED")),
    brief("8i", refuses(21210), **account_held),
    brief("9", refuses(22005), **account_held),
    brief("10", refuses(10004), **account_held),
    brief("11", fault("create-problem-json", times=1), **destination),
    plan(
        "12", fault("create-500-after"), fault("callback-drop"), fault("list-429", times=1),
        behaviour="busy", alone=True, left=nobody("BUSY_LINE"), look=looks.told_by_sweep,
    ),
    # its course
    plan("13", fault("stays-queued", seconds=900.0), left=nobody("NO_ANSWER"), look=looks.told_by_sweep),
    plan("14a", fault("ends-unreached", status="busy", sip=486), left=nobody("BUSY_LINE")),
    plan("14b", fault("ends-unreached", status="no-answer", sip=487), left=nobody("NO_ANSWER")),
    plan("14c", fault("ends-unreached", status="failed", sip=404), phones=1, left=NO_NUMBER, look=looks.number_struck),
    plan(
        "14d", fault("ends-unreached", status="failed", sip=404), phones=2,
        left=nobody("INVALID_NUMBER"), look=looks.other_number_next,
    ),
    plan("14e", fault("ends-unreached", status="failed", sip=503), left=nobody("POWERED_OFF")),
    plan("14f", fault("ends-unreached", status="busy", sip=603), left=nobody("BUSY_LINE")),
    plan("14g", fault("ends-unreached", status="canceled", sip=487), left=nobody("NO_ANSWER")),
    plan("14h", fault("ends-unreached", status="no-answer", sip=487), late=True, left=handed_over(nobody("NO_ANSWER"))),
    plan("15a", fault("instant-hangup"), left=lost("ABSENT_16101", "HANGUP")),
    plan("15b", fault("instant-hangup"), late=True, left=handed_over(lost("ABSENT_16101", "HANGUP"))),
    brief("16", fault("equal-timestamps")),
    # nobody has hung up where the line broke
    plan("17a", fault("fails-in-progress", seconds=40.0), left=DROPPED),
    plan("17b", fault("fails-in-progress", seconds=150.0), left=CUT_OFF, look=looks.answers_kept),
    plan("17c", fault("fails-in-progress", seconds=150.0), late=True, left=handed_over(CUT_OFF)),
    plan("18", fault("time-limit", seconds=150.0), left=CUT_OFF, look=looks.answers_kept),
    plan(
        "19", fault("stays-queued", seconds=9000.0), alone=True, act="stop-campaign",
        left=nobody("NO_ANSWER"), look=looks.told_by_sweep,
    ),
    plan("20", fault("update-too-late", times=1), act="cancel", left=CUT_OFF, look=looks.answers_kept),
    brief("21", fault("stale-call", seconds=300.0), fault("callback-drop", **ENDS), look=looks.told_by_sweep),
    # callbacks
    plan("22a", fault("callback-duplicate"), look=(looks.one_of_each, looks.accepted)),
    brief("22b", fault("callback-duplicate", fresh=1), look=(looks.one_of_each, looks.accepted)),
    leaves("23a", fault("callback-reorder", event="in-progress")),
    brief("23b", fault("callback-reorder", event="ringing")),
    plan("24a", fault("callback-drop", **ENDS), look=looks.told_by_sweep),
    brief("24b", fault("callback-drop", event="in-progress")),
    # nothing at all is told of call and recording
    plan(
        "24c",
        fault("callback-drop"),
        fault("recording-callback-drop"),
        look=(looks.told_by_sweep, looks.reported_by_sweep),
    ),
    plan("25", fault("callback-retried"), look=looks.accepted),
    brief("26", fault("callback-late", seconds=700.0, **ENDS), look=looks.told_by_sweep),
    leaves("27", fault("callback-before-response", seconds=0.6)),
    leaves("28", fault("sequence-gap", by=3)),
    leaves("29", fault("callback-odd-fields"), look=looks.accepted),
    brief("30a", fault("callback-foreign", of="call"), look=(looks.strangers, looks.accepted)),
    brief("30b", fault("callback-foreign", of="account"), look=looks.refused("completed")),
    # signatures
    brief("31a", fault("callback-unsigned", **ENDS), look=(looks.refused("completed"), looks.told_by_sweep)),
    brief("31b", fault("callback-unsigned", event="recording"), look=looks.recording_refused),
    plan("31c", fault("callback-unsigned", **THIRD), look=looks.fallback_asked(11200)),
    brief("32", fault("callback-no-signature", **ENDS), look=(looks.refused("completed"), looks.told_by_sweep)),
    *(
        brief(
            f"33{letter}", fault("signature-of-other-url", form=form, **ENDS),
            look=(looks.refused("completed"), looks.told_by_sweep),
        )
        for letter, form in zip("abc", ("port", "scheme", "host"), strict=True)
    ),
    brief("34", fault("callback-tampered", event="ringing"), look=looks.refused("ringing")),
    plan("35", fault("callback-old-token"), fault("callback-old-token", event="twiml"), look=looks.accepted),
    brief("36", fault("callback-replayed", seconds=300.0, event="ringing"), look=(looks.one_of_each, looks.accepted)),
    leaves("37", fault("callback-doubled-parameter"), look=looks.accepted),
    plan("38", look=looks.spoken_chinese),
    leaves("39", fault("callback-get"), look=looks.accepted),
    brief("40", fault("callback-json", **ENDS), look=(looks.refused("completed"), looks.told_by_sweep)),
    brief("41", fault("callback-sha256", **ENDS), look=(looks.refused("completed"), looks.told_by_sweep)),
    # documents
    plan("42", fault("fetch-timeout", **THIRD), look=looks.fallback_asked(11200)),
    plan("43", fault("fetch-5xx", **THIRD), look=looks.fallback_asked(11200)),
    # before the first item too it is no hang-up of his
    plan("44a", fault("fetch-and-fallback-fail", **THIRD), left=DROPPED, look=looks.gave_up),
    plan("44b", fault("fetch-and-fallback-fail", **LATER), left=CUT_OFF, look=looks.answers_kept),
    plan("44c", fault("fetch-and-fallback-fail", **LATER), late=True, left=handed_over(CUT_OFF)),
    plan("45a", fault("document-garbled", form="malformed", **THIRD), look=looks.fallback_asked(12100)),
    plan("45b", fault("document-garbled", form="blank-line", **THIRD), look=looks.fallback_asked(12100)),
    plan("45c", fault("document-garbled", form="content-type", **THIRD), look=looks.fallback_asked(12300)),
    plan("45d", fault("document-garbled", form="plain-text", **LATER), left=CUT_OFF, look=looks.answers_kept),
    plan("45e", fault("document-garbled", form="empty", **THIRD), look=looks.fallback_asked(12100)),
    plan("46", fault("document-too-large", **THIRD), look=looks.fallback_asked(11750)),
    plan("47", fault("fetch-redirected", **THIRD)),
    plan("48", fault("document-unknown-verb", event="twiml"), look=looks.warned(12200)),
    plan("50", behaviour="silent", left=CUT_OFF, look=looks.nothing_told),
    # speech and keys
    plan("51", fault("no-input", **AT_M1), look=looks.first_answer("M1", "SILENT")),
    plan("52", fault("partial-digits", digits="1", **AT_IDENTITY), look=looks.first_answer("I1", "NOT_UNDERSTOOD")),
    # none of our questions has a finishing key: it arrives as a key like any other
    plan("53", fault("partial-digits", digits="#", **AT_M1), look=looks.first_answer("M1", "NOT_UNDERSTOOD")),
    plan("54", fault("barge-in", digits="1", **AT_M1), look=looks.first_answer("M1", "YES")),
    plan("55a", fault("low-confidence", confidence=0.05, **AT_M1), look=looks.first_answer("M1", "NOT_UNDERSTOOD")),
    plan("55b", fault("no-confidence", event="gather")),
    plan("55c", fault("empty-speech", **AT_M1), look=looks.first_answer("M1", "SILENT")),
    plan("55d", fault("wrong-words", words="我在看电视", **AT_M1), look=looks.first_answer("M1", "NOT_UNDERSTOOD")),
    # words with a negation in them are a doubt, and explained
    plan("55e", fault("wrong-words", **AT_M1), left=EXPLAINED, look=looks.first_answer("M1", "NO")),
    plan("56", fault("both-inputs", digits="2", **AT_M1), left=EXPLAINED, look=looks.the_key_counts),
    plan("57a", fault("hangup-in-gather", **AT_IDENTITY), left=HUNG_UP),
    plan("57b", fault("hangup-in-gather", event="gather", nth=7), left=CUT_OFF, look=looks.answers_kept),
    # machine detection
    plan("58", fault("machine-verdict", answered_by="machine_start")),
    plan(
        "59", fault("machine-verdict", answered_by="human"), behaviour="machine", left=CUT_OFF, look=looks.nothing_told,
    ),
    leaves("60", fault("machine-unknown")),
    plan("61", behaviour="fax", left=Left(("MACHINE",)), look=looks.nothing_told),
    leaves(
        "62a", fault("machine-verdict", answered_by="machine_end_beep"), fault("machine-verdict-late", seconds=1500.0),
        look=looks.machine_after_the_end,
    ),
    leaves("62b", fault("machine-verdict-never")),
    plan("63", fault("machine-verdict", answered_by="machine_start"), fault("machine-verdict-late", seconds=60.0)),
    # recordings
    plan("64a", fault("recording-before-call"), look=looks.before_the_end),
    brief("64b", fault("recording-late", seconds=400.0)),
    brief("65a", fault("media-404", seconds=40.0), look=looks.fetched_again),
    brief("65b", fault("media-404"), left=lost("MEDIA_MISSING", "HANGUP_DELIBERATE")),
    # a whole call without its recording counts for nothing
    plan("66a", fault("recording-absent", error_code=16101), left=lost("ABSENT_16101", "INCOMPLETE")),
    brief("66b", fault("recording-absent", error_code=16102), left=lost("ABSENT_16102", "HANGUP_DELIBERATE")),
    brief("67", fault("recording-callback-drop"), look=looks.reported_by_sweep),
    brief("68a", fault("media-mono", times=1), look=looks.fetched_again),
    brief("68b", fault("media-mono"), left=lost("NOT_TWO_CHANNELS", "HANGUP_DELIBERATE")),
    brief("69a", fault("media-damaged", form="truncated", times=1), look=looks.fetched_again),
    brief("69b", fault("media-damaged", form="empty", times=1), look=looks.fetched_again),
    brief("69c", fault("media-damaged", form="page", times=1), look=looks.fetched_again),
    brief("69d", fault("media-damaged", form="truncated"), left=lost("OTHER_LENGTH", "HANGUP_DELIBERATE")),
    # once for each of our two keys
    brief("70", fault("media-401", times=2), look=(looks.fetched_again, looks.alarm("CARRIER_REFUSES"))),
    brief("71", fault("delete-refused", times=4)),
    brief("72", fault("recording-twice"), left=Left(("HANGUP_DELIBERATE",), recordings=("CLEARED", "CLEARED"))),
    brief("73", fault("recording-length-off", by=7), left=lost("OTHER_LENGTH", "HANGUP_DELIBERATE")),
    # the platform
    plan("79a", act="restart", alone=True, left=CUT_OFF, look=(looks.answers_kept, looks.told_by_sweep)),
    plan("79b", behaviour="no-answer", act="restart-ringing", alone=True, left=nobody("POWERED_OFF")),
    leaves("80", fault("clock-skew", shift=-3600), look=looks.own_time),
)  # fmt: skip

# one of each kind: what every `make test` runs
# fmt: off
SOME = frozenset((
    "2", "3", "4", "8a", "14b", "14h", "15a", "17a", "22b", "24b", "31a",
    "34", "43", "44a", "47", "61", "66b", "67", "68b", "70", "71", "72",
))
# fmt: on
