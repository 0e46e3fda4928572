"""The REST surface under /2010-04-01 as Twilio serves it, and the control API beside it, as one ASGI application."""

import asyncio
import base64
import binascii
import contextlib
import hmac
import json
from typing import NamedTuple
from urllib.parse import parse_qs, unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import control, orders, recordings
from telephony.carrier.calls import TERMINAL, Call
from telephony.carrier.errors import ApiError, invalid, not_found, unauthenticated
from telephony.carrier.exchange import CarrierConfig, Exchange
from telephony.carrier.paging import page, within

ROOT = "/2010-04-01/Accounts"


class LostResponse(Response):
    """Says nothing for a while, then breaks the connection off in the middle of the answer."""

    def __init__(self, hold: float):
        super().__init__(status_code=201)
        self.hold = hold

    async def __call__(self, scope, receive, send) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.hold):
                while (await receive())["type"] != "http.disconnect":
                    pass
                return
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"sid": "', "more_body": True})


async def _form(request: Request) -> orders.Form:
    body = await request.body()
    try:
        return orders.Form(parse_qs(body.decode(), keep_blank_values=True))
    except (UnicodeDecodeError, ValueError):
        raise ApiError(400, 20001, "The body is not a form in UTF-8") from None


def _check_credentials(request: Request, config: CarrierConfig) -> None:
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise unauthenticated() from None
    right = hmac.compare_digest(user.encode(), config.account_sid.encode())
    right &= hmac.compare_digest(password.encode(), config.auth_token.encode())
    if scheme.lower() != "basic" or not right:
        raise unauthenticated()


def _signed_in(handler):
    """Basic authentication with the account's SID and token; the path must name the same account."""

    async def wrapped(request: Request) -> Response:
        exchange: Exchange = request.app.state.exchange
        config = exchange.config
        _check_credentials(request, config)
        if request.path_params.get("account", config.account_sid) != config.account_sid:
            raise not_found(request.url.path)
        return await handler(request, exchange)

    return wrapped


def _call(request: Request, exchange: Exchange) -> Call:
    call = exchange.calls.get(request.path_params["call"])
    if call is None or call.deleted:
        raise not_found(request.url.path)
    return call


def _recording(request: Request, exchange: Exchange, deleted: bool = False) -> recordings.Recording:
    recording = exchange.recordings.get(request.path_params["recording"])
    wanted = request.path_params.get("call")
    if recording is None or recording.deleted and not deleted or wanted and recording.call.sid != wanted:
        raise not_found(request.url.path)
    return recording


# -- the account


class Row(NamedTuple):
    sid: str
    resource: dict


def _account_resource(exchange: Exchange) -> dict:
    path = f"{ROOT}/{exchange.account_sid}"
    return {
        "sid": exchange.account_sid,
        "owner_account_sid": exchange.account_sid,
        "friendly_name": "Simulated carrier",
        "status": "active",
        "type": "Full",
        "auth_token": exchange.config.auth_token,
        "date_created": exchange.rfc2822(exchange.started),
        "date_updated": exchange.rfc2822(exchange.started),
        "uri": f"{path}.json",
        "subresource_uris": {
            name: f"{path}/{child}.json"
            for name, child in (
                ("calls", "Calls"),
                ("conferences", "Conferences"),
                ("notifications", "Notifications"),
                ("recordings", "Recordings"),
            )
        },
    }


@_signed_in
async def account(request, exchange):
    return JSONResponse(_account_resource(exchange))


@_signed_in
async def accounts(request, exchange):
    own = Row(exchange.account_sid, _account_resource(exchange))
    return JSONResponse(page(request, "accounts", [own], lambda row: row.resource))


# -- calls


@_signed_in
async def calls(request, exchange):
    if request.method == "POST":
        return await _create_call(request, exchange)
    query = request.query_params
    started, ended = within(query, "StartTime"), within(query, "EndTime")
    to, from_ = (orders.address(query[name]) if query.get(name) else None for name in ("To", "From"))
    found = [
        call
        for call in reversed(exchange.calls.values())
        if not call.deleted
        and (not query.get("To") or call.to == to)
        and (not query.get("From") or call.from_ == from_)
        and (not query.get("Status") or call.status == query["Status"])
        and (not query.get("ParentCallSid") or call.parent and call.parent.sid == query["ParentCallSid"])
        and started(call.started)
        and ended(call.ended)
    ]
    return JSONResponse(page(request, "calls", found, Call.resource))


