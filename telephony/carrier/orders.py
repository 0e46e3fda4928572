"""Reading the form of a call's creation or change; each refusal has the code that Twilio answers with."""

import re
from urllib.parse import urlsplit

from telephony.carrier.amd import Detection
from telephony.carrier.calls import Order
from telephony.carrier.documents import Source
from telephony.carrier.errors import ApiError, invalid

MAX_TWIML = 4000
INVALID_CALLBACK = 21609
_ADDRESS = re.compile(r"sips?:[^\s@]{1,64}@[^\s@]{1,190}|client:[^\s]{1,120}")
_E164 = re.compile(r"\+[1-9]\d{6,14}")
# numbers on which Twilio's API fails by agreement (code, message)
_TO_FAILS = {
    "+15005550001": (21217, "Phone number does not appear to be valid"),
    "+15005550002": (21214, "'To' phone number cannot be reached"),
    "+15005550003": (
        21215,
        "Account not authorized to call {}. Perhaps you need to enable some international permissions",
    ),
    "+15005550004": (21216, "Account not allowed to call {}"),
}
_REFUSALS = {
    10001: "Account is not active",
    10002: "Trial account does not support this feature",
    10004: "Call concurrency limit exceeded",
    21210: "The source phone number provided is not yet verified for your account",
    21211: "The phone number you are attempting to call, {}, is not valid",
    21219: "The number {} is unverified. Trial accounts may only make calls to verified numbers",
    22005: "The call queue is full",
    32018: "Twiml is longer than 4000 characters",
}
_FROM_GOOD = "+15005550006"


class Form:
    """The posted parameters; a list parameter is one name several times."""

    def __init__(self, values: dict[str, list[str]]):
        self.values = values

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def get(self, name: str, default: str | None = None) -> str | None:
        values = self.values.get(name)
        return values[-1] if values else default

    def flag(self, name: str, default: bool = False) -> bool:
        text = self.get(name)
        if text is None or text == "":
            return default
        if text.lower() not in ("true", "false"):
            raise invalid(name, text)
        return text.lower() == "true"

    def number(self, name: str, default: int, low: int, high: int) -> int:
        text = self.get(name)
        if text is None or text == "":
            return default
        try:
            number = int(text)
        except ValueError:
            raise invalid(name, text) from None
        if not low <= number <= high:
            raise invalid(name, text)
        return number

    def choice(self, name: str, default: str, *allowed: str) -> str:
        text = self.get(name) or default
        if text not in allowed:
            raise invalid(name, text)
        return text

    def method(self, name: str, default: str = "POST") -> str:
        text = (self.get(name) or default).upper()
        if text not in ("GET", "POST"):
            raise invalid(name, text)
        return text

    def events(self, name: str, allowed: tuple[str, ...]) -> frozenset[str]:
        # repeated keys as the client libraries send them; blanks in one value as people write them
        given = [event for value in self.values.get(name, ()) for event in value.split()]
        if unknown := set(given) - set(allowed):
            raise invalid(name, ", ".join(sorted(unknown)))
        return frozenset(given or ("completed",))

    def url(self, name: str, code: int = 21205) -> str | None:
        text = self.get(name)
        if not text:
            return None
        try:
            parts = urlsplit(text)
            wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
        except ValueError:
            wrong = True
        # hosts of callbacks, unlike those of TwiML, may hold no underscore
        if wrong or code == INVALID_CALLBACK and "_" in parts.hostname:
            raise ApiError(400, code, f"{name} is not a valid URL: {text}")
        return text


def phone_number(text: str) -> str | None:
    """E.164, or None. Separators are dropped; digits without a plus are taken as international."""
    bare = re.sub(r"[\s().-]", "", text)
    if not bare.startswith("+"):
        bare = "+" + bare
    return bare if _E164.fullmatch(bare) else None


def refusal(code: int, to: str) -> str:
    """What Twilio says with that code."""
    known = dict(_TO_FAILS.values())
    return known.get(code, _REFUSALS.get(code, "The call was refused")).format(to)


def address(text: str) -> str | None:
    """What can be dialled: a number in E.164, a `sip:` address or a `client:` name; else None."""
    text = text.strip()
    return text if _ADDRESS.fullmatch(text) else phone_number(text)


