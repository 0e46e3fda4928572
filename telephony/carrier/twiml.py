"""Carrying out the verbs of TwiML on a call, document after document."""

from urllib.parse import urljoin, urlsplit, urlunsplit
from xml.etree.ElementTree import Element

from telephony.carrier import dialled, gathering, tricks
from telephony.carrier.documents import (
    ATTRIBUTES,
    CalleeHungUp,
    HangUp,
    Source,
    TwimlError,
    number,
    parse,
    read,
    spoil,
    times,
    words,
)
from telephony.carrier.sound import speech_seconds
from telephony.carrier.webhooks import RETRIEVAL_FAILURE, Reply

SCHEMA_WARNING = 12200
INVALID_URL = 11100
ABSOLUTE_ACTION = 15004
LOOP = 11215
# documents in a row without a word, a pause or a question
IDLE_DOCUMENTS = 50
APPLICATION_ERROR = "We are sorry, an application error has occurred. Goodbye."


class Session:
    """The documents of one call, one after another. `prompted` is what of the prompts the callee has not yet reacted to."""

    def __init__(self, call, audience=None):
        self.call = call
        # a conference that hears the document instead of the call alone
        self.audience = audience
        self.exchange = call.exchange
        self.clock = call.exchange.clock
        self.base: Source | None = None
        self.prompted: list[str] = []
        self._idle = 0

    async def run(self, source: Source) -> None:
        """Carry out `source` and what it leads to, until the application is done. Raises CalleeHungUp."""
        try:
            while source is not None:
                if self._idle >= IDLE_DOCUMENTS:
                    self.exchange.notify(self.call, LOOP, f"{self._idle} documents in a row did nothing on the line")
                    return
                document = await self._load(source)
                self.prompted = []
                self._idle += 1
                source = await self._perform(document)
        except HangUp:
            return

    async def play(self, source: Source) -> bool:
        """Carry out what can be heard of a document beside the one that runs: a waiting, hold or announcement URL, or what
        the callee of `<Dial>` hears alone. False when there is none."""
        try:
            while source is not None:
                document = await self._fetch(source)
                source = None
                for verb in document:
                    if verb.tag == "Redirect":
                        source = self.resolve(words(verb), verb.get("method"))
                        break
                    if verb.tag not in ("Say", "Play", "Pause"):
                        self.warn(f"<{verb.tag}> cannot be carried out here")
                        continue
                    await self._VERBS[verb.tag](self, verb)
                self._idle += 1
                if self._idle >= IDLE_DOCUMENTS:
                    return False
        except (TwimlError, HangUp):
            return False
        return True

    # -- documents

    async def _load(self, source: Source) -> Element:
        """The document of `source`, of the fallback when that fails; an apology when both do. Raises HangUp."""
        doomed = source.url is not None and self.exchange.trouble("fetch-and-fallback-fail", self.call, "twiml")
        try:
            if doomed:
                failed = Reply(source.url, source.method)
                self.exchange.notify(self.call, RETRIEVAL_FAILURE, "no document, and no fallback", failed)
                raise TwimlError(RETRIEVAL_FAILURE, "document and fallback fail, says the table of faults")
            return await self._fetch(source)
        except TwimlError as error:
            fallback = self.call.order.fallback
            if fallback and not source.params.get("ErrorCode") and not doomed:
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
            trick = tricks.on_request(self.exchange, call, "twiml", params)
            with call.waiting():
                reply = await self.exchange.webhooks.send(source.method, source.url, params, call.cookies, trick=trick)
                if hops := self.exchange.trouble("fetch-redirected", call, "twiml"):
                    # an address that has moved is asked by GET, without what was posted
                    for _ in range(int(hops["hops"])):
                        reply = await self.exchange.webhooks.send("GET", source.url, {}, call.cookies)
            spoil(self.exchange, call, reply, "ErrorCode" in source.params)
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

    def resolve(self, url: str | None, method: str | None, params: dict[str, str] | None = None) -> Source:
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
            if verb.tag in ("Say", "Play", "Pause", "Gather", "Record", "Dial"):
                self._idle = 0
            following = await carry_out(self, verb)
            if following is not None:
                return following
        return None

    def _check(self, verb: Element) -> None:
        known = ATTRIBUTES.get(verb.tag)
        if known is None:
            self.warn(f"<{verb.tag}> is not a verb that this carrier carries out")
            return
        for name in verb.attrib:
            if name not in known:
                self.warn(f"<{verb.tag}> has no attribute {name}")

    def warn(self, message: str) -> None:
        self.exchange.notify(self.call, SCHEMA_WARNING, f"Schema validation warning: {message}", level=1)

    # -- verbs

    async def _say(self, text: str) -> None:
        if not text:
            return
        self.exchange.log.add("said", self.call.sid, self.call.to, text=text)
        if self.audience is not None:
            self.audience.to_all("speech", text)
            await self.audience.time.pass_time(speech_seconds(text))
            return
        heard = self.call.sounds("carrier", "speech", text)
        self.prompted.append(text)
        try:
            await self.call.pass_time(heard.length)
        finally:
            heard.end = min(heard.end, max(heard.start, self.call.line()))

    async def _do_say(self, verb: Element) -> None:
        text = words(verb)
        for _ in range(times(verb)):
            await self._say(text)
            if self.call.callee.leaves_after(text):
                raise CalleeHungUp

    async def _do_play(self, verb: Element) -> None:
        if digits := verb.get("digits"):
            seconds = sum({"w": 0.5, "W": 1.0}.get(key, 0.4) for key in digits)
            self.call.sounds("carrier", "keys", digits.replace("w", "").replace("W", ""), seconds)
            await self.call.pass_time(seconds)
        elif words(verb):
            self.exchange.log.add("played", self.call.sid, self.call.to, url=words(verb))
            await self.call.pass_time(float(times(verb)))

    async def _do_pause(self, verb: Element) -> None:
        await self.call.pass_time(number(verb, "length", 1))

    async def _do_redirect(self, verb: Element) -> Source:
        return self.resolve(words(verb), verb.get("method"))

    async def _do_hangup(self, verb: Element) -> None:
        raise HangUp

    async def _do_gather(self, verb: Element) -> Source | None:
        return await gathering.gather(self, verb)

    async def _do_record(self, verb: Element) -> Source:
        return await gathering.record(self, verb)

    async def _do_dial(self, verb: Element) -> Source | None:
        self.prompted = []
        return await dialled.dial(self, verb)

    _VERBS = {
        "Say": _do_say,
        "Play": _do_play,
        "Pause": _do_pause,
        "Redirect": _do_redirect,
        "Hangup": _do_hangup,
        "Reject": _do_hangup,
        "Gather": _do_gather,
        "Record": _do_record,
        "Dial": _do_dial,
    }