async def _create_call(request: Request, exchange: Exchange) -> Response:
    form = await _form(request)
    config = exchange.config
    to, from_ = orders.numbers(form, config.refuse_prefixes, config.own_numbers)
    order = orders.order(form)

    def strikes(name: str) -> dict | None:
        details = exchange.faults.strikes(name, to)
        if details is not None:
            exchange.log.add("fault", None, to, fault=name)
        return details

    if (details := strikes("create-429")) is not None:
        headers = {"Retry-After": str(details["retry_after"])} if details["retry_after"] is not None else None
        raise ApiError(429, 20429, "Too Many Requests", headers)
    if strikes("create-503") is not None:
        return HTMLResponse("<html><body><h1>503 Service Unavailable</h1></body></html>", 503)
    if strikes("create-500-before") is not None:
        raise ApiError(500, 20500, "Internal Server Error")
    base = config.public_url or f"{request.url.scheme}://{request.url.netloc}"
    call = Call(exchange, exchange.new_sid("CA"), to, from_, order, base.rstrip("/"))
    answer = call.resource()
    exchange.place(call)
    if (details := strikes("create-lost-response")) is not None:
        return LostResponse(details["hold"])
    if strikes("create-500-after") is not None:
        raise ApiError(500, 20500, "Internal Server Error")
    for name in ("create-slow", "callback-before-response"):
        if (details := strikes(name)) is not None:
            await asyncio.sleep(details["seconds"])
    return JSONResponse(answer, 201)


@_signed_in
async def call(request, exchange):
    call = _call(request, exchange)
    if request.method == "DELETE":
        if call.status not in TERMINAL:
            raise ApiError(400, 20009, "Cannot delete a call that has not ended")
        call.deleted = True
        exchange.journal.status(call)
        return Response(status_code=204)
    if request.method == "POST":
        await _change_call(await _form(request), call)
    return JSONResponse(call.resource())


async def _change_call(form: orders.Form, call: Call) -> None:
    status = form.get("Status")
    if status not in (None, "", "canceled", "completed"):
        raise invalid("Status", status)
    if form.get("Url") and form.get("Twiml"):
        raise ApiError(400, 20001, "Url and Twiml exclude each other")
    source, over = orders.source(form), call.status in TERMINAL
    if source and call.status != "in-progress":
        raise ApiError(400, 21220, "Invalid call state: call is not in-progress. Cannot redirect.")
    if status == "canceled" and call.status == "in-progress":
        raise ApiError(400, 21220, "Invalid call state: a call in progress can only be completed")
    if not over:
        if form.get("StatusCallback"):
            call.order.status_callback = form.url("StatusCallback", orders.INVALID_CALLBACK)
            call.order.status_method = form.method("StatusCallbackMethod")
        if form.get("FallbackUrl"):
            call.order.fallback = orders.fallback(form)
        if form.get("TimeLimit"):
            call.limit(form.number("TimeLimit", 14400, 1, 86400))
    if source and not over:
        call.redirect(source)
    if status and not over:
        call.hang_up()
        # the answer shows the new state; the line goes dead within a turn of the event loop
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await call.over.wait()


# -- recordings


@_signed_in
async def call_recordings(request, exchange):
    call = _call(request, exchange)
    if request.method == "POST":
        form = await _form(request)
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
    return _list_recordings(request, reversed(call.recordings), recordings.call_resource)


def _list_recordings(request: Request, newest_first, resource) -> Response:
    query = request.query_params
    created = within(query, "DateCreated")
    deleted = query.get("IncludeSoftDeleted", "").lower() == "true"
    found = [
        recording
        for recording in newest_first
        if created(recording.started)
        and (deleted or not recording.deleted)
        and (not query.get("CallSid") or recording.call.sid == query["CallSid"])
        and not query.get("ConferenceSid")
    ]
    return JSONResponse(page(request, "recordings", found, resource))


@_signed_in
async def all_recordings(request, exchange):
    return _list_recordings(request, reversed(exchange.recordings.values()), recordings.resource)


@_signed_in
async def call_recording(request, exchange):
    if request.method == "POST" and request.path_params["recording"] == "Twilio.CURRENT":
        live = [recording for recording in _call(request, exchange).recordings if recording.live]
        if not live:
            raise not_found(request.url.path)
        recording = live[0]
    else:
        recording = _recording(request, exchange)
    if request.method == "DELETE":
        return _delete_recording(recording, exchange)
    if request.method == "POST":
        form = await _form(request)
        status = form.choice("Status", "", "paused", "in-progress", "stopped")
        if not recording.live:
            raise ApiError(400, 16114, "The recording is not in a state that accepts this action")
        now = recording.call.line()
        recording.updated = exchange.clock.now()
        if status == "stopped":
            recordings.stop(recording)
        elif status == "paused":
            if form.choice("PauseBehavior", "silence", "skip", "silence") == "skip":
                recording.close(now)
            else:
                recording.open(now, muted=True)
            recording.status = "paused"
        else:
            recording.open(now)
            recording.status = "in-progress"
        exchange.journal.recording(recording)
    return JSONResponse(recordings.call_resource(recording))


