"""The SDK's HTTP side on httpx: timeouts that hold, no re-sending, and failures classified where they are known."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import httpx
from twilio.http import HttpClient
from twilio.http.response import Response

from telephony.errors import Ambiguous, Busy, Missing, NotSent, PhoneError, Refused

# What httpx raises before the first byte was sent. Everything else may have reached the carrier.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


# The longest that a Retry-After is believed, in seconds.
LONGEST_RETRY_AFTER = 300.0

Credentials = tuple[str, str]


class HttpxClient(HttpClient):
    """For the SDK's `*_async` methods. The stock asynchronous client ignores its timeout and re-sends POST on 5xx.

    `timeout` bounds a whole request, in seconds, however slowly its answer drips. `credentials` are tried in turn when
    the carrier answers 401, which it does before it has done anything: keys can be changed on either side first.
    """

    def __init__(
        self,
        timeout: float,
        connections: int = 50,
        transport: httpx.AsyncBaseTransport | None = None,
        credentials: Sequence[Credentials] = (),
    ):
        quiet = logging.getLogger("huifang.twilio")
        quiet.addHandler(logging.NullHandler())
        quiet.propagate = False  # the SDK logs numbers at INFO
        super().__init__(logger=quiet, is_async=True, timeout=timeout)
        self._whole = timeout
        self._credentials = list(credentials)
        self.http = httpx.AsyncClient(
            # nothing was sent where no connection came about: that must be known before the whole time is over
            timeout=httpx.Timeout(timeout, connect=timeout / 2, pool=timeout / 2),
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
            transport=transport,
            follow_redirects=False,
            trust_env=False,
        )

    async def request(  # the SDK awaits this
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  (the SDK's signature; ours holds for every request)
        allow_redirects: bool = False,
    ) -> Response:
        answer = await self._asked(method, uri, auth, params=_plain(params), data=_plain(data), headers=headers)
        check(answer)
        return Response(answer.status_code, answer.text, answer.headers)

    async def _asked(self, method: str, uri: str, auth: Credentials | None, **what: Any) -> httpx.Response:
        try:
            async with asyncio.timeout(self._whole):
                for credentials in tuple(self._credentials) or (auth,):
                    answer = await self.http.request(method, uri, auth=credentials, **what)
                    if answer.status_code != 401:
                        self.accepted(credentials)
                        break
                return answer
        except NEVER_SENT as e:
            raise NotSent(f"the carrier cannot be reached: {type(e).__name__}") from e
        except (httpx.HTTPError, TimeoutError) as e:
            raise Ambiguous(f"the carrier's answer was lost: {type(e).__name__}") from e

    def accepted(self, credentials: Credentials | None) -> None:
        """From here on the ones that the carrier took are tried first."""
        if credentials in self._credentials[1:]:
            self._credentials.remove(credentials)
            self._credentials.insert(0, credentials)

    @property
    def credentials(self) -> tuple[Credentials, ...]:
        return tuple(self._credentials)

    async def aclose(self) -> None:
        await self.http.aclose()


def check(answer: httpx.Response) -> None:
    """Raise the PhoneError that an answer of 400 and more stands for."""
    if answer.status_code < 400:
        return
    raise classify(answer)


def classify(answer: httpx.Response) -> PhoneError:
    code, message = _error_of(answer)
    text = (
        f"the carrier answered {answer.status_code}"
        + (f" ({code})" if code else "")
        + (f": {message}" if message else "")
    )
    if answer.status_code == 429:
        return Busy(text, code, _seconds(answer.headers.get("retry-after")))
    if answer.status_code == 404:
        return Missing(text, code)
    if answer.status_code >= 500:
        return Ambiguous(text, code)
    return Refused(text, code, answer.status_code)


def _seconds(header: str | None) -> float | None:
    """A Retry-After in seconds, within reason; one that names a date is left alone."""
    return min(float(header), LONGEST_RETRY_AFTER) if header and header.isdecimal() else None


def _error_of(answer: httpx.Response) -> tuple[int | None, str]:
    """Code and title of a classic or an RFC 9457 error body. The message may quote a number, so it is cut to its start."""
    try:
        body = answer.json()
    except ValueError:
        return None, ""
    if not isinstance(body, dict):
        return None, ""
    code = body.get("code")
    return (int(code) if str(code).isdigit() else None), str(body.get("title") or "")[:80]


def _plain(values: dict[str, object] | None) -> dict[str, Any] | None:
    """httpx repeats a key for a list, as Twilio wants; booleans are spelled true and false."""
    if values is None:
        return None
    return {k: str(v).lower() if isinstance(v, bool) else v for k, v in values.items()}
