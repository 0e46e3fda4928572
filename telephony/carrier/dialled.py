"""`<Dial>`: other legs that are joined with the call, or a conference that it goes into."""

from __future__ import annotations

import asyncio
from xml.etree.ElementTree import Element

from telephony.carrier import amd, calls, conferences, orders, recordings
from telephony.carrier.documents import Source, flag, number, words
from telephony.carrier.line import Member, Room

INVALID_NUMBER = 13223
NOT_PERMITTED = 13227
INVALID_CONFERENCE = 13238
_PROGRESS = ("initiated", "ringing", "answered", "completed")


async def dial(session, verb: Element) -> Source | None:
    """Carry out `<Dial>`; the document of its `action`, None to go on with the next verb."""
    nouns = [child for child in verb if isinstance(child.tag, str)]
    conference = next((child for child in nouns if child.tag == "Conference"), None)
    if conference is not None:
        result = await _conference(session, verb, conference)
    else:
        result = await _legs(session, verb, nouns)
    if verb.get("action") is None:
        return None
    return session.resolve(verb.get("action"), verb.get("method"), result)


def _callback(session, element: Element, name: str) -> tuple[str | None, str]:
    """URL and method of `name` (such as statusCallback), resolved against the document."""
    if not element.get(name):
        return None, "POST"
    target = session.resolve(element.get(name), element.get(f"{name}Method"))
    return target.url, target.method


# -- conferences


