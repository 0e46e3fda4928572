"""Who is rung under which fault: one person a plan, each at a number of his own."""

from dataclasses import dataclass

# says that it is he, and hangs up at the next question
BRIEF = {"replies": [{"when": "本人|您是", "say": "是的", "times": 1}], "default": {"hangup": True}}
LONG = "agreeable"
# agrees to everything and is gone after two minutes: the identity has passed by then, and some questions
LEAVES = {"fault": "callee-leaves", "seconds": 120.0}


@dataclass(frozen=True)
class Plan:
    """`id` is the fault's number, with a letter where it has several forms; `rows` the table of faults for this number."""

    id: str
    rows: tuple[dict, ...] = ()
    behaviour: str | dict = LONG
    # rung alone, after the others: what strikes here strikes everybody who is rung at the time
    alone: bool = False
    # what the test does to the live call: cancel, cancel-queued, restart
    act: str = ""


def plan(id_: str, *rows: dict, **more) -> Plan:
    return Plan(id_, rows, **more)


def fault(name: str, **details) -> dict:
    return {"fault": name, **details}


ENDS = {"event": "completed"}
THIRD = {"event": "twiml", "nth": 3}
ASKED = {"event": "gather", "nth": 3}

PLANS = (
    # placing the call
    plan("1", fault("create-lost-response", hold=12.0)),
    plan("2", fault("create-500-after"), behaviour=BRIEF),
    plan("3", fault("create-500-before", times=1), behaviour=BRIEF),
    plan("4", fault("create-429", times=2, retry_after=1), behaviour=BRIEF),
    plan("5a", fault("create-503", times=1), behaviour=BRIEF),
    plan("5b", fault("create-reset", times=1), behaviour=BRIEF),
    plan("6", fault("create-slow", seconds=10.0), LEAVES),
    plan("7", fault("create-401", times=1), behaviour=BRIEF, alone=True),
    plan("8a", fault("create-refused", code=21211, times=1), behaviour=BRIEF),
    plan("8b", fault("create-refused", code=21215, times=1), behaviour=BRIEF),
    plan("9", fault("create-refused", code=22005, times=1), behaviour=BRIEF, alone=True),
    plan("10", fault("create-refused", code=10004, times=1), behaviour=BRIEF, alone=True),
    plan("11", fault("create-problem-json", times=1), behaviour=BRIEF),
    plan(
        "12",
        fault("create-500-after"),
        fault("callback-drop"),
        fault("list-429", times=1),
        behaviour="busy",
        alone=True,
    ),
    # its course
    plan("13", fault("stays-queued", seconds=900.0)),
    plan("14a", fault("ends-unreached", status="busy", sip=486)),
    plan("14b", fault("ends-unreached", status="no-answer", sip=487)),
    plan("14c", fault("ends-unreached", status="failed", sip=404)),
    plan("14d", fault("ends-unreached", status="failed", sip=503)),
    plan("14e", fault("ends-unreached", status="busy", sip=603)),
    plan("14f", fault("ends-unreached", status="canceled", sip=487)),
    plan("15", fault("instant-hangup")),
    plan("16", fault("equal-timestamps"), behaviour=BRIEF),
    plan("17", fault("fails-in-progress", seconds=40.0)),
    plan("18", fault("time-limit", seconds=60.0)),
    plan("19", fault("stays-queued", seconds=9000.0), act="cancel-queued"),
    plan("20", fault("update-too-late", times=1), act="cancel"),
    plan("21", fault("stale-call", seconds=300.0), fault("callback-drop", **ENDS), behaviour=BRIEF),
    # callbacks
    plan("22a", fault("callback-duplicate")),
    plan("22b", fault("callback-duplicate", fresh=1), behaviour=BRIEF),
    plan("23a", fault("callback-reorder", event="in-progress"), LEAVES),
    plan("23b", fault("callback-reorder", event="ringing"), behaviour=BRIEF),
    plan("24a", fault("callback-drop", **ENDS)),
    plan("24b", fault("callback-drop", event="in-progress"), behaviour=BRIEF),
    plan("25", fault("callback-retried")),
    plan("26", fault("callback-late", seconds=700.0, **ENDS), behaviour=BRIEF),
    plan("27", fault("callback-before-response", seconds=0.6), LEAVES),
    plan("28", fault("sequence-gap", by=3), LEAVES),
    plan("29", fault("callback-odd-fields"), LEAVES),
    plan("30a", fault("callback-foreign", of="call"), behaviour=BRIEF),
    plan("30b", fault("callback-foreign", of="account"), behaviour=BRIEF),
    # signatures
    plan("31", fault("callback-unsigned", **ENDS), behaviour=BRIEF),
    plan("32", fault("callback-no-signature", **ENDS), behaviour=BRIEF),
    plan("33a", fault("signature-of-other-url", form="port", **ENDS), behaviour=BRIEF),
    plan("33b", fault("signature-of-other-url", form="scheme", **ENDS), behaviour=BRIEF),
    plan("34", fault("callback-tampered", event="ringing"), behaviour=BRIEF),
    plan("35", fault("callback-old-token"), fault("callback-old-token", event="twiml")),
    plan("36", fault("callback-replayed", seconds=300.0, event="ringing"), behaviour=BRIEF),
    plan("37", fault("callback-doubled-parameter"), LEAVES),
    plan("38", LEAVES),
    plan("39", fault("callback-get"), LEAVES),
    plan("40", fault("callback-json", **ENDS), behaviour=BRIEF),
    plan("41", fault("callback-sha256", **ENDS), behaviour=BRIEF),
    # documents
    plan("42", fault("fetch-timeout", **THIRD)),
    plan("43", fault("fetch-5xx", **THIRD)),
    plan("44", fault("fetch-and-fallback-fail", **THIRD)),
    *(
        plan(f"45{letter}", fault("document-garbled", form=form, **THIRD))
        for letter, form in zip(
            "abcde", ("malformed", "blank-line", "content-type", "plain-text", "empty"), strict=True
        )
    ),
    plan("46", fault("document-too-large", **THIRD)),
    plan("47", fault("fetch-redirected", **THIRD), LEAVES),
    plan("48", fault("document-unknown-verb", event="twiml"), LEAVES),
    plan("50", behaviour="silent"),
    # speech and keys
    plan("51", fault("no-input", **ASKED), LEAVES),
    plan("52", fault("partial-digits", digits="1", event="gather", times=1), LEAVES),
    plan("53", fault("finish-key-first", event="gather", times=1), LEAVES),
    plan("54", fault("barge-in", digits="1", **ASKED), LEAVES),
    plan("55a", fault("low-confidence", confidence=0.05, **ASKED), LEAVES),
    plan("55b", fault("no-confidence", event="gather"), LEAVES),
    plan("55c", fault("empty-speech", **ASKED), LEAVES),
    plan("55d", fault("wrong-words", words="今天天气不错", **ASKED), LEAVES),
    plan("56", fault("both-inputs", digits="2", event="gather", nth=4)),
    plan("57", fault("hangup-in-gather", event="gather", nth=4)),
    # machine detection
    plan("58", fault("machine-verdict", answered_by="machine_start")),
    plan("59", fault("machine-verdict", answered_by="human"), behaviour="machine"),
    plan("60", fault("machine-unknown"), LEAVES),
    plan("61", behaviour="fax"),
    plan(
        "62a",
        fault("machine-verdict", answered_by="machine_end_beep"),
        fault("machine-verdict-late", seconds=1500.0),
        LEAVES,
    ),
    plan("62b", fault("machine-verdict-never"), LEAVES),
    plan("63", fault("machine-verdict", answered_by="machine_start"), fault("machine-verdict-late", seconds=60.0)),
    # recordings
    plan("64a", fault("recording-before-call")),
    plan("64b", fault("recording-late", seconds=400.0), behaviour=BRIEF),
    plan("65", fault("media-404", seconds=150.0), behaviour=BRIEF),
    plan("66a", fault("recording-absent", error_code=16101), behaviour=BRIEF),
    plan("66b", fault("recording-absent", error_code=16102), behaviour=BRIEF),
    plan("67", fault("recording-callback-drop"), behaviour=BRIEF),
    plan("68", fault("media-mono", times=1), behaviour=BRIEF),
    plan("69a", fault("media-damaged", form="truncated", times=1), behaviour=BRIEF),
    plan("69b", fault("media-damaged", form="empty", times=1), behaviour=BRIEF),
    plan("69c", fault("media-damaged", form="page", times=1), behaviour=BRIEF),
    plan("70", fault("media-401", times=1), behaviour=BRIEF),
    plan("71", fault("delete-refused", times=1), behaviour=BRIEF),
    plan("72", fault("recording-twice"), behaviour=BRIEF),
    plan("73", fault("recording-length-off", by=7), behaviour=BRIEF),
    # the platform
    plan("79", act="restart", alone=True),
    plan("80", fault("clock-skew", shift=-3600), LEAVES),
)


# the result of each attempt (the carrier's word where it has none), and the recordings of the last one
EXPECTED = {
    "2": (["HANGUP_DELIBERATE"], ["CLEARED"]),
    "3": (["NEVER_PLACED", "HANGUP_DELIBERATE"], ["CLEARED"]),
    "5a": (["NEVER_PLACED", "HANGUP_DELIBERATE"], ["CLEARED"]),
    "8a": (["INVALID_NUMBER"], []),
    "8b": (["NOT_PERMITTED"], []),
    "14a": (["BUSY_LINE"], []),
    "14c": (["INVALID_NUMBER"], []),
    "15": (["HANGUP"], ["LOST ABSENT_16101"]),
    "66b": (["HANGUP_DELIBERATE"], ["LOST ABSENT_16102"]),
    "67": (["HANGUP_DELIBERATE"], ["CLEARED"]),
}


def outcome(seen) -> tuple:
    results = [call["result"] or call["carrier_status"] for call in seen.calls]
    recordings = [f"{r['state']} {r['problem'] or ''}".strip() for r in seen.call["recordings"]]
    return results, recordings
