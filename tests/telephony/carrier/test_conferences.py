"""Conferences and bridged legs: an agent, a customer and a supervisor who are all simulated."""

import asyncio
import io
import wave

import numpy as np
import pytest

AGENT, CUSTOMER = "sip:agent7@desk.example", "+8618800000000"
EVENTS = "start end join leave mute hold modify speaker announcement"


def room(application, **attributes) -> str:
    attributes = {"statusCallback": f"{application.url}/room", "statusCallbackEvent": EVENTS} | attributes
    written = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    return f"<Response><Dial><Conference {written}>case-17</Conference></Dial><Hangup/></Response>"


async def until(ready, what: str):
    for _ in range(1000):
        if found := ready():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError(f"waited in vain: {what}")


async def joined(carrier, *sids):
    def there():
        rooms = carrier.exchange.conferences.by_sid.values()
        return next((r for r in rooms if all(sid in r.members for sid in sids)), None)

    return await until(there, f"{len(sids)} in one conference")


async def told(carrier, application) -> list[str]:
    await carrier.quiet()
    requests = application.to("/room")
    assert all(request.signed for request in requests)
    assert [r.params["SequenceNumber"] for r in requests] == [str(n) for n in range(1, len(requests) + 1)]
    return [request.params["StatusCallbackEvent"] for request in requests]


async def meeting(carrier, application, agent=None, customer=None, **calls):
    """(agent's call, customer's call, conference): both are in it."""
    first = await carrier.place(To=AGENT, Twiml=room(application, **(agent or {})), **calls)
    second = await carrier.place(
        To=CUSTOMER, Twiml=room(application, **(customer or {})), Record="true", RecordingChannels="dual"
    )
    return first, second, await joined(carrier, first, second)


async def control(carrier, path: str, body=None) -> dict:
    answer = await carrier.http.post(f"/control/calls/{path}", json=body)
    assert answer.status_code < 300, answer.text
    return answer.json() if answer.content else {}


