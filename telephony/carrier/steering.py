"""Making the people on simulated telephones do something now: the part of the control API for a person, or for a test."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from telephony.carrier import people
from telephony.carrier.callees import Reaction
from telephony.carrier.calls import TERMINAL
from telephony.carrier.control_answers import Wrong, answered, json_body


def _call(request: Request, exchange):
    call = exchange.calls.get(request.path_params["call"])
    if call is None or call.deleted:
        raise LookupError("no such call")
    return call


def _text(wanted, name: str) -> str:
    text = wanted.get(name) if isinstance(wanted, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise Wrong(f"{name} is a text")
    return text


def shown(call) -> dict:
    """A call as the control page shows it."""
    member = call.member
    return {
        "sid": call.sid,
        "number": call.to,
        "who": call.callee.character if call.callee else None,
        "status": call.status,
        "seconds": round(call.seconds, 1),
        "direction": call.direction,
        "conference": getattr(call.room, "sid", None),
        "muted": bool(member and member.muted),
        "hold": bool(member and member.hold),
    }


@answered
async def calls(request, exchange):
    live = request.query_params.get("live") == "true"
    found = [call for call in reversed(exchange.calls.values()) if not live or call.status not in TERMINAL]
    return JSONResponse({"calls": [shown(call) for call in found[:500]], "all": len(found)})


@answered
async def call(request, exchange):
    return JSONResponse(shown(_call(request, exchange)))


@answered
async def pick_up(request, exchange):
    return _hook(_call(request, exchange), True)


@answered
async def decline(request, exchange):
    return _hook(_call(request, exchange), False)


def _hook(call, picks_up: bool) -> Response:
    if call.status != "ringing" or call.hook.done():
        raise Wrong(f"the call does not ring: it is {call.status}")
    call.hook.set_result(picks_up)
    return Response(status_code=204)


def _talking(call) -> None:
    if call.status != "in-progress":
        raise Wrong(f"the call is not in progress: it is {call.status}")


@answered
async def hang_up(request, exchange):
    """The callee puts the receiver down, which is not the same as the account's ending the call."""
    call = _call(request, exchange)
    _talking(call)
    call.callee_leaves()
    return Response(status_code=204)


@answered
async def say(request, exchange):
    """Waits until everybody who heard it has answered; `answers` says who did, and how."""
    call = _call(request, exchange)
    text = _text(await json_body(request), "text")
    _talking(call)
    if call.callee.by_hand and call.room is None:
        call.told.put_nowait(Reaction("say", text, 0.0))
        return JSONResponse({"answers": []})
    return JSONResponse({"answers": await people.say(call, text)})


@answered
async def press(request, exchange):
    call = _call(request, exchange)
    keys = _text(await json_body(request), "keys")
    if not set(keys) <= set("0123456789*#ABCD"):
        raise Wrong("keys are 0-9 * # A-D")
    _talking(call)
    if call.room is not None:
        call.room.utter(call.member, "keys", keys)
    elif call.callee.by_hand:
        call.told.put_nowait(Reaction("press", keys, 0.0))
    else:
        call.own_sound("keys", keys)
    return Response(status_code=204)


@answered
async def conferences(request, exchange):
    found = reversed(exchange.conferences.by_sid.values())
    return JSONResponse(
        {
            "conferences": [
                {
                    "sid": conference.sid,
                    "name": conference.friendly_name,
                    "status": conference.status,
                    "members": [shown(member.call) for member in conference.members.values()],
                }
                for conference in list(found)[:200]
            ]
        }
    )


_C = "/control/calls/{call}"
ROUTES = [
    Route("/control/calls", calls),
    Route(_C, call),
    Route(_C + "/answer", pick_up, methods=["POST"]),
    Route(_C + "/decline", decline, methods=["POST"]),
    Route(_C + "/hangup", hang_up, methods=["POST"]),
    Route(_C + "/say", say, methods=["POST"]),
    Route(_C + "/press", press, methods=["POST"]),
    Route("/control/conferences", conferences),
]
