"""The REST surface under /2010-04-01 as Twilio serves it, and the control API beside it, as one ASGI application."""

import contextlib
import json
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import calls_api, conference_api, control, recordings_api
from telephony.carrier.access import ROOT, check_credentials, signed_in, the_call
from telephony.carrier.errors import ApiError, not_found
from telephony.carrier.exchange import CarrierConfig, Exchange
from telephony.carrier.paging import Row, page, within

# -- the account


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


@signed_in
async def account(request, exchange):
    return JSONResponse(_account_resource(exchange))


@signed_in
async def accounts(request, exchange):
    own = Row(exchange.account_sid, _account_resource(exchange))
    return JSONResponse(page(request, "accounts", [own], lambda row: row.resource))


# -- notifications


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


@signed_in
async def notifications(request, exchange):
    return _list_notifications(request, exchange, None)


@signed_in
async def call_notifications(request, exchange):
    return _list_notifications(request, exchange, the_call(request, exchange).sid)


@signed_in
async def notification(request, exchange):
    found = exchange.notifications.get(request.path_params["notification"])
    wanted = request.path_params.get("call")
    if found is None or wanted and found.call_sid != wanted:
        raise not_found(request.url.path)
    return JSONResponse(_notification_resource(exchange, found, whole=True))


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
            check_credentials(request, request.app.state.exchange.config)
        except ApiError as refused:
            return refused.response()
    if error.status_code == 405:
        return ApiError(405, 20004, "Method not allowed", error.headers).response()
    return not_found(request.url.path).response()


async def _unexpected(request: Request, error: Exception) -> Response:
    return ApiError(500, 20500, "Internal Server Error").response()


_A = ROOT + "/{account}"
ROUTES = [
    Route(ROOT, accounts),
    Route(_A, account),
    Route(_A + "/Calls/{call}/Notifications", call_notifications),
    Route(_A + "/Calls/{call}/Notifications/{notification}", notification),
    Route(_A + "/Notifications", notifications),
    Route(_A + "/Notifications/{notification}", notification),
    *calls_api.ROUTES,
    *recordings_api.ROUTES,
    *conference_api.ROUTES,
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