@pytest.mark.parametrize("carrier", [{"speed": 30.0}], indirect=True)
async def test_an_agent_asks_and_the_customer_answers_in_one_conference(carrier, application):
    agent, customer, meeting_room = await meeting(
        carrier, application, agent={"endConferenceOnExit": "true", "record": "record-from-start",
                                     "recordingStatusCallback": f"{application.url}/sound"}
    )  # fmt: skip
    assert meeting_room.status == "in-progress"
    heard = await control(carrier, f"{agent}/say", {"text": "请问您清楚了吗？"})
    assert heard["answers"] == [{"call_sid": customer, "number": CUSTOMER, "speech": "清楚"}]
    await control(carrier, f"{agent}/hangup")
    ended = await carrier.ended(agent)
    assert ended["status"] == "completed"
    assert (await carrier.ended(customer))["status"] == "completed"
    assert await told(carrier, application) == [
        "participant-join", "participant-join", "conference-start",
        "participant-speech-start", "participant-speech-stop", "participant-speech-start", "participant-speech-stop",
        "participant-leave", "participant-leave", "conference-end",
    ]  # fmt: skip
    end = application.to("/room")[-1].params
    assert end["ReasonConferenceEnded"] == "participant-with-end-conference-on-exit-left"
    assert end["CallSidEndingConference"] == agent
    assert (end["FriendlyName"], end["ConferenceSid"]) == ("case-17", meeting_room.sid)

    # the customer's own recording: he on the first channel, what he heard of the agent on the second
    (of_call,) = (await carrier.get(f"/Calls/{customer}/Recordings.json"))["recordings"]
    wav = (await carrier.http.get(of_call["media_url"])).content
    with wave.open(io.BytesIO(wav)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert (np.abs(sound) > 1000).sum(axis=0).min() > 500

    # the conference's: one channel, and it is the conference's, not a call's
    (mixed,) = (await carrier.get(f"/Conferences/{meeting_room.sid}/Recordings.json"))["recordings"]
    assert (mixed["channels"], mixed["source"], mixed["call_sid"]) == (1, "Conference", None)
    assert mixed["conference_sid"] == meeting_room.sid
    (notice,) = application.to("/sound")
    assert notice.params["ConferenceSid"] == meeting_room.sid
    assert "CallSid" not in notice.params
    assert (await carrier.http.get(f"{carrier.root}/Recordings/{mixed['sid']}.wav")).content[:4] == b"RIFF"


async def test_who_waits_alone_hears_the_waiting_document_until_the_agent_comes(carrier, application):
    application.answers["/wait"] = "<Response><Say>请稍候。</Say><Pause length='2'/></Response>"
    waits = {"startConferenceOnEnter": "false", "waitUrl": f"{application.url}/wait"}
    customer = await carrier.place(Twiml=room(application, **waits))
    meeting_room = await joined(carrier, customer)
    await until(lambda: len(application.to("/wait")) >= 2, "the waiting document again and again")
    assert meeting_room.status == "init"
    agent = await carrier.place(To=AGENT, Twiml=room(application, endConferenceOnExit="true"))
    await joined(carrier, customer, agent)
    assert meeting_room.status == "in-progress"
    asked = len(application.to("/wait"))
    await asyncio.sleep(0.2)
    assert len(application.to("/wait")) == asked
    (await carrier.http.post(f"{carrier.root}/Calls/{agent}.json", data={"Status": "completed"})).raise_for_status()
    await carrier.ended(customer)


async def test_hold_mute_and_listening_in(carrier, application):
    agent, customer, meeting_room = await meeting(carrier, application)
    listener = await carrier.place(To="client:lead", Twiml=room(application, coach=agent))
    await joined(carrier, listener)
    path = f"{carrier.root}/Conferences/{meeting_room.sid}"

    async def change(who, **form):
        answer = await carrier.http.post(f"{path}/Participants/{who}.json", data=form)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def hears(speaker) -> set[str]:
        members = meeting_room.members
        return {member.call.sid for member in meeting_room.listeners(members[speaker])}

    # whoever coaches is heard by the agent alone, and hears everybody
    assert (await hears(listener), await hears(customer)) == ({agent}, {agent, listener})
    assert (await change(customer, Hold="true"))["hold"] is True
    assert (await hears(customer), await hears(agent)) == (set(), {listener})
    assert (await change(customer, Hold="false"))["hold"] is False
    assert (await change(agent, Muted="true"))["muted"] is True
    assert await hears(agent) == set()
    assert [
        p["call_sid"]
        for p in (await carrier.get(f"/Conferences/{meeting_room.sid}/Participants.json", Muted="true"))["participants"]
    ] == [agent]
    shown = await change(listener, Coaching="false", EndConferenceOnExit="true")
    assert (shown["coaching"], shown["call_sid_to_coach"], shown["end_conference_on_exit"]) == (False, None, True)
    assert await hears(listener) == {agent, customer}
    # leaving at the API's word: 204, and the conference is over since it was to end with her
    assert (await carrier.http.delete(f"{path}/Participants/{listener}.json")).status_code == 204
    for sid in (agent, customer, listener):
        await carrier.ended(sid)
    shown = await carrier.get(f"/Conferences/{meeting_room.sid}.json")
    assert shown["reason_conference_ended"] == "participant-with-end-conference-on-exit-kicked"
    assert (await carrier.get(f"/Conferences/{meeting_room.sid}/Participants.json"))["participants"] == []
    events = await told(carrier, application)
    assert [e for e in events if e.split("-")[1] in ("hold", "unhold", "mute", "modify")] == [
        "participant-hold", "participant-unhold", "participant-mute", "participant-modify"
    ]  # fmt: skip


@pytest.mark.parametrize("carrier", [{"speed": 30.0}], indirect=True)
async def test_a_participant_placed_over_the_api(carrier, application):
    form = {
        "From": "+15005550006", "To": AGENT, "Label": "agent", "StartConferenceOnEnter": "true",
        "EndConferenceOnExit": "true", "ConferenceStatusCallback": f"{application.url}/room",
        "ConferenceStatusCallbackEvent": ["start", "end", "join", "leave"],
        "StatusCallback": f"{application.url}/status", "StatusCallbackEvent": ["initiated", "answered", "completed"],
    }  # fmt: skip
    path = f"{carrier.root}/Conferences/case-18/Participants.json"
    placed = await carrier.http.post(path, data=form)
    assert placed.status_code == 201, placed.text
    agent = placed.json()
    assert (agent["status"], agent["label"], agent["queue_time"]) == ("queued", "agent", "0")
    customer = (await carrier.http.post(path, data={"From": "+15005550006", "To": CUSTOMER, "Timeout": "20"})).json()
    meeting_room = await joined(carrier, agent["call_sid"], customer["call_sid"])
    assert (await carrier.get(f"/Conferences/{meeting_room.sid}/Participants/agent.json"))["status"] == "connected"
    listed = await carrier.get("/Conferences.json", FriendlyName="case-18", Status="in-progress")
    assert [c["sid"] for c in listed["conferences"]] == [meeting_room.sid]
    # a document for one of them in the middle of it: he is out, the other stays
    answer = await carrier.http.post(
        f"{carrier.root}/Calls/{customer['call_sid']}.json", data={"Twiml": "<Response><Say>再见。</Say></Response>"}
    )
    assert answer.status_code == 200
    await carrier.ended(customer["call_sid"])
    assert list(meeting_room.members) == [agent["call_sid"]]
    ended = await carrier.http.post(f"{carrier.root}/Conferences/{meeting_room.sid}.json", data={"Status": "completed"})
    assert (ended.json()["status"], ended.json()["reason_conference_ended"]) == (
        "completed",
        "conference-ended-via-api",
    )
    await carrier.ended(agent["call_sid"])
    assert await told(carrier, application) == [
        "participant-join", "participant-join", "conference-start", "participant-leave", "participant-leave",
        "conference-end",
    ]  # fmt: skip
    assert [r.params["CallStatus"] for r in application.to("/status")] == ["initiated", "in-progress", "completed"]


@pytest.mark.parametrize(
    ("behaviour", "status", "sip"),
    [
        ("agent-declines", "busy", "603"),
        ("agent-never-answers", "no-answer", "487"),
        ("agent-hangs-up", "completed", "200"),
    ],
)
async def test_simulated_agents_who_do_not_stay(carrier, application, behaviour, status, sip):
    await carrier.put(f"/numbers/{AGENT}", {"behaviour": behaviour})
    sid = await carrier.place(
        To=AGENT, Twiml=room(application), StatusCallback=f"{application.url}/s", Timeout="10"
    )  # fmt: skip
    ended = await carrier.ended(sid)
    await carrier.quiet()
    (last,) = application.to("/s")
    assert (ended["status"], last.params["SipResponseCode"]) == (status, sip)
    if status == "completed":
        assert 15 <= int(ended["duration"]) <= 30


@pytest.mark.parametrize(
    ("callee", "result"),
    [
        ("+8618800000000", {"DialCallStatus": "completed", "DialBridged": "true"}),
        ("+8618800000001", {"DialCallStatus": "busy", "DialBridged": "false"}),
        ("+8618800000002", {"DialCallStatus": "no-answer", "DialBridged": "false"}),
        ("+8501234567", {"DialCallStatus": "failed", "DialBridged": "false"}),
    ],
)
@pytest.mark.parametrize("carrier", [{"refuse_prefixes": ("+850",)}], indirect=True)
async def test_dial_joins_two_legs_and_tells_its_action(carrier, application, callee, result):
    application.answers["/after"] = "<Response><Hangup/></Response>"
    application.answers["/whisper"] = "<Response><Say>有客户来电。</Say></Response>"
    twiml = (
        f'<Response><Dial action="{application.url}/after" timeout="5" record="record-from-answer-dual" timeLimit="30" '
        f'recordingStatusCallback="{application.url}/sound">'
        f'<Number url="{application.url}/whisper" statusCallback="{application.url}/leg" '
        f'statusCallbackEvent="ringing answered">{callee}</Number></Dial></Response>'
    )
    sid = await carrier.place(To=AGENT, Twiml=twiml)
    await carrier.ended(sid)
    await carrier.quiet()
    (after,) = application.to("/after")
    assert {name: after.params[name] for name in result} == result
    legs = (await carrier.get("/Calls.json", ParentCallSid=sid))["calls"]
    if callee.startswith("+850"):
        assert legs == []
        assert [n["error_code"] for n in (await carrier.get("/Notifications.json"))["notifications"]] == ["13227"]
        return
    (leg,) = legs
    assert (leg["direction"], leg["parent_call_sid"], leg["sid"]) == ("outbound-dial", sid, after.params["DialCallSid"])
    recorded = (await carrier.get(f"/Calls/{sid}/Recordings.json"))["recordings"]
    if result["DialBridged"] == "true":
        assert 29 <= int(after.params["DialCallDuration"]) <= 36
        assert [(r["source"], r["channels"]) for r in recorded] == [("DialVerb", 2)]
        assert [r.params["CallStatus"] for r in application.to("/leg")] == ["ringing", "in-progress"]
        assert len(application.to("/whisper")) == len(application.to("/sound")) == 1
    else:
        assert recorded == []


async def test_a_caller_who_hangs_up_while_the_agent_rings_takes_the_ringing_with_him(carrier, application):
    await carrier.put(f"/numbers/{AGENT}", {"behaviour": "agent-never-answers"})
    sid = await carrier.place(Twiml=f"<Response><Dial timeout='600'><Sip>{AGENT}</Sip></Dial></Response>")
    await until(
        lambda: any(c.to == AGENT and c.status == "ringing" for c in carrier.exchange.calls.values()), "ringing"
    )
    await control(carrier, f"{sid}/hangup")
    await carrier.ended(sid)
    (leg,) = (await carrier.get("/Calls.json", ParentCallSid=sid))["calls"]
    assert (await carrier.ended(leg["sid"]))["status"] == "canceled"


async def test_a_telephone_in_a_person_s_hand(carrier, application):
    application.answers["/voice"] = [
        '<Response><Gather input="speech dtmf" action="/voice" timeout="30" numDigits="1"><Say>您好？</Say></Gather></Response>',
        "<Response><Hangup/></Response>",
    ]
    await carrier.put("/numbers/+8613900000001", {"behaviour": "by-hand"})
    sid = await carrier.place(To="+8613900000001", Url=f"{application.url}/voice", Timeout="600")
    call = carrier.exchange.calls[sid]
    assert (await carrier.http.post(f"/control/calls/{sid}/hangup")).status_code == 400
    await until(lambda: call.status == "ringing", "ringing")
    await control(carrier, f"{sid}/answer")
    await until(lambda: len(application.to("/voice")) == 1, "the first document")
    await control(carrier, f"{sid}/say", {"text": "我很清楚"})
    assert (await carrier.ended(sid))["status"] == "completed"
    assert application.to("/voice")[1].params["SpeechResult"] == "我很清楚"
    assert (await carrier.http.post("/control/calls/CA00/hangup")).status_code == 404


async def test_conferences_are_there_again_after_a_kill(carrier, application, tmp_path):
    from telephony.carrier.app import create_app

    agent, customer, meeting_room = await meeting(carrier, application, agent={"record": "true"})
    await control(carrier, f"{agent}/say", {"text": "您好，这里是回访中心。"})
    again = create_app(carrier.exchange.config).app.state.exchange
    again.journal.open(again)
    known = again.conferences.by_sid[meeting_room.sid]
    assert (known.status, known.friendly_name, known.told_by.sid) == ("completed", "case-17", agent)
    assert [piece.text for piece in known.heard] == [piece.text for piece in meeting_room.heard]
    assert [r.source for r in known.recordings] == ["Conference"]
    await again.close()
    for sid in (agent, customer):
        carrier.exchange.calls[sid].hang_up()
        await carrier.ended(sid)
