import asyncio
import io
import time

import numpy as np
import pytest
import soundfile
from pydub import AudioSegment

from telephony.carrier import sound

TALK = """<Response><Say>您好，请问您是张三先生本人吗？</Say>
<Gather input="speech" speechTimeout="auto" action="{}/x"><Say>您清楚保险责任吗？</Say></Gather></Response>"""


async def recorded(carrier, application, **form) -> tuple[dict, dict]:
    """A call recorded from its start: (call, recording)."""
    application.answers["/voice"] = TALK.format(application.url)
    application.answers["/x"] = "<Response><Say>谢谢，再见。</Say></Response>"
    form = {"Record": "true", "RecordingChannels": "dual"} | form
    sid = await carrier.place(Url=f"{application.url}/voice", **form)
    call = await carrier.ended(sid)
    await carrier.quiet()
    return call, (await carrier.get(f"/Calls/{sid}/Recordings.json"))["recordings"][0]


async def media(carrier, recording, ending="", **query):
    return await carrier.http.get(recording["media_url"] + ending, params=query)


def loud(samples) -> list[bool]:
    return [bool(np.abs(channel).max() > 3000) for channel in samples.T]


async def test_a_dual_recording_is_as_long_as_it_says_and_neither_side_is_silent(carrier, application):
    call, recording = await recorded(carrier, application, RecordingStatusCallback=f"{application.url}/rec")
    assert (recording["status"], recording["channels"], recording["source"]) == ("completed", 2, "OutboundAPI")
    # whole seconds, each rounded by itself: the recording begins a moment after the call
    assert 0 <= int(call["duration"]) - int(recording["duration"]) <= 1
    assert recording["media_url"].startswith(f"{carrier.url}/2010-04-01/")
    assert recording["uri"].startswith("/2010-04-01/")
    answer = await media(carrier, recording)
    assert answer.headers["content-type"] == "audio/x-wav"
    samples, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert (rate, samples.shape[1]) == (8000, 2)
    assert abs(len(samples) / rate - int(recording["duration"])) <= 0.6
    assert loud(samples) == [True, True]
    heard = AudioSegment.from_file(io.BytesIO(answer.content), format="wav")
    assert (heard.channels, heard.sample_width, heard.frame_rate) == (2, 2, 8000)
    # the first channel is the callee's: it speaks where the callee was heard, the second is quiet there
    own = carrier.exchange.calls[call["sid"]].heard
    begin = carrier.exchange.recordings[recording["sid"]].spans[0][0]
    reply = next(piece for piece in own if piece.text == "清楚")
    part = samples[round((reply.start - begin) * 8000) : round((reply.end - begin) * 8000)]
    assert loud(part) == [True, False]
    (told,) = application.to("/rec")
    assert told.signed
    assert told.params["RecordingSid"] == recording["sid"]
    assert told.params["RecordingUrl"] == recording["media_url"]
    assert told.params["RecordingDuration"] == recording["duration"]
    assert (told.params["RecordingStatus"], told.params["RecordingChannels"]) == ("completed", "2")
    assert (await media(carrier, recording, ".wav")).content == answer.content


async def test_mp3_and_one_channel(carrier, application):
    _, recording = await recorded(carrier, application)
    answer = await media(carrier, recording, ".mp3")
    assert answer.headers["content-type"] == "audio/mpeg"
    samples, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert samples.shape[1] == 2
    assert abs(len(samples) / rate - int(recording["duration"])) < 1
    assert abs(8 * len(answer.content) / (len(samples) / rate) - 32_000) < 2_000
    mono, _ = soundfile.read(io.BytesIO((await media(carrier, recording, RequestedChannels=1)).content), always_2d=True)
    assert mono.shape[1] == 1


async def test_two_channels_of_a_mono_recording_are_refused(carrier, application):
    _, recording = await recorded(carrier, application, RecordingChannels="mono")
    assert (await media(carrier, recording, RequestedChannels=2)).status_code == 400
    assert (await media(carrier, recording, RequestedChannels=1)).status_code == 200


async def test_all_statuses_asked_for_are_told_and_the_completed_callback_names_the_recording(carrier, application):
    call, recording = await recorded(
        carrier, application, RecordingStatusCallback=f"{application.url}/rec",
        RecordingStatusCallbackEvent="in-progress completed absent", StatusCallback=f"{application.url}/status",
    )  # fmt: skip
    assert [request.params["RecordingStatus"] for request in application.to("/rec")] == ["in-progress", "completed"]
    (told,) = application.to("/status")
    assert (told.params["RecordingSid"], told.params["RecordingUrl"]) == (recording["sid"], recording["media_url"])


