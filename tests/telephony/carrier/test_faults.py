import json

import httpx
import pytest

from telephony.carrier.app import load_faults
from telephony.carrier.faults import FAULTS, Faults

EVENTS = ["initiated", "ringing", "answered", "completed"]


async def told(carrier, application, faults) -> list[str]:
    """The statuses that arrive, in order, of one call under those faults."""
    assert (await carrier.put("/faults", faults)).status_code == 200
    sid = await carrier.place(
        Twiml="<Response/>", StatusCallback=f"{application.url}/status", StatusCallbackEvent=EVENTS
    )
    await carrier.ended(sid)
    await carrier.quiet()
    return [request.params["CallStatus"] for request in application.to("/status")]


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        ({"fault": "callback-duplicate", "event": "ringing"}, "initiated ringing ringing in-progress completed"),
        ({"fault": "callback-reorder", "event": "ringing"}, "initiated in-progress ringing completed"),
        ({"fault": "callback-reorder", "event": "in-progress"}, "initiated ringing completed in-progress"),
        ({"fault": "callback-drop", "event": "in-progress"}, "initiated ringing completed"),
        ({"fault": "callback-drop", "nth": 2}, "initiated in-progress completed"),
        ({"fault": "callback-drop", "times": 1}, "ringing in-progress completed"),
        ({"fault": "callback-drop", "number": "+8613911111111"}, "initiated ringing in-progress completed"),
        ({"fault": "callback-late", "event": "initiated", "seconds": 60}, "ringing in-progress completed initiated"),
    ],
)
async def test_callbacks_in_trouble(carrier, application, fault, arrived):
    assert await told(carrier, application, [fault]) == arrived.split()
    struck = [event["fault"] for event in await carrier.log(event="fault")]
    assert struck == ([] if "number" in fault else [fault["fault"]])


async def test_an_unsigned_callback(carrier, application):
    await told(carrier, application, [{"fault": "callback-unsigned", "event": "ringing"}])
    assert [request.signed for request in application.to("/status")] == [True, False, True, True]


@pytest.mark.parametrize(
    ("fault", "status", "code", "calls"),
    [
        ({"fault": "create-500-before"}, 500, 20500, 0),
        ({"fault": "create-500-after"}, 500, 20500, 1),
        ({"fault": "create-429", "retry_after": 3}, 429, 20429, 0),
    ],
)
async def test_a_create_that_fails_and_the_call_that_may_be_there_all_the_same(carrier, fault, status, code, calls):
    await carrier.put("/faults", {"faults": [fault]})
    answer = await carrier.create(Twiml="<Response/>")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers.get("retry-after") == ("3" if "retry_after" in fault else None)
    assert len((await carrier.get("/Calls.json"))["calls"]) == calls
    await carrier.quiet()


async def test_a_create_answered_with_a_page(carrier):
    await carrier.put("/faults", [{"fault": "create-503"}])
    answer = await carrier.create(Twiml="<Response/>")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")


@pytest.mark.parametrize("hold", [0.2, 30])
async def test_a_lost_response_leaves_a_call_behind(carrier, hold):
    await carrier.put("/faults", [{"fault": "create-lost-response", "hold": hold, "times": 1}])
    with pytest.raises((httpx.ReadTimeout, httpx.RemoteProtocolError)):
        await carrier.http.post(
            f"{carrier.root}/Calls.json",
            data={"To": "+8618800000000", "From": "+15005550006", "Twiml": "<Response/>"},
            timeout=1,
        )
    (call,) = (await carrier.get("/Calls.json"))["calls"]
    assert call["to"] == "+8618800000000"
    await carrier.quiet()


async def test_answered_and_gone(carrier):
    await carrier.put("/faults", [{"fault": "instant-hangup"}])
    sid = await carrier.place(Twiml="<Response><Pause length='60'/></Response>")
    ended = await carrier.ended(sid)
    assert (ended["status"], ended["duration"]) == ("completed", "0")


async def test_callbacks_before_the_create_is_answered(carrier, application):
    await carrier.put("/faults", [{"fault": "callback-before-response", "seconds": 0.4}])
    await carrier.place(Twiml="<Response/>", StatusCallback=f"{application.url}/s", StatusCallbackEvent=EVENTS)
    assert application.to("/s")
    await carrier.quiet()


async def test_recordings_in_trouble(carrier, application):
    faults = [
        {"fault": "recording-absent", "nth": 1},
        {"fault": "recording-callback-drop", "nth": 2},
        {"fault": "recording-late", "nth": 3, "seconds": 200},
        {"fault": "media-404", "times": 2},
    ]
    await carrier.put("/faults", faults)
    for _ in range(3):
        sid = await carrier.place(
            Twiml="<Response><Say>您好，这里是回访中心。</Say></Response>", Record="true",
            RecordingStatusCallback=f"{application.url}/rec", RecordingStatusCallbackEvent=["completed", "absent"],
        )  # fmt: skip
        await carrier.ended(sid)
        await carrier.quiet()
    first, last = application.to("/rec")
    assert (first.params["RecordingStatus"], first.params["ErrorCode"]) == ("absent", "16102")
    assert last.params["RecordingStatus"] == "completed"
    recordings = (await carrier.get("/Recordings.json"))["recordings"]
    assert [recording["status"] for recording in recordings] == ["completed", "completed", "absent"]
    found = [(await carrier.http.get(recordings[0]["media_url"])).status_code for _ in range(3)]
    assert found == [404, 404, 200]


def test_a_rate_is_drawn_from_the_seed():
    def struck(seed):
        faults = Faults(seed, [{"fault": "callback-drop", "rate": 0.3}])
        return [faults.strikes("callback-drop", f"+86139{number:08d}") is not None for number in range(1000)]

    assert struck(1) == struck(1) != struck(2)
    assert 250 < sum(struck(1)) < 350


@pytest.mark.parametrize(
    "rows",
    [
        [{"fault": "none-such"}],
        [{"fault": "create-429", "hold": 1}],
        "x",
        {"faults": 3},
        [1],
        [{"fault": "create-429", "nth": "1"}],
    ],
)
async def test_a_table_that_nothing_would_read_is_refused(carrier, rows):
    assert (await carrier.put("/faults", rows)).status_code == 400
    with pytest.raises(ValueError):  # noqa: PT011
        Faults(0, load_faults(json.dumps(rows)))


async def test_every_fault_is_described_and_none_strikes_unasked(carrier):
    body = (await carrier.http.get("/control/faults")).json()
    assert (set(body["known"]), body["faults"]) == (set(FAULTS), [])
