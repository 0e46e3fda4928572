import asyncio
from email.utils import parsedate_to_datetime

import pytest

ALL_EVENTS = ["initiated", "ringing", "answered", "completed"]
SPEECH = """<Response><Gather input="speech" action="{0}/done" timeout="3" speechTimeout="auto"><Say>您清楚吗？</Say></Gather>
<Say>没有听到。</Say></Response>"""
KEYS = SPEECH.replace('input="speech"', 'input="dtmf" numDigits="1"')
KEYS_DOCUMENTED = {
    "sid", "account_sid", "parent_call_sid", "date_created", "date_updated", "to", "to_formatted", "from",
    "from_formatted", "phone_number_sid", "status", "start_time", "end_time", "duration", "price", "price_unit",
    "direction", "answered_by", "api_version", "forwarded_from", "group_sid", "caller_name", "queue_time", "trunk_sid",
    "uri", "subresource_uris",
}  # fmt: skip


async def test_a_call_has_every_documented_key_and_the_forms_of_its_values(carrier, application):
    created = (await carrier.create(Twiml="<Response><Pause length='30'/></Response>")).json()
    assert set(created) == KEYS_DOCUMENTED
    assert created["status"] == "queued"
    assert [created[key] for key in ("start_time", "end_time", "duration", "price")] == [None] * 4
    ended = await carrier.ended(created["sid"])
    assert ended["status"] == "completed"
    assert isinstance(ended["duration"], str)
    assert 30 <= int(ended["duration"]) < 40
    assert ended["price"].startswith("-")
    assert ended["date_created"].endswith("+0000")
    lasted = parsedate_to_datetime(ended["end_time"]) - parsedate_to_datetime(ended["start_time"])
    assert abs(lasted.total_seconds() - int(ended["duration"])) <= 1
    assert ended["uri"] == f"{carrier.root}/Calls/{created['sid']}.json"


@pytest.mark.parametrize(
    ("last", "status", "sip", "numbers"),
    [
        ("0", "completed", "200", "0123"),
        ("1", "busy", "486", "012"),
        ("2", "no-answer", "487", "012"),
        ("3", "failed", "404", "01"),
    ],
)
async def test_progress_of_the_reserved_numbers(carrier, application, last, status, sip, numbers):
    sid = await carrier.place(
        To=f"+861880000000{last}", Twiml="<Response><Say>您好。</Say></Response>", Timeout="20",
        StatusCallback=f"{application.url}/status", StatusCallbackEvent=ALL_EVENTS,
    )  # fmt: skip
    assert (await carrier.ended(sid))["status"] == status
    await carrier.quiet()
    seen = application.to("/status")
    assert "".join(request.params["SequenceNumber"] for request in seen) == numbers
    assert all(request.signed for request in seen)
    last = seen[-1].params
    assert (last["CallStatus"], last["SipResponseCode"]) == (status, sip)
    assert last["CallbackSource"] == "call-progress-events"
    assert last["CalledZip"] == ""
    parsedate_to_datetime(last["Timestamp"])
    if status == "completed":
        assert (int(last["CallDuration"]) > 0, last["Duration"]) == (True, "1")


async def test_only_completed_is_told_by_default_and_the_counter_counts_on(carrier, application):
    sid = await carrier.place(Twiml="<Response/>", StatusCallback=f"{application.url}/status")
    await carrier.ended(sid)
    await carrier.quiet()
    (told,) = application.to("/status")
    assert (told.params["CallStatus"], told.params["SequenceNumber"]) == ("completed", "3")


@pytest.mark.parametrize(
    ("last", "twiml", "answer"),
    [
        ("0", SPEECH, {"SpeechResult": "清楚"}),
        ("0", KEYS, {"Digits": "1"}),
        ("6", SPEECH, None),
        ("6", KEYS, None),
        ("7", SPEECH, {"SpeechResult": "清楚"}),
        ("7", KEYS, None),
        ("8", SPEECH, None),
        ("8", KEYS, {"Digits": "1"}),
        ("4", SPEECH, None),
    ],
)
async def test_what_the_reserved_numbers_answer(carrier, application, last, twiml, answer):
    application.answers["/voice"] = twiml.format(application.url)
    application.answers["/done"] = "<Response><Hangup/></Response>"
    sid = await carrier.place(To=f"+861880000000{last}", Url=f"{application.url}/voice")
    await carrier.ended(sid)
    done = application.to("/done")
    assert len(done) == (answer is not None)
    if answer:
        assert {name: done[0].params.get(name) for name in answer} == answer
        assert done[0].signed


