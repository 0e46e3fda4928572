"""The clock by hand, the queue and its limits, a recording that pauses, and the switches beside Twilio's API."""

import asyncio
import io

import numpy as np
import pytest
import soundfile

EVENTS = ["initiated", "ringing", "answered", "completed"]


async def advance(carrier, seconds: float) -> dict:
    return (await carrier.put("/clock", {"advance": seconds})).json()


@pytest.mark.parametrize("carrier", [{"speed": 0.0}], indirect=True)
async def test_a_clock_by_hand_stands_still_and_steps_through_everything_that_is_due(carrier, application):
    application.answers["/voice"] = "<Response><Say>您好。</Say><Pause length='100'/></Response>"
    sid = await carrier.place(
        Url=f"{application.url}/voice", StatusCallback=f"{application.url}/s", StatusCallbackEvent=EVENTS
    )
    call = carrier.exchange.calls[sid]
    before = (await advance(carrier, 0))["now"]
    await asyncio.sleep(0.05)
    assert ((await advance(carrier, 0))["now"], call.status) == (before, "queued")
    await advance(carrier, 2)
    assert call.status == "ringing"
    # a jump over the answer, the document and most of the pause: each at its own moment
    await advance(carrier, 60)
    assert (call.status, [r.params["CallStatus"] for r in application.to("/s")]) == (
        "in-progress", ["initiated", "ringing", "in-progress"],
    )  # fmt: skip
    assert 54 <= call.seconds <= 58
    await advance(carrier, 120)
    ended = await carrier.ended(sid)
    assert (ended["status"], ended["duration"]) == ("completed", str(round(call.seconds)))
    assert 100 <= call.seconds <= 101.5


@pytest.mark.parametrize("carrier", [{"speed": 0.0, "calls_per_second": 2.0}], indirect=True)
async def test_the_queue_lets_out_so_many_calls_a_second_and_says_how_long_it_is(carrier):
    placed = [(await carrier.create(Twiml="<Response/>", To="+8618800000002")).json() for _ in range(6)]
    assert [call["queue_time"] for call in placed] == ["0", "500", "1000", "1500", "2000", "2500"]
    await advance(carrier, 1.7)
    status = [carrier.exchange.calls[call["sid"]].status for call in placed]
    assert status == ["ringing"] * 2 + ["queued"] * 4
    await advance(carrier, 2)
    assert {carrier.exchange.calls[call["sid"]].status for call in placed} == {"ringing"}


async def test_limits_can_be_set_and_lifted(carrier):
    assert (await carrier.put("/limits", {"concurrent_calls": 1, "refuse_prefixes": ["+850"]})).status_code == 200
    sid = await carrier.place(Twiml="<Response><Pause length='9999'/></Response>")
    assert (await carrier.create(Twiml="<Response/>")).json()["code"] == 10004
    assert (await carrier.create(Twiml="<Response/>", To="+8501234567")).json()["code"] == 21215
    await carrier.put("/limits", {"concurrent_calls": None, "calls_per_second": 0.00001})
    await carrier.place(Twiml="<Response/>")
    refused = await carrier.create(Twiml="<Response/>")
    assert (refused.status_code, refused.json()["code"]) == (400, 22005)
    await carrier.put("/limits", {"calls_per_second": None, "refuse_prefixes": []})
    await carrier.place(Twiml="<Response/>", To="+8501234567")
    carrier.exchange.calls[sid].hang_up()
    for wrong in ({"calls": 1}, {"concurrent_calls": -1}, {"refuse_prefixes": ["850"]}):
        assert (await carrier.put("/limits", wrong)).status_code == 400


