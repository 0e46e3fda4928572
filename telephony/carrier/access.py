"""What every endpoint under /2010-04-01 does first: read the form, check who asks, find what the path names."""

import base64
import binascii
import hmac
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from telephony.carrier import orders
from telephony.carrier.errors import ApiError, not_found, unauthenticated

ROOT = "/2010-04-01/Accounts"


async def read_form(request: Request) -> orders.Form:
    body = await request.body()
    try:
        return orders.Form(parse_qs(body.decode(), keep_blank_values=True))
    except (UnicodeDecodeError, ValueError):
        raise ApiError(400, 20001, "The body is not a form in UTF-8") from None


def check_credentials(request: Request, config) -> None:
    scheme, _, coded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise unauthenticated() from None
    tokens = [token for token in (config.auth_token, config.second_token) if token]
    pairs = [(config.account_sid, token) for token in tokens] + list(config.api_keys.items())
    right = any(
        hmac.compare_digest(user.encode(), name.encode()) and hmac.compare_digest(password.encode(), secret.encode())
        for name, secret in pairs
    )
    if scheme.lower() != "basic" or not right:
        raise unauthenticated()


def signed_in(handler):
    """Basic authentication with the account's SID and token; the path must name the same account."""

    async def wrapped(request: Request) -> Response:
        exchange = request.app.state.exchange
        config = exchange.config
        check_credentials(request, config)
        if request.path_params.get("account", config.account_sid) != config.account_sid:
            raise not_found(request.url.path)
        return await handler(request, exchange)

    return wrapped


def base_url(request: Request, exchange) -> str:
    """How applications reach this carrier."""
    return (exchange.config.public_url or f"{request.url.scheme}://{request.url.netloc}").rstrip("/")


def the_call(request: Request, exchange):
    call = exchange.calls.get(request.path_params["call"])
    if call is None or call.deleted:
        raise not_found(request.url.path)
    return call