def numbers(form: Form, refuse: tuple[str, ...], own: frozenset[str]) -> tuple[str, str]:
    to, from_ = form.get("To"), form.get("From")
    if not to:
        raise ApiError(400, 21201, "No 'To' number is specified")
    if not from_:
        raise ApiError(400, 21213, "No 'From' number is specified")
    caller = address(from_)
    if caller is None or caller == "+15005550001":
        raise ApiError(400, 21212, f"The 'From' number {from_} is not a valid phone number")
    own_name = not caller.startswith("+")
    foreign = caller.startswith("+1500555") or own and caller not in own and not own_name
    if foreign and caller != _FROM_GOOD:
        raise ApiError(400, 21210, f"The source phone number provided, {caller}, is not yet verified for your account")
    called = address(to)
    if called is None:
        raise ApiError(400, 21211, f"The phone number you are attempting to call, {to}, is not valid")
    if called in _TO_FAILS:
        code, message = _TO_FAILS[called]
        raise ApiError(400, code, message.format(called))
    if any(called.startswith(prefix) for prefix in refuse):
        code, message = _TO_FAILS["+15005550003"]
        raise ApiError(400, code, message.format(called))
    return called, caller


def inline(form: Form) -> str | None:
    text = form.get("Twiml")
    if text and len(text) > MAX_TWIML:
        raise ApiError(400, 32018, f"Twiml is longer than {MAX_TWIML} characters")
    return text or None


def source(form: Form) -> Source | None:
    """`Url` before `Twiml`; None when neither is given."""
    text, url = inline(form), form.url("Url")
    if url:
        return Source(url, form.method("Method"))
    return Source(inline=text) if text else None


def fallback(form: Form) -> Source | None:
    url = form.url("FallbackUrl")
    return Source(url, form.method("FallbackMethod")) if url else None


def order(form: Form) -> Order:
    opening = source(form)
    if opening is None:
        if form.get("ApplicationSid"):
            raise ApiError(400, 21218, "Invalid ApplicationSid")
        raise ApiError(400, 21205, "Url is not a valid URL: one of Url, Twiml, ApplicationSid is needed")
    digits = form.get("SendDigits") or ""
    if not re.fullmatch(r"[0-9A-D#*wW]{0,32}", digits):
        raise ApiError(400, 21206, f"Invalid SendDigits: {digits}")
    detection = None
    if form.get("MachineDetection") and form.get("MachineDetection") != "none" and not digits:
        detection = Detection(
            form.choice("MachineDetection", "Enable", "Enable", "DetectMessageEnd"),
            form.flag("AsyncAmd"),
            form.url("AsyncAmdStatusCallback"),
            form.method("AsyncAmdStatusCallbackMethod"),
            form.number("MachineDetectionTimeout", 30, 3, 59),
            form.number("MachineDetectionSilenceTimeout", 5000, 2000, 10000) / 1000,
            form.number("MachineDetectionSpeechEndThreshold", 1200, 500, 5000) / 1000,
        )
    return placing(
        form,
        opening,
        fallback(form),
        detection,
        timeout=form.number("Timeout", 60, 1, 600),
        recording_events=form.events("RecordingStatusCallbackEvent", ("in-progress", "completed", "absent")),
    )


def placing(
    form: Form,
    opening: Source,
    fallback: Source | None,
    detection: Detection | None,
    *,
    timeout: int,
    recording_events: frozenset[str],
) -> Order:
    """What a call and a participant have in common."""
    return Order(
        source=opening,
        fallback=fallback,
        status_callback=form.url("StatusCallback", INVALID_CALLBACK),
        status_method=form.method("StatusCallbackMethod"),
        status_events=form.events("StatusCallbackEvent", ("initiated", "ringing", "answered", "completed")),
        timeout=timeout,
        time_limit=form.number("TimeLimit", 14400, 1, 86400),
        send_digits=form.get("SendDigits") or "",
        record=form.flag("Record"),
        recording_channels=2 if form.choice("RecordingChannels", "mono", "mono", "dual") == "dual" else 1,
        recording_track=form.choice("RecordingTrack", "both", "both", "inbound", "outbound"),
        recording_trim=form.choice("Trim", "trim-silence", "trim-silence", "do-not-trim") == "trim-silence",
        recording_callback=form.url("RecordingStatusCallback", INVALID_CALLBACK),
        recording_method=form.method("RecordingStatusCallbackMethod"),
        recording_events=recording_events,
        detection=detection,
    )
