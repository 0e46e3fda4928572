"""The control API beside Twilio's: the clock, the callees, the faults, and the log of what happened. No sign-in."""

import re
from datetime import UTC, datetime
from importlib.resources import files

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import customers, orders, steering
from telephony.carrier.calls import TERMINAL
from telephony.carrier.control_answers import Wrong, answered, json_body
from telephony.carrier.numbers import names as numbers_known


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError) as error:
        raise Wrong(f"{text!r} is not an ISO 8601 instant") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _clock(exchange) -> dict:
    return {"now": exchange.clock.instant().isoformat(timespec="milliseconds"), "speed": exchange.clock.speed}


@answered
async def clock(request, exchange):
    if request.method == "PUT":
        wanted = await json_body(request)
        if not isinstance(wanted, dict) or set(wanted) - {"now", "speed", "advance"}:
            raise Wrong("a clock takes now, speed and advance")
        speed = wanted.get("speed")
        if isinstance(speed, bool) or not isinstance(speed, int | float | None):
            raise Wrong("speed is a number")
        exchange.clock.set(_instant(wanted["now"]) if "now" in wanted else None, speed)
        if (seconds := wanted.get("advance")) is not None:
            await exchange.advance(_number("advance", seconds))
        exchange.journal.clock(exchange)
    return JSONResponse(_clock(exchange))