async def test_deletion_only_of_what_is_completed_and_softly(carrier, application):
    application.answers["/voice"] = "<Response><Say>您好。</Say><Pause length='3000'/></Response>"
    sid = await carrier.place(Url=f"{application.url}/voice", Record="true")
    while carrier.exchange.calls[sid].status != "in-progress":
        await asyncio.sleep(0.01)
    recording = (await carrier.get("/Recordings.json"))["recordings"][0]
    path = f"{carrier.root}/Recordings/{recording['sid']}"
    assert (await carrier.http.delete(path + ".json")).status_code == 400
    assert (await carrier.http.get(recording["media_url"])).status_code == 404
    await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Status": "completed"})
    await carrier.quiet()
    deleted = await carrier.http.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    for gone in (path, path + ".json", path + ".wav"):
        assert (await carrier.http.get(gone)).status_code == 404
    assert (await carrier.get("/Recordings.json"))["recordings"] == []
    kept = (await carrier.get("/Recordings.json", IncludeSoftDeleted="true"))["recordings"]
    assert [recording["status"] for recording in kept] == ["deleted"]


async def test_a_recording_started_paused_and_stopped_over_the_api(carrier, application):
    application.answers["/voice"] = f"<Response><Say loop='0'>{'您好，' * 40}</Say></Response>"
    sid = await carrier.place(Url=f"{application.url}/voice")
    path = f"{carrier.root}/Calls/{sid}/Recordings"
    assert (await carrier.http.post(path + ".json")).json()["code"] == 21220
    while carrier.exchange.calls[sid].status != "in-progress":
        await asyncio.sleep(0.01)
    started = (await carrier.http.post(path + ".json", data={"RecordingChannels": "dual"})).json()
    assert (started["source"], started["status"]) == ("StartCallRecordingAPI", "in-progress")
    one = f"{path}/{started['sid']}.json"
    clock = carrier.exchange.clock

    async def change(status, **more):
        await clock.sleep(20)
        return (await carrier.http.post(one, data={"Status": status} | more)).json()

    assert (await change("paused", PauseBehavior="skip"))["status"] == "paused"
    assert (await change("in-progress"))["status"] == "in-progress"
    assert (await change("stopped"))["status"] in ("processing", "completed")
    assert (await carrier.http.post(one, data={"Status": "paused"})).json()["code"] == 16114
    await carrier.http.post(f"{carrier.root}/Calls/{sid}.json", data={"Status": "completed"})
    await carrier.quiet()
    recording = (await carrier.get(f"/Calls/{sid}/Recordings.json"))["recordings"][0]
    assert 38 <= int(recording["duration"]) <= 50
    samples, _ = soundfile.read(io.BytesIO((await media(carrier, recording)).content), dtype="int16")
    assert abs(len(samples) / 8000 - int(recording["duration"])) <= 0.6


async def test_media_needs_the_accounts_credentials(carrier, application):
    _, recording = await recorded(carrier, application)
    assert (await carrier.http.get(recording["media_url"], auth=("x", "y"))).status_code == 401


@pytest.mark.parametrize("speaks", [True, False])
def test_phrases_are_as_long_as_told_and_not_silent_with_and_without_a_synthesiser(tmp_path, speaks):
    voices = sound.Voices(tmp_path)
    assert voices.espeak, "install the package espeak-ng: the carrier's customers speak with it"
    if not speaks:
        voices.espeak = None
    for text in ("清楚。", "您好，请问您是张三先生本人吗？是请按1，不是请按2。", "WELCOME to the line"):
        seconds = sound.speech_seconds(text)
        spoken = voices.say(text, "carrier", seconds)
        assert len(spoken) == round(seconds * sound.RATE)
        assert np.sqrt(np.mean(spoken.astype(float) ** 2)) > 500


def test_a_four_minute_dual_call_costs_well_under_a_second_with_known_phrases(tmp_path):
    voices = sound.Voices(tmp_path)
    heard, now = [], 0.0
    while now < 238:
        for side, text in (("carrier", f"您清楚第{len(heard) % 10}项保险责任吗？"), ("callee", "嗯，清楚的。")):
            length = sound.speech_seconds(text)
            heard.append(sound.Heard(now, now + length, side, "speech", text, length))
            now += length
    sound.as_wav(sound.render(heard, [(0.0, 240.0, False)], ["callee", "carrier"], voices))
    began = time.process_time()
    wav = sound.as_wav(sound.render(heard, [(0.0, 240.0, False)], ["callee", "carrier"], voices))
    assert time.process_time() - began < 0.5
    assert len(wav) == 44 + 240 * 8000 * 2 * 2
