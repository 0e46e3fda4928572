"""TwiML documents: where they come from, reading them, and what their attributes mean."""

import math
import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from telephony.carrier.webhooks import BODY_TOO_LARGE, RETRIEVAL_FAILURE, Reply

PARSE_FAILURE = 12100
CONTENT_TYPE = 12300
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


_SPOILT = {
    "malformed": lambda reply: (reply.body[: len(reply.body) // 2] + b"<", reply.content_type),
    "blank-line": lambda reply: (b"\n" + reply.body, reply.content_type),
    "content-type": lambda reply: (reply.body, "application/octet-stream"),
    "plain-text": lambda reply: (b"not a document", "text/plain"),
    "empty": lambda reply: (b"", reply.content_type),
}


def spoil(exchange, call, reply: Reply, is_fallback: bool) -> None:
    """What the table of faults makes of an answer that arrived."""
    if reply.error or not exchange.faults.table:
        return

    def ordered(name: str) -> dict | None:
        # the document of the fallback is left alone: there is a fault for both
        return None if is_fallback else exchange.trouble(name, call, "twiml")

    if ordered("fetch-timeout"):
        reply.error, reply.because = RETRIEVAL_FAILURE, "no answer within 15.0 s"
    if ordered("fetch-5xx"):
        reply.status, reply.error, reply.because = 502, RETRIEVAL_FAILURE, "HTTP 502"
    if ordered("document-too-large"):
        reply.error, reply.because = BODY_TOO_LARGE, "the body is larger than 64 kB"
    if garbled := ordered("document-garbled"):
        reply.body, reply.content_type = _SPOILT[garbled["form"]](reply)
    if ordered("document-unknown-verb"):
        reply.body = reply.body.replace(b"<Response>", b"<Response><Foobar/>", 1)


def words(element: Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def number(element: Element, name: str, default: float, low: float = 0, high: float = 86400) -> float:
    try:
        given = float(element.get(name, default))
    except ValueError:
        return default
    return min(max(given, low), high) if math.isfinite(given) else default


def times(element: Element) -> int:
    """`loop`: 0 means until somebody hangs up, a thousand times at most."""
    times = int(number(element, "loop", 1, -1))
    return 1 if times < 0 else times or 1000


def flag(element: Element, name: str, default: bool) -> bool:
    return element.get(name, str(default)).strip().lower() == "true"


ATTRIBUTES = {
    "Say": {"voice", "language", "loop"},
    "Play": {"loop", "digits"},
    "Pause": {"length"},
    "Redirect": {"method"},
    "Hangup": set(),
    "Reject": {"reason"},
    "Dial": {
        "action", "method", "timeout", "timeLimit", "callerId", "answerOnBridge", "hangupOnStar", "record", "trim",
        "recordingStatusCallback", "recordingStatusCallbackMethod", "recordingStatusCallbackEvent", "recordingTrack",
        "ringTone", "sequential", "referUrl", "referMethod",
    },
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