async def test_number_five_hangs_up_after_the_first_prompt(carrier, application):
    application.answers["/voice"] = SPEECH.format(application.url)
    sid = await carrier.place(To="+8618800000005", Url=f"{application.url}/voice")
    await carrier.ended(sid)
    log = await carrier.log(call=sid)
    assert [event["text"] for event in log if event["event"] == "said"] == ["您清楚吗？"]
    assert [event["by"] for event in log if event["event"] == "ended"] == ["callee"]


async def test_number_nine_refuses_to_be_recorded_and_agrees_otherwise(carrier, application):
    ask = '<Response><Gather input="speech" action="/{}" speechTimeout="auto"><Say>{}</Say></Gather></Response>'
    application.answers["/voice"] = ask.format("first", "请问您现在方便吗？")
    application.answers["/first"] = ask.format("second", "本次通话将会录音，请问您是王芳本人吗？")
    sid = await carrier.place(To="+8618800000009", Url=f"{application.url}/voice")
    await carrier.ended(sid)
    assert application.to("/first")[0].params["SpeechResult"] == "方便"
    assert "不同意录音" in application.to("/second")[0].params["SpeechResult"]


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": ""}, 400, 21201),
        ({"From": ""}, 400, 21213),
        ({"To": "12"}, 400, 21211),
        ({"From": "12"}, 400, 21212),
        ({"From": "+15005550001"}, 400, 21212),
        ({"From": "+15005550007"}, 400, 21210),
        ({"To": "+15005550001"}, 400, 21217),
        ({"To": "+15005550002"}, 400, 21214),
        ({"To": "+15005550003"}, 400, 21215),
        ({"To": "+15005550004"}, 400, 21216),
        ({"Url": "nothing"}, 400, 21205),
        ({"Url": ""}, 400, 21205),
        ({"Url": "", "Twiml": "x" * 4001}, 400, 32018),
        ({"Timeout": "soon"}, 400, 20001),
        ({"StatusCallback": "ftp://x/"}, 400, 21609),
        ({"StatusCallback": "http://a_b.example/"}, 400, 21609),
        ({"Url": "http://[/"}, 400, 21205),
        ({"StatusCallbackEvent": "never"}, 400, 20001),
        ({"SendDigits": "12y"}, 400, 21206),
    ],
)
async def test_refusals_of_a_create(carrier, form, status, code):
    answer = await carrier.create(**({"Url": "http://127.0.0.1:1/"} | form))
    body = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert body["message"]
    assert (await carrier.get("/Calls.json"))["calls"] == []


@pytest.mark.parametrize("carrier", [{"refuse_prefixes": ("+850",)}], indirect=True)
async def test_a_refused_prefix_is_a_lacking_permission(carrier):
    answer = await carrier.create(To="+8501234567", Twiml="<Response/>")
    assert (answer.status_code, answer.json()["code"]) == (400, 21215)
    assert (await carrier.create(To="+8613912345678", Twiml="<Response/>")).status_code == 201


@pytest.mark.parametrize("carrier", [{"own_numbers": frozenset({"+861050000000"})}], indirect=True)
async def test_only_numbers_of_the_account_may_call_when_it_names_them(carrier):
    twiml = {"Twiml": "<Response/>"}
    assert (await carrier.create(From="+861050000000", **twiml)).status_code == 201
    assert (await carrier.create(From="+15005550006", **twiml)).status_code == 201
    assert (await carrier.create(From="+861050000001", **twiml)).json()["code"] == 21210


async def test_strangers_and_unknown_paths(carrier):
    stranger = await carrier.http.get(f"{carrier.root}/Calls.json", auth=("AC" + "0" * 32, "x"))
    assert (stranger.status_code, stranger.json()["code"]) == (401, 20003)
    assert (await carrier.http.get(f"{carrier.root}/Nothing.json", auth=("x", "y"))).json()["code"] == 20003
    for path in ("/Calls/CA00.json", "/Recordings/RE00.json", "/Conferences/CF00.json", "/Nothing.json"):
        answer = await carrier.http.get(carrier.root + path)
        assert (answer.status_code, answer.json()["code"]) == (404, 20404), path
    assert (await carrier.http.put(f"{carrier.root}/Calls.json")).json()["code"] == 20004


