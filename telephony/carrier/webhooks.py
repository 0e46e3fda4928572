"""Signed requests to the customer of the carrier: connection overrides in the fragment, retries, redirects, cookies.

Times here are real seconds: an application is as fast as it is, whatever the simulated clock does.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import ssl
import string
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qs, quote, urlencode, urljoin, urlsplit, urlunsplit

import aiohttp
import certifi
from yarl import URL

from telephony.carrier.tricks import Trick

CEILING = 15.0
_NONE = Trick()
MAX_REDIRECTS = 10
MAX_BODY = 64 * 1024

# Twilio's debugger codes
RETRIEVAL_FAILURE = 11200
CONNECTION_FAILURE = 11205
BAD_HOST = 11210
TOO_MANY_REDIRECTS = 11215
TLS_FAILURE = 11220
BODY_TOO_LARGE = 11750


def signature(token: str, url: str, params: dict[str, str | list[str]], digest=hashlib.sha1) -> str:
    """X-Twilio-Signature of a request: HMAC-SHA1 over the URL and the sorted names with their sorted, distinct values."""
    pairs = (
        (name, value)
        for name in sorted(params)
        for value in ([params[name]] if isinstance(params[name], str) else sorted(set(params[name])))
    )
    text = url + "".join(name + value for name, value in pairs)
    return base64.b64encode(hmac.new(token.encode(), text.encode(), digest).digest()).decode()


def _ascii(url: str) -> str:
    """`url` as it goes over the wire and is signed: what is not ASCII is escaped, everything else stays as written."""
    return url if url.isascii() and " " not in url else quote(url, safe=string.punctuation)


@dataclass(frozen=True)
class Overrides:
    """What `#ct=…&rt=…&tt=…&rc=…&rp=…` asks for; values out of range are taken as the nearest allowed one."""

    connect: float = 5.0
    read: float = CEILING
    total: float = CEILING
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    @classmethod
    def of(cls, fragment: str) -> "Overrides":
        if "=" not in fragment:
            return cls()
        given = {key: values[-1] for key, values in parse_qs(fragment).items()}

        def number(key: str, low: int, high: int, default: int) -> int:
            try:
                return min(max(int(given[key]), low), high)
            except (KeyError, ValueError):
                return default

        policy = frozenset(given.get("rp", "ct").split(","))
        return cls(
            number("ct", 100, 10_000, 5_000) / 1000,
            number("rt", 100, 15_000, 15_000) / 1000,
            number("tt", 100, 15_000, 15_000) / 1000,
            number("rc", 0, 5, 1),
            frozenset({"4xx", "5xx", "ct", "rt"}) if "all" in policy else policy,
        )


@dataclass
class Reply:
    """`error` is a debugger code, None for a 2xx; `url` is where the answer came from after redirects."""

    url: str
    method: str
    status: int | None = None
    body: bytes = b""
    content_type: str = ""
    error: int | None = None
    because: str = ""
    attempts: int = 1
    ms: int = 0
    redirected: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Failure(Exception):
    def __init__(self, kind: str, code: int, because: str):
        super().__init__(because)
        self.kind, self.code, self.because = kind, code, because


def trust() -> ssl.SSLContext:
    """The public authorities, and those of SSL_CERT_FILE beside them."""
    return _trust(os.environ.get("SSL_CERT_FILE"))


@cache
def _trust(_further: str | None) -> ssl.SSLContext:
    # the default context reads the variable by itself; it is a parameter so that a change is not overlooked
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _as_sent(method: str, url: str, params: dict, token: str, trick: Trick) -> tuple[str, bytes | None, dict[str, str]]:
    """URL, body and headers of a request, with its signature."""
    digest = hashlib.sha256 if trick.sha256 else hashlib.sha1
    changed = params | trick.tampers

    def sign(address: str, values: dict) -> dict[str, str]:
        if trick.no_signature:
            return {}
        headers = {
            "X-Twilio-Signature": signature(token, trick.signs(address) if trick.signs else address, values, digest)
        }
        if trick.sha256:
            headers["X-Twilio-Webhooks-Signature-Settings"] = "key=simulated,algorithm=HMAC_SHA256"
        return headers

    def joined(values: dict) -> str:
        return url + (("&" if urlsplit(url).query else "?") + urlencode(values, doseq=True) if values else "")

    if method == "GET":
        return joined(changed), None, sign(joined(params), {})
    if trick.as_json:
        body = json.dumps(params).encode()
        url = joined({"bodySHA256": hashlib.sha256(body).hexdigest()})
        return url, body, {"Content-Type": "application/json"} | sign(url, {})
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    return url, urlencode(changed, doseq=True).encode(), form | sign(url, params)


class Webhooks:
    """One keep-alive client for every call. `token` is read at each request, so that it can be rotated."""

    def __init__(self, token: Callable[[], str]):
        self.token = token
        self._session: aiohttp.ClientSession | None = None
        # how many requests are under way, retries and the pauses between them included
        self.busy = 0

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # idle connections are given up before servers do (gunicorn after 2 s), or a request meets a closing one
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=1.5, ssl=trust(), ttl_dns_cache=300)
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=True,
                skip_auto_headers=("User-Agent", "Accept-Encoding"),
            )
        return self._session

    async def close(self) -> None:
        if self._session:
            await self._session.close()

    async def send(
        self,
        method: str,
        url: str,
        params: dict[str, str],
        cookies: dict[str, dict[str, str]] | None = None,
        attempted: Callable[[int, Reply], None] | None = None,
        trick: Trick | None = None,
    ) -> Reply:
        """Request `url` with retries as its fragment says; never raises for what the other side does.

        `cookies` maps a host to its cookies and is updated. `attempted` is told of each attempt.
        """
        self.busy += 1
        try:
            return await self._send(method, url, params, cookies, attempted, trick or _NONE)
        finally:
            self.busy -= 1

    async def _send(self, method, url, params, cookies, attempted, trick: Trick) -> Reply:
        parts = urlsplit(url)
        overrides = Overrides.of(parts.fragment)
        bare = _ascii(urlunsplit(parts._replace(fragment="")))
        headers = {"I-Twilio-Idempotency-Token": str(uuid.uuid4())}
        token = trick.token or self.token()
        method = trick.method or method
        if trick.doubles:
            params = params | {name: [params.get(name, more), more] for name, more in trick.doubles.items()}
        started = time.monotonic()
        attempt = 0
        while True:
            attempt += 1
            left = min(overrides.total, CEILING) - (time.monotonic() - started)
            reply = Reply(bare, method, attempts=attempt)
            kind = ""
            try:
                if left <= 0:
                    raise Failure("tt", RETRIEVAL_FAILURE, "the time for all attempts has passed")
                async with asyncio.timeout(left):
                    await self._follow(method, bare, params, headers, overrides, cookies, (token, trick), reply)
                if trick.unheard and attempt == 1:
                    raise Failure("ct", CONNECTION_FAILURE, "the connection failed, says the table of faults")
            except Failure as failure:
                reply.error, reply.because, kind = failure.code, failure.because, failure.kind
            except TimeoutError:
                reply.error, reply.because, kind = RETRIEVAL_FAILURE, f"no answer within {left:.1f} s", "rt"
            if reply.error is None and reply.status is not None and reply.status >= 400:
                reply.error, reply.because = RETRIEVAL_FAILURE, f"HTTP {reply.status}"
                kind = "4xx" if reply.status < 500 else "5xx"
            reply.ms = round((time.monotonic() - started) * 1000)
            if attempted:
                attempted(attempt, reply)
            if reply.error is None or kind not in overrides.policy or attempt > overrides.retries:
                return reply
            await asyncio.sleep(min(0.1 * attempt, max(0.0, left)))

    async def _follow(self, method, url, params, extra, overrides, cookies, signing, reply: Reply) -> None:
        for _ in range(MAX_REDIRECTS + 1):
            status, location = await self._once(method, url, params, extra, overrides, cookies, signing, reply)
            if status not in (301, 302, 303, 307, 308) or not location:
                return
            try:
                url = _ascii(urlunsplit(urlsplit(urljoin(url, location))._replace(fragment="")))
            except ValueError as error:
                raise Failure("redirects", RETRIEVAL_FAILURE, f"redirected to {location}: {error}") from error
            reply.redirected = True
            if status not in (307, 308):
                # the follow-up of a redirected POST is a GET without what was posted: Digits are lost, as at Twilio
                method, params = "GET", {}
        raise Failure("redirects", TOO_MANY_REDIRECTS, f"more than {MAX_REDIRECTS} redirects")

    async def _once(
        self, method, url, params, extra, overrides, cookies, signing, reply: Reply
    ) -> tuple[int, str | None]:
        url, body, headers = _as_sent(method, url, params, *signing)
        headers |= {"User-Agent": "TwilioProxy/1.1", "Accept": "*/*", **extra}
        host = urlsplit(url).hostname or ""
        if cookies and cookies.get(host):
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies[host].items())
        timeout = aiohttp.ClientTimeout(sock_connect=overrides.connect, sock_read=overrides.read)
        reply.url, reply.method = url, method
        try:
            async with self._client().request(
                method, URL(url, encoded=True), data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                received = bytearray()
                async for chunk in response.content.iter_chunked(MAX_BODY):
                    received += chunk
                    if len(received) > MAX_BODY:
                        raise Failure("body", BODY_TOO_LARGE, "the body is larger than 64 kB")
                reply.status, reply.body = response.status, bytes(received)
                reply.content_type = response.headers.get("Content-Type", "")
                reply.headers = dict(response.headers)
                if cookies is not None and response.cookies:
                    cookies.setdefault(host, {}).update({k: m.value for k, m in response.cookies.items()})
                return response.status, response.headers.get("Location")
        except aiohttp.ClientConnectorDNSError as error:
            raise Failure("ct", BAD_HOST, str(error)) from error
        except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError) as error:
            raise Failure("ct", TLS_FAILURE, str(error)) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Failure("ct", CONNECTION_FAILURE, str(error)) from error
        except aiohttp.ServerTimeoutError as error:
            raise Failure("rt", RETRIEVAL_FAILURE, str(error)) from error
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise Failure("broken", RETRIEVAL_FAILURE, f"{type(error).__name__}: {error}") from error