def _delete_recording(recording: recordings.Recording, exchange: Exchange) -> Response:
    if recording.status != "completed":
        raise ApiError(400, 20009, "Only completed recordings can be deleted")
    recording.deleted = True
    exchange.journal.recording(recording)
    recording.call.forget_sounds()
    exchange.log.add("recording", recording.call.sid, recording.call.to, recording_sid=recording.sid, status="deleted")
    return Response(status_code=204)


@_signed_in
async def recording(request, exchange):
    if request.method == "DELETE":
        return _delete_recording(_recording(request, exchange), exchange)
    if request.state.json:
        deleted = request.query_params.get("IncludeSoftDeleted", "").lower() == "true"
        return JSONResponse(recordings.resource(_recording(request, exchange, deleted)))
    return await _media(request, exchange, "wav")


@_signed_in
async def wav(request, exchange):
    return await _media(request, exchange, "wav")


@_signed_in
async def mp3(request, exchange):
    return await _media(request, exchange, "mp3")


async def _media(request: Request, exchange: Exchange, kind: str) -> Response:
    recording = _recording(request, exchange)
    if recording.status != "completed":
        raise not_found(request.url.path)
    if exchange.faults.strikes("media-404", recording.call.to) is not None:
        exchange.log.add("fault", recording.call.sid, recording.call.to, fault="media-404")
        raise not_found(request.url.path)
    wanted = request.query_params.get("RequestedChannels")
    if wanted not in (None, "1", "2"):
        raise invalid("RequestedChannels", wanted)
    channels = int(wanted or recording.channels)
    if channels > recording.channels:
        raise ApiError(400, 20001, "This recording has no two channels: ask for RequestedChannels=1")
    body = await asyncio.to_thread(recordings.media, recording, kind, channels, exchange.voices)
    exchange.log.add(
        "media", recording.call.sid, recording.call.to, recording_sid=recording.sid, kind=kind, bytes=len(body)
    )
    return Response(body, media_type="audio/mpeg" if kind == "mp3" else "audio/x-wav")


# -- notifications, events, conferences


def _notification_resource(exchange: Exchange, notification, whole: bool = False) -> dict:
    path = f"{ROOT}/{exchange.account_sid}"
    at = exchange.rfc2822(notification.at)
    resource = {
        "account_sid": exchange.account_sid,
        "api_version": "2010-04-01",
        "call_sid": notification.call_sid,
        "date_created": at,
        "date_updated": at,
        "error_code": str(notification.error_code),
        "log": str(notification.level),
        "message_date": at,
        "message_text": notification.message,
        "more_info": f"https://www.twilio.com/docs/errors/{notification.error_code}",
        "request_method": notification.request_method,
        "request_url": notification.request_url,
        "sid": notification.sid,
        "uri": f"{path}/Notifications/{notification.sid}.json",
    }
    if whole:
        resource |= {"request_variables": "", "response_body": notification.response_body, "response_headers": ""}
    return resource


def _list_notifications(request: Request, exchange: Exchange, call_sid: str | None) -> Response:
    query = request.query_params
    dated = within(query, "MessageDate")
    found = [
        notification
        for notification in reversed(exchange.notifications.values())
        if call_sid in (None, notification.call_sid)
        and (not query.get("Log") or str(notification.level) == query["Log"])
        and dated(notification.at)
    ]
    return JSONResponse(page(request, "notifications", found, lambda n: _notification_resource(exchange, n)))


@_signed_in
async def notifications(request, exchange):
    return _list_notifications(request, exchange, None)


@_signed_in
async def call_notifications(request, exchange):
    return _list_notifications(request, exchange, _call(request, exchange).sid)


@_signed_in
async def notification(request, exchange):
    found = exchange.notifications.get(request.path_params["notification"])
    wanted = request.path_params.get("call")
    if found is None or wanted and found.call_sid != wanted:
        raise not_found(request.url.path)
    return JSONResponse(_notification_resource(exchange, found, whole=True))


