"""The carrier's answers are lost, late or wrong: every attempt is resolved, and dialled once."""

import csv
import json
from pathlib import Path


def numbers(day) -> list[str]:
    """The mobile numbers of those who may be rung in the morning, the most urgent first."""
    due = json.loads(day.installation.finished(day.installation.huifang("due", "--at", "2026-09-24T09:30", "--json")))
    clock_file = Path(day.installation.stack.environment()["HUIFANG_CLOCK_FILE"])
    with clock_file.with_name("contracts.csv").open(encoding="utf-8-sig", newline="") as file:
        mobile = {row["保单号"]: row["手机"] for row in csv.DictReader(file)}
    return list(dict.fromkeys("+86" + mobile[person["policy_nos"][0]].strip() for person in due["callable"]))


def test_attempts_with_unknown_outcome(a_day):
    day = a_day(20, seed=14, HUIFANG_TWILIO_CONCURRENT="4", HUIFANG_TWILIO_TIMEOUT="2")
    busy, gone, silent, *_ = numbers(day)
    for number in (busy, gone):
        day.carrier("PUT", f"/control/numbers/{number}", json={"behaviour": "busy"})
    day.carrier("PUT", "/control/faults", json=[
        # nobody ever reports on these: only looking at the carrier tells
        {"fault": "create-500-after", "number": busy, "times": 1},
        {"fault": "callback-drop", "number": busy, "times": 9},
        {"fault": "callback-drop", "number": gone, "times": 9},
        # the conversation binds this one, its end and its recording are never told
        {"fault": "create-lost-response", "number": silent, "hold": 4.0, "times": 1},
        {"fault": "callback-drop", "number": silent},
        {"fault": "recording-callback-drop", "number": silent},
        # and everybody else at random
        {"fault": "create-500-before", "nth": 4},
        {"fault": "create-503", "nth": 5},
        {"fault": "create-429", "nth": 6, "retry_after": 1},
        {"fault": "create-lost-response", "nth": 7, "hold": 4.0},
        {"fault": "create-500-after", "nth": 8},
        {"fault": "callback-before-response", "nth": 9, "seconds": 1.0},
        {"fault": "callback-duplicate", "rate": 0.3},
        {"fault": "callback-reorder", "rate": 0.2},
        {"fault": "media-404", "times": 4},
    ])  # fmt: skip
    time_passes, run = day.passing(), day.run()

    def ended_unheard() -> str | None:
        found = day.carrier("GET", "/control/log", params={"number": gone, "event": "ended"}).json()["events"]
        return found[0]["call_sid"] if found else None

    # this one is deleted at the carrier before anybody has asked for it
    sid = day.until(ended_unheard, "the call that is to be forgotten has ended", run)
    account = day.installation.stack.environment()
    path = f"/2010-04-01/Accounts/{account['HUIFANG_TWILIO_ACCOUNT_SID']}/Calls/{sid}.json"
    day.carrier("DELETE", path, auth=(account["HUIFANG_TWILIO_ACCOUNT_SID"], account["HUIFANG_TWILIO_AUTH_TOKEN"]))

    day.check_end(run)
    day.check_recordings_are_kept()
    struck = {f["fault"] for f in day.carrier("GET", "/control/faults").json()["faults"] if f["struck"]}
    assert {"create-lost-response", "create-500-after", "create-500-before", "create-503", "create-429"} <= struck
    assert {"callback-drop", "recording-callback-drop", "callback-before-response", "media-404"} <= struck

    told = day.sql("SELECT call_id, kind, data FROM events WHERE call_id IS NOT NULL ORDER BY id")
    forgotten = [e["data"] for e in told if e["data"].get("why") == "UNKNOWN_TO_CARRIER"]
    assert forgotten == [{"status": "failed", "why": "UNKNOWN_TO_CARRIER"}]
    assert day.one("SELECT result FROM calls WHERE sid = %s", sid) == "POWERED_OFF"

    # unknown: each is resolved, as the call that it was or as one that never was
    unknown = {e["call_id"] for e in told if e["kind"] == "CALL_UNKNOWN"}
    placed = {c["call_id"] for c in day.created()}
    for call_id in unknown:
        ends = [e["kind"] for e in told if e["call_id"] == call_id and e["kind"] in ("CALL_ENDED", "CALL_REJECTED")]
        assert ends == (["CALL_ENDED"] if call_id in placed else ["CALL_REJECTED"])
    assert len(unknown & placed) >= 1
    assert len(unknown - placed) >= 2
    assert day.one("SELECT count(*) FROM calls WHERE result = 'BUSY_LINE'") >= 1
    # an attempt that never was is given back: its person was rung all the same
    back = day.sql(
        "SELECT person_id FROM calls WHERE state = 'REJECTED' AND person_id NOT IN "
        "(SELECT person_id FROM calls WHERE state = 'ENDED')"
    )
    assert back == []
    assert time_passes.wait(60) == 0
