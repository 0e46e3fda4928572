"""`<Gather>` and `<Record>`: what the callee says or presses, and what becomes of it."""

import asyncio
import re
from dataclasses import replace
from xml.etree.ElementTree import Element

from telephony.carrier import recordings
from telephony.carrier.callees import Prompt, Reaction
from telephony.carrier.documents import CalleeHungUp, Source, flag, number, times, words
from telephony.carrier.sound import keys_seconds, speech_seconds


async def gather(session, verb: Element) -> Source | None:
    call, clock = session.call, session.clock
    modes = {"dtmf"} if verb.get("input") is None else set(re.split(r"[\s,]+", verb.get("input").strip()))
    finish_key = verb.get("finishOnKey", "#")
    limit = int(number(verb, "numDigits", 0, 0, 100)) or None
    timeout = 5.0 if verb.get("timeout") == "auto" else number(verb, "timeout", 5, 0, 600)
    nested = [child for child in verb if child.tag in ("Say", "Play", "Pause")]
    for child in verb:
        if child.tag not in ("Say", "Play", "Pause"):
            session.warn(f"<Gather> does not nest <{child.tag}>")
    told = [words(child) for child in nested if child.tag == "Say"]
    prompt = Prompt(
        "\n".join(session.prompted + told),
        frozenset(modes),
        limit,
        finish_key,
        clock.instant(),
        verb.get("language", ""),
    )
    session.prompted = []
    reaction = call.callee.react(prompt)
    reaction = _troubled(session, reaction, modes, finish_key)
    began, keyed = call.line(), None
    if reaction.kind == "press" and reaction.barge is not None and "dtmf" in modes:
        keyed = began + max(0.2, reaction.barge * sum(_lasts(child) for child in nested))
    for child in nested:
        length = _lasts(child)
        if keyed is not None and call.line() + length > keyed:
            # the first key cuts the prompt short
            await _nested(session, child, keyed)
            break
        await _nested(session, child, None)
    session.prompted = []
    if call.callee.by_hand:
        reaction = await _told(call, clock, timeout)
    if keyed is None and reaction.kind == "hangup":
        await call.pass_time(min(reaction.delay, timeout))
        call.exchange.log.add("heard", call.sid, call.to, hangup=True)
        raise CalleeHungUp
    delay = 0.0 if keyed is not None else reaction.delay
    can = reaction.kind == "press" and "dtmf" in modes or reaction.kind == "say" and "speech" in modes
    if call.callee.by_hand and reaction.kind == "silent":
        return _empty(session, verb, modes)
    if not can or delay >= timeout:
        return await _nothing_gathered(session, verb, modes, timeout, delay, reaction)
    await call.pass_time(delay)
    if reaction.kind == "press":
        return await _keys(session, verb, reaction, finish_key, limit, timeout)
    return await _speech(session, verb, reaction, timeout)


def _troubled(session, reaction: Reaction, modes: set[str], finish_key: str) -> Reaction:
    """What the table of faults makes of the callee's reaction."""
    if not session.exchange.faults.table:
        return reaction

    def ordered(name: str, fits: bool = True) -> dict | None:
        return session.exchange.trouble(name, session.call, "gather") if fits else None

    keys, says = "dtmf" in modes, "speech" in modes
    if ordered("no-input"):
        return Reaction("silent")
    if ordered("hangup-in-gather"):
        return Reaction("hangup", delay=0.5)
    if finish_key and ordered("finish-key-first", keys):
        return Reaction("press", finish_key)
    if partial := ordered("partial-digits", keys):
        return Reaction("press", partial["digits"])
    if barge := ordered("barge-in", keys):
        return Reaction("press", barge["digits"], barge=0.3)
    if not says or reaction.kind != "say":
        return reaction
    if low := ordered("low-confidence"):
        reaction = replace(reaction, confidence=low["confidence"])
    if ordered("no-confidence"):
        reaction = replace(reaction, confidence=None)
    if ordered("empty-speech"):
        reaction = replace(reaction, text="")
    if wrong := ordered("wrong-words"):
        reaction = replace(reaction, text=wrong["words"])
    return reaction


async def _told(call, clock, seconds: float) -> Reaction:
    """What somebody at the control page makes the callee do within `seconds`."""
    told = asyncio.ensure_future(call.told.get())
    late = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({told, late}, return_when=asyncio.FIRST_COMPLETED)
        # nothing: what the time-out still lacks has passed by itself
        return told.result() if told.done() else Reaction("silent", delay=0.0)
    finally:
        told.cancel()
        late.cancel()


def _lasts(child: Element) -> float:
    if child.tag == "Say":
        return speech_seconds(words(child)) * times(child)
    if child.tag == "Pause":
        return number(child, "length", 1)
    return keys_seconds(child.get("digits")) if child.get("digits") else 1.0


async def _nested(session, child: Element, until: float | None) -> None:
    """A prompt inside Gather, broken off at `until`."""
    if child.tag == "Say":
        heard_text = words(child)
        for _ in range(times(child)):
            if not heard_text or until is not None and session.call.line() >= until:
                break
            heard = session.call.sounds("carrier", "speech", heard_text)
            session.exchange.log.add("said", session.call.sid, session.call.to, text=heard_text)
            try:
                await session.call.pass_time((heard.end if until is None else min(heard.end, until)) - heard.start)
            finally:
                heard.end = min(heard.end, max(heard.start, session.call.line()))
    else:
        now = session.call.line()
        end = now + _lasts(child)
        await session.call.pass_time((end if until is None else min(end, until)) - now)