@_signed_in
async def call_events(request, exchange):
    """What was requested of the application for this call, newest first, as far as the log reaches back."""
    call = _call(request, exchange)
    asked = [event for event in exchange.log.read(call.sid)["events"] if "url" in event and "http" in event]
    events = [
        Row(
            f"EV{event['seq']}",
            {
                "request": {"method": event["method"], "url": event["url"]},
                "response": {
                    "response_code": event["http"],
                    "request_duration": event["ms"],
                    "date_created": event["at"],
                },
            },
        )
        for event in reversed(asked)
    ]
    return JSONResponse(page(request, "events", events, lambda row: row.resource))


@_signed_in
async def add_on_results(request, exchange):
    _recording(request, exchange)
    return JSONResponse(page(request, "add_on_results", [], dict))


@_signed_in
async def transcriptions(request, exchange):
    _recording(request, exchange)
    return JSONResponse(page(request, "transcriptions", [], dict))


@_signed_in
async def conferences(request, exchange):
    # <Dial> and with it conferences are not carried out yet: there are never any
    return JSONResponse(page(request, "conferences", [], dict))


@_signed_in
async def conference(request, exchange):
    raise not_found(request.url.path)


# -- the application


class JsonSuffix:
    """Takes `.json` off the path, as Twilio's paths go with and without; `state.json` says whether it was there."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(ROOT):
            path = unquote(scope["path"])
            has = path.endswith(".json")
            scope = {**scope, "path": path.removesuffix(".json"), "state": {**scope.get("state", {}), "json": has}}
        await self.app(scope, receive, send)


async def _api_error(request: Request, error: ApiError) -> Response:
    return error.response()


async def _http_error(request: Request, error: HTTPException) -> Response:
    if request.url.path.startswith(ROOT):
        # what exists here is no stranger's business
        try:
            _check_credentials(request, request.app.state.exchange.config)
        except ApiError as refused:
            return refused.response()
    if error.status_code == 405:
        return ApiError(405, 20004, "Method not allowed", error.headers).response()
    return not_found(request.url.path).response()


async def _unexpected(request: Request, error: Exception) -> Response:
    return ApiError(500, 20500, "Internal Server Error").response()


_A, _C, _R = ROOT + "/{account}", "/Calls/{call}", "/Recordings/{recording}"
ROUTES = [
    Route(ROOT, accounts),
    Route(_A, account),
    Route(_A + "/Calls", calls, methods=["GET", "POST"]),
    Route(_A + _C, call, methods=["GET", "POST", "DELETE"]),
    Route(_A + _C + "/Recordings", call_recordings, methods=["GET", "POST"]),
    Route(_A + _C + _R, call_recording, methods=["GET", "POST", "DELETE"]),
    Route(_A + _C + "/Notifications", call_notifications),
    Route(_A + _C + "/Notifications/{notification}", notification),
    Route(_A + _C + "/Events", call_events),
    Route(_A + "/Recordings", all_recordings),
    Route(_A + "/Recordings/{recording}.wav", wav),
    Route(_A + "/Recordings/{recording}.mp3", mp3),
    Route(_A + _R, recording, methods=["GET", "DELETE"]),
    Route(_A + _R + "/AddOnResults", add_on_results),
    Route(_A + _R + "/Transcriptions", transcriptions),
    Route(_A + "/Notifications", notifications),
    Route(_A + "/Notifications/{notification}", notification),
    Route(_A + "/Conferences", conferences),
    Route(_A + "/Conferences/{conference}", conference, methods=["GET", "POST"]),
    Route(_A + "/Conferences/{conference}/{child:path}", conference, methods=["GET", "POST", "DELETE"]),
]


def create_app(config: CarrierConfig | None = None) -> JsonSuffix:
    """The carrier as an ASGI application. Its state (`.app.state.exchange`) lives as long as the object; with
    `config.state`, what the journal keeps of it is there again in the next one."""
    exchange = Exchange(config or CarrierConfig())

    @contextlib.asynccontextmanager
    async def lifespan(app):
        exchange.journal.open(exchange)
        yield
        await exchange.close()

    app = Starlette(
        routes=ROUTES + control.ROUTES,
        lifespan=lifespan,
        exception_handlers={ApiError: _api_error, HTTPException: _http_error, Exception: _unexpected},
    )
    app.state.exchange = exchange
    return JsonSuffix(app)


def load_faults(text: str) -> list[dict]:
    """The rows of a fault file: a JSON list, or an object with `faults`. Raises ValueError."""
    rows = json.loads(text)
    rows = rows.get("faults") if isinstance(rows, dict) else rows
    if not isinstance(rows, list):
        raise ValueError("a list of faults")
    return rows