def _number(name: str, value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise Wrong(f"{name} is a number, 0 or more")
    return value


def _as_dialled(number: str) -> str:
    """The same form in which a call's To is kept; what cannot be dialled stays as it is."""
    return orders.address(number) or number


def _asked_for(which: str) -> str:
    return which if which.startswith(("sip:", "sips:", "client:")) else _as_dialled("+" + which.lstrip(" +"))


def _put(exchange, number: str, wanted) -> None:
    if not isinstance(wanted, dict) or set(wanted) - {"behaviour", "facts", "callee_seed"}:
        raise Wrong(f"{number}: a number takes behaviour, facts and callee_seed")
    number = _as_dialled(number)
    exchange.numbers.put(number, **wanted)
    exchange.journal.note("number", number=number, **wanted)


@answered
async def numbers(request, exchange):
    if request.method == "DELETE":
        exchange.numbers.forget()
        exchange.journal.note("forget", number=None)
        return Response(status_code=204)
    if request.method == "PUT":
        wanted = await json_body(request)
        if not isinstance(wanted, dict):
            raise Wrong("an object of numbers")
        for number, entry in wanted.items():
            _put(exchange, number, entry)
        return JSONResponse({"numbers": len(wanted)})
    return JSONResponse({"numbers": {number: exchange.numbers.describe(number) for number in exchange.numbers.entries}})


@answered
async def number(request, exchange):
    which = _as_dialled(request.path_params["number"])
    if request.method == "DELETE":
        exchange.numbers.forget(which)
        exchange.journal.note("forget", number=which)
        return Response(status_code=204)
    if request.method == "PUT":
        _put(exchange, which, await json_body(request))
    return JSONResponse(exchange.numbers.describe(which))


@answered
async def log(request, exchange):
    if request.method == "DELETE":
        exchange.log.clear()
        return Response(status_code=204)
    query = request.query_params
    since = query.get("since", "0")
    # a + in a query string means a space: numbers and instants arrive so when nobody escaped them
    which = query.get("number")
    return JSONResponse(
        exchange.log.read(
            query.get("call") or query.get("call_sid"),
            _asked_for(which) if which else None,
            int(since) if since.isdecimal() else _instant(since.replace(" ", "+")),
            query.get("event"),
        )
    )


@answered
async def characters(request, exchange):
    return JSONResponse({"characters": customers.describe()})


@answered
async def faults(request, exchange):
    if request.method in ("PUT", "POST"):
        wanted = await json_body(request)
        rows = wanted.get("faults") if isinstance(wanted, dict) else wanted
        if not isinstance(rows, list):
            raise Wrong("a list of faults")
        (exchange.faults.add if request.method == "POST" else exchange.faults.replace)(rows)
    return JSONResponse(exchange.faults.describe())


@answered
async def limits(request, exchange):
    """The queue, what may be at once, and prefixes that are refused with 21215; each key optional, null lifts it."""
    if request.method == "PUT":
        wanted = await json_body(request)
        if not isinstance(wanted, dict) or set(wanted) - {"calls_per_second", "concurrent_calls", "refuse_prefixes"}:
            raise Wrong("limits are calls_per_second, concurrent_calls and refuse_prefixes")
        for name in ("calls_per_second", "concurrent_calls"):
            if name in wanted:
                setattr(exchange.queue, name, None if wanted[name] is None else _number(name, wanted[name]))
        if "refuse_prefixes" in wanted:
            prefixes = wanted["refuse_prefixes"] or []
            if not isinstance(prefixes, list) or not all(
                re.fullmatch(r"\+\d{1,14}", str(prefix)) for prefix in prefixes
            ):
                raise Wrong('refuse_prefixes is a list such as ["+850"]')
            exchange.config.refuse_prefixes = tuple(prefixes)
    queue = exchange.queue
    return JSONResponse(
        {
            "calls_per_second": queue.calls_per_second,
            "concurrent_calls": queue.concurrent_calls,
            "refuse_prefixes": list(exchange.config.refuse_prefixes),
        }
    )


@answered
async def account(request, exchange):
    """Rotating secrets: `auth_token` signs from now on, `second_token` (null for none) is accepted beside it, and so are
    `api_keys`, an object of SK… to secret."""
    wanted = await json_body(request)
    if not isinstance(wanted, dict) or set(wanted) - {"auth_token", "second_token", "api_keys"}:
        raise Wrong("an account takes auth_token, second_token and api_keys")
    keys = wanted.get("api_keys", {})
    if not isinstance(keys, dict) or not all(
        re.fullmatch(r"SK[0-9a-f]{32}", k) and isinstance(v, str) for k, v in keys.items()
    ):
        raise Wrong("api_keys is an object of SK and 32 hex digits to a secret")
    for name, value in wanted.items():
        if name == "api_keys":
            continue
        if value is None and name == "second_token":
            continue
        if not isinstance(value, str) or not (value.isascii() and value.isalnum()):
            raise Wrong(f"{name} is letters and digits")
    for name, value in wanted.items():
        setattr(exchange.config, name, value)
    return Response(status_code=204)


@answered
async def restart(request, exchange):
    await exchange.restart()
    return Response(status_code=204)


@answered
async def state(request, exchange):
    """A new day begins with a carrier that remembers nothing."""
    await exchange.forget()
    return Response(status_code=204)


@answered
async def behaviours(request, exchange):
    return JSONResponse({"behaviours": numbers_known()})


@answered
async def status(request, exchange):
    """For a browser the page on which a person watches and steers, for everybody else figures."""
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(files(__package__).joinpath("control_page.html").read_text("utf-8"))
    calls = exchange.calls.values()
    return JSONResponse(
        {
            "what": "a simulation of a telephone carrier: nobody is rung",
            "account_sid": exchange.account_sid,
            "clock": _clock(exchange),
            "calls": len(exchange.calls),
            "live": sum(call.status not in TERMINAL for call in calls),
            "recordings": len(exchange.recordings),
        }
    )


ROUTES = [
    Route("/", status),
    Route("/control", status),
    Route("/control/behaviours", behaviours),
    Route("/control/clock", clock, methods=["GET", "PUT"]),
    Route("/control/numbers", numbers, methods=["GET", "PUT", "DELETE"]),
    Route("/control/numbers/{number}", number, methods=["GET", "PUT", "DELETE"]),
    Route("/control/log", log, methods=["GET", "DELETE"]),
    Route("/control/characters", characters),
    Route("/control/faults", faults, methods=["GET", "PUT", "POST"]),
    Route("/control/state", state, methods=["DELETE"]),
    Route("/control/limits", limits, methods=["GET", "PUT"]),
    Route("/control/account", account, methods=["PUT"]),
    Route("/control/restart", restart, methods=["POST"]),
    *steering.ROUTES,
]
