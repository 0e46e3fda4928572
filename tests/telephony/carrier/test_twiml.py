"""What the verbs do; several cases follow the behaviour described by somleng-switch's specification (MIT)."""

import pytest

from telephony.carrier import twiml

CALLEE = "+8613900000002"


async def run(carrier, application, document, replies=(), **more) -> list[dict]:
    """Call a callee with those replies, let it run; the log of the call."""
    await carrier.put(f"/numbers/{CALLEE}", {"behaviour": {"replies": list(replies), "answer_delay": 1}})
    application.answers["/voice"] = document
    for path, answer in more.items():
        application.answers[f"/{path}"] = answer
    sid = await carrier.place(To=CALLEE, Url=f"{application.url}/voice")
    await carrier.ended(sid)
    return await carrier.log(call=sid)


def said(log) -> list[str]:
    return [event["text"] for event in log if event["event"] == "said"]


def codes(log) -> list[int]:
    return [event["code"] for event in log if event["event"] == "notification"]


GATHER = '<Response><Gather {} timeout="2" speechTimeout="1"><Say>问</Say></Gather><Say>后</Say></Response>'


@pytest.mark.parametrize(
    ("attributes", "reply", "expected"),
    [
        # default input is keys, default action is the current document, default finish key is #
        ("", {"press": "12#"}, {"Digits": "12", "FinishedOnKey": "#"}),
        ("", {"press": "12"}, {"Digits": "12"}),
        ("", {"say": "清楚"}, None),
        ('numDigits="1"', {"press": "123"}, {"Digits": "1"}),
        ('finishOnKey="*"', {"press": "1#2*3"}, {"Digits": "1#2"}),
        ('finishOnKey=""', {"press": "1#"}, {"Digits": "1#"}),
        # the finish key before any digit is no input
        ("", {"press": "#"}, None),
        ('input="speech"', {"say": "清楚的"}, {"SpeechResult": "清楚的"}),
        ('input="speech"', {"press": "1"}, None),
        ('input="dtmf speech"', {"say": "清楚的"}, {"SpeechResult": "清楚的"}),
        ('input="dtmf speech" numDigits="1"', {"press": "1"}, {"Digits": "1"}),
        ("", {"press": "1", "delay": 3}, None),
        ('actionOnEmptyResult="true"', {"silent": True}, {"Digits": ""}),
        ('input="speech" actionOnEmptyResult="true"', {"silent": True}, {"SpeechResult": ""}),
        ('actionOnEmptyResult="true"', {"press": "#"}, {"Digits": ""}),
    ],
)
async def test_gather(carrier, application, attributes, reply, expected):
    first, last = GATHER.format(attributes), "<Response/>"
    log = await run(carrier, application, [first, last], [reply])
    fetched = application.to("/voice")
    assert all(request.signed for request in fetched)
    if expected is None:
        assert len(fetched) == 1
        assert said(log) == ["问", "后"]
    else:
        assert {name: fetched[1].params.get(name) for name in expected} == expected
        assert said(log) == ["问"]


@pytest.mark.parametrize(
    ("action", "method", "path", "query"),
    [
        ("next?step=2", "POST", "/a/next", {"step": "2"}),
        ("/next", "GET", "/next", {}),
        ("{}/next", "post", "/next", {}),
    ],
)
async def test_an_action_is_resolved_against_the_documents_url(carrier, application, action, method, path, query):
    action = action.format(application.url)
    document = f'<Response><Gather numDigits="1" action="{action}" method="{method}"/></Response>'
    await run(
        carrier, application, '<Response><Redirect>/a/b?x=1</Redirect></Response>', [{"press": "1"}],
        **{"a/b": document, path.lstrip("/"): "<Response/>"},
    )  # fmt: skip
    (request,) = application.to(path)
    assert request.method == method.upper()
    assert query.items() <= request.params.items()
    assert request.params["Digits"] == "1"
    assert "x" not in request.params


async def test_a_key_cuts_the_prompt_short(carrier, application):
    long = "这是一段很长的话，" * 30
    document = f'<Response><Gather numDigits="1" action="/x"><Say>{long}</Say></Gather></Response>'
    await run(carrier, application, document, [{"press": "1", "barge": 0.1}], x="<Response/>")
    call = next(iter(carrier.exchange.calls.values()))
    assert application.to("/x")
    assert call.duration < 30


async def test_the_callee_hears_what_stands_before_the_gather(carrier, application):
    document = '<Response><Say>保险责任</Say><Gather numDigits="1" action="/x"><Say>清楚吗</Say></Gather></Response>'
    await run(carrier, application, document, [{"when": "责任.*清楚", "press": "7"}], x="<Response/>")
    assert application.to("/x")[0].params["Digits"] == "7"