async def _nothing_gathered(session, verb, modes, patience, delay, reaction) -> Source | None:
    call = session.call
    if reaction.kind in ("say", "press") and delay < patience:
        # words where only keys count, or keys where only words do: heard on the line, no use to the application
        await session.call.pass_time(delay)
        kind = "speech" if reaction.kind == "say" else "keys"
        call.sounds("callee", kind, reaction.text)
        call.exchange.log.add("heard", call.sid, call.to, **{kind: reaction.text}, in_vain=True)
        await session.call.pass_time(patience - delay)
    else:
        call.exchange.log.add("heard", call.sid, call.to, silence=patience)
        await session.call.pass_time(patience)
    return _empty(session, verb, modes)


def _empty(session, verb, modes) -> Source | None:
    """Where a question leads to that nobody answered; None goes on with the next verb."""
    if not flag(verb, "actionOnEmptyResult", False):
        return None
    empty = {"Digits": ""} if "dtmf" in modes else {}
    if "speech" in modes:
        empty["SpeechResult"] = ""
    return session.resolve(verb.get("action"), verb.get("method"), empty)


async def _keys(session, verb, reaction, finish_key: str, limit: int | None, patience: float) -> Source | None:
    digits, finished = "", False
    for key in reaction.text:
        session.call.sounds("callee", "keys", key)
        await session.call.pass_time(keys_seconds(key))
        if finish_key and key == finish_key:
            finished = True
            break
        digits += key
        if limit and len(digits) >= limit:
            finished = True
            break
    session.exchange.log.add("heard", session.call.sid, session.call.to, keys=reaction.text, digits=digits)
    if not finished:
        await session.call.pass_time(patience)
    if not digits and not flag(verb, "actionOnEmptyResult", False):
        return None
    params = {"Digits": digits}
    if finished and finish_key and reaction.text[len(digits) : len(digits) + 1] == finish_key:
        params["FinishedOnKey"] = finish_key
    return session.resolve(verb.get("action"), verb.get("method"), params)


async def _speech(session, verb, reaction, patience: float) -> Source:
    given = verb.get("speechTimeout", "")
    silence = 1.0 if given == "auto" else number(verb, "speechTimeout", patience, 0, 60)
    # a recogniser takes at most a minute of speech
    length = min(speech_seconds(reaction.text), 60.0)
    session.call.sounds("callee", "speech", reaction.text, length)
    session.exchange.log.add(
        "heard", session.call.sid, session.call.to, speech=reaction.text, confidence=reaction.confidence
    )
    await session.call.pass_time(length + silence)
    if partial := verb.get("partialResultCallback"):
        target = session.resolve(partial, verb.get("partialResultCallbackMethod"))
        params = {**session.call.params, "CallStatus": session.call.status, "UnstableSpeechResult": reaction.text}
        params |= {"SequenceNumber": "0", "Stability": "0.9"}
        session.exchange.spawn(session.call.post(target.method, target.url, params, "partial-callback"))
    params = {"SpeechResult": reaction.text}
    if reaction.confidence is not None:
        params["Confidence"] = f"{reaction.confidence:.8f}"
    if both := session.exchange.trouble("both-inputs", session.call, "gather"):
        params["Digits"] = both["digits"]
    if verb.get("language"):
        params["Language"] = verb.get("language")
    return session.resolve(verb.get("action"), verb.get("method"), params)


async def record(session, verb: Element) -> Source:
    call, clock = session.call, session.clock
    finish_keys = verb.get("finishOnKey", "1234567890*#")
    silence = number(verb, "timeout", 5)
    longest = number(verb, "maxLength", 3600, 1, 14400)
    callback = verb.get("recordingStatusCallback")
    settings = {}
    if callback:
        target = session.resolve(callback, verb.get("recordingStatusCallbackMethod"))
        events = (verb.get("recordingStatusCallbackEvent") or "completed").split()
        settings = {
            "callback": target.url, "callback_method": target.method, "callback_events": frozenset(events)
        }  # fmt: skip
    prompt = Prompt("\n".join(session.prompted), frozenset({"record"}), None, finish_keys, clock.instant(), "")
    session.prompted = []
    reaction = call.callee.react(prompt)
    if session.exchange.trouble("hangup-in-record", call, "record"):
        reaction = Reaction("hangup", delay=2.0)
    if flag(verb, "playBeep", True):
        call.sounds("carrier", "beep", "", 0.5)
        await call.pass_time(0.5)
    trim = verb.get("trim", "trim-silence") == "trim-silence"
    recording = recordings.start(call, "RecordVerb", 1, track="inbound", trim=trim, **settings)
    began, digits = call.line(), ""
    try:
        if reaction.kind == "say":
            length = min(speech_seconds(reaction.text), max(0.0, longest - reaction.delay))
            await call.pass_time(min(reaction.delay, longest))
            call.sounds("callee", "speech", reaction.text, length)
            session.exchange.log.add("heard", call.sid, call.to, speech=reaction.text)
            await call.pass_time(length)
        elif reaction.kind == "hangup":
            await call.pass_time(min(reaction.delay, longest))
            digits = "hangup"
        elif reaction.kind == "press" and reaction.text[:1] and reaction.text[0] in finish_keys:
            await call.pass_time(min(reaction.delay, longest))
            digits = reaction.text[0]
        if not digits:
            left = max(0.0, longest - (call.line() - began))
            await call.pass_time(min(silence, left) if silence else left)
    finally:
        recordings.stop(recording)
    params = {"RecordingUrl": recordings.url(recording), "RecordingSid": recording.sid}
    params |= {"RecordingDuration": str(recording.duration), "Digits": digits}
    following = session.resolve(verb.get("action"), verb.get("method"), params)
    if digits == "hangup":
        # the callee is gone: the application is told, what it answers is not carried out
        await session.exchange.webhooks.send(
            following.method, following.url, {**call.params, "CallStatus": "completed", **params}, call.cookies
        )
        raise CalleeHungUp
    return following
