"""TwiML: fetching a document, reading it, and carrying out its verbs on a call."""

import math
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from telephony.carrier import recordings
from telephony.carrier.callees import Prompt
from telephony.carrier.sound import keys_seconds, speech_seconds
from telephony.carrier.webhooks import Reply

PARSE_FAILURE = 12100
SCHEMA_WARNING = 12200
CONTENT_TYPE = 12300
INVALID_URL = 11100
ABSOLUTE_ACTION = 15004
LOOP = 11215
# documents in a row without a word, a pause or a question
IDLE_DOCUMENTS = 50
APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."
_TWIML_TYPES = ("text/xml", "application/xml", "text/html", "application/twiml+xml")


@dataclass(frozen=True)
class Source:
    """Where a document comes from: a URL with the method, or the text itself."""

    url: str | None = None
    method: str = "POST"
    inline: str | None = None
    params: dict[str, str] = field(default_factory=dict)


class TwimlError(Exception):
    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


class CalleeHungUp(Exception):
    """The callee has put the receiver down."""


class HangUp(Exception):
    """The document ends the call."""


def parse(text: str | bytes) -> Element:
    """The `<Response>` element. Raises TwimlError 12100."""
    try:
        root = fromstring(text)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise TwimlError(PARSE_FAILURE, f"Document parse failure: {error}") from error
    if root.tag != "Response":
        raise TwimlError(PARSE_FAILURE, f"Document parse failure: the root element is <{root.tag}>, not <Response>")
    return root


def read(reply: Reply) -> Element:
    """The document of an answer, by its content type; audio and plain text become the document they stand for."""
    kind = reply.content_type.split(";")[0].strip().lower()
    if kind.startswith("audio/"):
        response = Element("Response")
        play = Element("Play")
        play.text = reply.url
        response.append(play)
        return response
    if kind == "text/plain":
        try:
            return parse(reply.body)
        except TwimlError:
            response = Element("Response")
            say = Element("Say")
            say.text = reply.body.decode("utf-8", "replace")
            response.append(say)
            return response
    if kind not in _TWIML_TYPES:
        raise TwimlError(CONTENT_TYPE, f"Invalid Content-Type: {reply.content_type or 'none given'}")
    return parse(reply.body)


