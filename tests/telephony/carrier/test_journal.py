"""A carrier that was killed (SIGKILL of the real process) knows after its start what it had told anybody."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

HUIFANG = Path(sys.executable).with_name("huifang")
ACCOUNT, TOKEN = "AC" + "0a" * 16, "0123456789abcdef0123456789abcdef"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
MORNING = "2026-09-24T09:00:00+08:00"
GREETS = "<Response><Say>您好，这里是客户服务中心。请问现在方便接听电话吗？</Say></Response>"
TALKS_ON = "<Response><Say>您好。</Say><Say>请稍等。</Say><Pause length='3000'/></Response>"


class Killable:
    def __init__(self, folder: Path):
        self.folder = folder
        self.process: subprocess.Popen | None = None
        self.http: httpx.Client | None = None

    def start(self) -> None:
        options = ["--account-sid", ACCOUNT, "--auth-token", TOKEN, "--state", self.folder, "--speed", "60", "--json"]
        self.process = subprocess.Popen([HUIFANG, "carrier", *options], stdout=subprocess.PIPE, text=True)
        url = json.loads(self.process.stdout.readline())["url"]
        self.http = httpx.Client(base_url=url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def killed_and_started(self) -> None:
        self.kill()
        self.start()

    def place(self, application, to: str, twiml: str) -> str:
        form = {
            "To": to, "From": "+15005550006", "Twiml": twiml, "Record": "true", "RecordingChannels": "dual",
            "Trim": "do-not-trim", "StatusCallback": f"{application.url}/status", "StatusCallbackEvent": ["completed"],
            "RecordingStatusCallback": f"{application.url}/recording",
        }  # fmt: skip
        answer = self.http.post(f"{ROOT}/Calls.json", data=form)
        assert answer.status_code == 201, answer.text
        return answer.json()["sid"]

    def get(self, path: str) -> dict:
        answer = self.http.get(ROOT + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def call_is(self, sid: str, *states: str) -> dict:
        for _ in range(400):
            call = self.get(f"/Calls/{sid}.json")
            if call["status"] in states:
                return call
            await asyncio.sleep(0.02)
        raise AssertionError(f"{call['status']}, not {states}")

    async def log_holds(self, *events: str) -> None:
        for _ in range(400):
            if set(events) <= {event["event"] for event in self.http.get("/control/log").json()["events"]}:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"no {events} in the log")

    async def recording_is(self, sid: str, *states: str) -> dict:
        for _ in range(400):
            found = self.get(f"/Calls/{sid}/Recordings.json")["recordings"]
            if found and found[0]["status"] in states:
                return found[0]
            await asyncio.sleep(0.02)
        raise AssertionError(f"{found}, not {states}")


@pytest.fixture
def carrier(tmp_path: Path) -> Iterator[Killable]:
    carrier = Killable(tmp_path)
    carrier.start()
    assert carrier.http.put("/control/clock", json={"now": MORNING, "speed": 60}).status_code == 200
    yield carrier
    carrier.kill()


def media(carrier: Killable, recording: dict) -> bytes:
    answer = carrier.http.get(f"{ROOT}/Recordings/{recording['sid']}.wav?RequestedChannels=2")
    assert answer.status_code == 200
    return answer.content


async def told(application, path: str, sid: str, **wanted: str) -> dict[str, str]:
    """The parameters of the first such callback; waits for it."""
    for _ in range(400):
        for request in application.to(path):
            if request.params["CallSid"] == sid and wanted.items() <= request.params.items():
                assert request.signed
                return request.params
        await asyncio.sleep(0.02)
    raise AssertionError(f"nothing of {sid} came to {path}")


async def test_an_ended_call_and_its_recording_are_there_again(carrier: Killable, application):
    sid = carrier.place(application, "+8618800000000", GREETS)
    before = await carrier.call_is(sid, "completed")
    recording = await carrier.recording_is(sid, "completed")
    sound = media(carrier, recording)
    carrier.killed_and_started()
    assert carrier.get(f"/Calls/{sid}.json") == before
    again = carrier.get(f"/Calls/{sid}/Recordings.json")["recordings"][0]
    assert {k: v for k, v in again.items() if k != "media_url"} == {
        k: v for k, v in recording.items() if k != "media_url"
    }
    assert media(carrier, again) == sound


async def test_what_was_deleted_stays_deleted(carrier: Killable, application):
    sid = carrier.place(application, "+8618800000000", GREETS)
    recording = await carrier.recording_is(sid, "completed")
    assert carrier.http.delete(f"{ROOT}/Recordings/{recording['sid']}.json").status_code == 204
    gone = carrier.place(application, "+8618800000001", GREETS)
    await carrier.call_is(gone, "busy")
    assert carrier.http.delete(f"{ROOT}/Calls/{gone}.json").status_code == 204
    carrier.killed_and_started()
    assert carrier.http.get(f"{ROOT}/Recordings/{recording['sid']}.wav").status_code == 404
    assert carrier.get(f"/Calls/{sid}/Recordings.json")["recordings"] == []
    assert carrier.http.get(f"{ROOT}/Calls/{gone}.json").status_code == 404


async def test_a_live_call_ends_with_what_it_had_lasted(carrier: Killable, application):
    sid = carrier.place(application, "+8618800000000", TALKS_ON)
    for _ in range(400):
        said = carrier.http.get("/control/log", params={"call": sid, "event": "said"}).json()["events"]
        if len(said) == 2:
            break
        await asyncio.sleep(0.02)
    carrier.killed_and_started()
    status = await told(application, "/status", sid, CallStatus="completed")
    call = carrier.get(f"/Calls/{sid}.json")
    assert (call["status"], call["duration"]) == ("completed", status["CallDuration"])
    assert 0 < int(call["duration"]) < 60
    report = await told(application, "/recording", sid, RecordingStatus="completed")
    assert abs(int(report["RecordingDuration"]) - int(call["duration"])) <= 1
    recording = await carrier.recording_is(sid, "completed")
    # two channels of 8 kHz and 16 bit
    assert abs(len(media(carrier, recording)) / 32000 - int(report["RecordingDuration"])) <= 1


async def test_a_call_that_rang_has_failed_and_not_for_its_number(carrier: Killable, application):
    sid = carrier.place(application, "+8618800000002", GREETS)
    await carrier.call_is(sid, "ringing")
    carrier.killed_and_started()
    status = await told(application, "/status", sid, CallStatus="failed")
    assert status["SipResponseCode"] == "503"
    assert carrier.get(f"/Calls/{sid}.json")["status"] == "failed"
    assert carrier.get(f"/Calls/{sid}/Recordings.json")["recordings"] == []


async def test_callbacks_that_were_owed_are_sent(carrier: Killable, application):
    """Asked for late, and the carrier is killed before: nobody has heard of the end of this call."""
    carrier.http.put(
        "/control/faults", json=[{"fault": "callback-late", "seconds": 36000}, {"fault": "recording-late"}]
    )
    sid = carrier.place(application, "+8618800000000", GREETS)
    await carrier.call_is(sid, "completed")
    await carrier.recording_is(sid, "processing")
    assert application.requests == []
    carrier.killed_and_started()
    status = await told(application, "/status", sid, CallStatus="completed")
    assert status["SequenceNumber"] == "3"
    await told(application, "/recording", sid, RecordingStatus="completed")
    await carrier.log_holds("callback", "recording-callback")  # the answers have arrived, not only the requests
    carrier.killed_and_started()
    await asyncio.sleep(0.3)
    assert len(application.to("/status")) == len(application.to("/recording")) == 1


async def test_the_clock_and_the_customers_go_on(carrier: Killable, application):
    script = {"ring": "busy"}
    carrier.http.put("/control/numbers", json={"+8613912345678": {"behaviour": script}, "+8613912345679": {}})
    carrier.http.delete("/control/numbers/+8613912345679")
    carrier.place(application, "+8613912345678", GREETS)
    await asyncio.sleep(0.2)
    carrier.killed_and_started()
    clock = carrier.http.get("/control/clock").json()
    assert clock["speed"] == 60
    assert timedelta(0) < datetime.fromisoformat(clock["now"]) - datetime.fromisoformat(MORNING) < timedelta(hours=1)
    numbers = carrier.http.get("/control/numbers").json()["numbers"]
    assert {n: (d["behaviour"], d["dialled"]) for n, d in numbers.items()} == {"+8613912345678": (script, 1)}


async def test_a_line_cut_short_by_the_kill_is_left_out(carrier: Killable, application):
    sid = carrier.place(application, "+8618800000001", GREETS)
    await carrier.call_is(sid, "busy")
    carrier.kill()
    journal = carrier.folder / f"{ACCOUNT}.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600
    with journal.open("a") as file:
        file.write('{"note": "call", "sid": "CA1')
    carrier.start()
    assert [call["sid"] for call in carrier.get("/Calls.json")["calls"]] == [sid]
    carrier.killed_and_started()
    assert [call["sid"] for call in carrier.get("/Calls.json")["calls"]] == [sid]


async def test_a_new_day_remembers_nothing(carrier: Killable, application):
    carrier.http.put("/control/numbers", json={"+8613912345678": {"behaviour": "busy"}})
    carrier.http.put("/control/faults", json=[{"fault": "create-429", "nth": 99}])
    ended = carrier.place(application, "+8618800000000", GREETS)
    await carrier.call_is(ended, "completed")
    live = carrier.place(application, "+8618800000000", TALKS_ON)
    await carrier.call_is(live, "in-progress")
    assert carrier.http.delete("/control/state").status_code == 204
    for _ in range(2):
        assert carrier.get("/Calls.json")["calls"] == carrier.get("/Recordings.json")["recordings"] == []
        assert carrier.http.get("/control/numbers").json()["numbers"] == {}
        assert carrier.http.get("/control/faults").json()["faults"] == []
        assert carrier.http.get("/control/log").json()["events"] == []
        carrier.killed_and_started()
    sid = carrier.place(application, "+8618800000001", GREETS)
    await carrier.call_is(sid, "busy")