async def test_unknown_verbs_and_attributes_are_warned_about_and_passed_over(carrier, application):
    log = await run(carrier, application, '<Response><Foobar/><say>小</say><Say mood="gay">大</Say></Response>')
    assert said(log) == ["大"]
    assert codes(log) == [12200, 12200, 12200]
    notes = await carrier.get("/Notifications.json", Log="1")
    assert {note["error_code"] for note in notes["notifications"]} == {"12200"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("\n<?xml version='1.0'?><Response/>", 12100),
        ("<Answer/>", 12100),
        ("", 12100),
        ("<Response><Say>&nbsp;</Say></Response>", 12100),
        ((200, {"content-type": "application/json"}, "{}"), 12300),
        ((200, {}, "<Response/>"), 12300),
        ((500, {}, ""), 11200),
        ((404, {"content-type": "text/xml"}, "<Response/>"), 11200),
    ],
)
async def test_a_failing_document_leads_to_the_fallback_or_an_apology(carrier, application, answer, code):
    log = await run(carrier, application, answer)
    assert codes(log) == [code]
    assert said(log) == [twiml.APPLICATION_ERROR]
    application.answers["/fallback"] = "<Response><Say>稍后再拨。</Say></Response>"
    sid = await carrier.place(To=CALLEE, Url=f"{application.url}/voice", FallbackUrl=f"{application.url}/fallback")
    await carrier.ended(sid)
    (request,) = application.to("/fallback")
    assert (request.params["ErrorCode"], request.params["ErrorUrl"]) == (str(code), f"{application.url}/voice")
    assert said(await carrier.log(call=sid)) == ["稍后再拨。"]
    note = (await carrier.get(f"/Calls/{sid}/Notifications.json"))["notifications"][0]
    assert (note["error_code"], note["log"], note["call_sid"]) == (str(code), "0", sid)
    assert (await carrier.get(f"/Notifications/{note['sid']}.json"))["response_body"] is not None


@pytest.mark.parametrize(
    ("content_type", "text", "heard"),
    [
        ("text/plain", "请稍等。", ["请稍等。"]),
        ("text/plain; charset=utf-8", "<Response><Say>好</Say></Response>", ["好"]),
        ("text/html", "<Response><Say>好</Say></Response>", ["好"]),
        ("audio/wav", "RIFF", []),
    ],
)
async def test_other_content_types(carrier, application, content_type, text, heard):
    log = await run(carrier, application, (200, {"content-type": content_type}, text))
    assert (said(log), codes(log)) == (heard, [])


async def test_inline_documents_need_absolute_actions(carrier, application):
    await carrier.put(f"/numbers/{CALLEE}", {"behaviour": {"default": {"press": "1"}}})
    sid = await carrier.place(To=CALLEE, Twiml='<Response><Gather numDigits="1" action="/x"/></Response>')
    await carrier.ended(sid)
    assert codes(await carrier.log(call=sid)) == [15004]


@pytest.mark.parametrize(
    "document",
    [
        "<Redirect>http://[/x</Redirect>",
        "<Gather input='speech' action='http://[/x'/>",
        "<Record action='http://[/x' maxLength='2'/>",
    ],
)
async def test_an_address_that_is_none_ends_the_call_and_is_noted(carrier, application, document):
    log = await run(carrier, application, f"<Response>{document}</Response>", [{"when": "", "say": "好"}])
    assert codes(log) == [11100]
    assert [event["status"] for event in log if event["event"] == "ended"] == ["completed"]


async def test_a_redirect_to_an_address_that_is_none_is_a_failed_retrieval(carrier, application):
    assert codes(await run(carrier, application, (302, {"location": "http://["}, ""))) == [11200]


@pytest.mark.parametrize("attributes", ["length='nan'", "length='inf'", "length='long'", ""])
async def test_a_pause_of_no_particular_length_is_a_second(carrier, application, attributes):
    sid = await carrier.place(Twiml=f"<Response><Pause {attributes}/></Response>", To="+8618800000006")
    assert int((await carrier.ended(sid))["duration"]) <= 3


async def test_a_document_that_leads_to_itself_does_not_go_on_for_ever(carrier, application):
    log = await run(carrier, application, "<Response><Redirect>/voice</Redirect></Response>")
    assert codes(log) == [11215]
    assert len(application.to("/voice")) <= twiml.IDLE_DOCUMENTS


async def test_reject_and_hangup_end_the_document(carrier, application):
    for verb in ("<Reject/>", "<Hangup/>"):
        log = await run(carrier, application, f"<Response>{verb}<Say>不会</Say></Response>")
        assert said(log) == []


async def test_record_gives_its_recording_to_the_action(carrier, application):
    document = """<Response><Say>请留言</Say><Record action="/x" maxLength="30" timeout="2" playBeep="true"
        recordingStatusCallback="/rec"/></Response>"""
    await run(carrier, application, document, [{"when": "留言", "say": "我想问一下红利怎么领取"}], x="<Response/>")
    await carrier.quiet()
    (done,), (told,) = application.to("/x"), application.to("/rec")
    assert done.params["RecordingUrl"] == told.params["RecordingUrl"]
    assert told.params["RecordingSource"] == "RecordVerb"
    assert (told.params["RecordingStatus"], told.params["RecordingChannels"]) == ("completed", "1")
    assert told.signed
    recording = await carrier.get(f"/Recordings/{told.params['RecordingSid']}.json")
    assert recording["source"] == "RecordVerb"


async def test_record_ends_by_hangup_with_the_word_in_digits(carrier, application):
    document = '<Response><Record action="/x"/></Response>'
    log = await run(carrier, application, document, [{"hangup": True}])
    assert application.to("/x")[0].params["Digits"] == "hangup"
    assert [event["by"] for event in log if event["event"] == "ended"] == ["callee"]


async def test_partial_results_are_posted(carrier, application):
    document = """<Response><Gather input="speech" speechTimeout="auto" action="/x" partialResultCallback="/part">
        <Say>问</Say></Gather></Response>"""
    await run(carrier, application, document, [{"say": "清楚"}], x="<Response/>")
    await carrier.quiet()
    assert application.to("/part")[0].params["UnstableSpeechResult"] == "清楚"