async def test_a_call_ended_over_the_api(carrier, application):
    sid = await carrier.place(Twiml="<Response><Pause length='3000'/></Response>")
    await until(carrier, sid, "in-progress")
    answer = await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Status": "completed"})
    assert answer.json()["status"] == "completed"
    again = await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Status": "completed"})
    assert (again.status_code, again.json()["status"]) == (200, "completed")
    late = await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Twiml": "<Response/>"})
    assert (late.status_code, late.json()["code"]) == (400, 21220)
    assert [event["by"] for event in await carrier.log(call=sid, event="ended")] == ["api"]


@pytest.mark.parametrize("carrier", [{"speed": 1.0}], indirect=True)
async def test_a_call_cancelled_in_the_queue_is_never_reported(carrier, application):
    sid = await carrier.place(
        Twiml="<Response/>", StatusCallback=f"{application.url}/status", StatusCallbackEvent=ALL_EVENTS
    )
    answer = await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Status": "canceled"})
    assert answer.json()["status"] == "canceled"
    await carrier.quiet()
    assert application.requests == []


async def test_a_ringing_call_is_cancelled_and_reported(carrier, application):
    sid = await carrier.place(
        To="+8618800000002", Twiml="<Response/>", Timeout="600", StatusCallback=f"{application.url}/status"
    )
    await until(carrier, sid, "ringing")
    await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Status": "canceled"})
    await carrier.quiet()
    (told,) = application.to("/status")
    assert told.params["CallStatus"] == "canceled"


async def test_a_live_call_is_redirected(carrier, application):
    application.answers["/other"] = "<Response><Say>转接了。</Say></Response>"
    sid = await carrier.place(Twiml="<Response><Pause length='3000'/></Response>")
    await until(carrier, sid, "in-progress")
    await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Url": f"{application.url}/other"})
    await carrier.ended(sid)
    assert [event["text"] for event in await carrier.log(call=sid, event="said")] == ["转接了。"]


async def test_a_slow_application_makes_no_long_silence(carrier, application):
    async def slow(params):
        await asyncio.sleep(0.3)
        return "<Response><Pause length='20'/></Response>"

    # 0.3 s are half a minute of this clock, and 0.3 s on the line
    application.answers["/voice"] = slow
    sid = await carrier.place(Url=f"{application.url}/voice", Record="true", Trim="do-not-trim", TimeLimit="22")
    call = await carrier.ended(sid)
    assert call["duration"] == "20"
    lasted = parsedate_to_datetime(call["end_time"]) - parsedate_to_datetime(call["start_time"])
    assert abs(lasted.total_seconds() - 20) <= 1
    await carrier.quiet()
    (recording,) = (await carrier.get("/Recordings.json"))["recordings"]
    assert recording["duration"] == "20"


async def test_the_time_limit_ends_a_call(carrier):
    sid = await carrier.place(Twiml="<Response><Pause length='3000'/></Response>", TimeLimit="60")
    assert abs(int((await carrier.ended(sid))["duration"]) - 60) <= 3
    assert [event["by"] for event in await carrier.log(call=sid, event="ended")] == ["time-limit"]


async def test_callbacks_stay_in_order_for_an_application_that_takes_its_time(carrier, application):
    async def slowly(params):
        await asyncio.sleep({"initiated": 3.0, "ringing": 2.5}.get(params["CallStatus"], 0))
        return 204, {}, ""

    application.answers["/status"] = slowly
    sid = await carrier.place(
        Twiml="<Response/>",
        StatusCallback=f"{application.url}/status",
        StatusCallbackEvent="initiated ringing completed",
    )
    await carrier.ended(sid)
    await carrier.quiet()
    events = [event["status"] for event in await carrier.log(event="callback")]
    assert events == ["initiated", "ringing", "completed"]


async def test_nobody_rings_longer_than_the_timeout(carrier):
    await carrier.put("/numbers/+8613900000001", {"behaviour": {"answer_delay": 40}})
    short = await carrier.place(To="+8613900000001", Twiml="<Response/>", Timeout="20")
    longer = await carrier.place(To="+8613900000001", Twiml="<Response/>", Timeout="60")
    assert (await carrier.ended(short))["status"] == "no-answer"
    assert (await carrier.ended(longer))["status"] == "completed"