async def _conference(session, verb: Element, noun: Element) -> dict[str, str]:
    call, exchange = session.call, session.exchange
    name = words(noun)
    if not name:
        exchange.notify(call, INVALID_CONFERENCE, "Conference: it has no name")
        return {"DialCallStatus": "failed", "DialBridged": "false"}
    conference = exchange.conferences.named(name, call.base_url)
    stay = asyncio.ensure_future(conference.stay(call, _entry(session, noun, name)))
    limit = asyncio.ensure_future(exchange.clock.sleep(number(verb, "timeLimit", 14400, 1, 86400)))
    try:
        await asyncio.wait({stay, limit}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        limit.cancel()
        if not stay.done():
            stay.cancel()
            await asyncio.wait({stay})
    entered = not stay.cancelled() and stay.result() is not None or stay.cancelled()
    return {"DialCallStatus": "answered" if entered else "failed", "DialBridged": "true" if entered else "false"}


def _entry(session, noun: Element, name: str) -> conferences.Entry:
    callback, method = _callback(session, noun, "statusCallback")
    recording_callback, recording_method = _callback(session, noun, "recordingStatusCallback")
    events = (noun.get("statusCallbackEvent") or "start end").split()
    recording_events = (noun.get("recordingStatusCallbackEvent") or "completed").split()
    wait = None
    if noun.get("waitUrl"):
        wait = session.resolve(noun.get("waitUrl"), noun.get("waitMethod"))
    beep = noun.get("beep", "true")
    return conferences.Entry(
        name=name,
        label=noun.get("participantLabel"),
        muted=flag(noun, "muted", False),
        beep=beep if beep in conferences.BEEPS else "true",
        starts=flag(noun, "startConferenceOnEnter", True),
        ends=flag(noun, "endConferenceOnExit", False),
        wait=wait,
        silent=noun.get("waitUrl") == "",
        limit=int(number(noun, "maxParticipants", conferences.MAX_PARTICIPANTS, 2, conferences.MAX_PARTICIPANTS)),
        record=noun.get("record", "do-not-record") in ("true", "record-from-start"),
        trim=noun.get("trim", "trim-silence") == "trim-silence",
        coached=noun.get("coach") or None,
        callback=callback,
        callback_method=method,
        callback_events=frozenset(events),
        recording_callback=recording_callback,
        recording_method=recording_method,
        recording_events=frozenset(recording_events),
    )


# -- legs


async def _legs(session, verb: Element, nouns: list[Element]) -> dict[str, str]:
    call, exchange = session.call, session.exchange
    nouns = [noun for noun in nouns if noun.tag in ("Number", "Sip", "Client")]
    if not nouns:
        plain = Element("Number")
        plain.text = words(verb)
        nouns = [plain]
    one_by_one = flag(verb, "sequential", False)
    kind = verb.get("record", "do-not-record")
    kind = "record-from-answer" if kind == "true" else kind
    recording = _record(session, verb, kind) if kind.startswith("record-from-ringing") else None
    legs: list[calls.Call] = []
    try:
        winner = None
        for group in [[noun] for noun in nouns] if one_by_one else [nouns]:
            placed = [leg for noun in group if (leg := _place(session, verb, noun))]
            legs += placed
            winner = await _first_there(placed)
            if winner:
                break
        if winner is None:
            return {"DialCallStatus": legs[-1].status if legs else "failed", "DialBridged": "false"} | (
                {"DialCallSid": legs[-1].sid} if legs else {}
            )
        for leg in legs:
            if leg is not winner:
                leg.hang_up()
        if kind.startswith("record-from-answer"):
            recording = _record(session, verb, kind)
        await _talk(exchange, call, winner, number(verb, "timeLimit", 14400, 1, 86400))
    finally:
        for leg in legs:
            if not leg.over.is_set():
                leg.hang_up()
        if recording:
            recordings.stop(recording)
    await winner.over.wait()
    result = {
        "DialCallStatus": "completed", "DialCallSid": winner.sid, "DialCallDuration": str(winner.duration),
        "DialBridged": "true",
    }  # fmt: skip
    if recording:
        result["RecordingUrl"] = recordings.url(recording)
    return result


def _record(session, verb: Element, kind: str) -> recordings.Recording:
    callback, method = _callback(session, verb, "recordingStatusCallback")
    return recordings.start(
        session.call,
        "DialVerb",
        2 if kind.endswith("-dual") else 1,
        track=verb.get("recordingTrack", "both"),
        trim=verb.get("trim", "do-not-trim") == "trim-silence",
        callback=callback,
        callback_method=method,
        callback_events=frozenset((verb.get("recordingStatusCallbackEvent") or "completed").split()),
    )


def _place(session, verb: Element, noun: Element) -> calls.Call | None:
    call, exchange = session.call, session.exchange
    text = words(noun)
    if noun.tag == "Client" and not text.startswith("client:"):
        text = f"client:{text}"
    to = orders.address(text)
    if to is None:
        exchange.notify(call, INVALID_NUMBER, f"Dial: {text} is not a valid number")
        return None
    if to.startswith(exchange.config.refuse_prefixes or ("\0",)):
        exchange.notify(call, NOT_PERMITTED, f"Dial: no permission to call {to}")
        return None
    whisper = session.resolve(noun.get("url"), noun.get("method")) if noun.get("url") else None
    callback, method = _callback(session, noun, "statusCallback")
    detection = None
    if noun.get("machineDetection") in ("Enable", "DetectMessageEnd"):
        told, told_by = _callback(session, noun, "amdStatusCallback")
        detection = amd.Detection(noun.get("machineDetection"), True, told, told_by)
    order = calls.Order(
        source=Source(inline="<Response/>"),
        status_callback=callback,
        status_method=method,
        status_events=frozenset((noun.get("statusCallbackEvent") or "completed").split()) & frozenset(_PROGRESS),
        timeout=int(number(verb, "timeout", 30, 1, 600)),
        send_digits=noun.get("sendDigits", ""),
        detection=detection,
        whisper=whisper,
    )
    leg = calls.Call(
        exchange, exchange.new_sid("CA"), to, orders.address(verb.get("callerId") or "") or call.from_, order,
        call.base_url, direction="outbound-dial", parent=call,
    )  # fmt: skip
    exchange.place(leg)
    return leg


async def _first_there(legs: list[calls.Call]) -> calls.Call | None:
    """Who is ready to talk first; None once all have ended without."""
    waiting = {asyncio.ensure_future(event.wait()) for leg in legs for event in (leg.there, leg.over)}
    try:
        while waiting:
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for leg in legs:
                if leg.there.is_set() and not leg.over.is_set():
                    return leg
            if all(leg.over.is_set() for leg in legs):
                return None
        return None
    finally:
        for task in waiting:
            task.cancel()


async def _talk(exchange, call, leg, limit: float) -> None:
    """Both hear each other until one of them is gone or the time has passed."""
    room = Room(exchange)
    members = [Member(call), Member(leg)]
    for member in members:
        room.add(member)
    exchange.log.add("bridged", call.sid, call.to, with_call=leg.sid)
    ends = [asyncio.ensure_future(leg.over.wait()), asyncio.ensure_future(exchange.clock.sleep(limit))]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in ends:
            task.cancel()
        for member in members:
            room.remove(member, "left")
