"""Recordings over REST: starting, pausing, stopping, listing, deleting them, and their media."""

import asyncio
import math

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import orders, recordings
from telephony.carrier.access import ROOT, read_form, signed_in, the_call
from telephony.carrier.errors import ApiError, invalid, not_found, unauthenticated
from telephony.carrier.paging import page, within


def _recording(request: Request, exchange, deleted: bool = False) -> recordings.Recording:
    recording = exchange.recordings.get(request.path_params["recording"])
    if recording is None or recording.deleted and not deleted:
        raise not_found(request.url.path)
    return recording


@signed_in
async def call_recordings(request, exchange):
    call = the_call(request, exchange)
    if request.method == "POST":
        form = await read_form(request)
        if call.status != "in-progress":
            raise ApiError(400, 21220, "Invalid call state: call is not in-progress. Cannot record.")
        recording = recordings.start(
            call,
            "StartCallRecordingAPI",
            2 if form.choice("RecordingChannels", "mono", "mono", "dual") == "dual" else 1,
            track=form.choice("RecordingTrack", "both", "both", "inbound", "outbound"),
            trim=form.choice("Trim", "do-not-trim", "trim-silence", "do-not-trim") == "trim-silence",
            callback=form.url("RecordingStatusCallback", orders.INVALID_CALLBACK),
            callback_method=form.method("RecordingStatusCallbackMethod"),
            callback_events=form.events("RecordingStatusCallbackEvent", ("in-progress", "completed", "absent")),
        )
        return JSONResponse(recordings.call_resource(recording), 201)
    return list_recordings(request, reversed(call.recordings), recordings.call_resource)


def list_recordings(request: Request, newest_first, resource) -> Response:
    """Those that match the query."""
    query = request.query_params
    created = within(query, "DateCreated")
    deleted = query.get("IncludeSoftDeleted", "").lower() == "true"
    found = [
        recording
        for recording in newest_first
        if created(recording.started)
        and (deleted or not recording.deleted)
        and (not query.get("CallSid") or recording.call.sid == query["CallSid"])
        and (not query.get("ConferenceSid") or recording.call.sid == query["ConferenceSid"])
    ]
    return JSONResponse(page(request, "recordings", found, resource))


@signed_in
async def all_recordings(request, exchange):
    return list_recordings(request, reversed(exchange.recordings.values()), recordings.resource)


@signed_in
async def call_recording(request, exchange):
    return await one_recording(request, exchange, the_call(request, exchange), recordings.call_resource)


async def one_recording(request: Request, exchange, owner, resource) -> Response:
    """Fetch, delete or control (POST with Status) a recording of a call or a conference."""
    if request.method == "POST" and request.path_params["recording"] == "Twilio.CURRENT":
        live = [recording for recording in owner.recordings if recording.live]
        if not live:
            raise not_found(request.url.path)
        recording = live[0]
    else:
        recording = exchange.recordings.get(request.path_params["recording"])
        if recording is None or recording.deleted or recording.call is not owner:
            raise not_found(request.url.path)
    if request.method == "DELETE":
        return _delete_recording(recording, exchange)
    if request.method == "POST":
        form = await read_form(request)
        status = form.choice("Status", "", "paused", "in-progress", "stopped")
        behaviour = form.choice("PauseBehavior", "silence", "skip", "silence")
        if not recording.live:
            raise ApiError(400, 16114, "The recording is not in a state that accepts this action")
        recordings.control(recording, status, behaviour)
    return JSONResponse(resource(recording))


def _delete_recording(recording: recordings.Recording, exchange) -> Response:
    if recording.status != "completed" or exchange.trouble("delete-refused", recording.call):
        raise ApiError(400, 20009, "Only completed recordings can be deleted")
    recording.deleted = True
    exchange.journal.recording(recording)
    recording.call.forget_sounds()
    exchange.log.add("recording", recording.call.sid, recording.call.to, recording_sid=recording.sid, status="deleted")
    return Response(status_code=204)


@signed_in
async def recording(request, exchange):
    if request.method == "DELETE":
        return _delete_recording(_recording(request, exchange), exchange)
    if request.state.json:
        deleted = request.query_params.get("IncludeSoftDeleted", "").lower() == "true"
        return JSONResponse(recordings.resource(_recording(request, exchange, deleted)))
    return await _media(request, exchange, "wav")


@signed_in
async def wav(request, exchange):
    return await _media(request, exchange, "wav")


@signed_in
async def mp3(request, exchange):
    return await _media(request, exchange, "mp3")


_DAMAGED = {
    "truncated": lambda body, kind: (body[: len(body) // 2], kind),
    "empty": lambda body, kind: (b"", kind),
    "page": lambda body, kind: (b"<html><body>Service Unavailable</body></html>", "html"),
}


def _away(exchange, recording: recordings.Recording) -> float | None:
    """For how many simulated seconds after its completion the media cannot be had yet."""
    fault = exchange.trouble("media-404", recording.call)
    if fault is None:
        return None
    return math.inf if fault["seconds"] is None else fault["seconds"]


async def _media(request: Request, exchange, kind: str) -> Response:
    recording = _recording(request, exchange)
    if recording.status != "completed":
        raise not_found(request.url.path)
    if exchange.trouble("media-401", recording.call):
        raise unauthenticated()
    if (away := _away(exchange, recording)) and exchange.clock.now() - recording.updated < away:
        raise not_found(request.url.path)
    wanted = request.query_params.get("RequestedChannels")
    if wanted not in (None, "1", "2"):
        raise invalid("RequestedChannels", wanted)
    channels = int(wanted or recording.channels)
    if channels > recording.channels or channels == 2 and exchange.trouble("media-mono", recording.call):
        raise ApiError(400, 20001, "This recording has no two channels: ask for RequestedChannels=1")
    body = await asyncio.to_thread(recordings.media, recording, kind, channels, exchange.voices)
    if damage := exchange.trouble("media-damaged", recording.call):
        body, kind = _DAMAGED[damage["form"]](body, kind)
        if kind == "html":
            return Response(body, media_type="text/html")
    exchange.log.add(
        "media", recording.call.sid, recording.call.to, recording_sid=recording.sid, kind=kind, bytes=len(body)
    )
    return Response(body, media_type="audio/mpeg" if kind == "mp3" else "audio/x-wav")


@signed_in
async def add_on_results(request, exchange):
    _recording(request, exchange)
    return JSONResponse(page(request, "add_on_results", [], dict))


@signed_in
async def transcriptions(request, exchange):
    _recording(request, exchange)
    return JSONResponse(page(request, "transcriptions", [], dict))


_A = ROOT + "/{account}"
_C, _R = _A + "/Calls/{call}/Recordings", _A + "/Recordings"
ROUTES = [
    Route(_C, call_recordings, methods=["GET", "POST"]),
    Route(_C + "/{recording}", call_recording, methods=["GET", "POST", "DELETE"]),
    Route(_R, all_recordings),
    Route(_R + "/{recording}.wav", wav),
    Route(_R + "/{recording}.mp3", mp3),
    Route(_R + "/{recording}", recording, methods=["GET", "DELETE"]),
    Route(_R + "/{recording}/AddOnResults", add_on_results),
    Route(_R + "/{recording}/Transcriptions", transcriptions),
]