@pytest.mark.parametrize(
    ("last", "mode", "answered_by"),
    [
        ("0", "Enable", "human"),
        ("4", "Enable", "machine_start"),
        ("4", "DetectMessageEnd", "machine_end_beep"),
        ("6", "Enable", "unknown"),
    ],
)
@pytest.mark.parametrize("asynchronous", ["true", "false"])
async def test_machine_detection(carrier, application, last, mode, answered_by, asynchronous):
    application.answers["/voice"] = "<Response><Pause length='20'/></Response>"
    sid = await carrier.place(
        To=f"+861880000000{last}", Url=f"{application.url}/voice", MachineDetection=mode, AsyncAmd=asynchronous,
        AsyncAmdStatusCallback=f"{application.url}/amd",
    )  # fmt: skip
    assert (await carrier.ended(sid))["answered_by"] == answered_by
    await carrier.quiet()
    told = application.to("/amd" if asynchronous == "true" else "/voice")[0]
    assert told.signed
    assert told.params["AnsweredBy"] == answered_by
    assert int(told.params["MachineDetectionDuration"]) > 0
    if asynchronous == "true":
        assert "AnsweredBy" not in application.to("/voice")[0].params


async def test_lists_are_filtered_and_paged(carrier):
    for number in range(5):
        await carrier.place(To=f"+8618800000001" if number % 2 else "+8618800000003", Twiml="<Response/>")  # noqa: F541
    await carrier.quiet()
    assert len((await carrier.get("/Calls", To="+8618800000001"))["calls"]) == 2
    assert len((await carrier.get("/Calls.json", Status="failed"))["calls"]) == 3
    now = carrier.exchange.clock.instant().date().isoformat()
    assert len((await carrier.get("/Calls.json", **{"StartTime>": now}))["calls"]) == 5
    assert (await carrier.get("/Calls.json", **{"StartTime<": "2001-01-01"}))["calls"] == []
    # the client libraries send a date as its midnight, and mean the day
    assert len((await carrier.get("/Calls.json", StartTime=f"{now}T00:00:00Z"))["calls"]) == 5
    assert (await carrier.get("/Calls.json", StartTime="2001-01-01T00:00:00Z"))["calls"] == []
    first = await carrier.get("/Calls.json", PageSize="2")
    sids, page = [], first
    while True:
        sids += [call["sid"] for call in page["calls"]]
        if page["next_page_uri"] is None:
            break
        assert page["next_page_uri"].startswith("/2010-04-01/")
        # a call placed meanwhile must not shift the pages
        await carrier.place(To="+8618800000001", Twiml="<Response/>")
        page = (await carrier.http.get(page["next_page_uri"])).json()
    assert len(sids) == len(set(sids)) == 5
    await carrier.quiet()


async def test_a_call_is_deleted_once_it_has_ended(carrier):
    sid = await carrier.place(Twiml="<Response><Pause length='3000'/></Response>")
    await until(carrier, sid, "in-progress")
    path = f"{carrier.root}/Calls/{sid}.json"
    assert (await carrier.http.delete(path)).status_code == 400
    await carrier.http.post(path, data={"Status": "completed"})
    assert (await carrier.http.delete(path)).status_code == 204
    assert (await carrier.http.get(path)).status_code == 404


async def test_the_clock_is_set_while_calls_sleep(carrier):
    sid = await carrier.place(Twiml="<Response><Pause length='86400'/></Response>", TimeLimit="86400")
    await until(carrier, sid, "in-progress")
    answer = await carrier.put("/clock", {"now": "2099-09-24T09:00:00+08:00", "speed": 50})
    assert answer.json()["speed"] == 50
    assert answer.json()["now"].startswith("2099-09-24T01:00:0")
    assert (await carrier.ended(sid))["end_time"].startswith("Thu, 24 Sep 2099 01:00:")
    # back to an earlier day: who sleeps does not sleep through the difference
    late = await carrier.place(Twiml="<Response><Pause length='20'/></Response>")
    await carrier.put("/clock", {"now": "2026-09-24T09:00:00+08:00"})
    assert (await carrier.ended(late))["end_time"].startswith("Thu, 24 Sep 2026 01:00:")
    for wrong in ({"now": "today"}, {"speed": -1}, {"speed": "fast"}, {"pace": 1}, []):
        assert (await carrier.put("/clock", wrong)).status_code == 400


async def until(carrier, sid: str, status: str) -> None:
    async with asyncio.timeout(10):
        while carrier.exchange.calls[sid].status != status:
            await asyncio.sleep(0.005)
