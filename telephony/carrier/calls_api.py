"""Calls over REST: placing, listing, changing, ending them, and what the carrier has asked of the application for them."""

import asyncio
import contextlib

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import orders
from telephony.carrier.access import ROOT, base_url, read_form, signed_in, the_call
from telephony.carrier.call_resource import resource_of
from telephony.carrier.calls import TERMINAL, Call
from telephony.carrier.errors import ApiError, invalid, unauthenticated
from telephony.carrier.paging import Row, page, within


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


@signed_in
async def calls(request, exchange):
    if request.method == "POST":
        return await _create_call(request, exchange)
    if exchange.trouble("list-429", None, number=request.query_params.get("To")):
        raise ApiError(429, 20429, "Too Many Requests")
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
    return JSONResponse(page(request, "calls", found, resource_of))


async def _create_call(request: Request, exchange) -> Response:
    form = await read_form(request)
    config = exchange.config
    to, from_ = orders.numbers(form, config.refuse_prefixes, config.own_numbers)
    order = orders.order(form)

    def ordered(name: str) -> dict | None:
        return exchange.trouble(name, None, number=to)

    if ordered("create-401"):
        raise unauthenticated()
    if (details := ordered("create-429")) is not None:
        headers = {"Retry-After": str(details["retry_after"])} if details["retry_after"] is not None else None
        raise ApiError(429, 20429, "Too Many Requests", headers)
    if ordered("create-503"):
        return HTMLResponse("<html><body><h1>503 Service Unavailable</h1></body></html>", 503)
    if ordered("create-reset"):
        return LostResponse(0.0)
    if ordered("create-500-before"):
        raise ApiError(500, 20500, "Internal Server Error")
    if details := ordered("create-refused"):
        raise ApiError(400, details["code"], orders.refusal(details["code"], to))
    if ordered("create-problem-json"):
        return JSONResponse(
            {
                "type": "https://www.twilio.com/docs/api/errors/21215",
                "title": "Geo permission",
                "status": 400,
                "detail": f"Account not authorized to call {to}",
                "code": 21215,
            },
            400,
            media_type="application/problem+json",
        )
    exchange.admit(to)
    call = Call(exchange, exchange.new_sid("CA"), to, from_, order, base_url(request, exchange))
    answer = resource_of(call)
    exchange.place(call)
    if (details := ordered("create-lost-response")) is not None:
        return LostResponse(details["hold"])
    if ordered("create-500-after"):
        raise ApiError(500, 20500, "Internal Server Error")
    for name in ("create-slow", "callback-before-response"):
        if (details := ordered(name)) is not None:
            await asyncio.sleep(details["seconds"])
    return JSONResponse(answer, 201)


@signed_in
async def call(request, exchange):
    call = the_call(request, exchange)
    if request.method == "DELETE":
        if call.status not in TERMINAL:
            raise ApiError(400, 20009, "Cannot delete a call that has not ended")
        call.deleted = True
        exchange.journal.status(call)
        return Response(status_code=204)
    if request.method == "POST":
        await _change_call(await read_form(request), call)
    return JSONResponse(resource_of(call) if request.method == "POST" else call.shown())


async def _change_call(form: orders.Form, call: Call) -> None:
    status = form.get("Status")
    if status not in (None, "", "canceled", "completed"):
        raise invalid("Status", status)
    if form.get("Url") and form.get("Twiml"):
        raise ApiError(400, 20001, "Url and Twiml exclude each other")
    if call.status not in TERMINAL and call.exchange.trouble("update-too-late", call):
        call.callee_leaves()
        await call.over.wait()
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


@signed_in
async def call_events(request, exchange):
    """What was requested of the application for this call, newest first, as far as the log reaches back."""
    call = the_call(request, exchange)
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


_C = ROOT + "/{account}/Calls"
ROUTES = [
    Route(_C, calls, methods=["GET", "POST"]),
    Route(_C + "/{call}", call, methods=["GET", "POST", "DELETE"]),
    Route(_C + "/{call}/Events", call_events),
]