@pytest.mark.parametrize("behaviour", ["silence", "skip"])
@pytest.mark.parametrize("carrier", [{"speed": 0.0}], indirect=True)
async def test_what_is_pressed_and_said_during_a_pause_is_not_in_the_recording(carrier, application, behaviour):
    application.answers["/voice"] = "<Response><Pause length='600'/></Response>"
    await carrier.put("/numbers/+8613900000002", {"behaviour": "by-hand"})
    sid = await carrier.place(
        To="+8613900000002", Url=f"{application.url}/voice", Record="true", RecordingChannels="dual",
        Trim="do-not-trim", Timeout="600",
    )  # fmt: skip
    await advance(carrier, 2)
    await carrier.http.post(f"/control/calls/{sid}/answer")
    await advance(carrier, 1)
    call = carrier.exchange.calls[sid]
    path = f"{carrier.root}/Calls/{sid}/Recordings/Twilio.CURRENT.json"

    async def loud(seconds: float = 4.0) -> None:
        # keys and words of the callee, and a word of ours, all at once
        call.own_sound("keys", "6222021234")
        call.sounds("carrier", "speech", "请输入卡号。")
        await advance(carrier, seconds)

    await loud()
    paused = await carrier.http.post(path, data={"Status": "paused", "PauseBehavior": behaviour})
    assert paused.json()["status"] == "paused"
    await loud()
    assert (await carrier.http.post(path, data={"Status": "in-progress"})).json()["status"] == "in-progress"
    await loud()
    call.hang_up()
    await advance(carrier, 10)
    (recording,) = (await carrier.get(f"/Calls/{sid}/Recordings.json"))["recordings"]
    sound, rate = soundfile.read(io.BytesIO((await carrier.http.get(recording["media_url"])).content), dtype="int16")
    seconds = [np.abs(sound[i * rate : (i + 1) * rate]).max(axis=0).tolist() for i in range(len(sound) // rate)]
    noisy = [max(second) > 2000 for second in seconds]
    if behaviour == "silence":
        assert noisy[1:13] == [True] * 4 + [False] * 4 + [True] * 4
        assert max(max(second) for second in seconds[5:9]) < 60
    else:
        assert len(seconds) <= 10
        assert all(noisy[1:9])


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([], "human"),
        ([{"fault": "machine-verdict", "answered_by": "fax"}], "fax"),
        ([{"fault": "machine-unknown"}], "unknown"),
        ([{"fault": "machine-verdict-late", "seconds": 4000}], "human"),
        ([{"fault": "machine-verdict-never"}], None),
    ],
)
@pytest.mark.parametrize("carrier", [{"speed": 0.0}], indirect=True)
async def test_the_asynchronous_verdict(carrier, application, rows, verdict):
    await carrier.put("/faults", rows)
    sid = await carrier.place(
        Twiml="<Response><Pause length='60'/></Response>", MachineDetection="DetectMessageEnd", AsyncAmd="true",
        AsyncAmdStatusCallback=f"{application.url}/amd", MachineDetectionTimeout="20",
    )  # fmt: skip
    await advance(carrier, 200)
    assert carrier.exchange.calls[sid].status == "completed"
    late = bool(rows and rows[0]["fault"] == "machine-verdict-late")
    assert [r.params["AnsweredBy"] for r in application.to("/amd")] == ([] if late or not verdict else [verdict])
    await advance(carrier, 4000)
    assert [r.params["AnsweredBy"] for r in application.to("/amd")] == ([verdict] if verdict else [])


async def test_two_tokens_are_accepted_while_one_is_rotated(carrier, application):
    assert (await carrier.put("/account", {"auth_token": "newer1", "second_token": "0" * 32})).status_code == 204
    await carrier.put("/faults", [{"fault": "callback-old-token", "event": "ringing"}])
    refused = await carrier.create(Twiml="<Response/>")
    assert (refused.status_code, refused.json()["code"]) == (401, 20003)
    carrier.http.auth = (carrier.exchange.account_sid, "newer1")
    sid = await carrier.place(
        Twiml="<Response/>", StatusCallback=f"{application.url}/s", StatusCallbackEvent=EVENTS
    )  # fmt: skip
    await carrier.ended(sid)
    await carrier.quiet()
    # the application knows only the first token
    assert {request.signed for request in application.to("/s")} == {False}
    carrier.http.auth = (carrier.exchange.account_sid, "0" * 32)
    await carrier.get(f"/Calls/{sid}.json")
    assert (await carrier.put("/account", {"auth_token": None})).status_code == 400


async def test_a_restart_on_order_ends_live_calls_and_tells_nobody(carrier, application):
    sid = await carrier.place(
        Twiml="<Response><Pause length='9999'/></Response>", Record="true",
        RecordingStatusCallback=f"{application.url}/r", StatusCallback=f"{application.url}/s",
    )  # fmt: skip
    while carrier.exchange.calls[sid].status != "in-progress":
        await asyncio.sleep(0.01)
    assert (await carrier.http.post("/control/restart")).status_code == 204
    assert (await carrier.ended(sid))["status"] == "completed"
    await carrier.quiet()
    assert application.requests == []
