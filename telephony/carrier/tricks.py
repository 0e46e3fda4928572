"""What a fault does to a request on its way to the application: signing it wrongly, changing or repeating it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit


@dataclass
class Trick:
    """Nothing set does nothing. `tampers` replaces parameters after signing, `doubles` adds values to them before."""

    token: str | None = None
    no_signature: bool = False
    signs: Callable[[str], str] | None = None
    tampers: dict[str, str] = field(default_factory=dict)
    doubles: dict[str, str] = field(default_factory=dict)
    method: str | None = None
    as_json: bool = False
    sha256: bool = False
    # the first answer counts as no connection
    unheard: bool = False


def _other_port(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.hostname}:{(parts.port or 80) + 1}"))


def _other_scheme(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(scheme="https" if parts.scheme == "http" else "http"))


def _other_host(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"other.example:{parts.port}" if parts.port else "other.example"))


_OTHER = {"port": _other_port, "scheme": _other_scheme, "host": _other_host}


def on_request(exchange, call, event: str, params: dict) -> Trick | None:
    """What the table of faults has for this request; None for nothing."""
    if not exchange.faults.table:
        return None
    trick, struck = Trick(), False

    def ordered(name: str) -> dict | None:
        nonlocal struck
        details = exchange.trouble(name, call, event=event)
        struck = struck or details is not None
        return details

    if ordered("callback-unsigned"):
        trick.token = "0" * 32
    if ordered("callback-old-token"):
        trick.token = exchange.config.second_token or "0" * 32
    if ordered("callback-no-signature"):
        trick.no_signature = True
    if details := ordered("signature-of-other-url"):
        trick.signs = _OTHER[details["form"]]
    if ordered("callback-tampered"):
        trick.tampers = {"CallStatus": "busy" if params.get("CallStatus") == "completed" else "completed"}
    if ordered("callback-doubled-parameter"):
        name = next(
            (n for n in ("Digits", "SpeechResult", "CallStatus", "RecordingStatus") if n in params), "ApiVersion"
        )
        trick.doubles = {name: "2" if name == "Digits" else params.get(name, "2010-04-01")}
    if ordered("callback-get"):
        trick.method = "GET"
    if ordered("callback-json"):
        trick.as_json, trick.method = True, "POST"
    if ordered("callback-sha256"):
        trick.sha256 = True
    if ordered("callback-retried"):
        trick.unheard = True
    return trick if struck else None