def _words(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def _number(element: Element, name: str, default: float, low: float = 0, high: float = 86400) -> float:
    try:
        number = float(element.get(name, default))
    except ValueError:
        return default
    return min(max(number, low), high) if math.isfinite(number) else default


def _times(element: Element) -> int:
    """`loop`: 0 means until somebody hangs up, a thousand times at most."""
    times = int(_number(element, "loop", 1, -1))
    return 1 if times < 0 else times or 1000


def _flag(element: Element, name: str, default: bool) -> bool:
    return element.get(name, str(default)).strip().lower() == "true"


_ATTRIBUTES = {
    "Say": {"voice", "language", "loop"},
    "Play": {"loop", "digits"},
    "Pause": {"length"},
    "Redirect": {"method"},
    "Hangup": set(),
    "Reject": {"reason"},
    "Gather": {
        "input", "action", "method", "timeout", "speechTimeout", "maxSpeechTime", "profanityFilter", "finishOnKey",
        "numDigits", "partialResultCallback", "partialResultCallbackMethod", "language", "hints", "bargeIn", "debug",
        "actionOnEmptyResult", "speechModel", "enhanced",
    },
    "Record": {
        "action", "method", "timeout", "finishOnKey", "maxLength", "playBeep", "trim", "recordingStatusCallback",
        "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "transcribe", "transcribeCallback",
        "recordingConfigurationId",
    },
}  # fmt: skip


class Session:
    """The documents of one call, one after another. Holds what of the prompts the callee has not yet reacted to."""

    def __init__(self, call):
        self.call = call
        self.exchange = call.exchange
        self.clock = call.exchange.clock
        self.base: Source | None = None
        self._prompted: list[str] = []
        self._idle = 0

    async def run(self, source: Source) -> None:
        """Carry out `source` and what it leads to, until the application is done. Raises CalleeHungUp."""
        try:
            while source is not None:
                if self._idle >= IDLE_DOCUMENTS:
                    self.exchange.notify(self.call, LOOP, f"{self._idle} documents in a row did nothing on the line")
                    return
                document = await self._load(source)
                self._prompted = []
                self._idle += 1
                source = await self._perform(document)
        except HangUp:
            return

    # -- documents

    async def _load(self, source: Source) -> Element:
        """The document of `source`, of the fallback when that fails; an apology when both do. Raises HangUp."""
        try:
            return await self._fetch(source)
        except TwimlError as error:
            fallback = self.call.order.fallback
            if fallback and not source.params.get("ErrorCode"):
                params = {"ErrorCode": str(error.code), "ErrorUrl": source.url or ""}
                return await self._load(Source(fallback.url, fallback.method, params=params))
            await self._say(APPLICATION_ERROR)
            raise HangUp from error

    async def _fetch(self, source: Source) -> Element:
        call = self.call
        if source.url is None:
            self.base = source
            reply = None
        else:
            params = {**call.params, "CallStatus": call.status, **source.params}
            if call.answered_by and not (call.order.detection and call.order.detection.asynchronous):
                params["AnsweredBy"] = call.answered_by
                params["MachineDetectionDuration"] = str(call.detection_ms)
            with call.waiting():
                reply = await self.exchange.webhooks.send(source.method, source.url, params, call.cookies)
            self.exchange.log.add(
                "twiml", call.sid, call.to, url=source.url, method=source.method, http=reply.status,
                ms=reply.ms, error=reply.error, **{k: v for k, v in source.params.items() if k.startswith("Error")},
            )  # fmt: skip
        try:
            if reply is None:
                return parse(source.inline)
            if reply.error:
                raise TwimlError(reply.error, reply.because)
            # relative URLs count from where the document came from; a GET's own parameters are not part of that
            self.base = Source(reply.url if reply.redirected else source.url, source.method)
            return read(reply)
        except TwimlError as error:
            self.exchange.notify(call, error.code, str(error), reply)
            raise

    def _resolve(self, url: str | None, method: str | None, params: dict[str, str] | None = None) -> Source:
        """The next document: `url` against the current one, the current one itself when there is none."""
        url = (url or "").strip()
        try:
            if self.base.url is None:
                if not urlsplit(url).scheme:
                    self.exchange.notify(
                        self.call, ABSOLUTE_ACTION, "a document given as Twiml needs absolute URLs for its actions"
                    )
                    raise HangUp
                target = url
            else:
                here = urlunsplit(urlsplit(self.base.url)._replace(fragment=""))
                target = urljoin(here, url) if url else self.base.url
        except ValueError as error:
            self.exchange.notify(self.call, INVALID_URL, f"Invalid URL format: {url}")
            raise HangUp from error
        verb = (method or "POST").strip().upper()
        return Source(target, verb if verb in ("GET", "POST") else "POST", params=params or {})

    async def _perform(self, document: Element) -> Source | None:
        for verb in document:
            if not isinstance(verb.tag, str):
                continue
            self._check(verb)
            carry_out = self._VERBS.get(verb.tag)
            if carry_out is None:
                continue
            if verb.tag in ("Say", "Play", "Pause", "Gather", "Record"):
                self._idle = 0
            following = await carry_out(self, verb)
            if following is not None:
                return following
        return None

    def _check(self, verb: Element) -> None:
        known = _ATTRIBUTES.get(verb.tag)
        if known is None:
            self._warn(f"<{verb.tag}> is not a verb that this carrier carries out")
            return
        for name in verb.attrib:
            if name not in known:
                self._warn(f"<{verb.tag}> has no attribute {name}")

    def _warn(self, message: str) -> None:
        self.exchange.notify(self.call, SCHEMA_WARNING, f"Schema validation warning: {message}", level=1)

    # -- verbs

    async def _say(self, text: str) -> None:
        if not text:
            return
        heard = self.call.sounds("carrier", "speech", text)
        self.exchange.log.add("said", self.call.sid, self.call.to, text=text)
        self._prompted.append(text)
        try:
            await self.call.pass_time(heard.length)
        finally:
            heard.end = min(heard.end, max(heard.start, self.call.line()))

    async def _do_say(self, verb: Element) -> None:
        text = _words(verb)
        for _ in range(_times(verb)):
            await self._say(text)
            if self.call.callee.leaves_after(text):
                raise CalleeHungUp

    async def _do_play(self, verb: Element) -> None:
        if digits := verb.get("digits"):
            seconds = sum({"w": 0.5, "W": 1.0}.get(key, 0.4) for key in digits)
            self.call.sounds("carrier", "keys", digits.replace("w", "").replace("W", ""), seconds)
            await self.call.pass_time(seconds)
        elif _words(verb):
            self.exchange.log.add("played", self.call.sid, self.call.to, url=_words(verb))
            await self.call.pass_time(float(_times(verb)))

    async def _do_pause(self, verb: Element) -> None:
        await self.call.pass_time(_number(verb, "length", 1))

    async def _do_redirect(self, verb: Element) -> Source:
        return self._resolve(_words(verb), verb.get("method"))

    async def _do_hangup(self, verb: Element) -> None:
        raise HangUp

    async def _do_gather(self, verb: Element) -> Source | None:
        call, clock = self.call, self.clock
        modes = {"dtmf"} if verb.get("input") is None else set(re.split(r"[\s,]+", verb.get("input").strip()))
        finish_key = verb.get("finishOnKey", "#")
        limit = int(_number(verb, "numDigits", 0, 0, 100)) or None
        timeout = 5.0 if verb.get("timeout") == "auto" else _number(verb, "timeout", 5, 0, 600)
        nested = [child for child in verb if child.tag in ("Say", "Play", "Pause")]
        for child in verb:
            if child.tag not in ("Say", "Play", "Pause"):
                self._warn(f"<Gather> does not nest <{child.tag}>")
        told = [_words(child) for child in nested if child.tag == "Say"]
        prompt = Prompt(
            "\n".join(self._prompted + told),
            frozenset(modes),
            limit,
            finish_key,
            clock.instant(),
            verb.get("language", ""),
        )
        self._prompted = []
        reaction = call.callee.react(prompt)
        began, keyed = call.line(), None
        if reaction.kind == "press" and reaction.barge is not None and "dtmf" in modes:
            keyed = began + max(0.2, reaction.barge * sum(self._lasts(child) for child in nested))
        for child in nested:
            length = self._lasts(child)
            if keyed is not None and call.line() + length > keyed:
                # the first key cuts the prompt short
                await self._nested(child, keyed)
                break
            await self._nested(child, None)
        self._prompted = []
        if keyed is None and reaction.kind == "hangup":
            await call.pass_time(min(reaction.delay, timeout))
            call.exchange.log.add("heard", call.sid, call.to, hangup=True)
            raise CalleeHungUp
        delay = 0.0 if keyed is not None else reaction.delay
        can = reaction.kind == "press" and "dtmf" in modes or reaction.kind == "say" and "speech" in modes
        if not can or delay >= timeout:
            return await self._nothing_gathered(verb, modes, timeout, delay, reaction)
        await call.pass_time(delay)
        if reaction.kind == "press":
            return await self._keys(verb, reaction, finish_key, limit, timeout)
        return await self._speech(verb, reaction, timeout)

    def _lasts(self, child: Element) -> float:
        if child.tag == "Say":
            return speech_seconds(_words(child)) * _times(child)
        if child.tag == "Pause":
            return _number(child, "length", 1)
        return keys_seconds(child.get("digits")) if child.get("digits") else 1.0

    async def _nested(self, child: Element, until: float | None) -> None:
        """A prompt inside Gather, broken off at `until`."""
        if child.tag == "Say":
            heard_text = _words(child)
            for _ in range(_times(child)):
                if not heard_text or until is not None and self.call.line() >= until:
                    break
                heard = self.call.sounds("carrier", "speech", heard_text)
                self.exchange.log.add("said", self.call.sid, self.call.to, text=heard_text)
                try:
                    await self.call.pass_time((heard.end if until is None else min(heard.end, until)) - heard.start)
                finally:
                    heard.end = min(heard.end, max(heard.start, self.call.line()))
        else:
            now = self.call.line()
            end = now + self._lasts(child)
            await self.call.pass_time((end if until is None else min(end, until)) - now)

    async def _nothing_gathered(self, verb, modes, patience, delay, reaction) -> Source | None:
        call = self.call
        if reaction.kind in ("say", "press") and delay < patience:
            # words where only keys count, or keys where only words do: heard on the line, no use to the application
            await self.call.pass_time(delay)
            kind = "speech" if reaction.kind == "say" else "keys"
            call.sounds("callee", kind, reaction.text)
            call.exchange.log.add("heard", call.sid, call.to, **{kind: reaction.text}, in_vain=True)
            await self.call.pass_time(patience - delay)
        else:
            call.exchange.log.add("heard", call.sid, call.to, silence=patience)
            await self.call.pass_time(patience)
        if not _flag(verb, "actionOnEmptyResult", False):
            return None
        empty = {"Digits": ""} if "dtmf" in modes else {}
        if "speech" in modes:
            empty["SpeechResult"] = ""
        return self._resolve(verb.get("action"), verb.get("method"), empty)

    async def _keys(self, verb, reaction, finish_key: str, limit: int | None, patience: float) -> Source | None:
        digits, finished = "", False
        for key in reaction.text:
            self.call.sounds("callee", "keys", key)
            await self.call.pass_time(keys_seconds(key))
            if finish_key and key == finish_key:
                finished = True
                break
            digits += key
            if limit and len(digits) >= limit:
                finished = True
                break
        self.exchange.log.add("heard", self.call.sid, self.call.to, keys=reaction.text, digits=digits)
        if not finished:
            await self.call.pass_time(patience)
        if not digits and not _flag(verb, "actionOnEmptyResult", False):
            return None
        params = {"Digits": digits}
        if finished and finish_key and reaction.text[len(digits) : len(digits) + 1] == finish_key:
            params["FinishedOnKey"] = finish_key
        return self._resolve(verb.get("action"), verb.get("method"), params)

    async def _speech(self, verb, reaction, patience: float) -> Source:
        given = verb.get("speechTimeout", "")
        silence = 1.0 if given == "auto" else _number(verb, "speechTimeout", patience, 0, 60)
        # a recogniser takes at most a minute of speech
        length = min(speech_seconds(reaction.text), 60.0)
        self.call.sounds("callee", "speech", reaction.text, length)
        self.exchange.log.add(
            "heard", self.call.sid, self.call.to, speech=reaction.text, confidence=reaction.confidence
        )
        await self.call.pass_time(length + silence)
        if partial := verb.get("partialResultCallback"):
            target = self._resolve(partial, verb.get("partialResultCallbackMethod"))
            params = {**self.call.params, "CallStatus": self.call.status, "UnstableSpeechResult": reaction.text}
            params |= {"SequenceNumber": "0", "Stability": "0.9"}
            self.exchange.spawn(self.call.post(target.method, target.url, params, "partial-callback"))
        params = {"SpeechResult": reaction.text}
        if reaction.confidence is not None:
            params["Confidence"] = f"{reaction.confidence:.8f}"
        if verb.get("language"):
            params["Language"] = verb.get("language")
        return self._resolve(verb.get("action"), verb.get("method"), params)

    async def _do_record(self, verb: Element) -> Source:
        call, clock = self.call, self.clock
        finish_keys = verb.get("finishOnKey", "1234567890*#")
        silence = _number(verb, "timeout", 5)
        longest = _number(verb, "maxLength", 3600, 1, 14400)
        callback = verb.get("recordingStatusCallback")
        settings = {}
        if callback:
            target = self._resolve(callback, verb.get("recordingStatusCallbackMethod"))
            events = (verb.get("recordingStatusCallbackEvent") or "completed").split()
            settings = {
                "callback": target.url, "callback_method": target.method, "callback_events": frozenset(events)
            }  # fmt: skip
        prompt = Prompt("\n".join(self._prompted), frozenset({"record"}), None, finish_keys, clock.instant(), "")
        self._prompted = []
        reaction = call.callee.react(prompt)
        if _flag(verb, "playBeep", True):
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
                self.exchange.log.add("heard", call.sid, call.to, speech=reaction.text)
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
        following = self._resolve(verb.get("action"), verb.get("method"), params)
        if digits == "hangup":
            # the callee is gone: the application is told, what it answers is not carried out
            await self.exchange.webhooks.send(
                following.method, following.url, {**call.params, "CallStatus": "completed", **params}, call.cookies
            )
            raise CalleeHungUp
        return following

    _VERBS = {
        "Say": _do_say,
        "Play": _do_play,
        "Pause": _do_pause,
        "Redirect": _do_redirect,
        "Hangup": _do_hangup,
        "Reject": _do_hangup,
        "Gather": _do_gather,
        "Record": _do_record,
    }
